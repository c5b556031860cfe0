// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"sync"
	"time"
)

const (
	// Separate from retries: each costs up to a window of the quota.
	defaultMaxThrottled = 20

	// A server may send Retry-After: 0.
	minRetryAfter = time.Second

	maxWindow = 10 * time.Minute

	// Calls are counted before the first 429 too, which may name a longer window.
	maxHistoryAge = 5 * time.Minute
	maxHistory    = 4096

	// unknownWait ends early: a pending response wakes the waiters.
	unknownWait = time.Minute
)

// Documented for the SparkRTC API.
var defaultQuota = Quota{Limit: 60, Window: time.Minute}

// pacer keeps requests within a quota that it learns from 429 responses. Others may use the same quota, so the
// budget is the number of own calls that got through; it grows by one with each exclusive attempt beyond it.
type pacer struct {
	mu      sync.Mutex
	changed chan struct{} // is closed and replaced at each change

	quota   Quota       // zero before the first 429
	budget  int         // at most quota.Limit
	passed  []time.Time // when own calls were answered that were not refused; oldest first
	pending int         // own calls that are under way

	blocked   bool
	refusedAt time.Time // the last 429
	retryAt   time.Time // what its Retry-After says; zero without one
	probes    int       // refused in a row
	surplus   bool      // a probe got through and used the budget up, and nothing was refused since
	round     int       // number of 429s learned from

	probe      *slot // the exclusive attempt under way
	probeUntil time.Time

	longest time.Duration
}

type pace struct{ min, max time.Duration }

type slot struct {
	pacer *pacer
	round int // of the pacer, when it was taken
	done  bool
}

func newPacer() *pacer { return &pacer{changed: make(chan struct{})} }

func (p *pacer) wait(ctx context.Context, pace pace, announce func(time.Duration, Quota)) (*slot, error) {
	for announced := false; ; {
		s, wait, changed, quota := p.acquire(time.Now(), pace)
		if s != nil {
			return s, nil
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

func (p *pacer) acquire(now time.Time, pace pace) (*slot, time.Duration, <-chan struct{}, Quota) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropOld(now)
	wait, exclusive := p.next(now, pace)
	if wait > 0 {
		return nil, wait, p.changed, p.quota
	}
	s := &slot{pacer: p, round: p.round}
	p.pending++
	if exclusive {
		p.probe, p.probeUntil = s, now.Add(exclusiveTimeout)
	}
	return s, 0, nil, p.quota
}

func (p *pacer) next(now time.Time, pace pace) (wait time.Duration, exclusive bool) {
	if p.quota.Limit == 0 {
		return 0, false
	}
	used := len(p.passed) + p.pending
	switch {
	case p.blocked:
		if end := p.reopensAt(pace); now.Before(end) {
			return end.Sub(now), false
		}
	case used < p.budget:
		return 0, false
	case used >= p.quota.Limit || !p.surplus && now.Before(p.refusedAt.Add(p.quota.Window)):
		if len(p.passed) == 0 {
			return unknownWait, false
		}
		return p.passed[0].Add(p.quota.Window).Sub(now), false
	}
	if p.probe != nil && now.Before(p.probeUntil) {
		return p.probeUntil.Sub(now), false
	}
	return 0, true
}

func (p *pacer) reopensAt(pace pace) time.Time {
	switch over := len(p.passed) - p.quota.Limit; {
	case !p.retryAt.IsZero():
		return p.retryAt
	case over >= 0:
		// The message may name a wrong limit, and a probe costs only one call.
		end, latest := p.passed[over].Add(p.quota.Window), p.refusedAt.Add(pace.max)
		if latest.Before(end) {
			return latest
		}
		return end
	default:
		return p.refusedAt.Add(doubled(pace.min, p.probes, min(pace.max, p.quota.Window)))
	}
}

func (p *pacer) dropOld(now time.Time) {
	window := p.quota.Window
	if window == 0 {
		window = maxHistoryAge
	}
	old := max(0, len(p.passed)-maxHistory)
	for old < len(p.passed) && now.Sub(p.passed[old]) >= window {
		old++
	}
	p.passed = p.passed[old:]
}

// completed releases a slot after an attempt that may have counted, with or without a response.
func (s *slot) completed(responded bool) {
	s.release(func(p *pacer, now time.Time) {
		p.passed = append(p.passed, now)
		p.dropOld(now)
		if responded && p.blocked && s.round == p.round {
			p.blocked, p.retryAt, p.probes = false, time.Time{}, 0
			p.surplus = len(p.passed) >= p.budget
		}
		p.budget = min(max(p.budget, len(p.passed)), p.quota.Limit)
	})
}

// refused releases a slot after a 429. Of attempts that were sent together only the first 429 is news.
func (s *slot) refused(quota Quota, after time.Duration) {
	s.release(func(p *pacer, now time.Time) {
		p.quota = quota.orDefault()
		p.dropOld(now)
		p.refusedAt = now
		if s.round != p.round {
			return
		}
		p.round++
		p.surplus = false
		p.retryAt = time.Time{}
		if after > 0 {
			// A Retry-After that is always too short must not use up MaxThrottled.
			p.retryAt = now.Add(min(max(after, doubled(minRetryAfter, p.probes, p.quota.Window)), p.quota.Window))
		}
		if p.blocked {
			p.probes++
			return
		}
		p.blocked = true
		p.budget = min(max(len(p.passed), 1), p.quota.Limit)
	})
}

func (s *slot) stale() bool {
	if s == nil {
		return false
	}
	s.pacer.mu.Lock()
	defer s.pacer.mu.Unlock()
	return s.round != s.pacer.round
}

func (s *slot) cancel() { s.release(func(*pacer, time.Time) {}) }

func (s *slot) release(change func(*pacer, time.Time)) {
	if s == nil || s.done {
		return
	}
	s.done = true
	p := s.pacer
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	if p.probe == s {
		p.probe = nil
	}
	change(p, time.Now())
	if p.quota.Limit > 0 { // otherwise no attempt waits
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

func (p *pacer) waited(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.longest = max(p.longest, d)
}

func (p *pacer) learned() (time.Duration, Quota) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quota.Limit == 0 {
		return 0, Quota{} // taking a slot takes a moment, too
	}
	return p.longest, p.quota
}

func (q Quota) orDefault() Quota {
	if q.Limit < 1 || q.Window <= 0 {
		return defaultQuota
	}
	return Quota{Limit: q.Limit, Window: min(q.Window, maxWindow)}
}
