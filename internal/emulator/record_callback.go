// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// callback is the recording callback of an app. Its update_time is the app's.
type callback struct {
	url, key  string
	randomKey string // for EchoRandom
}

// Callback is what the service really has, whatever its responses show.
type Callback struct {
	URL        string
	AuthKey    string // empty: notifications are not signed
	Events     []string
	UpdateTime time.Time // UTC, whole milliseconds
}

// SetCallback sets the callback of an app, and adds the app if it does not exist. An empty url means no callback.
func (s *Server) SetCallback(id, url, authKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setCallback(s.appWith(id), url, authKey)
}

// ClearCallback removes the callback of an app, if the app exists.
func (s *Server) ClearCallback(id string) {
	s.changeApp(id, func(a *app) { a.callback = nil })
}

// Callback returns the callback of an app, and false if there is none.
func (s *Server) Callback(id string) (Callback, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	if a == nil || a.callback == nil {
		return Callback{}, false
	}
	return a.callbackState(), true
}

// SetEvents sets the events that the callbacks of an app subscribe to, if the app exists.
func (s *Server) SetEvents(id string, events ...string) {
	s.changeApp(id, func(a *app) { a.events = slices.Clone(events) })
}

// SetUnreachable makes a PUT with this URL fail with 400 RTC.00001018.
func (s *Server) SetUnreachable(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unreachable[url] = true
}

// SetReachable undoes SetUnreachable.
func (s *Server) SetReachable(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unreachable, url)
}

func (a *app) callbackState() Callback {
	return Callback{URL: a.callback.url, AuthKey: a.callback.key, Events: slices.Clone(a.events), UpdateTime: a.updateTime}
}

func (s *Server) setCallback(a *app, url, key string) {
	a.callback = nil
	if url != "" {
		a.callback = &callback{url: url, key: key, randomKey: randomHex(8)}
	}
	a.updateTime = s.nextUpdateTime(a.id)
}

// The documented JSON.
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
)

func (s *Server) showRecordCallback(c *call) *response {
	a := s.findApp(c)
	if a == nil {
		return c.notFound()
	}
	shown := s.viewCallback(a, inRead)
	if shown == nil && s.opts.Unset == UnsetNotFound {
		return c.notFound()
	}
	return ok(callbackResponse{AppID: a.id, RecordCallback: shown})
}

func (s *Server) updateRecordCallback(c *call) *response {
	var sent struct {
		URL     *string `json:"url"`
		AuthKey *string `json:"auth_key"`
	}
	a := s.findApp(c)
	if resp := s.readChange(c, a, &sent); resp != nil {
		return resp
	}
	switch {
	case sent.URL == nil:
		return c.missing()
	case !validURL(*sent.URL):
		return c.invalid()
	case s.unreachable[*sent.URL]:
		return c.fail(http.StatusBadRequest, "RTC.00001018", "URL unavailable: The callback URL is unavailable")
	}

	key := sent.AuthKey
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
	case s.opts.KeepKey && a.callback != nil:
		newKey = a.callback.key
	}
	s.setCallback(a, *sent.URL, newKey)
	return ok(callbackResponse{AppID: a.id, RecordCallback: s.viewCallback(a, inUpdate)})
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

type view int

const (
	inUpdate view = iota
	inRead
	inList
)

// viewCallback returns nil if there is no callback, except with UnsetEmpty.
func (s *Server) viewCallback(a *app, v view) *callbackJSON {
	keyEcho, urlEcho, timeEcho := s.opts.echoes(v)
	shown := &callbackJSON{Events: []string{}}
	if keyEcho != EchoAbsent {
		shown.AuthKey = new(string)
	}
	switch cb := a.callback; {
	case cb != nil:
		if shown.AuthKey != nil {
			*shown.AuthKey = echoKey(keyEcho, cb)
		}
		shown.URL = echoURL(urlEcho, cb.url)
		shown.Events = append(shown.Events, a.events...)
		shown.UpdateTime = echoTime(timeEcho, a.updateTime)
	case s.opts.Unset != UnsetEmpty:
		return nil
	}
	if v == inList && s.opts.ListNoEvents {
		shown.Events = nil
	}
	return shown
}
