// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// A set-up of an app, its rule, its automatic recording and its callback is created with four writes and four reads, in
// all processes together: one list in the plan, and in the apply one list before the app is created and one read of each
// of what the service makes an ID for.
func TestSetUp_callsOfCreation(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{Quota: 60}, "another")
	s := newSetUp(t, e, []string{appType, ruleType, autoType, callbackType}, nil)
	s.configOf = func(typeName string, refer reference) given {
		appID := refer(appType, "app_id")
		switch typeName {
		case appType:
			return given{"app_name": "classroom"}
		case ruleType:
			return ruleConfig(given{"app_id": appID})
		case autoType:
			return given{"app_id": appID, "record_rule_id": refer(ruleType, "rule_id")}
		default:
			return given{"app_id": appID, "url": testURL}
		}
	}
	run := s.plan()
	if err := run.diagnostics.Err(); err != nil || len(run.actions()) != 4 {
		t.Fatalf("planned: %v, %v", run.actions(), err)
	}
	e.ExpectReads(t, map[string]int{acctest.AppsPath: 1})
	s.apply(run)
	if run.broken != nil || run.failed {
		t.Fatal(run.broken, run.diagnostics)
	}
	if reads, writes := e.CountReads(), len(e.Sent(t)); reads > 4 || writes != 4 {
		t.Errorf("%d reads and %d writes: %v, %v", reads, writes, e.Reads(), e.Sent(t))
	}
	app := made(t, e, "classroom")
	callback, _ := e.Callback(app.ID)
	if len(app.RecordRules) != 1 || app.AutoRecord == nil || app.AutoRecord.RuleID != app.RecordRules[0].ID || callback.URL != testURL {
		t.Errorf("made: %+v, %+v", app, callback)
	}
	if run = s.plan(); run.failed || len(run.actions()) > 0 {
		t.Errorf("planned afterwards: %v, %v", run.actions(), run.diagnostics)
	}
}

// A plan of many apps with their callbacks and automatic recording that changes nothing takes three calls, and one more
// for each rule: all within a minute's quota.
func TestSetUp_callsOfAPlanWithoutChanges(t *testing.T) {
	t.Parallel()
	const count = 50
	for _, parallel := range []int{1, 10} {
		e := acctest.StartEmulator(t, emulator.Options{})
		core, err := newCore(t, e, &sparkRTCProvider{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		type resource struct {
			typeName string
			stored   acctest.Object
			config   given
		}
		var resources []resource
		for i := range count {
			id := fmt.Sprintf("app-%02d", i)
			e.AddApp(id)
			e.SetCallback(id, testURL, "")
			rule := e.SetRecordRule(id, emulator.RecordRule{Object: "Record/", HLS: &emulator.RecordConfig{RecordCycle: 3600, RecordMaxDurationToMergeFile: -1}})
			e.SetAutoRecord(id, emulator.AutoRecordIndividual, rule)
			for _, r := range []resource{
				{appType, acctest.Object{}, given{"app_name": id}},
				{callbackType, acctest.Object{}, given{"app_id": id, "url": testURL}},
				{autoType, acctest.Object{}, given{"app_id": id, "record_rule_id": rule}},
				{ruleType, acctest.Object{}, ruleConfig(given{"app_id": id, "mp4": nil})},
			} {
				importID := id
				if r.typeName == ruleType {
					importID = ruleKey(id, rule)
				}
				imported, err := core.Resource(r.typeName).ImportState(importID)
				if err != nil {
					t.Fatal(err)
				}
				r.stored = read(t, core.Resource(r.typeName), imported)
				resources = append(resources, r)
			}
		}
		for name, tc := range map[string]struct {
			types []string
			calls int
		}{
			"apps, callbacks and automatic recording": {[]string{appType, callbackType, autoType}, 3},
			"all, with rules":                         {[]string{appType, callbackType, autoType, ruleType}, 3 + count},
		} {
			e.SetOptions(func(o *emulator.Options) { o.Quota = 60 })
			e.ResetRequests()
			if core, err = core.Restart(); err != nil {
				t.Fatal(err)
			}
			slots := make(chan struct{}, parallel)
			var all sync.WaitGroup
			for _, r := range resources {
				if !slices.Contains(tc.types, r.typeName) {
					continue
				}
				slots <- struct{}{}
				all.Go(func() {
					defer func() { <-slots }()
					of := core.Resource(r.typeName)
					stored, err := of.Read(r.stored)
					if err == nil {
						var plan acctest.Plan
						plan, err = of.Plan(stored, of.ConfigOf(r.config), acctest.ValidateFirst())
						if plan.Action != acctest.ActionNone {
							t.Errorf("%s of %v is planned: %s", r.typeName, r.config, plan.Action)
						}
					}
					if err != nil {
						t.Errorf("%s of %v: %v", r.typeName, r.config, err)
					}
				})
			}
			all.Wait()
			if calls := e.CountReads(); calls > tc.calls || len(e.Sent(t)) > 0 || e.CountStatus(http.StatusTooManyRequests) > 0 {
				t.Errorf("%s, %d at a time: %d reads, want %d at most; sent %v, %d refused", name, parallel, calls, tc.calls, e.Sent(t), e.CountStatus(http.StatusTooManyRequests))
			}
			e.SetOptions(func(o *emulator.Options) { o.Quota = 0 })
		}
	}
}
