// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	driftKey     = "0123456789abcdef-recordings-key-0001"
	driftForeign = "fedcba9876543210-recordings-key-0002"
	driftURL     = "HTTPS://Recordings.Example.com/sparkrtc?a=1"
)

// driftRow is a callback that changes outside Terraform.
type driftRow struct {
	name    string
	options emulator.Options
	config  arguments
	outside func(c *acctest.Emulator, app string)
	action  string            // that is planned, "" for none
	says    []callback.Notice // by the plan
	kept    string            // a key that is not configured and left alone
}

// driftRows are changes for each kind of key, where the service shows keys in these
// ways, and for URLs. The tests of the package callback have the table itself.
func driftRows(keys []emulator.KeyEcho, urls []emulator.URLEcho) []driftRow {
	const other = "https://elsewhere.example.com/"
	var rows []driftRow
	for _, echo := range keys {
		shown, hidden := echo == emulator.EchoExact, echo == emulator.EchoAbsent
		for kind, config := range map[string]arguments{
			"clear": {url: testURL, key: driftKey}, "write_only": {url: testURL, key: driftKey, version: 1}, "keyless": {url: testURL},
		} {
			hasKey := config.key != ""
			set := func(url, key string) func(*acctest.Emulator, string) {
				return func(c *acctest.Emulator, app string) { c.SetCallback(app, url, key) }
			}
			add := func(name string, outside func(*acctest.Emulator, string), changes bool, says ...callback.Notice) {
				row := driftRow{
					name: strings.Join([]string{string(echo), kind, name}, "-"), options: emulator.Options{KeyEcho: echo},
					config: config, outside: outside, says: says,
				}
				if changes {
					row.action = "update"
				}
				rows = append(rows, row)
			}
			add("untouched", func(*acctest.Emulator, string) {}, false)
			if hasKey && !shown {
				add("again", set(testURL, driftKey), true, callback.KeyChanged)
			} else {
				add("again", set(testURL, config.key), false)
			}
			switch {
			case hasKey:
				add("key", set(testURL, driftForeign), true, callback.KeyChanged)
				add("no-key", set(testURL, ""), true, callback.KeyChanged)
			case hidden: // a key that is hidden can't be seen
				add("key", set(testURL, driftForeign), false)
				rows[len(rows)-1].kept = driftForeign
			default:
				add("key", set(testURL, driftForeign), false, callback.KeyNotConfigured)
				rows[len(rows)-1].kept = driftForeign
			}
			if hasKey && !shown {
				add("url", set(other, driftKey), true, callback.URLChanged, callback.KeyChanged)
			} else {
				add("url", set(other, config.key), true, callback.URLChanged)
			}
			add("gone", func(c *acctest.Emulator, app string) { c.ClearCallback(app) }, true, callback.Gone)
			rows[len(rows)-1].action = "create"
		}
	}
	for _, echo := range urls {
		part := echo == emulator.URLOrigin // what is shown may be cut off
		for _, tc := range []struct {
			name    string
			outside func(c *acctest.Emulator, app string)
			action  string
			says    callback.Notice
			always  bool
		}{
			{"untouched", func(*acctest.Emulator, string) {}, "", 0, true},
			{"again", func(c *acctest.Emulator, app string) { c.SetCallback(app, driftURL, "") }, "update", callback.URLChanged, false},
			{"touched", func(c *acctest.Emulator, app string) { c.Touch(app) }, "update", callback.URLChanged, false},
			{"path", func(c *acctest.Emulator, app string) { c.SetCallback(app, driftURL+"2", "") }, "update", callback.URLChanged, true},
			{"host", func(c *acctest.Emulator, app string) { c.SetCallback(app, other, "") }, "update", callback.URLChanged, true},
			{"gone", func(c *acctest.Emulator, app string) { c.ClearCallback(app) }, "create", callback.Gone, true},
		} {
			row := driftRow{
				name: fmt.Sprintf("%s-url-%s", echo, tc.name), options: emulator.Options{URLEcho: echo},
				config: arguments{url: driftURL}, outside: tc.outside,
			}
			if tc.action != "" && (tc.always || part) {
				row.action, row.says = tc.action, []callback.Notice{tc.says}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// startDrift starts an emulator for each row, with its name as the app.
func startDrift(t *testing.T, rows []driftRow) *acctest.Router {
	t.Helper()
	f := acctest.NewRouter(t)
	for _, row := range rows {
		f.Add(row.options, row.name)
	}
	return f
}

// drift makes the changes outside, and returns what is planned then, by the address
// that a name has.
func drift(f *acctest.Router, rows []driftRow, address func(string) string) map[string]string {
	want := map[string]string{}
	for _, row := range rows {
		row.outside(f.ByApp[row.name], row.name)
		f.ByApp[row.name].ResetRequests()
		if row.action != "" {
			want[address(row.name)] = row.action
		}
	}
	return want
}

// expectRepaired compares what the service has and was sent by the apply after a drift.
func expectRepaired(t *testing.T, f *acctest.Router, rows []driftRow) {
	t.Helper()
	for _, row := range rows {
		expectTruth(t, f.ByApp[row.name], row.name, row.config.url, cmp.Or(row.kept, row.config.key))
		var puts []payload
		if row.action != "" {
			puts = []payload{withKey(row.config.url, row.config.key)}
		}
		expectPuts(t, f.ByApp[row.name], row.name, puts...)
	}
}

// What changes outside Terraform is planned, explained and set right, with reads
// that share lists.
func TestDrift(t *testing.T) {
	t.Parallel()
	rows := driftRows([]emulator.KeyEcho{emulator.EchoExact, emulator.EchoHashed, emulator.EchoMasked, emulator.EchoAbsent}, emulator.URLEchoes)
	f := startDrift(t, rows)
	w := newWorkspace(t, f.Emulators[0], nil)
	for _, row := range rows {
		w.Set(row.name, row.config.given(row.name))
	}
	w.MustApply()
	expectSharedReads(t, f, true, func() { w.ExpectPlanned(map[string]string{}) })

	want := drift(f, rows, func(name string) string { return name })
	planned := w.ExpectPlanned(want)
	for _, row := range rows {
		expectReported(t, planned, row.name, row.says...)
	}
	w.MustApply().ExpectPlanned(t, want)
	expectRepaired(t, f, rows)
	if strings.Contains(w.StateText(), driftForeign) {
		t.Error("a key that is not configured is in the state")
	}
	w.ExpectPlanned(map[string]string{})

	// The service may show the same in another way from one day to the next.
	for _, next := range []emulator.Options{
		{KeyEcho: emulator.EchoMasked, URLEcho: emulator.URLOrigin}, {KeyEcho: emulator.EchoExact, URLEcho: emulator.URLExact}, {},
	} {
		for _, row := range rows {
			f.ByApp[row.name].SetOptions(func(o *emulator.Options) {
				o.KeyEcho, o.URLEcho = cmp.Or(next.KeyEcho, row.options.KeyEcho), cmp.Or(next.URLEcho, row.options.URLEcho)
			})
		}
		t.Logf("shown as %s and %s from now on", next.KeyEcho, next.URLEcho)
		w.ExpectPlanned(map[string]string{})
	}
}

// The CLI comes to the same, here where the service masks keys.
func TestAccCLI_drift(t *testing.T) {
	t.Parallel()
	rows := driftRows([]emulator.KeyEcho{emulator.EchoMasked}, []emulator.URLEcho{emulator.URLExact})
	f := startDrift(t, rows)
	var config strings.Builder
	for _, row := range rows {
		config.WriteString(callbackBlock(row.name, row.config.lines(row.name)...))
	}
	r := newCLI(t, f.Emulators[0], config.String())
	r.Apply(t)
	want := drift(f, rows, callbackAddress)
	expectSharedReads(t, f, true, func() {
		planned := r.ExpectPlanned(t, want)
		for _, row := range rows {
			var got, says []string
			for _, d := range planned.Diagnostics(t) {
				if d.Address == callbackAddress(row.name) {
					got = append(got, d.Summary)
				}
			}
			for _, n := range row.says {
				says = append(says, callbackWords[n].summary)
			}
			if !slices.Equal(got, says) {
				t.Errorf("%s: warned %q, want %q", row.name, got, says)
			}
		}
	})
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, want)
	expectRepaired(t, f, rows)
	if strings.Contains(r.ReadFile(t, acctest.LocalState), driftForeign) {
		t.Error("a key that is not configured is in the state")
	}
	r.Plan(t, acctest.NoChanges)
}

// appOfRow is the app of a row in a table.
func appOfRow[T ~string](echo T, kind, name string) string {
	return fmt.Sprintf("%s-%s-%s", echo, kind, name)
}
