// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	// faultTable has what comes of each fault on each operation.
	faultTable = "testdata/fault_matrix.txt"

	faultyName = "first" // of the resource that faults are about, and of its app
	faultyApp  = "/v2/apps/" + faultyName
	faultyRule = "f0000000000000000000000000000001"
)

var update = flag.Bool("update", false, "write testdata instead of comparing with it")

// serviceFault is a fault of any operation.
type serviceFault struct {
	name  string
	fault emulator.Fault

	// timeout of the resources, for a fault that stays and for one that comes once; "" for the default.
	timeout, timeoutOnce string

	mentions string // by the error, if there is one: a regular expression
}

const throttledMessage = "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute"

var serviceFaults = []serviceFault{
	{name: "429 with Retry-After", fault: emulator.Fault{Status: 429, Code: "APIGW.0308", Message: throttledMessage, Header: http.Header{"Retry-After": {"1"}}}},
	{name: "429 without Retry-After", fault: emulator.Fault{Status: 429, Code: "APIGW.0308", Message: throttledMessage}, timeout: "2s", timeoutOnce: "30s"},
	{name: "500", fault: emulator.Fault{Status: 500, Code: "RTC.00002001", Message: "InternalError"}, mentions: "RTC.00002001"},
	{name: "503", fault: emulator.Fault{Status: 503}, mentions: "HTTP 503"},
	{name: "401, wrong signature", fault: emulator.Fault{EchoRequest: true}, mentions: "secret key"},
	{name: "403", fault: emulator.Fault{Status: 403, Code: "APIGW.0306", Message: "API access denied"}, mentions: "permissions"},
	{name: "404 of the gateway", fault: emulator.Fault{Status: 404, Code: "APIGW.0101"}, mentions: "endpoint"},
	{name: "connection closed before the effect", fault: emulator.Fault{Drop: true}},
	{name: "connection closed after the effect", fault: emulator.Fault{Drop: true, After: true}},
	{name: "answer cut off", fault: emulator.Fault{Cut: true}, mentions: "broke off"},
	{name: "200 without a body", fault: emulator.Fault{Status: 200}, mentions: "not JSON|is empty"},
	{name: "HTML of a proxy", fault: emulator.Fault{RawBody: "<html><head><title>Guest Wi-Fi: please sign in</title></head></html>", ContentType: "text/html"}, mentions: "Guest Wi-Fi: please sign in"},
	{name: "JSON of wrong types", fault: emulator.Fault{RawBody: `{"app_id":7,"record_callback":[],"count":{},"apps":"x"}`, ContentType: "application/json"}},
	{name: "answer of another app", fault: emulator.Fault{RawBody: `{"app_id":"another","record_callback":{"url":"https://another.example.com/"}}`, ContentType: "application/json"}},
	{name: "answer of 2 MB", fault: emulator.Fault{RawBody: `{"app_id":"` + strings.Repeat("x", 2<<20) + `"}`, ContentType: "application/json"}, mentions: "larger than"},
	{name: "redirect", fault: emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/login"}}}, mentions: "https://elsewhere.example.com"},
	{name: "compressed answer", fault: emulator.Fault{RawBody: "\x1f\x8b\x08\x00", Header: http.Header{"Content-Encoding": {"gzip"}}}, mentions: "compressed"},
	{name: "no answer", fault: emulator.Fault{Delay: 10 * time.Minute}, timeout: "2s", timeoutOnce: "2s"},
	{name: "answer without an end", fault: emulator.Fault{Endless: true}, timeout: "2s", timeoutOnce: "2s"},
}

// faultyObject is a type of resource.
type faultyObject struct {
	typeName string

	// held and stored are what the service and the state have, in the same words; "" for nothing.
	held   func(*acctest.Emulator) string
	stored func(acctest.Object) string

	operations []faultyOperation
}

// faultyOperation is an apply from one configuration to another, in which a request fails.
type faultyOperation struct {
	name, method, path string // an ID is part of the path where it has %s
	from, to           configured

	onlyPlan string // the name of a resource, as with -target; "" applies all
}

// configured are resources by their names.
type configured map[string]given

func one(config given) configured { return configured{faultyName: config} }

func faultyCallbacks(url string, more ...string) configured {
	all := one(arguments{url: testURL + "/" + url, key: testKey}.given(faultyName))
	for _, name := range more {
		all[name] = arguments{url: testURL, key: testKey}.given(name)
	}
	return all
}

var faultyObjects = []faultyObject{
	{
		typeName: callbackType,
		held: func(e *acctest.Emulator) string {
			callback, there := e.Callback(faultyName)
			if there && callback.AuthKey != testKey {
				return "another key"
			}
			return strings.TrimPrefix(callback.URL, testURL+"/")
		},
		stored: func(o acctest.Object) string { return strings.TrimPrefix(o.Text("url"), testURL+"/") },
		operations: []faultyOperation{
			{name: "create (PUT)", method: http.MethodPut, path: faultyApp + "/record-callback", to: faultyCallbacks("old")},
			{name: "update (PUT)", method: http.MethodPut, path: faultyApp + "/record-callback", from: faultyCallbacks("old"), to: faultyCallbacks("new")},
			{name: "read (GET)", method: http.MethodGet, path: faultyApp + "/record-callback", from: faultyCallbacks("new"), to: faultyCallbacks("new")},
			{name: "list of shared reads", method: http.MethodGet, path: acctest.AppsPath, from: faultyCallbacks("new", "second", "new"), to: faultyCallbacks("new", "second", "new")},
			{name: "list of a new resource", method: http.MethodGet, path: acctest.AppsPath, from: faultyCallbacks("old"), to: faultyCallbacks("old", "new"), onlyPlan: "new"},
		},
	},
	{
		typeName: appType,
		held: func(e *acctest.Emulator) string {
			var states []string
			for _, app := range e.Apps() {
				if app.Name == "classroom" {
					states = append(states, app.State)
				}
			}
			return strings.Join(states, " and ")
		},
		stored: func(o acctest.Object) string { return o.Text("state") },
		operations: []faultyOperation{
			{name: "create an app", method: http.MethodPost, path: acctest.AppsPath, to: one(faultyAppConfig(true))},
			{name: "read an app", method: http.MethodGet, path: "/v2/apps/%s", from: one(faultyAppConfig(true)), to: one(faultyAppConfig(true))},
			{name: "disable an app", method: http.MethodPost, path: "/v2/apps/%s/disable", from: one(faultyAppConfig(true)), to: one(faultyAppConfig(false))},
			{name: "delete an app", method: http.MethodDelete, path: "/v2/apps/%s", from: one(faultyAppConfig(true))},
		},
	},
	{
		typeName: ruleType,
		held: func(e *acctest.Emulator) string {
			var prefixes []string
			for _, rule := range e.RecordRules(faultyName) {
				prefixes = append(prefixes, rule.HLS.RecordPrefix)
			}
			return strings.Join(prefixes, " and ")
		},
		stored: func(o acctest.Object) string {
			return acctest.Object{Value: acctest.AttributesOf(o.Value)["hls"]}.Text("record_prefix")
		},
		operations: []faultyOperation{
			{name: "create a rule", method: http.MethodPost, path: faultyApp + "/record-rules", to: one(faultyRuleConfig("old"))},
			{name: "read a rule", method: http.MethodGet, path: faultyApp + "/record-rules/%s", from: one(faultyRuleConfig("old")), to: one(faultyRuleConfig("old"))},
			{name: "update a rule", method: http.MethodPut, path: faultyApp + "/record-rules/%s", from: one(faultyRuleConfig("old")), to: one(faultyRuleConfig("new"))},
			{name: "delete a rule", method: http.MethodDelete, path: faultyApp + "/record-rules/%s", from: one(faultyRuleConfig("new"))},
		},
	},
	{
		typeName: autoType,
		held: func(e *acctest.Emulator) string {
			auto, _ := e.AutoRecord(faultyName)
			return auto.Mode
		},
		stored: func(o acctest.Object) string { return o.Text("mode") },
		operations: []faultyOperation{
			{name: "set automatic recording", method: http.MethodPut, path: faultyApp + "/auto-record-mode", to: one(faultyAutoConfig(emulator.AutoRecordIndividual))},
			{name: "read automatic recording", method: http.MethodGet, path: faultyApp + "/auto-record-mode", from: one(faultyAutoConfig(emulator.AutoRecordIndividual)), to: one(faultyAutoConfig(emulator.AutoRecordIndividual))},
			{name: "update automatic recording", method: http.MethodPut, path: faultyApp + "/auto-record-mode", from: one(faultyAutoConfig(emulator.AutoRecordIndividual)), to: one(faultyAutoConfig(emulator.AutoRecordOff))},
			{name: "switch automatic recording off", method: http.MethodPut, path: faultyApp + "/auto-record-mode", from: one(faultyAutoConfig(emulator.AutoRecordIndividual))},
		},
	},
}

func faultyAppConfig(enabled bool) given {
	return given{"app_name": "classroom", "enabled": enabled, "deletion_protection": false}
}

func faultyRuleConfig(prefix string) given {
	return ruleConfig(given{"app_id": faultyName, "hls": given{"record_prefix": prefix}})
}

func faultyAutoConfig(mode string) given {
	return given{"app_id": faultyName, "mode": mode, "record_rule_id": faultyRule}
}

// Every fault on every operation, once and always: how it ends, how often the request was sent, what the service and the
// state have then, and that the next apply repairs all. A CLI treats the errors of all objects alike, so none is needed.
func TestFaults(t *testing.T) {
	t.Parallel()
	var blocks [][]string // rows in the order of the table
	t.Run("on", func(t *testing.T) {
		for _, fault := range serviceFaults {
			for _, object := range faultyObjects {
				block := make([]string, 2*len(object.operations))
				blocks = append(blocks, block)
				for i, times := range []int{1, -1} {
					acctest.Bubble(t, fmt.Sprintf("%s, %s, %d", object.typeName, fault.name, times), func(t *testing.T) {
						t.Helper()
						r := newFaultyRun(t, object, fault, times)
						for j, op := range object.operations {
							block[2*j+i] = r.fail(op)
							r.repair(op)
						}
					})
				}
			}
		}
	})
	rows := slices.Concat(blocks...)
	if *update && !slices.Contains(rows, "") {
		if err := os.WriteFile(faultTable, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(faultTable)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if len(want) != len(rows) {
		t.Fatalf("%s has %d rows, want %d", faultTable, len(want), len(rows))
	}
	for i, row := range rows {
		if row != want[i] && row != "" { // some are empty with -run, or after a failure
			t.Errorf("%s has\n%s\nand now it is\n%s", faultTable, want[i], row)
		}
	}
}

// faultyRun is an object under a fault that comes once, or each time.
type faultyRun struct {
	*acctest.Workspace
	t      *testing.T
	e      *acctest.Emulator
	object faultyObject
	fault  serviceFault
	times  int
	now    configured
}

func newFaultyRun(t *testing.T, object faultyObject, fault serviceFault, times int) *faultyRun {
	t.Helper()
	r := &faultyRun{t: t, object: object, fault: fault, times: times}
	r.e = acctest.StartInBubble(t, emulator.Options{AppDeletion: emulator.DeletionStopped}, faultyName, "second", "new")
	r.Workspace = acctest.NewWorkspace(t, func() (acctest.Resource, error) {
		return newObjects(t, r.e, object.typeName, given{"max_retries": 1}), nil
	})
	r.Parallel = 10
	if object.typeName == autoType {
		r.e.SetRecordRule(faultyName, emulator.RecordRule{ID: faultyRule, HLS: &emulator.RecordConfig{}})
	}
	return r
}

func (r *faultyRun) configure(next configured) {
	for name := range r.now {
		r.Remove(name)
	}
	for name, config := range next {
		config = maps.Clone(config)
		if timeout := map[int]string{1: r.fault.timeoutOnce, -1: r.fault.timeout}[r.times]; timeout != "" {
			limits := given{"create": timeout, "read": timeout, "update": timeout}
			if r.object.typeName != callbackType {
				limits["delete"] = timeout
			}
			config["timeouts"] = limits
		}
		r.Set(name, config)
	}
	r.now = next
}

// fail runs an operation while its request fails, and returns the row of the table.
func (r *faultyRun) fail(op faultyOperation) string {
	r.t.Helper()
	if !reflect.DeepEqual(r.now, op.from) {
		r.configure(op.from)
		r.settle(op)
	}
	r.configure(op.to)
	reads := op.method == http.MethodGet
	before := maps.Clone(r.Stored)
	stored := r.Stored[faultyName]
	id := cmp.Or(stored.Text("rule_id"), stored.Text("app_id"))
	fault := r.fault.fault
	fault.Method, fault.ExactPath, fault.Times = op.method, strings.Replace(op.path, "%s", id, 1), r.times
	r.e.ResetRequests()
	r.e.Fail(fault)
	begun := time.Now()
	var run *acctest.Run
	if op.onlyPlan != "" {
		run = r.Plan(op.onlyPlan)
	} else {
		run = r.Apply()
	}
	took := time.Since(begun)
	r.e.ClearFaults()
	calls := len(r.e.Requests(emulator.Method(op.method), func(q emulator.Request) bool { return q.Path == fault.ExactPath }))

	if same := func(a, b acctest.Object) bool { return a.Value.Equal(b.Value) }; reads && !maps.EqualFunc(r.Stored, before, same) {
		r.t.Errorf("%s: a read changed the state from %v to %v", op.name, before, r.Stored)
	}
	if want := op.actions(); !maps.Equal(run.Actions, want) && (!reads || !run.Failed) {
		r.t.Errorf("%s: planned %v, want %v", op.name, run.Actions, want)
	}
	limit := 20 * time.Second
	if op.onlyPlan != "" && r.fault.timeout != "" { // a plan of a new resource has no timeout
		limit = courtesyBound
	}
	if took > limit {
		r.t.Errorf("%s took %v", op.name, took)
	}
	acctest.ExpectNoSecret(r.t, "diagnostics", fmt.Sprint("of ", op.name, run.Diagnostics), testKey, emulator.DefaultSecretKey)
	exit, said := r.said(op, run)
	words := []string{r.fault.name, op.name, map[int]string{1: "once", -1: "always"}[r.times], fmt.Sprint(exit), fmt.Sprint(calls),
		cmp.Or(r.object.held(r.e), "none"), cmp.Or(r.object.stored(r.Stored[faultyName]), "none"), said}
	return strings.Join(words, " | ")
}

// actions are those that the operation has to plan.
func (op faultyOperation) actions() map[string]string {
	actions := map[string]string{}
	for name, config := range op.to {
		switch before, there := op.from[name]; {
		case !there:
			actions[name] = acctest.ActionCreate
		case !reflect.DeepEqual(before, config):
			actions[name] = acctest.ActionUpdate
		}
	}
	for name := range op.from {
		if op.to[name] == nil {
			actions[name] = acctest.ActionDelete
		}
	}
	return actions
}

// said returns how a run ends, and the summary of what it says about it.
func (r *faultyRun) said(op faultyOperation, run *acctest.Run) (exit int, said string) {
	r.t.Helper()
	said = "nothing"
	var details strings.Builder
	for name := range run.Diagnostics {
		for _, d := range run.Of(name) {
			switch {
			case d.Severity == acctest.SeverityError:
				exit, said = 1, d.Summary
				fmt.Fprintln(&details, d.Detail)
			case exit == 0 && d.Summary == "SparkRTC throttles requests":
				said = "warning: " + d.Summary
			}
		}
	}
	if exit == 1 && !regexp.MustCompile(r.fault.mentions).MatchString(details.String()) {
		r.t.Errorf("%s: the error doesn't mention %q: %s", op.name, r.fault.mentions, details.String())
	}
	return exit, said
}

// repair applies once more. An app that the state does not have, since its creation was not confirmed, is imported as
// the plan says.
func (r *faultyRun) repair(op faultyOperation) {
	r.t.Helper()
	if r.object.typeName == appType && op.to != nil && len(r.Stored) == 0 && r.object.held(r.e) != "" {
		id := made(r.t, r.e, "classroom").ID
		expectError(r.t, r.Plan().Of(faultyName).Err(), "name is taken", id)
		r.SetImport(faultyName, id)
	}
	r.settle(op)
	held, stored := r.object.held(r.e), r.object.stored(r.Stored[faultyName])
	if op.to == nil && held == emulator.AutoRecordOff {
		held = "" // which is all that a destroy of automatic recording does
	}
	if held != stored {
		r.t.Errorf("%s: after the repair, the service has %q, and the state %q", op.name, held, stored)
	}
}

// settle applies until nothing is planned or said, which takes one apply.
func (r *faultyRun) settle(op faultyOperation) {
	r.t.Helper()
	settled := func(run *acctest.Run) bool { return len(run.Actions) == 0 && len(run.Diagnostics) == 0 }
	if settled(r.MustApply()) {
		return
	}
	if run := r.MustApply(); !settled(run) {
		r.t.Errorf("%s: after an apply, the next plans %v and says %v", op.name, run.Actions, run.Diagnostics)
	}
}
