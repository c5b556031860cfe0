// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"fmt"
	"strings"
)

// Describe returns the end of an error text: status, code, message and request id, each if known.
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
