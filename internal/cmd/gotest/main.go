// SPDX-License-Identifier: MPL-2.0

// The command gotest runs go test with the given arguments, prints what it
// would print, and counts: how many tests were run, were skipped and why, and
// failed. A suite that skips what it can't run looks like one that passed.
//
//	gotest ARGUMENTS OF GO TEST
//	gotest -skip REASON ARGUMENTS OF GO TEST
//
// With -skip no test is run: all that would be are counted as skipped, for that
// reason. That is no failure, unless CI is set in the environment, where nobody
// looks at what was skipped.
//
// A test that has subtests counts as these. One that was skipped isn't counted
// as run, and one that failed is.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

const (
	failed = 1 // exit codes
	usage  = 2
)

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer, getenv func(string) string) int {
	if len(arguments) > 0 && arguments[0] == "-skip" {
		if len(arguments) < 2 || strings.TrimSpace(arguments[1]) == "" {
			_, _ = fmt.Fprintln(stderr, "gotest: -skip needs a reason: gotest -skip REASON ARGUMENTS OF GO TEST")
			return usage
		}
		return skipAll(ctx, arguments[1], arguments[2:], stdout, stderr, getenv)
	}
	return test(ctx, arguments, stdout, stderr)
}

// test runs the tests. It ends as go test does, but never well if a test failed.
func test(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	command := goTest(ctx, append([]string{"-json"}, arguments...))
	command.Stderr = stderr
	pipe, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "gotest: go test can't be started: %v\n", err)
		return failed
	}
	r := report{out: stdout, verbose: slices.ContainsFunc(arguments, isVerbose)}
	readErr := r.read(pipe)
	if readErr != nil {
		_, _ = fmt.Fprintf(stderr, "gotest: the output of go test can't be read: %v\n", readErr)
		_, _ = io.Copy(io.Discard, pipe)
	}
	err = command.Wait()
	counted := r.finish()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "gotest: %v\n", err)
		return failed
	case readErr != nil, counted.failed > 0:
		return failed
	}
	return 0
}

func isVerbose(argument string) bool {
	return slices.Contains([]string{"-v", "-v=true", "-test.v", "-test.v=true", "--v"}, argument)
}

// skipAll lists the tests that the arguments name.
func skipAll(ctx context.Context, reason string, arguments []string, stdout, stderr io.Writer, getenv func(string) string) int {
	// -list takes the pattern that -run would, and is of whole tests.
	pattern := "^(Test|Example|Fuzz)"
	var rest []string
	for i := 0; i < len(arguments); i++ {
		name, value, joined := strings.Cut(arguments[i], "=")
		if name != "-run" {
			rest = append(rest, arguments[i])
			continue
		}
		if !joined && i+1 < len(arguments) {
			i++
			value = arguments[i]
		}
		pattern, _, _ = strings.Cut(value, "/")
	}
	var listed bytes.Buffer
	command := goTest(ctx, append([]string{"-list", pattern}, rest...))
	command.Stdout, command.Stderr = &listed, stderr
	if err := command.Run(); err != nil {
		_, _ = fmt.Fprintf(stderr, "%sgotest: the tests can't be listed: %v\n", listed.String(), err)
		return failed
	}
	var c counts
	lines := bufio.NewScanner(&listed)
	for lines.Scan() {
		if name := lines.Text(); isTest(name) {
			c.skipped++
		}
	}
	_, _ = fmt.Fprintf(stdout, "skipped: %s\n%s\n", reason, c)
	if ci := getenv("CI"); ci != "" && ci != "false" && ci != "0" {
		_, _ = fmt.Fprintln(stderr, "gotest: CI is set, and in CI nothing may be left out")
		return failed
	}
	return 0
}

func isTest(line string) bool {
	return !strings.ContainsAny(line, " \t") && slices.ContainsFunc([]string{"Test", "Example", "Fuzz"}, func(start string) bool { return strings.HasPrefix(line, start) })
}

// goTest is asked to end, not killed, when ctx ends: go test prints what it has.
func goTest(ctx context.Context, arguments []string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", append([]string{"test"}, arguments...)...) //nolint:gosec // arguments are what it is for
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	return command
}
