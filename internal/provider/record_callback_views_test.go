// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestRecordCallbackDataSource(t *testing.T) {
	t.Parallel()
	for _, unset := range emulator.Unsets {
		t.Run(string(unset), func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{Unset: unset}, testApp)
			core, err := newCallbacks(t, c)
			if err != nil {
				t.Fatal(err)
			}
			read := func() map[string]tftypes.Value {
				t.Helper()
				state, _, err := core.ReadDataSource(callbackType, map[string]any{"app_id": testApp})
				if err != nil {
					t.Fatal(err)
				}
				return state
			}
			expect := func(state map[string]tftypes.Value, want map[string]any) {
				t.Helper()
				for attribute, value := range want {
					if got := state[attribute]; !got.Equal(tftypes.NewValue(got.Type(), value)) {
						t.Errorf("%s is %v, want %v", attribute, got, value)
					}
				}
			}
			expect(read(), map[string]any{"configured": false, "url": nil, "has_auth_key": nil, "notify_event_subscription": nil, "update_time": nil})
			c.SetCallback(testApp, testURL, testKey)
			state := read()
			expect(state, map[string]any{"configured": true, "url": testURL, "has_auth_key": true})
			var events []tftypes.Value
			if err := state["notify_event_subscription"].As(&events); err != nil || len(events) != 2 || state["update_time"].IsNull() {
				t.Errorf("events %v, %v; update_time %v", events, err, state["update_time"])
			}
			c.SetCallback(testApp, testURL, "")
			expect(read(), map[string]any{"configured": true, "has_auth_key": false})
			c.Fail(emulator.Fault{Times: -1, Status: 404, Code: "APIGW.0101", Message: "x"})
			if _, _, err := core.ReadDataSource(callbackType, map[string]any{"app_id": testApp}); err == nil || !strings.Contains(err.Error(), "Endpoint does not serve the SparkRTC API") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// The present key of one app becomes the key of another, and is stored nowhere.
func TestAccCLI_ephemeralResource(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, "to")
	c.SetCallback("from", "https://elsewhere.example.com/", testKey)
	r := newBinaryCLI(t, c, `
ephemeral "sparkrtc_record_callback" "from" {
  app_id = "from"
}

resource "sparkrtc_record_callback" "test" {
  app_id              = "to"
  url                 = "`+testURL+`"
  auth_key_wo         = ephemeral.sparkrtc_record_callback.from.auth_key
  auth_key_wo_version = 1

  lifecycle {
    precondition {
      condition     = ephemeral.sparkrtc_record_callback.from.configured
      error_message = "not configured"
    }
  }
}
`, "TF_LOG=TRACE")
	got := r.Apply(t)
	expectTruth(t, c, "to", testURL, testKey)
	for what, text := range map[string]string{"output or the log": got.Stdout + got.Stderr, "state": r.ReadFile(t, "terraform.tfstate")} {
		for _, secret := range acctest.Encodings(testKey) {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the %s", secret, what)
			}
		}
	}
	c.ClearCallback("from")
	if out := r.Must(t, 1, "plan").Out(); !strings.Contains(out, "not configured") {
		t.Errorf("an app without a callback: %s", out)
	}
	c.Fail(emulator.Fault{AppID: "from", Times: -1, Status: 403, Code: "APIGW.0306", Message: "API access denied"})
	if out := r.Must(t, 1, "plan").Out(); !strings.Contains(out, "Access denied") {
		t.Errorf("a refused read: %s", out)
	}
}

// Pure: it works without credentials or an endpoint, in a terraform test too.
func TestAccCLI_callbackSignature(t *testing.T) {
	t.Parallel()
	r := newCLI(t, nil, `
output "signature" {
  value = provider::sparkrtc::callback_signature("0123456789abcdef0123456789abcdef", "a1b2c3", "1767225600", "{\"event_type\":\"RECORD_FILE_COMPLETE\"}")
}

variable "key" {
  sensitive = true
  default   = "k"
}

output "of_a_secret" {
  value     = provider::sparkrtc::callback_signature(var.key, "", "", "")
  sensitive = true
}
`)
	r.Apply(t)
	var state struct {
		Outputs map[string]struct{ Value string }
	}
	if err := json.Unmarshal([]byte(r.ReadFile(t, acctest.LocalState)), &state); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"signature":   "93b46f38360ea4f5499131ea0956d29cd433f4f8984babe307490df04e168e84",
		"of_a_secret": "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620",
	} {
		if got := state.Outputs[name].Value; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	r.Write(t, "output \"signature\" {\n  value = provider::sparkrtc::callback_signature(\"\", \"\", \"\", \"\")\n}\n")
	if out := r.Must(t, 1, "plan").Out(); !strings.Contains(out, "The key is empty") {
		t.Errorf("an empty key: %s", out)
	}
}
