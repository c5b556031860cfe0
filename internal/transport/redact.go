// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	mask = "(masked)"

	// Masking a shorter secret would reveal it by what is missing.
	minMaskedLength = 6
)

var signature = regexp.MustCompile(`(?i)(Signature=)[0-9a-f]+`)

// redactor masks secrets in texts. Servers repeat what they received: the gateway's message on a failed signature
// contains the headers, x-security-token included.
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

// text masks s, or replaces it if it contains a secret that is too short to mask.
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

// forms returns a secret as it may appear in JSON, URLs, base64 and hex.
func forms(s string) []string {
	list := []string{
		s,
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
