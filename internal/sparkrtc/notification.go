// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// CallbackSignature returns what the service sends as X-Rtc-Signature with a
// recording event: HMAC-SHA256, in lower-case hex, of the headers X-Rtc-Rand
// and X-Rtc-Timestamp and the body as they arrived, one after another with
// nothing between them (API Reference, "Recording Event Callback Notification
// Content").
func CallbackSignature(authKey, rand, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(authKey))
	mac.Write([]byte(rand + timestamp + body)) // a hash never returns an error
	return hex.EncodeToString(mac.Sum(nil))
}
