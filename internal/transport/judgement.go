// SPDX-License-Identifier: MPL-2.0

package transport

import "time"

// Judgement is what a response means for later requests. Callers make it, because they know the API; the zero value
// means nothing.
type Judgement struct {
	// Refused: these credentials will never be accepted.
	Refused bool

	// Expired: the time of the signature was refused. ServerTime is the server's time; zero if unknown.
	Expired    bool
	ServerTime time.Time

	// Unproven: the response says nothing about the credentials, such as a proxy's page.
	Unproven bool

	// Renewable: other credentials of the same kind may be accepted, such as a new token.
	Renewable bool

	// Retry: the response may soon be another one. It is retried like a failure.
	Retry bool

	// Throttled is the quota if the call exceeded it. Unknown fields are zero.
	Throttled *Quota
}

// Quota is a number of calls in a window of time.
type Quota struct {
	Limit  int
	Window time.Duration
}
