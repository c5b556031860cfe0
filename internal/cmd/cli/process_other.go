// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package cli

import "os/exec"

// separate leaves the interrupt to the console, which sends it to the CLI too.
func separate(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return nil }
}

func killRest(*exec.Cmd) {}
