// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	firstURL  = "https://recordings.example.com/sparkrtc"
	secondURL = "https://recordings.example.com/moved"
	authKey   = "callback-key-of-the-bench-0123456789"
)

// contender is one of those that are compared.
type contender struct {
	name      string
	config    string            // of n resources, with variables n, url and auth_key
	env       map[string]string // beside the endpoint
	asks      bool              // the API
	unmetered bool              // has no process of its own
}

var (
	ours = contender{
		name: "sparkrtc", asks: true,
		config: resources(oursSource, "sparkrtc"),
		env: map[string]string{
			"HW_ACCESS_KEY": emulator.DefaultAccessKey, "HW_SECRET_KEY": emulator.DefaultSecretKey, "HW_PROJECT_ID": emulator.DefaultProjectID,
			"SPARKRTC_CLEAR_TEXT_KEY_WARNING": "false",
		},
	}
	oursWithToken = contender{
		name: "sparkrtc, token", asks: true, config: ours.config,
		env: map[string]string{"HW_AUTH_TOKEN": emulator.DefaultToken, "HW_PROJECT_ID": emulator.DefaultProjectID, "SPARKRTC_CLEAR_TEXT_KEY_WARNING": "false"},
	}
	floor = contender{name: "floor", config: resources(floorSource, "floor")}

	builtIn = contender{name: "terraform_data", unmetered: true, config: variables + `
resource "terraform_data" "main" {
  count = var.n
  input = {
    app_id   = format("` + appIDFormat + `", count.index)
    url      = var.url
    auth_key = var.auth_key
  }
}
`}
)

const variables = `
variable "n" {
  type = number
}

variable "url" {
  type = string
}

variable "auth_key" {
  type      = string
  sensitive = true
}
`

// resources is the same configuration for both providers.
func resources(source, name string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    %[2]s = {
      source = %[1]q
    }
  }
}
%[3]s
resource "%[2]s_record_callback" "main" {
  count    = var.n
  app_id   = format(%[4]q, count.index)
  url      = var.url
  auth_key = var.auth_key
}
`, source, name, variables, appIDFormat)
}

// step is a run of the CLI that is measured.
type step struct {
	name string
	args []string
	url  string // of all callbacks, then
}

const (
	applyStep  = "apply"
	planStep   = "no-op plan"
	updateStep = "update of all"
)

var (
	allSteps = []step{
		{applyStep, []string{"apply", "-auto-approve"}, firstURL},
		{planStep, []string{"plan", "-detailed-exitcode"}, firstURL}, // exit code 0: nothing to do
		{updateStep, []string{"apply", "-auto-approve"}, secondURL},
	}
	firstSteps = allSteps[:2]
)

// sample is what one step took.
type sample struct {
	wall        time.Duration
	providerCPU time.Duration
	cliCPU      time.Duration // 0 where it is not known
	peak        int64         // of the largest of its processes; 0 where it is not known
	traffic
}

// turn measures the steps of a contender, one after another, in a new folder
// and with a new cloud.
func (b *bench) turn(ctx context.Context, c contender, n int, w weather, steps []step) ([]sample, error) {
	dir, err := os.MkdirTemp(b.dir, "turn-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(c.config), 0o600); err != nil {
		return nil, err
	}
	api, err := newCloud(ctx, n, w)
	if err != nil {
		return nil, err
	}
	defer api.close()

	var samples []sample
	for _, s := range steps {
		got, err := b.take(ctx, c, api, dir, n, s)
		if err == nil && c.asks {
			err = api.expect(n, s.url)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %d, %s: %w", s.name, n, c.name, err)
		}
		samples = append(samples, got)
	}
	return samples, nil
}

// take measures a step.
func (b *bench) take(ctx context.Context, c contender, api *cloud, dir string, n int, s step) (sample, error) {
	readings := filepath.Join(dir, "meter")
	env := map[string]string{
		"TF_CLI_CONFIG_FILE": b.cliConfig(), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "NO_PROXY": "127.0.0.1",
		"SPARKRTC_ENDPOINT": api.endpoint, "BENCH_METER": readings,
		"TF_VAR_n": fmt.Sprint(n), "TF_VAR_url": s.url, "TF_VAR_auth_key": authKey,
	}
	maps.Copy(env, c.env)
	var output bytes.Buffer
	command := cli.Command(ctx, b.cli, append(s.args, "-input=false", "-no-color")...)
	command.Dir, command.Env = dir, cli.Environment(os.Environ(), env)
	command.Stdout, command.Stderr = &output, &output

	start := time.Now()
	exit, err := cli.Run(ctx, command)
	wall := time.Since(start)
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d\n%s", exit, output.String())
	}
	if err != nil {
		return sample{}, err
	}
	got := sample{wall: wall}
	meter, err := readMeter(readings)
	if err != nil {
		return sample{}, err
	}
	if meter.processes == 0 && !c.unmetered {
		return sample{}, errors.New("no process of the provider was measured")
	}
	got.providerCPU, got.peak = meter.cpu, meter.peak
	// Of a process that has ended, Unix tells with it what those took that it
	// had started and waited for.
	if runtime.GOOS != "windows" {
		got.cliCPU = command.ProcessState.UserTime() + command.ProcessState.SystemTime() - meter.cpu
	}
	got.traffic, err = api.traffic()
	return got, err
}

// metered is what the providers of one run of the CLI took.
type metered struct {
	processes int
	cpu       time.Duration // of all together
	peak      int64         // of the largest
}

// readMeter reads what the meters wrote, and removes it.
func readMeter(name string) (metered, error) {
	var sum metered
	file, err := os.Open(name) //nolint:gosec // it is the bench's own
	if errors.Is(err, fs.ErrNotExist) {
		return sum, nil
	}
	if err != nil {
		return sum, err
	}
	defer os.Remove(name)
	defer file.Close()
	lines := json.NewDecoder(file)
	for lines.More() {
		var reading struct {
			CPU  time.Duration
			Peak int64
		}
		if err := lines.Decode(&reading); err != nil {
			return sum, fmt.Errorf("the meter's file: %w", err)
		}
		sum.processes++
		sum.cpu += reading.CPU
		sum.peak = max(sum.peak, reading.Peak)
	}
	return sum, nil
}

// version is what the CLI says of itself.
func (b *bench) version(ctx context.Context) (string, error) {
	var stdout bytes.Buffer
	command := cli.Command(ctx, b.cli, "version", "-json")
	command.Dir, command.Env, command.Stdout = b.dir, cli.Environment(os.Environ(), map[string]string{"CHECKPOINT_DISABLE": "1"}), &stdout
	exit, err := cli.Run(ctx, command)
	if err != nil {
		return "", err
	}
	var version struct {
		Number string `json:"terraform_version"` // of OpenTofu too
	}
	if err := json.Unmarshal(stdout.Bytes(), &version); exit != 0 || err != nil || version.Number == "" {
		return "", fmt.Errorf("%s does not look like Terraform or OpenTofu: version -json ended with exit code %d and named no version", b.cli, exit)
	}
	return filepath.Base(b.cli) + " " + version.Number, nil
}
