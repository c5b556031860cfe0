// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

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
