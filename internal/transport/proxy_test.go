// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestCheckProxies(t *testing.T) {
	const secret = "c0ffee"
	tests := map[string]struct {
		value string
		want  string // "" for a proxy that can be used
	}{
		"none":                 {"", ""},
		"URL":                  {"http://proxy.example.com:3128", ""},
		"password":             {"http://user:c0ffee%25@proxy.example.com:3128/", ""},
		"TLS":                  {"https://proxy.example.com", ""},
		"SOCKS":                {"socks5://127.0.0.1:1080", ""},
		"SOCKS, names too":     {"socks5h://127.0.0.1:1080", ""},
		"no scheme":            {"proxy.example.com:3128", ""},
		"address":              {"[::1]:3128", ""},
		"not escaped":          {"http://user:c0ffee%ss@proxy.example.com:3128", "is not the URL of a proxy"},
		"not escaped, slash":   {"http://user:c0ffee/x@proxy.example.com:3128", "is not the URL of a proxy"},
		"not escaped, bare":    {"user:c0ffee%ss@proxy.example.com:3128", "is not the URL of a proxy"},
		"no host":              {"http://", "is not the URL of a proxy"},
		"one slash":            {"http:/proxy.example.com", "is not the URL of a proxy"},
		"no number":            {"http://proxy.example.com:c0ffee", "is not the URL of a proxy"},
		"no port of that kind": {"http://proxy.example.com:99999", "is not the URL of a proxy"},
		"other scheme":         {"ftp://user:c0ffee@proxy.example.com", "scheme that is not supported"},
		"line break":           {"http://user:c0ffee@proxy.example.com\n", "ends with a line break"},
		"zero width":           {"\u200bhttp://user:c0ffee@proxy.example.com", "begins with a zero-width space"},
	}
	for name, tc := range tests {
		for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
			t.Run(name+" in "+variable, func(t *testing.T) {
				err := CheckProxies(func(asked string) string {
					if asked == variable {
						return tc.value
					}
					return ""
				})
				if tc.want == "" {
					if err != nil {
						t.Errorf("got %v", err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), "the environment variable "+variable+" ") || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), secret) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
	// Only the one that net/http takes.
	if err := CheckProxies(func(name string) string {
		return map[string]string{"HTTPS_PROXY": "http://proxy.example.com", "https_proxy": "%"}[name]
	}); err != nil {
		t.Error(err)
	}
}

// A refusal by the proxy is no response of the API: the error names both, and not the proxy's password.
func TestProxyRefuses(t *testing.T) {
	for status, wantAttempts := range map[int]int32{http.StatusForbidden: 1, http.StatusProxyAuthRequired: 1, http.StatusBadGateway: 3, http.StatusServiceUnavailable: 3} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var attempts atomic.Int32
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				attempts.Add(1)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>")
			}))
			defer proxy.Close()
			through, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			through.User = url.UserPassword("user", "c0ffee-password")
			client := New(Config{MaxRetries: 2, RetryWaitMin: time.Millisecond, RetryWaitMax: time.Millisecond})
			client.next.(*http.Transport).Proxy = http.ProxyURL(through)
			_, x, err := client.Do(t.Context(), Request{Method: http.MethodPut, URL: "https://rtc.example.com/v2/apps"})
			var refused *ProxyError
			if !errors.As(err, &refused) || refused.StatusCode != status {
				t.Fatalf("got %v", err)
			}
			for _, part := range []string{proxy.URL, "rtc.example.com:443", http.StatusText(status)} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %q", part, err)
				}
			}
			if strings.Contains(err.Error(), "c0ffee") || strings.Contains(err.Error(), "user") {
				t.Errorf("got %q", err)
			}
			if got := attempts.Load(); got != wantAttempts || x.InDoubt {
				t.Errorf("%d attempts, in doubt: %t", got, x.InDoubt)
			}
		})
	}
}

func TestProxyThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	client := New(Config{})
	client.next.(*http.Transport).Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String(), User: url.UserPassword("user", "c0ffee")})
	_, x, err := client.Do(t.Context(), Request{Method: http.MethodGet, URL: "https://rtc.example.com/"})
	if err == nil || !strings.Contains(err.Error(), "proxy") || !strings.Contains(err.Error(), listener.Addr().String()) || strings.Contains(err.Error(), "c0ffee") || x.InDoubt {
		t.Errorf("got %v", err)
	}
}
