// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	got := Environment(
		[]string{"PATH=/bin", "TF_LOG=trace", "hw_insecure=true", "HUAWEICLOUD_SDK_AK=x", "Https_Proxy=http://proxy", "HTTP_PROXY_PORT=1", "A=TF_B=C"},
		map[string]string{"HW_ACCESS_KEY": "a=b"})
	want := []string{"PATH=/bin", "HTTP_PROXY_PORT=1", "A=TF_B=C", "HW_ACCESS_KEY=a=b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
