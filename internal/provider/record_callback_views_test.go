// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestAccRecordCallbackDataSource(t *testing.T) {
	const name = "data.sparkrtc_record_callback.test"
	check := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(name, tfjsonpath.New(attribute), want)
	}
	for _, unset := range emulator.Unsets {
		t.Run(string(unset), func(t *testing.T) {
			c := acctest.StartEmulator(t, emulator.Options{Unset: unset}, testApp)
			config := c.ProviderBlock() + "data \"sparkrtc_record_callback\" \"test\" {\n  app_id = \"" + testApp + "\"\n}\n"
			resource.ParallelTest(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders,
				Steps: []resource.TestStep{
					{
						Config: config,
						ConfigStateChecks: []statecheck.StateCheck{
							check("configured", knownvalue.Bool(false)), check("url", knownvalue.Null()), check("has_auth_key", knownvalue.Null()),
							check("notify_event_subscription", knownvalue.Null()), check("update_time", knownvalue.Null()),
						},
					},
					{
						PreConfig: func() { c.SetCallback(testApp, testURL, testKey) },
						Config:    config,
						ConfigStateChecks: []statecheck.StateCheck{
							check("configured", knownvalue.Bool(true)), check("url", knownvalue.StringExact(testURL)), check("has_auth_key", knownvalue.Bool(true)),
							check("notify_event_subscription", knownvalue.SetSizeExact(2)), check("update_time", knownvalue.NotNull()),
						},
					},
					{
						PreConfig: func() { c.SetCallback(testApp, testURL, "") },
						Config:    config,
						ConfigStateChecks: []statecheck.StateCheck{
							check("configured", knownvalue.Bool(true)), check("has_auth_key", knownvalue.Bool(false)),
						},
					},
					{
						PreConfig:   func() { c.Fail(emulator.Fault{Times: -1, Status: 404, Code: "APIGW.0101", Message: "x"}) },
						Config:      config,
						ExpectError: regexp.MustCompile(`Endpoint does not serve the SparkRTC API`),
					},
				},
			})
		})
	}
}

// The present key of one app becomes the key of another, and is stored nowhere.
func TestAccCLI_ephemeralResource(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, "to")
	c.SetCallback("from", "https://elsewhere.example.com/", testKey)
	r := newCLI(t, c, `
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
	for name, want := range map[string]string{
		"signature":   "93b46f38360ea4f5499131ea0956d29cd433f4f8984babe307490df04e168e84",
		"of_a_secret": "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620",
	} {
		if got := r.Must(t, 0, "output", "-raw", name).Stdout; !strings.HasSuffix(strings.TrimSpace(got), want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	r.Write(t, "output \"signature\" {\n  value = provider::sparkrtc::callback_signature(\"\", \"\", \"\", \"\")\n}\n")
	if out := r.Must(t, 1, "plan").Out(); !strings.Contains(out, "The key is empty") {
		t.Errorf("an empty key: %s", out)
	}
}
