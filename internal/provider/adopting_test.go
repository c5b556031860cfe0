// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// An account with apps that were set by hand is taken over as docs/guides/adopting-an-account.md says: the plan has
// imports alone, the apply sends nothing, and what was read is the configuration from then on.
func TestAccCLI_adoptAccount(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]emulator.Options{
		"as documented": {},
		"other switches": {
			DefaultsEcho: emulator.DefaultsShown, UnusedConfig: emulator.UnusedZeros, PathEcho: emulator.PathSlash, OffRule: emulator.OffKeeps,
			KeyEcho: emulator.EchoMasked, Unset: emulator.UnsetEmpty,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := accountSetByHand(t, options)
			e.SetAutoRecord("three", emulator.AutoRecordIndividual, "deleted-rule") // which records nothing

			r := newCLI(t, e, "")
			r.Copy(t, filepath.Join(root, "examples", "adopting"))
			r.Apply(t)
			r.WriteFile(t, "apps.json", r.Must(t, 0, "output", "-json", "apps").Stdout)
			r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-out=adopt.tfplan")
			if out := r.Must(t, 0, "apply", "adopt.tfplan").Out(); !strings.Contains(out, "8 imported, 0 added, 0 changed, 0 destroyed") {
				t.Errorf("the import: %s", out)
			}
			r.Plan(t, acctest.NoChanges)
			e.ExpectSent(t)
			acctest.ExpectNoSecret(t, "state", r.ReadFile(t, acctest.LocalState), testKey)

			if err := os.Remove(filepath.Join(r.Dir, "adopt.tf")); err != nil {
				t.Fatal(err)
			}
			r.Apply(t) // forgets the output
			r.Plan(t, acctest.NoChanges)
			e.ExpectSent(t)

			r.WriteFile(t, "apps.json", strings.Replace(r.ReadFile(t, "apps.json"), `"key_version":null,"url":"`+testURL+`"`, `"key_version":1,"url":"`+testURL+`"`, 1))
			r.Env = append(r.Env, `TF_VAR_callback_keys={"classroom":"`+testKey+`"}`)
			r.Apply(t)
			state := r.ReadFile(t, acctest.LocalState)
			acctest.ExpectNoSecret(t, "state", state, testKey)
			if !strings.Contains(state, `"auth_key_wo_version": 1`) {
				t.Error("the key has no version in the state")
			}
			if sent := e.Sent(t); len(sent) != 0 && options.KeyEcho == "" {
				t.Errorf("sent a key that the service shows: %v", sent)
			}
			expectTruth(t, e, "one", testURL, testKey)
			e.SetCallback("two", testURL+"/changed", "")
			if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, `/changed" -> "`+testURL+"/two") {
				t.Errorf("a change outside: %s", out)
			}
		})
	}
}

// accountSetByHand has an app with everything, a disabled one without automatic recording and a key, and one with nothing.
func accountSetByHand(t *testing.T, options emulator.Options) *acctest.Emulator {
	t.Helper()
	e := acctest.StartEmulator(t, options, "one", "two", "three")
	for id, name := range map[string]string{"one": "classroom", "two": "conference", "three": "archive"} {
		e.NameApp(id, name)
	}
	rule := e.SetRecordRule("one", emulator.RecordRule{
		Bucket: "recordings", Object: "classroom/", HLS: &emulator.RecordConfig{RecordMaxDurationToMergeFile: -1}, MP4: &emulator.RecordConfig{RecordCycle: 600, RecordPrefix: "p"},
	})
	e.SetAutoRecord("one", emulator.AutoRecordIndividual, rule)
	e.SetCallback("one", testURL, testKey)
	e.SetAutoRecord("two", emulator.AutoRecordOff, e.SetRecordRule("two", emulator.RecordRule{Bucket: "recordings", MP4: &emulator.RecordConfig{RecordCycle: 60}}))
	e.SetCallback("two", testURL+"/two", "")
	e.DeactivateApp("two")
	return e
}

// The same with a query, as the page writes it.
func TestAccCLI_adoptAccountByQuery(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Queries)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	e := accountSetByHand(t, emulator.Options{})
	r := newCLI(t, e, "provider \"sparkrtc\" {}\n")
	r.WriteFile(t, "account.tfquery.hcl", examples(t, root)[filepath.Join("docs", "guides", "adopting-an-account.md", "1")])
	r.Must(t, 0, "query", "-generate-config-out=account.tf")
	if out := r.Apply(t).Out(); !strings.Contains(out, "8 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("the import: %s", out)
	}
	r.Plan(t, acctest.NoChanges)
	e.ExpectSent(t)
	acctest.ExpectNoSecret(t, "configuration", r.ReadFile(t, "account.tf"), testKey)
}
