// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"bytes"
	"crypto/rand"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
)

// KeyProblem completes a sentence about a key that can't be used, without showing any of it; "" for a usable one.
func KeyProblem(key string) string {
	if key == "" {
		return "is empty"
	}
	stray, _ := text.StrayCharacter(key)
	return stray
}

// Form is how the service shows a key.
type Form string

// The forms of a key.
const (
	FormNone  Form = "none"  // there is none, or it is hidden
	FormWhole Form = "whole" // by a text that may be the key
	FormPart  Form = "part"  // by a mask, a part of the key, or a short hash
)

func formOf(shown string) Form {
	switch {
	case shown == "":
		return FormNone
	case LooksLikeKey(shown):
		return FormWhole
	default:
		return FormPart
	}
}

// LooksLikeKey tells whether a text may be a whole key, unlike the API Reference's example of 16 characters.
func LooksLikeKey(shown string) bool {
	const least = 32
	return utf8.RuneCountInString(shown) >= least && !looksMasked(shown)
}

// A few random keys match too; that only means that they are never sent back.
func looksMasked(shown string) bool {
	const run = 4
	var last rune
	count := 0
	for _, r := range shown {
		if r != last {
			last, count = r, 0
		}
		if count++; count == run {
			return true
		}
	}
	return strings.Contains(shown, "**") || strings.Contains(shown, "••") || strings.Contains(shown, "...") || strings.Contains(shown, "…")
}

// Fingerprint recognises a write-only key by Argon2id (RFC 9106) with a salt: a guess costs milliseconds and 4 MiB.
type Fingerprint struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
}

// Changed parameters match no stored fingerprint, so each write-only key would be sent once more.
const (
	argonPasses  = 1
	argonMemory  = 4 * 1024 // KiB
	argonThreads = 1
	saltLength   = 16
	sumLength    = 16
)

// Matches compares with a key. Nil matches nothing.
func (f *Fingerprint) Matches(key string) bool {
	return f != nil && key != "" && bytes.Equal(argon(f.Salt, key), f.Sum)
}

func (f *Fingerprint) valid() bool {
	return f == nil || len(f.Salt) == saltLength && len(f.Sum) == sumLength
}

func argon(salt []byte, key string) []byte {
	return argon2.IDKey([]byte(key), salt, argonPasses, argonMemory, argonThreads, sumLength)
}

// Fingerprints computes each fingerprint once for all callbacks. It is safe for concurrent use.
type Fingerprints struct{ byKey sync.Map }

// Of returns a function that computes a key's fingerprint, or waits for it.
func (f *Fingerprints) Of(key string) func() *Fingerprint {
	compute := sync.OnceValue(func() *Fingerprint {
		salt := make([]byte, saltLength)
		_, _ = rand.Read(salt) // documented never to fail
		return &Fingerprint{Salt: salt, Sum: argon(salt, key)}
	})
	first, _ := f.byKey.LoadOrStore(key, compute)
	return first.(func() *Fingerprint) //nolint:forcetypeassert // nothing else is stored
}
