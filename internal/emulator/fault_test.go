// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

const changed = `{"url":"https://example.com/changed"}`

// tookEffect reports whether a PUT of the body "changed" took effect.
func (f *fixture) tookEffect() bool {
	c, ok := f.Callback(testApp)
	return ok && c.URL == "https://example.com/changed"
}

func TestFaultAnswers(t *testing.T) {
	tests := map[string]struct {
		fault       Fault
		status      int
		contentType string
		body        string // ID stands for the request's
	}{
		"error of the service": {
			Fault{Status: 500, Code: "RTC.00002001", Message: "InternalError"},
			500, "application/json", `{"error_msg":"InternalError","error_code":"RTC.00002001"}`,
		},
		"error of the gateway": {
			Fault{Status: 403, Code: "APIGW.0306", Message: "access denied"},
			403, "application/json", `{"error_msg":"access denied","error_code":"APIGW.0306","request_id":"ID"}`,
		},
		"code alone":   {Fault{Code: "RTC.00002001"}, 500, "application/json", `{"error_msg":"","error_code":"RTC.00002001"}`},
		"status alone": {Fault{Status: 404}, 404, "application/json", ""},
		"no content":   {Fault{Status: 204, Code: "x"}, 204, "application/json", ""},
		"raw": {
			Fault{Status: 502, RawBody: "<html>", ContentType: "text/html"},
			502, "text/html", "<html>",
		},
		"raw alone": {Fault{RawBody: "{", ContentType: "application/json"}, 200, "application/json", "{"},
	}
	for name, tc := range tests {
		for _, after := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				f := start(t, Options{})
				tc.fault.After = after
				f.Fail(tc.fault)
				r := f.put(changed)
				want := strings.ReplaceAll(tc.body, "ID", r.header.Get("X-Request-Id"))
				if r.status != tc.status || string(r.body) != want || r.header.Get("Content-Type") != tc.contentType {
					t.Errorf("got %d %q %q\nwant %d %q %q",
						r.status, r.header.Get("Content-Type"), r.body, tc.status, tc.contentType, want)
				}
				if len(r.header.Get("X-Request-Id")) != 32 {
					t.Errorf("request id %q", r.header.Get("X-Request-Id"))
				}
				if f.tookEffect() != after {
					t.Errorf("after is %v, and it took effect: %v", after, f.tookEffect())
				}
				if entry := f.logged(); entry.Status != tc.status || entry.Code != tc.fault.Code || !entry.Authenticated {
					t.Errorf("logged %+v", entry)
				}
				f.put(changed).callback(t) // it hits once
			})
		}
	}
}

func TestFaultHeader(t *testing.T) {
	f := start(t, Options{Quota: 1, RetryAfter: true})
	values := []string{"7"}
	header := http.Header{"retry-after": values, "Location": {"https://example.com"}, "X-Request-Id": {"own"}}
	f.Fail(Fault{Status: 307, Header: header})
	values[0] = "altered after the call"
	r := f.put(changed)
	if r.status != 307 || r.header.Get("Retry-After") != "7" || r.header.Get("Location") != "https://example.com" ||
		r.header.Get("X-Request-Id") != "own" || f.tookEffect() {
		t.Errorf("got %d %v", r.status, r.header)
	}

	// On a real response, whose own header it replaces.
	f.Fail(Fault{Header: http.Header{"Retry-After": {"8"}, "X-Other": {"a", "b"}}})
	r = f.put(changed)
	r.wantError(t, 429, "APIGW.0308", "")
	if got := r.header.Values("Retry-After"); len(got) != 1 || got[0] != "8" {
		t.Errorf("Retry-After %q", got)
	}
	if got := r.header.Values("X-Other"); len(got) != 2 {
		t.Errorf("X-Other %q", got)
	}
	r = f.put(changed)
	if got := r.header.Get("Retry-After"); got != "60" {
		t.Errorf("afterwards Retry-After is %q", got)
	}
}

func TestFaultScript(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	f.SetCallback("a/b", "https://example.com", "")
	status := func(method, path string) int {
		t.Helper()
		return f.send(f.request(method, path, `{"url":"https://example.com"}`)).status
	}
	steps := func(want ...int) {
		t.Helper()
		for i, want := range want {
			if got := status("GET", testPath); got != want {
				t.Fatalf("step %d: got %d, want %d", i, got, want)
			}
		}
	}

	f.Fail(Fault{Status: 501}, Fault{Status: 502, Times: 2})
	f.Fail(Fault{Status: 503, Times: 1})
	steps(501, 502, 502, 503, 200)

	f.Fail(Fault{Method: "PUT", Status: 501}, Fault{AppID: "a/b", Status: 502}, Fault{Status: 503})
	steps(503, 200)
	if got := status("PUT", "/v2/apps/a%2Fb/record-callback"); got != 501 {
		t.Errorf("the first match is answered with %d", got)
	}
	if got := status("GET", "/v2/apps"); got != 200 {
		t.Errorf("a request about no app is answered with %d", got)
	}
	if got := status("PUT", "/v2/apps/a%2Fb/record-callback"); got != 502 {
		t.Errorf("the second match is answered with %d", got)
	}
	if got := status("PUT", "/v2/apps/a%2Fb/record-callback"); got != 200 {
		t.Errorf("afterwards it is answered with %d", got)
	}

	f.Fail(Fault{Status: 503, Times: -1})
	steps(503, 503, 503, 503, 503)
	if got := status("DELETE", "/nowhere"); got != 503 {
		t.Errorf("a path that is not known is answered with %d", got)
	}
	f.Fail(Fault{Status: 501})
	steps(503)
	f.ClearFaults()
	steps(200)
}

func TestFaults(t *testing.T) {
	f := start(t, Options{})
	if got := f.Faults(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	f.Fail(Fault{Method: "PUT"}, Fault{Status: 503, Times: 2, Header: http.Header{"retry-after": {"1"}}})
	f.get(testPath)
	want := []Fault{
		{Method: "PUT", Times: 1, Header: http.Header{}},
		{Status: 503, Times: 1, Header: http.Header{"Retry-After": {"1"}}},
	}
	if got := f.Faults(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	f.Faults()[1].Header.Set("Retry-After", "2")
	if got := f.Faults(); !reflect.DeepEqual(got, want) {
		t.Errorf("they are no copies: %+v", got)
	}
}

func TestFaultBeforeAuthentication(t *testing.T) {
	f := start(t, Options{})
	f.Fail(Fault{Status: 503, Times: -1})
	req := f.request("GET", testPath, "")
	req.Header.Set("X-Auth-Token", "wrong")
	if r := f.send(req); r.status != 503 {
		t.Errorf("status %d", r.status)
	}
	if f.logged().Authenticated {
		t.Error("a wrong token counts as authenticated")
	}
	// A failure that the fault hides counts towards the lock.
	g := defaultSigning()
	g.secretKey = "wrong"
	for range 6 {
		f.send(f.signed("GET", testPath, "", g))
	}
	f.ClearFaults()
	f.send(f.signed("GET", testPath, "", defaultSigning())).wantError(t, 401, "APIGW.0301",
		"Incorrect IAM authentication information: AK access failed to reach the limit,forbidden")
}

func TestFaultDrop(t *testing.T) {
	for _, after := range []bool{false, true} {
		f := start(t, Options{})
		f.Fail(Fault{Drop: true, After: after})
		r, err := trySend(f.request("PUT", testPath, changed))
		if !errors.Is(err, io.EOF) || r.status != 0 {
			t.Errorf("got %d, %v", r.status, err)
		}
		if f.tookEffect() != after {
			t.Errorf("after is %v, and it took effect: %v", after, f.tookEffect())
		}
		if entry := f.logged(); entry.Status != 0 || entry.Code != "" || !entry.Authenticated {
			t.Errorf("logged %+v", entry)
		}
		f.put(changed).callback(t)
	}
}

func TestFaultCut(t *testing.T) {
	t.Run("the real response", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Cut: true})
		r, err := trySend(f.request("PUT", testPath, changed))
		if !errors.Is(err, io.ErrUnexpectedEOF) || r.status != 200 {
			t.Errorf("got %d, %v", r.status, err)
		}
		whole := f.get(testPath).body
		if string(r.body) != string(whole[:len(whole)/2]) {
			t.Errorf("got %q of %q", r.body, whole)
		}
		if r.header.Get("Content-Type") != "application/json" || !f.tookEffect() {
			t.Errorf("headers %v, took effect: %v", r.header, f.tookEffect())
		}
		if entry := f.logged(); entry.Status != 200 {
			t.Errorf("logged %+v", entry)
		}
	})
	t.Run("its own response", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Cut: true, Status: 503, RawBody: "0123456789", ContentType: "text/plain"})
		r, err := trySend(f.request("PUT", testPath, changed))
		if !errors.Is(err, io.ErrUnexpectedEOF) || r.status != 503 || string(r.body) != "01234" || f.tookEffect() {
			t.Errorf("got %d %q, %v; took effect: %v", r.status, r.body, err, f.tookEffect())
		}
	})
	t.Run("a response without a body", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Cut: true, Status: 500})
		r, err := trySend(f.request("PUT", testPath, changed))
		if !errors.Is(err, io.ErrUnexpectedEOF) || r.status != 500 || len(r.body) != 0 {
			t.Errorf("got %d %q, %v", r.status, r.body, err)
		}
	})
}

func TestFaultDelay(t *testing.T) {
	t.Run("goes by", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Delay: 50 * time.Millisecond})
		began := time.Now()
		f.put(changed).callback(t)
		if took := time.Since(began); took < 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})

	// leave sends a request and goes away while it is delayed.
	leave := func(t *testing.T, f *fixture) {
		t.Helper()
		done := make(chan struct{})
		f.SetOptions(func(o *Options) { o.Observe = func(Request) { close(done) } })
		ctx, cancel := context.WithCancel(t.Context())
		req := f.request("PUT", testPath, changed).WithContext(ctx)
		go func() {
			for len(f.Requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if _, err := trySend(req); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("the delay did not end")
		}
		if entry := f.logged(); entry.Status != 0 {
			t.Errorf("logged %+v", entry)
		}
	}
	t.Run("the client leaves before", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Delay: time.Hour})
		leave(t, f)
		if f.tookEffect() || f.logged().Authenticated {
			t.Error("it took effect")
		}
	})
	t.Run("the client leaves after", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Delay: time.Hour, After: true})
		leave(t, f)
		if !f.tookEffect() || !f.logged().Authenticated {
			t.Error("it did not take effect")
		}
	})
	t.Run("the client leaves a response without an end", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Endless: true})
		leave(t, f)
		if f.tookEffect() {
			t.Error("it took effect")
		}
	})
	t.Run("the server closes", func(t *testing.T) {
		f := start(t, Options{})
		f.Fail(Fault{Delay: time.Hour, Times: 2})
		for i := range 2 {
			if i == 0 {
				go func() {
					for len(f.Requests()) == 0 {
						time.Sleep(time.Millisecond)
					}
					f.Close()
				}()
			}
			if _, err := trySend(f.request("PUT", testPath, changed)); !errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		}
		f.Close() // again
		f.put(changed).callback(t)
	})
}

// The path of the list is how all others begin.
func TestFaultOfOnePath(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	f.Fail(Fault{ExactPath: "/v2/apps", Times: -1, Status: 403})
	for path, want := range map[string]int{"/v2/apps": 403, "/v2/apps?offset=0": 403, "/v2/apps/" + testApp: 200, testPath: 200} {
		if got := f.get(path).status; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got := len(f.Requests(ExactPath("/v2/apps"))); got != 2 {
		t.Errorf("%d entries in the log", got)
	}
}

func TestFaultEchoRequest(t *testing.T) {
	f := start(t, Options{SecurityToken: "security-token"})
	f.Fail(Fault{EchoRequest: true})
	g := defaultSigning()
	g.headers["x-security-token"] = "security-token"
	req := f.signed("PUT", testPath+"?b=1&a=%20", changed, g)
	req.Header.Set("X-Auth-Token", "secret-token")
	req.Header.Set("User-Agent", "agent")
	req.Header.Set("Accept-Encoding", "identity")
	r := f.send(req)
	names := "accept-encoding;authorization;connection;content-length;content-type;host;user-agent;x-auth-token;x-project-id;x-sdk-date;x-security-token"
	r.wantError(t, 401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:"+
		"PUT|"+testPath+"/|a=%20&b=1|accept-encoding:identity|authorization:"+req.Header.Get("Authorization")+
		"|connection:close|content-length:37|content-type:application/json|host:"+strings.TrimPrefix(f.url, "http://")+
		"|user-agent:agent|x-auth-token:secret-token|x-project-id:"+DefaultProjectID+
		"|x-sdk-date:20260101T000000Z|x-security-token:security-token||"+names+"|"+hexSHA256([]byte(changed)))
	if f.tookEffect() {
		t.Error("it took effect")
	}

	f.Fail(Fault{EchoRequest: true, Status: 403, Code: "APIGW.0306", Message: "denied"})
	r = f.put(changed)
	r.wantError(t, 403, "APIGW.0306", "")
	if got := r.json(t)["error_msg"].(string); !strings.HasPrefix(got, "denied, canonicalRequest:PUT|") ||
		!strings.Contains(got, "x-auth-token:"+DefaultToken) {
		t.Errorf("got %q", got)
	}
}

func TestLog(t *testing.T) {
	f := start(t, Options{})
	f.AddApp("other")
	f.clock.move(time.Minute)
	req := f.request("PUT", testPath+"?x=%31", changed)
	req.Header.Set("X-Other", "value")
	f.send(req)
	f.get("/v2/apps/other/record-callback")
	f.get("/v2/apps?limit=1")
	f.get(testPath)

	if got := len(f.Requests()); got != 4 {
		t.Fatalf("%d entries", got)
	}
	if got := len(f.Requests(Method("GET"))); got != 3 {
		t.Errorf("%d GETs", got)
	}
	if got := f.Requests(Method("GET"), App("other")); len(got) != 1 || got[0].Status != 404 || got[0].Code != "RTC.00001003" {
		t.Errorf("GETs of the other app: %+v", got)
	}
	if got := f.Requests(App("")); len(got) != 1 || got[0].Query != "limit=1" {
		t.Errorf("requests about no app: %+v", got)
	}
	if got := f.Requests(func(Request) bool { return len(f.Requests()) == 0 }); got != nil {
		t.Errorf("got %+v", got)
	}

	entry := f.Requests()[0]
	if !entry.Time.Equal(testTime.Add(time.Minute)) || entry.Method != http.MethodPut || entry.Path != testPath || entry.Query != "x=%31" ||
		entry.AppID != testApp || entry.Header.Get("X-Other") != "value" || string(entry.Body) != changed ||
		entry.Status != 200 || entry.Code != "" || !entry.Authenticated || entry.Took <= 0 {
		t.Errorf("logged %+v", entry)
	}
	entry.Header.Set("X-Other", "altered")
	entry.Body[0] = 'x'
	if again := f.Requests()[0]; again.Header.Get("X-Other") != "value" || string(again.Body) != changed {
		t.Errorf("the entry is not a copy: %+v", again)
	}
	f.ResetRequests()
	if got := f.Requests(); got != nil {
		t.Errorf("after ResetRequests: %+v", got)
	}
}

func TestObserve(t *testing.T) {
	f := start(t, Options{})
	var mu sync.Mutex
	var seen []Request
	f.SetOptions(func(o *Options) {
		o.Observe = func(r Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r)
			f.ResetRequests() // it may call the server
		}
	})
	f.put(changed).callback(t)
	f.Fail(Fault{Drop: true})
	_, _ = trySend(f.request("GET", testPath, ""))
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 || seen[0].Method != http.MethodPut || seen[0].Status != 200 || seen[1].Method != http.MethodGet || seen[1].Status != 0 {
		t.Errorf("seen: %+v", seen)
	}
}
