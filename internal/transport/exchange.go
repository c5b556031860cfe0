// SPDX-License-Identifier: MPL-2.0

package transport

import "time"

// Exchange is what happened to a request.
type Exchange struct {
	// Attempts is the number of times the request was sent; 0 if its credentials were already refused.
	Attempts int

	// Waited is the time spent waiting for the quota.
	Waited time.Duration

	// InDoubt means that an attempt may have taken effect, and none after it succeeded.
	InDoubt bool

	// Proxy is scheme and host of the proxy of the last attempt, or "".
	Proxy string

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

// Printable returns s without secrets, and of URLs only scheme and host, as one line of at most 2000 characters.
func (x *Exchange) Printable(s string) string {
	const bound = 2000
	return x.redact.printable(s, bound)
}
