// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
)

// The documented defaults of a rule. The default of the other optional fields is zero.
const (
	DefaultRecordPrefix        = "{app_id}/{record_format}/{stream}_{file_start_time}/{stream}_{file_start_time}"
	DefaultRecordSliceDuration = 10 // seconds
)

// RecordRuleRequest is sent whole, zeros too: the effect of missing fields is not documented. Times are in seconds.
type RecordRuleRequest struct {
	OBS ObsAddr
	HLS *HLSConfig // nil if HLS is not recorded
	MP4 *MP4Config // nil if MP4 is not recorded
}

// ObsAddr is where recordings are stored.
type ObsAddr struct {
	Location  string `json:"location"`   // region of the bucket
	ProjectID string `json:"project_id"` // of the bucket's region
	Bucket    string `json:"bucket"`
	Object    string `json:"object"` // path in the bucket; "" for its root
}

// HLSConfig says how HLS files are recorded.
type HLSConfig struct {
	RecordCycle                  int64  `json:"record_cycle"` // 0 for one file, or 60 to 43200
	RecordPrefix                 string `json:"record_prefix"`
	RecordSliceDuration          int64  `json:"record_slice_duration"`             // 2 to 60
	RecordMaxDurationToMergeFile int64  `json:"record_max_duration_to_merge_file"` // -1 to 300
}

// MP4Config says how MP4 files are recorded.
type MP4Config struct {
	RecordCycle                  int64  `json:"record_cycle"` // 60 to 10800
	RecordPrefix                 string `json:"record_prefix"`
	RecordMaxDurationToMergeFile int64  `json:"record_max_duration_to_merge_file"` // 0 to 300
}

const (
	formatHLS = "HLS"
	formatMP4 = "MP4"
)

type recordRuleBody struct {
	ObsAddr       ObsAddr    `json:"obs_addr"`
	RecordFormats []string   `json:"record_formats"`
	HLSConfig     *HLSConfig `json:"hls_config,omitempty"`
	MP4Config     *MP4Config `json:"mp4_config,omitempty"`
}

func (r RecordRuleRequest) body() recordRuleBody {
	body := recordRuleBody{ObsAddr: r.OBS, RecordFormats: []string{}, HLSConfig: r.HLS, MP4Config: r.MP4}
	if r.HLS != nil {
		body.RecordFormats = append(body.RecordFormats, formatHLS)
	}
	if r.MP4 != nil {
		body.RecordFormats = append(body.RecordFormats, formatMP4)
	}
	return body
}

// RecordRule is a recording rule as the service shows it. Nil fields are not shown.
type RecordRule struct {
	ID            string         `json:"rule_id,omitempty"`
	AppID         string         `json:"app_id,omitempty"`
	OBS           ShownObsAddr   `json:"obs_addr"`
	RecordFormats []string       `json:"record_formats"`
	HLSConfig     ShownHLSConfig `json:"hls_config"`
	MP4Config     ShownMP4Config `json:"mp4_config"`
	CreateTime    string         `json:"create_time,omitempty"` // RFC 3339 in UTC with milliseconds
	UpdateTime    string         `json:"update_time,omitempty"`
}

// ShownObsAddr is an ObsAddr as the service shows it.
type ShownObsAddr struct {
	Location  *string `json:"location,omitempty"`
	ProjectID *string `json:"project_id,omitempty"`
	Bucket    *string `json:"bucket,omitempty"`
	Object    *string `json:"object,omitempty"`
}

// ShownHLSConfig is an HLSConfig as the service shows it.
type ShownHLSConfig struct {
	RecordCycle                  *int64  `json:"record_cycle,omitempty"`
	RecordPrefix                 *string `json:"record_prefix,omitempty"`
	RecordSliceDuration          *int64  `json:"record_slice_duration,omitempty"`
	RecordMaxDurationToMergeFile *int64  `json:"record_max_duration_to_merge_file,omitempty"`
}

// ShownMP4Config is an MP4Config as the service shows it.
type ShownMP4Config struct {
	RecordCycle                  *int64  `json:"record_cycle,omitempty"`
	RecordPrefix                 *string `json:"record_prefix,omitempty"`
	RecordMaxDurationToMergeFile *int64  `json:"record_max_duration_to_merge_file,omitempty"`
}

// RecordsHLS tells whether the rule records HLS. HLSConfig may be shown if it does not.
func (r RecordRule) RecordsHLS() bool { return r.records(formatHLS) }

// RecordsMP4 tells whether the rule records MP4. MP4Config may be shown if it does not.
func (r RecordRule) RecordsMP4() bool { return r.records(formatMP4) }

func (r RecordRule) records(format string) bool {
	return slices.ContainsFunc(r.RecordFormats, func(f string) bool { return strings.EqualFold(f, format) })
}

type recordRuleResult struct {
	gateway.ErrorBody
	RecordRule
}

func (r *recordRuleResult) check(call call) *Error {
	if wrong := asSuccess(r.ErrorBody); wrong != nil {
		return wrong
	}
	return r.RecordRule.check(call)
}

func (r RecordRule) check(call call) *Error {
	switch {
	case r.ID == "":
		return &Error{Reason: ReasonInvalidAnswer, Message: "the response names no recording rule"}
	case call.rule != "" && !strings.EqualFold(r.ID, call.rule):
		return &Error{Reason: ReasonInvalidAnswer, Message: "the response is about another recording rule, " + r.ID}
	default:
		return aboutAnother(r.AppID, call.app)
	}
}

func ruleCall(operation, action, method, appID, ruleID string) call {
	call := call{operation: operation, action: action, method: method, object: Object{KindRecordRule, appID + "/" + ruleID}, rule: ruleID}
	return ofApp(call, appID, "record-rules", ruleID)
}

func rulesCall(operation, action, method, appID string) call {
	return ofApp(call{operation: operation, action: action, method: method, object: Object{KindRecordRules, appID}}, appID, "record-rules")
}

// CreateRecordRule creates a rule, or replaces the one of the location (POST /v2/apps/{app_id}/record-rules). After
// a retry, the rule that was replaced may be the one of a lost response.
func (c *Client) CreateRecordRule(ctx context.Context, appID string, rule RecordRuleRequest) (created *RecordRule, replaced bool, err error) {
	call := rulesCall("CreateRecordRule", "rtc:recordRule:save", http.MethodPost, appID)
	call.success = []int{http.StatusCreated, http.StatusOK}
	call.body, call.idempotent = rule.body(), true
	var resp recordRuleResult
	status, err := c.do(ctx, call, &resp)
	if err != nil {
		return nil, false, err
	}
	return &resp.RecordRule, status == http.StatusOK, nil
}

// UpdateRecordRule replaces a rule (PUT /v2/apps/{app_id}/record-rules/{rule_id}).
func (c *Client) UpdateRecordRule(ctx context.Context, appID, ruleID string, rule RecordRuleRequest) (*RecordRule, error) {
	call := ruleCall("UpdateRecordRule", "rtc:recordRule:update", http.MethodPut, appID, ruleID)
	call.body = rule.body()
	return c.recordRule(ctx, call)
}

// ShowRecordRule returns a rule (GET /v2/apps/{app_id}/record-rules/{rule_id}); ErrNotFound if it or its app is missing.
func (c *Client) ShowRecordRule(ctx context.Context, appID, ruleID string) (*RecordRule, error) {
	return c.recordRule(ctx, ruleCall("ShowRecordRule", "rtc:recordRule:get", http.MethodGet, appID, ruleID))
}

// ShowNewRecordRule is ShowRecordRule for a rule that was just created, as ShowNewApp is for an app.
func (c *Client) ShowNewRecordRule(ctx context.Context, appID, ruleID string) (*RecordRule, error) {
	call := ruleCall("ShowRecordRule", "rtc:recordRule:get", http.MethodGet, appID, ruleID)
	call.retriesNotFound = true
	return c.recordRule(ctx, call)
}

func (c *Client) recordRule(ctx context.Context, call call) (*RecordRule, error) {
	var resp recordRuleResult
	if _, err := c.do(ctx, call, &resp); err != nil {
		return nil, err
	}
	return &resp.RecordRule, nil
}

// DeleteRecordRule deletes a rule (DELETE /v2/apps/{app_id}/record-rules/{rule_id}). The error for a rule in use is
// ReasonDeletionRefused or ReasonBackupRule.
func (c *Client) DeleteRecordRule(ctx context.Context, appID, ruleID string) error {
	call := ruleCall("DeleteRecordRule", "rtc:recordRule:delete", http.MethodDelete, appID, ruleID)
	call.success = []int{http.StatusNoContent}
	_, err := c.do(ctx, call, nil)
	return err
}

type recordRulesResult struct {
	gateway.ErrorBody
	Rules []RecordRule `json:"rules"`
}

func (r *recordRulesResult) check(call call) *Error {
	if wrong := asSuccess(r.ErrorBody); wrong != nil {
		return wrong
	}
	for _, rule := range r.Rules {
		if wrong := rule.check(call); wrong != nil {
			return wrong
		}
	}
	return nil
}

// The most that the API gives is not documented. An app has one rule for each location, and there is one location.
const recordRulesPage = 10

// ListRecordRules returns an app's rules (GET /v2/apps/{app_id}/record-rules); ErrNotFound if there is no such app.
func (c *Client) ListRecordRules(ctx context.Context, appID string) ([]RecordRule, error) {
	var rules []RecordRule
	for page := 0; ; page++ {
		call := rulesCall("ListRecordRules", "rtc:recordRule:list", http.MethodGet, appID)
		call.query = url.Values{"limit": {strconv.Itoa(recordRulesPage)}, "offset": {strconv.Itoa(page)}} // a page number
		var resp recordRulesResult
		if _, err := c.do(ctx, call, &resp); err != nil {
			return nil, err
		}
		known := len(rules)
		for _, rule := range resp.Rules {
			if !slices.ContainsFunc(rules, func(r RecordRule) bool { return r.ID == rule.ID }) {
				rules = append(rules, rule)
			}
		}
		if len(resp.Rules) < recordRulesPage || len(rules) == known {
			return rules, nil
		}
	}
}
