// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	appID       = "5ff9701f2346968bb306cb43"
	callbackURL = "https://recordings.example.com/sparkrtc"
)

// hosts are where the CLIs look for a provider whose source names no host. The
// mirror has the archives under both, as both registries will.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// installer is Terraform or OpenTofu.
type installer struct {
	path, name string
	platform   string // such as linux_amd64
	host       string
	output     io.Writer

	dir string // to run in
	env []string
}

func (c installer) source() string { return c.host + "/sparkrtc/sparkrtc" }

// newInstaller asks a CLI what it is.
func newInstaller(ctx context.Context, path string, stderr io.Writer) (installer, error) {
	c := installer{path: path, host: hosts[0], output: stderr, env: environment(os.Environ(), map[string]string{"TF_CLI_CONFIG_FILE": os.DevNull})}
	printed, err := c.run(ctx, "version")
	if err != nil {
		return c, err
	}
	c.name, _, _ = strings.Cut(strings.TrimSpace(printed), "\n")
	if strings.HasPrefix(c.name, "OpenTofu") {
		c.host = hosts[1]
	}
	if printed, err = c.run(ctx, "version", "-json"); err != nil {
		return c, err
	}
	var version struct{ Platform string }
	if err := json.Unmarshal([]byte(printed), &version); err != nil || version.Platform == "" {
		return c, fmt.Errorf("%s names no platform: %s", path, printed)
	}
	c.platform = version.Platform
	return c, nil
}

// run returns what is printed to standard output. All of it is shown if the
// CLI fails.
func (c installer) run(ctx context.Context, args ...string) (string, error) {
	stdout, all, err := c.try(ctx, args...)
	if err != nil {
		fmt.Fprintln(c.output, all)
		return "", fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return stdout, nil
}

func (c installer) try(ctx context.Context, args ...string) (stdout, all string, err error) {
	var out, both bytes.Buffer
	cmd := cli.Command(ctx, c.path, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &both), &both
	exit, err := cli.Run(ctx, cmd)
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d", exit)
	}
	return out.String(), both.String(), err
}

// environment is the user's, without what would change the outcome, with what
// all runs have, and with the given variables.
func environment(user []string, own map[string]string) []string {
	env := append(cli.Environment(user, nil), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")
	return append(env, cli.Environment(nil, own)...)
}

// install lets the CLI install the snapshot as a user's would, from archives
// and without an override, and apply with it. It returns the User-Agent that
// the API saw.
func install(ctx context.Context, c installer, s snapshot, dir string) (string, error) {
	mirror := filepath.Join(dir, "mirror")
	for _, host := range hosts {
		for _, platform := range s.platforms {
			to := filepath.Join(mirror, host, "sparkrtc", "sparkrtc", s.name(platform+".zip"))
			if err := copyFile(to, s.zip(platform)); err != nil {
				return "", err
			}
		}
	}
	api := emulator.New(emulator.Options{})
	defer api.Close()
	api.AddApp(appID)
	endpoint, stop, err := serve(ctx, api)
	if err != nil {
		return "", err
	}
	defer stop()

	key := rand.Text() + rand.Text()
	c.dir = filepath.Join(dir, "work")
	config := filepath.Join(dir, "cli.tfrc")
	c.env = environment(os.Environ(), map[string]string{
		"TF_CLI_CONFIG_FILE":  config,
		"TF_VAR_callback_key": key,
		"SPARKRTC_ENDPOINT":   endpoint,
		"HW_ACCESS_KEY":       emulator.DefaultAccessKey,
		"HW_SECRET_KEY":       emulator.DefaultSecretKey,
		"HW_PROJECT_ID":       emulator.DefaultProjectID,
		"NO_PROXY":            "127.0.0.1",
	})
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", err
	}
	// The mirror is the one place that providers come from.
	tfrc := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror))
	if err := os.WriteFile(config, []byte(tfrc), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(c.dir, "main.tf"), []byte(configuration(s.version)), 0o600); err != nil {
		return "", err
	}
	if err := c.initialise(ctx, s, mirror); err != nil {
		return "", err
	}
	if err := c.apply(ctx, api, key); err != nil {
		return "", err
	}
	if err := c.refuse(ctx, s, mirror); err != nil {
		return "", err
	}
	return agent(api, s.version)
}

// serve serves until stop is called.
func serve(ctx context.Context, handler http.Handler) (endpoint string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = web.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String(), func() { _ = web.Close() }, nil
}

// configuration is what a user would write. A snapshot counts as a version
// before a release, which only an exact constraint takes.
func configuration(version string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    sparkrtc = {
      source  = "sparkrtc/sparkrtc"
      version = "= %s"
    }
  }
}

provider "sparkrtc" {}

variable "callback_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "sparkrtc_record_callback" "main" {
  app_id              = %q
  url                 = %q
  auth_key_wo         = var.callback_key
  auth_key_wo_version = 1
}
`, version, appID, callbackURL)
}

// initialise installs, and checks what was installed and locked.
func (c installer) initialise(ctx context.Context, s snapshot, mirror string) error {
	if _, err := c.run(ctx, "init"); err != nil {
		return err
	}
	installed := filepath.Join(c.dir, ".terraform", "providers", filepath.FromSlash(c.source()), s.version, c.platform)
	info, err := os.Lstat(installed)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is a %v: nothing was unpacked", installed, info.Mode())
	}
	binary, err := os.ReadFile(filepath.Join(installed, s.binary(c.platform))) //nolint:gosec // it was just installed
	if err != nil {
		return err
	}
	if err := same(binary, s.zip(c.platform), s.binary(c.platform)); err != nil {
		return err
	}
	if err := c.locked(s, c.platform); err != nil {
		return fmt.Errorf("after init: %w", err)
	}

	// A team has other platforms, too: their archives are locked by reading them.
	args := []string{"providers", "lock", "-fs-mirror=" + mirror}
	for _, platform := range s.platforms {
		args = append(args, "-platform="+platform)
	}
	if _, err := c.run(ctx, args...); err != nil {
		return err
	}
	if err := c.locked(s, s.platforms...); err != nil {
		return fmt.Errorf("after providers lock: %w", err)
	}
	_, err = c.run(ctx, "init", "-lockfile=readonly")
	return err
}

func same(binary []byte, archive, name string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, file := range reader.File {
		if file.Name != name {
			continue
		}
		content, err := read(file)
		if err == nil && !bytes.Equal(content, binary) {
			err = errors.New("what was installed is not what is in the archive")
		}
		return err
	}
	return fmt.Errorf("%s is not in the archive", name)
}

// locked checks that the lock file has the version, and the hashes of these
// platforms.
func (c installer) locked(s snapshot, platforms ...string) error {
	content, err := os.ReadFile(filepath.Join(c.dir, ".terraform.lock.hcl"))
	if err != nil {
		return err
	}
	want := []string{fmt.Sprintf("provider %q {", c.source())}
	for _, platform := range platforms {
		hash, err := h1(s.zip(platform))
		if err != nil {
			return err
		}
		want = append(want, hash)
	}
	want = append(want, fmt.Sprintf("version     = %q", s.version))
	for _, text := range want {
		if !strings.Contains(string(content), text) {
			return fmt.Errorf("the lock file lacks %s:\n%s", text, content)
		}
	}
	return nil
}

// apply sets a callback, and checks that it is set as planned and stays so.
func (c installer) apply(ctx context.Context, api *emulator.Server, key string) error {
	if _, err := c.run(ctx, "plan", "-input=false", "-out=saved.tfplan"); err != nil {
		return err
	}
	// Ephemeral values are not in the plan.
	if _, err := c.run(ctx, "apply", "-input=false", "saved.tfplan"); err != nil {
		return err
	}
	got, _ := api.Callback(appID)
	if got.URL != callbackURL || got.AuthKey != key {
		return fmt.Errorf("the API has %q with a key of %d characters, not %q with one of %d", got.URL, len(got.AuthKey), callbackURL, len(key))
	}
	shown, err := c.run(ctx, "show", "-json")
	if err != nil {
		return err
	}
	if err := checkState(shown, key); err != nil {
		return err
	}
	// Exit code 2 would tell that there is something to do.
	_, err = c.run(ctx, "plan", "-input=false", "-detailed-exitcode")
	return err
}

func checkState(shown, key string) error {
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(shown), &state); err != nil {
		return fmt.Errorf("show -json: %w", err)
	}
	resources := state.Values.RootModule.Resources
	if len(resources) != 1 || resources[0].Address != "sparkrtc_record_callback.main" {
		return fmt.Errorf("the state has other resources: %s", shown)
	}
	want := map[string]any{"app_id": appID, "url": callbackURL, "auth_key": nil, "auth_key_wo": nil, "auth_key_wo_version": 1.0}
	for name, value := range want {
		if got := resources[0].Values[name]; got != value {
			return fmt.Errorf("%s in the state is %v, not %v", name, got, value)
		}
	}
	if strings.Contains(shown, key) {
		return errors.New("the key is in the state")
	}
	return nil
}

// refuse puts another archive into the mirror, and checks that the CLI doesn't
// install it.
func (c installer) refuse(ctx context.Context, s snapshot, mirror string) error {
	path := filepath.Join(mirror, filepath.FromSlash(c.source()), s.name(c.platform+".zip"))
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	file, err := archive.Create(s.binary(c.platform))
	if err != nil {
		return err
	}
	if _, err := io.WriteString(file, "not what was built"); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(c.dir, ".terraform")); err != nil {
		return err
	}
	_, printed, err := c.try(ctx, "init")
	if err == nil || !strings.Contains(strings.Join(strings.Fields(printed), " "), "checksums") {
		return fmt.Errorf("a changed archive was not refused for its checksum (%w):\n%s", err, printed)
	}
	return nil
}

// agent checks that each request names the version.
func agent(api *emulator.Server, version string) (string, error) {
	var agents []string
	for _, request := range api.Requests() {
		agents = append(agents, request.Header.Get("User-Agent"))
	}
	slices.Sort(agents)
	agents = slices.Compact(agents)
	if len(agents) != 1 || !strings.HasPrefix(agents[0], project+"/"+version+" ") {
		return "", fmt.Errorf("the API was asked by %q", agents)
	}
	return agents[0], nil
}
