// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const writeOnlyConfig = `
variable "key" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "key_version" {
  type    = number
  default = 1
}

variable "url" {
  type    = string
  default = "` + testURL + `"
}

resource "sparkrtc_record_callback" "test" {
  app_id              = "` + testApp + `"
  url                 = var.url
  auth_key_wo         = var.key
  auth_key_wo_version = var.key_version
}
`

// The life of a write-only key, plan and apply as two processes with a saved
// plan between them, in every way that the service may show it.
func TestAccCLI_writeOnlyKey(t *testing.T) {
	t.Parallel()
	const newKey, newURL, foreign = "second-key-of-the-tests-0123456789abc", "https://recordings.example.com/new", "key-of-another-writer-0123456789abcde"
	f := acctest.NewRouter(t)
	var apps []string
	for _, echo := range emulator.KeyEchoes {
		app := string(echo)
		apps = append(apps, app)
		f.Add(emulator.Options{KeyEcho: echo}, app)
	}
	config := strings.Replace(writeOnlyConfig, fmt.Sprintf("app_id              = %q", testApp), forEach(apps), 1)
	r := newCLI(t, f.Emulators[0], config, ownReads)
	creates := len(apps)
	step := func(key string, code int, puts []payload, arguments ...string) acctest.Result {
		t.Helper()
		saved := &acctest.CLI{Dir: r.Dir, Env: append(r.Env[:len(r.Env):len(r.Env)], "TF_VAR_key="+key)}
		planned := saved.Must(t, code, append([]string{"plan", "-json", "-detailed-exitcode", "-out=saved.tfplan"}, arguments...)...)
		if code == acctest.Changes {
			// In place: a replacement would send the same.
			want := fmt.Sprintf("Plan: %d to add, %d to change, 0 to destroy", creates, len(apps)-creates)
			if !strings.Contains(planned.Out(), want) {
				t.Errorf("the plan is not %q: %s", want, planned.Out())
			}
			creates = 0
		}
		applied := saved.Must(t, 0, "apply", "saved.tfplan")
		for _, app := range apps {
			expectPuts(t, f.ByApp[app], app, puts...)
		}
		saved.Must(t, acctest.NoChanges, append([]string{"plan", "-detailed-exitcode"}, arguments...)...)
		for what, text := range map[string]string{
			"plan's output": planned.Stdout + planned.Stderr, "apply's output": applied.Stdout + applied.Stderr,
			"state": r.ReadFile(t, "terraform.tfstate"), "saved plan": r.ReadPlan(t, "saved.tfplan"),
		} {
			for _, secret := range append(acctest.Encodings(key), acctest.Encodings(foreign)...) {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in the %s", secret, what)
				}
			}
		}
		return planned
	}

	step(testKey, acctest.Changes, []payload{withKey(testURL, testKey)})
	// The key is sent with another URL, too, though Terraform stored none.
	step(testKey, acctest.Changes, []payload{withKey(newURL, testKey)}, "-var", "url="+newURL)
	// Another key alone is no change: it may be one that differs in each run.
	step(newKey, acctest.NoChanges, nil, "-var", "url="+newURL)
	step(newKey, acctest.Changes, []payload{withKey(newURL, newKey)}, "-var", "url="+newURL, "-var", "key_version=2")
	for _, app := range apps {
		expectTruth(t, f.ByApp[app], app, newURL, newKey)

		// Another writer's key is noticed by what is shown, or by the time.
		f.ByApp[app].SetCallback(app, newURL, foreign)
	}
	out := step(newKey, acctest.Changes, []payload{withKey(newURL, newKey)}, "-var", "url="+newURL, "-var", "key_version=2")
	for _, app := range apps {
		address := fmt.Sprintf("%s[%q]", resourceName, app)
		acctest.Expectation{
			Address: address, Severity: acctest.SeverityWarning, Summary: callbackWords[callback.KeyChanged].summary, Mentions: []string{app},
		}.Check(t, out.Diagnostics(t))
		expectTruth(t, f.ByApp[app], app, newURL, newKey)
		r.ExpectStored(t, address, map[string]any{"auth_key": nil, "auth_key_wo": nil, "auth_key_wo_version": 2})
		f.ByApp[app].SetCallback(app, newURL, foreign)
	}

	// The drift is in the state: the version is null.
	r.Must(t, 0, "apply", "-refresh-only", "-auto-approve", "-var", "key="+newKey, "-var", "url="+newURL, "-var", "key_version=2")
	for _, app := range apps {
		r.ExpectStored(t, fmt.Sprintf("%s[%q]", resourceName, app), map[string]any{"url": newURL, "auth_key": nil, "auth_key_wo_version": nil})
	}
}

// Moving from one way to the other is an update in place, and takes the key out
// of the state.
func TestAccCLI_writeOnlyKeyMigration(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig, "TF_VAR_key="+testKey)
	r.Apply(t)
	if !strings.Contains(r.ReadFile(t, "terraform.tfstate"), testKey) {
		t.Fatal("auth_key is not in the state: this test can't show that it goes")
	}
	c.ResetRequests()

	r.Write(t, writeOnlyConfig)
	out := r.Apply(t).Out()
	if !strings.Contains(out, "0 added, 1 changed, 0 destroyed") {
		t.Errorf("not an update in place: %s", out)
	}
	expectPuts(t, c, testApp) // it is there
	r.Plan(t, acctest.NoChanges)
	if strings.Contains(r.ReadFile(t, "terraform.tfstate"), testKey) {
		t.Error("the key stayed in the state")
	}

	c.ResetRequests()
	r.Write(t, callbackConfig)
	out = r.Apply(t).Out()
	if !strings.Contains(out, "0 added, 1 changed, 0 destroyed") {
		t.Errorf("not an update in place: %s", out)
	}
	expectPuts(t, c, testApp)
	r.Plan(t, acctest.NoChanges)

	// And no key at all.
	r.Write(t, writeOnlyConfig)
	r.Apply(t)
	c.ResetRequests()
	r.Write(t, strings.NewReplacer("  auth_key_wo         = var.key\n", "", "  auth_key_wo_version = var.key_version\n", "").Replace(writeOnlyConfig))
	r.Apply(t)
	expectPuts(t, c, testApp, withKey(testURL, ""))
	expectTruth(t, c, testApp, testURL, "")
}

// What is wrong with the two ways to give a key is said by validate.
func TestAccCLI_writeOnlyKeyErrors(t *testing.T) {
	t.Parallel()
	const long = "0123456789abcdef0123456789abcdef-literal"
	tests := []struct {
		arguments string
		expectation
	}{
		{fmt.Sprintf("auth_key = %q\n  auth_key_wo = %q\n  auth_key_wo_version = 1", long, long), expectation{"both", "error", "Two callback keys", "", []string{"auth_key", "auth_key_wo"}}},
		{fmt.Sprintf("auth_key_wo = %q", long), expectation{"no_version", "error", "Write-only callback key without a version", "", []string{"auth_key_wo_version = 1"}}},
		{"auth_key_wo = null\n  auth_key_wo_version = 1", expectation{"no_key", "", "", "", nil}}, // a variable without a value means no key
		{"auth_key_wo = \"\"\n  auth_key_wo_version = 1", expectation{"empty", "error", "Empty callback key", "", []string{"auth_key_wo is empty"}}},
		{fmt.Sprintf("auth_key_wo = %q\n  auth_key_wo_version = 1", long), expectation{"right", "", "", "", nil}},

		// Of none of these is the line shown, which has a key in it.
		{fmt.Sprintf("auth_key_wo = false ? %q : \"\"\n  auth_key_wo_version = 1", long), expectation{"signed_or_not", "error", "Empty callback key", "", []string{"auth_key_wo is empty"}}},
		{fmt.Sprintf("auth_key_wo = %q\n  auth_key_wo_version = 1", long+"\n"), expectation{"of_a_file", "error", "Callback key with a stray character", "", []string{"auth_key_wo ends with a line break", "trimspace"}}},
		{fmt.Sprintf("auth_key = %q", "\ufeff"+long), expectation{"byte_order_mark", "error", "Callback key with a stray character", "", []string{"auth_key begins with a byte order mark"}}},
		{fmt.Sprintf("auth_key_wo = %q\n  auth_key_wo_version = 1.5", long), expectation{"fraction", "error", "Invalid number", "auth_key_wo_version", []string{"auth_key_wo_version must be a whole number from 0 to"}}},
	}
	config := new(strings.Builder)
	fmt.Fprintf(config, "resource \"sparkrtc_record_callback\" \"null_url\" {\n  app_id = \"app\"\n  url = false ? \"https://user:%s@h/\" : null\n}\n", long)
	fmt.Fprintf(config, "data \"sparkrtc_record_callback\" \"read_only\" {\n  app_id = \"app\"\n  url = \"https://user:%s@h/\"\n}\n", long)
	for _, tc := range tests {
		fmt.Fprintf(config, "resource \"sparkrtc_record_callback\" %q {\n  app_id = \"app\"\n  url = %q\n  %s\n}\n", tc.name, testURL, tc.arguments)
	}
	got := newCLI(t, nil, config.String()).Must(t, 1, "validate", "-json")
	if strings.Contains(got.Stdout, "literal-key") || strings.Contains(got.Stdout, long) {
		t.Error("a key is in the messages")
	}
	list := got.Diagnostics(t)
	expectation{"null_url", "error", "Missing Configuration for Required Attribute", "", []string{"url"}}.check(t, list)
	acctest.Expectation{Address: "data." + callbackAddress("read_only"), Severity: "error", Summary: "Invalid Configuration for Read-Only Attribute", Mentions: []string{"url: "}}.Check(t, list)
	for _, tc := range tests {
		tc.check(t, list)
	}
}

// A module has a version by default, and a key that is null by default.
func TestVersionOfANullKey(t *testing.T) {
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked, emulator.EchoAbsent} {
		t.Run(string(echo), func(t *testing.T) {
			c := acctest.StartEmulator(t, emulator.Options{KeyEcho: echo}, testApp)
			given := func(key any, version int) map[string]any {
				return map[string]any{"app_id": testApp, "url": testURL, "auth_key_wo": key, "auth_key_wo_version": version}
			}
			var stored acctest.Object
			expect := func(what string, config map[string]any, action string, warnings []string, puts ...payload) {
				t.Helper()
				callbacks, err := newCallbacks(t, c)
				if err != nil {
					t.Fatal(err)
				}
				if stored.Exists() {
					if stored, err = callbacks.Read(stored); err != nil {
						t.Fatal(err)
					}
				}
				c.ResetRequests()
				plan, err := callbacks.Plan(stored, callbacks.ConfigOf(config), acctest.ValidateFirst())
				if err != nil || plan.Action != action || !slices.Equal(plan.Diagnostics.Warnings(), warnings) {
					t.Fatalf("%s: %s, %v, %v", what, plan.Action, plan.Diagnostics, err)
				}
				if action != acctest.ActionNone {
					if stored, err = callbacks.Apply(plan); err != nil {
						t.Fatal(err)
					}
				}
				expectPuts(t, c, testApp, puts...)
			}
			expect("no key", given(nil, 1), acctest.ActionCreate, nil, withKey(testURL, ""))
			expect("no key again", given(nil, 1), acctest.ActionNone, nil)
			expect("a key under the same version", given(testKey, 1), acctest.ActionNone, []string{"Callback key needs a new version"})
			expect("a key", given(testKey, 2), acctest.ActionUpdate, nil, withKey(testURL, testKey))
			expect("the key again", given(testKey, 2), acctest.ActionNone, nil)
		})
	}
}
