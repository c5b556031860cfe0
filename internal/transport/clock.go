// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"sync"
	"time"
)

const (
	// A server's time is believed if it differs from ours by something that
	// matters, and by no more than a time zone or a date that is off by one.
	minSkew = time.Minute
	maxSkew = 24 * time.Hour

	// maxCorrections bounds how often a client changes its mind about the
	// time, so that servers that contradict each other don't go on for ever.
	maxCorrections = 3
)

// clock is this machine's, corrected by what servers say.
type clock struct {
	mu          sync.Mutex
	offset      time.Duration
	corrections int
}

// correct takes over the time of a server that refused a signature made at the
// time signed with the offset used. It returns the offset to sign with again,
// and whether that is worth it; corrected is false if another attempt has found
// it before.
func (c *clock) correct(server, signed time.Time, used time.Duration) (offset time.Duration, again, corrected bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offset != used {
		return c.offset, true, false
	}
	offset = server.Sub(signed.Round(0)).Round(time.Second) // by the wall's clock
	if server.IsZero() || offset.Abs() > maxSkew || (offset-used).Abs() < minSkew || c.corrections >= maxCorrections {
		return used, false, false
	}
	if offset.Abs() < minSkew {
		offset = 0 // the clock was set right
	}
	c.offset = offset
	c.corrections++
	return offset, true, true
}

// undo takes a correction back that was of no use.
func (c *clock) undo(wrong, earlier time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offset == wrong {
		c.offset = earlier
	}
}

func (c *clock) inUse() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}
