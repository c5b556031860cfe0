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

// Ctrl-C ends whatever is waited for, soon, with a state that is true. The cases share
// a folder, and the next apply repairs what came of them.
func TestAccCLI_interruptWhateverIsWaitedFor(t *testing.T) {
	t.Parallel()
	const newURL = testURL + "/new"
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newBinaryCLI(t, c, callbackConfig)
	r.Apply(t)
	for _, tc := range []struct {
		name  string
		fault emulator.Fault
		run   string
	}{
		{"a read that hangs", emulator.Fault{Method: http.MethodGet, Delay: 10 * time.Minute}, "plan"},
		{"a write that hangs", emulator.Fault{Method: http.MethodPut, Delay: 10 * time.Minute}, "apply"},
		{"a write that waits its turn", emulator.Fault{Method: http.MethodPut, Status: 429, Code: "APIGW.0308", Header: http.Header{"Retry-After": {"600"}}}, "apply"},
		{"a retry of a read", emulator.Fault{Method: http.MethodGet, Status: 503, Header: http.Header{"Retry-After": {"60"}}}, "plan"},
		{"a retry of a write", emulator.Fault{Method: http.MethodPut, Status: 503, Header: http.Header{"Retry-After": {"60"}}}, "apply"},
	} {
		tc.fault.Times = -1
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
				t.Fatalf("%s: no request arrived", tc.name)
			}
		}
		time.Sleep(100 * time.Millisecond) // until it waits
		begun := time.Now()
		close(interrupt)
		got := <-done
		if took := time.Since(begun); took > 3*time.Second || got.Code != 1 || !strings.Contains(got.Out(), "Interrupted") {
			t.Errorf("%s: after %v it ended with %d: %s", tc.name, took, got.Code, got.Out())
		}
		if calls := len(c.Requests(emulator.Method(tc.fault.Method))); calls != 1 {
			t.Errorf("%s: %d calls", tc.name, calls)
		}
		if state := r.ReadFile(t, "terraform.tfstate"); strings.Contains(state, newURL) || !strings.Contains(state, testURL) {
			t.Errorf("%s: the state: %s", tc.name, state)
		}
		c.ClearFaults()
	}
	r.Must(t, 0, "apply", "-auto-approve", "-var", "url="+newURL)
	expectTruth(t, c, testApp, newURL, testKey)
	r.Must(t, acctest.NoChanges, "plan", "-detailed-exitcode", "-var", "url="+newURL)
}
