// SPDX-License-Identifier: MPL-2.0

package page

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	testApp = "5ff9701f2346968bb306cb43"
	testKey = "8923ab8c2dcef4538923ab8c2dcef453"
	evil    = `</script><img src=x onerror=alert(1)>`
)

// fixture is an emulator with its page, behind a real connection.
type fixture struct {
	t   *testing.T
	api *emulator.Server
	*Page
	url string
}

func start(t *testing.T, opts Options) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.api = emulator.New(emulator.Options{Observe: func(r emulator.Request) { f.Observe(r) }})
	f.Page = New(f.api, opts)
	web := httptest.NewServer(f.Page)
	t.Cleanup(func() {
		f.Close()
		web.Close()
	})
	f.url = web.URL
	f.api.AddApp(testApp)
	return f
}

type result struct {
	status int
	header http.Header
	body   string
}

// send sends a request; headers are NAME: VALUE, and Host is one of them.
func (f *fixture) send(method, path, body string, headers ...string) result {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return result{resp.StatusCode, resp.Header, string(text)}
}

const asJSON = "Content-Type: application/json"

func (f *fixture) post(path, body string) result {
	f.t.Helper()
	return f.send("POST", Path+path, body, asJSON, "Sec-Fetch-Site: same-origin", "Origin: "+f.url)
}

func TestFiles(t *testing.T) {
	f := start(t, Options{})
	for path, want := range map[string][2]string{
		"/ui/":         {"text/html; charset=utf-8", `<script type="module" src="page.js">`},
		"/ui/page.css": {"text/css; charset=utf-8", "prefers-color-scheme: dark"},
		"/ui/page.js":  {"text/javascript; charset=utf-8", "EventSource"},
		"/ui/icon.svg": {"image/svg+xml", "<svg"},
	} {
		r := f.send("GET", path, "")
		if r.status != 200 || r.header.Get("Content-Type") != want[0] || !strings.Contains(r.body, want[1]) {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
		for name, value := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := r.header.Get(name); got != value {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if r := f.send("POST", path, "{}", asJSON); r.status != 405 || r.header.Get("Allow") != "GET" {
			t.Errorf("POST %s: %d", path, r.status)
		}
	}
	if got := len(f.api.Requests()); got != 0 {
		t.Errorf("the emulator was asked %d times", got)
	}
}

// What the policy forbids isn't tried, and nothing comes from elsewhere.
func TestNothingInlineOrForeign(t *testing.T) {
	for _, name := range []string{"index.html", "page.css", "page.js", "icon.svg"} {
		content := string(asset(name))
		for what, pattern := range map[string]string{
			"a handler":   `\son[a-z]+\s*=\s*["']`,
			"a style":     `\sstyle\s*=|<style`,
			"a script":    `<script(>|\s[^>]*>[^<])`,
			"a site":      `(src|href|url\(|import|fetch\()\s*[=(]?\s*["']?(https?:)?//`,
			"markup":      `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`,
			"a framework": `(?i)react|jquery|vue\.`,
		} {
			if found := regexp.MustCompile(pattern).FindString(content); found != "" {
				t.Errorf("%s has %s: %q", name, what, found)
			}
		}
	}
}

func TestRedirects(t *testing.T) {
	f := start(t, Options{})
	for _, r := range []result{f.send("GET", "/ui", ""), f.send("GET", "/", "", "Sec-Fetch-Dest: document")} {
		if r.status != 302 || r.header.Get("Location") != "ui/" {
			t.Errorf("%d %v", r.status, r.header)
		}
	}
}

// On all other paths, responses are as without the page, to the byte but
// for the request's ID.
func TestLeavesTheAPIAlone(t *testing.T) {
	f := start(t, Options{})
	plain := start(t, Options{}) // asked without the page
	web := httptest.NewServer(plain.api)
	t.Cleanup(web.Close)
	plain.url = web.URL
	for _, s := range []*emulator.Server{f.api, plain.api} {
		s.SetCallback(testApp, "https://example.com/a", testKey)
	}
	token := "X-Auth-Token: " + emulator.DefaultToken
	requestID := regexp.MustCompile(`"request_id":"[0-9a-f]+"`)
	when := regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	paths := []string{
		"/", "/ui/unknown", "/ui//", "/ui/page.css/", "/UI/", "/ui%2F", "//ui/", "/ui/../ui/", "/./ui/", "/favicon.ico", "/robots.txt", "/events",
		"/v2/apps", "/v2/apps?limit=1", "/v2/apps/", "/v2/apps/" + testApp, "/v2/apps/" + testApp + "/record-callback",
		"/v2/apps//record-callback", "/v2/apps/a%2Fb/record-callback", "/v2/apps/ui/record-callback", "/v2//apps", "/v2/apps/../apps",
		"/v3/projects", "/v3/auth/tokens", "/v3.0/OS-AUTH/id-token/tokens", "/v3.0/OS-CREDENTIAL/securitytokens", "/v5/agencies/assume",
		"/meta-data/latest/api/token", "/openstack/latest/securitykey",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			for _, headers := range [][]string{
				{asJSON}, {asJSON, token}, {token}, {asJSON, token, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Host: evil.example"},
			} {
				got, want := f.send(method, path, `{"url":"https://example.com/b"}`, headers...), plain.send(method, path, `{"url":"https://example.com/b"}`, headers...)
				for _, r := range []*result{&got, &want} {
					r.header.Del("X-Request-Id")
					r.header.Del("Date")
					r.body = when.ReplaceAllString(requestID.ReplaceAllString(r.body, ""), "")
				}
				if strings.Contains(want.body, `"access"`) { // random keys
					got.body, want.body = "", ""
					got.header.Del("Content-Length")
					want.header.Del("Content-Length")
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s %s %q:\ngot  %v\nwant %v", method, path, headers, got, want)
				}
			}
		}
	}
}

func TestHosts(t *testing.T) {
	local := map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8089": true, "localhost": true, "LOCALHOST:1": true, "[::1]": true, "[::1]:80": true, "127.8.8.8:1": true,
		"[::ffff:127.0.0.1]:1": true,
		"evil.example":         false, "evil.example:8089": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false, "": false,
		"192.0.2.1:80": false, "[2001:db8::1]:80": false, "0.0.0.0:80": false, "127.1": false, "localhost.": false, "emulator:8089": false,
	}
	remote := map[string]bool{
		"127.0.0.1": true, "localhost:1": true, "192.0.2.1:80": true, "[2001:db8::1]:80": true,
		"evil.example": false, "emulator:8089": true, "Emulator": true, "emulator.evil.example": false,
	}
	for _, test := range []struct {
		opts  Options
		hosts map[string]bool
	}{{Options{}, local}, {Options{Remote: true, Hosts: []string{"emulator"}}, remote}} {
		p := New(emulator.New(emulator.Options{}), test.opts)
		for host, want := range test.hosts {
			for _, path := range []string{"/ui/", "/ui/page.js", "/ui/no-faults", "/ui"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				if path == "/ui/no-faults" {
					r = httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))
					r.Header.Set("Content-Type", "application/json")
				}
				r.Host = host
				w := httptest.NewRecorder()
				p.ServeHTTP(w, r)
				if got := w.Code != http.StatusForbidden; got != want {
					t.Errorf("%+v: %q, %s: status %d", test.opts, host, path, w.Code)
				}
			}
		}
	}
}

func TestForeignSitesAreRefused(t *testing.T) {
	f := start(t, Options{})
	f.api.SetCallback(testApp, "https://example.com", testKey)
	mine, host := "Origin: "+f.url, strings.TrimPrefix(f.url, "http://")
	tests := map[string]struct {
		headers []string
		want    int
	}{
		"the page":                    {[]string{asJSON, mine, "Sec-Fetch-Site: same-origin"}, 200},
		"the page, an older browser":  {[]string{asJSON, mine}, 200},
		"no browser":                  {[]string{asJSON}, 200},
		"with a character set":        {[]string{asJSON + "; charset=utf-8", mine}, 200},
		"another site":                {[]string{asJSON, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		"another site, older browser": {[]string{asJSON, "Origin: https://evil.example"}, 403},
		"another port":                {[]string{asJSON, "Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"}, 403},
		"another port, older browser": {[]string{asJSON, "Origin: http://127.0.0.1:1"}, 403},
		"a sandbox":                   {[]string{asJSON, "Origin: null"}, 403},
		"a name that leads here":      {[]string{asJSON, "Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: same-origin"}, 403},
		"a form":                      {[]string{"Content-Type: text/plain", mine}, 415},
		"a form with fields":          {[]string{"Content-Type: application/x-www-form-urlencoded"}, 415},
		"no type":                     {[]string{mine}, 415},
		"a host like the origin":      {[]string{asJSON, "Host: " + host, mine}, 200},
	}
	bodies := map[string]string{
		"app": `{"id":"new"}`, "state": `{"app":"` + testApp + `","state":"DELETED"}`,
		"rule":     `{"app":"` + testApp + `","formats":"HLS","bucket":"b","auto":"AUTO_RECORD_OFF"}`,
		"no-rules": `{"app":"` + testApp + `"}`,
		"callback": `{"app":"` + testApp + `","url":"https://evil.example"}`, "no-callback": `{"app":"` + testApp + `"}`,
		"key": `{"app":"` + testApp + `"}`, "notification": `{}`, "fault": `{"kind":"500","times":1}`, "no-faults": `{}`, "no-requests": `{}`,
	}
	for path, route := range f.routes {
		if route.method == "POST" && bodies[strings.TrimPrefix(path, Path)] == "" {
			t.Errorf("%s is not tested", path)
		}
	}
	for name, test := range tests {
		if test.want == 200 {
			if r := f.send("POST", Path+"no-faults", "{}", test.headers...); r.status != 200 {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			continue
		}
		for path, body := range bodies {
			if r := f.send("POST", Path+path, body, test.headers...); r.status != test.want || strings.Contains(r.body, testKey) {
				t.Errorf("%s, %s: %d %s", name, path, r.status, r.body)
			}
		}
	}
	if c, ok := f.api.Callback(testApp); !ok || c.URL != "https://example.com" || len(f.api.Apps()) != 1 || len(f.api.RecordRules(testApp)) != 0 || len(f.api.Faults()) != 0 {
		t.Error("something took effect")
	}
	if r := f.send("GET", Path+"events", "", "Sec-Fetch-Site: cross-site"); r.status != 403 {
		t.Errorf("the stream: %d", r.status)
	}
}

func TestActions(t *testing.T) {
	f := start(t, Options{})
	f.api.AddApp("bare")
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"app", `{"id":" second/1 ","name":"` + `<b>` + `"}`, 200, `{}`},
		{"app", `{"id":"third"}`, 200, `{}`},
		{"app", `{"id":"third"}`, 422, "an app with this ID exists"},
		{"app", `{"id":"  "}`, 422, "the app ID is empty"},
		{"app", `{"id":".."}`, 422, "not valid"},
		{"app", `{"id":"` + strings.Repeat("x", 501) + `"}`, 422, "not valid"},
		{"app", `{"id":"x","other":1}`, 400, "other"},
		{"app", `{"id":"x"} {}`, 400, "more than one"},
		{"app", `{"id":`, 400, "could not read"},
		{"app", `{"id":"` + strings.Repeat("x", maxForm) + `"}`, 400, "too large"},
		{"callback", `{"app":"` + testApp + `","url":"https://example.com/x","key":"` + testKey + `"}`, 200, `{}`},
		{"callback", `{"app":"` + testApp + `","url":"ftp://example.com"}`, 422, "must start with"},
		{"callback", `{"app":"` + testApp + `","url":"https://"}`, 422, "must start with"},
		{"callback", `{"app":"` + testApp + `","url":"javascript:alert(1)"}`, 422, "must start with"},
		{"callback", `{"app":"gone","url":"https://example.com"}`, 422, "app not found"},
		{"key", `{"app":"` + testApp + `"}`, 200, `{"key":"` + testKey + `"}`},
		{"key", `{"app":"bare"}`, 422, "no callback"},
		{"no-callback", `{"app":"gone"}`, 422, "app not found"},
		{"notification", `{"app":"gone","event":"RECORD_FILE_COMPLETE"}`, 422, "app not found"},
		{"notification", `{"app":"bare","event":"RECORD_FILE_COMPLETE"}`, 422, "no callback"},
		{"notification", `{"app":"` + testApp + `","event":"OTHER"}`, 422, "unknown event type"},
		{"fault", `{"kind":"429","times":2,"method":"PUT","app":"` + testApp + `"}`, 200, `{}`},
		{"fault", `{"kind":"418","times":1}`, 422, "unknown failure"},
		{"fault", `{"kind":"429","times":0}`, 422, "between 1 and 100"},
		{"fault", `{"kind":"429","times":101}`, 422, "between 1 and 100"},
		{"fault", `{"kind":"429","times":-1}`, 422, "between 1 and 100"},
		{"fault", `{"kind":"429","times":1,"method":"X"}`, 422, "unknown method"},
		{"fault", `{"kind":"429","times":1,"app":"gone"}`, 422, "app not found"},
	} {
		if r := f.post(test.path, test.body); r.status != test.status || !strings.Contains(r.body, test.want) {
			t.Errorf("%s %.80s: %d %s, want %d %s", test.path, test.body, r.status, r.body, test.status, test.want)
		}
	}
	var names []string
	for _, a := range f.api.Apps() {
		names = append(names, a.ID+" "+a.Name)
	}
	if want := []string{testApp + " " + testApp, "bare bare", "second/1 <b>", "third third"}; !slices.Equal(names, want) {
		t.Errorf("apps %q", names)
	}
	if c, ok := f.api.Callback(testApp); !ok || c.URL != "https://example.com/x" || c.AuthKey != testKey {
		t.Errorf("callback %+v", c)
	}
	if got := f.api.Faults(); len(got) != 1 || got[0].Times != 2 || got[0].Status != 429 || got[0].Method != http.MethodPut || got[0].AppID != testApp {
		t.Errorf("faults %+v", got)
	}
	f.post("no-faults", `{}`)
	f.post("no-callback", `{"app":"`+testApp+`"}`)
	if _, ok := f.api.Callback(testApp); ok || len(f.api.Faults()) != 0 {
		t.Error("a callback or a fault is left")
	}
}

func TestChangeApps(t *testing.T) {
	f := start(t, Options{})
	f.api.SetAutoRecord(testApp, emulator.AutoRecordIndividual, "gone")
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"state", `{"app":"gone","state":"ACTIVATION"}`, 422, "app not found"},
		{"state", `{"app":"` + testApp + `","state":"x"}`, 422, "unknown state"},
		{"state", `{"app":"` + testApp + `","state":"ARREARS"}`, 200, `{}`},
		{"rule", `{"app":"gone","formats":"HLS","bucket":"b","auto":"AUTO_RECORD_OFF"}`, 422, "app not found"},
		{"rule", `{"app":"` + testApp + `","formats":"FLV","bucket":"b","auto":"AUTO_RECORD_OFF"}`, 422, "unknown formats"},
		{"rule", `{"app":"` + testApp + `","formats":"HLS","auto":"AUTO_RECORD_OFF"}`, 422, "the bucket is empty"},
		{"rule", `{"app":"` + testApp + `","formats":"HLS","bucket":"b","auto":"x"}`, 422, "unknown mode"},
		{"no-rules", `{"app":"gone"}`, 422, "app not found"},
	} {
		if r := f.post(test.path, test.body); r.status != test.status || !strings.Contains(r.body, test.want) {
			t.Errorf("%s %s: %d %s, want %d %s", test.path, test.body, r.status, r.body, test.status, test.want)
		}
	}
	shown := func() app { return showApps(f.api.Apps())[0] }
	if a := shown(); a.State != emulator.StateArrears || a.AutoRule != "gone" || len(a.Rules) != 0 {
		t.Errorf("shown %+v", a)
	}

	id := f.api.SetRecordRule(testApp, emulator.RecordRule{ProjectID: "p", MP4: &emulator.RecordConfig{RecordCycle: 77}})
	f.post("rule", `{"app":"`+testApp+`","formats":"HLS and MP4","bucket":"b","object":"/o","auto":"AUTO_INDIVIDUAL_RECORD"}`)
	set := f.api.RecordRules(testApp)[0]
	if set.ID != id || set.ProjectID != "p" || set.Bucket != "b" || set.Object != "/o" || set.MP4.RecordCycle != 77 || set.HLS.RecordCycle != 3600 {
		t.Errorf("the rule is %+v", set)
	}
	want := app{ID: testApp, Name: testApp, State: emulator.StateArrears, AutoRule: id}
	want.Updated, want.Rules = shown().Updated, []rule{{ID: id, Formats: "HLS and MP4", Target: "b/o"}}
	if got := shown(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, format := range []string{"MP4", "HLS"} {
		f.post("rule", `{"app":"`+testApp+`","formats":"`+format+`","bucket":"b","auto":"AUTO_RECORD_OFF"}`)
		if got := shown(); got.AutoRule != "" || len(got.Rules) != 1 || got.Rules[0] != (rule{ID: id, Formats: format, Target: "b/"}) {
			t.Errorf("shown %+v", got)
		}
	}
	f.post("no-rules", `{"app":"`+testApp+`"}`)
	if got := shown(); len(got.Rules) != 0 {
		t.Errorf("shown %+v", got)
	}
	f.post("state", `{"app":"`+testApp+`","state":"DELETED"}`)
	if len(f.api.Apps()) != 0 {
		t.Error("the app is there")
	}
}

// Each fault is one that the form offers, and is called by its name.
func TestFaultKinds(t *testing.T) {
	page := string(index())
	for _, k := range faultKinds {
		f := start(t, Options{})
		if r := f.post("fault", `{"kind":"`+k.ID+`","times":1}`); r.status != 200 {
			t.Errorf("%s: %d %s", k.ID, r.status, r.body)
		}
		if got := showFaults(f.api.Faults()); len(got) != 1 || got[0].Text != k.Text {
			t.Errorf("%s: %+v", k.ID, got)
		}
		if !strings.Contains(page, `<option value="`+k.ID+`">`+k.Text) {
			t.Errorf("%s is not offered", k.ID)
		}
	}
	if got := faultText(emulator.Fault{Status: 418, Code: "X"}); got != "418 X" {
		t.Errorf("got %s", got)
	}
}

func TestNotifications(t *testing.T) {
	bodies := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, evil+"\xff")
	}))
	t.Cleanup(receiver.Close)
	f := start(t, Options{})
	for i, event := range eventTypes {
		key := ""
		if i == 0 {
			key = testKey
		}
		f.api.SetCallback(testApp, receiver.URL, key)
		r := f.post("notification", `{"app":"`+testApp+`","event":"`+event+`"}`)
		var n notification
		if err := json.Unmarshal([]byte(r.body), &n); err != nil || r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if n.Status != 418 || n.Signed != (i == 0) || n.App != testApp || n.Event != event || n.URL != receiver.URL || n.Response != evil+"�" || n.Error != "" || n.Millis <= 0 {
			t.Errorf("%+v", n)
		}
		var sent map[string]any
		if err := json.Unmarshal([]byte(<-bodies), &sent); err != nil || sent["event_type"] != event || sent["app_id"] != testApp {
			t.Errorf("sent %v", sent)
		}
		if _, has := sent["download_url"]; has != (event == "RECORD_FILE_COMPLETE") {
			t.Errorf("sent %v", sent)
		}
	}
	receiver.Close()
	r := f.post("notification", `{"app":"`+testApp+`","event":"RECORD_FILE_COMPLETE"}`)
	if r.status != 200 || !strings.Contains(r.body, `"status":0`) || !strings.Contains(r.body, "refused") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if u, _ := f.since(sent{}, true); len(u.Notifications) != len(eventTypes)+1 {
		t.Errorf("%d notifications", len(u.Notifications))
	}
}

// listener reads a stream of updates.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	raw   string
}

func (f *fixture) listen() *listener {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	f.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+Path+"events", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		f.t.Fatalf("Content-Type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<22)
	return &listener{t: f.t, lines: lines}
}

// next returns the next update.
func (l *listener) next() update {
	l.t.Helper()
	for l.lines.Scan() {
		if data, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok {
			l.raw = data
			var u update
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				l.t.Fatal(err)
			}
			return u
		}
	}
	l.t.Fatalf("the stream ended: %v", l.lines.Err())
	return update{}
}

func TestStream(t *testing.T) {
	f := start(t, Options{})
	f.api.SetCallback(testApp, "https://example.com/<b>", testKey)
	l := f.listen()
	u := l.next()
	if !u.Reset || u.Cleared || len(u.Requests) != 0 || string(u.Faults) != "[]" {
		t.Errorf("first %s", l.raw)
	}
	var apps []app
	if err := json.Unmarshal(u.Apps, &apps); err != nil || len(apps) != 1 || apps[0].ID != testApp || apps[0].State != emulator.StateActive ||
		*apps[0].Callback != (callback{URL: "https://example.com/<b>", HasKey: true}) {
		t.Errorf("apps %s, %v", u.Apps, err)
	}
	if strings.Contains(l.raw, testKey) || strings.Contains(l.raw, "<") {
		t.Errorf("it has a key or markup: %s", l.raw)
	}

	f.send("PUT", "/v2/apps/"+testApp+"/record-callback", `{"url":"https://example.com/2","auth_key":"`+testKey+`"}`, asJSON, "X-Auth-Token: "+emulator.DefaultToken)
	u = l.next()
	if u.Reset || len(u.Requests) != 1 || u.Apps == nil || string(u.Faults) != "null" {
		t.Fatalf("after a PUT %s", l.raw)
	}
	if r := u.Requests[0]; r.Method != http.MethodPut || r.Status != 200 || r.By != "token" || r.Refused || r.Millis <= 0 ||
		r.Body != `{"auth_key":"`+mask+`","url":"https://example.com/2"}` {
		t.Errorf("request %+v", r)
	}
	if strings.Contains(l.raw, testKey) || strings.Contains(l.raw, emulator.DefaultToken) {
		t.Errorf("it has a secret: %s", l.raw)
	}

	f.send("GET", "/v2/apps", "", "X-Auth-Token: wrong")
	if u = l.next(); len(u.Requests) != 1 || u.Apps != nil && string(u.Apps) != "null" || !u.Requests[0].Refused || u.Requests[0].Code != "APIGW.0301" {
		t.Errorf("after a refusal %s", l.raw)
	}
	f.post("fault", `{"kind":"500","times":3}`)
	if u = l.next(); !strings.Contains(string(u.Faults), `"times":3`) || len(u.Requests) != 0 {
		t.Errorf("after a fault %s", l.raw)
	}
	f.post("no-requests", `{}`)
	if u = l.next(); !u.Cleared || u.Reset || len(u.Requests) != 0 {
		t.Errorf("after clearing %s", l.raw)
	}

	// A later browser gets all there is.
	f.send("GET", "/v2/x", "")
	if u = f.listen().next(); !u.Reset || len(u.Requests) != 1 || !strings.Contains(string(u.Faults), `"times":2`) {
		t.Errorf("a later one: %+v", u)
	}
	f.Close()
	for l.lines.Scan() {
		// What was under way.
	}
	if err := l.lines.Err(); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
}

// A browser that reads nothing blocks nothing, and the history is bounded.
func TestSlowBrowsers(t *testing.T) {
	f := start(t, Options{})
	l := f.listen()
	for range 3 * maxRequests {
		f.Observe(emulator.Request{Method: "GET", Path: "/" + strings.Repeat("x", 10000), Status: 200, Body: []byte(`"` + strings.Repeat("y", 10000) + `"`)})
	}
	for range 3 * maxNotifications {
		f.addNotification(notification{})
	}
	u, _ := f.since(sent{}, true)
	if len(u.Requests) != maxRequests || len(u.Notifications) != maxNotifications {
		t.Errorf("%d requests, %d notifications", len(u.Requests), len(u.Notifications))
	}
	if r := u.Requests[0]; len(r.Path) > maxText+3 || len(r.Body) > maxBody+3 {
		t.Errorf("path %d, body %d bytes", len(r.Path), len(r.Body))
	}
	for seen := 0; seen < 3*maxRequests+3*maxNotifications; {
		u := l.next()
		for _, n := range u.Notifications {
			seen = max(seen, n.Seq)
		}
	}
}

func TestShowBody(t *testing.T) {
	for name, test := range map[string][2]string{
		"none":            {"", ""},
		"key":             {`{"url":"https://a/<b>","auth_key":"secret"}`, `{"auth_key":"` + mask + `","url":"https://a/<b>"}`},
		"empty key":       {`{"auth_key":""}`, `{"auth_key":""}`},
		"null":            {`{"auth_key":null}`, `{"auth_key":null}`},
		"other case":      {`{"AUTH_Key":"secret"}`, `{"AUTH_Key":"` + mask + `"}`},
		"wrong type":      {`{"auth_key":["secret"]}`, `{"auth_key":"` + mask + `"}`},
		"number":          {`{"auth_key":12345678901234567890}`, `{"auth_key":"` + mask + `"}`},
		"large number":    {`{"n":12345678901234567890}`, `{"n":12345678901234567890}`},
		"in a list":       {`[{"auth_key":"secret"},"x"]`, `[{"auth_key":"` + mask + `"},"x"]`},
		"not JSON":        {`auth_key=secret`, `(15 bytes that are not JSON)`},
		"two values":      {`{} "secret"`, `(11 bytes that are not JSON)`},
		"binary":          {"\xff\xfe", "(2 bytes that are not JSON)"},
		"password":        {`{"auth":{"identity":{"password":{"user":{"name":"n","password":"secret"}}}}}`, `{"auth":{"identity":{"password":{"user":{"name":"n","password":"` + mask + `"}}}}}`},
		"token":           {`{"auth":{"identity":{"methods":["token"],"token":{"id":"secret","duration_seconds":900}}}}`, `{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":900,"id":"` + mask + `"}}}}`},
		"ID token":        {`{"auth":{"id_token":{"id":"secret"}}}`, `{"auth":{"id_token":{"id":"` + mask + `"}}}`},
		"token as a text": {`{"token":"secret"}`, `{"token":"` + mask + `"}`},
	} {
		if got := showBody([]byte(test[0])); got != test[1] {
			t.Errorf("%s: got %s, want %s", name, got, test[1])
		}
	}
}

func TestShowRequest(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for want, r := range map[string]emulator.Request{
		"/v2/apps?limit=1 by token":                 {Path: "/v2/apps", Operation: "ListApps", Query: "limit=1", Header: header("X-Auth-Token", "secret")},
		"/v2/apps/a by access key AK":               {Path: "/v2/apps/a", Query: "secret", Header: header("Authorization", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=secret")},
		"/x by malformed":                           {Path: "/x", Header: header("Authorization", "Bearer secret")},
		"/v5/agencies/assume by access key AK":      {Path: "/v5/agencies/assume", Operation: "AssumeAgency", Header: header("X-Auth-Token", "secret", "Authorization", "Access=AK")},
		"/openstack by session token":               {Path: "/openstack", Header: header("X-Metadata-Token", "secret")},
		"/v3/auth/tokens by password":               {Path: "/v3/auth/tokens", Operation: "CreateToken", Body: []byte("{}")},
		"/v3.0/OS-AUTH/id-token/tokens by ID token": {Path: "/v3.0/OS-AUTH/id-token/tokens", Operation: "CreateTokenWithIDToken", Body: []byte("{}")},
		"/v3.0/OS-CREDENTIAL/securitytokens by token": {
			Path: "/v3.0/OS-CREDENTIAL/securitytokens", Operation: "CreateTemporaryAccessKey", Body: []byte("{}"),
		},
		"/v2/apps by ": {Path: "/v2/apps"},
		"/v2/x by ":    {Path: "/v2/x", Query: "secret", Body: []byte("{}")},
	} {
		shown := showRequest(r)
		if got := shown.Path + " by " + shown.By; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if text := string(encode(shown)); strings.Contains(text, "secret") {
			t.Errorf("%s has a secret", text)
		}
	}
	for status, want := range map[int]bool{0: false, 200: false, 401: true, 404: false} {
		if got := showRequest(emulator.Request{Status: status}).Refused; got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
	if got := cut("aé", 2); got != "a…" {
		t.Errorf("got %q", got)
	}
}
