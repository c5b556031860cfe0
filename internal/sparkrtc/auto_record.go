// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
)

// AutoRecordMode is a mode of automatic recording.
type AutoRecordMode string

// The documented modes.
const (
	AutoRecordOff        AutoRecordMode = "AUTO_RECORD_OFF"
	AutoRecordIndividual AutoRecordMode = "AUTO_INDIVIDUAL_RECORD" // each stream on its own
)

// AutoRecord is the automatic recording of an app. It counts for rooms that are created after it was set.
type AutoRecord struct {
	Mode         AutoRecordMode `json:"mode"`
	RecordRuleID string         `json:"record_rule_id,omitempty"` // required unless Mode is AutoRecordOff
	UpdateTime   string         `json:"update_time,omitempty"`    // RFC 3339 in UTC with milliseconds; never sent
}

func shownAutoRecord(shown *AutoRecord) AutoRecord {
	var a AutoRecord
	if shown != nil {
		a = *shown
	}
	a.Mode = cmp.Or(a.Mode, AutoRecordOff)
	return a
}

type autoRecordResult struct {
	gateway.ErrorBody
	AppID          string      `json:"app_id"`
	AutoRecordMode *AutoRecord `json:"auto_record_mode"`
}

func (a *autoRecordResult) check(call call) *Error {
	if wrong := asSuccess(a.ErrorBody); wrong != nil {
		return wrong
	}
	if wrong := isOfApp(a.AppID, call); wrong != nil {
		return wrong
	}
	if sent, write := call.body.(AutoRecord); write && sent.Mode != AutoRecordOff && a.AutoRecordMode == nil {
		return &Error{Reason: ReasonInvalidAnswer, Message: "the response has no automatic recording"}
	}
	return nil
}

// UpdateAutoRecord sets an app's automatic recording (PUT /v2/apps/{app_id}/auto-record-mode) and returns it as stored.
// Off is sent without a rule.
func (c *Client) UpdateAutoRecord(ctx context.Context, appID string, mode AutoRecordMode, recordRuleID string) (AutoRecord, error) {
	sent := AutoRecord{Mode: mode, RecordRuleID: recordRuleID}
	if mode == AutoRecordOff {
		sent.RecordRuleID = ""
	}
	return c.autoRecord(ctx, call{operation: "UpdateAutoRecord", method: http.MethodPut, body: sent}, appID)
}

// ShowAutoRecord returns an app's automatic recording (GET /v2/apps/{app_id}/auto-record-mode): off if it was never
// set. ErrNotFound means that there is no such app.
func (c *Client) ShowAutoRecord(ctx context.Context, appID string) (AutoRecord, error) {
	shown, err := c.autoRecord(ctx, call{operation: "ShowAutoRecord", method: http.MethodGet}, appID)
	if !errors.Is(err, ErrNotFound) {
		return shown, err
	}
	app, err := c.ShowApp(ctx, appID)
	if err != nil {
		return AutoRecord{}, err
	}
	return app.AutoRecord(), nil
}

func (c *Client) autoRecord(ctx context.Context, call call, appID string) (AutoRecord, error) {
	call.object = Object{KindAutoRecord, appID}
	var resp autoRecordResult
	if _, err := c.do(ctx, ofApp(call, appID, "auto-record-mode"), &resp); err != nil {
		return AutoRecord{}, err
	}
	return shownAutoRecord(resp.AutoRecordMode), nil
}
