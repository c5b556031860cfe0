// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

const wrongPassword = "The username or password is wrong."

type issuedToken struct {
	expires   time.Time
	projectID string // that it is scoped to; "" for none
}

func (s *Server) issueToken(projectID string, now time.Time) (string, *issuedToken) {
	// Like real tokens, it has characters that URLs and headers escape.
	token := base64.StdEncoding.EncodeToString(randomBytes(96))
	t := &issuedToken{expires: expiry(now, s.opts.TokenLifetime), projectID: projectID}
	s.tokens[token] = t
	s.secrets = append(s.secrets, token)
	return token, t
}

// checkToken returns the gateway's message about a wrong token, or "".
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

func tokenInBody(body []byte) string {
	identity := parseFields(body).at("auth", "identity")
	if !identity.method("token") {
		return ""
	}
	return identity.at("token").text("id")
}

type (
	tokenResponse struct {
		Token tokenJSON `json:"token"`
	}

	tokenJSON struct {
		ExpiresAt string      `json:"expires_at"`
		IssuedAt  string      `json:"issued_at"`
		Methods   []string    `json:"methods"`
		Project   *memberJSON `json:"project,omitempty"`
		Domain    *namedJSON  `json:"domain,omitempty"`
		User      memberJSON  `json:"user"`
	}

	// memberJSON is a project or a user of an account.
	memberJSON struct {
		ID         string          `json:"id"`
		Name       string          `json:"name"`
		Domain     namedJSON       `json:"domain"`
		Federation *federationJSON `json:"OS-FEDERATION,omitempty"`
	}

	namedJSON struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}

	federationJSON struct {
		IdentityProvider idJSON      `json:"identity_provider"`
		Protocol         idJSON      `json:"protocol"`
		Groups           []namedJSON `json:"groups"`
	}

	idJSON struct {
		ID string `json:"id"`
	}
)

// scope is what a token is valid for: a project, the whole account, or neither.
type scope struct {
	project *Project
	domain  bool
}

// An unknown user and a wrong password get the same error.
func (s *Server) createToken(c *call) *response {
	auth, resp := readAuth(c, false)
	if resp != nil {
		return resp
	}
	if !auth.at("identity").method("password") {
		return iamError(http.StatusBadRequest, invalidBody)
	}
	user := auth.at("identity", "password", "user")
	id, name, password := user.text("id"), user.text("name"), user.text("password")
	domain := user.at("domain")
	if password == "" || id == "" && (name == "" || domain.text("id") == "" && domain.text("name") == "") {
		return iamError(http.StatusBadRequest, invalidBody)
	}
	if !s.isUser(id, name, domain) || !same(password, s.opts.Password) {
		return iamError(http.StatusUnauthorized, wrongPassword)
	}
	c.entry.Authenticated = true

	return s.grantToken(auth, "password", memberJSON{ID: s.opts.UserID, Name: s.opts.UserName}, c.now)
}

// isUser compares the ID, the name or both with the one user.
func (s *Server) isUser(id, name string, domain fields) bool {
	if id != "" && id != s.opts.UserID {
		return false
	}
	return id != "" && name == "" || name == s.opts.UserName && s.isDomain(domain)
}

func (s *Server) createTokenWithIDToken(c *call) *response {
	auth, resp := readAuth(c, false)
	if resp != nil {
		return resp
	}
	idp := c.r.Header.Get("X-Idp-Id")
	idToken := auth.at("id_token").text("id")
	switch {
	case idp == "":
		return iamError(http.StatusBadRequest, "The X-Idp-Id header is missing.")
	case idToken == "":
		return iamError(http.StatusBadRequest, invalidBody)
	case idp != s.opts.IDPID:
		return iamError(http.StatusForbidden, fmt.Sprintf("The identity provider %s is not found or not enabled.", idp))
	}
	claims, why := s.verifyIDToken(idToken, c.now)
	if why != "" {
		return iamError(http.StatusUnauthorized, "The ID token is invalid: "+why+".")
	}
	c.entry.Authenticated = true

	subject := claims.text("sub")
	return s.grantToken(auth, "mapped", memberJSON{
		ID:   hexSHA256([]byte(subject))[:32],
		Name: subject,
		Federation: &federationJSON{
			IdentityProvider: idJSON{ID: idp},
			Protocol:         idJSON{ID: "oidc"},
			Groups:           []namedJSON{},
		},
	}, c.now)
}

func (s *Server) grantToken(auth fields, method string, user memberJSON, now time.Time) *response {
	scope, resp := s.findScope(auth)
	if resp != nil {
		return resp
	}
	domain := namedJSON{ID: s.opts.DomainID, Name: s.opts.DomainName}
	user.Domain = domain
	body := tokenJSON{IssuedAt: now.UTC().Format(iamTimeLayout), Methods: []string{method}, User: user}
	projectID := ""
	switch {
	case scope.project != nil:
		projectID = scope.project.ID
		body.Project = &memberJSON{ID: projectID, Name: scope.project.Name, Domain: domain}
	case scope.domain:
		body.Domain = &domain
	}
	token, issued := s.issueToken(projectID, now)
	body.ExpiresAt = issued.expires.Format(iamTimeLayout)
	resp = created(tokenResponse{Token: body})
	resp.header = http.Header{"X-Subject-Token": {token}}
	return resp
}

func (s *Server) findScope(auth fields) (scope, *response) {
	if _, sent := auth["scope"]; !sent {
		return scope{}, nil
	}
	wanted := auth.at("scope")
	if _, sent := wanted["domain"]; sent && len(wanted) == 1 {
		if !s.isDomain(wanted.at("domain")) {
			return scope{}, iamError(http.StatusNotFound, "Could not find domain.")
		}
		return scope{domain: true}, nil
	}
	id, name := wanted.at("project").text("id"), wanted.at("project").text("name")
	if id == "" && name == "" || len(wanted) != 1 {
		return scope{}, iamError(http.StatusBadRequest, invalidBody)
	}
	for _, p := range s.opts.projects() {
		if (id == "" || id == p.ID) && (name == "" || name == p.Name) {
			return scope{project: &p}, nil
		}
	}
	if id == "" {
		id = name
	}
	return scope{}, iamError(http.StatusNotFound, fmt.Sprintf("Could not find project: %s.", id))
}
