// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
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

func keySet(w *world) {
	w.AccessKey, w.SecretKey = emulator.DefaultAccessKey, emulator.DefaultSecretKey
}

func passwordSet(w *world) {
	w.UserName, w.DomainName, w.Password = emulator.DefaultUserName, emulator.DefaultDomainName, emulator.DefaultPassword
}

func metadataSet(w *world) { w.set("SPARKRTC_ECS_METADATA=true") }

func agencyByName(w *world) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainName: emulator.DefaultDomainName}
}

func agencyByID(w *world) {
	w.AssumeRole = &AssumeRole{AgencyName: emulator.DefaultAgencyName, DomainID: emulator.DefaultDomainID, Duration: 1200}
}

func and(puts ...func(*world)) func(*world) {
	return func(w *world) {
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
		put  func(*world, *services)

		// What is sent for the set itself, without an agency and before one;
		// who asks the SparkRTC API without one, and who assumes it.
		sent, before []string
		uses, by     string
		keys         int  // that were issued before the agency's
		projectSet   bool // is not looked up
	}{
		"access key": {
			put:  func(w *world, _ *services) { keySet(w) },
			sent: []string{findRegion + " [AK]"}, uses: "AK " + project, by: "AK",
		},
		"access key with a project": {
			put:  func(w *world, _ *services) { keySet(w); w.ProjectID = project },
			uses: "AK " + project, by: "AK", projectSet: true,
		},
		"temporary access key": {
			opts: emulator.Options{SecurityToken: "c0ffee-security-token"},
			put:  func(w *world, _ *services) { keySet(w); w.SecurityToken = "c0ffee-security-token" },
			sent: []string{findRegion + " [AK ST]"}, uses: "AK ST " + project, by: "AK ST",
		},
		"token": {
			put:    func(w *world, _ *services) { w.Token = emulator.DefaultToken },
			before: []string{postKeys + ` {"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN"}}}}`},
			uses:   "TOKEN", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user and account by name": {
			put:    func(w *world, _ *services) { passwordSet(w) },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user in an account by ID": {
			put: func(w *world, _ *services) {
				passwordSet(w)
				w.DomainName, w.DomainID = "", emulator.DefaultDomainID
			},
			sent:   []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"domain":{"id":"` + emulator.DefaultDomainID + `"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password of a user by ID": {
			put:    func(w *world, _ *services) { w.UserID, w.Password = emulator.DefaultUserID, emulator.DefaultPassword },
			sent:   []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}` + forRegion + "}}"},
			before: []string{postToken + " " + passwordBody + `"id":"` + emulator.DefaultUserID + `","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"password, with a project": {
			put:    func(w *world, _ *services) { passwordSet(w); w.ProjectID = project },
			sent:   []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}},"scope":{"project":{"id":"` + project + `"}}}}`},
			before: []string{postToken + " " + passwordBody + `"domain":{"name":"emulator-domain"},"name":"emulator-user","password":"PASSWORD"}}}}}`, byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
		"ID token": {
			put: func(w *world, s *services) {
				w.AssumeRoleWithOIDC = &AssumeRoleWithOIDC{IDPID: emulator.DefaultIDPID, IDToken: s.idToken()}
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ID token in a file": {
			put: func(w *world, s *services) {
				w.set("HUAWEICLOUD_SDK_IDP_ID="+emulator.DefaultIDPID, "HUAWEICLOUD_SDK_ID_TOKEN_FILE="+w.file("id-token", s.idToken()+"\n"))
			},
			sent:   []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}` + forRegion + "}} [" + emulator.DefaultIDPID + "]"},
			before: []string{postIDToken + " " + idTokenBody + `IDTOKEN1"}}} [` + emulator.DefaultIDPID + "]", byToken1},
			uses:   "TOKEN1", by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata": {
			put:    func(w *world, _ *services) { metadataSet(w) },
			sent:   []string{putSession, getKeys + " [SESSION]", findRegion + " [KEY1 KEY1-ST]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1,
		},
		"ECS metadata with a project": {
			put:    func(w *world, _ *services) { metadataSet(w); w.set("HW_PROJECT_ID=" + project) },
			sent:   []string{putSession, getKeys + " [SESSION]"},
			before: []string{putSession, getKeys + " [SESSION]"},
			uses:   "KEY1 KEY1-ST " + project, by: "KEY1 KEY1-ST", keys: 1, projectSet: true,
		},
	}
	agencies := map[string]struct {
		put  func(*world)
		sent string
	}{
		"none": {func(*world) {}, ""},
		"by name": {agencyByName, postKeys + ` {"auth":{"identity":{"assume_role":{"agency_name":"emulator-agency","domain_name":"emulator-domain","duration_seconds":3600},` +
			`"methods":["assume_role"]}}}`},
		"by ID": {agencyByID, postSTS + ` {"agency_session_name":"terraform-provider-sparkrtc","agency_urn":"iam::` + emulator.DefaultDomainID +
			`:agency:emulator-agency","duration_seconds":1200}`},
	}
	for name, tc := range tests {
		for agencyName, agency := range agencies {
			t.Run(name+", agency "+agencyName, func(t *testing.T) {
				s := serve(t, tc.opts)
				a := s.authenticator(func(w *world) { tc.put(w, s); agency.put(w) })
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

// An ID token in a file is read anew for each fetch, and may be missing in
// between.
func TestAuthenticatorReadsTheIDTokenAnew(t *testing.T) {
	s := serve(t, emulator.Options{})
	var home *world
	a := s.authenticator(func(w *world) {
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
	a.fails().check(t, "", "ID token can't be read", []string{"id-token can't be read as a token: it is empty", "read anew for each token"})
	s.wantSent()
	home.file("id-token", s.idToken())
	s.use(a)
	s.wantSent(fmt.Sprintf(sent, "IDTOKEN3"), getApps+" [TOKEN3]")
}

func TestAuthenticatorScope(t *testing.T) {
	const other = "fedcba9876543210fedcba9876543210"
	projects := []emulator.Project{{ID: emulator.DefaultProjectID, Name: "cn-north-4"}, {ID: other, Name: "cn-east-3_dev"}, {ID: "p3", Name: "cn-east-3"}}
	tests := map[string]struct {
		put      func(*world)
		token    string // what the token of a password is for
		lookUp   string // what is looked up for an access key; "" for nothing
		projects string // what is found
	}{
		"region by default":          {func(*world) {}, `{"name":"cn-north-4"}`, "cn-north-4", emulator.DefaultProjectID},
		"region":                     {func(w *world) { w.Region = "cn-east-3" }, `{"name":"cn-east-3"}`, "cn-east-3", "p3"},
		"name":                       {func(w *world) { w.Region, w.ProjectName = "cn-east-3", "cn-east-3_dev" }, `{"name":"cn-east-3_dev"}`, "cn-east-3_dev", other},
		"ID":                         {func(w *world) { w.Region, w.ProjectID = "cn-east-3", other }, `{"id":"` + other + `"}`, "", other},
		"name in the environment":    {func(w *world) { w.set("HW_PROJECT_NAME=cn-east-3_dev") }, `{"name":"cn-east-3_dev"}`, "cn-east-3_dev", other},
		"ID before a name around it": {func(w *world) { w.ProjectID = other; w.set("HW_PROJECT_NAME=cn-east-3") }, `{"id":"` + other + `"}`, "", other},
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
			s.wantLog(`level=DEBUG msg="project looked up" name=` + tc.lookUp + ` project_id=` + tc.projects)
		})
	}
}

func TestAuthenticatorFindsNoProject(t *testing.T) {
	tests := map[string]struct {
		projects []emulator.Project
		put      func(*world)
		faults   []emulator.Fault
		summary  string
		detail   string
		sent     []string
		again    []string // by who comes next
	}{
		"none of that name": {
			[]emulator.Project{{ID: "p1", Name: "cn-north-1"}, {ID: "p2222", Name: "cn-north-1_dev"}}, func(*world) {}, nil, "No such project",
			`No project_id is set, and IAM has no project with the name "cn-north-4", which is what was looked for as the project of region cn-north-4, by the default. ` +
				"The credentials see these:\n\n  p1     cn-north-1      \n  p2222  cn-north-1_dev  \n\n\nSet project_id: it stands in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]", getProjects + " [AK]"}, []string{findRegion + " [AK]", getProjects + " [AK]"},
		},
		"none at all": {
			[]emulator.Project{}, func(w *world) { w.ProjectName = "mine" }, nil, "No such project",
			`No project_id is set, and IAM has no project with the name "mine", which is what was looked for as the project with the name "mine", by the argument project_name. ` +
				"The credentials see no project at all.\n\nSet project_id: it stands in the console under My Credentials > API Credentials.",
			[]string{getProjects + "?name=mine [AK]", getProjects + " [AK]"}, []string{getProjects + "?name=mine [AK]", getProjects + " [AK]"},
		},
		"several": {
			[]emulator.Project{{ID: "p1", Name: "cn-north-4"}, {ID: "p3", Name: "cn-north-1"}, {ID: "p2", Name: "cn-north-4"}}, func(*world) {}, nil, "Several projects",
			"No project_id is set, and IAM has several projects with the name \"cn-north-4\":\n\n  p1  cn-north-4  \n  p2  cn-north-4  \n\n\n" +
				"Set project_id: it stands in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]"}, []string{findRegion + " [AK]"},
		},
		"forbidden": {
			nil, func(w *world) { w.set("HW_REGION_NAME=cn-north-4") },
			[]emulator.Fault{{Path: "/v3/projects", Status: 403, Message: "You are not authorized to perform the requested action: identity:list_projects."}}, "Project can't be looked up",
			"Could not list the projects at HOST: HTTP 403: You are not authorized to perform the requested action: identity:list_projects. (request id ID).\n\n" +
				"No project_id is set, so that the project of region cn-north-4, by the environment variable HW_REGION_NAME was to be looked up. " +
				"Set project_id: it stands in the console under My Credentials > API Credentials.",
			[]string{findRegion + " [AK]"}, nil,
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
			a.fails()
			s.wantSent(tc.again...)
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
	if !a.Renew(first) {
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
		put   func(*world)
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
