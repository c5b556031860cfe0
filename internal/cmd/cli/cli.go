// SPDX-License-Identifier: MPL-2.0

// Package cli runs Terraform or OpenTofu for the programs beside it: with
// nothing of what the user has set for other purposes, and so that nothing is
// left running when it is interrupted.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience is how long the CLI may take to end once it was interrupted.
const patience = 30 * time.Second

// Find returns the CLI of a name or path; without one, the first that is on
// PATH.
func Find(name string) (string, error) {
	if name != "" {
		return exec.LookPath(name)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither terraform nor tofu is on PATH; name one of them with -cli")
}

// Command returns a command for Run, which asks it to end when ctx ends.
func Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // the user names it
	cmd.WaitDelay = patience
	separate(cmd)
	return cmd
}

// Run runs a command until it ends. An exit code is no error.
func Run(ctx context.Context, cmd *exec.Cmd) (exit int, err error) {
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
		return 0, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	return 0, nil
}

// foreign is how variables begin that would change what the CLI or the provider
// does; with "=" it is a whole name. Upper and lower case are one.
var foreign = []string{
	"TF_", "HW_", "HUAWEICLOUD_", "SPARKRTC_", "CHECKPOINT_",
	"HTTP_PROXY=", "HTTPS_PROXY=", "ALL_PROXY=", "NO_PROXY=",
}

// Environment is the user's, without what would change the outcome, and with
// the given variables.
func Environment(user []string, own map[string]string) []string {
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
