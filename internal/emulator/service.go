// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	timeLayout = "2006-01-02T15:04:05.000Z"

	stateActive   = "ACTIVATION"
	stateInactive = "DEACTIVATION"
	stateArrears  = "ARREARS" // no app is ever in it

	// maxPage is the largest page of the list of apps, and the default.
	maxPage = 100
)

// The documented shapes. What an emulated app does not have stays empty.
type (
	callbackResponse struct {
		AppID          string        `json:"app_id"`
		RecordCallback *callbackJSON `json:"record_callback,omitempty"`
	}

	callbackJSON struct {
		URL        string   `json:"url"`
		AuthKey    *string  `json:"auth_key,omitempty"`
		Events     []string `json:"notify_event_subscription,omitzero"`
		UpdateTime string   `json:"update_time"`
	}

	appJSON struct {
		AppName        string       `json:"app_name"`
		AppID          string       `json:"app_id"`
		State          stateJSON    `json:"state"`
		Scope          string       `json:"scope"`
		TenantName     string       `json:"tenant_name"`
		Domain         string       `json:"domain"`
		CreateTime     string       `json:"create_time"`
		Authentication authJSON     `json:"authentication"`
		Callbacks      hooksJSON    `json:"callbacks"`
		AutoRecordMode autoModeJSON `json:"auto_record_mode"`
	}

	stateJSON struct {
		State      string `json:"state"`
		UpdateTime string `json:"update_time"`
	}

	authJSON struct {
		Enable     bool   `json:"enable"`
		Expire     int    `json:"expire"`
		AppKey     string `json:"app_key"`
		UpdateTime string `json:"update_time"`
	}

	hooksJSON struct {
		RecordCallback *callbackJSON `json:"record_callback,omitempty"`
	}

	autoModeJSON struct {
		Mode         string `json:"mode"`
		RecordRuleID string `json:"record_rule_id"`
		UpdateTime   string `json:"update_time"`
	}

	appsResponse struct {
		Count int       `json:"count"`
		Apps  []appJSON `json:"apps"`
	}
)

// checkSparkRTC checks what all operations of SparkRTC need.
func (s *Server) checkSparkRTC(c *call) *response {
	project := c.r.Header.Get("X-Project-Id")
	if project != "" && project != s.opts.ProjectID || c.token != nil && c.token.projectID != s.opts.ProjectID {
		return c.fail(http.StatusBadRequest, "RTC.00001001",
			"OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK")
	}
	if !isJSON(c.r) {
		return c.fail(http.StatusBadRequest, "RTC.00001002", "MalformedRequestBody: Content-Type is not application/json")
	}
	return nil
}

func (s *Server) showApp(c *call) *response {
	a := s.apps[c.vars["app_id"]]
	if a == nil {
		return c.notFound()
	}
	return ok(s.viewApp(a, inRead))
}

func (s *Server) showRecordCallback(c *call) *response {
	a := s.apps[c.vars["app_id"]]
	if a == nil {
		return c.notFound()
	}
	callback := s.viewCallback(a, inRead)
	if callback == nil && s.opts.Unset == UnsetNotFound {
		return c.notFound()
	}
	return ok(callbackResponse{AppID: a.id, RecordCallback: callback})
}

func (c *call) notFound() *response {
	return c.fail(http.StatusNotFound, "RTC.00001003", "InvalidParameterValue")
}

func (c *call) invalid() *response {
	return c.fail(http.StatusBadRequest, "RTC.00001003", "InvalidParameterValue")
}

func (s *Server) updateRecordCallback(c *call) *response {
	callbackURL, key, err := parseUpdate(c.body)
	a := s.apps[c.vars["app_id"]]
	switch {
	case err != nil:
		return c.fail(http.StatusBadRequest, "RTC.00001002", "MalformedRequestBody: json parsing failed")
	case a == nil:
		return c.notFound()
	case a.inactive:
		return c.fail(http.StatusBadRequest, "RTC.00001016", "AppDeactivation")
	case callbackURL == nil:
		return c.fail(http.StatusBadRequest, "RTC.00001005", "MissingParameter")
	case !validURL(*callbackURL):
		return c.invalid()
	case s.unreachable[*callbackURL]:
		return c.fail(http.StatusBadRequest, "RTC.00001018", "URL unavailable: The callback URL is unavailable")
	}

	if key != nil && *key == "" {
		switch s.opts.EmptyKey {
		case EmptyRefused:
			return c.invalid()
		case EmptyIgnored:
			key = nil
		}
	}
	newKey := ""
	switch {
	case key != nil:
		newKey = *key
	case s.opts.KeepKey:
		newKey = a.key
	}
	s.set(a, *callbackURL, newKey)
	return ok(callbackResponse{AppID: a.id, RecordCallback: s.viewCallback(a, inUpdate)})
}

// parseUpdate reads the body of a PUT. What is missing or null is nil; names
// count letter for letter, as they do not in encoding/json.
func parseUpdate(body []byte) (callbackURL, key *string, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, nil, err
	}
	if fields == nil { // null
		return nil, nil, strconv.ErrSyntax
	}
	for name, field := range map[string]**string{"url": &callbackURL, "auth_key": &key} {
		if raw, sent := fields[name]; sent {
			if err := json.Unmarshal(raw, field); err != nil {
				return nil, nil, err
			}
		}
	}
	return callbackURL, key, nil
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// listApps answers one page of the apps, in the order in which they were made.
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

	var found []*app
	for _, a := range s.sorted() {
		if state == "" || state == a.state() {
			found = append(found, a)
		}
	}
	resp := appsResponse{Count: len(found), Apps: []appJSON{}}
	count := uint64(len(found))
	for _, a := range found[min(page*size, count):min((page+1)*size, count)] {
		resp.Apps = append(resp.Apps, s.viewApp(a, inList))
	}
	return ok(resp)
}

func (a *app) state() string {
	if a.inactive {
		return stateInactive
	}
	return stateActive
}

func (s *Server) viewApp(a *app, in place) appJSON {
	created := a.created.Format(timeLayout)
	return appJSON{
		AppName:        a.name,
		AppID:          a.id,
		State:          stateJSON{State: a.state(), UpdateTime: a.stateSet.Format(timeLayout)},
		Scope:          "GLOBAL",
		CreateTime:     created,
		Authentication: authJSON{UpdateTime: created},
		Callbacks:      hooksJSON{RecordCallback: s.viewCallback(a, in)},
		AutoRecordMode: autoModeJSON{Mode: "AUTO_RECORD_OFF", UpdateTime: created},
	}
}

// place is an answer that has a callback in it.
type place int

const (
	inUpdate place = iota
	inRead         // of the callback or its app
	inList
)

// viewCallback returns a callback as it is shown in a place. It is nil when
// there is none, except with UnsetEmpty.
func (s *Server) viewCallback(a *app, in place) *callbackJSON {
	keyEcho, urlEcho, timeEcho := s.opts.KeyEcho, s.opts.URLEcho, s.opts.TimeEcho
	if in != inUpdate {
		keyEcho = cmp.Or(s.opts.ReadKeyEcho, keyEcho)
		urlEcho = cmp.Or(s.opts.ReadURLEcho, urlEcho)
		timeEcho = cmp.Or(s.opts.ReadTimeEcho, timeEcho)
	}
	if in == inList {
		keyEcho = cmp.Or(s.opts.ListKeyEcho, keyEcho)
		urlEcho = cmp.Or(s.opts.ListURLEcho, urlEcho)
		timeEcho = cmp.Or(s.opts.ListTimeEcho, timeEcho)
	}
	shown := &callbackJSON{Events: []string{}}
	if keyEcho != EchoAbsent {
		key := echoKey(keyEcho, a)
		shown.AuthKey = &key
	}
	switch {
	case a.url != "":
		shown.URL = echoURL(urlEcho, a.url)
		shown.Events = append(shown.Events, a.events...)
		shown.UpdateTime = echoTime(timeEcho, a.updated)
	case s.opts.Unset != UnsetEmpty:
		return nil
	}
	if in == inList && s.opts.ListNoEvents {
		shown.Events = nil
	}
	return shown
}

func echoTime(mode TimeEcho, t time.Time) string {
	switch mode {
	case TimeSeconds:
		return t.Round(time.Second).Format(time.RFC3339)
	case TimeLater:
		return t.Add(3 * time.Millisecond).Format(timeLayout)
	case TimeAbsent:
		return ""
	case TimeOdd:
		return t.Format("2006-01-02 15:04:05.000")
	default:
		return t.Format(timeLayout)
	}
}

func echoKey(mode KeyEcho, a *app) string {
	chars := []rune(a.key)
	if len(chars) == 0 {
		return ""
	}
	switch mode {
	case EchoTruncated:
		return string(chars[:min(16, len(chars))])
	case EchoMasked:
		return "******"
	case EchoPartial:
		if len(chars) <= 4 {
			return "****"
		}
		return "****" + string(chars[len(chars)-4:])
	case EchoHashed:
		return hexSHA256([]byte(a.key))[:16]
	case EchoRandom:
		return a.randomKey
	case EchoEmpty:
		return ""
	default:
		return a.key
	}
}

// echoURL works on the text, so that a mode changes what it is about and
// nothing else.
func echoURL(mode URLEcho, s string) string {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	user, host := authority[:at], authority[at:]

	switch mode {
	case URLOrigin:
		return scheme + "://" + host
	case URLLowercase:
		return strings.ToLower(scheme) + "://" + user + strings.ToLower(host) + path
	case URLSlash:
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		return scheme + "://" + authority + path
	default:
		return s
	}
}
