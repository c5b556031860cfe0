// SPDX-License-Identifier: MPL-2.0

package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	// pause bounds how often a browser is told something.
	pause = 50 * time.Millisecond

	// heartbeat tells a browser that is gone, and keeps proxies from closing
	// a connection that is quiet.
	heartbeat = 15 * time.Second

	// writeTime is how long a browser may take to read.
	writeTime = 10 * time.Second
)

// update is what a browser is told: what is new since it was told last.
type update struct {
	// Reset empties what is shown: it is the first update of a stream.
	Reset bool `json:"reset"`

	// Cleared empties the requests only.
	Cleared bool `json:"cleared"`

	// Apps and Faults are all there are; null while they are as they were.
	Apps   json.RawMessage `json:"apps"`
	Faults json.RawMessage `json:"faults"`

	// Requests and Notifications are those that are new.
	Requests      []request      `json:"requests"`
	Notifications []notification `json:"notifications"`
}

// told is what a browser was told so far.
type told struct {
	seq, cleared int
	apps, faults []byte
}

// Observe adds a request. It is for emulator.Options.
func (p *Page) Observe(r emulator.Request) {
	shown := showRequest(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	shown.Seq = p.seq
	p.requests = last(append(p.requests, shown), maxRequests)
	p.wake()
}

func (p *Page) addNotification(n notification) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	n.Seq = p.seq
	p.notifications = last(append(p.notifications, n), maxNotifications)
	p.wake()
}

// changed tells the browsers that something is new.
func (p *Page) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake()
}

// wake is changed for who holds the lock.
func (p *Page) wake() {
	for waiting := range p.waiting {
		select {
		case waiting <- struct{}{}:
		default: // it will look anyway
		}
	}
}

func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// stream tells a browser what is new, until one of the two goes. Nothing waits
// for a browser that is slow: it is told more at a time, or less if there is
// more than the page shows.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	waiting := make(chan struct{}, 1)
	p.mu.Lock()
	p.waiting[waiting] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.waiting, waiting)
		p.mu.Unlock()
	}()

	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	send := func(text string) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeTime)) // not all writers have one
		_, err := w.Write([]byte(text))
		return err == nil && control.Flush() == nil
	}

	first, so := p.since(told{}, true)
	if !send("retry: 1000\n" + event(first)) {
		return
	}
	quiet := time.NewTicker(heartbeat)
	defer quiet.Stop()
	for {
		select {
		case <-waiting:
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			case <-p.closed:
				return
			}
			var next update
			if next, so = p.since(so, false); next.empty() {
				continue
			}
			if !send(event(next)) {
				return
			}
		case <-quiet.C:
			if !send(":\n\n") {
				return
			}
		case <-r.Context().Done():
			return
		case <-p.closed:
			return
		}
	}
}

// event is an update as a server-sent event.
func event(u update) string { return fmt.Sprintf("data: %s\n\n", encode(u)) }

// encode returns JSON, on one line.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // can't be: these are structs of strings, numbers and times
	}
	return text
}

func (u update) empty() bool {
	return !u.Reset && !u.Cleared && u.Apps == nil && u.Faults == nil && len(u.Requests) == 0 && len(u.Notifications) == 0
}

// since returns what is new to who was told so far, and what that makes.
func (p *Page) since(so told, reset bool) (update, told) {
	p.mu.Lock()
	u := update{Reset: reset, Cleared: so.cleared != p.cleared, Requests: []request{}, Notifications: []notification{}}
	for _, r := range p.requests {
		if r.Seq > so.seq {
			u.Requests = append(u.Requests, r)
		}
	}
	for _, n := range p.notifications {
		if n.Seq > so.seq {
			u.Notifications = append(u.Notifications, n)
		}
	}
	so.seq, so.cleared = p.seq, p.cleared
	p.mu.Unlock()

	// What changes after this wakes the stream once more.
	if apps := encode(showApps(p.api.Apps())); !bytes.Equal(apps, so.apps) {
		u.Apps, so.apps = apps, apps
	}
	if faults := encode(showFaults(p.api.Faults())); !bytes.Equal(faults, so.faults) {
		u.Faults, so.faults = faults, faults
	}
	return u, so
}
