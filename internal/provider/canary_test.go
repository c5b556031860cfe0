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

// meetingFaults are resources for a number of faults, one whose requests are echoed and
// one that is throttled. The latter two are about all that a provider sends, so that
// they have a process each.
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

provider "sparkrtc" {
  alias = "echo_clear"
}

resource "sparkrtc_record_callback" "echo_clear" {
  provider = sparkrtc.echo_clear
  app_id   = "echo-clear"
  url      = "https://recordings.example.com/${var.path}"
  auth_key = var.clear
}

provider "sparkrtc" {
  alias = "echo_write_only"
}

resource "sparkrtc_record_callback" "echo_write_only" {
  provider            = sparkrtc.echo_write_only
  app_id              = "echo-write_only"
  url                 = "https://recordings.example.com/${var.path}"
  auth_key_wo         = var.write_only
  auth_key_wo_version = var.key_version
}

provider "sparkrtc" {
  alias       = "throttled"
  max_retries = 0
}

resource "sparkrtc_record_callback" "throttled" {
  provider = sparkrtc.throttled
  app_id   = "throttled-clear"
  url      = "https://recordings.example.com/${var.path}"
  auth_key = var.clear
}
`

// Secrets to look for.
const (
	canarySecretKey     = "canary-SK/0123456789+abcdefghijklmnopqrs"
	canarySecurityToken = "canary-ST/0123456789+abcdefghijklmnopqrstuvwxyz=="
	canaryToken         = "canary-TOKEN/0123456789+abcdefghijklmnopqrstuvwxyz"
	canaryPassword      = "canary-PASSWORD/0123456789+abcdefghij"
	canaryClear         = "canary-KEY/0123456789+abcdefghijklmno"
	canaryWriteOnly     = "canary-WO/0123456789+abcdefghijklmnop"
	canarySecond        = "canary-WO2/0123456789+abcdefghijklmno"
	canaryForeign       = "canary-FOREIGN/0123456789+abcdefghijk"
	canaryData          = "canary-DATA/0123456789+abcdefghijklmn"
	canaryEphemeral     = "canary-EPHEMERAL/0123456789+abcdefghi"
)

const canaryConfig = canaryVariables + `
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

// canaries is a service and what was seen of runs on it.
type canaries struct {
	*acctest.Emulator
	t         *testing.T
	variables []string
	sent      string   // the secret that IAM gets
	secrets   []string // that may be nowhere
	seen      strings.Builder
}

func (c *canaries) run(r *acctest.CLI, arguments ...string) acctest.Result {
	c.t.Helper()
	got := r.Run(c.t, arguments...)
	c.seen.WriteString(got.Stdout + got.Stderr)
	return got
}

func (c *canaries) ok(r *acctest.CLI, arguments ...string) {
	c.t.Helper()
	if got := c.run(r, arguments...); got.Code != 0 {
		c.t.Fatalf("%v: %s", arguments, got.Stdout)
	}
}

// showJSON prints what Terraform prints of any plan, auth_key's variable included.
func (c *canaries) showJSON(r *acctest.CLI, plan string) {
	c.t.Helper()
	acctest.ExpectNoSecret(c.t, plan+" as JSON", r.Must(c.t, 0, "show", "-json", plan).Stdout, c.secrets...)
	acctest.ExpectNoSecret(c.t, plan, r.ReadPlan(c.t, plan), c.secrets...)
}

func (c *canaries) expectNone(r *acctest.CLI, files ...string) {
	c.t.Helper()
	for _, file := range files {
		acctest.ExpectNoSecret(c.t, file, r.ReadFile(c.t, file), append(slices.Clone(c.secrets), c.Secrets()...)...)
	}
}

// Distinctive secrets in every place that takes one, with each kind of credentials and
// every kind of failure, at the noisiest log level: none of them may be seen, but for
// auth_key where it is documented to be, in the state and in saved plans. A key that
// the service shows is nowhere, also after drift and an import, whether or not the
// apply after it goes through.
func TestAccCLI_canaries(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		credentials []string
		run         func(c *canaries, r *acctest.CLI)
	}{
		"temporary access key": {[]string{"HW_SECRET_KEY=" + canarySecretKey, "HW_SECURITY_TOKEN=" + canarySecurityToken, "HW_ACCESS_KEY=" + emulator.DefaultAccessKey, "HW_PROJECT_ID=" + emulator.DefaultProjectID},
			func(c *canaries, r *acctest.CLI) {
				c.wholeLife(r)
				c.meetFaults(canarySecretKey + " " + hex.EncodeToString([]byte(canarySecretKey)) + " " + canarySecurityToken)
			}},
		"token":    {[]string{"HW_AUTH_TOKEN=" + canaryToken}, func(c *canaries, _ *acctest.CLI) { c.meetFaults(canaryToken + " " + url.QueryEscape(canaryToken)) }},
		"password": {[]string{"HW_USER_PASSWORD=" + canaryPassword, "HW_USER_ID=" + emulator.DefaultUserID}, (*canaries).meetIAM},
		"ID token": {[]string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID, "HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_ID=" + emulator.DefaultDomainID}, (*canaries).meetIAM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &canaries{t: t, Emulator: acctest.StartEmulator(t, emulator.Options{SecretKey: canarySecretKey, SecurityToken: canarySecurityToken, Token: canaryToken, Password: canaryPassword}, "clear", "write-only")}
			idToken := c.IDToken()
			c.sent = canaryPassword
			c.secrets = []string{canarySecretKey, canarySecurityToken, canaryToken, canaryPassword, idToken, canaryWriteOnly, canarySecond, canaryForeign, canaryData, canaryEphemeral}
			if name == "ID token" {
				c.sent = idToken
				tc.credentials = append(tc.credentials, "TFC_WORKLOAD_IDENTITY_TOKEN="+idToken)
			}
			c.SetCallback("data", testURL, canaryData)
			c.SetCallback("ephemeral", testURL, canaryEphemeral)
			for _, app := range c.Apps() {
				c.secrets = append(c.secrets, app.AppKey)
			}
			c.variables = append(append(tc.credentials, c.Endpoints()...), "TF_LOG=TRACE", "HW_MAX_RETRIES=1",
				"TF_VAR_clear="+canaryClear, "TF_VAR_write_only="+canaryWriteOnly)
			r := newBinaryCLI(t, nil, canaryConfig, c.variables...)
			c.ok(r, "plan", "-out=saved.tfplan")
			c.ok(r, "apply", "saved.tfplan")
			expectTruth(t, c.Emulator, "clear", "https://recordings.example.com/a", canaryClear)
			expectTruth(t, c.Emulator, "write-only", "https://recordings.example.com/a", canaryWriteOnly)
			acctest.ExpectNoSecret(t, "saved plan", r.ReadPlan(t, "saved.tfplan"), c.secrets...)
			c.expectNone(r, acctest.LocalState)

			c.variables = append(c.variables, "TF_VAR_write_only="+canarySecond)
			r.Env = append(r.Env, "TF_VAR_write_only="+canarySecond)
			tc.run(c, r)
			c.expectNone(r, acctest.LocalState)
			acctest.ExpectNoSecret(t, "output or the log", c.seen.String(), append(append(c.secrets, canaryClear, emulator.DefaultAccessKey), c.Secrets()...)...)
		})
	}
}

// wholeLife is changes, drift, an import and an apply that fails, which are the same
// whatever the credentials are.
func (c *canaries) wholeLife(r *acctest.CLI) {
	t := c.t
	t.Helper()
	c.ok(r, "plan", "-out=changed.tfplan", "-var", "path=b")
	c.ok(r, "show", "changed.tfplan")
	acctest.ExpectNoSecret(t, "changed plan", r.ReadPlan(t, "changed.tfplan"), c.secrets...)
	c.ok(r, "apply", "-auto-approve", "-var", "key_version=2")

	// Drift, in clear and masked.
	c.SetCallback("clear", testURL, canaryForeign)
	c.SetCallback("write-only", testURL, canaryForeign)
	c.ok(r, "plan", "-out=drift.tfplan")
	c.showJSON(r, "drift.tfplan")
	c.ok(r, "apply", "-refresh-only", "-auto-approve")
	c.expectNone(r, acctest.LocalState)
	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoTruncated })
	c.ok(r, "apply", "-auto-approve", "-var", "key_version=2")
	c.expectNone(r, acctest.LocalState, "terraform.tfstate.backup")
	c.ok(r, "destroy", "-auto-approve")
	c.SetCallback("ephemeral", testURL, canaryEphemeral) // its app is destroyed, and data sources read it

	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoExact })
	for name, app := range map[string]string{"clear": "clear", "write_only": "write-only"} {
		c.SetCallback(app, testURL, canaryForeign)
		c.ok(r, "import", callbackAddress(name), app)
	}
	acctest.ExpectNoSecret(t, "state after an import", r.ReadFile(t, acctest.LocalState), append(slices.Clone(c.secrets), canaryClear)...)
	c.ok(r, "plan", "-out=import.tfplan", "-var", "key_version=3")
	c.showJSON(r, "import.tfplan")
	c.Fail(emulator.Fault{Method: http.MethodPut, Times: -1, Status: http.StatusForbidden, Code: "APIGW.0306"})
	if got := c.run(r, "apply", "-auto-approve", "-var", "key_version=3"); got.Code == 0 {
		t.Error("an apply that is refused ends well")
	}
	c.ClearFaults()
	acctest.ExpectNoSecret(t, "state after an apply that failed", r.ReadFile(t, acctest.LocalState), append(slices.Clone(c.secrets), canaryClear)...)
	c.ok(r, "apply", "-auto-approve", "-var", "key_version=3")
	c.expectNone(r, "terraform.tfstate.backup")
}

// meetFaults lets a service repeat what it was sent, in reads and in writes.
func (c *canaries) meetFaults(sent string) {
	t := c.t
	t.Helper()
	faults := []emulator.Fault{
		{Status: 400, Code: "RTC.00001003", Message: sent},
		{Status: 500, RawBody: sent, ContentType: sent},
		{Status: 403, Code: sent, Message: sent},
		{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/?t=" + url.QueryEscape(sent)}}},
		{Status: 200, RawBody: `{"app_id":"` + sent + `"}`, ContentType: "application/json"},
		{Drop: true},
		{Cut: true},
	}
	echo := emulator.Fault{EchoRequest: true}
	throttled := emulator.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}, "X-Request-Id": {sent}}}
	met := map[string]emulator.Fault{"echo-clear": echo, "echo-write_only": echo, "throttled-clear": throttled} // by app
	addresses := map[string]string{"echo-clear": callbackAddress("echo_clear"), "echo-write_only": callbackAddress("echo_write_only"), "throttled-clear": callbackAddress("throttled")}
	for i, fault := range faults {
		for _, kind := range []string{"clear", "write_only"} {
			app := fmt.Sprintf("fault-%d-%s", i, kind)
			met[app], addresses[app] = fault, fmt.Sprintf("sparkrtc_record_callback.faulty_%s[%d]", kind, i)
		}
	}
	for app := range met {
		c.AddApp(app)
	}
	r := newBinaryCLI(t, nil, canaryVariables+fmt.Sprintf(meetingFaults, len(faults)), append(slices.Clone(c.variables), ownReads)...)
	c.ok(r, "apply", "-auto-approve")
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		for app, fault := range met {
			key := canaryClear
			if strings.HasSuffix(app, "write_only") {
				key = canarySecond
			}
			fault.Method, fault.AppID, fault.Times = method, app, -1
			if method == http.MethodPut && fault.Message != "" {
				fault.Message += key + base64.StdEncoding.EncodeToString([]byte(key))
			}
			c.Fail(fault)
		}
		c.ResetRequests()
		got := c.run(r, "apply", "-auto-approve", "-var", "key_version=2", "-var", "path=b")
		c.ClearFaults()
		for app, address := range addresses {
			if got.Code == 0 || !strings.Contains(got.Stderr, "with "+address) {
				t.Errorf("%s: no failure of %s", method, address)
			}
			if len(c.Requests(emulator.Method(method), emulator.App(app))) == 0 {
				t.Errorf("no %s of %s met its fault", method, address)
			}
		}
	}
	c.expectNone(r, acctest.LocalState, "terraform.tfstate.backup")
}

// meetIAM lets IAM repeat what it was sent, and the service what IAM gave out.
func (c *canaries) meetIAM(r *acctest.CLI) {
	c.t.Helper()
	for _, faults := range [][]emulator.Fault{
		{{Path: "/v3", Times: -1, EchoRequest: true}, {Path: "/v5", Times: -1, EchoRequest: true}},
		{{Path: "/v3", Times: -1, Status: 403, Message: c.sent}},
		{{Path: "/v2", Times: -1, EchoRequest: true}},
	} {
		c.Fail(faults...)
		if got := c.run(r, "plan"); got.Code != 1 {
			c.t.Errorf("with %+v, the plan ended with %d", faults, got.Code)
		}
		c.ClearFaults()
	}
}
