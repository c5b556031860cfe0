// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// The provider and the framework write no log that the user did not ask for.
func TestAccCLI_logsAreWrittenOnRequest(t *testing.T) {
	t.Parallel()
	acctest.Acceptance(t)
	if runtime.GOOS == "windows" {
		t.Skip("it puts a shell script between the CLI and the provider")
	}
	tests := map[string]struct {
		variable string
		want     []string // nil for nothing
	}{
		"asked of the CLI only": {variable: "TF_LOG_CORE=DEBUG"},
		"everything":            {variable: "TF_LOG=TRACE", want: []string{"sdk.framework", "provider configured"}},
		"the framework":         {variable: "TF_LOG_SDK_FRAMEWORK=TRACE", want: []string{"sdk.framework"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{}, testApp)
			r := newBinaryCLI(t, c, `data "sparkrtc_record_callback" "app" { app_id = "`+testApp+`" }`, tc.variable)
			written := r.KeepProviderStderr(t)
			r.Must(t, 0, "plan")
			content, err := os.ReadFile(written)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if !strings.Contains(string(content), want) {
					t.Errorf("no %q in the log: %.500s", want, content)
				}
			}
			// What go-plugin says of the start has no module.
			if tc.want == nil && strings.Contains(string(content), `"@module"`) {
				t.Errorf("written: %.1000s", content)
			}
		})
	}
}

// A variable that asks for any part of the log leaves all of it on.
func TestSilenceUnwantedLogs(t *testing.T) {
	t.Parallel()
	for variable, silent := range map[string]bool{
		"": true, "TF_LOG_CORE": true, "TF_LOG_PATH": true,
		"TF_LOG": false, "TF_LOG_PROVIDER": false, "TF_LOG_PROVIDER_SPARKRTC": false, "TF_LOG_SDK": false, "TF_LOG_SDK_PROTO": false, "TF_LOG_SDK_FRAMEWORK": false,
	} {
		set := map[string]string{}
		SilenceUnwantedLogs(func(name string) string {
			if name == variable {
				return "DEBUG"
			}
			return ""
		}, func(name, value string) error {
			set[name] = value
			return nil
		})
		want := map[string]string{}
		if silent {
			want = map[string]string{"TF_LOG_PROVIDER_SPARKRTC": "off", "TF_LOG_SDK": "off"}
		}
		if !maps.Equal(set, want) {
			t.Errorf("%s: set %v, want %v", variable, set, want)
		}
	}
}
