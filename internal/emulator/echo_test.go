// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

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

// The list can show a callback in another form than a read.
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
