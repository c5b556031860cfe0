// SPDX-License-Identifier: MPL-2.0

//go:build unix

package cli

import (
	"os"
	"os/exec"
	"syscall"
)

// separate keeps Ctrl-C in a terminal from reaching the CLI directly. It would
// get two interrupts then, and the second one makes it give up at once.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
}

// killRest ends what the CLI has started and left running, such as a provider.
func killRest(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // most often there is nothing left
	}
}
