// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"net/url"
	"strings"
)

// Equivalent tells whether two URLs are the same by RFC 3986, 6.2.2 and 6.2.3:
// scheme and host in any case, no path for "/", the scheme's own port left out.
func Equivalent(a, b string) bool { return a == b || normalised(a).String() == normalised(b).String() }

// isPartOfURL tells whether a URL is the start of another one, with its whole host.
func isPartOfURL(part, whole string) bool {
	p, w := normalised(part), normalised(whole)
	p.User, w.User = nil, nil
	return p.Host == w.Host && strings.HasPrefix(w.String(), strings.TrimSuffix(p.String(), "/"))
}

// isOrigin tells whether a URL is scheme and host only: shown as it is, it
// does not prove that the service shows URLs whole.
func isOrigin(s string) bool {
	u := normalised(s)
	return u.User == nil && u.Path == "/" && u.RawQuery == "" && u.Fragment == ""
}

// normalised has a text that is no URL with a host as its Opaque part.
func normalised(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return &url.URL{Opaque: s}
	}
	u.Host = strings.ToLower(u.Host) // Parse has lowered the scheme
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	if u.Path == "" {
		u.Path = "/"
	}
	return u
}
