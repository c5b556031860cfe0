// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	vendor "github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer/algorithm"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/def"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
	vendorrtc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2"
	rtcmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/model"
	iammodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3/model"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// differences are what the vendor's signer does otherwise than ours, or can't
// express, each with a test that fails once that is no longer so. README.md
// lists them by these names.
var differences = map[string]func(t *testing.T){
	"no access key or secret key": func(t *testing.T) {
		for _, keys := range [][2]string{{"", "SK"}, {"AK", ""}} {
			if _, err := vendor.Sign(get().Build(), keys[0], keys[1]); err == nil {
				t.Errorf("the vendor's signs with %q", keys)
			}
			if signer.Sign(keys[0], keys[1], testTime, signer.Request{}).Authorization == "" {
				t.Errorf("ours doesn't sign with %q", keys)
			}
		}
	},
	"the date is kept in the request": func(t *testing.T) {
		r := get().AddHeaderParam("X-Sdk-Date", "yesterday").Build()
		date := vendorSign(t, r, "AK", "SK").Header.Get("X-Sdk-Date")
		if date == "yesterday" || r.GetHeaderParams()["X-Sdk-Date"] != date {
			t.Errorf("the request has the date %q now, and was signed at %q", r.GetHeaderParams()["X-Sdk-Date"], date)
		}
		r.AddHeaderParam("X-Sdk-Date", "20010101T000000Z") // as one that was signed long ago has it
		if date := vendorSign(t, r, "AK", "SK").Header.Get("X-Sdk-Date"); date != "20010101T000000Z" {
			t.Errorf("signed at %q", date)
		}
	},
	"a date in another case": func(t *testing.T) {
		sent := vendorSign(t, get().AddHeaderParam("x-sdk-date", testTime.Format(signer.DateFormat)).Build(), "AK", "SK")
		wantNames(t, sent, "x-sdk-date;x-sdk-date")
		wantRefused(t, sent)
	},
	"which headers are signed": func(t *testing.T) {
		r := dated().AddHeaderParam("Content-Type", "application/json").AddHeaderParam("Content-Type-Options", "none").
			AddHeaderParam("X_Under", "score").AddHeaderParam("User-Agent", "test/1").Build()
		wantNames(t, vendorSign(t, r, "AK", "SK"), "user-agent;x-sdk-date")
		all := signer.Request{Headers: []signer.Header{{Name: "Content-Type"}, {Name: "Content-Type-Options"}, {Name: "X_Under"}}}
		if got := signer.Sign("AK", "SK", testTime, all); !strings.Contains(got.Authorization, "=content-type;content-type-options;x-sdk-date;x_under,") {
			t.Errorf("ours is %+v", got)
		}
	},
	"names that differ in case only": func(t *testing.T) {
		sent := vendorSign(t, dated().AddHeaderParam("X-Twice", "1").AddHeaderParam("x-twice", "2").Build(), "AK", "SK")
		wantNames(t, sent, "x-sdk-date;x-twice;x-twice")
		wantSigned(t, sent, signer.Request{Method: "GET", Path: testPath, Headers: []signer.Header{
			{Name: "X-Twice", Value: "1"}, {Name: "x-twice", Value: "2"},
		}}, nil)
		wantRefused(t, sent)
	},
	"names outside ASCII": func(t *testing.T) {
		sent := vendorSign(t, dated().AddHeaderParam("X-É", "1").Build(), "AK", "SK")
		wantNames(t, sent, "x-sdk-date;x-é")
		wantSigned(t, sent, signer.Request{Method: "GET", Path: testPath, Headers: []signer.Header{{Name: "X-É", Value: "1"}}}, nil)
		if resp, err := http.DefaultTransport.RoundTrip(sent); err == nil || !strings.Contains(err.Error(), "invalid header field name") {
			t.Errorf("it can be sent: %v, %v", resp, err)
		}
	},
	"Host": func(t *testing.T) {
		sent := vendorSign(t, dated().AddHeaderParam("Host", "elsewhere").Build(), "AK", "SK")
		with := func(host string) *signer.Request {
			return &signer.Request{Method: "GET", Path: testPath, Headers: []signer.Header{{Name: "Host", Value: host}}}
		}
		if sent.Host != "rtc-api.myhuaweicloud.com" {
			t.Errorf("it is sent to %s", sent.Host)
		}
		wantSigned(t, sent, *with(sent.Host), with("elsewhere"))
	},
	"a slash in a segment": func(t *testing.T) {
		for path, sent := range map[string]string{"/v2/apps/a/b": "/v2/apps/a/b", "/v2/apps/a%2Fb": "/v2/apps/a%252Fb"} {
			if got := vendorSign(t, dated().WithPath(path).Build(), "AK", "SK").URL.EscapedPath(); got != sent {
				t.Errorf("%s is sent as %s", path, got)
			}
		}
		sent, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://rtc-api.myhuaweicloud.com/v2/apps/a%2Fb", nil)
		if err != nil {
			t.Fatal(err)
		}
		signature := signer.Sign("AK", "SK", testTime, signer.Request{Method: "GET", Path: sent.URL.EscapedPath()})
		sent.Header.Set("X-Sdk-Date", signature.Date)
		sent.Header.Set("Authorization", signature.Authorization)
		sent.Header.Set("X-Project-Id", emulator.DefaultProjectID)
		if status, answer := emulated(sent, "AK", "SK", "", testTime); status == http.StatusUnauthorized {
			t.Errorf("the emulator refuses it: %s", answer)
		}
	},
	"no method": func(t *testing.T) {
		sent := vendorSign(t, dated().WithMethod("").Build(), "AK", "SK")
		if sent.Method != http.MethodGet {
			t.Errorf("it is sent as %q", sent.Method)
		}
		wantSigned(t, sent, signer.Request{Method: "GET", Path: testPath}, &signer.Request{Path: testPath})
	},
	"a query parameter without a name": func(t *testing.T) {
		sent := vendorSign(t, dated().AddQueryParam("", reflect.ValueOf("value")).Build(), "AK", "SK")
		if sent.URL.RawQuery != "value" {
			t.Errorf("%q is sent", sent.URL.RawQuery)
		}
		wantSigned(t, sent, signer.Request{Method: "GET", Path: testPath, Query: "value"},
			&signer.Request{Method: "GET", Path: testPath, Query: "=value"})
	},
	"a query in the endpoint": func(t *testing.T) {
		sent := vendorSign(t, dated().WithEndpoint("https://rtc-api.myhuaweicloud.com?a=1").Build(), "AK", "SK")
		if sent.URL.RawQuery != "a=1" {
			t.Errorf("%q is sent", sent.URL.RawQuery)
		}
		wantSigned(t, sent, signer.Request{Method: "GET", Path: testPath, Query: "a=1"}, &signer.Request{Method: "GET", Path: testPath})
	},
	"a path in the endpoint": func(t *testing.T) {
		sent := vendorSign(t, dated().WithEndpoint("https://rtc-api.myhuaweicloud.com/base").WithPath("").Build(), "AK", "SK")
		if sent.URL.Path != "/base" {
			t.Errorf("%q is sent", sent.URL.Path)
		}
		wantSigned(t, sent, signer.Request{Method: "GET", Path: "/base"}, &signer.Request{Method: "GET"})
	},
	"a body of bytes": func(t *testing.T) {
		sent := vendorSign(t, dated().WithBody("", []byte("{}")).Build(), "AK", "SK")
		if body := ours(t, sent).Body; string(body) != "\"e30=\"\n" {
			t.Errorf("%q is sent", body)
		}
	},
	"a body that is not JSON": func(t *testing.T) {
		sent := vendorSign(t, dated().AddHeaderParam("Content-Type", "text/plain").WithBody("", "text").Build(), "AK", "SK")
		if hash := sent.Header.Get("X-Sdk-Content-Sha256"); hash != "UNSIGNED-PAYLOAD" {
			t.Errorf("the hash is %q", hash)
		}
		wantSigned(t, sent, ours(t, sent), nil)
	},
	"a hash of the body that was there": func(t *testing.T) {
		sent := vendorSign(t, dated().AddHeaderParam("X-Sdk-Content-Sha256", "anything").WithBody("", "{}").Build(), "AK", "SK")
		wantSigned(t, sent, ours(t, sent), nil)
		wantRefused(t, sent)
	},
	"a form": func(t *testing.T) {
		sent := vendorSign(t, dated().AddFormParam("name", def.NewMultiPart("value")).Build(), "AK", "SK")
		asSent := ours(t, sent)
		if !strings.Contains(string(asSent.Body), "value") {
			t.Errorf("%q is sent", asSent.Body)
		}
		wantSigned(t, sent, asSent, &signer.Request{Method: "GET", Path: testPath})
	},
	"other algorithms": func(t *testing.T) {
		sm3, err := vendor.GetSigner(algorithm.HmacSM3)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := sm3.Sign(dated().Build(), "AK", "SK")
		if err != nil || !strings.HasPrefix(signed["Authorization"], "SDK-HMAC-SM3 ") {
			t.Errorf("got %v, %v", signed, err)
		}
		derived, err := vendor.GetDerivedSigner().Sign(dated().Build(), "AK", "SK", "service", "cn-north-4")
		if err != nil || !strings.HasPrefix(derived["Authorization"], "V11-HMAC-SHA256 Credential=") {
			t.Errorf("got %v, %v", derived, err)
		}
		if got := signer.Sign("AK", "SK", testTime, signer.Request{}); !strings.HasPrefix(got.Authorization, "SDK-HMAC-SHA256 ") {
			t.Errorf("ours is %+v", got)
		}
	},
}

// clientDifferences are those of the clients.
var clientDifferences = map[string]func(t *testing.T){
	"app IDs": func(t *testing.T) {
		f := start(t, emulator.Options{})
		for _, id := range []string{".", "..", "a/b"} {
			f.SetCallback(id, testURL, testKey)
			if got, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowApp(&rtcmodel.ShowAppRequest{AppId: id}); err == nil && deref(got.AppId) == id {
				t.Errorf("the vendor's client can name %q", id)
			}
			f.ResetRequests()
			got, err := f.rtc(t, staticKeys).ShowApp(t.Context(), id)
			if isDots := id != "a/b"; isDots && (err == nil || len(f.Requests()) > 0) {
				t.Errorf("ours sends %q: %v", id, err)
			} else if !isDots && (err != nil || got.ID != id) {
				t.Errorf("ours can't name %q: %v", id, err)
			}
		}
	},
	"tokens": func(t *testing.T) {
		if _, err := vendorrtc.CloudRTCClientBuilder().WithCredential(token(emulator.DefaultToken)).SafeBuild(); err == nil {
			t.Error("the vendor's client of SparkRTC takes a token")
		}
		start(t, emulator.Options{}).wantTaken(t, transport.Credentials{Token: emulator.DefaultToken})
	},
	"the project in calls to IAM": func(t *testing.T) {
		f := start(t, emulator.Options{})
		if _, err := f.vendorIAM(t, vendorKeys(t, staticKeys)).KeystoneListProjects(&iammodel.KeystoneListProjectsRequest{}); err != nil {
			t.Error(err)
		}
		if _, err := f.iam(t).Projects(t.Context(), staticKeys, ""); err != nil {
			t.Error(err)
		}
		for i, want := range []string{emulator.DefaultProjectID, ""} {
			if got := f.Requests()[i].Header.Get("X-Project-Id"); got != want {
				t.Errorf("request %d is about the project %q, want %q", i, got, want)
			}
		}
	},
	"messages that repeat the request": func(t *testing.T) {
		f := start(t, emulator.Options{SecretKey: "another"})
		_, theirs := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowApp(&rtcmodel.ShowAppRequest{AppId: testAppID})
		_, own := f.rtc(t, staticKeys).ShowApp(t.Context(), testAppID)
		for whose, shows := range map[error]bool{theirs: true, own: false} {
			if strings.Contains(whose.Error(), "canonicalRequest:GET") != shows {
				t.Errorf("got %v", whose)
			}
		}
	},
}

// get is a request without a date, and dated is one with testTime.
func get() *request.HttpRequestBuilder {
	return request.NewHttpRequestBuilder().WithEndpoint("https://rtc-api.myhuaweicloud.com").WithMethod("GET").WithPath(testPath)
}

func dated() *request.HttpRequestBuilder {
	return get().AddHeaderParam("X-Sdk-Date", testTime.Format(signer.DateFormat))
}

func wantNames(t *testing.T, sent *http.Request, want string) {
	t.Helper()
	if got := sent.Header.Get("Authorization"); !strings.Contains(got, " SignedHeaders="+want+",") {
		t.Errorf("the vendor's signs %s, want %s", got, want)
	}
}

// wantSigned fails the test if the vendor's signature of a request is that of
// what is sent. Unless instead is nil, it has to be the one of that.
func wantSigned(t *testing.T, sent *http.Request, asSent signer.Request, instead *signer.Request) {
	t.Helper()
	vendors := sent.Header.Get("Authorization")
	if ours := signer.Sign("AK", "SK", testTime, asSent).Authorization; ours == vendors {
		t.Errorf("both signers sign what is sent: %s", ours)
	}
	if instead == nil {
		return
	}
	if want := signer.Sign("AK", "SK", testTime, *instead).Authorization; vendors != want {
		t.Errorf("the vendor's signature is %s, want that of %+v, %s", vendors, *instead, want)
	}
}

// wantRefused fails the test if the emulator takes a request that the vendor
// has signed.
func wantRefused(t *testing.T, sent *http.Request) {
	t.Helper()
	sent.Header.Set("X-Project-Id", emulator.DefaultProjectID)
	if status, answer := emulated(sent, "AK", "SK", "", testTime); status != http.StatusUnauthorized {
		t.Errorf("the emulator answers %d %s", status, answer)
	}
}

func TestDifferences(t *testing.T) {
	for name, show := range differences {
		t.Run(name, show)
	}
	for name, show := range clientDifferences {
		t.Run(name, show)
	}
}

// The lists in the README are those of the tests.
func TestDifferencesAreListed(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for title, tests := range map[string]map[string]func(*testing.T){
		"What the signers do differently": differences,
		"What the clients do differently": clientDifferences,
	} {
		_, list, _ := strings.Cut(string(readme), "\n## "+title+"\n")
		list, _, _ = strings.Cut(list, "\n## ")
		var listed []string
		for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(list, -1) {
			listed = append(listed, row[1])
		}
		listed = listed[min(1, len(listed)):] // but for the head
		slices.Sort(listed)
		if want := slices.Sorted(maps.Keys(tests)); !slices.Equal(listed, want) {
			t.Errorf("%s: README.md lists %q\nwant %q", title, listed, want)
		}
	}
}
