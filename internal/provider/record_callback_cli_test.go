// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What each step costs and sends, with nothing around it.
func TestAccCLI_callsOfEachStep(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig)

	// A new resource's app is looked up by the plan, and again by the apply,
	// which plans once more in a process of its own.
	r.Plan(t, acctest.Changes)
	expectCalls(t, c, 1)
	r.Apply(t)
	expectCalls(t, c, 2, withKey(testURL, testKey))
	r.Plan(t, acctest.NoChanges)
	expectCalls(t, c, 1)
	r.Apply(t)
	expectCalls(t, c, 1)
	r.Must(t, 0, "apply", "-auto-approve", "-var", "url=https://recordings.example.com/other")
	expectCalls(t, c, 1, withKey("https://recordings.example.com/other", testKey))

	const staysInPlace = "Warning: Destroy leaves the callback in place"
	c.SetCallback("another-app", "https://live.example.com/", "")
	r.Write(t, strings.Replace(callbackConfig, testApp, "another-app", 1))
	if planned := r.Must(t, 0, "plan", "-refresh=false").Out(); !strings.Contains(planned, staysInPlace) || !strings.Contains(planned, "must be replaced") ||
		!strings.Contains(planned, "Warning: Existing callback will be overwritten") || !strings.Contains(planned, `App "another-app"`) || !strings.Contains(planned, "https://live.example.com") {
		t.Errorf("the plan of a replacement does not warn: %s", planned)
	}
	expectCalls(t, c, 1)
	r.Write(t, callbackConfig)
	planned := r.Must(t, 0, "plan", "-destroy", "-refresh=false", "-out=destroy.tfplan")
	for _, want := range []string{staysInPlace, testApp, "goes on sending its events to https://recordings.example.com.", "SparkRTC console"} {
		if !strings.Contains(planned.Out(), want) {
			t.Errorf("the plan of a destroy does not say %q:\n%s", want, planned.Stdout)
		}
	}
	destroyed := r.Must(t, 0, "apply", "destroy.tfplan")
	if strings.Contains(destroyed.Out(), "in place") {
		t.Errorf("the destroy says again what the plan said: %s", destroyed.Out())
	}
	expectCalls(t, c, 0)
	expectTruth(t, c, testApp, "https://recordings.example.com/other", testKey)
	if strings.Contains(planned.Stdout+destroyed.Stdout, testKey) {
		t.Error("destroy prints the key")
	}
	r.Apply(t)
	expectCalls(t, c, 2, withKey(testURL, testKey))
}

// Plan and apply as two processes with a saved plan between them, as CI and
// HCP Terraform run them.
func TestAccCLI_savedPlan(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig)

	r.Must(t, 0, "plan", "-out=saved.tfplan")
	expectCalls(t, c, 1)
	r.Must(t, 0, "apply", "saved.tfplan")
	expectCalls(t, c, 1, withKey(testURL, testKey))

	c.SetCallback(testApp, "https://elsewhere.example.com/", testKey)
	r.Must(t, 0, "plan", "-out=saved.tfplan")
	expectCalls(t, c, 1)
	r.Must(t, 0, "apply", "saved.tfplan")
	expectCalls(t, c, 0, withKey(testURL, testKey))
	r.Plan(t, acctest.NoChanges)
}

// Fifty, ten at a time: one PUT each to create, and one call for all but the
// first to find nothing to do, none lost and none mixed up.
func TestAccCLI_fiftyInParallel(t *testing.T) {
	t.Parallel()
	const n = 50
	c := acctest.StartEmulator(t, emulator.Options{})
	for i := range n {
		c.AddApp(fmt.Sprintf("app-%02d", i))
	}
	r := newCLI(t, c, fmt.Sprintf(`
resource "sparkrtc_record_callback" "test" {
  for_each = toset([for i in range(%d) : format("app-%%02d", i)])
  app_id   = each.key
  url      = "https://recordings.example.com/${each.key}"
  auth_key = "key-of-${each.key}-0123456789abcdef01"
}
`, n))
	r.Apply(t)
	for i := range n {
		app := fmt.Sprintf("app-%02d", i)
		expectTruth(t, c, app, "https://recordings.example.com/"+app, "key-of-"+app+"-0123456789abcdef01")
	}
	// One listing of the apps for the plan, and one for the apply.
	if puts, gets := len(sentPayloads(t, c)), len(c.Requests(emulator.Method(http.MethodGet))); puts != n || gets != 2 {
		t.Errorf("%d PUTs and %d GETs to create %d", puts, gets, n)
	}
	c.ResetRequests()
	r.Plan(t, acctest.NoChanges)
	expectCalls(t, c, 2)
}

// An import stores no key, so that the next apply takes the configured one into the
// state. It is the one that is shown, and nothing is sent.
func TestAccCLI_importCommand(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{})
	c.SetCallback(testApp, testURL, testKey)
	r := newCLI(t, c, callbackConfig)
	r.Must(t, 0, "import", "sparkrtc_record_callback.test", testApp)
	expectCalls(t, c, 1)
	if strings.Contains(r.ReadFile(t, "terraform.tfstate"), testKey) {
		t.Error("the import stores the key")
	}
	r.Plan(t, acctest.Changes)
	expectCalls(t, c, 1)
	r.Apply(t)
	expectCalls(t, c, 2) // its refresh, and a look before it would send
	r.Plan(t, acctest.NoChanges)
	expectCalls(t, c, 1)
}

// A mistake costs no call and is found by validate, which needs neither
// credentials nor a network.
func TestAccCLI_validate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url, key string
		expectation
	}{
		{"recordings.example.com/x", testKey, expectation{"no_scheme", "error", "Invalid callback URL", "", []string{"has no scheme"}}},
		{"ftp://recordings.example.com", testKey, expectation{"other_scheme", "error", "Invalid callback URL", "", []string{`scheme "ftp"`}}},
		{"recordings.example.com:8443/x", testKey, expectation{"port_for_scheme", "error", "Invalid callback URL", "", []string{"scheme"}}},
		{"https:///x", testKey, expectation{"no_host", "error", "Invalid callback URL", "", []string{"has no host"}}},
		{"", testKey, expectation{"empty_url", "error", "Invalid callback URL", "", []string{"is empty"}}},
		{"https://recordings.example.com/a b", testKey, expectation{"blank_inside", "error", "Invalid callback URL", "", []string{"url has a blank in it"}}},
		{"https://recordings.example.com/ ", testKey, expectation{"blank_around", "error", "Invalid callback URL", "", []string{"url ends with a blank"}}},
		{"https://recordings.example.com:99999/", testKey, expectation{"wrong_port", "error", "Invalid callback URL", "", []string{"between 1 and 65535"}}},
		{"https://recordings.example.com/%zz", testKey, expectation{"wrong_escape", "error", "Invalid callback URL", "", []string{"escaped"}}},
		{testURL, "", expectation{"empty_key", "error", "Empty callback key", "", []string{"32 to 64"}}},
		{testURL, strings.Repeat("é", 32), expectation{"key_of_32", "", "", "", nil}},
		{testURL, strings.Repeat("x", 64), expectation{"key_of_64", "", "", "", nil}},
		{"HTTPS://[2001:db8::1]:8443/a%20b?c=d#e", testKey, expectation{"odd_but_right", "", "", "", nil}},
	}
	var config strings.Builder
	for _, tc := range tests {
		fmt.Fprintf(&config, "resource \"sparkrtc_record_callback\" %q {\n  app_id = \"app\"\n  url = %q\n  auth_key = %q\n}\n",
			tc.name, tc.url, tc.key)
	}
	for name, id := range map[string]string{"empty_app": "", "blank_in_app": "5ff9701f 2346968bb306cb43"} {
		fmt.Fprintf(&config, "resource \"sparkrtc_record_callback\" %q {\n  app_id = %q\n  url = %q\n}\n", name, id, testURL)
	}
	list := newCLI(t, nil, config.String()).Must(t, 1, "validate", "-json").Diagnostics(t)
	for _, tc := range tests {
		tc.check(t, list)
		if tc.severity != "" && tc.url != "" && strings.Contains(list.Of(t, tc.address()).Detail, tc.url) {
			t.Errorf("%s: the message repeats the URL, which may hold a secret", tc.name)
		}
	}
	expectation{"empty_app", "error", "Invalid app ID", "app_id", []string{"is empty", "console"}}.check(t, list)
	expectation{"blank_in_app", "error", "Invalid app ID", "app_id", []string{"a blank"}}.check(t, list)
}

// What is valid, and may be regretted, is said once by each plan, also of values
// that validate can't know.
func TestAccCLI_warningsOfValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url, key string
		expectation
	}{
		{"http://recordings.example.com/", testKey, expectation{"plain_http", "warning", "Callback URL without TLS", "", []string{"anyone on the path can read them"}}},
		{"https://user:s3cr3tpassword@recordings.example.com/", testKey, expectation{"user_in_url", "warning", "Callback URL with a user or a password", "", []string{"in plans and in the state"}}},
		{testURL, "tooshort31characters-0123456789", expectation{"short_key", "warning", "Callback key of an unusual length", "", []string{"32 to 64"}}},
		{testURL, strings.Repeat("long", 16) + "x", expectation{"long_key", "warning", "Callback key of an unusual length", "", []string{"32 to 64"}}},
		{testURL, "****************************0001", expectation{"mask", "warning", "Callback key that looks like a mask", "", []string{"asterisks"}}},
		{"https://recordings.example.com/", testKey, expectation{"neither", "", "", "", nil}},
	}
	for _, attribute := range []string{"auth_key", "auth_key_wo"} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{})
			var config strings.Builder
			for i, tc := range tests {
				c.AddApp(tc.name)
				fmt.Fprintf(&config, "variable \"url_%[1]d\" {\n  default = %[2]q\n}\n\nresource \"sparkrtc_record_callback\" %[3]q {\n  app_id = %[3]q\n  url = var.url_%[1]d\n  %[4]s = %[5]q\n", i, tc.url, tc.name, attribute, tc.key)
				if attribute == "auth_key_wo" {
					config.WriteString("  auth_key_wo_version = 1\n")
				}
				config.WriteString("}\n")
			}
			r := newCLI(t, c, config.String())
			for _, run := range []string{"of new resources", "of resources that stay as they are"} {
				got := r.Must(t, 0, "plan", "-json")
				if strings.Contains(got.Stdout, "tooshort31") || strings.Contains(got.Stdout, "longlong") || strings.Contains(got.Stdout, "s3cr3tpassword") {
					t.Errorf("%s: a key or a password is in the messages", run)
				}
				for _, tc := range tests {
					tc.check(t, got.Diagnostics(t))
				}
				r.Apply(t)
			}
		})
	}
}

// errorRow is an answer of the service's or the gateway's, and what comes of it.
type errorRow struct {
	status        int
	code, message string
	summary       string
	attribute     string // of a write
	mentions      []string
	tries         int
}

// Each row of the API's error table, on a write and on a read: what the user is
// told, on which argument, how often it was tried, and that nothing is lost.
func TestAccCLI_errorTable(t *testing.T) {
	t.Parallel()
	const iam = "Incorrect IAM authentication information: "
	tests := []errorRow{
		{400, "RTC.00001001", "OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK", "SparkRTC does not recognise the tenant", "", []string{"project_id", "HW_PROJECT_ID", "cn-north-4"}, 1},
		{400, "RTC.00001002", "MalformedRequestBody: json parsing failed", "SparkRTC could not read the request", "", []string{"report"}, 1},
		{400, "RTC.00001003", "InvalidParameterValue", "SparkRTC refused a value", "", []string{"url", "auth_key", "32 to 64"}, 1},
		{400, "RTC.00001004", "InvalidParameterCombination", "SparkRTC refused a value", "", []string{"url"}, 1},
		{400, "RTC.00001005", "MissingParameter", "SparkRTC refused a value", "", []string{"url"}, 1},
		{400, "RTC.00001016", "AppDeactivation", "SparkRTC app is stopped", "app_id", []string{"Enable the app", "arrears"}, 1},
		{400, "RTC.00001018", "URL unavailable: The callback URL is unavailable", "SparkRTC cannot reach the callback URL", "", []string{"answers POST", "publicly trusted"}, 1},
		{404, "APIGW.0101", "The API does not exist or has not been published in the environment", "Endpoint does not serve the SparkRTC API", "", []string{"endpoint", "SPARKRTC_ENDPOINT", "rtc-api.myhuaweicloud.com"}, 1},
		{404, "APIGW.0103", "The API does not exist", "Endpoint does not serve the SparkRTC API", "", []string{"SPARKRTC_ENDPOINT"}, 1},
		{404, "", "", "Endpoint does not serve the SparkRTC API", "", []string{"SPARKRTC_ENDPOINT"}, 1},
		{403, "APIGW.0306", "API access denied", "Access denied", "", []string{"permissions", "****0001"}, 1},
		{403, "APIGW.0310", "The project is unavailable", "Project unavailable", "", []string{"project_id"}, 1},
		{403, "APIGW.0402", "This IP address is not allowed", "Address not allowed", "", []string{"policy"}, 1},
		{500, "RTC.00002001", "InternalError", "SparkRTC has a server error", "", []string{"after 2 attempts", "max_retries"}, 2},
		{501, "", "", "SparkRTC has a server error", "", nil, 1},
		{503, "", "", "SparkRTC has a server error", "", []string{"HTTP 503", "after 2 attempts"}, 2},
		{401, "APIGW.0301", iam + "verify aksk signature fail, canonicalRequest:PUT|/v2/apps/", "Signature refused", "", []string{"secret key", "project_id", "five minutes", "****0001", "the environment"}, 1},
		{401, "APIG.0301", iam + "Get secretKey failed,ak:AK,err:ak not exist", "Access key unknown", "", []string{"security token", "project_id"}, 1},
		{401, "APIGW.0301", iam + "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z", "Clock is off by more than 15 minutes", "", []string{"NTP", "20230527T020608Z"}, 1},
		{401, "APIGW.0301", iam + "decrypt token fail", "Token refused", "", []string{"X-Subject-Token"}, 1},
		{401, "APIGW.0301", iam + "token expires, expires_at: 2026-01-01", "Token expired", "", []string{"24 hours"}, 1},
		{401, "APIGW.0301", iam + "x-auth-token not found", "Authentication failed", "", []string{"project_id"}, 1},
		{401, "APIGW.0301", iam + "AK access failed to reach the limit,forbidden", "Access key locked for some minutes", "", []string{"five minutes"}, 1},
		{429, "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute", "SparkRTC throttles requests", "", []string{"60 calls a minute", "limit:200,time:5 minute", "max_retries", "after 5 attempts"}, 5},
		{418, "RTC.00009999", "Something new", "SparkRTC refused the request", "", []string{"RTC.00009999", "Something new"}, 1},
		{302, "", "", "Endpoint redirects", "", []string{"never followed"}, 1},
		{404, "RTC.00001003", "InvalidParameterValue", "SparkRTC app not found", "app_id", []string{"app list", "project_id"}, 1},
	}
	// A process that was refused once sends nothing more, so that each kind of
	// refusal is alone.
	groups := map[string][]errorRow{}
	for _, row := range tests {
		name := "not about authentication"
		if row.status == http.StatusUnauthorized {
			name = row.message
		}
		groups[name] = append(groups[name], row)
	}
	for name, rows := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testErrorRows(t, rows)
		})
	}
}

func testErrorRows(t *testing.T, tests []errorRow) {
	t.Helper()
	const gone = "SparkRTC app not found" // which on a read is no error
	c := acctest.StartEmulator(t, emulator.Options{})
	var config strings.Builder
	config.WriteString("provider \"sparkrtc\" {\n  max_retries = 1\n}\n")
	for i := range tests {
		app := fmt.Sprintf("app-%02d", i)
		c.AddApp(app)
		fmt.Fprintf(&config, "resource \"sparkrtc_record_callback\" \"r%02d\" {\n  app_id = %q\n  url = %q\n  auth_key = %q\n}\n", i, app, testURL, testKey)
	}
	fail := func(method string) {
		for i, tc := range tests {
			fault := emulator.Fault{Method: method, AppID: fmt.Sprintf("app-%02d", i), Times: -1, Status: tc.status, Code: tc.code, Message: tc.message}
			if tc.status == 429 {
				fault.Header = http.Header{"Retry-After": {"0"}}
			}
			if tc.status == 302 {
				fault.Header = http.Header{"Location": {"https://elsewhere.example.com/login"}}
			}
			c.Fail(fault)
		}
	}
	check := func(t *testing.T, list acctest.Diagnostics, method string) {
		t.Helper()
		list = slices.DeleteFunc(list, func(d acctest.Diagnostic) bool { return d.Severity != "error" }) // that the quota is waited for
		for i, tc := range tests {
			app := fmt.Sprintf("app-%02d", i)
			if calls := len(c.Requests(emulator.App(app), emulator.Method(method))); calls != tc.tries {
				t.Errorf("%d %s %s: %d calls, want %d", tc.status, tc.code, tc.message, calls, tc.tries)
			}
			if method == http.MethodGet && tc.summary == gone {
				continue
			}
			d := list.Of(t, fmt.Sprintf("sparkrtc_record_callback.r%02d", i))
			if d.Severity != "error" || d.Summary != tc.summary {
				t.Errorf("%d %s %s: %+v", tc.status, tc.code, tc.message, d)
			}
			if method == http.MethodPut && d.Attribute != tc.attribute {
				t.Errorf("%s is on %q, want %q", d.Summary, d.Attribute, tc.attribute)
			}
			mentions := tc.mentions
			if method == http.MethodGet && tc.summary == "SparkRTC refused a value" {
				mentions = []string{"Check app_id."} // a read has no other value
			}
			for _, mention := range append(mentions, app, fmt.Sprintf("HTTP %d", tc.status), "Request ID: ", tc.code) {
				if !strings.Contains(d.Detail, mention) {
					t.Errorf("%s does not mention %q:\n%s", d.Summary, mention, d.Detail)
				}
			}
		}
	}

	fail(http.MethodPut)
	r := newCLI(t, c, config.String(), "SPARKRTC_SHARED_READS=false") // each is to be read
	got := r.Must(t, 1, "apply", "-auto-approve", "-json")
	check(t, got.Diagnostics(t), http.MethodPut)

	c.ClearFaults()
	r.Apply(t)
	before := r.ReadFile(t, "terraform.tfstate")
	c.ResetRequests()
	fail(http.MethodGet)
	got = r.Must(t, 1, "plan", "-json")
	check(t, got.Diagnostics(t), http.MethodGet)
	if after := r.ReadFile(t, "terraform.tfstate"); after != before {
		t.Error("a failed plan changed the state")
	}

	if tests[len(tests)-1].summary != gone {
		return
	}
	// The one that is gone is planned to be created, and no other.
	c.ClearFaults()
	c.Fail(emulator.Fault{Method: http.MethodGet, AppID: fmt.Sprintf("app-%02d", len(tests)-1), Times: -1, Status: 404, Code: "RTC.00001003", Message: "InvalidParameterValue"})
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, "Plan: 1 to add, 0 to change, 0 to destroy.") {
		t.Errorf("after a 404 of the service's: %s", out)
	}
}

// An update that fails leaves the state as it was, and the next apply repairs
// whatever came of it.
func TestAccCLI_failedUpdate(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"without effect": false, "with effect": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			r := newCLI(t, c, callbackConfig, "HW_MAX_RETRIES=0")
			r.Apply(t)
			c.Fail(emulator.Fault{Method: http.MethodPut, Drop: true, After: after})
			const newURL = "https://recordings.example.com/new"
			failed := r.Must(t, 1, "apply", "-auto-approve", "-var", "url="+newURL)
			if !strings.Contains(failed.Out(), "No connection to the SparkRTC API") {
				t.Errorf("the message: %s", failed.Out())
			}
			if state := r.ReadFile(t, "terraform.tfstate"); strings.Contains(state, newURL) {
				t.Error("the state has what was not confirmed")
			}
			r.Must(t, 0, "apply", "-auto-approve", "-var", "url="+newURL)
			expectTruth(t, c, testApp, newURL, testKey)
			r.Must(t, acctest.NoChanges, "plan", "-detailed-exitcode", "-var", "url="+newURL)
		})
	}
}

// An outage that ends while retries last is no failure.
func TestAccCLI_retries(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.Fail(
		emulator.Fault{Method: http.MethodPut, Drop: true},
		emulator.Fault{Method: http.MethodPut, Status: 429, Code: "APIGW.0308", Message: "throttled", Header: http.Header{"Retry-After": {"0"}}},
		emulator.Fault{Method: http.MethodPut, Cut: true, After: true},
	)
	r := newCLI(t, c, callbackConfig, "TF_LOG=DEBUG")
	got := r.Apply(t)
	expectCalls(t, c, 2, withKey(testURL, testKey), withKey(testURL, testKey), withKey(testURL, testKey), withKey(testURL, testKey))

	// Each attempt is in the log, and what it was about.
	for _, want := range []string{"SparkRTC API request", "method=PUT", "path=/v2/apps/" + testApp + "/record-callback", "attempt=1", "attempt=4", "status=429", "status=200", "duration_ms=", "request_id=", "tf_rpc=ApplyResourceChange"} {
		if !strings.Contains(got.Stderr, want) {
			t.Errorf("the log has no %s", want)
		}
	}
	// At INFO it has only what waits.
	if noise := regexp.MustCompile(`(?m)^.*\[INFO\].*@module=sparkrtc\b.*$`).FindAllString(got.Stderr, -1); slices.ContainsFunc(noise, func(line string) bool { return !strings.Contains(line, "waits for the quota") }) {
		t.Errorf("at INFO: %s", strings.Join(noise, "\n"))
	}
	for _, secret := range []string{testKey, emulator.DefaultSecretKey, "Signature="} {
		if strings.Contains(got.Stdout+got.Stderr, secret) {
			t.Errorf("the log or the output has %q", secret)
		}
	}
}

// Ctrl-C ends the waiting between retries at once.
func TestAccCLI_interrupt(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.Fail(emulator.Fault{Method: http.MethodPut, Times: -1, Status: 503, Header: http.Header{"Retry-After": {"60"}}})
	r := newCLI(t, c, callbackConfig)
	done := make(chan acctest.Result)
	interrupt := make(chan struct{})
	go func() { done <- r.RunUntil(t, interrupt, "apply", "-auto-approve") }()
	for deadline := time.Now().Add(30 * time.Second); len(sentPayloads(t, c)) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no request arrived")
		}
	}
	close(interrupt)
	got := <-done
	if got.Code != 1 || !strings.Contains(got.Out(), "Interrupted") {
		t.Errorf("ended with %d: %s", got.Code, got.Out())
	}
	expectCalls(t, c, 2, withKey(testURL, testKey))
}

// What the gateway repeats of a request doesn't reach the user.
func TestAccCLI_gatewayRepeatsTheRequest(t *testing.T) {
	t.Parallel()
	const securityToken = "security-token-0123456789+/="
	c := acctest.StartEmulator(t, emulator.Options{SecurityToken: securityToken}, testApp)
	c.Fail(emulator.Fault{Times: -1, EchoRequest: true})
	r := newCLI(t, c, callbackConfig, "HW_SECURITY_TOKEN="+securityToken, "TF_LOG=TRACE")
	got := r.Must(t, 1, "apply", "-auto-approve")
	for _, secret := range []string{securityToken, testKey, emulator.DefaultSecretKey, emulator.DefaultAccessKey} {
		if strings.Contains(got.Stdout+got.Stderr, secret) {
			t.Errorf("%q is in the output or the log", secret)
		}
	}
	if !strings.Contains(got.Out(), "Signature refused") {
		t.Errorf("the message: %s", got.Out())
	}
}

func TestAccCLI_unwantedKeyThatStays(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, testApp)
	r := newCLI(t, c, callbackConfig)
	r.Apply(t)
	r.Write(t, strings.Replace(callbackConfig, "  auth_key = var.key\n", "", 1))
	out := r.Apply(t).Out()
	if !strings.Contains(out, "Callback kept its key") || !strings.Contains(out, testApp) {
		t.Errorf("nothing is said of the key that stays: %s", out)
	}
	// And each plan says so until it is gone.
	const notConfigured = "Callback has a key that is not configured"
	if out := r.Plan(t, acctest.NoChanges).Out(); !strings.Contains(out, notConfigured) {
		t.Errorf("the plan says nothing of the key that stays: %s", out)
	}
	c.SetCallback(testApp, testURL, "")
	if out := r.Plan(t, acctest.NoChanges).Out(); strings.Contains(out, notConfigured) {
		t.Errorf("the plan still warns of a key that is gone: %s", out)
	}
}
