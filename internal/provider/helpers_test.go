// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// cli is a folder with a configuration, and the real CLI in it with the real
// binary of the provider: a process each time, as users have it.
type cli struct {
	dir  string
	home string // empty at first, as that of somebody who has just begun
	env  []string
}

// result is what a run of the CLI left.
type result struct {
	stdout, stderr string
	code           int
}

// out is all that the user saw, in one line: the CLI wraps what it prints.
func (r result) out() string {
	text := strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(r.stdout + r.stderr)
	return strings.Join(strings.Fields(text), " ")
}

var (
	builtProvider = sync.OnceValues(buildProvider)
	builtIn       string
)

func TestMain(m *testing.M) {
	// For the CLI and its providers, which are short-lived.
	if err := os.Setenv("GOGC", "400"); err != nil {
		panic(err)
	}
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// buildProvider returns the path of a CLI configuration that runs the provider
// as it is now.
func buildProvider() (string, error) {
	dir, err := os.MkdirTemp("", "sparkrtc-provider-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "terraform-provider-sparkrtc"), "../..")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	config := filepath.Join(dir, "cli.tfrc")
	return config, os.WriteFile(config, fmt.Appendf(nil, `
provider_installation {
  dev_overrides {
    "registry.terraform.io/sparkrtc/sparkrtc" = %[1]q
    "registry.opentofu.org/sparkrtc/sparkrtc" = %[1]q
  }
  direct {}
}
`, dir), 0o600)
}

// The address is written in full: the host that OpenTofu adds to a short one
// is another.
const requiredProviders = `
terraform {
  required_providers {
    sparkrtc = {
      source = "registry.terraform.io/sparkrtc/sparkrtc"
    }
  }
}
`

// newCLI returns a folder with a configuration, of one provider that reaches
// the cloud through the environment. Variables are NAME=value.
func newCLI(t *testing.T, c *cloud, config string, variables ...string) *cli {
	t.Helper()
	acceptance(t)
	tfrc, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	r := &cli{dir: t.TempDir(), home: t.TempDir()}
	ours := []string{"TF_", "TFC_", "HW_", "HUAWEICLOUD_", "SPARKRTC_"}
	for _, variable := range os.Environ() {
		if !slices.ContainsFunc(ours, func(prefix string) bool { return strings.HasPrefix(variable, prefix) }) {
			r.env = append(r.env, variable)
		}
	}
	r.env = append(r.env, "HOME="+r.home, "USERPROFILE="+r.home, "TF_CLI_CONFIG_FILE="+tfrc, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "SPARKRTC_CLEAR_TEXT_KEY_WARNING=false")
	if c != nil {
		r.env = append(r.env, "SPARKRTC_ENDPOINT="+c.endpoint)
		r.env = append(r.env, keys()...)
	}
	r.env = append(r.env, variables...)
	r.write(t, config)
	return r
}

func keys() []string {
	return []string{
		"HW_ACCESS_KEY=" + emulator.DefaultAccessKey,
		"HW_SECRET_KEY=" + emulator.DefaultSecretKey,
		"HW_PROJECT_ID=" + emulator.DefaultProjectID,
	}
}

func (r *cli) write(t *testing.T, config string) {
	t.Helper()
	if !strings.Contains(config, "required_providers") {
		config = requiredProviders + config
	}
	if err := os.WriteFile(filepath.Join(r.dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// colour is what older CLIs print whatever NO_COLOR says.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func cliPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

func acceptance(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
}

// feature is one that not every CLI has.
type feature struct {
	name      string
	terraform int // the minor version that has it first
	openTofu  int // likewise, 0 for none
}

var (
	importByIdentity = feature{"import by identity", 12, 12}
	queries          = feature{"terraform query", 14, 0}
	actions          = feature{"actions", 14, 0}
)

// needs skips a test where the CLI is too old for it.
func needs(t *testing.T, f feature) {
	t.Helper()
	acceptance(t)
	cli := cliVersion()
	least := f.terraform
	if cli.openTofu {
		least = f.openTofu
	}
	if least == 0 || cli.minor < least {
		t.Skipf("%s has no %s: it needs Terraform 1.%d", cli.name, f.name, f.terraform)
	}
}

// version is that of the CLI.
type version struct {
	name     string
	openTofu bool
	minor    int // of 1.minor
}

var cliVersion = sync.OnceValue(func() version {
	output, err := exec.Command(cliPath(), "version").Output()
	found := regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\S*`).FindStringSubmatch(string(output))
	if err != nil || found == nil {
		panic(fmt.Sprintf("no version: %v in %q", err, output))
	}
	minor, err := strconv.Atoi(found[2])
	if err != nil {
		panic(err)
	}
	return version{found[0], found[1] == "OpenTofu", minor}
})

// run runs the CLI, whatever comes of it.
func (r *cli) run(t *testing.T, arguments ...string) result {
	t.Helper()
	return r.runWith(t.Context(), t, arguments...)
}

func (r *cli) runWith(ctx context.Context, t *testing.T, arguments ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, cliPath(), arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = r.dir, r.env, &stdout, &stderr
	// A context that ends is Ctrl-C, not the end of the CLI.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		t.Errorf("%s %s: %v", cliPath(), strings.Join(arguments, " "), err)
		return result{code: -1}
	}
	return result{
		stdout: colour.ReplaceAllString(stdout.String(), ""),
		stderr: colour.ReplaceAllString(stderr.String(), ""),
		code:   command.ProcessState.ExitCode(),
	}
}

// must runs the CLI and expects an exit code.
func (r *cli) must(t *testing.T, code int, arguments ...string) result {
	t.Helper()
	got := r.run(t, arguments...)
	if got.code != code {
		t.Fatalf("%s ended with %d, want %d\n%s%s", strings.Join(arguments, " "), got.code, code, got.stdout, got.stderr)
	}
	return got
}

func (r *cli) apply(t *testing.T) result { t.Helper(); return r.must(t, 0, "apply", "-auto-approve") }

const (
	noChanges = 0 // exit codes of plan -detailed-exitcode
	changes   = 2
)

func (r *cli) plan(t *testing.T, code int) result {
	t.Helper()
	return r.must(t, code, "plan", "-detailed-exitcode")
}

// diagnostic is one of the CLI's machine-readable output.
type diagnostic struct {
	Severity  string
	Summary   string
	Detail    string
	Address   string
	Attribute string // the argument that its range begins with, "" for none
}

// diagnostics reads the output of plan, apply and destroy with -json, and of
// validate -json.
func (r result) diagnostics(t *testing.T) []diagnostic {
	t.Helper()
	type raw struct {
		Severity, Summary, Detail, Address string
		Snippet                            *struct{ Code string }
	}
	var found []raw
	var validation struct{ Diagnostics []raw }
	if json.Unmarshal([]byte(r.stdout), &validation) == nil {
		found = validation.Diagnostics
	} else {
		for line := range strings.Lines(r.stdout) {
			var message struct{ Diagnostic *raw }
			if err := json.Unmarshal([]byte(line), &message); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			if message.Diagnostic != nil {
				found = append(found, *message.Diagnostic)
			}
		}
	}
	var list []diagnostic
	for _, f := range found {
		d := diagnostic{Severity: f.Severity, Summary: f.Summary, Detail: f.Detail, Address: f.Address}
		if f.Snippet != nil {
			if name, _, ok := strings.Cut(f.Snippet.Code, "="); ok {
				d.Attribute = strings.TrimSpace(name)
			}
		}
		list = append(list, d)
	}
	return list
}

// find returns the one diagnostic of a resource, or of none ("").
func find(t *testing.T, list []diagnostic, address string) diagnostic {
	t.Helper()
	var found []diagnostic
	for _, d := range list {
		if d.Address == address {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d diagnostics about %q, want one: %+v", len(found), address, found)
	}
	return found[0]
}

// expectation is what the CLI says about the resource of a name, once; nothing
// when the severity is "".
type expectation struct {
	name, severity, summary string
	attribute               string // that it is about, "" for none
	mentions                []string
}

func (e expectation) address() string { return "sparkrtc_record_callback." + e.name }

func (e expectation) check(t *testing.T, list []diagnostic) {
	t.Helper()
	if e.severity == "" {
		for _, d := range list {
			if d.Address == e.address() {
				t.Errorf("%s: %+v", e.name, d)
			}
		}
		return
	}
	d := find(t, list, e.address())
	if d.Severity != e.severity || d.Summary != e.summary || d.Attribute != e.attribute {
		t.Errorf("%s: %+v", e.name, d)
	}
	for _, mention := range e.mentions {
		if !strings.Contains(d.Detail, mention) {
			t.Errorf("%s does not mention %q: %s", e.name, mention, d.Detail)
		}
	}
}

func (r *cli) writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *cli) readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// runUntil sends the CLI an interrupt, as Ctrl-C does, once the channel closes.
func (r *cli) runUntil(t *testing.T, interrupt <-chan struct{}, arguments ...string) result {
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
	return r.runWith(ctx, t, arguments...)
}
