// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// plannedActions are what a plan -json is going to do, by address.
func (r result) plannedActions(t *testing.T) map[string]string {
	t.Helper()
	actions := map[string]string{}
	for line := range strings.Lines(r.stdout) {
		var message struct {
			Type   string
			Change struct {
				Action   string
				Resource struct{ Addr string }
			}
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if message.Type == "planned_change" {
			actions[message.Change.Resource.Addr] = message.Change.Action
		}
	}
	return actions
}

// The table in DESIGN.md, each row in every way that the service may show a
// key, for keys in the state, write-only ones and none.
func TestAccCLI_decisionTable(t *testing.T) {
	t.Parallel()
	const (
		key       = "0123456789abcdef-recordings-key-0001"
		lookalike = "0123456789abcdef-another-keys-x-0001" // the same first 16 and last four
		foreign   = "fedcba9876543210-recordings-key-0002"
		other     = "https://elsewhere.example.com/"
	)
	all := emulator.KeyEchoes
	// Those whose look doesn't tell two keys apart.
	vague := []emulator.KeyEcho{emulator.EchoTruncated, emulator.EchoMasked, emulator.EchoPartial, emulator.EchoAbsent, emulator.EchoEmpty}
	showing := slices.DeleteFunc(slices.Clone(all), func(e emulator.KeyEcho) bool { return e == emulator.EchoAbsent || e == emulator.EchoEmpty })

	rows := map[string]struct {
		outside func(c *cloud, app, key string)
		action  string
		when    []emulator.KeyEcho // the action is planned; otherwise none
	}{
		"untouched":   {func(*cloud, string, string) {}, "", nil},
		"again":       {func(c *cloud, app, key string) { c.SetCallback(app, testURL, key) }, "update", append(slices.Clone(vague), emulator.EchoRandom)},
		"touched":     {func(c *cloud, app, _ string) { c.Touch(app) }, "update", vague},
		"key":         {func(c *cloud, app, _ string) { c.SetCallback(app, testURL, foreign) }, "update", all},
		"similar-key": {func(c *cloud, app, _ string) { c.SetCallback(app, testURL, lookalike) }, "update", all},
		"no-key":      {func(c *cloud, app, _ string) { c.SetCallback(app, testURL, "") }, "update", all},
		"url":         {func(c *cloud, app, key string) { c.SetCallback(app, other, key) }, "update", all},
		"gone":        {func(c *cloud, app, _ string) { c.ClearCallback(app) }, "create", all},
	}
	// Without a key of ours, whoever writes the same again changes nothing, and
	// a key that isn't shown can't be seen.
	keyless := map[string][]emulator.KeyEcho{
		"untouched": nil, "again": nil, "touched": nil, "no-key": nil, "key": showing, "similar-key": showing, "url": all, "gone": all,
	}
	kinds := map[string]struct{ key, arguments string }{
		"clear":      {key, arg("auth_key", key)},
		"write_only": {key, arg("auth_key_wo", key) + "\n  auth_key_wo_version = 1"},
		"keyless":    {"", ""},
	}

	// In two halves, since a list has a hundred apps.
	for half := range slices.Chunk(all, len(all)/2) {
		t.Run(string(half[0])+" to "+string(half[len(half)-1]), func(t *testing.T) {
			t.Parallel()
			f := newJoint(t)
			clouds := map[emulator.KeyEcho]*cloud{}
			var config strings.Builder
			for _, echo := range half {
				c := f.add(emulator.Options{KeyEcho: echo})
				clouds[echo] = c
				for kind, k := range kinds {
					var apps []string
					for _, name := range slices.Sorted(maps.Keys(rows)) {
						apps = append(apps, appOfRow(echo, kind, name))
					}
					f.addApps(c, apps...)
					config.WriteString(callbackBlock(fmt.Sprintf("%s_%s", kind, echo), forEach(apps), arg("url", testURL), k.arguments))
				}
			}
			r := newCLI(t, clouds[half[0]], config.String())
			r.apply(t)
			f.expectReads(t, true, func() { r.plan(t, noChanges) })

			want := map[string]string{}
			for echo, c := range clouds {
				for kind, k := range kinds {
					for name, row := range rows {
						app := appOfRow(echo, kind, name)
						row.outside(c, app, k.key)
						when := row.when
						if kind == "keyless" {
							when = keyless[name]
						}
						if slices.Contains(when, echo) {
							want[fmt.Sprintf("sparkrtc_record_callback.%s_%s[%q]", kind, echo, app)] = row.action
						}
					}
				}
				c.ResetRequests()
			}
			r.must(t, 0, "apply", "-auto-approve", "-json").expectPlanned(t, want)

			for echo, c := range clouds {
				for kind, k := range kinds {
					for name := range rows {
						if kind == "keyless" && !slices.Contains(showing, echo) && strings.HasSuffix(name, "key") && name != "no-key" {
							continue // the one that can't be seen
						}
						c.expectTruth(t, appOfRow(echo, kind, name), testURL, k.key)
					}
				}
				for _, put := range c.puts(t) {
					if put.URL != testURL || put.AuthKey != nil && *put.AuthKey != key && *put.AuthKey != "" {
						t.Errorf("%s: sent what is not configured: %v", echo, put)
					}
				}
			}
			r.plan(t, noChanges)

			// The service may show the same in another way from one day to
			// the next, whether it was set once or twice.
			var some []string
			for _, echo := range half {
				for kind := range kinds {
					for _, name := range []string{"untouched", "key", "url", "gone"} {
						some = append(some, fmt.Sprintf("-target=sparkrtc_record_callback.%s_%s[%q]", kind, echo, appOfRow(echo, kind, name)))
					}
				}
			}
			for _, next := range []emulator.KeyEcho{emulator.EchoMasked, emulator.EchoExact, ""} {
				for echo, c := range clouds {
					c.SetOptions(func(o *emulator.Options) { o.KeyEcho = cmp.Or(next, echo) })
				}
				t.Logf("shown %s from now on", cmp.Or(next, "as before"))
				r.expectPlanned(t, map[string]string{}, some...)
			}
		})
	}
}

// appOfRow is the app of a row in a table.
func appOfRow[T ~string](echo T, kind, name string) string {
	return fmt.Sprintf("%s-%s-%s", echo, kind, name)
}

// forEach are the arguments for a resource for each app.
func forEach(apps []string) string {
	return fmt.Sprintf("for_each = toset([%s])\n  app_id = each.key", quoted(apps))
}

func quoted(list []string) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprintf("%q", list), "[]")), ", ")
}

// The same for the URL.
func TestAccCLI_decisionTableOfURLs(t *testing.T) {
	t.Parallel()
	const set = "HTTPS://Recordings.Example.com/sparkrtc?a=1"
	rows := map[string]struct {
		outside func(c *cloud, app string)
		action  string
		when    []emulator.URLEcho
	}{
		"untouched": {func(*cloud, string) {}, "", nil},
		"again":     {func(c *cloud, app string) { c.SetCallback(app, set, "") }, "update", []emulator.URLEcho{emulator.URLOrigin}},
		"touched":   {func(c *cloud, app string) { c.Touch(app) }, "update", []emulator.URLEcho{emulator.URLOrigin}},
		"path":      {func(c *cloud, app string) { c.SetCallback(app, set+"2", "") }, "update", emulator.URLEchoes},
		"host":      {func(c *cloud, app string) { c.SetCallback(app, "https://elsewhere.example.com/", "") }, "update", emulator.URLEchoes},
		"gone":      {func(c *cloud, app string) { c.ClearCallback(app) }, "create", emulator.URLEchoes},
	}
	f := newJoint(t)
	clouds := map[emulator.URLEcho]*cloud{}
	var config strings.Builder
	for _, echo := range emulator.URLEchoes {
		var apps []string
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			apps = append(apps, appOfRow(echo, "url", name))
		}
		clouds[echo] = f.add(emulator.Options{URLEcho: echo}, apps...)
		config.WriteString(callbackBlock(string(echo), forEach(apps), arg("url", set)))
	}
	r := newCLI(t, clouds[emulator.URLExact], config.String())
	r.apply(t)
	f.expectReads(t, true, func() { r.plan(t, noChanges) })
	want := map[string]string{}
	for echo, c := range clouds {
		for name, row := range rows {
			app := appOfRow(echo, "url", name)
			row.outside(c, app)
			if slices.Contains(row.when, echo) {
				want[fmt.Sprintf("sparkrtc_record_callback.%s[%q]", echo, app)] = row.action
			}
		}
	}
	r.must(t, 0, "apply", "-auto-approve", "-json").expectPlanned(t, want)
	for echo, c := range clouds {
		for name := range rows {
			c.expectTruth(t, appOfRow(echo, "url", name), set, "")
		}
	}
	r.plan(t, noChanges)
	for _, next := range []emulator.URLEcho{emulator.URLOrigin, emulator.URLExact, ""} {
		for echo, c := range clouds {
			c.SetOptions(func(o *emulator.Options) { o.URLEcho = cmp.Or(next, echo) })
		}
		t.Logf("shown %s from now on", cmp.Or(next, "as before"))
		r.expectPlanned(t, map[string]string{})
	}
}

// A service whose reads show the key otherwise than its writes, and the time of
// the write by some milliseconds later, still gives a plan that ends: with shared
// reads, which are not remembered as the first ones, and without.
func TestAccCLI_readsThatDifferFromWrites(t *testing.T) {
	t.Parallel()
	const foreign = "fedcba9876543210-recordings-key-0002"
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared reads %t", shared), func(t *testing.T) {
			t.Parallel()
			f := newJoint(t)
			var config strings.Builder
			want := map[string]string{}
			for _, written := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoHashed, emulator.EchoTruncated, emulator.EchoAbsent} {
				for _, read := range emulator.KeyEchoes {
					c := f.add(emulator.Options{KeyEcho: written, ReadKeyEcho: read, ReadTimeEcho: emulator.TimeLater})
					for kind, arguments := range map[string]string{
						"clear":      arg("auth_key", testKey),
						"write_only": arg("auth_key_wo", testKey) + "\n  auth_key_wo_version = 1",
						"keyless":    "",
					} {
						name := fmt.Sprintf("%s_and_%s_%s", written, read, kind)
						f.addApps(c, name)
						config.WriteString(callbackBlock(name, arg("app_id", name), arg("url", testURL), arguments))
						if kind != "keyless" {
							want[callbackAddress(name)] = "update"
						}
					}
				}
			}
			r := newCLI(t, f.services[0], config.String(), fmt.Sprintf("SPARKRTC_SHARED_READS=%t", shared))
			r.apply(t)
			r.settled(t)
			f.expectReads(t, shared, func() { r.plan(t, noChanges) })
			for app, c := range f.of {
				if !strings.HasSuffix(app, "_keyless") {
					c.SetCallback(app, testURL, foreign)
				}
			}
			r.expectPlanned(t, want)
		})
	}
}

// That a service shows the same in another way is no news to users, and is to
// whoever looks for the cause of something.
func TestAccCLI_reshownIsLogged(t *testing.T) {
	t.Parallel()
	c := newCloud(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig, "TF_LOG_PROVIDER=DEBUG")
	const line = "the service shows the same recording callback in another way"
	r.apply(t)
	if got := r.plan(t, noChanges); strings.Contains(got.stderr, line) {
		t.Errorf("logged without a cause: %s", got.stderr)
	}
	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoMasked })
	if got := r.plan(t, noChanges); !strings.Contains(got.stderr, line) || strings.Contains(got.stdout, line) {
		t.Errorf("not logged, or told to the user: %s%s", got.stdout, got.stderr)
	}
}
