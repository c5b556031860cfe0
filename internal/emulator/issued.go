// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

type credentialStore struct {
	tokens        map[string]*issuedToken
	keys          map[string]issuedKey // by access key
	sessionTokens map[string]time.Time // of the metadata service: when they expire
	secrets       []string
}

func newCredentialStore() credentialStore {
	return credentialStore{
		tokens:        make(map[string]*issuedToken),
		keys:          make(map[string]issuedKey),
		sessionTokens: make(map[string]time.Time),
	}
}

// Expire expires what was issued. Credentials from the options and ID tokens stay valid.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Clock()
	for _, t := range s.tokens {
		if now.Before(t.expires) {
			t.expires = now
		}
	}
	clear(s.keys)
	clear(s.sessionTokens)
}

// Secrets returns all tokens, secret keys and security tokens that were issued, expired ones too.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// expiry is in whole milliseconds, as responses are.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(lifetime).UTC().Truncate(time.Millisecond)
}

func randomHex(n int) string {
	return hex.EncodeToString(randomBytes(n))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
