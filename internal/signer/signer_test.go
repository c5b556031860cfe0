// SPDX-License-Identifier: MPL-2.0

package signer

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

var vectorTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func vectorRequest(method, body string) Request {
	r := Request{
		Method: method,
		Path:   "/v2/apps/5ff9701f2346968bb306cb43/record-callback",
		Headers: []Header{
			{"X-Project-Id", "0123456789abcdef0123456789abcdef"},
			{"User-Agent", "huaweicloud-usdk-go/3.0"},
		},
	}
	if body != "" {
		r.Body = []byte(body)
	}
	return r
}

// The signatures were computed with the vendor's SDK and, independently, from
// the published steps.
func TestSignGoldenVectors(t *testing.T) {
	const names = "SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=user-agent;x-project-id;x-sdk-date, Signature="
	tests := map[string]struct {
		request Request
		want    string
	}{
		"GET without a body": {
			request: vectorRequest("GET", ""),
			want:    "eb6f4b99db53802e423228a1c9ecd5da1f32f9bea5dbc5f3f3653fdc09eae855",
		},
		"PUT with a body": {
			request: vectorRequest("PUT", `{"url":"https://example.com/cb?a=1&b=<2>","auth_key":"0123456789abcdef0123456789abcdef"}`+"\n"),
			want:    "be00605fb0f62834bf239d68cd5fcd2831bc52e4b3203695585de5db28097f11",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Sign("AKEXAMPLE", "SKEXAMPLE", vectorTime, tc.request)
			if got.Date != "20260101T000000Z" {
				t.Errorf("Date = %q", got.Date)
			}
			if got.Authorization != names+tc.want {
				t.Errorf("Authorization = %q\nwant           %q", got.Authorization, names+tc.want)
			}
		})
	}
}

func TestSignUsesUTC(t *testing.T) {
	r := vectorRequest("GET", "")
	zone := time.FixedZone("somewhere", 8*60*60)
	if got, want := Sign("AK", "SK", vectorTime.In(zone), r), Sign("AK", "SK", vectorTime, r); got != want {
		t.Errorf("the same instant in another zone gave %+v, want %+v", got, want)
	}
}

func TestCanonicalURI(t *testing.T) {
	tests := map[string]string{
		"":                           "/",
		"/":                          "/",
		"/v2/apps":                   "/v2/apps/",
		"/v2/apps/":                  "/v2/apps/",
		"/v2/apps/a%20b":             "/v2/apps/a%20b/",
		"/v2/apps/a+b":               "/v2/apps/a%2Bb/",
		"/v2/apps/a%2Fb":             "/v2/apps/a%2Fb/",
		"/v2/apps/a%2fb":             "/v2/apps/a%2Fb/",
		"/v2/apps/100%25":            "/v2/apps/100%25/",
		"/v2/apps/100%":              "/v2/apps/100%25/",
		"/v2/apps/%zz":               "/v2/apps/%25zz/",
		"/v2/apps/%2E%2E":            "/v2/apps/../",
		"/v2/apps/%C3%A9t%C3%A9":     "/v2/apps/%C3%A9t%C3%A9/",
		"/v2/apps/été":               "/v2/apps/%C3%A9t%C3%A9/",
		"/v2/apps/A-Z_a.z~0":         "/v2/apps/A-Z_a.z~0/",
		"/v2/apps/%41":               "/v2/apps/A/",
		"/v2/apps/x!$&'()*,;=:@":     "/v2/apps/x%21%24%26%27%28%29%2A%2C%3B%3D%3A%40/",
		"//two//slashes":             "//two//slashes/",
		"/trailing%2F":               "/trailing%2F/",
		"/v2/apps/%00/%FF/%7F%20%2B": "/v2/apps/%00/%FF/%7F%20%2B/",
	}
	for path, want := range tests {
		if got := string(appendURI(nil, path)); got != want {
			t.Errorf("canonical URI of %q = %q, want %q", path, got, want)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	tests := map[string]string{
		"":                    "",
		"limit=100&offset=0":  "limit=100&offset=0",
		"offset=0&limit=100":  "limit=100&offset=0",
		"a=2&a=1&a=10":        "a=1&a=10&a=2",
		"flag":                "flag=",
		"flag=":               "flag=",
		"a=b+c":               "a=b%20c",
		"a=b%2Bc":             "a=b%2Bc",
		"a=%C3%A9&b=*":        "a=%C3%A9&b=%2A",
		"k%20y=v%2Fw":         "k%20y=v%2Fw",
		"a=1&%zz=broken&b=2":  "a=1&b=2",
		"state=ARREARS&a=%7E": "a=~&state=ARREARS",
	}
	for query, want := range tests {
		if got := string(appendQuery(nil, query)); got != want {
			t.Errorf("canonical query of %q = %q, want %q", query, got, want)
		}
	}
}

func TestHeaderOrderCaseAndBlanksDoNotMatter(t *testing.T) {
	r := vectorRequest("PUT", "{}")
	want := Sign("AK", "SK", vectorTime, r)

	slices.Reverse(r.Headers)
	for i := range r.Headers {
		r.Headers[i].Name = strings.ToUpper(r.Headers[i].Name)
		r.Headers[i].Value = " \t" + r.Headers[i].Value + " "
	}
	before := slices.Clone(r.Headers)
	if got := Sign("AK", "SK", vectorTime, r); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !slices.Equal(before, r.Headers) {
		t.Errorf("Sign changed its input to %+v", r.Headers)
	}
}

// Names count in lower case: "_" stands between the upper and the lower case.
func TestHeadersAreInOrder(t *testing.T) {
	tests := map[string]struct {
		names []string
		want  string
	}{
		"none":               {nil, "x-sdk-date"},
		"around the date":    {[]string{"X-Sdk-Datf", "X-Sdk-Datd"}, "x-sdk-datd;x-sdk-date;x-sdk-datf"},
		"upper before lower": {[]string{"a_", "AB", "aa"}, "a_;aa;ab;x-sdk-date"},
		"one begins another": {[]string{"X-Sdk-Date-More", "X-Sdk", "x"}, "x;x-sdk;x-sdk-date;x-sdk-date-more"},
		"more than usual":    {strings.Split("K J I H G F E D C B A", " "), "a;b;c;d;e;f;g;h;i;j;k;x-sdk-date"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var r Request
			for _, n := range tc.names {
				r.Headers = append(r.Headers, Header{Name: n})
			}
			got := Sign("AK", "SK", vectorTime, r).Authorization
			if !strings.Contains(got, " SignedHeaders="+tc.want+", ") {
				t.Errorf("Authorization = %q, want the headers %s", got, tc.want)
			}
		})
	}
}

// Whatever the signature covers must change it.
func TestSignCoversEverything(t *testing.T) {
	base := func() (string, string, time.Time, Request) {
		r := vectorRequest("PUT", "{}")
		r.Query = "a=1"
		return "AK", "SK", vectorTime, r
	}
	signature := func(s Signature) string { return s.Authorization[strings.LastIndex(s.Authorization, "=")+1:] }
	want := signature(Sign(base()))

	tests := map[string]func(sk *string, at *time.Time, r *Request){
		"secret key":   func(sk *string, _ *time.Time, _ *Request) { *sk = "SJ" },
		"time":         func(_ *string, at *time.Time, _ *Request) { *at = at.Add(time.Second) },
		"method":       func(_ *string, _ *time.Time, r *Request) { r.Method = "GET" },
		"path":         func(_ *string, _ *time.Time, r *Request) { r.Path += "s" },
		"query":        func(_ *string, _ *time.Time, r *Request) { r.Query = "a=2" },
		"header value": func(_ *string, _ *time.Time, r *Request) { r.Headers[0].Value += "0" },
		"header name":  func(_ *string, _ *time.Time, r *Request) { r.Headers[0].Name = "X-Other" },
		"header more":  func(_ *string, _ *time.Time, r *Request) { r.Headers = append(r.Headers, Header{"Host", "h"}) },
		"body":         func(_ *string, _ *time.Time, r *Request) { r.Body = []byte("{} ") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			ak, sk, at, r := base()
			change(&sk, &at, &r)
			if got := signature(Sign(ak, sk, at, r)); got == want {
				t.Errorf("another %s gave the same signature", name)
			}
		})
	}
}

// However a client writes a segment on the request line, the canonical form
// is that of the decoded segment, and it stays one segment.
func TestCanonicalURIProperties(t *testing.T) {
	property := func(segment string) bool {
		if strings.ContainsRune(url.PathEscape(segment), '/') {
			return false
		}
		canonical := string(appendURI(nil, "/v2/apps/"+url.PathEscape(segment)+"/record-callback"))
		again := string(appendURI(nil, canonical))
		parts := strings.Split(canonical, "/")
		if canonical != again || len(parts) != 6 {
			return false
		}
		decoded, err := url.PathUnescape(parts[3])
		return err == nil && decoded == segment
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func FuzzSign(f *testing.F) {
	f.Add("PUT", "/v2/apps/x/record-callback", "a=1", "X-Project-Id", "p", []byte("{}"))
	f.Add("", "%", "%", "", "\n", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte) {
		r := Request{Method: method, Path: path, Query: query, Headers: []Header{{name, value}}, Body: body}
		a, b := Sign("AK", "SK", vectorTime, r), Sign("AK", "SK", vectorTime, r)
		if a != b {
			t.Fatalf("two signatures of one request: %+v, %+v", a, b)
		}
		uri := string(appendURI(nil, path))
		if !strings.HasSuffix(uri, "/") || string(appendURI(nil, uri)) != uri {
			t.Fatalf("canonical URI of %q is not stable: %q", path, uri)
		}
		if strings.Trim(uri, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%/") != "" {
			t.Fatalf("canonical URI of %q holds a reserved character: %q", path, uri)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	r := vectorRequest("PUT", `{"url":"https://example.com/cb","auth_key":"0123456789abcdef0123456789abcdef"}`)
	b.ReportAllocs()
	for b.Loop() {
		Sign("AKEXAMPLE", "SKEXAMPLE", vectorTime, r)
	}
}
