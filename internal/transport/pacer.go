// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"sync"
	"time"
)

const (
	// defaultMaxThrottled is how often a throttled attempt is repeated. It
	// costs one of the caller's minutes each, not one of its retries.
	defaultMaxThrottled = 20

	// leastRetryAfter keeps a server that says "at once" from being asked
	// without end.
	leastRetryAfter = time.Second

	// maxWindow bounds what a server may call its quota's window.
	maxWindow = 10 * time.Minute

	// remembered bounds what is known of own calls before the first 429 tells
	// how long they count.
	remembered    = 5 * time.Minute
	maxRemembered = 4096

	// untold is a wait whose end is somebody else's answer.
	untold = time.Minute
)

// defaultQuota is that of the SparkRTC API.
var defaultQuota = Quota{Limit: 60, Window: time.Minute}

// pacer keeps requests within a quota that it learns from being refused, and
// from how many own calls got through. It says nothing before the first 429.
//
// After a 429 it blocks: nobody sends until it is likely that the quota is open
// again; then one goes alone, as a probe. When that gets through, as many
// follow as are left by the own count of the last window. Others may use the
// same quota: if it was used up by fewer own calls than its limit, that number
// is the budget, until a window without a 429 has passed, or a probe got through
// though the budget was used up before or by it; then attempts beyond it go
// alone, and each that gets through is one more.
type pacer struct {
	mu      sync.Mutex
	changed chan struct{} // is closed, and another takes its place, at each change

	quota   Quota       // zero before the first 429
	budget  int         // at most quota.Limit
	passed  []time.Time // when own calls were answered that were not refused; oldest first
	pending int         // own calls that are under way

	blocked   bool
	refusedAt time.Time // the last 429
	retryAt   time.Time // what its Retry-After says; zero without one
	probes    int       // how many in a row were refused
	surplus   bool      // a probe got through and used the budget up, and nothing was refused since
	round     int       // counts what was learned from 429s, see refused

	lone      *place // the attempt that is under way alone
	loneUntil time.Time

	longest time.Duration
}

// pace is how often a pacer probes.
type pace struct{ min, max time.Duration }

// place is an attempt's in the count of a pacer.
type place struct {
	pacer *pacer
	alone bool
	round int // of the pacer, when it was given
	done  bool
}

func newPacer() *pacer { return &pacer{changed: make(chan struct{})} }

// wait waits for a place. It calls announce, once, when that is going to take
// longer than a second.
func (p *pacer) wait(ctx context.Context, pace pace, announce func(time.Duration, Quota)) (*place, error) {
	for announced := false; ; {
		given, wait, changed, quota := p.ask(time.Now(), pace)
		if given != nil {
			return given, nil
		}
		if wait > time.Second && !announced {
			announced = true
			announce(wait, quota)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-changed:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// ask returns a place, or how long to wait before asking again and what may end
// the wait before.
func (p *pacer) ask(now time.Time, pace pace) (*place, time.Duration, <-chan struct{}, Quota) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	wait, alone := p.next(now, pace)
	if wait > 0 {
		return nil, wait, p.changed, p.quota
	}
	given := &place{pacer: p, alone: alone, round: p.round}
	p.pending++
	if alone {
		p.lone, p.loneUntil = given, now.Add(patience)
	}
	return given, 0, nil, p.quota
}

// next returns how long an attempt has to wait, or whether it goes alone.
func (p *pacer) next(now time.Time, pace pace) (wait time.Duration, alone bool) {
	if p.quota.Limit == 0 {
		return 0, false
	}
	used := len(p.passed) + p.pending
	switch {
	case p.blocked:
		if end := p.end(pace); now.Before(end) {
			return end.Sub(now), false
		}
	case used < p.budget:
		return 0, false
	case used >= p.quota.Limit || !p.surplus && now.Before(p.refusedAt.Add(p.quota.Window)):
		if len(p.passed) == 0 {
			return untold, false
		}
		return p.passed[0].Add(p.quota.Window).Sub(now), false
	}
	if p.lone != nil && now.Before(p.loneUntil) {
		return p.loneUntil.Sub(now), false
	}
	return 0, true
}

// end is when the quota is likely to be open again.
func (p *pacer) end(pace pace) time.Time {
	switch over := len(p.passed) - p.quota.Limit; {
	case !p.retryAt.IsZero():
		return p.retryAt
	case over >= 0:
		// What the message names may be wrong, and to try costs one call.
		end, latest := p.passed[over].Add(p.quota.Window), p.refusedAt.Add(pace.max)
		if latest.Before(end) {
			return latest
		}
		return end
	default:
		// Others use it as well, and nobody knows when it began.
		return p.refusedAt.Add(doubled(pace.min, p.probes, min(pace.max, p.quota.Window)))
	}
}

// forget drops calls that count no more.
func (p *pacer) forget(now time.Time) {
	window := p.quota.Window
	if window == 0 {
		window = remembered
	}
	old := max(0, len(p.passed)-maxRemembered)
	for old < len(p.passed) && now.Sub(p.passed[old]) >= window {
		old++
	}
	// Not moved to the front, which would cost more with each call: append
	// leaves behind what is dropped, once it needs room.
	p.passed = p.passed[old:]
}

// answered gives a place back after an attempt that was sent: got tells whether
// there was an answer. One that is lost may have counted.
func (pl *place) answered(got bool) {
	pl.leave(func(p *pacer, now time.Time) {
		p.passed = append(p.passed, now)
		p.forget(now)
		if got && p.blocked && pl.round == p.round {
			p.blocked, p.retryAt, p.probes = false, time.Time{}, 0
			p.surplus = len(p.passed) >= p.budget
		}
		p.budget = min(max(p.budget, len(p.passed)), p.quota.Limit)
	})
}

// refused gives a place back after a 429. Attempts that were under way together
// are refused together, and only the first of them tells anything.
func (pl *place) refused(quota Quota, after time.Duration) {
	pl.leave(func(p *pacer, now time.Time) {
		p.quota = quota.sane()
		p.forget(now)
		p.refusedAt = now
		if pl.round != p.round {
			return
		}
		p.round++
		p.surplus = false
		p.retryAt = time.Time{}
		if after > 0 {
			// One that is too short, again and again, must not use up what
			// throttled requests may be repeated.
			p.retryAt = now.Add(min(max(after, doubled(leastRetryAfter, p.probes, p.quota.Window)), p.quota.Window))
		}
		if p.blocked {
			p.probes++
			return
		}
		p.blocked = true
		p.budget = min(max(len(p.passed), 1), p.quota.Limit)
	})
}

// over tells whether a place is worth nothing any more: others were refused since
// it was given.
func (pl *place) over() bool {
	if pl == nil {
		return false
	}
	pl.pacer.mu.Lock()
	defer pl.pacer.mu.Unlock()
	return pl.round != pl.pacer.round
}

// unused gives a place back after an attempt that was not sent. It does nothing
// once the place was given back.
func (pl *place) unused() { pl.leave(func(*pacer, time.Time) {}) }

func (pl *place) leave(change func(*pacer, time.Time)) {
	if pl == nil || pl.done {
		return
	}
	pl.done = true
	p := pl.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	if p.lone == pl {
		p.lone = nil
	}
	change(p, time.Now())
	if p.quota.Limit > 0 { // otherwise nobody waits
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// waited notes how long a request had to wait.
func (p *pacer) waited(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.longest = max(p.longest, d)
}

func (p *pacer) learned() (time.Duration, Quota) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quota.Limit == 0 {
		return 0, Quota{} // to ask takes a moment, too
	}
	return p.longest, p.quota
}

// sane replaces what can't be.
func (q Quota) sane() Quota {
	if q.Limit < 1 || q.Window <= 0 {
		return defaultQuota
	}
	return Quota{Limit: q.Limit, Window: min(q.Window, maxWindow)}
}
