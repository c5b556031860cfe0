// SPDX-License-Identifier: MPL-2.0

package transport

import "time"

// Judgement is what a response means for later requests; the zero value means nothing.
type Judgement struct {
	Refused    bool      // these credentials will never be accepted
	Expired    bool      // the time of the signature was refused
	ServerTime time.Time // if Expired; zero if unknown
	Unproven   bool      // it says nothing about the credentials, such as a proxy's page
	Renewable  bool      // other credentials of the same kind may be accepted, such as a new token
	Retry      bool      // like a failure: the next response may be another one
	Throttled  *Quota    // the quota that was exceeded; unknown fields are zero
}

// Quota is a number of calls in a window of time.
type Quota struct {
	Limit  int
	Window time.Duration
}
