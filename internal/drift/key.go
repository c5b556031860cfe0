// SPDX-License-Identifier: MPL-2.0

package drift

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Shown is how the service showed a key, without the key.
type Shown struct {
	Kind kind `json:"kind"`

	// Sum is the fingerprint of what was shown distinctly, and one byte of
	// that of what was shown vaguely.
	Sum []byte `json:"sum,omitempty"`
}

type kind string

const (
	shownNot        kind = "not"        // there is none, or it is held back
	shownExactly    kind = "exactly"    // as it is
	shownDistinctly kind = "distinctly" // by a text that another key would not give, such as a hash
	shownVaguely    kind = "vaguely"    // by a mask, or by a part that another key may share
)

func (s Shown) equal(o Shown) bool { return s.Kind == o.Kind && bytes.Equal(s.Sum, o.Sum) }

// vaguely is the Shown of a part of a key, such as its last four characters.
// Those are found by trying, whatever a try costs, so that little is kept of
// them: of another part, one in 256 is taken for the same, and PerhapsChanged
// comes out in place of Changed.
func vaguely(sum []byte) Shown { return Shown{Kind: shownVaguely, Sum: sum[:1]} }

// describe costs a fingerprint unless nothing is shown or the key is at hand
// and shown exactly.
func (m Memory) describe(echo, key string) Shown {
	if echo == "" {
		return Shown{Kind: shownNot}
	}
	if key != "" && echo == key {
		return Shown{Kind: shownExactly}
	}
	sum := fingerprint(m.Salt, echo)
	switch {
	case bytes.Equal(sum, m.Key):
		return Shown{Kind: shownExactly}
	case bytes.Equal(sum, m.KeyEcho.Sum), vaguely(sum).equal(m.KeyEcho):
		return m.KeyEcho
	case key != "" && looksDistinct(echo) && !resembles(echo, key):
		return Shown{Kind: shownDistinctly, Sum: sum}
	default:
		// Keys that people make up begin or end alike too often for a part
		// to tell them apart.
		return vaguely(sum)
	}
}

// isPart tells whether an echo is one end of the key.
func isPart(echo, key string) bool {
	return key != "" && echo != "" && (strings.HasPrefix(key, echo) || strings.HasSuffix(key, echo))
}

// resembles tells whether an echo has something of the key in it: it is within
// the key, or begins and ends as the key does, whatever stands in between.
func resembles(echo, key string) bool {
	const ends = 2
	return strings.Contains(key, echo) || len(key) > 2*ends && len(echo) > 2*ends &&
		strings.HasPrefix(echo, key[:ends]) && strings.HasSuffix(echo, key[len(key)-ends:])
}

// LooksLikeKey tells whether a text may be a key, and not only stand for one or
// be a part of one: the API page's own example shows 16 characters of what the
// console says are at least 32.
func LooksLikeKey(echo string) bool {
	const least = 32
	return utf8.RuneCountInString(echo) >= least && !LooksMasked(echo)
}

// looksDistinct: long and mixed enough to depend on the key. The words that
// stand for any key ("REDACTED") have no digits.
func looksDistinct(echo string) bool {
	const least, leastDifferent = 12, 6
	digits := 0
	different := map[rune]bool{}
	for _, r := range echo {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+/=_-", r) {
			return false
		}
		if unicode.IsDigit(r) {
			digits++
		}
		different[r] = true
	}
	return len(echo) >= least && digits > 0 && len(different) >= leastDifferent
}

// LooksMasked tells whether a text can't be a key, but only stand for one or for
// a part of it: one character several times in a row. Few random keys have such
// a row, and for those nothing is lost but that they can't be shown.
func LooksMasked(echo string) bool {
	const row = 4
	var last rune
	count := 0
	for _, r := range echo {
		if r != last {
			last, count = r, 0
		}
		if count++; count == row {
			return true
		}
	}
	return strings.Contains(echo, "**") || strings.Contains(echo, "••") || strings.Contains(echo, "...") || strings.Contains(echo, "…")
}

// A fingerprint is Argon2id (RFC 9106). One costs some milliseconds, so that a
// weak key can't be found by trying, and whoever tries needs the memory too.
// Changing a number makes fingerprints that match no stored ones: every key
// would be sent once more.
const (
	argonPasses  = 1
	argonMemory  = 4 * 1024 // KiB
	argonThreads = 1
	saltLength   = 16
	sumLength    = 16
)

func newSalt(random io.Reader) []byte {
	if random == nil {
		random = rand.Reader
	}
	salt := make([]byte, saltLength)
	_, _ = io.ReadFull(random, salt) // crypto/rand's is documented never to fail
	return salt
}

func fingerprint(salt []byte, text string) []byte {
	return argon2.IDKey([]byte(text), salt, argonPasses, argonMemory, argonThreads, sumLength)
}
