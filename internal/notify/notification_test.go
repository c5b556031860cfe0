// SPDX-License-Identifier: MPL-2.0

package notify

import "testing"

// The vectors were computed with openssl:
//
//	printf %s "$RAND$TIMESTAMP$BODY" | openssl dgst -sha256 -hmac "$KEY"
func TestSignature(t *testing.T) {
	tests := []struct{ key, rand, timestamp, body, want string }{
		{"0123456789abcdef0123456789abcdef", "a1b2c3", "1767225600", `{"event_type":"RECORD_FILE_COMPLETE"}`, "93b46f38360ea4f5499131ea0956d29cd433f4f8984babe307490df04e168e84"},
		{"k", "", "", "", "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"},
		{"clé", "r", "0", "é\n", "44f5ccddb6c21806dba0a1d437b67e6060c3826fd837458200ea3d6bb0b116b1"},
	}
	for _, tc := range tests {
		if got := Signature(tc.key, tc.rand, tc.timestamp, tc.body); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}
