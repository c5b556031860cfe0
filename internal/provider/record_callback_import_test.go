// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

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
	f := newJoint(t)
	var config strings.Builder
	for name, tc := range tests {
		f.add(emulator.Options{KeyEcho: tc.echo}, name).SetCallback(name, testURL, tc.key)
		config.WriteString(importBlock(name, name))
	}
	r := newCLI(t, f.services[0], config.String(), ownReads)

	out := r.must(t, changes, "plan", "-detailed-exitcode", "-generate-config-out=generated.tf", "-out=plan").out()
	if want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", len(tests)); !strings.Contains(out, want) {
		t.Fatalf("no %q in the plan: %s", want, out)
	}
	for name, tc := range tests {
		if warned := strings.Contains(saidOf(out, name), "has a key that is not configured"); warned != tc.warns {
			t.Errorf("%s: warned of the key: %t, want %t: %s", name, warned, tc.warns, out)
		}
	}
	generated := r.readFile(t, "generated.tf")
	if strings.Contains(generated, testKey) || strings.Count(generated, testURL) != len(tests) {
		t.Errorf("generated: %s", generated)
	}
	r.must(t, 0, "apply", "plan")
	r.plan(t, noChanges)
	for name, tc := range tests {
		f.expectPuts(t, name)
		f.of[name].expectTruth(t, name, testURL, tc.key)
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
	f := newJoint(t)
	var imported, then strings.Builder
	arguments := []string{"apply", "-auto-approve"}
	name := func(name string, echo emulator.KeyEcho) string { return fmt.Sprintf("%s_%s", name, echo) }
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked}
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			f.add(emulator.Options{KeyEcho: echo}, name).SetCallback(name, testURL, testKey)
			imported.WriteString(importBlock(name, name) + callbackBlock(name, arg("app_id", name), arg("url", testURL)))
			then.WriteString(callbackBlock(name, arg("app_id", name), arg("url", tc.url), tc.arguments))
			if tc.replaced {
				arguments = append(arguments, "-replace="+callbackAddress(name))
			}
		}
	}
	r := newCLI(t, f.services[0], imported.String(), ownReads)
	r.apply(t)
	for name := range f.of {
		f.expectPuts(t, name)
	}
	r.write(t, then.String())
	r.must(t, 0, arguments...)
	for test, tc := range tests {
		for _, echo := range echoes {
			f.expectPuts(t, name(test, echo), tc.puts[echo]...)
			f.of[name(test, echo)].expectTruth(t, name(test, echo), tc.url, tc.key)
		}
	}
	r.plan(t, noChanges)
}

// same is what is sent whatever the service shows.
func same(puts ...payload) map[emulator.KeyEcho][]payload {
	return map[emulator.KeyEcho][]payload{emulator.EchoExact: puts, emulator.EchoMasked: puts}
}

// A key that came with an import and was then set is the configuration's from
// then on: without it, it goes.
func TestAccCLI_importedKeyThatWasSet(t *testing.T) {
	t.Parallel()
	c := newCloud(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	keyless := fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  app_id = %q\n  url = %q\n}\n", testApp, testURL)
	r := newCLI(t, c, keyless)
	r.must(t, 0, "import", "sparkrtc_record_callback.test", testApp)
	r.write(t, strings.Replace(keyless, "url =", "auth_key = \"another-key-of-the-tests-0123456789\"\n  url =", 1))
	r.apply(t)
	r.write(t, keyless)
	if out := r.plan(t, changes).out(); !strings.Contains(out, "loses its key") {
		t.Errorf("the plan: %s", out)
	}
	r.apply(t)
	c.expectTruth(t, testApp, testURL, "")
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
	f := newJoint(t)
	before, after := strings.Replace(late, "RUN", "1", 1), strings.Replace(late, "RUN", "2", 1)
	name := func(name string, echo emulator.KeyEcho) string { return fmt.Sprintf("%s_%s", name, echo) }
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked}
	imports := ""
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			f.add(emulator.Options{KeyEcho: echo}, name).SetCallback(name, testURL, testKey)
			before += callbackBlock(name, arg("app_id", name), tc.before)
			after += callbackBlock(name, arg("app_id", name), tc.after)
			imports += importBlock(name, name)
		}
	}
	r := newCLI(t, f.services[0], before, ownReads)
	r.must(t, 0, "apply", "-auto-approve", "-target=terraform_data.late")
	r.write(t, before+imports)
	r.apply(t)
	for name := range f.of {
		f.expectPuts(t, name)
	}
	r.write(t, after)
	out := r.must(t, 0, "plan", "-out=plan").out()
	for _, echo := range echoes {
		if said := saidOf(out, name("same_url", echo)); !strings.Contains(said, "known only after apply") {
			t.Errorf("%s, same URL: the plan: %q in %s", echo, said, out)
		}
	}
	r.must(t, 0, "apply", "plan")
	for test, tc := range tests {
		for _, echo := range echoes {
			name := name(test, echo)
			if puts := f.of[name].puts(t); len(puts) != tc.puts {
				t.Errorf("%s: sent: %v, want %d", name, puts, tc.puts)
			}
			f.of[name].expectTruth(t, name, tc.url, tc.key)
		}
	}
	r.plan(t, noChanges)
}

// A key that comes after the import of a callback without one is a change from
// outside like any other.
func TestAccCLI_keyAfterAnImportWithoutOne(t *testing.T) {
	t.Parallel()
	f := newJoint(t)
	var config strings.Builder
	for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked} {
		app := string(echo)
		f.add(emulator.Options{KeyEcho: echo}, app).SetCallback(app, testURL, "")
		config.WriteString(importBlock(app, app) + callbackBlock(app, arg("app_id", app), arg("url", testURL)))
	}
	r := newCLI(t, f.services[0], config.String(), ownReads)
	r.apply(t)
	for app, c := range f.of {
		f.expectPuts(t, app)
		c.SetCallback(app, testURL, testKey)
	}
	if out := r.apply(t).out(); strings.Contains(out, "was imported with a key") {
		t.Errorf("the apply: %s", out)
	}
	for app, c := range f.of {
		c.expectTruth(t, app, testURL, "")
	}
}

func TestAccCLI_importByIdentity(t *testing.T) {
	t.Parallel()
	needs(t, importByIdentity)
	c := newCloud(t, emulator.Options{}, testApp)
	c.SetCallback(testApp, testURL, testKey)
	r := newCLI(t, c, callbackConfig+fmt.Sprintf("\nimport {\n  to = sparkrtc_record_callback.test\n  identity = {\n    app_id = %q\n  }\n}\n", testApp))
	if out := r.apply(t).out(); !strings.Contains(out, "1 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.plan(t, noChanges)
	c.expectPuts(t)
}

// By identity, as the CLI does from 1.12 on, and by ID.
func TestImportByIdentity(t *testing.T) {
	tests := map[string]struct {
		req  tfprotov6.ImportResourceStateRequest
		want string // the error, "" for none
	}{
		"by identity":     {tfprotov6.ImportResourceStateRequest{Identity: identityOf(testApp)}, ""},
		"by ID":           {tfprotov6.ImportResourceStateRequest{ID: testApp}, ""},
		"by an empty ID":  {tfprotov6.ImportResourceStateRequest{}, "Import ID is empty"},
		"by an empty one": {tfprotov6.ImportResourceStateRequest{Identity: identityOf("")}, "Invalid app ID"},
		"with a blank":    {tfprotov6.ImportResourceStateRequest{ID: testApp + " "}, "Invalid app ID"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, emulator.Options{}, testApp)
			core, err := newCore(t, c, nil)
			if err != nil {
				t.Fatal(err)
			}
			tc.req.TypeName = callbackType
			resp, err := core.server.ImportResourceState(t.Context(), &tc.req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = split(resp.Diagnostics); tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the error is %v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			imported := resp.ImportedResources[0]
			value, err := decoded(imported.State)
			if err != nil {
				t.Fatal(err)
			}
			if app := (tfObject{value: value}).text("app_id"); app != testApp {
				t.Errorf("imported is app %q", app)
			}
			if err := identified(imported.Identity, value); err != nil {
				t.Error(err)
			}
		})
	}
}

// An identity that is stored already is given, and stays; and a read that finds
// nothing, or makes no call, has none other.
func TestIdentityStays(t *testing.T) {
	c := newCloud(t, emulator.Options{}, testApp)
	core, err := newCore(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := core.plan(tfObject{value: nothing()}, arguments{url: testURL}.value())
	if err != nil {
		t.Fatal(err)
	}
	stored, err := core.apply(plan)
	if err != nil {
		t.Fatal(err)
	}
	unconfigured, err := newCoreWith(t, c, &sparkRTCProvider{}, map[string]any{"project_id": tftypes.UnknownValue, "max_retries": nil})
	if err != nil {
		t.Fatal(err)
	}
	for name, core := range map[string]tfCore{"configured": core, "configured with unknown values": unconfigured} {
		resp, err := core.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: callbackType, CurrentState: encoded(stored.value), Private: stored.private, CurrentIdentity: identityOf(testApp),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := split(resp.Diagnostics); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := identified(resp.NewIdentity, stored.value); err != nil {
			t.Errorf("%s: %v", name, err)
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
	for name, forget := range map[string]func(*testing.T, *cli) string{
		"removed": func(*testing.T, *cli) string { return removed + imported },
		"state rm": func(t *testing.T, r *cli) string {
			t.Helper()
			r.must(t, 0, "state", "rm", "terraform_data.callback")
			return imported
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, emulator.Options{}, testApp)
			c.SetCallback(testApp, testURL, testKey)
			r := newCLI(t, c, before)
			r.apply(t)

			r.write(t, forget(t, r))
			got := r.must(t, changes, "plan", "-detailed-exitcode", "-out=plan")
			if !strings.Contains(got.out(), "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy") {
				t.Errorf("the plan: %s", got.out())
			}
			c.ResetRequests()
			r.must(t, 0, "apply", "plan")
			if got := fmt.Sprint(c.puts(t)); got != fmt.Sprint([]payload{withKey(testURL, testKey)}) {
				t.Errorf("sent: %s", got)
			}
			if deleted := c.Requests(emulator.Method("DELETE")); len(deleted) > 0 {
				t.Errorf("deleted: %v", deleted)
			}
			r.write(t, ours)
			r.plan(t, noChanges)
			c.expectTruth(t, testApp, testURL, testKey)

			// And back: nothing is left in the state, and the callback in the app.
			r.write(t, "removed {\n  from = sparkrtc_record_callback.main\n  lifecycle {\n    destroy = false\n  }\n}\n")
			c.ResetRequests()
			r.apply(t)
			if left := r.must(t, 0, "state", "list"); left.stdout != "" {
				t.Errorf("in the state: %s", left.stdout)
			}
			if puts := c.puts(t); len(puts) > 0 {
				t.Errorf("sent: %v", puts)
			}
			c.expectTruth(t, testApp, testURL, testKey)
		})
	}
}

const ours = "resource \"sparkrtc_record_callback\" \"main\" {\n  app_id = \"" + testApp + "\"\n  url = \"" + testURL + "\"\n" +
	"  auth_key_wo = \"" + testKey + "\"\n  auth_key_wo_version = 1\n}\n"
