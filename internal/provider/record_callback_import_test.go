// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
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

// expectNoKey searches saved plans, as they are and as show -json prints them, and the
// state for a key.
func expectNoKey(t *testing.T, r *acctest.CLI, key string, plans ...string) {
	t.Helper()
	found := map[string]string{}
	for _, plan := range plans {
		shown := r.Must(t, 0, "show", "-json", plan).Stdout
		var parts map[string]json.RawMessage
		if err := json.Unmarshal([]byte(shown), &parts); err != nil || len(parts["resource_changes"]) == 0 {
			t.Errorf("%s has no changes: %v", plan, err)
		}
		found["show -json of "+plan], found[plan] = shown, r.ReadPlan(t, plan)
	}
	if len(r.Stored(t)) > 0 {
		found["the state"] = r.ReadFile(t, acctest.LocalState)
	}
	for where, text := range found {
		for _, secret := range acctest.Encodings(key) {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, where)
			}
		}
	}
}

// An import stores no key that the service shows: not in a saved plan, and not in the
// state, also when the apply after it fails.
func TestAccCLI_importStoresNoKey(t *testing.T) {
	t.Parallel()
	const live, ours = "key-that-only-the-service-has-0123456789", "key-of-the-configuration-0123456789abcde"
	apps := []string{"keyless", "clear", "write_only", "each-one", "each-two", "generated"}
	resources := callbackBlock("keyless", arg("app_id", "keyless"), arg("url", testURL+"/2")) +
		callbackBlock("clear", arg("app_id", "clear"), arg("url", testURL), arg("auth_key", ours)) +
		callbackBlock("write_only", arg("app_id", "write_only"), arg("url", testURL), arg("auth_key_wo", ours), "auth_key_wo_version = 1") +
		callbackBlock("each", forEach([]string{"each-one", "each-two"}), arg("url", testURL+"/2"), arg("auth_key_wo", ours), "auth_key_wo_version = 1")
	imports := importBlock("keyless", "keyless") + importBlock("clear", "clear") + importBlock("write_only", "write_only") +
		"import {\n  for_each = toset([\"each-one\", \"each-two\"])\n  to       = sparkrtc_record_callback.each[each.key]\n  id       = each.key\n}\n" +
		importBlock("generated", "generated")
	start := func(t *testing.T) *acctest.Emulator {
		t.Helper()
		c := acctest.StartEmulator(t, emulator.Options{})
		for _, app := range apps {
			c.SetCallback(app, testURL, live)
		}
		return c
	}
	// fails applies something that fails at each write, and then succeeds.
	fails := func(t *testing.T, c *acctest.Emulator, r *acctest.CLI, arguments ...string) {
		t.Helper()
		c.Fail(emulator.Fault{Method: http.MethodPut, Times: -1, Status: http.StatusBadRequest, Code: "RTC.00001018", Message: "URL unavailable"})
		if out := r.Must(t, 1, arguments...).Out(); !strings.Contains(out, "callback URL") {
			t.Errorf("the error: %s", out)
		}
		expectNoKey(t, r, live)
		for _, address := range []string{"keyless", "clear", "write_only", `each["each-one"]`, `each["each-two"]`} {
			r.ExpectStored(t, callbackAddress(address), map[string]any{"url": testURL, "auth_key": nil, "auth_key_wo_version": nil})
		}
		c.ClearFaults()
	}

	t.Run("by blocks", func(t *testing.T) {
		t.Parallel()
		c := start(t)
		r := newCLI(t, c, resources+imports)
		r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-generate-config-out=generated.tf", "-out=plan")
		expectNoKey(t, r, live, "plan")
		if generated := r.ReadFile(t, "generated.tf"); strings.Contains(generated, live) {
			t.Errorf("generated: %s", generated)
		}
		fails(t, c, r, "apply", "plan")
		r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-out=plan")
		expectNoKey(t, r, live, "plan")
		r.Must(t, 0, "apply", "plan")
		expectNoKey(t, r, live)
		r.Plan(t, acctest.NoChanges)
		expectTruth(t, c, "generated", testURL, live)
		expectTruth(t, c, "keyless", testURL+"/2", "")
		expectTruth(t, c, "each-one", testURL+"/2", ours)
	})
	t.Run("by the command", func(t *testing.T) {
		t.Parallel()
		c := start(t)
		r := newCLI(t, c, resources)
		for _, app := range apps[:3] {
			r.Must(t, 0, "import", callbackAddress(app), app)
		}
		for _, app := range apps[3:5] {
			r.Must(t, 0, "import", fmt.Sprintf("sparkrtc_record_callback.each[%q]", app), app)
		}
		expectNoKey(t, r, live)
		r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-out=plan")
		expectNoKey(t, r, live, "plan")
		fails(t, c, r, "apply", "plan")
		r.Apply(t)
		expectNoKey(t, r, live)
		r.Plan(t, acctest.NoChanges)
	})
}

// Forty callbacks whose keys and URLs match are imported without a write. Then they
// share the list of apps as created ones do.
func TestAccCLI_importOfForty(t *testing.T) {
	t.Parallel()
	const each, most = 10, 3
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
		t.Run(string(echo), func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{KeyEcho: echo})
			kinds := map[string]struct{ key, arguments string }{
				"clear":      {testKey, arg("auth_key", testKey)},
				"write_only": {testKey, arg("auth_key_wo", testKey) + "\n  auth_key_wo_version = 1"},
				"keyless":    {"", ""},
				"left_alone": {testKey, ""}, // a key that is not configured
			}
			if echo == emulator.EchoMasked { // others can't be known to match
				delete(kinds, "clear")
				delete(kinds, "write_only")
			}
			var config strings.Builder
			for kind, k := range kinds {
				var apps []string
				for i := range each * 4 / len(kinds) {
					app := fmt.Sprintf("%s-%02d", kind, i)
					c.SetCallback(app, testURL, k.key)
					apps = append(apps, app)
				}
				config.WriteString(callbackBlock(kind, forEach(apps), arg("url", testURL), k.arguments))
				fmt.Fprintf(&config, "import {\n  for_each = toset([%s])\n  to       = %s[each.key]\n  id       = each.key\n}\n", quoted(apps), callbackAddress(kind))
			}
			r := newCLI(t, c, config.String())
			if out := r.Apply(t).Out(); !strings.Contains(out, "40 imported, 0 added") {
				t.Errorf("the import: %s", out)
			}
			c.ExpectSent(t)
			if len(r.Stored(t)) != 4*each {
				t.Errorf("%d are in the state", len(r.Stored(t)))
			}
			r.ExpectStored(t, `sparkrtc_record_callback.keyless["keyless-00"]`, map[string]any{"auth_key": nil})
			if echo == emulator.EchoExact {
				r.ExpectStored(t, `sparkrtc_record_callback.clear["clear-00"]`, map[string]any{"auth_key": testKey})
				r.ExpectStored(t, `sparkrtc_record_callback.write_only["write_only-00"]`, map[string]any{"auth_key": nil, "auth_key_wo_version": 1})
			}
			for range 2 {
				r.Plan(t, acctest.NoChanges)
				if calls := c.CountReads(); calls > most {
					t.Errorf("a later plan made %d calls, want %d at most", calls, most)
				}
				c.ExpectSent(t)
			}

			// An import of an app without a callback, among the others, is named.
			if echo == emulator.EchoExact {
				c.AddApp("without")
				r.Write(t, config.String()+importBlock("without", "without")+callbackBlock("without", arg("app_id", "without"), arg("url", testURL)))
				d := r.Must(t, 1, "plan", "-json").Diagnostics(t)
				d = slices.DeleteFunc(d, func(d acctest.Diagnostic) bool { return d.Severity != acctest.SeverityError })
				if len(d) != 1 || d[0].Summary != "Recording callback does not exist" || !strings.Contains(d[0].Detail, `"without"`) {
					t.Errorf("of an app without a callback: %+v", d)
				}
				r.Write(t, config.String())
			}

			// A change outside is noticed all the same.
			c.SetCallback("left_alone-03", "https://elsewhere.example.com/", testKey)
			r.ExpectPlanned(t, map[string]string{`sparkrtc_record_callback.left_alone["left_alone-03"]`: "update"})
		})
	}
}

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
		"key_not_shown":    {emulator.EchoAbsent, testKey, false}, // it can't be known
		"key_partly_shown": {emulator.EchoPartial, testKey, true},
	}
	f := acctest.NewRouter(t)
	var config strings.Builder
	for name, tc := range tests {
		f.Add(emulator.Options{KeyEcho: tc.echo}, name).SetCallback(name, testURL, tc.key)
		config.WriteString(importBlock(name, name))
	}
	r := newCLI(t, f.Emulators[0], config.String(), ownReads)

	planned := r.Must(t, acctest.Changes, "plan", "-json", "-detailed-exitcode", "-generate-config-out=generated.tf", "-out=plan")
	out := planned.Out()
	if want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", len(tests)); !strings.Contains(out, want) {
		t.Fatalf("no %q in the plan: %s", want, out)
	}
	for name, tc := range tests {
		want := acctest.Expectation{Address: callbackAddress(name)}
		if tc.warns {
			want.Severity, want.Summary, want.Mentions = acctest.SeverityWarning, callbackWords[callback.KeyNotConfigured].summary, []string{name}
		}
		want.Check(t, planned.Diagnostics(t))
	}
	expectNoKey(t, r, testKey, "plan")
	generated := r.ReadFile(t, "generated.tf")
	if strings.Contains(generated, testKey) || strings.Count(generated, testURL) != len(tests) {
		t.Errorf("generated: %s", generated)
	}
	r.Must(t, 0, "apply", "plan")
	expectNoKey(t, r, testKey)
	r.Plan(t, acctest.NoChanges)
	for name, tc := range tests {
		expectPuts(t, f.ByApp[name], name)
		expectTruth(t, f.ByApp[name], name, testURL, tc.key)
	}
}

// A key that was imported stays while nothing else changes. The next write, or a
// replacement, removes it; and it can be configured at any time. A key that the service
// shows exactly needs no write then, whichever argument has it.
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
		"key_write_only": {testURL, writeOnly, false, map[emulator.KeyEcho][]payload{emulator.EchoMasked: {withKey(testURL, testKey)}}, testKey},
		"key_clear_text": {testURL, clearText, false, map[emulator.KeyEcho][]payload{emulator.EchoMasked: {withKey(testURL, testKey)}}, testKey},
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

// An imported key that was configured and set is like any other then: an apply without
// it removes it.
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
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, callbackWords[callback.LosesKey].summary) {
		t.Errorf("the plan: %s", out)
	}
	r.Apply(t)
	expectTruth(t, c, testApp, testURL, "")
}

// Whether an imported key stays may be known only after apply. The apply must not
// contradict the plan then.
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
		sent          map[emulator.KeyEcho]bool
	}{
		"same_url":          {`url = terraform_data.late.output`, `url = terraform_data.late.output`, testURL, testKey, nil},
		"another_url":       {`url = terraform_data.late.output`, `url = "${terraform_data.late.output}/${terraform_data.late.id != "" ? "x" : ""}"`, testURL + "/x", "", map[emulator.KeyEcho]bool{emulator.EchoExact: true, emulator.EchoMasked: true}},
		"no_write_only_key": {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key_wo = terraform_data.late.id == \"\" ? \"" + testKey + "\" : null\n  auth_key_wo_version = terraform_data.late.id == \"\" ? 1 : null", testURL, testKey, nil},
		"write_only_key":    {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key_wo = terraform_data.late.id != \"\" ? \"" + testKey + "\" : null\n  auth_key_wo_version = terraform_data.late.id != \"\" ? 1 : null", testURL, testKey, map[emulator.KeyEcho]bool{emulator.EchoMasked: true}},
		"no_clear_text_key": {`url = "` + testURL + `"`, "url = \"" + testURL + "\"\n  auth_key = terraform_data.late.id == \"\" ? \"" + testKey + "\" : null", testURL, testKey, nil},
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
	said := r.Must(t, 0, "plan", "-json", "-out=plan").Diagnostics(t)
	for _, echo := range echoes {
		for test, n := range map[string]callback.Notice{"same_url": callback.LosesKey, "another_url": callback.LosesKey, "write_only_key": callback.KeyNotCompared} {
			acctest.Expectation{Address: callbackAddress(name(test, echo)), Severity: acctest.SeverityWarning, Summary: callbackWords[n].summary}.Check(t, said)
		}
	}
	r.Must(t, 0, "apply", "plan")
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			if puts := sentPayloads(t, f.ByApp[name]); len(puts) > 0 != tc.sent[echo] || len(puts) > 1 {
				t.Errorf("%s: sent: %v", name, puts)
			}
			expectTruth(t, f.ByApp[name], name, tc.url, tc.key)
		}
	}
	r.Plan(t, acctest.NoChanges)
}

// A key that is added after the import of a callback without one is left alone, and
// the next write removes it. The plans say so.
func TestAccCLI_keyAfterAnImportWithoutOne(t *testing.T) {
	t.Parallel()
	const other = "https://elsewhere.example.com/"
	f := acctest.NewRouter(t)
	config := ""
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
		app := string(echo)
		f.Add(emulator.Options{KeyEcho: echo}, app).SetCallback(app, testURL, "")
		config += importBlock(app, app) + callbackBlock(app, arg("app_id", app), arg("url", testURL))
	}
	r := newCLI(t, f.Emulators[0], config, ownReads)
	r.Apply(t)
	for app, c := range f.ByApp {
		expectPuts(t, f.ByApp[app], app)
		c.SetCallback(app, testURL, testKey)
	}
	said := r.ExpectPlanned(t, map[string]string{}).Diagnostics(t)
	r.Apply(t)
	r.Write(t, strings.ReplaceAll(config, testURL, other))
	saidOfWrite := r.Must(t, 0, "plan", "-json").Diagnostics(t)
	for app, c := range f.ByApp {
		expectTruth(t, c, app, testURL, testKey)
		expectPuts(t, c, app)
		expectation{name: app, severity: acctest.SeverityWarning, summary: callbackWords[callback.KeyNotConfigured].summary}.check(t, said)
		expectation{name: app, severity: acctest.SeverityWarning, summary: callbackWords[callback.LosesKey].summary}.check(t, saidOfWrite)
	}
	r.Apply(t)
	for app, c := range f.ByApp {
		expectPuts(t, c, app, withKey(other, ""))
		expectTruth(t, c, app, other, "")
	}
	r.Plan(t, acctest.NoChanges)
}

func TestAccCLI_importByIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ImportByIdentity)
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	r := newCLI(t, c, callbackConfig+fmt.Sprintf("\nimport {\n  to = sparkrtc_record_callback.test\n  identity = {\n    app_id = %q\n  }\n}\n", testApp))
	if out := r.Apply(t).Out(); !strings.Contains(out, "1 imported, 0 added, 1 changed") {
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

// The page about generic REST providers: one apply forgets what another provider has,
// and imports the callback. The service, which shows the key exactly, is sent nothing.
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
			expectPuts(t, c, testApp)
			r.Write(t, ours)
			r.Plan(t, acctest.NoChanges)
			expectTruth(t, c, testApp, testURL, testKey)

			// And back: the state forgets the callback, and the app keeps it.
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
