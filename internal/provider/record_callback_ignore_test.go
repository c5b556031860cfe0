// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func ignore(attributes string) string {
	return "lifecycle {\n    ignore_changes = " + attributes + "\n  }"
}

// ignoredKeys are the ways to leave a key alone.
var ignoredKeys = map[string]struct {
	config arguments
	names  []string
}{
	"clear":      {arguments{key: testKey}, []string{"auth_key"}},
	"write_only": {arguments{key: testKey, version: 1}, []string{"auth_key_wo", "auth_key_wo_version"}},
	"all":        {arguments{key: testKey, version: 1}, []string{"all"}},
}

// A key that ignore_changes leaves alone may change outside Terraform: nothing is
// planned or sent. Another URL is sent with the key that the app has, or is an error of
// the plan where the service does not show that key exactly.
func TestIgnoredKeyThatChangesOutside(t *testing.T) {
	t.Parallel()
	const rotated, newURL = "rotated-outside-of-terraform-0123456789", testURL + "/new"
	f := acctest.NewRouter(t)
	type row struct {
		echo      emulator.KeyEcho
		kind, app string
	}
	var rows []row
	for _, echo := range emulator.KeyEchoes {
		c := f.Add(emulator.Options{KeyEcho: echo})
		for kind := range ignoredKeys {
			app := appOfRow(echo, kind, "app")
			f.AddApps(c, app)
			rows = append(rows, row{echo, kind, app})
		}
	}
	w := newWorkspace(t, f.Emulators[0], nil)
	configure := func(url string) {
		for _, r := range rows {
			config := ignoredKeys[r.kind].config
			config.url = url
			w.Set(r.app, config.given(r.app), acctest.IgnoreChanges(ignoredKeys[r.kind].names...))
		}
	}
	expectRotated := func(url string) {
		t.Helper()
		for _, r := range rows {
			expectTruth(t, f.ByApp[r.app], r.app, url, rotated)
			f.ByApp[r.app].ExpectSent(t)
		}
	}
	configure(testURL)
	w.MustApply()
	w.ExpectSettled()
	for _, r := range rows {
		f.ByApp[r.app].SetCallback(r.app, testURL, rotated)
	}
	for _, c := range f.Emulators {
		c.ResetRequests()
	}

	w.ExpectPlanned(map[string]string{})
	w.MustApply().ExpectPlanned(t, map[string]string{})
	w.Refresh()
	w.ExpectPlanned(map[string]string{})
	expectRotated(testURL)
	for _, r := range rows {
		w.ExpectStored(r.app, map[string]any{"url": testURL, "auth_key": nil, "auth_key_wo_version": nil})
	}

	configure(newURL)
	refused := w.Apply()
	var rest []string
	for _, r := range rows {
		want := acctest.Expectation{Address: r.app}
		if r.kind != "all" && r.echo != emulator.EchoExact {
			want.Severity, want.Summary, want.Mentions = acctest.SeverityError, callbackWords[callback.KeyIgnored].summary, []string{r.app, "ignore_changes"}
		} else {
			rest = append(rest, r.app)
		}
		want.Check(t, refused.Of(r.app))
	}
	expectRotated(testURL)

	w.MustApply(rest...).ExpectPlanned(t, map[string]string{
		appOfRow(emulator.EchoExact, "clear", "app"): "update", appOfRow(emulator.EchoExact, "write_only", "app"): "update",
	})
	for _, r := range rows {
		sent := r.kind != "all" && r.echo == emulator.EchoExact
		url := testURL
		if sent {
			url = newURL
			w.ExpectStored(r.app, map[string]any{"url": newURL, "auth_key": nil, "auth_key_wo_version": nil})
		}
		expectTruth(t, f.ByApp[r.app], r.app, url, rotated)
		if puts := f.ByApp[r.app].Requests(emulator.Method("PUT"), emulator.Path(callbackPath(r.app))); len(puts) > 0 != sent || len(puts) > 1 {
			t.Errorf("%s: %d PUTs", r.app, len(puts))
		}
	}
	if strings.Contains(w.StateText(), rotated) {
		t.Error("a key that is not configured is in the state")
	}
	w.ExpectPlanned(map[string]string{}, rest...)
}

// A URL that ignore_changes leaves alone may change outside Terraform. A write of
// another key sends it where it is known to be shown whole. One that may be cut off is
// never sent back.
func TestIgnoredURLThatChangesOutside(t *testing.T) {
	t.Parallel()
	const newKey, moved = "second-key-of-the-tests-0123456789abc", "https://Elsewhere.Example.com/path?tenant=b"
	keys := map[int64]string{1: testKey, 2: newKey}
	type row struct {
		echo            emulator.URLEcho
		kind, name, app string
		refused         bool
	}
	var rows []row
	f := acctest.NewRouter(t)
	for _, echo := range emulator.URLEchoes {
		c := f.Add(emulator.Options{URLEcho: echo})
		for _, kind := range []string{"clear", "write_only"} {
			for _, name := range []string{"moved", "stays", "imported"} {
				app := appOfRow(echo, kind, name)
				f.AddApps(c, app)
				if name == "imported" {
					c.SetCallback(app, moved, "")
				}
				rows = append(rows, row{echo, kind, name, app, name == "imported" || name == "moved" && echo == emulator.URLOrigin})
			}
		}
	}
	w := newWorkspace(t, f.Emulators[0], nil)
	configure := func(version int64) {
		for _, r := range rows {
			config := arguments{url: testURL, key: keys[version]}
			if r.kind == "write_only" {
				config.version = version
			}
			if r.name == "imported" && version == 1 {
				config = arguments{url: testURL}
			}
			w.Set(r.app, config.given(r.app), acctest.IgnoreChanges("url"))
			if r.name == "imported" {
				w.SetImport(r.app, r.app)
			}
		}
	}
	configure(1)
	w.MustApply()
	w.ExpectSettled()
	for _, r := range rows {
		if r.name == "moved" {
			f.ByApp[r.app].SetCallback(r.app, moved, testKey)
		}
	}
	for _, c := range f.Emulators {
		c.ResetRequests()
	}
	w.ExpectPlanned(map[string]string{})

	configure(2)
	refused := w.Apply()
	var rest []string
	for _, r := range rows {
		var errors []string
		for _, d := range refused.Of(r.app) {
			if d.Severity == acctest.SeverityError {
				errors = append(errors, d.Summary)
			}
		}
		if r.refused != (len(errors) == 1 && errors[0] == callbackWords[callback.URLIgnored].summary) {
			t.Errorf("%s: errors %q", r.app, errors)
		}
		if !r.refused {
			rest = append(rest, r.app)
		}
		f.ByApp[r.app].ExpectSent(t)
	}

	w.MustApply(rest...)
	for _, r := range rows {
		held, _ := f.ByApp[r.app].Callback(r.app)
		wantURL, wantKey := map[string]string{"moved": moved, "stays": testURL, "imported": moved}[r.name], newKey
		switch {
		case r.refused && r.name == "imported":
			wantKey = ""
		case r.refused:
			wantKey = testKey
		}
		if !callback.Equivalent(held.URL, wantURL) || held.AuthKey != wantKey {
			t.Errorf("%s has %q with key %q, want %q with key %q", r.app, held.URL, held.AuthKey, wantURL, wantKey)
		}
	}
	w.ExpectPlanned(map[string]string{}, rest...)
}

// The same of an import of a key that is masked: alone it plans nothing, and another
// URL with it is an error.
func TestIgnoredKeyThatIsNotKnown(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{KeyEcho: emulator.EchoMasked})
	c.SetCallback(testApp, testURL, testKey)
	w := newWorkspace(t, c, nil)
	configure := func(url string) {
		w.Set("test", arguments{url: url, key: testKey}.given(testApp), acctest.IgnoreChanges("auth_key"))
		w.SetImport("test", testApp)
	}
	configure(testURL)
	expectReported(t, w.ExpectPlanned(map[string]string{"test": "import"}), "test")
	configure("https://elsewhere.example.com/")
	acctest.Expectation{
		Address: "test", Severity: acctest.SeverityError, Summary: callbackWords[callback.KeyIgnored].summary, Mentions: []string{"ignore_changes"},
	}.Check(t, w.Apply().Of("test"))
	expectTruth(t, c, testApp, testURL, testKey)
}

// What the CLI makes of ignore_changes is what the tests above take it for.
func TestAccCLI_ignoredChanges(t *testing.T) {
	t.Parallel()
	const newKey, rotated, newURL, moved = "second-key-of-the-tests-0123456789abc", "rotated-outside-of-terraform-0123456789", testURL + "/new", "https://elsewhere.example.com/path"
	type row struct {
		options  emulator.Options
		before   arguments
		ignored  string
		url, key string // that the app gets outside
		after    arguments
		refused  callback.Notice // 0 for none
		sent     []payload
	}
	exact, masked := emulator.Options{}, emulator.Options{KeyEcho: emulator.EchoMasked}
	before, version1 := arguments{url: testURL, key: testKey}, arguments{url: testURL, key: testKey, version: 1}
	rows := map[string]row{}
	for name, ignoredKey := range map[string]struct {
		before  arguments
		ignored string
	}{"clear": {before, "[auth_key]"}, "write_only": {version1, "[auth_key_wo, auth_key_wo_version]"}, "all": {version1, "all"}} {
		after := ignoredKey.before
		after.url = newURL
		r := row{exact, ignoredKey.before, ignoredKey.ignored, testURL, rotated, after, 0, []payload{withKey(newURL, rotated)}}
		hidden := r
		hidden.options, hidden.refused, hidden.sent = masked, callback.KeyIgnored, nil
		if name == "all" {
			r.sent, hidden.refused = nil, 0
		}
		rows[name+"_exact"], rows[name+"_masked"] = r, hidden
	}
	after := arguments{url: testURL, key: newKey}
	rows["url_exact"] = row{exact, before, "[url]", moved, testKey, after, 0, []payload{withKey(moved, newKey)}}
	rows["url_origin"] = row{emulator.Options{URLEcho: emulator.URLOrigin}, before, "[url]", moved, testKey, after, callback.URLIgnored, nil}

	f := acctest.NewRouter(t)
	config := func(of func(row) arguments) string {
		var b strings.Builder
		for name, r := range rows {
			b.WriteString(callbackBlock(name, append(of(r).lines(name), ignore(r.ignored))...))
		}
		return b.String()
	}
	for name, r := range rows {
		f.Add(r.options, name)
	}
	r := newCLI(t, f.Emulators[0], config(func(r row) arguments { return r.before }))
	r.Apply(t)
	for name, row := range rows {
		f.ByApp[name].SetCallback(name, row.url, row.key)
		f.ByApp[name].ResetRequests()
	}
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, map[string]string{})
	r.Write(t, config(func(r row) arguments { return r.after }))
	refused := r.Must(t, 1, "apply", "-auto-approve", "-json").Diagnostics(t)
	targets, want := []string{"apply", "-auto-approve", "-json"}, map[string]string{}
	for name, row := range rows {
		expectPuts(t, f.ByApp[name], name)
		expectTruth(t, f.ByApp[name], name, row.url, row.key)
		var errors []string
		for _, d := range refused {
			if d.Address == callbackAddress(name) && d.Severity == acctest.SeverityError {
				errors = append(errors, d.Summary)
			}
		}
		wanted := []string{}
		if row.refused != 0 {
			wanted = append(wanted, callbackWords[row.refused].summary)
		} else {
			targets = append(targets, "-target="+callbackAddress(name))
		}
		if fmt.Sprint(errors) != fmt.Sprint(wanted) {
			t.Errorf("%s: errors %q, want %q", name, errors, wanted)
		}
		if len(row.sent) > 0 {
			want[callbackAddress(name)] = "update"
		}
	}
	r.Must(t, 0, targets...).ExpectPlanned(t, want)
	for name, row := range rows {
		expectPuts(t, f.ByApp[name], name, row.sent...)
	}
	if strings.Contains(r.ReadFile(t, acctest.LocalState), rotated) {
		t.Error("a key that is not configured is in the state")
	}
}
