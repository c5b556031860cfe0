// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestUpdateAndShow(t *testing.T) {
	f := start(t, Options{})
	f.clock.move(75 * time.Millisecond)
	put := f.put(`{"url":"http://mydomain.com/callback?a=1&b=<2>","auth_key":"` + testKey + `","unknown":[1]}`)
	get := f.get(testPath)
	for name, r := range map[string]reply{"PUT": put, "GET": get} {
		want := `{"app_id":"` + testApp + `","record_callback":{"url":"http://mydomain.com/callback?a=1&b=<2>",` +
			`"auth_key":"` + testKey + `","notify_event_subscription":["RECORD_NEW_FILE_START","RECORD_FILE_COMPLETE"],` +
			`"update_time":"2026-01-01T00:00:00.075Z"}}`
		if r.status != 200 || string(r.body) != want {
			t.Errorf("%s: got %d %s\nwant %s", name, r.status, r.body, want)
		}
		if got := r.header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: Content-Type %q", name, got)
		}
	}
	if a, b := put.header.Get("X-Request-Id"), get.header.Get("X-Request-Id"); len(a) != 32 || len(b) != 32 || a == b {
		t.Errorf("request ids %q and %q", a, b)
	}
	c, ok := f.Callback(testApp)
	if !ok || c.URL != "http://mydomain.com/callback?a=1&b=<2>" || c.AuthKey != testKey ||
		!c.UpdateTime.Equal(testTime.Add(75*time.Millisecond)) ||
		!slices.Equal(c.Events, []string{"RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"}) {
		t.Errorf("the callback is %+v, %v", c, ok)
	}
}

func TestUpdateErrors(t *testing.T) {
	const (
		sound     = `{"url":"https://example.com"}`
		malformed = "MalformedRequestBody: json parsing failed"
	)
	tests := map[string]struct {
		app     string // testApp by default
		body    string
		status  int
		code    string
		message string
	}{
		"no body":            {"", "", 400, "RTC.00001002", malformed},
		"not JSON":           {"", "url=https://example.com", 400, "RTC.00001002", malformed},
		"null":               {"", "null", 400, "RTC.00001002", malformed},
		"array":              {"", "[]", 400, "RTC.00001002", malformed},
		"two objects":        {"", sound + sound, 400, "RTC.00001002", malformed},
		"cut":                {"", sound[:len(sound)-1], 400, "RTC.00001002", malformed},
		"number for url":     {"", `{"url":1}`, 400, "RTC.00001002", malformed},
		"number for a key":   {"", `{"url":"https://example.com","auth_key":1}`, 400, "RTC.00001002", malformed},
		"object for a key":   {"", `{"url":"https://example.com","auth_key":{}}`, 400, "RTC.00001002", malformed},
		"no url":             {"", `{"auth_key":"k"}`, 400, "RTC.00001005", "MissingParameter"},
		"null for url":       {"", `{"url":null}`, 400, "RTC.00001005", "MissingParameter"},
		"url in capitals":    {"", `{"URL":"https://example.com"}`, 400, "RTC.00001005", "MissingParameter"},
		"empty url":          {"", `{"url":""}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"relative url":       {"", `{"url":"/callback"}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"another scheme":     {"", `{"url":"ftp://example.com"}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"no host":            {"", `{"url":"https://"}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"a port and no host": {"", `{"url":"https://:443/x"}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"not a url":          {"", `{"url":"https://exa mple.com"}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"unreachable":        {"", `{"url":"https://down.example.com"}`, 400, "RTC.00001018", "URL unavailable: The callback URL is unavailable"},
		"missing app":        {"missing", sound, 404, "RTC.00001003", "InvalidParameterValue"},
		"stopped app":        {"stopped", sound, 400, "RTC.00001016", "AppDeactivation"},

		// The order of the checks.
		"missing app, not JSON":     {"missing", `{`, 400, "RTC.00001002", ""},
		"missing app, no url":       {"missing", `{}`, 404, "RTC.00001003", ""},
		"stopped app, invalid url":  {"stopped", `{"url":"x"}`, 400, "RTC.00001016", ""},
		"unreachable, refused key":  {"", `{"url":"https://down.example.com","auth_key":""}`, 400, "RTC.00001018", ""},
		"refused key":               {"", `{"url":"https://example.com","auth_key":""}`, 400, "RTC.00001003", "InvalidParameterValue"},
		"invalid url, number a key": {"", `{"url":"x","auth_key":1}`, 400, "RTC.00001002", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{EmptyKey: EmptyRefused})
			f.SetCallback(testApp, "https://example.com/before", "before")
			f.SetCallback("stopped", "https://example.com/before", "before")
			f.DeactivateApp("stopped")
			f.SetUnreachable("https://down.example.com")
			before, _ := f.Callback(testApp)

			id := tc.app
			if id == "" {
				id = testApp
			}
			r := f.send(f.request("PUT", "/v2/apps/"+id+"/record-callback", tc.body))
			r.wantError(t, tc.status, tc.code, tc.message)
			if after, _ := f.Callback(testApp); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("it took effect: %+v", after)
			}
			if _, ok := f.Callback("missing"); ok {
				t.Error("the app was made")
			}
			if entry := f.logged(); entry.Status != tc.status || entry.Code != tc.code || !entry.Authenticated {
				t.Errorf("logged %+v", entry)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	for contentType, good := range map[string]bool{
		"application/json":                  true,
		"application/json; charset=utf-8":   true,
		"Application/JSON":                  true,
		"":                                  false,
		"text/plain":                        false,
		"application/jsonx":                 false,
		"application/x-www-form-urlencoded": false,
	} {
		for _, method := range []string{"GET", "PUT"} {
			req := f.request(method, testPath, `{"url":"https://example.com"}`)
			req.Header.Del("Content-Type")
			if contentType != "" {
				req.Header.Set("Content-Type", contentType)
			}
			r := f.send(req)
			if good {
				r.callback(t)
			} else {
				r.wantError(t, 400, "RTC.00001002", "MalformedRequestBody: Content-Type is not application/json")
			}
		}
	}
}

func TestKeyEcho(t *testing.T) {
	hex16 := regexp.MustCompile(`^[0-9a-f]{16}$`)
	tests := map[KeyEcho]struct {
		long, short any // of testKey and of "kéy"; nil: left out
	}{
		EchoExact:     {testKey, "kéy"},
		EchoTruncated: {testKey[:16], "kéy"},
		EchoMasked:    {"******", "******"},
		EchoPartial:   {"****f453", "****"},
		EchoHashed:    {hexSHA256([]byte(testKey))[:16], hexSHA256([]byte("kéy"))[:16]},
		EchoRandom:    {hex16, hex16},
		EchoAbsent:    {nil, nil},
		EchoEmpty:     {"", ""},
	}
	if len(tests) != len(KeyEchoes) {
		t.Errorf("%d modes are tested, there are %d", len(tests), len(KeyEchoes))
	}
	for _, mode := range KeyEchoes {
		t.Run(string(mode), func(t *testing.T) {
			f := start(t, Options{KeyEcho: mode})
			check := func(what string, callback map[string]any, want any) any {
				t.Helper()
				got, has := callback["auth_key"]
				switch want := want.(type) {
				case nil:
					if has {
						t.Errorf("%s: auth_key is %v, want none", what, got)
					}
				case *regexp.Regexp:
					if s, _ := got.(string); !want.MatchString(s) {
						t.Errorf("%s: auth_key is %v, want %s", what, got, want)
					}
				default:
					if got != want {
						t.Errorf("%s: auth_key is %v, want %v", what, got, want)
					}
				}
				return got
			}
			for key, want := range map[string]any{testKey: tests[mode].long, "kéy": tests[mode].short} {
				put := check("PUT", f.put(`{"url":"https://example.com","auth_key":"`+key+`"}`).callback(t), want)
				get := check("GET", f.get(testPath).callback(t), want)
				list := f.get("/v2/apps").json(t)["apps"].([]any)[0].(map[string]any)["callbacks"].(map[string]any)
				listed := check("list", list["record_callback"].(map[string]any), want)
				shown := f.get("/v2/apps/" + testApp).json(t)["callbacks"].(map[string]any)
				check("show", shown["record_callback"].(map[string]any), want)
				if put != get || put != listed {
					t.Errorf("PUT showed %v, GET %v, the list %v", put, get, listed)
				}
				if c, _ := f.Callback(testApp); c.AuthKey != key {
					t.Errorf("the key is %q", c.AuthKey)
				}
			}
			none := any("")
			if mode == EchoAbsent {
				none = nil
			}
			check("PUT without a key", f.put(`{"url":"https://example.com"}`).callback(t), none)
			check("GET without a key", f.get(testPath).callback(t), none)
		})
	}
}

// The list may show a callback otherwise than a read of it does.
func TestListEcho(t *testing.T) {
	tests := map[string]struct {
		options Options
		want    map[string]any // nil: left out
	}{
		"as a PUT":       {Options{KeyEcho: EchoMasked}, map[string]any{"auth_key": "******"}},
		"as a read":      {Options{ReadKeyEcho: EchoMasked, ReadURLEcho: URLOrigin}, map[string]any{"auth_key": "******", "url": "https://example.com"}},
		"in its own way": {Options{ReadKeyEcho: EchoMasked, ListKeyEcho: EchoTruncated, ListURLEcho: URLOrigin, ListTimeEcho: TimeAbsent}, map[string]any{"auth_key": testKey[:16], "url": "https://example.com", "update_time": ""}},
		"without events": {Options{ListNoEvents: true}, map[string]any{"notify_event_subscription": nil, "auth_key": testKey}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.options)
			f.put(`{"url":"https://example.com/path","auth_key":"` + testKey + `"}`)
			shown := f.get("/v2/apps").json(t)["apps"].([]any)[0].(map[string]any)["callbacks"].(map[string]any)["record_callback"].(map[string]any)
			for name, want := range tc.want {
				if got := shown[name]; got != want {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			if events := f.get(testPath).callback(t)["notify_event_subscription"]; events == nil {
				t.Error("a read has no events")
			}
		})
	}
}

func TestRandomEchoIsDrawnAtEachPut(t *testing.T) {
	f := start(t, Options{KeyEcho: EchoRandom})
	const body = `{"url":"https://example.com","auth_key":"` + testKey + `"}`
	first := f.put(body).callback(t)["auth_key"]
	if again := f.get(testPath).callback(t)["auth_key"]; again != first {
		t.Errorf("a GET showed %v after %v", again, first)
	}
	if second := f.put(body).callback(t)["auth_key"]; second == first {
		t.Errorf("two PUTs showed %v", first)
	}
}

func TestURLEcho(t *testing.T) {
	tests := map[URLEcho]map[string]string{
		URLExact: {
			"HTTPS://User@Example.COM:8443/Path?Q=1#F": "HTTPS://User@Example.COM:8443/Path?Q=1#F",
		},
		URLOrigin: {
			"http://mydomain.com/callback":                    "http://mydomain.com",
			"HTTPS://User:P@Example.COM:8443/Path?Q=http://x": "HTTPS://Example.COM:8443",
			"https://example.com?q":                           "https://example.com",
			"https://example.com":                             "https://example.com",
		},
		URLLowercase: {
			"HTTPS://User:P@Example.COM:8443/Path?Q=1#F": "https://User:P@example.com:8443/Path?Q=1#F",
			"https://Example.com":                        "https://example.com",
		},
		URLSlash: {
			"https://example.com":        "https://example.com/",
			"https://example.com?q=/":    "https://example.com/?q=/",
			"https://example.com/a":      "https://example.com/a",
			"https://User@Example.com#f": "https://User@Example.com/#f",
		},
	}
	if len(tests) != len(URLEchoes) {
		t.Errorf("%d modes are tested, there are %d", len(tests), len(URLEchoes))
	}
	for _, mode := range URLEchoes {
		f := start(t, Options{URLEcho: mode})
		for sent, want := range tests[mode] {
			put := f.put(`{"url":"` + sent + `"}`).callback(t)["url"]
			get := f.get(testPath).callback(t)["url"]
			if put != want || get != want {
				t.Errorf("%s: %s was shown as %v by PUT, %v by GET, want %s", mode, sent, put, get, want)
			}
			if c, _ := f.Callback(testApp); c.URL != sent {
				t.Errorf("%s: the url is %q, want %q", mode, c.URL, sent)
			}
		}
	}
}

func TestUnset(t *testing.T) {
	const empty = `{"url":"","auth_key":"","notify_event_subscription":[],"update_time":""}`
	tests := map[Unset]struct{ body, callbacks string }{
		UnsetNotFound: {"", `"callbacks":{}`},
		UnsetMissing:  {`{"app_id":"` + testApp + `"}`, `"callbacks":{}`},
		UnsetEmpty: {
			`{"app_id":"` + testApp + `","record_callback":` + empty + `}`,
			`"callbacks":{"record_callback":` + empty + `}`,
		},
	}
	if len(tests) != len(Unsets) {
		t.Errorf("%d modes are tested, there are %d", len(tests), len(Unsets))
	}
	for _, mode := range Unsets {
		t.Run(string(mode), func(t *testing.T) {
			f := start(t, Options{Unset: mode})
			check := func() {
				t.Helper()
				r := f.get(testPath)
				if mode == UnsetNotFound {
					r.wantError(t, 404, "RTC.00001003", "InvalidParameterValue")
				} else if r.status != 200 || string(r.body) != tests[mode].body {
					t.Errorf("GET: %d %s", r.status, r.body)
				}
				for _, path := range []string{"/v2/apps", "/v2/apps/" + testApp} {
					if r := f.get(path); r.status != 200 || !strings.Contains(string(r.body), tests[mode].callbacks) {
						t.Errorf("GET %s: %d %s", path, r.status, r.body)
					}
				}
				if c, ok := f.Callback(testApp); ok {
					t.Errorf("the callback is %+v", c)
				}
			}
			check()
			f.put(`{"url":"https://example.com","auth_key":"k"}`).callback(t)
			f.ClearCallback(testApp)
			check()
			f.get("/v2/apps/missing/record-callback").wantError(t, 404, "RTC.00001003", "InvalidParameterValue")
			f.get("/v2/apps/missing").wantError(t, 404, "RTC.00001003", "InvalidParameterValue")
		})
	}
	t.Run("without auth_key", func(t *testing.T) {
		f := start(t, Options{Unset: UnsetEmpty, KeyEcho: EchoAbsent})
		if c := f.get(testPath).callback(t); len(c) != 3 {
			t.Errorf("got %v", c)
		}
	})
}

func TestKeepKeyAndEmptyKey(t *testing.T) {
	const refused = "refused"
	for _, tc := range []struct {
		keep    bool
		empty   EmptyKey
		absent  string // the key after a PUT without auth_key
		cleared string // the key after a PUT with ""
	}{
		{false, EmptyClears, "", ""},
		{false, EmptyRefused, "", refused},
		{false, EmptyIgnored, "", ""},
		{true, EmptyClears, testKey, ""},
		{true, EmptyRefused, testKey, refused},
		{true, EmptyIgnored, testKey, testKey},
	} {
		t.Run(fmt.Sprintf("%v %s", tc.keep, tc.empty), func(t *testing.T) {
			f := start(t, Options{KeepKey: tc.keep, EmptyKey: tc.empty})
			for body, want := range map[string]string{
				`{"url":"https://example.com/after"}`:                  tc.absent,
				`{"url":"https://example.com/after","auth_key":null}`:  tc.absent,
				`{"url":"https://example.com/after","auth_key":""}`:    tc.cleared,
				`{"url":"https://example.com/after","auth_key":"new"}`: "new",
			} {
				f.SetCallback(testApp, "https://example.com/before", testKey)
				r := f.put(body)
				c, _ := f.Callback(testApp)
				if want == refused {
					r.wantError(t, 400, "RTC.00001003", "InvalidParameterValue")
					if c.URL != "https://example.com/before" || c.AuthKey != testKey {
						t.Errorf("%s took effect: %+v", body, c)
					}
					continue
				}
				if shown := r.callback(t)["auth_key"]; shown != want || c.AuthKey != want || c.URL != "https://example.com/after" {
					t.Errorf("%s: shown %v, the callback is %+v, want the key %q", body, shown, c, want)
				}
			}
		})
	}
}

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

	// The clock goes on, or back: the time never does.
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
		t.Error("an app that was made anew has a callback")
	}
	f.put(`{"url":"https://example.com/6"}`).callback(t)
	moved("AddApp and PUT")
}

func TestUpdateTimeIsUTCInMilliseconds(t *testing.T) {
	f := start(t, Options{})
	f.SetOptions(func(o *Options) {
		o.Clock = func() time.Time {
			return time.Date(2026, 1, 2, 7, 0, 0, 123_456_789, time.FixedZone("", 8*60*60))
		}
	})
	f.put(`{"url":"https://example.com"}`).callback(t)
	c, _ := f.Callback(testApp)
	if want := time.Date(2026, 1, 1, 23, 0, 0, 123e6, time.UTC); c.UpdateTime != want {
		t.Errorf("update_time is %v", c.UpdateTime)
	}
	if shown := f.get(testPath).callback(t)["update_time"]; shown != "2026-01-01T23:00:00.123Z" {
		t.Errorf("update_time is shown as %v", shown)
	}
}

func TestUnreachable(t *testing.T) {
	f := start(t, Options{})
	f.SetUnreachable("https://example.com/down")
	f.put(`{"url":"https://example.com"}`).callback(t)
	f.put(`{"url":"https://example.com/down"}`).wantError(t, 400, "RTC.00001018", "URL unavailable: The callback URL is unavailable")
	f.SetReachable("https://example.com/down")
	f.put(`{"url":"https://example.com/down"}`).callback(t)
}

func TestCallbackIsACopy(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	c, _ := f.Callback(testApp)
	c.Events[0] = "changed"
	if c, _ := f.Callback(testApp); c.Events[0] == "changed" {
		t.Error("the events are the server's own")
	}
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
		{ID: testApp, Name: testApp, CreateTime: testTime, UpdateTime: testTime},
		{
			ID: "second", Name: "Second", Inactive: true, CreateTime: at(1000), UpdateTime: at(2000),
			Callback: &Callback{URL: "https://example.com", AuthKey: testKey, Events: events, UpdateTime: at(2000)},
		},
	}
	if got := f.Apps(); !reflect.DeepEqual(got, want) {
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
		"behind the end":      {"?offset=3", 0, 0, 205},
		"far behind the end":  {"?offset=2147483647&limit=100", 0, 0, 205},
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
	const want = `{"app_name":"` + testApp + `","app_id":"` + testApp + `",` +
		`"state":{"state":"DEACTIVATION","update_time":"2026-01-01T00:00:02.000Z"},` +
		`"scope":"GLOBAL","tenant_name":"","domain":"","create_time":"2026-01-01T00:00:00.000Z",` +
		`"authentication":{"enable":false,"expire":0,"app_key":"","update_time":"2026-01-01T00:00:00.000Z"},` +
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

func TestSetOptions(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com/a", testKey)
	f.SetOptions(func(o *Options) {
		if o.AccessKey != DefaultAccessKey || o.KeyEcho != EchoExact {
			t.Errorf("the options are %+v", *o)
		}
		o.KeyEcho, o.URLEcho, o.Token = EchoMasked, URLOrigin, "other"
	})
	f.get(testPath).wantError(t, 401, "APIGW.0301", "Incorrect IAM authentication information: decrypt token fail")
	f.SetOptions(func(o *Options) { o.Token = "" })
	c := f.get(testPath).callback(t)
	if c["auth_key"] != "******" || c["url"] != "https://example.com" {
		t.Errorf("got %v", c)
	}

	defer func() {
		if recover() == nil {
			t.Error("a mode that does not exist was taken")
		}
		// Neither is the option changed nor the server left locked.
		if c := f.get(testPath).callback(t); c["auth_key"] != "******" {
			t.Errorf("got %v", c)
		}
	}()
	f.SetOptions(func(o *Options) { o.KeyEcho = "maksed" })
}

func TestNewRefusesUnknownModes(t *testing.T) {
	for i, opts := range []Options{{KeyEcho: "x"}, {URLEcho: "x"}, {Unset: "x"}, {EmptyKey: "x"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d was taken", i)
				}
			}()
			New(opts)
		}()
	}
}

func TestConcurrentUse(t *testing.T) {
	f := start(t, Options{})
	const count = 50
	times := make([]string, count)
	var all sync.WaitGroup
	for i := range count {
		want := "https://example.com/" + strconv.Itoa(i)
		req := f.signed("PUT", testPath, `{"url":"`+want+`"}`, defaultSigning())
		all.Go(func() {
			r, err := trySend(req)
			var got struct {
				Callback struct {
					URL        string `json:"url"`
					UpdateTime string `json:"update_time"`
				} `json:"record_callback"`
			}
			if err = errors.Join(err, json.Unmarshal(r.body, &got)); err != nil || r.status != 200 || got.Callback.URL != want {
				t.Errorf("%d: %d %s %v", i, r.status, r.body, err)
			}
			times[i] = got.Callback.UpdateTime
		})
	}
	// The hand from outside, at the same time.
	all.Go(func() {
		for i := range count {
			id := strconv.Itoa(i)
			f.SetCallback(id, "https://example.com", "key")
			f.Touch(id)
			f.SetOptions(func(o *Options) { o.KeyEcho = KeyEchoes[i%len(KeyEchoes)] })
			f.Requests(Method(http.MethodPut))
			f.Fail(Fault{Method: "DELETE"})
			f.RemoveApp(id)
		}
	})
	all.Wait()
	slices.Sort(times)
	if distinct := len(slices.Compact(times)); distinct != count {
		t.Errorf("%d PUTs had %d different times", count, distinct)
	}
	if got := len(f.Requests(Method("PUT"), App(testApp))); got != count {
		t.Errorf("%d requests were logged", got)
	}
}
