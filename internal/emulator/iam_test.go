// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	projectsPath = "/v3/projects"
	tokensPath   = "/v3/auth/tokens"
	idTokensPath = "/v3.0/OS-AUTH/id-token/tokens"
	keysPath     = "/v3.0/OS-CREDENTIAL/securitytokens"
	assumePath   = "/v5/agencies/assume"
	sessionPath  = "/meta-data/latest/api/token"
	keyPath      = "/openstack/latest/securitykey"

	invalidRequest = "Request body is invalid."
)

// credentials are what a request is made with; the token alone, if there is
// one.
type credentials struct {
	accessKey, secretKey, securityToken string
	token                               string
}

var staticKeys = credentials{accessKey: DefaultAccessKey, secretKey: DefaultSecretKey}

// as makes a request with credentials; query is canonical.
func (f *fixture) as(c credentials, method, path, query, body string) *http.Request {
	f.t.Helper()
	target := path
	if query != "" {
		target += "?" + query
	}
	if c.token != "" {
		req := f.request(method, target, body)
		req.Header.Set("X-Auth-Token", c.token)
		return req
	}
	g := signing{
		accessKey: c.accessKey,
		secretKey: c.secretKey,
		at:        f.clock.Now(),
		segments:  strings.Split(path, "/")[1:],
		query:     query,
		headers:   map[string]string{},
	}
	if c.securityToken != "" {
		g.headers["x-security-token"] = c.securityToken
	}
	if strings.HasPrefix(path, "/v2/") {
		g.headers["x-project-id"] = DefaultProjectID
	}
	return f.signed(method, target, body, g)
}

// plain makes a request without credentials.
func (f *fixture) plain(method, path, body string) *http.Request {
	f.t.Helper()
	req := f.request(method, path, body)
	req.Header.Del("X-Auth-Token")
	return req
}

// accepted fails the test unless the SparkRTC API and IAM take the
// credentials.
func (f *fixture) accepted(c credentials) {
	f.t.Helper()
	if r := f.send(f.as(c, "GET", "/v2/apps/"+testApp, "", "")); r.status != 200 {
		f.t.Fatalf("SparkRTC: %d %s", r.status, r.body)
	}
	if !f.logged().Authenticated {
		f.t.Error("it does not count as authenticated")
	}
	if r := f.send(f.as(c, "GET", projectsPath, "", "")); r.status != 200 {
		f.t.Fatalf("IAM: %d %s", r.status, r.body)
	}
	if !f.logged().Authenticated {
		f.t.Error("it does not count as authenticated")
	}
}

// refused fails the test unless both say that about the credentials.
func (f *fixture) refused(c credentials, why string) {
	f.t.Helper()
	message := "Incorrect IAM authentication information: " + why
	f.send(f.as(c, "GET", "/v2/apps/"+testApp, "", "")).wantError(f.t, 401, "APIGW.0301", message)
	if f.logged().Authenticated {
		f.t.Error("it counts as authenticated")
	}
	f.send(f.as(c, "GET", projectsPath, "", "")).wantIAMError(f.t, 401, message)
	if entry := f.logged(); entry.Authenticated || entry.Code != "" || entry.Status != 401 {
		f.t.Errorf("logged %+v", entry)
	}
}

// wantIAMError fails the test unless the reply is that error; message "" stands
// for any.
func (r reply) wantIAMError(t *testing.T, status int, message string) {
	t.Helper()
	var body struct {
		Error struct {
			Code           int
			Message, Title string
		}
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	e := body.Error
	if r.status != status || e.Code != status || e.Title != http.StatusText(status) || e.Message == "" ||
		message != "" && e.Message != message || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s\nwant %d %s", r.status, r.body, status, message)
	}
}

// token returns what was issued, or fails the test.
func (r reply) token(t *testing.T) credentials {
	t.Helper()
	token := r.header.Get("X-Subject-Token")
	if r.status != 201 || len(token) < 64 || strings.Contains(string(r.body), token) {
		t.Fatalf("got %d %q %s", r.status, token, r.body)
	}
	return credentials{token: token}
}

// keys returns what was issued, or fails the test.
func (r reply) keys(t *testing.T, status int, expires string) credentials {
	t.Helper()
	var body struct {
		Credential struct {
			Access, Secret, SecurityToken string
			ExpiresAt                     string `json:"expires_at"`
		}
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	c := body.Credential
	if r.status != status || c.ExpiresAt != expires || len(c.Access) != 20 || len(c.Secret) != 40 || len(c.SecurityToken) < 64 {
		t.Fatalf("got %d %s\nwant expires_at %s", r.status, r.body, expires)
	}
	return credentials{accessKey: c.Access, secretKey: c.Secret, securityToken: c.SecurityToken}
}

// password is a body with a password and, unless it is empty, a scope.
func password(user, scope string) string {
	if scope != "" {
		scope = `,"scope":` + scope
	}
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":` + user + `}}` + scope + `}}`
}

const (
	soundUser  = `{"name":"emulator-user","password":"Emulator-Password-1","domain":{"name":"emulator-domain"}}`
	soundScope = `{"project":{"name":"cn-north-4"}}`
)

func TestListProjects(t *testing.T) {
	several := []Project{{"p1", "cn-north-4"}, {"p2", "cn-north-4_sub"}, {"p3", "cn-north-4"}, {"p4", "a b&c"}}
	none := []Project{}
	tests := map[string]struct {
		opts  Options
		query string
		want  []string // ids
	}{
		"all":              {Options{}, "", []string{DefaultProjectID}},
		"by name":          {Options{}, "name=cn-north-4", []string{DefaultProjectID}},
		"by another name":  {Options{}, "name=cn-north-1", nil},
		"by an empty name": {Options{}, "name=", nil},
		"own project id":   {Options{ProjectID: "own"}, "name=cn-north-4", []string{"own"}},
		"several":          {Options{Projects: several}, "", []string{"p1", "p2", "p3", "p4"}},
		"several by name":  {Options{Projects: several}, "name=cn-north-4", []string{"p1", "p3"}},
		"escaped name":     {Options{Projects: several}, "name=a%20b%26c", []string{"p4"}},
		"none":             {Options{Projects: none}, "", nil},
		"none by name":     {Options{Projects: none}, "name=cn-north-4", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			for _, c := range []credentials{staticKeys, {token: DefaultToken}} {
				r := f.send(f.as(c, "GET", projectsPath, tc.query, ""))
				var body struct {
					Projects []struct {
						ID       string `json:"id"`
						DomainID string `json:"domain_id"`
						Enabled  bool   `json:"enabled"`
					} `json:"projects"`
					Links map[string]any `json:"links"`
				}
				if err := json.Unmarshal(r.body, &body); err != nil || r.status != 200 || body.Projects == nil || body.Links == nil {
					t.Fatalf("got %d %s, %v", r.status, r.body, err)
				}
				var got []string
				for _, p := range body.Projects {
					got = append(got, p.ID)
					if p.DomainID != DefaultDomainID || !p.Enabled {
						t.Errorf("got %+v", p)
					}
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("got %q, want %q", got, tc.want)
				}
				if entry := f.logged(); entry.Path != projectsPath || entry.Query != tc.query || entry.Status != 200 ||
					entry.AppID != "" || !entry.Authenticated {
					t.Errorf("logged %+v", entry)
				}
			}
		})
	}
	f := start(t, Options{})
	f.send(f.as(credentials{token: DefaultToken}, "GET", projectsPath, "name=%zz", "")).wantIAMError(t, 400, "")
}

func TestIAMAuthentication(t *testing.T) {
	f := start(t, Options{})
	f.send(f.plain("GET", projectsPath, "")).wantIAMError(t, 401, "Incorrect IAM authentication information: x-auth-token not found")
	f.refused(credentials{token: "wrong"}, "decrypt token fail")
	f.refused(credentials{accessKey: "AKOTHER", secretKey: DefaultSecretKey}, "Get secretKey failed,ak:AKOTHER,err:ak not exist")
	f.refused(credentials{accessKey: DefaultAccessKey, secretKey: DefaultSecretKey, securityToken: "other"}, "decrypt token fail")

	wrong := staticKeys
	wrong.secretKey = "wrong"
	f.send(f.as(wrong, "GET", projectsPath, "name=a", "")).wantIAMError(t, 401,
		"Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET|/v3/projects/|name=a|"+
			"x-sdk-date:20260101T000000Z||x-sdk-date|"+emptySHA256)

	// A project is not needed, and one that is sent does not matter.
	req := f.as(staticKeys, "GET", projectsPath, "", "")
	req.Header.Set("X-Project-Id", "other")
	if r := f.send(req); r.status != 200 {
		t.Errorf("got %d %s", r.status, r.body)
	}

	// The key's lock is the same one.
	for range 6 {
		f.send(f.as(wrong, "GET", projectsPath, "", "")).wantIAMError(t, 401, "")
	}
	f.refused(staticKeys, "AK access failed to reach the limit,forbidden")
}

// Neither is IAM throttled with the SparkRTC API, nor does it use up its quota.
func TestQuotaIsOfOneAPI(t *testing.T) {
	f := start(t, Options{Quota: 1})
	for range 3 {
		if r := f.get(projectsPath); r.status != 200 {
			t.Fatalf("got %d %s", r.status, r.body)
		}
	}
	if r := f.get("/v2/apps"); r.status != 200 {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	f.get("/v2/apps").wantError(t, 429, "APIGW.0308", "")
	if r := f.get(projectsPath); r.status != 200 {
		t.Fatalf("got %d %s", r.status, r.body)
	}
}

func TestPasswordToken(t *testing.T) {
	opts := Options{Projects: []Project{{DefaultProjectID, "cn-north-4"}, {"p2", "other"}}}
	const scoped = `"id":"` + DefaultProjectID + `","name":"cn-north-4"`
	const domain = `{"id":"` + DefaultDomainID + `","name":"emulator-domain"}`
	tests := map[string]struct {
		user, scope string
		want        string // "project" or "domain" in the response, as JSON; "" for neither
		usable      bool   // for the SparkRTC API
	}{
		"project's name":  {soundUser, soundScope, `"project":{` + scoped + `,"domain":` + domain + `}`, true},
		"project's id":    {soundUser, `{"project":{"id":"` + DefaultProjectID + `"}}`, `"project":{` + scoped + `,"domain":` + domain + `}`, true},
		"id and name":     {soundUser, `{"project":{"id":"` + DefaultProjectID + `","name":"cn-north-4"}}`, `"project":{` + scoped + `,"domain":` + domain + `}`, true},
		"another project": {soundUser, `{"project":{"name":"other"}}`, `"project":{"id":"p2","name":"other","domain":` + domain + `}`, false},
		"account's name":  {soundUser, `{"domain":{"name":"emulator-domain"}}`, `"domain":` + domain, false},
		"account's id":    {soundUser, `{"domain":{"id":"` + DefaultDomainID + `"}}`, `"domain":` + domain, false},
		"unscoped":        {soundUser, "", "", false},
		"user's id": {
			`{"id":"` + DefaultUserID + `","password":"Emulator-Password-1"}`, soundScope,
			`"project":{` + scoped + `,"domain":` + domain + `}`, true,
		},
		"user's account by id": {
			`{"name":"emulator-user","password":"Emulator-Password-1","domain":{"id":"` + DefaultDomainID + `"}}`, soundScope,
			`"project":{` + scoped + `,"domain":` + domain + `}`, true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, opts)
			r := f.send(f.plain("POST", tokensPath, password(tc.user, tc.scope)))
			c := r.token(t)
			if entry := f.logged(); entry.Status != 201 || !entry.Authenticated || entry.Path != tokensPath {
				t.Errorf("logged %+v", entry)
			}
			if tc.want != "" {
				tc.want += ","
			}
			want := `{"token":{"expires_at":"2026-01-02T00:00:00.000000Z","issued_at":"2026-01-01T00:00:00.000000Z","methods":["password"],` +
				tc.want + `"user":{"id":"` + DefaultUserID + `","name":"emulator-user","domain":` + domain + `}}}`
			if string(r.body) != want {
				t.Errorf("got  %s\nwant %s", r.body, want)
			}
			if tc.usable {
				f.accepted(c)
				return
			}
			f.send(f.as(c, "GET", "/v2/apps", "", "")).wantError(t, 400, "RTC.00001001",
				"OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK")
			if r := f.send(f.as(c, "GET", projectsPath, "", "")); r.status != 200 {
				t.Errorf("IAM: %d %s", r.status, r.body)
			}
		})
	}
}

func TestPasswordTokenIsRefused(t *testing.T) {
	replace := func(from, to string) string {
		user := strings.Replace(soundUser, from, to, 1)
		if user == soundUser {
			t.Fatalf("no %s", from)
		}
		return password(user, soundScope)
	}
	const wrong = "The username or password is wrong."
	tests := map[string]struct {
		body    string
		status  int
		message string
	}{
		"password":          {replace("Password-1", "Password-2"), 401, wrong},
		"password's case":   {replace("Emulator-", "emulator-"), 401, wrong},
		"user":              {replace("emulator-user", "other"), 401, wrong},
		"account":           {replace("emulator-domain", "other"), 401, wrong},
		"account's id":      {replace(`{"name":"emulator-domain"}`, `{"name":"emulator-domain","id":"other"}`), 401, wrong},
		"user's id":         {replace(`"name":"emulator-user"`, `"id":"other"`), 401, wrong},
		"id of another":     {replace(`"name":"emulator-user"`, `"id":"other","name":"emulator-user"`), 401, wrong},
		"name of another":   {replace(`"name":"emulator-user"`, `"id":"`+DefaultUserID+`","name":"other"`), 401, wrong},
		"no password":       {replace(`"password":"Emulator-Password-1",`, ""), 400, invalidRequest},
		"empty password":    {replace("Emulator-Password-1", ""), 400, invalidRequest},
		"number":            {replace(`"Emulator-Password-1"`, "1"), 400, invalidRequest},
		"no user":           {replace(`"name":"emulator-user",`, ""), 400, invalidRequest},
		"no account":        {replace(`{"name":"emulator-domain"}`, "{}"), 400, invalidRequest},
		"case of a name":    {replace(`"domain"`, `"Domain"`), 400, invalidRequest},
		"unknown project":   {password(soundUser, `{"project":{"name":"cn-north-9"}}`), 404, "Could not find project: cn-north-9."},
		"unknown id":        {password(soundUser, `{"project":{"id":"p9"}}`), 404, "Could not find project: p9."},
		"id of another one": {password(soundUser, `{"project":{"id":"p9","name":"cn-north-4"}}`), 404, "Could not find project: p9."},
		"unknown domain":    {password(soundUser, `{"domain":{"name":"other"}}`), 404, "Could not find domain."},
		"empty scope":       {password(soundUser, `{}`), 400, invalidRequest},
		"null scope":        {password(soundUser, `null`), 400, invalidRequest},
		"empty project":     {password(soundUser, `{"project":{}}`), 400, invalidRequest},
		"two scopes":        {password(soundUser, `{"project":{"name":"cn-north-4"},"domain":{"name":"emulator-domain"}}`), 400, invalidRequest},
		"method":            {strings.Replace(password(soundUser, ""), `["password"]`, `["totp"]`, 1), 400, invalidRequest},
		"two methods":       {strings.Replace(password(soundUser, ""), `["password"]`, `["password","totp"]`, 1), 400, invalidRequest},
		"method as text":    {strings.Replace(password(soundUser, ""), `["password"]`, `"password"`, 1), 400, invalidRequest},
		"nothing":           {"", 400, invalidRequest},
		"null":              {"null", 400, invalidRequest},
		"list":              {"[]", 400, invalidRequest},
		"empty":             {"{}", 400, invalidRequest},
		"not JSON":          {password(soundUser, "") + "}", 400, invalidRequest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			r := f.send(f.plain("POST", tokensPath, tc.body))
			r.wantIAMError(t, tc.status, tc.message)
			if r.header.Get("X-Subject-Token") != "" {
				t.Error("a token was issued")
			}
			// With other errors, the password was right.
			if got := f.logged().Authenticated; got && tc.status == 401 {
				t.Error("it counts as authenticated")
			}
		})
	}
	t.Run("content type", func(t *testing.T) {
		f := start(t, Options{})
		for contentType, status := range map[string]int{
			"application/json;charset=utf8": 201, "text/plain": 400, "": 400, "application/x-www-form-urlencoded": 400,
		} {
			req := f.plain("POST", tokensPath, password(soundUser, soundScope))
			req.Header.Set("Content-Type", contentType)
			if r := f.send(req); r.status != status {
				t.Errorf("%q: %d %s", contentType, r.status, r.body)
			}
		}
	})
}

func TestOwnUser(t *testing.T) {
	f := start(t, Options{UserName: "u", UserID: "uid", Password: `p"`, DomainName: "d", DomainID: "did"})
	for user, status := range map[string]int{
		`{"name":"u","password":"p\"","domain":{"name":"d"}}`:            201,
		`{"name":"u","password":"p\"","domain":{"id":"did","name":"d"}}`: 201,
		`{"id":"uid","password":"p\""}`:                                  201,
		soundUser:                                                        401,
	} {
		if r := f.send(f.plain("POST", tokensPath, password(user, soundScope))); r.status != status {
			t.Errorf("%s: %d %s", user, r.status, r.body)
		}
	}
}

// agency is a body that assumes an agency.
func agency(fields string) string {
	return `{"auth":{"identity":{"methods":["assume_role"],"assume_role":{` + fields + `}}}}`
}

const soundAgency = `"agency_name":"emulator-agency","domain_name":"emulator-domain"`

func TestAgencyKeys(t *testing.T) {
	const invalid, missing = invalidRequest, "Could not find agency other."
	tests := map[string]struct {
		opts    Options
		fields  string
		status  int
		message string
		expires string
	}{
		"account's name": {Options{}, soundAgency, 201, "", "2026-01-01T00:15:00.000000Z"},
		"account's id":   {Options{}, `"agency_name":"emulator-agency","domain_id":"` + DefaultDomainID + `"`, 201, "", "2026-01-01T00:15:00.000000Z"},
		"both":           {Options{}, soundAgency + `,"domain_id":"` + DefaultDomainID + `"`, 201, "", "2026-01-01T00:15:00.000000Z"},
		"shortest":       {Options{}, soundAgency + `,"duration_seconds":900`, 201, "", "2026-01-01T00:15:00.000000Z"},
		"longest":        {Options{}, soundAgency + `,"duration_seconds":86400`, 201, "", "2026-01-02T00:00:00.000000Z"},
		"own lifetime": {
			Options{KeyLifetime: time.Minute}, soundAgency + `,"duration_seconds":900`, 201, "", "2026-01-01T00:01:00.000000Z",
		},
		"own agency": {
			Options{AgencyName: "other", DomainName: "d"}, `"agency_name":"other","domain_name":"d"`, 201, "", "2026-01-01T00:15:00.000000Z",
		},
		"too short":       {Options{}, soundAgency + `,"duration_seconds":899`, 400, invalid, ""},
		"too long":        {Options{}, soundAgency + `,"duration_seconds":86401`, 400, invalid, ""},
		"part of one":     {Options{}, soundAgency + `,"duration_seconds":900.5`, 400, invalid, ""},
		"far too long":    {Options{}, soundAgency + `,"duration_seconds":1e300`, 400, invalid, ""},
		"text":            {Options{}, soundAgency + `,"duration_seconds":"900"`, 400, invalid, ""},
		"no agency":       {Options{}, `"domain_name":"emulator-domain"`, 400, invalid, ""},
		"no account":      {Options{}, `"agency_name":"emulator-agency"`, 400, invalid, ""},
		"another agency":  {Options{}, `"agency_name":"other","domain_name":"emulator-domain"`, 404, missing, ""},
		"another account": {Options{}, `"agency_name":"emulator-agency","domain_name":"other"`, 404, "Could not find agency emulator-agency.", ""},
		"another id":      {Options{}, soundAgency + `,"domain_id":"other"`, 404, "Could not find agency emulator-agency.", ""},
		"forbidden": {
			Options{AgencyForbidden: true}, soundAgency, 403, "You are not authorized to perform the requested action.", "",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			for _, c := range []credentials{staticKeys, {token: DefaultToken}} {
				r := f.send(f.as(c, "POST", keysPath, "", agency(tc.fields)))
				if entry := f.logged(); entry.Path != keysPath || entry.Status != tc.status || !entry.Authenticated {
					t.Errorf("logged %+v", entry)
				}
				if tc.status != 201 {
					r.wantIAMError(t, tc.status, tc.message)
					continue
				}
				f.accepted(r.keys(t, 201, tc.expires))
			}
		})
	}
}

func TestKeysByToken(t *testing.T) {
	f := start(t, Options{})
	issued := f.send(f.plain("POST", tokensPath, password(soundUser, ""))).token(t).token
	body := func(fields string) string {
		return `{"auth":{"identity":{"methods":["token"],"token":{` + fields + `}}}}`
	}
	quoted := func(token string) string { return fmt.Sprintf(`"id":%q`, token) }
	const quarter, day = "2026-01-01T00:15:00.000000Z", "2026-01-02T00:00:00.000000Z"
	tests := map[string]struct {
		header, body string
		status       int
		message      string
		expires      string
	}{
		"in the header":       {issued, body(""), 201, "", quarter},
		"in the body":         {"", body(quoted(issued)), 201, "", quarter},
		"static":              {"", body(quoted(DefaultToken)), 201, "", quarter},
		"duration":            {"", body(quoted(issued) + `,"duration_seconds":86400`), 201, "", day},
		"the header's counts": {issued, body(quoted("wrong")), 201, "", quarter},
		"without an object":   {issued, `{"auth":{"identity":{"methods":["token"]}}}`, 201, "", quarter},
		"wrong in the header": {"wrong", body(quoted(issued)), 401, "Incorrect IAM authentication information: decrypt token fail", ""},
		"wrong in the body":   {"", body(quoted("wrong")), 401, "Incorrect IAM authentication information: decrypt token fail", ""},
		"none":                {"", body(""), 401, "Incorrect IAM authentication information: x-auth-token not found", ""},
		"none for an agency":  {"", agency(soundAgency + `,"token":{` + quoted(issued) + `}`), 401, "Incorrect IAM authentication information: x-auth-token not found", ""},
		"too long":            {issued, body(`"duration_seconds":86401`), 400, invalidRequest, ""},
		"another method":      {issued, `{"auth":{"identity":{"methods":["password"]}}}`, 400, invalidRequest, ""},
		"no identity":         {issued, `{"auth":{}}`, 400, invalidRequest, ""},
		"not JSON":            {issued, `{`, 400, invalidRequest, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			req := f.plain("POST", keysPath, tc.body)
			if tc.header != "" {
				req.Header.Set("X-Auth-Token", tc.header)
			}
			r := f.send(req)
			if entry := f.logged(); entry.Authenticated != (tc.status != 401) {
				t.Errorf("logged %+v", entry)
			}
			if tc.status != 201 {
				r.wantIAMError(t, tc.status, tc.message)
				return
			}
			f.accepted(r.keys(t, 201, tc.expires))
		})
	}
	t.Run("content type", func(t *testing.T) {
		for contentType, status := range map[string]int{"": 201, "application/json;charset=UTF-8": 201, "text/plain": 400} {
			req := f.plain("POST", keysPath, body(quoted(issued)))
			req.Header.Del("Content-Type")
			if contentType != "" {
				req.Header.Set("Content-Type", contentType)
			}
			if r := f.send(req); r.status != status {
				t.Errorf("%q: %d %s", contentType, r.status, r.body)
			}
		}
	})
	t.Run("signed", func(t *testing.T) {
		f.accepted(f.send(f.as(staticKeys, "POST", keysPath, "", body(""))).keys(t, 201, quarter))
	})
}

// Temporary keys count as a whole only.
func TestTemporaryKeysAreWholes(t *testing.T) {
	f := start(t, Options{})
	issue := func() credentials {
		return f.send(f.as(staticKeys, "POST", keysPath, "", agency(soundAgency))).keys(t, 201, "2026-01-01T00:15:00.000000Z")
	}
	c, other := issue(), issue()
	without := c
	without.securityToken = ""
	f.refused(without, "Get secretKey failed,ak:"+c.accessKey+",err:ak not exist")
	swapped := c
	swapped.securityToken = other.securityToken
	f.refused(swapped, "decrypt token fail")
	swapped = c
	swapped.secretKey = other.secretKey
	r := f.send(f.as(swapped, "GET", projectsPath, "", ""))
	r.wantIAMError(t, 401, "")
	if !strings.Contains(string(r.body), signatureFails) {
		t.Errorf("got %s", r.body)
	}
	f.accepted(c)
	f.accepted(other)
	f.accepted(staticKeys)
	// They are good for more of them.
	f.accepted(f.send(f.as(c, "POST", keysPath, "", agency(soundAgency))).keys(t, 201, "2026-01-01T00:15:00.000000Z"))
	// A project has to be named as with other keys.
	g := defaultSigning()
	g.accessKey, g.secretKey, g.headers = c.accessKey, c.secretKey, map[string]string{"x-security-token": c.securityToken}
	f.send(f.signed("GET", testPath, "", g)).wantError(t, 401, "APIGW.0301", "")
}

func TestFaultsOfOtherAPIs(t *testing.T) {
	session := func(f *fixture) *http.Request {
		req := f.plain("PUT", sessionPath, "")
		req.Header.Set("X-Metadata-Token-Ttl-Seconds", "60")
		return req
	}
	f := start(t, Options{})
	f.Fail(
		Fault{Path: "/v3/auth", Status: 503, Message: "down"},
		Fault{Path: "/v3/projects", Status: 429, Code: "APIGW.0308", Message: "slow"},
		Fault{Path: "/v3/projects", Status: 500},
		Fault{Path: "/v3/projects", EchoRequest: true},
		Fault{Path: "/v5", Status: 500, Code: "STS5.0500", Message: "broken"},
		Fault{Path: "/meta-data/", Status: 500, Message: "broken"},
		Fault{Path: "/v2/apps/" + testApp + "/", Method: "PUT", Status: 500, Code: "RTC.1"},
		Fault{Path: "/v2/apps/a%2Fb", Status: 500, Code: "RTC.2"},
	)
	if r := f.send(f.plain("PUT", "/v2/apps", "")); r.status != 404 {
		t.Errorf("got %d %s", r.status, r.body)
	}
	f.send(f.plain("POST", tokensPath, password(soundUser, soundScope))).wantIAMError(t, 503, "down")
	if entry := f.logged(); entry.Status != 503 || !entry.Authenticated {
		t.Errorf("logged %+v", entry)
	}
	f.send(f.plain("POST", tokensPath, password(soundUser, soundScope))).token(t)
	f.get(projectsPath).wantError(t, 429, "APIGW.0308", "slow")
	if r := f.get(projectsPath); r.status != 500 || len(r.body) > 0 {
		t.Errorf("got %d %s", r.status, r.body)
	}
	r := f.get(projectsPath)
	r.wantIAMError(t, 401, "")
	if !strings.Contains(string(r.body), "x-auth-token:"+DefaultToken) {
		t.Errorf("got %s", r.body)
	}
	r = f.send(f.as(staticKeys, "POST", assumePath, "", "{}"))
	if body := r.json(t); r.status != 500 || body["error_code"] != "STS5.0500" || body["error_msg"] != "broken" || body["request_id"] == "" {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if r := f.send(session(f)); r.status != 500 || string(r.body) != "broken" {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if r := f.send(session(f)); r.status != 200 {
		t.Errorf("got %d %s", r.status, r.body)
	}
	f.put(changed).wantError(t, 500, "RTC.1", "")
	f.get("/v2/apps/a/b").wantError(t, 404, "APIGW.0101", "")
	f.get("/v2/apps/a%2Fb").wantError(t, 500, "RTC.2", "")

	// A token that is lost on the way back.
	f.Fail(Fault{Path: "/v3/auth", Drop: true})
	if _, err := trySend(f.plain("POST", tokensPath, password(soundUser, soundScope))); err == nil {
		t.Error("there was a response")
	}
	if got := len(f.Requests(Path("/v3/auth/tokens"), Method("POST"))); got != 3 {
		t.Errorf("%d requests for a token are logged", got)
	}
	if got := len(f.Requests(Path("/v3"))); got != 6 {
		t.Errorf("%d requests of IAM are logged", got)
	}
}

func TestRoutesOfOtherAPIs(t *testing.T) {
	f := start(t, Options{})
	for _, tc := range []struct{ method, path string }{
		{"POST", projectsPath},
		{"GET", projectsPath + "/"},
		{"GET", tokensPath},
		{"POST", "/v3" + tokensPath},
		{"POST", "/v3/auth%2Ftokens"},
		{"PUT", keysPath},
		{"POST", "/v3.0/os-credential/securitytokens"},
		{"GET", idTokensPath},
		{"PUT", assumePath},
		{"GET", sessionPath},
		{"PUT", keyPath},
		{"GET", "//openstack/latest/securitykey"},
	} {
		f.send(f.request(tc.method, tc.path, "")).wantError(t, 404, "APIGW.0101", "")
	}
	f.send(f.plain("POST", tokensPath, strings.Repeat(" ", 1<<20+1))).wantError(t, 413, "APIGW.0201", "")
}
