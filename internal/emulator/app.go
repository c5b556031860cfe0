// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	stateActive   = "ACTIVATION"
	stateInactive = "DEACTIVATION"
	stateArrears  = "ARREARS" // can be asked for, but no app is in it

	// maxPage is the largest page of the list of apps, and the default.
	maxPage = 100
)

type app struct {
	id, name string
	number   int // in the order of creation
	inactive bool
	callback *callback // nil: none
	events   []string  // of its callbacks; no request changes them

	createTime time.Time
	stateTime  time.Time // of the last change of inactive
	updateTime time.Time // of the last change of the app or its callback
}

type appStore struct {
	apps        map[string]*app
	appsCreated int
	appUpdates  map[string]time.Time // the last ones by ID, of removed apps too
}

func newAppStore() appStore {
	return appStore{apps: make(map[string]*app), appUpdates: make(map[string]time.Time)}
}

// AppState is an app as the service has it. Times are in UTC and whole
// milliseconds.
type AppState struct {
	ID, Name   string
	Inactive   bool
	CreateTime time.Time
	UpdateTime time.Time // of the last change of the app or its callback
	Callback   *Callback // nil: none
}

// AddApp creates an active app without a callback. It replaces an app with the
// same ID.
func (s *Server) AddApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addApp(id)
}

// NameApp renames an app, whose name is its ID at first.
func (s *Server) NameApp(id, name string) {
	s.changeApp(id, func(a *app) { a.name = name })
}

// RemoveApp deletes an app, if it exists.
func (s *Server) RemoveApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.apps, id)
}

// DeactivateApp deactivates an app, if it exists: a PUT of its callback returns
// 400 RTC.00001016.
func (s *Server) DeactivateApp(id string) {
	s.changeApp(id, func(a *app) { a.inactive, a.stateTime = true, a.updateTime })
}

// ActivateApp undoes DeactivateApp.
func (s *Server) ActivateApp(id string) {
	s.changeApp(id, func(a *app) { a.inactive, a.stateTime = false, a.updateTime })
}

// Touch changes the update_time of an app and its callback, and nothing else.
func (s *Server) Touch(id string) {
	s.changeApp(id, func(*app) {})
}

// Apps returns all apps in the order of their creation.
func (s *Server) Apps() []AppState {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]AppState, 0, len(s.apps))
	for _, a := range s.sortedApps() {
		state := AppState{ID: a.id, Name: a.name, Inactive: a.inactive, CreateTime: a.createTime, UpdateTime: a.updateTime}
		if a.callback != nil {
			callback := a.callbackState()
			state.Callback = &callback
		}
		states = append(states, state)
	}
	return states
}

func (s *Server) addApp(id string) *app {
	now := s.nextUpdateTime(id)
	s.appsCreated++
	a := &app{
		id:         id,
		name:       id,
		number:     s.appsCreated,
		events:     []string{"RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"},
		createTime: now,
		stateTime:  now,
		updateTime: now,
	}
	s.apps[id] = a
	return a
}

func (s *Server) changeApp(id string, change func(*app)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[id]; a != nil {
		a.updateTime = s.nextUpdateTime(id)
		change(a)
	}
}

// nextUpdateTime returns the current time. It is later than any earlier one of
// that app, even if the clock is not.
func (s *Server) nextUpdateTime(id string) time.Time {
	now := s.opts.Clock().UTC().Truncate(time.Millisecond)
	if last := s.appUpdates[id]; !now.After(last) {
		now = last.Add(time.Millisecond)
	}
	s.appUpdates[id] = now
	return now
}

func (s *Server) sortedApps() []*app {
	return slices.SortedFunc(maps.Values(s.apps), func(a, b *app) int { return cmp.Compare(a.number, b.number) })
}

func (a *app) state() string {
	if a.inactive {
		return stateInactive
	}
	return stateActive
}

// The documented JSON. The emulator leaves empty what its apps don't have.
type (
	appsResponse struct {
		Count int       `json:"count"`
		Apps  []appJSON `json:"apps"`
	}

	appJSON struct {
		AppName        string             `json:"app_name"`
		AppID          string             `json:"app_id"`
		State          stateJSON          `json:"state"`
		Scope          string             `json:"scope"`
		TenantName     string             `json:"tenant_name"`
		Domain         string             `json:"domain"`
		CreateTime     string             `json:"create_time"`
		Authentication authenticationJSON `json:"authentication"`
		Callbacks      callbacksJSON      `json:"callbacks"`
		AutoRecordMode autoRecordModeJSON `json:"auto_record_mode"`
	}

	stateJSON struct {
		State      string `json:"state"`
		UpdateTime string `json:"update_time"`
	}

	authenticationJSON struct {
		Enable     bool   `json:"enable"`
		Expire     int    `json:"expire"`
		AppKey     string `json:"app_key"`
		UpdateTime string `json:"update_time"`
	}

	callbacksJSON struct {
		RecordCallback *callbackJSON `json:"record_callback,omitempty"`
	}

	autoRecordModeJSON struct {
		Mode         string `json:"mode"`
		RecordRuleID string `json:"record_rule_id"`
		UpdateTime   string `json:"update_time"`
	}
)

func (s *Server) showApp(c *call) *response {
	a := s.apps[c.vars["app_id"]]
	if a == nil {
		return c.notFound()
	}
	return ok(s.viewApp(a, inRead))
}

func (s *Server) listApps(c *call) *response {
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return c.invalid()
	}
	number := func(name string, preset, low, high uint64) (uint64, bool) {
		if !query.Has(name) {
			return preset, true
		}
		n, err := strconv.ParseUint(query.Get(name), 10, 31)
		return n, err == nil && low <= n && n <= high
	}
	state := query.Get("state")
	page, pageOK := number("offset", 0, 0, 1<<31)
	size, sizeOK := number("limit", maxPage, 1, maxPage)
	if !pageOK || !sizeOK ||
		query.Has("state") && !slices.Contains([]string{stateActive, stateInactive, stateArrears}, state) {
		return c.invalid()
	}

	found := slices.DeleteFunc(s.sortedApps(), func(a *app) bool { return state != "" && state != a.state() })
	resp := appsResponse{Count: len(found), Apps: []appJSON{}}
	count := uint64(len(found))
	for _, a := range found[min(page*size, count):min((page+1)*size, count)] {
		resp.Apps = append(resp.Apps, s.viewApp(a, inList))
	}
	return ok(resp)
}

func (s *Server) viewApp(a *app, v view) appJSON {
	createTime := a.createTime.Format(timeLayout)
	return appJSON{
		AppName:        a.name,
		AppID:          a.id,
		State:          stateJSON{State: a.state(), UpdateTime: a.stateTime.Format(timeLayout)},
		Scope:          "GLOBAL",
		CreateTime:     createTime,
		Authentication: authenticationJSON{UpdateTime: createTime},
		Callbacks:      callbacksJSON{RecordCallback: s.viewCallback(a, v)},
		AutoRecordMode: autoRecordModeJSON{Mode: "AUTO_RECORD_OFF", UpdateTime: createTime},
	}
}
