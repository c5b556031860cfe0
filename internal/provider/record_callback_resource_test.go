// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestAccRecordCallback_lifecycle(t *testing.T) {
	const newURL, newKey, plainURL = "https://recordings.example.com/v2?tenant=a&b=<c>", "fedcba9876543210fedcba9876543210", "http://recordings.example.com"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	events := knownvalue.SetExact([]knownvalue.Check{
		knownvalue.StringExact("RECORD_NEW_FILE_START"), knownvalue.StringExact("RECORD_FILE_COMPLETE"),
	})
	moves := statecheck.CompareValue(valuesGrow{})
	app := arg("app_id", testApp)

	// Each step is an apply, and then a plan that must be empty: one read of
	// the framework's before the apply, but for the first, and one after it.
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{
				Config:           callbackConfigOn(c, app, arg("url", testURL), arg("auth_key", testKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionCreate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("app_id", knownvalue.StringExact(testApp)),
					state("url", knownvalue.StringExact(testURL)),
					state("auth_key", knownvalue.StringExact(testKey)),
					state("notify_event_subscription", events),
					state("update_time", knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`))),
					statecheck.ExpectSensitiveValue(resourceName, tfjsonpath.New("auth_key")),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					expectTruth(t, c, testApp, testURL, testKey)
					expectPuts(t, c, testApp, withKey(testURL, testKey))
				},
				Config:           callbackConfigOn(c, app, arg("url", newURL), arg("auth_key", testKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("url", knownvalue.StringExact(newURL)),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					// The key is sent, too: whether leaving it out would clear it
					// can't matter then.
					expectPuts(t, c, testApp, withKey(newURL, testKey))
				},
				Config:           callbackConfigOn(c, app, arg("url", newURL), arg("auth_key", newKey)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{
					state("auth_key", knownvalue.StringExact(newKey)),
					moves.AddStateValue(resourceName, tfjsonpath.New("update_time")),
				},
			},
			{
				PreConfig: func() {
					expectPuts(t, c, testApp, withKey(newURL, newKey))
				},
				Config:            callbackConfigOn(c, app, arg("url", plainURL)),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.Null()), state("url", knownvalue.StringExact(plainURL))},
			},
			{
				PreConfig: func() {
					expectTruth(t, c, testApp, plainURL, "")
					expectPuts(t, c, testApp, withKey(plainURL, ""))
				},
				Config:           callbackConfigOn(c, app, arg("url", plainURL)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)},
			},
			{
				PreConfig:        func() { expectPuts(t, c, testApp) },
				Config:           callbackConfigOn(c, app, arg("url", plainURL)),
				Destroy:          true,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionDestroy)},
			},
			{
				PreConfig: func() {
					expectPuts(t, c, testApp)
					expectTruth(t, c, testApp, plainURL, "")
				},
				Config:           callbackConfigOn(c, app, arg("url", testURL)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionCreate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			expectPuts(t, c, testApp, withKey(testURL, ""))
			expectTruth(t, c, testApp, testURL, "")
			return nil
		},
	})
}

// valuesGrow compares strings of which each is to come after the one before.
type valuesGrow struct{}

func (valuesGrow) CompareValues(values ...any) error {
	for i := 1; i < len(values); i++ {
		if values[i-1].(string) >= values[i].(string) {
			return fmt.Errorf("%v is not after %v", values[i], values[i-1])
		}
	}
	return nil
}

// A refresh stores what changed outside Terraform, and finds nothing more the second
// time. The next apply sets what is configured, and sends nothing if it is there.
func TestAccRecordCallback_drift(t *testing.T) {
	t.Parallel()
	const foreignURL, foreignKey = "https://elsewhere.example.com/", "key-of-another-writer-0123456789abcde"
	gone := func(c *acctest.Emulator, app string) { c.ClearCallback(app) }
	foreign := func(c *acctest.Emulator, app string) { c.SetCallback(app, foreignURL, foreignKey) }
	type drift struct {
		options  emulator.Options
		outside  func(c *acctest.Emulator, app string) // before the refresh
		refresh  string                                // the action that is planned after it
		stored   map[string]any                        // what the state has then
		later    func(c *acctest.Emulator, app string) // before the apply
		url, key string                                // in the configuration from then on, ours when ""
		action   string
		puts     []payload // of the apply
	}
	tests := map[string]drift{
		"url": {outside: func(c *acctest.Emulator, app string) { c.SetCallback(app, foreignURL, testKey) }, refresh: "update",
			stored: map[string]any{"url": foreignURL, "auth_key": testKey}, action: "update", puts: []payload{withKey(testURL, testKey)}},
		"key": {outside: func(c *acctest.Emulator, app string) { c.SetCallback(app, testURL, foreignKey) }, refresh: "update",
			stored: map[string]any{"url": testURL, "auth_key": nil}, action: "update", puts: []payload{withKey(testURL, testKey)}},
		"key_removed": {outside: func(c *acctest.Emulator, app string) { c.SetCallback(app, testURL, "") }, refresh: "update",
			stored: map[string]any{"auth_key": nil}, action: "update", puts: []payload{withKey(testURL, testKey)}},
		// What the apply would send is there already.
		"changed_back": {outside: foreign, refresh: "update", stored: map[string]any{"url": foreignURL, "auth_key": nil},
			later: func(c *acctest.Emulator, app string) { c.SetCallback(app, testURL, testKey) }, action: "update"},
		"adopted": {later: foreign, url: foreignURL, key: foreignKey, action: "update"},
		// The responses to a PUT and a GET may differ, and so may today's and
		// tomorrow's.
		"shown_otherwise": {later: func(c *acctest.Emulator, _ string) {
			c.SetOptions(func(o *emulator.Options) { o.KeyEcho, o.URLEcho = emulator.EchoMasked, emulator.URLOrigin })
		}},
	}
	for _, unset := range emulator.Unsets {
		tests["gone_"+string(unset)] = drift{options: emulator.Options{Unset: unset}, outside: gone, refresh: "create",
			action: "create", puts: []payload{withKey(testURL, testKey)}}
	}
	f := acctest.NewRouter(t)
	var before, after strings.Builder
	refreshed, applied := map[string]string{}, map[string]string{}
	for name, tc := range tests {
		f.Add(tc.options, name)
		app := arg("app_id", name)
		before.WriteString(callbackBlock(name, app, arg("url", testURL), arg("auth_key", testKey)))
		after.WriteString(callbackBlock(name, app, arg("url", cmp.Or(tc.url, testURL)), arg("auth_key", cmp.Or(tc.key, testKey))))
		if tc.refresh != "" {
			refreshed[callbackAddress(name)] = tc.refresh
		}
		if tc.action != "" {
			applied[callbackAddress(name)] = tc.action
		}
	}
	r := newCLI(t, f.Emulators[0], before.String(), ownReads)
	r.Apply(t)
	r.ExpectSettled(t)
	for name, tc := range tests {
		if tc.outside != nil {
			tc.outside(f.ByApp[name], name)
		}
	}
	for range 2 { // the second time, the state holds what was seen
		r.Must(t, 0, "apply", "-refresh-only", "-auto-approve")
		r.ExpectPlanned(t, refreshed)
	}
	for name, tc := range tests {
		if tc.refresh != "create" {
			r.ExpectStored(t, callbackAddress(name), tc.stored)
		} else if stored := r.Stored(t)[callbackAddress(name)]; stored != nil {
			t.Errorf("%s is in the state: %v", name, stored)
		}
		if tc.later != nil {
			tc.later(f.ByApp[name], name)
		}
		f.ByApp[name].ResetRequests()
	}
	if strings.Contains(r.ReadFile(t, acctest.LocalState), foreignKey) {
		t.Error("a key that is not configured is in the state")
	}
	r.Write(t, after.String())
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, applied)
	for name, tc := range tests {
		url, key := cmp.Or(tc.url, testURL), cmp.Or(tc.key, testKey)
		expectPuts(t, f.ByApp[name], name, tc.puts...)
		expectTruth(t, f.ByApp[name], name, url, key)
		r.ExpectStored(t, callbackAddress(name), map[string]any{"url": url, "auth_key": key})
	}
	r.ExpectSettled(t)
}

// Whatever the service shows back: the apply is consistent, the plan after it
// is empty, and only the configured key is ever sent.
func TestAccRecordCallback_echoes(t *testing.T) {
	t.Parallel()
	const first, second = "HTTPS://Recordings.Example.com", "https://recordings.example.com/callback"
	f := acctest.NewRouter(t)
	for _, key := range emulator.KeyEchoes {
		f.Add(emulator.Options{KeyEcho: key}, "key_"+string(key))
	}
	for _, url := range emulator.URLEchoes[1:] {
		f.Add(emulator.Options{KeyEcho: emulator.EchoTruncated, URLEcho: url}, "url_"+string(url))
	}
	r := newCLI(t, f.Emulators[0], "", ownReads)
	for _, step := range []struct {
		url  string
		key  any
		puts payload
	}{{first, testKey, withKey(first, testKey)}, {second, testKey, withKey(second, testKey)}, {second, nil, withKey(second, "")}} {
		var config strings.Builder
		for name := range f.ByApp {
			lines := []string{arg("app_id", name), arg("url", step.url)}
			if step.key != nil {
				lines = append(lines, arg("auth_key", testKey))
			}
			config.WriteString(callbackBlock(name, lines...))
		}
		r.Write(t, config.String())
		r.Apply(t)
		for name, c := range f.ByApp {
			expectPuts(t, f.ByApp[name], name, step.puts)
			expectTruth(t, c, name, step.url, *step.puts.AuthKey)
			r.ExpectStored(t, callbackAddress(name), map[string]any{"url": step.url, "auth_key": step.key})
		}
		r.ExpectSettled(t)
		for name := range f.ByApp {
			expectPuts(t, f.ByApp[name], name)
		}
	}
}

// Taking the key out of the configuration ends in a true state and an empty
// plan, whatever a PUT without a key and an empty key mean to the service. So does
// a callback without a key that overwrites one with another writer's key, whether
// the service shows that key or not.
func TestAccRecordCallback_keyRemoved(t *testing.T) {
	t.Parallel()
	none := payload{URL: testURL}
	empty := withKey(testURL, "")
	tests := []struct {
		new     bool // otherwise it was created here, with a key
		options emulator.Options
		puts    []payload
		left    string // key that the service then still has
	}{
		{false, emulator.Options{KeepKey: false, EmptyKey: emulator.EmptyClears}, []payload{empty}, ""},
		{false, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyClears}, []payload{empty}, ""},
		{false, emulator.Options{KeepKey: false, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, ""},
		{false, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, testKey},
		{false, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyIgnored}, []payload{empty}, testKey},
		{false, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyIgnored, KeyEcho: emulator.EchoMasked}, []payload{empty}, testKey},
		{false, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyClears, KeyEcho: emulator.EchoAbsent}, []payload{empty}, ""},
		{true, emulator.Options{}, []payload{empty}, ""},
		{true, emulator.Options{KeepKey: true}, []payload{empty}, ""},
		{true, emulator.Options{KeepKey: true, KeyEcho: emulator.EchoAbsent}, []payload{empty}, ""},
		{true, emulator.Options{EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, ""},
		{true, emulator.Options{KeepKey: true, EmptyKey: emulator.EmptyRefused}, []payload{empty, none}, testKey},
	}
	f := acctest.NewRouter(t)
	var before, after strings.Builder
	names := make([]string, len(tests))
	for i, tc := range tests {
		names[i] = fmt.Sprintf("new_%t_kept_%t_empty_%s_shown_%s", tc.new, tc.options.KeepKey, tc.options.EmptyKey, tc.options.KeyEcho)
		c := f.Add(tc.options, names[i])
		app, url := arg("app_id", names[i]), arg("url", testURL)
		if tc.new {
			c.SetCallback(names[i], "https://elsewhere.example.com/", testKey)
		} else {
			before.WriteString(callbackBlock(names[i], app, url, arg("auth_key", testKey)))
		}
		after.WriteString(callbackBlock(names[i], app, url))
	}
	r := newCLI(t, f.Emulators[0], before.String(), ownReads)
	r.Apply(t)
	r.ExpectSettled(t)
	for i, tc := range tests {
		if tc.new {
			expectPuts(t, f.ByApp[names[i]], names[i])
		} else {
			expectPuts(t, f.ByApp[names[i]], names[i], withKey(testURL, testKey))
		}
	}
	r.Write(t, after.String())
	r.Apply(t)
	r.ExpectSettled(t)
	for i, tc := range tests {
		expectPuts(t, f.ByApp[names[i]], names[i], tc.puts...)
		expectTruth(t, f.ByApp[names[i]], names[i], testURL, tc.left)
		r.ExpectStored(t, callbackAddress(names[i]), map[string]any{"auth_key": nil})
	}
}

// A read need not repeat the response to the write before it: it may round the
// time, show the key in another form, or leave both out. The plan after an apply is
// empty, with shared reads and without, and another key is noticed where the service
// shows anything of it.
func TestAccRecordCallback_readsThatDifferFromWrites(t *testing.T) {
	t.Parallel()
	const foreign = "fedcba9876543210-recordings-key-0002"
	tests := map[string]struct {
		options   emulator.Options
		unnoticed bool // neither the key nor a time is shown
	}{
		"masked_time_later":              {emulator.Options{KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeLater}, false},
		"masked_time_rounded":            {emulator.Options{KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeSeconds}, false},
		"masked_time_only_in_writes":     {emulator.Options{KeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeAbsent}, true},
		"masked_time_only_in_reads":      {emulator.Options{KeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeAbsent, ReadTimeEcho: emulator.TimeExact}, false},
		"masked_in_reads":                {emulator.Options{ReadKeyEcho: emulator.EchoMasked}, false},
		"masked_in_reads_time_later":     {emulator.Options{ReadKeyEcho: emulator.EchoMasked, ReadTimeEcho: emulator.TimeLater}, false},
		"masked_in_reads_no_time":        {emulator.Options{ReadKeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeAbsent}, true},
		"hidden_in_reads_time_later":     {emulator.Options{ReadKeyEcho: emulator.EchoAbsent, ReadTimeEcho: emulator.TimeLater}, false},
		"truncated_in_reads_no_time":     {emulator.Options{ReadKeyEcho: emulator.EchoTruncated, TimeEcho: emulator.TimeAbsent}, false},
		"masked_in_writes":               {emulator.Options{KeyEcho: emulator.EchoMasked, ReadKeyEcho: emulator.EchoExact}, false},
		"origin_in_reads_no_time":        {emulator.Options{ReadURLEcho: emulator.URLOrigin, TimeEcho: emulator.TimeAbsent}, false},
		"origin_in_reads_time_later":     {emulator.Options{ReadURLEcho: emulator.URLOrigin, ReadTimeEcho: emulator.TimeLater}, false},
		"time_that_is_none":              {emulator.Options{TimeEcho: emulator.TimeOdd}, false},
		"masked_time_that_is_none":       {emulator.Options{KeyEcho: emulator.EchoMasked, TimeEcho: emulator.TimeOdd}, false},
		"hashed_time_rounded_everywhere": {emulator.Options{KeyEcho: emulator.EchoHashed, TimeEcho: emulator.TimeSeconds}, false},
	}
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared reads %t", shared), func(t *testing.T) {
			t.Parallel()
			f := acctest.NewRouter(t)
			for name, tc := range tests {
				f.Add(tc.options, name+"_clear", name+"_write_only")
			}
			r := newCLI(t, f.Emulators[0], "", fmt.Sprintf("SPARKRTC_SHARED_READS=%t", shared))
			for _, url := range []string{testURL, testURL + "/new"} {
				var config strings.Builder
				for name := range tests {
					config.WriteString(callbackBlock(name+"_clear", arg("app_id", name+"_clear"), arg("url", url), arg("auth_key", testKey)))
					config.WriteString(callbackBlock(name+"_write_only", arg("app_id", name+"_write_only"), arg("url", url), arg("auth_key_wo", testKey), "auth_key_wo_version = 1"))
				}
				r.Write(t, config.String())
				r.Apply(t)
				r.ExpectSettled(t)
				for app, c := range f.ByApp {
					if puts := c.Requests(emulator.Method(http.MethodPut), emulator.Path(callbackPath(app))); len(puts) != 1 {
						t.Errorf("%s: %d PUTs for %s", app, len(puts), url)
					}
					expectTruth(t, c, app, url, testKey)
				}
				for _, c := range f.Emulators {
					c.ResetRequests()
				}
			}
			for _, c := range f.Emulators { // two seconds, for times that are rounded
				c.SetOptions(func(o *emulator.Options) { o.Clock = func() time.Time { return time.Now().Add(2 * time.Second) } })
			}
			want := map[string]string{}
			for app, c := range f.ByApp {
				c.SetCallback(app, testURL+"/new", foreign)
				if row, _ := strings.CutSuffix(app, "_clear"); !tests[strings.TrimSuffix(row, "_write_only")].unnoticed {
					want[callbackAddress(app)] = "update"
				}
			}
			r.ExpectPlanned(t, want)
		})
	}
}

// An apply sends what the plan says, and not what the configuration has that the
// plan was told to ignore.
func TestAccRecordCallback_ignoredKeyIsNotSent(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := func(url, key string) string {
		return callbackConfigOn(c, arg("app_id", testApp), arg("url", url), arg("auth_key", key), "lifecycle {\n    ignore_changes = [auth_key]\n  }")
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config(testURL, testKey)},
			{
				Config:            config(testURL+"/new", "another-key-in-the-configuration-0123"),
				ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.StringExact(testKey))},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			expectPuts(t, c, testApp, withKey(testURL, testKey), withKey(testURL+"/new", testKey))
			return nil
		},
	})
}

// Events may change with a PUT, though a plan keeps them: the next read takes that in.
func TestAccRecordCallback_eventsChange(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: callbackConfigOn(c, arg("app_id", testApp), arg("url", testURL))},
			{
				PreConfig: func() {
					c.SetOptions(func(o *emulator.Options) {
						o.Observe = func(r emulator.Request) {
							if r.Method == http.MethodGet {
								c.SetEvents(testApp, "RTC_USER_ROLE_CHANGED") // between the plan and the PUT
							}
						}
					})
				},
				Config:            callbackConfigOn(c, arg("app_id", testApp), arg("url", testURL+"/new")),
				ConfigStateChecks: []statecheck.StateCheck{state("notify_event_subscription", knownvalue.SetSizeExact(2))}, // as planned
			},
			{
				Config:           callbackConfigOn(c, arg("app_id", testApp), arg("url", testURL+"/new")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				ConfigStateChecks: []statecheck.StateCheck{
					state("notify_event_subscription", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("RTC_USER_ROLE_CHANGED")})),
				},
			},
		},
	})
}

// An import stores no key. The apply sets the configured one, and sends nothing where
// the service shows that it is there.
func TestAccRecordCallback_import(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key     emulator.KeyEcho
		authKey string
		sent    bool
	}{
		"exact":      {emulator.EchoExact, testKey, false},
		"exact_none": {emulator.EchoExact, "", false},
		"masked":     {emulator.EchoMasked, testKey, true},
		"truncated":  {emulator.EchoTruncated, testKey, true},
		"absent":     {emulator.EchoAbsent, testKey, true},
	}
	for _, way := range []string{"by the command", "by a block"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			f := acctest.NewRouter(t)
			var config strings.Builder
			want := map[string]string{}
			for name, tc := range tests {
				f.Add(emulator.Options{KeyEcho: tc.key}, name).SetCallback(name, testURL, tc.authKey)
				lines := []string{arg("app_id", name), arg("url", testURL)}
				if tc.authKey != "" {
					lines = append(lines, arg("auth_key", tc.authKey))
				}
				config.WriteString(callbackBlock(name, lines...))
				if way == "by a block" {
					config.WriteString(importBlock(name, name))
					want[callbackAddress(name)] = "import"
				}
				if tc.authKey != "" {
					want[callbackAddress(name)] = "update"
				}
			}
			r := newCLI(t, f.Emulators[0], config.String(), ownReads)
			if way == "by the command" {
				for name := range tests {
					r.Must(t, 0, "import", callbackAddress(name), name)
					expectPuts(t, f.ByApp[name], name)
					r.ExpectStored(t, callbackAddress(name), map[string]any{"app_id": name, "url": testURL, "auth_key": nil})
				}
			}
			r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, want)
			for name, tc := range tests {
				if tc.sent {
					expectPuts(t, f.ByApp[name], name, withKey(testURL, tc.authKey))
				} else {
					expectPuts(t, f.ByApp[name], name)
				}
				var key any
				if tc.authKey != "" {
					key = tc.authKey // which the configuration put there
				}
				r.ExpectStored(t, callbackAddress(name), map[string]any{"url": testURL, "auth_key": key})
			}
			r.ExpectSettled(t)
			for name := range tests {
				expectPuts(t, f.ByApp[name], name)
			}
		})
	}
}

// A key that is not configured stays after an import, until another attribute is
// written. The plan of that write says that it removes the key.
func TestAccRecordCallback_importOfUnwantedKey(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{KeyEcho: emulator.EchoMasked, KeepKey: true})
	c.SetCallback(testApp, testURL, testKey)
	const elsewhere = "https://elsewhere.example.com/"
	config := callbackConfigOn(c, arg("app_id", testApp), arg("url", testURL))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config, ResourceName: resourceName, ImportState: true, ImportStateId: testApp, ImportStatePersist: true},
			{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionNoop)}},
			{
				PreConfig:        func() { expectPuts(t, c, testApp); expectTruth(t, c, testApp, testURL, testKey) },
				Config:           callbackConfigOn(c, arg("app_id", testApp), arg("url", elsewhere)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			expectPuts(t, c, testApp, withKey(elsewhere, ""))
			expectTruth(t, c, testApp, elsewhere, "")
			return nil
		},
	})
}

func TestAccRecordCallback_importErrors(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := callbackConfigOn(c, arg("app_id", testApp), arg("url", testURL))
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config, ResourceName: resourceName, ImportState: true, ImportStateId: testApp, ExpectError: regexp.MustCompile(`Recording callback does not exist`)},
		},
		CheckDestroy: func(*terraform.State) error { expectPuts(t, c, testApp); return nil },
	})
}

func TestAccRecordCallback_replace(t *testing.T) {
	const otherApp = "app-two;100é"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp, otherApp)
	url, key := arg("url", testURL), arg("auth_key", testKey)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: callbackConfigOn(c, arg("app_id", testApp), url, key)},
			{
				Config:           callbackConfigOn(c, arg("app_id", otherApp), url, key),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionDestroyBeforeCreate)},
			},
		},
		CheckDestroy: func(*terraform.State) error {
			c.ExpectSent(t,
				acctest.Request{Method: http.MethodPut, Path: callbackPath(testApp), Body: withKey(testURL, testKey)},
				acctest.Request{Method: http.MethodPut, Path: callbackPath("app-two%3B100%C3%A9"), Body: withKey(testURL, testKey)})
			expectTruth(t, c, testApp, testURL, testKey)
			expectTruth(t, c, otherApp, testURL, testKey)
			return nil
		},
	})
}

// Values that are known only after apply are checked then.
func TestAccRecordCallback_valuesKnownAfterApply(t *testing.T) {
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := func(url, key string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = { url = %q, key = %q }\n}\n", url, key) +
			callbackConfigOn(c, arg("app_id", testApp), "url = terraform_data.late.output.url", "auth_key = terraform_data.late.output.key")
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{Config: config("ftp://example.com", testKey), ExpectError: regexp.MustCompile(`Invalid callback URL`)},
			{Config: config(testURL, "") + "# ", ExpectError: regexp.MustCompile(`Empty callback key`)},
			{
				PreConfig: func() { expectPuts(t, c, testApp) },
				Config:    config(testURL, testKey),
			},
		},
		CheckDestroy: func(*terraform.State) error { expectPuts(t, c, testApp, withKey(testURL, testKey)); return nil },
	})
}
