// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// callbackSet is many callbacks that were set, and their states.
type callbackSet struct {
	*acctest.Emulator
	t      testing.TB
	config []arguments
	stored []acctest.Object
}

func appOf(i int) string { return fmt.Sprintf("app-%03d", i) }

func newCallbackSet(tb testing.TB, n int, options emulator.Options) *callbackSet {
	tb.Helper()
	if options.Clock == nil {
		options.Clock = acctest.TickingClock()
	}
	return newCallbackSetOn(tb, acctest.StartEmulator(tb, options), n)
}

func newCallbackSetOn(tb testing.TB, e *acctest.Emulator, n int) *callbackSet {
	tb.Helper()
	f := &callbackSet{Emulator: e, t: tb}
	core := f.core(nil)
	for i := range n {
		f.AddApp(appOf(i))
		f.config = append(f.config, arguments{url: fmt.Sprintf("https://recordings.example.com/%d", i), key: fmt.Sprintf("key-of-app-%d-0123456789abcdef0123", i)})
		f.stored = append(f.stored, createCallback(tb, core, appOf(i), f.config[i]))
	}
	f.ResetRequests()
	return f
}

func (f *callbackSet) core(arguments map[string]any) acctest.Resource {
	f.t.Helper()
	core, err := newCallbacksWith(f.t, f.Emulator, &sparkRTCProvider{}, arguments)
	if err != nil {
		f.t.Fatal(err)
	}
	return core
}

// refresh reads all, a number at a time, and returns what is planned for each.
func (f *callbackSet) refresh(core acctest.Resource, parallel int) []string {
	actions := make([]string, len(f.stored))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i := range f.stored {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			refreshed, err := core.Read(f.stored[i])
			if err != nil {
				f.t.Error(err)
				return
			}
			plan, err := core.Plan(refreshed, f.config[i].on(appOf(i)))
			if err != nil {
				f.t.Error(err)
				return
			}
			actions[i] = plan.Action
		})
	}
	all.Wait()
	return actions
}

// except is what is planned where nothing changed but for some.
func (f *callbackSet) except(some map[int]string) []string {
	actions := slices.Repeat([]string{acctest.ActionNone}, len(f.stored))
	for i, action := range some {
		actions[i] = action
	}
	return actions
}

// What a plan costs that finds nothing to do, with the reads ten at a time.
func TestSharedReadsCost(t *testing.T) {
	acctest.Long(t)
	for _, tc := range []struct{ n, lists, reads int }{{1, 0, 1}, {2, 1, 1}, {20, 1, 1}, {100, 1, 1}, {101, 2, 1}, {201, 3, 1}} {
		t.Run(fmt.Sprint(tc.n), func(t *testing.T) {
			t.Parallel()
			f := newCallbackSet(t, tc.n, emulator.Options{})
			for range 2 {
				if got := f.refresh(f.core(nil), 10); !slices.Equal(got, f.except(nil)) {
					t.Errorf("planned is %v", got)
				}
				expectListsAndReads(t, f.Emulator, tc.lists, tc.reads, 0)
			}
			if got := f.refresh(f.core(map[string]any{"shared_reads": false}), 10); !slices.Equal(got, f.except(nil)) {
				t.Errorf("one by one, planned is %v", got)
			}
			expectListsAndReads(t, f.Emulator, 0, tc.n, 0)
		})
	}
}

// After an import, which is always a read of its own, all others share the list.
func TestSharedReadsAfterAnImport(t *testing.T) {
	t.Parallel()
	f := newCallbackSet(t, 2, emulator.Options{})
	f.AddApp("imported")
	f.SetCallback("imported", testURL, "")
	core := f.core(nil)
	imported, err := core.ImportState("imported")
	if err == nil {
		_, err = core.Read(imported)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := f.refresh(core, 1); !slices.Equal(got, f.except(nil)) {
		t.Errorf("planned is %v", got)
	}
	expectListsAndReads(t, f.Emulator, 1, 1, 0)
}

// Apps without a resource are on the list too, and more than a thousand are not
// listed on.
func TestSharedReadsAmongOtherApps(t *testing.T) {
	const n = 4
	for others, want := range map[int]struct{ lists, reads int }{250: {3, 1}, 996: {10, 1}, 997: {1, n}} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			t.Parallel()
			f := &callbackSet{Emulator: acctest.StartEmulator(t, emulator.Options{Clock: acctest.TickingClock()}), t: t}
			for i := range others {
				f.AddApp(fmt.Sprintf("another-%d", i))
			}
			core := f.core(nil)
			for i := range n {
				f.AddApp(appOf(i))
				f.config = append(f.config, arguments{url: testURL})
				f.stored = append(f.stored, createCallback(t, core, appOf(i), f.config[i]))
			}
			f.ResetRequests()
			if got := f.refresh(f.core(nil), 10); !slices.Equal(got, f.except(nil)) {
				t.Errorf("planned is %v", got)
			}
			expectListsAndReads(t, f.Emulator, want.lists, want.reads, 0)
		})
	}
}

// However the service shows callbacks, sharing begins at once where times have
// milliseconds, and once a read was kept where they don't.
func TestSharedReadsOfEachEcho(t *testing.T) {
	acctest.Long(t)
	for _, echo := range emulator.KeyEchoes {
		for _, times := range emulator.TimeEchoes {
			t.Run(string(echo)+" "+string(times), func(t *testing.T) {
				t.Parallel()
				f := newCallbackSet(t, 3, emulator.Options{KeyEcho: echo, URLEcho: emulator.URLOrigin, TimeEcho: times})
				singles := map[emulator.TimeEcho]int{emulator.TimeExact: 1, emulator.TimeLater: 1}
				first, later := cmp.Or(singles[times], 3), 1
				if times == emulator.TimeAbsent {
					later = 3
				}
				for i, reads := range []int{first, later} {
					core := f.core(nil)
					if got := f.refresh(core, 1); !slices.Equal(got, f.except(nil)) {
						t.Errorf("planned is %v", got)
					}
					if lists, got, others := listsAndReads(f.Emulator); lists != 1 || got != reads || others != 0 {
						t.Errorf("refresh %d: %d lists, %d reads, %d others, want %d reads", i, lists, got, others, reads)
					}
					core = f.core(nil)
					for i := range f.stored {
						var err error
						if f.stored[i], err = core.Read(f.stored[i]); err != nil {
							t.Fatal(err)
						}
					}
					f.ResetRequests()
				}
			})
		}
	}
}

// What isn't as it was costs its own read, and nothing else does.
func TestSharedReadsOfWhatChanged(t *testing.T) {
	acctest.Long(t)
	const n, which = 20, 7
	foreign := func(f *callbackSet) { f.SetCallback(appOf(which), "https://elsewhere.example.com/", "") }
	tests := map[string]struct {
		change               func(*callbackSet)
		lists, reads, others int
		action               string
	}{
		"nothing":           {func(*callbackSet) {}, 1, 1, 0, acctest.ActionNone},
		"the callback":      {foreign, 1, 2, 0, acctest.ActionUpdate},
		"the time":          {func(f *callbackSet) { f.Touch(appOf(which)) }, 1, 2, 0, acctest.ActionNone},
		"the events":        {func(f *callbackSet) { f.SetEvents(appOf(which), "RTC_USER_ROLE_CHANGED") }, 1, 2, 0, acctest.ActionNone},
		"the callback goes": {func(f *callbackSet) { f.ClearCallback(appOf(which)) }, 1, 2, 0, acctest.ActionCreate},
		"the app stops":     {func(f *callbackSet) { f.DeactivateApp(appOf(which)) }, 1, 2, 0, acctest.ActionNone},
		"never read, new": {func(f *callbackSet) {
			f.stored[which] = acctest.Object{}
		}, 1, 1, 0, acctest.ActionCreate},
		"imported": {func(f *callbackSet) {
			imported, err := f.core(nil).ImportState(appOf(which))
			if err != nil {
				f.t.Fatal(err)
			}
			f.stored[which] = imported
		}, 1, 2, 0, acctest.ActionUpdate},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newCallbackSet(t, n, emulator.Options{})
			tc.change(f)
			core := f.core(nil)
			if !f.stored[which].Exists() {
				refreshed := slices.Delete(slices.Clone(f.stored), which, which+1)
				for _, state := range refreshed {
					if _, err := core.Read(state); err != nil {
						t.Error(err)
					}
				}
				if plan, err := core.Plan(f.stored[which], f.config[which].on(appOf(which))); err != nil || plan.Action != tc.action {
					t.Errorf("planned is %s, %v", plan.Action, err)
				}
			} else if got := f.refresh(core, 1); !slices.Equal(got, f.except(map[int]string{which: tc.action})) {
				t.Errorf("planned is %v", got)
			}
			expectListsAndReads(t, f.Emulator, tc.lists, tc.reads, tc.others)
		})
	}
}

// A callback that was imported, and one that changed outside Terraform, cost no more
// than a created one once they were read.
func TestSharedReadsOnceTheyWereRead(t *testing.T) {
	const n = 20
	for name, change := range map[string]func(*callbackSet, int){
		"imported": func(f *callbackSet, i int) {
			imported, err := f.core(nil).ImportState(appOf(i))
			if err != nil {
				f.t.Fatal(err)
			}
			f.stored[i] = imported
		},
		"key changed outside": func(f *callbackSet, i int) {
			f.SetCallback(appOf(i), f.config[i].url, "key-set-outside-0123456789abcdef0123")
		},
		"URL changed outside": func(f *callbackSet, i int) {
			f.SetCallback(appOf(i), "https://elsewhere.example.com/", f.config[i].key)
		},
	} {
		for _, echo := range []emulator.KeyEcho{emulator.EchoExact, emulator.EchoMasked, emulator.EchoAbsent} {
			t.Run(name+" "+string(echo), func(t *testing.T) {
				t.Parallel()
				f := newCallbackSet(t, n, emulator.Options{KeyEcho: echo})
				for i := range f.stored {
					change(f, i)
				}
				core := f.core(nil)
				for i := range f.stored {
					var err error
					if f.stored[i], err = core.Read(f.stored[i]); err != nil {
						t.Fatal(err)
					}
				}
				f.ResetRequests()
				for _, state := range f.stored {
					if core = f.core(nil); state.Text("auth_key") == "key-set-outside-0123456789abcdef0123" {
						t.Error("the key that is shown is in the state")
					}
				}
				f.refresh(core, 10)
				expectListsAndReads(t, f.Emulator, 1, 1, 0)
			})
		}
	}
}

// A list that the plan of a new resource took is used by the first read too.
func TestSharedReadsAfterANewResource(t *testing.T) {
	f := newCallbackSet(t, 3, emulator.Options{})
	f.AddApp(testApp)
	core := f.core(nil)
	if _, err := core.Plan(acctest.Object{}, arguments{url: testURL}.value()); err != nil {
		t.Fatal(err)
	}
	if got := f.refresh(core, 10); !slices.Equal(got, f.except(nil)) {
		t.Errorf("planned is %v", got)
	}
	expectListsAndReads(t, f.Emulator, 1, 0, 0)
}

// A PUT may have taken effect though its response was lost: what was listed before
// it looks just as the state does, and is wrong.
func TestReadAfterWriteIsNotFromAnEarlierList(t *testing.T) {
	f := newCallbackSet(t, 3, emulator.Options{})
	core := f.core(nil)
	f.refresh(core, 1)
	expectListsAndReads(t, f.Emulator, 1, 1, 0)

	changed := f.config[1]
	changed.url += "/new"
	plan, err := core.Plan(f.stored[1], changed.on(appOf(1)))
	if err != nil {
		t.Fatal(err)
	}
	f.Fail(emulator.Fault{Method: http.MethodPut, Drop: true, After: true})
	if _, err := core.Apply(plan); !acctest.Reported(err) {
		t.Fatalf("the PUT: %v", err)
	}
	f.ResetRequests()
	refreshed, err := core.Read(f.stored[1])
	if err != nil || refreshed.Text("url") != changed.url {
		t.Errorf("read is %q, %v", refreshed.Text("url"), err)
	}
	expectListsAndReads(t, f.Emulator, 0, 1, 0)
	if _, err := core.Read(f.stored[2]); err != nil { // which was not written
		t.Error(err)
	}
	expectListsAndReads(t, f.Emulator, 0, 0, 0)
}

// Refused credentials are refused to the first read, and no other call is made: six
// failures lock the access key.
func TestSharedReadsWithRefusedCredentials(t *testing.T) {
	f := newCallbackSet(t, 30, emulator.Options{})
	core := f.core(map[string]any{"secret_key": "wrong"})
	for i, state := range f.stored {
		_, err := core.Read(state)
		if !acctest.Reported(err) || !strings.Contains(err.Error(), "Signature refused") || !strings.Contains(err.Error(), appOf(i)) {
			t.Errorf("%d: %v", i, err)
		}
	}
	expectListsAndReads(t, f.Emulator, 0, 1, 0)
}

// distortion is what a list may show in place of what is so.
type distortion struct {
	name string

	// app changes what is listed of testApp, and list all that is listed.
	app  func(app map[string]any)
	list func(answer map[string]any)

	// fault is met by the list in place of all that.
	fault *emulator.Fault

	// same: what is unchanged is shown as such.
	same bool
}

func ofCallback(change func(callback map[string]any)) func(map[string]any) {
	return func(app map[string]any) {
		if callback, ok := app["callbacks"].(map[string]any)["record_callback"].(map[string]any); ok {
			change(callback)
		}
	}
}

func setting(name string, value any) func(map[string]any) {
	return func(object map[string]any) { object[name] = value }
}

func leavingOut(name string) func(map[string]any) {
	return func(object map[string]any) { delete(object, name) }
}

func appsOf(answer map[string]any) []any { apps, _ := answer["apps"].([]any); return apps }

func copyOf(value any) map[string]any {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil {
		panic(err)
	}
	return object
}

var distortions = []distortion{
	{name: "none", same: true},
	{name: "key masked", app: ofCallback(setting("auth_key", "******"))},
	{name: "key cut off", app: ofCallback(setting("auth_key", testKey[:16]))},
	{name: "key set outside", app: ofCallback(setting("auth_key", "key-set-outside-0123456789abcdef0123"))},
	{name: "key empty", app: ofCallback(setting("auth_key", ""))},
	{name: "key left out", app: ofCallback(leavingOut("auth_key"))},
	{name: "key null", app: ofCallback(setting("auth_key", nil))},
	{name: "key a number", app: ofCallback(setting("auth_key", 7))},
	{name: "URL another one", app: ofCallback(setting("url", "https://elsewhere.example.com/"))},
	{name: "URL in another way", app: ofCallback(setting("url", strings.ToUpper(testURL[:12])+testURL[12:]))},
	{name: "URL cut off", app: ofCallback(setting("url", "https://recordings.example.com"))},
	{name: "URL empty", app: ofCallback(setting("url", ""))},
	{name: "URL left out", app: ofCallback(leavingOut("url"))},
	{name: "URL a list", app: ofCallback(setting("url", []any{testURL}))},
	{name: "time left out", app: ofCallback(leavingOut("update_time"))},
	{name: "time empty", app: ofCallback(setting("update_time", ""))},
	{name: "time a number", app: ofCallback(setting("update_time", 1767225600))},
	{name: "time another one", app: ofCallback(setting("update_time", "2026-01-01T00:00:00.000Z"))},
	{name: "time without milliseconds", app: ofCallback(func(c map[string]any) {
		if moment, _ := c["update_time"].(string); len(moment) > 19 { // there may be none
			c["update_time"] = moment[:19] + "Z"
		}
	})},
	{name: "time in another form", app: ofCallback(func(c map[string]any) { c["update_time"] = strings.Replace(c["update_time"].(string), "T", " ", 1) })},
	{name: "events left out", app: ofCallback(leavingOut("notify_event_subscription"))},
	{name: "events null", app: ofCallback(setting("notify_event_subscription", nil))},
	{name: "no events", app: ofCallback(setting("notify_event_subscription", []any{}))},
	{name: "other events", app: ofCallback(setting("notify_event_subscription", []any{"RTC_USER_ROLE_CHANGED"}))},
	{name: "events a text", app: ofCallback(setting("notify_event_subscription", "RECORD_FILE_COMPLETE"))},
	{name: "events in another order", same: true, app: ofCallback(setting("notify_event_subscription", []any{"RECORD_FILE_COMPLETE", "RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"}))},
	{name: "more fields", same: true, app: ofCallback(setting("retries", 3))},
	{name: "callback null", app: func(app map[string]any) { app["callbacks"] = map[string]any{"record_callback": nil} }},
	{name: "callback empty", app: func(app map[string]any) { app["callbacks"] = map[string]any{"record_callback": map[string]any{}} }},
	{name: "callback a text", app: func(app map[string]any) { app["callbacks"] = map[string]any{"record_callback": testURL} }},
	{name: "callbacks left out", app: leavingOut("callbacks")},
	{name: "callbacks a list", app: setting("callbacks", []any{})},
	{name: "id another one", app: setting("app_id", "elsewhere")},
	{name: "id in capitals", app: setting("app_id", strings.ToUpper(testApp))},
	{name: "id a number", app: setting("app_id", 5)},
	{name: "id of the other app", app: setting("app_id", otherApp)},
	{name: "twice the same", same: true, list: func(answer map[string]any) { answer["apps"] = append(appsOf(answer), appsOf(answer)...) }},
	{name: "twice, and not the same", list: func(answer map[string]any) {
		for _, app := range appsOf(answer) {
			second := copyOf(app)
			second["scope"] = "elsewhere"
			answer["apps"] = append(appsOf(answer), second)
		}
	}},
	{name: "callbacks swapped", list: func(answer map[string]any) {
		apps := appsOf(answer)
		one, two := apps[0].(map[string]any), apps[1].(map[string]any)
		one["callbacks"], two["callbacks"] = two["callbacks"], one["callbacks"]
	}},
	{name: "no apps", list: setting("apps", []any{})},
	{name: "apps null", list: setting("apps", nil)},
	{name: "apps of no kind", list: setting("apps", []any{7, "x"})},
	{name: "apps an object", list: setting("apps", map[string]any{})},
	{name: "one app null", same: true, list: func(answer map[string]any) { answer["apps"] = append([]any{nil, 7, "x"}, appsOf(answer)...) }},
	{name: "count a text", same: true, list: setting("count", "two")},
	{name: "count negative", same: true, list: setting("count", -2)},
	{name: "count too high", same: true, list: setting("count", 1<<40)},
	{name: "with an error", list: setting("error_code", "RTC.00002001")},
	{name: "forbidden", fault: &emulator.Fault{Status: 403, Code: "APIGW.0306", Message: "API access denied"}},
	{name: "not known to the gateway", fault: &emulator.Fault{Status: 404, Code: "APIGW.0101"}},
	{name: "not known to the service", fault: &emulator.Fault{Status: 404, Code: "RTC.00001003", Message: "InvalidParameterValue"}},
	{name: "refused", fault: &emulator.Fault{Status: 400, Code: "RTC.00001003", Message: "InvalidParameterValue"}},
	{name: "throttled", fault: &emulator.Fault{Status: 429, Code: "APIGW.0308"}},
	{name: "server error", fault: &emulator.Fault{Status: 500, Code: "RTC.00002001", Message: "InternalError"}},
	{name: "dropped", fault: &emulator.Fault{Drop: true}},
	{name: "cut off", fault: &emulator.Fault{Cut: true}},
	{name: "redirected", fault: &emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}}},
	{name: "a page of a portal", fault: &emulator.Fault{RawBody: "<html></html>", ContentType: "text/html"}},
	{name: "no content", fault: &emulator.Fault{Status: 204}},
	{name: "hangs", fault: &emulator.Fault{Delay: time.Minute}},
}

// listDistorter distorts the lists of apps that an emulator returns.
type listDistorter struct {
	mu sync.Mutex
	by distortion
}

func (f *listDistorter) distort(by distortion) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by = by
}

func (f *listDistorter) wrap(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		by := f.by
		f.mu.Unlock()
		if r.URL.Path != acctest.AppsPath || by.app == nil && by.list == nil {
			server.ServeHTTP(w, r)
			return
		}
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, r)
		var answer map[string]any
		if recorder.Code != http.StatusOK || json.Unmarshal(recorder.Body.Bytes(), &answer) != nil {
			w.WriteHeader(recorder.Code)
			_, _ = io.Copy(w, recorder.Body)
			return
		}
		for _, app := range appsOf(answer) {
			if app := app.(map[string]any); by.app != nil && app["app_id"] == testApp {
				by.app(app)
			}
		}
		if by.list != nil {
			by.list(answer)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// Each way in which a list may be wrong, of a callback that is as it was set and
// of ones that are not: what comes of the read is what comes of a read by itself,
// and only what is shown as unchanged saves the call.
func TestDistortedLists(t *testing.T) {
	acctest.Long(t)
	outside := map[string]func(*acctest.Emulator){
		"unchanged":   func(*acctest.Emulator) {},
		"another URL": func(c *acctest.Emulator) { c.SetCallback(testApp, "https://elsewhere.example.com/", testKey) },
		"another key": func(c *acctest.Emulator) { c.SetCallback(testApp, testURL, "key-set-outside-0123456789abcdef0123") },
		"no key":      func(c *acctest.Emulator) { c.SetCallback(testApp, testURL, "") },
		"touched":     func(c *acctest.Emulator) { c.Touch(testApp) },
		"other event": func(c *acctest.Emulator) { c.SetEvents(testApp, "RTC_USER_ROLE_CHANGED") },
		"gone":        func(c *acctest.Emulator) { c.ClearCallback(testApp) },
	}
	for what, change := range outside {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			distorter := new(listDistorter)
			c := acctest.StartWrappedEmulator(t, distorter.wrap, emulator.Options{Clock: acctest.TickingClock()}, testApp, otherApp)
			core, err := newCallbacks(t, c)
			if err != nil {
				t.Fatal(err)
			}
			config := arguments{url: testURL, key: testKey}
			other := createCallback(t, core, otherApp, config)
			stored := createCallback(t, core, testApp, config)
			change(c)
			alone := func(t *testing.T, timeout time.Duration) acctest.Resource {
				t.Helper()
				core, err := newCallbacksWith(t, c, &sparkRTCProvider{courtesyBound: timeout}, map[string]any{"shared_reads": false})
				if err != nil {
					t.Fatal(err)
				}
				return core
			}
			undisturbed := readAndPlanned(t, alone(t, 0), stored, config)
			c.ResetRequests()

			for _, by := range distortions {
				t.Run(by.name, func(t *testing.T) {
					distorter.distort(by)
					timeout := time.Duration(0)
					if by.fault != nil {
						fault := *by.fault
						fault.ExactPath, fault.Times = acctest.AppsPath, -1
						if fault.Delay > 0 {
							timeout = 20 * time.Millisecond
						}
						c.Fail(fault)
						defer c.ClearFaults()
					}
					single, want := alone(t, timeout), undisturbed
					shared, err := newCallbacksWith(t, c, &sparkRTCProvider{courtesyBound: timeout}, nil)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := shared.Read(other); err != nil {
						t.Error(err)
					}
					expectListsAndReads(t, c, 0, 1, 0)
					for i := range 2 {
						got, err := shared.Read(stored)
						if err != nil {
							t.Fatal(err)
						}
						lists, reads := 1-i, 1
						if by.same && what == "unchanged" {
							reads = 0
						}
						if by.fault != nil && by.fault.Drop && i == 0 {
							// Go repeats it by itself on a connection that was used before.
							if l, r, _ := listsAndReads(c); l < 1 || l > 2 || r != 1 {
								t.Errorf("%d lists and %d reads", l, r)
							}
						} else {
							expectListsAndReads(t, c, lists, reads, 0)
						}
						if what == "gone" { // the plan of a create lists apps, too
							want = readAndPlanned(t, single, stored, config)
						}
						want.compare(t, shared, got, config)
						if reads == 0 && !bytes.Equal(got.Private, stored.Private) {
							t.Error("a read that asked nothing changed the private state")
						}
						c.ResetRequests()
					}
				})
			}
		})
	}
}

// outcome is what came of a read, and what is planned then.
type outcome struct {
	value   tftypes.Value
	planned string
}

func readAndPlanned(t *testing.T, core acctest.Resource, stored acctest.Object, config arguments) outcome {
	t.Helper()
	read, err := core.Read(stored)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{read.Value, planOf(core, read, config)}
}

func planOf(core acctest.Resource, prior acctest.Object, config arguments) string {
	plan, err := core.Plan(prior, config.value())
	return fmt.Sprintf("%s, %q, %v", plan.Action, withoutTwice(plan.Diagnostics.Warnings()), err)
}

// compare compares the outcome of a read by itself with that of another one.
func (want outcome) compare(t *testing.T, core acctest.Resource, got acctest.Object, config arguments) {
	t.Helper()
	if !got.Value.Equal(want.value) {
		t.Errorf("the state is %v, and read by itself %v", got.Value, want.value)
	}
	if planned := planOf(core, got, config); planned != want.planned {
		t.Errorf("planned is %s, and read by itself %s", planned, want.planned)
	}
}

// withoutTwice leaves out what is said because a test plans one app twice.
func withoutTwice(warnings []string) []string {
	return slices.DeleteFunc(slices.Clone(warnings), func(w string) bool {
		return strings.Contains(w, "Two resources set one callback") || strings.Contains(w, "will be overwritten")
	})
}

// newAppsClient is one of a server that answers lists.
func newAppsClient(t *testing.T, handler http.HandlerFunc) *sparkrtc.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := sparkrtc.New(sparkrtc.Config{Endpoint: server.URL, Credentials: transport.Credentials{Token: "t"}, Transport: transport.New(transport.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// The end of one caller ends its own wait, also of the caller that began the list. A
// list that no caller waits for ends, and no goroutine stays.
func TestListIsShared(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	asked, ended, respond := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{})
	client := newAppsClient(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-r.Context().Done():
			ended <- struct{}{}
		case <-respond:
			_, _ = io.WriteString(w, `{"count":1,"apps":[{"app_id":"a"}]}`)
		}
	})
	a := &apps{client: client, courtesy: client}
	a.anyRead.Store(true)
	type outcome struct {
		app *sparkrtc.App
		err error
	}
	read := func() (<-chan outcome, context.CancelFunc) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan outcome, 1)
		go func() {
			app, err := a.forRead(ctx, "a")
			done <- outcome{app, err}
		}()
		return done, stop
	}
	stopped := func(done <-chan outcome, stop context.CancelFunc) {
		t.Helper()
		stop()
		if got := <-done; got.app != nil || got.err != nil {
			t.Errorf("a stopped caller gets %+v", got)
		}
	}
	only, stopOnly := read()
	<-asked
	stopped(only, stopOnly)
	<-ended

	beginner, stopBeginner := read()
	<-asked
	waiter, stopWaiter := read()
	var others []<-chan outcome
	for range 20 {
		other, stop := read()
		defer stop()
		others = append(others, other)
	}
	for callers := 0; callers < 22; {
		a.mu.Lock()
		callers = a.latest.callers
		a.mu.Unlock()
	}
	stopped(waiter, stopWaiter)
	stopped(beginner, stopBeginner)
	close(respond)
	for _, other := range others {
		if got := <-other; got.err != nil || got.app == nil {
			t.Errorf("who waits gets %+v", got)
		}
	}
	if len(asked) > 0 || len(ended) > 0 {
		t.Errorf("%d more lists, %d of them stopped", len(asked), len(ended))
	}
	http.DefaultClient.CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		// A connection of each side may stay open, with some goroutines each.
		if now := runtime.NumGoroutine(); now <= goroutines+8 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, and %d before", now, goroutines)
		}
	}
}

// A read whose context ends while it waits says so, and makes no call.
func TestInterruptedWait(t *testing.T) {
	f := newCallbackSet(t, 2, emulator.Options{})
	core := f.core(nil)
	if _, err := core.Read(f.stored[0]); err != nil {
		t.Fatal(err)
	}
	f.Fail(emulator.Fault{ExactPath: acctest.AppsPath, Delay: time.Minute})
	f.ResetRequests()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	interrupted := core.WithContext(ctx)
	start := time.Now()
	_, err := interrupted.Read(f.stored[1])
	if !acctest.Reported(err) || !strings.Contains(err.Error(), appOf(1)) || time.Since(start) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	expectListsAndReads(t, f.Emulator, 1, 0, 0)
	// The one that comes next lists.
	if _, err := core.Read(f.stored[1]); err != nil {
		t.Error(err)
	}
	expectListsAndReads(t, f.Emulator, 1, 0, 0)
}

// A list that takes too long leaves half of a read's time to its own call.
func TestSlowListLeavesTimeForTheRead(t *testing.T) {
	synctest.Test(t, slowListLeavesTimeForTheRead)
}

func slowListLeavesTimeForTheRead(t *testing.T) {
	f := newCallbackSetOn(t, acctest.StartInBubble(t, emulator.Options{}), 12)
	core := f.core(nil)
	if _, err := core.Read(f.stored[0]); err != nil {
		t.Fatal(err)
	}
	f.Fail(emulator.Fault{ExactPath: acctest.AppsPath, Delay: time.Minute, Times: -1})
	f.ResetRequests()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	core = core.WithContext(ctx)
	var group sync.WaitGroup
	for i, state := range f.stored[1:] {
		group.Go(func() {
			if _, err := core.Read(state); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	group.Wait()
	expectListsAndReads(t, f.Emulator, 1, 11, 0)
}

// callbackSetConfig is a configuration of many callbacks.
func callbackSetConfig(n int) string {
	return fmt.Sprintf(`
resource "sparkrtc_record_callback" "test" {
  count    = %d
  app_id   = format("app-%%03d", count.index)
  url      = "https://recordings.example.com/${count.index}"
  auth_key = format("key-of-app-%%03d-0123456789abcdef0123", count.index)
}
`, n)
}

// What users see it cost: with the real CLI, each run a process.
func TestAccCLI_sharedReads(t *testing.T) {
	t.Parallel()
	const n = 20
	c := acctest.StartEmulator(t, emulator.Options{})
	for i := range n {
		c.AddApp(appOf(i))
	}
	r := newCLI(t, c, callbackSetConfig(n))
	r.Apply(t)
	c.ResetRequests()
	r.Apply(t)
	expectListsAndReads(t, c, 1, 1, 0)

	// One changed, one gone, one new: the new one may be planned, and the apps
	// listed for it, before the first read.
	c.SetCallback(appOf(n-1), "https://elsewhere.example.com/", "")
	c.ClearCallback(appOf(n - 2))
	c.AddApp(appOf(n))
	r.Write(t, callbackSetConfig(n+1))
	if out := r.Apply(t).Out(); !strings.Contains(out, "Plan: 2 to add, 1 to change, 0 to destroy.") {
		t.Errorf("planned is %s", out)
	}
	if lists, reads, others := listsAndReads(c); lists != 2 || reads < 2 || reads > 3 || others != 3 {
		t.Errorf("an apply: %d lists, %d reads, %d others", lists, reads, others)
	}

	// An import asks for itself.
	r.Must(t, 0, "state", "rm", "sparkrtc_record_callback.test[3]")
	r.Write(t, callbackSetConfig(n+1)+"\nimport {\n  to = sparkrtc_record_callback.test[3]\n  id = \"app-003\"\n}\n")
	if out := r.Plan(t, acctest.Changes).Out(); !strings.Contains(out, "1 to import, 0 to add") {
		t.Errorf("planned is %s", out)
	}
	if lists, reads, others := listsAndReads(c); lists != 1 || reads < 1 || reads > 2 || others != 0 {
		t.Errorf("with an import: %d lists, %d reads, %d others", lists, reads, others)
	}
}

// It can be switched off, in the block and in the environment.
func TestSharedReadsOff(t *testing.T) {
	t.Parallel()
	const n = 5
	for name, tc := range map[string]struct {
		block        any
		env          string
		lists, reads int
	}{
		"by default":                {nil, "", 1, 1},
		"off in the block":          {false, "", 0, n},
		"off in the environment":    {nil, "false", 0, n},
		"on in the block, off else": {true, "false", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newCallbackSet(t, n, emulator.Options{})
			callbacks, err := newCallbacksWith(t, f.Emulator, &sparkRTCProvider{environment: environmentOf("", "SPARKRTC_SHARED_READS="+tc.env)}, map[string]any{"shared_reads": tc.block})
			if err != nil {
				t.Fatal(err)
			}
			if got := f.refresh(callbacks, 10); !slices.Equal(got, f.except(nil)) {
				t.Errorf("planned is %v", got)
			}
			expectListsAndReads(t, f.Emulator, tc.lists, tc.reads, 0)
		})
	}
}

// Data sources show what is there now.
func TestDataSourcesReadTheirOwn(t *testing.T) {
	t.Parallel()
	f := newCallbackSet(t, 3, emulator.Options{})
	core := f.core(nil)
	if got := f.refresh(core, 1); !slices.Equal(got, f.except(nil)) {
		t.Errorf("planned is %v", got)
	}
	for i := range 3 {
		if _, _, err := core.ReadDataSource(callbackType, map[string]any{"app_id": appOf(i)}); err != nil {
			t.Error(err)
		}
	}
	expectListsAndReads(t, f.Emulator, 1, 1+3, 0)
}

// What a refresh costs, shared and one by one.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range []int{1, 20, 300} {
		f := newCallbackSet(b, n, emulator.Options{Clock: time.Now})
		for _, shared := range []bool{true, false} {
			b.Run(fmt.Sprintf("callbacks=%d/shared=%t", n, shared), func(b *testing.B) {
				calls := 0
				for b.Loop() {
					f.refresh(f.core(map[string]any{"shared_reads": shared}), 10)
					calls += len(f.Requests())
					f.ResetRequests()
				}
				b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
			})
		}
	}
}
