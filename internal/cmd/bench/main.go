// SPDX-License-Identifier: MPL-2.0

// Command bench is a stopwatch: it measures the provider beside others in one
// run, turn by turn, and prints tables in Markdown with a verdict on each aim.
// It needs neither an account nor a network.
//
// Beside the provider are the floor, which is a provider on the same framework
// that does nothing, and terraform_data, which the CLI has built in. The API is
// the emulator, in this process.
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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/cmd/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: failed:", err)
		os.Exit(1)
	}
}

// config is what the command line says.
type config struct {
	cli      string // absolute
	rounds   int    // 0: each section's own
	sizes    []int  // none: each section's own
	sections []string
}

// section is a part of the output that can be had by itself.
type section struct {
	name string
	run  func(*bench, context.Context) error
}

// sections are in the order of their output. Those that take long and vary
// little come last.
var sections = []section{
	{"size", (*bench).size},
	{"startup", (*bench).startup},
	{"client", (*bench).client},
	{"signer", (*bench).signer},
	{"local", (*bench).local},
	{"latency", (*bench).latency},
	{"quota", (*bench).quota},
}

func sectionNames() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return names
}

// parse reads the command line. Help goes to out, with flag.ErrHelp as error.
func parse(args []string, out io.Writer) (config, error) {
	cfg := config{sections: sectionNames()}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {
		flags.SetOutput(out)
		fmt.Fprintln(out, "Usage: bench [flags]")
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.cli, "cli", "", "`path` of terraform or tofu (default: the first of the two that is on PATH)")
	flags.Func("rounds", "how often everything is measured, but what waits for the quota (default: what the section needs)", func(text string) (err error) {
		cfg.rounds, err = strconv.Atoi(text)
		if err == nil && cfg.rounds < 1 {
			err = errors.New("at least one is needed")
		}
		return err
	})
	flags.Func("n", "numbers of resources, separated by commas (default: what the section needs)", func(text string) error {
		cfg.sizes = nil
		for field := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 || n > maxApps {
				return fmt.Errorf("each must be between 1 and %d", maxApps)
			}
			cfg.sizes = append(cfg.sizes, n)
		}
		return nil
	})
	flags.Func("sections", "what to measure, separated by commas (default "+strings.Join(sectionNames(), ",")+")", func(text string) error {
		cfg.sections = strings.Split(text, ",")
		for _, name := range cfg.sections {
			if !slices.Contains(sectionNames(), name) {
				return fmt.Errorf("there is no %q", name)
			}
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	path, err := cli.Find(cfg.cli)
	if err != nil {
		return cfg, err
	}
	// It will be started in another folder.
	cfg.cli, err = filepath.Abs(path)
	return cfg, err
}

// bench is one run.
type bench struct {
	config
	out, progress io.Writer
	dir           string // for all that is made
	root          string // of the module
	built         map[string]string
	aims          []aim
	began         time.Time
}

// run measures. Whatever happens, its files are gone when it returns.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	cfg, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sparkrtc-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{config: cfg, out: stdout, progress: stderr, dir: dir, began: time.Now()}
	if err := b.play(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return err
	}
	return nil
}

func (b *bench) play(ctx context.Context) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	version, err := b.version(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "# Bench\n\n%s with %s on %s/%s, %d cores.%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load())
	for _, s := range sections {
		if !slices.Contains(b.sections, s.name) {
			continue
		}
		b.say("%s", s.name)
		if err := s.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.verdicts()
	fmt.Fprintf(b.out, "\nTook %v.%s\n", time.Since(b.began).Round(time.Second), load())
	return nil
}

// say tells whoever waits how far it is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: %4.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// printf prints a paragraph.
func (b *bench) printf(format string, args ...any) {
	fmt.Fprintf(b.out, "\n"+format+"\n", args...)
}

// roundsOr returns how many rounds a section has.
func (b *bench) roundsOr(preset int) int {
	if b.rounds > 0 {
		return b.rounds
	}
	return preset
}

func (b *bench) sizesOr(preset ...int) []int {
	if len(b.sizes) > 0 {
		return b.sizes
	}
	return preset
}

// load tells what else the machine does, where that is known.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	one, _, _ := strings.Cut(string(content), " ")
	return fmt.Sprintf(" Load average: %s.", one)
}

// What is built, by the name of its binary.
const (
	oursBinary  = "terraform-provider-sparkrtc"
	floorBinary = "terraform-provider-floor"
	meterBinary = "meter"
)

// build makes all binaries as a release is made.
func (b *bench) build(ctx context.Context) error {
	const module = "github.com/sparkrtc/terraform-provider-sparkrtc"
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("go list %s: %w", module, err)
	}
	b.root = strings.TrimSpace(string(root))
	b.built = make(map[string]string)
	for name, pkg := range map[string]string{oursBinary: ".", floorBinary: "./internal/cmd/bench/floor", meterBinary: "./internal/cmd/bench/meter"} {
		b.say("build %s", name)
		path := filepath.Join(b.dir, "built", name) + exeSuffix
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, pkg) //nolint:gosec // all of it is above
		build.Dir, build.Env = b.root, append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", pkg, err, output)
		}
		b.built[name] = path
	}
	return b.install()
}

// install lays a meter in place of each provider, and the provider beside it.
func (b *bench) install() error {
	for _, name := range []string{oursBinary, floorBinary} {
		metered := filepath.Join(b.plugins(), "metered")
		if err := os.MkdirAll(metered, 0o700); err != nil {
			return err
		}
		base := filepath.Base(b.built[name])
		if err := errors.Join(os.Link(b.built[name], filepath.Join(metered, base)), os.Link(b.built[meterBinary], filepath.Join(b.plugins(), base))); err != nil {
			return err
		}
	}
	return os.WriteFile(b.cliConfig(), []byte(cliConfig(b.plugins())), 0o600)
}

func (b *bench) plugins() string   { return filepath.Join(b.dir, "plugins") }
func (b *bench) cliConfig() string { return filepath.Join(b.dir, "cli.tfrc") }

// Sources of the two providers. The host is spelled out, since OpenTofu would
// put its own there.
const (
	oursSource  = "registry.terraform.io/sparkrtc/sparkrtc"
	floorSource = "registry.terraform.io/sparkrtc/floor"
)

// cliConfig lets the CLI run both providers as they lie there.
func cliConfig(plugins string) string {
	plugins = filepath.ToSlash(plugins)
	return fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n  direct {}\n}\n",
		oursSource, plugins, floorSource, plugins)
}
