// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const goreleaser = `builds:
  - flags:
      - -trimpath
    # One a line.
    targets:
      - linux_amd64
      - windows_arm64
    binary: x
archives:
  - formats: [zip]
`

func TestOnly(t *testing.T) {
	for _, test := range []struct {
		name, platforms, without, fails string
	}{
		{name: "all"},
		{name: "one", platforms: "windows_arm64", without: "      - linux_amd64\n"},
		{name: "both", platforms: "windows_arm64,linux_amd64"},
		{name: "another", platforms: "plan9_amd64", fails: `"plan9_amd64" is not among its targets: linux_amd64, windows_arm64`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var platforms []string
			if test.platforms != "" {
				platforms = strings.Split(test.platforms, ",")
			}
			got, err := only(goreleaser, platforms)
			fails(t, err, test.fails)
			if want := strings.Replace(goreleaser, test.without, "", 1); err == nil && got != want {
				t.Errorf("got:\n%s", got)
			}
		})
	}
	if _, err := only("builds: []\n", nil); err == nil {
		t.Error("a configuration without targets is no error")
	}
}

// The registries' usual platforms are in our own configuration, and are read.
func TestTargets_ours(t *testing.T) {
	config, err := os.ReadFile("../../../.goreleaser.yml")
	if err != nil {
		t.Fatal(err)
	}
	got := targets(string(config))
	for _, want := range []string{
		"darwin_amd64", "darwin_arm64", "freebsd_386", "freebsd_amd64", "freebsd_arm", "freebsd_arm64", "linux_386",
		"linux_amd64", "linux_arm", "linux_arm64", "windows_386", "windows_amd64", "windows_arm64",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing among %v", want, got)
		}
	}
}

func TestParse(t *testing.T) {
	var out bytes.Buffer
	cfg, err := parse([]string{"-platforms", "host, linux_arm " + runtime.GOOS + "_" + runtime.GOARCH, "-cli", "a", "-cli", "b"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{runtime.GOOS + "_" + runtime.GOARCH, "linux_arm"}; !slices.Equal(cfg.platforms, want) {
		t.Errorf("platforms %v, want %v", cfg.platforms, want)
	}
	if want := []string{"a", "b"}; !slices.Equal(cfg.clis, want) || !cfg.again {
		t.Errorf("%+v", cfg)
	}
	if _, err := parse([]string{"x"}, &out); err == nil {
		t.Error("an argument is no error")
	}
}

func TestCompare(t *testing.T) {
	one := map[string]string{"a": "1", "b": "2"}
	for _, test := range []struct {
		name  string
		other map[string]string
		fails string
	}{
		{"the same", map[string]string{"b": "2", "a": "1"}, ""},
		{"another sum", map[string]string{"a": "1", "b": "3"}, "\nb"},
		{"one less", map[string]string{"a": "1"}, "\nb"},
		{"one more", map[string]string{"a": "1", "b": "2", "c": "3"}, "\nc"},
	} {
		t.Run(test.name, func(t *testing.T) { fails(t, compare(one, test.other), test.fails) })
	}
}

func TestReadSums(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for _, test := range []struct{ name, content, fails string }{
		{"two", sum + "  a.zip\n" + sum + "  b.zip\n", ""},
		{"the same file twice", sum + "  a.zip\n" + sum + "  a.zip\n", "bad line"},
		{"one blank", sum + " a.zip\n", "bad line"},
		{"a folder", sum + "  dist/a.zip\n", "bad line"},
		{"no end of line", sum + "  a.zip", "bad line"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sums")
			write(t, path, test.content)
			_, err := readSums(path)
			fails(t, err, test.fails)
		})
	}
}

const module = "example.com/provider"

// made is a snapshot as it should be, for this platform, of a program that is
// built in the test.
type made struct {
	snapshot
	files map[string][]byte // of the archive
	mode  fs.FileMode
	time  time.Time
	bom   map[string]any
	sums  string // "" for the right ones
	extra string // name of one more file
}

// program builds a program that has a version.
func program(t *testing.T, flags ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module "+module+"\n\ngo 1.25\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nvar version string\n\nfunc main() { println(version) }\n")
	path := filepath.Join(dir, "program")
	cmd := exec.Command("go", append([]string{"build", "-buildvcs=false", "-ldflags=-s -w -X main.version=0.1.0-snapshot.gabc1234", "-o", path}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if printed, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func good(t *testing.T, binary []byte) *made {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	platform := runtime.GOOS + "_" + runtime.GOARCH
	m := &made{
		snapshot: snapshot{
			source: t.TempDir(), dist: t.TempDir(), version: "0.1.0-snapshot.gabc1234", platforms: []string{platform},
			built: time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC), goVersion: info.GoVersion, private: []string{"/nowhere/at/all"},
		},
		mode: 0o755,
	}
	m.time = m.built
	m.files = map[string][]byte{"LICENSE": []byte("A licence."), m.binary(platform): binary}
	m.bom = map[string]any{
		"bomFormat":  "CycloneDX",
		"metadata":   map[string]any{"component": map[string]any{"name": module, "version": "v" + m.version}},
		"components": []any{map[string]any{"name": "std", "version": info.GoVersion}},
	}
	return m
}

func (m *made) write(t *testing.T) {
	t.Helper()
	write(t, filepath.Join(m.source, "LICENSE"), "A licence.")
	write(t, filepath.Join(m.source, manifest), "{}")
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	for name, text := range m.files {
		header := &zip.FileHeader{Name: name, Modified: m.time, Method: zip.Store}
		header.SetMode(0o644)
		if name != "LICENSE" {
			header.SetMode(m.mode)
		}
		file, err := archive.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	bom, err := json.Marshal(m.bom)
	if err != nil {
		t.Fatal(err)
	}
	platform := m.platforms[0]
	write(t, m.zip(platform), content.String())
	write(t, filepath.Join(m.dist, m.name(platform+".cdx.json")), string(bom))
	write(t, filepath.Join(m.dist, "metadata.json"), "{}")
	sums := m.sums
	if sums == "" {
		sums = line("{}", m.name("manifest.json")) + line(content.String(), m.name(platform+".zip")) + line(string(bom), m.name(platform+".cdx.json"))
	}
	write(t, m.snapshot.sums(), sums)
	if m.extra != "" {
		write(t, filepath.Join(m.dist, m.extra), "")
	}
}

func line(content, name string) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(content)), name)
}

// Each thing that may be wrong with a release is found.
func TestCheck(t *testing.T) {
	trimmed := program(t, "-trimpath")
	name := project + "_v0.1.0-snapshot.gabc1234"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	component := func(m *made) map[string]any { return m.bom["metadata"].(map[string]any)["component"].(map[string]any) }
	for _, test := range []struct {
		name   string
		change func(*made)
		fails  string
	}{
		{"as it should be", func(*made) {}, ""},
		{"no version of a snapshot", func(m *made) { m.version = "0.1.0" }, "no version of a snapshot"},
		{"a sum too many", func(m *made) { m.sums = line("", "other.zip") }, "there is a sum of other.zip"},
		{"no sum of the manifest", func(m *made) { m.sums = line("", m.name(m.platforms[0]+".zip")) }, anything},
		{"another file", func(m *made) { m.extra = "secret.txt" }, "secret.txt is not to be there"},
		{"a signature, though none was asked for", func(m *made) { m.extra = m.name("SHA256SUMS.sig") }, "is not to be there"},
		{"a platform is missing", func(m *made) { m.platforms = append(m.platforms, "plan9_amd64") }, "plan9_amd64"},
		{"no licence", func(m *made) { delete(m.files, "LICENSE") }, "has 1 files"},
		{"another licence", func(m *made) { m.files["LICENSE"] = []byte("Another one.") }, "LICENSE is another one"},
		{"one more file", func(m *made) { m.files["README.md"] = nil }, "has 3 files"},
		{"a binary of another name", func(m *made) { m.files["provider"] = m.files[name]; delete(m.files, name) }, "the archive has provider"},
		{"not executable by all", func(m *made) { m.mode = 0o700 }, "the mode of " + name},
		{"the time of the build", func(m *made) { m.time = time.Now() }, "the time of "},
		{"no program", func(m *made) { m.files[name] = []byte("x") }, "unrecognized"},
		{"another Go", func(m *made) { m.goVersion = "go1.2.3" }, "not with go1.2.3"},
		{"paths", func(m *made) { m.files[name] = program(t) }, `the setting -trimpath is ""`},
		{"a path", func(m *made) { m.private = []string{module} }, "the path " + module + " is in the binary"},
		{"another version", func(m *made) {
			m.version = "0.2.0-snapshot.gabc1234"
			m.files[m.binary(m.platforms[0])] = m.files[name]
			delete(m.files, name)
		}, "the version is not in the binary"},
		{"another kind of SBOM", func(m *made) { m.bom["bomFormat"] = "SPDX" }, `the SBOM is a "SPDX" one`},
		{"an SBOM of another version", func(m *made) { component(m)["version"] = "v0.0.0" }, "about " + module + " v0.0.0"},
		{"an SBOM that lacks something", func(m *made) { m.bom["components"] = nil }, "the SBOM lacks std "},
		{"an SBOM that has too much", func(m *made) {
			m.bom["components"] = append(m.bom["components"].([]any), map[string]any{"name": "example.com/other", "version": "v1.0.0"})
		}, "the SBOM has example.com/other v1.0.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := good(t, trimmed)
			test.change(m)
			m.write(t)
			fails(t, m.check(t.Context()), test.fails)
		})
	}
}

func TestCheck_wrongSum(t *testing.T) {
	m := good(t, program(t, "-trimpath"))
	m.write(t)
	write(t, filepath.Join(m.source, manifest), "{ }")
	fails(t, m.check(t.Context()), "the sum of "+m.name("manifest.json")+" is wrong")
}

// The hash of a lock file, as golang.org/x/mod/sumdb/dirhash has it for two
// files whose order in the archive is another one.
func TestH1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zip")
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	for _, name := range []string{"b", "a"} {
		file, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(name + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, path, content.String())
	got, err := h1(path)
	// printf 'a\n' >a; printf 'b\n' >b; sha256sum a b | sha256sum | xxd -r -p | base64
	const want = "h1:oOw/UxvBP/2Po35sddlb//tpKHscE/O5rdJW0fT3eFA="
	if err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestCheckState(t *testing.T) {
	const key = "a key that is nowhere to be seen"
	state := func(values string) string {
		return `{"values":{"root_module":{"resources":[{"address":"sparkrtc_record_callback.main","values":{"app_id":"` + appID + `",` + values + `}}]}}}`
	}
	for _, test := range []struct{ name, state, fails string }{
		{"as planned", state(`"url":"` + callbackURL + `","auth_key":null,"auth_key_wo":null,"auth_key_wo_version":1`), ""},
		{"another URL", state(`"url":"https://elsewhere.example.net","auth_key_wo_version":1`), "url in the state"},
		{"another version of the key", state(`"url":"` + callbackURL + `","auth_key_wo_version":2`), "auth_key_wo_version"},
		{"a key", state(`"url":"` + callbackURL + `","auth_key":"` + key + `","auth_key_wo_version":1`), "auth_key in the state"},
		{"the key somewhere else", state(`"url":"` + callbackURL + `","auth_key_wo_version":1,"x":"` + key + `"`), "the key is in the state"},
		{"no resource", `{"values":{"root_module":{}}}`, "other resources"},
		{"no JSON", "No state.", "show -json"},
	} {
		t.Run(test.name, func(t *testing.T) { fails(t, checkState(test.state, key), test.fails) })
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/home/user", "TF_CLI_ARGS=-x", "hw_access_key=x", "SPARKRTC_ENDPOINT=x", "https_proxy=x", "HTTPS_PROXY_CA=y"}, map[string]string{"TF_VAR_x": "1"})
	want := []string{"HOME=/home/user", "HTTPS_PROXY_CA=y", "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color", "TF_VAR_x=1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A key that is made up signs as the release's does, and other signatures are
// told from it.
func TestSigningKey(t *testing.T) {
	if testing.Short() {
		t.Skip("making keys takes a while")
	}
	dir, err := os.MkdirTemp("", "key") //nolint:usetesting // the path of a socket may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	key, done, err := newKey(t.Context(), filepath.Join(dir, "gnupg"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	if key == nil {
		t.Skip("there is no gpg")
	}
	sums := filepath.Join(dir, "SHA256SUMS")
	for _, test := range []struct {
		name, content string
		args          []string
		fails         string
	}{
		{name: "good", content: "sums\n"},
		{name: "armoured", content: "sums\n", args: []string{"--armor"}, fails: "armoured"},
		{name: "of something else", content: "other sums\n", fails: anything},
	} {
		t.Run(test.name, func(t *testing.T) {
			_ = os.Remove(sums + ".sig")
			write(t, sums, "sums\n")
			args := slices.Concat(test.args, []string{"--local-user", key.fingerprint, "--output", sums + ".sig", "--detach-sign", sums})
			if _, err := key.gpg(context.Background(), args...); err != nil {
				t.Fatal(err)
			}
			write(t, sums, test.content)
			fails(t, key.verify(t.Context(), sums), test.fails)
		})
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// anything is any error.
const anything = "*"

// fails wants an error with this text, or none.
func fails(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && want != anything && !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
