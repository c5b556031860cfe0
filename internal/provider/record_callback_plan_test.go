// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestAccCLI_overwriteWarning(t *testing.T) {
	t.Parallel()
	const live = "https://live.example.com/events"
	for _, unset := range emulator.Unsets {
		t.Run(string(unset), func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{Unset: unset}, "without", "with")
			c.SetCallback("with", live, testKey)
			r := newCLI(t, c, fmt.Sprintf(`
resource "sparkrtc_record_callback" "test" {
  for_each = toset(["without", "with"])
  app_id   = each.key
  url      = %q
}
`, testURL))
			got := r.Must(t, 0, "plan", "-json")
			expectCalls(t, c, 1)
			d := got.Diagnostics(t).Of(t, `sparkrtc_record_callback.test["with"]`)
			if d.Severity != "warning" || d.Summary != "Existing callback will be overwritten, key removed" || d.Attribute != "" {
				t.Errorf("got %+v", d)
			}
			set, _ := c.Callback("with")
			for _, mention := range []string{"https://live.example.com.", set.UpdateTime.UTC().Format("2006-01-02T15:04:05.000Z"), "no longer signed", "import {", `id = "with"`} {
				if !strings.Contains(d.Detail, mention) {
					t.Errorf("%q is not mentioned: %s", mention, d.Detail)
				}
			}
			if strings.Contains(got.Stdout, testKey) || strings.Contains(got.Stdout, live) {
				t.Error("the live callback's key or path is shown")
			}
			expectTruth(t, c, "with", live, testKey)
		})
	}
}

// An app that isn't there is found before anything is changed.
func TestAccCLI_appDoesNotExist(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, fmt.Sprintf(`
resource "sparkrtc_record_callback" "test" {
  for_each = toset([%q, "gone"])
  app_id   = each.key
  url      = %q
}
`, testApp, testURL))
	d := r.Must(t, 1, "apply", "-auto-approve", "-json").Diagnostics(t).Of(t, `sparkrtc_record_callback.test["gone"]`)
	if d.Summary != "SparkRTC app not found" || d.Attribute != "app_id" || !strings.Contains(d.Detail, `"gone"`) {
		t.Errorf("got %+v", d)
	}
	expectCalls(t, c, 2) // the listing, and the app that wasn't on it

	// Many that are not there don't cost a call each.
	r.Write(t, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  count = 20\n  app_id = \"gone-${count.index}\"\n  url = %q\n}\n", testURL))
	r.Must(t, 1, "plan")
	expectCalls(t, c, 1+maxLookUps)
}

// Where apps may not be looked at, or not now, a callback is set all the same.
func TestAccCLI_appsCanNotBeListed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
		"forbidden":   {Status: 403, Code: "APIGW.0306", Message: "API access denied"},
		"not there":   {Status: 404, Code: "APIGW.0101", Message: "The API does not exist"},
		"nonsense":    {Status: 200, RawBody: `<html></html>`, ContentType: "text/html"},
		"not an app":  {Status: 200, RawBody: `{"apps":[{"app_id":7}]}`, ContentType: "application/json"},
		"server down": {Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			fault.Method, fault.Times = http.MethodGet, -1
			c.Fail(fault)
			r := newCLI(t, c, callbackConfig, "HW_MAX_RETRIES=0")
			out := r.Apply(t).Out()
			expectCalls(t, c, 2, withKey(testURL, testKey))
			want := 2 // by the plan, and by the apply's own planning
			if name == "forbidden" {
				want = 0
			}
			if got := strings.Count(out, "Warning: Apps could not be listed") + strings.Count(out, "(and one more similar warning elsewhere)"); got != want {
				t.Errorf("%d warnings, want %d: %s", got, want, out)
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

func TestAccCLI_twoResourcesOnOneApp(t *testing.T) {
	t.Parallel()
	const title = "Two resources set one callback"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	second := strings.Replace(strings.SplitAfterN(callbackConfig, "\n}\n", 3)[2], `"test"`, `"second"`, 1)
	r := newCLI(t, c, callbackConfig)
	r.Apply(t)
	// No false alarm: a replacement is planned in two calls.
	for _, arguments := range [][]string{{"plan"}, {"plan", "-replace=sparkrtc_record_callback.test"}, {"plan", "-destroy"}} {
		if out := r.Must(t, 0, arguments...).Out(); strings.Contains(out, title) {
			t.Errorf("%v: %s", arguments, out)
		}
	}
	r.Must(t, 0, "taint", "sparkrtc_record_callback.test")
	if out := r.Apply(t).Out(); strings.Contains(out, title) {
		t.Errorf("of a tainted one: %s", out)
	}
	r.Write(t, callbackConfig+second)
	out := r.Must(t, 0, "plan").Out()
	if strings.Count(out, title) != 1 || !strings.Contains(out, testApp) {
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
	}{
		"by default":                {"", "", 1},
		"off in the block":          {"provider \"sparkrtc\" {\n  clear_text_key_warning = false\n}\n", "", 0},
		"off in the environment":    {"", "false", 0},
		"on in the block, off else": {"provider \"sparkrtc\" {\n  clear_text_key_warning = true\n}\n", "false", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, "app-0", "app-1", "app-2")
			r := newCLI(t, c, tc.config+fmt.Sprintf(`
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
			for _, arguments := range [][]string{{"validate"}, {"plan"}, {"apply", "-auto-approve"}, {"plan"}} {
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
	for _, arguments := range [][]string{{"plan"}, {"apply", "-auto-approve"}, {"plan", "-destroy"}} {
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
	r.Write(t, `
variable "endpoint" {
  sensitive = true
  default   = "https://user:`+secret+`@rtc.example.com"
}

provider "sparkrtc" {
  endpoint = var.endpoint
}
`+callbackConfig)
	got = r.Must(t, 1, "plan")
	if strings.Contains(got.Stdout+got.Stderr, secret) || !strings.Contains(got.Out(), "user or a password") {
		t.Errorf("the message: %s", got.Out())
	}
}

// A warning for each thing that differs, and never the key. The apply sets both back.
func TestAccCLI_driftIsExplained(t *testing.T) {
	t.Parallel()
	const foreignURL, foreignKey = "https://elsewhere.example.com/path", "key-of-somebody-else-0123456789abcdef"
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
			c := acctest.StartEmulator(t, emulator.Options{KeyEcho: tc.echo}, testApp)
			r := newCLI(t, c, callbackConfig)
			r.Apply(t)
			tc.outside(c)
			got := r.Must(t, 0, "plan", "-json")
			truth, _ := c.Callback(testApp)
			var summaries []string
			for _, d := range got.Diagnostics(t) {
				if d.Address != resourceName {
					continue
				}
				summaries = append(summaries, d.Summary)
				for _, mention := range []string{testApp, truth.UpdateTime.UTC().Format("2006-01-02T15:04:05.000Z"), "ignore_changes"} {
					if d.Severity != "warning" || d.Attribute != "" || !strings.Contains(d.Detail, mention) {
						t.Errorf("%q is not mentioned: %+v", mention, d)
					}
				}
			}
			var want []string
			for _, notice := range tc.notices {
				want = append(want, callbackWords[notice].summary)
			}
			if !slices.Equal(summaries, want) {
				t.Errorf("warned of %q, want %q", summaries, want)
			}
			if truth.URL == foreignURL && !strings.Contains(got.Stdout, "https://elsewhere.example.com") {
				t.Error("the host is not mentioned")
			}
			for _, secret := range []string{foreignKey, testKey, foreignURL} {
				if strings.Contains(got.Stdout, secret) {
					t.Errorf("the plan shows %q", secret)
				}
			}
			r.Apply(t)
			expectTruth(t, c, testApp, testURL, testKey)
			r.Plan(t, acctest.NoChanges)
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
		"key_changed_outside":              {emulator.EchoHashed, callback(clearText), outside(testURL, "key-of-somebody-else-0123456789abcdef"), callback(clearText), keyChanged, []string{"the next apply sets the configured key"}},
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
	for _, secret := range []string{testKey, "key-of-somebody-else", testURL, elsewhereOrigin + "/"} {
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

// A resource at another address looks like another one to the provider: what is said
// must be true of it too. A tainted one, and one that is replaced, overwrite their own.
func TestAccCLI_warningsOfOneAndTheSameApp(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := func(key string) string {
		return fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  for_each = { %s = %q }\n  app_id = each.value\n  url = %q\n}\n", key, testApp, testURL)
	}
	r := newCLI(t, c, config("before"))
	r.Apply(t)
	const before, after = `sparkrtc_record_callback.test["before"]`, `sparkrtc_record_callback.test["after"]`
	const overwrites, stays = "Existing callback will be overwritten", "Destroy leaves the callback in place"

	r.Must(t, 0, "taint", before)
	// Its own callback is no news.
	if list := r.Must(t, 0, "apply", "-auto-approve", "-json").Diagnostics(t); len(list) != 1 { // the development override
		t.Errorf("of a tainted one: %+v", list)
	}
	if list := r.Must(t, 0, "apply", "-replace="+before, "-auto-approve", "-json").Diagnostics(t); len(list) != 1 {
		t.Errorf("of one that is replaced: %+v", list)
	}

	r.Write(t, config("after"))
	renamed := r.Must(t, 0, "plan", "-json").Diagnostics(t)
	if d := renamed.Of(t, before); d.Summary != stays || !strings.Contains(d.Detail, "moved block") {
		t.Errorf("of the old address: %+v", d)
	}
	for _, d := range renamed { // if it is planned before the old address is read
		if d.Address == after && d.Summary != overwrites {
			t.Errorf("of the new address: %+v", d)
		}
	}
	r.Write(t, config("after")+"moved {\n  from = "+before+"\n  to   = "+after+"\n}\n")
	if list := r.Must(t, 0, "plan", "-json").Diagnostics(t); len(list) != 1 { // the development override
		t.Errorf("of a moved one: %+v", list)
	}
}

// Terraform folds warnings of one summary, and -json has each.
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
	list := r.Must(t, 0, "plan", "-destroy", "-json").Diagnostics(t)
	for _, app := range []string{"one", "two"} {
		if d := list.Of(t, fmt.Sprintf("sparkrtc_record_callback.test[%q]", app)); d.Summary != title || !strings.Contains(d.Detail, fmt.Sprintf("app %q", app)) {
			t.Errorf("of %s: %+v", app, d)
		}
	}
}

// A plan asks for nothing that it can't know the name of.
func TestAccCLI_appNotKnownYet(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, fmt.Sprintf("resource \"terraform_data\" \"app\" {\n  input = %q\n}\n\nresource \"sparkrtc_record_callback\" \"test\" {\n  app_id = terraform_data.app.output\n  url = %q\n}\n", testApp, testURL))
	r.Plan(t, acctest.Changes)
	expectCalls(t, c, 0)
	r.Apply(t)
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
func TestAccCLI_goneIsCheckedAsANewOne(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  app_id = %q\n  url = \"http://recordings.example.com/\"\n}\n", testApp)
	r := newCLI(t, c, config)
	r.Apply(t)
	c.ClearCallback(testApp)
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, "is gone") || !strings.Contains(out, "Callback URL without TLS") {
		t.Errorf("of a callback: %s", out)
	}
	c.RemoveApp(testApp)
	if out := r.Must(t, 1, "plan").Out(); !strings.Contains(out, "SparkRTC app not found") {
		t.Errorf("of an app: %s", out)
	}
}

// With ignore_changes, an apply sends the key that is in the state: one that is
// not known must not become none.
func TestAccCLI_ignoredKeyThatIsNotKnown(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{KeyEcho: emulator.EchoMasked})
	c.SetCallback(testApp, testURL, testKey)
	ignoring := strings.Replace(callbackConfig, "  auth_key = var.key\n", "  auth_key = var.key\n\n  lifecycle {\n    ignore_changes = [auth_key]\n  }\n", 1)
	r := newCLI(t, c, ignoring+"\nimport {\n  to = sparkrtc_record_callback.test\n  id = \""+testApp+"\"\n}\n")
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, "1 to import, 0 to add, 0 to change") || strings.Contains(out, "not configured") {
		t.Errorf("the import alone: %s", out)
	}
	r.Write(t, strings.Replace(ignoring, testURL, "https://elsewhere.example.com/", 1)+"\nimport {\n  to = sparkrtc_record_callback.test\n  id = \""+testApp+"\"\n}\n")
	if out := r.Must(t, 1, "apply", "-auto-approve").Out(); !strings.Contains(out, "Callback key is ignored and can't be read") || !strings.Contains(out, "ignore_changes") {
		t.Errorf("the message: %s", out)
	}
	expectTruth(t, c, testApp, testURL, testKey)
}

// A URL's password is in no message, whatever else is wrong with the URL.
func TestAccCLI_passwordInWrongURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://user:hunter2#x@host/", "https://user:hunter2/x@host/", "https://user:hunter2%zz@host/", "https://user:hunter2@host:99999/"} {
		r := newCLI(t, nil, "variable \"url\" {\n  sensitive = true\n}\n\nresource \"sparkrtc_record_callback\" \"test\" {\n  app_id = \"a\"\n  url = var.url\n}\n", append(acctest.Keys(), "TF_VAR_url="+url)...)
		got := r.Must(t, 1, "plan")
		if strings.Contains(got.Stdout+got.Stderr, "hunter2") || !strings.Contains(got.Out(), "Invalid callback URL") {
			t.Errorf("%s: %s", url, got.Out())
		}
	}
}
