// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// app is an app and its callback.
type app struct {
	id        string
	name      string
	number    int // in the order of creation
	inactive  bool
	created   time.Time
	stateSet  time.Time
	updated   time.Time
	url       string // empty: no callback
	key       string
	randomKey string // what EchoRandom shows
	events    []string
}

// AppState is an app as the service has it.
type AppState struct {
	ID, Name   string
	Inactive   bool
	CreateTime time.Time // UTC, whole milliseconds, as are all times here
	UpdateTime time.Time // when app or callback last changed
	Callback   *Callback // nil: none
}

// Callback is what the service really has, whatever its answers show.
type Callback struct {
	URL        string
	AuthKey    string // empty: notifications carry no signature
	Events     []string
	UpdateTime time.Time // UTC, whole milliseconds
}

// AddApp makes an app that is active and has no callback; an app with that id
// is replaced.
func (s *Server) AddApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(id)
}

// NameApp gives an app another name than its id.
func (s *Server) NameApp(id, name string) {
	s.change(id, func(a *app) { a.name = name })
}

// RemoveApp makes an app go, if it exists.
func (s *Server) RemoveApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.apps, id)
}

// DeactivateApp stops an app: a PUT on it is answered with 400 RTC.00001016.
// It does nothing if the app does not exist.
func (s *Server) DeactivateApp(id string) {
	s.change(id, func(a *app) { a.inactive, a.stateSet = true, a.updated })
}

// ActivateApp ends DeactivateApp.
func (s *Server) ActivateApp(id string) {
	s.change(id, func(a *app) { a.inactive, a.stateSet = false, a.updated })
}

// SetCallback sets the callback of an app, which is made if it does not exist.
// An empty authKey means no key.
func (s *Server) SetCallback(id, url, authKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	if a == nil {
		a = s.add(id)
	}
	s.set(a, url, authKey)
}

// ClearCallback leaves an app without a callback. It does nothing if the app
// does not exist.
func (s *Server) ClearCallback(id string) {
	s.change(id, func(a *app) { a.url, a.key = "", "" })
}

// Callback returns the callback of an app, and false when there is none.
func (s *Server) Callback(id string) (Callback, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	if a == nil || a.url == "" {
		return Callback{}, false
	}
	return a.callback(), true
}

// Apps returns all apps, in the order in which they were made.
func (s *Server) Apps() []AppState {
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := make([]AppState, 0, len(s.apps))
	for _, a := range s.sorted() {
		shown := AppState{ID: a.id, Name: a.name, Inactive: a.inactive, CreateTime: a.created, UpdateTime: a.updated}
		if a.url != "" {
			callback := a.callback()
			shown.Callback = &callback
		}
		apps = append(apps, shown)
	}
	return apps
}

// SetEvents sets what an app's callback is subscribed to, which no request
// can; RECORD_NEW_FILE_START and RECORD_FILE_COMPLETE by default. It does
// nothing if the app does not exist.
func (s *Server) SetEvents(id string, events ...string) {
	s.change(id, func(a *app) { a.events = slices.Clone(events) })
}

// Touch moves an app's update_time and nothing else. It does nothing if the
// app does not exist.
func (s *Server) Touch(id string) {
	s.change(id, func(*app) {})
}

// SetUnreachable makes a PUT with that url fail with 400 RTC.00001018.
func (s *Server) SetUnreachable(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unreachable[url] = true
}

// SetReachable ends SetUnreachable.
func (s *Server) SetReachable(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unreachable, url)
}

// callback is for an app that has one.
func (a *app) callback() Callback {
	return Callback{URL: a.url, AuthKey: a.key, Events: slices.Clone(a.events), UpdateTime: a.updated}
}

// sorted returns all apps, in the order in which they were made. The caller
// holds the lock.
func (s *Server) sorted() []*app {
	return slices.SortedFunc(maps.Values(s.apps), func(a, b *app) int { return cmp.Compare(a.number, b.number) })
}

// change alters an app that exists, after its update_time has moved.
func (s *Server) change(id string, alter func(*app)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[id]; a != nil {
		a.updated = s.tick(id)
		alter(a)
	}
}

// add makes an app. The caller holds the lock.
func (s *Server) add(id string) *app {
	now := s.tick(id)
	s.created++
	a := &app{
		id:       id,
		name:     id,
		number:   s.created,
		created:  now,
		stateSet: now,
		updated:  now,
		events:   []string{"RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"},
	}
	s.apps[id] = a
	return a
}

// set sets a callback. The caller holds the lock.
func (s *Server) set(a *app, url, key string) {
	a.url, a.key, a.randomKey = url, key, randomHex(8)
	a.updated = s.tick(a.id)
}

// tick returns the time of a change of an app: now, or a millisecond after
// the last change. The caller holds the lock.
func (s *Server) tick(id string) time.Time {
	now := s.opts.Clock().UTC().Truncate(time.Millisecond)
	if last := s.updated[id]; !now.After(last) {
		now = last.Add(time.Millisecond)
	}
	s.updated[id] = now
	return now
}
