// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// A resource that is renamed without a moved block is created and deleted at once: the deletion waits, and sends nothing.
func TestRecording_renamed(t *testing.T) {
	t.Parallel()
	for typeName, method := range map[string]string{ruleType: http.MethodPost, autoType: http.MethodPut} {
		e := acctest.StartEmulator(t, emulator.Options{}, testApp)
		config := ruleConfig(nil)
		if typeName == autoType {
			config = autoConfig("", e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}}))
		}
		r := newObjects(t, e, typeName, nil)
		old := applied(t, r, acctest.Object{}, config, acctest.ActionCreate)
		r = again(t, r)
		plan, err := r.Plan(acctest.Object{}, r.ConfigOf(config))
		if err != nil {
			t.Fatal(err)
		}
		e.ResetRequests()
		e.Fail(emulator.Fault{Method: method, AppID: testApp, Delay: 200 * time.Millisecond})
		created := make(chan error)
		go func() {
			_, err := r.Apply(plan)
			created <- err
		}()
		for len(e.Faults()) > 0 { // until the creation is under way
			time.Sleep(time.Millisecond)
		}
		if _, err := r.Destroy(old); err != nil {
			t.Error(err)
		}
		if err := <-created; err != nil {
			t.Error(err)
		}
		if sent := e.Sent(t); len(sent) != 1 {
			t.Errorf("%s: %v is sent, want the creation alone", typeName, sent)
		}
	}
}

// A creation that failed leaves the deletion of the renamed resource to do.
func TestAutoRecord_renamedInVain(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	rule := e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}})
	r := newObjects(t, e, autoType, nil)
	old := applied(t, r, acctest.Object{}, autoConfig("", rule), acctest.ActionCreate)
	r = again(t, r)
	plan, err := r.Plan(acctest.Object{}, r.ConfigOf(autoConfig("", "unknown")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Apply(plan); err == nil {
		t.Fatal("an unknown rule is set")
	}
	if _, err := r.Destroy(old); err != nil {
		t.Fatal(err)
	}
	if auto, _ := e.AutoRecord(testApp); auto.Mode != emulator.AutoRecordOff {
		t.Errorf("it is %s", auto.Mode)
	}
}

// Newer versions of terraform test keep the process of a provider for all runs of a file.
func TestRecording_runsOfOneProcess(t *testing.T) {
	t.Parallel()
	for typeName, changes := range map[string]given{ruleType: ruleConfig(given{"hls": given{"record_cycle": 60}}), autoType: autoConfig(emulator.AutoRecordOff, "")} {
		e := acctest.StartEmulator(t, emulator.Options{}, testApp)
		config := ruleConfig(nil)
		if typeName == autoType {
			config = autoConfig("", e.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{}}))
		}
		r := newObjects(t, e, typeName, nil)
		if _, err := r.Plan(acctest.Object{}, r.ConfigOf(config)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // what was destroyed is created again
			stored := applied(t, r, acctest.Object{}, config, acctest.ActionCreate)
			stored = read(t, r, stored)
			plan, err := r.Plan(stored, r.ConfigOf(changes))
			if err != nil || plan.Action == acctest.ActionNone || len(plan.Diagnostics) > 0 {
				t.Errorf("%s: %s is planned, %v, %v", typeName, plan.Action, plan.Diagnostics, err)
			}
			if _, err := r.Destroy(read(t, r, stored)); err != nil {
				t.Fatal(err)
			}
			if auto, _ := e.AutoRecord(testApp); typeName == ruleType && len(e.RecordRules(testApp)) > 0 || auto.Mode != emulator.AutoRecordOff && auto.Mode != "" {
				t.Errorf("%s is left: %v, %v", typeName, e.RecordRules(testApp), auto)
			}
		}
	}
}
