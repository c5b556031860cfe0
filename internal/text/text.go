// SPDX-License-Identifier: MPL-2.0

// Package text has rules for texts that users give, whatever they are used for.
package text

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// StrayCharacter describes an invisible character at either end of a text, as in "ends with a line break", and shows
// nothing else of the text, which may be a secret.
func StrayCharacter(s string) (description string, found bool) {
	if s == "" {
		return "", false
	}
	if first, _ := utf8.DecodeRuneInString(s); invisible(first) {
		return "begins with " + describe(first), true
	}
	if last, _ := utf8.DecodeLastRuneInString(s); invisible(last) {
		return "ends with " + describe(last), true
	}
	return "", false
}

// InvisibleCharacter describes the first such character anywhere in a text.
func InvisibleCharacter(s string) (description string, found bool) {
	for _, r := range s {
		if invisible(r) {
			return describe(r), true
		}
	}
	return "", false
}

// The category Cf has the byte order mark and the zero-width characters.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == hangulFiller || r == brailleBlank
}

const (
	hangulFiller = '\u3164' // a letter by its category
	brailleBlank = '\u2800' // a symbol by its category
)

var names = map[rune]string{
	'\n':     "a line break",
	'\r':     "a line break",
	' ':      "a blank",
	'\t':     "a tab",
	'\u00a0': "a no-break space",
	'\u200b': "a zero-width space",
	'\ufeff': "a byte order mark",
}

func describe(r rune) string {
	name, known := names[r]
	switch {
	case !known:
		return fmt.Sprintf("an invisible character (U+%04X)", r)
	case r > unicode.MaxASCII:
		return fmt.Sprintf("%s (U+%04X)", name, r)
	default:
		return name
	}
}
