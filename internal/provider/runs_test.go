// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What the resources and data sources of one run share: calls, causes of errors, and
// what is theirs.

// ofAll runs something for each of a number of resources, ten at a time as Terraform does.
func ofAll(n int, run func(i int)) {
	slots := make(chan struct{}, 10)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			run(i)
		})
	}
	all.Wait()
}

// The timeout of a read ends no list that others wait for. If the list is there before
// the read's own call, it counts.
func TestShortTimeoutsShareTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, shortTimeoutsShareTheList)
}

func shortTimeoutsShareTheList(t *testing.T) {
	const n, short = 40, 9
	f := &callbackSet{Emulator: acctest.StartInBubble(t, emulator.Options{Clock: acctest.TickingClock()}), t: t}
	core := f.core(nil)
	for i := range n {
		f.AddApp(appOf(i))
		given := map[string]any{"app_id": appOf(i), "url": testURL}
		if i%4 == 1 && i/4 < short {
			given["timeouts"] = map[string]any{"read": "1s"}
		}
		plan, err := core.Plan(acctest.Object{}, core.ConfigOf(given))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := core.Apply(plan)
		if err != nil {
			t.Fatal(err)
		}
		f.stored = append(f.stored, stored)
	}
	core = f.core(nil)
	f.ResetRequests()
	read := func(i int) {
		if _, err := core.Read(f.stored[i]); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	f.Fail(emulator.Fault{Method: http.MethodGet, Times: -1, Delay: 600 * time.Millisecond})
	read(0)
	ofAll(n-1, func(i int) { read(i + 1) })
	if lists, reads, others := listsAndReads(f.Emulator); lists != 1 || reads > 1+short || others != 0 {
		t.Errorf("%d lists, %d reads, %d others", lists, reads, others)
	}
}

// Looking up whether the apps of new resources exist costs little, whatever comes of it.
func TestLookUpsOfNewResources(t *testing.T) {
	each := func(fault emulator.Fault) *emulator.Fault { fault.Path = acctest.AppsPath + "/"; return &fault }
	tests := map[string]struct {
		apps   int // of the project, the last of them with a callback
		from   int // the first app of a new resource
		new    int
		fault  *emulator.Fault
		calls  int
		errors int
		warned int
	}{
		"listed":                         {20, 0, 20, nil, 1, 0, 1},
		"missing":                        {0, 0, 20, nil, 1 + maxLookUps, maxLookUps, 0},
		"look-ups fail":                  {0, 0, 20, each(emulator.Fault{Status: 503}), 1 + 1 + courtesyRetries, 0, 1},
		"look-ups are forbidden":         {0, 0, 20, each(emulator.Fault{Status: 403, Code: "APIGW.0306"}), 1 + 1, 0, 0},
		"look-ups are unknown":           {0, 0, 20, each(emulator.Fault{Status: 404, Code: "APIGW.0101"}), 1 + 1, 0, 1},
		"the list fails":                 {20, 0, 20, &emulator.Fault{Status: 503}, 1 + courtesyRetries, 0, 1},
		"the list is forbidden":          {20, 0, 20, &emulator.Fault{Status: 403, Code: "APIGW.0306"}, 1, 0, 0},
		"the list is unknown":            {20, 0, 20, &emulator.Fault{Status: 404, Code: "RTC.00001003"}, 1, 0, 1},
		"all of a large project":         {2000, 0, 2000, nil, 1 + maxLookUps + 20 + 1, 0, 1},
		"some of a large project":        {2000, 2000 - maxLookUps, maxLookUps, nil, 1 + maxLookUps, 0, 1},
		"missing from a large project":   {2000, 2000, 20, nil, 1 + maxLookUps + 20 + 1, maxLookUps, 0},
		"look-ups fail, a large project": {2000, 1980, 20, each(emulator.Fault{Status: 503}), 1 + 1 + courtesyRetries, 0, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := acctest.StartEmulator(t, emulator.Options{})
			for i := range tc.apps {
				c.AddApp(appOf(i))
			}
			if tc.apps > 0 {
				c.SetCallback(appOf(tc.apps-1), testURL, "")
			}
			if tc.fault != nil {
				tc.fault.Times = -1
				c.Fail(*tc.fault)
			}
			core, err := newCallbacksWith(t, c, &sparkRTCProvider{}, map[string]any{"max_retries": 5})
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			failed, warned := 0, 0
			ofAll(tc.new, func(i int) {
				plan, err := core.Plan(acctest.Object{}, arguments{url: testURL}.on(appOf(tc.from+i)))
				mu.Lock()
				defer mu.Unlock()
				if warned += len(plan.Diagnostics.Warnings()); err != nil {
					failed++
				}
			})
			if calls := len(c.Requests()); calls != tc.calls || failed != tc.errors || warned != tc.warned {
				t.Errorf("%d calls, %d errors, %d warnings; want %d, %d, %d", calls, failed, warned, tc.calls, tc.errors, tc.warned)
			}
		})
	}
}

// An endpoint that can't be reached fails the plan of new resources, soon.
func TestPlanWithoutConnection(t *testing.T) {
	const closed = "http://127.0.0.1:1" // a free port could be taken by another test
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, endpoint := range map[string]string{
		"refused":      closed,
		"no such name": "https://sparkrtc.invalid",
		"untrusted":    untrusted.URL,
		"no TLS":       strings.Replace(plain.URL, "http://", "https://", 1),
	} {
		t.Run(name, func(t *testing.T) {
			c := acctest.StartEmulator(t, emulator.Options{})
			core, err := newCallbacksWith(t, c, &sparkRTCProvider{}, map[string]any{"max_retries": 5, "endpoint": endpoint})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				_, err := core.Plan(acctest.Object{}, arguments{url: testURL}.on(appOf(i)))
				if !acctest.Reported(err) || !strings.Contains(err.Error(), "No connection to the SparkRTC API") || !strings.Contains(err.Error(), appOf(i)) || strings.Contains(err.Error(), "6 attempts") {
					t.Errorf("%d: %v", i, err)
				}
			}
		})
	}
}

// A cause that many resources share is explained once, and is a line for each other one.
func TestSharedCauses(t *testing.T) {
	const n = 30
	f := newCallbackSet(t, n, emulator.Options{})
	tests := map[string]struct {
		settings map[string]any
		fault    *emulator.Fault
		explain  string
	}{
		"wrong key":      {map[string]any{"secret_key": "wrong"}, nil, "Check the secret key"},
		"no permission":  {nil, &emulator.Fault{Status: 403, Code: "APIGW.0306"}, "Grant their IAM user"},
		"server error":   {nil, &emulator.Fault{Status: 503}, "Try again later"},
		"no credentials": {map[string]any{"access_key": nil, "secret_key": nil, "user_name": "unknown", "password": "wrong", "domain_name": emulator.DefaultDomainName, "auth_url": f.Endpoint}, nil, "Found: "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f.ClearFaults()
			if tc.fault != nil {
				tc.fault.Times = -1
				f.Fail(*tc.fault)
			}
			core := f.core(tc.settings)
			explained, summaries := 0, map[string]bool{}
			for i := range n {
				_, err := core.Read(f.stored[i])
				var reported *acctest.DiagnosticsError
				if !errors.As(err, &reported) || len(reported.Diagnostics) != 1 {
					t.Fatalf("%d: %v", i, err)
				}
				d := reported.Diagnostics[0]
				summaries[d.Summary] = true
				if strings.Contains(d.Detail, tc.explain) {
					explained++
				} else if strings.Contains(d.Detail, "\n") || !strings.Contains(d.Detail, `"`+appOf(i)+`" could not be read. The error about the recording callback of app "`+appOf(0)+`"`) {
					t.Errorf("%d: %s", i, d.Detail)
				}
			}
			if explained != 1 || len(summaries) != 1 {
				t.Errorf("explained %d times, with the summaries %v", explained, summaries)
			}
		})
	}
}

// Another cause under the same advice is a line that says what happened.
func TestExplainedOnce(t *testing.T) {
	d := new(providerData)
	const a = "The recording callback of app \"a\" could not be set: HTTP 400, one.\n\nCheck it."
	for i, tc := range []struct{ app, happened, explanation, want string }{
		{"a", "HTTP 400, one", "Check it.", a},
		{"b", "HTTP 400, one", "Check it.", `The recording callback of app "b" could not be set. The error about the recording callback of app "a" says what to do.`},
		{"c", "HTTP 400, two", "Check it.", `The recording callback of app "c" could not be set: HTTP 400, two. The error about the recording callback of app "a" says what to do.`},
		{"d", "HTTP 400, one", "Wait.", "The recording callback of app \"d\" could not be set: HTTP 400, one.\n\nWait."},
		{"a", "HTTP 400, one", "Check it.", a},
	} {
		if got, _ := d.explain(callbackOf(tc.app), "could not be set", tc.happened, tc.explanation); got != tc.want {
			t.Errorf("%d: %q, want %q", i, got, tc.want)
		}
	}
}

// Data sources share one list, with each other and with reads. It is as new as the last
// write, and one that failed is made again with all retries.
func TestDataSourcesShareTheList(t *testing.T) {
	f := newCallbackSet(t, 30, emulator.Options{})
	readAll := func(core acctest.Resource) {
		t.Helper()
		ofAll(len(f.stored), func(i int) {
			if apps, err := readCallbacks(core, map[string]any{"app_name": appOf(i)}); err != nil || len(apps) != 1 {
				t.Errorf("%d: %v, %v", i, apps, err)
			}
		})
	}
	core := f.core(nil)
	readAll(core)
	f.refresh(core, 10)
	expectListsAndReads(t, f.Emulator, 1, 0, 0)

	changed := f.config[3]
	changed.url += "/new"
	plan, err := core.Plan(f.stored[3], changed.on(appOf(3)))
	if err != nil {
		t.Fatal(err)
	}
	if f.stored[3], err = core.Apply(plan); err != nil {
		t.Fatal(err)
	}
	f.ResetRequests()
	readAll(core)
	if apps, err := readCallbacks(core, map[string]any{"url_prefix": changed.url}); err != nil || len(apps) != 1 {
		t.Errorf("after the write: %v, %v", apps, err)
	}
	expectListsAndReads(t, f.Emulator, 1, 0, 0)

	core = f.core(map[string]any{"max_retries": 5})
	f.Fail(emulator.Fault{ExactPath: acctest.AppsPath, Status: 503, Times: 1 + courtesyRetries + 1})
	for _, stored := range f.stored[:2] {
		if _, err := core.Read(stored); err != nil {
			t.Fatal(err)
		}
	}
	expectListsAndReads(t, f.Emulator, 1+courtesyRetries, 2, 0)
	readAll(core)
	expectListsAndReads(t, f.Emulator, 2, 0, 0)
}

// A data source that is interrupted says so.
func TestInterruptedDataSource(t *testing.T) {
	f := newCallbackSet(t, 1, emulator.Options{})
	f.Fail(emulator.Fault{Delay: time.Minute})
	core := f.core(nil)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := readCallbacks(core.WithContext(ctx), nil); !acctest.Reported(err) || !strings.Contains(err.Error(), "Interrupted: The apps could not be listed") {
		t.Errorf("got %v", err)
	}
	if _, err := readCallbacks(core, nil); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// An app that is not on a complete list is an error of the data source.
func TestDataSourceOfAMissingApp(t *testing.T) {
	for _, unset := range emulator.Unsets {
		for name, tc := range map[string]struct {
			app    string
			others int
			fault  *emulator.Fault
			exists bool
		}{
			"without a callback": {testApp, 0, nil, true},
			"missing":            {"mistyped", 0, nil, false},
			"not listed":         {"mistyped", 0, &emulator.Fault{ExactPath: acctest.AppsPath, Status: 403, Code: "APIGW.0306"}, true},
			"large project":      {"mistyped", 1000, nil, true},
		} {
			t.Run(fmt.Sprint(unset, " ", name), func(t *testing.T) {
				c := acctest.StartEmulator(t, emulator.Options{Unset: unset}, testApp)
				for i := range tc.others {
					c.AddApp(appOf(i))
				}
				if tc.fault != nil {
					c.Fail(*tc.fault)
				}
				core, err := newCallbacks(t, c)
				if err != nil {
					t.Fatal(err)
				}
				state, _, err := core.ReadDataSource(callbackType, map[string]any{"app_id": tc.app})
				switch {
				case tc.exists && (err != nil || !state["configured"].Equal(tftypes.NewValue(tftypes.Bool, false))):
					t.Errorf("got %v, %v", state, err)
				case !tc.exists && (!acctest.Reported(err) || !strings.Contains(err.Error(), "SparkRTC app not found") || !strings.Contains(err.Error(), tc.app)):
					t.Errorf("got %v, %v", state, err)
				}
			})
		}
	}
}

// Of many imports, those of apps without a callback are named, in each form.
func TestImportOfAppsWithoutCallback(t *testing.T) {
	f := newCallbackSet(t, 30, emulator.Options{})
	without := []int{7, 19}
	for _, i := range without {
		f.ClearCallback(appOf(i))
	}
	for name, load := range map[string]func(acctest.Resource, string) (acctest.Object, error){
		"by ID": acctest.Resource.ImportState,
		"by identity": func(core acctest.Resource, app string) (acctest.Object, error) {
			return core.ImportIdentity(map[string]any{"app_id": app})
		},
	} {
		core := f.core(nil)
		for i := range f.stored {
			imported, err := load(core, appOf(i))
			if err != nil {
				t.Fatal(err)
			}
			_, err = core.Read(imported)
			missing := acctest.Reported(err) && strings.Contains(err.Error(), "Recording callback does not exist") &&
				strings.Contains(err.Error(), `"`+appOf(i)+`"`) && strings.Contains(err.Error(), "Remove this import")
			if missing != slices.Contains(without, i) || !missing && err != nil {
				t.Errorf("%s, %d: %v", name, i, err)
			}
		}
	}
}

// A plan keeps the events. What a write, or anyone, makes of them is taken in by the next
// read, which plans nothing.
func TestPlannedEvents(t *testing.T) {
	const attribute = "notify_event_subscription"
	f := newCallbackSet(t, 2, emulator.Options{})
	changed := f.config[0]
	for round, events := range [][]string{nil, {"RTC_USER_ROLE_CHANGED"}, {}, {"RECORD_FILE_COMPLETE", "RECORD_NEW_FILE_START"}} {
		changed.url += "/x"
		stored, err := f.core(nil).Read(f.stored[0])
		if err != nil {
			t.Fatal(err)
		}
		plan, err := f.core(nil).Plan(stored, changed.on(appOf(0)))
		if err != nil {
			t.Fatal(err)
		}
		before, planned := acctest.AttributesOf(stored.Value), acctest.AttributesOf(plan.Planned.Value)
		if plan.Action != acctest.ActionUpdate || !planned[attribute].Equal(before[attribute]) || planned["update_time"].IsKnown() {
			t.Errorf("round %d: planned is %s %v", round, plan.Action, plan.Planned.Value)
		}
		if events != nil {
			f.SetEvents(appOf(0), events...) // the response of the write shows them
		}
		if f.stored[0], err = f.core(nil).Apply(plan); err != nil {
			t.Fatal(err)
		}
		if !acctest.AttributesOf(f.stored[0].Value)[attribute].Equal(before[attribute]) {
			t.Errorf("round %d: applied is %v", round, f.stored[0].Value)
		}
		core := f.core(nil)
		if _, err := core.Read(f.stored[1]); err != nil { // so that the next one looks at the list
			t.Fatal(err)
		}
		read, err := core.Read(f.stored[0])
		if err != nil {
			t.Fatal(err)
		}
		var shown []tftypes.Value
		if err := acctest.AttributesOf(read.Value)[attribute].As(&shown); err != nil || events != nil && len(shown) != len(events) {
			t.Errorf("round %d: read is %v, %v", round, shown, err)
		}
		if plan, err := core.Plan(read, changed.on(appOf(0))); err != nil || plan.Action != acctest.ActionNone {
			t.Errorf("round %d: planned is %s, %v", round, plan.Action, err)
		}
	}
}

// A create over a callback that a read in the same process showed to be its own, as of a
// tainted resource, warns of nothing but a key that it loses.
func TestCreateOverItsOwnCallback(t *testing.T) {
	overwrites, losesKey := callbackWords[callback.Overwrites].summary, callbackWords[callback.LosesKey].summary
	tests := []struct {
		name      string
		read      bool
		elsewhere bool // changed outside before the read
		losesKey  bool
		want      []string
	}{
		{"tainted", true, false, false, nil},
		{"tainted, loses its key", true, false, true, []string{losesKey}},
		{"tainted, changed outside", true, true, false, []string{overwrites}},
		{"not read", false, false, false, []string{overwrites}},
	}
	for _, listed := range []bool{false, true} {
		f := newCallbackSet(t, len(tests)+1, emulator.Options{})
		for i, tc := range tests {
			core := f.core(nil)
			if listed { // the second read looks at the list
				if _, err := core.Read(f.stored[len(tests)]); err != nil {
					t.Fatal(err)
				}
			}
			if tc.elsewhere {
				f.SetCallback(appOf(i), "https://elsewhere.example.com/", f.config[i].key)
			}
			if tc.read {
				if _, err := core.Read(f.stored[i]); err != nil {
					t.Fatal(err)
				}
			}
			config := f.config[i]
			if tc.losesKey {
				config.key = ""
			}
			plan, err := core.Plan(acctest.Object{}, config.on(appOf(i)))
			if got := plan.Diagnostics.Warnings(); err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("%s, listed %t: %q, %v; want %q", tc.name, listed, got, err, tc.want)
			}
		}
	}
}

// A destroy is warned of by the plan, and not again by an apply that has written.
func TestDestroyIsWarnedOfOnce(t *testing.T) {
	f := newCallbackSet(t, 2, emulator.Options{})
	core := f.core(nil)
	stays := []string{callbackWords[callback.StaysInPlace].summary}
	for i, want := range [][]string{stays, nil} {
		diagnostics, err := core.Destroy(f.stored[i])
		if got := diagnostics.Warnings(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d: %q, %v; want %q", i, got, err, want)
		}
	}
}
