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

// The life of a write-only key, in every way that the service may show it.
func TestWriteOnlyKey(t *testing.T) {
	t.Parallel()
	const newKey, newURL, foreign = "second-key-of-the-tests-0123456789abc", "https://recordings.example.com/new", "key-of-another-writer-0123456789abcde"
	f := acctest.NewRouter(t)
	var apps []string
	for _, echo := range emulator.KeyEchoes {
		apps = append(apps, string(echo))
		f.Add(emulator.Options{KeyEcho: echo}, string(echo))
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	// An action is planned for all of them: a replacement would send the same.
	step := func(config arguments, action string, puts ...payload) *acctest.Run {
		t.Helper()
		want := map[string]string{}
		for _, app := range apps {
			w.Set(app, config.given(app))
			if action != "" {
				want[app] = action
			}
		}
		run := w.ExpectPlanned(want)
		plan := run.PlanText()
		w.ApplyPlan(run)
		run.ExpectPlanned(t, want)
		said := ""
		for _, app := range apps {
			expectPuts(t, f.ByApp[app], app, puts...)
			said += fmt.Sprintln(run.Of(app))
		}
		w.ExpectPlanned(map[string]string{})
		for what, text := range map[string]string{"messages": said, "plan": plan, "state": w.StateText()} {
			acctest.ExpectNoSecret(t, what, text, testKey, newKey, foreign)
		}
		return run
	}

	step(arguments{testURL, testKey, 1}, "create", withKey(testURL, testKey))
	// The key is sent with another URL, too, though Terraform stored none.
	step(arguments{newURL, testKey, 1}, "update", withKey(newURL, testKey))
	// Another key alone is no change: it may be one that differs in each run.
	step(arguments{newURL, newKey, 1}, "")
	step(arguments{newURL, newKey, 2}, "update", withKey(newURL, newKey))
	for _, app := range apps {
		expectTruth(t, f.ByApp[app], app, newURL, newKey)

		// Another writer's key is noticed by what is shown, or by the time.
		f.ByApp[app].SetCallback(app, newURL, foreign)
	}
	run := step(arguments{newURL, newKey, 2}, "update", withKey(newURL, newKey))
	for _, app := range apps {
		acctest.Expectation{
			Address: app, Severity: acctest.SeverityWarning, Summary: callbackWords[callback.KeyChanged].summary, Mentions: []string{app},
		}.Check(t, run.Of(app))
		expectTruth(t, f.ByApp[app], app, newURL, newKey)
		w.ExpectStored(app, map[string]any{"auth_key": nil, "auth_key_wo": nil, "auth_key_wo_version": 2})
		f.ByApp[app].SetCallback(app, newURL, foreign)
	}

	// The drift is in the state: the version is null.
	w.Refresh()
	for _, app := range apps {
		w.ExpectStored(app, map[string]any{"url": newURL, "auth_key": nil, "auth_key_wo_version": nil})
	}
}

// Moving from one way to the other is an update in place, and takes the key out
// of the state.
func TestWriteOnlyKeyMigration(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	apply := func(config arguments, action string, puts ...payload) {
		t.Helper()
		w.Set("test", config.given(testApp))
		w.MustApply().ExpectPlanned(t, map[string]string{"test": action})
		expectPuts(t, c, testApp, puts...)
		w.ExpectPlanned(map[string]string{})
		if stored := strings.Contains(w.StateText(), testKey); stored != (config.authKey() == testKey) {
			t.Errorf("the key is in the state: %t", stored)
		}
	}
	clearText, writeOnly := arguments{url: testURL, key: testKey}, arguments{testURL, testKey, 1}
	apply(clearText, "create", withKey(testURL, testKey))
	apply(writeOnly, "update") // it is there
	apply(clearText, "update")
	apply(arguments{url: testURL, key: "another-key-of-the-tests-0123456789"}, "update", withKey(testURL, "another-key-of-the-tests-0123456789"))
	apply(clearText, "update", withKey(testURL, testKey))
	apply(writeOnly, "update")
	apply(arguments{url: testURL}, "update", withKey(testURL, ""))
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
