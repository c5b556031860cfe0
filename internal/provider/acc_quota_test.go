// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// One test waits for more than a minute. The name of the file makes it begin before the
// others, so that they run in that time.

// Ninety callbacks within the real quota, in real time: none fails, few calls are
// refused, and one warning says what is waited for.
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
		t.Errorf("it is not said once: %s", out)
	}
}
