// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const autoType = "sparkrtc_auto_record"

func autoConfig(mode, rule string) given {
	config := given{"app_id": testApp}
	if mode != "" {
		config["mode"] = mode
	}
	if rule != "" {
		config["record_rule_id"] = rule
	}
	return config
}

// putAuto is the request that sets the automatic recording of testApp, to a rule or off.
func putAuto(rule string) acctest.Request {
	body := given{"mode": emulator.AutoRecordOff}
	if rule != "" {
		body = given{"mode": emulator.AutoRecordIndividual, "record_rule_id": rule}
	}
	return acctest.Request{Method: http.MethodPut, Path: acctest.AppsPath + "/" + testApp + "/auto-record-mode", Body: body}
}

var autoSwitches = []string{"time-echo", "read-time-echo", "list-time-echo", "unset-auto-record", "off-rule", "unknown-rule", "used-rule", "after-create"}

// The whole life of automatic recording, whatever the service is like.
func TestAutoRecord_life(t *testing.T) {
	t.Parallel()
	eachSwitch(t, autoSwitches, func(t *testing.T, options emulator.Options) {
		t.Helper()
		options.Locations = []string{"cn-north-4", "elsewhere"}
		e := acctest.StartEmulator(t, options, testApp)
		one := e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
		two := e.SetRecordRule(testApp, emulator.RecordRule{Location: "elsewhere", HLS: &emulator.RecordConfig{}})
		r := newObjects(t, e, autoType, map[string]any{"max_retries": 5})
		stored := applied(t, r, acctest.Object{}, autoConfig("", one), acctest.ActionCreate)
		e.ExpectSent(t, putAuto(one))
		unchanged := func(config given) {
			t.Helper()
			for range 3 {
				before := stored
				r = again(t, r)
				stored = read(t, r, read(t, r, stored)) // the second one is shared
				if !stored.Value.Equal(before.Value) {
					t.Fatalf("read %v, want %v", stored.Value, before.Value)
				}
				applied(t, r, stored, config, acctest.ActionNone)
			}
			e.ExpectSent(t)
		}
		unchanged(autoConfig("", one))

		off := emulator.AutoRecordOff
		for _, step := range []struct {
			config given
			action string
			sent   []acctest.Request
		}{
			{autoConfig(off, one), acctest.ActionUpdate, []acctest.Request{putAuto("")}},
			{autoConfig(off, two), acctest.ActionUpdate, nil}, // a rule is not sent while it is off
			{autoConfig(off, ""), acctest.ActionUpdate, nil},
			{autoConfig("", one), acctest.ActionUpdate, []acctest.Request{putAuto(one)}},
			{autoConfig("", two), acctest.ActionReplace, []acctest.Request{putAuto(""), putAuto(two)}},
			{autoConfig(off, two), acctest.ActionUpdate, []acctest.Request{putAuto("")}},
			{autoConfig("", two), acctest.ActionUpdate, []acctest.Request{putAuto(two)}},
			{autoConfig(off, ""), acctest.ActionReplace, []acctest.Request{putAuto(""), putAuto("")}}, // the rule may be destroyed in between
			{autoConfig("", one), acctest.ActionUpdate, []acctest.Request{putAuto(one)}},
		} {
			stored = applied(t, r, stored, step.config, step.action)
			e.ExpectSent(t, step.sent...)
			unchanged(step.config)
		}

		// What is changed outside is planned back.
		for name, change := range map[string]struct {
			outside func()
			action  string
		}{
			"off":     {func() { e.SetAutoRecord(testApp, off, "") }, acctest.ActionUpdate},
			"unset":   {func() { e.ClearAutoRecord(testApp) }, acctest.ActionUpdate},
			"another": {func() { e.SetAutoRecord(testApp, emulator.AutoRecordIndividual, two) }, acctest.ActionReplace},
		} {
			change.outside()
			r = again(t, r)
			stored = applied(t, r, read(t, r, stored), autoConfig("", one), change.action)
			if sent := e.Sent(t); len(sent) == 0 || fmt.Sprint(sent[len(sent)-1]) != fmt.Sprint(putAuto(one)) {
				t.Errorf("%s: sent %v", name, sent)
			}
			e.ResetRequests()
		}
		unchanged(autoConfig("", one))

		o, err := r.ImportState(testApp)
		if err != nil {
			t.Fatal(err)
		}
		applied(t, r, read(t, r, o), autoConfig("", one), acctest.ActionNone)

		if _, err := again(t, r).Destroy(stored); err != nil {
			t.Fatal(err)
		}
		e.ExpectSent(t, putAuto(""))
		if o, err = r.ImportIdentity(given{"app_id": testApp}); err != nil {
			t.Fatal(err)
		}
		applied(t, r, read(t, r, o), autoConfig(off, ""), acctest.ActionNone)
	})
}

// A rule that the app doesn't have is an error that names both, however the service refuses it.
func TestAutoRecord_unknownRule(t *testing.T) {
	t.Parallel()
	for _, refusal := range []emulator.UnknownRule{emulator.UnknownInvalid, emulator.UnknownNotFound} {
		e := acctest.StartEmulator(t, emulator.Options{UnknownRule: refusal}, testApp, otherApp)
		foreign := e.SetRecordRule(otherApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
		r := newObjects(t, e, autoType, nil)
		plan, err := r.Plan(acctest.Object{}, r.ConfigOf(autoConfig("", foreign)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Apply(plan)
		var reported *acctest.DiagnosticsError
		if !errors.As(err, &reported) {
			t.Fatalf("%s: %v", refusal, err)
		}
		acctest.Expectation{Severity: acctest.SeverityError, Summary: "Recording rule of the app not found", Attribute: "record_rule_id", Mentions: []string{testApp, foreign}}.Check(t, reported.Diagnostics)
	}
}

// A rule that is gone is drift, which the rule's read tells.
func TestAutoRecord_danglingRule(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	rules := newRules(t, e, nil)
	rule := applied(t, rules, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	id := rule.Text("rule_id")
	autos := rules.Resource(autoType)
	auto := applied(t, autos, acctest.Object{}, autoConfig("", id), acctest.ActionCreate)

	e.RemoveRecordRule(testApp, id)
	rules = again(t, rules)
	autos = rules.Resource(autoType)
	gone := read(t, rules, rule)
	if gone.Exists() || !slices.Contains(gone.Diagnostics.Warnings(), "Recording rule is gone") {
		t.Errorf("the rule is %v, %v", gone.Value, gone.Diagnostics)
	}
	auto = read(t, autos, auto)
	if auto.Text("record_rule_id") != "" || auto.Text("mode") != emulator.AutoRecordIndividual {
		t.Errorf("automatic recording is %v", auto.Value)
	}
	rule = applied(t, rules, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	applied(t, autos, auto, autoConfig("", rule.Text("rule_id")), acctest.ActionUpdate)
	if got, _ := e.AutoRecord(testApp); got.RuleID != rule.Text("rule_id") {
		t.Errorf("automatic recording uses %s, want %s", got.RuleID, rule.Text("rule_id"))
	}
}

// A plan warns of what a create overwrites, and of two resources on one app.
func TestAutoRecord_overwrites(t *testing.T) {
	t.Parallel()
	const overwrites, two = "Existing automatic recording will be overwritten", "Two resources set one automatic recording"
	for name, tc := range map[string]struct {
		mode, rule string // of what is there; "" for nothing
		config     given
		want       []string
	}{
		"nothing":             {"", "", autoConfig("", "one"), nil},
		"off":                 {emulator.AutoRecordOff, "one", autoConfig("", "one"), nil},
		"the same":            {emulator.AutoRecordIndividual, "one", autoConfig("", "one"), nil},
		"another rule":        {emulator.AutoRecordIndividual, "two", autoConfig("", "one"), []string{overwrites}},
		"to be switched off":  {emulator.AutoRecordIndividual, "one", autoConfig(emulator.AutoRecordOff, ""), []string{overwrites}},
		"a rule that is made": {emulator.AutoRecordIndividual, "one", given{"app_id": testApp, "record_rule_id": tftypes.UnknownValue}, []string{overwrites}},
	} {
		e := acctest.StartEmulator(t, emulator.Options{}, testApp)
		if tc.mode != "" {
			e.SetAutoRecord(testApp, tc.mode, tc.rule)
		}
		r := newObjects(t, e, autoType, nil)
		for _, want := range [][]string{tc.want, {two}} {
			plan, err := r.Plan(acctest.Object{}, r.ConfigOf(tc.config))
			if err != nil || !slices.Equal(plan.Diagnostics.Warnings(), want) {
				t.Errorf("%s: %q, %v, want %q", name, plan.Diagnostics.Warnings(), err, want)
			}
			if slices.Contains(want, overwrites) && !strings.Contains(plan.Diagnostics[0].Detail, fmt.Sprintf("to = %s.NAME\n    id = %q", autoType, testApp)) {
				t.Errorf("%s: no import in %s", name, plan.Diagnostics[0].Detail)
			}
		}
		if reads := e.CountReads(); reads != 1 {
			t.Errorf("%s: %d reads, want one list", name, reads)
		}
	}
}

// An app that is gone needs no call to end, and a replacement that creates first is not switched off again.
func TestAutoRecord_delete(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	rule := e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
	r := newObjects(t, e, autoType, nil)
	first := applied(t, r, acctest.Object{}, autoConfig("", rule), acctest.ActionCreate)
	r = again(t, r)
	applied(t, r, acctest.Object{}, autoConfig("", rule), acctest.ActionCreate)
	if _, err := r.Destroy(first); err != nil {
		t.Fatal(err)
	}
	if auto, _ := e.AutoRecord(testApp); auto.Mode != emulator.AutoRecordIndividual {
		t.Errorf("it is %s", auto.Mode)
	}
	e.RemoveApp(testApp)
	r = again(t, r)
	if _, err := r.Destroy(first); err != nil {
		t.Errorf("without its app: %v", err)
	}
	if gone := read(t, r, first); gone.Exists() {
		t.Errorf("without its app: %v", gone.Value)
	}
}
