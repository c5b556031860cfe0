// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	canaryURL      = "https://canary-user:canary-password@recordings.example.com/canary-path?canary=query#canary-fragment"
	otherCanaryURL = "https://canary-user:canary-password@elsewhere.example.com/canary-path?canary=query"
)

// Of a URL, a notice shows scheme and host.
func TestWords_showOnlyTheOrigin(t *testing.T) {
	shown := 0
	for n := range callback.Notices {
		var diags diag.Diagnostics
		sayAll(&diags, &recordCallbackModel{AppID: types.StringValue(testApp), URL: types.StringValue(canaryURL), UpdateTime: types.StringNull()}, n)
		text := diags[0].Summary() + diags[0].Detail()
		if strings.Contains(text, "canary") {
			t.Errorf("%d: %s", n, text)
		}
		if strings.Contains(text, "https://recordings.example.com") {
			shown++
		}
		if _, hasPath := diags[0].(diag.DiagnosticWithPath); hasPath {
			t.Errorf("%d has a path", n)
		}
	}
	if shown == 0 {
		t.Error("no notice shows a URL")
	}
	for url, want := range map[string]string{
		canaryURL:                     "https://recordings.example.com",
		"http://[2001:db8::1]:8080/x": "http://[2001:db8::1]:8080",
		"https://canary":              "https://canary",
		"canary":                      "a URL that can't be read",
		"mailto:canary@example.com":   "a URL that can't be read",
		"https://user:canary/x@host/": "a URL that can't be read",
		"https://canary%zz@host/":     "a URL that can't be read",
		"https:///canary":             "a URL that can't be read",
		"":                            "a URL that can't be read",
	} {
		if got := originOf(url); got != want {
			t.Errorf("%q: got %q, want %q", url, got, want)
		}
	}
}

// All that is said in the life of a callback whose URLs have secrets in them, with each way to show URLs.
func TestNoURLInMessages(t *testing.T) {
	for _, echo := range []emulator.URLEcho{emulator.URLExact, emulator.URLOrigin} {
		t.Run(string(echo), func(t *testing.T) {
			c := acctest.StartEmulator(t, emulator.Options{URLEcho: echo}, testApp, otherApp)
			var said []string
			hear := func(diagnostics acctest.Diagnostics, err error) {
				for _, d := range diagnostics {
					said = append(said, d.Summary+": "+d.Detail)
				}
				if err != nil {
					said = append(said, err.Error())
				}
			}
			start := func() acctest.Resource {
				callbacks, err := newCallbacks(t, c)
				if err != nil {
					t.Fatal(err)
				}
				return callbacks
			}
			plan := func(prior acctest.Object, config arguments, app string) acctest.Plan {
				plan, err := start().Plan(prior, config.on(app), acctest.ValidateFirst())
				hear(plan.Diagnostics, err)
				return plan
			}
			set := arguments{url: canaryURL, key: testKey}

			c.SetCallback(testApp, otherCanaryURL, "")
			created := plan(acctest.Object{}, set, testApp) // over another one
			callbacks := start()
			stored, err := callbacks.Apply(created)
			hear(stored.Diagnostics, err)
			if err != nil {
				t.Fatal(err)
			}

			c.SetCallback(testApp, otherCanaryURL, strings.ToUpper(testKey)) // drift
			drifted, err := start().Read(stored)
			hear(drifted.Diagnostics, err)
			plan(drifted, set, testApp)
			plan(drifted, arguments{url: otherCanaryURL}, testApp) // without a key
			plan(drifted, set, otherApp)                           // another app
			hear(start().Destroy(stored))

			imported, err := start().ImportState(testApp)
			hear(imported.Diagnostics, err)
			imported, err = start().Read(imported)
			hear(imported.Diagnostics, err)
			plan(imported, set, testApp)

			c.SetUnreachable(canaryURL) // refused
			_, err = start().Apply(plan(drifted, set, testApp))
			hear(nil, err)
			for _, wrong := range []string{canaryURL + "\n", strings.Replace(canaryURL, "@", ":99999@x:99999", 1), strings.Replace(canaryURL, "https", "ftp", 1), "https://" + canaryURL, canaryURL + "," + canaryURL, strings.Replace(canaryURL, "recordings.example.com", "", 1)} {
				plan(stored, arguments{url: wrong}, testApp)
			}

			c.SetCallback(testApp, strings.Replace(canaryURL, "https://canary-user:canary-password@recordings.example.com", "http://127.0.0.1:1", 1), "")
			progress, err := start().Invoke(actionType, map[string]any{"app_id": testApp})
			hear(nil, err)
			said = append(said, progress...)

			all := strings.Join(said, "\n")
			if strings.Contains(all, "canary") {
				t.Errorf("a part of a URL is said: %s", all)
			}
			for _, want := range []string{"https://elsewhere.example.com", "will be overwritten", "may have changed", "leaves the callback in place", "cannot reach the callback URL", "with a user or a password", "Invalid callback URL", "No response from the receiver"} {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not said: %s", want, all)
				}
			}
		})
	}
}
