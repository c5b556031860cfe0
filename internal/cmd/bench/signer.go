// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const (
	signerTimes       = 3
	signerAllocations = 1.0 / 5
)

// signing is what one signature took.
type signing struct {
	nanos, bytes, allocations []float64
}

// signer measures the signer beside the vendor's, which is in a module of its
// own so that the provider does not depend on it.
func (b *bench) signer(ctx context.Context) error {
	const heading = "## Signer\n\n"
	got, why, err := b.sign(ctx)
	if err != nil {
		return err
	}
	faster := aim{what: "vendor's signer ÷ ours, time", bound: signerTimes, least: true, format: times, note: why}
	smaller := aim{what: "our signer ÷ vendor's, allocations", bound: signerAllocations, format: times, note: why}
	if why != "" {
		b.printf(heading+"not run: %s", why)
	} else {
		ours, vendor := got["ours"], got["vendor"]
		t := table{head: []string{"signer", "time", "memory", "allocations"}, text: 1}
		for _, one := range []struct {
			name string
			signing
		}{{"ours", ours}, {"vendor's", vendor}} {
			t.add(one.name,
				spreadOf(one.nanos).text(func(v float64) string { return micros(v / 1e9) }),
				spreadOf(one.bytes).text(func(v float64) string { return count(v) + " B" }),
				spreadOf(one.allocations).text(count))
		}
		b.printf(heading+"`BenchmarkSign` of `conformance/`, %d times each, one signature.\n\n%s", len(ours.nanos), &t)
		faster.got = ratios(vendor.nanos, ours.nanos)
		smaller.got = ratios(ours.allocations, vendor.allocations)
	}
	b.aim(faster)
	b.aim(smaller)
	return nil
}

// sign returns why nothing was measured, if so.
func (b *bench) sign(ctx context.Context) (got map[string]signing, why string, err error) {
	dir := filepath.Join(b.root, "conformance")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return nil, "there is no module conformance/", nil
	}
	test := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkSign$", "-benchmem", fmt.Sprintf("-count=%d", b.roundsOr(5)), ".") //nolint:gosec // a number
	test.Dir = dir
	output, err := test.CombinedOutput()
	if err != nil {
		return nil, "", fmt.Errorf("go test in %s: %w\n%s", dir, err, output)
	}
	got = parseBenchmarks(string(output), "BenchmarkSign")
	for _, name := range []string{"ours", "vendor"} {
		if len(got[name].nanos) == 0 {
			return nil, "", fmt.Errorf("no BenchmarkSign/%s in what go test in %s printed:\n%s", name, dir, output)
		}
	}
	return got, "", nil
}

var benchmarkLine = regexp.MustCompile(`^(Benchmark\w+)/([^\s-]+)(?:-\d+)?\s+\d+\s+(.*)$`)

// parseBenchmarks reads what go test prints of the parts of a benchmark.
func parseBenchmarks(output, benchmark string) map[string]signing {
	found := make(map[string]signing)
	for line := range strings.Lines(output) {
		match := benchmarkLine.FindStringSubmatch(strings.TrimSpace(line))
		if match == nil || match[1] != benchmark {
			continue
		}
		one := found[match[2]]
		fields := strings.Fields(match[3])
		for i := 0; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			switch fields[i+1] {
			case "ns/op":
				one.nanos = append(one.nanos, value)
			case "B/op":
				one.bytes = append(one.bytes, value)
			case "allocs/op":
				one.allocations = append(one.allocations, value)
			}
		}
		found[match[2]] = one
	}
	return found
}
