// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	vendorrtc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cloudrtc/v2/model"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

const testRuleID = "rule"

// rules are the same ones for both clients. Of what can be left out, all is sent, zeros too.
func rules() map[string]struct {
	vendor *model.RecordRuleReq
	ours   sparkrtc.RecordRuleRequest
} {
	zeros := ruleRequest(true, false)
	zeros.ObsAddr.Object = ptr("")
	zeros.HlsConfig.RecordPrefix, zeros.HlsConfig.RecordMaxDurationToMergeFile = ptr(""), ptr[int32](0)
	addr := sparkrtc.ObsAddr{Location: "cn-north-4", ProjectID: emulator.DefaultProjectID, Bucket: emulator.DefaultBucket, Object: "records/"}
	root := addr
	root.Object = ""
	hls := &sparkrtc.HLSConfig{RecordPrefix: "h/{stream}", RecordSliceDuration: 2, RecordMaxDurationToMergeFile: -1}
	mp4 := &sparkrtc.MP4Config{RecordCycle: 60, RecordPrefix: "m/{stream}", RecordMaxDurationToMergeFile: 300}
	return map[string]struct {
		vendor *model.RecordRuleReq
		ours   sparkrtc.RecordRuleRequest
	}{
		"both":  {ruleRequest(true, true), sparkrtc.RecordRuleRequest{OBS: addr, HLS: hls, MP4: mp4}},
		"HLS":   {ruleRequest(true, false), sparkrtc.RecordRuleRequest{OBS: addr, HLS: hls}},
		"MP4":   {ruleRequest(false, true), sparkrtc.RecordRuleRequest{OBS: addr, MP4: mp4}},
		"zeros": {zeros, sparkrtc.RecordRuleRequest{OBS: root, HLS: &sparkrtc.HLSConfig{RecordSliceDuration: 2}}},
	}
}

// wantSameRule compares what both clients read. The vendor's types, which differ by operation, have the same JSON.
func wantSameRule(t *testing.T, vendor any, ours sparkrtc.RecordRule) {
	t.Helper()
	members := func(v any) (m map[string]any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"X-request-Id", "update_time"} { // of another call
			delete(m, name)
		}
		for name, member := range m {
			if object, ok := member.(map[string]any); ok && len(object) == 0 { // ours has an object for none
				delete(m, name)
			}
		}
		return m
	}
	if v, o := members(vendor), members(ours); !reflect.DeepEqual(v, o) {
		t.Errorf("the vendor's client reads %v\nours %v", v, o)
	}
}

// operation is one of both clients, which return what they read.
type operation struct {
	vendor func(*vendorrtc.CloudRTCClient) (any, error)
	ours   func(*sparkrtc.Client) (any, error)
}

// operationsOf are the new ones. The vendor's client never reads back or looks up.
func operationsOf(t *testing.T) map[string]operation {
	t.Helper()
	modes := model.GetAutoRecordModeReqModeEnum()
	operations := map[string]operation{
		"CreateApp": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.CreateApp(&model.CreateAppRequest{Body: &model.AppReq{AppName: "a <b>"}})
				return err == nil && deref(resp.AppId) != "", err
			},
			func(c *sparkrtc.Client) (any, error) {
				id, err := c.CreateApp(t.Context(), "a <b>")
				return id != "", err
			},
		},
		"ShowApp": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.ShowApp(&model.ShowAppRequest{AppId: testAppID})
				if err != nil {
					return nil, err
				}
				mode := deref(resp.AutoRecordMode)
				return fmt.Sprint(deref(resp.AppId), deref(resp.AppName), deref(resp.State).State.Value(), deref(resp.Scope).Value(), deref(resp.Domain),
					deref(resp.CreateTime), mode.Mode.Value(), deref(mode.RecordRuleId), deref(mode.UpdateTime)), nil
			},
			func(c *sparkrtc.Client) (any, error) {
				app, err := c.ShowApp(t.Context(), testAppID)
				if err != nil {
					return nil, err
				}
				mode := app.AutoRecord()
				return fmt.Sprint(app.ID, app.Name, app.State, app.Scope, app.Domain, app.CreateTime, mode.Mode, mode.RecordRuleID, mode.UpdateTime), nil
			},
		},
		"ShowAppKey": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.ShowApp(&model.ShowAppRequest{AppId: testAppID})
				if err != nil {
					return nil, err
				}
				return deref(deref(resp.Authentication).AppKey), nil
			},
			func(c *sparkrtc.Client) (any, error) {
				_, key, err := c.ShowAppKey(t.Context(), testAppID)
				return key, err
			},
		},
		"StartApp": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.StartApp(&model.StartAppRequest{AppId: testAppID})
				if err != nil {
					return nil, err
				}
				return sparkrtc.AppState(deref(resp.State).State.Value()), nil
			},
			func(c *sparkrtc.Client) (any, error) { return c.StartApp(t.Context(), testAppID) },
		},
		"StopApp": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.StopApp(&model.StopAppRequest{AppId: testAppID})
				if err != nil {
					return nil, err
				}
				return sparkrtc.AppState(deref(resp.State).State.Value()), nil
			},
			func(c *sparkrtc.Client) (any, error) { return c.StopApp(t.Context(), testAppID) },
		},
		"DeleteApp": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				_, err := c.DeleteApp(&model.DeleteAppRequest{AppId: testAppID})
				return nil, err
			},
			func(c *sparkrtc.Client) (any, error) { return nil, c.DeleteApp(t.Context(), testAppID) },
		},
		"ShowRecordRule": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				return c.ShowRecordRule(&model.ShowRecordRuleRequest{AppId: testAppID, RuleId: testRuleID})
			},
			func(c *sparkrtc.Client) (any, error) { return c.ShowRecordRule(t.Context(), testAppID, testRuleID) },
		},
		"ListRecordRules": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.ListRecordRules(&model.ListRecordRulesRequest{AppId: testAppID, Offset: ptr[int32](0), Limit: ptr[int32](10)})
				if err != nil {
					return nil, err
				}
				return deref(resp.Rules)[0], nil
			},
			func(c *sparkrtc.Client) (any, error) {
				rules, err := c.ListRecordRules(t.Context(), testAppID)
				if err != nil {
					return nil, err
				}
				return &rules[0], nil
			},
		},
		"DeleteRecordRule": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				_, err := c.DeleteRecordRule(&model.DeleteRecordRuleRequest{AppId: testAppID, RuleId: testRuleID})
				return nil, err
			},
			func(c *sparkrtc.Client) (any, error) {
				return nil, c.DeleteRecordRule(t.Context(), testAppID, testRuleID)
			},
		},
		"ShowAutoRecord": {
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.ShowAutoRecord(&model.ShowAutoRecordRequest{AppId: testAppID})
				if err != nil {
					return nil, err
				}
				return autoRecord(resp.AutoRecordMode), nil
			},
			func(c *sparkrtc.Client) (any, error) {
				auto, err := c.ShowAutoRecord(t.Context(), testAppID)
				return fmt.Sprint(auto.Mode, auto.RecordRuleID), err
			},
		},
	}
	for name, body := range map[string]*model.AutoRecordModeReq{
		"UpdateAutoRecord, on":  {Mode: modes.AUTO_INDIVIDUAL_RECORD, RecordRuleId: ptr(testRuleID)},
		"UpdateAutoRecord, off": {Mode: modes.AUTO_RECORD_OFF},
	} {
		operations[name] = operation{
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				resp, err := c.UpdateAutoRecord(&model.UpdateAutoRecordRequest{AppId: testAppID, Body: body})
				if err != nil {
					return nil, err
				}
				return autoRecord(resp.AutoRecordMode), nil
			},
			func(c *sparkrtc.Client) (any, error) {
				auto, err := c.UpdateAutoRecord(t.Context(), testAppID, sparkrtc.AutoRecordMode(body.Mode.Value()), testRuleID)
				return fmt.Sprint(auto.Mode, auto.RecordRuleID), err
			},
		}
	}
	for name, rule := range rules() {
		operations["CreateRecordRule, "+name] = operation{
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				return c.CreateRecordRule(&model.CreateRecordRuleRequest{AppId: testAppID, Body: rule.vendor})
			},
			func(c *sparkrtc.Client) (any, error) {
				created, replaced, err := c.CreateRecordRule(t.Context(), testAppID, rule.ours)
				if err == nil && !replaced {
					t.Error("there was a rule")
				}
				return created, err
			},
		}
		operations["UpdateRecordRule, "+name] = operation{
			func(c *vendorrtc.CloudRTCClient) (any, error) {
				return c.UpdateRecordRule(&model.UpdateRecordRuleRequest{AppId: testAppID, RuleId: testRuleID, Body: rule.vendor})
			},
			func(c *sparkrtc.Client) (any, error) {
				return c.UpdateRecordRule(t.Context(), testAppID, testRuleID, rule.ours)
			},
		}
	}
	return operations
}

func autoRecord(mode *model.AppAutoRecordMode) string {
	return fmt.Sprint(deref(mode).Mode.Value(), deref(deref(mode).RecordRuleId))
}

// Both clients send the same requests for the new operations, and read the same of their responses.
func TestRecordingClients(t *testing.T) {
	for name, op := range operationsOf(t) {
		t.Run(name, func(t *testing.T) {
			opts := emulator.Options{AppNames: emulator.NamesShared, AppDeletion: emulator.DeletionAny, UsedRule: emulator.UsedDangles, DefaultsEcho: emulator.DefaultsShown}
			f, vendor := vendorClient(t, opts)
			ours := f.rtc(t, staticKeys)
			reset := func() {
				f.AddApp(testAppID)
				f.SetRecordRule(testAppID, emulator.RecordRule{ID: testRuleID, Object: "x", MP4: &emulator.RecordConfig{RecordCycle: 60}})
				f.SetAutoRecord(testAppID, emulator.AutoRecordIndividual, testRuleID)
			}
			var theirs, own any
			var err error
			reset()
			f.wantSame(t, func() {
				if theirs, err = op.vendor(vendor); err != nil {
					t.Fatal(err)
				}
			}, func() {
				if slices.Contains([]string{"DeleteApp", "DeleteRecordRule"}, name) {
					reset()
				}
				f.ResetRequests()
				if own, err = op.ours(ours); err != nil {
					t.Fatal(err)
				}
			})
			if rule, ok := own.(*sparkrtc.RecordRule); ok {
				wantSameRule(t, theirs, *rule)
			} else if !reflect.DeepEqual(theirs, own) {
				t.Errorf("the vendor's client reads %v, ours %v", theirs, own)
			}
		})
	}
}

// Both understand an error of any new operation as the same one.
func TestRecordingClientsFailAlike(t *testing.T) {
	for name, op := range operationsOf(t) {
		for _, want := range []failure{
			{400, "RTC.00001003", "InvalidParameterValue", true}, {400, "RTC.00001021", "NoPermission", true}, {403, "APIGW.0306", "denied", true},
		} {
			f, vendor := vendorClient(t, emulator.Options{})
			f.Fail(emulator.Fault{Times: -1, Status: want.status, Code: want.code, Message: want.message})
			_, theirs := op.vendor(vendor)
			_, own := op.ours(f.rtc(t, staticKeys))
			wantFailure(t, "the vendor's", vendorFailure(t, theirs), want)
			var e *sparkrtc.Error
			if !errors.As(own, &e) {
				t.Fatalf("%s: ours got %v", name, own)
			}
			wantFailure(t, "our", failure{e.StatusCode, e.Code, e.Message, len(e.RequestID) == 32}, want)
		}
	}
}
