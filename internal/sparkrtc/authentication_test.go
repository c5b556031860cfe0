// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// tokens are credentials that can be renewed as often as there are more of
// them.
type tokens struct {
	left    []string
	refused []string
}

func (a *tokens) Credentials(context.Context) (transport.Credentials, error) {
	return transport.Credentials{Token: a.left[0]}, nil
}

func (a *tokens) Renew(_ context.Context, refused transport.Credentials) bool {
	a.refused = append(a.refused, refused.Token)
	if len(a.left) < 2 {
		return false
	}
	a.left = a.left[1:]
	return true
}

func TestRefusedCredentialsAreRenewedOnce(t *testing.T) {
	refusal := func(message string) string {
		return fmt.Sprintf(`{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: %s"}`, message)
	}
	const expired = "token expires, expires_at: 2026-01-01"
	tests := map[string]struct {
		tokens  []string
		message string // of the refusal of a token that begins with "bad"
		want    Reason
		sent    []string
		refused []string
	}{
		"good":               {[]string{"good-1", "good-2"}, expired, "", []string{"good-1"}, nil},
		"expired":            {[]string{"bad-1", "good-2"}, expired, "", []string{"bad-1", "good-2"}, []string{"bad-1"}},
		"invalid":            {[]string{"bad-1", "good-2"}, "decrypt token fail", "", []string{"bad-1", "good-2"}, []string{"bad-1"}},
		"access key unknown": {[]string{"bad-1", "good-2"}, "Get secretKey failed,ak:AK,err:ak not exist", "", []string{"bad-1", "good-2"}, []string{"bad-1"}},
		"nothing better":     {[]string{"bad-1"}, expired, ReasonTokenExpired, []string{"bad-1"}, []string{"bad-1"}},
		"once only":          {[]string{"bad-1", "bad-2", "good-3"}, expired, ReasonTokenExpired, []string{"bad-1", "bad-2"}, []string{"bad-1"}},
		"wrong secret key":   {[]string{"bad-1", "good-2"}, "verify aksk signature fail", ReasonSignatureRefused, []string{"bad-1"}, nil},
		"locked":             {[]string{"bad-1", "good-2"}, "AK access failed to reach the limit,forbidden", ReasonAccessKeyLocked, []string{"bad-1"}, nil},
		"clock":              {[]string{"bad-1", "good-2"}, "signature expired, signature time:1,server time:2", ReasonClockSkew, []string{"bad-1"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var sent []string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				token := r.Header.Get("X-Auth-Token")
				sent = append(sent, token)
				if strings.HasPrefix(token, "bad") {
					respond(401, refusal(tc.message))(w, r)
					return
				}
				respond(200, okBody)(w, r)
			})
			all := &tokens{left: tc.tokens}
			client, err := New(Config{Endpoint: s.URL, Credentials: all, Transport: transport.New(transport.Config{MaxRetries: 2})})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.ShowRecordCallback(t.Context(), testApp)
			if ReasonOf(err) != tc.want {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if tc.want != "" && asError(t, err).Attempts != len(tc.sent) {
				t.Errorf("%d attempts in the error, want %d", asError(t, err).Attempts, len(tc.sent))
			}
			if fmt.Sprint(sent) != fmt.Sprint(tc.sent) || fmt.Sprint(all.refused) != fmt.Sprint(tc.refused) {
				t.Errorf("sent %q and asked to renew %q, want %q and %q", sent, all.refused, tc.sent, tc.refused)
			}
		})
	}
}

// A write that is made once more is the whole write.
func TestRenewedWriteCarriesTheBody(t *testing.T) {
	var bodies []int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		bodies = append(bodies, r.ContentLength)
		if r.Header.Get("X-Auth-Token") == "bad" {
			respond(401, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`)(w, r)
			return
		}
		respond(200, okBody)(w, r)
	})
	client, err := New(Config{Endpoint: s.URL, Credentials: &tokens{left: []string{"bad", "good"}}, Transport: transport.New(transport.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com/cb"}); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] || bodies[0] == 0 {
		t.Errorf("bodies of %d bytes", bodies)
	}
}

// Credentials that can't be renewed are refused for good.
func TestStaticCredentialsAreNotRenewed(t *testing.T) {
	s := serve(t, respond(401, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`))
	_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
	if e := asError(t, err); e.Reason != ReasonTokenInvalid || s.calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, s.calls.Load())
	}
}

type failingAuthenticator struct{ err error }

func (a failingAuthenticator) Credentials(context.Context) (transport.Credentials, error) {
	return transport.Credentials{}, a.err
}

func TestNoCredentials(t *testing.T) {
	answer := new(transport.ResponseError)
	tests := map[string]struct {
		err   error
		cause error
	}{
		"refused":                    {errors.New("the password is wrong"), nil},
		"a response of another size": {fmt.Errorf("the password is wrong: %w", answer), answer},
		"a deadline of its own":      {fmt.Errorf("the password is wrong: %w", context.DeadlineExceeded), context.DeadlineExceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(200, okBody))
			client, err := New(Config{
				Endpoint: s.URL, Credentials: failingAuthenticator{tc.err},
				Transport: transport.New(transport.Config{MaxRetries: 2, RetryWaitMin: time.Millisecond}),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != ReasonNoCredentials || e.Message != tc.err.Error() || e.Attempts != 0 || e.StatusCode != 0 || s.calls.Load() != 0 {
				t.Errorf("got %+v after %d calls", e, s.calls.Load())
			}
			if !errors.Is(err, tc.err) || tc.cause != nil && !errors.Is(err, tc.cause) {
				t.Errorf("the cause of %v is lost", err)
			}
		})
	}
}
