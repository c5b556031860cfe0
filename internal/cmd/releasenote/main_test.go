// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const changelog = `# Changelog

All that users notice.

## [Unreleased]

### Added

- Not yet.

## [1.1.0] - 2026-12-01

### Added

- More, see [the guide] and [1.0.0].

` + "```" + `
## [1.0.0] - 2026-11-01
[quoted]: as it is
` + "```" + `

### Fixed

- Something.

## [1.1.0-rc.1] - 2026-11-20

- A try.

## [1.0.1]

- Without a date.

## [1.0.0] - 2026-11-01

- The first.

## [0.9.1] - 2026-13-01

- In no month.

## [0.9.0] - 2026-10-01

### Added

## [0.8.0] - 2026-09-01

- Once.

## [0.8.0] - 2026-09-02

- Twice.

[Unreleased]: https://example.com/compare/v1.1.0...main
[1.1.0]: https://example.com/compare/v1.0.0...v1.1.0
[1.0.0]: https://example.com/tag/v1.0.0
[the guide]: https://example.com/guide
[another guide]: https://example.com/another
`

func TestNote(t *testing.T) {
	for _, test := range []struct {
		name, version, want, fails string
	}{
		{
			name: "section in the middle, with the links that it uses", version: "1.1.0",
			want: "### Added\n\n- More, see [the guide] and [1.0.0].\n\n```\n## [1.0.0] - 2026-11-01\n[quoted]: as it is\n```\n\n### Fixed\n\n- Something.\n\n" +
				"[1.0.0]: https://example.com/tag/v1.0.0\n[the guide]: https://example.com/guide\n",
		},
		{name: "candidate", version: "1.1.0-rc.1", want: "- A try.\n"},
		{name: "heading that is quoted elsewhere", version: "1.0.0", want: "- The first.\n"},
		{name: "no section", version: "1.2.0", fails: "no section of 1.2.0"},
		{name: "part of another version", version: "1.1.0-rc", fails: "no section"},
		{name: "no date", version: "1.0.1", fails: "date is missing"},
		{name: "date that isn't one", version: "0.9.1", fails: "out of range"},
		{name: "nothing but headings", version: "0.9.0", fails: "says nothing"},
		{name: "twice", version: "0.8.0", fails: "two sections"},
		{name: "no version", version: "Unreleased", fails: "is no version"},
		{name: "dots are no wildcards", version: "1x1x0", fails: "is no version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := note(changelog, test.version)
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want %q", err, test.fails)
			}
		})
	}
}

// Line ends of Windows change nothing.
func TestNote_crlf(t *testing.T) {
	got, err := note(strings.ReplaceAll(changelog, "\n", "\r\n"), "1.1.0-rc.1")
	if err != nil || got != "- A try.\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "CHANGES.md")
	if err := os.WriteFile(path, []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"-changelog", path, "v1.0.0"}, &out); err != nil || out.String() != "- The first.\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	for name, args := range map[string][]string{
		"no version": {"-changelog", path},
		"two":        {"-changelog", path, "1.0.0", "1.1.0"},
		"no file":    {"-changelog", path + "x", "1.0.0"},
	} {
		if err := run(args, &out); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The changelog of this repository has the form that is read here: what is
// unreleased becomes a section by another heading.
func TestNote_ours(t *testing.T) {
	ours, err := os.ReadFile("../../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	const unreleased = "## [Unreleased]\n"
	if !strings.Contains(string(ours), unreleased) {
		t.Fatalf("CHANGELOG.md has no line %q", unreleased)
	}
	released := strings.Replace(string(ours), unreleased, unreleased+"\n## [999.0.0] - 2026-12-01\n\n- Something.\n", 1)
	text, err := note(released, "999.0.0")
	if err != nil || !strings.HasPrefix(text, "- Something.\n") {
		t.Errorf("%q, %v", text, err)
	}
}
