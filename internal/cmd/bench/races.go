// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// cell is where a table has a contender's step.
type cell struct {
	n         int
	step      string
	contender string
}

// race is several contenders at one task.
type race struct {
	name       string
	contenders []contender
	sizes      []int
	steps      []step
	rounds     int
	weather    weather
}

// results has a sample for each round.
type results map[cell][]sample

// run lets each contender have its turn in each round. Who begins changes.
func (b *bench) race(ctx context.Context, r race) (results, error) {
	all := make(results)
	for round := range r.rounds {
		for _, n := range r.sizes {
			first := round % len(r.contenders)
			for _, c := range slices.Concat(r.contenders[first:], r.contenders[:first]) {
				b.say("%s, round %d of %d: %d × %s", r.name, round+1, r.rounds, n, c.name)
				samples, err := b.turn(ctx, c, n, r.weather, r.steps)
				if err != nil {
					return nil, err
				}
				for i, s := range r.steps {
					at := cell{n, s.name, c.name}
					all[at] = append(all[at], samples[i])
				}
			}
		}
	}
	return all, nil
}

func (r results) values(at cell, of func(sample) float64) []float64 {
	var values []float64
	for _, s := range r[at] {
		values = append(values, of(s))
	}
	return values
}

func wall(s sample) float64 { return s.wall.Seconds() }
func cpu(s sample) float64  { return (s.providerCPU + s.cliCPU).Seconds() }

// table has a row for each cell. What is compared with the floor is compared
// round by round.
func (r results) table(race race) *table {
	t := &table{text: 3, head: []string{
		"n", "step", "provider", "wall", "÷ floor", "CPU ÷ floor", "CPU of the provider", "CPU of the CLI", "peak memory of the provider", "calls", "of them refused", "sent", "received",
	}}
	for _, n := range race.sizes {
		for _, s := range race.steps {
			for _, c := range race.contenders {
				at := cell{n, s.name, c.name}
				column := func(format func(float64) string, of func(sample) float64) string {
					spread := spreadOf(r.values(at, of))
					if spread.high == 0 {
						return ""
					}
					return spread.text(format)
				}
				toFloor := func(of func(sample) float64) string {
					if c.name == floor.name {
						return ""
					}
					return ratios(r.values(at, of), r.values(cell{n, s.name, floor.name}, of)).text(times)
				}
				t.add(fmt.Sprint(n), s.name, c.name,
					column(seconds, wall),
					toFloor(wall), toFloor(cpu),
					column(seconds, func(s sample) float64 { return s.providerCPU.Seconds() }),
					column(seconds, func(s sample) float64 { return s.cliCPU.Seconds() }),
					column(megas, func(s sample) float64 { return float64(s.peak) }),
					column(count, func(s sample) float64 { return float64(s.calls) }),
					column(count, func(s sample) float64 { return float64(s.refused) }),
					column(kilos, func(s sample) float64 { return float64(s.sent) }),
					column(kilos, func(s sample) float64 { return float64(s.received) }),
				)
			}
		}
	}
	return t
}

const (
	applyBound = 1.15
	planBound  = 1.10
)

// local measures what is the provider's own: calls cost next to nothing.
func (b *bench) local(ctx context.Context) error {
	r := race{
		name: "no latency", contenders: []contender{ours, floor, builtIn},
		sizes: b.sizesOr(1, 20, 100, 300), steps: allSteps, rounds: b.roundsOr(5),
	}
	got, err := b.race(ctx, r)
	if err != nil {
		return err
	}
	b.printf(`## No latency

%d rounds: the median, and in brackets the least and the most. "÷ floor" is the median of what each round gives. Each step is a run of the
CLI; CPU is that of all processes of the provider in it, peak memory that of the largest (VmHWM; left out where this is not Linux).
Bytes are those on the wire with all headers, without TLS. "sparkrtc" has an access key here, and so signs its calls. Of CPU there is a second
ratio: it is of the provider and the CLI together, and what else the machine does weighs less on it.

%s`, r.rounds, got.table(r))
	for _, n := range r.sizes {
		for _, a := range []struct {
			step  string
			bound float64
		}{{applyStep, applyBound}, {planStep, planBound}} {
			b.aim(aim{
				what:  fmt.Sprintf("%s of %d, no latency, ÷ floor", a.step, n),
				bound: a.bound, format: times,
				got: ratios(got.values(cell{n, a.step, ours.name}, wall), got.values(cell{n, a.step, floor.name}, wall)),
			})
		}
	}
	return nil
}

const (
	playedLatency = 50 * time.Millisecond
	latencyBound  = 1.10

	// operations is how many the CLI has under way, and signed how many
	// requests the provider has with one access key.
	operations = 10
	signed     = 5
)

// latency measures what is made of the time that calls take.
func (b *bench) latency(ctx context.Context) error {
	r := race{
		name: "50 ms", contenders: []contender{ours, oursWithToken, floor},
		sizes: b.sizesOr(1, 20, 100, 300), steps: allSteps, rounds: b.roundsOr(3),
		weather: weather{latency: playedLatency},
	}
	got, err := b.race(ctx, r)
	if err != nil {
		return err
	}
	b.printf(`## 50 ms a call

%d rounds. The emulator waits for 50 ms before each call takes effect; connections are opened without a delay. The floor makes no calls.

The CLI has ten operations under way. With a token, so has the provider; with an access key it has five, because the gateway locks a key for
everyone after more than five refusals in a row, and what is under way when a key is revoked or a clock jumps is refused together.
The plan of new callbacks looks at the list of apps first, a hundred in a call, and an apply plans twice, in two processes.

%s`, r.rounds, got.table(r))
	for _, n := range r.sizes {
		base := got.values(cell{n, applyStep, floor.name}, wall)
		for _, a := range []struct {
			c        contender
			parallel int
		}{{oursWithToken, operations}, {ours, operations}, {ours, signed}} {
			who := "a token"
			if a.c.name == ours.name {
				who = "an access key"
			}
			b.aim(aim{
				what:  fmt.Sprintf("apply of %d at 50 ms with %s, ÷ (⌈n/%d⌉ × 50 ms + floor)", n, who, a.parallel),
				bound: latencyBound, format: times,
				got: ratios(got.values(cell{n, applyStep, a.c.name}, wall), plus(base, trips(n, a.parallel))),
			})
		}
	}
	return nil
}

// trips is how long the writes take at least.
func trips(n, parallel int) float64 {
	return math.Ceil(float64(n)/float64(parallel)) * playedLatency.Seconds()
}

func plus(values []float64, v float64) []float64 {
	sums := slices.Clone(values)
	for i := range sums {
		sums[i] += v
	}
	return sums
}

const playedQuota = 60

// quota measures once: it is all waiting.
func (b *bench) quota(ctx context.Context) error {
	r := race{
		name: "quota", contenders: []contender{ours},
		sizes: b.sizesOr(20, 90), steps: firstSteps, rounds: 1,
		weather: weather{quota: playedQuota},
	}
	got, err := b.race(ctx, r)
	if err != nil {
		return err
	}
	b.printf(`## %d calls a minute

One round. What is over the quota is refused by the emulator, and waits in the provider: an apply is n writes, and the
calls of two plans.

%s`, playedQuota, got.table(r))
	return nil
}
