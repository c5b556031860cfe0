// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// someApps are a project: two with callbacks, one of them with a key and
// stopped, and one without a callback.
func someApps(t *testing.T, options emulator.Options) *acctest.Emulator {
	t.Helper()
	c := acctest.StartEmulator(t, options, "one", "two", "three")
	c.SetCallback("one", "https://one.example.com/", "")
	c.SetCallback("two", "https://two.example.com/", testKey)
	c.NameApp("one", "Production")
	c.NameApp("three", "Production")
	c.DeactivateApp("two")
	return c
}

func names(ids ...string) []string { return ids }

// filters are those that a data source and a list resource share, and what of
// someApps they leave.
var filters = map[string]struct {
	given map[string]any
	apps  []string
}{
	"none":                {nil, names("one", "three", "two")},
	"name":                {map[string]any{"app_name": "Production"}, names("one", "three")},
	"no such name":        {map[string]any{"app_name": "production"}, nil},
	"state":               {map[string]any{"app_state": "DEACTIVATION"}, names("two")},
	"state without apps":  {map[string]any{"app_state": "ARREARS"}, nil},
	"URL":                 {map[string]any{"url_prefix": "https://two."}, names("two")},
	"name and URL":        {map[string]any{"app_name": "Production", "url_prefix": "https://"}, names("one")},
	"another name's URL":  {map[string]any{"app_name": "Production", "url_prefix": "https://two."}, nil},
	"state and that name": {map[string]any{"app_name": "two", "app_state": "DEACTIVATION"}, names("two")},
}

// readCallbacks reads the data source, and returns the apps by ID.
func readCallbacks(core acctest.Resource, filter map[string]any) (map[string]map[string]tftypes.Value, error) {
	state, _, err := core.ReadDataSource("sparkrtc_record_callbacks", filter)
	if err != nil {
		return nil, err
	}
	var byID map[string]tftypes.Value
	if err := state["apps"].As(&byID); err != nil {
		return nil, err
	}
	apps := make(map[string]map[string]tftypes.Value)
	for id, app := range byID {
		apps[id] = acctest.AttributesOf(app)
	}
	return apps, nil
}

func TestRecordCallbacksDataSource(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	calls := 1 // they share a list
	for name, tc := range filters {
		for configured, has := range map[any]func(id string) bool{
			nil:   func(string) bool { return true },
			true:  func(id string) bool { return id != "three" },
			false: func(id string) bool { return id == "three" },
		} {
			filter := maps.Clone(tc.given)
			if configured != nil {
				filter = maps.Collect(maps.All(filter))
				filter["configured"] = configured
			}
			c.ResetRequests()
			apps, err := readCallbacks(core, filter)
			want := slices.DeleteFunc(slices.Clone(tc.apps), func(id string) bool { return !has(id) })
			if got := slices.Sorted(maps.Keys(apps)); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, configured %v: %v, want %v; %v", name, configured, got, want, err)
			}
			expectCalls(t, c, calls)
			calls = 0
		}
	}

	apps, err := readCallbacks(core, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]map[string]any{
		"one":   {"app_name": "Production", "app_state": "ACTIVATION", "configured": true, "has_auth_key": false, "url": "https://one.example.com/"},
		"two":   {"app_name": "two", "app_state": "DEACTIVATION", "configured": true, "has_auth_key": true, "url": "https://two.example.com/"},
		"three": {"app_name": "Production", "app_state": "ACTIVATION", "configured": false, "has_auth_key": nil, "url": nil, "update_time": nil, "notify_event_subscription": nil},
	} {
		for attribute, value := range want {
			if got := apps[id][attribute]; !got.Equal(tftypes.NewValue(got.Type(), value)) {
				t.Errorf("%s of %s is %v, want %v", attribute, id, got, value)
			}
		}
		if id != "three" && (apps[id]["update_time"].IsNull() || apps[id]["notify_event_subscription"].IsNull()) {
			t.Errorf("%s is %v", id, apps[id])
		}
		for attribute, value := range apps[id] {
			if strings.Contains(value.String(), testKey) {
				t.Errorf("the key is in %s of %s", attribute, id)
			}
		}
	}
}

func TestRecordCallbacksErrors(t *testing.T) {
	unknown := map[string]any{"project_id": tftypes.UnknownValue, "max_retries": nil}
	for name, tc := range map[string]struct {
		provider map[string]any
		status   int
		answer   string
		want     string
	}{
		"the configuration is not known":       {unknown, 200, `{}`, "Provider configuration is not known"},
		"they may not be listed":               {nil, 403, `{"error_code":"APIGW.0306","error_msg":"API access denied"}`, "Access denied"},
		"fewer are shown than there are":       {nil, 200, `{"count":3,"apps":[{"app_id":"one"}]}`, "List of apps is not complete"},
		"one is shown in a form without sense": {nil, 200, `{"count":2,"apps":[{"app_id":"one"},{"app_id":"two","callbacks":7}]}`, "List of apps is not complete"},
	} {
		t.Run(name, func(t *testing.T) {
			c := acctest.StartWrappedEmulator(t, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.answer)
				})
			}, emulator.Options{})
			core, err := newCallbacksWith(t, c, &sparkRTCProvider{}, tc.provider)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readCallbacks(core, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the data source: %v, want %q", err, tc.want)
			}
			if _, err := core.List(nil, false, 0); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the list resource: %v, want %q", err, tc.want)
			}
		})
	}
}

// What terraform query gets: the callbacks, and never a key.
func TestRecordCallbackListResource(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	calls := 1 // they share a list
	display := map[string]string{"one": "Production (one)", "two": "two"}
	for name, tc := range filters {
		for _, include := range []bool{false, true} {
			for limit := range int64(3) {
				c.ResetRequests()
				list, err := core.List(tc.given, include, limit)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				var want []string
				for _, id := range []string{"one", "two"} { // in the order of the list
					if slices.Contains(tc.apps, id) && (limit == 0 || len(want) < int(limit)) {
						want = append(want, id)
					}
				}
				var got []string
				more := limit > 0 && int(limit) < len(slices.DeleteFunc(slices.Clone(tc.apps), func(id string) bool { return id == "three" }))
				if warned := len(list) > 0 && len(list[0].Diagnostics) == 1; warned != more {
					t.Errorf("%s, limit %d: %+v", name, limit, list)
				} else if warned {
					list = list[1:]
				}
				for _, f := range list {
					app := f.Identity.Text("app_id")
					got = append(got, app)
					if f.DisplayName != display[app] {
						t.Errorf("%s is shown as %q", app, f.DisplayName)
					}
					if f.Object.Exists() != include {
						t.Errorf("%s is %v, asked for: %t", app, f.Object.Value, include)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, limit %d: %v, want %v", name, limit, got, want)
				}
				expectCalls(t, c, calls)
				calls = 0
			}
		}
	}
	if _, err := core.List(map[string]any{"app_state": "STOPPED"}, false, 0); err == nil || !strings.Contains(err.Error(), "DEACTIVATION") {
		t.Errorf("a state that there isn't: %v", err)
	}
}

// What is listed is what an import of it finds, but for the key.
func TestListedAsImported(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCallbacks(t, c)
	if err != nil {
		t.Fatal(err)
	}
	list, err := core.List(nil, true, 0)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, f := range list {
		imported, err := core.ImportState(f.Identity.Text("app_id"))
		if err != nil {
			t.Fatal(err)
		}
		if imported, err = core.Read(imported); err != nil {
			t.Fatal(err)
		}
		listed, want := acctest.AttributesOf(f.Object.Value), acctest.AttributesOf(imported.Value)
		want["auth_key"] = tftypes.NewValue(tftypes.String, nil)
		for name := range want {
			if !listed[name].Equal(want[name]) {
				t.Errorf("%s of %s is %v, and imported %v", name, imported.Text("app_id"), listed[name], want[name])
			}
		}
	}
}

// Each app with a callback is taken over, without a word about any of them.
func TestAccCLI_importAll(t *testing.T) {
	t.Parallel()
	c := someApps(t, emulator.Options{})
	r := newCLI(t, c, `
data "sparkrtc_record_callbacks" "all" {
  configured = true
}

import {
  for_each = data.sparkrtc_record_callbacks.all.apps
  to       = sparkrtc_record_callback.all[each.key]
  id       = each.key
}

resource "sparkrtc_record_callback" "all" {
  for_each = data.sparkrtc_record_callbacks.all.apps
  app_id   = each.key
  url      = each.value.url
}
`)
	if out := r.Apply(t).Out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.Plan(t, acctest.NoChanges)
	expectPuts(t, c, testApp)
	expectTruth(t, c, "two", "https://two.example.com/", testKey)
}

// The whole way with a CLI that has it: what is found is generated, imported,
// and left as it is.
func TestAccCLI_query(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Queries)
	c := someApps(t, emulator.Options{})
	r := newCLI(t, c, "provider \"sparkrtc\" {}\n")
	r.WriteFile(t, "find.tfquery.hcl", "list \"sparkrtc_record_callback\" \"all\" {\n  provider = sparkrtc\n\n  config {\n    url_prefix = \"https://\"\n  }\n}\n")
	out := r.Must(t, 0, "query", "-generate-config-out=generated.tf").Out()
	for _, shown := range []string{"app_id=one Production (one)", "app_id=two two"} {
		if !strings.Contains(out, shown) {
			t.Errorf("%q is not found: %s", shown, out)
		}
	}
	if out := r.Apply(t).Out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.Plan(t, acctest.NoChanges)
	expectPuts(t, c, testApp)
	expectTruth(t, c, "two", "https://two.example.com/", testKey)
	if generated := r.ReadFile(t, "generated.tf"); strings.Contains(generated, testKey) {
		t.Errorf("generated: %s", generated)
	}
}
