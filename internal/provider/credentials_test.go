// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	getProjects  = "GET /v3/projects 200"
	postToken    = "POST /v3/auth/tokens 201"
	postIDToken  = "POST /v3.0/OS-AUTH/id-token/tokens 201"
	postKeys     = "POST /v3.0/OS-CREDENTIAL/securitytokens 201"
	postAssume   = "POST /v5/agencies/assume 200"
	putSession   = "PUT /meta-data/latest/api/token 200"
	getKey       = "GET /openstack/latest/securitykey 200"
	wrongSecret  = "wrong-secret-0123456789abcdef"
	credentialAK = emulator.DefaultAccessKey
	credentialSK = emulator.DefaultSecretKey
)

// Each source, with whatever is asked for on top of it: a plan and an apply in a process
// each, which fetch once each, whatever the number of resources.
func TestCredentialSources(t *testing.T) {
	t.Parallel()
	type given = map[string]any
	always := func(content string) func(string) string { return func(string) string { return content } }
	pair := []string{"HW_ACCESS_KEY=" + credentialAK, "HW_SECRET_KEY=" + credentialSK}
	wrong := []string{"HW_ACCESS_KEY=AKWRONG0000000000001", "HW_SECRET_KEY=" + wrongSecret, "HW_PROJECT_ID=" + emulator.DefaultProjectID}
	profile := func(more string) string {
		return fmt.Sprintf(`{"current": "other", "profiles": [{"name": "other", "mode": "AKSK", "accessKeyId": "AKWRONG0000000000001", "secretAccessKey": %q},
			{"name": "prod", "mode": "AKSK", "accessKeyId": %q, "secretAccessKey": %q%s}]}`, wrongSecret, credentialAK, credentialSK, more)
	}
	password := []string{"HW_USER_PASSWORD=" + emulator.DefaultPassword, "HW_USER_NAME=" + emulator.DefaultUserName, "HW_DOMAIN_NAME=" + emulator.DefaultDomainName}
	oidc := []string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID}
	agency := given{"assume_role": given{"agency_name": emulator.DefaultAgencyName, "domain_name": emulator.DefaultDomainName}}
	agencyByID := given{"assume_role": given{"agency_name": emulator.DefaultAgencyName, "domain_id": emulator.DefaultDomainID, "duration": 900}}
	tests := map[string]struct {
		block   given
		env     []string
		file    string // of the home
		content func(idToken string) string
		fetches []string
		hint    string
	}{
		"access key, project by region": {env: pair, fetches: []string{getProjects}, hint: "access key ****0001 from the environment (HW_ACCESS_KEY)"},
		"access key, project by name":   {block: given{"project_name": "cn-north-4"}, env: append([]string{"HW_REGION_NAME=cn-north-4"}, pair...), fetches: []string{getProjects}, hint: "****0001"},
		"block over the environment": {block: given{"access_key": credentialAK, "secret_key": credentialSK, "project_id": emulator.DefaultProjectID}, env: wrong,
			hint: "access key ****0001 from the provider block"},
		"password in the block": {block: given{"user_name": emulator.DefaultUserName, "password": emulator.DefaultPassword, "domain_name": emulator.DefaultDomainName}, env: wrong, fetches: []string{postToken},
			hint: "the password of user emulator-user from the provider block"},
		"password in the environment": {env: password, fetches: []string{postToken}, hint: "the password of user emulator-user from the environment"},
		"password, and an agency":     {block: agency, env: password, fetches: []string{postToken, postKeys, postKeys, getProjects}, hint: "to assume agency emulator-agency"},
		"token":                       {env: []string{"HW_AUTH_TOKEN=" + emulator.DefaultToken}, hint: "a token from the environment (HW_AUTH_TOKEN)"},
		"SDK's variables":             {env: []string{"HUAWEICLOUD_SDK_AK=" + credentialAK, "HUAWEICLOUD_SDK_SK=" + credentialSK, "HUAWEICLOUD_SDK_PROJECT_ID=" + emulator.DefaultProjectID}, hint: "HUAWEICLOUD_SDK_AK"},
		"SDK's file": {file: ".huaweicloud/credentials", content: always(fmt.Sprintf("[basic]\nak = %s\nsk = %s\n", credentialAK, credentialSK)),
			fetches: []string{getProjects}, hint: "section [basic] of ~/.huaweicloud/credentials"},
		"CLI's file": {env: []string{"HW_PROFILE=prod"}, file: ".hcloud/config.json", content: always(profile("")), fetches: []string{getProjects}, hint: `profile "prod" of ~/.hcloud/config.json`},
		"profile in the block, over the environment": {block: given{"profile": "prod", "shared_config_file": "~/cli.json"}, env: wrong,
			file: "cli.json", content: always(profile(`, "projectId": "` + emulator.DefaultProjectID + `"`)), hint: `profile "prod" of ~/cli.json`},
		"profile with an agency": {block: given{"profile": "prod"}, file: ".hcloud/config.json",
			content: always(profile(fmt.Sprintf(`, "agencyName": %q, "agencyDomainName": %q`, emulator.DefaultAgencyName, emulator.DefaultDomainName))),
			fetches: []string{postKeys, getProjects}, hint: "to assume agency"},
		"ID token file in the block": {block: given{"assume_role_with_oidc": given{"idp_id": emulator.DefaultIDPID, "id_token_file": "~/token"}}, env: wrong,
			file: "token", content: func(idToken string) string { return idToken + "\n" },
			fetches: []string{postIDToken}, hint: "an ID token of identity provider emulator-idp from assume_role_with_oidc"},
		"HCP Terraform": {env: append([]string{"TFC_WORKLOAD_IDENTITY_TOKEN=ID TOKEN"}, oidc...), fetches: []string{postIDToken}, hint: "TFC_WORKLOAD_IDENTITY_TOKEN"},
		"HCP Terraform, tagged, and an agency": {env: append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_ID=" + emulator.DefaultDomainID,
			"SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=RTC", "TFC_WORKLOAD_IDENTITY_TOKEN_RTC=ID TOKEN", "TFC_WORKLOAD_IDENTITY_TOKEN_AWS=another"}, oidc...),
			fetches: []string{postIDToken, postKeys, postAssume, getProjects}, hint: "TFC_WORKLOAD_IDENTITY_TOKEN_RTC"},
		"ECS":                       {block: given{"ecs_metadata": true}, env: wrong, fetches: []string{putSession, getKey}, hint: "the keys of this ECS, asked for by ecs_metadata"},
		"ECS, environment":          {env: []string{"SPARKRTC_ECS_METADATA=true"}, fetches: []string{putSession, getKey, getProjects}, hint: "SPARKRTC_ECS_METADATA"},
		"agency by account name":    {block: agency, env: pair, fetches: []string{postKeys, getProjects}, hint: "to assume agency emulator-agency of account emulator-domain"},
		"agency by account ID":      {block: agencyByID, env: append([]string{"HW_PROJECT_ID=" + emulator.DefaultProjectID}, pair...), fetches: []string{postAssume}, hint: "(domain_id)"},
		"agency in the environment": {env: append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_NAME=" + emulator.DefaultDomainName}, pair...), fetches: []string{postKeys, getProjects}, hint: "to assume agency"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var apps []string
			for i := range 5 {
				apps = append(apps, fmt.Sprintf("app-%d", i))
			}
			c := acctest.StartEmulator(t, emulator.Options{}, apps...)
			home := t.TempDir()
			if tc.file != "" {
				path := filepath.Join(home, tc.file)
				if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(tc.content(c.IDToken())), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			var env []string
			for _, variable := range append(slices.Clone(tc.env), c.Endpoints()...) {
				env = append(env, strings.Replace(variable, "ID TOKEN", c.IDToken(), 1))
			}
			var log bytes.Buffer
			w := newProcesses(t, environmentOf(home, env...), tc.block, &log)
			w.Parallel = 10
			for _, app := range apps {
				w.Set(app, arguments{url: testURL}.given(app))
			}
			if calls := c.Requests(); len(calls) > 0 {
				t.Errorf("before there is a plan, %d calls are made", len(calls))
			}
			planned := w.Plan()
			if got := c.CredentialCalls(); !slices.Equal(got, tc.fetches) {
				t.Errorf("the plan called %q, want %q", got, tc.fetches)
			}
			c.ResetRequests()
			w.ApplyPlan(planned)
			if got := c.CredentialCalls(); !slices.Equal(got, tc.fetches) {
				t.Errorf("the apply called %q, want %q", got, tc.fetches)
			}
			for _, app := range apps {
				expectTruth(t, c, app, testURL, "")
				if err := planned.Of(app).Err(); err != nil {
					t.Error(err)
				}
			}
			if entries := strings.ReplaceAll(log.String(), `\"`, `"`); !strings.Contains(entries, tc.hint) {
				t.Errorf("%q is not logged", tc.hint)
			}
			for _, secret := range []string{credentialSK, wrongSecret, emulator.DefaultPassword, emulator.DefaultToken, c.IDToken()[:40], credentialAK} {
				if strings.Contains(log.String()+fmt.Sprint(planned.Diagnostics), secret) {
					t.Errorf("%q is in the messages or the log", secret)
				}
			}
		})
	}
}

// Thirty resources, and what was fetched ends while they are applied: nothing
// fails, and it is fetched once more.
func TestExpiryDuringApply(t *testing.T) {
	t.Parallel()
	const n = 30
	type given = map[string]any
	tests := map[string]struct {
		block given
		env   []string
		fetch string
	}{
		"token":         {nil, []string{"HW_USER_PASSWORD=" + emulator.DefaultPassword, "HW_USER_ID=" + emulator.DefaultUserID}, postToken},
		"temporary key": {given{"assume_role": given{"agency_name": emulator.DefaultAgencyName, "domain_id": emulator.DefaultDomainID}}, acctest.Keys(), postAssume},
		"ECS":           {given{"ecs_metadata": true}, []string{"HW_PROJECT_ID=" + emulator.DefaultProjectID}, getKey},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{})
			for i := range n {
				c.AddApp(fmt.Sprintf("app-%d", i))
			}
			w := newProcesses(t, environmentOf("", append(slices.Clone(tc.env), c.Endpoints()...)...), tc.block, io.Discard)
			w.Parallel = 10
			for i := range n {
				app := fmt.Sprintf("app-%d", i)
				w.Set(app, arguments{url: testURL}.given(app))
			}
			planned := w.Plan()
			c.ResetRequests()
			var puts atomic.Int32
			c.SetOptions(func(o *emulator.Options) {
				o.Observe = func(request emulator.Request) {
					if request.Method == http.MethodPut && strings.HasPrefix(request.Path, "/v2/") && puts.Add(1) == n/2 {
						c.Expire()
					}
				}
			})
			w.ApplyPlan(planned)
			for i := range n {
				if err := planned.Of(fmt.Sprintf("app-%d", i)).Err(); err != nil {
					t.Error(err)
				}
				expectTruth(t, c, fmt.Sprintf("app-%d", i), testURL, "")
			}
			fetched := 0
			for _, call := range c.CredentialCalls() {
				if call == tc.fetch {
					fetched++
				}
			}
			if fetched != 2 {
				t.Errorf("fetched %d times, want twice: %q", fetched, c.CredentialCalls())
			}
			refused := c.CountStatus(http.StatusUnauthorized)
			if refused == 0 || refused > 10 {
				t.Errorf("%d calls were refused: this test shows nothing, or too many went on", refused)
			}
		})
	}
}

// What went wrong on the way to credentials is said once by each resource, with
// what to do, and costs no more calls than it must.
func TestCredentialFailures(t *testing.T) {
	t.Parallel()
	password := []string{"HW_USER_NAME=" + emulator.DefaultUserName, "HW_DOMAIN_NAME=" + emulator.DefaultDomainName}
	pair := []string{"HW_ACCESS_KEY=" + credentialAK, "HW_SECRET_KEY=" + credentialSK}
	tests := map[string]struct {
		options  emulator.Options
		env      []string
		fault    *emulator.Fault
		summary  string
		mentions []string
		fetches  int
	}{
		"wrong password":        {emulator.Options{}, append([]string{"HW_USER_PASSWORD=" + wrongSecret}, password...), nil, "No token from IAM", []string{"The username or password is wrong", "account (domain)", "HTTP 401", "user emulator-user"}, 1},
		"no such project":       {emulator.Options{Projects: []emulator.Project{{ID: "p1", Name: "MOS"}, {ID: "p2", Name: "eu-west-101"}}}, pair, nil, "No such project", []string{`"cn-north-4"`, "p1  MOS", "p2  eu-west-101", "project_id"}, 2},
		"several projects":      {emulator.Options{Projects: []emulator.Project{{ID: "p1", Name: "cn-north-4"}, {ID: "p2", Name: "cn-north-4"}}}, pair, nil, "Several projects", []string{"p1", "p2", "project_id"}, 1},
		"agency is forbidden":   {emulator.Options{AgencyForbidden: true}, append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_NAME=d"}, pair...), nil, "Agency can't be assumed", []string{"HTTP 403", "Agent Operator", "account d"}, 1},
		"ECS without agency":    {emulator.Options{MetadataNoAgency: true}, []string{"SPARKRTC_ECS_METADATA=1"}, nil, "No access key from this ECS", []string{"Cloud Service Agency", "SPARKRTC_ECS_METADATA"}, 2},
		"wrong audience":        {emulator.Options{IDTokenAudience: "another"}, []string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID}, nil, "No token from IAM", []string{"audience", "emulator-idp"}, 1},
		"IAM is down":           {emulator.Options{}, append([]string{"HW_USER_PASSWORD=" + emulator.DefaultPassword}, password...), &emulator.Fault{Path: "/v3/auth/tokens", Times: -1, Status: 503}, "No token from IAM", []string{"HTTP 503"}, 2},
		"IAM is another server": {emulator.Options{}, pair, &emulator.Fault{Path: "/v3/projects", Times: -1, Status: 200, RawBody: "<html>", ContentType: "text/html"}, "Project can't be looked up", []string{"text/html", "it is not JSON"}, 1},
		"wrong secret key":      {emulator.Options{}, []string{"HW_ACCESS_KEY=" + credentialAK, "HW_SECRET_KEY=" + wrongSecret}, nil, "Access key refused by IAM", []string{"verify aksk signature fail", "****0001", "five minutes"}, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, tc.options)
			if tc.fault != nil {
				c.Fail(*tc.fault)
			}
			env := append(append(slices.Clone(tc.env), c.Endpoints()...), "HW_MAX_RETRIES=1")
			if strings.HasPrefix(name, "wrong audience") {
				env = append(env, "TFC_WORKLOAD_IDENTITY_TOKEN="+c.IDToken(emulator.WithAudience("mine")))
			}
			var log bytes.Buffer
			w := newProcesses(t, environmentOf(t.TempDir(), env...), nil, &log)
			w.Parallel = 10
			for i := range 12 {
				app := fmt.Sprintf("app-%d", i)
				c.AddApp(app)
				w.Set(app, arguments{url: testURL}.given(app))
			}
			got := w.Plan()
			explained := 0 // in full, for one of them
			for i := range 12 {
				app := fmt.Sprintf("app-%d", i)
				d := got.Of(app).Of(t, app)
				want := acctest.Expectation{Address: app, Severity: acctest.SeverityError, Summary: tc.summary, Attribute: d.Attribute, Mentions: []string{"The error about the app"}}
				if !strings.Contains(d.Detail, want.Mentions[0]) {
					explained++
					want.Mentions = tc.mentions
				}
				want.Check(t, got.Of(app))
			}
			if explained != 1 {
				t.Errorf("explained %d times", explained)
			}
			if text := fmt.Sprint(got.Diagnostics) + log.String(); strings.Contains(text, wrongSecret) || strings.Contains(text, emulator.DefaultPassword) {
				t.Error("a secret is in the messages or the log")
			}
			if calls := c.CredentialCalls(); len(calls) != tc.fetches {
				t.Errorf("called %q, want %d calls", calls, tc.fetches)
			}
			if calls := c.Requests(emulator.Path("/v2/")); len(calls) > 0 {
				t.Errorf("SparkRTC was called %d times", len(calls))
			}
		})
	}
}

// A clock that is off is a warning, and no failure.
func TestClock(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"behind": 40 * time.Minute, "ahead": -40 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{Clock: func() time.Time { return time.Now().Add(off) }})
			w := newWorkspace(t, c, nil)
			w.Parallel = 10
			for i := range 12 {
				c.AddApp(appOf(i))
				w.Set(appOf(i), arguments{url: testURL}.given(appOf(i)))
			}
			said := regexp.MustCompile(`is (40m0s|39m59s|40m1s) ` + name + ` that of the service`)
			expectSaid := func(run *acctest.Run, times int) {
				t.Helper()
				n := 0
				for _, diagnostics := range run.Diagnostics {
					for _, d := range diagnostics {
						if n++; d.Severity != acctest.SeverityWarning || d.Summary != "Clock is off" || !said.MatchString(d.Detail) {
							t.Errorf("reported: %+v", d)
						}
					}
				}
				if n != times {
					t.Errorf("it is said %d times, want %d", n, times)
				}
			}
			expectSaid(w.Apply(), 2) // once a process
			expectSaid(w.Plan(), 1)
			if refused := c.CountStatus(http.StatusUnauthorized); refused != 3 { // one a process
				t.Errorf("%d calls were refused", refused)
			}
		})
	}
}
