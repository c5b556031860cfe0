// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// apps lists the apps of a project at most once, for the plan of new resources
// and for reads. A failure is not tried again: there is another way to learn all
// that a listing tells.
type apps struct {
	mu       sync.Mutex
	underWay chan struct{} // closed when the listing is done; nil without one
	listed   bool
	byID     map[string]sparkrtc.App
	err      error

	patience time.Duration // with a listing; appsPatience when 0
	lookUp   sync.Mutex
	notFound int         // look-ups that found no app; with lookUp held
	anyRead  atomic.Bool // whether there was a read yet
	written  sync.Map    // the apps that were written to, or are being
}

// maxLookUps bounds the calls about apps that are not there: the first of them
// fail the plan already.
const maxLookUps = 5

// appsPatience bounds a listing with all its retries: what it saves is no more
// than some calls. A quota is counted by the minute.
const appsPatience = 2 * time.Minute

// find returns nil for an app that it doesn't look up.
func (a *apps) find(ctx context.Context, client *sparkrtc.Client, id string) (*sparkrtc.App, error) {
	app, listed, err := a.listedApp(ctx, client, id)
	if listed {
		return &app, nil
	}
	if err != nil {
		if refusesCredentials(err) {
			return nil, err
		}
		return nil, nil // where apps can't be listed, they can't be looked up
	}
	// A listing may be incomplete: absent apps are looked up one by one.
	a.lookUp.Lock() // one at a time, or more would be under way than are good for anything
	defer a.lookUp.Unlock()
	if a.notFound >= maxLookUps {
		return nil, nil
	}
	shown, err := client.ShowApp(ctx, id)
	if errors.Is(err, sparkrtc.ErrNotFound) {
		a.notFound++
	}
	return shown, err
}

// bounded gives a list, or the wait for one, its time: no more than half of what
// an operation has, for the other half is for its own call.
func (a *apps) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	bound := cmp.Or(a.patience, appsPatience)
	if until, ok := ctx.Deadline(); ok {
		bound = min(bound, time.Until(until)/2)
	}
	return context.WithTimeoutCause(ctx, bound, fmt.Errorf("no list of apps within %v", bound.Round(time.Millisecond)))
}

// forRead returns the callback of an app as it is listed, or nil if the read has
// to ask for it. It doesn't list for the first read, which may be the only one.
// An error is one that no other call would help.
func (a *apps) forRead(ctx context.Context, client *sparkrtc.Client, id string) (*sparkrtc.RecordCallback, error) {
	begun := a.begun() // asked before a second read can begin it
	first := !a.anyRead.Swap(true)
	if _, written := a.written.Load(id); written || first && !begun {
		return nil, nil
	}
	app, _, err := a.listedApp(ctx, client, id)
	if willNotBeTaken(err) {
		return nil, err
	}
	// If the context has ended, the call of the read's own says so.
	return app.Callbacks.RecordCallback, nil
}

// listedApp returns an app if it is listed, also with an error: there may be
// some pages.
func (a *apps) listedApp(ctx context.Context, client *sparkrtc.Client, id string) (app sparkrtc.App, listed bool, err error) {
	bounded, cancel := a.bounded(ctx)
	defer cancel()
	err = a.list(bounded, client)
	a.mu.Lock()
	defer a.mu.Unlock()
	app, listed = a.byID[id]
	return app, listed, err
}

// named returns the quoted IDs of the listed apps of a name that is not an ID.
func (a *apps) named(name string) (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, isID := a.byID[name]; isID {
		return nil
	}
	for id, app := range a.byID {
		if string(app.Name) == name {
			ids = append(ids, strconv.Quote(id))
		}
	}
	slices.Sort(ids)
	return ids
}

// failure returns why the apps are not listed, or not all of them.
func (a *apps) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// begun tells whether a listing is there, or under way.
func (a *apps) begun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listed || a.underWay != nil
}

// write is called before an app's callback is written to: what was listed by
// then is no news of it.
func (a *apps) write(id string) { a.written.Store(id, true) }

func (a *apps) isWritten(id string) bool { _, written := a.written.Load(id); return written }

// list returns once the apps are listed, or its context has ended. Who lists
// does so in its own context; if that ends, the next one lists.
func (a *apps) list(ctx context.Context, client *sparkrtc.Client) error {
	for {
		a.mu.Lock()
		if a.listed {
			defer a.mu.Unlock()
			return a.err
		}
		others := a.underWay
		if others == nil {
			done := make(chan struct{})
			a.underWay = done
			a.mu.Unlock()
			return a.listNow(ctx, client, done)
		}
		a.mu.Unlock()
		select {
		case <-others:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (a *apps) listNow(ctx context.Context, client *sparkrtc.Client, done chan<- struct{}) error {
	list, err := client.ListApps(ctx)

	a.mu.Lock()
	defer a.mu.Unlock()
	defer close(done)
	a.underWay = nil
	if err != nil && errors.Is(ctx.Err(), context.Canceled) { // the user's, or Terraform's
		return err
	}
	a.listed, a.err = true, err
	a.byID = make(map[string]sparkrtc.App, len(list))
	for _, app := range list {
		a.byID[app.ID] = app
	}
	about := map[string]any{"apps": len(list)}
	if err != nil {
		about["error"] = err.Error()
	}
	tflog.Debug(ctx, "apps listed", about)
	return err
}
