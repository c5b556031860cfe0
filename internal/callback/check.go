// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// The console's limits for a key, in characters (User Guide, "Private Key"). The API Reference states none.
const (
	MinKey = 32
	MaxKey = 64
)

// Check returns notices about valid values that may be mistakes.
func Check(c Config) []Notice {
	var notices []Notice
	if u, err := url.Parse(c.URL.Text()); err == nil {
		if u.Scheme == "http" {
			notices = append(notices, PlainHTTP)
		}
		if u.User != nil {
			notices = append(notices, UserInURL)
		}
	}
	for _, key := range []Value{c.Key, c.WriteOnly} {
		switch length := utf8.RuneCountInString(key.Text()); {
		case length == 0:
		case strings.Contains(key.Text(), "***"):
			notices = append(notices, MaskAsKey)
		case length < MinKey, length > MaxKey:
			notices = append(notices, UnusualKeyLength)
		}
	}
	return notices
}
