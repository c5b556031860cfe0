// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const (
	jwtHeader       = `{"alg":"EdDSA","typ":"JWT"}`
	idTokenSubject  = "emulator-subject"
	idTokenLifetime = time.Hour
)

// jwtEncoding is strict, so that each value has one encoding.
var jwtEncoding = base64.RawURLEncoding.Strict()

// Claim changes the claims of an ID token.
type Claim func(claims map[string]any)

// WithAudience sets the claim aud.
func WithAudience(audience ...string) Claim {
	return func(claims map[string]any) {
		claims["aud"] = audience
		if len(audience) == 1 {
			claims["aud"] = audience[0]
		}
	}
}

// WithExpiry sets the claim exp.
func WithExpiry(t time.Time) Claim {
	return func(claims map[string]any) { claims["exp"] = t.Unix() }
}

// WithNotBefore sets the claim nbf.
func WithNotBefore(t time.Time) Claim {
	return func(claims map[string]any) { claims["nbf"] = t.Unix() }
}

// WithSubject sets the claim sub.
func WithSubject(subject string) Claim {
	return func(claims map[string]any) { claims["sub"] = subject }
}

// WithIssuer sets the claim iss.
func WithIssuer(issuer string) Claim {
	return func(claims map[string]any) { claims["iss"] = issuer }
}

// IDToken returns an ID token of the server's identity provider. By default, IAM accepts it for an hour.
func (s *Server) IDToken(claims ...Claim) string {
	s.mu.Lock()
	now := s.opts.Clock()
	all := map[string]any{
		"iss": s.opts.IDTokenIssuer,
		"sub": idTokenSubject,
		"aud": s.opts.IDTokenAudience,
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(idTokenLifetime).Unix(),
		"jti": randomHex(16),
	}
	s.mu.Unlock()

	for _, alter := range claims {
		alter(all)
	}
	payload, err := json.Marshal(all)
	if err != nil {
		panic(err) // a test passed a claim that is no JSON
	}
	signed := jwtEncoding.EncodeToString([]byte(jwtHeader)) + "." + jwtEncoding.EncodeToString(payload)
	return signed + "." + jwtEncoding.EncodeToString(ed25519.Sign(s.idTokenKey, []byte(signed)))
}

// verifyIDToken returns the claims of an ID token, or why it is invalid.
func (s *Server) verifyIDToken(token string, now time.Time) (claims fields, why string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, "it is malformed"
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = jwtEncoding.DecodeString(part); err != nil {
			return nil, "it is malformed"
		}
	}
	public := ed25519.PublicKey(s.idTokenKey[ed25519.SeedSize:])
	signed := []byte(parts[0] + "." + parts[1])
	if parseFields(decoded[0]).text("alg") != "EdDSA" || !ed25519.Verify(public, signed, decoded[2]) {
		return nil, "its signature can't be verified"
	}

	claims = parseFields(decoded[1])
	expires, hasExpiry := claims["exp"].(float64)
	begins, _ := claims["nbf"].(float64)
	switch {
	case claims.text("iss") != s.opts.IDTokenIssuer:
		return nil, "it has another issuer"
	case !slices.Contains(claims.list("aud"), s.opts.IDTokenAudience):
		return nil, "it has another audience"
	case claims.text("sub") == "":
		return nil, "it has no subject"
	case !hasExpiry || float64(now.Unix()) >= expires:
		return nil, "it has expired"
	case float64(now.Unix()) < begins:
		return nil, "it is not valid yet"
	}
	return claims, ""
}
