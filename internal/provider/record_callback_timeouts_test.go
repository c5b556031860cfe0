// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func timeoutsOf(url string, given map[string]any) map[string]any {
	return map[string]any{"app_id": testApp, "url": url, "timeouts": given}
}

// A timeout ends an operation with all its waits and retries, and says so.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	hang := emulator.Fault{Times: -1, Delay: time.Minute}
	tests := map[string]struct {
		operation string // that has a timeout
		applied   bool
		fault     emulator.Fault
		then      string // "" for another URL
		doubt     bool
	}{
		"create hangs":        {"create", false, emulator.Fault{Method: http.MethodPut, Times: -1, Delay: time.Minute}, "", true},
		"create is throttled": {"create", false, emulator.Fault{Method: http.MethodPut, Times: -1, Status: 429, Code: "APIGW.0308", Header: http.Header{"Retry-After": {"10"}}}, "", false},
		"create meets errors": {"create", false, emulator.Fault{Method: http.MethodPut, Times: -1, Status: 503, Header: http.Header{"Retry-After": {"10"}}}, "", true},
		"update hangs":        {"update", true, emulator.Fault{Method: http.MethodPut, Times: -1, Delay: time.Minute}, "", true},
		"read hangs":          {"read", true, hang, testURL, false},
	}
	for name, tc := range tests {
		acctest.Bubble(t, name, func(t *testing.T) {
			t.Helper()
			c := acctest.StartInBubble(t, emulator.Options{}, testApp)
			w := newWorkspace(t, c, map[string]any{"max_retries": 20})
			given := map[string]any{tc.operation: "1s"}
			w.Set("test", timeoutsOf(testURL, given))
			if tc.applied {
				w.MustApply()
				if tc.then == "" {
					w.Set("test", timeoutsOf(testURL+"/2", given))
				}
			}
			c.Fail(tc.fault)
			begun := time.Now()
			err := w.Apply().Of("test").Err()
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if err == nil || !strings.Contains(err.Error(), "Operation timed out") || !strings.Contains(err.Error(), "timeouts block") || strings.Contains(err.Error(), "may or may not have been set") != tc.doubt {
				t.Errorf("the message: %v", err)
			}
			c.ClearFaults()
			w.MustApply()
			w.ExpectPlanned(map[string]string{})
		})
	}
}

// Other timeouts are stored, and nothing is sent for them.
func TestChangedTimeouts(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	w := newWorkspace(t, c, nil)
	w.Set("test", timeoutsOf(testURL, map[string]any{"create": "5m"}))
	w.MustApply()
	c.ResetRequests()
	w.Set("test", timeoutsOf(testURL, map[string]any{"create": "5m", "read": "90s"}))
	planned := w.ExpectPlanned(map[string]string{"test": "update"})
	if !planned.IsKnown("test") {
		t.Error("the plan has unknown values")
	}
	w.MustApply()
	expectCalls(t, c, 2) // a read of the plan, and one of the apply
	w.ExpectPlanned(map[string]string{})

	// With something else, it is sent.
	w.Set("test", timeoutsOf(testURL+"/2", map[string]any{"create": "6m"}))
	c.ResetRequests()
	w.MustApply()
	expectCalls(t, c, 1, withKey(testURL+"/2", ""))
	w.ExpectPlanned(map[string]string{})

	for value, want := range map[string]string{"soon": "timeouts.create must be a number with the unit s, m or h", "0s": "Invalid timeout"} {
		w.Set("test", timeoutsOf(testURL, map[string]any{"create": value}))
		if err := w.Plan().Of("test").Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("of the timeout %q: %v", value, err)
		}
	}
}
