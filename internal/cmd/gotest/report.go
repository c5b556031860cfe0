// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one of go test -json; `go doc test2json` says what it means.
type event struct {
	Action     string
	Package    string
	ImportPath string // in place of Package, of a build
	Test       string
	Output     string
}

// counts are of tests without subtests, and of subtests.
type counts struct{ run, skipped, failed int }

func (c counts) String() string {
	return fmt.Sprintf("%d run, %d skipped, %d failed", c.run, c.skipped, c.failed)
}

// testKey names a test, or with an empty name its package.
type testKey struct{ pkg, name string }

// testRun is what is known of a test so far.
type testRun struct {
	output   []string
	ended    string // how: pass, skip or fail; "" for not yet
	subtests bool
	blamed   bool // something failed in it
}

// report prints what go test -json says as go test would, and counts.
type report struct {
	out     io.Writer
	verbose bool // prints what each test prints, not only those that fail

	tests   map[testKey]*testRun
	order   []testKey
	skips   []string
	total   counts
	unended []string
}

// read reads until the end, and passes on what is no event.
func (r *report) read(from io.Reader) error {
	r.tests = map[testKey]*testRun{}
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 {
			var e event
			if trimmed[0] != '{' || json.Unmarshal(trimmed, &e) != nil || e.Action == "" {
				r.print(string(line))
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) print(text string) { _, _ = io.WriteString(r.out, text) }

func (r *report) of(key testKey) *testRun {
	t := r.tests[key]
	if t == nil {
		t = &testRun{}
		r.tests[key] = t
		r.order = append(r.order, key)
	}
	return t
}

// parent is the test, or the package, that a test is a part of. A name of a
// subtest may have a slash in it, so that only what was run is a test.
func (r *report) parent(key testKey) testKey {
	name := key.name
	for {
		name = name[:max(strings.LastIndexByte(name, '/'), 0)]
		up := testKey{key.pkg, name}
		if name == "" || r.tests[up] != nil {
			return up
		}
	}
}

func (r *report) take(e event) {
	key := testKey{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.print(e.Output)
	case "output":
		r.output(key, e.Output)
	case "run":
		r.of(key)
		if up := r.parent(key); up.name != "" {
			r.of(up).subtests = true
		}
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.endPackage(key, e.Action)
		} else {
			r.end(key, e.Action)
		}
	}
}

// framing is what go test adds to what tests print.
var framing = regexp.MustCompile(`^=== (RUN|PAUSE|CONT|NAME) `)

func (r *report) output(key testKey, text string) {
	t := r.of(key)
	switch {
	case r.verbose:
		r.print(text)
	case key.name == "" && !framing.MatchString(text) && text != "PASS\n" && text != "FAIL\n" && text != "testing: warning: no tests to run\n":
		r.print(text) // the line of a package, coverage, or a panic
	}
	if key.name != "" && !framing.MatchString(text) {
		t.output = append(t.output, text)
	}
}

func (r *report) end(key testKey, how string) {
	t := r.of(key)
	if t.ended != "" {
		return
	}
	t.ended = how
	switch how {
	case "skip":
		r.skips = append(r.skips, fmt.Sprintf("skipped: %s %s: %s", key.pkg, key.name, reason(t.output)))
		r.total.skipped++
	case "fail":
		r.show(t)
		// What fails because a subtest did is no failure of its own.
		if !t.blamed {
			r.total.run++
			r.total.failed++
		}
		for up := r.parent(key); ; up = r.parent(up) {
			r.of(up).blamed = true
			if up.name == "" {
				break
			}
		}
	default:
		if !t.subtests {
			r.total.run++
		}
	}
	t.output = nil
}

func (r *report) show(t *testRun) {
	if !r.verbose {
		r.print(strings.Join(t.output, ""))
	}
}

// endPackage counts tests that did not end, as after a panic or at a timeout,
// and a package that failed without a test: one that can't be built, or whose
// TestMain fails.
func (r *report) endPackage(key testKey, how string) {
	for i := len(r.order) - 1; i >= 0; i-- { // subtests before what they are in
		if k := r.order[i]; k.pkg == key.pkg && k.name != "" && r.tests[k].ended == "" {
			r.unended = append(r.unended, fmt.Sprintf("did not end: %s %s", k.pkg, k.name))
			r.end(k, "fail")
		}
	}
	t := r.of(key)
	if how == "fail" && !t.blamed {
		r.total.failed++
	}
	t.ended = how
}

// finish prints the summary. What was skipped comes before the counts, which
// are the last line.
func (r *report) finish() counts {
	for _, key := range r.order { // go test itself was ended
		if key.name == "" || r.tests[key].ended != "" {
			continue
		}
		if pkg := r.tests[testKey{key.pkg, ""}]; pkg == nil || pkg.ended == "" {
			r.endPackage(testKey{key.pkg, ""}, "fail")
		}
	}
	for _, line := range append(r.skips, r.unended...) {
		r.print(line + "\n")
	}
	r.print(r.total.String() + "\n")
	return r.total
}

// position is where in a file a test says something.
var position = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

// reason is what a test said before it was skipped, in one line.
func reason(output []string) string {
	var said []string
	for line := range strings.Lines(strings.Join(output, "")) {
		if text := strings.TrimSpace(position.ReplaceAllString(line, "")); text != "" && !strings.HasPrefix(text, "--- SKIP") {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
