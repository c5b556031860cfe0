// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// someApps are a project: two with callbacks, one of them with a key and
// stopped, and one without a callback.
func someApps(t *testing.T, options emulator.Options) *cloud {
	t.Helper()
	c := newCloud(t, options, "one", "two", "three")
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

// readCallbacks reads the data source.
func (c tfCore) readCallbacks(filter map[string]any) (map[string]map[string]tftypes.Value, error) {
	schema := schemas().DataSourceSchemas["sparkrtc_record_callbacks"]
	resp, err := c.server.ReadDataSource(c.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "sparkrtc_record_callbacks", Config: encoded(objectOf(schema, filter)),
	})
	if err != nil {
		return nil, err
	}
	if _, err := split(resp.Diagnostics); err != nil {
		return nil, err
	}
	state, err := resp.State.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	var byID map[string]tftypes.Value
	if err := attributesOf(state)["apps"].As(&byID); err != nil {
		return nil, err
	}
	apps := make(map[string]map[string]tftypes.Value)
	for id, app := range byID {
		apps[id] = attributesOf(app)
	}
	return apps, nil
}

func TestRecordCallbacksDataSource(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCore(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
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
			apps, err := core.readCallbacks(filter)
			want := slices.DeleteFunc(slices.Clone(tc.apps), func(id string) bool { return !has(id) })
			if got := slices.Sorted(maps.Keys(apps)); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, configured %v: %v, want %v; %v", name, configured, got, want, err)
			}
			c.expectCalls(t, 1)
		}
	}

	apps, err := core.readCallbacks(nil)
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
			c := newCloudBehind(t, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(tc.status)
					_, _ = io.WriteString(w, tc.answer)
				})
			}, emulator.Options{})
			core, err := newCoreWith(t, c, &sparkRTCProvider{}, tc.provider)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := core.readCallbacks(nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the data source: %v, want %q", err, tc.want)
			}
			if _, err := core.query(query{}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the list resource: %v, want %q", err, tc.want)
			}
		})
	}
}

// query is what terraform query asks.
type query struct {
	filter  map[string]any
	include bool
	limit   int64
}

// found is what it is answered.
type found struct {
	warnings     []string // of all, and nothing else
	app, display string
	object       tftypes.Value // null unless asked for
}

func (c tfCore) query(q query) ([]found, error) {
	server, ok := c.server.(tfprotov6.ListResourceServer)
	if !ok {
		return nil, errors.New("the provider has no list resources")
	}
	config := encoded(objectOf(schemas().ListResourceSchemas[callbackType], q.filter))
	validated, err := server.ValidateListResourceConfig(c.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: callbackType, Config: config})
	if err != nil {
		return nil, err
	}
	if _, err := split(validated.Diagnostics); err != nil {
		return nil, err
	}
	stream, err := server.ListResource(c.t.Context(), &tfprotov6.ListResourceRequest{TypeName: callbackType, Config: config, IncludeResource: q.include, Limit: q.limit})
	if err != nil {
		return nil, err
	}
	var list []found
	for result := range stream.Results {
		warnings, err := split(result.Diagnostics)
		switch {
		case err != nil:
			return list, err
		case len(warnings) > 0 && (len(list) > 0 || result.Identity != nil):
			return list, fmt.Errorf("warnings that don't come first, and by themselves: %q", warnings)
		case len(warnings) > 0:
			list = append(list, found{warnings: warnings})
			continue
		}
		identity, err := result.Identity.IdentityData.Unmarshal(callbackIdentity().ValueType())
		if err != nil {
			return nil, err
		}
		one := found{display: result.DisplayName, object: nothing()}
		if err := attributesOf(identity)["app_id"].As(&one.app); err != nil {
			return nil, err
		}
		if result.Resource != nil {
			if one.object, err = decoded(result.Resource); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// What terraform query gets: the callbacks, and never a key.
func TestRecordCallbackListResource(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCore(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	display := map[string]string{"one": "Production (one)", "two": "two"}
	for name, tc := range filters {
		for _, include := range []bool{false, true} {
			for limit := range int64(3) {
				c.ResetRequests()
				list, err := core.query(query{tc.given, include, limit})
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
				if warned := len(list) > 0 && len(list[0].warnings) == 1; warned != more {
					t.Errorf("%s, limit %d: %+v", name, limit, list)
				} else if warned {
					list = list[1:]
				}
				for _, f := range list {
					got = append(got, f.app)
					if f.display != display[f.app] {
						t.Errorf("%s is shown as %q", f.app, f.display)
					}
					if f.object.IsNull() == include {
						t.Errorf("%s is %v, asked for: %t", f.app, f.object, include)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, limit %d: %v, want %v", name, limit, got, want)
				}
				c.expectCalls(t, 1)
			}
		}
	}
	if _, err := core.query(query{filter: map[string]any{"app_state": "STOPPED"}}); err == nil || !strings.Contains(err.Error(), "DEACTIVATION") {
		t.Errorf("a state that there isn't: %v", err)
	}
}

// What is listed is what an import of it finds, but for the key.
func TestListedAsImported(t *testing.T) {
	c := someApps(t, emulator.Options{})
	core, err := newCore(t, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := core.query(query{include: true})
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, f := range list {
		imported, err := core.importState(f.app)
		if err != nil {
			t.Fatal(err)
		}
		if imported, err = core.read(imported); err != nil {
			t.Fatal(err)
		}
		listed, want := attributesOf(f.object), attributesOf(imported.value)
		want["auth_key"] = tftypes.NewValue(tftypes.String, nil)
		for name := range want {
			if !listed[name].Equal(want[name]) {
				t.Errorf("%s of %s is %v, and imported %v", name, f.app, listed[name], want[name])
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
	if out := r.apply(t).out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.plan(t, noChanges)
	c.expectPuts(t)
	c.expectTruth(t, "two", "https://two.example.com/", testKey)
}

// The whole way with a CLI that has it: what is found is generated, imported,
// and left as it is.
func TestAccCLI_query(t *testing.T) {
	t.Parallel()
	needs(t, queries)
	c := someApps(t, emulator.Options{})
	r := newCLI(t, c, "provider \"sparkrtc\" {}\n")
	r.writeFile(t, "find.tfquery.hcl", "list \"sparkrtc_record_callback\" \"all\" {\n  provider = sparkrtc\n\n  config {\n    url_prefix = \"https://\"\n  }\n}\n")
	out := r.must(t, 0, "query", "-generate-config-out=generated.tf").out()
	for _, shown := range []string{"app_id=one Production (one)", "app_id=two two"} {
		if !strings.Contains(out, shown) {
			t.Errorf("%q is not found: %s", shown, out)
		}
	}
	if out := r.apply(t).out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.plan(t, noChanges)
	c.expectPuts(t)
	c.expectTruth(t, "two", "https://two.example.com/", testKey)
	if generated := r.readFile(t, "generated.tf"); strings.Contains(generated, testKey) {
		t.Errorf("generated: %s", generated)
	}
}
