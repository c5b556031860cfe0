// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const testRule = "66e1ad0afa163e4e6f3e9c4b"

var (
	bothFormats = RecordRuleRequest{
		OBS: ObsAddr{Location: DefaultRegion, ProjectID: "p", Bucket: "b", Object: "Record/"},
		HLS: &HLSConfig{RecordCycle: 3600, RecordPrefix: "h", RecordSliceDuration: 10, RecordMaxDurationToMergeFile: -1},
		MP4: &MP4Config{RecordCycle: 60, RecordPrefix: "m", RecordMaxDurationToMergeFile: 300},
	}
	zeros = RecordRuleRequest{HLS: &HLSConfig{}, MP4: &MP4Config{}}
)

const (
	ruleBody = `{"rule_id":"` + testRule + `","app_id":"` + testApp + `","obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b"},` +
		`"record_formats":["HLS"],"hls_config":{"record_cycle":0,"record_prefix":"h"},"mp4_config":{"record_cycle":0},"update_time":"2026-01-01T00:00:00.000Z"}`
	autoBody = `{"app_id":"` + testApp + `","auto_record_mode":{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"` + testRule + `","update_time":"2026-01-01T00:00:00.000Z"}}`
	appBody  = `{"app_id":"` + testApp + `","app_name":"n","state":{"state":"ACTIVATION"},"authentication":{"app_key":"app-key-secret"},` +
		`"callbacks":{"record_callback":{"url":"https://a","auth_key":"auth-key-secret"}}}`
)

// operations are those of apps, rules and automatic recording.
var operations = []struct {
	name, action string
	object       Object
	call         func(context.Context, *Client) error

	method, path, body string
	status             int // of a success
	response           string
	repeated           bool // after a failure that may have had an effect
}{
	{
		"CreateApp", "rtc:app:create", Object{KindNamedApp, "a <b>"},
		func(ctx context.Context, c *Client) error { _, err := c.CreateApp(ctx, "a <b>"); return err },
		"POST", "/v2/apps", `{"app_name":"a <b>"}`, 201, `{"app_id":"` + testApp + `"}`, false,
	},
	{
		"ShowApp", "rtc:app:get", Object{KindApp, testApp},
		func(ctx context.Context, c *Client) error { _, err := c.ShowApp(ctx, testApp); return err },
		"GET", "/v2/apps/" + testApp, "", 200, appBody, true,
	},
	{
		"ShowApp", "rtc:app:get", Object{KindApp, testApp},
		func(ctx context.Context, c *Client) error { _, _, err := c.ShowAppKey(ctx, testApp); return err },
		"GET", "/v2/apps/" + testApp, "", 200, appBody, true,
	},
	{
		"DeleteApp", "rtc:app:delete", Object{KindApp, testApp},
		func(ctx context.Context, c *Client) error { return c.DeleteApp(ctx, testApp) },
		"DELETE", "/v2/apps/" + testApp, "", 204, "", true,
	},
	{
		"StartApp", "rtc:app:enable", Object{KindApp, testApp},
		func(ctx context.Context, c *Client) error { _, err := c.StartApp(ctx, testApp); return err },
		"POST", "/v2/apps/" + testApp + "/enable", "", 200, appBody, true,
	},
	{
		"StopApp", "rtc:app:disable", Object{KindApp, testApp},
		func(ctx context.Context, c *Client) error { _, err := c.StopApp(ctx, testApp); return err },
		"POST", "/v2/apps/" + testApp + "/disable", "", 200, appBody, true,
	},
	{
		"CreateRecordRule", "rtc:recordRule:save", Object{KindRecordRules, testApp},
		func(ctx context.Context, c *Client) error {
			_, _, err := c.CreateRecordRule(ctx, testApp, bothFormats)
			return err
		},
		"POST", "/v2/apps/" + testApp + "/record-rules",
		`{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b","object":"Record/"},"record_formats":["HLS","MP4"],` +
			`"hls_config":{"record_cycle":3600,"record_prefix":"h","record_slice_duration":10,"record_max_duration_to_merge_file":-1},` +
			`"mp4_config":{"record_cycle":60,"record_prefix":"m","record_max_duration_to_merge_file":300}}`,
		201, ruleBody, true,
	},
	{
		"UpdateRecordRule", "rtc:recordRule:update", Object{KindRecordRule, testApp + "/" + testRule},
		func(ctx context.Context, c *Client) error {
			_, err := c.UpdateRecordRule(ctx, testApp, testRule, zeros)
			return err
		},
		"PUT", "/v2/apps/" + testApp + "/record-rules/" + testRule,
		`{"obs_addr":{"location":"","project_id":"","bucket":"","object":""},"record_formats":["HLS","MP4"],` +
			`"hls_config":{"record_cycle":0,"record_prefix":"","record_slice_duration":0,"record_max_duration_to_merge_file":0},` +
			`"mp4_config":{"record_cycle":0,"record_prefix":"","record_max_duration_to_merge_file":0}}`,
		200, ruleBody, true,
	},
	{
		"ShowRecordRule", "rtc:recordRule:get", Object{KindRecordRule, testApp + "/" + testRule},
		func(ctx context.Context, c *Client) error {
			_, err := c.ShowRecordRule(ctx, testApp, testRule)
			return err
		},
		"GET", "/v2/apps/" + testApp + "/record-rules/" + testRule, "", 200, ruleBody, true,
	},
	{
		"ListRecordRules", "rtc:recordRule:list", Object{KindRecordRules, testApp},
		func(ctx context.Context, c *Client) error { _, err := c.ListRecordRules(ctx, testApp); return err },
		"GET", "/v2/apps/" + testApp + "/record-rules?limit=10&offset=0", "", 200, `{"rules":[` + ruleBody + `]}`, true,
	},
	{
		"DeleteRecordRule", "rtc:recordRule:delete", Object{KindRecordRule, testApp + "/" + testRule},
		func(ctx context.Context, c *Client) error { return c.DeleteRecordRule(ctx, testApp, testRule) },
		"DELETE", "/v2/apps/" + testApp + "/record-rules/" + testRule, "", 204, "", true,
	},
	{
		"UpdateAutoRecord", "", Object{KindAutoRecord, testApp},
		func(ctx context.Context, c *Client) error {
			_, err := c.UpdateAutoRecord(ctx, testApp, AutoRecordIndividual, testRule)
			return err
		},
		"PUT", "/v2/apps/" + testApp + "/auto-record-mode", `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"` + testRule + `"}`, 200, autoBody, true,
	},
	{
		"UpdateAutoRecord", "", Object{KindAutoRecord, testApp},
		func(ctx context.Context, c *Client) error {
			_, err := c.UpdateAutoRecord(ctx, testApp, AutoRecordOff, testRule)
			return err
		},
		"PUT", "/v2/apps/" + testApp + "/auto-record-mode", `{"mode":"AUTO_RECORD_OFF"}`, 200, `{"app_id":"` + testApp + `"}`, true,
	},
	{
		"ShowAutoRecord", "", Object{KindAutoRecord, testApp},
		func(ctx context.Context, c *Client) error { _, err := c.ShowAutoRecord(ctx, testApp); return err },
		"GET", "/v2/apps/" + testApp + "/auto-record-mode", "", 200, autoBody, true,
	},
}

func TestOperationsOnTheWire(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			var got string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.RequestURI + " " + strings.TrimSpace(string(body))
				respond(op.status, op.response)(w, r)
			})
			if err := op.call(t.Context(), newClient(t, s.URL)); err != nil {
				t.Fatal(err)
			}
			if want := op.method + " " + op.path + " " + op.body; got != want || s.calls.Load() != 1 {
				t.Errorf("%d calls, the last\n%s, want\n%s", s.calls.Load(), got, want)
			}
		})
	}
}

// An operation that may have taken effect is sent again only if that is harmless, and its error says so.
func TestOperationsInDoubt(t *testing.T) {
	for _, op := range operations {
		for name, handler := range map[string]http.HandlerFunc{"500": respond(500, `{"error_code":"RTC.00002001"}`), "no response": drop, "cut off": cut} {
			t.Run(op.name+"/"+name, func(t *testing.T) {
				s := serve(t, handler)
				e := asError(t, op.call(t.Context(), newClient(t, s.URL)))
				if write := op.method != http.MethodGet; e.InDoubt != write || strings.Contains(e.Error(), "may have taken effect") != write {
					t.Errorf("in doubt: %t, want %t: %v", e.InDoubt, write, e)
				}
				want := int32(1)
				if op.repeated {
					want = 3
				}
				if s.calls.Load() != want || e.Operation != op.name || e.Object != op.object || e.Action != op.action {
					t.Errorf("%d calls, want %d, and %+v", s.calls.Load(), want, e)
				}
			})
		}
	}
}

// What had no effect for certain is sent again by every operation.
func TestThrottledOperationsAreRepeated(t *testing.T) {
	for _, op := range operations {
		var s *server
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			if s.calls.Load() == 1 {
				respond(429, `{"error_code":"APIGW.0308"}`)(w, r)
				return
			}
			respond(op.status, op.response)(w, r)
		})
		if err := op.call(t.Context(), newClient(t, s.URL)); err != nil || s.calls.Load() != 2 {
			t.Errorf("%s: %d calls, %v", op.name, s.calls.Load(), err)
		}
	}
}

// A success that is not one of this operation is an error, and one of a write may have had an effect.
func TestOperationsWithOtherResponses(t *testing.T) {
	for _, op := range operations {
		bodies := map[string]string{
			"a page": `<html></html>`, "nothing": ``, "null": `null`, "no object": `{}`, "a list": `[]`, "an error": `{"error_code":"RTC.00002001","app_id":"` + testApp + `"}`,
			"another app": strings.ReplaceAll(op.response, testApp, "another"), "another type": strings.ReplaceAll(op.response, `"app_id":"`+testApp+`"`, `"app_id":7`),
			"another rule": strings.ReplaceAll(op.response, `"rule_id":"`+testRule, `"rule_id":"another`), "no rule": strings.ReplaceAll(op.response, `"rule_id"`, `"id"`),
		}
		if op.status == http.StatusNoContent {
			bodies = nil
		}
		for name, body := range bodies {
			switch {
			case name == "another app" && op.name == "CreateApp", body == op.response, // nothing to compare
				name == "another rule" && (op.name == "CreateRecordRule" || op.name == "ListRecordRules"),
				(name == "no object" || name == "null") && op.name == "ListRecordRules": // there may be none
				continue
			}
			s := serve(t, respond(op.status, body))
			err := op.call(t.Context(), newClient(t, s.URL))
			if e := asError(t, err); e.Reason != ReasonInvalidAnswer || e.InDoubt != (op.method != http.MethodGet) {
				t.Errorf("%s, %s: %v", op.name, name, err)
			}
		}
		for _, status := range []int{200, 201, 202, 204} {
			if status == op.status || status == 200 && op.name == "CreateRecordRule" {
				continue
			}
			s := serve(t, respond(status, op.response))
			if e := asError(t, op.call(t.Context(), newClient(t, s.URL))); e.Reason != ReasonInvalidAnswer {
				t.Errorf("%s, %d: %v", op.name, status, e)
			}
		}
	}
}

func TestOperationsNeedIDs(t *testing.T) {
	s := serve(t, respond(200, appBody))
	client := newClient(t, s.URL)
	for name, call := range map[string]func() error{
		"ShowApp":          func() error { _, err := client.ShowApp(t.Context(), ""); return err },
		"DeleteApp":        func() error { return client.DeleteApp(t.Context(), "") },
		"StopApp":          func() error { _, err := client.StopApp(t.Context(), ""); return err },
		"ListRecordRules":  func() error { _, err := client.ListRecordRules(t.Context(), ""); return err },
		"ShowRecordRule":   func() error { _, err := client.ShowRecordRule(t.Context(), testApp, ""); return err },
		"DeleteRecordRule": func() error { return client.DeleteRecordRule(t.Context(), testApp, "") },
		"ShowAutoRecord":   func() error { _, err := client.ShowAutoRecord(t.Context(), ""); return err },
	} {
		if e := asError(t, call()); e.Reason != ReasonInvalidRequest || e.Operation != name || e.InDoubt || s.calls.Load() != 0 {
			t.Errorf("%s: %v", name, e)
		}
	}
}

// Status and code together make the reason. A 400 of a DELETE is about what is in the way, unless its code says more.
func TestReasonsOfOperations(t *testing.T) {
	tests := []struct {
		status int
		code   string
		want   Reason
		delete Reason // of a DELETE
	}{
		{400, "RTC.00001001", ReasonTenantUnknown, ReasonTenantUnknown},
		{400, "RTC.00001003", ReasonInvalidParameter, ReasonDeletionRefused},
		{400, "RTC.00009999", ReasonOther, ReasonDeletionRefused},
		{400, "RTC.00001012", ReasonRegionNotServed, ReasonRegionNotServed},
		{400, "RTC.00001013", ReasonBackupRule, ReasonBackupRule},
		{400, "RTC.00001016", ReasonAppDeactivated, ReasonAppDeactivated},
		{400, "RTC.00001017", ReasonAppQuota, ReasonAppQuota},
		{400, "RTC.00001019", ReasonRulesExist, ReasonRulesExist},
		{400, "RTC.00001020", ReasonNameTaken, ReasonNameTaken},
		{400, "RTC.00001021", ReasonAccessDenied, ReasonAccessDenied},
		{400, "APIGW.0106", ReasonOther, ReasonOther},
		{400, "", ReasonOther, ReasonOther},
		{404, "RTC.00001003", ReasonNotFound, ReasonNotFound},
		{404, "RTC.00001019", ReasonNotFound, ReasonNotFound},
		{404, "APIGW.0101", ReasonWrongEndpoint, ReasonWrongEndpoint},
		{404, "", ReasonWrongEndpoint, ReasonWrongEndpoint},
		{403, "APIGW.0306", ReasonAccessDenied, ReasonAccessDenied},
		{401, "RTC.00001003", ReasonUnauthenticated, ReasonUnauthenticated},
		{429, "RTC.00001019", ReasonThrottled, ReasonThrottled},
		{500, "RTC.00001019", ReasonServerError, ReasonServerError},
	}
	for _, tc := range tests {
		s := serve(t, respond(tc.status, fmt.Sprintf(`{"error_code":%q}`, tc.code)))
		client := newClient(t, s.URL, func(c *config) { c.MaxRetries = 0 })
		for _, op := range operations {
			want := tc.want
			if op.method == http.MethodDelete {
				want = tc.delete
			}
			err := op.call(t.Context(), client)
			if tc.status == 401 {
				client = newClient(t, s.URL) // one client stops after some
			}
			if e := asError(t, err); e.Reason != want || errors.Is(err, ErrNotFound) != (want == ReasonNotFound) {
				t.Errorf("%s, %d %s: %v, want %q", op.name, tc.status, tc.code, err, want)
			}
		}
	}
}

// A new app may be missing at first. Only the service's own 404 is believed, and only for a caller who asks.
func TestShowNewApp(t *testing.T) {
	tests := map[string]struct {
		missing int32
		first   http.HandlerFunc
		calls   int32
		want    Reason
	}{
		"there at once": {0, nil, 1, ""},
		"there later":   {2, respond(404, `{"error_code":"RTC.00001003"}`), 3, ""},
		"never there":   {9, respond(404, `{"error_code":"RTC.00001003"}`), 3, ReasonNotFound},
		"the gateway's": {1, respond(404, `{"error_code":"APIGW.0101"}`), 1, ReasonWrongEndpoint},
		"deleted":       {1, respond(200, `{"app_id":"`+testApp+`","state":{"state":"DELETED"}}`), 1, ReasonNotFound},
		"refused":       {1, respond(400, `{"error_code":"RTC.00001003"}`), 1, ReasonInvalidParameter},
	}
	for name, tc := range tests {
		var s *server
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			if s.calls.Load() <= tc.missing {
				tc.first(w, r)
				return
			}
			respond(200, appBody)(w, r)
		})
		if _, err := newClient(t, s.URL).ShowNewApp(t.Context(), testApp); ReasonOf(err) != tc.want || (err == nil) != (tc.want == "") || s.calls.Load() != tc.calls {
			t.Errorf("%s: %d calls, %v", name, s.calls.Load(), err)
		}
	}
	s := serve(t, tests["never there"].first)
	if _, err := newClient(t, s.URL).ShowNewRecordRule(t.Context(), testApp, testRule); !errors.Is(err, ErrNotFound) || s.calls.Load() != 3 {
		t.Errorf("rule: %d calls, %v", s.calls.Load(), err)
	}
	s = serve(t, tests["never there"].first)
	if _, err := newClient(t, s.URL).ShowApp(t.Context(), testApp); !errors.Is(err, ErrNotFound) || s.calls.Load() != 1 {
		t.Errorf("unasked: %d calls, %v", s.calls.Load(), err)
	}
}

func TestAppIsDecoded(t *testing.T) {
	const full = `{"app_id":"a","app_name":"n","state":{"state":"DEACTIVATION","update_time":"u"},"scope":"GLOBAL","domain":"d","create_time":"c",` +
		`"auto_record_mode":{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"r","update_time":"u"},"authentication":{"enable":true,"app_key":"k"}}`
	want := App{ID: "a", Name: "n", State: AppDeactivated, Scope: "GLOBAL", Domain: "d", CreateTime: "c", AutoRecordMode: &AutoRecord{AutoRecordIndividual, "r", "u"}}
	client := newClient(t, serve(t, respond(200, full)).URL)
	if got, err := client.ShowApp(t.Context(), "a"); err != nil || !reflect.DeepEqual(*got, want) || got.AutoRecord() != *want.AutoRecordMode {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, key, err := client.ShowAppKey(t.Context(), "a"); err != nil || key != "k" {
		t.Errorf("got the key %q, %v", key, err)
	}
	off := AutoRecord{Mode: AutoRecordOff}
	for _, body := range []string{`{"app_id":"a"}`, `{"app_id":"a","auto_record_mode":null,"authentication":null}`, `{"app_id":"a","auto_record_mode":{}}`} {
		client := newClient(t, serve(t, respond(200, body)).URL)
		if got, err := client.ShowApp(t.Context(), "a"); err != nil || got.AutoRecord() != off {
			t.Errorf("%s: got %+v, %v", body, got, err)
		}
		if _, key, err := client.ShowAppKey(t.Context(), "a"); err != nil || key != "" {
			t.Errorf("%s: got the key %q, %v", body, key, err)
		}
	}
}

// Deleted apps may still be shown.
func TestDeletedApps(t *testing.T) {
	s := serve(t, respond(200, `{"count":2,"apps":[{"app_id":"a","state":{"state":"DELETED"}},{"app_id":"b"}]}`))
	for name, list := range map[string]func() ([]App, error){
		"some": func() ([]App, error) { return newClient(t, s.URL).ListApps(t.Context()) },
		"all":  func() ([]App, error) { return newClient(t, s.URL).ListAllApps(t.Context()) },
	} {
		if apps, err := list(); err != nil || len(apps) != 1 || apps[0].ID != "b" {
			t.Errorf("%s: %+v, %v", name, apps, err)
		}
	}
	s = serve(t, respond(200, `{"app_id":"`+testApp+`","state":{"state":"DELETED"}}`))
	if _, err := newClient(t, s.URL).ShowApp(t.Context(), testApp); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, _, err := newClient(t, s.URL).ShowAppKey(t.Context(), testApp); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// Whether an app that is started already may be started is not documented: a refusal is no error then.
func TestAppIsInThatState(t *testing.T) {
	tests := map[string]struct {
		status int
		state  AppState
		want   Reason // of StartApp
		calls  int32
	}{
		"refused, started": {400, AppActive, "", 2},
		"refused, stopped": {400, AppDeactivated, ReasonInvalidParameter, 2},
		"refused, unknown": {400, "", ReasonInvalidParameter, 2},
		"missing":          {404, AppActive, ReasonNotFound, 1},
	}
	for name, tc := range tests {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				respond(tc.status, `{"error_code":"RTC.00001003"}`)(w, r)
				return
			}
			respond(200, fmt.Sprintf(`{"app_id":%q,"state":{"state":%q}}`, testApp, tc.state))(w, r)
		})
		state, err := newClient(t, s.URL).StartApp(t.Context(), testApp)
		if ReasonOf(err) != tc.want || err == nil && state != AppActive || s.calls.Load() != tc.calls {
			t.Errorf("%s: %d calls, %q, %v", name, s.calls.Load(), state, err)
		}
		if err != nil && asError(t, err).Operation != "StartApp" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, state := range []AppState{AppActive, AppInArrears} {
		s := serve(t, respond(200, fmt.Sprintf(`{"app_id":%q,"state":{"state":%q}}`, testApp, state)))
		if got, err := newClient(t, s.URL).StartApp(t.Context(), testApp); err != nil || got != state {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestRuleIsDecoded(t *testing.T) {
	for status, replaced := range map[int]bool{200: true, 201: false} {
		got, was, err := newClient(t, serve(t, respond(status, ruleBody)).URL).CreateRecordRule(t.Context(), testApp, bothFormats)
		if err != nil || was != replaced {
			t.Fatalf("replaced: %t, %v", was, err)
		}
		if got.ID != testRule || got.AppID != testApp || *got.OBS.Bucket != "b" || got.OBS.Object != nil || !got.RecordsHLS() || got.RecordsMP4() ||
			*got.HLSConfig.RecordCycle != 0 || got.HLSConfig.RecordSliceDuration != nil || *got.MP4Config.RecordCycle != 0 || got.UpdateTime == "" {
			t.Errorf("decoded %+v", got)
		}
	}
}

func TestListRecordRules(t *testing.T) {
	page := func(from, to int) string {
		var rules []string
		for i := from; i < to; i++ {
			rules = append(rules, fmt.Sprintf(`{"rule_id":"%d"}`, i))
		}
		return `{"rules":[` + strings.Join(rules, ",") + `]}`
	}
	tests := map[string]struct {
		pages []string // the last of them again and again
		calls int32
		rules int
	}{
		"none":                     {[]string{`{}`}, 1, 0},
		"one":                      {[]string{page(0, 1)}, 1, 1},
		"a full page":              {[]string{page(0, 10), page(0, 0)}, 2, 10},
		"two":                      {[]string{page(0, 10), page(10, 13)}, 2, 13},
		"the same page each time":  {[]string{page(0, 10)}, 2, 10},
		"pages larger than asked":  {[]string{page(0, 30)}, 2, 30},
		"pages that overlap":       {[]string{page(0, 10), page(5, 15), page(12, 14)}, 3, 15},
		"one that is shown twice":  {[]string{`{"rules":[{"rule_id":"a"},{"rule_id":"a"}]}`}, 1, 1},
		"an empty page at the end": {[]string{page(0, 10), page(10, 20), `{"rules":null}`}, 3, 20},
	}
	for name, tc := range tests {
		var s *server
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			n := int(s.calls.Load()) - 1
			if got := r.URL.Query().Get("offset"); got != fmt.Sprint(n) {
				t.Errorf("%s: page %s is asked for in call %d", name, got, n)
			}
			respond(200, tc.pages[min(n, len(tc.pages)-1)])(w, r)
		})
		rules, err := newClient(t, s.URL).ListRecordRules(t.Context(), testApp)
		if err != nil || s.calls.Load() != tc.calls || len(rules) != tc.rules {
			t.Errorf("%s: %d calls, %d rules, %v", name, s.calls.Load(), len(rules), err)
		}
	}
}

// What was never set is off. Of a 404, only the app itself tells whether it is gone.
func TestShowAutoRecord(t *testing.T) {
	missing := respond(404, `{"error_code":"RTC.00001003"}`)
	on := AutoRecord{AutoRecordIndividual, testRule, "2026-01-01T00:00:00.000Z"}
	off := AutoRecord{Mode: AutoRecordOff}
	tests := map[string]struct {
		auto, app http.HandlerFunc
		want      AutoRecord
		reason    Reason
	}{
		"on":                       {respond(200, autoBody), nil, on, ""},
		"off, with the last rule":  {respond(200, strings.Replace(autoBody, "AUTO_INDIVIDUAL_RECORD", "AUTO_RECORD_OFF", 1)), nil, AutoRecord{AutoRecordOff, testRule, on.UpdateTime}, ""},
		"absent":                   {respond(200, `{"app_id":"`+testApp+`"}`), nil, off, ""},
		"null":                     {respond(200, `{"app_id":"`+testApp+`","auto_record_mode":null}`), nil, off, ""},
		"404, the app is there":    {missing, respond(200, appBody), off, ""},
		"404, the app has it":      {missing, respond(200, autoBody), on, ""},
		"404, the app is gone":     {missing, missing, AutoRecord{}, ReasonNotFound},
		"404, the app is unknown":  {missing, respond(500, ``), AutoRecord{}, ReasonServerError},
		"the gateway's 404":        {respond(404, ``), nil, AutoRecord{}, ReasonWrongEndpoint},
		"another kind of response": {respond(200, `{"auto_record_mode":{"mode":"AUTO_RECORD_OFF"}}`), nil, AutoRecord{}, ReasonInvalidAnswer},
	}
	for name, tc := range tests {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/auto-record-mode") {
				tc.auto(w, r)
				return
			}
			tc.app(w, r)
		})
		if got, err := newClient(t, s.URL).ShowAutoRecord(t.Context(), testApp); got != tc.want || ReasonOf(err) != tc.reason || (err == nil) != (tc.reason == "") {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// After a write, nothing is not off.
func TestUpdateAutoRecordNeedsAResponse(t *testing.T) {
	client := newClient(t, serve(t, respond(200, `{"app_id":"`+testApp+`"}`)).URL)
	_, err := client.UpdateAutoRecord(t.Context(), testApp, AutoRecordIndividual, testRule)
	if e := asError(t, err); e.Reason != ReasonInvalidAnswer || !e.InDoubt {
		t.Errorf("got %v", err)
	}
}

// Responses about apps have two secrets, and a message may repeat them.
func TestSecretsOfAppsStayInside(t *testing.T) {
	const echo = ` app-key-secret YXBwLWtleS1zZWNyZXQ= auth-key-secret \"quoted\"`
	keys := `"authentication":{"APP_KEY" : "app-key-secret"},"callbacks":{"record_callback":{"url":"https://a","auth_key":"auth-key-secret \"quoted\""}}`
	bodies := []string{
		`{"app_id":"` + testApp + `","error_msg":"x` + echo + `",` + keys + `}`,
		`{"app_id":"x` + echo + `","rule_id":"x` + echo + `",` + keys + `}`,
		`{"error_code":"RTC` + echo + `","error_msg":"x` + echo + `","request_id":"x` + echo + `",` + keys + `}`,
		`{"apps":[{"app_id":7,"app_key":"app-key-secret"}],"error_msg":"x` + echo + `",` + keys + `}`,
		`<html><title>x` + strings.ReplaceAll(echo, `\`, ``) + `</title>` + keys + `</html>`,
	}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	list := func(ctx context.Context, c *Client) error { _, err := c.ListApps(ctx); return err }
	calls := []func(context.Context, *Client) error{list}
	for _, op := range operations {
		calls = append(calls, op.call)
	}
	for _, call := range calls {
		for _, status := range []int{200, 201, 204, 400, 404, 500} {
			for _, body := range bodies {
				s := serve(t, respond(status, body))
				err := call(t.Context(), newClient(t, s.URL, func(c *config) { c.Logger, c.MaxRetries = logger, 0 }))
				if err == nil || errors.Is(err, ErrIncomplete) {
					continue
				}
				shown := fmt.Sprintf("%v %+v", err, err) + log.String()
				var e *Error
				if errors.As(err, &e) {
					shown += fmt.Sprintf("%+v", *e)
				} else if !errors.Is(err, ErrIncomplete) {
					t.Errorf("%d %s: %v", status, body, err)
				}
				for _, secret := range []string{"app-key-secret", "YXBwLWtleS", "auth-key-secret", `"quoted"`} {
					if strings.Contains(shown, secret) {
						t.Errorf("%d %s: %q is in %s", status, body, secret, shown)
					}
				}
			}
		}
	}
	// An app can't be printed with its key, because it does not have it.
	app, err := newClient(t, serve(t, respond(200, appBody)).URL).ShowApp(t.Context(), testApp)
	if err != nil || strings.Contains(fmt.Sprintf("%+v", app), "app-key-secret") {
		t.Errorf("printed as %+v, %v", app, err)
	}
}
