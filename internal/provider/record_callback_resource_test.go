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

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestRecordCallback_lifecycle(t *testing.T) {
	t.Parallel()
	const newURL, newKey, plainURL = "https://recordings.example.com/v2?tenant=a&b=<c>", "fedcba9876543210fedcba9876543210", "http://recordings.example.com"
	c := acctest.StartEmulator(t, emulator.Options{Clock: acctest.TickingClock()}, testApp)
	w := newWorkspace(t, c, nil)
	events := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{
		tftypes.NewValue(tftypes.String, "RECORD_FILE_COMPLETE"), tftypes.NewValue(tftypes.String, "RECORD_NEW_FILE_START"),
	})
	before := ""
	for i, set := range []arguments{{url: testURL, key: testKey}, {url: newURL, key: newKey}, {url: plainURL}} {
		w.Set("test", set.given(testApp))
		w.MustApply().ExpectPlanned(t, map[string]string{"test": map[bool]string{true: "create", false: "update"}[i == 0]})
		expectTruth(t, c, testApp, set.url, set.key)
		expectPuts(t, c, testApp, withKey(set.url, set.key))
		stored := map[string]any{"app_id": testApp, "url": set.url, "auth_key": set.key}
		if set.key == "" {
			stored["auth_key"] = nil
		}
		w.ExpectStored("test", stored)
		if got := acctest.AttributesOf(w.Stored["test"].Value)["notify_event_subscription"]; !got.Equal(events) {
			t.Errorf("events: %v", got)
		}
		updated := w.Stored["test"].Text("update_time")
		if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(updated) || updated <= before {
			t.Errorf("update_time is %s after %s", updated, before)
		}
		before = updated
		w.ExpectSettled()
		expectPuts(t, c, testApp)
	}
	w.Remove("test")
	w.MustApply().ExpectPlanned(t, map[string]string{"test": "delete"})
	if len(w.Stored) != 0 {
		t.Errorf("stored: %v", w.Stored)
	}
	expectPuts(t, c, testApp)
	expectTruth(t, c, testApp, plainURL, "")
}

// A refresh stores what changed outside Terraform, and finds nothing more the second
// time. The next apply sets what is configured, and sends nothing if it is there.
func TestRecordCallback_drift(t *testing.T) {
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
	refreshed, applied := map[string]string{}, map[string]string{}
	for name, tc := range tests {
		f.Add(tc.options, name)
		if tc.refresh != "" {
			refreshed[name] = tc.refresh
		}
		if tc.action != "" {
			applied[name] = tc.action
		}
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	for name := range tests {
		w.Set(name, arguments{url: testURL, key: testKey}.given(name))
	}
	w.MustApply()
	w.ExpectSettled()
	for name, tc := range tests {
		if tc.outside != nil {
			tc.outside(f.ByApp[name], name)
		}
	}
	for range 2 { // the second time, the state holds what was seen
		w.Refresh()
		w.ExpectPlanned(refreshed)
	}
	for name, tc := range tests {
		if tc.refresh != "create" {
			w.ExpectStored(name, tc.stored)
		} else if stored, ok := w.Stored[name]; ok {
			t.Errorf("%s is in the state: %v", name, stored)
		}
		if tc.later != nil {
			tc.later(f.ByApp[name], name)
		}
		f.ByApp[name].ResetRequests()
	}
	if strings.Contains(w.StateText(), foreignKey) {
		t.Error("a key that is not configured is in the state")
	}
	for name, tc := range tests {
		w.Set(name, arguments{url: cmp.Or(tc.url, testURL), key: cmp.Or(tc.key, testKey)}.given(name))
	}
	w.MustApply().ExpectPlanned(t, applied)
	for name, tc := range tests {
		url, key := cmp.Or(tc.url, testURL), cmp.Or(tc.key, testKey)
		expectPuts(t, f.ByApp[name], name, tc.puts...)
		expectTruth(t, f.ByApp[name], name, url, key)
		w.ExpectStored(name, map[string]any{"url": url, "auth_key": key})
	}
	w.ExpectSettled()
}

// Whatever the service shows back: the apply is consistent, the plan after it
// is empty, and only the configured key is ever sent.
func TestRecordCallback_echoes(t *testing.T) {
	t.Parallel()
	const first, second = "HTTPS://Recordings.Example.com", "https://recordings.example.com/callback"
	f := acctest.NewRouter(t)
	for _, key := range emulator.KeyEchoes {
		f.Add(emulator.Options{KeyEcho: key}, "key_"+string(key))
	}
	for _, url := range emulator.URLEchoes[1:] {
		f.Add(emulator.Options{KeyEcho: emulator.EchoTruncated, URLEcho: url}, "url_"+string(url))
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	for _, step := range []struct {
		config arguments
		key    any
	}{{arguments{url: first, key: testKey}, testKey}, {arguments{url: second, key: testKey}, testKey}, {arguments{url: second}, nil}} {
		for name := range f.ByApp {
			w.Set(name, step.config.given(name))
		}
		w.MustApply()
		for name, c := range f.ByApp {
			expectPuts(t, c, name, withKey(step.config.url, step.config.key))
			expectTruth(t, c, name, step.config.url, step.config.key)
			w.ExpectStored(name, map[string]any{"url": step.config.url, "auth_key": step.key})
		}
		w.ExpectSettled()
		for name := range f.ByApp {
			expectPuts(t, f.ByApp[name], name)
		}
	}
}

// Taking the key out of the configuration ends in a true state and an empty
// plan, whatever a PUT without a key and an empty key mean to the service. So does
// a callback without a key that overwrites one with another writer's key, whether
// the service shows that key or not.
func TestRecordCallback_keyRemoved(t *testing.T) {
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
	names := make([]string, len(tests))
	for i, tc := range tests {
		names[i] = fmt.Sprintf("new_%t_kept_%t_empty_%s_shown_%s", tc.new, tc.options.KeepKey, tc.options.EmptyKey, tc.options.KeyEcho)
		c := f.Add(tc.options, names[i])
		if tc.new {
			c.SetCallback(names[i], "https://elsewhere.example.com/", testKey)
		}
	}
	w := newWorkspace(t, f.Emulators[0], oneByOne)
	for i, tc := range tests {
		if !tc.new {
			w.Set(names[i], arguments{url: testURL, key: testKey}.given(names[i]))
		}
	}
	w.MustApply()
	w.ExpectSettled()
	for i, tc := range tests {
		if tc.new {
			expectPuts(t, f.ByApp[names[i]], names[i])
		} else {
			expectPuts(t, f.ByApp[names[i]], names[i], withKey(testURL, testKey))
		}
		w.Set(names[i], arguments{url: testURL}.given(names[i]))
	}
	w.MustApply()
	w.ExpectSettled()
	for i, tc := range tests {
		expectPuts(t, f.ByApp[names[i]], names[i], tc.puts...)
		expectTruth(t, f.ByApp[names[i]], names[i], testURL, tc.left)
		w.ExpectStored(names[i], map[string]any{"auth_key": nil})
	}
}

// A read need not repeat the response to the write before it: it may round the
// time, show the key in another form, or leave both out. The plan after an apply is
// empty, with shared reads and without, and another key is noticed where the service
// shows anything of it.
func TestRecordCallback_readsThatDifferFromWrites(t *testing.T) {
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
			kinds := map[string]arguments{}
			for name, tc := range tests {
				f.Add(tc.options, name+"_clear", name+"_write_only")
				kinds[name+"_clear"], kinds[name+"_write_only"] = arguments{key: testKey}, arguments{key: testKey, version: 1}
			}
			w := newWorkspace(t, f.Emulators[0], map[string]any{"shared_reads": shared})
			for _, url := range []string{testURL, testURL + "/new"} {
				for app, config := range kinds {
					config.url = url
					w.Set(app, config.given(app))
				}
				w.MustApply()
				w.ExpectSettled()
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
			for _, c := range f.Emulators { // two minutes, for times that are rounded
				c.SetOptions(func(o *emulator.Options) { o.Clock = func() time.Time { return time.Now().Add(2 * time.Minute) } })
			}
			want := map[string]string{}
			for app, c := range f.ByApp {
				c.SetCallback(app, testURL+"/new", foreign)
				if row, _ := strings.CutSuffix(app, "_clear"); !tests[strings.TrimSuffix(row, "_write_only")].unnoticed {
					want[app] = "update"
				}
			}
			w.ExpectPlanned(want)
		})
	}
}

// An apply sends what the plan says, and not what the configuration has that the
// plan ignores.
func TestRecordCallback_ignoredKeyIsNotSent(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	ignoring := acctest.IgnoreChanges("auth_key")
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp), ignoring)
	w.MustApply()
	w.Set("test", arguments{url: testURL + "/new", key: "another-key-in-the-configuration-0123"}.given(testApp), ignoring)
	w.MustApply()
	w.ExpectStored("test", map[string]any{"auth_key": testKey})
	w.ExpectSettled()
	expectPuts(t, c, testApp, withKey(testURL, testKey), withKey(testURL+"/new", testKey))
}

// A write-only key can be ignored with or without its version. What is sent is the key of the version in the state, and
// a change of that one is noticed.
func TestRecordCallback_ignoredWriteOnlyKeyIsNotSent(t *testing.T) {
	t.Parallel()
	const another, rotated = "another-key-in-the-configuration-0123", "rotated-outside-of-terraform-0123456789"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL, key: testKey, version: 1}.given(testApp))
	w.MustApply()
	w.Set("test", arguments{url: testURL + "/new", key: another, version: 1}.given(testApp), acctest.IgnoreChanges("auth_key_wo"))
	expectReported(t, w.Plan(), "test", callback.KeyIgnored)
	expectPuts(t, c, testApp, withKey(testURL, testKey))

	w.Set("test", arguments{url: testURL + "/new", key: another, version: 2}.given(testApp), acctest.IgnoreChanges("auth_key_wo", "auth_key_wo_version"))
	w.MustApply()
	expectPuts(t, c, testApp, withKey(testURL+"/new", testKey))
	w.ExpectSettled()
	c.SetCallback(testApp, testURL+"/new", rotated)
	expectReported(t, w.Refresh(), "test", callback.KeyChanged)
	w.ExpectStored("test", map[string]any{"auth_key_wo_version": nil})
}

// If app_id is ignored too, the configuration is that of another app, and may have a key.
func TestRecordCallback_ignoredAppAndKey(t *testing.T) {
	t.Parallel()
	const rotated = "rotated-outside-of-terraform-0123456789"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp, otherApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
	w.MustApply()
	c.SetCallback(testApp, testURL, rotated)
	w.Refresh()
	c.ResetRequests()
	w.Set("test", arguments{url: testURL + "/new", key: testKey}.given(otherApp), acctest.IgnoreChanges("app_id", "auth_key"))
	expectReported(t, w.ExpectPlanned(map[string]string{"test": "update"}), "test")
	w.MustApply()
	expectPuts(t, c, testApp, withKey(testURL+"/new", rotated))
}

// Events may change with a PUT, though a plan keeps them: the next read takes that in.
func TestRecordCallback_eventsChange(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL}.given(testApp))
	w.MustApply()
	w.Set("test", arguments{url: testURL + "/new"}.given(testApp))
	planned := w.ExpectPlanned(map[string]string{"test": "update"})
	c.SetEvents(testApp, "RTC_USER_ROLE_CHANGED") // between the plan and the PUT
	w.ApplyPlan(planned)
	if state := w.StateText(); strings.Contains(state, "RTC_USER_ROLE_CHANGED") || !strings.Contains(state, "RECORD_FILE_COMPLETE") {
		t.Errorf("not as planned: %s", state)
	}
	w.ExpectSettled()
	w.MustApply()
	if state := w.StateText(); !strings.Contains(state, "RTC_USER_ROLE_CHANGED") || strings.Contains(state, "RECORD_FILE_COMPLETE") {
		t.Errorf("not taken in: %s", state)
	}
	w.ExpectSettled()
}

// An import stores no key. The apply sets the configured one, and sends nothing where
// the service shows that it is there.
func TestRecordCallback_import(t *testing.T) {
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
			want := map[string]string{}
			for name, tc := range tests {
				f.Add(emulator.Options{KeyEcho: tc.key}, name).SetCallback(name, testURL, tc.authKey)
				if tc.authKey != "" {
					want[name] = "update"
				} else if way == "by a block" {
					want[name] = "import"
				}
			}
			w := newWorkspace(t, f.Emulators[0], oneByOne)
			for name, tc := range tests {
				w.Set(name, arguments{url: testURL, key: tc.authKey}.given(name))
				if way == "by a block" {
					w.SetImport(name, name)
					continue
				}
				w.Import(name, name)
				expectPuts(t, f.ByApp[name], name)
				w.ExpectStored(name, map[string]any{"app_id": name, "url": testURL, "auth_key": nil})
			}
			w.MustApply().ExpectPlanned(t, want)
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
				w.ExpectStored(name, map[string]any{"url": testURL, "auth_key": key})
			}
			w.ExpectSettled()
			for name := range tests {
				expectPuts(t, f.ByApp[name], name)
			}
		})
	}
}

// A key that is not configured stays after an import, until another attribute is
// written. The plan of that write says that it removes the key.
func TestRecordCallback_importOfUnwantedKey(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{KeyEcho: emulator.EchoMasked, KeepKey: true})
	c.SetCallback(testApp, testURL, testKey)
	const elsewhere = "https://elsewhere.example.com/"
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL}.given(testApp))
	w.Import("test", testApp)
	expectReported(t, w.MustApply(), "test", callback.KeyNotConfigured)
	expectPuts(t, c, testApp)
	expectTruth(t, c, testApp, testURL, testKey)
	w.Set("test", arguments{url: elsewhere}.given(testApp))
	expectReported(t, w.ExpectPlanned(map[string]string{"test": "update"}), "test", callback.LosesKey)
	w.MustApply()
	expectPuts(t, c, testApp, withKey(elsewhere, ""))
	expectTruth(t, c, testApp, elsewhere, "")
}

func TestRecordCallback_importErrors(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	failed := w.Import("test", testApp).Of("test")
	if err := failed.Err(); err == nil || !strings.Contains(err.Error(), "Recording callback does not exist") || len(w.Stored) > 0 {
		t.Errorf("the error: %v; stored: %v", err, w.Stored)
	}
	expectPuts(t, c, testApp)
}

func TestRecordCallback_replace(t *testing.T) {
	t.Parallel()
	const otherApp = "app-two;100é"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp, otherApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", arguments{url: testURL, key: testKey}.given(testApp))
	w.MustApply()
	w.Set("test", arguments{url: testURL, key: testKey}.given(otherApp))
	c.SetCallback(otherApp, testURL+"/before", "")
	planned := w.ExpectPlanned(map[string]string{"test": "replace"})
	expectReported(t, planned, "test", callback.StaysInPlace, callback.Overwrites)
	w.ApplyPlan(planned)
	w.ExpectSettled()
	c.ExpectSent(t,
		acctest.Request{Method: http.MethodPut, Path: callbackPath(testApp), Body: withKey(testURL, testKey)},
		acctest.Request{Method: http.MethodPut, Path: callbackPath("app-two%3B100%C3%A9"), Body: withKey(testURL, testKey)})
	expectTruth(t, c, testApp, testURL, testKey)
	expectTruth(t, c, otherApp, testURL, testKey)
}

// Values that are known only after apply are checked then.
func TestRecordCallback_valuesKnownAfterApply(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		url, key string
		want     string // the error, "" for none
	}{
		"a wrong URL":  {"ftp://example.com", testKey, "Invalid callback URL"},
		"an empty key": {testURL, "", "Empty callback key"},
		"right values": {testURL, testKey, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			w := newWorkspace(t, c, nil)
			w.Set("test", map[string]any{"app_id": testApp, "url": tftypes.UnknownValue, "auth_key": tftypes.UnknownValue})
			planned := w.ExpectPlanned(map[string]string{"test": "create"})
			w.Resolve(planned, "test", map[string]any{"app_id": testApp, "url": tc.url, "auth_key": tc.key})
			w.ApplyPlan(planned)
			err := planned.Of("test").Err()
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the error is %v, want %q", err, tc.want)
				}
				expectPuts(t, c, testApp)
				return
			}
			if err != nil {
				t.Error(err)
			}
			expectPuts(t, c, testApp, withKey(testURL, testKey))
		})
	}
}
