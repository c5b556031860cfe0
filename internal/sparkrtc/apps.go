// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// App is an app of the project, as far as this client is concerned with it.
type App struct {
	ID string `json:"app_id"`

	Callbacks struct {
		// RecordCallback is nil, or has an empty URL, when none is set.
		RecordCallback *RecordCallback `json:"record_callback"`
	} `json:"callbacks"`
}

const (
	appsPage = 100 // the most that the API gives, and its default

	// maxAppsPages bounds what a listing costs of a quota of 60 calls a
	// minute. Twenty apps are a tenant's quota unless raised.
	maxAppsPages = 10
)

type appsAnswer struct {
	errorFields
	Count number            `json:"count"`
	Apps  []json.RawMessage `json:"apps"`
}

func (a *appsAnswer) check(call) *Error {
	if wrong := a.asSuccess(); wrong != nil {
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
		var answer appsAnswer
		err := c.do(ctx, call{
			operation: "ListApps",
			method:    http.MethodGet,
			segments:  []string{"v2", "apps"},
			query:     url.Values{"limit": {strconv.Itoa(appsPage)}, "offset": {strconv.Itoa(page)}}, // a page number
		}, &answer)
		if err != nil {
			return list.apps(), err
		}
		if !list.add(answer) {
			break
		}
	}
	return list.apps(), nil
}

// listing is what the pages of a list add up to.
type listing struct {
	shown int // apps, of whatever kind
	ids   []string
	byID  map[string]*listedApp
}

type listedApp struct {
	app     App
	raw     json.RawMessage
	useless bool
}

// add takes in a page, and tells whether there may be another one.
func (l *listing) add(page appsAnswer) bool {
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

type appAnswer struct {
	errorFields
	App
}

func (a *appAnswer) check(call call) *Error {
	if wrong := a.asSuccess(); wrong != nil {
		return wrong
	}
	return aboutAnother(a.ID, call.appID)
}

// ShowApp returns an app (GET /v2/apps/{app_id}). The error of one that does
// not exist has ReasonAppNotFound.
func (c *Client) ShowApp(ctx context.Context, appID string) (*App, error) {
	call := call{operation: "ShowApp", method: http.MethodGet, appID: appID, segments: []string{"v2", "apps", appID}}
	if appID == "" {
		return nil, noApp(call)
	}
	var answer appAnswer
	if err := c.do(ctx, call, &answer); err != nil {
		return nil, err
	}
	return &answer.App, nil
}
