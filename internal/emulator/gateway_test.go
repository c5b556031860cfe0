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

// verifyRequest is verify, with the header parsed.
func verifyRequest(t *testing.T, c *call, opts Options) string {
	t.Helper()
	auth, ok := parseAuthorization(c.r.Header.Values("Authorization"))
	if !ok {
		return "malformed"
	}
	return verify(c, auth, opts.withDefaults())
}

// The signatures were computed with the vendor's SDK.
func TestVerifyGoldenVectors(t *testing.T) {
	tests := map[string]struct{ method, body, signature string }{
		"GET without a body": {
			method:    "GET",
			signature: "eb6f4b99db53802e423228a1c9ecd5da1f32f9bea5dbc5f3f3653fdc09eae855",
		},
		"PUT with a body": {
			method:    "PUT",
			body:      `{"url":"https://example.com/cb?a=1&b=<2>","auth_key":"0123456789abcdef0123456789abcdef"}` + "\n",
			signature: "be00605fb0f62834bf239d68cd5fcd2831bc52e4b3203695585de5db28097f11",
		},
	}
	opts := Options{AccessKey: "AKEXAMPLE", SecretKey: "SKEXAMPLE"}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, testPath, nil)
			r.Header.Set("X-Sdk-Date", "20260101T000000Z")
			r.Header.Set("X-Project-Id", "0123456789abcdef0123456789abcdef")
			r.Header.Set("User-Agent", "huaweicloud-usdk-go/3.0")
			r.Header.Set("Authorization",
				"SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=user-agent;x-project-id;x-sdk-date, Signature="+tc.signature)
			if why := verifyRequest(t, callOf(r, tc.body), opts); why != "" {
				t.Errorf("refused: %s", why)
			}
			if why := verifyRequest(t, callOf(r, tc.body+" "), opts); why == "" {
				t.Error("accepted with another body")
			}
		})
	}
}

func TestVerifyRefusesWhatWasAltered(t *testing.T) {
	const body = `{"url":"https://example.com"}`
	opts := Options{SecurityToken: "security-token"}
	sound := func() *http.Request {
		r := httptest.NewRequest(http.MethodPut, testPath+"?b=2&a=1%202&a=1", nil)
		r.Header.Set("Content-Type", "application/json")
		g := defaultSigning()
		g.query = "a=1&a=1%202&b=2"
		g.headers["host"] = r.Host
		g.headers["x-security-token"] = "security-token"
		g.sign(r, body)
		return r
	}
	if why := verifyRequest(t, callOf(sound(), body), opts); why != "" {
		t.Fatalf("the request is refused before it is altered: %s", why)
	}

	replace := func(r *http.Request, from, to string) {
		was := r.Header.Get("Authorization")
		now := strings.Replace(was, from, to, 1)
		if now == was {
			t.Fatalf("no %q in %q", from, was)
		}
		r.Header.Set("Authorization", now)
	}
	tests := map[string]func(*http.Request){
		"method":            func(r *http.Request) { r.Method = "GET" },
		"path":              func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, "5ff", "5fe", 1) },
		"query value":       func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, "b=2", "b=3", 1) },
		"query name":        func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, "b=2", "c=2", 1) },
		"query left out":    func(r *http.Request) { r.RequestURI = testPath },
		"query unreadable":  func(r *http.Request) { r.RequestURI += "&%zz" },
		"host":              func(r *http.Request) { r.Host = "elsewhere.example.com" },
		"project":           func(r *http.Request) { r.Header.Set("X-Project-Id", "other") },
		"project left out":  func(r *http.Request) { r.Header.Del("X-Project-Id") },
		"project twice":     func(r *http.Request) { r.Header.Add("X-Project-Id", DefaultProjectID) },
		"date":              func(r *http.Request) { r.Header.Set("X-Sdk-Date", "20260101T000001Z") },
		"date left out":     func(r *http.Request) { r.Header.Del("X-Sdk-Date") },
		"date unreadable":   func(r *http.Request) { r.Header.Set("X-Sdk-Date", "2026-01-01T00:00:00Z") },
		"security token":    func(r *http.Request) { r.Header.Set("X-Security-Token", "security-tokem") },
		"no security token": func(r *http.Request) { r.Header.Del("X-Security-Token") },
		"access key":        func(r *http.Request) { replace(r, DefaultAccessKey, "AKOTHER") },
		"hash of the body":  func(r *http.Request) { r.Header.Set("X-Sdk-Content-Sha256", emptySHA256) },
		"signed headers":    func(r *http.Request) { replace(r, "host;", "") },
		"signature": func(r *http.Request) {
			_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			digit := "0"
			if signature[0] == '0' {
				digit = "1"
			}
			replace(r, "Signature="+signature, "Signature="+digit+signature[1:])
		},
	}
	for name, alter := range tests {
		t.Run(name, func(t *testing.T) {
			r := sound()
			alter(r)
			if why := verifyRequest(t, callOf(r, body), opts); why == "" || why == "malformed" {
				t.Errorf("got %q", why)
			}
		})
	}
	t.Run("body", func(t *testing.T) {
		if why := verifyRequest(t, callOf(sound(), body+"\n"), opts); why == "" {
			t.Error("accepted")
		}
	})
	t.Run("secret key", func(t *testing.T) {
		opts := opts
		opts.SecretKey = "SKOTHER"
		if why := verifyRequest(t, callOf(sound(), body), opts); why == "" {
			t.Error("accepted")
		}
	})
}

func TestVerifyNeedsTheDateSigned(t *testing.T) {
	// Signed by hand: the steps, without x-sdk-date among the headers.
	c := callOf(httptest.NewRequest(http.MethodGet, testPath, nil), "")
	c.r.Header.Set("X-Sdk-Date", "20260101T000000Z")
	c.r.Header.Set("X-Project-Id", DefaultProjectID)
	canonical := "GET\n" + testPath + "/\n\nx-project-id:" + DefaultProjectID + "\n\nx-project-id\n" + emptySHA256
	auth := authorization{accessKey: DefaultAccessKey, signed: []string{"x-project-id"}}
	auth.signature = hmacSHA256(DefaultSecretKey, "SDK-HMAC-SHA256\n20260101T000000Z\n"+hexSHA256([]byte(canonical)))
	if why := verify(c, auth, Options{}.withDefaults()); !strings.HasPrefix(why, signatureFails) {
		t.Errorf("got %q", why)
	}
}

// Signatures that fit what the gateway computes, over a request that it can't
// read in one way only.
func TestVerifyRefusesWhatIsAmbiguous(t *testing.T) {
	tests := map[string]func(*http.Request){
		"":                         func(*http.Request) {},
		"signed header is missing": func(r *http.Request) { r.Header.Del("X-Other") },
		"signed header is twofold": func(r *http.Request) { r.Header.Add("X-Other", "b") },
		"query name is unreadable": func(r *http.Request) { r.RequestURI += "?%zz=a" },
		"query is unreadable":      func(r *http.Request) { r.RequestURI += "?a=%zz" },
		"path is unreadable":       func(r *http.Request) { r.RequestURI += "%zz" },
	}
	for name, alter := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, testPath, nil)
			r.Header.Set("X-Sdk-Date", "20260101T000000Z")
			r.Header.Set("X-Project-Id", DefaultProjectID)
			r.Header.Set("X-Other", "a")
			alter(r)
			c := callOf(r, "")
			auth := authorization{accessKey: DefaultAccessKey, signed: []string{"x-other", "x-project-id", "x-sdk-date"}}
			canonical, _ := canonicalRequest(c, auth.signed)
			auth.signature = hmacSHA256(DefaultSecretKey, "SDK-HMAC-SHA256\n20260101T000000Z\n"+hexSHA256([]byte(canonical)))
			why := verify(c, auth, Options{}.withDefaults())
			if refused := strings.HasPrefix(why, signatureFails); refused != (name != "") {
				t.Errorf("got %q", why)
			}
		})
	}
}

func TestParseAuthorization(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	sound := "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=" + hash
	if _, ok := parseAuthorization([]string{sound}); !ok {
		t.Fatalf("refused: %s", sound)
	}
	for _, header := range []string{
		"",
		"SDK-HMAC-SHA256",
		"Bearer " + hash,
		strings.Replace(sound, "SDK-HMAC-SHA256", "SDK-HMAC-SM3", 1),
		strings.Replace(sound, "=AK,", "=AK ,", 1),
		strings.Replace(sound, "=AK,", "= AK,", 1),
		strings.Replace(sound, "=AK,", "=,", 1),
		strings.Replace(sound, ", Signature", ",Signature", 1),
		strings.Replace(sound, "host;x-sdk-date", "x-sdk-date;host", 1),
		strings.Replace(sound, "host;x-sdk-date", "host;host;x-sdk-date", 1),
		strings.Replace(sound, "host;x-sdk-date", "Host;x-sdk-date", 1),
		strings.Replace(sound, "host;x-sdk-date", "host;;x-sdk-date", 1),
		strings.Replace(sound, "host;x-sdk-date", "", 1),
		strings.Replace(sound, hash, strings.ToUpper(hash), 1),
		sound[:len(sound)-1],
		sound + "0",
		sound + ", Signature=" + hash,
		" " + sound,
	} {
		if _, ok := parseAuthorization([]string{header}); ok {
			t.Errorf("accepted: %q", header)
		}
	}
	if _, ok := parseAuthorization([]string{sound, sound}); ok {
		t.Error("accepted twice")
	}
}

func TestSignedAppIDs(t *testing.T) {
	for id, escaped := range map[string]string{
		testApp:       testApp,
		"a b":         "a%20b",
		"a/b":         "a%2Fb",
		"a/b/":        "a%2fb%2f",
		"100%":        "100%25",
		"%2F":         "%252F",
		"a+b":         "a+b",
		"a.b":         "a.b",
		".":           "%2E",
		"..":          "%2E%2E",
		"~":           "%7e",
		"a?b#c":       "a%3Fb%23c",
		"ключ":        "%D0%BA%D0%BB%D1%8E%D1%87",
		"a:@!$&'()*;": "a:@!$&'()*;",
	} {
		t.Run(id, func(t *testing.T) {
			f := start(t, Options{})
			f.AddApp(id)
			g := defaultSigning()
			g.segments[2] = id
			path := "/v2/apps/" + escaped + "/record-callback"
			r := f.send(f.signed("PUT", path, `{"url":"https://example.com/`+testKey+`"}`, g))
			if r.status != http.StatusOK || r.json(t)["app_id"] != id {
				t.Fatalf("got %d %s", r.status, r.body)
			}
			if c, ok := f.Callback(id); !ok || c.URL != "https://example.com/"+testKey {
				t.Errorf("the callback is %+v, %v", c, ok)
			}
			entry := f.logged()
			if entry.Path != path || entry.AppID != id || !entry.Authenticated {
				t.Errorf("logged %+v", entry)
			}
		})
	}
}

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
		want   string // behind the prefix; HOST stands for the server's
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
		"wrong project beside a token": {
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

	// What is not signed has to be sent nonetheless.
	req := f.signed("GET", testPath, "", defaultSigning())
	req.Header.Set("X-Security-Token", "security-token")
	f.send(req).callback(t)
}

func TestContentSHA256(t *testing.T) {
	const body = `{"url":"https://example.com"}`
	tests := map[string]struct {
		header, contentType string
		status              int
		code                string
	}{
		"hash":                  {hexSHA256([]byte(body)), "application/json", 200, ""},
		"another hash":          {emptySHA256, "application/json", 401, "APIGW.0301"},
		"unsigned JSON":         {"UNSIGNED-PAYLOAD", "application/json", 401, "APIGW.0301"},
		"unsigned JSON, UTF-8":  {"UNSIGNED-PAYLOAD", "application/json; charset=utf-8", 401, "APIGW.0301"},
		"unsigned, not JSON":    {"UNSIGNED-PAYLOAD", "application/octet-stream", 400, "RTC.00001002"},
		"something else signed": {"STREAMING", "application/json", 401, "APIGW.0301"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, Options{})
			g := defaultSigning()
			g.hash = tc.header
			req := f.signed("PUT", testPath, body, g)
			req.Header.Set("X-Sdk-Content-Sha256", tc.header)
			req.Header.Set("Content-Type", tc.contentType)
			r := f.send(req)
			if tc.code == "" {
				r.callback(t)
				return
			}
			r.wantError(t, tc.status, tc.code, "")
		})
	}
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
		{"POST", "/v2/apps"},
		{"PUT", "/v2/apps/" + testApp},
		{"DELETE", "/v2/apps/" + testApp},
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
