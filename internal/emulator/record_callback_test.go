// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	// Changes outside of the API, at the same time.
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
