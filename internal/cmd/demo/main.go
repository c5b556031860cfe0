// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work: it lets a real Terraform or
// OpenTofu plan, apply, repair and destroy a recording callback on the
// emulated SparkRTC API, and checks after each step what the API holds and
// what it was asked. It needs neither an account nor a network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
)

func main() {
	// Otherwise a reader that goes away (make demo | head) would end the
	// program before it has cleaned up.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: failed:", err)
		os.Exit(1)
	}
}

// run plays the demo. Whatever happens, the CLI has ended and its files are
// gone when it returns.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	cfg.color = wantsColor(stdout)

	start := time.Now()
	dir, err := os.MkdirTemp("", "sparkrtc-demo-")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	counts, err := play(ctx, cfg, dir, &output{to: stdout, failed: cancel}, &output{to: stderr, failed: cancel})
	if cause := context.Cause(ctx); cause != nil {
		// What it broke on the way is of no interest.
		err = cause
		if errors.Is(cause, context.Canceled) {
			err = errors.New("interrupted")
		}
	}
	left, removeErr := cleanUp(dir, cfg.keep)
	if err = errors.Join(err, removeErr); err != nil {
		return fmt.Errorf("%w\ndemo: %s", err, left)
	}
	fmt.Fprintf(stdout, "\ndemo: passed in %.0f s: %s, no secret in the output or in the state; %s\n", time.Since(start).Seconds(), counts, left)
	return nil
}

// cleanUp says what it did.
func cleanUp(dir string, keep bool) (string, error) {
	if keep {
		return "the files were kept in " + dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "files were left behind in " + dir, err
	}
	return "nothing was left behind in " + dir, nil
}

// config is what the command line says.
type config struct {
	cli      string // absolute
	provider string
	keep     bool
	color    bool
}

// parse reads the command line. Help goes to out, with flag.ErrHelp as error.
func parse(args []string, out io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {
		flags.SetOutput(out)
		fmt.Fprintln(out, "Usage: demo [flags]")
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.cli, "cli", "", "`path` of terraform or tofu (default: the first of the two that is on PATH)")
	flags.StringVar(&cfg.provider, "provider", filepath.Join("bin", providerName), "`path` of the provider's binary")
	flags.BoolVar(&cfg.keep, "keep", false, "keep the files: configuration, state and plans")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if info, err := os.Stat(cfg.provider); err != nil || !info.Mode().IsRegular() {
		return cfg, fmt.Errorf("there is no provider at %s; build it with: make build", cfg.provider)
	}
	path, err := cli.Find(cfg.cli)
	if err != nil {
		return cfg, err
	}
	// It will be started in another folder.
	cfg.cli, err = filepath.Abs(path)
	return cfg, err
}
