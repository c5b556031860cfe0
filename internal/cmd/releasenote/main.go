// SPDX-License-Identifier: MPL-2.0

// Command releasenote prints what the changelog says of one version, for the
// page of its release. It fails if the changelog doesn't say anything, or
// gives the version no date: then something was forgotten before the tag.
//
//	releasenote [-changelog CHANGELOG.md] VERSION
//
// The version may begin with a "v", as tags do.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "releasenote:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("releasenote", flag.ContinueOnError)
	path := flags.String("changelog", "CHANGELOG.md", "the changelog")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one version")
	}
	changelog, err := os.ReadFile(*path)
	if err != nil {
		return err
	}
	text, err := note(string(changelog), strings.TrimPrefix(flags.Arg(0), "v"))
	if err != nil {
		return fmt.Errorf("%s: %w", *path, err)
	}
	_, err = io.WriteString(stdout, text)
	return err
}

var (
	// heading is one of a version: "## [1.2.3] - 2006-01-02", or "## [Unreleased]".
	heading = regexp.MustCompile(`^## \[([^\]]+)\](.*)$`)

	// dated is what follows the version.
	dated = regexp.MustCompile(`^ - (\d{4}-\d{2}-\d{2})$`)

	// definition is where a link leads to: "[1.2.3]: https://…".
	definition = regexp.MustCompile(`^\[([^\]]+)\]: \S`)

	semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
)

// note is the section of a version, without its heading, and with the
// definitions of links that it uses.
func note(changelog, version string) (string, error) {
	if !semver.MatchString(version) {
		return "", fmt.Errorf("%q is no version such as 1.2.3 or 1.2.3-rc.1", version)
	}
	var section, definitions []string
	inside, found, fenced := false, false, false
	for line := range strings.Lines(changelog) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		switch match := heading.FindStringSubmatch(line); {
		case fenced:
		case match != nil && match[1] == version:
			if found {
				return "", fmt.Errorf("there are two sections of %s", version)
			}
			if err := checkDate(match[2]); err != nil {
				return "", fmt.Errorf("%q: %w", line, err)
			}
			inside, found = true, true
			continue
		case strings.HasPrefix(line, "## "):
			inside = false
		case definition.MatchString(line):
			definitions = append(definitions, line)
			continue
		}
		if inside {
			section = append(section, line)
		}
	}
	if !found {
		return "", fmt.Errorf("there is no section of %s: it has to begin with \"## [%s] - \" and the date", version, version)
	}
	text := strings.TrimSpace(strings.Join(section, "\n"))
	if !says(text) {
		return "", fmt.Errorf("the section of %s says nothing", version)
	}
	var used []string
	for _, line := range definitions {
		name := definition.FindStringSubmatch(line)[1]
		if name != version && strings.Contains(text, "["+name+"]") {
			used = append(used, line)
		}
	}
	if used != nil {
		text += "\n\n" + strings.Join(used, "\n")
	}
	return text + "\n", nil
}

func checkDate(rest string) error {
	match := dated.FindStringSubmatch(rest)
	if match == nil {
		return errors.New("the date is missing: \" - 2006-01-02\" has to follow the version")
	}
	_, err := time.Parse(time.DateOnly, match[1])
	return err
}

// says tells whether there is more than headings.
func says(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}
