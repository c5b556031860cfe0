// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	sent      string   // what a service may repeat of the credentials that it gets
	sentToIAM string   // likewise, "" if IAM gets nothing
	secrets   []string // that may be nowhere
	seen      bytes.Buffer
}

// canaryCredentials are the kinds of credentials.
var canaryCredentials = map[string]func(*canaries) []string{
	"temporary access key": func(c *canaries) []string {
		c.sent = canarySecretKey + " " + hex.EncodeToString([]byte(canarySecretKey)) + " " + canarySecurityToken
		return []string{"HW_SECRET_KEY=" + canarySecretKey, "HW_SECURITY_TOKEN=" + canarySecurityToken, "HW_ACCESS_KEY=" + emulator.DefaultAccessKey, "HW_PROJECT_ID=" + emulator.DefaultProjectID}
	},
	"token": func(c *canaries) []string {
		c.sent = canaryToken + " " + url.QueryEscape(canaryToken)
		return []string{"HW_AUTH_TOKEN=" + canaryToken}
	},
	"password": func(c *canaries) []string {
		c.sentToIAM = canaryPassword
		return []string{"HW_USER_PASSWORD=" + canaryPassword, "HW_USER_ID=" + emulator.DefaultUserID}
	},
	"ID token": func(c *canaries) []string {
		c.sentToIAM = c.IDToken()
		return []string{"HW_ASSUME_ROLE_IDP_ID=" + emulator.DefaultIDPID, "HW_ASSUME_ROLE_AGENCY_NAME=" + emulator.DefaultAgencyName, "HW_ASSUME_ROLE_DOMAIN_ID=" + emulator.DefaultDomainID, "TFC_WORKLOAD_IDENTITY_TOKEN=" + c.sentToIAM}
	},
}

func newCanaries(t *testing.T, credentials string) *canaries {
	t.Helper()
	c := &canaries{t: t, Emulator: acctest.StartEmulator(t, emulator.Options{SecretKey: canarySecretKey, SecurityToken: canarySecurityToken, Token: canaryToken, Password: canaryPassword}, "clear", "write-only")}
	c.variables = append(canaryCredentials[credentials](c), append(c.Endpoints(), "HW_MAX_RETRIES=1")...)
	c.secrets = []string{canarySecretKey, canarySecurityToken, canaryToken, canaryPassword, c.sentToIAM, canaryWriteOnly, canarySecond, canaryForeign, canaryData, canaryEphemeral}
	c.SetCallback("data", testURL, canaryData)
	c.SetCallback("ephemeral", testURL, canaryEphemeral)
	for _, app := range c.Apps() {
		c.secrets = append(c.secrets, app.AppKey)
	}
	return c
}

// all are the secrets of the test and those that the service has given out.
func (c *canaries) all() []string { return slices.Concat(c.secrets, c.Secrets()) }

// expectNoneSeen is about what was printed and logged.
func (c *canaries) expectNoneSeen() {
	c.t.Helper()
	acctest.ExpectNoSecret(c.t, "output or the log", c.seen.String(), append(c.all(), canaryClear, emulator.DefaultAccessKey)...)
}

// A key that the service shows is nowhere, also after drift and an import, whether or not the apply after it goes
// through: what a CLI prints, logs at the noisiest level and stores. Of auth_key it may store the configured value.
func TestAccCLI_canaries(t *testing.T) {
	t.Parallel()
	c := newCanaries(t, "temporary access key")
	r := newCLI(t, nil, canaryConfig, append(c.variables, "TF_VAR_clear="+canaryClear, "TF_VAR_write_only="+canaryWriteOnly)...)
	traced := newBinaryCLI(t, nil, "")
	traced.Dir = r.Dir
	run := func(r *acctest.CLI, code int, arguments ...string) {
		t.Helper()
		got := r.Must(t, code, arguments...)
		c.seen.WriteString(got.Stdout + got.Stderr)
	}
	trace := func(code int, arguments ...string) {
		t.Helper()
		traced.Env = append(slices.Clone(r.Env), "TF_LOG=TRACE")
		run(traced, code, arguments...)
	}
	stored := func(files ...string) {
		t.Helper()
		for _, file := range files {
			acctest.ExpectNoSecret(t, file, r.ReadFile(t, file), c.all()...)
		}
	}
	planned := func(plan string) {
		t.Helper()
		acctest.ExpectNoSecret(t, plan, r.ReadPlan(t, plan), c.all()...)
	}

	trace(0, "plan", "-out=saved.tfplan")
	planned("saved.tfplan")
	trace(0, "apply", "saved.tfplan")
	expectTruth(t, c.Emulator, "clear", "https://recordings.example.com/a", canaryClear)
	expectTruth(t, c.Emulator, "write-only", "https://recordings.example.com/a", canaryWriteOnly)
	stored(acctest.LocalState)
	r.Env = append(r.Env, "TF_VAR_write_only="+canarySecond)
	run(r, 0, "plan", "-out=changed.tfplan", "-var", "path=b")
	run(r, 0, "show", "changed.tfplan")
	planned("changed.tfplan")

	// Drift, in clear and masked.
	c.SetCallback("clear", testURL, canaryForeign)
	c.SetCallback("write-only", testURL, canaryForeign)
	run(r, 0, "plan", "-out=drift.tfplan")
	planned("drift.tfplan")
	// Of a variable, Terraform prints the value.
	acctest.ExpectNoSecret(t, "plan as JSON", r.Must(t, 0, "show", "-json", "drift.tfplan").Stdout, c.all()...)
	run(r, 0, "apply", "-refresh-only", "-auto-approve")
	stored(acctest.LocalState)
	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoTruncated })
	run(r, 0, "apply", "-auto-approve", "-var", "key_version=2")
	stored(acctest.LocalState, "terraform.tfstate.backup")
	trace(0, "destroy", "-auto-approve")
	c.SetCallback("ephemeral", testURL, canaryEphemeral) // its app is destroyed, and data sources read it

	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoExact })
	c.SetCallback("clear", testURL, canaryForeign)
	c.SetCallback("write-only", testURL, canaryForeign)
	trace(0, "import", callbackAddress("clear"), "clear")
	run(r, 0, "import", callbackAddress("write_only"), "write-only")
	acctest.ExpectNoSecret(t, "state after an import", r.ReadFile(t, acctest.LocalState), append(c.all(), canaryClear)...)
	refused := emulator.Fault{Status: http.StatusForbidden, Code: "APIGW.0306", Message: c.sent}
	c.repeatKey(refused, http.MethodPut, "clear", canaryClear)
	c.repeatKey(refused, http.MethodPut, "write-only", canarySecond)
	trace(1, "apply", "-auto-approve", "-var", "key_version=3")
	c.ClearFaults()
	acctest.ExpectNoSecret(t, "state after an apply that failed", r.ReadFile(t, acctest.LocalState), append(c.all(), canaryClear)...)
	run(r, 0, "apply", "-auto-approve", "-var", "key_version=3")
	stored(acctest.LocalState, "terraform.tfstate.backup")
	c.expectNoneSeen()
}

// With each kind of credentials and every kind of failure, no secret is in what the provider reports, logs, plans and
// stores, but for auth_key in plans and states.
func TestCanaries(t *testing.T) {
	t.Parallel()
	for name := range canaryCredentials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCanaries(t, name)
			c.live()
			c.meetFaults()
			if c.sentToIAM != "" {
				c.meetIAM()
			}
			c.expectNoneSeen()
		})
	}
}

func (c *canaries) workspace(settings map[string]any) *acctest.Workspace {
	c.t.Helper()
	return newProcesses(c.t, environmentOf("", append(slices.Clone(c.variables), ownReads)...), settings, &c.seen)
}

// configure has a callback for each way to give a key, whose names are those of their apps.
func configure(w *acctest.Workspace, suffix, path, writeOnly string, version int64) {
	url := "https://recordings.example.com/" + path
	w.Set("clear"+suffix, arguments{url: url, key: canaryClear}.given("clear"+suffix))
	w.Set("write-only"+suffix, arguments{url: url, key: writeOnly, version: version}.given("write-only"+suffix))
}

// expect looks for secrets in what came of a run, and returns how many callbacks it failed for.
func (c *canaries) expect(w *acctest.Workspace, run *acctest.Run) (failed int) {
	c.t.Helper()
	for name, list := range run.Diagnostics {
		if list.Err() != nil {
			failed++
		}
		for _, d := range list {
			fmt.Fprintln(&c.seen, name, d.Summary, d.Detail)
		}
	}
	acctest.ExpectNoSecret(c.t, "plan", "plan: "+run.PlanText(), c.all()...)
	acctest.ExpectNoSecret(c.t, "state", "state: "+w.StateText(), c.all()...)
	return failed
}

// live is changes, drift and an import.
func (c *canaries) live() {
	t := c.t
	t.Helper()
	w := c.workspace(nil)
	succeeds := func(run *acctest.Run) {
		t.Helper()
		if failed := c.expect(w, run); failed != 0 {
			t.Errorf("%d failed: %v", failed, run.Diagnostics)
		}
	}
	configure(w, "", "a", canaryWriteOnly, 1)
	succeeds(w.Apply())
	configure(w, "", "b", canarySecond, 2)
	succeeds(w.Apply())
	expectTruth(t, c.Emulator, "clear", "https://recordings.example.com/b", canaryClear)
	expectTruth(t, c.Emulator, "write-only", "https://recordings.example.com/b", canarySecond)
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoTruncated} {
		c.SetOptions(func(o *emulator.Options) { o.KeyEcho = echo })
		c.SetCallback("clear", testURL, canaryForeign)
		c.SetCallback("write-only", testURL, canaryForeign)
		succeeds(w.Refresh())
		succeeds(w.Apply())
		w.Remove("clear", "write-only")
		succeeds(w.Apply())
		succeeds(w.Import("clear", "clear"))
		succeeds(w.Import("write-only", "write-only"))
		configure(w, "", "c", canarySecond, 3)
		succeeds(w.Apply())
	}
	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoExact })
}

// meetFaults lets a service repeat what it was sent, in reads and in writes.
func (c *canaries) meetFaults() {
	t := c.t
	t.Helper()
	sent := cmp.Or(c.sent, "what IAM gave out is in the requests that are echoed")
	for i, fault := range []emulator.Fault{
		{Status: 400, Code: "RTC.00001003", Message: sent},
		{Status: 500, RawBody: sent, ContentType: sent},
		{Status: 403, Code: sent, Message: sent},
		{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/?t=" + url.QueryEscape(sent)}}},
		{Status: 200, RawBody: `{"app_id":"` + sent + `"}`, ContentType: "application/json"},
		{Drop: true},
		{Cut: true},
		{EchoRequest: true},
		{Status: 429, Header: http.Header{"Retry-After": {"0"}, "X-Request-Id": {sent}}},
	} {
		suffix := fmt.Sprint("-", i)
		c.AddApp("clear" + suffix)
		c.AddApp("write-only" + suffix)
		w := c.workspace(map[string]any{"max_retries": map[bool]any{true: 0}[fault.Status == 429]})
		configure(w, suffix, "a", canaryWriteOnly, 1)
		if failed := c.expect(w, w.Apply()); failed != 0 {
			t.Fatalf("%+v: %d failed before the fault", fault, failed)
		}
		configure(w, suffix, "b", canarySecond, 2)
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			for app, key := range map[string]string{"clear" + suffix: canaryClear, "write-only" + suffix: canarySecond} {
				c.repeatKey(fault, method, app, key)
				c.ResetRequests()
				failed := c.expect(w, w.Apply(app))
				c.ClearFaults()
				if requests := len(c.Requests(emulator.Method(method), emulator.App(app))); failed != 1 || requests == 0 {
					t.Errorf("%s of %s, %+v: %d failed after %d requests", method, app, fault, failed, requests)
				}
			}
		}
	}
}

// repeatKey adds a fault whose message, if it has one, has the key of the request, too.
func (c *canaries) repeatKey(fault emulator.Fault, method, app, key string) {
	fault.Method, fault.AppID, fault.Times = method, app, -1
	if method == http.MethodPut && fault.Message != "" {
		fault.Message += key + base64.StdEncoding.EncodeToString([]byte(key))
	}
	c.Fail(fault)
}

// meetIAM lets IAM repeat what it was sent, and the service what IAM gave out.
func (c *canaries) meetIAM() {
	c.t.Helper()
	w := c.workspace(nil)
	configure(w, "", "d", canarySecond, 4)
	for _, faults := range [][]emulator.Fault{
		{{Path: "/v3", Times: -1, EchoRequest: true}, {Path: "/v5", Times: -1, EchoRequest: true}},
		{{Path: "/v3", Times: -1, Status: 403, Message: c.sentToIAM}},
		{{Path: "/v2", Times: -1, EchoRequest: true}},
	} {
		c.Fail(faults...)
		if failed := c.expect(w, w.Plan()); failed == 0 {
			c.t.Errorf("with %+v, the plan succeeds", faults)
		}
		c.ClearFaults()
	}
}
