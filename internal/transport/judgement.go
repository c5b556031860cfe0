// SPDX-License-Identifier: MPL-2.0

package transport

import "time"

// Judgement is what an answer means for the requests to come. It is the
// caller's, who knows the API: this package knows no message. The zero value
// says nothing.
type Judgement struct {
	// Refused means that these credentials will never be taken.
	Refused bool

	// Expired means that the time of the signature was refused. ServerTime is
	// what the server takes the time for; the zero value if it doesn't say.
	Expired    bool
	ServerTime time.Time

	// Unproven means that the answer says nothing of the credentials, whatever
	// its status: it isn't the service's, such as a proxy's page, or comes
	// from before the credentials are looked at.
	Unproven bool

	// Renewable means that other credentials of the same kind may be taken, such
	// as a new token in place of an expired one.
	Renewable bool

	// Throttled is not nil if the call was one too many. What the answer
	// doesn't name is zero in it.
	Throttled *Quota
}

// Quota is how many calls are let through in a window of time.
type Quota struct {
	Limit  int
	Window time.Duration
}
