// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"strings"
	"testing"
)

func TestURLProblem(t *testing.T) {
	valid := []string{
		"https://recordings.example.com",
		"http://recordings.example.com/",
		"HTTPS://[2001:db8::1]:8443/a%20b?c=d#e",
		"Http://RECORDINGS.example.com:80/x",
		"https://user:p%40ss@recordings.example.com/x",
		"https://recordings.example.com/https://inner.example.com/x",
		"https://recordings.example.com/x?next=https://inner.example.com/&y=1,2;3",
		"https://httpsink.example.com/x",
		"https://recordings.example.com/größe",
		"https://recordings.example.com/👍",
	}
	for _, s := range valid {
		if got := URLProblem(s); got != "" {
			t.Errorf("%q %s", s, got)
		}
	}
	const scheme, host, end = "has no scheme", "has no host", "ends with "
	tests := map[string]string{
		"":                              "is empty",
		"recordings.example.com/x":      scheme,
		"recordings.example.com:8443/x": scheme,
		"localhost:8443/x":              scheme,
		"recordings.example.com/x?next=https://inner.example.com/": scheme,
		"//recordings.example.com/x":                               scheme,
		"://recordings.example.com/x":                              scheme,
		`"https://recordings.example.com/x"`:                       scheme,
		`["https://recordings.example.com/x"]`:                     scheme,
		"ftp://recordings.example.com":                             `has the scheme "ftp"`,
		"httpss://recordings.example.com":                          `has the scheme "httpss"`,
		"https:///x":                                               host,
		"https://":                                                 host,
		"https://:8443/x":                                          host,
		"https://user:canary@/x":                                   host,
		"https:/recordings.example.com/x":                          host,
		"https:recordings.example.com/x":                           host,
		"https://https://recordings.example.com/x":                 "has its scheme twice",
		"https://HTTP://recordings.example.com/x":                  "has its scheme twice",
		"https://https//recordings.example.com/x":                  "has its scheme twice",
		"https:////https://recordings.example.com/x":               "has its scheme twice",
		"https://a.example.com/x,https://b.example.com/y":          "has two URLs",
		"https://a.example.com/x, HTTP://b.example.com/y":          "has two URLs",
		"https://a.example.com/x https://b.example.com/y":          "has two URLs",
		"https://a.example.com/x;https://b.example.com/y":          "has two URLs",
		"https://a.example.com/x|https://b.example.com/y":          "has two URLs",
		"https://a.example.com/x\nhttps://b.example.com/y":         "has two URLs",
		"https://a.example.comhttps://b.example.com/y":             "a colon after the host",
		"https://recordings.example.com/x\n":                       end + "a line break",
		"https://recordings.example.com/x\u00a0":                   end + "a no-break space",
		"https://recordings.example.com/x\u200b":                   end + "a zero-width space",
		"\ufeffhttps://recordings.example.com/x":                   "begins with a byte order mark",
		" https://recordings.example.com/x":                        "begins with a blank",
		"https://recordings.example.com/a b":                       "has a blank in it",
		"https://recordings.\u200bexample.com/x":                   "has a zero-width space (U+200B) in it",
		"https://recordings.example.com/\u00adx":                   "has an invisible character (U+00AD) in it",
		"https://recordings.example.com/a\x00b":                    "has an invisible character (U+0000) in it",
		"https://recordings.example.com:99999/x":                   "between 1 and 65535",
		"https://recordings.example.com:0/x":                       "between 1 and 65535",
		"https://recordings.example.com:/x":                        "a colon after the host",
		"https://recordings.example.com:port/x":                    "a port that is not a number",
		"https://user:canary/x@recordings.example.com/":            "must be escaped",
		"https://user:canary#x@recordings.example.com/":            "must be escaped",
		"https://user:canary%zz@recordings.example.com/":           "must be escaped",
		"https://recordings.example.com/%zz":                       "has a % that must be escaped",
		`https://recordings.example.com\x`:                         "a character in its host",
	}
	for s, want := range tests {
		if got := URLProblem(s); !strings.Contains(got, want) || (got == "") != (want == "") || strings.Contains(got, "canary") {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestKeyProblem(t *testing.T) {
	for key, want := range map[string]string{
		"":             "is empty",
		"a key":        "",
		"two\nlines":   "",
		"canary\n":     "ends with a line break",
		"canary\r\n":   "ends with a line break",
		"\tcanary":     "begins with a tab",
		"canary\u00a0": "ends with a no-break space (U+00A0)",
		"\ufeffcanary": "begins with a byte order mark (U+FEFF)",
		"canary\u200b": "ends with a zero-width space (U+200B)",
		" ":            "begins with a blank",
	} {
		if got := KeyProblem(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}
