// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
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
	appsPage     = 100 // the most that the API gives, and its default
	maxAppsPages = 100 // twenty apps are a tenant's quota unless raised
)

type appsAnswer struct {
	errorFields
	Count int   `json:"count"`
	Apps  []App `json:"apps"`
}

func (a *appsAnswer) check(call) *Error { return a.asSuccess() }

// ListApps returns the apps of the project (GET /v2/apps), a call for each
// hundred.
func (c *Client) ListApps(ctx context.Context) ([]App, error) {
	var apps []App
	for page := range maxAppsPages {
		var answer appsAnswer
		err := c.do(ctx, call{
			operation: "ListApps",
			method:    http.MethodGet,
			segments:  []string{"v2", "apps"},
			query:     url.Values{"limit": {strconv.Itoa(appsPage)}, "offset": {strconv.Itoa(page)}}, // a page number
		}, &answer)
		if err != nil {
			return nil, err
		}
		apps = append(apps, answer.Apps...)
		if len(answer.Apps) < appsPage || len(apps) >= answer.Count {
			break
		}
	}
	return apps, nil
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
