// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"crypto/tls"
	"encoding/base64"
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
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
)

const (
	testApp = "5ff9701f2346968bb306cb43"
	testKey = "0123456789abcdef0123456789abcdef"
	okBody  = `{"app_id":"` + testApp + `","record_callback":{"url":"https://example.com/cb","auth_key":"k","notify_event_subscription":["A"],"update_time":"2026-01-01T00:00:00.000Z"}}`
)

var testCredentials = credentials.Credentials{
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

func newClient(t *testing.T, endpoint string, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		Endpoint: endpoint, Credentials: testCredentials, MaxRetries: 2, UserAgent: "test/1",
		RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "request-1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	return e
}

func TestRequestsOnTheWire(t *testing.T) {
	key, empty := testKey, ""
	tests := map[string]struct {
		credentials credentials.Credentials
		call        func(*Client) error
		method      string
		body        string
		headers     map[string]string
		signed      string
	}{
		"read with temporary keys": {
			credentials: testCredentials,
			call:        func(c *Client) error { _, err := c.ShowRecordCallback(t.Context(), testApp); return err },
			method:      http.MethodGet,
			headers: map[string]string{
				"X-Project-Id": testCredentials.ProjectID, "X-Security-Token": testCredentials.SecurityToken, "X-Auth-Token": "",
			},
			signed: "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token,",
		},
		"write with a token": {
			credentials: credentials.Credentials{Token: "a-token", ProjectID: "p"},
			call: func(c *Client) error {
				_, err := c.UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com/cb?a=1&b=<2>", AuthKey: &key})
				return err
			},
			method:  http.MethodPut,
			body:    `{"url":"https://example.com/cb?a=1&b=<2>","auth_key":"` + testKey + `"}`,
			headers: map[string]string{"X-Auth-Token": "a-token", "Authorization": "", "X-Sdk-Date": "", "X-Project-Id": ""},
		},
		"write without a key": {
			credentials: testCredentials,
			call: func(c *Client) error {
				_, err := c.UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com/cb"})
				return err
			},
			method: http.MethodPut,
			body:   `{"url":"https://example.com/cb"}`,
		},
		"write of an empty key": {
			credentials: testCredentials,
			call: func(c *Client) error {
				_, err := c.UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com/cb", AuthKey: &empty})
				return err
			},
			method: http.MethodPut,
			body:   `{"url":"https://example.com/cb","auth_key":""}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got *http.Request
			var body string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				content, _ := io.ReadAll(r.Body)
				got, body = r, strings.TrimSpace(string(content))
				respond(http.StatusOK, okBody)(w, r)
			})
			if err := tc.call(newClient(t, s.URL, func(c *Config) { c.Credentials = tc.credentials })); err != nil {
				t.Fatal(err)
			}
			if got.Method != tc.method || got.RequestURI != "/v2/apps/"+testApp+"/record-callback" || body != tc.body {
				t.Errorf("sent %s %s %s", got.Method, got.RequestURI, body)
			}
			want := map[string]string{"Content-Type": "application/json", "User-Agent": "test/1", "Accept-Encoding": ""}
			for name, value := range tc.headers {
				want[name] = value
			}
			for name, value := range want {
				if got.Header.Get(name) != value {
					t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
				}
			}
			if !strings.Contains(got.Header.Get("Authorization"), tc.signed) {
				t.Errorf("Authorization: %q, want %q in it", got.Header.Get("Authorization"), tc.signed)
			}
		})
	}
}

func TestAnswerIsDecoded(t *testing.T) {
	s := serve(t, respond(http.StatusOK, okBody))
	got, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
	if err != nil {
		t.Fatal(err)
	}
	if got.URL != "https://example.com/cb" || got.AuthKey != "k" || len(got.NotifyEventSubscription) != 1 || got.UpdateTime != "2026-01-01T00:00:00.000Z" {
		t.Errorf("decoded %+v", got)
	}
}

func TestErrorTable(t *testing.T) {
	iam := "Incorrect IAM authentication information: "
	tests := []struct {
		status        int
		code, message string
		want          Reason
		notConfigured bool
		calls         int32
	}{
		{400, "RTC.00001001", "OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK", ReasonTenantUnknown, false, 1},
		{400, "RTC.00001002", "MalformedRequestBody: json parsing failed", ReasonMalformedRequest, false, 1},
		{400, "RTC.00001003", "InvalidParameterValue", ReasonInvalidParameter, false, 1},
		{400, "RTC.00001004", "InvalidParameterCombination", ReasonInvalidParameter, false, 1},
		{400, "RTC.00001005", "MissingParameter", ReasonInvalidParameter, false, 1},
		{400, "RTC.00001016", "AppDeactivation", ReasonAppDeactivated, false, 1},
		{400, "RTC.00001018", "URL unavailable: The callback URL is unavailable", ReasonURLUnavailable, false, 1},
		{400, "RTC.00009999", "new", ReasonOther, false, 1},
		{404, "RTC.00001003", "InvalidParameterValue", ReasonAppNotFound, true, 1},
		{404, "RTC.00009999", "another", ReasonAppNotFound, true, 1},
		{404, "APIGW.0101", "The API does not exist or has not been published in the environment", ReasonWrongEndpoint, false, 1},
		{404, "APIGW.0103", "The API does not exist", ReasonWrongEndpoint, false, 1},
		{404, "", "", ReasonWrongEndpoint, false, 1},
		{403, "APIGW.0306", "access denied", ReasonAccessDenied, false, 1},
		{403, "APIGW.0310", "project unavailable", ReasonProjectUnavailable, false, 1},
		{403, "APIGW.0402", "address not allowed", ReasonAddressNotAllowed, false, 1},
		{403, "", "", ReasonAccessDenied, false, 1},
		{401, "APIGW.0301", iam + "verify aksk signature fail, canonicalRequest:GET|/|", ReasonSignatureRefused, false, 1},
		{401, "APIG.0301", iam + "Get secretKey failed,ak:AK,err:ak not exist", ReasonAccessKeyUnknown, false, 1},
		{401, "APIGW.0301", iam + "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z", ReasonClockSkew, false, 1},
		{401, "APIGW.0301", iam + "decrypt token fail", ReasonTokenInvalid, false, 1},
		{401, "APIGW.0301", iam + "token expires, expires_at: 2026-01-01", ReasonTokenExpired, false, 1},
		{401, "APIGW.0301", iam + "AK access failed to reach the limit,forbidden", ReasonAccessKeyLocked, false, 1},
		{401, "APIGW.0301", iam + "x-auth-token not found", ReasonUnauthenticated, false, 1},
		{429, "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute", ReasonThrottled, false, 3},
		{500, "RTC.00002001", "InternalError", ReasonServerError, false, 3},
		{502, "", "", ReasonServerError, false, 3},
		{503, "", "", ReasonServerError, false, 3},
		{501, "", "", ReasonServerError, false, 1},
		{418, "", "", ReasonOther, false, 1},
		{202, "", "", ReasonInvalidAnswer, false, 1},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("%d %s %s", tc.status, tc.code, tc.want), func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"error_code": tc.code, "error_msg": tc.message})
			if err != nil {
				t.Fatal(err)
			}
			s := serve(t, respond(tc.status, string(body)))
			_, err = newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != tc.want || e.StatusCode != tc.status || e.Code != tc.code || e.Message != tc.message ||
				e.RequestID != "request-1" || e.Operation != "ShowRecordCallback" || e.AppID != testApp || e.Attempts != int(tc.calls) {
				t.Errorf("got %+v", e)
			}
			if got := errors.Is(err, ErrNotConfigured); got != tc.notConfigured {
				t.Errorf("errors.Is(err, ErrNotConfigured) = %t", got)
			}
			if got := s.calls.Load(); got != tc.calls {
				t.Errorf("%d calls, want %d", got, tc.calls)
			}
		})
	}
}

func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	ok := respond(http.StatusOK, okBody)
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><title>Sign in</title></html>")
		}
	}
	tests := map[string]struct {
		handler  http.HandlerFunc
		want     Reason
		mentions string
		calls    int32
	}{
		"HTML as a success":     {html(200), ReasonInvalidAnswer, "text/html", 1},
		"HTML as a 404":         {html(404), ReasonWrongEndpoint, "text/html", 1},
		"nothing at all":        {respond(200, ""), ReasonInvalidAnswer, "application/json", 1},
		"JSON of another type":  {respond(200, `{"record_callback":{"url":7}}`), ReasonInvalidAnswer, "record_callback.url can't be a number", 1},
		"a list":                {respond(200, `[]`), ReasonInvalidAnswer, "", 1},
		"another app's answer":  {respond(200, strings.ReplaceAll(okBody, testApp, "another")), ReasonInvalidAnswer, "another", 1},
		"larger than the bound": {respond(200, strings.Repeat(" ", maxAnswer)+okBody), ReasonInvalidAnswer, "larger", 1},
		"compressed, not asked": {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "gzip"); ok(w, r) }, ReasonInvalidAnswer, "gzip", 1},
		"cut off":               {cut, ReasonConnection, "broke off", 3},
		"connection closed":     {drop, ReasonConnection, "EOF", 3},
		"nothing in an object":  {respond(200, `{}`), ReasonInvalidAnswer, "neither an app", 1},
		"null":                  {respond(200, `null`), ReasonInvalidAnswer, "neither an app", 1},
		"something else's":      {respond(200, `{"status":"ok"}`), ReasonInvalidAnswer, "neither an app", 1},
		"a message, no code":    {respond(200, `{"error_msg":"login first"}`), ReasonInvalidAnswer, "login first", 1},
		"headers without an end": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Much", strings.Repeat("x", 2*maxAnswerHeader))
			ok(w, r)
		}, ReasonConnection, "header", 3},
		"error of another type":  {respond(400, `{"error_code":"RTC.00001018","error_msg":{"why":7}}`), ReasonURLUnavailable, `{"why":7}`, 1},
		"code of another type":   {respond(400, `{"error_code":1018}`), ReasonOther, "", 1},
		"an error as a success":  {respond(200, `{"error_code":"APIGW.0101","error_msg":"x"}`), ReasonInvalidAnswer, "success", 1},
		"null callback":          {respond(200, `{"app_id":"`+testApp+`","record_callback":null}`), ReasonNotConfigured, "", 1},
		"no callback":            {respond(200, `{"app_id":"`+testApp+`"}`), ReasonNotConfigured, "", 1},
		"callback without a URL": {respond(200, `{"record_callback":{"url":"","update_time":""}}`), ReasonNotConfigured, "", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.handler)
			_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != tc.want || !strings.Contains(e.Message, tc.mentions) {
				t.Errorf("got %v", e)
			}
			if got := errors.Is(err, ErrNotConfigured); got != (tc.want == ReasonNotConfigured) {
				t.Errorf("errors.Is(err, ErrNotConfigured) = %t", got)
			}
			if got := s.calls.Load(); got != tc.calls {
				t.Errorf("%d calls, want %d", got, tc.calls)
			}
		})
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, okBody[:20])
}

func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// A write that is accepted without an answer about it is read back.
func TestWriteAnsweredWithoutCallback(t *testing.T) {
	nothing := `{"app_id":"` + testApp + `"}`
	tests := map[string]struct {
		read       string
		readStatus int
		want       Reason
	}{
		"it is there":  {okBody, 200, ""},
		"it is not":    {nothing, 200, ReasonNotKept},
		"nobody knows": {`{"error_code":"RTC.00002001"}`, 500, ReasonServerError},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					respond(200, nothing)(w, r)
					return
				}
				respond(tc.readStatus, tc.read)(w, r)
			})
			got, err := newClient(t, s.URL, func(c *Config) { c.MaxRetries = 0 }).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com"})
			if tc.want == "" {
				if err != nil || got.URL != "https://example.com/cb" {
					t.Errorf("got %+v, %v", got, err)
				}
			} else if e := asError(t, err); e.Reason != tc.want || errors.Is(err, ErrNotConfigured) {
				t.Errorf("got %v", err)
			}
			if calls := s.calls.Load(); calls != 2 {
				t.Errorf("%d calls", calls)
			}
		})
	}
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
		respond(200, okBody)(w, r)
	})
	if _, err := newClient(t, s.URL).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com/cb"}); err != nil {
		t.Fatal(err)
	}
	for i := range bodies {
		if bodies[i] != bodies[0] || bodies[i] == "" || !strings.Contains(ids[i], "Signature=") {
			t.Errorf("attempt %d: body %q, Authorization %q", i+1, bodies[i], ids[i])
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := serve(t, respond(200, okBody))
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/x?secret=1", status)
		})
		_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
		if e := asError(t, err); e.Reason != ReasonRedirected || !strings.Contains(e.Message, elsewhere.URL) || strings.Contains(e.Message, "secret") {
			t.Errorf("%d: got %v", status, e)
		}
	}
	if got := elsewhere.calls.Load(); got != 0 {
		t.Errorf("the request was carried elsewhere %d times", got)
	}
}

func TestContextEndsEverything(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"while backing off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "30")
			respond(503, "")(w, r)
		},
		"while waiting for the answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"while reading the answer": func(w http.ResponseWriter, r *http.Request) {
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
			_, err := newClient(t, s.URL).ShowRecordCallback(ctx, testApp)
			if e := asError(t, err); e.Reason != ReasonCanceled || !errors.Is(err, context.Canceled) {
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
		respond(200, okBody)(w, r)
	})
	client := newClient(t, s.URL, func(c *Config) { c.AttemptTimeout = 50 * time.Millisecond })
	if _, err := client.ShowRecordCallback(t.Context(), testApp); err != nil {
		t.Fatal(err)
	}
	if got := s.calls.Load(); got != 2 {
		t.Errorf("%d calls, want 2", got)
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
	secure := httptest.NewTLSServer(respond(200, okBody))
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
			_, err := newClient(t, tc.endpoint).ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != ReasonConnection || e.StatusCode != 0 || !strings.Contains(e.Message, tc.mentions) || e.Attempts != tc.attempts {
				t.Errorf("got %+v", e)
			}
		})
	}
	t.Run("certificate not known, insecure", func(t *testing.T) {
		client := newClient(t, secure.URL, func(c *Config) { c.Insecure = true })
		if _, err := client.ShowRecordCallback(t.Context(), testApp); err != nil {
			t.Error(err)
		}
	})
}

func TestTLSIsAtLeast12(t *testing.T) {
	s := httptest.NewUnstartedServer(respond(200, okBody))
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	client := newClient(t, s.URL, func(c *Config) { c.Insecure = true; c.MaxRetries = 0 })
	_, err := client.ShowRecordCallback(t.Context(), testApp)
	if e := asError(t, err); e.Reason != ReasonConnection || !strings.Contains(e.Message, "protocol version") {
		t.Errorf("got %v", e)
	}
}

// An app id is one segment of the path, whatever it is made of.
func TestAppIDStaysOneSegment(t *testing.T) {
	for _, id := range []string{"a b", "a/b", "../x", ".", "..", "...", "100%", "%2F", "a?b=c", "a#b", "a;b", "été", "日本", "a+b", "a&b=c", `a"b\c`, " ", "\t\n"} {
		var path string
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			path = r.RequestURI
			respond(404, `{"error_code":"RTC.00001003"}`)(w, r)
		})
		_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), id)
		if e := asError(t, err); e.Reason != ReasonAppNotFound {
			t.Errorf("%q: %v", id, e)
		}
		segments := strings.Split(path, "/")
		if len(segments) != 5 || segments[3] == "." || segments[3] == ".." || segments[4] != "record-callback" {
			t.Errorf("%q went out as %s", id, path)
			continue
		}
		if got, err := url.PathUnescape(segments[3]); err != nil || got != id {
			t.Errorf("%q went out as %s", id, path)
		}
	}
	_, err := newClient(t, "").ShowRecordCallback(t.Context(), "")
	if e := asError(t, err); e.Reason != ReasonInvalidRequest {
		t.Errorf("empty app id: %v", e)
	}
}

// The gateway repeats what it was sent when a signature fails, and a proxy may
// repeat anything.
func TestSecretsStayInside(t *testing.T) {
	key := "callback-key-with \"quotes\" & <brackets>"
	var log strings.Builder
	for _, status := range []int{400, 401, 500, 200} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			echo, _ := json.Marshal(fmt.Sprint(
				r.Header, string(body), key, url.QueryEscape(key), base64.StdEncoding.EncodeToString([]byte(key)),
				fmt.Sprintf("%x", testCredentials.SecretKey), testCredentials.SecretKey, strings.Repeat(" padding", 300), testCredentials.SecurityToken,
			))
			w.Header().Set("X-Request-Id", "id-"+testCredentials.SecurityToken)
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error_code":"APIGW.0301","error_msg":%s,"app_id":%s}`, echo, echo)
		})
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		client := newClient(t, s.URL, func(c *Config) { c.Logger = logger })
		_, err := client.UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com", AuthKey: &key})
		shown := fmt.Sprintf("%v %+v", err, *asError(t, err))
		for what, text := range map[string]string{"error": shown, "log": log.String()} {
			for _, secret := range []string{
				"callback-key", "very-secret", "AKTESTTEST", hexPrefix(testCredentials.SecretKey),
				base64.StdEncoding.EncodeToString([]byte(key))[:20], url.QueryEscape(key)[:20],
			} {
				if strings.Contains(text, secret) {
					t.Errorf("status %d: %q is in the %s: %.600s", status, secret, what, text)
				}
			}
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 3+3 {
		t.Errorf("%d log lines, want one an attempt:\n%s", lines, log.String())
	}
	for _, field := range []string{"method=PUT", "path=/v2/apps/" + testApp + "/record-callback", "status=500", "attempt=3", "request_id=", "duration_ms="} {
		if !strings.Contains(log.String(), field) {
			t.Errorf("the log has no %s:\n%s", field, log.String())
		}
	}
}

func hexPrefix(s string) string { return fmt.Sprintf("%x", s)[:16] }

func TestRedactor(t *testing.T) {
	r := newRedactor("long-enough-secret", "long-enough-secret-and-more", "", "äöü ß/").accessKey("AKABCDEFGHIJKLMNOPQR")
	tests := map[string]string{
		"":                       "",
		"nothing to see":         "nothing to see",
		"x long-enough-secret y": "x (masked) y",
		"long-enough-secret-and-more, long-enough-secret":      "(masked), (masked)",
		"ak:AKABCDEFGHIJKLMNOPQR":                              "ak:****OPQR",
		"SDK-HMAC-SHA256 Access=x, Signature=0123456789abcdef": "SDK-HMAC-SHA256 Access=x, Signature=(masked)",
		"q=%C3%A4%C3%B6%C3%BC+%C3%9F%2F":                       "q=(masked)",
	}
	for in, want := range tests {
		if got := r.text(in); got != want {
			t.Errorf("text(%q) = %q, want %q", in, got, want)
		}
	}
	short := newRedactor("e")
	if got := short.text("the request"); strings.Contains(got, "request") {
		t.Errorf("a text with a secret of one character came back as %q", got)
	}
	if got := short.text("GUI"); got != "GUI" {
		t.Errorf("a text without it came back as %q", got)
	}
}

func TestParseEndpoint(t *testing.T) {
	tests := map[string]struct{ want, wrong string }{
		DefaultEndpoint:                  {want: DefaultEndpoint},
		"https://rtc.example.com/":       {want: "https://rtc.example.com"},
		"https://rtc.example.com:8443":   {want: "https://rtc.example.com:8443"},
		"http://127.0.0.1:8089":          {want: "http://127.0.0.1:8089"},
		"http://localhost:8089":          {want: "http://localhost:8089"},
		"http://[::1]:8089":              {want: "http://[::1]:8089"},
		"HTTPS://rtc.example.com":        {want: "https://rtc.example.com"},
		"http://rtc.example.com":         {wrong: "plain http"},
		"http://127.0.0.1.example.com":   {wrong: "plain http"},
		"http://0.0.0.0:1":               {wrong: "plain http"},
		"http://localhost.example.com":   {wrong: "plain http"},
		"rtc.example.com":                {wrong: "not a URL"},
		"":                               {wrong: "not a URL"},
		"rtc.example.com:443":            {wrong: "not a URL"},
		"ftp://rtc.example.com":          {wrong: "scheme"},
		"https://bücher.example":         {wrong: "ASCII"},
		"https://":                       {wrong: "no host"},
		"https://:443":                   {wrong: "no host"},
		"https://u:p@rtc.example.com":    {wrong: "user"},
		"https://rtc.example.com/v2":     {wrong: "scheme and host only"},
		"https://rtc.example.com?x=1":    {wrong: "scheme and host only"},
		"https://rtc.example.com/#x":     {wrong: "scheme and host only"},
		"https://rtc.example.com:notnum": {wrong: "not a URL"},
	}
	for in, tc := range tests {
		got, err := ParseEndpoint(in)
		switch {
		case tc.wrong == "" && (err != nil || got.String() != tc.want):
			t.Errorf("ParseEndpoint(%q) = %v, %v, want %q", in, got, err, tc.want)
		case tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)):
			t.Errorf("ParseEndpoint(%q) = %v, %v, want an error with %q", in, got, err, tc.wrong)
		}
	}
	if _, err := New(Config{Endpoint: "nonsense"}); err == nil {
		t.Error("New took a wrong endpoint")
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{}.withDefaults()
	response := func(status int, retryAfter string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}}
	}
	tests := map[string]struct {
		attempt     int
		resp        *http.Response
		least, most time.Duration
	}{
		"first":                          {0, nil, 250 * time.Millisecond, 500 * time.Millisecond},
		"third":                          {2, response(500, ""), time.Second, 2 * time.Second},
		"capped":                         {20, nil, 15 * time.Second, 30 * time.Second},
		"no overflow":                    {1000, nil, 15 * time.Second, 30 * time.Second},
		"throttled":                      {0, response(429, ""), 2500 * time.Millisecond, 5 * time.Second},
		"throttled again and again":      {9, response(429, ""), 30 * time.Second, time.Minute},
		"Retry-After in seconds":         {0, response(429, "8"), 8 * time.Second, 9 * time.Second},
		"Retry-After on 503":             {5, response(503, "2"), 2 * time.Second, 2250 * time.Millisecond},
		"Retry-After of zero":            {5, response(429, "0"), 0, 0},
		"Retry-After beyond the bound":   {0, response(429, "86400"), time.Minute, 68 * time.Second},
		"Retry-After that overflows":     {0, response(429, "99999999999999999999"), 2500 * time.Millisecond, 5 * time.Second},
		"Retry-After in the past":        {0, response(429, "Mon, 02 Jan 2006 15:04:05 GMT"), 0, 0},
		"Retry-After in the far future":  {0, response(429, "Mon, 02 Jan 2106 15:04:05 GMT"), time.Minute, 68 * time.Second},
		"Retry-After that says nothing":  {0, response(503, "soon"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After that is not to be":  {0, response(503, "-5"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After with a fraction":    {0, response(503, "1.5"), 250 * time.Millisecond, 500 * time.Millisecond},
		"attempt of a client of its own": {1, nil, 500 * time.Millisecond, time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			seen := map[time.Duration]bool{}
			for range 50 {
				got := b.wait(b.min, b.max, tc.attempt, tc.resp)
				if got < tc.least || got > tc.most {
					t.Fatalf("waited %v, want %v to %v", got, tc.least, tc.most)
				}
				seen[got] = true
			}
			if tc.least != tc.most && len(seen) < 2 {
				t.Error("no jitter")
			}
		})
	}
}

// Ten operations at a time must not open a connection for each request.
func TestConnectionsAreKept(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(respond(200, okBody))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := newClient(t, s.URL)
	for range 10 {
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, err := client.ShowRecordCallback(t.Context(), testApp); err != nil {
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

func FuzzDecode(f *testing.F) {
	f.Add(200, okBody)
	f.Add(404, `{"error_code":"RTC.00001003","error_msg":"InvalidParameterValue"}`)
	f.Add(500, `<html>`)
	f.Add(429, `{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:200,time:5 minute"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status == http.StatusOK {
			var a recordCallbackAnswer
			if json.Unmarshal([]byte(body), &a) == nil {
				if e := a.check(call{appID: testApp}); e == nil && a.RecordCallback.URL == "" {
					t.Error("an answer without a URL passed")
				}
			}
			return
		}
		e := newAnswerError(&http.Response{StatusCode: status, Header: http.Header{}}, []byte(body))
		if e.Reason == "" || e.Reason == ReasonNotConfigured {
			t.Errorf("status %d became %q", status, e.Reason)
		}
		if errors.Is(e, ErrNotConfigured) && !strings.HasPrefix(e.Code, "RTC.") {
			t.Errorf("%q is taken for a missing app", body)
		}
	})
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
		_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
		if e := asError(t, err); e.Reason != ReasonRedirected || e.RequestID != "request-1" || s.calls.Load() != 1 {
			t.Errorf("%q: %v after %d calls", location, err, s.calls.Load())
		}
	}
}

// A request without a body has none, rather than one of unknown length.
func TestNoBody(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 || r.ProtoMajor != 2 {
			t.Errorf("%s over %s has a body of %d bytes", r.Method, r.Proto, r.ContentLength)
		}
		respond(200, okBody)(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	if _, err := newClient(t, s.URL, func(c *Config) { c.Insecure = true }).ShowRecordCallback(t.Context(), testApp); err != nil {
		t.Error(err)
	}
}

// The date of each attempt is its own: one of before a long back-off would be
// too old.
func TestEveryAttemptHasItsOwnDate(t *testing.T) {
	var dates []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		dates = append(dates, r.Header.Get("X-Sdk-Date"))
		if len(dates) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		respond(200, okBody)(w, r)
	})
	if _, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp); err != nil || len(dates) != 2 || dates[0] >= dates[1] {
		t.Errorf("dates %v, %v", dates, err)
	}
}

// A deadline of the caller's ends a request as a cancellation does.
func TestDeadline(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := newClient(t, s.URL).ShowRecordCallback(ctx, testApp)
	if e := asError(t, err); e.Reason != ReasonCanceled || !errors.Is(err, context.DeadlineExceeded) || s.calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, s.calls.Load())
	}
}

// What a server says is one line, bounded, and text.
func TestMessagesArePrintable(t *testing.T) {
	content, _ := json.Marshal(map[string]string{"error_code": "RTC\n1", "error_msg": "a\x1b[31m\r\nb" + strings.Repeat("x", 5000)})
	s := serve(t, respond(400, string(content)))
	_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
	if e := asError(t, err); len(e.Message) > 2100 || strings.ContainsAny(e.Code+e.Message, "\r\n\x1b") || !strings.HasPrefix(e.Message, "a [31m  bx") {
		t.Errorf("code %q, message %.60q of %d bytes", e.Code, e.Message, len(e.Message))
	}
}
