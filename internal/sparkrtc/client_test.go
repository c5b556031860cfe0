// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	testApp = "5ff9701f2346968bb306cb43"
	testKey = "0123456789abcdef0123456789abcdef"
	okBody  = `{"app_id":"` + testApp + `","record_callback":{"url":"https://example.com/cb","auth_key":"k","notify_event_subscription":["A"],"update_time":"2026-01-01T00:00:00.000Z"}}`
)

var testCredentials = transport.Credentials{
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

// config is what newClient makes a client of.
type config struct {
	transport.Config
	Credentials transport.Credentials
}

func newClient(t *testing.T, endpoint string, change ...func(*config)) *Client {
	t.Helper()
	cfg := config{
		Config: transport.Config{
			MaxRetries: 2, UserAgent: "test/1", RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
		},
		Credentials: testCredentials,
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(Config{Endpoint: endpoint, Credentials: cfg.Credentials, Transport: transport.New(cfg.Config)})
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
		credentials transport.Credentials
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
			credentials: transport.Credentials{Token: "a-token", ProjectID: "p"},
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
			if err := tc.call(newClient(t, s.URL, func(c *config) { c.Credentials = tc.credentials })); err != nil {
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
		{404, "RTC.00001003", "InvalidParameterValue", ReasonNotFound, true, 1},
		{404, "RTC.00009999", "another", ReasonNotFound, true, 1},
		{404, "APIGW.0101", "The API does not exist or has not been published in the environment", ReasonWrongEndpoint, false, 1},
		{404, "APIGW.0103", "The API does not exist", ReasonWrongEndpoint, false, 1},
		{404, "", "", ReasonWrongEndpoint, false, 1},
		{403, "APIGW.0306", "access denied", ReasonAccessDenied, false, 1},
		{403, "APIGW.0310", "project unavailable", ReasonProjectUnavailable, false, 1},
		{403, "APIGW.0402", "address not allowed", ReasonAddressNotAllowed, false, 1},
		{403, "", "", ReasonInvalidAnswer, false, 1}, // may be a proxy's
		{401, "APIGW.0301", iam + "verify aksk signature fail, canonicalRequest:GET|/|", ReasonSignatureRefused, false, 1},
		{401, "APIG.0301", iam + "Get secretKey failed,ak:AK,err:ak not exist", ReasonAccessKeyUnknown, false, 1},
		{401, "APIGW.0301", iam + "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z", ReasonClockSkew, false, 1},
		{401, "APIGW.0301", iam + "decrypt token fail", ReasonTokenInvalid, false, 1},
		{401, "APIGW.0301", iam + "token expires, expires_at: 2026-01-01", ReasonTokenExpired, false, 1},
		{401, "APIGW.0301", iam + "AK access failed to reach the limit,forbidden", ReasonAccessKeyLocked, false, 1},
		{401, "APIGW.0301", iam + "x-auth-token not found", ReasonUnauthenticated, false, 1},
		{429, "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute", ReasonThrottled, false, 21},
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
			message, _, _ := strings.Cut(tc.message, ", canonicalRequest:")
			if e.Reason != tc.want || e.StatusCode != tc.status || e.Code != tc.code || e.Message != message ||
				e.RequestID != "request-1" || e.Operation != "ShowRecordCallback" || e.Object != (Object{KindCallback, testApp}) || e.Attempts != int(tc.calls) {
				t.Errorf("got %+v", e)
			}
			if got := errors.Is(err, ErrNotFound); got != tc.notConfigured {
				t.Errorf("errors.Is(err, ErrNotFound) = %t", got)
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
		"HTML as a success":      {html(200), ReasonInvalidAnswer, "text/html", 1},
		"HTML as a 404":          {html(404), ReasonWrongEndpoint, "text/html", 1},
		"HTML as a 401":          {html(401), ReasonInvalidAnswer, "Sign in", 1},
		"HTML as a 403":          {html(403), ReasonInvalidAnswer, "Sign in", 1},
		"HTML as a 407":          {html(407), ReasonInvalidAnswer, "Sign in", 1},
		"HTML as a 400":          {html(400), ReasonInvalidAnswer, "Sign in", 1},
		"HTML as a 502":          {html(502), ReasonInvalidAnswer, "Sign in", 3},
		"text as a 503":          {respond(503, "no healthy upstream"), ReasonInvalidAnswer, "no healthy upstream", 3},
		"nothing as a 503":       {respond(503, ""), ReasonServerError, "", 3},
		"nothing as a 403":       {respond(403, ""), ReasonInvalidAnswer, "empty", 1},
		"a proxy's JSON, 403":    {respond(403, `{"message":"blocked by policy"}`), ReasonOther, "blocked by policy", 1},
		"another's JSON, 403":    {respond(403, `{"blocked":true}`), ReasonInvalidAnswer, `{"blocked":true}`, 1},
		"another's JSON, 400":    {respond(400, `{"reason":"url"}`), ReasonOther, `{"reason":"url"}`, 1},
		"nested, 400":            {respond(400, `{"error":{"code":"RTC.00001018","message":"m"}}`), ReasonURLUnavailable, "m", 1},
		"nested, 403":            {respond(403, `{"error":{"code":"APIGW.0306","message":"m"}}`), ReasonAccessDenied, "m", 1},
		"camel case, 404":        {respond(404, `{"errorCode":"RTC.00001005","errorMessage":"m"}`), ReasonNotFound, "m", 1},
		"another error, 200":     {respond(200, `{"code":"APIGW.0101","message":"no API"}`), ReasonInvalidAnswer, "status of a success: no API", 1},
		"nothing at all":         {respond(200, ""), ReasonInvalidAnswer, "application/json", 1},
		"JSON of another type":   {respond(200, `{"record_callback":{"url":7}}`), ReasonInvalidAnswer, "record_callback.url can't be a number", 1},
		"a list":                 {respond(200, `[]`), ReasonInvalidAnswer, "", 1},
		"another app's response": {respond(200, strings.ReplaceAll(okBody, testApp, "another")), ReasonInvalidAnswer, "another", 1},
		"larger than the bound":  {respond(200, strings.Repeat(" ", transport.MaxResponse)+okBody), ReasonInvalidAnswer, "larger", 1},
		"compressed, not asked":  {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "gzip"); ok(w, r) }, ReasonInvalidAnswer, "gzip", 1},
		"cut off":                {cut, ReasonConnection, "broke off", 3},
		"connection closed":      {drop, ReasonConnection, "EOF", 3},
		"nothing in an object":   {respond(200, `{}`), ReasonInvalidAnswer, "neither an app", 1},
		"null":                   {respond(200, `null`), ReasonInvalidAnswer, "neither an app", 1},
		"something else's":       {respond(200, `{"status":"ok"}`), ReasonInvalidAnswer, "neither an app", 1},
		"a message, no code":     {respond(200, `{"error_msg":"login first"}`), ReasonInvalidAnswer, "login first", 1},
		"headers without an end": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Much", strings.Repeat("x", 128<<10))
			ok(w, r)
		}, ReasonConnection, "header", 3},
		"error of another type":  {respond(400, `{"error_code":"RTC.00001018","error_msg":{"why":7}}`), ReasonURLUnavailable, `{"why":7}`, 1},
		"code of another type":   {respond(400, `{"error_code":1018}`), ReasonOther, "", 1},
		"an error as a success":  {respond(200, `{"error_code":"APIGW.0101","error_msg":"x"}`), ReasonInvalidAnswer, "success", 1},
		"null callback":          {respond(200, `{"app_id":"`+testApp+`","record_callback":null}`), ReasonNotFound, "", 1},
		"no callback":            {respond(200, `{"app_id":"`+testApp+`"}`), ReasonNotFound, "", 1},
		"callback without a URL": {respond(200, `{"record_callback":{"url":"","update_time":""}}`), ReasonNotFound, "", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.handler)
			_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
			e := asError(t, err)
			if e.Reason != tc.want || !strings.Contains(e.Message, tc.mentions) {
				t.Errorf("got %v", e)
			}
			if got := errors.Is(err, ErrNotFound); got != (tc.want == ReasonNotFound) {
				t.Errorf("errors.Is(err, ErrNotFound) = %t", got)
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

// A write that is accepted without a response about it is read back.
func TestWriteAnsweredWithoutCallback(t *testing.T) {
	nothing := `{"app_id":"` + testApp + `"}`
	tests := map[string]struct {
		read       string
		readStatus int
		want       Reason
	}{
		"it is there":  {okBody, 200, ""},
		"it is not":    {nothing, 200, ReasonNotKept},
		"unknown code": {`{"error_code":"RTC.00002001"}`, 500, ReasonServerError},
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
			got, err := newClient(t, s.URL, func(c *config) { c.MaxRetries = 0 }).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com"})
			if tc.want == "" {
				if err != nil || got.URL != "https://example.com/cb" {
					t.Errorf("got %+v, %v", got, err)
				}
			} else if e := asError(t, err); e.Reason != tc.want || errors.Is(err, ErrNotFound) || e.InDoubt != (tc.want == ReasonServerError) {
				t.Errorf("got %v", err)
			}
			if calls := s.calls.Load(); calls != 2 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

// A write that is refused is not looked up, and did not take effect.
func TestWriteToAMissingApp(t *testing.T) {
	s := serve(t, respond(404, `{"error_code":"RTC.00001003"}`))
	_, err := newClient(t, s.URL).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com"})
	if e := asError(t, err); e.Reason != ReasonNotFound || e.Operation != "UpdateRecordCallback" || e.InDoubt || s.calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, s.calls.Load())
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

// An app id is one segment of the path, whatever it is made of.
func TestAppIDStaysOneSegment(t *testing.T) {
	for _, id := range []string{"a b", "a/b", "../x", "...", "100%", "%2F", "a?b=c", "a#b", "a;b", "été", "日本", "a+b", "a&b=c", `a"b\c`, " ", "\t\n"} {
		var path string
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			path = r.RequestURI
			respond(404, `{"error_code":"RTC.00001003"}`)(w, r)
		})
		_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), id)
		if e := asError(t, err); e.Reason != ReasonNotFound {
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
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s %s", r.Method, r.RequestURI) })
	client := newClient(t, s.URL)
	for _, id := range []string{"", ".", ".."} {
		_, read := client.ShowRecordCallback(t.Context(), id)
		_, set := client.UpdateRecordCallback(t.Context(), id, RecordCallbackRequest{URL: "https://example.com"})
		_, shown := client.ShowApp(t.Context(), id)
		for _, err := range []error{read, set, shown} {
			if e := asError(t, err); e.Reason != ReasonInvalidRequest || e.Object.ID != id || e.InDoubt {
				t.Errorf("%q: %v", id, e)
			}
		}
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
		client := newClient(t, s.URL, func(c *config) { c.Logger = logger })
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

// Whatever comes as a success: no panic, no callback without a URL, none of
// another app, and no error without a reason or a text.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		okBody, ``, `null`, `[]`, `{}`, `<html><title>Portal</title></html>`,
		`{"app_id":"another","record_callback":{"url":"https://a"}}`, `{"app_id":"` + testApp + `"}`,
		`{"app_id":7,"record_callback":[]}`, `{"record_callback":{"url":""}}`, `{"record_callback":{"url":"https://a","auth_key":null}}`,
		`{"error_code":"RTC.00002001","record_callback":{"url":"https://a"}}`, `{"error_code":7,"error_msg":{}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		about := call{app: testApp}
		var got recordCallbackResult
		resp := &transport.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: []byte(body)}
		if err := resp.Decode(&got); err != nil {
			if err.Error() == "" {
				t.Error("an error says nothing")
			}
			return
		}
		if e := got.check(about); e != nil {
			if e.Reason == "" || e.Error() == "" {
				t.Errorf("an error has no reason: %+v", e)
			}
			return
		}
		if got.RecordCallback == nil || got.RecordCallback.URL == "" {
			t.Error("a response without a URL passed")
		}
		// Read by other means, it is about this app or about none.
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &members); err != nil {
			t.Fatal(err)
		}
		named, app := 0, ""
		for name, value := range members {
			if strings.EqualFold(name, "app_id") {
				named++
				_ = json.Unmarshal(value, &app)
			}
		}
		if named == 1 && app != "" && !strings.EqualFold(app, testApp) {
			t.Errorf("the callback of %q passed", app)
		}
	})
}

// Whatever comes as an error: no panic, a reason, and a missing app only from
// the service itself.
func FuzzErrorAnswer(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `<html><title>Portal</title></html>`,
		`{"error_code":"RTC.00001003","error_msg":"InvalidParameterValue"}`,
		`{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: signature expired, signature time:20230527T000431Z,server time:20230527T020608Z"}`,
		`{"error_code":"APIGW.0308","error_msg":"policy user over ratelimit,limit:200,time:5 minute"}`,
		`{"error_code":7,"error_msg":{"a":[]},"request_id":null}`,
	} {
		for _, status := range []int{201, 302, 400, 401, 403, 404, 429, 500} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status == http.StatusOK {
			return
		}
		resp := &transport.Response{StatusCode: status, Header: http.Header{}, Body: []byte(body)}
		e := newResponseError(resp)
		if !slices.Contains(Reasons, e.Reason) || e.Error() == "" {
			t.Errorf("status %d became %q", status, e.Reason)
		}
		if errors.Is(e, ErrNotFound) && !strings.HasPrefix(e.Code, "RTC.") {
			t.Errorf("%q is taken for a missing app", body)
		}
		judged, _ := call{}.judge(resp, nil)
		if (judged.Throttled != nil) != (status == http.StatusTooManyRequests) || judged.Refused && judged.Expired {
			t.Errorf("status %d is judged %+v", status, judged)
		}
	})
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

func TestWrongEndpoint(t *testing.T) {
	if _, err := New(Config{Endpoint: "invalid"}); err == nil || !strings.Contains(err.Error(), DefaultEndpoint) {
		t.Errorf("got %v", err)
	}
}

// success is a response that its call has nothing to say about.
type success struct {
	AppID string `json:"app_id"`
}

func (*success) check(call) *Error { return nil }

// What a call takes for a success is its own affair: none is taken for that of
// another operation.
func TestSuccess(t *testing.T) {
	tests := map[string]struct {
		success []int
		out     result
		status  int
		body    string
		want    Reason
	}{
		"200":                          {out: &success{}, status: 200, body: `{"app_id":"a"}`},
		"201 in place of 200":          {out: &success{}, status: 201, body: `{"app_id":"a"}`, want: ReasonInvalidAnswer},
		"201":                          {success: []int{201}, out: &success{}, status: 201, body: `{"app_id":"a"}`},
		"200 in place of 201":          {success: []int{201}, out: &success{}, status: 200, body: `{"app_id":"a"}`, want: ReasonInvalidAnswer},
		"204":                          {success: []int{204}, status: 204},
		"204 in place of a response":   {out: &success{}, status: 204, want: ReasonInvalidAnswer},
		"what is expected has no body": {success: []int{201}, out: &success{}, status: 201, want: ReasonInvalidAnswer},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(tc.status, tc.body))
			_, err := newClient(t, s.URL).do(t.Context(), call{operation: "Test", method: http.MethodPost, success: tc.success, segments: []string{"v2"}}, tc.out)
			if ReasonOf(err) != tc.want || (err == nil) != (tc.want == "") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && !asError(t, err).InDoubt {
				t.Error("something was done, and it is not in doubt")
			}
			if got, ok := tc.out.(*success); ok && err == nil && got.AppID != "a" {
				t.Errorf("got %+v", got)
			}
			if got := s.calls.Load(); got != 1 {
				t.Errorf("%d calls", got)
			}
		})
	}
}

// A page of a proxy's that comes with the status of a success shows nothing of
// the credentials: until they are known to be taken, one call goes at a time.
func TestProxyProvesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		success  []int
		status   int
		body     string
		unproven bool
	}{
		"page":                          {nil, 200, "<html></html>", true},
		"nothing":                       {nil, 200, "", true},
		"JSON":                          {nil, 200, "{}", false},
		"another success":               {nil, 201, "{}", true},
		"no content in place of a body": {nil, 204, "", true},
		"created":                       {[]int{201}, 201, "{}", false},
		"page, created":                 {[]int{201}, 201, "<html></html>", true},
		"no content":                    {[]int{204}, 204, "", false},
		"a body in place of no content": {[]int{204}, 200, "{}", true},
		"an error of the service":       {nil, 404, `{"error_code":"RTC.00001003"}`, false},
		"access denied":                 {nil, 403, `{"error_code":"APIGW.0306"}`, false},
		"project unavailable":           {nil, 403, `{"error_code":"APIGW.0310"}`, false},
		"another error of the gateway":  {nil, 404, `{"error_code":"APIGW.0101"}`, true},
		"a 5xx without a code":          {nil, 502, "{}", true},
		"a 401 without a code":          {nil, 401, "{}", false},
		"a 401 that is a page":          {nil, 401, "<html></html>", true},
	} {
		if got, _ := (call{success: tc.success}).judge(&transport.Response{StatusCode: tc.status, Body: []byte(tc.body)}, nil); got.Unproven != tc.unproven {
			t.Errorf("%s: judged %+v", name, got)
		}
	}
}

// What the service says about a callback URL shows scheme and host of it only.
func TestURLsAreMasked(t *testing.T) {
	const private = "https://user:c0ffee-password@hooks.example.com/c0ffee/path?token=c0ffee#c0ffee"
	for name, said := range map[string]string{
		"whole":   "cannot connect to " + private,
		"path":    "POST /c0ffee/path: 404",
		"cut off": "https://hooks.example.com/c0f…",
		"query":   "?token=c0ffee is not allowed",
	} {
		for form, body := range map[string]any{
			"API":     map[string]string{"error_code": "RTC.00001018", "error_msg": said},
			"unknown": map[string]any{"why": []string{said}},
		} {
			t.Run(name+", "+form, func(t *testing.T) {
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				s := serve(t, respond(400, string(text)))
				_, err = newClient(t, s.URL).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: private})
				if e := asError(t, err); strings.Contains(err.Error(), "c0f") || !strings.Contains(e.Message, "(masked)") {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestErrorsNameTheEndpoint(t *testing.T) {
	s := serve(t, respond(403, "<html>"))
	_, err := newClient(t, s.URL).ShowRecordCallback(t.Context(), testApp)
	if e := asError(t, err); e.Endpoint != s.URL || e.Proxy != "" {
		t.Errorf("got %q, %q", e.Endpoint, e.Proxy)
	}
}

// Half a secret, where a text is cut off, is masked too.
func TestTextsAreMaskedBeforeTheyAreCut(t *testing.T) {
	const secret = "c0ffee-0123456789-c0ffee-0123456789"
	for name, body := range map[string]string{
		"title":   "<html><title>" + strings.Repeat("x", 70) + secret + "</title></html>",
		"excerpt": `{"why":"` + strings.Repeat("x", 180) + secret + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(403, body))
			key := secret
			_, err := newClient(t, s.URL).UpdateRecordCallback(t.Context(), testApp, RecordCallbackRequest{URL: "https://example.com", AuthKey: &key})
			if e := asError(t, err); strings.Contains(err.Error(), "c0f") || !strings.Contains(e.Message, "xxx(masked)") {
				t.Errorf("got %v", err)
			}
		})
	}
}
