// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"regexp"
	"time"
)

const (
	defaultSTSDuration = time.Hour
	maxSTSDuration     = 12 * time.Hour
	maxChainedDuration = time.Hour // for a request that is signed with a temporary access key

	// Made up: the documentation lists no codes.
	stsInvalid   = "STS5.0400"
	stsForbidden = "STS5.0403"
)

var (
	agencyURN   = regexp.MustCompile(`^iam::([^:]+):agency:([^:]+)$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,128}$`)
)

type (
	assumeResponse struct {
		Credentials   stsCredentialsJSON `json:"credentials"`
		AssumedAgency assumedAgencyJSON  `json:"assumed_agency"`
	}

	stsCredentialsJSON struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SecurityToken   string `json:"security_token"`
		Expiration      string `json:"expiration"`
	}

	assumedAgencyJSON struct {
		URN string `json:"urn"`
		ID  string `json:"id"`
	}
)

func (s *Server) assumeAgency(c *call) *response {
	body := parseFields(c.body)
	if body == nil || !isJSON(c.r) {
		return c.fail(http.StatusBadRequest, stsInvalid, "the request body is not a JSON object")
	}
	longest := maxSTSDuration
	if c.r.Header.Get("X-Security-Token") != "" {
		longest = maxChainedDuration
	}
	urn, session := body.text("agency_urn"), body.text("agency_session_name")
	parts := agencyURN.FindStringSubmatch(urn)
	duration, valid := duration(body, defaultSTSDuration, longest)
	switch {
	case parts == nil:
		return c.fail(http.StatusBadRequest, stsInvalid, "agency_urn is invalid")
	case !sessionName.MatchString(session):
		return c.fail(http.StatusBadRequest, stsInvalid, "agency_session_name is invalid")
	case !valid:
		return c.fail(http.StatusBadRequest, stsInvalid, fmt.Sprintf(
			"duration_seconds must be between %d and %d", minKeyDuration/time.Second, longest/time.Second))
	case s.opts.AgencyForbidden || parts[1] != s.opts.DomainID || parts[2] != s.opts.AgencyName:
		return c.fail(http.StatusForbidden, stsForbidden, "not allowed to assume the agency "+urn)
	}
	k := s.issueKey(duration, c.now)
	return ok(assumeResponse{
		Credentials: stsCredentialsJSON{
			AccessKeyID:     k.accessKey,
			SecretAccessKey: k.secretKey,
			SecurityToken:   k.securityToken,
			Expiration:      k.expires.Format(timeLayout),
		},
		AssumedAgency: assumedAgencyJSON{
			URN: fmt.Sprintf("sts::%s:assumed-agency:%s/%s", parts[1], parts[2], session),
			ID:  hexSHA256([]byte(urn))[:32] + ":" + session,
		},
	})
}
