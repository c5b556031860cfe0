// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// One test waits for more than a minute. The name of the file makes it begin before the
// others, so that they run in that time.

// Ninety callbacks within the real quota, in real time: none fails, few calls are
// refused, and the user is told once what is waited for.
func TestAccCLI_quota(t *testing.T) {
	t.Parallel()
	const n = 90
	c := acctest.StartEmulator(t, emulator.Options{Quota: 60})
	for i := range n {
		c.AddApp(fmt.Sprintf("app-%d", i))
	}
	r := newCLI(t, nil, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  count = %d\n  app_id = \"app-${count.index}\"\n  url = %q\n}\n", n, testURL),
		"HW_AUTH_TOKEN="+emulator.DefaultToken, "SPARKRTC_ENDPOINT="+c.Endpoint)
	out := r.Apply(t).Out()
	for i := range n {
		expectTruth(t, c, fmt.Sprintf("app-%d", i), testURL, "")
	}
	refused := c.CountStatus(http.StatusTooManyRequests)
	if refused == 0 || refused > 12 {
		t.Errorf("%d calls were refused", refused)
	}
	if strings.Count(out, "Warning: SparkRTC throttles requests") != 1 || !strings.Contains(out, "60 calls in 1m0s") {
		t.Errorf("the user is not told once: %s", out)
	}
}

// A clock that is off is told, and is no failure.
func TestAccCLI_clock(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"behind": 40 * time.Minute, "ahead": -40 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apps := make([]string, 12)
			for i := range apps {
				apps[i] = fmt.Sprintf("app-%d", i)
			}
			c := acctest.StartEmulator(t, emulator.Options{Clock: func() time.Time { return time.Now().Add(off) }}, apps...)
			r := newCLI(t, c, fmt.Sprintf("resource \"sparkrtc_record_callback\" \"test\" {\n  count = 12\n  app_id = \"app-${count.index}\"\n  url = %q\n}\n", testURL))
			out := r.Apply(t).Out()
			said := regexp.MustCompile(`is (40m0s|39m59s|40m1s) ` + name + ` that of the service`)
			if strings.Count(out, "Warning: Clock is off") != 1 || !said.MatchString(out) {
				t.Errorf("the message: %s", out)
			}
			r.Plan(t, acctest.NoChanges)
			refused := c.CountStatus(http.StatusUnauthorized)
			if refused != 3 { // one a process: two of the apply, one of the plan
				t.Errorf("%d calls were refused", refused)
			}
		})
	}
}
