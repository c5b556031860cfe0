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

	// tooShort is the length below which masking a secret in a text would
	// spell it out by what is missing.
	tooShort = 6
)

// signature matches the signature in a header or in a canonical request that
// a server repeats.
var signature = regexp.MustCompile(`(?i)(Signature=)[0-9a-f]+`)

// redactor masks secrets in texts that leave the client. Servers repeat what
// they were sent: the gateway's message on a failed signature has the headers
// in it, x-security-token included.
type redactor struct {
	secrets []string        // as they were given
	encoded func() []string // all forms of them, longest first
	access  []string
}

func newRedactor(secrets ...string) redactor { return redactor{}.with(secrets...) }

// with returns a redactor that masks these secrets too. Their forms are made
// with the first text, because most requests have none.
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

// accessKey returns a redactor that shortens this access key too, which is no
// secret but nobody's business either.
func (r redactor) accessKey(key string) redactor {
	if key != "" {
		r.access = append(slices.Clip(r.access), key)
	}
	return r
}

// text returns s without secrets, or a note in its place if a secret in it is
// too short to be masked.
func (r redactor) text(s string) string {
	for _, secret := range r.all() {
		if len(secret) < tooShort && strings.Contains(s, secret) {
			return "(withheld, because it contains a secret)"
		}
		s = strings.ReplaceAll(s, secret, mask)
	}
	for _, key := range r.access {
		s = strings.ReplaceAll(s, key, Tail(key))
	}
	return signature.ReplaceAllString(s, "${1}"+mask)
}

// forms returns a secret and what becomes of it in JSON, URLs, base64 and hex.
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
	// JSON as it is sent, and as Go and others escape it.
	for _, marshal := range []func(any) ([]byte, error){EncodeJSON, json.Marshal} {
		if quoted, err := marshal(s); err == nil {
			list = append(list, strings.Trim(strings.TrimSpace(string(quoted)), `"`))
		}
	}
	return list
}
