// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	passwordBody = `{"auth":{"identity":{"methods":["password"],"password":{"user":{`
	idTokenBody  = `{"auth":{"id_token":{"id":"`
	forRegion    = `,"scope":{"project":{"name":"cn-north-4"}}`
	findRegion   = getProjects + "?name=cn-north-4"
)

func keySet(w *testEnvironment) {
	w.AccessKey, w.SecretKey = emulator.DefaultAccessKey, emulator.DefaultSecretKey
}

func passwordSet(w *testEnvironment) {
	w.UserName, w.DomainName, w.Password = emulator.DefaultUserName, emulator.DefaultDomainName, emulator.DefaultPassword
}

func metadataSet(w *testEnvironment) { w.set("SPARKRTC_ECS_METADATA=true") }

func agencyByName(w *testEnvironment) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName}
}

func agencyByID(w *testEnvironment) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID, Duration: 1200}
}

func and(puts ...func(*testEnvironment)) func(*testEnvironment) {
	return func(w *testEnvironment) {
		for _, put := range puts {
			put(w)
		}
	}
}

// Each kind of set with each kind of agency sends what it has to and nothing
// else, with the first request that needs it and with no other, and the
// SparkRTC API takes what comes of it.
func TestAuthenticatorSends(t *testing.T) {
	const (
		byToken1 = postKeys + ` {"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN1"}}}}`
		project  = emulator.DefaultProjectID
	)
	tests := map[string]struct {
		opts emulator.Options
		put  func(*testEnvironment, *services)

		// What is sent for the set itself, without an agency and before one;
		// who asks the SparkRTC API without one, and who assumes it.
		sent, before []string
		uses, by     string
		keys         int  // that were issued before the agency's
		projectSet   bool // is not looked up
	}{
		"access key": {
			put:  func(w *testEnvironment, _ *services) { keySet(w) },
			sent: []string{findRegion + " [AK]"}, uses: "AK " + project, by: "AK",
		},
		"access key with a project": {
			put:  func(w *testEnvironment, _ *services) { keySet(w); w.ProjectID = project },
			uses: "AK " + project, by: "AK", projectSet: true,
		},
		"temporary access key": {
			opts: emulator.Options{SecurityToken: "c0ffee-security-token"},
			put:  func(w *testEnvironment, _ *services) { keySet(w); w.SecurityToken = "c0ffee-security-token" },
			sent: []string{findRegion + " [AK ST]"}, uses: "AK ST " + project, by: "AK ST",
		},
		"token": {
			put:    func(w *testEnvironment, _ *services) { w.Token = emulator.DefaultToken },
			before: []string{postKeys + ` {"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN"}}}}`},
			uses:   "TOKEN", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user and account by name": {
			put:    func(w *testEnvironment, _ *services) { passwordSet(w) },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user in an account by ID": {
			put: func(w *testEnvironment, _ *services) {
				passwordSet(w)
				w.DomainName, w.DomainID = "", emulator.DefaultDomainID
			},
			sent:   []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user by ID": {
			put: func(w *testEnvironment, _ *services) {
				w.UserID, w.Password = emulator.DefaultUserID, emulator.DefaultPassword
			},
			sent:   []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password, with a project": {
			put:    func(w *testEnvironment, _ *services) { passwordSet(w); w.ProjectID = project },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}},"scope":{"project":{"id":"` + project + `"}}}}`},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
		"ID token": {
			put: func(w *testEnvironment, s *services) {
				w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ID token in a file": {
			put: func(w *testEnvironment, s *services) {
				w.set("HUAWEICLOUD_SDK_IDP_ID="+emulator.DefaultIDPID, "HUAWEICLOUD_SDK_ID_TOKEN_FILE="+w.file("id-token", s.idToken()+"\n"))
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata": {
			put:    func(w *testEnvironment, _ *services) { metadataSet(w) },
			sent:   []string{putSession, getKeys + " [SESSION]", findRegion + " [KEY1 KEY1-ST]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata with a project": {
			put:    func(w *testEnvironment, _ *services) { metadataSet(w); w.set("HW_PROJECT_ID=" + project) },
			sent:   []string{putSession, getKeys + " [SESSION]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
	}
	agencies := map[string]struct {
		put  func(*testEnvironment)
		sent string
	}{
		"none": {func(*testEnvironment) {}, ""},
		"by name": {agencyByName, postKeys + ` {"auth":{"identity":{"assume_role":{"agency_name":"emulator-agency","domain_name":"emulator-domain","duration_seconds":3600},` +
			`"methods":["assume_role"]}}}`},
		"by ID": {agencyByID, postSTS + ` {"agency_session_name":"terraform-provider-sparkrtc","agency_urn":"iam::` + emulator.DefaultDomainID +
			`:agency:emulator-agency","duration_seconds":1200}`},
	}
	for name, tc := range tests {
		for agencyName, agency := range agencies {
			t.Run(name+", agency "+agencyName, func(t *testing.T) {
				s := serve(t, tc.opts)
				a := s.authenticator(func(w *testEnvironment) { tc.put(w, s); agency.put(w) })
				s.use(a)
				want, uses := tc.sent, tc.uses
				if agency.sent != "" {
					key := []string{"KEY1 KEY1-ST", "KEY2 KEY2-ST"}[tc.keys]
					want, uses = append(slices.Clone(tc.before), agency.sent+" ["+tc.by+"]"), key+" "+project
					if !tc.projectSet {
						want = append(want, findRegion+" ["+key+"]")
					}
				}
				s.wantSent(append(slices.Clone(want), getApps+" ["+uses+"]")...)

				s.use(a)
				s.wantSent(getApps + " [" + uses + "]")
			})
		}
	}
}

// An ID token in a file is read again for each fetch, and may be missing in
// between.
func TestAuthenticatorReadsTheIDTokenAnew(t *testing.T) {
	s := serve(t, emulator.Options{})
	var home *testEnvironment
	a := s.authenticator(func(w *testEnvironment) {
		home = w
		w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDTokenFile: w.file("id-token", s.idToken())}
	})
	const sent = postIDToken + " " + idTokenBody + "%s" + `"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"
	first := a.must()
	s.wantSent(fmt.Sprintf(sent, "IDTOKEN1"))

	s.clock.advance(24 * time.Hour)
	home.file("id-token", s.idToken())
	if second := a.must(); second == first {
		t.Error("the credentials have not changed")
	}
	s.wantSent(fmt.Sprintf(sent, "IDTOKEN2"))

	s.clock.advance(25 * time.Hour)
	home.file("id-token", "")
	a.fails().check(t, "", "ID token can't be read", []string{"id-token can't be read as a token: it is empty", "read for each token from IAM"})
	s.wantSent()
	home.file("id-token", s.idToken())
	s.use(a)
	s.wantSent(fmt.Sprintf(sent, "IDTOKEN3"), getApps+" [TOKEN3]")
}

func TestAuthenticatorScope(t *testing.T) {
	const other = "fedcba9876543210fedcba9876543210"
	projects := []emulator.Project{{ID: emulator.DefaultProjectID, Name: "cn-north-4"}, {ID: other, Name: "cn-east-3_dev"}, {ID: "p3", Name: "cn-east-3"}}
	tests := map[string]struct {
		put      func(*testEnvironment)
		token    string // what the token of a password is for
		lookUp   string // what is looked up for an access key; "" for nothing
		projects string // what is found
	}{
		"region by default":          {func(*testEnvironment) {}, `{"name":"cn-north-4"}`, "cn-north-4", emulator.DefaultProjectID},
		"region":                     {func(w *testEnvironment) { w.Region = "cn-east-3" }, `{"name":"cn-east-3"}`, "cn-east-3", "p3"},
		"name":                       {func(w *testEnvironment) { w.Region, w.ProjectName = "cn-east-3", "cn-east-3_dev" }, `{"name":"cn-east-3_dev"}`, "cn-east-3_dev", other},
		"ID":                         {func(w *testEnvironment) { w.Region, w.ProjectID = "cn-east-3", other }, `{"id":"` + other + `"}`, "", other},
		"name in the environment":    {func(w *testEnvironment) { w.set("HW_PROJECT_NAME=cn-east-3_dev") }, `{"name":"cn-east-3_dev"}`, "cn-east-3_dev", other},
		"ID before a name around it": {func(w *testEnvironment) { w.ProjectID = other; w.set("HW_PROJECT_NAME=cn-east-3") }, `{"id":"` + other + `"}`, "", other},
	}
	for name, tc := range tests {
		t.Run("token, "+name, func(t *testing.T) {
			s := serve(t, emulator.Options{Projects: projects})
			s.authenticator(and(passwordSet, tc.put)).must()
			s.wantSent(postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}},"scope":{"project":` + tc.token + "}}}")
		})
		t.Run("access key, "+name, func(t *testing.T) {
			s := serve(t, emulator.Options{Projects: projects})
			a := s.authenticator(and(keySet, tc.put))
			for range 2 {
				if got := a.must(); got.ProjectID != tc.projects {
					t.Errorf("project %q, want %q", got.ProjectID, tc.projects)
				}
			}
			if tc.lookUp == "" {
				s.wantSent()
				return
			}
			s.wantSent(getProjects + "?name=" + tc.lookUp + " [AK]")
			s.wantLog(`level=DEBUG msg="project looked up" project_name=` + tc.lookUp + ` project_id=` + tc.projects)
		})
	}
}

func TestAuthenticatorFindsNoProject(t *testing.T) {
	tests := map[string]struct {
		projects []emulator.Project
		put      func(*testEnvironment)
		faults   []emulator.Fault
		summary  string
		detail   string
		sent     []string
	}{
		"none of that name": {
			[]emulator.Project{{ID: "p1", Name: "cn-north-1"}, {ID: "p2222", Name: "cn-north-1_dev"}}, func(*testEnvironment) {}, nil, "No such project",
			`No project_id is set, and IAM doesn't have the project with the name "cn-north-4" (as the region, by the default). ` +
				"The credentials see these:\n\n  p1  cn-north-1\n  p2222  cn-north-1_dev\n\nSet project_id: it is in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]", getProjects + " [AK]"},
		},
		"none at all": {
			[]emulator.Project{}, func(w *testEnvironment) { w.ProjectName = "mine" }, nil, "No such project",
			`No project_id is set, and IAM doesn't have the project with the name "mine" (the argument project_name). ` +
				"The credentials see no project at all.\n\nSet project_id: it is in the console under My Credentials > API Credentials.",
			[]string{getProjects + "?name=mine [AK]", getProjects + " [AK]"},
		},
		"an ID for a name": {
			[]emulator.Project{}, func(w *testEnvironment) { w.ProjectName = emulator.DefaultProjectID }, nil, "No such project",
			`No project_id is set, and IAM doesn't have the project with the name "` + emulator.DefaultProjectID + `" (the argument project_name). ` +
				"The name of the project looks like an ID: set project_id instead of project_name. " +
				"The credentials see no project at all.\n\nSet project_id: it is in the console under My Credentials > API Credentials.",
			[]string{getProjects + "?name=" + emulator.DefaultProjectID + " [AK]", getProjects + " [AK]"},
		},
		"several": {
			[]emulator.Project{{ID: "p1", Name: "cn-north-4"}, {ID: "p3", Name: "cn-north-1"}, {ID: "p2", Name: "cn-north-4"}}, func(*testEnvironment) {}, nil, "Several projects",
			"No project_id is set, and IAM has more than one project that may be the project with the name \"cn-north-4\" (as the region, by the default):\n\n  p1  cn-north-4\n  p2  cn-north-4\n\n" +
				"Set project_id: it is in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]"},
		},
		"forbidden": {
			nil, func(w *testEnvironment) { w.set("HW_REGION_NAME=cn-north-4") },
			[]emulator.Fault{{Path: "/v3/projects", Status: 403, Message: "You are not authorized to perform the requested action: identity:list_projects."}}, "Project can't be looked up",
			"Could not list the projects at HOST: HTTP 403: You are not authorized to perform the requested action: identity:list_projects. (request id ID).\n\n" +
				"No project_id is set, so that IAM was asked for the project with the name \"cn-north-4\" (as the region, by the environment variable HW_REGION_NAME). " +
				"Set project_id: it is in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]"},
		},
	}
	ids := regexp.MustCompile(`request id [0-9a-f]+`)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{Projects: tc.projects})
			s.Fail(tc.faults...)
			a := s.authenticator(and(keySet, tc.put))
			e := a.fails()
			got := ids.ReplaceAllString(strings.ReplaceAll(e.Detail, strings.TrimPrefix(s.url, "http://"), "HOST"), "request id ID")
			if e.Summary != tc.summary || e.Attribute != "" || got != tc.detail {
				t.Errorf("got %q on %q\n%q, want\n%q", e.Summary, e.Attribute, got, tc.detail)
			}
			s.wantSent(tc.sent...)
			a.fails().check(t, "", tc.summary, nil)
			s.wantSent()
		})
	}
}

// IAM may answer with more than was asked for: what counts are projects of exactly
// that name, and with an ID.
func TestAuthenticatorPicksTheProject(t *testing.T) {
	tests := map[string]struct {
		answer  string
		want    string // "" if it is an error
		summary string
		mention string
	}{
		"one":             {`{"id":"p1","name":"cn-north-4"}`, "p1", "", ""},
		"among others":    {`{"id":"p0","name":"cn-north-4_dev"},{"id":"p1","name":"cn-north-4"},{"id":"p2","name":"CN-NORTH-4"}`, "p1", "", ""},
		"with one of two": {`{"id":"","name":"cn-north-4"},{"id":"p1","name":"cn-north-4"}`, "p1", "", ""},
		"another one":     {`{"id":"p0","name":"cn-north-4_dev"}`, "", "No such project", "The credentials see these:\n\n  " + emulator.DefaultProjectID + "  cn-north-4\n"},
		"no ID":           {`{"name":"cn-north-4"}`, "", "No such project", `IAM doesn't have the project with the name "cn-north-4"`},
		"no name":         {`{"id":"p0"}`, "", "No such project", `IAM doesn't have the project with the name "cn-north-4"`},
		"two and another": {`{"id":"p1","name":"cn-north-4"},{"id":"p0","name":"other"},{"id":"p2","name":"cn-north-4"}`, "", "Several projects",
			"more than one project that may be the project with the name \"cn-north-4\" (as the region, by the default):\n\n  p1  cn-north-4\n  p2  cn-north-4\n\nSet"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.Fail(emulator.Fault{Path: "/v3/projects", RawBody: `{"projects":[` + tc.answer + `]}`, ContentType: "application/json"})
			a := s.authenticator(keySet)
			if tc.want == "" {
				a.fails().check(t, "", tc.summary, []string{tc.mention})
				return
			}
			if got := a.must(); got.ProjectID != tc.want {
				t.Errorf("project %q, want %q", got.ProjectID, tc.want)
			}
			s.wantSent(findRegion + " [AK]")
			s.wantLog(`level=DEBUG msg="project looked up" project_name=cn-north-4 project_id=` + tc.want)
		})
	}
}

// That the list of what there is fails as well says nothing about what is in
// it.
func TestAuthenticatorCantListProjects(t *testing.T) {
	s := serve(t, emulator.Options{Projects: []emulator.Project{}})
	s.Fail(emulator.Fault{Path: "/v3/projects", Delay: time.Nanosecond}, emulator.Fault{Path: "/v3/projects", Status: 503})
	if e := s.authenticator(keySet).fails(); e.Summary != "No such project" || strings.Contains(e.Detail, "The credentials see") {
		t.Errorf("got %q: %s", e.Summary, e.Detail)
	}
}

// The project stays what it was looked up to be once, whyever there are new
// credentials.
func TestAuthenticatorLooksUpTheProjectOnce(t *testing.T) {
	s := serve(t, emulator.Options{})
	s.clock.advance(-10 * time.Minute) // so that signatures are still accepted later
	a := s.authenticator(and(keySet, agencyByID))
	first := a.must()
	s.wantCalls(postSTS, getProjects)
	if !a.Renew(t.Context(), first) {
		t.Fatal("not renewed")
	}
	s.use(a)
	s.wantCalls(postSTS, getApps)
	s.clock.advance(16 * time.Minute)
	s.use(a)
	s.wantCalls(postSTS, getApps)
}

// Those who come at the same time wait for one fetch, and those who come later
// need none.
func TestAuthenticatorFetchesOnce(t *testing.T) {
	tests := map[string]struct {
		put   func(*testEnvironment)
		first string
		calls []string
	}{
		"a project":       {keySet, getProjects, []string{getProjects}},
		"a token":         {passwordSet, postToken, []string{postToken}},
		"an agency":       {and(keySet, agencyByID), postSTS, []string{postSTS, getProjects}},
		"from a token on": {and(passwordSet, agencyByName), postToken, []string{postToken, postKeys, postKeys, getProjects}},
		"metadata":        {metadataSet, putSession, []string{putSession, getKeys, getProjects}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			a := s.authenticator(tc.put)
			results := a.together(30, tc.first)
			s.wantCalls(tc.calls...)
			results = append(results, a.together(30, tc.first)...)
			for _, r := range results {
				if r.err != nil || r.Credentials != results[0].Credentials || r.Credentials == (transport.Credentials{}) {
					t.Fatalf("got %v, %v, and others got %v", r.Credentials, r.err, results[0].Credentials)
				}
			}
			s.wantCalls()
			s.use(a)
		})
	}
}

var errStopped = errors.New("stopped by the test")

// Who waits can stop waiting; the fetch goes on for the others.
func TestAuthenticatorWaiterStops(t *testing.T) {
	s := serve(t, emulator.Options{})
	a := s.authenticator(passwordSet)
	g := s.gate(postToken)
	fetcher := a.ask(t.Context())
	a.waitFor(func() bool { return len(a.slot) == 1 })
	ctx, stop := context.WithCancelCause(t.Context())
	stopping, staying := a.ask(ctx), a.ask(t.Context())
	stop(errStopped)
	select {
	case r := <-stopping:
		if r.err != errStopped || r.Credentials != (transport.Credentials{}) { //nolint:errorlint // as it is, not wrapped
			t.Errorf("got %v, %v, want the cause", r.Credentials, r.err)
		}
	case <-time.After(10 * time.Second):
		t.Error("goes on waiting")
	}
	select {
	case <-fetcher:
		t.Fatal("the gate was open")
	default:
	}
	g.open()
	for _, who := range []<-chan result{fetcher, staying} {
		if r := <-who; r.err != nil {
			t.Errorf("got %v", r.err)
		}
	}
	s.use(a)
	s.wantCalls(postToken, getApps)
}

// A fetch that ends with its context is made again by who waits for it, and is
// no failure.
func TestAuthenticatorFetchStops(t *testing.T) {
	s := serve(t, emulator.Options{})
	a := s.authenticator(passwordSet)
	g := s.gate(postToken)
	ctx, stop := context.WithCancelCause(t.Context())
	fetcher := a.ask(ctx)
	a.waitFor(func() bool { return len(a.slot) == 1 })
	waiter := a.ask(t.Context())
	stop(errStopped)
	if r := <-fetcher; r.err != errStopped || r.Credentials != (transport.Credentials{}) { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v, %v, want the cause", r.Credentials, r.err)
	}
	g.open()
	if r := <-waiter; r.err != nil {
		t.Errorf("got %v", r.err)
	}
	s.ResetRequests() // what has become of the first one is not known
	s.use(a)
	s.wantCalls(getApps)
}

// A renewal in advance that ends with its context doesn't keep others from
// making it, and is nothing to warn of.
func TestAuthenticatorRenewalStops(t *testing.T) {
	s := serve(t, emulator.Options{TokenLifetime: time.Hour})
	a := s.authenticator(passwordSet)
	old := a.must()
	s.clock.advance(56 * time.Minute)
	s.log.Reset()
	g := s.gate(postToken)
	ctx, stop := context.WithCancelCause(t.Context())
	fetcher := a.ask(ctx)
	a.waitFor(func() bool { return len(a.slot) == 1 })
	waiter := a.ask(t.Context())
	stop(errStopped)
	if r := <-fetcher; r.err != errStopped { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v, %v, want the cause", r.Credentials, r.err)
	}
	g.open()
	if r := <-waiter; r.err != nil || r.Credentials == old {
		t.Errorf("got %v, %v, want new ones", r.Credentials, r.err)
	}
	if strings.Contains(s.log.String(), "WARN") {
		t.Errorf("logged %s", s.log.String())
	}
}

// A user's or an account's ID in place of its name is refused as any other wrong one.
func TestAuthenticatorIDForAName(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	for want, put := range map[string]func(*testEnvironment){
		"The name of the domain looks like an ID: set domain_id instead of domain_name.": func(w *testEnvironment) { w.DomainName, w.DomainID = id, "" },
		"The name of the user looks like an ID: set user_id instead of user_name.":       func(w *testEnvironment) { w.UserName = id },
	} {
		s := serve(t, emulator.Options{})
		if e := s.authenticator(and(passwordSet, put)).fails(); !strings.Contains(e.Detail, want) {
			t.Errorf("got %s", e.Detail)
		}
	}
}

// What was refused is not asked for again; what failed is, by who comes after
// those that waited for it, or, with a password, a minute later.
func TestAuthenticatorFailures(t *testing.T) {
	stages := map[string]struct {
		put     func(*testEnvironment)
		path    string
		calls   []string // the last of which fails
		summary string
		advice  string
	}{
		"password": {passwordSet, "/v3/auth/tokens", []string{postToken}, "No token from IAM",
			`Check the user, the password, and the account (domain) that the user is in, which is not the project. The token was to be for the project with the name "cn-north-4" (as the region, by the default).`},
		"password for a project by ID": {and(passwordSet, func(w *testEnvironment) { w.ProjectID = emulator.DefaultProjectID }), "/v3/auth/tokens", []string{postToken}, "No token from IAM",
			"The token was to be for project " + emulator.DefaultProjectID + " (the argument project_id)."},
		"ID token": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: canary}
			w.ProjectName = "mine"
		}, "/v3.0/OS-AUTH/", []string{postIDToken}, "No token from IAM", `Check that IAM has an identity provider "emulator-idp" that takes tokens of this issuer and audience (in HCP Terraform, ` +
			`TFC_WORKLOAD_IDENTITY_AUDIENCE of the workspace), and that its rules give users access. ` + notJWT + ` The token was to be for the project with the name "mine" (the argument project_name).`},
		"metadata": {metadataSet, "/openstack", []string{putSession, getKeys}, "No access key from this ECS",
			"The metadata service answers on an ECS only, and has a key only if the ECS has an agency. It was asked for by the environment (SPARKRTC_ECS_METADATA)."},
		"keys for a token": {and(func(w *testEnvironment) { w.Token = emulator.DefaultToken }, agencyByName), "/v3.0/OS-CREDENTIAL", []string{postKeys}, "No access key for the token",
			"An agency is assumed with an access key, and IAM gives none for this token."},
		"agency by name": {and(keySet, agencyByName), "/v3.0/OS-CREDENTIAL", []string{postKeys}, "Agency can't be assumed",
			"It is agency emulator-agency of account emulator-domain, from assume_role of the provider block. Check its name and account, that it trusts the account of the credentials, and that their user may assume it (permission \"Agent Operator\"). " +
				"Its key was requested for 1h0m0s (duration): STS gives 12 hours at most, and one hour with a temporary key."},
		"agency by ID": {and(metadataSet, agencyByID), "/v5/", []string{putSession, getKeys, postSTS}, "Agency can't be assumed",
			"It is agency emulator-agency of account " + emulator.DefaultDomainID + " (domain_id), from assume_role of the provider block. Check its name and account, that it trusts the account of the credentials, and that their user may assume it (permission \"Agent Operator\"). " +
				"Its key was requested for 20m0s (duration): STS gives 12 hours at most, and one hour with a temporary key."},
		"project of a key": {keySet, "/v3/projects", []string{getProjects}, "Project can't be looked up",
			`No project_id is set, so that IAM was asked for the project with the name "cn-north-4" (as the region, by the default). Set project_id`},
		"project of an agency": {and(keySet, agencyByID), "/v3/projects", []string{postSTS, getProjects}, "Project can't be looked up", "Set project_id"},
	}
	const noSuchProject = "Check the project: project_id is an ID, project_name a name, and without either it is the region's. The token was to be for "
	notFound := map[string]string{ // the advice where a project is what was not found
		"password":                     noSuchProject + `the project with the name "cn-north-4" (as the region, by the default).`,
		"password for a project by ID": noSuchProject + "project " + emulator.DefaultProjectID + " (the argument project_id).",
		"ID token":                     noSuchProject + `the project with the name "mine" (the argument project_name).`,
	}
	faults := map[string]struct {
		emulator.Fault
		refused bool
		mention string
	}{
		"400":          {emulator.Fault{Status: 400, Message: "What?"}, true, "HTTP 400: "},
		"401":          {emulator.Fault{Status: 401, Message: "No."}, true, "HTTP 401: "},
		"403":          {emulator.Fault{Status: 403, Message: "No."}, true, "HTTP 403: "},
		"404":          {emulator.Fault{Status: 404, Code: "IAM.0004", Message: "No."}, true, "HTTP 404: IAM.0004: No."},
		"408":          {emulator.Fault{Status: 408}, false, "HTTP 408"},
		"429":          {emulator.Fault{Status: 429, Message: "Slowly."}, false, "HTTP 429: "},
		"500":          {emulator.Fault{Status: 500}, false, "HTTP 500"},
		"503":          {emulator.Fault{Status: 503, Message: "Later."}, false, "HTTP 503: "},
		"no response":  {emulator.Fault{Drop: true, Times: 2}, false, "EOF"}, // Go repeats a GET
		"cut":          {emulator.Fault{Cut: true}, false, "the response broke off"},
		"proxy's page": {emulator.Fault{Status: 403, RawBody: "<html>", ContentType: "text/html"}, false, "HTTP 403: the response (text/html) is not one of this API"},
		"another JSON": {emulator.Fault{RawBody: "[]", ContentType: "application/json"}, false, "HTTP 200: the response (application/json) is not one of this API"},
	}
	for stageName, stage := range stages {
		for faultName, fault := range faults {
			t.Run(stageName+", "+faultName, func(t *testing.T) {
				s := serve(t, emulator.Options{})
				s.secret(canary, "IDTOKEN")
				fault.Path = stage.path
				s.Fail(fault.Fault)
				a := s.authenticator(stage.put)

				results := a.together(5, stage.calls[0])
				for _, r := range results {
					e := a.failed(r.Credentials, r.err)
					summary, advice := stage.summary, stage.advice
					switch signed := stageName != "metadata" && !strings.Contains(stage.summary, "oken"); {
					case signed && fault.Status == 401:
						summary, advice = "Access key refused by IAM", "Check the access key and its secret key, and the security token if it is a temporary one, which may have expired"
					case stageName != "metadata" && !fault.refused:
						advice = "Check the network, the proxy (HTTPS_PROXY, NO_PROXY), and auth_url, HW_AUTH_URL or SPARKRTC_STS_ENDPOINT if one is set, or try again later."
					case fault.Status == 404 && notFound[stageName] != "":
						advice = notFound[stageName]
					}
					e.check(t, "", summary, []string{"Could not ", " at 127.0.0.1:", fault.mention, ".\n\n", advice})
					if r.err != results[0].err { //nolint:errorlint // the very same
						t.Errorf("%v got another error: %v", results[0].err, r.err)
					}
				}
				called := operations(s)
				if fault.Drop {
					s.ClearFaults()
					called = slices.Compact(called)
				}
				if !slices.Equal(called, stage.calls) {
					t.Errorf("called %q, want %q", called, stage.calls)
				}
				s.ResetRequests()

				if fault.refused {
					s.clock.advance(time.Hour)
					for range 3 {
						if e := a.fails(); error(e) != results[0].err { //nolint:errorlint // the very same
							t.Errorf("got %v", e)
						}
					}
					s.wantCalls()
					return
				}
				if strings.HasPrefix(stageName, "password") {
					for range 3 {
						if e := a.fails(); error(e) != results[0].err { //nolint:errorlint // the very same
							t.Errorf("within a minute: got %v", e)
						}
					}
					s.wantCalls()
					s.clock.advance(time.Minute)
				}
				if stageName == "ID token" {
					s.Fail(emulator.Fault{Path: stage.path, Status: 201, RawBody: `{"token":{"project":{"id":"p"}}}`, Header: http.Header{"X-Subject-Token": {"c0ffee-token"}}})
				}
				a.must()
				if got := operations(s); len(got) < len(stage.calls) || !slices.Equal(got[:len(stage.calls)], stage.calls) {
					t.Errorf("called %q again, want %q", got, stage.calls)
				}
				s.ResetRequests()
				a.must()
				s.wantCalls()
			})
		}
	}
}

// What the emulator itself refuses: a wrong password, an ID token that has
// expired, an agency that may not be assumed, an ECS without one.
func TestAuthenticatorIsRefused(t *testing.T) {
	tests := map[string]struct {
		opts    emulator.Options
		put     func(*testEnvironment, *services)
		summary string
		mention string
		calls   int
	}{
		"wrong password": {emulator.Options{Password: "c0ffee-other"}, func(w *testEnvironment, _ *services) { passwordSet(w) },
			"No token from IAM", "HTTP 401: The username or password is wrong.", 1},
		"no such project": {emulator.Options{Projects: []emulator.Project{}}, func(w *testEnvironment, _ *services) { passwordSet(w) },
			"No token from IAM", "HTTP 404: Could not find project: cn-north-4.", 1},
		"no such project for an ID token": {emulator.Options{Projects: []emulator.Project{}}, func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
		}, "No token from IAM", "Check the project: project_id is an ID, project_name a name", 1},
		"ID token for another audience": {emulator.Options{}, func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID,
				IDToken: s.idToken(emulator.WithIssuer("https://issuer"), emulator.WithAudience("a", "b"), emulator.WithSubject("us"), emulator.WithExpiry(time.Unix(4102444800, 0)))}
		}, "No token from IAM", `and that its rules give users access. The token says: issuer "https://issuer", audience "[a b]", subject "us", valid until 2100-01-01T00:00:00Z. The token was to be for`, 1},
		"ID token that has expired": {emulator.Options{}, func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken(emulator.WithExpiry(time.Unix(1, 0)))}
		}, "No token from IAM", "HTTP 401: The ID token is invalid: it has expired.", 1},
		"another identity provider": {emulator.Options{IDPID: "other"}, func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
		}, "No token from IAM", "HTTP 403: The identity provider emulator-idp is not found or not enabled.", 1},
		"agency by name": {emulator.Options{AgencyForbidden: true}, func(w *testEnvironment, _ *services) { keySet(w); agencyByName(w) },
			"Agency can't be assumed", "HTTP 403: You are not authorized", 1},
		"agency by ID": {emulator.Options{AgencyForbidden: true}, func(w *testEnvironment, _ *services) { keySet(w); agencyByID(w) },
			"Agency can't be assumed", "HTTP 403: STS5.0403: not allowed to assume the agency", 1},
		"wrong secret key": {emulator.Options{SecretKey: "c0ffee-other-key"}, func(w *testEnvironment, _ *services) { keySet(w) },
			"Access key refused by IAM", "HTTP 401: Incorrect IAM authentication information: verify aksk signature fail", 1},
		"ECS without an agency": {emulator.Options{MetadataNoAgency: true}, func(w *testEnvironment, _ *services) { metadataSet(w) },
			"No access key from this ECS", "HTTP 401: 401 Unauthorized Please configure Cloud Service Agency first", 2},
		"no ECS": {emulator.Options{MetadataOff: true}, func(w *testEnvironment, _ *services) { metadataSet(w) },
			"No access key from this ECS", "HTTP 404: 404 Not Found", 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.opts)
			a := s.authenticator(func(w *testEnvironment) { tc.put(w, s) })
			for range 3 {
				a.fails().check(t, "", tc.summary, []string{tc.mention})
			}
			if sent := operations(s); len(sent) != tc.calls {
				t.Errorf("called %q", sent)
			}
		})
	}
}

// operations are what was called.
func operations(s *services) []string {
	var list []string
	for _, r := range s.Requests() {
		list = append(list, r.Method+" "+r.Path)
	}
	return list
}

// Without a server, the error says so, and it is tried again, with a password
// after a minute.
func TestAuthenticatorWithoutNetwork(t *testing.T) {
	const closed = "http://127.0.0.1:1" // a free port could be taken by another test
	tests := map[string]struct {
		put              func(*testEnvironment)
		summary, mention string
		patient          bool
	}{
		"password": {and(passwordSet, func(w *testEnvironment) { w.AuthURL = closed }), "No token from IAM", "Could not log in with the password at ", true},
		"password, agency": {and(passwordSet, agencyByID, func(w *testEnvironment) { w.set("SPARKRTC_STS_ENDPOINT=" + closed) }),
			"Agency can't be assumed", "Could not assume the agency at ", true},
		"ID token": {func(w *testEnvironment) {
			w.AssumeRoleWithOIDC, w.AuthURL = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary}, closed
		}, "No token from IAM", "Could not get a token for the ID token at ", false},
		"access key": {and(keySet, func(w *testEnvironment) { w.AuthURL = closed }), "Project can't be looked up", "Could not list the projects at ", false},
		"agency": {and(keySet, agencyByID, func(w *testEnvironment) { w.set("SPARKRTC_STS_ENDPOINT=" + closed) }),
			"Agency can't be assumed", "Could not assume the agency at ", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			a := s.authenticator(tc.put)
			first := a.fails()
			first.check(t, "", tc.summary, []string{tc.mention, "connection refused",
				"\n\nCheck the network, the proxy (HTTPS_PROXY, NO_PROXY), and auth_url, HW_AUTH_URL or SPARKRTC_STS_ENDPOINT if one is set, or try again later."})
			if tc.patient {
				s.clock.advance(59 * time.Second)
				if second := a.fails(); second != first {
					t.Error("tried again within a minute")
				}
				s.clock.advance(time.Second)
			}
			if second := a.fails(); second == first {
				t.Error("not tried again")
			}
		})
	}
}

// A password is sent twice at most, because it may have been counted as a wrong
// one where the response was lost; nothing else is spared.
func TestAuthenticatorRepeatsAPasswordOnce(t *testing.T) {
	tests := map[string]struct {
		put  func(*testEnvironment)
		path string
		want []string
	}{
		"password": {passwordSet, "/v3/auth/tokens", slices.Repeat([]string{postToken}, 2)},
		"ID token": {func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary} }, "/v3.0/OS-AUTH/", slices.Repeat([]string{postIDToken}, 4)},
		"password, then keys for the token": {and(passwordSet, agencyByName), "/v3.0/OS-CREDENTIAL",
			append([]string{postToken}, slices.Repeat([]string{postKeys}, 4)...)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.send = s.send.With(func(cfg *transport.Config) { cfg.MaxRetries, cfg.RetryWaitMin = 3, time.Nanosecond })
			s.Fail(emulator.Fault{Path: tc.path, Status: 503, Message: "Later.", Times: -1})
			a := s.authenticator(tc.put)
			if e := a.fails(); !strings.Contains(e.Detail, "HTTP 503: Later.") {
				t.Errorf("got %v", e)
			}
			s.wantCalls(tc.want...)
		})
	}
}

// A token for another project than was asked for, or for none, is not used, and
// not asked for again. One that an agency is assumed with is for none.
func TestAuthenticatorTokenForAnotherProject(t *testing.T) {
	const (
		summary = "Token of IAM is for another project"
		todo    = "\n\nSet project_id to the ID of the project that the apps belong to, and check that the credentials are of the same account."
	)
	idToken := func(w *testEnvironment) { w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: "idp", IDToken: canary} }
	kinds := map[string]struct {
		put  func(*testEnvironment)
		path string
		call string
	}{
		"password": {passwordSet, "/v3/auth/tokens", postToken},
		"ID token": {idToken, "/v3.0/OS-AUTH/", postIDToken},
	}
	tests := map[string]struct {
		put    func(*testEnvironment)
		body   string
		detail string // "" for a token that is used
	}{
		"the one": {func(w *testEnvironment) { w.ProjectID = "p1" }, `{"token":{"project":{"id":"p1"}}}`, ""},
		"another one": {func(w *testEnvironment) { w.ProjectID = "p1" }, `{"token":{"project":{"id":"p2"}}}`,
			`IAM was asked for a token for project p1 (the argument project_id), and gave one for project "p2". It is not used.` + todo},
		"another one than the environment's": {func(w *testEnvironment) { w.set("HW_PROJECT_ID=p1") }, `{"token":{"project":{"id":"p2"}}}`,
			`IAM was asked for a token for project p1 (the environment variable HW_PROJECT_ID), and gave one for project "p2". It is not used.` + todo},
		"none for an ID": {func(w *testEnvironment) { w.ProjectID = "p1" }, `{"token":{}}`,
			`IAM was asked for a token for project p1 (the argument project_id), and gave one for project "". It is not used.` + todo},
		"some one for a name": {func(w *testEnvironment) { w.ProjectName = "mine" }, `{"token":{"project":{"id":"p2","name":"theirs"}}}`, ""},
		"none for a name": {func(w *testEnvironment) { w.ProjectName = "mine" }, `{"token":{"project":{"name":"mine"}}}`,
			`IAM was asked for a token for the project with the name "mine" (the argument project_name), and gave one for project "". It is not used.` + todo},
		"some one for the region": {func(*testEnvironment) {}, `{"token":{"project":{"id":"p2"}}}`, ""},
		"none for the region": {func(*testEnvironment) {}, `{}`,
			`IAM was asked for a token for the project with the name "cn-north-4" (as the region, by the default), and gave one for project "". It is not used.` + todo},
	}
	for kindName, kind := range kinds {
		for name, tc := range tests {
			t.Run(kindName+", "+name, func(t *testing.T) {
				s := serve(t, emulator.Options{})
				s.secret(canary, "CANARY")
				s.Fail(emulator.Fault{Path: kind.path, Status: 201, RawBody: tc.body, Header: http.Header{"X-Subject-Token": {"c0ffee-token"}}})
				a := s.authenticator(and(kind.put, tc.put))
				if tc.detail == "" {
					if got := a.must(); got.Token != "c0ffee-token" {
						t.Error("another token")
					}
					s.wantCalls(kind.call)
					return
				}
				for range 3 {
					if e := a.fails(); e.Summary != summary || e.Attribute != "" || e.Detail != tc.detail {
						t.Errorf("got %q on %q: %s\nwant %s", e.Summary, e.Attribute, e.Detail, tc.detail)
					}
					s.clock.advance(time.Hour)
				}
				s.wantCalls(kind.call)
			})
		}
		t.Run(kindName+", none for an agency", func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.secret(canary, "CANARY")
			s.Fail(emulator.Fault{Path: kind.path, Status: 201, RawBody: "{}", Header: http.Header{"X-Subject-Token": {"c0ffee-token"}}},
				emulator.Fault{Method: http.MethodPost, Path: "/v3.0/OS-CREDENTIAL", RawBody: `{"credential":{"access":"AKNEW","secret":"c0ffee-sk","securitytoken":"c0ffee-st"}}`, Times: 2})
			a := s.authenticator(and(kind.put, agencyByName, func(w *testEnvironment) { w.ProjectID = "p1" }))
			if got := a.must(); got.AccessKey != "AKNEW" || got.ProjectID != "p1" {
				t.Errorf("got %v of project %s", got, got.ProjectID)
			}
			s.wantCalls(kind.call, postKeys, postKeys)
		})
	}
}

// oidcFile is an ID token in a file, which holds the given one for now.
func oidcFile(token string) func(*testEnvironment) {
	return func(w *testEnvironment) {
		w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDTokenFile: w.file("id-token", token)}
	}
}

// An ID token in a file that was refused is not sent again. Another one is, as
// soon as it is there.
func TestAuthenticatorTriesAnotherIDToken(t *testing.T) {
	s := serve(t, emulator.Options{})
	expired := func() string { return s.idToken(emulator.WithExpiry(time.Unix(1, 0))) }
	var home *testEnvironment
	a := s.authenticator(and(oidcFile(expired()), func(w *testEnvironment) { home = w }))
	refused := func(first *Error) *Error {
		t.Helper()
		for range 3 {
			e := a.fails()
			e.check(t, "", "No token from IAM", []string{"HTTP 401: The ID token is invalid: it has expired.", "valid until 1970-01-01T00:00:01Z. The token was to be for"})
			if first == nil {
				first = e
			}
			if e != first {
				t.Errorf("another error: %v", e)
			}
			s.clock.advance(time.Hour)
		}
		return first
	}
	first := refused(nil)
	s.wantCalls(postIDToken)

	for _, unusable := range []string{"", "c0ffee c0ffee"} {
		home.file("id-token", unusable)
		_ = refused(first)
	}
	must(t, os.Remove(filepath.Join(home.home, "id-token")))
	_ = refused(first)
	s.wantCalls()

	home.file("id-token", expired())
	if second := refused(nil); second == first {
		t.Error("not tried again")
	}
	s.wantCalls(postIDToken)

	home.file("id-token", s.idToken())
	s.use(a)
	s.wantCalls(postIDToken, getApps)
}

// That an ID token was refused once is forgotten when another one is taken: that
// one may be sent again.
func TestAuthenticatorForgetsARefusal(t *testing.T) {
	s := serve(t, emulator.Options{})
	var home *testEnvironment
	a := s.authenticator(and(oidcFile(s.idToken(emulator.WithExpiry(time.Unix(1, 0)))), func(w *testEnvironment) { home = w }))
	a.fails().check(t, "", "No token from IAM", nil)
	home.file("id-token", s.idToken())
	first := a.must()
	s.ResetRequests()
	if !a.Renew(t.Context(), first) {
		t.Fatal("not renewed")
	}
	second := a.must()
	if second == first || second == (transport.Credentials{}) {
		t.Errorf("got %v, want others", second)
	}
	s.wantCalls(postIDToken)
	s.use(a)
}

// Another ID token whose fetch ended with its context was not refused.
func TestAuthenticatorFetchOfAnotherIDTokenStops(t *testing.T) {
	s := serve(t, emulator.Options{})
	var home *testEnvironment
	a := s.authenticator(and(oidcFile(s.idToken(emulator.WithExpiry(time.Unix(1, 0)))), func(w *testEnvironment) { home = w }))
	a.fails().check(t, "", "No token from IAM", nil)
	home.file("id-token", s.idToken())
	g := s.gate(postIDToken)
	ctx, stop := context.WithCancelCause(t.Context())
	fetcher := a.ask(ctx)
	a.waitFor(func() bool { return len(a.slot) == 1 })
	stop(errStopped)
	if r := <-fetcher; r.err != errStopped { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v, %v, want the cause", r.Credentials, r.err)
	}
	g.open()
	a.must()
}

// Credentials are fetched again five minutes before their end, or a quarter of
// their lifetime if that is less.
func TestAuthenticatorRenewsInTime(t *testing.T) {
	kinds := map[string]struct {
		put   func(*testEnvironment, *services)
		calls []string
	}{
		"password": {func(w *testEnvironment, _ *services) { passwordSet(w) }, []string{postToken}},
		"ID token": {func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken(emulator.WithExpiry(s.clock.now().Add(1000 * time.Hour)))}
		}, []string{postIDToken}},
		"metadata": {func(w *testEnvironment, _ *services) { metadataSet(w); w.ProjectID = emulator.DefaultProjectID }, []string{putSession, getKeys}},
	}
	for _, tc := range []struct{ lifetime, margin time.Duration }{
		{24 * time.Hour, 5 * time.Minute},
		{time.Hour, 5 * time.Minute},
		{20*time.Minute + 8*time.Second, 5 * time.Minute},
		{16 * time.Minute, 4 * time.Minute},
		{4 * time.Minute, time.Minute},
	} {
		for name, kind := range kinds {
			t.Run(name+", "+tc.lifetime.String(), func(t *testing.T) {
				s := serve(t, emulator.Options{TokenLifetime: tc.lifetime, KeyLifetime: tc.lifetime})
				a := s.authenticator(func(w *testEnvironment) { kind.put(w, s) })
				first := a.must()
				for range 2 { // the new ones have a margin of their own
					s.ResetRequests()
					s.clock.advance(tc.lifetime - tc.margin - time.Second)
					if a.must() != first {
						t.Fatal("new ones too early")
					}
					s.wantCalls()
					s.clock.advance(2 * time.Second)
					second := a.must()
					if second == first {
						t.Fatal("not renewed")
					}
					s.wantCalls(kind.calls...)
					first = second
				}
			})
		}
	}

	// An agency's end counts, not that of what assumes it. Requests to assume
	// it are signed, and their time has to be about that of the services.
	for name, put := range map[string]func(*testEnvironment){"IAM": agencyByName, "STS": agencyByID} {
		t.Run("agency, "+name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.clock.advance(-12 * time.Minute)
			a := s.authenticator(and(keySet, put, func(w *testEnvironment) { w.AssumeRole.Duration = 1500; w.ProjectID = emulator.DefaultProjectID }))
			first := a.must()
			s.clock.advance(20*time.Minute - time.Second)
			if a.must() != first {
				t.Error("new ones too early")
			}
			s.clock.advance(2 * time.Second)
			if a.must() == first {
				t.Error("not renewed")
			}
			if len(operations(s)) != 2 {
				t.Errorf("called %q", operations(s))
			}
		})
	}
}

// Credentials whose end is not known are kept until they are refused.
func TestAuthenticatorKeepsWhatHasNoEnd(t *testing.T) {
	token := http.Header{"X-Subject-Token": {"c0ffee-token"}}
	tests := map[string]struct {
		put   func(*testEnvironment)
		fault emulator.Fault
	}{
		"token":             {passwordSet, emulator.Fault{Status: 201, RawBody: `{"token":{"project":{"id":"p"}}}`, Header: token}},
		"token that is old": {passwordSet, emulator.Fault{Status: 201, RawBody: `{"token":{"expires_at":"2001-01-01T00:00:00Z","project":{"id":"p"}}}`, Header: token}},
		"token until ?":     {passwordSet, emulator.Fault{Status: 201, RawBody: `{"token":{"expires_at":"tomorrow","project":{"id":"p"}}}`, Header: token}},
		"keys": {and(metadataSet, func(w *testEnvironment) { w.ProjectID = "p" }), emulator.Fault{Method: http.MethodGet, RawBody: `{"credential":{"access":"AKNEW","secret":"c0ffee-sk","securitytoken":"c0ffee-st"}}`,
			ContentType: "application/json"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.secret(canary, "CANARY")
			s.Fail(tc.fault)
			a := s.authenticator(tc.put)
			first := a.must()
			s.ResetRequests()
			s.clock.advance(10000 * time.Hour)
			if a.must() != first {
				t.Error("others")
			}
			s.wantCalls()
			if !a.Renew(t.Context(), first) || a.must() == first {
				t.Error("not renewed")
			}
		})
	}
	for name, put := range map[string]func(*testEnvironment){"access key": keySet, "static token": func(w *testEnvironment) { w.Token = emulator.DefaultToken }} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			a := s.authenticator(put)
			a.must()
			s.ResetRequests()
			s.clock.advance(10000 * time.Hour)
			a.must()
			s.wantCalls()
		})
	}
}

// A renewal in advance that fails is warned of and made again after a minute.
// Until their end the old credentials serve.
func TestAuthenticatorRenewalFails(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"status":      {Path: "/v3/auth", Status: 503, Message: "Later.", Times: -1},
		"no response": {Path: "/v3/auth", Drop: true, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{TokenLifetime: time.Hour})
			a := s.authenticator(passwordSet)
			old := a.must()
			s.ResetRequests()
			s.Fail(fault)
			s.clock.advance(55 * time.Minute)
			for minute := range 5 {
				s.log.Reset()
				for _, r := range a.together(5, postToken) {
					if r.err != nil || r.Credentials != old {
						t.Fatalf("minute %d: got %v, %v, want the old ones", minute, r.Credentials, r.err)
					}
				}
				s.wantCalls(postToken)
				if lines := s.log.String(); strings.Count(lines, "\n") != 1 ||
					!strings.HasPrefix(lines, `level=WARN msg="credentials could not be renewed in advance" error="No token from IAM: Could not log in with the password`) {
					t.Errorf("logged %s", lines)
				}
				s.clock.advance(59 * time.Second)
				a.must()
				s.wantCalls()
				s.clock.advance(time.Second)
			}
			a.fails().check(t, "", "No token from IAM", nil)
			s.wantCalls(postToken)
			s.ClearFaults()
			s.clock.advance(59 * time.Second)
			a.fails().check(t, "", "No token from IAM", nil)
			s.wantCalls()
			s.clock.advance(time.Second)
			if a.must() == old {
				t.Error("the old ones, after their end")
			}
			s.wantCalls(postToken)
		})
		t.Run(name+", then succeeds", func(t *testing.T) {
			s := serve(t, emulator.Options{TokenLifetime: time.Hour})
			a := s.authenticator(passwordSet)
			old := a.must()
			s.Fail(fault)
			s.clock.advance(56 * time.Minute)
			a.must()
			s.ClearFaults()
			s.ResetRequests()
			s.clock.advance(time.Minute)
			if a.must() == old {
				t.Error("not renewed")
			}
			s.use(a)
			s.wantCalls(postToken, getApps)
		})
	}
}

func TestAuthenticatorRenew(t *testing.T) {
	static := map[string]func(*testEnvironment){
		"access key":           keySet,
		"temporary access key": and(keySet, func(w *testEnvironment) { w.SecurityToken = "c0ffee" }),
		"token":                func(w *testEnvironment) { w.Token = emulator.DefaultToken },
	}
	for name, put := range static {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{SecurityToken: map[bool]string{true: "c0ffee"}[strings.HasPrefix(name, "temporary")]})
			a := s.authenticator(put)
			current := a.must()
			s.ResetRequests()
			if a.Renew(t.Context(), current) || a.Renew(t.Context(), transport.Credentials{}) {
				t.Error("renewed, and there are no others")
			}
			if a.must() != current {
				t.Error("not the same as before")
			}
			s.wantCalls()
		})
	}
	fetched := map[string]func(*testEnvironment, *services){
		"password": func(w *testEnvironment, _ *services) { passwordSet(w) },
		"ID token": func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
		},
		"metadata":             func(w *testEnvironment, _ *services) { metadataSet(w) },
		"agency with a key":    func(w *testEnvironment, _ *services) { keySet(w); agencyByID(w) },
		"agency with a token":  func(w *testEnvironment, _ *services) { w.Token = emulator.DefaultToken; agencyByName(w) },
		"agency from password": func(w *testEnvironment, _ *services) { passwordSet(w); agencyByName(w) },
	}
	for name, put := range fetched {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			a := s.authenticator(func(w *testEnvironment) { put(w, s) })
			if !a.Renew(t.Context(), transport.Credentials{Token: "another"}) {
				t.Error("what is not held yet can't be better")
			}
			first := a.must()
			s.Expire()
			s.ResetRequests()
			for range 2 {
				if !a.Renew(t.Context(), first) {
					t.Error("not renewed")
				}
			}
			s.wantCalls() // by who asks next
			second := a.must()
			if second == first {
				t.Fatal("the same as before")
			}
			s.use(a)

			s.ResetRequests()
			if !a.Renew(t.Context(), first) {
				t.Error("the first ones are not held any more, and there are better ones")
			}
			if a.must() != second {
				t.Error("those that were not refused were dropped")
			}
			s.clock.advance(59 * time.Second)
			if a.Renew(t.Context(), second) {
				t.Error("renewed twice within a minute")
			}
			if a.must() != second {
				t.Error("those that are kept were dropped")
			}
			s.wantCalls()
			s.clock.advance(2 * time.Second)
			if !a.Renew(t.Context(), second) {
				t.Error("not renewed after a minute")
			}
			if third := a.must(); third == second {
				t.Error("the same as before")
			}
		})
	}
}

// Who waits to give up what was refused can stop waiting.
func TestAuthenticatorRenewStops(t *testing.T) {
	s := serve(t, emulator.Options{TokenLifetime: time.Hour})
	a := s.authenticator(passwordSet)
	old := a.must()
	s.clock.advance(56 * time.Minute)
	g := s.gate(postToken)
	fetcher := a.ask(t.Context())
	a.waitFor(func() bool { return len(a.slot) == 1 })
	ctx, stop := context.WithCancel(t.Context())
	stopping, staying := make(chan bool, 1), make(chan bool, 1)
	go func() { stopping <- a.Renew(ctx, old) }()
	go func() { staying <- a.Renew(t.Context(), old) }()
	stop()
	select {
	case renewed := <-stopping:
		if renewed {
			t.Error("renewed")
		}
	case <-time.After(10 * time.Second):
		t.Error("goes on waiting")
	}
	select {
	case <-fetcher:
		t.Fatal("the gate was open")
	case <-staying:
		t.Fatal("has not waited")
	default:
	}
	g.open()
	if r := <-fetcher; r.err != nil || r.Credentials == old {
		t.Errorf("got %v, %v, want new ones", r.Credentials, r.err)
	}
	if !<-staying {
		t.Error("there are better ones")
	}
	s.use(a)
	s.wantCalls(postToken, postToken, getApps)
}

// Many are refused at once: all of them get the same new ones.
func TestAuthenticatorRenewsOnceForAll(t *testing.T) {
	s := serve(t, emulator.Options{})
	a := s.authenticator(passwordSet)
	first := a.must()
	s.ResetRequests()
	results := make([]result, 30)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			if !a.Renew(t.Context(), first) {
				t.Error("not renewed")
			}
			c, err := a.Credentials(t.Context())
			results[i] = result{c, err}
		})
	}
	all.Wait()
	for _, r := range results {
		if r.err != nil || r.Credentials == first || r.Credentials != results[0].Credentials {
			t.Errorf("got %v, %v", r.Credentials, r.err)
		}
	}
	s.wantCalls(postToken)
}

// Refused credentials and a refused fetch: nothing is asked for again.
func TestAuthenticatorRenewIsRefused(t *testing.T) {
	s := serve(t, emulator.Options{})
	a := s.authenticator(passwordSet)
	first := a.must()
	s.ResetRequests()
	s.SetOptions(func(o *emulator.Options) { o.Password = "c0ffee-changed" })
	for range 3 {
		if !a.Renew(t.Context(), first) {
			t.Error("not renewed")
		}
		a.fails().check(t, "", "No token from IAM", nil)
	}
	s.wantCalls(postToken)
}

// Each fetch is logged with what was found and what came of it.
func TestAuthenticatorLogs(t *testing.T) {
	const projectFound = `level=DEBUG msg="project looked up" project_name=cn-north-4 project_id=` + emulator.DefaultProjectID
	tests := map[string]struct {
		put  func(*testEnvironment)
		want []string
	}{
		"access key": {keySet, []string{projectFound}},
		"token":      {func(w *testEnvironment) { w.Token = emulator.DefaultToken }, nil},
		"password":   {passwordSet, []string{`level=DEBUG msg="credentials fetched" credentials=token found="the password of user emulator-user from the provider block" expires_at=`}},
		"metadata": {metadataSet, []string{projectFound,
			`level=DEBUG msg="credentials fetched" credentials="temporary access key ****KEY1" found="the keys of this ECS, asked for by the environment (SPARKRTC_ECS_METADATA)" expires_at=`}},
		"agency": {and(keySet, agencyByName), []string{projectFound, `level=DEBUG msg="credentials fetched" credentials="temporary access key ****KEY1" ` +
			`found="access key ****0001 from the provider block, to assume agency emulator-agency of account emulator-domain" expires_at=`}},
		"agency from a password": {and(passwordSet, agencyByID), []string{projectFound, `level=DEBUG msg="credentials fetched" credentials="temporary access key ****KEY2" ` +
			`found="the password of user emulator-user from the provider block, to assume agency emulator-agency of account ` + emulator.DefaultDomainID + ` (domain_id)" expires_at=`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{TokenLifetime: 2 * time.Hour, KeyLifetime: 2 * time.Hour})
			frozen := s.clock.now().Truncate(time.Second)
			s.SetOptions(func(o *emulator.Options) { o.Clock = func() time.Time { return frozen } })
			a := s.authenticator(tc.put)
			a.must()
			want := slices.Clone(tc.want)
			for i := range want {
				if strings.HasSuffix(want[i], "expires_at=") {
					want[i] += frozen.Add(2 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
				}
			}
			s.wantLog(want...)
			a.must()
			s.wantLog()
		})
	}
}

// A service that repeats what it was sent gives nothing away.
func TestAuthenticatorShowsNoSecret(t *testing.T) {
	for name, put := range map[string]func(*testEnvironment, *services){
		"password":              func(w *testEnvironment, _ *services) { passwordSet(w) },
		"password, then agency": func(w *testEnvironment, _ *services) { passwordSet(w); agencyByName(w) },
		"ID token": func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
		},
		"metadata":           func(w *testEnvironment, _ *services) { metadataSet(w) },
		"token, then agency": func(w *testEnvironment, _ *services) { w.Token = emulator.DefaultToken; agencyByID(w) },
		"key, then agency":   func(w *testEnvironment, _ *services) { keySet(w); agencyByID(w) },
	} {
		t.Run(name, func(t *testing.T) {
			for nth := range 4 {
				s := serve(t, emulator.Options{})
				s.echo = nth + 1
				a := s.authenticator(func(w *testEnvironment) { put(w, s) })
				c, err := a.Credentials(t.Context())
				if nth >= len(operations(s)) {
					return // there is no request that could fail
				}
				if e := a.failed(c, err); !strings.Contains(e.Detail, "it was sent") {
					t.Errorf("what the service said is missing: %s", e.Detail)
				}
				s.wantNoSecret(fmt.Sprintf("%v %+v %#v %v", a.resolved.Set, a.resolved.Set, a.resolved.Set, a.resolved.Hint()))
			}
		})
	}
}

// A renewal in advance that is refused is not tried again either; the old
// credentials serve until their end nonetheless.
func TestAuthenticatorRenewalIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		put  func(*testEnvironment, string)
		call string
	}{
		"password": {func(w *testEnvironment, _ string) { passwordSet(w) }, postToken},
		"ID token": {func(w *testEnvironment, token string) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: token}
		}, postIDToken},
		"ID token in a file, unchanged": {func(w *testEnvironment, token string) { oidcFile(token)(w) }, postIDToken},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{TokenLifetime: time.Hour})
			a := s.authenticator(func(w *testEnvironment) { tc.put(w, s.idToken(emulator.WithExpiry(s.clock.now().Add(30*time.Minute)))) })
			old := a.must()
			s.ResetRequests()
			s.SetOptions(func(o *emulator.Options) { o.Password = "c0ffee-changed" })
			s.clock.advance(55*time.Minute + time.Second)
			for range 4 {
				if a.must() != old {
					t.Error("not the old ones")
				}
				s.clock.advance(74 * time.Second)
			}
			s.wantCalls(tc.call)
			s.clock.advance(10 * time.Second)
			a.fails().check(t, "", "No token from IAM", nil)
			s.wantCalls()
		})
	}
}

// A renewal in advance for which the ID token in a file was refused is tried
// again after a minute, when there may be another one.
func TestAuthenticatorRenewalWithAnotherIDToken(t *testing.T) {
	s := serve(t, emulator.Options{TokenLifetime: time.Hour})
	var home *testEnvironment
	a := s.authenticator(and(oidcFile(s.idToken(emulator.WithExpiry(s.clock.now().Add(30*time.Minute)))), func(w *testEnvironment) { home = w }))
	old := a.must()
	s.ResetRequests()
	s.clock.advance(55*time.Minute + time.Second)
	if a.must() != old {
		t.Error("not the old ones")
	}
	s.wantCalls(postIDToken)
	home.file("id-token", s.idToken())
	s.clock.advance(59 * time.Second)
	if a.must() != old {
		t.Error("tried again within a minute")
	}
	s.wantCalls()
	s.clock.advance(2 * time.Second)
	if a.must() == old {
		t.Error("not renewed")
	}
	s.use(a)
	s.wantCalls(postIDToken, getApps)
}

// When a renewal fails in the last minute, the next one waits for the end and
// no longer, but for a password's, which is not sent within a minute.
func TestAuthenticatorRenewalFailsAtTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		put     func(*testEnvironment, *services)
		call    string
		patient bool
	}{
		"password": {func(w *testEnvironment, _ *services) { passwordSet(w) }, postToken, true},
		"ID token": {func(w *testEnvironment, s *services) {
			w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken(emulator.WithExpiry(s.clock.now().Add(1000 * time.Hour)))}
		}, postIDToken, false},
		"ID token in a file": {func(w *testEnvironment, s *services) {
			oidcFile(s.idToken(emulator.WithExpiry(s.clock.now().Add(1000 * time.Hour))))(w)
		}, postIDToken, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, emulator.Options{TokenLifetime: time.Hour})
			a := s.authenticator(func(w *testEnvironment) { tc.put(w, s) })
			old := a.must()
			s.Fail(emulator.Fault{Path: "/v3", Status: 503})
			s.clock.advance(time.Hour - 10*time.Second)
			if a.must() != old {
				t.Error("not the old ones")
			}
			s.ResetRequests()
			s.clock.advance(11 * time.Second)
			if tc.patient {
				a.fails().check(t, "", "No token from IAM", []string{"HTTP 503"})
				s.wantCalls()
				s.clock.advance(49 * time.Second)
			}
			if a.must() == old {
				t.Error("the old ones, after their end")
			}
			s.wantCalls(tc.call)
		})
	}
}
