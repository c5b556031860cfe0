// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	appPath   = "/v2/apps/" + testApp
	rulesPath = appPath + "/record-rules"
	autoPath  = appPath + "/auto-record-mode"

	hlsRule = `{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b"},` +
		`"record_formats":["HLS"],"hls_config":{"record_cycle":60}}`
	mp4Rule = `{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b","object":"/a//b/"},` +
		`"record_formats":["MP4"],"mp4_config":{"record_cycle":60,"record_prefix":"/c//{stream}","record_max_duration_to_merge_file":5}}`
	mp4Shown = `"record_prefix":"/c//{stream}","record_max_duration_to_merge_file":5}`
)

// startDirect is start without a connection.
func startDirect(t *testing.T, opts Options) *fixture {
	t.Helper()
	c := &clock{now: testTime}
	opts.Clock = c.Now
	f := &fixture{Server: New(opts), t: t, url: "http://emulator.example.com", clock: c}
	f.AddApp(testApp)
	return f
}

// try fails the test unless the response is that status, with an error code or
// without.
func (f *fixture) try(want, method, path, body string) reply {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, f.request(method, path, body))
	r := reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	got := fmt.Sprint(r.status)
	if r.status >= 400 {
		got += fmt.Sprint(" ", r.json(f.t)["error_code"])
	}
	if got != want {
		f.t.Errorf("%s %s %s: got %s %s, want %s", method, path, body, got, r.body, want)
	}
	return r
}

// tryAll tries lines of a wanted response, a method, a path below /v2/apps, and a
// body, with | between them.
func (f *fixture) tryAll(lines ...string) {
	f.t.Helper()
	for _, line := range lines {
		part := strings.SplitN(line, "|", 4)
		f.try(part[0], part[1], "/v2/apps"+strings.ReplaceAll(part[2], "APP", testApp), part[3])
	}
}

const (
	invalid     = "400 RTC.00001003"
	missing     = "400 RTC.00001005"
	malformed   = "400 RTC.00001002"
	deactivated = "400 RTC.00001016"
	appsExceed  = "400 RTC.00001017"
	ruleExists  = "400 RTC.00001019"
	appExists   = "400 RTC.00001020"
	notFound    = "404 RTC.00001003"
)

// switchTests has a test for each value of each switch but those of callbacks.
var switchTests = map[string]func(*fixture){
	"after-create=usable": func(f *fixture) {
		id := f.try("201", "POST", "/v2/apps", `{"app_name":"new"}`).json(f.t)["app_id"].(string)
		f.try("200", "GET", "/v2/apps/"+id, "")
		rule := f.try("201", "POST", rulesPath, hlsRule).json(f.t)["rule_id"].(string)
		f.try("200", "GET", rulesPath+"/"+rule, "")
	},
	"after-create=delayed": func(f *fixture) {
		create := func() string {
			return f.try("201", "POST", "/v2/apps", `{"app_name":"new"}`).json(f.t)["app_id"].(string)
		}
		id := create()
		f.try(notFound, "GET", "/v2/apps/"+id, "")
		f.try(notFound, "PUT", "/v2/apps/"+id+"/auto-record-mode", `{"mode":"AUTO_RECORD_OFF"}`)
		f.try("200", "GET", "/v2/apps/"+id, "")
		f.try("204", "DELETE", "/v2/apps/"+id, "")
		f.try("204", "DELETE", "/v2/apps/"+create(), "")
		create()
		for want := range 2 {
			if got := f.try("200", "GET", "/v2/apps", "").json(f.t)["count"]; got != float64(1) {
				f.t.Errorf("list %d counts %v apps", want, got)
			}
		}
		if got := f.try("200", "GET", "/v2/apps", "").json(f.t)["count"]; got != float64(2) {
			f.t.Errorf("the list counts %v apps", got)
		}

		rule := f.try("201", "POST", rulesPath, hlsRule).json(f.t)["rule_id"].(string)
		on := `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"` + rule + `"}`
		f.try(notFound, "GET", rulesPath+"/"+rule, "")
		f.try(invalid, "PUT", autoPath, on)
		f.try("200", "PUT", autoPath, on)
		f.try("200", "POST", rulesPath, hlsRule)
		f.try("200", "GET", rulesPath+"/"+rule, "")
	},

	"app-deletion=no-rules": func(f *fixture) {
		id := f.SetRecordRule(testApp, RecordRule{})
		f.SetAutoRecord(testApp, AutoRecordIndividual, "other")
		f.tryAll(ruleExists+"|DELETE|/APP|", "204|DELETE|/APP/record-rules/"+id+"|", "204|DELETE|/APP|", notFound+"|DELETE|/APP|", notFound+"|GET|/APP|")
	},
	"app-deletion=any": func(f *fixture) {
		id := f.SetRecordRule(testApp, RecordRule{})
		f.SetAutoRecord(testApp, AutoRecordIndividual, id)
		f.tryAll("204|DELETE|/APP|", notFound+"|GET|/APP/record-rules/"+id+"|")
		f.AddApp(testApp)
		f.tryAll(notFound + "|GET|/APP/record-rules/" + id + "|")
	},
	"app-deletion=stopped": func(f *fixture) {
		f.tryAll(invalid+"|DELETE|/APP|", "200|POST|/APP/disable|", "204|DELETE|/APP|")
	},
	"app-deletion=no-auto-record": func(f *fixture) {
		f.SetRecordRule(testApp, RecordRule{ID: "rule"})
		f.tryAll(`200|PUT|/APP/auto-record-mode|{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"rule"}`, invalid+"|DELETE|/APP|",
			`200|PUT|/APP/auto-record-mode|{"mode":"AUTO_RECORD_OFF"}`, "204|DELETE|/APP|")
	},
	"app-deletion=no-rooms": func(f *fixture) {
		f.SetRooms(testApp, true)
		f.tryAll(invalid + "|DELETE|/APP|")
		f.SetRooms(testApp, false)
		f.tryAll("204|DELETE|/APP|")
	},
	"app-deletion=all": func(f *fixture) {
		f.DeactivateApp(testApp)
		for _, change := range []func(bool){
			func(in bool) { f.SetRooms(testApp, in) },
			func(in bool) {
				if f.ActivateApp(testApp); !in {
					f.DeactivateApp(testApp)
				}
			},
			func(in bool) {
				if f.SetAutoRecord(testApp, AutoRecordIndividual, "rule"); !in {
					f.SetAutoRecord(testApp, AutoRecordOff, "rule")
				}
			},
			func(in bool) {
				if f.SetRecordRule(testApp, RecordRule{ID: "rule"}); !in {
					f.RemoveRecordRule(testApp, "rule")
				}
			},
		} {
			change(true)
			f.tryAll(invalid + "|DELETE|/APP|")
			change(false)
		}
		f.tryAll("204|DELETE|/APP|")
	},

	"app-names=free": func(f *fixture) {
		f.NameApp(testApp, "name")
		f.tryAll(appExists+`|POST||{"app_name":"name"}`, `201|POST||{"app_name":"Name"}`, "204|DELETE|/APP|", `201|POST||{"app_name":"name"}`)
	},
	"app-names=later": func(f *fixture) {
		f.NameApp(testApp, "name")
		f.tryAll(appExists+`|POST||{"app_name":"name"}`, "204|DELETE|/APP|", appExists+`|POST||{"app_name":"name"}`,
			appExists+`|POST||{"app_name":"name"}`, `201|POST||{"app_name":"name"}`, appExists+`|POST||{"app_name":"name"}`)
	},
	"app-names=taken": func(f *fixture) {
		f.NameApp(testApp, "name")
		f.SetOptions(func(o *Options) { o.AppQuota = 2 })
		f.RemoveApp(testApp)
		for range 5 {
			f.tryAll(appExists + `|POST||{"app_name":"name"}`)
		}
		f.tryAll(`201|POST||{"app_name":"other"}`, appsExceed+`|POST||{"app_name":"third"}`)
	},
	"app-names=shared": func(f *fixture) {
		f.NameApp(testApp, "name")
		f.tryAll(`201|POST||{"app_name":"name"}`, `201|POST||{"app_name":"name"}`)
	},

	"deleted-app=404": func(f *fixture) {
		f.RemoveApp(testApp)
		f.tryAll(notFound + "|GET|/APP|")
	},
	"deleted-app=shown":  func(f *fixture) { f.wantDeletedApp(0) },
	"deleted-app=listed": func(f *fixture) { f.wantDeletedApp(1) },

	"app-key-echo=clear":     func(f *fixture) { f.wantAppKey("key", "key") },
	"app-key-echo=masked":    func(f *fixture) { f.wantAppKey("******", "******") },
	"app-key-echo=absent":    func(f *fixture) { f.wantAppKey(nil, nil) },
	"app-key-echo=show-only": func(f *fixture) { f.wantAppKey("key", nil) },

	"same-state=200": func(f *fixture) {
		f.tryAll("200|POST|/APP/enable|", "200|POST|/APP/disable|", "200|POST|/APP/disable|", "200|POST|/APP/enable|")
	},
	"same-state=400": func(f *fixture) {
		f.tryAll(invalid+"|POST|/APP/enable|", "200|POST|/APP/disable|", invalid+"|POST|/APP/disable|", "200|POST|/APP/enable|")
	},

	"stopped-app=refuses": func(f *fixture) { f.wantStopped(deactivated) },
	"stopped-app=accepts": func(f *fixture) { f.wantStopped("200") },

	"replaced-rule=same-id": func(f *fixture) {
		before := f.try("201", "POST", rulesPath, hlsRule).json(f.t)
		f.clock.move(time.Second)
		after := f.try("200", "POST", rulesPath, mp4Rule).json(f.t)
		if after["rule_id"] != before["rule_id"] || after["create_time"] != before["create_time"] || after["update_time"] == before["update_time"] {
			f.t.Errorf("replaced %v by %v", before, after)
		}
		if rules := f.RecordRules(testApp); len(rules) != 1 || rules[0].HLS != nil || rules[0].MP4 == nil {
			f.t.Errorf("the rules are %+v", rules)
		}
	},
	"replaced-rule=new-id": func(f *fixture) {
		before := f.try("201", "POST", rulesPath, hlsRule).json(f.t)
		f.SetAutoRecord(testApp, AutoRecordIndividual, before["rule_id"].(string))
		f.clock.move(time.Second)
		after := f.try("200", "POST", rulesPath, mp4Rule).json(f.t)
		if after["rule_id"] == before["rule_id"] || after["create_time"] == before["create_time"] {
			f.t.Errorf("replaced %v by %v", before, after)
		}
		f.try(notFound, "GET", rulesPath+"/"+before["rule_id"].(string), "")
		if auto, _ := f.AutoRecord(testApp); auto.RuleID != before["rule_id"] || len(f.RecordRules(testApp)) != 1 {
			f.t.Errorf("automatic recording is %+v, rules %+v", auto, f.RecordRules(testApp))
		}
	},

	"omitted-fields=reset": func(f *fixture) {
		rule := f.afterBarePut()
		if rule.Object != "" || *rule.HLS != (RecordConfig{RecordCycle: 60, RecordPrefix: DefaultPrefix, RecordSliceDuration: 10}) || rule.MP4 != nil {
			f.t.Errorf("the rule is %+v %+v", rule, rule.HLS)
		}
	},
	"omitted-fields=kept": func(f *fixture) {
		rule := f.afterBarePut()
		if rule.Object != "o" || *rule.HLS != (RecordConfig{RecordCycle: 60, RecordPrefix: "h", RecordSliceDuration: 3, RecordMaxDurationToMergeFile: -1}) || rule.MP4 != nil {
			f.t.Errorf("the rule is %+v %+v", rule, rule.HLS)
		}
		f.try(notFound, "PUT", rulesPath+"/none", hlsRule)
	},

	"moved-rule=refused": func(f *fixture) {
		f.wantMoved(invalid, "cn-north-4")
	},
	"moved-rule=moved": func(f *fixture) {
		f.wantMoved("200", "cn-north-1")
		f.SetRecordRule(testApp, RecordRule{ID: "other"})
		f.try(ruleExists, "PUT", rulesPath+"/rule", hlsRule)
	},

	"used-rule=refused": func(f *fixture) {
		f.useRule()
		f.tryAll(invalid+"|DELETE|/APP/record-rules/rule|", "200|GET|/APP/record-rules/rule|",
			`200|PUT|/APP/auto-record-mode|{"mode":"AUTO_RECORD_OFF"}`, "204|DELETE|/APP/record-rules/rule|")
	},
	"used-rule=off": func(f *fixture) {
		f.useRule()
		f.tryAll("204|DELETE|/APP/record-rules/rule|", notFound+"|GET|/APP/record-rules/rule|")
		if auto, _ := f.AutoRecord(testApp); auto.Mode != AutoRecordOff || auto.RuleID != "" {
			f.t.Errorf("automatic recording is %+v", auto)
		}
	},
	"used-rule=dangling": func(f *fixture) {
		f.useRule()
		f.tryAll("204|DELETE|/APP/record-rules/rule|")
		if auto, _ := f.AutoRecord(testApp); auto.Mode != AutoRecordIndividual || auto.RuleID != "rule" {
			f.t.Errorf("automatic recording is %+v", auto)
		}
	},

	"unused-config=absent": func(f *fixture) {
		f.wantRule(hlsRule, "", `"hls_config":{"record_cycle":60}`)
		f.wantRule(mp4Rule, "/a//b/", `"mp4_config":{"record_cycle":60,`+mp4Shown)
	},
	"unused-config=zeros": func(f *fixture) {
		const zeros = `"record_max_duration_to_merge_file":0}`
		f.wantRule(hlsRule, "", `"hls_config":{"record_cycle":60},"mp4_config":{"record_cycle":0,"record_prefix":"",`+zeros)
		f.wantRule(mp4Rule, "/a//b/", `"hls_config":{"record_cycle":0,"record_prefix":"","record_slice_duration":0,`+zeros+
			`,"mp4_config":{"record_cycle":60,`+mp4Shown)
	},

	"defaults-echo=absent": func(f *fixture) {
		f.wantRule(hlsRule, "", `"hls_config":{"record_cycle":60}`)
		f.wantRule(explicitDefaults, "", `"hls_config":{"record_cycle":0}`)
	},
	"defaults-echo=shown": func(f *fixture) {
		const shown = `"record_prefix":"` + DefaultPrefix + `","record_slice_duration":10,"record_max_duration_to_merge_file":0}`
		f.wantRule(hlsRule, "shown", `"hls_config":{"record_cycle":60,`+shown)
		f.wantRule(explicitDefaults, "shown", `"hls_config":{"record_cycle":0,`+shown)
	},
	"defaults-echo=not-zero": func(f *fixture) {
		f.wantRule(hlsRule, "", `"hls_config":{"record_cycle":60,"record_slice_duration":10}`)
		f.wantRule(explicitDefaults, "", `"hls_config":{"record_slice_duration":10}`)
	},

	"path-echo=exact": func(f *fixture) {
		f.wantRule(mp4Rule, "/a//b/", `"mp4_config":{"record_cycle":60,`+mp4Shown)
	},
	"path-echo=trimmed": func(f *fixture) {
		f.wantRule(mp4Rule, "a/b", `"mp4_config":{"record_cycle":60,`+strings.Replace(mp4Shown, "/c//", "c/", 1))
	},
	"path-echo=slash": func(f *fixture) {
		shown := `"mp4_config":{"record_cycle":60,` + strings.Replace(mp4Shown, "/c//", "c/", 1)
		f.wantRule(mp4Rule, "a/b/", shown)
		f.wantRule(strings.Replace(mp4Rule, "/a//b/", "/", 1), "", shown)
		if rule := f.RecordRules(testApp)[0]; rule.Object != "/" {
			f.t.Errorf("the rule is %+v", rule)
		}
	},

	"bucket-check=nothing":    func(f *fixture) { f.wantBuckets("201", "200", "200", "200") },
	"bucket-check=exists":     func(f *fixture) { f.wantBuckets("201", "200", "200", invalid) },
	"bucket-check=authorized": func(f *fixture) { f.wantBuckets("201", "200", invalid, invalid) },
	"bucket-check=project":    func(f *fixture) { f.wantBuckets("201", invalid, invalid, invalid) },

	"unset-auto-record=off": func(f *fixture) {
		const off = `"auto_record_mode":{"mode":"AUTO_RECORD_OFF","record_rule_id":"","update_time":"2026-01-01T00:00:00.000Z"}}`
		f.wantBody(autoPath, `{"app_id":"`+testApp+`",`+off)
		if r := f.try("200", "GET", appPath, ""); !strings.HasSuffix(string(r.body), off) {
			f.t.Errorf("got %s", r.body)
		}
	},
	"unset-auto-record=missing": func(f *fixture) {
		f.wantBody(autoPath, `{"app_id":"`+testApp+`"}`)
		f.wantNoAutoRecord()
	},
	"unset-auto-record=404": func(f *fixture) {
		f.try(notFound, "GET", autoPath, "")
		f.wantNoAutoRecord()
	},

	"off-rule=clears": func(f *fixture) { f.wantOff("", "200", "") },
	"off-rule=keeps": func(f *fixture) {
		f.wantOff("rule", "200", "sent")
		f.useRule()
		f.tryAll(`200|PUT|/APP/auto-record-mode|{"mode":"AUTO_RECORD_OFF"}`, "204|DELETE|/APP/record-rules/rule|")
	},
	"off-rule=refuses": func(f *fixture) { f.wantOff("", invalid, "") },

	"unknown-rule=400":      func(f *fixture) { f.wantUnknownRule(invalid) },
	"unknown-rule=404":      func(f *fixture) { f.wantUnknownRule(notFound) },
	"unknown-rule=accepted": func(f *fixture) { f.wantUnknownRule("200") },
}

const explicitDefaults = `{"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b","object":""},"record_formats":["HLS"],` +
	`"hls_config":{"record_cycle":0,"record_prefix":"` + DefaultPrefix + `","record_slice_duration":10,"record_max_duration_to_merge_file":0}}`

func (f *fixture) wantDeletedApp(listed float64) {
	f.t.Helper()
	f.clock.move(time.Second)
	f.tryAll("204|DELETE|/APP|", notFound+"|DELETE|/APP|", notFound+"|GET|/APP/record-rules|", notFound+"|POST|/APP/enable|")
	state := f.try("200", "GET", appPath, "").json(f.t)["state"]
	if want := map[string]any{"state": "DELETED", "update_time": "2026-01-01T00:00:01.000Z"}; !reflect.DeepEqual(state, want) {
		f.t.Errorf("the state is %v", state)
	}
	if got := f.try("200", "GET", "/v2/apps", "").json(f.t)["count"]; got != listed {
		f.t.Errorf("%v apps are listed", got)
	}
	f.tryAll(invalid + "|GET|?state=DELETED|")
	if _, ok := f.App(testApp); ok || len(f.Apps()) > 0 {
		f.t.Error("the app exists")
	}
	f.AddApp(testApp)
	if state := f.try("200", "GET", appPath, "").json(f.t)["state"].(map[string]any)["state"]; state != StateActive {
		f.t.Errorf("the new app is %v", state)
	}
}

func (f *fixture) wantAppKey(inShow, inList any) {
	f.t.Helper()
	f.SetAppKey(testApp, "key")
	authentication := func(app any) any { return app.(map[string]any)["authentication"].(map[string]any)["app_key"] }
	if got := authentication(f.try("200", "GET", appPath, "").json(f.t)); got != inShow {
		f.t.Errorf("it is shown as %v", got)
	}
	if got := authentication(f.try("200", "GET", "/v2/apps", "").json(f.t)["apps"].([]any)[0]); got != inList {
		f.t.Errorf("it is listed as %v", got)
	}
}

func (f *fixture) wantStopped(want string) {
	f.t.Helper()
	f.SetRecordRule(testApp, RecordRule{ID: "rule"})
	for _, state := range []string{StateInactive, StateArrears} {
		f.SetAppState(testApp, state)
		f.tryAll(want+"|POST|/APP/record-rules|"+hlsRule, want+"|PUT|/APP/record-rules/rule|"+hlsRule,
			want+`|PUT|/APP/auto-record-mode|{"mode":"AUTO_RECORD_OFF"}`, want+`|PUT|/APP/record-callback|{"url":"https://example.com"}`,
			"200|GET|/APP/record-rules/rule|", "200|GET|/APP/record-rules|", "200|GET|/APP/auto-record-mode|")
	}
	f.tryAll(deactivated+"|POST|/APP/enable|", deactivated+"|POST|/APP/disable|", "204|DELETE|/APP/record-rules/rule|")
}

// afterBarePut returns a rule after a PUT without optional fields.
func (f *fixture) afterBarePut() RecordRule {
	f.t.Helper()
	f.SetRecordRule(testApp, RecordRule{
		ID: "rule", Object: "o",
		HLS: &RecordConfig{RecordPrefix: "h", RecordSliceDuration: 3, RecordMaxDurationToMergeFile: -1},
		MP4: &RecordConfig{RecordCycle: 70},
	})
	f.try("200", "PUT", rulesPath+"/rule", hlsRule)
	rule, _ := f.RecordRule(testApp, "rule")
	return rule
}

func (f *fixture) wantMoved(want, location string) {
	f.t.Helper()
	f.SetOptions(func(o *Options) { o.Locations = []string{"cn-north-4", "cn-north-1"} })
	f.SetRecordRule(testApp, RecordRule{ID: "rule"})
	f.try(want, "PUT", rulesPath+"/rule", strings.Replace(hlsRule, "cn-north-4", "cn-north-1", 1))
	if rule, _ := f.RecordRule(testApp, "rule"); rule.Location != location {
		f.t.Errorf("the rule is %+v", rule)
	}
}

func (f *fixture) useRule() {
	f.SetRecordRule(testApp, RecordRule{ID: "rule"})
	f.try("200", "PUT", autoPath, `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"rule"}`)
}

// wantRule fails the test unless a rule is shown with this object ("" for none, and
// "shown" for an empty one) and configurations, after a POST, by GET and in the list.
func (f *fixture) wantRule(sent, object, configs string) {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, f.request("POST", rulesPath, sent))
	format := "HLS"
	if strings.Contains(sent, `["MP4"]`) {
		format = "MP4"
	}
	if object != "" {
		object = `,"object":"` + strings.TrimPrefix(object, "shown") + `"`
	}
	rule := f.RecordRules(testApp)[0]
	want := `{"rule_id":"` + rule.ID + `","app_id":"` + testApp + `",` +
		`"obs_addr":{"location":"cn-north-4","project_id":"p","bucket":"b"` + object + `},"record_formats":["` + format + `"],` + configs +
		`,"create_time":"2026-01-01T00:00:00.001Z","update_time":"` + rule.UpdateTime.Format(timeLayout) + `"}`
	if got := w.Body.String(); got != want {
		f.t.Errorf("got  %s\nwant %s", got, want)
	}
	f.wantBody(rulesPath+"/"+rule.ID, want)
	f.wantBody(rulesPath, `{"rules":[`+want+`]}`)
}

func (f *fixture) wantBody(path, want string) {
	f.t.Helper()
	if r := f.try("200", "GET", path, ""); string(r.body) != want {
		f.t.Errorf("GET %s: got %s\nwant %s", path, r.body, want)
	}
}

// wantBuckets tries a bucket that is right, one of another project, one that is not
// authorized, and two that do not exist.
func (f *fixture) wantBuckets(right, project, unauthorized, unknown string) {
	f.t.Helper()
	f.SetOptions(func(o *Options) { o.Locations = []string{"cn-north-4", "cn-north-1"} })
	try := func(want, location, project, bucket string) {
		f.t.Helper()
		f.try(want, "POST", rulesPath, strings.NewReplacer("cn-north-4", location, `"p"`, `"`+project+`"`, `"b"`, `"`+bucket+`"`).Replace(hlsRule))
	}
	try(right, DefaultLocation, DefaultProjectID, DefaultBucket)
	try(project, DefaultLocation, "other", DefaultBucket)
	try(unauthorized, DefaultLocation, DefaultProjectID, UnauthorizedBucket)
	try(unknown, DefaultLocation, DefaultProjectID, "other")
	if unknown == "200" {
		unknown = "201"
	}
	try(unknown, "cn-north-1", DefaultProjectID, DefaultBucket)
}

func (f *fixture) wantNoAutoRecord() {
	f.t.Helper()
	if app := f.try("200", "GET", appPath, "").json(f.t); app["auto_record_mode"] != nil {
		f.t.Errorf("got %v", app)
	}
	f.try("200", "PUT", autoPath, `{"mode":"AUTO_RECORD_OFF"}`)
	f.try("200", "GET", autoPath, "")
	f.ClearAutoRecord(testApp)
	if _, ok := f.AutoRecord(testApp); ok {
		f.t.Error("it is set")
	}
}

// wantOff switches off without a rule and with one.
func (f *fixture) wantOff(without, status, with string) {
	f.t.Helper()
	want := func(ruleID string) {
		f.t.Helper()
		if auto, _ := f.AutoRecord(testApp); auto.Mode != AutoRecordOff || auto.RuleID != ruleID {
			f.t.Errorf("automatic recording is %+v, want %q", auto, ruleID)
		}
		if got := f.try("200", "GET", autoPath, "").json(f.t)["auto_record_mode"].(map[string]any)["record_rule_id"]; got != ruleID {
			f.t.Errorf("it shows %v", got)
		}
	}
	f.useRule()
	f.try("200", "PUT", autoPath, `{"mode":"AUTO_RECORD_OFF"}`)
	want(without)
	f.try("200", "PUT", autoPath, `{"mode":"AUTO_RECORD_OFF","record_rule_id":""}`)
	want(without)
	f.try(status, "PUT", autoPath, `{"mode":"AUTO_RECORD_OFF","record_rule_id":"sent"}`)
	want(with)
	f.try("204", "DELETE", rulesPath+"/rule", "")
}

func (f *fixture) wantUnknownRule(want string) {
	f.t.Helper()
	f.SetRecordRule("other", RecordRule{ID: "foreign"})
	f.SetRecordRule(testApp, RecordRule{ID: "rule"})
	f.try(invalid, "PUT", autoPath, `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":""}`)
	for _, id := range []string{"foreign", "missing"} {
		f.try("200", "PUT", autoPath, `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"rule"}`)
		f.try(want, "PUT", autoPath, `{"mode":"AUTO_INDIVIDUAL_RECORD","record_rule_id":"`+id+`"}`)
		if want != "200" {
			id = "rule"
		}
		if auto, _ := f.AutoRecord(testApp); auto.RuleID != id {
			f.t.Errorf("automatic recording is %+v", auto)
		}
	}
}

// callbackSwitches have tests of their own.
var callbackSwitches = []string{
	"key-echo", "url-echo", "time-echo", "read-key-echo", "read-url-echo", "read-time-echo",
	"list-key-echo", "list-url-echo", "list-time-echo", "list-no-events", "unset", "empty-key", "keep-key", "retry-after",
}

func TestSwitches(t *testing.T) {
	tested := 0
	for _, sw := range Switches() {
		for i, value := range sw.Values {
			name := sw.Name + "=" + value
			if slices.Contains(callbackSwitches, sw.Name) {
				continue
			}
			test := switchTests[name]
			if test == nil {
				t.Errorf("%s has no test", name)
				continue
			}
			tested++
			t.Run(name, func(t *testing.T) {
				var opts Options
				if err := opts.Set(sw.Name, value); err != nil {
					t.Fatal(err)
				}
				test(startDirect(t, opts))
				if i == 0 {
					test(startDirect(t, Options{}))
				}
			})
		}
	}
	if tested != len(switchTests) {
		t.Errorf("%d of %d tests ran", tested, len(switchTests))
	}
}

func TestSet(t *testing.T) {
	// Each value changes one field, and no two switches change the same one.
	changed := make(map[int]string)
	for _, sw := range Switches() {
		if sw.About == "" || len(sw.Values) < 2 || strings.ToLower(sw.Name) != sw.Name {
			t.Errorf("%+v", sw)
		}
		for _, value := range sw.Values {
			opts := Options{}
			if err := opts.Set(sw.Name, value); err != nil {
				t.Error(err)
			}
			got, zero := reflect.ValueOf(opts), reflect.ValueOf(Options{})
			for i := range got.NumField() {
				if got.Type().Field(i).Type.Kind() == reflect.Func || reflect.DeepEqual(got.Field(i).Interface(), zero.Field(i).Interface()) {
					continue
				}
				if owner := cmp.Or(changed[i], sw.Name); owner != sw.Name {
					t.Errorf("%s and %s change %s", owner, sw.Name, got.Type().Field(i).Name)
				}
				changed[i] = sw.Name
			}
			if again := opts.withDefaults(); sw.get(&again) != value {
				t.Errorf("%s=%s is %s", sw.Name, value, sw.get(&again))
			}
		}
	}
	if len(changed) != len(Switches()) {
		t.Errorf("%d switches change %d fields", len(Switches()), len(changed))
	}
	opts := Options{}
	for want, err := range map[string]error{
		`there is no switch "x"`:                            opts.Set("x", "y"),
		`unset must be one of 404, missing, empty, not "x"`: opts.Set("unset", "x"),
		`keep-key must be one of no, yes, not ""`:           opts.Set("keep-key", ""),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if !reflect.DeepEqual(opts, Options{}) {
		t.Errorf("an error changed the options: %+v", opts)
	}
}
