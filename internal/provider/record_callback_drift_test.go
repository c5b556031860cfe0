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
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

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
	// Two keys may look the same in these.
	vague := []emulator.KeyEcho{emulator.EchoTruncated, emulator.EchoMasked, emulator.EchoPartial, emulator.EchoAbsent, emulator.EchoEmpty}
	showing := slices.DeleteFunc(slices.Clone(all), func(e emulator.KeyEcho) bool { return e == emulator.EchoAbsent || e == emulator.EchoEmpty })

	rows := map[string]struct {
		outside func(c *acctest.Emulator, app, key string)
		action  string
		when    []emulator.KeyEcho // the action is planned; otherwise none
	}{
		"untouched":   {func(*acctest.Emulator, string, string) {}, "", nil},
		"again":       {func(c *acctest.Emulator, app, key string) { c.SetCallback(app, testURL, key) }, "update", append(slices.Clone(vague), emulator.EchoRandom)},
		"touched":     {func(c *acctest.Emulator, app, _ string) { c.Touch(app) }, "update", vague},
		"key":         {func(c *acctest.Emulator, app, _ string) { c.SetCallback(app, testURL, foreign) }, "update", all},
		"similar-key": {func(c *acctest.Emulator, app, _ string) { c.SetCallback(app, testURL, lookalike) }, "update", all},
		"no-key":      {func(c *acctest.Emulator, app, _ string) { c.SetCallback(app, testURL, "") }, "update", all},
		"url":         {func(c *acctest.Emulator, app, key string) { c.SetCallback(app, other, key) }, "update", all},
		"gone":        {func(c *acctest.Emulator, app, _ string) { c.ClearCallback(app) }, "create", all},
	}
	// Without a key of ours, a write of the same changes nothing, and
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
			f := acctest.NewRouter(t)
			emulators := map[emulator.KeyEcho]*acctest.Emulator{}
			var config strings.Builder
			for _, echo := range half {
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
			r := newCLI(t, emulators[half[0]], config.String())
			r.Apply(t)
			expectSharedReads(t, f, true, func() { r.Plan(t, acctest.NoChanges) })

			want := map[string]string{}
			for echo, c := range emulators {
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
			r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, want)

			for echo, c := range emulators {
				for kind, k := range kinds {
					for name := range rows {
						if kind == "keyless" && !slices.Contains(showing, echo) && strings.HasSuffix(name, "key") && name != "no-key" {
							continue // the one that can't be seen
						}
						expectTruth(t, c, appOfRow(echo, kind, name), testURL, k.key)
					}
				}
				for _, put := range sentPayloads(t, c) {
					if put.URL != testURL || put.AuthKey != nil && *put.AuthKey != key && *put.AuthKey != "" {
						t.Errorf("%s: sent what is not configured: %v", echo, put)
					}
				}
			}
			r.Plan(t, acctest.NoChanges)

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
				for echo, c := range emulators {
					c.SetOptions(func(o *emulator.Options) { o.KeyEcho = cmp.Or(next, echo) })
				}
				t.Logf("shown %s from now on", cmp.Or(next, "as before"))
				r.ExpectPlanned(t, map[string]string{}, some...)
			}
		})
	}
}

// appOfRow is the app of a row in a table.
func appOfRow[T ~string](echo T, kind, name string) string {
	return fmt.Sprintf("%s-%s-%s", echo, kind, name)
}

// The same for the URL.
func TestAccCLI_decisionTableOfURLs(t *testing.T) {
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

// A service whose reads show the key otherwise than its writes, and the time of
// the write by some milliseconds later, still gives a plan that ends: with shared
// reads, which are not remembered as the first ones, and without.
func TestAccCLI_readsThatDifferFromWrites(t *testing.T) {
	t.Parallel()
	const foreign = "fedcba9876543210-recordings-key-0002"
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared reads %t", shared), func(t *testing.T) {
			t.Parallel()
			f := acctest.NewRouter(t)
			var config strings.Builder
			want := map[string]string{}
			for _, written := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoHashed, emulator.EchoTruncated, emulator.EchoAbsent} {
				for _, read := range emulator.KeyEchoes {
					c := f.Add(emulator.Options{KeyEcho: written, ReadKeyEcho: read, ReadTimeEcho: emulator.TimeLater})
					for kind, arguments := range map[string]string{
						"clear":      arg("auth_key", testKey),
						"write_only": arg("auth_key_wo", testKey) + "\n  auth_key_wo_version = 1",
						"keyless":    "",
					} {
						name := fmt.Sprintf("%s_and_%s_%s", written, read, kind)
						f.AddApps(c, name)
						config.WriteString(callbackBlock(name, arg("app_id", name), arg("url", testURL), arguments))
						if kind != "keyless" {
							want[callbackAddress(name)] = "update"
						}
					}
				}
			}
			r := newCLI(t, f.Emulators[0], config.String(), fmt.Sprintf("SPARKRTC_SHARED_READS=%t", shared))
			r.Apply(t)
			r.ExpectSettled(t)
			expectSharedReads(t, f, shared, func() { r.Plan(t, acctest.NoChanges) })
			for app, c := range f.ByApp {
				if !strings.HasSuffix(app, "_keyless") {
					c.SetCallback(app, testURL, foreign)
				}
			}
			r.ExpectPlanned(t, want)
		})
	}
}

// That a service shows the same in another way is no news to users, and is to
// whoever looks for the cause of something.
func TestAccCLI_reshownIsLogged(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, callbackConfig, "TF_LOG_PROVIDER=DEBUG")
	const line = "the service shows the same recording callback in another way"
	r.Apply(t)
	if got := r.Plan(t, acctest.NoChanges); strings.Contains(got.Stderr, line) {
		t.Errorf("logged without a cause: %s", got.Stderr)
	}
	c.SetOptions(func(o *emulator.Options) { o.KeyEcho = emulator.EchoMasked })
	if got := r.Plan(t, acctest.NoChanges); !strings.Contains(got.Stderr, line) || strings.Contains(got.Stdout, line) {
		t.Errorf("not logged, or told to the user: %s%s", got.Stdout, got.Stderr)
	}
}
