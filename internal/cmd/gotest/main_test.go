// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What go test -json says, and what becomes of it.
func TestReport(t *testing.T) {
	t.Parallel()
	const (
		start   = `{"Action":"start","Package":"p"}`
		runA    = `{"Action":"run","Package":"p","Test":"TestA"}`
		runSub  = `{"Action":"run","Package":"p","Test":"TestA/one"}`
		passA   = `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}`
		failA   = `{"Action":"fail","Package":"p","Test":"TestA"}`
		skipA   = `{"Action":"skip","Package":"p","Test":"TestA"}`
		passSub = `{"Action":"pass","Package":"p","Test":"TestA/one"}`
		failSub = `{"Action":"fail","Package":"p","Test":"TestA/one"}`
		skipSub = `{"Action":"skip","Package":"p","Test":"TestA/one"}`
		pass    = `{"Action":"pass","Package":"p"}`
		fail    = `{"Action":"fail","Package":"p"}`
	)
	says := func(test, text string) string {
		return `{"Action":"output","Package":"p","Test":"` + test + `","Output":"` + text + `\n"}`
	}
	ok, bad := says("", `ok  \tp\t0.1s`), says("", `FAIL\tp\t0.1s`)
	for name, tc := range map[string]struct {
		events  []string
		verbose bool
		want    string
	}{
		"nothing": {nil, false, "0 run, 0 skipped, 0 failed\n"},
		"one passes": {
			[]string{start, runA, says("TestA", "=== RUN   TestA"), says("TestA", "chatter"), says("TestA", "--- PASS: TestA (0.10s)"), passA, says("", "PASS"), ok, pass}, false,
			"ok  \tp\t0.1s\n1 run, 0 skipped, 0 failed\n",
		},
		"one passes, and is to be seen": {
			[]string{start, runA, says("TestA", "=== RUN   TestA"), says("TestA", "chatter"), passA, ok, pass}, true,
			"=== RUN   TestA\nchatter\nok  \tp\t0.1s\n1 run, 0 skipped, 0 failed\n",
		},
		"one fails": {
			[]string{start, runA, says("TestA", "=== RUN   TestA"), says("TestA", "    a_test.go:7: wrong"), says("TestA", "--- FAIL: TestA (0.10s)"), failA, says("", "FAIL"), bad, fail}, false,
			"    a_test.go:7: wrong\n--- FAIL: TestA (0.10s)\nFAIL\tp\t0.1s\n1 run, 0 skipped, 1 failed\n",
		},
		"one is skipped": {
			[]string{start, runA, says("TestA", "=== RUN   TestA"), says("TestA", "    a_test.go:7: no such thing here"), says("TestA", "--- SKIP: TestA (0.00s)"), skipA, ok, pass}, false,
			"ok  \tp\t0.1s\nskipped: p TestA: no such thing here\n0 run, 1 skipped, 0 failed\n",
		},
		"a reason of two lines": {
			[]string{runA, says("TestA", "    a_test.go:7: no such"), says("TestA", "        thing here"), skipA, ok, pass}, false,
			"ok  \tp\t0.1s\nskipped: p TestA: no such thing here\n0 run, 1 skipped, 0 failed\n",
		},
		"no reason": {
			[]string{runA, says("TestA", "--- SKIP: TestA (0.00s)"), skipA, ok, pass}, false,
			"ok  \tp\t0.1s\nskipped: p TestA: no reason given\n0 run, 1 skipped, 0 failed\n",
		},
		"a subtest counts, and not what it is in": {
			[]string{runA, runSub, passSub, passA, ok, pass}, false,
			"ok  \tp\t0.1s\n1 run, 0 skipped, 0 failed\n",
		},
		"a subtest fails": {
			[]string{runA, runSub, says("TestA/one", "wrong"), failSub, says("TestA", "--- FAIL: TestA (0.10s)"), failA, bad, fail}, false,
			"wrong\n--- FAIL: TestA (0.10s)\nFAIL\tp\t0.1s\n1 run, 0 skipped, 1 failed\n",
		},
		"a subtest with a slash in its name": {
			[]string{runA, `{"Action":"run","Package":"p","Test":"TestA/docs/index.md"}`, `{"Action":"run","Package":"p","Test":"TestA/docs/index.md/1"}`, `{"Action":"pass","Package":"p","Test":"TestA/docs/index.md/1"}`, `{"Action":"pass","Package":"p","Test":"TestA/docs/index.md"}`, passA, ok, pass}, false,
			"ok  \tp\t0.1s\n1 run, 0 skipped, 0 failed\n",
		},
		"a subtest that fails, with a slash in its name": {
			[]string{runA, `{"Action":"run","Package":"p","Test":"TestA/docs/index.md"}`, `{"Action":"fail","Package":"p","Test":"TestA/docs/index.md"}`, failA, bad, fail}, false,
			"FAIL\tp\t0.1s\n1 run, 0 skipped, 1 failed\n",
		},
		"two subtests of one that isn't there": {
			[]string{runA, `{"Action":"run","Package":"p","Test":"TestA/docs/1"}`, `{"Action":"run","Package":"p","Test":"TestA/docs/2"}`, `{"Action":"pass","Package":"p","Test":"TestA/docs/1"}`, `{"Action":"skip","Package":"p","Test":"TestA/docs/2"}`, passA, ok, pass}, false,
			"ok  \tp\t0.1s\nskipped: p TestA/docs/2: no reason given\n1 run, 1 skipped, 0 failed\n",
		},
		"a test fails, and its subtest does not": {
			[]string{runA, runSub, passSub, failA, bad, fail}, false,
			"FAIL\tp\t0.1s\n2 run, 0 skipped, 1 failed\n",
		},
		"a subtest is skipped": {
			[]string{runA, runSub, skipSub, passA, ok, pass}, false,
			"ok  \tp\t0.1s\nskipped: p TestA/one: no reason given\n0 run, 1 skipped, 0 failed\n",
		},
		"a test without an end": {
			[]string{runA, runSub, says("TestA/one", "half done"), says("", "panic: test timed out"), bad, fail}, false,
			"panic: test timed out\nFAIL\tp\t0.1s\nhalf done\ndid not end: p TestA/one\ndid not end: p TestA\n1 run, 0 skipped, 1 failed\n",
		},
		"an end of it all": {
			[]string{runA, says("TestA", "half done")}, false,
			"half done\ndid not end: p TestA\n1 run, 0 skipped, 1 failed\n",
		},
		"a package that can't be built": {
			[]string{`{"ImportPath":"p [p.test]","Action":"build-output","Output":"./a.go:1:1: syntax error\n"}`, `{"ImportPath":"p [p.test]","Action":"build-fail"}`, start, says("", `FAIL\tp [build failed]`), fail}, false,
			"./a.go:1:1: syntax error\nFAIL\tp [build failed]\n0 run, 0 skipped, 1 failed\n",
		},
		"TestMain fails": {
			[]string{runA, passA, bad, fail}, false,
			"FAIL\tp\t0.1s\n1 run, 0 skipped, 1 failed\n",
		},
		"what is no event": {
			[]string{"go: downloading example.com/m v1.0.0", `{"no":"event"}`, runA, passA, ok, pass}, false,
			"go: downloading example.com/m v1.0.0\n{\"no\":\"event\"}\nok  \tp\t0.1s\n1 run, 0 skipped, 0 failed\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			r := report{out: &out, verbose: tc.verbose}
			if err := r.read(strings.NewReader(strings.Join(tc.events, "\n") + "\n")); err != nil {
				t.Fatal(err)
			}
			r.finish()
			if out.String() != tc.want {
				t.Errorf("it prints\n%s\nwant\n%s", out.String(), tc.want)
			}
		})
	}
}

// The real go test, on a module that is made here.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it lets Go build and run tests, again and again")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.25\n",
		"good/good_test.go": `package good

import "testing"

func TestGood(t *testing.T) {
	t.Run("one", func(*testing.T) {})
	t.Run("two", func(*testing.T) {})
}

func TestSkipped(t *testing.T) { t.Skip("nothing to test with") }
`,
		"bad/bad_test.go": `package bad

import "testing"

func TestBad(t *testing.T) { t.Error("as it was to be") }
`,
		"panics/panics_test.go": `package panics

import "testing"

func TestPanics(*testing.T) { panic("as it was to be") }
`,
		"broken/broken_test.go": "package broken\n\nfunc {\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, tc := range map[string]struct {
		arguments []string
		env       string // value of CI
		code      int
		last      string // lines of standard output
		mentions  []string
	}{
		"passes and skips":    {[]string{"./good"}, "", 0, "2 run, 1 skipped, 0 failed", nil},
		"fails":               {[]string{"./good", "./bad"}, "", 1, "3 run, 1 skipped, 1 failed", []string{"bad_test.go:5: as it was to be", "FAIL\texample.com/m/bad", "skipped: example.com/m/good TestSkipped: nothing to test with"}},
		"panics":              {[]string{"./panics"}, "", 1, "1 run, 0 skipped, 1 failed", []string{"panic: as it was to be"}},
		"can't be built":      {[]string{"./broken"}, "", 1, "0 run, 0 skipped, 1 failed", []string{"broken_test.go:3"}},
		"verbose":             {[]string{"-v", "./good"}, "", 0, "2 run, 1 skipped, 0 failed", []string{"=== RUN   TestGood/one"}},
		"no such flag":        {[]string{"./good", "-nonsense=1"}, "", 1, "0 run, 0 skipped, 1 failed", []string{"nonsense"}},
		"all skipped":         {[]string{"-skip", "no CLI here", "-run", "^Test[GB]", "-count=1", "./good", "./bad"}, "", 0, "0 run, 2 skipped, 0 failed", []string{"skipped: no CLI here"}},
		"all skipped, joined": {[]string{"-skip", "no CLI here", "-run=^TestSkipped$/x", "./good", "./bad"}, "", 0, "0 run, 1 skipped, 0 failed", nil},
		"all skipped in CI":   {[]string{"-skip", "no CLI here", "./good"}, "true", 1, "0 run, 2 skipped, 0 failed", []string{"CI is set"}},
		"CI that is none":     {[]string{"-skip", "no CLI here", "./good"}, "false", 0, "0 run, 2 skipped, 0 failed", nil},
		"skipped and broken":  {[]string{"-skip", "no CLI here", "./broken"}, "", 1, "", []string{"can't be listed"}},
		"no reason to skip":   {[]string{"-skip"}, "", 2, "", []string{"needs a reason"}},
		"an empty reason":     {[]string{"-skip", " ", "./good"}, "", 2, "", []string{"needs a reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), tc.arguments, &stdout, &stderr, func(name string) string {
				return map[string]string{"CI": tc.env}[name]
			})
			lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
			if last := lines[len(lines)-1]; code != tc.code || last != tc.last {
				t.Errorf("it ends with %d and %q, want %d and %q\n%s%s", code, last, tc.code, tc.last, stdout.String(), stderr.String())
			}
			for _, mention := range tc.mentions {
				if !strings.Contains(stdout.String()+stderr.String(), mention) {
					t.Errorf("it doesn't say %q:\n%s%s", mention, stdout.String(), stderr.String())
				}
			}
		})
	}
}
