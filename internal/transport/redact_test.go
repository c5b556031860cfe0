// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"strings"
	"testing"
)

func TestRedactor(t *testing.T) {
	r := newRedactor("long-enough-secret", "long-enough-secret-and-more", "", "äöü ß/").accessKey("AKABCDEFGHIJKLMNOPQR").accessKey("").accessKey("AKZYXWVUTSRQPONMLKJI")
	tests := map[string]string{
		"":                       "",
		"nothing to see":         "nothing to see",
		"x long-enough-secret y": "x (masked) y",
		"long-enough-secret-and-more, long-enough-secret":      "(masked), (masked)",
		"ak:AKABCDEFGHIJKLMNOPQR":                              "ak:****OPQR",
		"ak:AKZYXWVUTSRQPONMLKJI, AKABCDEFGHIJKLMNOPQR":        "ak:****LKJI, ****OPQR",
		"SDK-HMAC-SHA256 Access=x, Signature=0123456789abcdef": "SDK-HMAC-SHA256 Access=x, Signature=(masked)",
		"q=%C3%A4%C3%B6%C3%BC+%C3%9F%2F":                       "q=(masked)",
	}
	for in, want := range tests {
		if got := r.text(in); got != want {
			t.Errorf("text(%q) = %q, want %q", in, got, want)
		}
	}
	short := newRedactor("e")
	if got := short.text("the request"); strings.Contains(got, "request") {
		t.Errorf("a text with a secret of one character came back as %q", got)
	}
	if got := short.text("GUI"); got != "GUI" {
		t.Errorf("a text without it came back as %q", got)
	}
}

func TestPrintable(t *testing.T) {
	x := &Exchange{redact: newRedactor("long-enough-secret")}
	if got := x.Printable("a\x1b[31m\r\nb\xff"); got != "a [31m  b?" {
		t.Errorf("got %q", got)
	}
	if got := x.Printable("verify aksk signature fail, canonicalRequest:GET|/|\nx-security-token:t"); got != "verify aksk signature fail" {
		t.Errorf("got %q", got)
	}
	long := x.Printable(strings.Repeat("x", 1990) + "long-enough-secret" + strings.Repeat("y", 100))
	if len(long) > 2010 || strings.Contains(long, "long") || !strings.Contains(long, mask) {
		t.Errorf("got %d bytes that end in %q", len(long), long[len(long)-30:])
	}
}

func TestMaskURLs(t *testing.T) {
	tests := map[string]string{
		"":                             "",
		"no URL: 10/3, a:b, //x":       "no URL: 10/3, a:b, //x",
		"https://rtc.example.com":      "https://rtc.example.com",
		"https://rtc.example.com/":     "https://rtc.example.com/",
		"from https://a.example.com.":  "from https://a.example.com.",
		"http://127.0.0.1:3128, then":  "http://127.0.0.1:3128, then",
		"http://[::1]:80/c0ffee":       "http://[::1]:80/(masked)",
		"HTTPS://A.example.com/c0ffee": "HTTPS://A.example.com/(masked)",
		"url 'https://a.example.com/c0ffee?x=c0ffee#c0ffee' is not reachable": "url 'https://a.example.com/(masked)' is not reachable",
		"https://a.example.com?c0ffee":                                        "https://a.example.com/(masked)",
		"https://a.example.com#c0ffee":                                        "https://a.example.com/(masked)",
		"https://user:c0ffee@a.example.com:8443":                              "https://(masked)@a.example.com:8443",
		"https://c0ffee@a.example.com/c0ffee":                                 "https://(masked)@a.example.com/(masked)",
		`{"url":"https:\/\/a.example.com\/c0ffee"}`:                           `{"url":"https:\/\/a.example.com/(masked)"}`,
		"url=https%3A%2F%2Fa.example.com%2Fc0ffee%3Fc0ffee":                   "url=https%3A%2F%2Fa.example.com/(masked)",
		"https%3a%2f%2fc0ffee%40a.example.com%3A80":                           "https%3a%2f%2f(masked)@a.example.com%3A80",
		"https://a.example.com/c0ffee, https://b.example.com/c0ffee":          "https://a.example.com/(masked) https://b.example.com/(masked)",
		"https://a.example.com/(masked)":                                      "https://a.example.com/(masked)",
		"the proxy http://proxy.example.com:3128 refused":                     "the proxy http://proxy.example.com:3128 refused",
	}
	for in, want := range tests {
		if got := maskURLs(in); got != want {
			t.Errorf("maskURLs(%q) = %q, want %q", in, got, want)
		}
	}
}

// A server may return a part of a URL without the rest, in any form.
func TestPrivateURLs(t *testing.T) {
	const private = "https://user:c0ffee-pass@a.example.com:8443/hooks/c0ffee%20path?token=c0ffee-c0ffee-c0ffee&b=2#c0ffee-fragment"
	masked := &Exchange{redact: newRedactor(privateParts(private)...)}
	for _, text := range []string{
		"cannot reach " + private,
		"path /hooks/c0ffee%20path is not found",
		"path /hooks/c0ffee path is not found",
		`path \/hooks\/c0ffee path is not found`,
		"path %2Fhooks%2Fc0ffee%20path is not found",
		"path %2fhooks%2fc0ffee%20path is not found",
		"query ?token=c0ffee-c0ffee-c0ffee&b=2",
		"query token=c0ffee-c0ffee-c0ffee&b=2",
		"query token=c0ffee-c0ffee-c0ffee&amp;b=2",
		`query token=c0ffee-c0ffee-c0ffee\u0026b=2`,
		"wrong token c0ffee-c0ffee-c0ffee",
		"fragment #c0ffee-fragment",
		"user user:c0ffee-pass",
		"password c0ffee-pass",
		"cut off: https://a.example.com:8443/hooks/c0ff",
	} {
		got := masked.Printable(text)
		if strings.Contains(got, "c0ff") || !strings.Contains(got, mask) {
			t.Errorf("%q became %q", text, got)
		}
	}
	// Short and ordinary parts would mask the words of the message.
	for _, short := range []string{"https://a.example.com", "https://a.example.com/", "https://a.example.com/v1?a=1#x", "https://u:p@a.example.com/callback", ""} {
		x := &Exchange{redact: newRedactor(privateParts(short)...)}
		const text = "RTC.00001018: the callback URL / is not available: a=1, v1, user u"
		if got := x.Printable(text); got != text {
			t.Errorf("%q: got %q", short, got)
		}
	}
	if x := (&Exchange{redact: newRedactor(privateParts("https://c0ffee%zz")...)}); x.Printable("https://c0ffee%zz") != mask {
		t.Error("what can't be parsed is shown")
	}
}
