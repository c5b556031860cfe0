// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
)

// App is an app of the project, with the fields that the provider uses.
type App struct {
	ID    string   `json:"app_id"`
	Name  Label    `json:"app_name"`
	State AppState `json:"state"`

	Scope      Label `json:"scope"` // DOMESTIC, OVERSEA or GLOBAL
	Domain     Label `json:"domain"`
	CreateTime Label `json:"create_time"`

	Callbacks struct {
		RecordCallback *RecordCallback `json:"record_callback"` // nil or with an empty URL if none is set
	} `json:"callbacks"`

	AutoRecordMode *AutoRecord `json:"auto_record_mode"` // nil if it was never set
}

// RecordCallback returns the app's callback, or nil.
func (a App) RecordCallback() *RecordCallback {
	if callback := a.Callbacks.RecordCallback; callback != nil && callback.URL != "" {
		return callback
	}
	return nil
}

// AutoRecord returns the automatic recording of the app, which is off if none is shown.
func (a App) AutoRecord() AutoRecord { return shownAutoRecord(a.AutoRecordMode) }

// AppState is the state of an app; "" if it is not shown.
type AppState string

// UnmarshalJSON reads an invalid state as "".
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

// Label is a text that no decision depends on.
type Label string

// UnmarshalJSON reads anything but a string as "".
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
	AppDeleted     AppState = "DELETED" // such an app is reported as not found
)

type appResult struct {
	gateway.ErrorBody
	App
}

func (a *appResult) check(call call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	if wrong := isOfApp(a.ID, call); wrong != nil {
		return wrong
	}
	if a.State == AppDeleted {
		return &Error{Reason: ReasonNotFound, Message: "the app is deleted"}
	}
	return nil
}

func isOfApp(id string, call call) *Error {
	if id == "" {
		return &Error{Reason: ReasonInvalidAnswer, Message: "the response names no app"}
	}
	return aboutAnother(id, call.app)
}

func appCall(operation, action, method, appID string, segments ...string) call {
	return ofApp(call{operation: operation, action: action, method: method, object: Object{KindApp, appID}}, appID, segments...)
}

func showApp(appID string) call { return appCall("ShowApp", "rtc:app:get", http.MethodGet, appID) }

// ShowApp returns an app (GET /v2/apps/{app_id}), or an error that is ErrNotFound.
func (c *Client) ShowApp(ctx context.Context, appID string) (*App, error) {
	return c.showApp(ctx, showApp(appID))
}

// ShowNewApp is ShowApp with retries of ErrNotFound, because the service may not know a new app yet.
func (c *Client) ShowNewApp(ctx context.Context, appID string) (*App, error) {
	call := showApp(appID)
	call.retriesNotFound = true
	return c.showApp(ctx, call)
}

func (c *Client) showApp(ctx context.Context, call call) (*App, error) {
	var resp appResult
	if _, err := c.do(ctx, call, &resp); err != nil {
		return nil, err
	}
	return &resp.App, nil
}

type appKeyResult struct {
	appResult
	Authentication struct {
		AppKey string `json:"app_key"`
	} `json:"authentication"`
}

// ShowAppKey returns an app and its key, a secret that no other method returns; "" if it is hidden or masked.
func (c *Client) ShowAppKey(ctx context.Context, appID string) (*App, string, error) {
	var resp appKeyResult
	if _, err := c.do(ctx, showApp(appID), &resp); err != nil {
		return nil, "", err
	}
	key := resp.Authentication.AppKey
	if strings.Contains(key, "***") { // a mask
		key = ""
	}
	return &resp.App, key, nil
}

type appIDResult struct {
	gateway.ErrorBody
	ID    string   `json:"app_id"`
	State AppState `json:"state"`
}

func (a *appIDResult) check(call call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	return isOfApp(a.ID, call)
}

// CreateApp creates an app (POST /v2/apps). Names are unique in a tenant, so it may fail with ReasonNameTaken. It is
// never repeated once it may have taken effect: if Error.InDoubt is set, there may be an app of that name.
func (c *Client) CreateApp(ctx context.Context, name string) (appID string, err error) {
	var resp appIDResult
	_, err = c.do(ctx, call{
		operation: "CreateApp",
		action:    "rtc:app:create",
		method:    http.MethodPost,
		success:   []int{http.StatusCreated},
		object:    Object{KindNamedApp, name},
		segments:  []string{"v2", "apps"},
		body: struct {
			Name string `json:"app_name"`
		}{name},
	}, &resp)
	if err != nil {
		return "", err
	}
	return resp.ID, nil
}

// DeleteApp deletes an app (DELETE /v2/apps/{app_id}). One in use is ReasonRulesExist or ReasonDeletionRefused.
func (c *Client) DeleteApp(ctx context.Context, appID string) error {
	call := appCall("DeleteApp", "rtc:app:delete", http.MethodDelete, appID)
	call.success = []int{http.StatusNoContent}
	_, err := c.do(ctx, call, nil)
	return err
}

// StartApp enables an app (POST /v2/apps/{app_id}/enable); an enabled one is no error. Its state may be AppInArrears.
func (c *Client) StartApp(ctx context.Context, appID string) (AppState, error) {
	return c.switchApp(ctx, appCall("StartApp", "rtc:app:enable", http.MethodPost, appID, "enable"), AppActive)
}

// StopApp disables an app (POST /v2/apps/{app_id}/disable) and returns its state; a disabled one is no error.
func (c *Client) StopApp(ctx context.Context, appID string) (AppState, error) {
	return c.switchApp(ctx, appCall("StopApp", "rtc:app:disable", http.MethodPost, appID, "disable"), AppDeactivated)
}

func (c *Client) switchApp(ctx context.Context, call call, to AppState) (AppState, error) {
	call.idempotent = true
	var resp appIDResult
	_, err := c.do(ctx, call, &resp)
	var e *Error
	if errors.As(err, &e) && e.StatusCode == http.StatusBadRequest {
		// It is not documented whether a second request, such as a retry, is refused.
		if app, showErr := c.ShowApp(ctx, call.app); showErr == nil && app.State == to {
			return to, nil
		}
	}
	return resp.State, err
}
