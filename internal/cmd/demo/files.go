// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	providerName = "terraform-provider-sparkrtc"

	// The host is spelled out, since OpenTofu would put its own there.
	providerSource = "registry.terraform.io/sparkrtc/sparkrtc"

	// The configuration asks for none, so any will do but 0.0.0, which the CLI
	// takes for no version.
	providerVersion = "0.0.1"
)

// configuration is what a user would write.
var configuration = fmt.Sprintf(`terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    sparkrtc = {
      source = %q
    }
  }
}

# Endpoint and credentials come from the environment.
provider "sparkrtc" {}

variable "callback_url" {
  type    = string
  default = %q
}

variable "callback_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "sparkrtc_record_callback" "main" {
  app_id              = %q
  url                 = var.callback_url
  auth_key_wo         = var.callback_key # stored neither in the state nor in a plan
  auth_key_wo_version = 1
}
`, providerSource, callbackURL, appID)

// folder is where the CLI finds all it needs and leaves all it makes.
type folder string

func (f folder) work() string      { return filepath.Join(string(f), "work") }
func (f folder) mirror() string    { return filepath.Join(string(f), "mirror") }
func (f folder) state() string     { return filepath.Join(f.work(), "terraform.tfstate") }
func (f folder) cliConfig() string { return filepath.Join(string(f), "cli.tfrc") }

// write writes the configurations of user and CLI.
func (f folder) write() error {
	if err := os.MkdirAll(f.work(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(f.cliConfig(), []byte(cliConfig(f.mirror())), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.work(), "main.tf"), []byte(configuration), 0o600)
}

// fillMirror puts the provider where the CLI installs from, for a platform
// such as linux_amd64.
func (f folder) fillMirror(provider, platform string) error {
	name := providerName + "_v" + providerVersion
	if strings.HasPrefix(platform, "windows_") {
		name += ".exe"
	}
	dir := filepath.Join(f.mirror(), filepath.FromSlash(providerSource), providerVersion, platform)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return copyFile(filepath.Join(dir, name), provider)
}

// cliConfig makes the mirror the one place that providers come from.
func cliConfig(mirror string) string {
	return fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%q]
  }
}
`, filepath.ToSlash(mirror), providerSource)
}

func copyFile(to, from string) error {
	in, err := os.Open(from) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700) //nolint:gosec // it is run
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// indent sets a text apart from what is around it.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}
