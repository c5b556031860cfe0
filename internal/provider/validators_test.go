// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// wrongAppIDs are IDs with a part of what is said of them.
var wrongAppIDs = map[string]string{
	"":                  "is empty",
	".":                 "is a dot segment",
	"..":                "is a dot segment",
	"../apps":           `has "/" in it`,
	testApp + "/":       `has "/" in it`,
	"a\\b":              `has "\\" in it`,
	testApp + "?x":      `has "?" in it`,
	testApp + "#x":      `has "#" in it`,
	"%2e%2e":            `has "%" in it`,
	testApp + "\n":      "ends with a line break",
	" " + testApp:       "begins with a blank",
	testApp + "\u00a0":  "ends with a no-break space",
	"\ufeff" + testApp:  "begins with a byte order mark",
	testApp + "\u200b":  "ends with a zero-width space",
	"5ff9701f 2346968b": "has a blank in it",
	"5ff9\u200b701f":    "has a zero-width space (U+200B) in it",
	"5ff9\x00701f":      "has an invisible character (U+0000) in it",
}

func TestAppIDProblem(t *testing.T) {
	for id, want := range wrongAppIDs {
		if got := appIDProblem(id); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
	for _, id := range []string{testApp, "...", "a.b", "app-two;100é", "日本", "a:@&=$+,!'()*"} {
		if got := appIDProblem(id); got != "" {
			t.Errorf("%q %s", id, got)
		}
	}
}

// withoutMissing leaves out what is said of a configuration that lacks all other arguments.
func withoutMissing(list []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	return slices.DeleteFunc(list, func(d *tfprotov6.Diagnostic) bool {
		return slices.Contains([]string{"No recording format", "Automatic recording without a rule", "Missing Configuration for Required Attribute"}, d.Summary)
	})
}

// Everything that has an app_id refuses the same ones, before any call.
func TestWrongAppIDs_everywhere(t *testing.T) {
	checked := map[string]bool{}
	for kind, of := range allValidated(t, true) {
		for id, want := range wrongAppIDs {
			for argument, config := range configsWith(of.schema.Block, func(a *tfprotov6.SchemaAttribute) (any, bool) {
				return id, a.Name == "app_id" && (a.Required || a.Optional)
			}) {
				checked[kind] = true
				encoded := acctest.ConfigOf(of.schema, config)
				dynamic, err := tfprotov6.NewDynamicValue(encoded.Type(), encoded)
				if err != nil {
					t.Fatal(err)
				}
				list := withoutMissing(of.validate(&dynamic))
				if len(list) != 1 || list[0].Summary != "Invalid app ID" || !strings.Contains(list[0].Detail, want) || !strings.Contains(pathOf(list[0]), "app_id") {
					t.Errorf("%s, %s %q: %v", kind, argument, id, list)
				}
			}
		}
	}
	for _, kind := range []string{"resource", "data", "ephemeral", "action"} {
		name := map[string]string{"action": actionType}[kind]
		if name == "" {
			name = callbackType
		}
		if !checked[kind+" "+name] {
			t.Errorf("the %s %s has no app_id", kind, name)
		}
	}

	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	callbacks, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range wrongAppIDs {
		_, byID := callbacks.ImportState(id)
		_, byIdentity := callbacks.ImportIdentity(map[string]any{"app_id": id})
		if byIdentity == nil || !strings.Contains(byIdentity.Error(), want) {
			t.Errorf("import by identity of %q: %v", id, byIdentity)
		}
		if id == "" {
			want = "Import ID is empty"
		}
		if byID == nil || !strings.Contains(byID.Error(), want) {
			t.Errorf("import of %q: %v", id, byID)
		}
	}
	if got := c.Requests(); len(got) > 0 {
		t.Errorf("sent: %v", got)
	}
}

// The plan of a new resource lists the apps, and so knows their names.
func TestNameAsAppID(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp, otherApp)
	callbacks, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	plan := func(app string) string {
		_, err := callbacks.Plan(acctest.Object{}, arguments{url: testURL}.on(app))
		if err == nil || !strings.Contains(err.Error(), "SparkRTC app not found") {
			t.Fatalf("%s: %v", app, err)
		}
		return err.Error()
	}
	c.NameApp(testApp, "studio")
	c.NameApp(otherApp, "stage")
	if got, want := plan("studio"), `"studio" is the name of an app. Set app_id to its ID: "`+testApp+`".`; !strings.Contains(got, want) || strings.Contains(got, otherApp) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := plan("studi"); strings.Contains(got, "is the name") {
		t.Errorf("no name: %s", got)
	}

	// An app whose ID is the name of another, and that is gone since it was listed.
	c.AddApp("studio")
	if callbacks, err = newCallbacks(t, c); err != nil {
		t.Fatal(err)
	}
	stored := createCallback(t, callbacks, "studio", arguments{url: testURL})
	c.RemoveApp("studio")
	if refreshed, err := callbacks.Read(stored); err != nil || refreshed.Exists() {
		t.Errorf("%+v, %v", refreshed, err)
	}
	update, err := callbacks.Plan(stored, arguments{url: testURL + "/new"}.on("studio"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := callbacks.Apply(update); err == nil || strings.Contains(err.Error(), "is the name") || !strings.Contains(err.Error(), "project_id") {
		t.Errorf("an ID that is gone: %v", err)
	}

	c.NameApp(otherApp, "studio")
	if callbacks, err = newCallbacks(t, c); err != nil {
		t.Fatal(err)
	}
	if got, want := plan("studio"), `"`+testApp+`" or "`+otherApp+`"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := callbacks.Plan(acctest.Object{}, arguments{url: testURL}.on(testApp)); err != nil {
		t.Error(err)
	}
}
