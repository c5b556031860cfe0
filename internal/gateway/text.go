// SPDX-License-Identifier: MPL-2.0

package gateway

import "encoding/json"

// Text is a string or other JSON: codes may be numbers, and a message of another type must not hide the code.
type Text string

// UnmarshalJSON accepts any JSON.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*t = Text(s)
	return nil
}
