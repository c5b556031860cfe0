// SPDX-License-Identifier: MPL-2.0

// Command meter stands in a provider's place and starts it: the CLI waits for
// its providers and tells nobody what they took, and whoever starts a process
// is told. It adds a line of JSON to a file when the provider has ended.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "meter:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// reading is what the bench reads.
type reading struct {
	CPU  time.Duration `json:"cpu"`
	Peak int64         `json:"peak"` // in bytes; 0 where it is not known
}

func run() (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	// The provider lies in a folder beside this one, under its own name.
	provider := exec.Command(filepath.Join(filepath.Dir(self), "metered", filepath.Base(self)), os.Args[1:]...) //nolint:gosec,noctx // as the CLI starts it
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	signal.Ignore(os.Interrupt) // as providers do: the CLI says when to end
	err = provider.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return 0, err
	}
	state := provider.ProcessState
	line, err := json.Marshal(reading{CPU: state.UserTime() + state.SystemTime(), Peak: peak(state)})
	if err != nil {
		return 0, err
	}
	file, err := os.OpenFile(os.Getenv("BENCH_METER"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // the bench names it
	if err != nil {
		return 0, err
	}
	_, err = file.Write(append(line, '\n'))
	return state.ExitCode(), errors.Join(err, file.Close())
}
