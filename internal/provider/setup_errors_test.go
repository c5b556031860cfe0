// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"net/http"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What the service refuses has its own cause and next step. Nothing is lost or half done without the next plan saying
// so, and once the cause is removed, the next apply finishes.
func TestSetUp_refusals(t *testing.T) {
	t.Parallel()
	create, update := acctest.ActionCreate, acctest.ActionUpdate
	const foreignRule = "f0000000000000000000000000000001"
	noPermission := func(operation string) func(*setUpModel) {
		return func(m *setUpModel) { m.e.SetOptions(func(o *emulator.Options) { o.Forbidden = []string{operation} }) }
	}
	refuse := func(method, operation, code string) func(*setUpModel) {
		return func(m *setUpModel) {
			m.e.Fail(emulator.Fault{Method: method, Path: acctest.AppsPath, Status: http.StatusBadRequest, Code: code, Message: operation})
		}
	}
	for name, tc := range map[string]struct {
		switches map[string]string
		exists   bool // the set-up is made before it is broken
		broken   func(*setUpModel)
		mended   func(*setUpModel) // by the user, besides the configuration
		want     acctest.Expectation
		planned  map[string]string // by the next plan; nil if that fails, too
	}{
		"a rule that is missing": {
			broken:  func(m *setUpModel) { m.change(autoType, "", "record_rule_id", "missing") },
			want:    acctest.Expectation{Summary: "Recording rule of the app not found", Attribute: "record_rule_id", Mentions: []string{`"missing"`, "sparkrtc_record_rules"}},
			planned: map[string]string{autoType: create},
		},
		"a rule that is missing, as a 404": {
			switches: map[string]string{"unknown-rule": "404"},
			broken:   func(m *setUpModel) { m.change(autoType, "", "record_rule_id", "missing") },
			want:     acctest.Expectation{Summary: "Recording rule of the app not found", Attribute: "record_rule_id", Mentions: []string{`"missing"`}},
			planned:  map[string]string{autoType: create},
		},
		"a rule of another app": {
			broken: func(m *setUpModel) {
				m.e.SetRecordRule(otherApp, emulator.RecordRule{ID: foreignRule, HLS: &emulator.RecordConfig{}})
				m.change(autoType, "", "record_rule_id", foreignRule)
			},
			want:    acctest.Expectation{Summary: "Recording rule of the app not found", Attribute: "record_rule_id", Mentions: []string{foreignRule, "of the same app"}},
			planned: map[string]string{autoType: create},
		},
		"a bucket that is missing": {
			switches: map[string]string{"bucket-check": "exists"},
			broken:   func(m *setUpModel) { m.change(ruleType, "obs", "bucket", "missing") },
			want:     acctest.Expectation{Summary: "SparkRTC refused a value", Mentions: []string{"bucket must exist", "authorized"}},
			planned:  map[string]string{ruleType: create, autoType: create},
		},
		"a bucket that is not authorized": {
			switches: map[string]string{"bucket-check": "authorized"},
			exists:   true,
			broken:   func(m *setUpModel) { m.change(ruleType, "obs", "bucket", emulator.UnauthorizedBucket) },
			want:     acctest.Expectation{Summary: "SparkRTC refused a value", Mentions: []string{"bucket", "authorized to write"}},
			planned:  map[string]string{ruleType: update},
		},
		"a region that is not served": {
			broken:  func(m *setUpModel) { m.change(ruleType, "obs", "region", "mars") },
			want:    acctest.Expectation{Summary: "SparkRTC does not record to this region", Attribute: "obs", Mentions: []string{"Set region"}},
			planned: map[string]string{ruleType: create, autoType: create},
		},
		"the quota of apps": {
			broken:  func(m *setUpModel) { m.e.SetOptions(func(o *emulator.Options) { o.AppQuota = 1 }) },
			mended:  func(m *setUpModel) { m.e.SetOptions(func(o *emulator.Options) { o.AppQuota = 0 }) },
			want:    acctest.Expectation{Summary: "SparkRTC app quota is used up", Mentions: []string{"Delete an app", "ticket"}},
			planned: map[string]string{appType: create, ruleType: create, autoType: create},
		},
		"no permission for apps": {
			broken:  refuse(http.MethodPost, "NoPermission", "RTC.00001021"),
			want:    acctest.Expectation{Summary: "Access denied", Mentions: []string{"rtc:app:create"}},
			planned: map[string]string{appType: create, ruleType: create, autoType: create},
		},
		"no permission for rules": {
			broken:  noPermission("CreateRecordRule"),
			mended:  func(m *setUpModel) { m.e.SetOptions(func(o *emulator.Options) { o.Forbidden = nil }) },
			want:    acctest.Expectation{Summary: "Access denied", Mentions: []string{"rtc:recordRule:save"}},
			planned: map[string]string{ruleType: create, autoType: create},
		},
		"no permission for automatic recording": {
			broken:  refuse(http.MethodPut, "NoPermission", "RTC.00001021"),
			want:    acctest.Expectation{Summary: "Access denied", Mentions: []string{"automatic recording", "Grant"}},
			planned: map[string]string{autoType: create},
		},
		"a name that is taken": {
			broken: func(m *setUpModel) { m.e.AddApp(foreignApp); m.e.NameApp(foreignApp, m.config.name) },
			mended: func(m *setUpModel) { m.config.name = "another" },
			want:   acctest.Expectation{Summary: "SparkRTC app name is taken", Attribute: "app_name", Mentions: []string{foreignApp, "import {"}},
		},
		"a name that is taken, which no list shows": {
			broken:  refuse(http.MethodPost, "AppExist", "RTC.00001020"),
			want:    acctest.Expectation{Summary: "SparkRTC app name is taken", Attribute: "app_name", Mentions: []string{"Choose another app_name", "try again later"}},
			planned: map[string]string{appType: create, ruleType: create, autoType: create},
		},
		"a stopped app": {
			exists:  true,
			broken:  func(m *setUpModel) { m.config.enabled, m.config.rule, m.config.off = false, 1, true },
			mended:  func(m *setUpModel) { m.config.enabled = true },
			want:    acctest.Expectation{Summary: "SparkRTC app is stopped", Attribute: "app_id", Mentions: []string{"Enable the app"}},
			planned: map[string]string{ruleType: update, autoType: create}, // which is switched off already
		},
		"an account in arrears": {
			exists: true,
			broken: func(m *setUpModel) {
				m.e.SetAppState(m.stored[appType].Text("app_id"), emulator.StateArrears)
				m.config.rule = 1
			},
			mended:  func(m *setUpModel) { m.e.ActivateApp(m.stored[appType].Text("app_id")) },
			want:    acctest.Expectation{Summary: "SparkRTC app is stopped", Attribute: "app_id", Mentions: []string{"settle the account"}},
			planned: map[string]string{ruleType: update},
		},
		"an app with rules at its deletion": {
			exists: true,
			broken: func(m *setUpModel) {
				m.e.SetRecordRule(m.stored[appType].Text("app_id"), emulator.RecordRule{ID: foreignRule, Location: "elsewhere", HLS: &emulator.RecordConfig{}})
				m.config.resources = 0
			},
			mended:  func(m *setUpModel) { m.e.RemoveRecordRule(m.stored[appType].Text("app_id"), foreignRule) },
			want:    acctest.Expectation{Summary: "App is still in use", Mentions: []string{foreignRule, "delete the rules"}},
			planned: map[string]string{appType: acctest.ActionDelete},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSetUpModel(t, tc.switches)
			m.config.protected = false
			configOf := m.configOf
			if tc.exists {
				if err := m.apply(); err != nil {
					t.Fatal(err)
				}
			}
			tc.broken(m)
			run, err := m.plan()
			if err == nil && !run.failed {
				err = m.applied(run)
			}
			if err != nil || !run.failed {
				t.Fatalf("it is not refused: %v", err)
			}
			tc.want.Severity = acctest.SeverityError
			tc.want.Check(t, run.diagnostics)
			m.e.ClearFaults()
			if run, err = m.plan(); err != nil || run.failed != (tc.planned == nil) || tc.planned != nil && !maps.Equal(run.actions(), tc.planned) {
				t.Errorf("planned then: %v, %v, want %v", run.actions(), err, tc.planned)
			}
			if m.configOf = configOf; tc.mended != nil {
				tc.mended(m)
			}
			if err := m.apply(); err != nil {
				t.Errorf("once it is mended: %v", err)
			}
		})
	}
}

// change changes an argument of a resource, in an object of it if that has a name.
func (m *setUpModel) change(typeName, object, argument string, value any) {
	configOf := m.configOf
	m.configOf = func(of string, refer reference) given {
		config := configOf(of, refer)
		if of != typeName || config == nil {
			return config
		}
		if object == "" {
			config[argument] = value
		} else {
			config[object].(given)[argument] = value
		}
		return config
	}
}
