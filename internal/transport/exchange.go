// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// canonicalRequest is what the gateway adds to a refused signature: all of the
// request as it was signed, which tells users nothing.
var canonicalRequest = regexp.MustCompile(`(?s)[\s,]*canonicalRequest:.*`)

// Exchange is how a request went.
type Exchange struct {
	// Attempts is how often the request was sent. It is 0 if others with the
	// same credentials were refused before: the answer is theirs then.
	Attempts int

	// Waited is how long it waited for the quota.
	Waited time.Duration

	// InDoubt: an attempt was sent that may have taken effect, and no success
	// was answered after it.
	InDoubt bool

	// Sent are the credentials of the last attempt; the zero value if there
	// were none.
	Sent Credentials

	redact redactor
}

// authenticated notes what the next attempt is sent with. Those of earlier
// attempts remain secrets.
func (x *Exchange) authenticated(c Credentials) {
	if c != x.Sent {
		x.redact = x.redact.with(c.Secrets()...).accessKey(c.AccessKey)
	}
	x.Sent = c
}

// Printable returns a text, such as what a server said, as one bounded line
// without the secrets that were sent.
func (x *Exchange) Printable(s string) string {
	// Masked before it is cut: half a secret would not be found.
	return printable(canonicalRequest.ReplaceAllString(x.redact.text(s), ""))
}

// printable returns a text as one bounded line.
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
