// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The gateway appends the signed request to a refused signature, which is of no use to users.
var canonicalRequest = regexp.MustCompile(`(?s)[\s,]*canonicalRequest:.*`)

// Exchange is what happened to a request.
type Exchange struct {
	// Attempts is the number of times the request was sent; 0 if its credentials were already refused.
	Attempts int

	// Waited is the time spent waiting for the quota.
	Waited time.Duration

	// InDoubt means that an attempt may have taken effect, and none after it succeeded.
	InDoubt bool

	// Sent are the credentials of the last attempt; zero for none.
	Sent Credentials

	redact redactor
}

// Secrets of earlier attempts stay masked.
func (x *Exchange) authenticated(c Credentials) {
	if c != x.Sent {
		x.redact = x.redact.with(c.Secrets()...).accessKey(c.AccessKey)
	}
	x.Sent = c
}

// Mask adds secrets of the response.
func (x *Exchange) Mask(secrets ...string) { x.redact = x.redact.with(secrets...) }

// Printable returns s without secrets, as one line of at most 2000 characters.
func (x *Exchange) Printable(s string) string {
	// Masked before it is cut: half a secret would not be found.
	return printable(canonicalRequest.ReplaceAllString(x.redact.text(s), ""))
}

func printable(s string) string {
	const bound = 2000
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if runes := []rune(s); len(runes) > bound {
		s = string(runes[:bound]) + "…"
	}
	return s
}
