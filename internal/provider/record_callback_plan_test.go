// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestOverwriteWarning(t *testing.T) {
	t.Parallel()
	const live = "https://live.example.com/events"
	for _, unset := range emulator.Unsets {
		t.Run(string(unset), func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{Unset: unset}, "without", "with")
			c.SetCallback("with", live, testKey)
			w := newWorkspace(t, c, nil)
			for _, app := range []string{"without", "with"} {
				w.Set(app, arguments{url: testURL}.given(app))
			}
			got := w.ExpectPlanned(map[string]string{"without": "create", "with": "create"})
			expectCalls(t, c, 1)
			expectReported(t, got, "without")
			set, _ := c.Callback("with")
			acctest.Expectation{
				Address: "with", Severity: acctest.SeverityWarning, Summary: "Existing callback will be overwritten, key removed",
				Mentions: []string{"https://live.example.com.", set.UpdateTime.UTC().Format("2006-01-02T15:04:05.000Z"), "no longer signed", "import {", `id = "with"`},
			}.Check(t, got.Of("with"))
			for _, d := range got.Of("with") {
				if strings.Contains(d.Detail, testKey) || strings.Contains(d.Detail, live) {
					t.Error("the live callback's key or path is shown")
				}
			}
			expectTruth(t, c, "with", live, testKey)
		})
	}
}

// An app that isn't there is found before anything is changed.
func TestAppDoesNotExist(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	for _, app := range []string{testApp, "gone"} {
		w.Set(app, arguments{url: testURL}.given(app))
	}
	acctest.Expectation{
		Address: "gone", Severity: acctest.SeverityError, Summary: "SparkRTC app not found", Attribute: "app_id", Mentions: []string{`"gone"`},
	}.Check(t, w.Apply().Of("gone"))
	expectCalls(t, c, 2) // the listing, and the app that wasn't on it

	// Many that are not there don't cost a call each.
	w = newWorkspace(t, c, nil)
	for i := range 20 {
		w.Set(appOf(i), arguments{url: testURL}.given(appOf(i)))
	}
	if got := w.Plan(); !got.Failed {
		t.Error("apps that are not there are planned")
	}
	expectCalls(t, c, 1+maxLookUps)
}

// Where apps may not be looked at, or not now, a callback is set all the same.
func TestAppsCanNotBeListed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
		"forbidden":   {Status: 403, Code: "APIGW.0306", Message: "API access denied"},
		"not there":   {Status: 404, Code: "APIGW.0101", Message: "The API does not exist"},
		"HTML":        {Status: 200, RawBody: `<html></html>`, ContentType: "text/html"},
		"not an app":  {Status: 200, RawBody: `{"apps":[{"app_id":7}]}`, ContentType: "application/json"},
		"server down": {Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			fault.Method, fault.Times = http.MethodGet, -1
			c.Fail(fault)
			w := newWorkspace(t, c, nil)
			w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
			warnings := w.MustApply().Of("test").Warnings()
			expectCalls(t, c, 2, withKey(testURL, testKey))
			var want []string
			if name != "forbidden" { // by the plan, and by the apply's own planning
				want = []string{"Apps could not be listed", "Apps could not be listed"}
			}
			if !slices.Equal(warnings, want) {
				t.Errorf("warned %q, want %q", warnings, want)
			}
		})
	}
}

// Credentials that are refused are found by the plan of a new resource, once,
// and not by ten applies at a time, which would lock the access key.
func TestAccCLI_wrongSecretKeyIsFoundByPlan(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{})
	for i := range 8 {
		c.AddApp(fmt.Sprintf("app-%d", i))
	}
	r := newCLI(t, c, fmt.Sprintf(`
resource "sparkrtc_record_callback" "test" {
  count  = 8
  app_id = "app-${count.index}"
  url    = %q
}
`, testURL), "HW_SECRET_KEY=wrong")
	if out := r.Must(t, 1, "apply", "-auto-approve").Out(); !strings.Contains(out, "Signature refused") {
		t.Errorf("the message: %s", out)
	}
	expectCalls(t, c, 1)
}

// A resource that is replaced or tainted, one at another address, and two of one app:
// what is said is true of each, and nothing is said of the own callback.
func TestWarningsOfOneAndTheSameApp(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	given := arguments{url: testURL, key: testKey}.given(testApp)
	w.Set("before", given)
	w.MustApply()
	expectReported(t, w.ExpectPlanned(map[string]string{}), "before")

	w.Set("before", given, acctest.Replaced())
	expectReported(t, w.ExpectPlanned(map[string]string{"before": "replace"}), "before")
	expectReported(t, w.MustApply(), "before")
	w.Set("before", given, acctest.Tainted())
	expectReported(t, w.ExpectPlanned(map[string]string{"before": "replace"}), "before")

	w.Set("before", given)
	w.Set("second", given)
	two := w.ExpectPlanned(map[string]string{"second": "create"})
	expectReported(t, two, "second", callback.TwoResources)
	acctest.Expectation{Address: "second", Severity: acctest.SeverityWarning, Summary: callbackWords[callback.TwoResources].summary, Mentions: []string{testApp}}.Check(t, two.Of("second"))

	w.Remove("before")
	renamed := w.ExpectPlanned(map[string]string{"before": "delete", "second": "create"})
	acctest.Expectation{Address: "before", Severity: acctest.SeverityWarning, Summary: callbackWords[callback.StaysInPlace].summary, Mentions: []string{"moved block"}}.Check(t, renamed.Of("before"))
	expectReported(t, renamed, "second")                               // its own, as the read of the old address has found
	w.Stored = map[string]acctest.Object{"second": w.Stored["before"]} // as a moved block does
	expectReported(t, w.ExpectPlanned(map[string]string{}), "second")
}

// What the CLI asks about a replacement and a tainted resource is what the test above
// takes it for, and it says which resource a warning is about.
func TestAccCLI_twoResourcesOnOneApp(t *testing.T) {
	t.Parallel()
	const title, overwrites = "Two resources set one callback", "Existing callback will be overwritten"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	second := strings.Replace(strings.SplitAfterN(callbackConfig, "\n}\n", 3)[2], `"test"`, `"second"`, 1)
	r := newCLI(t, c, callbackConfig)
	r.Apply(t)
	// Its own callback is no news: a replacement is planned in two calls.
	if list := r.Must(t, 0, "plan", "-replace="+resourceName, "-json").Diagnostics(t); len(list) != 1 { // the development override
		t.Errorf("of one that is replaced: %+v", list)
	}
	r.Must(t, 0, "taint", resourceName)
	if d := r.Must(t, 0, "apply", "-auto-approve", "-json").Diagnostics(t); slices.Contains(d.Warnings(), overwrites) || slices.Contains(d.Warnings(), title) {
		t.Errorf("of a tainted one: %q", d.Warnings())
	}
	r.Write(t, callbackConfig+second)
	if out := r.Must(t, 0, "plan").Out(); strings.Count(out, title) != 1 || !strings.Contains(out, testApp) {
		t.Errorf("of two: %s", out)
	}
}

// Once a run, whatever the number of resources, and it can be switched off.
func TestAccCLI_clearTextKeyWarning(t *testing.T) {
	t.Parallel()
	const title = "Callback key is stored in the state"
	tests := map[string]struct {
		config string
		env    string
		want   int
		runs   [][]string
	}{
		"by default":                {"", "", 1, [][]string{{"apply", "-auto-approve"}, {"plan"}}},
		"off in the block":          {"provider \"sparkrtc\" {\n  clear_text_key_warning = false\n}\n", "", 0, [][]string{{"plan"}}},
		"off in the environment":    {"", "false", 0, [][]string{{"plan"}}},
		"on in the block, off else": {"provider \"sparkrtc\" {\n  clear_text_key_warning = true\n}\n", "false", 1, [][]string{{"plan"}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, "app-0", "app-1", "app-2")
			r := newBinaryCLI(t, c, tc.config+fmt.Sprintf(`
resource "sparkrtc_record_callback" "counted" {
  count    = 2
  app_id   = "app-${count.index}"
  url      = %[1]q
  auth_key = %[2]q
}

resource "sparkrtc_record_callback" "other" {
  app_id   = "app-2"
  url      = %[1]q
  auth_key = %[2]q
}
`, testURL, testKey), "SPARKRTC_CLEAR_TEXT_KEY_WARNING="+tc.env)
			for _, arguments := range tc.runs {
				out := r.Must(t, 0, arguments...).Out()
				if got := strings.Count(out, title); got != tc.want || strings.Contains(out, "similar warning") {
					t.Errorf("%v: %d warnings, want %d: %s", arguments, got, tc.want, out)
				}
			}
		})
	}
}

// A URL may be a secret to its user, in what follows the "?" and before the "@";
// Terraform hides it then, and so do the warnings.
func TestAccCLI_secretInURL(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-0123456789"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, "https://elsewhere.example.com/hook?token="+secret, "")
	config := `
variable "url" {
  sensitive = true
  default   = "https://recordings.example.com/hook?token=` + secret + `"
}

resource "sparkrtc_record_callback" "test" {
  app_id = "` + testApp + `"
  url    = var.url
}
`
	r := newCLI(t, c, config)
	for _, arguments := range [][]string{{"apply", "-auto-approve"}, {"plan", "-destroy", "-refresh=false"}} {
		got := r.Must(t, 0, arguments...)
		if strings.Contains(got.Stdout+got.Stderr, secret) {
			t.Errorf("%v prints the secret: %s", arguments, got.Stdout)
		}
	}
	c.SetCallback(testApp, "https://user:"+secret+"@elsewhere.example.com/hook", "")
	got := r.Must(t, 0, "plan", "-json")
	d := got.Diagnostics(t).Of(t, "sparkrtc_record_callback.test")
	if strings.Contains(d.Detail, secret) || strings.Contains(d.Detail, "/hook") || !strings.Contains(d.Detail, "https://elsewhere.example.com") {
		t.Errorf("the warning: %s", d.Detail)
	}

	// Neither does the message about an endpoint that is refused for it.
	_, err := newCallbacksWith(t, c, &sparkRTCProvider{}, map[string]any{"endpoint": "https://user:" + secret + "@rtc.example.com"})
	if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "user or a password") {
		t.Errorf("the message: %v", err)
	}
}

// A warning for each thing that differs, and never the key. The apply sets both back.
func TestDriftIsExplained(t *testing.T) {
	t.Parallel()
	const foreignURL, foreignKey = "https://elsewhere.example.com/path", "key-set-outside-0123456789abcdef0123"
	tests := map[string]struct {
		echo    emulator.KeyEcho
		outside func(*acctest.Emulator)
		notices []callback.Notice
	}{
		"url and key":      {emulator.EchoExact, func(c *acctest.Emulator) { c.SetCallback(testApp, foreignURL, foreignKey) }, []callback.Notice{callback.URLChanged, callback.KeyChanged}},
		"touch, if masked": {emulator.EchoMasked, func(c *acctest.Emulator) { c.Touch(testApp) }, []callback.Notice{callback.KeyChanged}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{KeyEcho: tc.echo, Clock: acctest.TickingClock()}, testApp)
			w := newWorkspace(t, c, nil)
			w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
			w.MustApply()
			tc.outside(c)
			got := w.ExpectPlanned(map[string]string{"test": "update"})
			expectReported(t, got, "test", tc.notices...)
			truth, _ := c.Callback(testApp)
			said := ""
			for _, d := range got.Of("test") {
				said += d.Detail
				for _, mention := range []string{testApp, truth.UpdateTime.UTC().Format("2006-01-02T15:04:05.000Z"), "ignore_changes"} {
					if d.Severity != acctest.SeverityWarning || d.Attribute != "" || !strings.Contains(d.Detail, mention) {
						t.Errorf("%q is not mentioned: %+v", mention, d)
					}
				}
			}
			if truth.URL == foreignURL && !strings.Contains(said, "https://elsewhere.example.com") {
				t.Error("the host is not mentioned")
			}
			for _, secret := range []string{foreignKey, testKey, foreignURL} {
				if strings.Contains(said, secret) {
					t.Errorf("the plan says %q", secret)
				}
			}
			w.MustApply()
			expectTruth(t, c, testApp, testURL, testKey)
			w.ExpectPlanned(map[string]string{})
		})
	}
}

// What a plan says beyond what it shows, once, and of which app.
func TestAccCLI_planWarnings(t *testing.T) {
	t.Parallel()
	callback := func(arguments string) string {
		return callbackBlock("NAME", arg("app_id", "NAME"), arg("url", testURL), arguments)
	}
	const (
		clearText = "auth_key = \"" + testKey + "\""
		writeOnly = "auth_key_wo = \"" + testKey + "\"\n  auth_key_wo_version = 1"
	)
	adopting := importBlock("NAME", "NAME")
	live := func(c *acctest.Emulator, app string) { c.SetCallback(app, testURL, testKey) }
	elsewhere := func(config string) string {
		return strings.Replace(config, testURL, "https://elsewhere.example.com/", 1)
	}
	outside := func(url, key string) func(*acctest.Emulator, string) {
		return func(c *acctest.Emulator, app string) { c.SetCallback(app, url, key) }
	}
	const (
		overwrites      = "Existing callback will be overwritten"
		overwritesKey   = "Existing callback will be overwritten, key removed"
		losesKey        = "Callback key will be removed"
		notConfigured   = "Callback has a key that is not configured"
		notCompared     = "Callback key can't be compared"
		alsoSent        = "Callback key changes without a new version"
		urlChanged      = "Callback URL may have changed outside Terraform"
		keyChanged      = "Callback key may have changed outside Terraform"
		elsewhereOrigin = "https://elsewhere.example.com"
	)
	tests := map[string]struct {
		echo     emulator.KeyEcho
		applied  string // "" for nothing
		then     func(c *acctest.Emulator, app string)
		config   string
		summary  string
		mentions []string
	}{
		"the_key_goes":                     {"", callback(clearText), nil, callback(""), losesKey, []string{"no longer signed", "auth_key_wo"}},
		"the_write-only_key_goes":          {"", callback(writeOnly), nil, callback(""), losesKey, []string{"no longer signed"}},
		"the_key_moves":                    {"", callback(clearText), nil, callback(writeOnly), "", nil},
		"created_with_a_key_over_one":      {"", "", live, callback(writeOnly), overwrites, []string{"overwrites it. If", "import {"}},
		"created_without_over_one_with":    {"", "", live, callback(""), overwritesKey, []string{"no longer signed", "auth_key_wo", "import {"}},
		"adopted_with_a_key_that_is_shown": {"", "", live, adopting + callback(clearText), "", nil},
		"adopted_with_a_key_that_is_not":   {emulator.EchoMasked, "", live, adopting + callback(clearText), notCompared, []string{"This apply sets it"}},
		"adopted_as_write-only":            {emulator.EchoAbsent, "", live, adopting + callback(writeOnly), "", nil},
		"adopted_with_another_key":         {"", "", live, adopting + callback(strings.Replace(writeOnly, "callback-key", "another-key", 1)), notCompared, []string{"let the receiver accept it first"}},
		"adopted_without_has_one":          {emulator.EchoMasked, "", live, adopting + callback(""), notConfigured, []string{"-replace=ADDRESS", "auth_key_wo"}},
		"adopted_without_has_one_shown":    {"", "", live, adopting + callback(""), notConfigured, nil},
		"added_outside":                    {"", callback(""), live, callback(""), notConfigured, nil},
		"changed_without_has_one":          {emulator.EchoMasked, "", live, adopting + elsewhere(callback("")), losesKey, []string{"no longer signed"}},
		"gone":                             {"", callback(""), func(c *acctest.Emulator, app string) { c.ClearCallback(app) }, callback(""), "Recording callback is gone", []string{"the next apply creates it"}},
		"key_removed_outside_and_inside":   {"", callback(clearText), outside(testURL, ""), callback(""), keyChanged, nil},
		"key_changed_outside":              {emulator.EchoHashed, callback(clearText), outside(testURL, "key-set-outside-0123456789abcdef0123"), callback(clearText), keyChanged, []string{"the next apply sets the configured key"}},
		"url_changed_outside":              {"", callback(clearText), outside("https://elsewhere.example.com/path", testKey), callback(clearText), urlChanged, []string{elsewhereOrigin, "the next apply sets the configured URL"}},
		"another_key_goes_along":           {"", callback(writeOnly), nil, elsewhere(callback(strings.Replace(writeOnly, "callback-key", "another-key", 1))), alsoSent, []string{"auth_key_wo_version"}},
		"the_same_key_goes_along":          {"", callback(writeOnly), nil, elsewhere(callback(writeOnly)), "", nil},
		"another_key_alone":                {"", callback(writeOnly), nil, callback(strings.Replace(writeOnly, "callback-key", "another-key", 1)), "", nil},
		"another_version":                  {"", callback(writeOnly), nil, callback(strings.NewReplacer("callback-key", "another-key", "version = 1", "version = 2").Replace(writeOnly)), "", nil},
		"no_longer_wanted":                 {"", callback(""), nil, "", "Destroy leaves the callback in place", []string{"https://recordings.example.com.", "moved block", "SparkRTC console"}},
		"nothing":                          {"", callback(clearText), nil, callback(clearText), "", nil},
	}
	f := acctest.NewRouter(t)
	var applied, then strings.Builder
	for name, tc := range tests {
		f.Add(emulator.Options{KeyEcho: tc.echo}, name)
		applied.WriteString(strings.ReplaceAll(tc.applied, "NAME", name))
		then.WriteString(strings.ReplaceAll(tc.config, "NAME", name))
	}
	r := newCLI(t, f.Emulators[0], applied.String(), ownReads)
	r.Apply(t)
	for name, tc := range tests {
		if tc.then != nil {
			tc.then(f.ByApp[name], name)
		}
	}
	r.Write(t, then.String())
	got := r.Must(t, 0, "plan", "-json")
	for _, secret := range []string{testKey, "key-set-outside", testURL, elsewhereOrigin + "/"} {
		if strings.Contains(got.Stdout, secret) {
			t.Errorf("the messages show %q", secret)
		}
	}
	for name, tc := range tests {
		// Terraform gives no address to what is no longer configured.
		var about acctest.Diagnostics
		for _, d := range got.Diagnostics(t) {
			if strings.Contains(d.Detail, fmt.Sprintf("%q", name)) {
				about = append(about, d)
			}
		}
		if tc.summary == "" {
			if len(about) > 0 {
				t.Errorf("%s: there is nothing to say: %+v", name, about)
			}
			continue
		}
		if len(about) != 1 || about[0].Severity != "warning" || about[0].Summary != tc.summary || about[0].Attribute != "" {
			t.Errorf("%s: got %+v", name, about)
			continue
		}
		for _, mention := range tc.mentions {
			if !strings.Contains(about[0].Detail, mention) {
				t.Errorf("%s: %q is not mentioned: %s", name, mention, about[0].Detail)
			}
		}
	}
}

// Terraform folds warnings of one summary. With -json it has each.
func TestAccCLI_warningsAreFolded(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, "one", "two")
	r := newCLI(t, c, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  for_each = toset([\"one\", \"two\"])\n  app_id = each.key\n  url = %q\n}\n", testURL))
	r.Apply(t)
	const title = "Destroy leaves the callback in place"
	out := r.Must(t, 0, "plan", "-destroy").Out()
	if strings.Count(out, title) != 1 || !strings.Contains(out, "(and one more similar warning elsewhere)") {
		t.Errorf("it is not folded: %s", out)
	}
}

// A plan asks for nothing that it can't know the name of.
func TestAppNotKnownYet(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", map[string]any{"app_id": tftypes.UnknownValue, "url": testURL})
	planned := w.ExpectPlanned(map[string]string{"test": "create"})
	expectCalls(t, c, 0)
	w.Resolve(planned, "test", map[string]any{"app_id": testApp, "url": testURL})
	w.ApplyPlan(planned)
	planned.ExpectPlanned(t, map[string]string{"test": "create"})
	expectTruth(t, c, testApp, testURL, "")
}

// A CLI that knows no write-only arguments gives its user no other choice.
func TestClearTextKeyWarningNeedsAChoice(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		core, err := acctest.StartCore(t, serving(New("test")()))
		if err != nil {
			t.Fatal(err)
		}
		core.NoWriteOnly = !allowed
		if warned, err := core.Resource(callbackType).Validate(arguments{url: testURL, key: testKey}.value()); err != nil || len(warned) > 0 != allowed {
			t.Errorf("write-only arguments are allowed: %t; warned: %q, %v", allowed, warned, err)
		}
	}
}

// A callback that is gone is planned as a create like any other: with a look at
// the app, and all that there is to say.
func TestGoneIsCheckedAsANewOne(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: "http://recordings.example.com/"}.given(testApp))
	w.MustApply()
	c.ClearCallback(testApp)
	got := w.ExpectPlanned(map[string]string{"test": "create"}).Of("test").Warnings()
	if want := []string{callbackWords[callback.Gone].summary, "Callback URL without TLS"}; !slices.Equal(got, want) {
		t.Errorf("of a callback: %q, want %q", got, want)
	}
	c.RemoveApp(testApp)
	if err := w.Plan().Of("test").Err(); err == nil || !strings.Contains(err.Error(), "SparkRTC app not found") {
		t.Errorf("of an app: %v", err)
	}
}

// A URL's password is in no message, whatever else is wrong with the URL.
func TestAccCLI_passwordInWrongURL(t *testing.T) {
	t.Parallel()
	urls := []string{"https://user:hunter2#x@host/", "https://user:hunter2/x@host/", "https://user:hunter2%zz@host/", "https://user:hunter2@host:99999/"}
	variables, config := acctest.Keys(), ""
	for i, url := range urls {
		variables = append(variables, fmt.Sprintf("TF_VAR_url_%d=%s", i, url))
		config += fmt.Sprintf("variable \"url_%[1]d\" {\n  sensitive = true\n}\n\nresource \"sparkrtc_record_callback\" \"test_%[1]d\" {\n  app_id = \"a\"\n  url = var.url_%[1]d\n}\n", i)
	}
	got := newCLI(t, nil, config, variables...).Must(t, 1, "plan")
	if strings.Contains(got.Stdout+got.Stderr, "hunter2") || strings.Count(got.Out(), "Error: Invalid callback URL") != len(urls) {
		t.Errorf("the messages: %s", got.Out())
	}
}
