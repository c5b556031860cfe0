// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// One app is found by name or ID; none and several are errors. A deleted app is none, however it is shown.
func TestAppDataSource(t *testing.T) {
	e := someApps(t, emulator.Options{DeletedApp: emulator.DeletedListed})
	e.AddApp("gone")
	e.RemoveApp("gone")
	apps := newApps(t, e)
	for _, given := range []map[string]any{{"app_id": "two"}, {"app_name": "two"}} {
		found, _, err := apps.ReadDataSource(appType, given)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"app_id": "two", "app_name": "two", "app_state": "DEACTIVATION", "scope": "GLOBAL", "domain": "rtc.example.com"} {
			if !found[name].Equal(tftypes.NewValue(tftypes.String, want)) {
				t.Errorf("%v: %s is %v, want %s", given, name, found[name], want)
			}
		}
	}
	for _, tc := range []struct {
		given    map[string]any
		mentions []string
	}{
		{map[string]any{"app_name": "Two"}, []string{"No such app", "app_name", `"Two"`}},
		{map[string]any{"app_id": "Production"}, []string{"No such app", "app_id"}},
		{map[string]any{"app_name": "gone"}, []string{"No such app"}},
		{map[string]any{"app_name": "Production"}, []string{"Several apps", `"one"`, `"three"`, "app_id"}},
	} {
		_, _, err := apps.ReadDataSource(appType, tc.given)
		expectError(t, err, tc.mentions...)
	}
	expectCalls(t, e, 1) // they share a list

	state, _, err := apps.ReadDataSource("sparkrtc_apps", map[string]any{"app_name": "Production"})
	var byID map[string]tftypes.Value
	if err != nil || state["apps"].As(&byID) != nil || len(byID) != 2 || byID["one"].IsNull() || byID["three"].IsNull() {
		t.Errorf("apps: %v, %v", state, err)
	}
}

// A list for users has all retries, and one that only saves calls has two.
func TestAppsDataSource_retries(t *testing.T) {
	t.Parallel()
	e := someApps(t, emulator.Options{})
	core, err := newCore(t, e, &sparkRTCProvider{}, map[string]any{"max_retries": 4})
	if err != nil {
		t.Fatal(err)
	}
	e.Fail(emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath, Status: http.StatusInternalServerError, Times: 4})
	if _, _, err = core.ReadDataSource("sparkrtc_apps", nil); err != nil {
		t.Error(err)
	}
}

// Data sources show which rule automatic recording uses, also of a service that keeps it after switching off.
func TestAppDataSources_autoRecord(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{OffRule: emulator.OffKeeps}, "on", "off", "never")
	e.SetAutoRecord("on", emulator.AutoRecordIndividual, "rule")
	e.SetAutoRecord("off", emulator.AutoRecordOff, "rule")
	apps := newApps(t, e)
	state, _, err := apps.ReadDataSource("sparkrtc_apps", nil)
	var byID map[string]tftypes.Value
	if err != nil || state["apps"].As(&byID) != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][2]any{"on": {"AUTO_INDIVIDUAL_RECORD", "rule"}, "off": {"AUTO_RECORD_OFF", nil}, "never": {"AUTO_RECORD_OFF", nil}} {
		one, _, err := apps.ReadDataSource(appType, map[string]any{"app_id": id})
		for _, shown := range []map[string]tftypes.Value{acctest.AttributesOf(byID[id]), one} {
			mode, rule := shown["auto_record_mode"], shown["record_rule_id"]
			if err != nil || !mode.Equal(tftypes.NewValue(tftypes.String, want[0])) || !rule.Equal(tftypes.NewValue(tftypes.String, want[1])) {
				t.Errorf("%s: %v, %v; %v", id, mode, rule, err)
			}
		}
	}
}

// What is listed is what an import of it finds, without keys.
func TestAppListResource(t *testing.T) {
	e := someApps(t, emulator.Options{DeletedApp: emulator.DeletedListed})
	e.AddApp("gone")
	e.RemoveApp("gone")
	e.SetAppState("three", emulator.StateArrears)
	apps := newApps(t, e)
	for name, tc := range filters {
		if _, ofURLs := tc.given["url_prefix"]; ofURLs || name == "state without apps" {
			continue
		}
		list, err := apps.List(tc.given, true, 0)
		var ids []string
		for _, listed := range list {
			ids = append(ids, listed.Identity.Text("app_id"))
			imported := importApp(t, apps, listed.Identity.Text("app_id"))
			if !listed.Object.Value.Equal(imported.Value) {
				t.Errorf("listed as %v, and imported as %v", listed.Object.Value, imported.Value)
			}
			app, _ := e.App(imported.Text("app_id"))
			acctest.ExpectNoSecret(t, app.ID, listed.Object.Value.String(), app.AppKey)
		}
		if slices.Sort(ids); err != nil || !slices.Equal(ids, tc.apps) {
			t.Errorf("%s: %v, want %v; %v", name, ids, tc.apps, err)
		}
	}
	list, err := apps.List(nil, false, 2)
	if err != nil || len(list) != 3 || !slices.Contains(list[0].Diagnostics.Warnings(), "More results than the limit") || list[1].DisplayName != "Production (one)" {
		t.Errorf("limited: %+v, %v", list, err)
	}
}
