// SPDX-License-Identifier: MPL-2.0

package text

import "testing"

func TestStrayCharacter(t *testing.T) {
	tests := map[string]string{
		"":                     "",
		"x":                    "",
		"a key":                "",
		"two\nlines":           "",
		"in\u200bside":         "",
		"'quoted'":             "",
		"schlüssel":            "",
		"鍵":                    "",
		"not UTF-8 \xff":       "",
		"\xff not UTF-8":       "",
		"👍\ufe0f":              "",
		"key\n":                "ends with a line break",
		"key\r\n":              "ends with a line break",
		"key ":                 "ends with a blank",
		"key\t":                "ends with a tab",
		"key\u00a0":            "ends with a no-break space (U+00A0)",
		"key\u200b":            "ends with a zero-width space (U+200B)",
		"key\u200d":            "ends with an invisible character (U+200D)",
		"key\u2028":            "ends with an invisible character (U+2028)",
		"key\u2060":            "ends with an invisible character (U+2060)",
		"key\u3000":            "ends with an invisible character (U+3000)",
		"key\u00ad":            "ends with an invisible character (U+00AD)",
		"key\u3164":            "ends with an invisible character (U+3164)",
		"key\x00":              "ends with an invisible character (U+0000)",
		"key\x7f":              "ends with an invisible character (U+007F)",
		" key":                 "begins with a blank",
		"\nkey":                "begins with a line break",
		"\ufeffkey":            "begins with a byte order mark (U+FEFF)",
		"\u200ekey":            "begins with an invisible character (U+200E)",
		"\ufeffkey\n":          "begins with a byte order mark (U+FEFF)",
		"\u200b":               "begins with a zero-width space (U+200B)",
		"\n":                   "begins with a line break",
		"\u00a0\u00a0 \r\n":    "begins with a no-break space (U+00A0)",
		"\U000e0001key\u200b ": "begins with an invisible character (U+E0001)",
	}
	for s, want := range tests {
		got, found := StrayCharacter(s)
		if got != want || found != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", s, got, found, want)
		}
	}
}

func TestInvisibleCharacter(t *testing.T) {
	tests := map[string]string{
		"":                "",
		"https://x.y/?z#": "",
		"schlüssel/鍵/👍":   "",
		"not UTF-8 \xff":  "a blank",
		"a\xff":           "",
		"a b":             "a blank",
		"a\tb\n":          "a tab",
		"a\u200bb":        "a zero-width space (U+200B)",
		"a\x00":           "an invisible character (U+0000)",
	}
	for s, want := range tests {
		got, found := InvisibleCharacter(s)
		if got != want || found != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", s, got, found, want)
		}
	}
}
