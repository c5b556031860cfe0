// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func expectReportedError(t *testing.T, err error, want acctest.Expectation) {
	t.Helper()
	var reported *acctest.DiagnosticsError
	if !errors.As(err, &reported) {
		t.Fatalf("%v, want %s", err, want.Summary)
	}
	want.Severity = acctest.SeverityError
	errorsOnly := slices.DeleteFunc(slices.Clone(reported.Diagnostics), func(d acctest.Diagnostic) bool { return d.Severity != acctest.SeverityError })
	want.Check(t, errorsOnly)
}

// What a plan says of a new rule, and what the look-up for it costs.
func TestRecordRule_planOfCreate(t *testing.T) {
	t.Parallel()
	const overwrites, two = "Existing recording rule will be overwritten", "Two resources set one recording rule"
	there := emulator.RecordRule{Bucket: "there", HLS: &emulator.RecordConfig{}}
	for name, tc := range map[string]struct {
		options emulator.Options
		prepare func(*acctest.Emulator)
		config  given
		want    []string
		summary string // of the error
		reads   int
	}{
		"no rule":                  {reads: 1},
		"a rule":                   {prepare: func(e *acctest.Emulator) { e.SetRecordRule(testApp, there) }, want: []string{overwrites}, reads: 1},
		"a rule elsewhere":         {prepare: func(e *acctest.Emulator) { e.SetRecordRule(testApp, there) }, config: given{"obs": given{"region": "eu"}}, reads: 1},
		"a region that is unknown": {prepare: func(e *acctest.Emulator) { e.SetRecordRule(testApp, there) }, config: given{"obs": given{"region": tftypes.UnknownValue}}, want: []string{overwrites}, reads: 1},
		"an app that is unknown":   {config: given{"app_id": tftypes.UnknownValue}},
		"an app that is missing":   {config: given{"app_id": otherApp}, summary: "SparkRTC app not found", reads: 1},
		"a list that is denied":    {options: emulator.Options{Forbidden: []string{"ListRecordRules"}}, reads: 1},
		"a list that fails": {prepare: func(e *acctest.Emulator) {
			e.Fail(emulator.Fault{Method: http.MethodGet, Status: 500, Times: -1})
		}, reads: 1},
		"credentials that are refused": {prepare: func(e *acctest.Emulator) { e.Fail(emulator.Fault{EchoRequest: true}) }, summary: "Signature refused", reads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := acctest.StartEmulator(t, tc.options, testApp)
			if tc.prepare != nil {
				tc.prepare(e)
			}
			r := newRules(t, e, nil)
			config := r.ConfigOf(ruleConfig(tc.config))
			plan, err := r.Plan(acctest.Object{}, config)
			if tc.summary != "" {
				if err == nil || !strings.Contains(err.Error(), tc.summary) {
					t.Errorf("%v, want %s", err, tc.summary)
				}
				return
			}
			if err != nil || !slices.Equal(plan.Diagnostics.Warnings(), tc.want) {
				t.Errorf("%q, %v, want %q", plan.Diagnostics.Warnings(), err, tc.want)
			}
			if len(tc.want) > 0 {
				for _, mention := range []string{`"there"`, fmt.Sprintf("to = %s.NAME\n    id = %q", ruleType, testApp+"/"+e.RecordRules(testApp)[0].ID)} {
					if !strings.Contains(plan.Diagnostics[0].Detail, mention) {
						t.Errorf("no %q in %s", mention, plan.Diagnostics[0].Detail)
					}
				}
			}
			if reads := e.CountReads(); reads != tc.reads {
				t.Errorf("%d reads, want %d", reads, tc.reads)
			}
			plan, err = r.Plan(acctest.Object{}, config)
			wantAgain := []string{two}
			if name == "an app that is unknown" {
				wantAgain = nil
			}
			if name == "a region that is unknown" {
				wantAgain = []string{overwrites}
			}
			if err != nil || !slices.Equal(plan.Diagnostics.Warnings(), wantAgain) {
				t.Errorf("a second one: %q, %v, want %q", plan.Diagnostics.Warnings(), err, wantAgain)
			}
		})
	}
}

// Plans of many new rules take a few calls, and say that they did not look further.
func TestRecordRule_planOfMany(t *testing.T) {
	t.Parallel()
	var apps []string
	for i := range maxRuleLookUps + 3 {
		apps = append(apps, fmt.Sprintf("app-%d", i))
	}
	e := acctest.StartEmulator(t, emulator.Options{}, apps...)
	r := newRules(t, e, nil)
	var said []string
	for _, app := range apps {
		plan, err := r.Plan(acctest.Object{}, r.ConfigOf(ruleConfig(given{"app_id": app})))
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, plan.Diagnostics.Warnings()...)
	}
	if want := []string{"Not all apps were checked for recording rules"}; e.CountReads() != maxRuleLookUps || !slices.Equal(said, want) {
		t.Errorf("%d reads, said %q", e.CountReads(), said)
	}
}

// The default of the bucket's project is the project that requests are for.
func TestRecordRule_project(t *testing.T) {
	t.Parallel()
	const looked = "a1234567890abcdef0123456789abcde"
	for name, tc := range map[string]struct {
		arguments given
		config    given
		want      string
		summary   string
	}{
		"of the provider": {want: emulator.DefaultProjectID},
		"configured":      {config: given{"obs": given{"project_id": looked}}, want: looked},
		"looked up":       {arguments: given{"project_id": nil}, want: emulator.DefaultProjectID},
		"of a password": {arguments: given{
			"project_id": nil, "access_key": nil, "secret_key": nil,
			"user_name": emulator.DefaultUserName, "password": emulator.DefaultPassword, "domain_name": emulator.DefaultDomainName,
		}, want: emulator.DefaultProjectID},
		"of a token that is given": {arguments: given{"project_id": nil, "access_key": nil, "secret_key": nil, "token": emulator.DefaultToken}, summary: "Project of the bucket is not known"},
		"with a token that is given": {
			arguments: given{"project_id": nil, "access_key": nil, "secret_key": nil, "token": emulator.DefaultToken},
			config:    given{"obs": given{"project_id": looked}}, want: looked,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := acctest.StartEmulator(t, emulator.Options{}, testApp)
			arguments := given{"auth_url": e.Endpoint + "/v3", "region": "cn-north-4"}
			maps.Copy(arguments, tc.arguments)
			r := newRules(t, e, arguments)
			plan, err := r.Plan(acctest.Object{}, r.ConfigOf(ruleConfig(tc.config)))
			if tc.summary != "" {
				expectReportedError(t, err, acctest.Expectation{Summary: tc.summary, Attribute: "obs", Mentions: []string{"project_id"}})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			planned := acctest.AttributesOf(acctest.AttributesOf(plan.Planned.Value)["obs"])["project_id"]
			if !planned.Equal(tftypes.NewValue(tftypes.String, tc.want)) {
				t.Errorf("planned %v, want %s", planned, tc.want)
			}
			if _, err := r.Apply(plan); err != nil {
				t.Fatal(err)
			}
			if got := e.RecordRules(testApp)[0].ProjectID; got != tc.want {
				t.Errorf("sent %s, want %s", got, tc.want)
			}
		})
	}
}

// Values are refused before anything is sent, by attribute.
func TestRecordRule_validate(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newRules(t, e, nil)
	for _, tc := range []struct {
		config    given
		attribute string // "" if it is valid
		mention   string
	}{
		{config: nil},
		{config: given{"hls": given{"record_cycle": 0}}},
		{config: given{"hls": given{"record_cycle": 43200, "record_slice_duration": 60, "record_max_duration_to_merge_file": 300}}},
		{config: given{"mp4": given{"record_cycle": 10800, "record_max_duration_to_merge_file": 0}}},
		{given{"hls": given{"record_cycle": 59}}, "hls.record_cycle", "0 or a whole number from 60 to 43200"},
		{given{"hls": given{"record_cycle": 43201}}, "hls.record_cycle", "43200"},
		{given{"hls": given{"record_cycle": 60.5}}, "hls.record_cycle", "whole"},
		{given{"hls": given{"record_slice_duration": 1}}, "hls.record_slice_duration", "from 2 to 60"},
		{given{"hls": given{"record_max_duration_to_merge_file": -2}}, "hls.record_max_duration_to_merge_file", "from -1 to 300"},
		{given{"mp4": given{"record_cycle": 0}}, "mp4.record_cycle", "from 60 to 10800"},
		{given{"mp4": given{"record_max_duration_to_merge_file": -1}}, "mp4.record_max_duration_to_merge_file", "from 0 to 300"},
		{given{"obs": given{"bucket": ""}}, "obs.bucket", "is empty"},
		{given{"obs": given{"bucket": "b "}}, "obs.bucket", "blank"},
		{given{"obs": given{"region": "cn north"}}, "obs.region", "blank"},
		{given{"obs": given{"project_id": ""}}, "obs.project_id", "is empty"},
		{given{"app_id": "a/b"}, "app_id", "/"},
	} {
		_, err := r.Validate(r.ConfigOf(ruleConfig(tc.config)))
		if tc.attribute == "" {
			if err != nil {
				t.Errorf("%v: %v", tc.config, err)
			}
			continue
		}
		var reported *acctest.DiagnosticsError
		if !errors.As(err, &reported) || len(reported.Diagnostics) != 1 || reported.Diagnostics[0].Attribute != tc.attribute || !strings.Contains(reported.Diagnostics[0].Detail, tc.mention) {
			t.Errorf("%v: %v, want %s", tc.config, err, tc.attribute)
		}
	}
	_, err := r.Validate(r.ConfigOf(ruleConfig(given{"hls": nil, "mp4": nil})))
	expectReportedError(t, err, acctest.Expectation{Summary: "No recording format"})

	autos := r.Resource(autoType)
	_, err = autos.Validate(autos.ConfigOf(given{"app_id": testApp}))
	expectReportedError(t, err, acctest.Expectation{Summary: "Automatic recording without a rule", Attribute: "record_rule_id"})
	for _, valid := range []given{{"app_id": testApp, "mode": emulator.AutoRecordOff}, {"app_id": testApp, "mode": tftypes.UnknownValue}, {"app_id": testApp, "record_rule_id": tftypes.UnknownValue}} {
		if _, err := autos.Validate(autos.ConfigOf(valid)); err != nil {
			t.Errorf("%v: %v", valid, err)
		}
	}
	for _, id := range []string{testApp, testApp + "/", "/r", testApp + "/r/s", "a b/r", testApp + "/r?"} {
		if _, err := r.ImportState(id); err == nil || !strings.Contains(err.Error(), "terraform import") && !strings.Contains(err.Error(), "ID of the app") {
			t.Errorf("import of %q: %v", id, err)
		}
	}
	if len(e.Requests()) > 0 {
		t.Errorf("sent: %v", e.Requests())
	}
}

// What can be in the way of a deletion, and what is done already.
func TestRecordRule_delete(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options emulator.Options
		prepare func(e *acctest.Emulator, rule string)
		want    acctest.Expectation // the zero value for none
	}{
		"nothing": {},
		"automatic recording": {
			prepare: func(e *acctest.Emulator, rule string) { e.SetAutoRecord(testApp, emulator.AutoRecordIndividual, rule) },
			want:    acctest.Expectation{Summary: "Recording rule is in use", Mentions: []string{testApp, "sparkrtc_auto_record"}},
		},
		"automatic recording, which is no obstacle": {
			options: emulator.Options{UsedRule: emulator.UsedDangles},
			prepare: func(e *acctest.Emulator, rule string) { e.SetAutoRecord(testApp, emulator.AutoRecordIndividual, rule) },
		},
		"something else": {
			prepare: func(e *acctest.Emulator, _ string) {
				e.Fail(emulator.Fault{Method: http.MethodDelete, Status: 400, Code: "RTC.00001003", Message: "InvalidParameterValue"})
			},
			want: acctest.Expectation{Summary: "SparkRTC refused the deletion"},
		},
		"a backup rule": {
			prepare: func(e *acctest.Emulator, _ string) {
				e.Fail(emulator.Fault{Method: http.MethodDelete, Status: 400, Code: "RTC.00001013", Message: "RuleForbidenDelete"})
			},
			want: acctest.Expectation{Summary: "Recording rule has a backup rule", Mentions: []string{"ticket"}},
		},
		"it is gone":      {prepare: func(e *acctest.Emulator, rule string) { e.RemoveRecordRule(testApp, rule) }},
		"its app is gone": {prepare: func(e *acctest.Emulator, _ string) { e.RemoveApp(testApp) }},
		"a gateway": {
			prepare: func(e *acctest.Emulator, _ string) {
				e.Fail(emulator.Fault{Method: http.MethodDelete, Status: 404, Code: "APIGW.0101"})
			},
			want: acctest.Expectation{Summary: "Endpoint does not serve the SparkRTC API"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := acctest.StartEmulator(t, tc.options, testApp)
			r := newRules(t, e, nil)
			stored := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
			if tc.prepare != nil {
				tc.prepare(e, stored.Text("rule_id"))
			}
			_, err := again(t, r).Destroy(stored)
			if tc.want.Summary != "" {
				expectReportedError(t, err, tc.want)
			} else if err != nil || len(e.RecordRules(testApp)) > 0 {
				t.Errorf("%v, left %v", err, e.RecordRules(testApp))
			}
		})
	}
}

// With create_before_destroy, the old rule is deleted after the new one was created over it: that must not delete it.
func TestRecordRule_createBeforeDestroy(t *testing.T) {
	t.Parallel()
	for _, replaced := range []emulator.ReplacedRule{emulator.ReplacedSameID, emulator.ReplacedNewID} {
		e := acctest.StartEmulator(t, emulator.Options{ReplacedRule: replaced}, testApp)
		r := newRules(t, e, nil)
		first := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
		r = again(t, r)
		second := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
		if _, err := r.Destroy(first); err != nil {
			t.Fatal(err)
		}
		if rules := e.RecordRules(testApp); len(rules) != 1 || rules[0].ID != second.Text("rule_id") {
			t.Errorf("%s: %v are left, want %s", replaced, rules, second.Text("rule_id"))
		}
	}
}

// Another region is another rule.
func TestRecordRule_replace(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{Locations: []string{"cn-north-4", "elsewhere"}}, testApp)
	r := newRules(t, e, nil)
	stored := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	r = again(t, r)
	moved := ruleConfig(given{"obs": given{"region": "elsewhere"}})
	e.SetRecordRule(testApp, emulator.RecordRule{Location: "elsewhere", Bucket: "there", HLS: &emulator.RecordConfig{}})
	planned, err := again(t, r).Plan(stored, r.ConfigOf(moved))
	if err != nil || !slices.Contains(planned.Diagnostics.Warnings(), "Existing recording rule will be overwritten") {
		t.Errorf("over the rule of another region: %q, %v", planned.Diagnostics.Warnings(), err)
	}
	applied(t, r, stored, moved, acctest.ActionReplace)
	if rules := e.RecordRules(testApp); len(rules) != 1 || rules[0].Location != "elsewhere" {
		t.Errorf("%v", rules)
	}
	plan, err := r.Plan(acctest.Object{}, r.ConfigOf(ruleConfig(given{"app_id": otherApp, "obs": given{"region": "mars"}})))
	if err == nil {
		t.Fatalf("%v is planned for an app that is missing", plan.Planned.Value)
	}
	plan, err = again(t, r).Plan(acctest.Object{}, r.ConfigOf(ruleConfig(given{"obs": given{"region": "mars"}})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Apply(plan)
	expectReportedError(t, err, acctest.Expectation{Summary: "SparkRTC does not record to this region", Attribute: "obs"})
}

// What fails, and what the state and the next plan are then.
func TestRecordRule_failures(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{BucketCheck: emulator.BucketAuthorized}, testApp)
	r := newRules(t, e, nil)
	plan, err := r.Plan(acctest.Object{}, r.ConfigOf(ruleConfig(given{"obs": given{"bucket": emulator.UnauthorizedBucket}})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Apply(plan)
	expectReportedError(t, err, acctest.Expectation{Summary: "SparkRTC refused a value", Mentions: []string{"authorized", "bucket"}})

	stored := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	changed := ruleConfig(given{"hls": given{"record_cycle": 60}})

	// A change that took effect, and whose response was lost, is found by the next read.
	plan, err = r.Plan(stored, r.ConfigOf(changed))
	if err != nil {
		t.Fatal(err)
	}
	e.Fail(emulator.Fault{Method: http.MethodPut, Drop: true, After: true})
	kept, err := r.Apply(plan)
	if err == nil || !strings.Contains(err.Error(), "may or may not have been changed") || !kept.Value.Equal(stored.Value) {
		t.Errorf("%v, and the state is %v", err, kept.Value)
	}
	stored = read(t, r, stored)
	applied(t, r, stored, changed, acctest.ActionNone)

	// One that is deleted between plan and apply.
	plan, err = r.Plan(stored, r.ConfigOf(ruleConfig(nil)))
	if err != nil {
		t.Fatal(err)
	}
	e.RemoveRecordRule(testApp, stored.Text("rule_id"))
	_, err = r.Apply(plan)
	expectReportedError(t, err, acctest.Expectation{Summary: "Recording rule was deleted meanwhile", Mentions: []string{testApp, stored.Text("rule_id")}})
	if gone := read(t, r, stored); gone.Exists() || !slices.Equal(gone.Diagnostics.Warnings(), []string{"Recording rule is gone"}) {
		t.Errorf("%v, %v", gone.Value, gone.Diagnostics)
	}
	imported, err := r.ImportState(testApp + "/" + stored.Text("rule_id"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Read(imported)
	expectReportedError(t, err, acctest.Expectation{Summary: "Recording rule does not exist", Mentions: []string{testApp, stored.Text("rule_id"), "sparkrtc_record_rules"}})

	// A failed read leaves the state.
	stored = applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	for _, fault := range []emulator.Fault{{Status: 404, Code: "APIGW.0101"}, {Status: 500}, {Drop: true}, {Status: 404}} {
		fault.Method, fault.Times = http.MethodGet, -1
		e.Fail(fault)
		if _, err := r.Read(stored); err == nil {
			t.Errorf("%+v: no error", fault)
		}
		e.ClearFaults()
	}
}

// Lists and the data source show what an import stores.
func TestRecordRules_lists(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp, otherApp, "none")
	e.NameApp(testApp, "classroom")
	one := e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{RecordCycle: 60}})
	two := e.SetRecordRule(otherApp, emulator.RecordRule{Object: "o/", MP4: &emulator.RecordConfig{RecordCycle: 600}})
	e.SetAutoRecord(testApp, emulator.AutoRecordIndividual, one)
	e.SetAutoRecord(otherApp, emulator.AutoRecordOff, "")
	r := newRules(t, e, nil)
	autos := r.Resource(autoType)

	listed := func(r acctest.Resource, filter given, limit int64, warnings int, want ...string) {
		t.Helper()
		list, err := r.List(filter, true, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 && len(list[0].Diagnostics) > 0 {
			warnings--
			list = list[1:]
		}
		var got []string
		for _, found := range list {
			got = append(got, found.DisplayName)
			identity := given{"app_id": found.Identity.Text("app_id")}
			if r.Type == ruleType {
				identity["rule_id"] = found.Identity.Text("rule_id")
			}
			imported, err := r.ImportIdentity(identity)
			if err != nil {
				t.Fatal(err)
			}
			if imported = read(t, r, imported); !imported.Value.Equal(found.Object.Value) {
				t.Errorf("listed %v, imported %v", found.Object.Value, imported.Value)
			}
		}
		if !slices.Equal(got, want) || warnings != 0 {
			t.Errorf("%v, limit %d: %q, want %q; %d warnings are missing", filter, limit, got, want, warnings)
		}
	}
	nameOne, nameTwo := "classroom ("+testApp+"), rule "+one, otherApp+", rule "+two
	listed(r, nil, 0, 0, nameOne, nameTwo)
	listed(r, nil, 1, 1, nameOne)
	listed(r, nil, 3, 0, nameOne, nameTwo)
	listed(r, given{"app_id": otherApp}, 0, 0, nameTwo)
	listed(r, given{"app_id": "none"}, 0, 0)
	listed(autos, nil, 0, 0, "classroom ("+testApp+")")
	listed(autos, given{"app_name": "else"}, 0, 0)
	_, err := r.List(given{"app_id": "missing"}, false, 0)
	expectReportedError(t, err, acctest.Expectation{Summary: "SparkRTC app not found", Attribute: "app_id"})
	e.ResetRequests()
	if _, err := r.List(nil, false, 0); err != nil || e.CountReads() != 3 { // the list of apps is shared
		t.Errorf("%d calls for three apps, %v", e.CountReads(), err)
	}

	e.ResetRequests()
	for app, id := range map[string]string{testApp: one, otherApp: two, "none": ""} {
		attributes, _, err := r.ReadDataSource("sparkrtc_record_rules", given{"app_id": app})
		if err != nil {
			t.Fatal(err)
		}
		rules := map[string]tftypes.Value{}
		if err := attributes["rules"].As(&rules); err != nil {
			t.Fatal(err)
		}
		if id == "" {
			if len(rules) != 0 || attributes["rules"].IsNull() {
				t.Errorf("%s has %v", app, attributes["rules"])
			}
			continue
		}
		imported, err := r.ImportState(app + "/" + id)
		if err != nil {
			t.Fatal(err)
		}
		want := acctest.AttributesOf(read(t, r, imported).Value)
		for name, value := range acctest.AttributesOf(rules[id]) {
			if !value.Equal(want[name]) {
				t.Errorf("%s of %s is %v, imported %v", name, id, value, want[name])
			}
		}
	}
	_, _, err = r.ReadDataSource("sparkrtc_record_rules", given{"app_id": "missing"})
	expectReportedError(t, err, acctest.Expectation{Summary: "SparkRTC app not found", Attribute: "app_id"})
}

// A plan without changes of many apps costs one list for all automatic recordings, and a call for each rule.
func TestAutoRecord_sharedReads(t *testing.T) {
	t.Parallel()
	var apps []string
	for i := range 50 {
		apps = append(apps, fmt.Sprintf("app-%d", i))
	}
	e := acctest.StartEmulator(t, emulator.Options{}, apps...)
	r := newObjects(t, e, autoType, nil)
	stored := map[string]acctest.Object{}
	for _, app := range apps {
		rule := e.SetRecordRule(app, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
		stored[app] = applied(t, r, acctest.Object{}, given{"app_id": app, "record_rule_id": rule}, acctest.ActionCreate)
	}
	e.ResetRequests()
	r = again(t, r)
	for _, app := range apps {
		if after := read(t, r, stored[app]); !after.Value.Equal(stored[app].Value) {
			t.Errorf("%s: %v", app, after.Value)
		}
	}
	if reads := e.CountReads(); reads != 2 { // the first read, and the list
		t.Errorf("%d reads", reads)
	}
}

// A rule whose obs is not known yet is changed in place, and keeps its ID: or its automatic recording would be replaced.
func TestRecordRule_unknownOBS(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	r := newRules(t, e, nil)
	stored := applied(t, r, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	plan, err := r.Plan(stored, r.ConfigOf(ruleConfig(given{"obs": tftypes.UnknownValue})))
	if err != nil || plan.Action != acctest.ActionUpdate || len(plan.Diagnostics.Warnings()) > 0 {
		t.Fatalf("%s, %v, %v", plan.Action, plan.Diagnostics, err)
	}
	planned := map[string]tftypes.Value{}
	if err := plan.Planned.Value.As(&planned); err != nil || !planned["rule_id"].IsKnown() {
		t.Errorf("planned: %v, %v", planned, err)
	}
}
