// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// snapshot is what there should be.
type snapshot struct {
	source    string // folder
	dist      string
	version   string
	platforms []string
	signed    bool
	built     time.Time // as far as the files tell: when the commit was made
	goVersion string
	private   []string // paths that no binary is to have
}

// expect finds out what a build should have made.
func expect(ctx context.Context, b build) (snapshot, error) {
	s := snapshot{source: b.dir, dist: b.dist(), platforms: b.platforms, signed: b.key != nil}
	if s.platforms == nil {
		config, err := os.ReadFile(filepath.Join(b.dir, ".goreleaser.yml"))
		if err != nil {
			return s, err
		}
		s.platforms = targets(string(config))
	}
	content, err := os.ReadFile(filepath.Join(s.dist, "metadata.json"))
	if err != nil {
		return s, err
	}
	var metadata struct{ Version, Commit string }
	if err := json.Unmarshal(content, &metadata); err != nil {
		return s, fmt.Errorf("metadata.json: %w", err)
	}
	if s.version = metadata.Version; s.version == "" {
		return s, errors.New("metadata.json has no version")
	}
	head, err := output(ctx, b.dir, "git", "show", "--no-patch", "--format=%H %ct", "HEAD")
	if err != nil {
		return s, err
	}
	commit, seconds, _ := strings.Cut(strings.TrimSpace(head), " ")
	if metadata.Commit != commit {
		return s, fmt.Errorf("built from %s, but this is %s", metadata.Commit, commit)
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return s, err
	}
	s.built = time.Unix(unix, 0).UTC()
	env, err := output(ctx, b.dir, "go", "env", "-json", "GOVERSION", "GOMODCACHE", "GOROOT")
	if err != nil {
		return s, err
	}
	var goEnv map[string]string
	if err := json.Unmarshal([]byte(env), &goEnv); err != nil {
		return s, err
	}
	s.goVersion = goEnv["GOVERSION"]
	s.private = []string{b.dir, goEnv["GOMODCACHE"]}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		s.private = append(s.private, home+string(filepath.Separator))
	}
	return s, nil
}

// name is that of a file of the release.
func (s snapshot) name(rest string) string { return project + "_" + s.version + "_" + rest }

func (s snapshot) sums() string               { return filepath.Join(s.dist, s.name("SHA256SUMS")) }
func (s snapshot) zip(platform string) string { return filepath.Join(s.dist, s.name(platform+".zip")) }

// binary is its name in an archive.
func (s snapshot) binary(platform string) string {
	name := project + "_v" + s.version
	if strings.HasPrefix(platform, "windows_") {
		name += ".exe"
	}
	return name
}

func (s snapshot) check(ctx context.Context) error {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+-snapshot\.g[0-9a-f]+$`).MatchString(s.version) {
		return fmt.Errorf("%q is no version of a snapshot", s.version)
	}
	sums, err := readSums(s.sums())
	if err != nil {
		return err
	}
	want := map[string]string{s.name("manifest.json"): filepath.Join(s.source, manifest)}
	for _, platform := range s.platforms {
		for _, rest := range []string{platform + ".zip", platform + ".cdx.json"} {
			want[s.name(rest)] = filepath.Join(s.dist, s.name(rest))
		}
	}
	for name := range sums {
		if want[name] == "" {
			return fmt.Errorf("there is a sum of %s", name)
		}
	}
	for name, path := range want {
		content, err := os.ReadFile(path) //nolint:gosec // it was just made
		if err != nil {
			return err
		}
		if sums[name] == "" {
			return fmt.Errorf("there is no sum of %s", name)
		}
		if sum := sha256.Sum256(content); sums[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("the sum of %s is wrong", name)
		}
	}
	if err := s.checkFiles(want); err != nil {
		return err
	}
	for _, platform := range s.platforms {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.checkArchive(platform); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	return nil
}

// checkFiles looks for what is not to be there: goreleaser's own files and the
// folders with the binaries aside.
func (s snapshot) checkFiles(want map[string]string) error {
	entries, err := os.ReadDir(s.dist)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		known := entry.IsDir() || want[name] != "" || name == s.name("SHA256SUMS") || s.signed && name == s.name("SHA256SUMS.sig") ||
			slices.Contains([]string{"artifacts.json", "metadata.json", "config.yaml"}, name)
		if !known {
			return fmt.Errorf("%s is not to be there", name)
		}
	}
	return nil
}

// readSums reads lines as sha256sum writes them.
func readSums(path string) (map[string]string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // it was just made
	if err != nil {
		return nil, err
	}
	line := regexp.MustCompile(`^([0-9a-f]{64})  ([^/\s]+)\n$`)
	sums := map[string]string{}
	for text := range strings.Lines(string(content)) {
		match := line.FindStringSubmatch(text)
		if match == nil || sums[match[2]] != "" {
			return nil, fmt.Errorf("%s: bad line %q", filepath.Base(path), text)
		}
		sums[match[2]] = match[1]
	}
	return sums, nil
}

// checkArchive looks at the archive of a platform, and at what its SBOM says.
func (s snapshot) checkArchive(platform string) error {
	archive, err := zip.OpenReader(s.zip(platform))
	if err != nil {
		return err
	}
	defer archive.Close()
	modes := map[string]fs.FileMode{"LICENSE": 0o644, s.binary(platform): 0o755}
	if len(archive.File) != len(modes) {
		return fmt.Errorf("the archive has %d files, not %d", len(archive.File), len(modes))
	}
	for _, file := range archive.File {
		mode, ok := modes[file.Name]
		switch {
		case !ok:
			return fmt.Errorf("the archive has %s", file.Name)
		case file.Mode() != mode:
			return fmt.Errorf("the mode of %s is %v, not %v", file.Name, file.Mode(), mode)
		case !file.Modified.Equal(s.built):
			return fmt.Errorf("the time of %s is %v, not that of the commit, %v", file.Name, file.Modified, s.built)
		}
		content, err := read(file)
		if err != nil {
			return err
		}
		if file.Name == "LICENSE" {
			license, err := os.ReadFile(filepath.Join(s.source, "LICENSE"))
			if err != nil {
				return err
			}
			if !bytes.Equal(content, license) {
				return errors.New("LICENSE is another one")
			}
			continue
		}
		if err := s.checkBinary(platform, content); err != nil {
			return err
		}
	}
	return nil
}

func read(file *zip.File) ([]byte, error) {
	reader, err := file.Open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(reader)
	return content, errors.Join(err, reader.Close())
}

func (s snapshot) checkBinary(platform string, content []byte) error {
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return err
	}
	if info.GoVersion != s.goVersion {
		return fmt.Errorf("built with %s, not with %s", info.GoVersion, s.goVersion)
	}
	goos, goarch, _ := strings.Cut(platform, "_")
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
		if strings.HasPrefix(setting.Key, "vcs") {
			return fmt.Errorf("it has the setting %s", setting.Key)
		}
	}
	for key, value := range map[string]string{"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "-trimpath": "true"} {
		if settings[key] != value {
			return fmt.Errorf("the setting %s is %q, not %q", key, settings[key], value)
		}
	}
	if !bytes.Contains(content, []byte(s.version)) {
		return errors.New("the version is not in the binary")
	}
	for _, path := range s.private {
		if bytes.Contains(content, []byte(path)) {
			return fmt.Errorf("the path %s is in the binary", path)
		}
	}
	bom, err := os.ReadFile(filepath.Join(s.dist, s.name(platform+".cdx.json")))
	if err != nil {
		return err
	}
	return s.checkBOM(bom, info)
}

// checkBOM compares the SBOM with what the binary says.
func (s snapshot) checkBOM(content []byte, info *buildinfo.BuildInfo) error {
	var bom struct {
		BOMFormat string
		Metadata  struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(content, &bom); err != nil {
		return fmt.Errorf("the SBOM: %w", err)
	}
	about := bom.Metadata.Component
	if bom.BOMFormat != "CycloneDX" || about.Name != info.Main.Path || about.Version != "v"+s.version {
		return fmt.Errorf("the SBOM is a %q one about %s %s", bom.BOMFormat, about.Name, about.Version)
	}
	missing := map[string]bool{"std " + s.goVersion: true}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		missing[dep.Path+" "+dep.Version] = true
	}
	for _, component := range bom.Components {
		module := component.Name + " " + component.Version
		if !missing[module] {
			return fmt.Errorf("the SBOM has %s, which the binary has not, or twice", module)
		}
		delete(missing, module)
	}
	for module := range missing {
		return fmt.Errorf("the SBOM lacks %s", module)
	}
	for _, path := range s.private {
		if bytes.Contains(content, []byte(path)) {
			return fmt.Errorf("the path %s is in the SBOM", path)
		}
	}
	return nil
}

// h1 is the hash that lock files have, of the files in an archive.
func h1(path string) (string, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer archive.Close()
	var lines []string
	for _, file := range archive.File {
		content, err := read(file)
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), file.Name))
	}
	// By name, which begins at the same place in each line.
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:]), nil
}
