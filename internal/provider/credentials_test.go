// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

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

// Each source, with whatever is asked for on top of it, through the real CLI: a
// plan and an apply in a process each, which fetch once each, whatever the
// number of resources.
func TestAccCLI_credentialSources(t *testing.T) {
	t.Parallel()
	pair := []string{"HW_ACCESS_KEY=" + credentialAK, "HW_SECRET_KEY=" + credentialSK}
	wrong := []string{"HW_ACCESS_KEY=AKWRONG0000000000001", "HW_SECRET_KEY=" + wrongSecret, "HW_PROJECT_ID=" + emulator.DefaultProjectID}
	profile := func(more string) string {
		return fmt.Sprintf(`{"current": "other", "profiles": [{"name": "other", "mode": "AKSK", "accessKeyId": "AKWRONG0000000000001", "secretAccessKey": %q},
			{"name": "prod", "mode": "AKSK", "accessKeyId": %q, "secretAccessKey": %q%s}]}`, wrongSecret, credentialAK, credentialSK, more)
	}
	password := []string{"HW_USER_PASSWORD=" + emulator.DefaultPassword, "HW_USER_NAME=" + emulator.DefaultUserName, "HW_DOMAIN_NAME=" + emulator.DefaultDomainName}
	oidc := []string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID}
	agency := fmt.Sprintf("assume_role {\n  agency_name = %q\n  domain_name = %q\n}", emulator.DefaultAgencyName, emulator.DefaultDomainName)
	agencyByID := fmt.Sprintf("assume_role {\n  agency_name = %q\n  domain_id = %q\n  duration = 900\n}", emulator.DefaultAgencyName, emulator.DefaultDomainID)
	tests := map[string]struct {
		block   string
		env     []string
		files   func(t *testing.T, r *acctest.CLI, idToken string)
		fetches []string
		hint    string
	}{
		"access key, project by region": {"", pair, nil, []string{getProjects}, "access key ****0001 from the environment (HW_ACCESS_KEY)"},
		"access key, project by name":   {"project_name = \"cn-north-4\"", append([]string{"HW_REGION_NAME=cn-north-4"}, pair...), nil, []string{getProjects}, "****0001"},
		"block over the environment": {fmt.Sprintf("access_key = %q\nsecret_key = %q\nproject_id = %q", credentialAK, credentialSK, emulator.DefaultProjectID), wrong, nil, nil,
			"access key ****0001 from the provider block"},
		"password in the block": {fmt.Sprintf("user_name = %q\npassword = %q\ndomain_name = %q", emulator.DefaultUserName, emulator.DefaultPassword, emulator.DefaultDomainName), wrong, nil, []string{postToken},
			"the password of user emulator-user from the provider block"},
		"password in the environment": {"", password, nil, []string{postToken}, "the password of user emulator-user from the environment"},
		"password, and an agency":     {agency, password, nil, []string{postToken, postKeys, postKeys, getProjects}, "to assume agency emulator-agency"},
		"token":                       {"", []string{"HW_AUTH_TOKEN=" + emulator.DefaultToken}, nil, nil, "a token from the environment (HW_AUTH_TOKEN)"},
		"SDK's variables":             {"", []string{"HUAWEICLOUD_SDK_AK=" + credentialAK, "HUAWEICLOUD_SDK_SK=" + credentialSK, "HUAWEICLOUD_SDK_PROJECT_ID=" + emulator.DefaultProjectID}, nil, nil, "HUAWEICLOUD_SDK_AK"},
		"SDK's file": {"", nil, func(t *testing.T, r *acctest.CLI, _ string) {
			t.Helper()
			r.WriteHomeFile(t, ".huaweicloud/credentials", fmt.Sprintf("[basic]\nak = %s\nsk = %s\n", credentialAK, credentialSK))
		}, []string{getProjects}, "section [basic] of ~/.huaweicloud/credentials"},
		"CLI's file": {"", []string{"HW_PROFILE=prod"}, func(t *testing.T, r *acctest.CLI, _ string) {
			t.Helper()
			r.WriteHomeFile(t, ".hcloud/config.json", profile(""))
		}, []string{getProjects}, `profile \"prod\" of ~/.hcloud/config.json`},
		"profile in the block, over the environment": {"profile = \"prod\"\nshared_config_file = \"~/cli.json\"", wrong, func(t *testing.T, r *acctest.CLI, _ string) {
			t.Helper()
			r.WriteHomeFile(t, "cli.json", profile(`, "projectId": "`+emulator.DefaultProjectID+`"`))
		}, nil, `profile \"prod\" of ~/cli.json`},
		"profile with an agency": {"profile = \"prod\"", nil, func(t *testing.T, r *acctest.CLI, _ string) {
			t.Helper()
			r.WriteHomeFile(t, ".hcloud/config.json", profile(fmt.Sprintf(`, "agencyName": %q, "agencyDomainName": %q`, emulator.DefaultAgencyName, emulator.DefaultDomainName)))
		}, []string{postKeys, getProjects}, "to assume agency"},
		"ID token file in the block": {fmt.Sprintf("assume_role_with_oidc {\n  idp_id = %q\n  id_token_file = \"~/token\"\n}", emulator.DefaultIDPID), wrong, func(t *testing.T, r *acctest.CLI, idToken string) {
			t.Helper()
			r.WriteHomeFile(t, "token", idToken+"\n")
		}, []string{postIDToken}, "an ID token of identity provider emulator-idp from assume_role_with_oidc"},
		"HCP Terraform": {"", oidc, func(_ *testing.T, r *acctest.CLI, idToken string) {
			r.Env = append(r.Env, "TFC_WORKLOAD_IDENTITY_TOKEN="+idToken)
		}, []string{postIDToken}, "TFC_WORKLOAD_IDENTITY_TOKEN"},
		"HCP Terraform, tagged, and an agency": {"", append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_ID=" + emulator.DefaultDomainID, "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG=RTC"}, oidc...), func(_ *testing.T, r *acctest.CLI, idToken string) {
			r.Env = append(r.Env, "TFC_WORKLOAD_IDENTITY_TOKEN_RTC="+idToken, "TFC_WORKLOAD_IDENTITY_TOKEN_AWS=another")
		}, []string{postIDToken, postKeys, postAssume, getProjects}, "TFC_WORKLOAD_IDENTITY_TOKEN_RTC"},
		"ECS":                       {"ecs_metadata = true", wrong, nil, []string{putSession, getKey}, "the keys of this ECS, asked for by ecs_metadata"},
		"ECS, environment":          {"", []string{"SPARKRTC_ECS_METADATA=true"}, nil, []string{putSession, getKey, getProjects}, "SPARKRTC_ECS_METADATA"},
		"agency by account name":    {agency, pair, nil, []string{postKeys, getProjects}, "to assume agency emulator-agency of account emulator-domain"},
		"agency by account ID":      {agencyByID, append([]string{"HW_PROJECT_ID=" + emulator.DefaultProjectID}, pair...), nil, []string{postAssume}, "(domain_id)"},
		"agency in the environment": {"", append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_NAME=" + emulator.DefaultDomainName}, pair...), nil, []string{postKeys, getProjects}, "to assume agency"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var apps []string
			for i := range 5 {
				apps = append(apps, fmt.Sprintf("app-%d", i))
			}
			c := acctest.StartEmulator(t, emulator.Options{}, apps...)
			r := newCLI(t, nil, fmt.Sprintf("provider \"sparkrtc\" {\n%s\n}\n\nresource \"sparkrtc_record_callback\" \"test\" {\n  count = 5\n  app_id = \"app-${count.index}\"\n  url = %q\n}\n", tc.block, testURL),
				append(append(slices.Clone(tc.env), c.Endpoints()...), "TF_LOG_PROVIDER=DEBUG")...)
			if tc.files != nil {
				tc.files(t, r, c.IDToken())
			}
			r.Must(t, 0, "validate")
			if calls := c.Requests(); len(calls) > 0 {
				t.Errorf("validate made %d calls", len(calls))
			}
			planned := r.Must(t, 0, "plan", "-out=saved.tfplan")
			if got := c.CredentialCalls(); !slices.Equal(got, tc.fetches) {
				t.Errorf("the plan called %q, want %q", got, tc.fetches)
			}
			c.ResetRequests()
			applied := r.Must(t, 0, "apply", "saved.tfplan")
			if got := c.CredentialCalls(); !slices.Equal(got, tc.fetches) {
				t.Errorf("the apply called %q, want %q", got, tc.fetches)
			}
			for _, app := range apps {
				expectTruth(t, c, app, testURL, "")
			}
			log := planned.Stderr + applied.Stderr
			if !strings.Contains(log, tc.hint) {
				t.Errorf("%q is not logged", tc.hint)
			}
			for _, secret := range []string{credentialSK, wrongSecret, emulator.DefaultPassword, emulator.DefaultToken, c.IDToken()[:40], credentialAK} {
				if strings.Contains(log+planned.Stdout+applied.Stdout, secret) {
					t.Errorf("%q is in the output or the log", secret)
				}
			}
		})
	}
}

// Thirty resources, and what was fetched ends while they are applied: nothing
// fails, and it is fetched once more.
func TestAccCLI_expiryDuringApply(t *testing.T) {
	t.Parallel()
	const n = 30
	tests := map[string]struct {
		block string
		env   []string
		fetch string
	}{
		"token":         {"", []string{"HW_USER_PASSWORD=" + emulator.DefaultPassword, "HW_USER_ID=" + emulator.DefaultUserID}, postToken},
		"temporary key": {fmt.Sprintf("assume_role {\n  agency_name = %q\n  domain_id = %q\n}", emulator.DefaultAgencyName, emulator.DefaultDomainID), acctest.Keys(), postAssume},
		"ECS":           {"ecs_metadata = true", []string{"HW_PROJECT_ID=" + emulator.DefaultProjectID}, getKey},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{})
			for i := range n {
				c.AddApp(fmt.Sprintf("app-%d", i))
			}
			r := newCLI(t, nil, fmt.Sprintf("provider \"sparkrtc\" {\n%s\n}\n\nresource \"sparkrtc_record_callback\" \"test\" {\n  count = %d\n  app_id = \"app-${count.index}\"\n  url = %q\n}\n", tc.block, n, testURL),
				append(slices.Clone(tc.env), c.Endpoints()...)...)
			r.Must(t, 0, "plan", "-out=saved.tfplan")
			c.ResetRequests()
			var puts atomic.Int32
			c.SetOptions(func(o *emulator.Options) {
				o.Observe = func(request emulator.Request) {
					if request.Method == http.MethodPut && strings.HasPrefix(request.Path, "/v2/") && puts.Add(1) == n/2 {
						c.Expire()
					}
				}
			})
			r.Must(t, 0, "apply", "saved.tfplan")
			for i := range n {
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

// What went wrong on the way to credentials is told once by each resource, with
// what to do, and costs no more calls than it must.
func TestAccCLI_credentialFailures(t *testing.T) {
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
		"wrong password":       {emulator.Options{}, append([]string{"HW_USER_PASSWORD=" + wrongSecret}, password...), nil, "No token from IAM", []string{"The username or password is wrong", "account (domain)", "HTTP 401", "user emulator-user"}, 1},
		"no such project":      {emulator.Options{Projects: []emulator.Project{{ID: "p1", Name: "MOS"}, {ID: "p2", Name: "eu-west-101"}}}, pair, nil, "No such project", []string{`"cn-north-4"`, "p1  MOS", "p2  eu-west-101", "project_id"}, 2},
		"several projects":     {emulator.Options{Projects: []emulator.Project{{ID: "p1", Name: "cn-north-4"}, {ID: "p2", Name: "cn-north-4"}}}, pair, nil, "Several projects", []string{"p1", "p2", "project_id"}, 1},
		"agency is forbidden":  {emulator.Options{AgencyForbidden: true}, append([]string{"HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_NAME=d"}, pair...), nil, "Agency can't be assumed", []string{"HTTP 403", "Agent Operator", "account d"}, 1},
		"ECS without agency":   {emulator.Options{MetadataNoAgency: true}, []string{"SPARKRTC_ECS_METADATA=1"}, nil, "No access key from this ECS", []string{"Cloud Service Agency", "SPARKRTC_ECS_METADATA"}, 2},
		"wrong audience":       {emulator.Options{IDTokenAudience: "another"}, []string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID}, nil, "No token from IAM", []string{"audience", "emulator-idp"}, 1},
		"IAM is down":          {emulator.Options{}, append([]string{"HW_USER_PASSWORD=" + emulator.DefaultPassword}, password...), &emulator.Fault{Path: "/v3/auth/tokens", Times: -1, Status: 503}, "No token from IAM", []string{"HTTP 503"}, 2},
		"IAM is somebody else": {emulator.Options{}, pair, &emulator.Fault{Path: "/v3/projects", Times: -1, Status: 200, RawBody: "<html>", ContentType: "text/html"}, "Project can't be looked up", []string{"text/html", "it is not JSON"}, 1},
		"wrong secret key":     {emulator.Options{}, []string{"HW_ACCESS_KEY=" + credentialAK, "HW_SECRET_KEY=" + wrongSecret}, nil, "Access key refused by IAM", []string{"verify aksk signature fail", "****0001", "five minutes"}, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, tc.options)
			for i := range 12 {
				c.AddApp(fmt.Sprintf("app-%d", i))
			}
			if tc.fault != nil {
				c.Fail(*tc.fault)
			}
			env := append(append(slices.Clone(tc.env), c.Endpoints()...), "HW_MAX_RETRIES=1")
			if strings.HasPrefix(name, "wrong audience") {
				env = append(env, "TFC_WORKLOAD_IDENTITY_TOKEN="+c.IDToken(emulator.WithAudience("mine")))
			}
			r := newCLI(t, nil, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  count = 12\n  app_id = \"app-${count.index}\"\n  url = %q\n}\n", testURL), env...)
			got := r.Must(t, 1, "plan", "-json")
			d := got.Diagnostics(t).Of(t, "sparkrtc_record_callback.test[0]")
			if d.Severity != "error" || d.Summary != tc.summary {
				t.Errorf("got %+v", d)
			}
			for _, mention := range tc.mentions {
				if !strings.Contains(d.Detail, mention) {
					t.Errorf("%q is not mentioned: %s", mention, d.Detail)
				}
			}
			if strings.Contains(got.Stdout+got.Stderr, wrongSecret) || strings.Contains(got.Stdout+got.Stderr, emulator.DefaultPassword) {
				t.Error("a secret is in the message")
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
