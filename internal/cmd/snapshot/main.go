// SPDX-License-Identifier: MPL-2.0

// Command snapshot builds what a release would be, from the files as they are,
// and tries it: it looks into each archive, builds all of it once more
// elsewhere, to the same bytes, and lets Terraform and OpenTofu install it
// with init and apply with it, on the emulated SparkRTC API. It needs neither
// an account nor a network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	project  = "terraform-provider-sparkrtc"
	manifest = "terraform-registry-manifest.json"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "snapshot: FAILED:", err)
		os.Exit(1)
	}
}

// config is what the command line says.
type config struct {
	tools     string   // folder of goreleaser and cyclonedx-gomod
	platforms []string // none for all
	clis      []string
	again     bool
	cold      bool
}

func parse(args []string, stdout io.Writer) (config, error) {
	flags := flag.NewFlagSet("snapshot", flag.ContinueOnError)
	flags.SetOutput(stdout)
	var cfg config
	var platforms string
	flags.StringVar(&cfg.tools, "tools", "bin", "`folder` of goreleaser and cyclonedx-gomod")
	flags.StringVar(&platforms, "platforms", "", "build for these only, such as linux_amd64,darwin_arm64; \"host\" is this one")
	flags.BoolVar(&cfg.again, "again", true, "build a second time and compare")
	flags.BoolVar(&cfg.cold, "cold", false, "without Go's cache the second time, which takes minutes for each platform")
	flags.Func("cli", "Terraform or OpenTofu to install with; may be given several times", func(path string) error {
		cfg.clis = append(cfg.clis, path)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("%q is one argument too many", flags.Arg(0))
	}
	for platform := range strings.FieldsFuncSeq(platforms, func(r rune) bool { return r == ',' || r == ' ' }) {
		if platform == "host" {
			platform = runtime.GOOS + "_" + runtime.GOARCH
		}
		if !slices.Contains(cfg.platforms, platform) {
			cfg.platforms = append(cfg.platforms, platform)
		}
	}
	return cfg, nil
}

// run makes, checks and installs a snapshot. Files and programs that it needs
// on the way are gone when it returns; dist/ stays.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	cfg, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	start := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(stdout, "[%3.0f s] "+format+"\n", append([]any{time.Since(start).Seconds()}, args...)...)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	if cfg.tools, err = filepath.Abs(cfg.tools); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "sparkrtc-snapshot-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()

	key, done, err := newKey(ctx, filepath.Join(temp, "gnupg"))
	if err != nil {
		return err
	}
	defer done()
	if key == nil {
		say("there is no gpg: the sums are NOT signed, and that they can be is not checked")
	}

	say("building %s", cfg.what())
	first := build{dir: root, tools: cfg.tools, platforms: cfg.platforms, key: key, output: stderr}
	if err := first.run(ctx, temp); err != nil {
		return err
	}
	expected, err := expect(ctx, first)
	if err != nil {
		return err
	}
	if err := expected.check(ctx); err != nil {
		return fmt.Errorf("dist: %w", err)
	}
	say("version %s: %d archives with their SBOMs, sums and manifest are as they should be", expected.version, len(expected.platforms))
	if key != nil {
		if err := key.verify(ctx, expected.sums()); err != nil {
			return err
		}
		say("the signature of the sums is an RSA one, not armoured, and good (with a key made up for this)")
	}

	if cfg.again {
		where := "another folder, time zone and umask"
		if cfg.cold {
			where += ", without Go's cache"
		}
		say("building it again in %s", where)
		same, err := rebuild(ctx, first, temp, cfg.cold)
		if err != nil {
			return err
		}
		say("all %d files have the same sums", same)
	}

	for _, path := range cfg.clis {
		if _, err := exec.LookPath(path); err != nil {
			say("%s isn't there: NOT installed with it", path)
			continue
		}
		if path, err = absolute(path); err != nil {
			return err
		}
		cli, err := newInstaller(ctx, path, stderr)
		if err != nil {
			return err
		}
		if !slices.Contains(expected.platforms, cli.platform) {
			say("%s is for %s, which was not built: NOT installed with it", cli.name, cli.platform)
			continue
		}
		dir, err := os.MkdirTemp(temp, "install-")
		if err != nil {
			return err
		}
		agent, err := install(ctx, cli, expected, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", cli.name, err)
		}
		say("%s installed it from a mirror as %s, locked it, set a callback with it and planned clean; a changed archive was refused", cli.name, cli.source())
		say("the API was asked by %s", agent)
	}
	say("passed; dist/ has the files")
	return nil
}

func (c config) what() string {
	if c.platforms == nil {
		return "all platforms; from a cold cache that takes a minute or so for each"
	}
	return strings.Join(c.platforms, ", ")
}

// absolute leaves a name to be looked up on the PATH.
func absolute(path string) (string, error) {
	if !strings.ContainsRune(path, filepath.Separator) {
		return exec.LookPath(path)
	}
	return filepath.Abs(path)
}
