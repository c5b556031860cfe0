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

// A key that ignore_changes leaves alone may change outside Terraform: nothing is
// planned or sent. Another URL is sent with the key that the app has, or is an error of
// the plan where the service does not show that key exactly.
func TestAccCLI_ignoredKeyThatChangesOutside(t *testing.T) {
	t.Parallel()
	const rotated, newURL = "rotated-outside-of-terraform-0123456789", testURL + "/new"
	kinds := map[string]string{
		"clear":      arg("auth_key", testKey) + "\n  " + ignore("[auth_key]"),
		"write_only": arg("auth_key_wo", testKey) + "\n  auth_key_wo_version = 1\n  " + ignore("[auth_key_wo, auth_key_wo_version]"),
		"all":        arg("auth_key_wo", testKey) + "\n  auth_key_wo_version = 1\n  " + ignore("all"),
	}
	f := acctest.NewRouter(t)
	for _, echo := range emulator.KeyEchoes {
		c := f.Add(emulator.Options{KeyEcho: echo})
		for kind := range kinds {
			f.AddApps(c, appOfRow(echo, kind, "app"))
		}
	}
	config := func(url string) string {
		var b strings.Builder
		for kind, arguments := range kinds {
			for _, echo := range emulator.KeyEchoes {
				b.WriteString(callbackBlock(fmt.Sprintf("%s_%s", kind, echo), arg("app_id", appOfRow(echo, kind, "app")), arg("url", url), arguments))
			}
		}
		return b.String()
	}
	each := func(do func(c *acctest.Emulator, echo emulator.KeyEcho, kind, app, address string)) {
		for kind := range kinds {
			for _, echo := range emulator.KeyEchoes {
				app := appOfRow(echo, kind, "app")
				do(f.ByApp[app], echo, kind, app, callbackAddress(fmt.Sprintf("%s_%s", kind, echo)))
			}
		}
	}
	expectRotated := func(url string) {
		t.Helper()
		each(func(c *acctest.Emulator, _ emulator.KeyEcho, _, app, _ string) {
			expectTruth(t, c, app, url, rotated)
			c.ExpectSent(t)
		})
	}
	r := newCLI(t, f.Emulators[0], config(testURL))
	r.Apply(t)
	r.ExpectSettled(t)
	each(func(c *acctest.Emulator, _ emulator.KeyEcho, _, app, _ string) { c.SetCallback(app, testURL, rotated) })
	for _, c := range f.Emulators {
		c.ResetRequests()
	}

	r.ExpectPlanned(t, map[string]string{})
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, map[string]string{})
	r.Must(t, 0, "apply", "-refresh-only", "-auto-approve")
	r.ExpectPlanned(t, map[string]string{})
	expectRotated(testURL)
	each(func(_ *acctest.Emulator, _ emulator.KeyEcho, _, _, address string) {
		r.ExpectStored(t, address, map[string]any{"url": testURL, "auth_key": nil, "auth_key_wo_version": nil})
	})

	r.Write(t, config(newURL))
	refused := r.Must(t, 1, "plan", "-json").Diagnostics(t)
	each(func(_ *acctest.Emulator, echo emulator.KeyEcho, kind, app, address string) {
		want := acctest.Expectation{Address: address}
		if kind != "all" && echo != emulator.EchoExact {
			want.Severity, want.Summary, want.Mentions = acctest.SeverityError, callbackWords[callback.KeyIgnored].summary, []string{app, "ignore_changes"}
		}
		want.Check(t, refused)
	})
	r.Must(t, 1, "apply", "-auto-approve")
	expectRotated(testURL)

	targets := []string{"-target=sparkrtc_record_callback.clear_exact", "-target=sparkrtc_record_callback.write_only_exact"}
	for _, echo := range emulator.KeyEchoes {
		targets = append(targets, fmt.Sprintf("-target=sparkrtc_record_callback.all_%s", echo))
	}
	r.Must(t, 0, append([]string{"apply", "-auto-approve", "-json"}, targets...)...).ExpectPlanned(t, map[string]string{
		"sparkrtc_record_callback.clear_exact": "update", "sparkrtc_record_callback.write_only_exact": "update",
	})
	each(func(c *acctest.Emulator, echo emulator.KeyEcho, kind, app, address string) {
		sent := kind != "all" && echo == emulator.EchoExact
		url := testURL
		if sent {
			url = newURL
			r.ExpectStored(t, address, map[string]any{"url": newURL, "auth_key": nil, "auth_key_wo_version": nil})
		}
		expectTruth(t, c, app, url, rotated)
		if puts := c.Requests(emulator.Method("PUT"), emulator.Path(callbackPath(app))); len(puts) > 0 != sent || len(puts) > 1 {
			t.Errorf("%s: %d PUTs", app, len(puts))
		}
	})
	if strings.Contains(r.ReadFile(t, acctest.LocalState), rotated) {
		t.Error("a key that is not configured is in the state")
	}
	r.ExpectPlanned(t, map[string]string{}, targets...)
}

// A URL that ignore_changes leaves alone may change outside Terraform. A write of
// another key sends it where it is known to be shown whole. One that may be cut off is
// never sent back.
func TestAccCLI_ignoredURLThatChangesOutside(t *testing.T) {
	t.Parallel()
	const newKey, moved = "second-key-of-the-tests-0123456789abc", "https://Elsewhere.Example.com/path?tenant=b"
	arguments := map[string]func(version string) string{
		"clear": func(version string) string {
			return arg("auth_key", map[string]string{"1": testKey, "2": newKey}[version])
		},
		"write_only": func(version string) string {
			return arg("auth_key_wo", map[string]string{"1": testKey, "2": newKey}[version]) + "\n  auth_key_wo_version = " + version
		},
	}
	rows := []string{"moved", "stays", "imported"}
	f := acctest.NewRouter(t)
	for _, echo := range emulator.URLEchoes {
		c := f.Add(emulator.Options{URLEcho: echo})
		for kind := range arguments {
			for _, row := range rows {
				app := appOfRow(echo, kind, row)
				f.AddApps(c, app)
				if row == "imported" {
					c.SetCallback(app, moved, "")
				}
			}
		}
	}
	each := func(do func(c *acctest.Emulator, echo emulator.URLEcho, kind, row, app, address string)) {
		for _, echo := range emulator.URLEchoes {
			for kind := range arguments {
				for _, row := range rows {
					app := appOfRow(echo, kind, row)
					do(f.ByApp[app], echo, kind, row, app, callbackAddress(fmt.Sprintf("%s_%s_%s", echo, kind, row)))
				}
			}
		}
	}
	config := func(version string) string {
		var b strings.Builder
		each(func(_ *acctest.Emulator, _ emulator.URLEcho, kind, row, app, address string) {
			key := arguments[kind](version)
			if row == "imported" {
				b.WriteString(importBlock(strings.TrimPrefix(address, callbackType+"."), app))
				if version == "1" {
					key = ""
				}
			}
			b.WriteString(callbackBlock(strings.TrimPrefix(address, callbackType+"."), arg("app_id", app), arg("url", testURL), key, ignore("[url]")))
		})
		return b.String()
	}
	r := newCLI(t, f.Emulators[0], config("1"))
	r.Apply(t)
	r.ExpectSettled(t)
	each(func(c *acctest.Emulator, _ emulator.URLEcho, _, row, app, _ string) {
		if row == "moved" {
			c.SetCallback(app, moved, testKey)
		}
	})
	for _, c := range f.Emulators {
		c.ResetRequests()
	}
	r.ExpectPlanned(t, map[string]string{})

	isRefused := func(echo emulator.URLEcho, row string) bool {
		return row == "imported" || row == "moved" && echo == emulator.URLOrigin
	}
	r.Write(t, config("2"))
	refused := r.Must(t, 1, "plan", "-json").Diagnostics(t)
	r.Must(t, 1, "apply", "-auto-approve")
	var targets []string
	each(func(c *acctest.Emulator, echo emulator.URLEcho, _, row, _, address string) {
		var errors []string
		for _, d := range refused {
			if d.Address == address && d.Severity == acctest.SeverityError {
				errors = append(errors, d.Summary)
			}
		}
		if isRefused(echo, row) != (len(errors) == 1 && errors[0] == callbackWords[callback.URLIgnored].summary) {
			t.Errorf("%s: errors %q", address, errors)
		}
		if !isRefused(echo, row) {
			targets = append(targets, "-target="+address)
		}
		c.ExpectSent(t)
	})

	r.Must(t, 0, append([]string{"apply", "-auto-approve"}, targets...)...)
	each(func(c *acctest.Emulator, echo emulator.URLEcho, _, row, app, address string) {
		held, _ := c.Callback(app)
		wantURL, wantKey := map[string]string{"moved": moved, "stays": testURL, "imported": moved}[row], newKey
		switch {
		case isRefused(echo, row) && row == "imported":
			wantKey = ""
		case isRefused(echo, row):
			wantKey = testKey
		}
		if !callback.Equivalent(held.URL, wantURL) || held.AuthKey != wantKey {
			t.Errorf("%s has %q with key %q, want %q with key %q", address, held.URL, held.AuthKey, wantURL, wantKey)
		}
	})
	r.ExpectPlanned(t, map[string]string{}, targets...)
}
