// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
)

// App is an app of the project, as far as this client is concerned with it.
type App struct {
	ID    string   `json:"app_id"`
	Name  Label    `json:"app_name"`
	State AppState `json:"state"`

	Callbacks struct {
		// RecordCallback is nil, or has an empty URL, when none is set.
		RecordCallback *RecordCallback `json:"record_callback"`
	} `json:"callbacks"`
}

// RecordCallback returns the callback of the app, nil for none.
func (a App) RecordCallback() *RecordCallback {
	if callback := a.Callbacks.RecordCallback; callback != nil && callback.URL != "" {
		return callback
	}
	return nil
}

// AppState is the state of an app.
type AppState string

// UnmarshalJSON reads the state of an answer, an object that has it. Nothing
// depends on it: what came in its place is "".
func (s *AppState) UnmarshalJSON(b []byte) error {
	var o struct {
		State string `json:"state"`
	}
	*s = ""
	if json.Unmarshal(b, &o) == nil {
		*s = AppState(o.State)
	}
	return nil
}

// Label is a text that nothing depends on: no state, and no decision.
type Label string

// UnmarshalJSON reads a string. What came in its place is "".
func (l *Label) UnmarshalJSON(b []byte) error {
	var text string
	*l = ""
	if json.Unmarshal(b, &text) == nil {
		*l = Label(text)
	}
	return nil
}

// The documented states.
const (
	AppActive      AppState = "ACTIVATION"
	AppDeactivated AppState = "DEACTIVATION"
	AppInArrears   AppState = "ARREARS"
)

const (
	appsPage = 100 // the most that the API gives, and its default

	// maxAppsPages bounds what a listing costs of a quota of 60 calls a
	// minute. Twenty apps are a tenant's quota unless raised.
	maxAppsPages = 10
)

type appsResult struct {
	gateway.ErrorBody
	Count number            `json:"count"`
	Apps  []json.RawMessage `json:"apps"`
}

func (a *appsResult) check(call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	for _, app := range a.Apps {
		if _, err := decodeApp(app); err == nil {
			return nil
		}
	}
	if len(a.Apps) > 0 {
		return &Error{Reason: ReasonInvalidAnswer, Message: "none of the apps in the answer is one"}
	}
	return nil
}

// number is a whole number, or 0 for what came in its place.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	var i int
	if json.Unmarshal(b, &i) != nil {
		i = 0
	}
	*n = number(i)
	return nil
}

// decodeApp returns the id, if there is one, with an error as well.
func decodeApp(raw json.RawMessage) (App, error) {
	var app App
	err := json.Unmarshal(raw, &app)
	if err != nil {
		app = App{ID: app.ID} // the rest may be half of it
	}
	return app, err
}

// ListApps returns the apps of the project (GET /v2/apps), a call for each
// hundred, up to a thousand; of more, as the first answer counts them, only the
// first hundred. An app that is not among them may well exist: one that makes
// no sense, or is shown in two ways, is left out. With an error, the apps are
// those of the pages before it.
func (c *Client) ListApps(ctx context.Context) ([]App, error) {
	var list listing
	for page := range maxAppsPages {
		answer, err := c.listPage(ctx, page)
		if err != nil {
			return list.apps(), err
		}
		if !list.add(answer) {
			break
		}
	}
	return list.apps(), nil
}

// ErrIncomplete says that there are apps that a listing did not bring, or not in
// a form that makes sense.
var ErrIncomplete = errors.New("the list of apps is not complete")

// ListAllApps returns all apps of the project, however many there are: a call
// for each hundred. An error that is ErrIncomplete comes with the apps that the
// listing brought.
func (c *Client) ListAllApps(ctx context.Context) ([]App, error) {
	var list listing
	most := 0
	for page := 0; ; page++ {
		answer, err := c.listPage(ctx, page)
		if err != nil {
			return nil, err
		}
		known := len(list.ids)
		list.add(answer)
		// An app that goes while others are listed moves one from a page that is
		// to come to a page that was: what was counted before that one counts.
		most = max(most, int(answer.Count))
		if len(list.ids) == known || len(answer.Apps) < appsPage && list.shown >= most {
			return list.all(most)
		}
	}
}

func (c *Client) listPage(ctx context.Context, page int) (appsResult, error) {
	var answer appsResult
	err := c.do(ctx, call{
		operation: "ListApps",
		object:    Object{Kind: KindApps},
		method:    http.MethodGet,
		segments:  []string{"v2", "apps"},
		query:     url.Values{"limit": {strconv.Itoa(appsPage)}, "offset": {strconv.Itoa(page)}}, // a page number
	}, &answer)
	return answer, err
}

// listing is what the pages of a list add up to.
type listing struct {
	shown    int // apps, of whatever kind
	nameless int // those without an ID
	ids      []string
	byID     map[string]*listedApp
}

type listedApp struct {
	app     App
	raw     json.RawMessage
	useless bool
}

// add takes in a page, and tells whether there may be another one.
func (l *listing) add(page appsResult) bool {
	first := l.shown == 0
	known := len(l.ids)
	for _, raw := range page.Apps {
		l.addApp(raw)
	}
	l.shown += len(page.Apps)
	count := int(page.Count)
	switch {
	case len(page.Apps) < appsPage, count > 0 && l.shown >= count:
		return false
	case len(l.ids) == known: // it came before: the server may ignore the offset
		return false
	default:
		return !first || count <= maxAppsPages*appsPage
	}
}

func (l *listing) addApp(raw json.RawMessage) {
	app, err := decodeApp(raw)
	if app.ID == "" {
		l.nameless++
		return
	}
	if before, again := l.byID[app.ID]; again {
		before.useless = before.useless || !bytes.Equal(before.raw, raw)
		return
	}
	if l.byID == nil {
		l.byID = make(map[string]*listedApp)
	}
	l.byID[app.ID] = &listedApp{app: app, raw: raw, useless: err != nil}
	l.ids = append(l.ids, app.ID)
}

func (l *listing) apps() []App {
	var apps []App
	for _, id := range l.ids {
		if listed := l.byID[id]; !listed.useless {
			apps = append(apps, listed.app)
		}
	}
	return apps
}

// all returns the apps, and an error unless they are as many as were counted.
func (l *listing) all(count int) ([]App, error) {
	apps := l.apps()
	if len(apps) < max(count, len(l.ids)) || l.nameless > 0 {
		return apps, fmt.Errorf("%w: %d apps are counted, and %d are shown in a form that makes sense", ErrIncomplete, max(count, l.shown), len(apps))
	}
	return apps, nil
}

type appResult struct {
	gateway.ErrorBody
	App
}

func (a *appResult) check(call call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	if a.ID == "" {
		return &Error{Reason: ReasonInvalidAnswer, Message: "the answer names no app"}
	}
	return aboutAnother(a.ID, call.object.ID)
}

// ShowApp returns an app (GET /v2/apps/{app_id}). The error of one that does
// not exist is ErrNotFound.
func (c *Client) ShowApp(ctx context.Context, appID string) (*App, error) {
	call := call{operation: "ShowApp", method: http.MethodGet, object: Object{KindApp, appID}, segments: []string{"v2", "apps", appID}}
	if appID == "" {
		return nil, noApp(call)
	}
	var answer appResult
	if err := c.do(ctx, call, &answer); err != nil {
		return nil, err
	}
	return &answer.App, nil
}
