// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"fmt"
	"strings"
)

// Describe says what was answered, as the end of an error's text: the status, the
// code, the message and the request id, as far as there are any.
func Describe(status int, code, message, requestID string) string {
	var b strings.Builder
	if status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", status)
	}
	for _, part := range []string{code, message} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if requestID != "" {
		b.WriteString(" (request id " + requestID + ")")
	}
	return b.String()
}
