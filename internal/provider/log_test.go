// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What the provider and the framework write for the CLI to read: nothing that nobody
// asked for.
func TestAccCLI_logsAreWrittenOnRequest(t *testing.T) {
	t.Parallel()
	acceptance(t)
	if runtime.GOOS == "windows" {
		t.Skip("it puts a shell script between the CLI and the provider")
	}
	tests := map[string]struct {
		variable string
		want     []string // nil for nothing
	}{
		"by default":            {},
		"asked of the CLI only": {variable: "TF_LOG_CORE=DEBUG"},
		"everything":            {variable: "TF_LOG=TRACE", want: []string{"sdk.framework", "provider configured"}},
		"the provider":          {variable: "TF_LOG_PROVIDER=DEBUG", want: []string{"provider configured"}},
		"the SDK":               {variable: "TF_LOG_SDK=TRACE", want: []string{"sdk.framework"}},
		"the framework":         {variable: "TF_LOG_SDK_FRAMEWORK=TRACE", want: []string{"sdk.framework"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, emulator.Options{}, testApp)
			r := newCLI(t, c, `data "sparkrtc_record_callback" "app" { app_id = "`+testApp+`" }`, tc.variable)
			written := r.behind(t)
			r.must(t, 0, "plan")
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

// behind keeps what the provider writes to stderr, and returns the path of it.
func (r *cli) behind(t *testing.T) string {
	t.Helper()
	tfrc, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	const binary = "terraform-provider-sparkrtc"
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "stderr")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' 2>>'%s'\n", filepath.Join(filepath.Dir(tfrc), binary), log)
	if err := os.WriteFile(filepath.Join(dir, binary), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(tfrc)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(content), filepath.Dir(tfrc), dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "TF_CLI_CONFIG_FILE="+config)
	return log
}
