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
	// interval is the shortest time between two updates.
	interval = 50 * time.Millisecond

	// heartbeat detects browsers that are gone, and keeps proxies from closing
	// idle connections.
	heartbeat = 15 * time.Second

	// writeTimeout bounds how long a browser takes to read an update.
	writeTimeout = 10 * time.Second
)

// update has what changed since a browser's last update.
type update struct {
	// Reset empties the page; it is set in the first update of a stream.
	Reset bool `json:"reset"`

	// Cleared empties the table of requests.
	Cleared bool `json:"cleared"`

	// Apps and Faults are complete lists, or null if nothing changed.
	Apps   json.RawMessage `json:"apps"`
	Faults json.RawMessage `json:"faults"`

	// Requests and Notifications are the new ones.
	Requests      []request      `json:"requests"`
	Notifications []notification `json:"notifications"`
}

// sent is what a browser has been sent so far.
type sent struct {
	seq, cleared int
	apps, faults []byte
}

// Observe adds a request. Set emulator.Options.Observe to call it.
func (p *Page) Observe(r emulator.Request) {
	shown := showRequest(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	shown.Seq = p.seq
	p.requests = newest(append(p.requests, shown), maxRequests)
	p.wake()
}

func (p *Page) addNotification(n notification) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	n.Seq = p.seq
	p.notifications = newest(append(p.notifications, n), maxNotifications)
	p.wake()
}

func (p *Page) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake()
}

// wake starts an update of all browsers. The caller holds the lock.
func (p *Page) wake() {
	for waiting := range p.waiting {
		select {
		case waiting <- struct{}{}:
		default: // an update is pending
		}
	}
}

func newest[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// stream sends updates to a browser. A slow browser blocks nothing: it gets fewer
// and larger updates.
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
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err := w.Write([]byte(text))
		return err == nil && control.Flush() == nil
	}

	first, last := p.since(sent{}, true)
	if !send("retry: 1000\n" + event(first)) {
		return
	}
	quiet := time.NewTicker(heartbeat)
	defer quiet.Stop()
	for {
		select {
		case <-waiting:
			select {
			case <-time.After(interval):
			case <-r.Context().Done():
				return
			case <-p.closed:
				return
			}
			var next update
			if next, last = p.since(last, false); next.empty() {
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

// event returns an update as a server-sent event.
func event(u update) string { return fmt.Sprintf("data: %s\n\n", encode(u)) }

// encode returns JSON in one line.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // not with structs of strings, numbers and times
	}
	return text
}

func (u update) empty() bool {
	return !u.Reset && !u.Cleared && u.Apps == nil && u.Faults == nil && len(u.Requests) == 0 && len(u.Notifications) == 0
}

// since returns the update after what was sent so far, and what was sent then.
func (p *Page) since(last sent, reset bool) (update, sent) {
	p.mu.Lock()
	u := update{Reset: reset, Cleared: last.cleared != p.cleared, Requests: []request{}, Notifications: []notification{}}
	for _, r := range p.requests {
		if r.Seq > last.seq {
			u.Requests = append(u.Requests, r)
		}
	}
	for _, n := range p.notifications {
		if n.Seq > last.seq {
			u.Notifications = append(u.Notifications, n)
		}
	}
	last.seq, last.cleared = p.seq, p.cleared
	p.mu.Unlock()

	// A change after this starts another update.
	if apps := encode(showApps(p.api.Apps())); !bytes.Equal(apps, last.apps) {
		u.Apps, last.apps = apps, apps
	}
	if faults := encode(showFaults(p.api.Faults())); !bytes.Equal(faults, last.faults) {
		u.Faults, last.faults = faults, faults
	}
	return u, last
}
