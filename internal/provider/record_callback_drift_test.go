// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What changes outside Terraform, for each kind of key, where the service shows keys,
// masks them and hides them. The tests of the package callback have the table itself.
func TestAccCLI_driftOfKeys(t *testing.T) {
	t.Parallel()
	const (
		key     = "0123456789abcdef-recordings-key-0001"
		foreign = "fedcba9876543210-recordings-key-0002"
		other   = "https://elsewhere.example.com/"
	)
	echoes := []emulator.KeyEcho{emulator.EchoExact, emulator.EchoHashed, emulator.EchoMasked, emulator.EchoAbsent}
	rows := map[string]struct {
		outside func(c *acctest.Emulator, app, key string)
		action  string
		when    []emulator.KeyEcho // the action is planned; otherwise none
		keyless bool               // it is planned for a callback without a key, too
	}{
		"untouched": {func(*acctest.Emulator, string, string) {}, "", nil, false},
		"again":     {func(c *acctest.Emulator, app, key string) { c.SetCallback(app, testURL, key) }, "update", echoes[1:], false},
		"key":       {func(c *acctest.Emulator, app, _ string) { c.SetCallback(app, testURL, foreign) }, "update", echoes, false},
		"no-key":    {func(c *acctest.Emulator, app, _ string) { c.SetCallback(app, testURL, "") }, "update", echoes, false},
		"url":       {func(c *acctest.Emulator, app, key string) { c.SetCallback(app, other, key) }, "update", echoes, true},
		"gone":      {func(c *acctest.Emulator, app, _ string) { c.ClearCallback(app) }, "create", echoes, true},
	}
	kinds := map[string]struct{ key, arguments string }{
		"clear":      {key, arg("auth_key", key)},
		"write_only": {key, arg("auth_key_wo", key) + "\n  auth_key_wo_version = 1"},
		"keyless":    {"", ""},
	}
	f := acctest.NewRouter(t)
	emulators := map[emulator.KeyEcho]*acctest.Emulator{}
	var config strings.Builder
	for _, echo := range echoes {
		c := f.Add(emulator.Options{KeyEcho: echo})
		emulators[echo] = c
		for kind, k := range kinds {
			var apps []string
			for _, name := range slices.Sorted(maps.Keys(rows)) {
				apps = append(apps, appOfRow(echo, kind, name))
			}
			f.AddApps(c, apps...)
			config.WriteString(callbackBlock(fmt.Sprintf("%s_%s", kind, echo), forEach(apps), arg("url", testURL), k.arguments))
		}
	}
	r := newCLI(t, emulators[emulator.EchoExact], config.String())
	r.Apply(t)
	expectSharedReads(t, f, true, func() { r.Plan(t, acctest.NoChanges) })

	each := func(do func(c *acctest.Emulator, echo emulator.KeyEcho, kind, row, app, address string)) {
		for echo, c := range emulators {
			for kind := range kinds {
				for row := range rows {
					app := appOfRow(echo, kind, row)
					do(c, echo, kind, row, app, fmt.Sprintf("%s[%q]", callbackAddress(fmt.Sprintf("%s_%s", kind, echo)), app))
				}
			}
		}
	}
	want := map[string]string{}
	each(func(c *acctest.Emulator, echo emulator.KeyEcho, kind, name, app, address string) {
		row := rows[name]
		row.outside(c, app, kinds[kind].key)
		if slices.Contains(row.when, echo) && (kind != "keyless" || row.keyless) {
			want[address] = row.action
		}
	})
	for _, c := range emulators {
		c.ResetRequests()
	}
	planned := r.ExpectPlanned(t, want)
	warned := map[string][]string{}
	for _, d := range planned.Diagnostics(t) {
		warned[d.Address] = append(warned[d.Address], d.Summary)
	}
	each(func(_ *acctest.Emulator, echo emulator.KeyEcho, kind, name, _, address string) {
		var expected []string
		say := func(n callback.Notice) { expected = append(expected, callbackWords[n].summary) }
		_, changes := want[address]
		switch {
		case name == "gone":
			say(callback.Gone)
		case kind == "keyless":
			if name == "url" {
				say(callback.URLChanged)
			}
			if name == "key" && echo != emulator.EchoAbsent { // a key that is hidden can't be seen
				say(callback.KeyNotConfigured)
			}
		case changes:
			if name == "url" {
				say(callback.URLChanged)
			}
			if name != "url" || echo != emulator.EchoExact {
				say(callback.KeyChanged)
			}
		}
		if !slices.Equal(warned[address], expected) {
			t.Errorf("%s: warned %q, want %q", address, warned[address], expected)
		}
	})

	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, want)
	each(func(c *acctest.Emulator, _ emulator.KeyEcho, kind, name, app, _ string) {
		key := kinds[kind].key
		if kind == "keyless" && name == "key" {
			key = foreign // left alone
		}
		expectTruth(t, c, app, testURL, key)
	})
	for echo, c := range emulators {
		for _, put := range sentPayloads(t, c) {
			if put.URL != testURL || put.AuthKey == nil || *put.AuthKey != key && *put.AuthKey != "" {
				t.Errorf("%s: sent what is not configured: %v", echo, put)
			}
		}
	}
	state := r.ReadFile(t, acctest.LocalState)
	if strings.Contains(state, foreign) {
		t.Error("a key that is not configured is in the state")
	}
	r.Plan(t, acctest.NoChanges)

	// The service may show the same in another way from one day to the next.
	for _, next := range []emulator.KeyEcho{emulator.EchoMasked, emulator.EchoExact, ""} {
		for echo, c := range emulators {
			c.SetOptions(func(o *emulator.Options) { o.KeyEcho = cmp.Or(next, echo) })
		}
		t.Logf("shown %s from now on", cmp.Or(next, "as before"))
		r.ExpectPlanned(t, map[string]string{})
	}
}

// appOfRow is the app of a row in a table.
func appOfRow[T ~string](echo T, kind, name string) string {
	return fmt.Sprintf("%s-%s-%s", echo, kind, name)
}

// The same for the URL.
func TestAccCLI_driftOfURLs(t *testing.T) {
	t.Parallel()
	const set = "HTTPS://Recordings.Example.com/sparkrtc?a=1"
	rows := map[string]struct {
		outside func(c *acctest.Emulator, app string)
		action  string
		when    []emulator.URLEcho
	}{
		"untouched": {func(*acctest.Emulator, string) {}, "", nil},
		"again":     {func(c *acctest.Emulator, app string) { c.SetCallback(app, set, "") }, "update", []emulator.URLEcho{emulator.URLOrigin}},
		"touched":   {func(c *acctest.Emulator, app string) { c.Touch(app) }, "update", []emulator.URLEcho{emulator.URLOrigin}},
		"path":      {func(c *acctest.Emulator, app string) { c.SetCallback(app, set+"2", "") }, "update", emulator.URLEchoes},
		"host":      {func(c *acctest.Emulator, app string) { c.SetCallback(app, "https://elsewhere.example.com/", "") }, "update", emulator.URLEchoes},
		"gone":      {func(c *acctest.Emulator, app string) { c.ClearCallback(app) }, "create", emulator.URLEchoes},
	}
	f := acctest.NewRouter(t)
	emulators := map[emulator.URLEcho]*acctest.Emulator{}
	var config strings.Builder
	for _, echo := range emulator.URLEchoes {
		var apps []string
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			apps = append(apps, appOfRow(echo, "url", name))
		}
		emulators[echo] = f.Add(emulator.Options{URLEcho: echo}, apps...)
		config.WriteString(callbackBlock(string(echo), forEach(apps), arg("url", set)))
	}
	r := newCLI(t, emulators[emulator.URLExact], config.String())
	r.Apply(t)
	expectSharedReads(t, f, true, func() { r.Plan(t, acctest.NoChanges) })
	want := map[string]string{}
	for echo, c := range emulators {
		for name, row := range rows {
			app := appOfRow(echo, "url", name)
			row.outside(c, app)
			if slices.Contains(row.when, echo) {
				want[fmt.Sprintf("sparkrtc_record_callback.%s[%q]", echo, app)] = row.action
			}
		}
	}
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, want)
	for echo, c := range emulators {
		for name := range rows {
			expectTruth(t, c, appOfRow(echo, "url", name), set, "")
		}
	}
	r.Plan(t, acctest.NoChanges)
	for _, next := range []emulator.URLEcho{emulator.URLOrigin, emulator.URLExact, ""} {
		for echo, c := range emulators {
			c.SetOptions(func(o *emulator.Options) { o.URLEcho = cmp.Or(next, echo) })
		}
		t.Logf("shown %s from now on", cmp.Or(next, "as before"))
		r.ExpectPlanned(t, map[string]string{})
	}
}
