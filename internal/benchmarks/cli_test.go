// SPDX-License-Identifier: MPL-2.0

// Package benchmarks compares the provider with a floor: a provider on the same
// framework, with a resource of the same attributes, that does nothing. Both
// are run by the real CLI, as a release would be built. make bench prints the
// comparison.
package benchmarks

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	maxSizeRatio = 1.15 // of the stripped binary to the floor's

	appIDFormat = "5ff9701f2346968bb30%05d"
	url         = "https://recordings.example.com/sparkrtc"
	authKey     = "callback-key-of-the-bench-0123456789"
)

// names are those of the providers, in Terraform and in the output.
var names = []string{"floor", "sparkrtc"}

var built struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

// providers returns the folder with both providers and cli.tfrc, which makes
// the CLI use them.
func providers(b *testing.B) string {
	b.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "sparkrtc-bench-"); built.err != nil { //nolint:usetesting // all benchmarks share it
			return
		}
		overrides := ""
		for name, source := range map[string]string{"floor": "./floor", "sparkrtc": "../.."} {
			overrides += fmt.Sprintf("    %q = %q\n", "registry.terraform.io/sparkrtc/"+name, filepath.ToSlash(built.dir))
			build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary(built.dir, name), source)
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if output, err := build.CombinedOutput(); err != nil {
				built.err = fmt.Errorf("%w\n%s", err, output)
				return
			}
		}
		config := "provider_installation {\n  dev_overrides {\n" + overrides + "  }\n  direct {}\n}\n"
		built.err = os.WriteFile(filepath.Join(built.dir, "cli.tfrc"), []byte(config), 0o600)
	})
	if built.err != nil {
		b.Fatal(built.err)
	}
	return built.dir
}

func binary(dir, name string) string { return filepath.Join(dir, "terraform-provider-"+name) }

// BenchmarkSize reports the sizes of the binaries, and fails beyond the ratio.
func BenchmarkSize(b *testing.B) {
	size := map[string]float64{}
	for _, name := range names {
		b.Run("provider="+name, func(b *testing.B) {
			info, err := os.Stat(binary(providers(b), name))
			if err != nil {
				b.Fatal(err)
			}
			size[name] = float64(info.Size())
			b.ReportMetric(size[name], "binary-B")
			b.ReportMetric(0, "ns/op") // leaves the time out
		})
	}
	if ratio := size["sparkrtc"] / size["floor"]; len(size) == len(names) {
		fmt.Printf("stripped provider %.1f MB, floor %.1f MB, ratio %.2f (at most %.2f)\n", size["sparkrtc"]/1e6, size["floor"]/1e6, ratio, maxSizeRatio)
		if ratio > maxSizeRatio {
			b.Errorf("the provider is %.2f times as large as the floor, more than %.2f", ratio, maxSizeRatio)
		}
	}
}

// BenchmarkApply creates n callbacks.
func BenchmarkApply(b *testing.B) {
	each(b, func(b *testing.B, name string, n int) { //nolint:thelper // it is the benchmark itself
		for b.Loop() {
			b.StopTimer()
			w := newWorkspace(b, name, n)
			b.StartTimer()
			w.run(b, "apply", "-auto-approve")
		}
	})
}

// BenchmarkPlan plans n callbacks that are as configured.
func BenchmarkPlan(b *testing.B) {
	each(b, func(b *testing.B, name string, n int) { //nolint:thelper // it is the benchmark itself
		w := newWorkspace(b, name, n)
		w.run(b, "apply", "-auto-approve")
		b.ResetTimer()
		for b.Loop() {
			w.run(b, "plan", "-detailed-exitcode") // exit code 2, for changes, is an error
		}
	})
}

// BenchmarkUpdate changes the URL of n callbacks.
func BenchmarkUpdate(b *testing.B) {
	each(b, func(b *testing.B, name string, n int) { //nolint:thelper // it is the benchmark itself
		w := newWorkspace(b, name, n)
		w.run(b, "apply", "-auto-approve")
		b.ResetTimer()
		for i := 0; b.Loop(); i++ {
			w.run(b, "apply", "-auto-approve", fmt.Sprintf("-var=url=%s/%d", url, i))
		}
	})
}

func each(b *testing.B, run func(b *testing.B, name string, n int)) {
	b.Helper()
	for _, n := range []int{1, 20, 100, 300} {
		for _, name := range names {
			b.Run(fmt.Sprintf("n=%d/provider=%s", n, name), func(b *testing.B) { run(b, name, n) })
		}
	}
}

// workspace is a folder with a configuration of n callbacks, and an emulator of
// its own.
type workspace struct {
	dir string
	env []string
}

func newWorkspace(b *testing.B, name string, n int) workspace {
	b.Helper()
	installed := providers(b)
	api := emulator.New(emulator.Options{})
	for i := range n {
		api.AddApp(fmt.Sprintf(appIDFormat, i))
	}
	server := httptest.NewServer(api)
	b.Cleanup(func() {
		api.Close()
		server.Close()
	})
	w := workspace{dir: b.TempDir(), env: []string{
		"PATH=" + os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=" + filepath.Join(installed, "cli.tfrc"), "CHECKPOINT_DISABLE=1",
		"SPARKRTC_ENDPOINT=" + server.URL, "SPARKRTC_CLEAR_TEXT_KEY_WARNING=false",
		"HW_ACCESS_KEY=" + emulator.DefaultAccessKey, "HW_SECRET_KEY=" + emulator.DefaultSecretKey, "HW_PROJECT_ID=" + emulator.DefaultProjectID,
	}}
	w.env = append(w.env, "HOME="+w.dir)
	// OpenTofu would add its own host to a source without one.
	config := fmt.Sprintf(`terraform {
  required_providers {
    %[1]s = {
      source = "registry.terraform.io/sparkrtc/%[1]s"
    }
  }
}

variable "url" {
  default = %[2]q
}

resource "%[1]s_record_callback" "main" {
  count    = %[3]d
  app_id   = format(%[4]q, count.index)
  url      = var.url
  auth_key = %[5]q
}
`, name, url, n, appIDFormat, authKey)
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	return w
}

// run runs the CLI, and reports the processor time of it and its provider.
func (w workspace) run(b *testing.B, args ...string) {
	b.Helper()
	cli := os.Getenv("TF_CLI")
	if cli == "" {
		cli = "terraform"
	}
	command := exec.Command(cli, append(args, "-input=false", "-no-color")...)
	command.Dir, command.Env = w.dir, w.env
	output, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, output)
	}
	state := command.ProcessState
	b.ReportMetric((state.UserTime() + state.SystemTime()).Seconds(), "cpu-sec/op")
}
