// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// wire carries requests to a handler without a connection, so that time can be
// that of a synctest bubble. A response takes the latency.
type wire struct {
	handler http.Handler
	latency time.Duration
}

func (w wire) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	time.Sleep(w.latency / 2)
	defer func() {
		if recover() != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	time.Sleep(w.latency / 2)
	return recorder.Result(), nil
}

// onWire is a client of a server, as the provider makes it.
func onWire(t *testing.T, server http.Handler, c transport.Authenticator, change ...func(*transport.Config)) (*Client, *transport.Client) {
	t.Helper()
	cfg := transport.Config{MaxRetries: DefaultMaxRetries, RoundTripper: wire{server, 100 * time.Millisecond}}
	for _, f := range change {
		f(&cfg)
	}
	sender := transport.New(cfg)
	client, err := New(Config{Endpoint: "https://emulator.example.com", Credentials: c, Transport: sender})
	if err != nil {
		t.Fatal(err)
	}
	return client, sender
}

// write makes n PUTs by ten workers.
func write(ctx context.Context, client *Client, n int) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var all error
	apps := make(chan string)
	for range 10 {
		group.Go(func() {
			for app := range apps {
				if _, err := client.UpdateRecordCallback(ctx, app, RecordCallbackRequest{URL: "https://example.com/" + app}); err != nil {
					mu.Lock()
					all = errors.Join(all, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		apps <- appNo(i)
	}
	close(apps)
	group.Wait()
	return all
}

func appNo(i int) string { return fmt.Sprintf("app-%d", i) }

func withApps(server *emulator.Server, n int) {
	for i := range n {
		server.AddApp(appNo(i))
	}
}

// Ten workers under the documented quota: nothing fails, few calls are refused,
// and the time is that of the quota.
func TestWritesUnderTheQuota(t *testing.T) {
	tests := map[string]struct {
		writes     int
		retryAfter bool
		earlier    int           // calls of others, a while before
		ago        time.Duration // when
		others     int           // calls of others at the start of each minute
		refused    int           // at most
		ideal      time.Duration // how long the quota takes for them
		late       time.Duration // at most
	}{
		"within it":                    {60, false, 0, 0, 0, 0, 0, 2 * time.Second},
		"90":                           {90, false, 0, 0, 0, 10, time.Minute, 3 * time.Second},
		"90, Retry-After":              {90, true, 0, 0, 0, 10, time.Minute, 3 * time.Second},
		"300":                          {300, false, 0, 0, 0, 10, 4 * time.Minute, 5 * time.Second},
		"300, Retry-After":             {300, true, 0, 0, 0, 10, 4 * time.Minute, 5 * time.Second},
		"90 after a plan":              {90, false, 40, 30 * time.Second, 0, 14, 90 * time.Second, 20 * time.Second},
		"90 after a plan, Retry-After": {90, true, 40, 30 * time.Second, 0, 14, 90 * time.Second, 20 * time.Second},
		"90 with others":               {90, false, 0, 0, 30, 14, 2 * time.Minute, 40 * time.Second},
		"90 with others, Retry-After":  {90, true, 0, 0, 30, 14, 2 * time.Minute, 10 * time.Second},
		"300 with others":              {300, false, 0, 0, 30, 70, 9 * time.Minute, 90 * time.Second},
		"300 with others, Retry-After": {300, true, 0, 0, 30, 36, 9 * time.Minute, 30 * time.Second},
		"90, all used by others at first, no Retry-After": {90, false, 60, 10 * time.Second, 0, 5, 110 * time.Second, 40 * time.Second},
		"90, all used by others at first":                 {90, true, 60, 10 * time.Second, 0, 2, 110 * time.Second, 10 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := emulator.New(emulator.Options{Quota: 60, RetryAfter: tc.retryAfter})
				defer server.Close()
				withApps(server, tc.writes)
				use := func(n int) { // by another client
					for range n {
						r := httptest.NewRequest(http.MethodGet, "https://emulator.example.com/v2/apps", http.NoBody)
						r.Header.Set("X-Auth-Token", emulator.DefaultToken)
						r.Header.Set("Content-Type", "application/json")
						server.ServeHTTP(httptest.NewRecorder(), r)
					}
				}
				use(tc.earlier)
				time.Sleep(tc.ago)
				over := make(chan struct{})
				var others sync.WaitGroup
				use(tc.others)
				others.Go(func() {
					for {
						select {
						case <-over:
							return
						case <-time.After(time.Minute):
							use(tc.others)
						}
					}
				})
				server.ResetRequests()

				start := time.Now()
				client, sender := onWire(t, server, emulatorCredentials)
				err := write(t.Context(), client, tc.writes)
				took := time.Since(start)
				close(over)
				others.Wait()
				if err != nil {
					t.Error(err)
				}
				refused, passed := 0, 0
				for _, r := range server.Requests() {
					switch {
					case r.Method != http.MethodPut:
					case r.Status == http.StatusTooManyRequests:
						refused++
					default:
						passed++
					}
				}
				longest, quota := sender.Throttled()
				t.Logf("%d refused, %v (ideal %v), longest wait %v", refused, took, tc.ideal, longest)
				if passed != tc.writes || refused > tc.refused {
					t.Errorf("%d passed and %d refused, want %d and at most %d", passed, refused, tc.writes, tc.refused)
				}
				if took < tc.ideal || took > tc.ideal+tc.late {
					t.Errorf("took %v, want %v and at most %v more", took, tc.ideal, tc.late)
				}
				if want := (transport.Quota{Limit: 60, Window: time.Minute}); refused > 0 && (quota != want || longest == 0) {
					t.Errorf("learned %+v, waited %v", quota, longest)
				}
			})
		})
	}
}

// The log says what is waited for, and how long.
func TestWaitForTheQuotaIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulator.New(emulator.Options{Quota: 1, RetryAfter: true})
		defer server.Close()
		withApps(server, 2)
		var log strings.Builder
		client, _ := onWire(t, server, emulatorCredentials, func(c *transport.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		for i := range 2 {
			if _, err := client.UpdateRecordCallback(t.Context(), appNo(i), RecordCallbackRequest{URL: "https://example.com/"}); err != nil {
				t.Error(err)
			}
		}
		if want := `level=INFO msg="SparkRTC API request waits for the quota" method=PUT path=/v2/apps/` + appNo(1) + `/record-callback wait=1m0s limit=1 window=1m0s`; strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("log:\n%s", log.String())
		}
	})
}

// Ten parallel calls with wrong credentials are one request: six would lock the
// access key.
func TestWrongCredentialsAreSentOnce(t *testing.T) {
	tests := map[string]struct {
		change func(*transport.Credentials)
		want   Reason
	}{
		"wrong secret key":   {func(c *transport.Credentials) { c.SecretKey += "x" }, ReasonSignatureRefused},
		"unknown access key": {func(c *transport.Credentials) { c.AccessKey = "AKUNKNOWN" }, ReasonAccessKeyUnknown},
		"missing project":    {func(c *transport.Credentials) { c.ProjectID = "" }, ReasonSignatureRefused},
		"token":              {func(c *transport.Credentials) { *c = transport.Credentials{Token: "wrong"} }, ReasonTokenInvalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := emulator.New(emulator.Options{})
				defer server.Close()
				wrong := emulatorCredentials
				tc.change(&wrong)
				client, _ := onWire(t, server, wrong)
				var group sync.WaitGroup
				errs := make([]error, 10)
				for i := range errs {
					group.Go(func() { _, errs[i] = client.ShowRecordCallback(t.Context(), appNo(i)) })
				}
				group.Wait()
				sent := 0
				for i, err := range errs {
					e := asError(t, err)
					if sent += e.Attempts; e.Reason != tc.want || e.StatusCode != http.StatusUnauthorized || e.RequestID == "" || e.Object.ID != appNo(i) {
						t.Errorf("got %+v", e)
					}
				}
				if got := len(server.Requests()); got != 1 || sent != 1 {
					t.Errorf("%d requests, %d in the errors", got, sent)
				}
			})
		})
	}
}

// Credentials that end in mid-run are renewed, by one refused call of those that
// come later.
func TestRenewedCredentialsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulator.New(emulator.Options{})
		defer server.Close()
		withApps(server, 20)
		all := &shared{list: []string{"revoked", emulator.DefaultToken}}
		client, _ := onWire(t, server, all)
		if err := write(t.Context(), client, 20); err != nil {
			t.Error(err)
		}
		refused := 0
		for _, r := range server.Requests() {
			if r.Status == http.StatusUnauthorized {
				refused++
			}
		}
		if got := len(server.Requests()); got != 21 || refused != 1 {
			t.Errorf("%d requests, %d refused", got, refused)
		}
	})
}

// shared gives tokens, the next one when the last was refused.
type shared struct {
	mu   sync.Mutex
	list []string
}

func (s *shared) Credentials(context.Context) (transport.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return transport.Credentials{Token: s.list[0]}, nil
}

func (s *shared) Renew(_ context.Context, refused transport.Credentials) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list[0] == refused.Token && len(s.list) > 1 {
		s.list = s.list[1:]
	}
	return s.list[0] != refused.Token
}

// A clock that is off costs one refused call, of the request that comes first.
func TestWrongClockIsCorrected(t *testing.T) {
	for _, off := range []time.Duration{16 * time.Minute, -16 * time.Minute, 8 * time.Hour, -23 * time.Hour, 25 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := emulator.New(emulator.Options{Clock: func() time.Time { return time.Now().Add(off) }})
				defer server.Close()
				withApps(server, 20)
				client, sender := onWire(t, server, emulatorCredentials)
				err := write(t.Context(), client, 20)
				if off.Abs() > 24*time.Hour {
					if ReasonOf(errors.Unwrap(err)) == "" && !strings.Contains(err.Error(), string(ReasonClockSkew)) || len(server.Requests()) != 1 || sender.ClockOffset() != 0 {
						t.Errorf("%d requests, offset %v: %v", len(server.Requests()), sender.ClockOffset(), err)
					}
					return
				}
				if got := (sender.ClockOffset() - off).Abs(); err != nil || len(server.Requests()) != 21 || got > time.Second {
					t.Errorf("%d requests, offset %v: %v", len(server.Requests()), sender.ClockOffset(), err)
				}
			})
		})
	}
}

func TestJudge(t *testing.T) {
	const iam = "Incorrect IAM authentication information: "
	quota := transport.Quota{Limit: 200, Window: 5 * time.Minute}
	tests := map[string]struct {
		status  int
		code    string
		message string
		want    transport.Judgement
	}{
		"success":            {200, "", "verify aksk signature fail", transport.Judgement{}},
		"wrong secret key":   {401, "APIGW.0301", iam + "verify aksk signature fail, canonicalRequest:GET|/|", transport.Judgement{Refused: true}},
		"unknown access key": {401, "APIG.0301", iam + "Get secretKey failed,ak:AK,err:ak not exist", transport.Judgement{Refused: true, Renewable: true}},
		"locked access key":  {401, "APIGW.0301", iam + "AK access failed to reach the limit,forbidden", transport.Judgement{Refused: true}},
		"token invalid":      {401, "APIGW.0301", iam + "decrypt token fail", transport.Judgement{Refused: true, Renewable: true}},
		"token expired":      {401, "APIGW.0301", iam + "token expires, expires_at: 2026-01-01", transport.Judgement{Refused: true, Renewable: true}},
		"something else":     {401, "APIGW.0301", iam + "x-auth-token not found", transport.Judgement{Renewable: true}},
		"clock": {
			401, "APIGW.0301", iam + "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z",
			transport.Judgement{Expired: true, ServerTime: time.Date(2023, 5, 27, 2, 6, 8, 0, time.UTC)},
		},
		"clock, without the time": {401, "APIGW.0301", iam + "signature expired", transport.Judgement{Expired: true, ServerTime: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)}},
		"throttled":               {429, "APIGW.0308", "policy user over ratelimit,limit:200,time:5 minute", transport.Judgement{Throttled: &quota}},
		"throttled, no quota":     {429, "", "", transport.Judgement{Throttled: new(transport.Quota)}},
		"throttled, another code": {429, "APIGW.0310", "limit:200,time:5 minute", transport.Judgement{Throttled: &quota}},
		"forbidden":               {403, "APIGW.0306", "access denied", transport.Judgement{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := call{}.judge(&transport.Response{
				StatusCode: tc.status, Header: http.Header{"Date": {"Tue, 02 Jan 2024 03:04:05 GMT"}},
				Body: fmt.Appendf(nil, `{"error_code":%q,"error_msg":%q}`, tc.code, tc.message),
			}, nil)
			if (err == nil) != (tc.status == http.StatusOK) {
				t.Errorf("the error is %v", err)
			}
			if (got.Throttled == nil) != (tc.want.Throttled == nil) || got.Throttled != nil && *got.Throttled != *tc.want.Throttled {
				t.Errorf("throttled %v, want %v", got.Throttled, tc.want.Throttled)
			}
			got.Throttled, tc.want.Throttled = nil, nil
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// A clock that jumps while ten calls are under way, and an access key that is
// revoked then, cost fewer failures than lock it.
func TestNothingLocksTheKeyInMidRun(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var off atomic.Int64
				server := emulator.New(emulator.Options{Clock: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }})
				defer server.Close()
				withApps(server, 60)
				client, _ := onWire(t, server, emulatorCredentials)
				if err := write(t.Context(), client, 20); err != nil {
					t.Fatal(err)
				}
				off.Store(int64(jump))
				if err := write(t.Context(), client, 60); err != nil {
					t.Error(err)
				}
			})
		})
	}
	t.Run("revoked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := emulator.New(emulator.Options{})
			defer server.Close()
			withApps(server, 60)
			client, _ := onWire(t, server, emulatorCredentials)
			if err := write(t.Context(), client, 20); err != nil {
				t.Fatal(err)
			}
			server.SetOptions(func(o *emulator.Options) { o.SecretKey = "another" })
			if err := write(t.Context(), client, 60); err == nil || strings.Contains(err.Error(), string(ReasonAccessKeyLocked)) {
				t.Errorf("got %v", err)
			}
			refused := 0
			for _, r := range server.Requests() {
				if r.Status == http.StatusUnauthorized {
					refused++
				}
			}
			if refused > 5 {
				t.Errorf("%d were refused", refused)
			}
		})
	})
}
