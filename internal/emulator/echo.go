// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"strings"
	"time"
)

// KeyEcho is how responses show auth_key. The documentation's example shows another, shorter key than the
// request has. Without a key, all modes but EchoAbsent show "".
type KeyEcho string

// The modes of KeyEcho.
const (
	EchoExact     KeyEcho = "exact"     // as it was sent
	EchoTruncated KeyEcho = "truncated" // its first 16 characters
	EchoMasked    KeyEcho = "masked"    // "******"
	EchoPartial   KeyEcho = "partial"   // "****" and its last four characters, if it has more than four
	EchoHashed    KeyEcho = "hashed"    // the first 16 hex digits of its SHA-256
	EchoRandom    KeyEcho = "random"    // 16 hex digits, others after each PUT
	EchoAbsent    KeyEcho = "absent"    // no field
	EchoEmpty     KeyEcho = "empty"     // ""
)

// KeyEchoes are all modes of KeyEcho.
var KeyEchoes = []KeyEcho{
	EchoExact, EchoTruncated, EchoMasked, EchoPartial, EchoHashed, EchoRandom, EchoAbsent, EchoEmpty,
}

// URLEcho is how responses show url.
type URLEcho string

// The modes of URLEcho.
const (
	URLExact     URLEcho = "exact"     // as it was sent
	URLOrigin    URLEcho = "origin"    // scheme and host only, as in the API page's example
	URLLowercase URLEcho = "lowercase" // scheme and host in lower case
	URLSlash     URLEcho = "slash"     // with "/" where the path is empty
)

// URLEchoes are all modes of URLEcho.
var URLEchoes = []URLEcho{URLExact, URLOrigin, URLLowercase, URLSlash}

// TimeEcho is how responses show update_time.
type TimeEcho string

// The modes of TimeEcho.
const (
	TimeExact   TimeEcho = "exact"   // milliseconds
	TimeSeconds TimeEcho = "seconds" // rounded to whole seconds
	TimeLater   TimeEcho = "later"   // 3 ms later
	TimeAbsent  TimeEcho = "absent"  // ""
	TimeOdd     TimeEcho = "odd"     // not RFC 3339
)

// TimeEchoes are all modes of TimeEcho.
var TimeEchoes = []TimeEcho{TimeExact, TimeSeconds, TimeLater, TimeAbsent, TimeOdd}

// Unset is what a GET returns for an app without a callback.
type Unset string

// The modes of Unset. Responses about apps omit record_callback with UnsetNotFound and UnsetMissing.
const (
	UnsetNotFound Unset = "404"     // 404 RTC.00001003
	UnsetMissing  Unset = "missing" // 200 with app_id alone
	UnsetEmpty    Unset = "empty"   // 200 with a record_callback of empty fields
)

// Unsets are all modes of Unset.
var Unsets = []Unset{UnsetNotFound, UnsetMissing, UnsetEmpty}

// EmptyKey is what a PUT with an auth_key of "" does.
type EmptyKey string

// The modes of EmptyKey.
const (
	EmptyClears  EmptyKey = "clears"  // the callback has no key afterwards
	EmptyRefused EmptyKey = "refused" // 400 RTC.00001003
	EmptyIgnored EmptyKey = "ignored" // as if auth_key had been left out
)

// EmptyKeys are all modes of EmptyKey.
var EmptyKeys = []EmptyKey{EmptyClears, EmptyRefused, EmptyIgnored}

func (o *Options) echoes(v view) (KeyEcho, URLEcho, TimeEcho) {
	keyEcho, urlEcho, timeEcho := o.KeyEcho, o.URLEcho, o.TimeEcho
	if v != inUpdate {
		keyEcho = cmp.Or(o.ReadKeyEcho, keyEcho)
		urlEcho = cmp.Or(o.ReadURLEcho, urlEcho)
		timeEcho = cmp.Or(o.ReadTimeEcho, timeEcho)
	}
	if v == inList {
		keyEcho = cmp.Or(o.ListKeyEcho, keyEcho)
		urlEcho = cmp.Or(o.ListURLEcho, urlEcho)
		timeEcho = cmp.Or(o.ListTimeEcho, timeEcho)
	}
	return keyEcho, urlEcho, timeEcho
}

func echoTime(mode TimeEcho, t time.Time) string {
	switch mode {
	case TimeSeconds:
		return t.Round(time.Second).Format(time.RFC3339)
	case TimeLater:
		return t.Add(3 * time.Millisecond).Format(timeLayout)
	case TimeAbsent:
		return ""
	case TimeOdd:
		return t.Format("2006-01-02 15:04:05.000")
	default:
		return t.Format(timeLayout)
	}
}

func echoKey(mode KeyEcho, c *callback) string {
	chars := []rune(c.key)
	if len(chars) == 0 {
		return ""
	}
	switch mode {
	case EchoTruncated:
		return string(chars[:min(16, len(chars))])
	case EchoMasked:
		return "******"
	case EchoPartial:
		if len(chars) <= 4 {
			return "****"
		}
		return "****" + string(chars[len(chars)-4:])
	case EchoHashed:
		return hexSHA256([]byte(c.key))[:16]
	case EchoRandom:
		return c.randomKey
	case EchoEmpty:
		return ""
	default:
		return c.key
	}
}

// echoURL edits the text: net/url would normalize other parts of it too.
func echoURL(mode URLEcho, s string) string {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	user, host := authority[:at], authority[at:]

	switch mode {
	case URLOrigin:
		return scheme + "://" + host
	case URLLowercase:
		return strings.ToLower(scheme) + "://" + user + strings.ToLower(host) + path
	case URLSlash:
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		return scheme + "://" + authority + path
	default:
		return s
	}
}
