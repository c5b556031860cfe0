// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

// Encodings returns a secret and the forms in which it might leak: hex, base64 and escaped for a URL.
func Encodings(secret string) []string {
	if secret == "" {
		return nil
	}
	list := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	if escaped := url.QueryEscape(secret); escaped != secret {
		list = append(list, escaped, url.PathEscape(secret))
	}
	// Within a longer text, base64 has three forms, whose inner part is always the same.
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
		inner := encoded[4 : len(encoded)-4]
		list = append(list, inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	return list
}

// ExpectNoSecret fails if a text is empty or has a secret in any of its Encodings.
func ExpectNoSecret(t *testing.T, what, text string, secrets ...string) {
	t.Helper()
	if text == "" {
		t.Errorf("nothing is in the %s", what)
	}
	for _, secret := range secrets {
		for _, form := range Encodings(secret) {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%q is in the %s: %q", form, what, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
}
