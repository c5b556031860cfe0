// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
)

// CheckProxies returns an error, without the value, for a proxy variable that net/http would silently ignore.
func CheckProxies(getenv func(string) string) error {
	for _, names := range [][2]string{{"HTTPS_PROXY", "https_proxy"}, {"HTTP_PROXY", "http_proxy"}} {
		name := names[0]
		if getenv(name) == "" {
			name = names[1]
		}
		if wrong := proxyFlaw(getenv(name)); wrong != "" {
			return fmt.Errorf("the environment variable %s %s", name, wrong)
		}
	}
	return nil
}

func proxyFlaw(s string) string {
	const notURL = "is not the URL of a proxy, such as http://proxy.example.com:3128; special characters in a user or a password must be percent-encoded"
	if s == "" {
		return ""
	}
	if stray, found := text.StrayCharacter(s); found {
		return stray
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		u, err = url.Parse("http://" + s)
	}
	if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !validPort(u.Port()) {
		return notURL
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return ""
	default:
		return "has a scheme that is not supported: use http, https or socks5"
	}
}

func validPort(port string) bool {
	n, err := strconv.Atoi(cmp.Or(port, "80"))
	return err == nil && n > 0 && n < 1<<16
}

// ProxyError is a proxy that refused to connect to an API.
type ProxyError struct {
	Proxy      string // scheme and host
	Target     string // host and port of the API
	StatusCode int
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy %s refused the connection to %s: HTTP %d %s", e.Proxy, e.Target, e.StatusCode, http.StatusText(e.StatusCode))
}

func (e *ProxyError) permanent() bool {
	return e.StatusCode < http.StatusInternalServerError && e.StatusCode != http.StatusTooManyRequests && e.StatusCode != http.StatusRequestTimeout
}

// By default the error is only the text of the status.
func onProxyConnect(_ context.Context, proxy *url.URL, request *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Proxy: origin(proxy), Target: request.Host, StatusCode: response.StatusCode}
}

func proxyOf(next http.RoundTripper, req *http.Request) string {
	t, ok := next.(*http.Transport)
	if !ok || t.Proxy == nil {
		return ""
	}
	proxy, err := t.Proxy(req)
	if err != nil || proxy == nil {
		return ""
	}
	return origin(proxy)
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
