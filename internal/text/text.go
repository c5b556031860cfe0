// SPDX-License-Identifier: MPL-2.0

// Package text has rules for texts that users give, whatever they are used for.
package text

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// StrayCharacter tells whether a text begins or ends with a blank, a line break or an invisible character, which
// usually comes from copying or from a file. The description completes a sentence about the text, as in "ends with a
// line break", and shows nothing else of it. A text of nothing else is described by its first character.
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

// InvisibleCharacter tells whether a text has such a character anywhere, and describes the first one.
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

// Letters and symbols by their category.
const (
	hangulFiller = '\u3164'
	brailleBlank = '\u2800'
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
