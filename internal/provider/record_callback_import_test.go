// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
		r.Apply(t)
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
		for _, address := range []string{"write_only", `each["each-one"]`} {
			app := strings.Trim(strings.TrimPrefix(address, "each"), `["]`)
			r.Must(t, 0, "import", callbackAddress(address), app)
			r.ExpectStored(t, callbackAddress(address), map[string]any{"url": testURL, "auth_key": nil, "auth_key_wo_version": nil})
		}
		expectNoKey(t, r, live)
	})
}

// The same for what a failed apply leaves of an import by the command.
func TestImportByCommandStoresNoKey(t *testing.T) {
	t.Parallel()
	const live, ours = "key-that-only-the-service-has-0123456789", "key-of-the-configuration-0123456789abcde"
	configs := map[string]arguments{
		"keyless": {url: testURL + "/2"}, "clear": {url: testURL, key: ours}, "write_only": {url: testURL, key: ours, version: 1}, "another_url": {url: testURL + "/2", key: ours, version: 1},
	}
	c := acctest.StartEmulator(t, emulator.Options{})
	w := newWorkspace(t, c, nil)
	expectStored := func() {
		t.Helper()
		for name := range configs {
			w.ExpectStored(name, map[string]any{"url": testURL, "auth_key": nil, "auth_key_wo_version": nil})
		}
		acctest.ExpectNoSecret(t, "state", w.StateText(), live)
	}
	want := map[string]string{}
	for name, config := range configs {
		c.SetCallback(name, testURL, live)
		w.Set(name, config.given(name))
		w.Import(name, name)
		want[name] = "update"
	}
	expectStored()
	planned := w.ExpectPlanned(want)
	acctest.ExpectNoSecret(t, "plan", planned.PlanText(), live)
	c.Fail(emulator.Fault{Method: http.MethodPut, Times: -1, Status: http.StatusBadRequest, Code: "RTC.00001018", Message: "URL unavailable"})
	w.ApplyPlan(planned)
	if !planned.Failed {
		t.Error("an apply that is refused ends well")
	}
	expectStored()
	c.ClearFaults()
	w.MustApply()
	acctest.ExpectNoSecret(t, "state", w.StateText(), live)
	w.ExpectPlanned(map[string]string{})
	for name, config := range configs {
		expectTruth(t, c, name, config.url, config.key)
	}
}

// Forty callbacks whose keys and URLs match are imported without a write. Then they
// share the list of apps as created ones do.
func TestImportOfForty(t *testing.T) {
	t.Parallel()
	const each, most = 10, 3
	for name, options := range map[string]emulator.Options{
		"exact": {}, "masked": {KeyEcho: emulator.EchoMasked}, "exact, times in seconds": {TimeEcho: emulator.TimeSeconds},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var later atomic.Int64
			options.Clock = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
			c := acctest.StartEmulator(t, options)
			kinds := map[string]struct {
				key    string
				config arguments
			}{
				"clear":      {testKey, arguments{url: testURL, key: testKey}},
				"write_only": {testKey, arguments{url: testURL, key: testKey, version: 1}},
				"keyless":    {"", arguments{url: testURL}},
				"left_alone": {testKey, arguments{url: testURL}}, // a key that is not configured
			}
			if options.KeyEcho == emulator.EchoMasked { // others can't be known to match
				delete(kinds, "clear")
				delete(kinds, "write_only")
			}
			w := newWorkspace(t, c, nil)
			for kind, k := range kinds {
				for i := range each * 4 / len(kinds) {
					app := fmt.Sprintf("%s-%02d", kind, i)
					c.SetCallback(app, testURL, k.key)
					w.Set(app, k.config.given(app))
					w.SetImport(app, app)
				}
			}
			applied := w.MustApply()
			c.ExpectSent(t)
			for kind := range kinds {
				if kind != "left_alone" {
					expectReported(t, applied, kind+"-00")
				}
			}
			if len(w.Stored) != 4*each {
				t.Errorf("%d are in the state", len(w.Stored))
			}
			w.ExpectStored("keyless-00", map[string]any{"auth_key": nil})
			if options.KeyEcho != emulator.EchoMasked {
				w.ExpectStored("clear-00", map[string]any{"auth_key": testKey})
				w.ExpectStored("write_only-00", map[string]any{"auth_key": nil, "auth_key_wo_version": 1})
			}
			for range 2 {
				w.ExpectPlanned(map[string]string{})
				if calls := c.CountReads(); calls > most {
					t.Errorf("a later plan made %d calls, want %d at most", calls, most)
				}
				c.ExpectSent(t)
			}

			// An import of an app without a callback, among the others, is named.
			c.AddApp("without")
			w.Set("without", arguments{url: testURL}.given("without"))
			w.SetImport("without", "without")
			list := w.Plan().Of("without")
			acctest.Expectation{Address: "without", Severity: acctest.SeverityError, Summary: "Recording callback does not exist", Mentions: []string{`"without"`}}.Check(t, list)
			w.Remove("without")

			// A change outside is noticed all the same, unless it is in the same second.
			later.Store(int64(time.Second))
			c.SetCallback("left_alone-03", "https://elsewhere.example.com/", testKey)
			w.ExpectPlanned(map[string]string{"left_alone-03": "update"})
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
func TestImportedKey(t *testing.T) {
	t.Parallel()
	const other = "https://elsewhere.example.com/"
	clearText, writeOnly := arguments{url: testURL, key: testKey}, arguments{url: testURL, key: testKey, version: 1}
	toMasked := map[emulator.KeyEcho][]payload{emulator.EchoMasked: {withKey(testURL, testKey)}}
	tests := map[string]struct {
		config   arguments // after the import of one without a key
		timeouts any
		options  []acctest.PlanOption
		puts     map[emulator.KeyEcho][]payload
		key      string
	}{
		"nothing":        {config: arguments{url: testURL}, key: testKey},
		"timeouts":       {config: arguments{url: testURL}, timeouts: map[string]any{"read": "5m"}, key: testKey},
		"another_url":    {config: arguments{url: other}, puts: same(withKey(other, ""))},
		"replaced":       {config: arguments{url: testURL}, options: []acctest.PlanOption{acctest.Replaced()}, puts: same(withKey(testURL, ""))},
		"key_write_only": {config: writeOnly, puts: toMasked, key: testKey},
		"key_clear_text": {config: clearText, puts: toMasked, key: testKey},
	}
	f := acctest.NewRouter(t)
	name := func(name string, echo emulator.KeyEcho) string { return fmt.Sprintf("%s_%s", name, echo) }
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked}
	for test := range tests {
		for _, echo := range echoes {
			f.Add(emulator.Options{KeyEcho: echo}, name(test, echo)).SetCallback(name(test, echo), testURL, testKey)
		}
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	for name := range f.ByApp {
		w.Set(name, arguments{url: testURL}.given(name))
		w.SetImport(name, name)
	}
	w.MustApply()
	for name := range f.ByApp {
		expectPuts(t, f.ByApp[name], name)
	}
	configure := func(test string, options ...acctest.PlanOption) {
		for _, echo := range echoes {
			given := tests[test].config.given(name(test, echo))
			given["timeouts"] = tests[test].timeouts
			w.Set(name(test, echo), given, options...)
		}
	}
	for test, tc := range tests {
		configure(test, tc.options...)
	}
	w.MustApply()
	for test, tc := range tests {
		configure(test)
		for _, echo := range echoes {
			expectPuts(t, f.ByApp[name(test, echo)], name(test, echo), tc.puts[echo]...)
			expectTruth(t, f.ByApp[name(test, echo)], name(test, echo), tc.config.url, tc.key)
		}
	}
	w.ExpectPlanned(map[string]string{})
}

// same is what is sent whatever the service shows.
func same(puts ...payload) map[emulator.KeyEcho][]payload {
	return map[emulator.KeyEcho][]payload{emulator.EchoExact: puts, emulator.EchoMasked: puts}
}

// An imported key that was configured and set is like any other then: an apply without
// it removes it.
func TestImportedKeyThatWasSet(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	w := newWorkspace(t, c, nil)
	w.Import("test", testApp)
	w.Set("test", arguments{url: testURL, key: "another-key-of-the-tests-0123456789"}.given(testApp))
	w.MustApply()
	w.Set("test", arguments{url: testURL}.given(testApp))
	expectReported(t, w.ExpectPlanned(map[string]string{"test": "update"}), "test", callback.LosesKey)
	w.MustApply()
	expectTruth(t, c, testApp, testURL, "")
}

// Whether an imported key stays may be known only after apply. The apply must not
// contradict the plan then.
func TestImportedKeyWithUnknownValues(t *testing.T) {
	t.Parallel()
	unknown := tftypes.UnknownValue
	tests := map[string]struct {
		planned  map[string]any // the arguments
		applied  arguments
		url, key string            // in the end
		says     []callback.Notice // by the plan
		sent     map[emulator.KeyEcho]bool
	}{
		"same_url": {map[string]any{"url": unknown}, arguments{url: testURL}, testURL, testKey, []callback.Notice{callback.LosesKey}, nil},
		"another_url": {map[string]any{"url": unknown}, arguments{url: testURL + "/x"}, testURL + "/x", "", []callback.Notice{callback.LosesKey},
			map[emulator.KeyEcho]bool{emulator.EchoExact: true, emulator.EchoMasked: true}},
		"no_write_only_key": {map[string]any{"url": testURL, "auth_key_wo": unknown, "auth_key_wo_version": unknown}, arguments{url: testURL}, testURL, testKey, nil, nil},
		"write_only_key": {map[string]any{"url": testURL, "auth_key_wo": unknown, "auth_key_wo_version": unknown}, arguments{url: testURL, key: testKey, version: 1}, testURL, testKey,
			[]callback.Notice{callback.KeyNotCompared}, map[emulator.KeyEcho]bool{emulator.EchoMasked: true}},
		"no_clear_text_key": {map[string]any{"url": testURL, "auth_key": unknown}, arguments{url: testURL}, testURL, testKey, nil, nil},
	}
	for test, tc := range tests {
		for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
			t.Run(test+" "+string(echo), func(t *testing.T) {
				t.Parallel()
				c := acctest.StartEmulator(t, emulator.Options{KeyEcho: echo})
				c.SetCallback(testApp, testURL, testKey)
				w := newWorkspace(t, c, nil)
				w.Set("test", arguments{url: testURL}.given(testApp))
				w.SetImport("test", testApp)
				w.MustApply()
				expectPuts(t, c, testApp)

				tc.planned["app_id"] = testApp
				w.Set("test", maps.Clone(tc.planned))
				planned := w.ExpectPlanned(map[string]string{"test": "update"})
				if len(tc.says) > 0 {
					expectReported(t, planned, "test", tc.says...)
				}
				w.Resolve(planned, "test", tc.applied.given(testApp))
				w.ApplyPlan(planned)
				planned.ExpectPlanned(t, map[string]string{"test": "update"})
				if puts := sentPayloads(t, c); len(puts) > 0 != tc.sent[echo] || len(puts) > 1 {
					t.Errorf("sent: %v", puts)
				}
				expectTruth(t, c, testApp, tc.url, tc.key)
				w.Set("test", tc.applied.given(testApp))
				w.ExpectPlanned(map[string]string{})
			})
		}
	}
}

// A key that is added after the import of a callback without one is left alone, and
// the next write removes it. The plans say so.
func TestKeyAfterAnImportWithoutOne(t *testing.T) {
	t.Parallel()
	const other = "https://elsewhere.example.com/"
	f := acctest.NewRouter(t)
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
		f.Add(emulator.Options{KeyEcho: echo}, string(echo)).SetCallback(string(echo), testURL, "")
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	configure := func(url string) {
		for app := range f.ByApp {
			w.Set(app, arguments{url: url}.given(app))
			w.SetImport(app, app)
		}
	}
	configure(testURL)
	w.MustApply()
	for app, c := range f.ByApp {
		expectPuts(t, c, app)
		c.SetCallback(app, testURL, testKey)
	}
	said := w.ExpectPlanned(map[string]string{})
	w.MustApply()
	configure(other)
	saidOfWrite := w.Plan()
	for app, c := range f.ByApp {
		expectTruth(t, c, app, testURL, testKey)
		expectPuts(t, c, app)
		expectReported(t, said, app, callback.KeyNotConfigured)
		expectReported(t, saidOfWrite, app, callback.LosesKey)
	}
	w.MustApply()
	for app, c := range f.ByApp {
		expectPuts(t, c, app, withKey(other, ""))
		expectTruth(t, c, app, other, "")
	}
	w.ExpectPlanned(map[string]string{})
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
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	r := newCLI(t, c, before)
	r.Apply(t)
	r.Write(t, removed+imported)
	if out := r.Apply(t).Out(); !strings.Contains(out, "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy") {
		t.Errorf("the plan: %s", out)
	}
	expectPuts(t, c, testApp)
	r.Write(t, ours)
	r.Plan(t, acctest.NoChanges)
	expectTruth(t, c, testApp, testURL, testKey)

	// And back: the state forgets the callback, and the app keeps it.
	r.Write(t, "removed {\n  from = sparkrtc_record_callback.main\n  lifecycle {\n    destroy = false\n  }\n}\n")
	c.ResetRequests()
	r.Apply(t)
	if left := r.Stored(t); len(left) > 0 {
		t.Errorf("in the state: %v", left)
	}
	expectPuts(t, c, testApp)
	expectTruth(t, c, testApp, testURL, testKey)
}

const ours = "resource \"sparkrtc_record_callback\" \"main\" {\n  app_id = \"" + testApp + "\"\n  url = \"" + testURL + "\"\n" +
	"  auth_key_wo = \"" + testKey + "\"\n  auth_key_wo_version = 1\n}\n"
