// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// apps lists the apps of a project for all that a process asks about them. There is
// one listing at a time, and it is made again only where that may tell more.
type apps struct {
	client *sparkrtc.Client

	// courtesy has few retries, for calls that only save others or improve a plan.
	courtesy *sparkrtc.Client

	mu     sync.Mutex
	latest *listing // under way or done; nil for none
	writes int      // that have ended

	bound   time.Duration // of a courtesy listing; courtesyBound when 0
	anyRead atomic.Bool   // whether there was a read yet
	written sync.Map      // the apps that were written to, or are being

	lookUps       sync.Mutex // one at a time, or more would be under way than are useful
	lookedUp      int        // with lookUps held
	lookUpsFailed bool       // likewise
}

const (
	// courtesyRetries and courtesyTimeout are those of each call.
	courtesyRetries = 2
	courtesyTimeout = 15 * time.Second

	// courtesyBound is that of a listing with all its waits. A quota is counted by the minute.
	courtesyBound = 2 * time.Minute

	// maxLookUps: the first five apps that do not exist fail the plan already.
	maxLookUps = 5
)

// need is what a listing has to be, beyond what any listing is.
type need struct {
	// whole: to the end and with all retries. Others end after the first page if there are more than a thousand apps.
	whole bool

	// fresh: begun after the last write of this process that has ended.
	fresh bool

	// since: begun at this time at the earliest.
	since time.Time
}

// listing is one listing, whose context ends when no caller waits for it any more.
type listing struct {
	whole   bool
	begun   time.Time
	writes  int // that had ended when it began
	callers int // that wait, with apps.mu held
	stop    context.CancelFunc

	done chan struct{} // closed once the rest is set
	list []sparkrtc.App
	byID map[string]*sparkrtc.App
	err  error // ErrIncomplete if apps are, or may be, missing; with an error, list has what there is
}

// list returns a listing that is done. The error is about the end of ctx, which ends this wait only.
func (a *apps) list(ctx context.Context, need need) (*listing, error) {
	for {
		l := a.join(ctx, need)
		if l != nil && !l.isDone() {
			select {
			case <-l.done:
			case <-ctx.Done():
				a.leave(l)
				l = nil
			}
		}
		if l == nil {
			return nil, sparkrtc.Canceled(ctx, "ListApps", sparkrtc.Object{Kind: sparkrtc.KindApps})
		}
		if l.satisfies(need) {
			return l, nil
		}
	}
}

// join returns nil if it would begin a listing and ctx has ended.
func (a *apps) join(ctx context.Context, need need) *listing {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.latest
	if l == nil || need.fresh && l.writes < a.writes || l.begun.Before(need.since) || l.isDone() && !l.satisfies(need) {
		if ctx.Err() != nil {
			return nil
		}
		l = a.begin(context.WithoutCancel(ctx), need.whole)
		a.latest = l
	}
	l.callers++
	return l
}

// named returns the apps of a name that is not an ID in the last listing, if it is done.
func (a *apps) named(name string) (found []sparkrtc.App) {
	a.mu.Lock()
	l := a.latest
	a.mu.Unlock()
	if l == nil || !l.isDone() || l.byID[name] != nil {
		return nil
	}
	return l.named(name)
}

// quotedIDs are for messages.
func quotedIDs(apps []sparkrtc.App) string {
	var ids []string
	for _, app := range apps {
		ids = append(ids, strconv.Quote(app.ID))
	}
	slices.Sort(ids)
	return strings.Join(ids, " or ")
}

func (l *listing) named(name string) (found []sparkrtc.App) {
	for _, app := range l.list {
		if string(app.Name) == name {
			found = append(found, app)
		}
	}
	return found
}

// leave is for callers that stop waiting.
func (a *apps) leave(l *listing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.callers--; l.callers > 0 || l.isDone() {
		return
	}
	l.stop()
	if a.latest == l {
		a.latest = nil
	}
}

func (a *apps) begin(ctx context.Context, whole bool) *listing {
	bound, list := cmp.Or(a.bound, courtesyBound), a.courtesy.ListApps
	if whole {
		bound, list = defaultTimeout, a.client.ListAllApps
	}
	ctx, stop := context.WithTimeoutCause(ctx, bound, fmt.Errorf("no list of apps within %v", bound))
	l := &listing{whole: whole, begun: time.Now(), writes: a.writes, stop: stop, done: make(chan struct{}), byID: make(map[string]*sparkrtc.App)}
	go func() {
		defer stop()
		l.list, l.err = list(ctx)
		for i := range l.list {
			l.byID[l.list[i].ID] = &l.list[i]
		}
		about := map[string]any{"apps": len(l.list)}
		if l.err != nil {
			about["error"] = l.err.Error()
		}
		tflog.Debug(ctx, "apps listed", about)
		close(l.done)
	}()
	return l
}

func (l *listing) isDone() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// satisfies is for a listing that is done: one that did not fail is whole.
func (l *listing) satisfies(need need) bool { return !need.whole || l.whole || l.err == nil }

// begun tells whether a listing is there, or under way.
func (a *apps) begun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.latest != nil
}

// soon returns a listing, or nil if there is none within half of the time that an
// operation has: the other half is for its own call.
func (a *apps) soon(ctx context.Context, need need) *listing {
	if until, ok := ctx.Deadline(); ok {
		bounded, cancel := context.WithTimeout(ctx, time.Until(until)/2)
		defer cancel()
		ctx = bounded
	}
	l, err := a.list(ctx, need)
	if err != nil { // if the operation itself has ended, its own call says so
		return nil
	}
	return l
}

// forRead returns an app as it is listed, or nil if the read has to ask for it. It
// doesn't list for the first read, which may be the only one. An error is one that no
// other call would help.
func (a *apps) forRead(ctx context.Context, id string) (*sparkrtc.App, error) {
	begun := a.begun() // asked before a second read can begin it
	first := !a.anyRead.Swap(true)
	if a.isWritten(id) || first && !begun {
		return nil, nil
	}
	l := a.soon(ctx, need{})
	switch {
	case l == nil:
		return nil, nil
	case willNotBeTaken(l.err):
		return nil, l.err
	default:
		return l.byID[id], nil
	}
}

// find returns an app before something is created in it, or nil if it is not known
// whether there is one. If it is missing, that is certain.
func (a *apps) find(ctx context.Context, id string) (app *sparkrtc.App, missing bool, err error) {
	l := a.soon(ctx, need{})
	if l == nil {
		return nil, false, nil
	}
	if app = l.byID[id]; app != nil {
		return app, false, nil
	}
	incomplete := errors.Is(l.err, sparkrtc.ErrIncomplete)
	if l.err != nil && !incomplete {
		return nil, false, l.err // where apps can't be listed, they can't be looked up
	}
	// A listing may be wrong, so an app that is not on it is looked up.
	app, asked, err := a.lookUp(ctx, id)
	if asked || !incomplete {
		return app, errors.Is(err, sparkrtc.ErrNotFound), err
	}
	// With more of them, one listing to the end costs less.
	if l = a.soon(ctx, need{whole: true}); l != nil {
		app = l.byID[id]
	}
	return app, false, nil
}

// lookUp asks for a few apps, and for none after a failure that is not "not found".
func (a *apps) lookUp(ctx context.Context, id string) (_ *sparkrtc.App, asked bool, _ error) {
	a.lookUps.Lock()
	defer a.lookUps.Unlock()
	if a.lookUpsFailed {
		return nil, true, nil
	}
	if a.lookedUp == maxLookUps {
		return nil, false, nil
	}
	a.lookedUp++
	app, err := a.courtesy.ShowApp(ctx, id)
	a.lookUpsFailed = err != nil && !errors.Is(err, sparkrtc.ErrNotFound)
	return app, true, err
}

// exists tells whether there is an app of this ID; false is certain.
func (a *apps) exists(ctx context.Context, id string) bool {
	l, err := a.list(ctx, need{fresh: true})
	return err != nil || l.err != nil || l.byID[id] != nil
}

// write is called before an app is written to: what is listed by then is no news of
// it. Call end once it is written.
func (a *apps) write(id string) (end func()) {
	a.release(id)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.writes++
	}
}

// release is for an object of the app that leaves the state, and may be created again
// in this process.
func (a *apps) release(id string) { a.written.Store(id, true) }

func (a *apps) isWritten(id string) bool { _, written := a.written.Load(id); return written }

// anyWritten tells that this process applies a plan.
func (a *apps) anyWritten() (written bool) {
	a.written.Range(func(_, _ any) bool { written = true; return false })
	return written
}
