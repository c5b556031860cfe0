// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestState(t *testing.T) {
	f := start(t, Options{})
	last := testTime // of AddApp
	moved := func(what string) Callback {
		t.Helper()
		c, ok := f.Callback(testApp)
		if !ok {
			t.Fatalf("%s: no callback", what)
		}
		if c.UpdateTime.Sub(last) < time.Millisecond || c.UpdateTime.Location() != time.UTC {
			t.Errorf("%s: update_time is %v after %v", what, c.UpdateTime, last)
		}
		if shown := f.get(testPath).callback(t)["update_time"]; shown != c.UpdateTime.Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("%s: update_time is shown as %v, want %v", what, shown, c.UpdateTime)
		}
		last = c.UpdateTime
		return c
	}

	f.SetCallback(testApp, "https://example.com/1", "key")
	first := moved("SetCallback")
	f.Touch(testApp)
	if c := moved("Touch"); c.URL != first.URL || c.AuthKey != first.AuthKey || !slices.Equal(c.Events, first.Events) {
		t.Errorf("Touch changed more than the time: %+v", c)
	}
	f.SetEvents(testApp, "A", "B")
	if c := moved("SetEvents"); !slices.Equal(c.Events, []string{"A", "B"}) {
		t.Errorf("the events are %v", c.Events)
	}
	f.put(`{"url":"https://example.com/2"}`).callback(t)
	if c := moved("PUT"); !slices.Equal(c.Events, []string{"A", "B"}) {
		t.Errorf("a PUT changed the events to %v", c.Events)
	}
	f.put(`{"url":"https://example.com/2"}`).callback(t)
	moved("the same PUT again")
	f.SetEvents(testApp)
	moved("SetEvents of none")
	if events, ok := f.get(testPath).callback(t)["notify_event_subscription"].([]any); !ok || len(events) != 0 {
		t.Errorf("no events are shown as %v", events)
	}

	f.DeactivateApp(testApp)
	moved("DeactivateApp")
	f.put(`{"url":"https://example.com/3"}`).wantError(t, 400, "RTC.00001016", "AppDeactivation")
	f.ActivateApp(testApp)
	moved("ActivateApp")
	f.put(`{"url":"https://example.com/3"}`).callback(t)
	moved("PUT")

	f.ClearCallback(testApp)
	if c, ok := f.Callback(testApp); ok {
		t.Errorf("after ClearCallback it is %+v", c)
	}
	f.SetCallback(testApp, "https://example.com/4", "")
	if got := moved("ClearCallback and SetCallback"); got.AuthKey != "" {
		t.Errorf("the key is %q", got.AuthKey)
	}

	f.RemoveApp(testApp)
	f.get(testPath).wantError(t, 404, "RTC.00001003", "")
	if _, ok := f.Callback(testApp); ok {
		t.Error("a removed app has a callback")
	}
	for _, change := range []func(string){f.Touch, f.ClearCallback, f.DeactivateApp, f.ActivateApp, f.RemoveApp} {
		change(testApp)
	}
	f.SetEvents(testApp, "A")
	f.get("/v2/apps/"+testApp).wantError(t, 404, "RTC.00001003", "")
	f.SetCallback(testApp, "https://example.com/5", "")
	moved("SetCallback of a removed app")

	// The clock may go back: update_time never does.
	f.clock.move(time.Hour)
	f.Touch(testApp)
	if c := moved("Touch an hour later"); !c.UpdateTime.Equal(testTime.Add(time.Hour)) {
		t.Errorf("update_time is %v", c.UpdateTime)
	}
	f.clock.move(-2 * time.Hour)
	f.Touch(testApp)
	moved("Touch after the clock went back")

	f.DeactivateApp(testApp)
	f.AddApp(testApp)
	if _, ok := f.Callback(testApp); ok {
		t.Error("an app that was made again has a callback")
	}
	f.put(`{"url":"https://example.com/6"}`).callback(t)
	moved("AddApp and PUT")
}

func TestApps(t *testing.T) {
	f := start(t, Options{KeyEcho: EchoMasked})
	f.clock.move(time.Second)
	f.SetCallback("second", "https://example.com", testKey)
	f.NameApp("second", "Second")
	f.clock.move(time.Second)
	f.DeactivateApp("second")
	f.AddApp("gone")
	f.RemoveApp("gone")
	at := func(ms int) time.Time { return testTime.Add(time.Duration(ms) * time.Millisecond) }
	events := []string{"RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"}
	want := []AppState{
		{ID: testApp, Name: testApp, State: StateActive, CreateTime: testTime, UpdateTime: testTime},
		{
			ID: "second", Name: "Second", State: StateInactive, CreateTime: at(1000), UpdateTime: at(2000),
			Callback: &Callback{URL: "https://example.com", AuthKey: testKey, Events: events, UpdateTime: at(2000)},
		},
	}
	for i, a := range f.Apps() {
		want[i].AppKey = a.AppKey
	}
	if got := f.Apps(); !reflect.DeepEqual(got, want) || len(want[0].AppKey) != 32 || want[0].AppKey == want[1].AppKey {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	f.Apps()[1].Callback.Events[0] = "changed"
	if got := f.Apps(); !reflect.DeepEqual(got, want) {
		t.Errorf("it is no copy: %+v", got[1].Callback)
	}
}

func TestList(t *testing.T) {
	f := start(t, Options{URLEcho: URLOrigin, KeyEcho: EchoMasked})
	f.RemoveApp(testApp)
	const count = 205
	for i := range count {
		f.AddApp(fmt.Sprintf("app-%d", count-i)) // in another order than the ids'
	}
	for i := range 3 {
		f.DeactivateApp(fmt.Sprintf("app-%d", i+1))
	}
	tests := map[string]struct {
		query       string
		first, size int // the number of the first app, and how many
		count       int
	}{
		"default":             {"", 205, 100, 205},
		"second page":         {"?offset=1", 105, 100, 205},
		"last page":           {"?offset=2", 5, 5, 205},
		"after the end":       {"?offset=3", 0, 0, 205},
		"far after the end":   {"?offset=2147483647&limit=100", 0, 0, 205},
		"page of one":         {"?limit=1&offset=7", 198, 1, 205},
		"limit of a hundred":  {"?limit=100&offset=0", 205, 100, 205},
		"active":              {"?state=ACTIVATION&offset=2", 5, 2, 202},
		"stopped":             {"?state=DEACTIVATION", 3, 3, 3},
		"in arrears":          {"?state=ARREARS", 0, 0, 0},
		"parameter not known": {"?x=1&limit=2", 205, 2, 205},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := f.get("/v2/apps" + tc.query)
			body := r.json(t)
			apps, ok := body["apps"].([]any)
			if r.status != 200 || !ok || body["count"] != float64(tc.count) || len(apps) != tc.size {
				t.Fatalf("status %d, count %v, %d apps, want %d and %d", r.status, body["count"], len(apps), tc.count, tc.size)
			}
			for i, a := range apps {
				if id := a.(map[string]any)["app_id"]; id != fmt.Sprintf("app-%d", tc.first-i) {
					t.Fatalf("app %d is %v", i, id)
				}
			}
		})
	}
	for _, query := range []string{
		"limit=0", "limit=101", "limit=-1", "limit=", "limit=x", "limit=1.0", "limit=+1", "limit=0x1", "offset=-1", "offset=x", "offset=",
		"offset=99999999999999999999", "state=", "state=activation", "state=OTHER", "limit=%zz", "a=1;b=2",
	} {
		f.get("/v2/apps?"+query).wantError(t, 400, "RTC.00001003", "InvalidParameterValue")
	}
}

func TestShapeOfAnApp(t *testing.T) {
	f := start(t, Options{URLEcho: URLOrigin, KeyEcho: EchoMasked})
	f.clock.move(time.Second)
	f.SetCallback(testApp, "https://example.com/path", testKey)
	f.clock.move(time.Second)
	f.DeactivateApp(testApp)
	state, _ := f.App(testApp)
	want := `{"app_name":"` + testApp + `","app_id":"` + testApp + `",` +
		`"state":{"state":"DEACTIVATION","update_time":"2026-01-01T00:00:02.000Z"},` +
		`"scope":"GLOBAL","tenant_name":"emulator-domain","domain":"rtc.example.com","create_time":"2026-01-01T00:00:00.000Z",` +
		`"authentication":{"enable":true,"expire":300,"app_key":"` + state.AppKey + `","update_time":"2026-01-01T00:00:00.000Z"},` +
		`"callbacks":{"record_callback":{"url":"https://example.com","auth_key":"******",` +
		`"notify_event_subscription":["RECORD_NEW_FILE_START","RECORD_FILE_COMPLETE"],"update_time":"2026-01-01T00:00:02.000Z"}},` +
		`"auto_record_mode":{"mode":"AUTO_RECORD_OFF","record_rule_id":"","update_time":"2026-01-01T00:00:00.000Z"}}`
	if r := f.get("/v2/apps/" + testApp); r.status != 200 || string(r.body) != want {
		t.Errorf("got  %d %s\nwant %s", r.status, r.body, want)
	}
	if r := f.get("/v2/apps"); r.status != 200 || string(r.body) != `{"count":1,"apps":[`+want+`]}` {
		t.Errorf("got  %d %s\nwant it in a list: %s", r.status, r.body, want)
	}
}
