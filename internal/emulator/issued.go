// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// credentialStore has the credentials that were issued.
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

// Expire ends at once all tokens, temporary access keys and session tokens of
// the metadata service that were issued so far. What the options say, and ID
// tokens, stay as they are.
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

// Secrets are all tokens, secret keys and security tokens that were issued, also
// those that have ended.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// expiry is in whole milliseconds, so that answers can tell it.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(lifetime).UTC().Truncate(time.Millisecond)
}

// randomHex returns n random bytes in hex.
func randomHex(n int) string {
	return hex.EncodeToString(randomBytes(n))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
