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

// Ctrl-C ends whatever is waited for, soon, with a state that is true.
func TestAccCLI_interruptWhateverIsWaitedFor(t *testing.T) {
	t.Parallel()
	const newURL = testURL + "/new"
	tests := map[string]struct {
		fault emulator.Fault
		run   string
	}{
		"a read that hangs":           {emulator.Fault{Method: http.MethodGet, Times: -1, Delay: 10 * time.Minute}, "plan"},
		"a write that hangs":          {emulator.Fault{Method: http.MethodPut, Times: -1, Delay: 10 * time.Minute}, "apply"},
		"a write that waits its turn": {emulator.Fault{Method: http.MethodPut, Times: -1, Status: 429, Code: "APIGW.0308", Header: http.Header{"Retry-After": {"600"}}}, "apply"},
		"a retry of a read":           {emulator.Fault{Method: http.MethodGet, Times: -1, Status: 503, Header: http.Header{"Retry-After": {"60"}}}, "plan"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			r := newCLI(t, c, callbackConfig)
			r.Apply(t)
			c.Fail(tc.fault)
			c.ResetRequests()
			arguments := []string{tc.run, "-var", "url=" + newURL}
			if tc.run == "apply" {
				arguments = append(arguments, "-auto-approve")
			}
			done, interrupt := make(chan acctest.Result), make(chan struct{})
			go func() { done <- r.RunUntil(t, interrupt, arguments...) }()
			for deadline := time.Now().Add(60 * time.Second); len(c.Requests(emulator.Method(tc.fault.Method))) == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("no request arrived")
				}
			}
			time.Sleep(100 * time.Millisecond) // until it waits
			begun := time.Now()
			close(interrupt)
			got := <-done
			took := time.Since(begun)
			t.Logf("%v", took)
			if took > 3*time.Second || got.Code != 1 || !strings.Contains(got.Out(), "Interrupted") {
				t.Errorf("after %v it ended with %d: %s", took, got.Code, got.Out())
			}
			if calls := len(c.Requests(emulator.Method(tc.fault.Method))); calls != 1 {
				t.Errorf("%d calls", calls)
			}
			if state := r.ReadFile(t, "terraform.tfstate"); strings.Contains(state, newURL) || !strings.Contains(state, testURL) {
				t.Errorf("the state: %s", state)
			}
			c.ClearFaults()
			r.Must(t, 0, "apply", "-auto-approve", "-var", "url="+newURL)
			expectTruth(t, c, testApp, newURL, testKey)
			r.Must(t, acctest.NoChanges, "plan", "-detailed-exitcode", "-var", "url="+newURL)
		})
	}
}
