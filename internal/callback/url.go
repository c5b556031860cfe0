// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"net/url"
	"strings"
)

// Equivalent compares by RFC 3986, 6.2.2 and 6.2.3: case of scheme and host, "" or "/" as path, default port.
func Equivalent(a, b string) bool { return a == b || normalised(a).String() == normalised(b).String() }

// isPartOfURL tells whether part is a prefix of whole, with its full host.
func isPartOfURL(part, whole string) bool {
	p, w := normalised(part), normalised(whole)
	p.User, w.User = nil, nil
	return p.Host == w.Host && strings.HasPrefix(w.String(), strings.TrimSuffix(p.String(), "/"))
}

// A URL of only scheme and host, shown exactly, does not prove that URLs are shown whole.
func isOrigin(s string) bool {
	u := normalised(s)
	return u.User == nil && u.Path == "/" && u.RawQuery == "" && u.Fragment == ""
}

// A text that is no URL becomes Opaque.
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
