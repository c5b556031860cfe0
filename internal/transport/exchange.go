// SPDX-License-Identifier: MPL-2.0

package transport

import "time"

// Exchange is what happened to a request.
type Exchange struct {
	Attempts int           // 0 if its credentials were already refused
	Waited   time.Duration // for the quota

	// InDoubt means that an attempt may have taken effect, and none after it succeeded.
	InDoubt bool

	Proxy string      // scheme and host, of the last attempt; "" for none
	Sent  Credentials // with the last attempt; zero for none

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

// Printable returns s without secrets, and of URLs only scheme and host, as one line of at most 2000 characters.
func (x *Exchange) Printable(s string) string {
	const bound = 2000
	return x.redact.printable(s, bound)
}
