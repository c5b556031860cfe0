// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// spread is what several measurements of one thing came to.
type spread struct {
	median, low, high float64
	n                 int
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return spread{median: median, low: sorted[0], high: sorted[len(sorted)-1], n: len(sorted)}
}

// ratios divides what was measured in the same round: whatever else the machine
// did then weighs on both.
func ratios(values, by []float64) spread {
	var list []float64
	for i, value := range values {
		if i < len(by) && by[i] > 0 {
			list = append(list, value/by[i])
		}
	}
	return spreadOf(list)
}

// text is the median and, of several, the least and the most.
func (s spread) text(format func(float64) string) string {
	switch {
	case s.n == 0:
		return ""
	case s.n == 1 || format(s.low) == format(s.high):
		return format(s.median)
	default:
		return fmt.Sprintf("%s (%s–%s)", format(s.median), format(s.low), format(s.high))
	}
}

func seconds(v float64) string { return fmt.Sprintf("%.2f s", v) }
func millis(v float64) string  { return fmt.Sprintf("%.1f ms", v*1e3) }
func micros(v float64) string  { return fmt.Sprintf("%.1f µs", v*1e6) }
func times(v float64) string   { return fmt.Sprintf("%.2f", v) }
func count(v float64) string   { return fmt.Sprintf("%.0f", v) }
func megas(v float64) string   { return fmt.Sprintf("%.1f MB", v/1e6) }
func kilos(v float64) string   { return fmt.Sprintf("%.1f kB", v/1e3) }

// table is one in Markdown. All but the first columns are numbers.
type table struct {
	head []string
	text int // how many columns are text
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String leaves out columns that no row has anything in.
func (t *table) String() string {
	var used []int
	for i := range t.head {
		if slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != "" }) {
			used = append(used, i)
		}
	}
	var b strings.Builder
	line := func(cell func(int) string) {
		b.WriteString("|")
		for _, i := range used {
			b.WriteString(" " + cell(i) + " |")
		}
		b.WriteString("\n")
	}
	line(func(i int) string { return t.head[i] })
	line(func(i int) string {
		if i < t.text {
			return "---"
		}
		return "--:"
	})
	for _, row := range t.rows {
		line(func(i int) string { return row[i] })
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// aim is one that was set before anything was measured.
type aim struct {
	what   string
	bound  float64
	least  bool // the bound is the least, and not the most
	format func(float64) string
	got    spread
	note   string // why it was not measured
}

func (a aim) reached() bool {
	if a.least {
		return a.got.median >= a.bound
	}
	return a.got.median <= a.bound
}

func (b *bench) aim(a aim) { b.aims = append(b.aims, a) }

// verdicts prints all aims. The median counts.
func (b *bench) verdicts() {
	if len(b.aims) == 0 {
		return
	}
	t := table{head: []string{"aim", "bound", "measured", "reached"}, text: 1}
	reached, missed := 0, 0
	for _, a := range b.aims {
		sign := "≤ "
		if a.least {
			sign = "≥ "
		}
		verdict, got := "**no**", a.got.text(a.format)
		switch {
		case a.got.n == 0:
			verdict, got = "not run", a.note
		case a.reached():
			verdict = "yes"
			reached++
		default:
			missed++
		}
		t.add(a.what, sign+a.format(a.bound), got, verdict)
	}
	b.printf("## Aims\n\n%s\n\n%d reached, %d not reached, %d not run. It is the median that counts.", &t, reached, missed, len(b.aims)-reached-missed)
}
