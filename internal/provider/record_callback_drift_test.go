// SPDX-License-Identifier: MPL-2.0

package provider

import (
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
	names := slices.Sorted(maps.Keys(rows))
	config := fmt.Sprintf(`
locals {
  rows = toset(%s)
}

resource "sparkrtc_record_callback" "clear" {
  for_each = local.rows
  app_id   = "clear-${each.key}"
  url      = %[2]q
  auth_key = %[3]q
}

resource "sparkrtc_record_callback" "write_only" {
  for_each            = local.rows
  app_id              = "write_only-${each.key}"
  url                 = %[2]q
  auth_key_wo         = %[3]q
  auth_key_wo_version = 1
}

resource "sparkrtc_record_callback" "keyless" {
  for_each = local.rows
  app_id   = "keyless-${each.key}"
  url      = %[2]q
}
`, strings.Join(strings.Fields(fmt.Sprintf("%q", names)), ", "), testURL, key)
	kinds := map[string]string{"clear": key, "write_only": key, "keyless": ""}

	for _, echo := range all {
		t.Run(string(echo), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, emulator.Options{KeyEcho: echo})
			for kind := range kinds {
				for _, name := range names {
					c.AddApp(kind + "-" + name)
				}
			}
			r := newCLI(t, c, config)
			r.apply(t)
			r.plan(t, noChanges)

			want := map[string]string{}
			for kind, key := range kinds {
				for name, row := range rows {
					row.outside(c, kind+"-"+name, key)
					when := row.when
					if kind == "keyless" {
						when = keyless[name]
					}
					if slices.Contains(when, echo) {
						want[fmt.Sprintf("sparkrtc_record_callback.%s[%q]", kind, name)] = row.action
					}
				}
			}
			got := r.must(t, 0, "plan", "-json").plannedActions(t)
			for kind := range kinds {
				for _, name := range names {
					address := fmt.Sprintf("sparkrtc_record_callback.%s[%q]", kind, name)
					if got[address] != want[address] {
						t.Errorf("%s: planned %q, want %q", address, got[address], want[address])
					}
				}
			}

			c.ResetRequests()
			r.apply(t)
			for kind, key := range kinds {
				for _, name := range names {
					left := key
					if kind == "keyless" && !slices.Contains(showing, echo) && strings.HasSuffix(name, "key") && name != "no-key" {
						continue // the one that can't be seen
					}
					c.expectTruth(t, kind+"-"+name, testURL, left)
				}
			}
			for _, put := range c.puts(t) {
				if put.URL != testURL || put.AuthKey != nil && *put.AuthKey != key && *put.AuthKey != "" {
					t.Errorf("sent what is not configured: %v", put)
				}
			}
			r.plan(t, noChanges)

			// The service may show the same in another way from one day to
			// the next.
			for _, next := range []emulator.KeyEcho{emulator.EchoMasked, emulator.EchoExact, echo} {
				c.SetOptions(func(o *emulator.Options) { o.KeyEcho = next })
				if got := r.must(t, 0, "plan", "-json").plannedActions(t); len(got) != 0 {
					t.Errorf("shown %s from now on: %v", next, got)
				}
			}
		})
	}
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
	names := slices.Sorted(maps.Keys(rows))
	for _, echo := range emulator.URLEchoes {
		t.Run(string(echo), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, emulator.Options{URLEcho: echo}, names...)
			r := newCLI(t, c, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  for_each = toset(%s)\n  app_id = each.key\n  url = %q\n}\n",
				strings.Join(strings.Fields(fmt.Sprintf("%q", names)), ", "), set))
			r.apply(t)
			r.plan(t, noChanges)
			for name, row := range rows {
				row.outside(c, name)
			}
			got := r.must(t, 0, "plan", "-json").plannedActions(t)
			for name, row := range rows {
				want := ""
				if slices.Contains(row.when, echo) {
					want = row.action
				}
				if address := fmt.Sprintf("sparkrtc_record_callback.test[%q]", name); got[address] != want {
					t.Errorf("%s: planned %q, want %q", name, got[address], want)
				}
			}
			r.apply(t)
			for _, name := range names {
				c.expectTruth(t, name, set, "")
			}
			r.plan(t, noChanges)
			for _, next := range append([]emulator.URLEcho{}, emulator.URLOrigin, emulator.URLExact, echo) {
				c.SetOptions(func(o *emulator.Options) { o.URLEcho = next })
				if got := r.must(t, 0, "plan", "-json").plannedActions(t); len(got) != 0 {
					t.Errorf("shown %s from now on: %v", next, got)
				}
			}
		})
	}
}

// A service whose reads show the key otherwise than its writes, and the time of
// the write by some milliseconds later, still gives a plan that ends.
func TestAccCLI_readsThatDifferFromWrites(t *testing.T) {
	t.Parallel()
	for _, written := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoHashed, emulator.EchoTruncated, emulator.EchoAbsent} {
		for _, read := range emulator.KeyEchoes {
			t.Run(fmt.Sprintf("%s and %s", written, read), func(t *testing.T) {
				t.Parallel()
				const foreign = "fedcba9876543210-recordings-key-0002"
				apps := []string{"clear", "write-only", "keyless"}
				c := newCloud(t, emulator.Options{KeyEcho: written, ReadKeyEcho: read, ReadTimeEcho: emulator.TimeLater}, apps...)
				r := newCLI(t, c, fmt.Sprintf(`
resource "sparkrtc_record_callback" "clear" {
  app_id   = "clear"
  url      = %[1]q
  auth_key = %[2]q
}

resource "sparkrtc_record_callback" "write_only" {
  app_id              = "write-only"
  url                 = %[1]q
  auth_key_wo         = %[2]q
  auth_key_wo_version = 1
}

resource "sparkrtc_record_callback" "keyless" {
  app_id = "keyless"
  url    = %[1]q
}
`, testURL, testKey))
				r.apply(t)
				r.plan(t, noChanges)
				r.must(t, 0, "apply", "-refresh-only", "-auto-approve")
				r.plan(t, noChanges)
				for _, app := range apps[:2] {
					c.SetCallback(app, testURL, foreign)
				}
				got := r.must(t, 0, "plan", "-json").plannedActions(t)
				if len(got) != 2 {
					t.Errorf("of two foreign keys: %v", got)
				}
			})
		}
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
