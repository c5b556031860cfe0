// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestLifeOfAnApp(t *testing.T) {
	f := startDirect(t, Options{})
	f.clock.move(time.Second)
	r := f.try("201", "POST", "/v2/apps", `{"app_name":"ä b"}`)
	id, _ := r.json(t)["app_id"].(string)
	if len(id) != 24 || string(r.body) != `{"app_id":"`+id+`"}` || len(r.header.Get("X-Request-Id")) != 32 {
		t.Fatalf("created %s, %v", r.body, r.header)
	}
	shown := f.try("200", "GET", "/v2/apps/"+id, "").json(t)
	if shown["app_name"] != "ä b" || shown["create_time"] != "2026-01-01T00:00:01.000Z" {
		t.Errorf("shown %v", shown)
	}
	f.SetCallback(id, "https://example.com", "")
	before, _ := f.Callback(id)
	f.clock.move(time.Second)
	f.wantPost("/v2/apps/"+id+"/disable", `{"app_id":"`+id+`","state":{"state":"DEACTIVATION","update_time":"2026-01-01T00:00:02.000Z"}}`)
	f.clock.move(time.Second)
	f.wantPost("/v2/apps/"+id+"/disable", `{"app_id":"`+id+`","state":{"state":"DEACTIVATION","update_time":"2026-01-01T00:00:02.000Z"}}`)
	f.wantPost("/v2/apps/"+id+"/enable", `{"app_id":"`+id+`","state":{"state":"ACTIVATION","update_time":"2026-01-01T00:00:03.000Z"}}`)
	if after, _ := f.Callback(id); !reflect.DeepEqual(after, before) {
		t.Errorf("the callback is %+v, was %+v", after, before)
	}
	if a, ok := f.App(id); !ok || a.ID != id || a.State != StateActive || !a.UpdateTime.Equal(testTime.Add(3*time.Second)) {
		t.Errorf("the app is %+v, %v", a, ok)
	}
	if r := f.try("204", "DELETE", "/v2/apps/"+id, ""); len(r.body) > 0 || r.header.Get("Content-Type") != "" {
		t.Errorf("deleted %q, %v", r.body, r.header)
	}
	if _, ok := f.App(id); ok {
		t.Error("the app is there")
	}
}

func (f *fixture) wantPost(path, want string) {
	f.t.Helper()
	if r := f.try("200", "POST", path, ""); string(r.body) != want {
		f.t.Errorf("POST %s: got %s\nwant %s", path, r.body, want)
	}
}

func TestLifeOfARecordingSetUp(t *testing.T) {
	f := startDirect(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	callback, _ := f.Callback(testApp)
	f.clock.move(time.Second)

	// The example of the documentation.
	const sent = `"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b","object":"Record/"},` +
		`"record_formats":["MP4"],"mp4_config":{"record_cycle":60}`
	r := f.try("201", "POST", rulesPath, `{`+sent+`,"unknown":1}`)
	id := r.json(t)["rule_id"].(string)
	head := `{"rule_id":"` + id + `","app_id":"` + testApp + `",`
	if want := head + sent + `,"create_time":"2026-01-01T00:00:01.000Z","update_time":"2026-01-01T00:00:01.000Z"}`; string(r.body) != want || len(id) != 32 {
		t.Errorf("got  %s\nwant %s", r.body, want)
	}
	f.clock.move(time.Second)
	const both = `"record_formats":["HLS","MP4"],` +
		`"hls_config":{"record_cycle":3600,"record_prefix":"h/{stream}","record_slice_duration":2,"record_max_duration_to_merge_file":-1},` +
		`"mp4_config":{"record_cycle":60,"record_prefix":"m/{stream}","record_max_duration_to_merge_file":300}`
	const addr = `"obs_addr":{"location":"cn-north-4","project_id":"q","bucket":"c"},`
	r = f.try("200", "PUT", rulesPath+"/"+id, `{`+addr+both+`}`)
	if want := head + addr + both + `,"create_time":"2026-01-01T00:00:01.000Z","update_time":"2026-01-01T00:00:02.000Z"}`; string(r.body) != want {
		t.Errorf("got  %s\nwant %s", r.body, want)
	}
	rule := RecordRule{
		ID: id, AppID: testApp, Location: "cn-north-4", ProjectID: "q", Bucket: "c",
		HLS:        &RecordConfig{RecordCycle: 3600, RecordPrefix: "h/{stream}", RecordSliceDuration: 2, RecordMaxDurationToMergeFile: -1},
		MP4:        &RecordConfig{RecordCycle: 60, RecordPrefix: "m/{stream}", RecordMaxDurationToMergeFile: 300},
		CreateTime: testTime.Add(time.Second), UpdateTime: testTime.Add(2 * time.Second),
	}
	if got, ok := f.RecordRule(testApp, id); !ok || !reflect.DeepEqual(got, rule) {
		t.Errorf("got  %+v\nwant %+v", got, rule)
	}
	got, _ := f.RecordRule(testApp, id)
	got.HLS.RecordCycle = 0
	if got, _ := f.RecordRule(testApp, id); got.HLS.RecordCycle == 0 {
		t.Error("it is no copy")
	}

	f.clock.move(time.Second)
	on := `"auto_record_mode":{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"` + id + `","update_time":"2026-01-01T00:00:03.000Z"}}`
	r = f.try("200", "PUT", autoPath, `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"`+id+`"}`)
	if want := `{"app_id":"` + testApp + `",` + on; string(r.body) != want {
		t.Errorf("got  %s\nwant %s", r.body, want)
	}
	f.wantBody(autoPath, `{"app_id":"`+testApp+`",`+on)
	if app := f.try("200", "GET", appPath, ""); !strings.HasSuffix(string(app.body), ","+on) {
		t.Errorf("got %s", app.body)
	}
	auto := AutoRecord{Mode: AutoRecordIndividual, RuleID: id, UpdateTime: testTime.Add(3 * time.Second)}
	state, _ := f.App(testApp)
	if got, ok := f.AutoRecord(testApp); !ok || got != auto || *state.AutoRecord != auto || !reflect.DeepEqual(state.RecordRules, []RecordRule{rule}) {
		t.Errorf("got %+v, %+v", got, state)
	}
	if got, _ := f.Callback(testApp); !reflect.DeepEqual(got, callback) {
		t.Errorf("the callback is %+v, was %+v", got, callback)
	}

	f.try("200", "PUT", autoPath, `{"mode":"AUTO_RECORD_OFF"}`)
	if r := f.try("204", "DELETE", rulesPath+"/"+id, ""); len(r.body) > 0 {
		t.Errorf("deleted %s", r.body)
	}
	f.try(notFound, "DELETE", rulesPath+"/"+id, "")
	f.wantBody(rulesPath, `{"rules":[]}`)
}

func TestSliceDurationIsOfHLSOnly(t *testing.T) {
	f := startDirect(t, Options{DefaultsEcho: DefaultsShown})
	r := f.try("201", "POST", rulesPath, strings.Replace(mp4Rule, `"mp4_config":{`, `"mp4_config":{"record_slice_duration":5,`, 1))
	if got := f.RecordRules(testApp)[0].MP4.RecordSliceDuration; got != 0 || strings.Contains(string(r.body), "slice") {
		t.Errorf("got %d, %s", got, r.body)
	}
}

func TestTimeEchoOfRecording(t *testing.T) {
	f := startDirect(t, Options{TimeEcho: TimeLater, ReadTimeEcho: TimeSeconds, ListTimeEcho: TimeOdd})
	rule := f.try("201", "POST", rulesPath, hlsRule).json(t)
	if rule["update_time"] != "2026-01-01T00:00:00.004Z" || rule["create_time"] != "2026-01-01T00:00:00.001Z" {
		t.Errorf("created %v", rule)
	}
	if rule := f.try("200", "GET", rulesPath+"/"+rule["rule_id"].(string), "").json(t); rule["update_time"] != "2026-01-01T00:00:00Z" {
		t.Errorf("shown %v", rule)
	}
	shown := func(body map[string]any) any { return body["auto_record_mode"].(map[string]any)["update_time"] }
	if got := shown(f.try("200", "GET", autoPath, "").json(t)); got != "2026-01-01T00:00:00Z" {
		t.Errorf("shown %v", got)
	}
	if got := shown(f.try("200", "GET", "/v2/apps", "").json(t)["apps"].([]any)[0].(map[string]any)); got != "2026-01-01 00:00:00.000" {
		t.Errorf("listed %v", got)
	}
}

// Both ends of each range, and what is wrong beyond.
func TestRulesAreChecked(t *testing.T) {
	const (
		addr = `{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b"},"record_formats":`
		hls  = addr + `["HLS"],"hls_config":{`
		mp4  = addr + `["MP4"],"mp4_config":{`
	)
	unsupported := "400 RTC.00001012"
	tests := map[string]string{
		hlsRule: "201",
		mp4Rule: "201",
		addr + `["MP4","HLS"],"hls_config":{"record_cycle":0},"mp4_config":{"record_cycle":60}}`: "201",
		addr + `["MP4"],"hls_config":{"record_cycle":1},"mp4_config":{"record_cycle":60}}`:       "201", // not used

		hls + `"record_cycle":0}}`:                         "201",
		hls + `"record_cycle":1}}`:                         invalid,
		hls + `"record_cycle":59}}`:                        invalid,
		hls + `"record_cycle":-1}}`:                        invalid,
		hls + `"record_cycle":43200}}`:                     "201",
		hls + `"record_cycle":43201}}`:                     invalid,
		hls + `"record_cycle":60.5}}`:                      malformed,
		hls + `"record_cycle":"60"}}`:                      malformed,
		hls + `"record_cycle":null}}`:                      missing,
		hls + `"RECORD_CYCLE":60}}`:                        missing,
		hls + `}}`:                                         missing,
		addr + `["HLS"]}`:                                  missing,
		addr + `["HLS"],"mp4_config":{"record_cycle":60}}`: missing,

		hls + `"record_cycle":60,"record_slice_duration":2}}`:               "201",
		hls + `"record_cycle":60,"record_slice_duration":1}}`:               invalid,
		hls + `"record_cycle":60,"record_slice_duration":60}}`:              "201",
		hls + `"record_cycle":60,"record_slice_duration":61}}`:              invalid,
		hls + `"record_cycle":60,"record_max_duration_to_merge_file":-1}}`:  "201",
		hls + `"record_cycle":60,"record_max_duration_to_merge_file":-2}}`:  invalid,
		hls + `"record_cycle":60,"record_max_duration_to_merge_file":300}}`: "201",
		hls + `"record_cycle":60,"record_max_duration_to_merge_file":301}}`: invalid,
		hls + `"record_cycle":60,"record_prefix":1}}`:                       malformed,
		mp4 + `"record_cycle":0}}`:                                          invalid,
		mp4 + `"record_cycle":59}}`:                                         invalid,
		mp4 + `"record_cycle":60}}`:                                         "201",
		mp4 + `"record_cycle":10800}}`:                                      "201",
		mp4 + `"record_cycle":10801}}`:                                      invalid,
		mp4 + `"record_cycle":60,"record_max_duration_to_merge_file":0}}`:   "201",
		mp4 + `"record_cycle":60,"record_max_duration_to_merge_file":-1}}`:  invalid,
		mp4 + `"record_cycle":60,"record_max_duration_to_merge_file":300}}`: "201",
		mp4 + `"record_cycle":60,"record_max_duration_to_merge_file":301}}`: invalid,
		mp4 + `"record_cycle":60,"record_prefix":"` + DefaultPrefix + `"}}`: "201",
		mp4 + `}}`:        missing,
		addr + `["MP4"]}`: missing,
		addr + `[]}`:      missing,
		addr + `null}`:    missing,
		addr + `"HLS"}`:   malformed,
		addr + `["hls"]}`: invalid,
		addr + `["HLS","FLV"],"hls_config":{"record_cycle":60}}`: invalid,

		`{}`: missing,
		``:   malformed,
		`[]`: malformed,
		strings.Replace(hlsRule, "cn-north-4", "cn-north-1", 1):                unsupported,
		strings.Replace(hlsRule, "cn-north-4", "", 1):                          unsupported,
		strings.Replace(hlsRule, `"location":"cn-north-4",`, "", 1):            missing,
		strings.Replace(hlsRule, `"project_id":"p",`, "", 1):                   missing,
		strings.Replace(hlsRule, `,"bucket":"b"`, "", 1):                       missing,
		strings.Replace(hlsRule, `"project_id":"p"`, `"project_id":""`, 1):     invalid,
		strings.Replace(hlsRule, `"bucket":"b"`, `"bucket":""`, 1):             invalid,
		strings.Replace(hlsRule, `"bucket":"b"`, `"bucket":"b","object":1`, 1): malformed,
	}
	for body, want := range tests {
		f := startDirect(t, Options{})
		f.try(want, "POST", rulesPath, body)
		if rules := f.RecordRules(testApp); (len(rules) > 0) != (want == "201") {
			t.Errorf("%s: the rules are %+v", body, rules)
		}
		f = startDirect(t, Options{})
		f.SetRecordRule(testApp, RecordRule{ID: "rule", Bucket: "before"})
		f.try(strings.Replace(want, "201", "200", 1), "PUT", rulesPath+"/rule", body)
		if rule, _ := f.RecordRule(testApp, "rule"); (rule.Bucket == "before") == (want == "201") {
			t.Errorf("%s: the rule is %+v", body, rule)
		}
	}
}

func TestRecordingErrors(t *testing.T) {
	const on = `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"rule"}`
	for request, want := range map[string]string{
		`POST||`:                  malformed,
		`POST||{"app_name":1}`:    malformed,
		`POST||{}`:                missing,
		`POST||{"App_name":"a"}`:  missing,
		`POST||{"app_name":null}`: missing,
		`POST||{"app_name":""}`:   invalid,

		`GET|/none|`:                                                  notFound,
		`DELETE|/none|`:                                               notFound,
		`POST|/none/enable|`:                                          notFound,
		`POST|/none/disable|`:                                         notFound,
		`POST|/none/record-rules|` + hlsRule:                          notFound,
		`GET|/none/record-rules|`:                                     notFound,
		`GET|/none/record-rules/rule|`:                                notFound,
		`PUT|/none/record-rules/rule|` + hlsRule:                      notFound,
		`DELETE|/none/record-rules/rule|`:                             notFound,
		`GET|/none/auto-record-mode|`:                                 notFound,
		`PUT|/none/auto-record-mode|` + on:                            notFound,
		`GET|/APP/record-rules/none|`:                                 notFound,
		`DELETE|/APP/record-rules/none|`:                              notFound,
		`PUT|/APP/record-rules/none|` + hlsRule:                       notFound,
		`GET|/APP/record-rules/foreign|`:                              notFound,
		`PUT|/APP/record-rules/foreign|` + hlsRule:                    notFound,
		`DELETE|/APP/record-rules/foreign|`:                           notFound,
		`GET|/APP/record-rules?limit=0|`:                              invalid,
		`GET|/APP/record-rules?offset=x|`:                             invalid,
		`PUT|/APP/auto-record-mode|`:                                  malformed,
		`PUT|/APP/auto-record-mode|{"mode":1}`:                        malformed,
		`PUT|/APP/auto-record-mode|{}`:                                missing,
		`PUT|/APP/auto-record-mode|{"Mode":"x"}`:                      missing,
		`PUT|/APP/auto-record-mode|{"mode":""}`:                       invalid,
		`PUT|/APP/auto-record-mode|{"mode":"AUTO_OTHER"}`:             invalid,
		`PUT|/APP/auto-record-mode|{"mode":"AUTO_INDIVIDUAL_RECORD"}`: missing,
		`PUT|/APP/auto-record-mode|{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":""}`:     invalid,
		`PUT|/APP/auto-record-mode|{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"none"}`: invalid,

		// The order of the checks.
		`POST|/none/record-rules|{`:                 malformed,
		`POST|/none/record-rules|{}`:                notFound,
		`PUT|/stopped/record-rules/none|` + hlsRule: notFound,
		`PUT|/stopped/auto-record-mode|{}`:          deactivated,
		`POST|/stopped/record-rules|{}`:             deactivated,
	} {
		f := startDirect(t, Options{})
		f.SetRecordRule(testApp, RecordRule{ID: "rule"})
		f.SetRecordRule("other", RecordRule{ID: "foreign"})
		f.AddApp("stopped")
		f.DeactivateApp("stopped")
		before := f.Apps()
		f.tryAll(want + "|" + request)
		if after := f.Apps(); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: it took effect: %+v", request, after)
		}
	}
}

func TestAppQuota(t *testing.T) {
	f := startDirect(t, Options{AppQuota: 2})
	f.tryAll(`201|POST||{"app_name":"a"}`, appsExceed+`|POST||{"app_name":"b"}`, appsExceed+`|POST||{"app_name":"a"}`,
		"204|DELETE|/APP|", `201|POST||{"app_name":"b"}`)
}

func TestForbidden(t *testing.T) {
	f := startDirect(t, Options{Forbidden: []string{"CreateApp", "DeleteRecordRule"}})
	f.SetRecordRule(testApp, RecordRule{ID: "rule"})
	r := f.try("400 RTC.00001021", "POST", "/v2/apps", `{"app_name":"a"}`)
	r.wantError(t, 400, "RTC.00001021", "NoPermission")
	f.tryAll("400 RTC.00001021|DELETE|/APP/record-rules/rule|", "200|GET|/APP/record-rules/rule|")
	if len(f.Apps()) != 1 {
		t.Error("it took effect")
	}
}

func TestListRecordRules(t *testing.T) {
	f := startDirect(t, Options{})
	for i := range 3 {
		f.SetRecordRule(testApp, RecordRule{ID: fmt.Sprint("rule", i)})
	}
	for query, want := range map[string]string{
		"": "rule0 rule1 rule2", "?limit=2": "rule0 rule1", "?limit=2&offset=1": "rule2", "?offset=1": "", "?x=1": "rule0 rule1 rule2",
	} {
		var ids []string
		for _, rule := range f.try("200", "GET", rulesPath+query, "").json(t)["rules"].([]any) {
			ids = append(ids, rule.(map[string]any)["rule_id"].(string))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q: got %s, want %s", query, got, want)
		}
	}
}

func TestSetRecordRule(t *testing.T) {
	f := startDirect(t, Options{})
	hls := new(RecordConfig)
	id := f.SetRecordRule("new", RecordRule{HLS: hls, MP4: &RecordConfig{RecordCycle: 60}})
	if *hls != (RecordConfig{}) {
		t.Errorf("it changed %+v", hls)
	}
	got, ok := f.RecordRule("new", id)
	want := RecordRule{
		ID: id, AppID: "new", Location: DefaultLocation, ProjectID: DefaultProjectID, Bucket: DefaultBucket,
		HLS:        &RecordConfig{RecordPrefix: DefaultPrefix, RecordSliceDuration: 10},
		MP4:        &RecordConfig{RecordCycle: 60, RecordPrefix: DefaultPrefix},
		CreateTime: got.CreateTime, UpdateTime: got.CreateTime,
	}
	if !ok || len(id) != 32 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s %+v", id, got)
	}
	if again := f.SetRecordRule("new", RecordRule{Bucket: "other"}); again != id {
		t.Errorf("it has the ID %s, had %s", again, id)
	}
	got.Bucket = "third"
	if again := f.SetRecordRule("new", got); again != id || len(f.RecordRules("new")) != 1 || f.RecordRules("new")[0].Bucket != "third" {
		t.Errorf("the rules are %+v", f.RecordRules("new"))
	}
	if other := f.SetRecordRule("new", RecordRule{Location: "cn-north-1"}); other == id || len(f.RecordRules("new")) != 2 {
		t.Errorf("the rules are %+v", f.RecordRules("new"))
	}
	f.RemoveRecordRule("new", id)
	f.RemoveRecordRule("new", "none")
	f.RemoveRecordRule("none", id)
	if _, ok := f.RecordRule("new", id); ok || len(f.RecordRules("new")) != 1 || f.RecordRules("none") != nil {
		t.Errorf("the rules are %+v", f.RecordRules("new"))
	}
	f.SetAutoRecord("newer", AutoRecordIndividual, "any")
	if auto, ok := f.AutoRecord("newer"); !ok || auto.RuleID != "any" {
		t.Errorf("automatic recording is %+v", auto)
	}
	if _, ok := f.AutoRecord("none"); ok {
		t.Error("an app that is missing has automatic recording")
	}
	for _, change := range []func(string){f.ClearAutoRecord, f.Touch, func(id string) { f.SetRooms(id, true) }, func(id string) { f.SetAppKey(id, "x") }} {
		change("none")
	}
}
