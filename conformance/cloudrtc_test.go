// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	vendorrtc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/model"
	rtcregion "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/region"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const testURL = "https://example.com/cb?a=1&b=<2>"

func TestEndpoint(t *testing.T) {
	r, err := rtcregion.SafeValueOf(sparkrtc.DefaultRegion)
	if err != nil || !slices.Equal(r.Endpoints, []string{sparkrtc.DefaultEndpoint}) {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestUpdateRecordCallback(t *testing.T) {
	empty, key := "", testKey
	tests := map[string]struct {
		key  *string
		body string
	}{
		"with a key":        {&key, `{"auth_key":"` + testKey + `","url":"https://example.com/cb?a=1\u0026b=\u003c2\u003e"}`},
		"with an empty one": {&empty, `{"auth_key":"","url":"https://example.com/cb?a=1\u0026b=\u003c2\u003e"}`},
		"without a key":     {nil, `{"url":"https://example.com/cb?a=1\u0026b=\u003c2\u003e"}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			f.AddApp(testAppID)
			body := f.wantSame(t, func() {
				resp, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).UpdateRecordCallback(&model.UpdateRecordCallbackRequest{
					AppId: testAppID, Body: &model.AppCallbackUrlReq{Url: testURL, AuthKey: tc.key},
				})
				if err != nil {
					t.Fatal(err)
				}
				wantCallback(t, resp.RecordCallback, deref(tc.key))
				wantAnswered(t, resp.HttpStatusCode, resp.XRequestId)
				if deref(resp.AppId) != testAppID {
					t.Errorf("got %v", resp)
				}
				if got, _ := f.Callback(testAppID); got.URL != testURL || got.AuthKey != deref(tc.key) {
					t.Errorf("the service has %+v", got)
				}
			}, func() {
				if _, err := f.rtc(t, staticKeys).UpdateRecordCallback(t.Context(), testAppID,
					sparkrtc.RecordCallbackRequest{URL: testURL, AuthKey: tc.key}); err != nil {
					t.Fatal(err)
				}
			})
			if body != tc.body {
				t.Errorf("sent %s, want %s", body, tc.body)
			}
		})
	}
}

func wantCallback(t *testing.T, got *model.AppCallbackUrl, key string) {
	t.Helper()
	if got == nil {
		t.Fatal("the response has no callback")
	}
	events := model.GetAppCallbackUrlNotifyEventSubscriptionEnum()
	if deref(got.Url) != testURL || deref(got.AuthKey) != key ||
		!slices.Equal(deref(got.NotifyEventSubscription), []model.AppCallbackUrlNotifyEventSubscription{
			events.RECORD_NEW_FILE_START, events.RECORD_FILE_COMPLETE,
		}) {
		t.Errorf("got %v", got)
	}
	if at, err := time.Parse(time.RFC3339, deref(got.UpdateTime)); err != nil || !about(at, time.Now()) {
		t.Errorf("updated at %q", deref(got.UpdateTime))
	}
}

func wantAnswered(t *testing.T, status int, requestID *string) {
	t.Helper()
	if status != 200 || len(deref(requestID)) != 32 {
		t.Errorf("got status %d, request id %q", status, deref(requestID))
	}
}

func TestShowRecordCallback(t *testing.T) {
	f := start(t, emulator.Options{})
	f.SetCallback(testAppID, testURL, testKey)
	f.wantSame(t, func() {
		resp, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowRecordCallback(&model.ShowRecordCallbackRequest{AppId: testAppID})
		if err != nil {
			t.Fatal(err)
		}
		wantCallback(t, resp.RecordCallback, testKey)
		wantAnswered(t, resp.HttpStatusCode, resp.XRequestId)
	}, func() {
		if _, err := f.rtc(t, staticKeys).ShowRecordCallback(t.Context(), testAppID); err != nil {
			t.Fatal(err)
		}
	})
}

func TestShowApp(t *testing.T) {
	f := start(t, emulator.Options{})
	f.SetCallback(testAppID, testURL, testKey)
	f.wantSame(t, func() {
		resp, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowApp(&model.ShowAppRequest{AppId: testAppID})
		if err != nil {
			t.Fatal(err)
		}
		if deref(resp.AppId) != testAppID || deref(resp.State).State.Value() != "ACTIVATION" ||
			deref(resp.Scope).Value() != "GLOBAL" || deref(resp.AutoRecordMode).Mode.Value() != "AUTO_RECORD_OFF" {
			t.Errorf("got %v", resp)
		}
		wantCallback(t, deref(resp.Callbacks).RecordCallback, testKey)
		wantAnswered(t, resp.HttpStatusCode, resp.XRequestId)
	}, func() {
		if _, err := f.rtc(t, staticKeys).ShowApp(t.Context(), testAppID); err != nil {
			t.Fatal(err)
		}
	})
}

func TestListApps(t *testing.T) {
	f := start(t, emulator.Options{})
	const apps = 130
	for i := range apps {
		f.AddApp(fmt.Sprint("app", i))
	}
	f.DeactivateApp("app7")
	f.SetCallback("app129", testURL, testKey)
	client := f.vendorRTC(t, vendorKeys(t, staticKeys))
	list := func(offset, limit *int32, state *model.ListAppsRequestState) []model.App {
		t.Helper()
		resp, err := client.ListApps(&model.ListAppsRequest{Offset: offset, Limit: limit, State: state})
		if err != nil {
			t.Fatal(err)
		}
		wantAnswered(t, resp.HttpStatusCode, resp.XRequestId)
		if state == nil && deref(resp.Count) != apps {
			t.Errorf("%d apps are counted", deref(resp.Count))
		}
		return deref(resp.Apps)
	}

	t.Run("pages", func(t *testing.T) {
		var zero, one, hundred int32 = 0, 1, 100
		f.wantSame(t, func() {
			first, second := list(&zero, &hundred, nil), list(&one, &hundred, nil)
			if len(first) != 100 || len(second) != 30 || deref(first[0].AppId) != "app0" {
				t.Fatalf("got pages of %d and %d apps, %v first", len(first), len(second), first[0])
			}
			wantCallback(t, deref(second[29].Callbacks).RecordCallback, testKey)
		}, func() {
			if got, err := f.rtc(t, staticKeys).ListApps(t.Context()); err != nil || len(got) != apps {
				t.Errorf("got %d apps, %v", len(got), err)
			}
		})
	})
	t.Run("no parameters", func(t *testing.T) {
		if got := list(nil, nil, nil); len(got) != 100 {
			t.Errorf("got %d apps", len(got))
		}
	})
	t.Run("states", func(t *testing.T) {
		states := model.GetListAppsRequestStateEnum()
		if got := list(nil, nil, &states.DEACTIVATION); len(got) != 1 || deref(got[0].AppId) != "app7" {
			t.Errorf("got %v", got)
		}
		if got := list(nil, nil, &states.ARREARS); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

// Both clients mean the same app, whatever it is called. One with a slash, or
// of dots, the vendor's client can't name.
func TestAppIDs(t *testing.T) {
	for _, id := range []string{testAppID, "a b", "a+b", "100%", "%2F", "a?b=c", "a#b", "a;b,c", "été", "日本", "a:@&=$", "x!'()*", "\x7f", "\xff"} {
		t.Run(id, func(t *testing.T) {
			f := start(t, emulator.Options{})
			f.SetCallback(id, testURL, testKey)
			f.wantSame(t, func() {
				resp, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowRecordCallback(&model.ShowRecordCallbackRequest{AppId: id})
				if err != nil {
					t.Fatal(err)
				}
				wantCallback(t, resp.RecordCallback, testKey)
			}, func() {
				if _, err := f.rtc(t, staticKeys).ShowRecordCallback(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// The vendor's SDK looks the project up at IAM if it isn't given.
func TestProjectIsLookedUp(t *testing.T) {
	// The SDK remembers projects by access key, for the whole process.
	const accessKey = "AKPROJECTISLOOKEDUP0"
	f := start(t, emulator.Options{AccessKey: accessKey})
	f.SetCallback(testAppID, testURL, testKey)
	keys, err := basic.NewCredentialsBuilder().WithAk(accessKey).WithSk(emulator.DefaultSecretKey).WithIamEndpointOverride(f.url).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := vendorrtc.CloudRTCClientBuilder().WithRegion(region.NewRegion(emulator.DefaultProjectName, f.url)).
		WithCredential(keys).WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	if keys.ProjectId != emulator.DefaultProjectID {
		t.Errorf("found the project %q", keys.ProjectId)
	}
	if _, err := vendorrtc.NewCloudRTCClient(client).ShowRecordCallback(&model.ShowRecordCallbackRequest{AppId: testAppID}); err != nil {
		t.Error(err)
	}
}

// Both clients understand an error as the same one. Of its message ours leaves
// out what repeats the request.
func TestErrors(t *testing.T) {
	const incorrect = "Incorrect IAM authentication information: "
	with := func(change func(*transport.Credentials)) transport.Credentials {
		c := staticKeys
		change(&c)
		return c
	}
	wrongSecret := with(func(c *transport.Credentials) { c.SecretKey = "wrong" })
	update := func(url string) *sparkrtc.RecordCallbackRequest { return &sparkrtc.RecordCallbackRequest{URL: url} }
	tests := map[string]struct {
		opts   emulator.Options
		keys   transport.Credentials
		before func(*fixture)
		update *sparkrtc.RecordCallbackRequest // nil for a read
		want   failure
	}{
		"wrong secret key": {keys: wrongSecret, want: failure{401, "APIGW.0301", incorrect + "verify aksk signature fail", true}},
		"wrong secret key, with a body": {
			keys: wrongSecret, update: update(testURL),
			want: failure{401, "APIGW.0301", incorrect + "verify aksk signature fail", true},
		},
		"wrong access key": {
			keys: with(func(c *transport.Credentials) { c.AccessKey = "AKOTHER" }),
			want: failure{401, "APIGW.0301", incorrect + "Get secretKey failed,ak:", true},
		},
		"foreign security token": {
			keys: with(func(c *transport.Credentials) { c.SecurityToken = "foreign" }),
			want: failure{401, "APIGW.0301", incorrect + "decrypt token fail", true},
		},
		"another project": {
			keys: with(func(c *transport.Credentials) { c.ProjectID = "other" }),
			want: failure{400, "RTC.00001001", "OperationUnauthorized: get DomainID fail", true},
		},
		"wrong clock": {
			opts: emulator.Options{Clock: func() time.Time { return time.Now().Add(48 * time.Hour) }}, keys: staticKeys,
			want: failure{401, "APIGW.0301", incorrect + "signature expired, signature time:", true},
		},
		"throttled": {
			opts: emulator.Options{Quota: 1}, keys: staticKeys,
			before: func(f *fixture) { _, _ = f.rtc(t, staticKeys).ListApps(t.Context()) },
			want:   failure{429, "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:1,time:1 minute", true},
		},
		"no app": {
			keys: staticKeys, before: func(f *fixture) { f.RemoveApp(testAppID) },
			want: failure{404, "RTC.00001003", "InvalidParameterValue", true},
		},
		"no app to change": {
			keys: staticKeys, before: func(f *fixture) { f.RemoveApp(testAppID) }, update: update(testURL),
			want: failure{404, "RTC.00001003", "InvalidParameterValue", true},
		},
		"no callback":  {keys: staticKeys, want: failure{404, "RTC.00001003", "InvalidParameterValue", true}},
		"no URL":       {keys: staticKeys, update: update(""), want: failure{400, "RTC.00001003", "InvalidParameterValue", true}},
		"another kind": {keys: staticKeys, update: update("ftp://example.com"), want: failure{400, "RTC.00001003", "InvalidParameterValue", true}},
		"unreachable URL": {
			keys: staticKeys, before: func(f *fixture) { f.SetUnreachable(testURL) }, update: update(testURL),
			want: failure{400, "RTC.00001018", "URL unavailable: The callback URL is unavailable", true},
		},
		"stopped app": {
			keys: staticKeys, before: func(f *fixture) { f.DeactivateApp(testAppID) }, update: update(testURL),
			want: failure{400, "RTC.00001016", "AppDeactivation", true},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			f.AddApp(testAppID)
			if tc.before != nil {
				tc.before(f)
			}
			vendor, ours := f.vendorRTC(t, vendorKeys(t, tc.keys)), f.rtc(t, tc.keys)
			var theirs, own error
			if tc.update == nil {
				_, theirs = vendor.ShowRecordCallback(&model.ShowRecordCallbackRequest{AppId: testAppID})
				_, own = ours.ShowRecordCallback(t.Context(), testAppID)
			} else {
				_, theirs = vendor.UpdateRecordCallback(&model.UpdateRecordCallbackRequest{
					AppId: testAppID, Body: &model.AppCallbackUrlReq{Url: tc.update.URL},
				})
				_, own = ours.UpdateRecordCallback(t.Context(), testAppID, *tc.update)
			}
			wantFailure(t, "the vendor's", vendorFailure(t, theirs), tc.want)
			var e *sparkrtc.Error
			if !errors.As(own, &e) {
				t.Fatalf("ours got %v", own)
			}
			wantFailure(t, "our", failure{e.StatusCode, e.Code, e.Message, len(e.RequestID) == 32}, tc.want)
		})
	}
}

// More than five wrong signatures in a row lock an access key for everyone.
func TestLock(t *testing.T) {
	f := start(t, emulator.Options{})
	f.AddApp(testAppID)
	wrong := staticKeys
	wrong.SecretKey = "wrong"
	for range 6 {
		_, err := f.vendorRTC(t, vendorKeys(t, wrong)).ShowApp(&model.ShowAppRequest{AppId: testAppID})
		wantFailure(t, "the vendor's", vendorFailure(t, err),
			failure{401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail", true})
	}
	_, err := f.vendorRTC(t, vendorKeys(t, staticKeys)).ShowApp(&model.ShowAppRequest{AppId: testAppID})
	wantFailure(t, "the vendor's", vendorFailure(t, err),
		failure{401, "APIGW.0301", "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden", true})
}
