// SPDX-License-Identifier: MPL-2.0

// Command licenses lists the licence of each module that is linked into a
// program, on any of the platforms that it is released for, and fails if one
// is not on the list of those that are fine to distribute with it.
//
//	licenses [-texts] [PACKAGE]
//
// It knows a licence by its text. An unknown text is a failure too, so that a
// person reads it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// allowed are the licences that ask for no more than to be named, or for the
// source of what is under them, which is public.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}

// systems are those that releases are built for. Modules differ by system;
// by architecture they don't.
var systems = []string{"darwin", "freebsd", "linux", "windows"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("licenses", flag.ContinueOnError)
	texts := flags.Bool("texts", false, "print the texts too")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	pkg := "."
	switch flags.NArg() {
	case 0:
	case 1:
		pkg = flags.Arg(0)
	default:
		return errors.New("name one package")
	}
	modules := map[string]module{}
	for _, system := range systems {
		if err := linked(ctx, pkg, system, modules); err != nil {
			return err
		}
	}
	return report(stdout, modules, *texts)
}

// module is as go list has it.
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

// linked adds the modules of the packages that pkg is made of.
func linked(ctx context.Context, pkg, system string, modules map[string]module) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Module,Standard", pkg) //nolint:gosec // the user names it
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list for %s: %w", system, err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var one struct {
			Module   *module
			Standard bool
		}
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("go list for %s: %w", system, err)
		}
		// The standard library comes with Go, under BSD-3-Clause.
		if one.Standard || one.Module == nil || one.Module.Main {
			continue
		}
		m := *one.Module
		if m.Replace != nil {
			m.Dir = m.Replace.Dir
		}
		modules[m.Path] = m
	}
}

// report prints a line for each module, and says which ones are not allowed.
func report(stdout io.Writer, modules map[string]module, texts bool) error {
	var paths, bad []string
	for path := range modules {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	var all bytes.Buffer
	for _, path := range paths {
		m := modules[path]
		found, err := licences(m.Dir)
		if err != nil {
			return err
		}
		var names []string
		for _, file := range found {
			names = append(names, file.licence)
			if !slices.Contains(allowed, file.licence) {
				bad = append(bad, fmt.Sprintf("%s: %s in %s", path, file.licence, file.name))
			}
			fmt.Fprintf(&all, "\n%s %s, %s:\n\n%s\n", path, m.Version, file.name, strings.TrimSpace(file.text))
		}
		if found == nil {
			names = []string{"none"}
			bad = append(bad, path+": no licence")
		}
		slices.Sort(names)
		fmt.Fprintf(table, "%s\t%s\t%s\n", path, m.Version, strings.Join(slices.Compact(names), ", "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if texts {
		if _, err := all.WriteTo(stdout); err != nil {
			return err
		}
	}
	if bad != nil {
		return fmt.Errorf("not among %s:\n%s", strings.Join(allowed, ", "), strings.Join(bad, "\n"))
	}
	fmt.Fprintf(stdout, "%d modules, all under %s\n", len(paths), strings.Join(allowed, ", "))
	return nil
}

// file is one that has a licence.
type file struct{ name, text, licence string }

// named are files that have licences. PATENTS and NOTICE say what comes on top.
var named = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)([-_.].*)?$`)

// licences are those in the top folder of a module. One that is for a part of
// it lies deeper, and is not looked for.
func licences(dir string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []file
	for _, entry := range entries {
		if entry.IsDir() || !named.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name())) //nolint:gosec // go list names it
		if err != nil {
			return nil, err
		}
		found = append(found, file{entry.Name(), string(text), classify(string(text))})
	}
	return found, nil
}

// Sentences that a licence can't do without, in the order in which they come.
// What they are looked for in has no upper case and no punctuation, in which
// copies of one licence differ.
var sentences = []struct {
	licence string
	has     []string
	hasNot  []string
}{
	{
		licence: "MPL-2.0",
		has:     []string{"mozilla public license version 2 0", "1 1 contributor", "each contributor hereby grants you a world wide royalty free"},
	},
	{
		licence: "Apache-2.0",
		has:     []string{"apache license version 2 0", "grant of copyright license", "grant of patent license"},
	},
	{
		licence: "BSD-3-Clause",
		has: []string{
			"redistribution and use in source and binary forms", "redistributions of source code must retain",
			"redistributions in binary form must reproduce", "endorse or promote products derived",
		},
		hasNot: []string{"advertising materials mentioning"},
	},
	{
		licence: "BSD-2-Clause",
		has: []string{
			"redistribution and use in source and binary forms", "redistributions of source code must retain",
			"redistributions in binary form must reproduce",
		},
		hasNot: []string{"advertising materials mentioning", "endorse or promote"},
	},
	{
		licence: "ISC",
		has: []string{
			"permission to use copy modify and", "distribute this software for any purpose with or without fee is hereby granted provided " +
				"that the above copyright notice and this permission notice appear in all copies",
		},
	},
	{
		licence: "MIT",
		has: []string{
			"permission is hereby granted free of charge to any person obtaining a copy", "without restriction",
			"the above copyright notice and this permission notice shall be included",
		},
	},
}

// more are words that add to a licence, or are of another one, whatever else
// the text has.
var more = []string{"commons clause", "business source license", "gnu general public license version", "gnu affero", "server side public", "non commercial", "noncommercial"}

var punctuation = regexp.MustCompile(`[^\p{L}\p{N}]+`)

// classify is "unknown" for a text that it doesn't know, or that has more than
// one licence in it.
func classify(text string) string {
	text = strings.ToLower(punctuation.ReplaceAllString(text, " "))
	var found []string
	for _, s := range sentences {
		if inOrder(text, s.has) && !slices.ContainsFunc(s.hasNot, func(part string) bool { return strings.Contains(text, part) }) {
			found = append(found, s.licence)
		}
	}
	if len(found) != 1 {
		return "unknown"
	}
	if found[0] == "MPL-2.0" {
		// It names the GPLs, as those that it goes with.
		text = strings.ReplaceAll(text, "gnu general public license version", "")
		text = strings.ReplaceAll(text, "gnu affero", "")
	}
	if slices.ContainsFunc(more, func(part string) bool { return strings.Contains(text, part) }) {
		return "unknown"
	}
	return found[0]
}

func inOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return true
}
