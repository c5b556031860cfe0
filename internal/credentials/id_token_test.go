// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"encoding/base64"
	"strings"
	"testing"
)

// notJWT is said of an ID token that is none.
const notJWT = "It does not have the form of a JSON Web Token: three parts with dots between them."

// A refused ID token is described by its claims. Whatever is wrong with it, its
// signature is never shown.
func TestClaimsInWords(t *testing.T) {
	base64url := base64.RawURLEncoding.EncodeToString
	jwt := func(payload string) string {
		return base64url([]byte(`{"alg":"EdDSA"}`)) + "." + base64url([]byte(payload)) + "." + canary
	}
	tests := map[string]struct{ token, want string }{
		"good": {
			jwt(`{"iss":"https://app.terraform.io","aud":"hwc","sub":"organization:o:workspace:w","exp":1767323045,"jti":"hidden"}`),
			`The token says: issuer "https://app.terraform.io", audience "hwc", subject "organization:o:workspace:w", valid until 2026-01-02T03:04:05Z.`,
		},
		"several audiences": {
			jwt(`{"iss":"i","aud":["a","b"],"sub":"s","exp":1767323045}`),
			`The token says: issuer "i", audience "[a b]", subject "s", valid until 2026-01-02T03:04:05Z.`,
		},
		"control characters and quotes": {
			jwt(`{"iss":"a\n\u001b[2Jb","aud":"\"","sub":"ü","exp":1767323045}`),
			`The token says: issuer "a\n\x1b[2Jb", audience "\"", subject "ü", valid until 2026-01-02T03:04:05Z.`,
		},
		"payload whose base64 differs from that of URLs": {
			jwt(`{"iss":"???>>>","aud":"a","sub":"s","exp":1767323045}`),
			`The token says: issuer "???>>>", audience "a", subject "s", valid until 2026-01-02T03:04:05Z.`,
		},
		"missing claims": {
			jwt(`{"iss":"i","jti":"c"}`),
			`The token says: issuer "i".`,
		},
		"no claims": {
			jwt(`{}`),
			"The token has no claims that say where it is from.",
		},
		"empty":               {"", notJWT},
		"one part":            {canary, notJWT},
		"two parts":           {canary + "." + canary, notJWT},
		"four parts":          {jwt(`{"iss":"i"}`) + ".x", notJWT},
		"three parts, empty":  {"..", notJWT},
		"not base64":          {"e30.c0ffee*." + canary, notJWT},
		"base64 with padding": {"e30.eyJpc3MiOiJpIn0=." + canary, notJWT},
		"not JSON":            {jwt("c0ffee"), notJWT},
		"JSON that is cut":    {jwt(`{"iss":"c0ffee`), notJWT},
		"another JSON":        {jwt(`["c0ffee"]`), notJWT},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := describeIDToken(tc.token)
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if strings.Contains(got, canary) {
				t.Errorf("the signature is shown: %s", got)
			}
		})
	}
}
