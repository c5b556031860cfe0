// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

const (
	// The limits of duration_seconds; IAM's default is the shortest.
	minKeyDuration = 15 * time.Minute
	maxKeyDuration = 24 * time.Hour
)

type issuedKey struct {
	accessKey, secretKey, securityToken string
	expires                             time.Time
}

// issueKey issues a temporary access key. KeyLifetime overrides the lifetime.
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

func (s *Server) keysFor(accessKey string, now time.Time) Options {
	opts := s.opts
	if k, found := s.keys[accessKey]; found && now.Before(k.expires) {
		opts.AccessKey, opts.SecretKey, opts.SecurityToken = k.accessKey, k.secretKey, k.securityToken
	}
	return opts
}

type (
	credentialResponse struct {
		Credential credentialJSON `json:"credential"`
	}

	credentialJSON struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	}
)

func (s *Server) createTemporaryAccessKey(c *call) *response {
	auth, resp := readAuth(c, true) // the vendor's SDK sends no type here
	if resp != nil {
		return resp
	}
	identity := auth.at("identity")
	switch {
	case identity.method("assume_role"):
		return s.agencyKeys(identity.at("assume_role"), c.now)
	case identity.method("token"):
		duration, valid := duration(identity.at("token"), minKeyDuration, maxKeyDuration)
		if !valid {
			return iamError(http.StatusBadRequest, invalidBody)
		}
		return s.grantKeys(duration, c.now)
	default:
		return iamError(http.StatusBadRequest, invalidBody)
	}
}

func (s *Server) agencyKeys(role fields, now time.Time) *response {
	name := role.text("agency_name")
	domain := fields{"id": role["domain_id"], "name": role["domain_name"]}
	duration, valid := duration(role, minKeyDuration, maxKeyDuration)
	switch {
	case !valid || name == "" || domain.text("id") == "" && domain.text("name") == "":
		return iamError(http.StatusBadRequest, invalidBody)
	case s.opts.AgencyForbidden:
		return iamError(http.StatusForbidden, "You are not authorized to perform the requested action.")
	case name != s.opts.AgencyName || !s.isDomain(domain):
		return iamError(http.StatusNotFound, fmt.Sprintf("Could not find agency %s.", name))
	}
	return s.grantKeys(duration, now)
}

func (s *Server) grantKeys(lifetime time.Duration, now time.Time) *response {
	return created(credential(s.issueKey(lifetime, now)))
}

func credential(k issuedKey) credentialResponse {
	return credentialResponse{credentialJSON{
		Access:        k.accessKey,
		Secret:        k.secretKey,
		SecurityToken: k.securityToken,
		ExpiresAt:     k.expires.Format(iamTimeLayout),
	}}
}

func duration(f fields, preset, longest time.Duration) (_ time.Duration, valid bool) {
	if _, sent := f["duration_seconds"]; !sent {
		return preset, true
	}
	seconds, isWhole := f.whole("duration_seconds")
	valid = isWhole && int64(minKeyDuration/time.Second) <= seconds && seconds <= int64(longest/time.Second)
	return time.Duration(seconds) * time.Second, valid
}
