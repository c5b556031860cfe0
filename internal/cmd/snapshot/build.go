// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// build is one of a snapshot.
type build struct {
	dir       string // with the source, and dist/ afterwards
	tools     string
	platforms []string // none for all
	key       *signingKey
	env       []string // besides that of this program
	umask     string
	output    io.Writer
}

func (b build) dist() string { return filepath.Join(b.dir, "dist") }

// run lets goreleaser build, with its configuration as it is in b.dir, but for
// platforms that are left out.
func (b build) run(ctx context.Context, temp string) error {
	content, err := os.ReadFile(filepath.Join(b.dir, ".goreleaser.yml"))
	if err != nil {
		return err
	}
	reduced, err := only(string(content), b.platforms)
	if err != nil {
		return fmt.Errorf(".goreleaser.yml: %w", err)
	}
	path := filepath.Join(temp, "goreleaser.yml")
	if err := os.WriteFile(path, []byte(reduced), 0o600); err != nil { //nolint:gosec // in our own folder
		return err
	}
	skip := "publish"
	if b.key == nil {
		skip += ",sign"
	}
	args := []string{filepath.Join(b.tools, "goreleaser"), "release", "--snapshot", "--clean", "--skip=" + skip, "--config=" + path}
	if b.umask != "" {
		args = append([]string{"sh", "-c", `umask "$0" && exec "$@"`, b.umask}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the user names the folder
	cmd.Dir = b.dir
	// It ends what it has started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	// A token could only serve to publish.
	cmd.Env = append(without(os.Environ(), "GITHUB_TOKEN", "GH_TOKEN", "GPG_PASSPHRASE", "GPG_FINGERPRINT"), b.env...)
	cmd.Env = append(cmd.Env, "PATH="+b.tools+string(filepath.ListSeparator)+os.Getenv("PATH"))
	// Without a remote, as in a copy of the repository, goreleaser knows no commit.
	cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=remote.origin.url", "GIT_CONFIG_VALUE_0=https://github.com/sparkrtc/"+project)
	if b.key != nil {
		cmd.Env = append(cmd.Env, b.key.env()...)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		_, _ = b.output.Write(output.Bytes())
		return fmt.Errorf("goreleaser: %w", err)
	}
	return nil
}

func without(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(names, name)
	})
}

// target is a line of the list of targets.
var target = regexp.MustCompile(`^\s+- ([a-z0-9]+_[a-z0-9]+)$`)

// targets are all platforms that a configuration builds for.
func targets(config string) []string {
	var found []string
	for line := range strings.Lines(config) {
		if match := target.FindStringSubmatch(strings.TrimRight(line, "\r\n")); match != nil {
			found = append(found, match[1])
		}
	}
	return found
}

// only leaves out all targets but those given.
func only(config string, platforms []string) (string, error) {
	all := targets(config)
	if all == nil {
		return "", errors.New("it has no list of targets")
	}
	if platforms == nil {
		return config, nil
	}
	for _, platform := range platforms {
		if !slices.Contains(all, platform) {
			return "", fmt.Errorf("%q is not among its targets: %s", platform, strings.Join(all, ", "))
		}
	}
	var kept strings.Builder
	for line := range strings.Lines(config) {
		match := target.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if match == nil || slices.Contains(platforms, match[1]) {
			kept.WriteString(line)
		}
	}
	return kept.String(), nil
}

// rebuild builds the same files in another folder, where as much is different
// as may be, and compares the sums. It returns how many files there are.
func rebuild(ctx context.Context, first build, temp string, cold bool) (int, error) {
	second := first
	second.key = nil
	second.dir = filepath.Join(temp, "a folder of another name")
	second.env = []string{"TZ=Pacific/Chatham"}
	if runtime.GOOS != "windows" {
		second.umask = "077"
	}
	if cold {
		second.env = append(second.env, "GOCACHE="+filepath.Join(temp, "gocache"))
	}
	// The history stays where it is; goreleaser asks it for the commit.
	gitDir, err := output(ctx, first.dir, "git", "rev-parse", "--absolute-git-dir")
	if err != nil {
		return 0, err
	}
	second.env = append(second.env, "GIT_DIR="+strings.TrimSpace(gitDir), "GIT_WORK_TREE="+second.dir)
	if err := copySource(ctx, second.dir, first.dir); err != nil {
		return 0, err
	}
	if err := second.run(ctx, temp); err != nil {
		return 0, err
	}
	sums := make([]map[string]string, 2)
	for i, b := range []build{first, second} {
		names, err := filepath.Glob(filepath.Join(b.dist(), project+"_*_SHA256SUMS"))
		if err != nil || len(names) != 1 {
			return 0, fmt.Errorf("%s has %d files of sums", b.dist(), len(names))
		}
		if sums[i], err = readSums(names[0]); err != nil {
			return 0, err
		}
	}
	return len(sums[0]), compare(sums[0], sums[1])
}

// compare names the files that are not the same.
func compare(first, second map[string]string) error {
	var different []string
	for name := range first {
		if first[name] != second[name] {
			different = append(different, name)
		}
	}
	for name := range second {
		if first[name] == "" {
			different = append(different, name)
		}
	}
	if different != nil {
		slices.Sort(different)
		return fmt.Errorf("the second build differs in:\n%s", strings.Join(different, "\n"))
	}
	return nil
}

// copySource copies what is, or could be, in the repository.
func copySource(ctx context.Context, to, from string) error {
	list, err := output(ctx, from, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		source := filepath.Join(from, filepath.FromSlash(name))
		info, err := os.Lstat(source)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since the last commit
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(to, filepath.FromSlash(name)), source); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	content, err := os.ReadFile(from) //nolint:gosec // it is of this repository
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600) //nolint:gosec // as are the names
}

// output is what a program prints.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // git, go and gpg
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}
