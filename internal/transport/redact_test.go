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
