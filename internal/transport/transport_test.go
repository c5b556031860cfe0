// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var testCredentials = Credentials{
	AccessKey: "AKTESTTESTTESTTEST01", SecretKey: "sk-very-secret-value", SecurityToken: "st-very-secret+value/==", ProjectID: "0123456789abcdef",
}

// server counts the requests that it gets.
type server struct {
	*httptest.Server
	calls atomic.Int32
}

func serve(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "request-1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func newClient(change ...func(*Config)) *Client {
	cfg := Config{MaxRetries: 2, UserAgent: "test/1", RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond}
	for _, c := range change {
		c(&cfg)
	}
	return New(cfg)
}

func get(t *testing.T, c *Client, url string) (*Response, *Exchange, error) {
	t.Helper()
	return c.Do(t.Context(), Request{Name: "Test request", Method: http.MethodGet, URL: url, Authenticator: testCredentials})
}

func TestEveryAttemptIsSignedAndCarriesTheBody(t *testing.T) {
	var mu sync.Mutex
	var bodies, ids []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(content))
		ids = append(ids, r.Header.Get("Authorization"))
		if len(bodies) < 3 {
			respond(503, "")(w, r)
			return
		}
		respond(200, "{}")(w, r)
	})
	resp, x, err := newClient().Do(t.Context(), Request{Method: http.MethodPut, URL: s.URL, Body: []byte("body"), Authenticator: testCredentials})
	if err != nil || resp.StatusCode != http.StatusOK || x.Attempts != 3 || len(bodies) != 3 {
		t.Fatalf("%d bodies, %+v, %v", len(bodies), resp, err)
	}
	for i := range bodies {
		if bodies[i] != "body" || !strings.Contains(ids[i], "Signature=") {
			t.Errorf("attempt %d: body %q, Authorization %q", i+1, bodies[i], ids[i])
		}
	}
}

// The date of each attempt is its own: one of before a long back-off would be
// too old.
func TestEveryAttemptHasItsOwnDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dates []string
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			dates = append(dates, r.Header.Get("X-Sdk-Date"))
			if n == 1 {
				return say(http.StatusServiceUnavailable, "", "Retry-After", "1")
			}
			return say(http.StatusOK, "{}")
		}}
		if _, _, err := get(t, f.client(), "http://localhost"); err != nil || len(dates) != 2 || dates[0] >= dates[1] {
			t.Errorf("dates %v, %v", dates, err)
		}
	})
}

func TestContextEndsEverything(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"while backing off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "30")
			respond(503, "")(w, r)
		},
		"while waiting for the response": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"while reading the response": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			started := make(chan struct{}, 10)
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { started <- struct{}{}; handler(w, r) })
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-started; cancel() }()
			_, _, err := newClient().Do(ctx, Request{Method: http.MethodGet, URL: s.URL, Authenticator: testCredentials})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if got := s.calls.Load(); got != 1 {
				t.Errorf("%d calls, want 1", got)
			}
		})
	}
}

func TestAttemptTimeoutIsRepeated(t *testing.T) {
	var first atomic.Bool
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(false, true) {
			<-r.Context().Done()
			return
		}
		respond(200, "{}")(w, r)
	})
	client := newClient(func(c *Config) { c.AttemptTimeout = 50 * time.Millisecond })
	if _, _, err := get(t, client, s.URL); err != nil {
		t.Fatal(err)
	}
	if got := s.calls.Load(); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}

// A request that may have taken effect is repeated only if it does no harm.
func TestWhatIsRepeated(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	tests := map[string]struct {
		method     string
		idempotent bool
		first      http.HandlerFunc
		second     int // status; 0 for 200
		calls      int32
		status     int // 0 for none
	}{
		"PUT, 500":                              {method: http.MethodPut, first: respond(500, ""), calls: 2, status: 200},
		"DELETE, connection closed":             {method: http.MethodDelete, first: hangUp, calls: 2, status: 200},
		"POST, 500":                             {method: http.MethodPost, first: respond(500, ""), calls: 1, status: 500},
		"POST, connection closed":               {method: http.MethodPost, first: hangUp, calls: 1},
		"POST, 408":                             {method: http.MethodPost, first: respond(408, ""), calls: 1, status: 408},
		"PATCH, 502":                            {method: http.MethodPatch, first: respond(502, ""), calls: 1, status: 502},
		"POST, throttled":                       {method: http.MethodPost, first: respond(429, ""), calls: 2, status: 200},
		"idempotent POST, 500":                  {method: http.MethodPost, idempotent: true, first: respond(500, ""), calls: 2, status: 200},
		"idempotent PATCH, connection closed":   {method: http.MethodPatch, idempotent: true, first: hangUp, calls: 2, status: 200},
		"POST that was refused before it began": {method: http.MethodPost, first: respond(400, ""), calls: 1, status: 400},
		"PUT, connection closed, then refused":  {method: http.MethodPut, first: hangUp, second: 400, calls: 2, status: 400},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var again atomic.Bool
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if again.Swap(true) {
					respond(cmp.Or(tc.second, 200), "{}")(w, r)
					return
				}
				tc.first(w, r)
			})
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			resp, x, err := newClient().Do(t.Context(), Request{Method: tc.method, URL: s.URL, Body: []byte("{}"), Idempotent: tc.idempotent})
			status := 0
			if resp != nil {
				status = resp.StatusCode
			}
			if s.calls.Load() != tc.calls || status != tc.status || (err == nil) != (tc.status != 0) {
				t.Errorf("%d calls ended with %d, %v; want %d, %d", s.calls.Load(), status, err, tc.calls, tc.status)
			}
			if doubt := tc.calls == 1 && tc.status != 400 || tc.second != 0; x.InDoubt != doubt {
				t.Errorf("in doubt: %t, want %t", x.InDoubt, doubt)
			}
		})
	}
}

// mute sends nothing, and doesn't tell.
type mute struct{}

func (mute) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("failed") }

// A response that can't be read to its end still has a status.
func TestStatusOfAnUnreadableAnswer(t *testing.T) {
	tests := map[string]struct {
		status  int
		inDoubt bool
	}{"taken": {200, true}, "refused": {403, false}, "failed": {500, true}, "too slow": {408, true}}
	for name, tc := range tests {
		for how, answer := range map[string]http.HandlerFunc{
			"compressed": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.WriteHeader(tc.status)
			},
			"too large": respond(tc.status, strings.Repeat("x", MaxResponse+1)),
			"cut off": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "10")
				w.WriteHeader(tc.status)
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				s := serve(t, answer)
				_, x, err := newClient(func(c *Config) { c.MaxRetries = 0 }).Do(t.Context(), Request{Method: http.MethodPost, URL: s.URL})
				if err == nil || x.InDoubt != tc.inDoubt {
					t.Errorf("in doubt: %t, %v", x.InDoubt, err)
				}
			})
		}
	}
}

func TestWhatNeverLeftIsNotInDoubt(t *testing.T) {
	const gone = "http://127.0.0.1:1" // a free port could be taken by another test
	hangsUp := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	hangsUp.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure := httptest.NewTLSServer(respond(200, "{}"))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = hangsUp.Config.ErrorLog
	proxy := serve(t, respond(502, "")) // to CONNECT
	through := func(c *Config) {
		to, _ := url.Parse(proxy.URL)
		c.RoundTripper = &http.Transport{Proxy: http.ProxyURL(to)}
	}
	tests := map[string]struct {
		url      string
		change   func(*Config)
		attempts int
		inDoubt  bool
	}{
		"closed port":              {url: gone, attempts: 3},
		"certificate not known":    {url: secure.URL, attempts: 1},
		"no TLS there":             {url: strings.Replace(proxy.URL, "http:", "https:", 1), attempts: 1},
		"proxy that can't connect": {url: "https://rtc-api.example.com", change: through, attempts: 3},
		"connection closed":        {url: hangsUp.URL, attempts: 1, inDoubt: true},
		"a header that can't be":   {url: proxy.URL, change: func(c *Config) { c.UserAgent = "a\nb" }, attempts: 1},
		"another RoundTripper":     {url: proxy.URL, change: func(c *Config) { c.RoundTripper = mute{} }, attempts: 1, inDoubt: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			change := tc.change
			if change == nil {
				change = func(*Config) {}
			}
			_, x, err := newClient(change).Do(t.Context(), Request{Method: http.MethodPost, URL: tc.url, Body: []byte("{}")})
			if err == nil || x.Attempts != tc.attempts || x.InDoubt != tc.inDoubt {
				t.Errorf("%d attempts, in doubt: %t, %v", x.Attempts, x.InDoubt, err)
			}
		})
	}
}

func TestConnectionErrors(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(respond(200, "{}"))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

	tests := map[string]struct {
		endpoint string
		mentions string
		attempts int
	}{
		"refused":               {refused, "refused", 3},
		"certificate not known": {secure.URL, "certificate", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			resp, x, err := get(t, newClient(), tc.endpoint)
			if resp != nil || err == nil || !strings.Contains(err.Error(), tc.mentions) || strings.Contains(err.Error(), tc.endpoint) || x.Attempts != tc.attempts {
				t.Errorf("got %+v, %v after %d attempts", resp, err, x.Attempts)
			}
		})
	}
	t.Run("certificate not known, insecure", func(t *testing.T) {
		if _, _, err := get(t, newClient(func(c *Config) { c.Insecure = true }), secure.URL); err != nil {
			t.Error(err)
		}
	})
	t.Run("certificate of an authority that is named", func(t *testing.T) {
		authorities := x509.NewCertPool()
		authorities.AddCert(secure.Certificate())
		if _, _, err := get(t, newClient(func(c *Config) { c.RootCAs = authorities }), secure.URL); err != nil {
			t.Error(err)
		}
	})
}

func TestTLSIsAtLeast12(t *testing.T) {
	s := httptest.NewUnstartedServer(respond(200, "{}"))
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	client := newClient(func(c *Config) { c.Insecure = true; c.MaxRetries = 0 })
	if _, _, err := get(t, client, s.URL); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v", err)
	}
}

// A request without a body has none, rather than one of unknown length.
func TestNoBody(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 || r.ProtoMajor != 2 {
			t.Errorf("%s over %s has a body of %d bytes", r.Method, r.Proto, r.ContentLength)
		}
		respond(200, "{}")(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	if _, _, err := get(t, newClient(func(c *Config) { c.Insecure = true }), s.URL); err != nil {
		t.Error(err)
	}
}

// A Location that can't be parsed makes net/http fail before it asks whether to
// follow it.
func TestRedirectToNowhere(t *testing.T) {
	for _, location := range []string{"%zz", "http://[::1", ":foo", "", "https://elsewhere.example.com/"} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.Header().Set("X-Request-Id", "request-1")
			w.WriteHeader(http.StatusFound)
		})
		resp, _, err := get(t, newClient(), s.URL)
		if err != nil || resp.StatusCode != http.StatusFound || resp.RequestID() != "request-1" || s.calls.Load() != 1 {
			t.Fatalf("%q: %+v, %v after %d calls", location, resp, err, s.calls.Load())
		}
		if to, redirected := resp.Redirected(); !redirected || !strings.Contains(to, "elsewhere") {
			t.Errorf("%q: redirected to %q, %t", location, to, redirected)
		}
	}
}

// Ten operations at a time must not open a connection for each request.
func TestConnectionsAreKept(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(respond(200, "{}"))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := newClient()
	for range 10 {
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, _, err := get(t, client, s.URL); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	if got := opened.Load(); got > 20 {
		t.Errorf("%d connections for 100 requests, ten at a time", got)
	}
}

// authenticator gives other credentials at each attempt.
type authenticator struct {
	give  []Credentials
	asked int
	err   error
	wait  time.Duration
}

func (a *authenticator) Credentials(ctx context.Context) (Credentials, error) {
	a.asked++
	select {
	case <-ctx.Done():
		return Credentials{}, ctx.Err()
	case <-time.After(a.wait):
	}
	if a.err != nil {
		return Credentials{}, a.err
	}
	return a.give[(a.asked-1)%len(a.give)], nil
}

func TestAuthentication(t *testing.T) {
	pair := Credentials{AccessKey: "AKTESTTESTTESTTEST01", SecretKey: "sk"}
	with := func(change func(*Credentials)) Credentials {
		c := pair
		change(&c)
		return c
	}
	tests := map[string]struct {
		authenticator Authenticator
		signed        string // "" for no signature
		headers       map[string]string
	}{
		"none":           {nil, "", nil},
		"access key":     {pair, "host;x-sdk-date", nil},
		"with a project": {with(func(c *Credentials) { c.ProjectID = "p" }), "host;x-project-id;x-sdk-date", map[string]string{"X-Project-Id": "p"}},
		"temporary": {
			with(func(c *Credentials) { c.SecurityToken = "st" }), "host;x-sdk-date;x-security-token",
			map[string]string{"X-Security-Token": "st"},
		},
		"token": {with(func(c *Credentials) { c.Token, c.ProjectID = "t", "p" }), "", map[string]string{"X-Auth-Token": "t"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got http.Header
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r.Header
				respond(200, "{}")(w, r)
			})
			header := http.Header{"X-Own": {"own"}}
			_, x, err := newClient().Do(t.Context(), Request{Method: http.MethodGet, URL: s.URL, Header: header, Authenticator: tc.authenticator})
			if err != nil {
				t.Fatal(err)
			}
			if tc.authenticator == nil && x.Sent != (Credentials{}) || tc.authenticator != nil && x.Sent != tc.authenticator {
				t.Errorf("Sent is %v", x.Sent)
			}
			if len(header) != 1 {
				t.Errorf("the caller's header became %v", header)
			}
			want := map[string]string{
				"X-Own": "own", "User-Agent": "test/1", "Accept-Encoding": "",
				"X-Project-Id": "", "X-Security-Token": "", "X-Auth-Token": "",
			}
			for name, value := range tc.headers {
				want[name] = value
			}
			for name, value := range want {
				if got.Get(name) != value {
					t.Errorf("%s: %q, want %q", name, got.Get(name), value)
				}
			}
			authorization := got.Get("Authorization")
			if tc.signed == "" && authorization != "" || tc.signed != "" && !strings.Contains(authorization, "SignedHeaders="+tc.signed+",") {
				t.Errorf("Authorization: %q, want %q signed", authorization, tc.signed)
			}
		})
	}
}

// The credentials of each attempt become known with the attempt only, and all
// of them are masked: a response may repeat what any of them carried.
func TestSecretsOfEveryAttemptAreMasked(t *testing.T) {
	give := []Credentials{
		{Token: "token-very-secret-1"},
		{AccessKey: "AKFIRSTFIRSTFIRST001", SecretKey: "sk-very-secret-1", SecurityToken: "st-very-secret-1"},
		{AccessKey: "AKOTHEROTHEROTHER002", SecretKey: "sk-very-secret-2"},
	}
	all := "token-very-secret-1 st-very-secret-1 sk-very-secret-1 sk-very-secret-2 AKFIRSTFIRSTFIRST001 AKOTHEROTHEROTHER002 body-very-secret"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "request of "+r.Header.Get("X-Auth-Token")+r.Header.Get("X-Security-Token"))
		w.Header().Set("X-Subject-Token", "answer-very-secret")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "answer-very-secret")
	})
	var log strings.Builder
	client := newClient(func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	a := &authenticator{give: give}
	resp, x, err := client.Do(t.Context(), Request{
		Name: "Test request", Method: http.MethodPost, URL: s.URL + "/of/body-very-secret", Body: []byte("body-very-secret"), Authenticator: a,
		Secrets: []string{"body-very-secret"}, Idempotent: true,
	})
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || a.asked != 3 || x.Attempts != 3 || x.Sent != give[2] {
		t.Fatalf("got %+v, %+v, %v", resp, x, err)
	}
	shown := x.Printable(all)
	if want := "(masked) (masked) (masked) (masked) ****T001 ****R002 (masked)"; shown != want {
		t.Errorf("Printable: %q, want %q", shown, want)
	}
	if strings.Contains(log.String(), "very-secret") || strings.Count(log.String(), "Test request") != 3 {
		t.Errorf("log:\n%s", log.String())
	}
	for _, field := range []string{"method=POST", "path=/of/(masked)", "attempt=3", "status=503", `request_id="request of (masked)"`, "duration_ms="} {
		if !strings.Contains(log.String(), field) {
			t.Errorf("the log has no %s:\n%s", field, log.String())
		}
	}
}

func TestAuthenticatorFails(t *testing.T) {
	cause := errors.New("the password is wrong")
	for name, err := range map[string]error{
		"plainly":                    cause,
		"at a deadline of its own":   fmt.Errorf("%w: %w", cause, context.DeadlineExceeded),
		"without a connection":       fmt.Errorf("%w: %w", cause, &net.OpError{Op: "dial", Err: errors.New("refused")}),
		"for what it called, itself": fmt.Errorf("%w: %w", cause, &AuthenticationError{errors.New("no key")}),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(200, "{}"))
			a := &authenticator{err: err}
			resp, x, got := newClient().Do(t.Context(), Request{Method: http.MethodPost, URL: s.URL, Body: []byte("body"), Authenticator: a})
			var failed *AuthenticationError
			if resp != nil || !errors.As(got, &failed) || failed.Err.Error() != err.Error() || !errors.Is(got, cause) {
				t.Errorf("got %+v, %v", resp, got)
			}
			if a.asked != 1 || x.Attempts != 0 || s.calls.Load() != 0 {
				t.Errorf("asked %d times, %d attempts, %d calls", a.asked, x.Attempts, s.calls.Load())
			}
		})
	}
}

// To fetch credentials may take longer than an attempt, but not longer than the
// caller waits.
func TestAuthenticatorTakesItsTime(t *testing.T) {
	s := serve(t, respond(200, "{}"))
	client := newClient(func(c *Config) { c.AttemptTimeout = 200 * time.Millisecond })
	slow := &authenticator{give: []Credentials{testCredentials}, wait: 300 * time.Millisecond}
	if _, _, err := client.Do(t.Context(), Request{Method: http.MethodGet, URL: s.URL, Authenticator: slow}); err != nil || slow.asked != 1 {
		t.Errorf("asked %d times: %v", slow.asked, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := client.Do(ctx, Request{Method: http.MethodGet, URL: s.URL, Authenticator: slow})
	if !errors.Is(err, context.DeadlineExceeded) || slow.asked != 2 || s.calls.Load() != 1 {
		t.Errorf("got %v, asked %d times, %d calls", err, slow.asked, s.calls.Load())
	}
}

func TestAttemptTimeout(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"no response": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half a response": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handler)
			_, x, err := get(t, newClient(func(c *Config) { c.AttemptTimeout = 20 * time.Millisecond }), s.URL)
			if err == nil || err.Error() != "no complete response within 20ms" || errors.Is(err, context.DeadlineExceeded) || x.Attempts != 3 {
				t.Errorf("got %v after %d attempts", err, x.Attempts)
			}
		})
	}
}

func TestAnswersThatAreNotTaken(t *testing.T) {
	tests := map[string]struct {
		handler  http.HandlerFunc
		mentions string
	}{
		"too large": {respond(200, strings.Repeat("x", MaxResponse+1)), "larger than 1048576 bytes"},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			respond(200, "{}")(w, r)
		}, "gzip"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.handler)
			_, _, err := get(t, newClient(), s.URL)
			var answer *ResponseError
			if !errors.As(err, &answer) || !strings.Contains(err.Error(), tc.mentions) || s.calls.Load() != 1 {
				t.Errorf("got %v after %d calls", err, s.calls.Load())
			}
		})
	}
	s := serve(t, respond(200, strings.Repeat("x", MaxResponse)))
	if resp, _, err := get(t, newClient(), s.URL); err != nil || len(resp.Body) != MaxResponse {
		t.Errorf("a response of the largest size: %v", err)
	}
}

func TestRequestThatCannotBeMade(t *testing.T) {
	for _, r := range []Request{{Method: "GET", URL: "http://[::1"}, {Method: "G T", URL: "http://127.0.0.1"}} {
		_, x, err := newClient().Do(t.Context(), r)
		var e *RequestError
		if !errors.As(err, &e) || x == nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestDecode(t *testing.T) {
	tests := map[string]struct{ contentType, body, wrong string }{
		"sound":        {"application/json", `{"a":{"b":"c"}}`, ""},
		"a proxy's":    {"text/html", "<html><head><TITLE lang=\"en\">\n Sign in &amp; \x1b go\n on</TITLE>c0ffee</head></html>", `the response (text/html with the title "Sign in & go on") is not one of this API: it is not JSON`},
		"no end":       {"text/html", "<title>c0ffee", "the response (text/html) is not one of this API: it is not JSON"},
		"no title":     {"text/html", "<title> </title>c0ffee", "the response (text/html) is not one of this API: it is not JSON"},
		"long title":   {"text/html", "<title>" + strings.Repeat("é", 200) + "</title>", `the response (text/html with the title "` + strings.Repeat("é", 80) + `…") is not one of this API: it is not JSON`},
		"HTML":         {"text/html", "<html>c0ffee</html>", "the response (text/html) is not one of this API: it is not JSON"},
		"nothing":      {"", "", "the response (unknown type) is not one of this API: it is not JSON"},
		"another type": {"application/json", `{"a":{"b":7}}`, "the response (application/json) is not one of this API: a.b can't be a number"},
		"a list":       {"application/json", `["c0ffee"]`, "the response (application/json) is not one of this API: the whole can't be a array"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var v struct {
				A struct {
					B string `json:"b"`
				} `json:"a"`
			}
			resp := &Response{StatusCode: 200, Header: http.Header{}, Body: []byte(tc.body)}
			if tc.contentType != "" {
				resp.Header.Set("Content-Type", tc.contentType)
			}
			err := resp.Decode(&v)
			if tc.wrong == "" && (err != nil || v.A.B != "c") || tc.wrong != "" && (err == nil || err.Error() != tc.wrong) {
				t.Errorf("got %+v, %v", v, err)
			}
			var syntax *json.SyntaxError
			if strings.Contains(tc.wrong, "not JSON") && !errors.As(err, &syntax) {
				t.Errorf("the cause of %v is lost", err)
			}
		})
	}
}

func TestWith(t *testing.T) {
	var log strings.Builder
	client := newClient(func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	other := client.With(func(c *Config) { c.MaxRetries, c.NoProxy = 1, true })
	s := serve(t, respond(503, ""))
	_, x, err := get(t, other, s.URL)
	if err != nil || x.Attempts != 2 || strings.Count(log.String(), "\n") != 2 {
		t.Errorf("%d attempts, %v, log:\n%s", x.Attempts, err, log.String())
	}
	if _, x, _ = get(t, client, s.URL); x.Attempts != 3 {
		t.Errorf("the first client makes %d attempts", x.Attempts)
	}
	if newTransport(client.config).Proxy == nil || newTransport(other.config).Proxy != nil || other.next == client.next {
		t.Error("NoProxy does not decide on the proxy")
	}
	if same := client.With(func(c *Config) { c.MaxRetries = 0 }); same.next != client.next {
		t.Error("connections are not shared")
	}
}
