// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"sync"
	"time"
)

const (
	// Smaller differences don't matter; larger ones are not believed. A day covers time zones and a date off by one.
	minSkew = time.Minute
	maxSkew = 24 * time.Hour

	// Servers may contradict each other.
	maxCorrections = 3
)

type clock struct {
	mu          sync.Mutex
	offset      time.Duration
	corrections int
}

// correct adopts the time of a server that refused a signature; corrected is false if another attempt was first.
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
