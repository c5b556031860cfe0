// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const canaryVariables = `
variable "write_only" {
  type      = string
  ephemeral = true
}

variable "clear" {
  type      = string
  sensitive = true
}

variable "key_version" {
  type    = number
  default = 1
}

variable "path" {
  type    = string
  default = "a"
}
`

// meetingFaults are resources for a number of faults.
const meetingFaults = `
resource "sparkrtc_record_callback" "faulty_clear" {
  count    = %[1]d
  app_id   = "fault-${count.index}-clear"
  url      = "https://recordings.example.com/${var.path}"
  auth_key = var.clear
}

resource "sparkrtc_record_callback" "faulty_write_only" {
  count               = %[1]d
  app_id              = "fault-${count.index}-write_only"
  url                 = "https://recordings.example.com/${var.path}"
  auth_key_wo         = var.write_only
  auth_key_wo_version = var.key_version
}
`

// Distinctive secrets in every place that takes one, through the whole life of
// a callback and every kind of failure, at the noisiest log level: none of them
// may be seen, but for auth_key where it is documented to be, in the state and in
// saved plans. A key that the service shows is nowhere, also after drift and an
// import, whether or not the apply after it goes through.
func TestAccCLI_canaries(t *testing.T) {
	t.Parallel()
	const (
		secretKey     = "canary-SK/0123456789+abcdefghijklmnopqrs"
		securityToken = "canary-ST/0123456789+abcdefghijklmnopqrstuvwxyz=="
		token         = "canary-TOKEN/0123456789+abcdefghijklmnopqrstuvwxyz"
		authKey       = "canary-KEY/0123456789+abcdefghijklmno"
		writeOnlyKey  = "canary-WO/0123456789+abcdefghijklmnop"
		secondKey     = "canary-WO2/0123456789+abcdefghijklmno"
		foreignKey    = "canary-FOREIGN/0123456789+abcdefghijk"
		dataKey       = "canary-DATA/0123456789+abcdefghijklmn"
		ephemeralKey  = "canary-EPHEMERAL/0123456789+abcdefghi"
	)
	everywhere := []string{secretKey, securityToken, token, writeOnlyKey, secondKey, foreignKey, dataKey, ephemeralKey}
	config := canaryVariables + `
resource "sparkrtc_record_callback" "clear" {
  app_id   = "clear"
  url      = "https://recordings.example.com/${var.path}"
  auth_key = var.clear
}

resource "sparkrtc_record_callback" "write_only" {
  app_id              = "write-only"
  url                 = "https://recordings.example.com/${var.path}"
  auth_key_wo         = var.write_only
  auth_key_wo_version = var.key_version
}

data "sparkrtc_record_callback" "data" {
  app_id = "data"
}

ephemeral "sparkrtc_record_callback" "ephemeral" {
  app_id = "ephemeral"
}

ephemeral "sparkrtc_app" "ephemeral" {
  app_id = "ephemeral"
}

data "sparkrtc_apps" "all" {}

import {
  to = sparkrtc_app.ephemeral
  id = "ephemeral"
}

resource "sparkrtc_app" "ephemeral" {
  app_name            = data.sparkrtc_app.ephemeral.app_name
  deletion_protection = false
}

data "sparkrtc_app" "ephemeral" {
  app_id = "ephemeral"
}

output "signature" {
  value     = provider::sparkrtc::callback_signature(var.clear, "rand", "timestamp", tostring(data.sparkrtc_record_callback.data.has_auth_key))
  sensitive = true
}
`
	const password, idToken = "canary-PASSWORD/0123456789+abcdefghij", "id token"
	for name, credentials := range map[string][]string{
		"temporary access key": {"HW_SECRET_KEY=" + secretKey, "HW_SECURITY_TOKEN=" + securityToken, "HW_ACCESS_KEY=" + emulator.DefaultAccessKey, "HW_PROJECT_ID=" + emulator.DefaultProjectID},
		"token":                {"HW_AUTH_TOKEN=" + token},
		"password":             {"HW_USER_PASSWORD=" + password, "HW_USER_ID=" + emulator.DefaultUserID},
		idToken:                {"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID, "HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_ID=" + emulator.DefaultDomainID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{SecretKey: secretKey, SecurityToken: securityToken, Token: token, Password: password}, "clear", "write-only")
			everywhere := append(slices.Clone(everywhere), password)
			if name == idToken {
				everywhere = append(everywhere, c.IDToken())
				credentials = append(credentials, "TFC_WORKLOAD_IDENTITY_TOKEN="+everywhere[len(everywhere)-1])
			}
			c.SetCallback("data", testURL, dataKey)
			c.SetCallback("ephemeral", testURL, ephemeralKey)
			for _, app := range c.Apps() {
				everywhere = append(everywhere, app.AppKey)
			}
			variables := append(append(credentials, c.Endpoints()...), "TF_LOG=TRACE", "HW_MAX_RETRIES=1",
				"TF_VAR_clear="+authKey, "TF_VAR_write_only="+writeOnlyKey)
			r := newCLI(t, nil, config, variables...)

			var seen strings.Builder
			run := func(arguments ...string) acctest.Result {
				got := r.Run(t, arguments...)
				seen.WriteString(got.Stdout + got.Stderr)
				return got
			}
			ok := func(arguments ...string) {
				t.Helper()
				if got := run(arguments...); got.Code != 0 {
					t.Fatalf("%v: %s", arguments, got.Stdout)
				}
			}
			// It prints what Terraform prints of any plan, auth_key's variable included.
			showJSON := func(plan string) {
				t.Helper()
				got := r.Must(t, 0, "show", "-json", plan)
				acctest.ExpectNoSecret(t, plan+" as JSON", got.Stdout, everywhere...)
			}
			ok("plan", "-out=saved.tfplan")
			ok("apply", "saved.tfplan")
			expectTruth(t, c, "clear", "https://recordings.example.com/a", authKey)
			expectTruth(t, c, "write-only", "https://recordings.example.com/a", writeOnlyKey)
			r.Env = append(r.Env, "TF_VAR_write_only="+secondKey)
			// What else there is in a life is the same whatever the credentials are.
			whole := name == "password"
			if whole {
				ok("plan", "-out=saved.tfplan", "-var", "path=b")
				ok("show", "saved.tfplan")
				ok("apply", "-auto-approve", "-var", "key_version=2")

				// Drift, in clear and masked.
				c.SetCallback("clear", testURL, foreignKey)
				c.SetCallback("write-only", testURL, foreignKey)
				ok("plan", "-out=drift.tfplan")
				showJSON("drift.tfplan")
				ok("apply", "-refresh-only", "-auto-approve")
				drifted := r.ReadFile(t, "terraform.tfstate")
				acctest.ExpectNoSecret(t, "state after drift", drifted, everywhere...)
				acctest.ExpectNoSecret(t, "plan after drift", r.ReadPlan(t, "drift.tfplan"), everywhere...)
				c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoTruncated })
				ok("apply", "-auto-approve", "-var", "key_version=2")
			}

			// Whatever the other side repeats of what it was sent.
			sent := secretKey + " " + hex.EncodeToString([]byte(secretKey)) + " " + securityToken
			switch name {
			case "token":
				sent = token + " " + url.QueryEscape(token)
			case "password", idToken: // goes to IAM only
				sent = "x"
			}
			faults := []emulator.Fault{
				{Status: 400, Code: "RTC.00001003", Message: sent},
				{Status: 500, RawBody: sent, ContentType: sent},
				{Status: 403, Code: sent, Message: sent},
				{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/?t=" + url.QueryEscape(sent)}}},
				{Status: 200, RawBody: `{"app_id":"` + sent + `"}`, ContentType: "application/json"},
				{Drop: true},
				{Cut: true},
				// These two are about all that the provider sends, so that they
				// have a run of their own. To wait for the latter takes minutes.
				{EchoRequest: true},
				{Status: 429, Header: http.Header{"Retry-After": {"0"}, "X-Request-Id": {sent}}},
			}
			alone := len(faults) - 2
			met := func(kind string, fault int) string { return fmt.Sprintf("fault-%d-%s", fault, kind) }
			for i := range faults {
				c.AddApp(met("clear", i))
				c.AddApp(met("write_only", i))
			}
			mainFolder := r
			r = newCLI(t, nil, canaryVariables+fmt.Sprintf(meetingFaults, len(faults)), append(slices.Clone(variables), ownReads, "TF_VAR_write_only="+secondKey)...)
			ok("apply", "-auto-approve")
			for _, method := range []string{http.MethodGet, http.MethodPut} {
				keys := map[string]string{"clear": authKey, "write_only": secondKey}
				meet := func(from, to int, kinds ...string) {
					// Otherwise all others would be set along with them.
					arguments := []string{"apply", "-auto-approve", "-var", "key_version=2", "-var", "path=b"}
					addresses := map[string]string{} // by app
					for i := from; i < to; i++ {
						for _, kind := range kinds {
							fault, app := faults[i], met(kind, i)
							fault.Method, fault.AppID, fault.Times = method, app, -1
							if method == http.MethodPut && fault.Message != "" {
								fault.Message += keys[kind] + base64.StdEncoding.EncodeToString([]byte(keys[kind]))
							}
							c.Fail(fault)
							addresses[app] = fmt.Sprintf("sparkrtc_record_callback.faulty_%s[%d]", kind, i)
							arguments = append(arguments, "-target="+addresses[app])
						}
					}
					if faults[from].Status == http.StatusTooManyRequests {
						r.Env = append(r.Env, "HW_MAX_RETRIES=0")
					}
					c.ResetRequests()
					got := run(arguments...)
					r.Env = append(r.Env, "HW_MAX_RETRIES=1")
					c.ClearFaults()
					for app, address := range addresses {
						if got.Code == 0 || !strings.Contains(got.Stderr, "with "+address) {
							t.Errorf("%s, faults %d to %d: no failure of %s", method, from, to-1, address)
						}
						if len(c.Requests(emulator.Method(method), emulator.App(app))) == 0 {
							t.Errorf("no %s of %s met its fault", method, address)
						}
					}
				}
				meet(0, alone, "clear", "write_only")
				// Where credentials are refused, no other request is sent: each
				// kind of key has a run. A read sends none.
				meet(alone, alone+1, "clear")
				if method == http.MethodPut {
					meet(alone, alone+1, "write_only")
				}
				meet(alone+1, alone+2, "clear", "write_only")
			}
			acctest.ExpectNoSecret(t, "state after faults", r.ReadFile(t, "terraform.tfstate"), append(everywhere, c.Secrets()...)...)
			acctest.ExpectNoSecret(t, "backup of it", r.ReadFile(t, "terraform.tfstate.backup"), append(everywhere, c.Secrets()...)...)
			r = mainFolder
			// IAM repeats what it was sent, too.
			c.Fail(emulator.Fault{Path: "/v3", Times: -1, EchoRequest: true}, emulator.Fault{Path: "/v5", Times: -1, EchoRequest: true})
			if got := run("plan"); (got.Code != 0) != (name == "password" || name == idToken) {
				t.Errorf("with IAM refusing, the plan ended with %d", got.Code)
			}
			c.ClearFaults()
			if name == "password" || name == idToken {
				c.Fail(emulator.Fault{Path: "/v3", Times: -1, Status: 403, Message: everywhere[len(everywhere)-1]})
				run("plan")
				c.ClearFaults()
			}
			if whole {
				ok("destroy", "-auto-approve", "-target=sparkrtc_record_callback.clear")
				ok("state", "rm", "sparkrtc_record_callback.write_only")
				c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoExact })
				for _, name := range []string{"clear", "write-only"} {
					c.SetCallback(name, testURL, foreignKey)
					ok("import", "sparkrtc_record_callback."+strings.ReplaceAll(name, "-", "_"), name)
				}
				acctest.ExpectNoSecret(t, "state after an import", r.ReadFile(t, "terraform.tfstate"), append(everywhere, authKey)...)
				ok("plan", "-out=import.tfplan", "-var", "key_version=3")
				showJSON("import.tfplan")
				acctest.ExpectNoSecret(t, "plan after an import", r.ReadPlan(t, "import.tfplan"), everywhere...)
				c.Fail(emulator.Fault{Method: http.MethodPut, Times: -1, Status: http.StatusForbidden, Code: "APIGW.0306"})
				if got := run("apply", "-auto-approve", "-var", "key_version=3"); got.Code == 0 {
					t.Error("an apply that is refused ends well")
				}
				c.ClearFaults()
				acctest.ExpectNoSecret(t, "state after an apply that failed", r.ReadFile(t, "terraform.tfstate"), append(everywhere, authKey)...)
			}
			ok("apply", "-auto-approve", "-var", "key_version=3")

			everywhere = append(everywhere, c.Secrets()...)
			acctest.ExpectNoSecret(t, "output or the log", seen.String(), append(everywhere, authKey)...)
			acctest.ExpectNoSecret(t, "saved plan", r.ReadPlan(t, "saved.tfplan"), everywhere...)
			acctest.ExpectNoSecret(t, "state", r.ReadFile(t, "terraform.tfstate"), everywhere...)
			acctest.ExpectNoSecret(t, "backup of the state", r.ReadFile(t, "terraform.tfstate.backup"), everywhere...)
		})
	}
}
