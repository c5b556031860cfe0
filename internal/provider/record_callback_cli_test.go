// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What each step costs and sends, with nothing around it. Plan and apply are two
// processes with a saved plan between them, as CI and HCP Terraform run them.
func TestAccCLI_callsOfEachStep(t *testing.T) {
	t.Parallel()
	const other = "https://recordings.example.com/other"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newBinaryCLI(t, c, callbackConfig)

	// A new resource's app is looked up by the plan, and again by the apply,
	// which plans once more in a process of its own.
	r.Must(t, 0, "plan", "-out=saved.tfplan")
	expectCalls(t, c, 1)
	r.Must(t, 0, "apply", "saved.tfplan")
	expectCalls(t, c, 1, withKey(testURL, testKey))
	r.Apply(t) // of nothing
	expectCalls(t, c, 1)
	c.SetCallback(testApp, "https://elsewhere.example.com/", testKey)
	r.Must(t, 0, "plan", "-out=saved.tfplan", "-var", "url="+other)
	expectCalls(t, c, 1)
	r.Must(t, 0, "apply", "saved.tfplan")
	expectCalls(t, c, 0, withKey(other, testKey))

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
	expectTruth(t, c, testApp, other, testKey)
	if strings.Contains(planned.Stdout+destroyed.Stdout, testKey) {
		t.Error("destroy prints the key")
	}
	r.Apply(t) // over what the destroy left
	expectCalls(t, c, 2, withKey(testURL, testKey))
	r.Plan(t, acctest.NoChanges)
	expectCalls(t, c, 1)
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
func TestImportCommand(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{})
	c.SetCallback(testApp, testURL, testKey)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
	w.Import("test", testApp)
	expectCalls(t, c, 1)
	if strings.Contains(w.StateText(), testKey) {
		t.Error("the import stores the key")
	}
	w.ExpectPlanned(map[string]string{"test": "update"})
	expectCalls(t, c, 1)
	w.MustApply()
	expectCalls(t, c, 2) // its refresh, and a look before it would send
	w.ExpectPlanned(map[string]string{})
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
func TestWarningsOfValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, key, summary, mention string }{
		{"plain_http", "http://recordings.example.com/", testKey, "Callback URL without TLS", "anyone on the path can read them"},
		{"user_in_url", "https://user:s3cr3tpassword@recordings.example.com/", testKey, "Callback URL with a user or a password", "in plans and in the state"},
		{"short_key", testURL, "tooshort31characters-0123456789", "Callback key of an unusual length", "32 to 64"},
		{"long_key", testURL, strings.Repeat("long", 16) + "x", "Callback key of an unusual length", "32 to 64"},
		{"mask", testURL, "****************************0001", "Callback key that looks like a mask", "asterisks"},
		{"neither", "https://recordings.example.com/", testKey, "", ""},
	}
	for attribute, version := range map[string]int64{"auth_key": 0, "auth_key_wo": 1} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{})
			w := newWorkspace(t, c, nil)
			for _, tc := range tests {
				c.AddApp(tc.name)
				w.Set(tc.name, arguments{url: tc.url, key: tc.key, version: version}.given(tc.name))
			}
			for _, of := range []string{"new resources", "resources that stay as they are"} {
				got := w.Plan()
				for _, tc := range tests {
					want := acctest.Expectation{Address: tc.name}
					if tc.summary != "" {
						want.Severity, want.Summary, want.Mentions = acctest.SeverityWarning, tc.summary, []string{tc.mention}
					}
					want.Check(t, got.Of(tc.name))
					for _, d := range got.Of(tc.name) {
						if strings.Contains(d.Detail, tc.key) || strings.Contains(d.Detail, "s3cr3tpassword") {
							t.Errorf("of %s: a key or a password is in the message: %s", of, d.Detail)
						}
					}
				}
				w.MustApply()
			}
		})
	}
}

// errorRow is a response of the service's or the gateway's, and what comes of it.
type errorRow struct {
	status        int
	code, message string
	summary       string
	attribute     string // of a write
	mentions      []string
	tries         int
}

// Each row of the API's error table, on a write and on a read: what the user
// sees, on which argument, how often it was tried, and that nothing is lost.
func TestErrorTable(t *testing.T) {
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
		{401, "APIGW.0301", iam + "verify aksk signature fail, canonicalRequest:PUT|/v2/apps/", "Signature refused", "", []string{"secret key", "project_id", "five minutes", "****0001", "the provider block"}, 1},
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
	for _, tc := range tests {
		acctest.Bubble(t, fmt.Sprint(tc.status, " ", tc.summary), tc.test)
	}
}

func (tc errorRow) test(t *testing.T) {
	t.Helper()
	const gone = "SparkRTC app not found" // which on a read is no error
	c := acctest.StartInBubble(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, map[string]any{"max_retries": 1})
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
	fault := emulator.Fault{AppID: testApp, Times: -1, Status: tc.status, Code: tc.code, Message: tc.message}
	switch tc.status {
	case http.StatusTooManyRequests:
		fault.Header = http.Header{"Retry-After": {"0"}}
	case http.StatusFound:
		fault.Header = http.Header{"Location": {"https://elsewhere.example.com/login"}}
	}
	check := func(run *acctest.Run, method string) {
		t.Helper()
		if calls := len(c.Requests(emulator.App(testApp), emulator.Method(method))); calls != tc.tries {
			t.Errorf("%d calls, want %d", calls, tc.tries)
		}
		if method == http.MethodGet && tc.summary == gone {
			run.ExpectPlanned(t, map[string]string{"test": "create"})
			return
		}
		list := slices.DeleteFunc(run.Of("test"), func(d acctest.Diagnostic) bool { return d.Severity != acctest.SeverityError }) // that the quota is waited for
		want := acctest.Expectation{Address: "test", Severity: acctest.SeverityError, Summary: tc.summary, Attribute: tc.attribute, Mentions: tc.mentions}
		if method == http.MethodGet {
			want.Attribute = list.Of(t, "test").Attribute
			if tc.summary == "SparkRTC refused a value" {
				want.Mentions = []string{"Check app_id."} // a read has no other value
			}
		}
		want.Mentions = append(slices.Clone(want.Mentions), testApp, fmt.Sprintf("HTTP %d", tc.status), "Request ID: ", tc.code)
		want.Check(t, list)
	}

	fault.Method = http.MethodPut
	c.Fail(fault)
	check(w.Apply(), http.MethodPut)
	if len(w.Stored) > 0 {
		t.Errorf("what failed is stored: %s", w.StateText())
	}
	c.ClearFaults()
	w.MustApply()
	c.ResetRequests()
	fault.Method = http.MethodGet
	c.Fail(fault)
	check(w.Plan(), http.MethodGet)
}

// An update that fails leaves the state as it was, and the next apply repairs
// whatever came of it.
func TestFailedUpdate(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"without effect": false, "with effect": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const newURL = "https://recordings.example.com/new"
			c := acctest.StartEmulator(t, emulator.Options{Clock: acctest.TickingClock()}, testApp)
			w := newWorkspace(t, c, nil)
			w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
			w.MustApply()
			w.Set("test", arguments{url: newURL, key: testKey}.given(testApp))
			c.Fail(emulator.Fault{Method: http.MethodPut, Drop: true, After: after})
			if err := w.Apply().Of("test").Err(); err == nil || !strings.Contains(err.Error(), "No connection to the SparkRTC API") {
				t.Errorf("the error: %v", err)
			}
			w.ExpectStored("test", map[string]any{"url": testURL, "auth_key": testKey})
			w.MustApply()
			expectTruth(t, c, testApp, newURL, testKey)
			w.ExpectPlanned(map[string]string{})
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
	r := newBinaryCLI(t, c, callbackConfig, "TF_LOG=DEBUG")
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

func TestUnwantedKeyThatStays(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
	w.MustApply()
	w.Set("test", arguments{url: testURL}.given(testApp))
	acctest.Expectation{
		Address: "test", Severity: acctest.SeverityWarning, Summary: callbackWords[callback.KeptKey].summary, Mentions: []string{testApp},
	}.Check(t, slices.DeleteFunc(w.MustApply().Of("test"), func(d acctest.Diagnostic) bool { return d.Summary == callbackWords[callback.LosesKey].summary }))
	// And each plan says so until it is gone.
	expectReported(t, w.ExpectPlanned(map[string]string{}), "test", callback.KeyNotConfigured)
	c.SetCallback(testApp, testURL, "")
	expectReported(t, w.ExpectPlanned(map[string]string{}), "test")
}
