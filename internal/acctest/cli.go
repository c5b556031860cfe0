// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

const (
	providerBinary = "terraform-provider-sparkrtc"
	providerSource = "sparkrtc/sparkrtc"
	registry       = "registry.terraform.io/"

	// LocalState is the name of the state file.
	LocalState = "terraform.tfstate"
)

// Exit codes of plan -detailed-exitcode.
const (
	NoChanges = 0
	Changes   = 2
)

// CLI is a folder with a configuration, where the real CLI runs. It starts the real binary of the provider, several
// times a run.
type CLI struct {
	Dir  string
	Home string   // the home of the user, empty at first
	Env  []string // NAME=value; of two with a name, the last counts

	// Provider, if it is not nil, is served in this process instead, a new one for each run,
	// from the Env and the Home. That takes half the processor time. Configurations with
	// several providers use the binary all the same, since each needs a process.
	Provider func(home string, env []string) tfprotov6.ProviderServer
}

// Result is what a run of the CLI left.
type Result struct {
	Stdout, Stderr string // without colours
	Code           int    // -1 if the CLI did not start
}

// Out returns all that the user saw, in one line: the CLI wraps what it prints.
func (r Result) Out() string {
	text := strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(r.Stdout + r.Stderr)
	return strings.Join(strings.Fields(text), " ")
}

var (
	providerFolder string // set by Main
	builtIn        string // set by build
	builtProvider  = sync.OnceValues(build)
)

// Main runs the tests of a package, and returns their exit code. The first one that runs the CLI builds the
// provider, whose main package is in the folder.
func Main(m *testing.M, folder string) int {
	providerFolder = folder
	if err := os.Setenv("GOGC", "400"); err != nil { // the CLI and its providers are short-lived
		panic(err)
	}
	debug.SetGCPercent(400) // tests make many servers, each of them for a moment
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	return code
}

// build returns the path of a CLI configuration that runs the provider as it is now.
func build() (string, error) {
	if providerFolder == "" {
		return "", errors.New("TestMain must call acctest.Main with the folder of the provider")
	}
	dir, err := os.MkdirTemp("", "sparkrtc-provider-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	command := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(dir, providerBinary), providerFolder)
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	config := filepath.Join(dir, "cli.tfrc")
	return config, os.WriteFile(config, fmt.Appendf(nil, `
provider_installation {
  dev_overrides {
    "registry.terraform.io/%[2]s" = %[1]q
    "registry.opentofu.org/%[2]s" = %[1]q
  }
  direct {}
}
`, dir, providerSource), 0o600)
}

// The address is written in full: the host that OpenTofu adds to a short one is another.
const requiredProviders = `
terraform {
  required_providers {
    sparkrtc = {
      source = "` + registry + providerSource + `"
    }
  }
}
`

// NewCLI returns a folder with a configuration. The environment leads to the emulator, unless nil, with its
// access key. Variables are NAME=value. The test is skipped unless TF_ACC is set.
func NewCLI(t *testing.T, e *Emulator, config string, variables ...string) *CLI {
	t.Helper()
	Acceptance(t)
	tfrc, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	c := &CLI{Dir: t.TempDir(), Home: t.TempDir()}
	ours := []string{"TF_", "TFC_", "HW_", "HUAWEICLOUD_", "SPARKRTC_"}
	for _, variable := range os.Environ() {
		if !slices.ContainsFunc(ours, func(prefix string) bool { return strings.HasPrefix(variable, prefix) }) {
			c.Env = append(c.Env, variable)
		}
	}
	c.Env = append(c.Env, "HOME="+c.Home, "USERPROFILE="+c.Home, "TF_CLI_CONFIG_FILE="+tfrc, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	if e != nil {
		c.Env = append(c.Env, "SPARKRTC_ENDPOINT="+e.Endpoint)
		c.Env = append(c.Env, Keys()...)
	}
	c.Env = append(c.Env, variables...)
	c.Write(t, config)
	return c
}

// Write replaces the configuration, main.tf. It adds required_providers if there is none.
func (c *CLI) Write(t *testing.T, config string) {
	t.Helper()
	c.WriteFile(t, "main.tf", withProvider(config))
}

// WriteModule writes a module into a folder of its own, with required_providers.
func (c *CLI) WriteModule(t *testing.T, name, config string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(c.Dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
	c.WriteFile(t, filepath.Join(name, "main.tf"), withProvider(config))
}

func withProvider(config string) string {
	if strings.Contains(config, "required_providers") {
		return config
	}
	return requiredProviders + config
}

// WriteFile writes a file of the folder.
func (c *CLI) WriteFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// WriteHomeFile writes a file of the user's home, and returns its path.
func (c *CLI) WriteHomeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(c.Home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ReadFile returns a file of the folder.
func (c *CLI) ReadFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(c.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// ReadPlan returns the contents of all files in a saved plan, which is a zip archive.
func (c *CLI) ReadPlan(t *testing.T, name string) string {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(c.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var all strings.Builder
	for _, file := range archive.File {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, content); err != nil {
			t.Fatal(err)
		}
		_ = content.Close()
	}
	return all.String()
}

// Copy copies what is in another folder into this one. A main.tf there replaces the configuration.
func (c *CLI) Copy(t *testing.T, from string) {
	t.Helper()
	c.CopyTo(t, ".", from)
}

// CopyTo copies what is in another folder into a folder in this one.
func (c *CLI) CopyTo(t *testing.T, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(c.Dir, to, name)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ProviderFrom makes the provider available from one host only.
func (c *CLI) ProviderFrom(t *testing.T, host string) {
	t.Helper()
	if builtIn == "" {
		t.Fatal("the provider is not built")
	}
	config := c.WriteHomeFile(t, "one-host.tfrc", fmt.Sprintf(`
provider_installation {
  dev_overrides {
    %q = %q
  }
  filesystem_mirror {
    path = %q
  }
}
`, host+"/"+providerSource, builtIn, c.Home))
	c.Env = append(c.Env, "TF_CLI_CONFIG_FILE="+config)
}

// KeepProviderStderr keeps what the provider writes to stderr, and returns the path of it.
func (c *CLI) KeepProviderStderr(t *testing.T) string {
	t.Helper()
	tfrc, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "stderr")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' 2>>'%s'\n", filepath.Join(builtIn, providerBinary), log)
	if err := os.WriteFile(filepath.Join(dir, providerBinary), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(tfrc)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(content), builtIn, dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Env = append(c.Env, "TF_CLI_CONFIG_FILE="+config)
	return log
}

// colour is what older CLIs print whatever NO_COLOR says.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func cliPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

// Run runs the CLI, and accepts any exit code.
func (c *CLI) Run(t *testing.T, arguments ...string) Result {
	t.Helper()
	return c.run(t.Context(), t, arguments...)
}

// RunUntil sends the CLI an interrupt, as Ctrl-C does, once the channel closes.
func (c *CLI) RunUntil(t *testing.T, interrupt <-chan struct{}, arguments ...string) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		select {
		case <-interrupt:
			cancel()
		case <-ctx.Done():
		}
	}()
	return c.run(ctx, t, arguments...)
}

func (c *CLI) run(ctx context.Context, t *testing.T, arguments ...string) Result {
	t.Helper()
	env := c.Env
	if c.Provider != nil && !severalProviders.MatchString(c.ReadFile(t, "main.tf")) {
		variable, stop := attach(t, func() tfprotov6.ProviderServer { return c.Provider(c.Home, c.Env) })
		defer stop()
		env = append(slices.Clone(env), variable)
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, cliPath(), arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = c.Dir, env, &stdout, &stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Errorf("%s %s: %v", cliPath(), strings.Join(arguments, " "), err)
		return Result{Code: -1}
	}
	return Result{
		Stdout: colour.ReplaceAllString(stdout.String(), ""),
		Stderr: colour.ReplaceAllString(stderr.String(), ""),
		Code:   command.ProcessState.ExitCode(),
	}
}

// Must runs the CLI and stops the test unless it ends with the exit code.
func (c *CLI) Must(t *testing.T, code int, arguments ...string) Result {
	t.Helper()
	got := c.Run(t, arguments...)
	if got.Code != code {
		t.Fatalf("%s ended with %d, want %d\n%s%s", strings.Join(arguments, " "), got.Code, code, got.Stdout, got.Stderr)
	}
	return got
}

// Apply runs apply -auto-approve, which must succeed.
func (c *CLI) Apply(t *testing.T) Result {
	t.Helper()
	return c.Must(t, 0, "apply", "-auto-approve")
}

// Plan runs plan -detailed-exitcode, which must end with the code: NoChanges, Changes, or 1 for an error.
func (c *CLI) Plan(t *testing.T, code int) Result {
	t.Helper()
	return c.Must(t, code, "plan", "-detailed-exitcode")
}
