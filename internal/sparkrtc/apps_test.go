// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func TestListApps(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 1: 1, 99: 1, 100: 1, 101: 2, 250: 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			server := emulator.New(emulator.Options{})
			for i := range n {
				server.AddApp(fmt.Sprintf("app-%d", i))
			}
			if n > 0 {
				server.SetCallback(fmt.Sprintf("app-%d", n-1), "https://example.com/cb", testKey)
			}
			listener := httptest.NewServer(server)
			t.Cleanup(func() { server.Close(); listener.Close() })
			client := newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })
			apps, err := client.ListApps(t.Context())
			// A last page that is full may be followed by another one.
			if errors.Is(err, ErrIncomplete) != (n == appsPage) || err != nil && n != appsPage || len(apps) != n {
				t.Fatalf("%d apps, %v", len(apps), err)
			}
			seen := map[string]bool{}
			for i, app := range apps {
				seen[app.ID] = true
				if callback := app.Callbacks.RecordCallback; (callback != nil) != (i == n-1) || i == n-1 && callback.URL != "https://example.com/cb" {
					t.Errorf("callback of %s: %+v", app.ID, callback)
				}
			}
			if len(seen) != n {
				t.Errorf("%d different apps of %d", len(seen), n)
			}
			if got := len(server.Requests()); got != calls {
				t.Errorf("%d calls, want %d", got, calls)
			}
		})
	}
}

// fullPage is a page of as many apps as there can be, from app-START on.
func fullPage(count, start int) string {
	var apps []string
	for i := range appsPage {
		apps = append(apps, fmt.Sprintf(`{"app_id":"app-%d"}`, start+i))
	}
	return fmt.Sprintf(`{"count":%d,"apps":[%s]}`, count, strings.Join(apps, ","))
}

// A listing that never comes to an end, or counts what it doesn't have.
func TestListAppsThatMakesNoSense(t *testing.T) {
	empty := `{"count":1000,"apps":[{}` + strings.Repeat(`,{}`, appsPage-1) + `]}`
	endless := make([]string, 2*maxAppsPages)
	uncounted, overlapping := slices.Clone(endless), slices.Clone(endless)
	for i := range endless {
		endless[i] = fullPage(1000, i*appsPage)
		uncounted[i] = strings.Replace(fullPage(0, i*appsPage), `"count":0`, `"count":"many"`, 1)
		overlapping[i] = fullPage(0, i*appsPage/2)
	}
	tests := map[string]struct {
		pages []string // the last of them again and again
		calls int32
		apps  int

		complete bool
	}{
		"pages without end":             {endless, maxAppsPages, maxAppsPages * appsPage, false},
		"pages without end or count":    {uncounted, maxAppsPages, maxAppsPages * appsPage, false},
		"pages that overlap":            {overlapping, maxAppsPages, (maxAppsPages + 1) * appsPage / 2, false},
		"too many to be worth it":       {[]string{fullPage(1001, 0)}, 1, appsPage, false},
		"as many as there may be":       {[]string{fullPage(1000, 0), fullPage(1000, 100), `{"count":1000,"apps":[]}`}, 3, 200, false},
		"one page whatever is asked":    {[]string{fullPage(300, 0)}, 2, appsPage, false},
		"a page of nothing":             {[]string{empty}, 1, 0, false},
		"more counted than there are":   {[]string{`{"count":500,"apps":[]}`}, 1, 0, false},
		"fewer counted than there are":  {[]string{fullPage(50, 0)}, 1, appsPage, false},
		"no list":                       {[]string{`{}`}, 1, 0, false},
		"less than nothing":             {[]string{`{"count":-1,"apps":null}`}, 1, 0, false},
		"apps without a name":           {[]string{`{"apps":[{"callbacks":null},null]}`}, 1, 0, false},
		"one of another type":           {[]string{`{"count":3,"apps":[{"app_id":"a"},{"app_id":"b","callbacks":{"record_callback":7}},"c"]}`}, 1, 1, false},
		"name of another type":          {[]string{`{"apps":[{"app_id":"a"},{"app_id":7}]}`}, 1, 1, false},
		"one shown twice":               {[]string{`{"apps":[{"app_id":"a"},{"app_id":"a"}]}`}, 1, 1, true},
		"one shown in two ways":         {[]string{`{"apps":[{"app_id":"a"},{"app_id":"b"},{"app_id":"a","callbacks":{}}]}`}, 1, 1, false},
		"one in two ways, on two pages": {[]string{fullPage(0, 0), `{"apps":[{"app_id":"app-7","callbacks":{}},{"app_id":"other"}]}`}, 2, appsPage, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var s *server
			s = serve(t, func(w http.ResponseWriter, r *http.Request) {
				page := min(int(s.calls.Load()), len(tc.pages)) - 1
				respond(200, tc.pages[page])(w, r)
			})
			apps, err := newClient(t, s.URL).ListApps(t.Context())
			if errors.Is(err, ErrIncomplete) == tc.complete || tc.complete && err != nil || s.calls.Load() != tc.calls || len(apps) != tc.apps {
				t.Errorf("%d calls, %d apps, %v; want %d and %d, complete: %t", s.calls.Load(), len(apps), err, tc.calls, tc.apps, tc.complete)
			}
		})
	}
	for _, body := range []string{`{"error_code":"APIGW.0101"}`, `{"apps":{}}`, `<html>`, `{"apps":[{"app_id":7}]}`, `{"apps":["a","b"]}`} {
		s := serve(t, respond(200, body))
		apps, err := newClient(t, s.URL).ListApps(t.Context())
		if e := asError(t, err); e.Reason != ReasonInvalidAnswer || e.Operation != "ListApps" || len(apps) > 0 {
			t.Errorf("%s: %d apps, %v", body, len(apps), err)
		}
	}
}

func TestListAllApps(t *testing.T) {
	server := emulator.New(emulator.Options{})
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	client := newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })
	for i := range 1250 {
		server.AddApp(fmt.Sprintf("app-%d", i))
	}
	server.NameApp("app-7", "Seven")
	server.DeactivateApp("app-7")
	apps, err := client.ListAllApps(t.Context())
	if err != nil || len(apps) != 1250 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	if app := apps[7]; app.ID != "app-7" || app.Name != "Seven" || app.State != AppDeactivated {
		t.Errorf("the stopped app is %+v", app)
	}
	if app := apps[8]; app.Name != "app-8" || app.State != AppActive {
		t.Errorf("another one is %+v", app)
	}
	if got := len(server.Requests()); got != 13 {
		t.Errorf("%d calls, want 13", got)
	}
}

// What a list leaves out has to be noticed: a caller that takes it for all would drop
// what is not on it.
func TestListAllAppsIncomplete(t *testing.T) {
	few := func(count int, apps ...string) string {
		return fmt.Sprintf(`{"count":%d,"apps":[%s]}`, count, strings.Join(apps, ","))
	}
	one, two := `{"app_id":"one","app_name":3,"state":"on"}`, `{"app_id":"two"}`
	tests := map[string]struct {
		pages    []string // the last of them again and again
		apps     int
		complete bool
	}{
		"none":                            {[]string{few(0)}, 0, true},
		"all":                             {[]string{few(2, one, two)}, 2, true},
		"counted too few":                 {[]string{few(1, one, two)}, 2, true},
		"not counted":                     {[]string{`{"apps":[` + one + `]}`}, 1, true},
		"pages that are smaller":          {[]string{few(2, one), few(2, two)}, 2, true},
		"one goes meanwhile":              {[]string{fullPage(101, 0), few(100, `{"app_id":"new"}`)}, appsPage + 1, true},
		"one goes, and another is missed": {[]string{fullPage(101, 0), few(100)}, appsPage, false},
		"fewer than counted":              {[]string{few(3, one, two), few(3)}, 2, false},
		"the same page again":             {[]string{fullPage(200, 0)}, appsPage, false},
		"the same page, of all":           {[]string{fullPage(100, 0)}, appsPage, true},
		"a page's own count":              {[]string{fullPage(100, 0), fullPage(100, 100), few(0)}, 2 * appsPage, true},
		"one without an ID":               {[]string{few(2, one, `{}`)}, 1, false},
		"one that makes no sense":         {[]string{few(2, one, `{"app_id":"two","callbacks":7}`)}, 1, false},
		"one that is shown in two ways":   {[]string{few(3, one, two, `{"app_id":"two","app_name":"Two"}`)}, 1, false},
		"one that is shown twice":         {[]string{few(2, one, two, two)}, 2, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var s *server
			s = serve(t, func(w http.ResponseWriter, r *http.Request) {
				respond(200, tc.pages[min(int(s.calls.Load()), len(tc.pages))-1])(w, r)
			})
			apps, err := newClient(t, s.URL).ListAllApps(t.Context())
			if len(apps) != tc.apps || errors.Is(err, ErrIncomplete) == tc.complete || tc.complete && err != nil {
				t.Errorf("%d apps, want %d; %v, want it complete: %t", len(apps), tc.apps, err, tc.complete)
			}
		})
	}
}

// What the pages before a failure have is not lost.
func TestListAppsFailsOnALaterPage(t *testing.T) {
	var s *server
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if s.calls.Load() == 1 {
			respond(200, fullPage(300, 0))(w, r)
			return
		}
		respond(403, `{"error_code":"APIGW.0306"}`)(w, r)
	})
	apps, err := newClient(t, s.URL).ListApps(t.Context())
	if e := asError(t, err); e.Reason != ReasonAccessDenied || len(apps) != appsPage || s.calls.Load() != 2 {
		t.Errorf("%d apps in %d calls, %v", len(apps), s.calls.Load(), err)
	}
}

// Whatever the pages are: no panic, no app twice, and none with another's
// callback.
func FuzzListing(f *testing.F) {
	for _, page := range []string{
		`{}`, `null`, `{"apps":[]}`, `{"count":2,"apps":[{"app_id":"a","callbacks":{"record_callback":{"url":"https://a","auth_key":"k"}}},{"app_id":"b"}]}`,
		`{"apps":[{"app_id":"a"},{"app_id":"a","callbacks":{"record_callback":{"url":"https://b"}}}]}`,
		`{"apps":[{"app_id":"a","callbacks":{"record_callback":{"url":7}}},{"app_id":"a"},null,7,[],""]}`,
		`{"count":1e99,"apps":[{"app_id":"a","APP_ID":"b"}]}`, `{"apps":{}}`,
	} {
		f.Add(page, page)
		f.Add(page, `{"apps":[{"app_id":"a","callbacks":{"record_callback":{"url":"https://a"}}}]}`)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		var list listing
		var raws []json.RawMessage
		for _, page := range []string{one, two} {
			var answer appsResult
			if json.Unmarshal([]byte(page), &answer) != nil || answer.check(call{}) != nil {
				continue
			}
			list.add(answer)
			raws = append(raws, answer.Apps...)
		}
		seen := map[string]bool{}
		for _, app := range list.apps() {
			if app.ID == "" || seen[app.ID] {
				t.Errorf("app %q is there twice, or has no name", app.ID)
			}
			seen[app.ID] = true
			// Decoded alone, an app of this name has this callback.
			found := false
			for _, raw := range raws {
				var alone App
				err := json.Unmarshal(raw, &alone)
				if alone.ID != app.ID {
					continue
				}
				found = true
				if err != nil || !reflect.DeepEqual(alone, app) {
					t.Errorf("app %q is %+v, and %s says otherwise: %v", app.ID, app, raw, err)
				}
			}
			if !found {
				t.Errorf("app %q is on no page", app.ID)
			}
		}
	})
}

func TestShowApp(t *testing.T) {
	server := emulator.New(emulator.Options{})
	server.SetCallback(testApp, "https://example.com/cb", testKey)
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	client := newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })

	app, err := client.ShowApp(t.Context(), testApp)
	if err != nil || app.ID != testApp || app.Callbacks.RecordCallback.URL != "https://example.com/cb" {
		t.Errorf("got %+v, %v", app, err)
	}
	_, err = client.ShowApp(t.Context(), "other")
	if e := asError(t, err); e.Reason != ReasonNotFound || !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	_, err = newClient(t, serve(t, respond(200, `{}`)).URL).ShowApp(t.Context(), testApp)
	if e := asError(t, err); e.Reason != ReasonInvalidAnswer {
		t.Errorf("of a response without an app: %v", err)
	}
	_, err = client.ShowApp(t.Context(), "")
	if e := asError(t, err); e.Reason != ReasonInvalidRequest {
		t.Errorf("got %v", err)
	}
}
