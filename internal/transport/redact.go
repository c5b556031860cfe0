// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	mask = "(masked)"

	// Masking a shorter secret would reveal it by what is missing.
	minMaskedLength = 6
)

var signature = regexp.MustCompile(`(?i)(Signature=)[0-9a-f]+`)

// redactor masks secrets in texts: the gateway's message on a failed signature repeats the request's headers.
type redactor struct {
	secrets []string
	encoded func() []string // all forms of them, longest first
	access  []string
}

func newRedactor(secrets ...string) redactor { return redactor{}.with(secrets...) }

// with adds secrets. Their encoded forms are computed on first use, because most requests have no text to mask.
func (r redactor) with(secrets ...string) redactor {
	all := slices.Clip(r.secrets)
	for _, s := range secrets {
		if s != "" {
			all = append(all, s)
		}
	}
	r.secrets = all
	r.encoded = sync.OnceValue(func() []string {
		var list []string
		for _, s := range all {
			list = append(list, forms(s)...)
		}
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
		return slices.Compact(list)
	})
	return r
}

func (r redactor) all() []string {
	if r.encoded == nil { // there are none
		return nil
	}
	return r.encoded()
}

// accessKey shortens an access key too: it is not secret, but sensitive.
func (r redactor) accessKey(key string) redactor {
	if key != "" {
		r.access = append(slices.Clip(r.access), key)
	}
	return r
}

func (r redactor) text(s string) string {
	for _, secret := range r.all() {
		if len(secret) < minMaskedLength && strings.Contains(s, secret) {
			return "(withheld, because it contains a secret)"
		}
		s = strings.ReplaceAll(s, secret, mask)
	}
	for _, key := range r.access {
		s = strings.ReplaceAll(s, key, Tail(key))
	}
	return signature.ReplaceAllString(s, "${1}"+mask)
}

func (r redactor) printable(s string, bound int) string {
	// Masked before it is cut: half a secret would not be found.
	s = maskURLs(canonicalRequest.ReplaceAllString(r.text(s), ""))
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	if runes := []rune(s); len(runes) > bound {
		s = string(runes[:bound]) + "…"
	}
	return s
}

var (
	// The gateway appends the signed request to a refused signature, which is of no use to users.
	canonicalRequest = regexp.MustCompile(`(?s)[\s,]*canonicalRequest:.*`)

	// URLs as they are, in JSON with escaped slashes, and percent-encoded: user, host and the rest.
	urls = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*(?::(?:\\?/){2}|%3A%2F%2F))((?:[^\s"'<>/?#\\@]*(?:@|%40))?)((?:[^\s"'<>/?#\\%@]|%5B|%5D|%3A)*)([^\s"'<>]*)`)
)

// maskURLs leaves scheme and host: a server may return a URL that has secrets in another spelling or cut off.
func maskURLs(s string) string {
	return urls.ReplaceAllStringFunc(s, func(match string) string {
		part := urls.FindStringSubmatch(match)
		scheme, user, host, rest := part[1], part[2], part[3], part[4]
		if user != "" {
			user = mask + "@"
		}
		if strings.Trim(rest, `/\.,;:)]}`) != "" {
			rest = "/" + mask
		}
		return scheme + user + host + rest
	})
}

// privateParts leaves out short parts, because they would mask ordinary words.
func privateParts(rawURL string) []string {
	const longEnoughAlone = 16
	u, err := url.Parse(rawURL)
	if err != nil {
		return []string{rawURL}
	}
	var parts []string
	add := func(least int, texts ...string) {
		for _, s := range texts {
			if len(s) >= least {
				parts = append(parts, s)
			}
		}
	}
	add(minMaskedLength, u.Path, u.EscapedPath())
	if u.RawQuery != "" {
		add(minMaskedLength, "?"+u.RawQuery)
	}
	if u.Fragment != "" {
		add(minMaskedLength, "#"+u.Fragment, "#"+u.EscapedFragment())
	}
	if u.User != nil {
		secret, _ := u.User.Password()
		add(minMaskedLength, u.User.String(), secret)
		add(longEnoughAlone, u.User.Username())
	}
	add(longEnoughAlone, strings.Split(u.Path, "/")...)
	add(longEnoughAlone, u.RawQuery, u.Fragment)
	for _, values := range u.Query() {
		add(longEnoughAlone, values...)
	}
	return parts
}

func forms(s string) []string {
	list := []string{
		s,
		strings.ReplaceAll(s, "/", `\/`),
		html.EscapeString(s),
		lowerEscapes(url.QueryEscape(s)),
		lowerEscapes(url.PathEscape(s)),
		url.QueryEscape(s),
		url.PathEscape(s),
		base64.StdEncoding.EncodeToString([]byte(s)),
		base64.RawStdEncoding.EncodeToString([]byte(s)),
		base64.URLEncoding.EncodeToString([]byte(s)),
		base64.RawURLEncoding.EncodeToString([]byte(s)),
		hex.EncodeToString([]byte(s)),
		strings.ToUpper(hex.EncodeToString([]byte(s))),
	}
	for _, marshal := range []func(any) ([]byte, error){EncodeJSON, json.Marshal} {
		if quoted, err := marshal(s); err == nil {
			list = append(list, strings.Trim(strings.TrimSpace(string(quoted)), `"`))
		}
	}
	return list
}

var percentEncoded = regexp.MustCompile(`%[0-9A-F]{2}`)

func lowerEscapes(s string) string { return percentEncoded.ReplaceAllStringFunc(s, strings.ToLower) }
