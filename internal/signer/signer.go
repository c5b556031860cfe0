// SPDX-License-Identifier: MPL-2.0

// Package signer computes SDK-HMAC-SHA256 ("AK/SK authentication" in Huawei Cloud's API references). Sign each
// attempt again: the gateway refuses a date more than 15 minutes from its own.
package signer

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// Algorithm is the name that opens the Authorization header.
	Algorithm = "SDK-HMAC-SHA256"

	// DateFormat is the layout of X-Sdk-Date, always in UTC.
	DateFormat = "20060102T150405Z"

	dateHeader = "x-sdk-date"
)

// Header is a header to sign.
type Header struct {
	Name  string // in any case
	Value string // blanks at either end do not count
}

// Request is what the signature covers.
type Request struct {
	Method string // in upper case
	Path   string // percent-encoded as sent, without the query
	Query  string // as sent, without "?"

	// Headers have each name once, without X-Sdk-Date, which is always signed. Leave out what a proxy may rewrite;
	// Host includes a port that is not the default.
	Headers []Header

	Body []byte // nil for none
}

// Signature is what a signed request carries.
type Signature struct {
	Date          string // the value of X-Sdk-Date
	Authorization string // the value of Authorization
}

// Sign signs r with the secret key itself: there are no derived keys.
func Sign(accessKey, secretKey string, t time.Time, r Request) Signature {
	date := t.UTC().Format(DateFormat)

	// Constant sizes and no interfaces keep it all on the stack.
	headers := appendHeaders(make([]Header, 0, 8), r.Headers, date)
	buf := make([]byte, 0, 1024)
	buf = append(buf, r.Method...)
	buf = append(buf, '\n')
	buf = appendURI(buf, r.Path)
	buf = append(buf, '\n')
	buf = appendQuery(buf, r.Query)
	buf = append(buf, '\n')
	for _, h := range headers {
		buf = appendLower(buf, h.Name)
		buf = append(buf, ':')
		buf = append(buf, h.Value...)
		buf = append(buf, '\n')
	}
	buf = append(buf, '\n')
	buf = appendNames(buf, headers)
	buf = append(buf, '\n')
	buf = appendHash(buf, r.Body)
	canonical := sha256.Sum256(buf)

	toSign := make([]byte, 0, 128)
	toSign = append(toSign, Algorithm+"\n"...)
	toSign = append(toSign, date...)
	toSign = append(toSign, '\n')
	toSign = hex.AppendEncode(toSign, canonical[:])
	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write(toSign)          // a hash never returns an error
	sum := mac.Sum(toSign[:0]) // reuses its memory

	buf = append(buf[:0], Algorithm+" Access="...)
	buf = append(buf, accessKey...)
	buf = append(buf, ", SignedHeaders="...)
	buf = appendNames(buf, headers)
	buf = append(buf, ", Signature="...)
	buf = hex.AppendEncode(buf, sum)
	return Signature{Date: date, Authorization: string(buf)}
}

func appendHeaders(headers, in []Header, date string) []Header {
	for _, h := range in {
		headers = append(headers, Header{Name: h.Name, Value: strings.TrimSpace(h.Value)})
	}
	headers = append(headers, Header{Name: dateHeader, Value: date})
	slices.SortFunc(headers, func(a, b Header) int { return compareLower(a.Name, b.Name) })
	return headers
}

func appendNames(buf []byte, headers []Header) []byte {
	for i, h := range headers {
		if i > 0 {
			buf = append(buf, ';')
		}
		buf = appendLower(buf, h.Name)
	}
	return buf
}

// Names are ASCII.
func appendLower(buf []byte, name string) []byte {
	for i := range len(name) {
		buf = append(buf, lower(name[i]))
	}
	return buf
}

func compareLower(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func appendHash(buf, body []byte) []byte {
	sum := sha256.Sum256(body)
	return hex.AppendEncode(buf, sum[:])
}

// The canonical URI always ends in a slash. "%2F" is part of a segment.
func appendURI(buf []byte, path string) []byte {
	slash := false
	for i := 0; i < len(path); i++ {
		c := path[i]
		if slash = c == '/'; slash {
			buf = append(buf, c)
			continue
		}
		if c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]) {
			c = unhex(path[i+1])<<4 | unhex(path[i+2])
			i += 2
		}
		buf = appendEscaped(buf, c)
	}
	if !slash {
		buf = append(buf, '/')
	}
	return buf
}

func appendQuery(buf []byte, query string) []byte {
	if query == "" {
		return buf
	}
	// Invalid parts are left out, as the vendor's signer does.
	values, _ := url.ParseQuery(query)
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	first := true
	for _, key := range keys {
		slices.Sort(values[key])
		for _, value := range values[key] {
			if !first {
				buf = append(buf, '&')
			}
			first = false
			for i := range len(key) {
				buf = appendEscaped(buf, key[i])
			}
			buf = append(buf, '=')
			for i := range len(value) {
				buf = appendEscaped(buf, value[i])
			}
		}
	}
	return buf
}

func appendEscaped(buf []byte, c byte) []byte {
	const upperHex = "0123456789ABCDEF"
	if unreserved(c) {
		return append(buf, c)
	}
	return append(buf, '%', upperHex[c>>4], upperHex[c&15])
}

func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}
