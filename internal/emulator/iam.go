// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	iamTimeLayout = "2006-01-02T15:04:05.000000Z"

	// What duration_seconds may be. IAM takes the shortest if it is not sent.
	minKeyDuration = 15 * time.Minute
	maxKeyDuration = 24 * time.Hour

	wrongPassword = "The username or password is wrong."
	invalidBody   = "Request body is invalid."
)

// The documented shapes, as far as they matter here.
type (
	projectsResponse struct {
		Projects []projectJSON `json:"projects"`
		Links    struct{}      `json:"links"`
	}

	projectJSON struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		DomainID string `json:"domain_id"`
		Enabled  bool   `json:"enabled"`
	}

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

	// memberJSON is something of an account's.
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

// scope is what a token is for: a project, or all of the account, or nothing
// in particular.
type scope struct {
	project *Project
	domain  bool
}

// readAuth returns the object "auth" of a request's body, or an error. A request
// that may be untyped needs no Content-Type.
func readAuth(c *call, mayBeUntyped bool) (fields, *response) {
	untyped := mayBeUntyped && c.r.Header.Get("Content-Type") == ""
	if !untyped && !isJSON(c.r) {
		return nil, iamError(http.StatusBadRequest, "Expecting to find application/json in Content-Type header.")
	}
	auth := parseFields(c.body).at("auth")
	if auth == nil {
		return nil, iamError(http.StatusBadRequest, invalidBody)
	}
	return auth, nil
}

func iamError(status int, message string) *response {
	var body struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Title   string `json:"title"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message, body.Error.Title = status, message, http.StatusText(status)
	resp := ok(body)
	resp.status = status
	return resp
}

func (o *Options) projects() []Project {
	if o.Projects == nil {
		return []Project{{ID: o.ProjectID, Name: DefaultProjectName}}
	}
	return o.Projects
}

func (s *Server) listProjects(c *call) *response {
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return iamError(http.StatusBadRequest, "The query is invalid.")
	}
	resp := projectsResponse{Projects: []projectJSON{}}
	for _, p := range s.opts.projects() {
		if !query.Has("name") || query.Get("name") == p.Name {
			resp.Projects = append(resp.Projects, projectJSON{
				ID: p.ID, Name: p.Name, DomainID: s.opts.DomainID, Enabled: true,
			})
		}
	}
	return ok(resp)
}

// createToken issues a token for a password. Whatever is wrong with the user or
// the password, the error is the same.
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
	known := id == "" || id == s.opts.UserID
	if id == "" || name != "" {
		known = known && name == s.opts.UserName && s.isDomain(domain)
	}
	if !known || !same(password, s.opts.Password) {
		return iamError(http.StatusUnauthorized, wrongPassword)
	}
	c.entry.Authenticated = true

	return s.grantToken(auth, "password", memberJSON{ID: s.opts.UserID, Name: s.opts.UserName}, c.now)
}

// createTokenWithIDToken issues a token for an ID token.
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

// grantToken issues a token to a user who was authenticated.
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

// findScope reads what a token is for, or returns an error.
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

// isDomain tells whether the account is the one that there is: by its id, its
// name or both.
func (s *Server) isDomain(domain fields) bool {
	id, name := domain.text("id"), domain.text("name")
	return (id != "" || name != "") && (id == "" || id == s.opts.DomainID) && (name == "" || name == s.opts.DomainName)
}

// method tells whether an identity is of that method and no other.
func (f fields) method(name string) bool {
	methods, isList := f["methods"].([]any)
	return isList && len(methods) == 1 && methods[0] == name
}

// createTemporaryAccessKey issues a key for an agency or a token.
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

// duration reads duration_seconds; it is preset if it was not sent.
func duration(f fields, preset, longest time.Duration) (_ time.Duration, valid bool) {
	if _, sent := f["duration_seconds"]; !sent {
		return preset, true
	}
	seconds, isWhole := f.whole("duration_seconds")
	valid = isWhole && int64(minKeyDuration/time.Second) <= seconds && seconds <= int64(longest/time.Second)
	return time.Duration(seconds) * time.Second, valid
}

// tokenInBody returns the token in a request for keys that has none in its
// header.
func tokenInBody(body []byte) string {
	identity := parseFields(body).at("auth", "identity")
	if !identity.method("token") {
		return ""
	}
	return identity.at("token").text("id")
}
