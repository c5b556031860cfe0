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

const (
	appsPage = 100 // the most that the API gives, and its default

	// maxAppsPages bounds the use of a quota of 60 calls a minute. The default quota is 20 apps.
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
		return &Error{Reason: ReasonInvalidAnswer, Message: "none of the apps in the response is one"}
	}
	return nil
}

type number int

func (n *number) UnmarshalJSON(b []byte) error {
	var i int
	if json.Unmarshal(b, &i) != nil {
		i = 0
	}
	*n = number(i)
	return nil
}

// decodeApp returns the id even with an error, if there is one.
func decodeApp(raw json.RawMessage) (App, error) {
	var app App
	err := json.Unmarshal(raw, &app)
	if err != nil {
		app = App{ID: app.ID} // the rest may be half of it
	}
	return app, err
}

// ListApps returns up to 1000 apps (GET /v2/apps, 100 a call), or the first 100 of more. Deleted apps and invalid or
// contradictory entries are left out. Any error comes with the apps that were read.
func (c *Client) ListApps(ctx context.Context) ([]App, error) {
	var list listing
	most, ended := 0, false
	for page := range maxAppsPages {
		answer, err := c.listPage(ctx, page)
		if err != nil {
			return list.apps(), err
		}
		most = max(most, int(answer.Count))
		ended = answer.Apps != nil && len(answer.Apps) < appsPage
		if !list.add(answer) {
			break
		}
	}
	apps, err := list.all(most)
	if err == nil && !ended {
		err = fmt.Errorf("%w: there may be more than %d", ErrIncomplete, len(apps))
	}
	return apps, err
}

// ErrIncomplete means that a listing may lack apps, or contains invalid ones.
var ErrIncomplete = errors.New("the list of apps is not complete")

// ListAllApps returns all apps of the project, 100 a call. ErrIncomplete comes with the valid ones.
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
		// A deletion meanwhile moves an app to an earlier page, so the highest count is the one to reach.
		most = max(most, int(answer.Count))
		if len(list.ids) == known || len(answer.Apps) < appsPage && list.shown >= most {
			return list.all(most)
		}
	}
}

func (c *Client) listPage(ctx context.Context, page int) (appsResult, error) {
	var answer appsResult
	_, err := c.do(ctx, call{
		operation: "ListApps",
		action:    "rtc:app:list",
		object:    Object{Kind: KindApps},
		method:    http.MethodGet,
		segments:  []string{"v2", "apps"},
		query:     url.Values{"limit": {strconv.Itoa(appsPage)}, "offset": {strconv.Itoa(page)}}, // a page number
	}, &answer)
	return answer, err
}

type listing struct {
	shown    int // apps, of whatever kind
	nameless int // those without an ID
	ids      []string
	byID     map[string]*listedApp
}

type listedApp struct {
	app     App
	raw     json.RawMessage
	invalid bool
}

// add tells whether there may be another page.
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
	case len(l.ids) == known: // seen before: the server may ignore the offset
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
		before.invalid = before.invalid || !bytes.Equal(before.raw, raw)
		return
	}
	if l.byID == nil {
		l.byID = make(map[string]*listedApp)
	}
	l.byID[app.ID] = &listedApp{app: app, raw: raw, invalid: err != nil}
	l.ids = append(l.ids, app.ID)
}

func (l *listing) apps() []App {
	var apps []App
	for _, id := range l.ids {
		if listed := l.byID[id]; !listed.invalid && listed.app.State != AppDeleted {
			apps = append(apps, listed.app)
		}
	}
	return apps
}

func (l *listing) deleted() (n int) {
	for _, listed := range l.byID {
		if !listed.invalid && listed.app.State == AppDeleted {
			n++
		}
	}
	return n
}

func (l *listing) all(count int) ([]App, error) {
	apps := l.apps()
	if len(apps)+l.deleted() < max(count, len(l.ids)) || l.nameless > 0 {
		return apps, fmt.Errorf("%w: %d apps are counted, and %d are shown in a form that makes sense", ErrIncomplete, max(count, l.shown), len(apps))
	}
	return apps, nil
}
