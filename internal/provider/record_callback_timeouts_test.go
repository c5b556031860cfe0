// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func timeoutsConfig(lines string) string {
	return fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  app_id = %q\n  url = %q\n\n  timeouts {\n%s\n  }\n}\n", testApp, testURL, lines)
}

// A timeout ends an operation with all its waits and retries, and says so.
func TestAccCLI_timeouts(t *testing.T) {
	t.Parallel()
	hang := emulator.Fault{Times: -1, Delay: time.Minute}
	tests := map[string]struct {
		timeouts string
		applied  bool
		fault    emulator.Fault
		then     string // "" for another URL
		doubt    bool
	}{
		"create hangs":        {"create = \"1s\"", false, emulator.Fault{Method: http.MethodPut, Times: -1, Delay: time.Minute}, "", true},
		"create is throttled": {"create = \"1s\"", false, emulator.Fault{Method: http.MethodPut, Times: -1, Status: 429, Code: "APIGW.0308"}, "", false},
		"create meets errors": {"create = \"1s\"", false, emulator.Fault{Method: http.MethodPut, Times: -1, Status: 503}, "", true},
		"update hangs":        {"update = \"1s\"", true, emulator.Fault{Method: http.MethodPut, Times: -1, Delay: time.Minute}, "", true},
		"read hangs":          {"read = \"1s\"", true, hang, testURL, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			r := newCLI(t, c, timeoutsConfig(tc.timeouts), "HW_MAX_RETRIES=20")
			config := timeoutsConfig(tc.timeouts)
			if tc.applied {
				r.Apply(t)
				if tc.then == "" {
					config = strings.Replace(config, testURL, testURL+"/2", 1)
				}
			}
			r.Write(t, config)
			c.Fail(tc.fault)
			begun := time.Now()
			out := r.Must(t, 1, "apply", "-auto-approve").Out()
			if took := time.Since(begun); took > 15*time.Second { // the retries alone would take minutes
				t.Errorf("it took %v", took)
			}
			if !strings.Contains(out, "Operation timed out") || !strings.Contains(out, "timeouts block") || strings.Contains(out, "may or may not have been set") != tc.doubt {
				t.Errorf("the message: %s", out)
			}
			c.ClearFaults()
			r.Apply(t)
			r.Plan(t, acctest.NoChanges)
		})
	}
}

// Other timeouts are stored, and nothing is sent for them.
func TestAccCLI_changedTimeouts(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newCLI(t, c, timeoutsConfig("create = \"5m\""))
	r.Apply(t)
	c.ResetRequests()
	r.Write(t, timeoutsConfig("create = \"5m\"\nread = \"90s\""))
	planned := r.Plan(t, acctest.Changes).Out()
	if !strings.Contains(planned, "1 to change") || strings.Contains(planned, "known after apply") {
		t.Errorf("the plan: %s", planned)
	}
	r.Apply(t)
	expectCalls(t, c, 2)
	r.Plan(t, acctest.NoChanges)

	// With something else, it is sent.
	r.Write(t, strings.Replace(timeoutsConfig("create = \"6m\""), testURL, testURL+"/2", 1))
	c.ResetRequests()
	r.Apply(t)
	expectCalls(t, c, 1, withKey(testURL+"/2", ""))
	r.Plan(t, acctest.NoChanges)

	r.Write(t, timeoutsConfig("create = \"soon\""))
	if out := r.Must(t, 1, "validate").Out(); !strings.Contains(out, "soon") {
		t.Errorf("of a text that is no duration: %s", out)
	}
	r.Write(t, timeoutsConfig("read = \"0s\""))
	if out := r.Must(t, 1, "validate").Out(); !strings.Contains(out, "Invalid timeout") {
		t.Errorf("of none at all: %s", out)
	}
}
