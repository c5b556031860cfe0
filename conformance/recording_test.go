// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"slices"
	"testing"
	"time"

	vendorrtc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/model"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// vendorClient is the vendor's client of an emulator with testAppID.
func vendorClient(t *testing.T, opts emulator.Options) (*fixture, *vendorrtc.CloudRTCClient) {
	t.Helper()
	f := start(t, opts)
	f.AddApp(testAppID)
	return f, f.vendorRTC(t, vendorKeys(t, staticKeys))
}

func wantStatus(t *testing.T, got, want int, requestID *string) {
	t.Helper()
	if got != want || len(deref(requestID)) != 32 {
		t.Errorf("got status %d, request id %q, want %d", got, deref(requestID), want)
	}
}

func wantRecent(t *testing.T, text *string) {
	t.Helper()
	if at, err := time.Parse(time.RFC3339, deref(text)); err != nil || !about(at, time.Now()) {
		t.Errorf("the time is %q", deref(text))
	}
}

// The vendor's client can do with the emulator's apps all that it can do with apps.
func TestLifeOfAnApp(t *testing.T) {
	f, client := vendorClient(t, emulator.Options{})
	created, err := client.CreateApp(&model.CreateAppRequest{Body: &model.AppReq{AppName: "new"}})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, created.HttpStatusCode, 201, created.XRequestId)
	id := deref(created.AppId)
	if state, ok := f.App(id); !ok || state.Name != "new" {
		t.Errorf("created %q, %+v", id, state)
	}

	stopped, err := client.StopApp(&model.StopAppRequest{AppId: id})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, stopped.HttpStatusCode, 200, stopped.XRequestId)
	wantRecent(t, deref(stopped.State).UpdateTime)
	if deref(stopped.AppId) != id || deref(stopped.State).State.Value() != emulator.StateInactive {
		t.Errorf("stopped %v", stopped)
	}
	started, err := client.StartApp(&model.StartAppRequest{AppId: id})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, started.HttpStatusCode, 200, started.XRequestId)
	if deref(started.AppId) != id || deref(started.State).State.Value() != emulator.StateActive {
		t.Errorf("started %v", started)
	}

	shown, err := client.ShowApp(&model.ShowAppRequest{AppId: id})
	if err != nil {
		t.Fatal(err)
	}
	state, _ := f.App(id)
	authentication := deref(shown.Authentication)
	if deref(shown.AppName) != "new" || deref(shown.TenantName) != emulator.DefaultDomainName || deref(shown.Domain) == "" ||
		!deref(authentication.Enable) || deref(authentication.Expire) != 300 || deref(authentication.AppKey) != state.AppKey {
		t.Errorf("shown %v", shown)
	}
	wantRecent(t, shown.CreateTime)
	wantRecent(t, authentication.UpdateTime)

	deleted, err := client.DeleteApp(&model.DeleteAppRequest{AppId: id})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, deleted.HttpStatusCode, 204, deleted.XRequestId)
	if _, ok := f.App(id); ok {
		t.Error("the app is there")
	}
}

func TestDeletedAppIsShown(t *testing.T) {
	f, client := vendorClient(t, emulator.Options{DeletedApp: emulator.DeletedListed})
	f.RemoveApp(testAppID)
	shown, err := client.ShowApp(&model.ShowAppRequest{AppId: testAppID})
	if err != nil || deref(shown.State).State.Value() != emulator.StateDeleted {
		t.Errorf("shown %v, %v", shown, err)
	}
	if list, err := client.ListApps(&model.ListAppsRequest{}); err != nil || len(deref(list.Apps)) != 1 {
		t.Errorf("listed %v, %v", list, err)
	}
}

// ruleRequest is a rule of one format or of both.
func ruleRequest(hls, mp4 bool) *model.RecordRuleReq {
	formats := model.GetRecordRuleReqRecordFormatsEnum()
	rule := &model.RecordRuleReq{ObsAddr: &model.RecordObsFileAddr{
		Location: model.GetRecordObsFileAddrLocationEnum().CN_NORTH_4, ProjectId: emulator.DefaultProjectID,
		Bucket: emulator.DefaultBucket, Object: ptr("records/"),
	}}
	if hls {
		rule.RecordFormats = append(rule.RecordFormats, formats.HLS)
		rule.HlsConfig = &model.HlsRecordConfig{
			RecordCycle: 0, RecordPrefix: ptr("h/{stream}"), RecordSliceDuration: ptr[int32](2), RecordMaxDurationToMergeFile: ptr[int32](-1),
		}
	}
	if mp4 {
		rule.RecordFormats = append(rule.RecordFormats, formats.MP4)
		rule.Mp4Config = &model.Mp4RecordConfig{RecordCycle: 60, RecordPrefix: ptr("m/{stream}"), RecordMaxDurationToMergeFile: ptr[int32](300)}
	}
	return rule
}

// wantRule compares a response, whose types differ by operation, with a request.
func wantRule(t *testing.T, got model.RecordRule, want *model.RecordRuleReq) {
	t.Helper()
	if deref(got.AppId) != testAppID || len(deref(got.RuleId)) != 32 || deref(got.ObsAddr).String() != want.ObsAddr.String() ||
		deref(got.HlsConfig).String() != deref(want.HlsConfig).String() || deref(got.Mp4Config).String() != deref(want.Mp4Config).String() ||
		(got.HlsConfig == nil) != (want.HlsConfig == nil) || (got.Mp4Config == nil) != (want.Mp4Config == nil) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	wantRecent(t, got.CreateTime)
	wantRecent(t, got.UpdateTime)
}

func values[T interface{ Value() string }](list *[]T) (all []string) {
	for _, v := range deref(list) {
		all = append(all, v.Value())
	}
	return all
}

func wantFormats(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got formats %q, want %q", got, want)
	}
}

func TestLifeOfARecordRule(t *testing.T) {
	f, client := vendorClient(t, emulator.Options{BucketCheck: emulator.BucketProject})
	both, onlyHLS, onlyMP4 := ruleRequest(true, true), ruleRequest(true, false), ruleRequest(false, true)

	created, err := client.CreateRecordRule(&model.CreateRecordRuleRequest{AppId: testAppID, Body: both})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, created.HttpStatusCode, 201, created.XRequestId)
	wantFormats(t, values(created.RecordFormats), "HLS", "MP4")
	wantRule(t, model.RecordRule{
		RuleId: created.RuleId, AppId: created.AppId, ObsAddr: created.ObsAddr, HlsConfig: created.HlsConfig, Mp4Config: created.Mp4Config,
		CreateTime: created.CreateTime, UpdateTime: created.UpdateTime,
	}, both)
	id := deref(created.RuleId)

	replaced, err := client.CreateRecordRule(&model.CreateRecordRuleRequest{AppId: testAppID, Body: onlyMP4})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, replaced.HttpStatusCode, 200, replaced.XRequestId)
	wantFormats(t, values(replaced.RecordFormats), "MP4")
	if deref(replaced.RuleId) != id {
		t.Errorf("replaced %v", replaced)
	}

	updated, err := client.UpdateRecordRule(&model.UpdateRecordRuleRequest{AppId: testAppID, RuleId: id, Body: onlyHLS})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, updated.HttpStatusCode, 200, updated.XRequestId)
	wantFormats(t, values(updated.RecordFormats), "HLS")

	shown, err := client.ShowRecordRule(&model.ShowRecordRuleRequest{AppId: testAppID, RuleId: id})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, shown.HttpStatusCode, 200, shown.XRequestId)
	wantFormats(t, values(shown.RecordFormats), "HLS")
	wantRule(t, model.RecordRule{
		RuleId: shown.RuleId, AppId: shown.AppId, ObsAddr: shown.ObsAddr, HlsConfig: shown.HlsConfig, Mp4Config: shown.Mp4Config,
		CreateTime: shown.CreateTime, UpdateTime: shown.UpdateTime,
	}, onlyHLS)

	listed, err := client.ListRecordRules(&model.ListRecordRulesRequest{AppId: testAppID, Offset: ptr[int32](0), Limit: ptr[int32](10)})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, listed.HttpStatusCode, 200, listed.XRequestId)
	if rules := deref(listed.Rules); len(rules) != 1 {
		t.Errorf("listed %v", rules)
	} else {
		wantFormats(t, values(rules[0].RecordFormats), "HLS")
		wantRule(t, rules[0], onlyHLS)
	}

	deleted, err := client.DeleteRecordRule(&model.DeleteRecordRuleRequest{AppId: testAppID, RuleId: id})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, deleted.HttpStatusCode, 204, deleted.XRequestId)
	if rules := f.RecordRules(testAppID); len(rules) > 0 {
		t.Errorf("the rules are %+v", rules)
	}
}

func TestAutoRecord(t *testing.T) {
	f, client := vendorClient(t, emulator.Options{})
	id := f.SetRecordRule(testAppID, emulator.RecordRule{MP4: &emulator.RecordConfig{RecordCycle: 60}})
	modes := model.GetAutoRecordModeReqModeEnum()
	want := func(mode model.AppAutoRecordMode, wantMode, wantRule string) {
		t.Helper()
		if mode.Mode.Value() != wantMode || deref(mode.RecordRuleId) != wantRule {
			t.Errorf("got %v, want %s, %q", mode, wantMode, wantRule)
		}
		wantRecent(t, mode.UpdateTime)
	}
	show := func(wantMode, wantRule string) {
		t.Helper()
		shown, err := client.ShowAutoRecord(&model.ShowAutoRecordRequest{AppId: testAppID})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, shown.HttpStatusCode, 200, shown.XRequestId)
		want(deref(shown.AutoRecordMode), wantMode, wantRule)
		app, err := client.ShowApp(&model.ShowAppRequest{AppId: testAppID})
		if err != nil {
			t.Fatal(err)
		}
		want(deref(app.AutoRecordMode), wantMode, wantRule)
	}
	update := func(body model.AutoRecordModeReq, wantRule string) {
		t.Helper()
		updated, err := client.UpdateAutoRecord(&model.UpdateAutoRecordRequest{AppId: testAppID, Body: &body})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, updated.HttpStatusCode, 200, updated.XRequestId)
		want(deref(updated.AutoRecordMode), body.Mode.Value(), wantRule)
		show(body.Mode.Value(), wantRule)
	}

	show(emulator.AutoRecordOff, "")
	update(model.AutoRecordModeReq{Mode: modes.AUTO_INDIVIDUAL_RECORD, RecordRuleId: &id}, id)
	update(model.AutoRecordModeReq{Mode: modes.AUTO_RECORD_OFF}, "")
}

// The vendor's client understands each error of the new operations.
func TestRecordingErrors(t *testing.T) {
	const invalid = "InvalidParameterValue"
	other := ruleRequest(false, true)
	other.ObsAddr.Bucket = "other"
	tests := map[string]struct {
		opts emulator.Options
		call func(*vendorrtc.CloudRTCClient) error
		want failure
	}{
		"name taken": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.CreateApp(&model.CreateAppRequest{Body: &model.AppReq{AppName: testAppID}})
				return err
			},
			want: failure{400, "RTC.00001020", "AppExist", true},
		},
		"too many apps": {
			opts: emulator.Options{AppQuota: 1},
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.CreateApp(&model.CreateAppRequest{Body: &model.AppReq{AppName: "new"}})
				return err
			},
			want: failure{400, "RTC.00001017", "AppsExceed", true},
		},
		"no permission": {
			opts: emulator.Options{Forbidden: []string{"StopApp"}},
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.StopApp(&model.StopAppRequest{AppId: testAppID})
				return err
			},
			want: failure{400, "RTC.00001021", "NoPermission", true},
		},
		"app with rules": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.DeleteApp(&model.DeleteAppRequest{AppId: testAppID})
				return err
			},
			want: failure{400, "RTC.00001019", "RecordRuleExist", true},
		},
		"region": {
			opts: emulator.Options{Locations: []string{"other"}},
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.CreateRecordRule(&model.CreateRecordRuleRequest{AppId: testAppID, Body: ruleRequest(true, false)})
				return err
			},
			want: failure{400, "RTC.00001012", "UnsupportRegion", true},
		},
		"bucket": {
			opts: emulator.Options{BucketCheck: emulator.BucketExists},
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.UpdateRecordRule(&model.UpdateRecordRuleRequest{AppId: testAppID, RuleId: "rule", Body: other})
				return err
			},
			want: failure{400, "RTC.00001003", invalid, true},
		},
		"no rule": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.ShowRecordRule(&model.ShowRecordRuleRequest{AppId: testAppID, RuleId: "none"})
				return err
			},
			want: failure{404, "RTC.00001003", invalid, true},
		},
		"rule in use": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.DeleteRecordRule(&model.DeleteRecordRuleRequest{AppId: testAppID, RuleId: "rule"})
				return err
			},
			want: failure{400, "RTC.00001003", invalid, true},
		},
		"no rule to record with": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.UpdateAutoRecord(&model.UpdateAutoRecordRequest{AppId: testAppID, Body: &model.AutoRecordModeReq{
					Mode: model.GetAutoRecordModeReqModeEnum().AUTO_INDIVIDUAL_RECORD,
				}})
				return err
			},
			want: failure{400, "RTC.00001005", "MissingParameter", true},
		},
		"no app": {
			call: func(c *vendorrtc.CloudRTCClient) error {
				_, err := c.ListRecordRules(&model.ListRecordRulesRequest{AppId: "none"})
				return err
			},
			want: failure{404, "RTC.00001003", invalid, true},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f, client := vendorClient(t, tc.opts)
			f.SetRecordRule(testAppID, emulator.RecordRule{ID: "rule"})
			f.SetAutoRecord(testAppID, emulator.AutoRecordIndividual, "rule")
			wantFailure(t, "the vendor's", vendorFailure(t, tc.call(client)), tc.want)
		})
	}
}
