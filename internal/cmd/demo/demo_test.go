// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	_ "github.com/sparkrtc/terraform-provider-sparkrtc/internal/provider" // a change to it makes cached results void
)

// fakeCLI names the variable that makes this test binary a CLI; its value says
// what is wrong with it.
const fakeCLI = "DEMO_TEST_CLI"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeCLI); mode != "" {
		os.Exit(fake(mode, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake is a CLI that does nothing, and does that well unless mode says
// otherwise.
func fake(mode string, args []string) int {
	if args[0] == "version" {
		if mode == "stranger" {
			fmt.Println("stranger 1.0")
			return 0
		}
		version := "1.11.0"
		if mode == "old" {
			version = "1.10.9"
		}
		fmt.Printf("{\"platform\": \"linux_amd64\", \"terraform_version\": %q}\n", version)
		return 0
	}
	switch mode {
	case "failing":
		fmt.Fprintln(os.Stderr, "no such provider")
		return 3
	case "leaking":
		fmt.Println("the key is", os.Getenv("TF_VAR_callback_key"))
	case "storing":
		if err := os.WriteFile("terraform.tfstate", []byte(os.Getenv("TF_VAR_callback_key")), 0o600); err != nil {
			return 1
		}
	case "hanging":
		interrupt := make(chan os.Signal, 2)
		signal.Notify(interrupt, os.Interrupt)
		fmt.Println("hanging")
		<-interrupt
		select {
		case <-interrupt:
			fmt.Println("interrupted twice")
		case <-time.After(200 * time.Millisecond):
			fmt.Println("ended in good order")
		}
		return 1
	case "telling":
		for _, variable := range os.Environ() {
			fmt.Println("variable", variable)
		}
		return 1
	}
	return 0
}

// result is what came of a run.
type result struct {
	stdout, stderr string
	err            error
}

// playFake runs the demo with a fake CLI, and makes sure that it leaves nothing
// behind.
func playFake(t *testing.T, mode string) result {
	t.Helper()
	var stdout bytes.Buffer
	got := playTo(t.Context(), t, mode, &stdout)
	got.stdout = stdout.String()
	return got
}

func playTo(ctx context.Context, t *testing.T, mode string, stdout io.Writer) result {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(fakeCLI, mode)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command otherwise
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var stderr bytes.Buffer
	err = run(ctx, []string{"-cli", executable, "-provider", executable}, stdout, &stderr)
	expectEmpty(t, temp)
	return result{stderr: stderr.String(), err: err}
}

func expectEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("%s was left behind", entry.Name())
	}
}

func expectError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q lacks %q", err, text)
		}
	}
}

func TestFailingCLI(t *testing.T) {
	got := playFake(t, "failing")
	expectError(t, got.err, "step 1: ", "exit code 3 instead of 0", "nothing was left behind in ")
	if got.stderr != "no such provider\n" {
		t.Errorf("stderr: %q", got.stderr)
	}
}

func TestIdleCLI(t *testing.T) {
	got := playFake(t, "idle")
	expectError(t, got.err, "step 2: the emulator has had 0 PUTs, 0 GETs so far instead of 0 PUTs, 1 GET")
	if want := "\n== 2. Plan\n"; !strings.Contains(got.stdout, want) {
		t.Errorf("stdout lacks %q:\n%s", want, got.stdout)
	}
}

func TestLeakingCLI(t *testing.T) {
	expectError(t, playFake(t, "leaking").err, "step 1: the output of ", "shows a secret")
}

func TestStoringCLI(t *testing.T) {
	expectError(t, playFake(t, "storing").err, "step 1: the state has a secret in it")
}

func TestOldCLI(t *testing.T) {
	expectError(t, playFake(t, "old").err, "is version 1.10.9", "make demo TF_CLI=bin/tofu")
}

func TestStrangeCLI(t *testing.T) {
	expectError(t, playFake(t, "stranger").err, "does not look like Terraform or OpenTofu")
}

func TestMissingCLI(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	expectError(t, run(t.Context(), []string{"-provider", executable}, io.Discard, io.Discard), "neither terraform nor tofu is on PATH")
	expectError(t, run(t.Context(), []string{"-provider", executable, "-cli", "terrafrom"}, io.Discard, io.Discard), "terrafrom")
}

func TestMissingProvider(t *testing.T) {
	expectError(t, run(t.Context(), []string{"-provider", filepath.Join(t.TempDir(), "none")}, io.Discard, io.Discard), "make build")
	expectError(t, run(t.Context(), []string{"-provider", t.TempDir()}, io.Discard, io.Discard), "make build")
}

func TestCommandLine(t *testing.T) {
	var help bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, &help, io.Discard); err != nil || !strings.Contains(help.String(), "-keep") {
		t.Errorf("help: %v, %q", err, help.String())
	}
	expectError(t, run(t.Context(), []string{"terraform"}, io.Discard, io.Discard), `unexpected argument "terraform"`)
	expectError(t, run(t.Context(), []string{"-quick"}, io.Discard, io.Discard), "-quick")
}

// watcher calls seen as soon as text was written to it.
type watcher struct {
	bytes.Buffer
	text string
	seen func()
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.seen()
	}
	return n, err
}

func needsInterrupts(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no interrupts to send on Windows")
	}
}

func TestInterrupt(t *testing.T) {
	needsInterrupts(t)
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &watcher{text: "hanging", seen: cancel}
	got := playTo(ctx, t, "hanging", stdout)
	expectError(t, got.err, "interrupted\n", "nothing was left behind in ")
	if !strings.Contains(stdout.String(), "ended in good order") {
		t.Errorf("the CLI was not waited for:\n%s", stdout.String())
	}
}

var errFull = errors.New("full")

// full takes what comes before a text.
type full struct{ text string }

func (w full) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.text)) {
		return 0, errFull
	}
	return len(p), nil
}

func TestBrokenOutput(t *testing.T) {
	needsInterrupts(t)
	got := playTo(t.Context(), t, "hanging", full{text: "hanging"})
	if !errors.Is(got.err, errFull) {
		t.Errorf("error %v", got.err)
	}
}

func TestKeep(t *testing.T) {
	temp := t.TempDir()
	kept := filepath.Join(temp, "kept")
	if err := folder(kept).write(); err != nil {
		t.Fatal(err)
	}
	if left, err := cleanUp(kept, true); err != nil || left != "the files were kept in "+kept {
		t.Errorf("%q, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(kept, "work", "main.tf")); err != nil {
		t.Error(err)
	}
	if left, err := cleanUp(kept, false); err != nil || left != "nothing was left behind in "+kept {
		t.Errorf("%q, %v", left, err)
	}
	expectEmpty(t, temp)
}

// The CLI must see nothing that the user has set for another purpose.
func TestEnvironmentOfCLI(t *testing.T) {
	for _, name := range []string{
		"TF_LOG", "TF_IN_AUTOMATION", "TF_DATA_DIR", "TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE", "TF_VAR_callback_url",
		"HW_AUTH_TOKEN", "HW_REGION_NAME", "SPARKRTC_OTHER", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "no_proxy",
	} {
		t.Setenv(name, "leaked")
	}
	for _, name := range []string{"TF_CLI_CONFIG_FILE", "SPARKRTC_ENDPOINT", "HW_SECRET_KEY", "NO_PROXY", "TF_CLI_ARGS"} {
		t.Setenv(name, "overwritten")
	}
	t.Setenv("TFENV_ROOT", "kept")
	stdout := playFake(t, "telling").stdout
	for _, bad := range []string{"leaked", "overwritten"} {
		if strings.Contains(stdout, bad) {
			t.Errorf("a variable was %s:\n%s", bad, stdout)
		}
	}
	for _, want := range []string{
		"TFENV_ROOT=kept\n", "CHECKPOINT_DISABLE=1\n", "NO_PROXY=127.0.0.1\n", "TF_CLI_ARGS=-no-color\n", "SPARKRTC_ENDPOINT=http://127.0.0.1:",
		"HW_ACCESS_KEY=" + emulator.DefaultAccessKey + "\n", "HW_PROJECT_ID=" + emulator.DefaultProjectID + "\n",
	} {
		if !strings.Contains(stdout, "variable "+want) {
			t.Errorf("no variable %q", want)
		}
	}
}

func TestMirror(t *testing.T) {
	dir := t.TempDir()
	provider := filepath.Join(dir, "provider")
	if err := os.WriteFile(provider, []byte("binary"), 0o700); err != nil {
		t.Fatal(err)
	}
	files := folder(filepath.Join(dir, "demo"))
	for platform, name := range map[string]string{
		"linux_amd64":   "terraform-provider-sparkrtc_v0.0.1",
		"windows_amd64": "terraform-provider-sparkrtc_v0.0.1.exe",
	} {
		if err := files.fillMirror(provider, platform); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(files.mirror(), "registry.terraform.io", "sparkrtc", "sparkrtc", "0.0.1", platform, name))
		if err != nil || string(content) != "binary" {
			t.Errorf("%s: %q, %v", platform, content, err)
		}
	}
	if err := files.fillMirror(filepath.Join(dir, "none"), "darwin_arm64"); err == nil {
		t.Error("no error without a provider")
	}
}

func TestCLIConfig(t *testing.T) {
	want := `provider_installation {
  filesystem_mirror {
    path    = "/tmp/a b/mirror"
    include = ["registry.terraform.io/sparkrtc/sparkrtc"]
  }
}
`
	if got := cliConfig("/tmp/a b/mirror"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestIndent(t *testing.T) {
	if got, want := indent("a\n\n  b\n"), "    a\n\n      b\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCheck(t *testing.T) {
	const key, foreignKey = "key-of-the-configuration-00000000", "key-of-somebody-else-000000000000"
	ours := emulator.Callback{URL: callbackURL, AuthKey: key}
	for name, test := range map[string]struct {
		url, key string
		want     step
		get      bool // a request, which is not signed
		err      string
	}{
		"as it should be":  {url: callbackURL, key: key, want: step{callback: ours}},
		"none":             {},
		"other URL":        {url: foreignURL, key: key, want: step{callback: ours}, err: "callback https://elsewhere.example.net/hook with the configured key instead of"},
		"other key":        {url: callbackURL, key: foreignKey, want: step{callback: ours}, err: "with the other key instead of"},
		"no key":           {url: callbackURL, want: step{callback: ours}, err: "with no key instead of"},
		"unknown key":      {url: callbackURL, key: "unknown", want: step{callback: ours}, err: "with an unknown key instead of"},
		"too few requests": {want: step{requests: requests{gets: 1}}, err: "0 PUTs, 0 GETs so far instead of 0 PUTs, 1 GET"},
		"refused request":  {want: step{requests: requests{gets: 1}}, get: true, err: "the emulator answered GET /v2/apps with status 401 APIGW.0301"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout bytes.Buffer
			d := &demo{out: &stdout, api: emulator.New(emulator.Options{}), key: key, foreignKey: foreignKey}
			d.api.AddApp(appID)
			if test.url != "" {
				d.api.SetCallback(appID, test.url, test.key)
			}
			if test.get {
				d.api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/apps", nil))
			}
			err := d.check(test.want)
			if test.err != "" {
				expectError(t, err, test.err)
				if strings.Contains(err.Error(), "key-of-") {
					t.Errorf("error %q shows a key", err)
				}
				return
			}
			if err != nil || !strings.HasPrefix(stdout.String(), "\n-> checked: ") || strings.Contains(stdout.String(), "key-of-") {
				t.Errorf("%v, %q", err, stdout.String())
			}
		})
	}
}

func TestRequests(t *testing.T) {
	for want, n := range map[string]requests{
		"0 PUTs, 0 GETs":                   {},
		"1 PUT, 2 GETs":                    {puts: 1, gets: 2},
		"2 PUTs, 1 GET, 1 other request":   {puts: 2, gets: 1, others: 1},
		"0 PUTs, 0 GETs, 3 other requests": {others: 3},
	} {
		if got := n.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestColor(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if wantsColor(file) || wantsColor(io.Discard) {
		t.Error("colour in what is no terminal")
	}
	// A character device, as a terminal is.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Setenv("NO_COLOR", "")
	if !wantsColor(null) {
		t.Error("no colour in a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if wantsColor(null) {
		t.Error("colour in spite of NO_COLOR")
	}
}

func TestNewKey(t *testing.T) {
	if a, b := newKey(), newKey(); len(a) != 32 || a == b {
		t.Errorf("%q, %q", a, b)
	}
}

func TestAccDemo(t *testing.T) {
	args := accArgs(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), args, &stdout, &stderr); err != nil {
		t.Fatalf("%v\nstdout:\n%s\nstderr:\n%s", err, stdout.String(), stderr.String())
	}
	expectEmpty(t, temp)
	if stderr.Len() > 0 {
		t.Errorf("stderr:\n%s", stderr.String())
	}
	summary := regexp.MustCompile(`\ndemo: passed in \d+ s: 2 PUTs, 6 GETs, no secret in the output or in the state; nothing was left behind in \S+\n$`)
	if !summary.MatchString(stdout.String()) {
		t.Errorf("no summary:\n%s", stdout.String())
	}
}

// The real CLI is interrupted in the middle of an apply.
func TestAccDemoInterrupted(t *testing.T) {
	needsInterrupts(t)
	args := accArgs(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &watcher{text: "Creating...", seen: cancel}
	expectError(t, run(ctx, args, stdout, io.Discard), "interrupted", "nothing was left behind in ")
	expectEmpty(t, temp)
	if strings.Contains(stdout.String(), "== 4. ") {
		t.Errorf("it went on:\n%s", stdout.String())
	}
}

// accArgs builds the provider.
func accArgs(t *testing.T) []string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance test: set TF_ACC=1 (make testacc)")
	}
	provider := filepath.Join(t.TempDir(), providerName)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", provider, "github.com/sparkrtc/terraform-provider-sparkrtc")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"-cli", os.Getenv("TF_ACC_TERRAFORM_PATH"), "-provider", provider}
}
