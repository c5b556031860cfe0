// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestClockSkew(t *testing.T) {
	const limit = 15 * time.Minute
	for _, skew := range []time.Duration{0, limit, -limit, limit + time.Second, -limit - time.Second} {
		t.Run(skew.String(), func(t *testing.T) {
			f := start(t, Options{})
			g := defaultSigning()
			g.at = testTime.Add(skew)
			r := f.send(f.signed("PUT", testPath, `{"url":"https://example.com"}`, g))
			if skew.Abs() <= limit {
				r.callback(t)
				return
			}
			r.wantError(t, 401, "APIGW.0301", fmt.Sprintf(
				"Incorrect IAM authentication information: signature expired, signature time:%s,server time:20260101T000000Z",
				g.at.Format("20060102T150405Z")))
		})
	}
}

func TestAuthenticationFailures(t *testing.T) {
	host := ""
	tests := map[string]struct {
		opts   Options
		sign   func(*signing) // nil: the request carries a token
		alter  func(*http.Request)
		status int
		code   string
		want   string // after the prefix; HOST is the server's
	}{
		"no header": {
			alter: func(r *http.Request) { r.Header.Del("X-Auth-Token") },
			want:  "x-auth-token not found",
		},
		"wrong token": {
			alter: func(r *http.Request) { r.Header.Set("X-Auth-Token", DefaultToken+"x") },
			want:  "decrypt token fail",
		},
		"truncated token": {
			alter: func(r *http.Request) { r.Header.Set("X-Auth-Token", DefaultToken[:8]) },
			want:  "decrypt token fail",
		},
		"malformed": {
			alter: func(r *http.Request) {
				r.Header.Del("X-Auth-Token")
				r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access=AK , SignedHeaders=x-sdk-date, Signature=00")
			},
			want: "verify aksk signature fail, the Authorization header is malformed",
		},
		"unknown access key": {
			sign: func(g *signing) { g.accessKey = "AKUNKNOWN" },
			want: "Get secretKey failed,ak:AKUNKNOWN,err:ak not exist",
		},
		"wrong secret key": {
			sign: func(g *signing) { g.secretKey += " " },
			want: "verify aksk signature fail, canonicalRequest:GET|" + testPath + "/||x-project-id:" + DefaultProjectID +
				"|x-sdk-date:20260101T000000Z||x-project-id;x-sdk-date|" + emptySHA256,
		},
		"secret header among the signed": {
			opts: Options{SecurityToken: "security-token"},
			sign: func(g *signing) {
				g.secretKey, g.headers["x-security-token"], g.headers["host"] = "wrong", "security-token", host
			},
			want: "verify aksk signature fail, canonicalRequest:GET|" + testPath + "/||host:HOST|x-project-id:" + DefaultProjectID +
				"|x-sdk-date:20260101T000000Z|x-security-token:security-token||host;x-project-id;x-sdk-date;x-security-token|" + emptySHA256,
		},
		"no project": {
			sign: func(g *signing) { delete(g.headers, "x-project-id") },
			want: "verify aksk signature fail, canonicalRequest:GET|" + testPath +
				"/||x-sdk-date:20260101T000000Z||x-sdk-date|" + emptySHA256,
		},
		"wrong project": {
			sign:   func(g *signing) { g.headers["x-project-id"] = "other" },
			status: 400,
			code:   "RTC.00001001",
			want:   "OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK",
		},
		"wrong project with a token": {
			alter:  func(r *http.Request) { r.Header.Set("X-Project-Id", "other") },
			status: 400,
			code:   "RTC.00001001",
			want:   "OperationUnauthorized: get DomainID fail please check X-Auth-Token or AK/SK",
		},
		"no security token": {
			opts: Options{SecurityToken: "security-token"},
			sign: func(*signing) {},
			want: "Get secretKey failed,ak:" + DefaultAccessKey + ",err:ak not exist",
		},
		"wrong security token": {
			opts: Options{SecurityToken: "security-token"},
			sign: func(g *signing) { g.headers["x-security-token"] = "other" },
			want: "decrypt token fail",
		},
		"security token of no use": {
			sign: func(g *signing) { g.headers["x-security-token"] = "other" },
			want: "decrypt token fail",
		},
		"token counts before a signature": {
			sign:  func(*signing) {},
			alter: func(r *http.Request) { r.Header.Set("X-Auth-Token", "wrong") },
			want:  "decrypt token fail",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			host = strings.TrimPrefix(f.url, "http://")
			g := defaultSigning()
			req := f.request("GET", testPath, "")
			if tc.sign != nil {
				tc.sign(&g)
				req.Header.Del("X-Auth-Token")
				g.sign(req, "")
			}
			if tc.alter != nil {
				tc.alter(req)
			}
			r := f.send(req)
			if tc.status != 0 {
				r.wantError(t, tc.status, tc.code, tc.want)
			} else {
				r.wantError(t, 401, "APIGW.0301",
					"Incorrect IAM authentication information: "+strings.ReplaceAll(tc.want, "HOST", host))
			}
			entry := f.logged()
			if entry.Status != r.status || entry.Code != r.json(t)["error_code"] || entry.Authenticated != (r.status != 401) {
				t.Errorf("logged %+v", entry)
			}
		})
	}
}

func TestTemporaryAccessKey(t *testing.T) {
	f := start(t, Options{SecurityToken: "security-token"})
	f.SetCallback(testApp, "https://example.com", "")
	g := defaultSigning()
	g.headers["x-security-token"] = "security-token"
	f.send(f.signed("GET", testPath, "", g)).callback(t)

	// The token may be unsigned.
	req := f.signed("GET", testPath, "", defaultSigning())
	req.Header.Set("X-Security-Token", "security-token")
	f.send(req).callback(t)
}

func TestAccessKeyLock(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	right, wrong := defaultSigning(), defaultSigning()
	wrong.secretKey = "wrong"
	try := func(g signing) string {
		t.Helper()
		g.at = f.clock.Now()
		r := f.send(f.signed("GET", testPath, "", g))
		if r.status == http.StatusOK {
			return "ok"
		}
		_, why, _ := strings.Cut(fmt.Sprint(r.json(t)["error_msg"]), ": ")
		why, _, _ = strings.Cut(why, ", canonicalRequest")
		return why
	}
	expect := func(g signing, want string) {
		t.Helper()
		if got := try(g); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	const locked = "AK access failed to reach the limit,forbidden"

	for range 5 {
		expect(wrong, signatureFails)
	}
	expect(right, "ok") // resets the count
	for range 6 {
		expect(wrong, signatureFails)
	}
	expect(wrong, locked)
	expect(right, locked)
	if f.logged().Authenticated {
		t.Error("a locked key counts as authenticated")
	}

	// Another key and a token are not affected.
	other := right
	other.accessKey = "AKOTHER"
	expect(other, "Get secretKey failed,ak:AKOTHER,err:ak not exist")
	f.get(testPath).callback(t)

	f.clock.move(5*time.Minute - time.Millisecond)
	expect(right, locked)
	f.clock.move(time.Millisecond)
	expect(right, "ok")
	for range 6 {
		expect(wrong, signatureFails)
	}
	expect(right, locked)
	f.clock.move(5 * time.Minute)
	for range 5 {
		expect(wrong, signatureFails)
	}
	expect(right, "ok")
}

func TestRoutes(t *testing.T) {
	f := start(t, Options{})
	f.SetCallback(testApp, "https://example.com", "")
	f.AddApp("record-callback")
	for _, tc := range []struct{ method, path string }{
		{"GET", "/"},
		{"GET", "/v2"},
		{"GET", "/v2/"},
		{"GET", "/v2/apps/"},
		{"GET", "/v3/apps"},
		{"GET", "/V2/apps"},
		{"GET", "//v2/apps"},
		{"PUT", "/v2/apps"},
		{"DELETE", "/v2/apps"},
		{"PUT", "/v2/apps/" + testApp},
		{"PUT", "/v2/apps/" + testApp + "/enable"},
		{"DELETE", "/v2/apps/" + testApp + "/record-rules"},
		{"POST", "/v2/apps/" + testApp + "/record-rules/rule"},
		{"DELETE", "/v2/apps/" + testApp + "/auto-record-mode"},
		{"POST", testPath},
		{"DELETE", testPath},
		{"HEAD", testPath},
		{"GET", testPath + "/"},
		{"GET", testPath + "/x"},
		{"GET", "/v2/apps//record-callback"},
		{"GET", "/v2/apps/" + testApp + "%2Frecord-callback%2F/record-callbacks"},
		{"GET", "/v2/apps/" + testApp + "/record%2Dcallback"},
		{"PUT", "/v2/apps/./record-callback"},
		{"PUT", "/v2/apps/../record-callback"},
		{"GET", "/x" + testPath},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			req := f.request(tc.method, tc.path, "")
			req.Header.Del("X-Auth-Token") // the route counts first
			r := f.send(req)
			if got := f.logged().Path; got != tc.path {
				t.Fatalf("the path arrived as %q", got)
			}
			if tc.method == "HEAD" {
				if r.status != 404 {
					t.Errorf("status %d", r.status)
				}
				return
			}
			r.wantError(t, 404, "APIGW.0101", "The API does not exist or has not been published in the environment")
			if r.json(t)["request_id"] != r.header.Get("X-Request-Id") {
				t.Errorf("request id %q, body %s", r.header.Get("X-Request-Id"), r.body)
			}
		})
	}
	// An escaped slash does not end a segment: this is an app that is missing.
	f.get("/v2/apps/"+testApp+"%2Frecord-callback").wantError(t, 404, "RTC.00001003", "InvalidParameterValue")
}

// As a proxy is asked: with scheme and host on the request line.
func TestAbsoluteForm(t *testing.T) {
	f := start(t, Options{})
	f.AddApp("a/b")
	req := f.request("GET", "/", "")
	req.URL.Opaque = strings.TrimPrefix(f.url, "http:") + "/v2/apps/a%2Fb?c=%20"
	if r := f.send(req); r.status != 200 || r.json(t)["app_id"] != "a/b" {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if got := f.logged(); got.Path != "/v2/apps/a%2Fb" || got.Query != "c=%20" {
		t.Errorf("logged %+v", got)
	}
}

func TestQuota(t *testing.T) {
	f := start(t, Options{Quota: 2, RetryAfter: true})
	f.SetCallback(testApp, "https://example.com", "")

	// Neither counts: it is not let through anyway.
	f.get("/nowhere").wantError(t, 404, "APIGW.0101", "")
	req := f.request("GET", testPath, "")
	req.Header.Set("X-Auth-Token", "wrong")
	f.send(req).wantError(t, 401, "APIGW.0301", "")

	f.get(testPath).callback(t)
	f.clock.move(20*time.Second + time.Millisecond)
	f.get("/v2/apps/missing").wantError(t, 404, "RTC.00001003", "") // counts too
	const message = "The throttling threshold has been reached: policy user over ratelimit,limit:2,time:1 minute"
	r := f.put(`{"url":"https://example.com/changed"}`)
	r.wantError(t, 429, "APIGW.0308", message)
	if got := r.header.Get("Retry-After"); got != "40" {
		t.Errorf("Retry-After %q", got)
	}
	if c, _ := f.Callback(testApp); c.URL != "https://example.com" {
		t.Errorf("it took effect: %+v", c)
	}
	if !f.logged().Authenticated {
		t.Error("what is throttled was authenticated before")
	}

	f.clock.move(39*time.Second + 998*time.Millisecond)
	r = f.get(testPath)
	r.wantError(t, 429, "APIGW.0308", message)
	if got := r.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
	f.SetOptions(func(o *Options) { o.RetryAfter = false })
	r = f.get(testPath)
	r.wantError(t, 429, "APIGW.0308", message)
	if _, has := r.header["Retry-After"]; has {
		t.Error("Retry-After was sent")
	}
	f.clock.move(time.Millisecond)
	f.get(testPath).callback(t)
	f.get(testPath).callback(t)
	f.get(testPath).wantError(t, 429, "APIGW.0308", message)
	f.clock.move(-time.Hour) // the quota is not closed for an hour then
	f.get(testPath).callback(t)
	f.get(testPath).callback(t)
	f.get(testPath).wantError(t, 429, "APIGW.0308", message)
	f.SetOptions(func(o *Options) { o.Quota = 0 })
	f.get(testPath).callback(t)
}

func TestBodyLimit(t *testing.T) {
	f := start(t, Options{})
	body := `{"url":"https://example.com"}`
	f.put(body + strings.Repeat(" ", 1<<20-len(body))).callback(t)
	f.put(body+strings.Repeat(" ", 1<<20+1-len(body))).wantError(t, 413, "APIGW.0201", "Request entity too large")
}

func TestBodyThatBreaksOff(t *testing.T) {
	s := New(Options{})
	s.AddApp(testApp)
	r := httptest.NewRequest(http.MethodPut, testPath, failingBody{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "APIGW.0201") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

type failingBody struct{}

func (failingBody) Read([]byte) (int, error) { return 0, fmt.Errorf("broken off") }
func (failingBody) Close() error             { return nil }
