// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What the CLI writes for an import block without a resource has no secrets. It
// plans clean all the same, whatever the service shows of the key.
func TestAccCLI_generatedConfiguration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		echo  emulator.KeyEcho
		key   string
		warns bool
	}{
		"without_a_key":    {emulator.EchoExact, "", false},
		"key_as_it_is":     {emulator.EchoExact, testKey, true},
		"key_as_a_hash":    {emulator.EchoHashed, testKey, true},
		"key_cut_off":      {emulator.EchoTruncated, testKey, true},
		"key_masked":       {emulator.EchoMasked, testKey, true},
		"key_not_shown":    {emulator.EchoAbsent, testKey, false}, // nobody can know of it
		"key_partly_shown": {emulator.EchoPartial, testKey, true},
	}
	f := acctest.NewRouter(t)
	var config strings.Builder
	for name, tc := range tests {
		f.Add(emulator.Options{KeyEcho: tc.echo}, name).SetCallback(name, testURL, tc.key)
		config.WriteString(importBlock(name, name))
	}
	r := newCLI(t, f.Emulators[0], config.String(), ownReads)

	out := r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-generate-config-out=generated.tf", "-out=plan").Out()
	if want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", len(tests)); !strings.Contains(out, want) {
		t.Fatalf("no %q in the plan: %s", want, out)
	}
	for name, tc := range tests {
		if warned := strings.Contains(warningsOf(out, name), "has a key that is not configured"); warned != tc.warns {
			t.Errorf("%s: warned of the key: %t, want %t: %s", name, warned, tc.warns, out)
		}
	}
	generated := r.ReadFile(t, "generated.tf")
	if strings.Contains(generated, testKey) || strings.Count(generated, testURL) != len(tests) {
		t.Errorf("generated: %s", generated)
	}
	r.Must(t, 0, "apply", "plan")
	r.Plan(t, acctest.NoChanges)
	for name, tc := range tests {
		expectPuts(t, f.ByApp[name], name)
		expectTruth(t, f.ByApp[name], name, testURL, tc.key)
	}
}

// A key that was imported stays while nothing else changes. It goes when the
// callback is set next, or at once if the user says so; and it can be configured
// at any time.
func TestAccCLI_importedKey(t *testing.T) {
	t.Parallel()
	const other = "https://elsewhere.example.com/"
	const (
		clearText = "auth_key = \"" + testKey + "\""
		writeOnly = "auth_key_wo = \"" + testKey + "\"\n  auth_key_wo_version = 1"
		timeouts  = "timeouts {\n    read = \"5m\"\n  }"
	)
	tests := map[string]struct {
		url, arguments string // after the import of one without a key
		replaced       bool
		puts           map[emulator.KeyEcho][]payload
		key            string
	}{
		"nothing":        {testURL, "", false, nil, testKey},
		"timeouts":       {testURL, timeouts, false, nil, testKey},
		"another_url":    {other, "", false, same(withKey(other, "")), ""},
		"replaced":       {testURL, "", true, same(withKey(testURL, "")), ""},
		"key_write_only": {testURL, writeOnly, false, same(withKey(testURL, testKey)), testKey},
		"key_clear_text": {testURL, clearText, false, map[emulator.KeyEcho][]payload{
			emulator.EchoExact:  nil, // it is known to be the same
			emulator.EchoMasked: {withKey(testURL, testKey)},
		}, testKey},
	}
	f := acctest.NewRouter(t)
	var imported, then strings.Builder
	arguments := []string{"apply", "-auto-approve"}
	name := func(name string, echo emulator.KeyEcho) string { return fmt.Sprintf("%s_%s", name, echo) }
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked}
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			f.Add(emulator.Options{KeyEcho: echo}, name).SetCallback(name, testURL, testKey)
			imported.WriteString(importBlock(name, name) + callbackBlock(name, arg("app_id", name), arg("url", testURL)))
			then.WriteString(callbackBlock(name, arg("app_id", name), arg("url", tc.url), tc.arguments))
			if tc.replaced {
				arguments = append(arguments, "-replace="+callbackAddress(name))
			}
		}
	}
	r := newCLI(t, f.Emulators[0], imported.String(), ownReads)
	r.Apply(t)
	for name := range f.ByApp {
		expectPuts(t, f.ByApp[name], name)
	}
	r.Write(t, then.String())
	r.Must(t, 0, arguments...)
	for test, tc := range tests {
		for _, echo := range echoes {
			expectPuts(t, f.ByApp[name(test, echo)], name(test, echo), tc.puts[echo]...)
			expectTruth(t, f.ByApp[name(test, echo)], name(test, echo), tc.url, tc.key)
		}
	}
	r.Plan(t, acctest.NoChanges)
}

// same is what is sent whatever the service shows.
func same(puts ...payload) map[emulator.KeyEcho][]payload {
	return map[emulator.KeyEcho][]payload{emulator.EchoExact: puts, emulator.EchoMasked: puts}
}

// A key that came with an import and was then set is the configuration's from
// then on: without it, it goes.
func TestAccCLI_importedKeyThatWasSet(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	keyless := fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  app_id = %q\n  url = %q\n}\n", testApp, testURL)
	r := newCLI(t, c, keyless)
	r.Must(t, 0, "import", "sparkrtc_record_callback.test", testApp)
	r.Write(t, strings.Replace(keyless, "url =", "auth_key = \"another-key-of-the-tests-0123456789\"\n  url =", 1))
	r.Apply(t)
	r.Write(t, keyless)
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, "loses its key") {
		t.Errorf("the plan: %s", out)
	}
	r.Apply(t)
	expectTruth(t, c, testApp, testURL, "")
}

// Whether an imported key stays may be known only after apply. Whatever was
// planned, the apply may not contradict it.
func TestAccCLI_importedKeyWithUnknownValues(t *testing.T) {
	t.Parallel()
	const late = `
resource "terraform_data" "late" {
  input            = "` + testURL + `"
  triggers_replace = "RUN"
}
`
	tests := map[string]struct {
		before, after string // the arguments
		url, key      string // in the end
		puts          int
	}{
		"same_url":          {`url = terraform_data.late.output`, `url = terraform_data.late.output`, testURL, testKey, 0},
		"another_url":       {`url = terraform_data.late.output`, `url = "${terraform_data.late.output}/${terraform_data.late.id != "" ? "x" : ""}"`, testURL + "/x", "", 1},
		"no_write_only_key": {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key_wo = terraform_data.late.id == \"\" ? \"" + testKey + "\" : null\n  auth_key_wo_version = terraform_data.late.id == \"\" ? 1 : null", testURL, testKey, 0},
		"write_only_key":    {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key_wo = terraform_data.late.id != \"\" ? \"" + testKey + "\" : null\n  auth_key_wo_version = terraform_data.late.id != \"\" ? 1 : null", testURL, testKey, 1},
		"no_clear_text_key": {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key = terraform_data.late.id == \"\" ? \"" + testKey + "\" : null", testURL, testKey, 0},
	}
	f := acctest.NewRouter(t)
	before, after := strings.Replace(late, "RUN", "1", 1), strings.Replace(late, "RUN", "2", 1)
	name := func(name string, echo emulator.KeyEcho) string { return fmt.Sprintf("%s_%s", name, echo) }
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked}
	imports := ""
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			f.Add(emulator.Options{KeyEcho: echo}, name).SetCallback(name, testURL, testKey)
			before += callbackBlock(name, arg("app_id", name), tc.before)
			after += callbackBlock(name, arg("app_id", name), tc.after)
			imports += importBlock(name, name)
		}
	}
	r := newCLI(t, f.Emulators[0], before, ownReads)
	r.Must(t, 0, "apply", "-auto-approve", "-target=terraform_data.late")
	r.Write(t, before+imports)
	r.Apply(t)
	for name := range f.ByApp {
		expectPuts(t, f.ByApp[name], name)
	}
	r.Write(t, after)
	out := r.Must(t, 0, "plan", "-out=plan").Out()
	for _, echo := range echoes {
		if said := warningsOf(out, name("same_url", echo)); !strings.Contains(said, "known only after apply") {
			t.Errorf("%s, same URL: the plan: %q in %s", echo, said, out)
		}
	}
	r.Must(t, 0, "apply", "plan")
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			if puts := sentPayloads(t, f.ByApp[name]); len(puts) != tc.puts {
				t.Errorf("%s: sent: %v, want %d", name, puts, tc.puts)
			}
			expectTruth(t, f.ByApp[name], name, tc.url, tc.key)
		}
	}
	r.Plan(t, acctest.NoChanges)
}

// A key that comes after the import of a callback without one is a change from
// outside like any other.
func TestAccCLI_keyAfterAnImportWithoutOne(t *testing.T) {
	t.Parallel()
	f := acctest.NewRouter(t)
	var config strings.Builder
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
		app := string(echo)
		f.Add(emulator.Options{KeyEcho: echo}, app).SetCallback(app, testURL, "")
		config.WriteString(importBlock(app, app) + callbackBlock(app, arg("app_id", app), arg("url", testURL)))
	}
	r := newCLI(t, f.Emulators[0], config.String(), ownReads)
	r.Apply(t)
	for app, c := range f.ByApp {
		expectPuts(t, f.ByApp[app], app)
		c.SetCallback(app, testURL, testKey)
	}
	if out := r.Apply(t).Out(); strings.Contains(out, "was imported with a key") {
		t.Errorf("the apply: %s", out)
	}
	for app, c := range f.ByApp {
		expectTruth(t, c, app, testURL, "")
	}
}

func TestAccCLI_importByIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ImportByIdentity)
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	r := newCLI(t, c, callbackConfig+fmt.Sprintf("\nimport {\n  to = sparkrtc_record_callback.test\n  identity = {\n    app_id = %q\n  }\n}\n", testApp))
	if out := r.Apply(t).Out(); !strings.Contains(out, "1 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.Plan(t, acctest.NoChanges)
	expectPuts(t, c, testApp)
}

// By identity, as the CLI does from 1.12 on, and by ID.
func TestImportByIdentity(t *testing.T) {
	byID := func(id string) func(acctest.Resource) (acctest.Object, error) {
		return func(callbacks acctest.Resource) (acctest.Object, error) { return callbacks.ImportState(id) }
	}
	byIdentity := func(app string) func(acctest.Resource) (acctest.Object, error) {
		return func(callbacks acctest.Resource) (acctest.Object, error) {
			return callbacks.ImportIdentity(map[string]any{"app_id": app})
		}
	}
	for name, tc := range map[string]struct {
		imports func(acctest.Resource) (acctest.Object, error)
		want    string // the error, "" for none
	}{
		"by identity":     {byIdentity(testApp), ""},
		"by ID":           {byID(testApp), ""},
		"by an empty ID":  {byID(""), "Import ID is empty"},
		"by an empty one": {byIdentity(""), "Invalid app ID"},
		"with a blank":    {byID(testApp + " "), "Invalid app ID"},
	} {
		t.Run(name, func(t *testing.T) {
			callbacks, err := newCallbacks(t, acctest.StartEmulator(t, emulator.Options{}, testApp))
			if err != nil {
				t.Fatal(err)
			}
			imported, err := tc.imports(callbacks)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the error is %v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if app := imported.Text("app_id"); app != testApp {
				t.Errorf("imported is app %q", app)
			}
		})
	}
}

// An identity that is stored already is given, and stays; one from an older state is
// added; and a read that finds nothing, or makes no call, has none other.
func TestIdentityStays(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	configured, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	stored := createCallback(t, configured, testApp, arguments{url: testURL})
	unconfigured, err := newCallbacksWith(t, c, &sparkRTCProvider{}, map[string]any{"project_id": tftypes.UnknownValue, "max_retries": nil})
	if err != nil {
		t.Fatal(err)
	}
	older := stored
	older.Identity = nil
	for name, callbacks := range map[string]acctest.Resource{"configured": configured, "configured with unknown values": unconfigured} {
		for _, object := range []acctest.Object{stored, older} {
			if _, err := callbacks.Read(object); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The page about generic REST providers: in one apply, what another provider has
// is forgotten and the callback imported. The service gets the key once more, and
// no DELETE.
func TestAccCLI_fromAnotherProvider(t *testing.T) {
	t.Parallel()
	const (
		before   = "resource \"terraform_data\" \"callback\" {\n  input = \"" + testKey + "\"\n}\n"
		removed  = "removed {\n  from = terraform_data.callback\n  lifecycle {\n    destroy = false\n  }\n}\n"
		imported = "import {\n  to = sparkrtc_record_callback.main\n  id = \"" + testApp + "\"\n}\n" + ours
	)
	for name, forget := range map[string]func(*testing.T, *acctest.CLI) string{
		"removed": func(*testing.T, *acctest.CLI) string { return removed + imported },
		"state rm": func(t *testing.T, r *acctest.CLI) string {
			t.Helper()
			r.Must(t, 0, "state", "rm", "terraform_data.callback")
			return imported
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			c.SetCallback(testApp, testURL, testKey)
			r := newCLI(t, c, before)
			r.Apply(t)

			r.Write(t, forget(t, r))
			got := r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-out=plan")
			if !strings.Contains(got.Out(), "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy") {
				t.Errorf("the plan: %s", got.Out())
			}
			c.ResetRequests()
			r.Must(t, 0, "apply", "plan")
			if got := fmt.Sprint(sentPayloads(t, c)); got != fmt.Sprint([]payload{withKey(testURL, testKey)}) {
				t.Errorf("sent: %s", got)
			}
			if deleted := c.Requests(emulator.Method("DELETE")); len(deleted) > 0 {
				t.Errorf("deleted: %v", deleted)
			}
			r.Write(t, ours)
			r.Plan(t, acctest.NoChanges)
			expectTruth(t, c, testApp, testURL, testKey)

			// And back: nothing is left in the state, and the callback in the app.
			r.Write(t, "removed {\n  from = sparkrtc_record_callback.main\n  lifecycle {\n    destroy = false\n  }\n}\n")
			c.ResetRequests()
			r.Apply(t)
			if left := r.Must(t, 0, "state", "list"); left.Stdout != "" {
				t.Errorf("in the state: %s", left.Stdout)
			}
			if puts := sentPayloads(t, c); len(puts) > 0 {
				t.Errorf("sent: %v", puts)
			}
			expectTruth(t, c, testApp, testURL, testKey)
		})
	}
}

const ours = "resource \"sparkrtc_record_callback\" \"main\" {\n  app_id = \"" + testApp + "\"\n  url = \"" + testURL + "\"\n" +
	"  auth_key_wo = \"" + testKey + "\"\n  auth_key_wo_version = 1\n}\n"
