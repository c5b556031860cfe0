// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
)

// terraform is Terraform or OpenTofu.
type terraform struct {
	path           string
	dir            string // to run in
	env            []string
	stdout, stderr io.Writer
}

// name is what a user would type.
func (c *terraform) name() string {
	return strings.TrimSuffix(filepath.Base(c.path), ".exe")
}

// run shows what the CLI prints, and returns it too, with the exit code.
func (c *terraform) run(ctx context.Context, args ...string) (printed string, exit int, err error) {
	var stdout, stderr bytes.Buffer
	exit, err = c.start(ctx, io.MultiWriter(c.stdout, &stdout), io.MultiWriter(c.stderr, &stderr), args)
	return stdout.String() + stderr.String(), exit, err
}

// platform asks the CLI which platform it takes providers for: that of its own
// binary, which need not be that of this program. One that is too old is refused.
func (c *terraform) platform(ctx context.Context) (string, error) {
	var stdout bytes.Buffer
	exit, err := c.start(ctx, &stdout, c.stderr, []string{"version", "-json"})
	if err != nil {
		return "", err
	}
	var version struct {
		Platform string `json:"platform"`
		Version  string `json:"terraform_version"` // OpenTofu calls it so too
	}
	err = json.Unmarshal(stdout.Bytes(), &version)
	if exit != 0 || err != nil || version.Platform == "" {
		return "", fmt.Errorf("%s does not look like Terraform or OpenTofu: version -json ended with exit code %d and named no platform", c.path, exit)
	}
	var major, minor int
	if _, err := fmt.Sscanf(version.Version, "%d.%d", &major, &minor); err == nil && major == 1 && minor < 11 {
		return "", fmt.Errorf("%s is version %s, and the demo shows write-only keys, which Terraform and OpenTofu have from 1.11 on; "+
			"to use another one: make demo TF_CLI=bin/tofu, which builds OpenTofu", c.path, version.Version)
	}
	return version.Platform, nil
}

// start runs the CLI until it ends, which it is asked to do when ctx ends. An
// exit code is no error.
func (c *terraform) start(ctx context.Context, stdout, stderr io.Writer, args []string) (exit int, err error) {
	cmd := cli.Command(ctx, c.path, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cli.Run(ctx, cmd)
}
