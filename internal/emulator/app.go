// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// The states of an app.
const (
	StateActive   = "ACTIVATION"
	StateInactive = "DEACTIVATION"
	StateArrears  = "ARREARS" // only SetAppState sets it
	StateDeleted  = "DELETED"
)

// maxPage is the largest page of a list, and the default.
const maxPage = 100

type app struct {
	id, name, key string
	number        int // in the order of creation
	state         string
	openRooms     bool
	hidden        int // requests that do not find it yet
	nameRefusals  int // of a deleted app: creates with its name that are left to refuse
	callback      *callback
	events        []string // of its callbacks; no request changes them
	rules         []*recordRule
	autoRecord    *AutoRecord // nil: never set

	createTime time.Time
	stateTime  time.Time // of the last change of state
	updateTime time.Time // of the last change of the callback, or from outside of the app
}

type appStore struct {
	apps        map[string]*app
	deletedApps []*app
	appsCreated int
	appUpdates  map[string]time.Time // the last ones by ID, of removed apps too
}

func newAppStore() appStore {
	return appStore{apps: make(map[string]*app), appUpdates: make(map[string]time.Time)}
}

// AppState is an app as the service has it. Times are in UTC and whole milliseconds.
type AppState struct {
	ID, Name    string
	State       string // StateActive, StateInactive or StateArrears
	AppKey      string
	CreateTime  time.Time
	UpdateTime  time.Time // of the last change of the app or of what it has
	Callback    *Callback // nil: none
	RecordRules []RecordRule
	AutoRecord  *AutoRecord // nil: never set
}

// AddApp creates an active app without a callback. It replaces an app with the same ID.
func (s *Server) AddApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addApp(id)
}

// NameApp renames an app, whose name is its ID at first.
func (s *Server) NameApp(id, name string) {
	s.changeApp(id, func(a *app) { a.name = name })
}

// RemoveApp deletes an app with its rules, if it exists.
func (s *Server) RemoveApp(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[id]; a != nil {
		s.dropApp(a)
	}
}

// SetAppState sets the state of an app, if it exists.
func (s *Server) SetAppState(id, state string) {
	s.changeApp(id, func(a *app) { a.state, a.stateTime = state, a.updateTime })
}

// DeactivateApp deactivates an app, if it exists; see StoppedApp.
func (s *Server) DeactivateApp(id string) { s.SetAppState(id, StateInactive) }

// ActivateApp undoes DeactivateApp.
func (s *Server) ActivateApp(id string) { s.SetAppState(id, StateActive) }

// SetAppKey sets the app_key of an app, if it exists. The first one depends on the ID.
func (s *Server) SetAppKey(id, key string) {
	s.changeApp(id, func(a *app) { a.key = key })
}

// SetRooms sets whether an app has open rooms, which matters to DeletionNoRooms.
func (s *Server) SetRooms(id string, open bool) {
	s.changeApp(id, func(a *app) { a.openRooms = open })
}

// Touch changes the update_time of an app and its callback, and nothing else.
func (s *Server) Touch(id string) {
	s.changeApp(id, func(*app) {})
}

// App returns an app, and false if there is none.
func (s *Server) App(id string) (AppState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	if a == nil {
		return AppState{}, false
	}
	return s.appState(a), true
}

// Apps returns all apps in the order of their creation.
func (s *Server) Apps() []AppState {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]AppState, 0, len(s.apps))
	for _, a := range s.sortedApps() {
		states = append(states, s.appState(a))
	}
	return states
}

func (s *Server) appState(a *app) AppState {
	state := AppState{
		ID: a.id, Name: a.name, State: a.state, AppKey: a.key, CreateTime: a.createTime, UpdateTime: s.appUpdates[a.id],
	}
	if a.callback != nil {
		callback := a.callbackState()
		state.Callback = &callback
	}
	for _, r := range a.rules {
		state.RecordRules = append(state.RecordRules, r.state())
	}
	if a.autoRecord != nil {
		autoRecord := *a.autoRecord
		state.AutoRecord = &autoRecord
	}
	return state
}

func (s *Server) addApp(id string) *app {
	now := s.nextUpdateTime(id)
	s.appsCreated++
	a := &app{
		id:         id,
		name:       id,
		key:        hexSHA256([]byte("app_key of " + id))[:32],
		number:     s.appsCreated,
		state:      StateActive,
		events:     []string{"RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"},
		createTime: now,
		stateTime:  now,
		updateTime: now,
	}
	s.apps[id] = a
	s.deletedApps = slices.DeleteFunc(s.deletedApps, func(old *app) bool { return old.id == id })
	return a
}

// appWith returns an app, which it adds if there is none.
func (s *Server) appWith(id string) *app {
	if a := s.apps[id]; a != nil {
		return a
	}
	return s.addApp(id)
}

func (s *Server) dropApp(a *app) {
	delete(s.apps, a.id)
	a.state, a.stateTime, a.nameRefusals = StateDeleted, s.nextUpdateTime(a.id), delayedRequests
	s.deletedApps = append(s.deletedApps, a)
}

func (s *Server) changeApp(id string, change func(*app)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[id]; a != nil {
		a.updateTime = s.nextUpdateTime(id)
		change(a)
	}
}

// nextUpdateTime is later than any earlier one of that app, even if the clock is not.
func (s *Server) nextUpdateTime(id string) time.Time {
	now := s.opts.Clock().UTC().Truncate(time.Millisecond)
	if last := s.appUpdates[id]; !now.After(last) {
		now = last.Add(time.Millisecond)
	}
	s.appUpdates[id] = now
	return now
}

func (s *Server) sortedApps() []*app {
	return slices.SortedFunc(maps.Values(s.apps), byNumber)
}

func byNumber(a, b *app) int { return cmp.Compare(a.number, b.number) }

func (s *Server) findApp(c *call) *app {
	a := s.apps[c.vars["app_id"]]
	if a == nil || isHidden(c, &a.hidden) {
		return nil
	}
	return a
}

// isHidden counts a call that does not find a new object yet.
func isHidden(c *call, left *int) bool {
	if *left == 0 || c.r.Method == http.MethodDelete {
		return false
	}
	*left--
	return true
}

func (s *Server) hiddenAfterCreate() int {
	if s.opts.AfterCreate == CreateDelayed {
		return delayedRequests
	}
	return 0
}

func (s *Server) stopped(a *app) bool {
	return a.state != StateActive && s.opts.StoppedApp == StoppedRefuses
}

// The documented JSON. The emulator leaves empty what its apps don't have.
type (
	appsResponse struct {
		Count int       `json:"count"`
		Apps  []appJSON `json:"apps"`
	}

	createdAppJSON struct {
		AppID string `json:"app_id"`
	}

	appStateJSON struct {
		AppID string    `json:"app_id"`
		State stateJSON `json:"state"`
	}

	appJSON struct {
		AppName        string              `json:"app_name"`
		AppID          string              `json:"app_id"`
		State          stateJSON           `json:"state"`
		Scope          string              `json:"scope"`
		TenantName     string              `json:"tenant_name"`
		Domain         string              `json:"domain"`
		CreateTime     string              `json:"create_time"`
		Authentication authenticationJSON  `json:"authentication"`
		Callbacks      callbacksJSON       `json:"callbacks"`
		AutoRecordMode *autoRecordModeJSON `json:"auto_record_mode,omitempty"`
	}

	stateJSON struct {
		State      string `json:"state"`
		UpdateTime string `json:"update_time"`
	}

	authenticationJSON struct {
		Enable     bool    `json:"enable"`
		Expire     int     `json:"expire"`
		AppKey     *string `json:"app_key,omitempty"`
		UpdateTime string  `json:"update_time"`
	}

	callbacksJSON struct {
		RecordCallback *callbackJSON `json:"record_callback,omitempty"`
	}
)

// readChange returns the error of a request that is refused whatever it changes; a may be nil for no app.
func (s *Server) readChange(c *call, a *app, sent any) *response {
	switch err := decode(c.body, sent); {
	case err != nil:
		return c.malformed()
	case a == nil:
		return c.notFound()
	case s.stopped(a):
		return c.deactivated()
	default:
		return nil
	}
}

func (s *Server) createApp(c *call) *response {
	var sent struct {
		AppName *string `json:"app_name"`
	}
	switch err := decode(c.body, &sent); {
	case err != nil:
		return c.malformed()
	case sent.AppName == nil:
		return c.missing()
	case *sent.AppName == "":
		return c.invalid()
	case s.opts.AppQuota > 0 && len(s.apps)+s.namesHeld() >= s.opts.AppQuota:
		return c.fail(http.StatusBadRequest, "RTC.00001017", "AppsExceed")
	case !s.takeName(*sent.AppName):
		return c.fail(http.StatusBadRequest, "RTC.00001020", "AppExist")
	}
	a := s.addApp(randomHex(12))
	a.name, a.hidden = *sent.AppName, s.hiddenAfterCreate()
	return created(createdAppJSON{AppID: a.id})
}

// takeName reports whether the name is free, and counts refusals.
func (s *Server) takeName(name string) bool {
	if s.opts.AppNames == NamesShared {
		return true
	}
	for _, a := range s.apps {
		if a.name == name {
			return false
		}
	}
	for _, a := range s.deletedApps {
		if a.name == name && s.holdsName(a) {
			a.nameRefusals = max(a.nameRefusals-1, 0)
			return false
		}
	}
	return true
}

// holdsName reports whether the name of a deleted app is still taken.
func (s *Server) holdsName(a *app) bool {
	return s.opts.AppNames == NamesTaken || s.opts.AppNames == NamesLater && a.nameRefusals > 0
}

func (s *Server) namesHeld() (count int) {
	for _, a := range s.deletedApps {
		if s.holdsName(a) {
			count++
		}
	}
	return count
}

func (s *Server) showApp(c *call) *response {
	a := s.findApp(c)
	if s.opts.DeletedApp != DeletedNotFound {
		for _, old := range s.deletedApps {
			if old.id == c.vars["app_id"] {
				a = old
			}
		}
	}
	if a == nil {
		return c.notFound()
	}
	return ok(s.viewApp(a, inRead))
}

func (s *Server) deleteApp(c *call) *response {
	a := s.findApp(c)
	if a == nil {
		return c.notFound()
	}
	needs := s.opts.AppDeletion
	all := needs == DeletionAll
	switch {
	case needs == DeletionNoRules && len(a.rules) > 0:
		return c.ruleExists()
	case all && len(a.rules) > 0,
		(all || needs == DeletionStopped) && a.state == StateActive,
		(all || needs == DeletionNoAutoRecord) && a.autoRecord.on(),
		(all || needs == DeletionNoRooms) && a.openRooms:
		return c.invalid()
	}
	s.dropApp(a)
	return noContent()
}

func (s *Server) startApp(c *call) *response { return s.changeState(c, StateActive) }

func (s *Server) stopApp(c *call) *response { return s.changeState(c, StateInactive) }

func (s *Server) changeState(c *call, state string) *response {
	a := s.findApp(c)
	switch {
	case a == nil:
		return c.notFound()
	case a.state == StateArrears:
		return c.deactivated()
	case a.state == state && s.opts.SameState == SameStateRefused:
		return c.invalid()
	case a.state != state:
		a.state, a.stateTime = state, s.nextUpdateTime(a.id)
	}
	return ok(appStateJSON{AppID: a.id, State: a.viewState()})
}

func (s *Server) listApps(c *call) *response {
	query, page, valid := c.listQuery()
	state := query.Get("state")
	if !valid || query.Has("state") && !slices.Contains([]string{StateActive, StateInactive, StateArrears}, state) {
		return c.invalid()
	}
	all := s.sortedApps()
	if s.opts.DeletedApp == DeletedListed {
		all = slices.SortedFunc(slices.Values(slices.Concat(all, s.deletedApps)), byNumber)
	}
	found := slices.DeleteFunc(all, func(a *app) bool {
		return state != "" && state != a.state || isHidden(c, &a.hidden)
	})
	resp := appsResponse{Count: len(found), Apps: []appJSON{}}
	for _, a := range pageOf(found, page) {
		resp.Apps = append(resp.Apps, s.viewApp(a, inList))
	}
	return ok(resp)
}

type page struct{ number, size uint64 }

func pageOf[T any](all []T, p page) []T {
	count := uint64(len(all))
	return all[min(p.number*p.size, count):min((p.number+1)*p.size, count)]
}

func (c *call) listQuery() (query url.Values, p page, valid bool) {
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return nil, page{}, false
	}
	number := func(name string, preset, low, high uint64) (uint64, bool) {
		if !query.Has(name) {
			return preset, true
		}
		n, err := strconv.ParseUint(query.Get(name), 10, 31)
		return n, err == nil && low <= n && n <= high
	}
	offset, offsetOK := number("offset", 0, 0, 1<<31)
	limit, limitOK := number("limit", maxPage, 1, maxPage)
	return query, page{offset, limit}, offsetOK && limitOK
}

func (a *app) viewState() stateJSON {
	return stateJSON{State: a.state, UpdateTime: a.stateTime.Format(timeLayout)}
}

func (s *Server) viewApp(a *app, v view) appJSON {
	createTime := a.createTime.Format(timeLayout)
	return appJSON{
		AppName:        a.name,
		AppID:          a.id,
		State:          a.viewState(),
		Scope:          "GLOBAL",
		TenantName:     s.opts.DomainName,
		Domain:         "rtc.example.com",
		CreateTime:     createTime,
		Authentication: authenticationJSON{Enable: true, Expire: 300, AppKey: s.viewAppKey(a, v), UpdateTime: createTime},
		Callbacks:      callbacksJSON{RecordCallback: s.viewCallback(a, v)},
		AutoRecordMode: s.viewAutoRecord(a, v),
	}
}

func (s *Server) viewAppKey(a *app, v view) *string {
	key := a.key
	switch s.opts.AppKeyEcho {
	case AppKeyAbsent:
		return nil
	case AppKeyShowOnly:
		if v == inList {
			return nil
		}
	case AppKeyMasked:
		key = "******"
	}
	return &key
}
