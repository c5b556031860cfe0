// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

var emulatorCredentials = transport.Credentials{
	AccessKey: emulator.DefaultAccessKey, SecretKey: emulator.DefaultSecretKey, ProjectID: emulator.DefaultProjectID,
}

// Whatever the app is called, and whatever is set: the signature passes a check
// that shares no code with the signer, and what arrives is what was sent.
func FuzzSignedRequests(f *testing.F) {
	for _, app := range []string{testApp, "a b", "a/b", "../x", "...", "100%", "%2F", "a?b=c", "a#b", "a;b", "été", "日本", "a+b", " ", "\x7f", "\xff"} {
		f.Add(app, "/cb?a=1&b=<2>", testKey)
	}
	server := emulator.New(emulator.Options{})
	listener := httptest.NewServer(server)
	f.Cleanup(func() { server.Close(); listener.Close() })
	client, err := New(Config{Endpoint: listener.URL, Credentials: emulatorCredentials, Transport: transport.New(transport.Config{})})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, app, path, key string) {
		if app == "" || app == "." || app == ".." || key == "" || !utf8.ValidString(path) || !utf8.ValidString(key) {
			t.Skip("JSON carries no invalid UTF-8, and an app has a name")
		}
		sent := RecordCallbackRequest{URL: "https://example.com/" + path, AuthKey: &key}
		server.ResetRequests()
		server.AddApp(app)
		defer server.RemoveApp(app)
		_, err := client.UpdateRecordCallback(t.Context(), app, sent)
		requests := server.Requests()
		if len(requests) != 1 || !requests[0].Authenticated || requests[0].AppID != app {
			t.Fatalf("arrived as %+v: %v", requests, err)
		}
		if requests[0].Status == http.StatusBadRequest {
			return // not a URL
		}
		got, _ := server.Callback(app)
		if err != nil || got.URL != sent.URL || got.AuthKey != key {
			t.Errorf("sent %q with key %q, arrived %q with key %q: %v", sent.URL, key, got.URL, got.AuthKey, err)
		}
		if shown, err := client.ShowRecordCallback(t.Context(), app); err != nil || shown.URL != sent.URL {
			t.Errorf("read %+v, %v", shown, err)
		}
	})
}

// The signer on requests that the client doesn't make (yet): queries, and more
// headers.
func FuzzSignerOnTheEmulator(f *testing.F) {
	f.Add("GET", "/v2/apps", "limit=100&offset=0", "X-Note", "a  note")
	f.Add("PUT", "/v2/apps/a%20b/record-callback", "b=2&a=1&a=0&flag", "X-Empty", "")
	f.Add("DELETE", "/%2e%2e/~x/", "k%20y=v%2Fw&a=b+c", "X-Ünicode", "é")
	server := emulator.New(emulator.Options{})
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, method, path, query, name, value string) {
		name = "X-" + strings.TrimPrefix(http.CanonicalHeaderKey(name), "X-")
		r, err := http.NewRequestWithContext(t.Context(), method, "http://example.com"+path, http.NoBody)
		if err != nil || r.URL.Host != "example.com" || r.URL.Path == "" || !isToken(name) || !isText(value) || len(r.Header) > 0 {
			t.Skip("no request")
		}
		if strings.ContainsAny(query, "# \t\r\n") || !isText(query) || strings.Contains(query, ";") {
			t.Skip("no query of a request line")
		}
		r.URL.RawQuery, r.RequestURI = query, r.URL.RequestURI()
		if query != "" {
			r.RequestURI = r.URL.EscapedPath() + "?" + query
		}
		headers := []signer.Header{{Name: "X-Project-Id", Value: emulator.DefaultProjectID}, {Name: "Host", Value: r.Host}}
		if !strings.EqualFold(name, "X-Sdk-Date") && !strings.EqualFold(name, "X-Project-Id") && !strings.EqualFold(name, "X-Security-Token") &&
			!strings.EqualFold(name, "X-Auth-Token") && !strings.EqualFold(name, "X-Sdk-Content-Sha256") {
			headers = append(headers, signer.Header{Name: name, Value: value})
		}
		signature := signer.Sign(emulatorCredentials.AccessKey, emulatorCredentials.SecretKey, time.Now(), signer.Request{
			Method: method, Path: r.URL.EscapedPath(), Query: query, Headers: headers,
		})
		for _, h := range headers[:1] {
			r.Header.Set(h.Name, h.Value)
		}
		for _, h := range headers[2:] {
			r.Header.Set(h.Name, h.Value)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Sdk-Date", signature.Date)
		r.Header.Set("Authorization", signature.Authorization)

		server.ResetRequests()
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, r)
		known := recorder.Code != http.StatusNotFound // an unknown path is not authenticated at all
		if got := server.Requests(); known && (len(got) != 1 || !got[0].Authenticated) {
			t.Errorf("%s %s with %s: %q was refused: %s", method, r.RequestURI, name, value, recorder.Body)
		}
	})
}

func isToken(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// A clock that is off, and a key that is locked, are distinguished.
func TestEmulatorRefusals(t *testing.T) {
	tests := map[string]struct {
		options emulator.Options
		change  func(*transport.Credentials)
		calls   int
		want    Reason
	}{
		"wrong secret key":   {emulator.Options{}, func(c *transport.Credentials) { c.SecretKey += "x" }, 1, ReasonSignatureRefused},
		"unknown access key": {emulator.Options{}, func(c *transport.Credentials) { c.AccessKey = "AKUNKNOWN" }, 1, ReasonAccessKeyUnknown},
		"locked access key":  {emulator.Options{}, func(c *transport.Credentials) { c.SecretKey += "x" }, 7, ReasonAccessKeyLocked},
		"wrong clock":        {emulator.Options{Clock: func() time.Time { return time.Now().Add(25 * time.Hour) }}, nil, 1, ReasonClockSkew},
		"missing project":    {emulator.Options{}, func(c *transport.Credentials) { c.ProjectID = "" }, 1, ReasonSignatureRefused},
		"another project":    {emulator.Options{}, func(c *transport.Credentials) { c.ProjectID = "other" }, 1, ReasonTenantUnknown},
		"wrong token":        {emulator.Options{}, func(c *transport.Credentials) { *c = transport.Credentials{Token: "wrong"} }, 1, ReasonTokenInvalid},
		"over the quota":     {emulator.Options{Quota: 2}, nil, 3, ReasonThrottled},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := emulator.New(tc.options)
			server.SetCallback(testApp, "https://example.com/", testKey)
			listener := httptest.NewServer(server)
			t.Cleanup(func() { server.Close(); listener.Close() })
			var err error
			for range tc.calls {
				// Another one each time: one alone never locks a key.
				client := newClient(t, listener.URL, func(c *config) {
					c.Credentials, c.MaxRetries = emulatorCredentials, 0
					if tc.change != nil {
						tc.change(&c.Credentials)
					}
				})
				_, err = client.ShowRecordCallback(t.Context(), testApp)
			}
			if e := asError(t, err); e.Reason != tc.want || e.RequestID == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}
