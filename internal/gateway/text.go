// SPDX-License-Identifier: MPL-2.0

package gateway

import "encoding/json"

// Text is a string of an error's, or the JSON of what came in its place: codes
// are numbers here and strings there, and a message of another type must not
// hide the code beside it.
type Text string

// UnmarshalJSON takes any JSON.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*t = Text(s)
	return nil
}
