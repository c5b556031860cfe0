// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"encoding/base32"
	"encoding/base64"
	"slices"
	"time"
)

// issuedToken is a token of IAM's.
type issuedToken struct {
	expires   time.Time
	projectID string // that it is scoped to; "" for none
}

// issuedKey is a temporary access key.
type issuedKey struct {
	accessKey, secretKey, securityToken string
	expires                             time.Time
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

// issueToken returns a new token. The caller holds the lock.
func (s *Server) issueToken(projectID string, now time.Time) (string, *issuedToken) {
	// As the real ones: letters, digits, and what has to be escaped here and
	// there.
	token := base64.StdEncoding.EncodeToString(randomBytes(96))
	t := &issuedToken{expires: expiry(now, s.opts.TokenLifetime), projectID: projectID}
	s.tokens[token] = t
	s.secrets = append(s.secrets, token)
	return token, t
}

// issueKey returns a new access key, for that long unless the options say
// otherwise. The caller holds the lock.
func (s *Server) issueKey(lifetime time.Duration, now time.Time) issuedKey {
	k := issuedKey{
		accessKey:     "HSTA" + base32.StdEncoding.EncodeToString(randomBytes(10)),
		secretKey:     randomHex(20),
		securityToken: base64.StdEncoding.EncodeToString(randomBytes(96)),
		expires:       expiry(now, cmp.Or(s.opts.KeyLifetime, lifetime)),
	}
	s.keys[k.accessKey] = k
	s.secrets = append(s.secrets, k.secretKey, k.securityToken)
	return k
}

// expiry is in whole milliseconds, so that answers can tell it.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(lifetime).UTC().Truncate(time.Millisecond)
}

// checkToken returns what is wrong with a token, in the gateway's words, or "".
// The caller holds the lock.
func (s *Server) checkToken(c *call, token string) string {
	if same(token, s.opts.Token) {
		return ""
	}
	t := s.tokens[token]
	switch {
	case t == nil:
		return "decrypt token fail"
	case !c.now.Before(t.expires):
		return "token expires, expires_at: " + t.expires.Format(iamTimeLayout)
	}
	c.token = t
	return ""
}

// keysFor returns the options as verify needs them for an access key: the keys
// in them are the temporary ones if it is one. The caller holds the lock.
func (s *Server) keysFor(accessKey string, now time.Time) Options {
	opts := s.opts
	if k, found := s.keys[accessKey]; found && now.Before(k.expires) {
		opts.AccessKey, opts.SecretKey, opts.SecurityToken = k.accessKey, k.secretKey, k.securityToken
	}
	return opts
}
