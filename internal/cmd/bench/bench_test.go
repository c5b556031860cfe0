// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/sparkrtc/terraform-provider-sparkrtc/internal/provider" // a change to it makes cached results void
)

func TestSpread(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   spread
		text   string
	}{
		"none":      {nil, spread{}, ""},
		"one":       {[]float64{2}, spread{2, 2, 2, 1}, "2.00"},
		"odd":       {[]float64{3, 1, 2}, spread{2, 1, 3, 3}, "2.00 (1.00–3.00)"},
		"even":      {[]float64{4, 1, 2, 3}, spread{2.5, 1, 4, 4}, "2.50 (1.00–4.00)"},
		"all alike": {[]float64{1, 1.001}, spread{1.0005, 1, 1.001, 2}, "1.00"},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(test.values)
			got := spreadOf(test.values)
			if got != test.want || got.text(times) != test.text {
				t.Errorf("%+v, %q", got, got.text(times))
			}
			if !slices.Equal(before, test.values) {
				t.Errorf("the values were changed: %v", test.values)
			}
		})
	}
}

// A round that was slow for both counts as any other.
func TestRatios(t *testing.T) {
	if got, want := ratios([]float64{2, 30, 4}, []float64{1, 10, 4}), (spread{2, 1, 3, 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := ratios([]float64{1, 2}, []float64{0}); got != (spread{}) {
		t.Errorf("%+v of what can't be compared", got)
	}
}

func TestTable(t *testing.T) {
	table := table{head: []string{"who", "wall", "peak", "calls"}, text: 1}
	table.add("ours", "1", "", "")
	table.add("floor", "2", "", "3")
	want := "| who | wall | calls |\n| --- | --: | --: |\n| ours | 1 |  |\n| floor | 2 | 3 |"
	if got := table.String(); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func TestVerdicts(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out}
	b.verdicts()
	if out.Len() > 0 {
		t.Errorf("%q without an aim", out.String())
	}
	b.aim(aim{what: "just", bound: 1.1, format: times, got: spreadOf([]float64{1.1})})
	b.aim(aim{what: "too slow", bound: 1.1, format: times, got: spreadOf([]float64{1.2})})
	b.aim(aim{what: "fast enough", bound: 3, least: true, format: times, got: spreadOf([]float64{4})})
	b.aim(aim{what: "absent", bound: 3, least: true, format: times, note: "there is none"})
	b.verdicts()
	for _, want := range []string{
		"| just | ≤ 1.10 | 1.10 | yes |", "| too slow | ≤ 1.10 | 1.20 | **no** |", "| fast enough | ≥ 3.00 | 4.00 | yes |",
		"| absent | ≥ 3.00 | there is none | not run |", "2 reached, 1 not reached, 1 not run.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestParseBenchmarks(t *testing.T) {
	const output = `goos: linux
BenchmarkSign/ours-2         	  200000	      5000 ns/op	    1000 B/op	      10 allocs/op
BenchmarkSign/vendor-2       	   50000	     20000.5 ns/op	    9000 B/op	     100 allocs/op
BenchmarkSign/ours           	  200000	      5200 ns/op	    1000 B/op	      10 allocs/op
BenchmarkOther/ours-2        	       1	         1 ns/op
PASS
`
	got := parseBenchmarks(output, "BenchmarkSign")
	if len(got) != 2 || !slices.Equal(got["ours"].nanos, []float64{5000, 5200}) || !slices.Equal(got["ours"].allocations, []float64{10, 10}) ||
		!slices.Equal(got["vendor"].nanos, []float64{20000.5}) || !slices.Equal(got["vendor"].bytes, []float64{9000}) {
		t.Errorf("%+v", got)
	}
}

func TestSignerAbsent(t *testing.T) {
	var out bytes.Buffer
	b := &bench{out: &out, root: t.TempDir()}
	if err := b.signer(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.verdicts()
	if !strings.Contains(out.String(), "not run: there is no module conformance/") || !strings.Contains(out.String(), "0 reached, 0 not reached, 2 not run") {
		t.Errorf("%s", out.String())
	}
}

func TestReadMeter(t *testing.T) {
	name := filepath.Join(t.TempDir(), "meter")
	if got, err := readMeter(name); err != nil || got != (metered{}) {
		t.Errorf("%+v, %v of no file", got, err)
	}
	if err := os.WriteFile(name, []byte("{\"cpu\":1000,\"peak\":5}\n{\"cpu\":500,\"peak\":4}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readMeter(name); err != nil || got != (metered{processes: 2, cpu: 1500, peak: 5}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the file is still there")
	}
	if err := os.WriteFile(name, []byte("{\"cpu\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readMeter(name); err == nil {
		t.Error("no error for half a line")
	}
}

func TestTrips(t *testing.T) {
	for n, want := range map[int]float64{1: 0.05, 10: 0.05, 11: 0.1, 300: 1.5} {
		if got := trips(n, operations); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
	}
	if base := []float64{1, 2}; !slices.Equal(plus(base, 1), []float64{2, 3}) || base[0] != 1 {
		t.Errorf("%v", base)
	}
}

func TestResultsTable(t *testing.T) {
	r := race{contenders: []contender{ours, floor, builtIn}, sizes: []int{1}, steps: firstSteps[:1]}
	got := results{
		{1, applyStep, ours.name}:    {{wall: 2 * time.Second, providerCPU: time.Second, peak: 3e7, traffic: traffic{calls: 3, sent: 1500}}},
		{1, applyStep, floor.name}:   {{wall: time.Second, providerCPU: time.Second, peak: 2e7}},
		{1, applyStep, builtIn.name}: {{wall: time.Second / 2}},
	}.table(r).String()
	want := `| n | step | provider | wall | ÷ floor | CPU ÷ floor | CPU of the provider | peak memory of the provider | calls | sent |
| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |
| 1 | apply | sparkrtc | 2.00 s | 2.00 | 1.00 | 1.00 s | 30.0 MB | 3 | 1.5 kB |
| 1 | apply | floor | 1.00 s |  |  | 1.00 s | 20.0 MB |  |  |
| 1 | apply | terraform_data | 0.50 s | 0.50 | 0.00 |  |  |  |  |`
	if got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func TestCommandLine(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := parse([]string{"-cli", executable, "-n", "1,20", "-rounds", "2", "-sections", "size,local"}, io.Discard)
	if err != nil || cfg.cli != executable || !slices.Equal(cfg.sizes, []int{1, 20}) || cfg.rounds != 2 || !slices.Equal(cfg.sections, []string{"size", "local"}) {
		t.Errorf("%+v, %v", cfg, err)
	}
	if cfg, err = parse([]string{"-cli", executable}, io.Discard); err != nil || len(cfg.sections) != len(sections) {
		t.Errorf("%+v, %v", cfg, err)
	}
	for _, args := range [][]string{
		{"-n", "0"}, {"-n", "1,x"}, {"-n", "100000"}, {"-rounds", "0"}, {"-rounds", "x"}, {"-sections", "size,nothing"}, {"more"}, {"-cli", "terrafrom"},
	} {
		if _, err := parse(append([]string{"-cli", executable}, args...), io.Discard); err == nil {
			t.Errorf("no error for %q", args)
		}
	}
	var help bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, &help, io.Discard); err != nil || !strings.Contains(help.String(), "-sections") {
		t.Errorf("help: %v, %q", err, help.String())
	}
}

func TestClient(t *testing.T) {
	b := &bench{out: io.Discard, config: config{rounds: 1}}
	if err := b.client(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.aims) != 1 || b.aims[0].got.n != 20 {
		t.Errorf("%+v", b.aims)
	}
}

// All of it once, and through the real CLI, but for the signer, which is in
// another module, and the quota, which takes a minute.
func TestAccBench_smoke(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance test: set TF_ACC=1 (make testacc)")
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TF_LOG", "trace") // nothing of the user's own may get in
	var stdout, stderr bytes.Buffer
	args := []string{"-cli", os.Getenv("TF_ACC_TERRAFORM_PATH"), "-n", "1", "-rounds", "1", "-sections", "size,startup,client,local,latency"}
	if err := run(t.Context(), args, &stdout, &stderr); err != nil {
		t.Fatalf("%v\nstdout:\n%s\nstderr:\n%s", err, stdout.String(), stderr.String())
	}
	for _, want := range []string{
		"\n## Size\n", "\n## Start-up\n", "\n## Client\n", "\n## No latency\n", "\n## 50 ms a call\n", "\n## Aims\n",
		"| 1 | apply | sparkrtc |", "| 1 | no-op plan | floor |", "| 1 | update of all | terraform_data |", "| 1 | apply | sparkrtc, token |",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, stdout.String())
		}
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "sparkrtc-bench-") {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
}

func TestInterrupted(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"-cli", executable}, io.Discard, io.Discard); err == nil || err.Error() != "interrupted" {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
