// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long the CLI may take to end once it was interrupted.
const patience = 30 * time.Second

// cli is Terraform or OpenTofu.
type cli struct {
	path           string
	dir            string // to run in
	env            []string
	stdout, stderr io.Writer
}

// name is what a user would type.
func (c *cli) name() string {
	return strings.TrimSuffix(filepath.Base(c.path), ".exe")
}

// run shows what the CLI prints, and returns it too, with the exit code.
func (c *cli) run(ctx context.Context, args ...string) (printed string, exit int, err error) {
	var stdout, stderr bytes.Buffer
	exit, err = c.start(ctx, io.MultiWriter(c.stdout, &stdout), io.MultiWriter(c.stderr, &stderr), args)
	return stdout.String() + stderr.String(), exit, err
}

// platform asks the CLI which platform it takes providers for: that of its own
// binary, which need not be that of this program.
func (c *cli) platform(ctx context.Context) (string, error) {
	var stdout bytes.Buffer
	exit, err := c.start(ctx, &stdout, c.stderr, []string{"version", "-json"})
	if err != nil {
		return "", err
	}
	var version struct {
		Platform string `json:"platform"`
	}
	err = json.Unmarshal(stdout.Bytes(), &version)
	if exit != 0 || err != nil || version.Platform == "" {
		return "", fmt.Errorf("%s does not look like Terraform or OpenTofu: version -json ended with exit code %d and named no platform", c.path, exit)
	}
	return version.Platform, nil
}

// start runs the CLI until it ends, which it is asked to do when ctx ends. An
// exit code is no error.
func (c *cli) start(ctx context.Context, stdout, stderr io.Writer, args []string) (exit int, err error) {
	cmd := exec.CommandContext(ctx, c.path, args...) //nolint:gosec // the user names it
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = patience
	separate(cmd)
	err = cmd.Run()
	if ctx.Err() != nil {
		killRest(cmd)
		return 0, ctx.Err()
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.Exited() {
		return failed.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.path, err)
	}
	return 0, nil
}

// foreign is how variables begin that would change what the CLI or the provider
// does; with "=" it is a whole name. Upper and lower case are one.
var foreign = []string{
	"TF_", "HW_", "SPARKRTC_", "CHECKPOINT_",
	"HTTP_PROXY=", "HTTPS_PROXY=", "ALL_PROXY=", "NO_PROXY=",
}

// environment is the user's, without what would change the outcome, and with
// the given variables.
func environment(user []string, own map[string]string) []string {
	var env []string
	for _, variable := range user {
		upper := strings.ToUpper(variable)
		if !slices.ContainsFunc(foreign, func(start string) bool { return strings.HasPrefix(upper, start) }) {
			env = append(env, variable)
		}
	}
	for name, value := range own {
		env = append(env, name+"="+value)
	}
	return env
}
