// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"net/http"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
)

// RecordCallback is the receiver of an app's recording events (API Reference, table "AppCallbackUrl").
type RecordCallback struct {
	URL                     string   `json:"url"`                       // may be normalised, as in the Reference's example
	AuthKey                 string   `json:"auth_key"`                  // may be cut off, masked or missing
	NotifyEventSubscription []string `json:"notify_event_subscription"` // read-only and open-ended
	UpdateTime              string   `json:"update_time"`               // RFC 3339 in UTC with milliseconds
}

// RecordCallbackRequest replaces the whole configuration of a callback.
type RecordCallbackRequest struct {
	URL string `json:"url"` // http:// or https://; the service tries it

	// AuthKey signs the events. Empty means unsigned events; the effect of nil is not documented.
	AuthKey *string `json:"auth_key,omitempty"`
}

type recordCallbackResult struct {
	gateway.ErrorBody
	AppID          string          `json:"app_id"`
	RecordCallback *RecordCallback `json:"record_callback"`
}

func (a *recordCallbackResult) check(call call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	if wrong := aboutAnother(a.AppID, call.app); wrong != nil {
		return wrong
	}
	switch {
	case a.RecordCallback != nil && a.RecordCallback.URL != "":
		return nil
	case a.RecordCallback == nil && a.AppID == "":
		// Without an app, any JSON service may have sent it.
		return &Error{Reason: ReasonInvalidAnswer, Message: "the response names neither an app nor a callback"}
	default:
		return &Error{Reason: ReasonNotFound}
	}
}

// UpdateRecordCallback sets an app's callback (PUT /v2/apps/{app_id}/record-callback) and returns it as stored.
func (c *Client) UpdateRecordCallback(ctx context.Context, appID string, callback RecordCallbackRequest) (*RecordCallback, error) {
	call := call{operation: "UpdateRecordCallback", method: http.MethodPut, object: Object{KindCallback, appID}, body: callback, urls: []string{callback.URL}}
	if callback.AuthKey != nil {
		call.secrets = []string{*callback.AuthKey}
	}
	set, err := c.recordCallback(ctx, call)
	var e *Error
	if !errors.As(err, &e) || e.Reason != ReasonNotFound || e.StatusCode != http.StatusOK {
		return set, err
	}
	// It succeeded without returning the callback.
	set, err = c.ShowRecordCallback(ctx, appID)
	if !errors.As(err, &e) {
		return set, err
	}
	if e.Reason == ReasonNotFound && e.StatusCode == http.StatusOK {
		return nil, &Error{Operation: call.operation, Object: call.object, Reason: ReasonNotKept}
	}
	e.InDoubt = true
	return set, err
}

// ShowRecordCallback returns an app's callback (GET /v2/apps/{app_id}/record-callback), or ErrNotFound.
func (c *Client) ShowRecordCallback(ctx context.Context, appID string) (*RecordCallback, error) {
	return c.recordCallback(ctx, call{operation: "ShowRecordCallback", method: http.MethodGet, object: Object{KindCallback, appID}})
}

func (c *Client) recordCallback(ctx context.Context, call call) (*RecordCallback, error) {
	var answer recordCallbackResult
	if _, err := c.do(ctx, ofApp(call, call.object.ID, "record-callback"), &answer); err != nil {
		return nil, err
	}
	return answer.RecordCallback, nil
}
