// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const ruleType = "sparkrtc_record_rule"

type given = map[string]any

// newRules starts a provider that leads to an emulator, for recording rules.
func newRules(tb testing.TB, e *acctest.Emulator, arguments map[string]any) acctest.Resource {
	tb.Helper()
	return newObjects(tb, e, ruleType, arguments)
}

// ruleConfig is a rule that records both formats, with what is changed in obs, hls and mp4. A nil value leaves a format
// out.
func ruleConfig(changes given) given {
	config := given{
		"app_id": testApp,
		"obs":    given{"bucket": emulator.DefaultBucket, "object": "Record/"},
		"hls":    given{"record_cycle": 3600, "record_max_duration_to_merge_file": -1},
		"mp4":    given{"record_cycle": 600, "record_prefix": "{app_id}/m"},
	}
	for name, change := range changes {
		attributes, nested := change.(given)
		if !nested {
			config[name] = change
			continue
		}
		merged := maps.Clone(config[name].(given))
		maps.Copy(merged, attributes)
		config[name] = merged
	}
	return config
}

// hls and mp4 are what is sent of ruleConfig.
func sentRule(change func(obs, hls, mp4 given)) given {
	obs := given{"location": "cn-north-4", "project_id": emulator.DefaultProjectID, "bucket": emulator.DefaultBucket, "object": "Record/"}
	hls := given{"record_cycle": 3600, "record_prefix": emulator.DefaultPrefix, "record_slice_duration": 10, "record_max_duration_to_merge_file": -1}
	mp4 := given{"record_cycle": 600, "record_prefix": "{app_id}/m", "record_max_duration_to_merge_file": 0}
	if change != nil {
		change(obs, hls, mp4)
	}
	body := given{"obs_addr": obs, "record_formats": []string{}}
	formats := []string{}
	if len(hls) > 0 {
		body["hls_config"], formats = hls, append(formats, "HLS")
	}
	if len(mp4) > 0 {
		body["mp4_config"], formats = mp4, append(formats, "MP4")
	}
	body["record_formats"] = formats
	return body
}

func rulesPath(app string) string { return acctest.AppsPath + "/" + app + "/record-rules" }

// applied plans and applies a configuration, and expects the action.
func applied(tb testing.TB, r acctest.Resource, prior acctest.Object, config given, action string) acctest.Object {
	tb.Helper()
	plan, err := r.Plan(prior, r.ConfigOf(config), acctest.ValidateFirst())
	if err != nil {
		tb.Fatal(err)
	}
	if plan.Action != action {
		tb.Fatalf("%s is planned, want %s: %v", plan.Action, action, plan.Planned.Value)
	}
	if action == acctest.ActionNone {
		return prior
	}
	stored, err := r.Apply(plan)
	if err != nil {
		tb.Fatal(err)
	}
	return stored
}

// read refreshes an object.
func read(tb testing.TB, r acctest.Resource, from acctest.Object) acctest.Object {
	tb.Helper()
	stored, err := r.Read(from)
	if err != nil {
		tb.Fatal(err)
	}
	return stored
}

// eachSwitch runs a test under the defaults of the emulator, and under each other value of some switches.
func eachSwitch(t *testing.T, names []string, run func(*testing.T, emulator.Options)) {
	t.Helper()
	under := func(name, value string) {
		t.Run(name+"="+value, func(t *testing.T) {
			t.Parallel()
			options := emulator.Options{Clock: acctest.TickingClock()}
			if err := options.Set(name, value); err != nil {
				t.Fatal(err)
			}
			run(t, options)
		})
	}
	under("time-echo", "exact")
	for _, sw := range emulator.Switches() {
		if slices.Contains(names, sw.Name) {
			for _, value := range sw.Values[1:] {
				under(sw.Name, value)
			}
		}
	}
}

var ruleSwitches = []string{
	"time-echo", "read-time-echo", "after-create", "omitted-fields", "unused-config", "defaults-echo", "path-echo", "bucket-check",
}

// The whole life of a rule, whatever the service is like.
func TestRecordRule_life(t *testing.T) {
	t.Parallel()
	eachSwitch(t, ruleSwitches, func(t *testing.T, options emulator.Options) {
		t.Helper()
		e := acctest.StartEmulator(t, options, testApp)
		r := newRules(t, e, map[string]any{"max_retries": 5})
		stored := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
		e.ExpectSent(t, acctest.Request{Method: http.MethodPost, Path: rulesPath(testApp), Body: sentRule(nil)})
		path := rulesPath(testApp) + "/" + stored.Text("rule_id")

		unchanged := func(config given) {
			t.Helper()
			for range 2 {
				before := stored
				stored = read(t, r, stored)
				if !stored.Value.Equal(before.Value) {
					t.Fatalf("read %v, want %v", stored.Value, before.Value)
				}
				applied(t, r, stored, config, acctest.ActionNone)
			}
			e.ExpectSent(t)
		}
		unchanged(ruleConfig(nil))

		// Each change is sent, with all else.
		for _, change := range []struct {
			config given
			sent   func(obs, hls, mp4 given)
		}{
			{given{"obs": given{"object": ""}}, func(obs, _, _ given) { obs["object"] = "" }},
			{given{"hls": given{"record_cycle": 0}}, func(_, hls, _ given) { hls["record_cycle"] = 0 }},
			{given{"hls": given{"record_slice_duration": 2, "record_prefix": "/a//b"}}, func(_, hls, _ given) {
				hls["record_slice_duration"], hls["record_prefix"] = 2, "/a//b"
			}},
			{given{"hls": given{"record_max_duration_to_merge_file": nil}}, func(_, hls, _ given) { hls["record_max_duration_to_merge_file"] = 0 }},
			{given{"mp4": given{"record_max_duration_to_merge_file": 300}}, func(_, _, mp4 given) { mp4["record_max_duration_to_merge_file"] = 300 }},
			{given{"mp4": given{"record_prefix": nil}}, func(_, _, mp4 given) { mp4["record_prefix"] = emulator.DefaultPrefix }},
			{given{"mp4": nil}, func(_, _, mp4 given) { clear(mp4) }},
			{given{"hls": nil}, func(_, hls, _ given) { clear(hls) }},
			{given{}, nil},
		} {
			stored = applied(t, r, stored, ruleConfig(change.config), acctest.ActionUpdate)
			e.ExpectSent(t, acctest.Request{Method: http.MethodPut, Path: path, Body: sentRule(change.sent)})
			unchanged(ruleConfig(change.config))
		}

		// Each change outside is planned back.
		for name, change := range map[string]func(*emulator.RecordRule){
			"bucket":  func(rule *emulator.RecordRule) { rule.Bucket = "other" },
			"project": func(rule *emulator.RecordRule) { rule.ProjectID = "other" },
			"object":  func(rule *emulator.RecordRule) { rule.Object = "" },
			"cycle":   func(rule *emulator.RecordRule) { rule.HLS.RecordCycle = 0 },
			"slices":  func(rule *emulator.RecordRule) { rule.HLS.RecordSliceDuration = 60 },
			"merge":   func(rule *emulator.RecordRule) { rule.HLS.RecordMaxDurationToMergeFile = 0 },
			"prefix":  func(rule *emulator.RecordRule) { rule.MP4.RecordPrefix = emulator.DefaultPrefix },
			"format":  func(rule *emulator.RecordRule) { rule.MP4 = nil },
		} {
			rule, _ := e.RecordRule(testApp, stored.Text("rule_id"))
			change(&rule)
			e.SetRecordRule(testApp, rule)
			stored = read(t, r, stored)
			stored = applied(t, r, stored, ruleConfig(nil), acctest.ActionUpdate)
			if sent := e.Sent(t); len(sent) != 1 {
				t.Errorf("%s: %v", name, sent)
			}
			e.ExpectSent(t, acctest.Request{Method: http.MethodPut, Path: path, Body: sentRule(nil)})
		}
		unchanged(ruleConfig(nil))

		for _, imported := range []func() (acctest.Object, error){
			func() (acctest.Object, error) { return r.ImportState(testApp + "/" + stored.Text("rule_id")) },
			func() (acctest.Object, error) {
				return r.ImportIdentity(given{"app_id": testApp, "rule_id": stored.Text("rule_id")})
			},
		} {
			o, err := imported()
			if err != nil {
				t.Fatal(err)
			}
			o = read(t, r, o)
			config := ruleConfig(nil)
			if options.PathEcho == emulator.PathTrimmed {
				config = ruleConfig(given{"obs": given{"object": "Record"}})
			}
			applied(t, r, o, config, acctest.ActionNone)
		}

		if _, err := again(t, r).Destroy(stored); err != nil {
			t.Fatal(err)
		}
		e.ExpectSent(t, acctest.Request{Method: http.MethodDelete, Path: path})
		if rules := e.RecordRules(testApp); len(rules) > 0 {
			t.Errorf("left: %v", rules)
		}
	})
}

// The response of a creation need not repeat app_id for the new rule to be read.
func TestRecordRule_createdWithoutAppID(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newRules(t, e, nil)
	plan, err := r.Plan(acctest.Object{}, r.ConfigOf(ruleConfig(nil)))
	if err != nil {
		t.Fatal(err)
	}
	id := e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
	e.Fail(emulator.Fault{Method: http.MethodPost, AppID: testApp, Status: http.StatusCreated, RawBody: `{"rule_id": "` + id + `"}`})
	e.ResetRequests()
	if _, err := r.Apply(plan); err != nil {
		t.Fatal(err)
	}
	if e.CountReads() != 1 {
		t.Errorf("%d reads, want that of the new rule", e.CountReads())
	}
}
