// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// recordingConfig is a rule in a region and automatic recording that uses it.
func recordingConfig(region, lifecycle string) string {
	return recordingConfigWith(region, lifecycle, "record_rule_id = sparkrtc_record_rule.test.rule_id")
}

func recordingConfigWith(region, lifecycle, autoRecord string) string {
	return fmt.Sprintf(`
resource "sparkrtc_record_rule" "test" {
  app_id = %q

  obs = {
    bucket = "recordings"
    region = %q
  }

  hls = {
    record_cycle = 0
  }
%s
}

resource "sparkrtc_auto_record" "test" {
  app_id = sparkrtc_record_rule.test.app_id
  %s
}
`, testApp, region, lifecycle, autoRecord)
}

// writes are the methods of what was sent, with what the mode is set to.
func writes(t *testing.T, e *acctest.Emulator) (sent []string) {
	t.Helper()
	for _, r := range e.Sent(t) {
		name := r.Method + " rule"
		if strings.HasSuffix(r.Path, "/auto-record-mode") {
			name = fmt.Sprint(r.Body.(map[string]any)["mode"])
		}
		sent = append(sent, name)
	}
	e.ResetRequests()
	return sent
}

// The order of what is created, replaced and destroyed, which only the CLI decides.
func TestAccCLI_recordingOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lifecycle, region string
		replaced          []string
		unordered         int // the first of them, of which none depends on another
	}{
		"destroy first": {"", "elsewhere", []string{emulator.AutoRecordOff, "DELETE rule", "POST rule", emulator.AutoRecordIndividual}, 0},
		"create first": {
			"lifecycle {\n    create_before_destroy = true\n  }", "elsewhere",
			[]string{emulator.AutoRecordOff, "POST rule", emulator.AutoRecordIndividual, "DELETE rule"}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := acctest.StartEmulator(t, emulator.Options{Locations: []string{"cn-north-4", tc.region}}, testApp)
			r := newCLI(t, e, recordingConfig("cn-north-4", tc.lifecycle))
			r.Apply(t)
			if got := writes(t, e); !slices.Equal(got, []string{"POST rule", emulator.AutoRecordIndividual}) {
				t.Errorf("created by %q", got)
			}
			r.Plan(t, acctest.NoChanges)
			r.Write(t, recordingConfig(tc.region, tc.lifecycle))
			r.Apply(t)
			got := writes(t, e)
			slices.Sort(got[:min(tc.unordered, len(got))])
			if !slices.Equal(got, tc.replaced) {
				t.Errorf("replaced by %q, want %q", got, tc.replaced)
			}
			r.Plan(t, acctest.NoChanges)

			// Without its rule, which is replaced, automatic recording releases the old one first, too.
			r.Write(t, recordingConfigWith("cn-north-4", tc.lifecycle, `mode = "AUTO_RECORD_OFF"`))
			r.Apply(t)
			got = writes(t, e)
			slices.Sort(got[:min(tc.unordered, len(got))])
			tc.replaced[slices.Index(tc.replaced, emulator.AutoRecordIndividual)] = emulator.AutoRecordOff
			if !slices.Equal(got, tc.replaced) {
				t.Errorf("replaced and released by %q, want %q", got, tc.replaced)
			}
			r.Must(t, 0, "destroy", "-auto-approve")
			if got := writes(t, e); !slices.Equal(got, []string{emulator.AutoRecordOff, "DELETE rule"}) {
				t.Errorf("destroyed by %q", got)
			}
			if left := e.RecordRules(testApp); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// What is imported with the configuration that the CLI writes for it plans clean, and is left as it is.
func TestAccCLI_recordingImport(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	rule := e.SetRecordRule(testApp, emulator.RecordRule{
		ProjectID: "another-project", Object: "o/", HLS: &emulator.RecordConfig{RecordMaxDurationToMergeFile: -1}, MP4: &emulator.RecordConfig{RecordCycle: 600, RecordPrefix: "p"},
	})
	e.SetAutoRecord(testApp, emulator.AutoRecordIndividual, rule)
	r := newCLI(t, e, fmt.Sprintf(`
import {
  to = sparkrtc_record_rule.test
  id = "%[1]s/%[2]s"
}

import {
  to = sparkrtc_auto_record.test
  id = %[1]q
}
`, testApp, rule))
	r.Must(t, 0, "plan", "-generate-config-out=generated.tf")
	if out := r.Apply(t).Out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.Plan(t, acctest.NoChanges)
	if sent := e.Sent(t); len(sent) > 0 {
		t.Errorf("sent: %v", sent)
	}
}
