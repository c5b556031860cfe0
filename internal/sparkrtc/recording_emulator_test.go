// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

func emulated(t *testing.T, opts emulator.Options) (*emulator.Server, *Client) {
	t.Helper()
	server := emulator.New(opts)
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	return server, newClient(t, listener.URL, func(c *config) { c.Credentials = emulatorCredentials })
}

// However the service does what the documentation leaves open, one after the other: an app, its rule and its automatic
// recording from the first call to the last.
func TestLifeOnTheEmulator(t *testing.T) {
	for _, sw := range emulator.Switches() {
		for _, value := range sw.Values {
			t.Run(sw.Name+"/"+value, func(t *testing.T) {
				var opts emulator.Options
				if err := opts.Set(sw.Name, value); err != nil {
					t.Fatal(err)
				}
				live(t, opts)
			})
		}
	}
}

func live(t *testing.T, opts emulator.Options) {
	t.Helper()
	server, client := emulated(t, opts)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	id, err := client.CreateApp(ctx, "new")
	must(err)
	app, err := client.ShowNewApp(ctx, id)
	must(err)
	if app.ID != id || app.Name != "new" || app.State != AppActive || app.Scope == "" || app.CreateTime == "" || app.AutoRecord().Mode != AutoRecordOff {
		t.Errorf("created %+v", app)
	}
	state, _ := server.App(id)
	wantKey := state.AppKey
	if opts.AppKeyEcho == emulator.AppKeyMasked || opts.AppKeyEcho == emulator.AppKeyAbsent {
		wantKey = ""
	}
	if _, key, err := client.ShowAppKey(ctx, id); err != nil || key != wantKey {
		t.Errorf("the key is %q, want %q, %v", key, wantKey, err)
	}
	if _, err := client.CreateApp(ctx, "new"); opts.AppNames != emulator.NamesShared && (ReasonOf(err) != ReasonNameTaken || asError(t, err).InDoubt) {
		t.Errorf("a second app: %v", err)
	}
	for range 2 {
		if state, err := client.StopApp(ctx, id); err != nil || state != AppDeactivated {
			t.Errorf("stopped: %q, %v", state, err)
		}
	}
	for range 2 {
		if state, err := client.StartApp(ctx, id); err != nil || state != AppActive {
			t.Errorf("started: %q, %v", state, err)
		}
	}

	sent := bothFormats
	sent.OBS.ProjectID, sent.OBS.Bucket = emulator.DefaultProjectID, emulator.DefaultBucket
	rule, replaced, err := client.CreateRecordRule(ctx, id, sent)
	must(err)
	_, err = client.ShowNewRecordRule(ctx, id, rule.ID)
	must(err)
	if has, _ := server.RecordRule(id, rule.ID); replaced || has.Object != "Record/" || has.HLS.RecordMaxDurationToMergeFile != -1 || has.MP4.RecordCycle != 60 {
		t.Errorf("created %+v, replaced: %t", has, replaced)
	}
	rule, replaced, err = client.CreateRecordRule(ctx, id, sent)
	must(err)
	if rules, err := client.ListRecordRules(ctx, id); !replaced || err != nil || len(rules) != 1 || rules[0].ID != rule.ID || !rules[0].RecordsMP4() {
		t.Errorf("replaced: %t, listed %+v, %v", replaced, rules, err)
	}
	sent.MP4 = nil
	sent.HLS = &HLSConfig{RecordSliceDuration: 2}
	_, err = client.UpdateRecordRule(ctx, id, rule.ID, sent)
	must(err)
	shown, err := client.ShowRecordRule(ctx, id, rule.ID)
	must(err)
	if has, _ := server.RecordRule(id, rule.ID); has.MP4 != nil || has.HLS.RecordCycle != 0 || has.HLS.RecordMaxDurationToMergeFile != 0 || shown.RecordsMP4() || !shown.RecordsHLS() {
		t.Errorf("updated %+v, shown %+v", has, shown)
	}

	show := func(mode AutoRecordMode) {
		t.Helper()
		auto, err := client.ShowAutoRecord(ctx, id)
		must(err)
		app, err := client.ShowApp(ctx, id)
		must(err)
		if auto.Mode != mode || app.AutoRecord() != auto || mode != AutoRecordOff && auto.RecordRuleID != rule.ID {
			t.Errorf("automatic recording is %+v, of the app %+v", auto, app.AutoRecord())
		}
	}
	show(AutoRecordOff)
	if auto, err := client.UpdateAutoRecord(ctx, id, AutoRecordIndividual, rule.ID); err != nil || auto.Mode != AutoRecordIndividual || auto.RecordRuleID != rule.ID {
		t.Errorf("switched on: %+v, %v", auto, err)
	}
	show(AutoRecordIndividual)
	if err := client.DeleteApp(ctx, id); err != nil && !slices.Contains([]Reason{ReasonRulesExist, ReasonDeletionRefused}, ReasonOf(err)) {
		t.Errorf("the app in use: %v", err)
	} else if err == nil {
		return // with all that it had
	}
	if err := client.DeleteRecordRule(ctx, id, rule.ID); err != nil && ReasonOf(err) != ReasonDeletionRefused {
		t.Errorf("the rule in use: %v", err)
	}
	if auto, err := client.UpdateAutoRecord(ctx, id, AutoRecordOff, rule.ID); err != nil || auto.Mode != AutoRecordOff {
		t.Errorf("switched off: %+v, %v", auto, err)
	}
	show(AutoRecordOff)
	if err := client.DeleteRecordRule(ctx, id, rule.ID); err != nil && !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := client.ShowRecordRule(ctx, id, rule.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the deleted rule: %v", err)
	}
	_, err = client.StopApp(ctx, id)
	must(err)
	must(client.DeleteApp(ctx, id))
	gone := map[string]error{"deleted again": client.DeleteApp(ctx, id)}
	_, gone["shown"] = client.ShowApp(ctx, id)
	_, _, gone["key"] = client.ShowAppKey(ctx, id)
	_, gone["started"] = client.StartApp(ctx, id)
	_, gone["rules"] = client.ListRecordRules(ctx, id)
	_, gone["rule"] = client.ShowRecordRule(ctx, id, rule.ID)
	_, gone["automatic recording"] = client.ShowAutoRecord(ctx, id)
	for name, err := range gone {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("of a deleted app, %s: %v", name, err)
		}
	}
	if apps, err := client.ListAllApps(ctx); err != nil || slices.ContainsFunc(apps, func(a App) bool { return a.ID == id }) {
		t.Errorf("listed %+v, %v", apps, err)
	}
}

// A write whose response is lost may have taken effect. Creating an app is never repeated then.
func TestLostResponsesOnTheEmulator(t *testing.T) {
	server, client := emulated(t, emulator.Options{})
	server.Fail(emulator.Fault{Method: "POST", After: true, Drop: true})
	_, err := client.CreateApp(t.Context(), "new")
	if e := asError(t, err); !e.InDoubt || len(server.Apps()) != 1 || len(server.Requests()) != 1 {
		t.Errorf("%d apps after %d requests, %v", len(server.Apps()), len(server.Requests()), err)
	}
	id := server.Apps()[0].ID
	// Others are, to the same end.
	server.Fail(emulator.Fault{Method: "POST", After: true, Drop: true})
	rule, _, err := client.CreateRecordRule(t.Context(), id, bothFormats)
	if err != nil || len(server.RecordRules(id)) != 1 || server.RecordRules(id)[0].ID != rule.ID {
		t.Errorf("rule %+v, %v", rule, err)
	}
	server.SetOptions(func(o *emulator.Options) { o.SameState = emulator.SameStateRefused })
	server.Fail(emulator.Fault{Method: "POST", After: true, Drop: true})
	if state, err := client.StopApp(t.Context(), id); err != nil || state != AppDeactivated {
		t.Errorf("stopped: %q, %v", state, err)
	}
	server.Fail(emulator.Fault{Method: "DELETE", After: true, Drop: true})
	if err := client.DeleteRecordRule(t.Context(), id, rule.ID); !errors.Is(err, ErrNotFound) || len(server.RecordRules(id)) > 0 {
		t.Errorf("deleted: %v", err)
	}
}

// What the service refuses has a reason, and a missing permission its action.
func TestRefusalsOnTheEmulator(t *testing.T) {
	create := func(ctx context.Context, c *Client) error { _, err := c.CreateApp(ctx, "new"); return err }
	rule := func(ctx context.Context, c *Client) error {
		_, _, err := c.CreateRecordRule(ctx, testApp, bothFormats)
		return err
	}
	tests := map[string]struct {
		opts   emulator.Options
		before func(*emulator.Server)
		call   func(context.Context, *Client) error
		want   Reason
	}{
		"app quota":      {emulator.Options{AppQuota: 1}, nil, create, ReasonAppQuota},
		"region":         {emulator.Options{Locations: []string{"eu"}}, nil, rule, ReasonRegionNotServed},
		"no such bucket": {emulator.Options{BucketCheck: emulator.BucketExists}, nil, rule, ReasonInvalidParameter},
		"stopped":        {emulator.Options{}, func(s *emulator.Server) { s.DeactivateApp(testApp) }, rule, ReasonAppDeactivated},
		"arrears": {
			emulator.Options{}, func(s *emulator.Server) { s.SetAppState(testApp, emulator.StateArrears) },
			func(ctx context.Context, c *Client) error { _, err := c.StartApp(ctx, testApp); return err }, ReasonAppDeactivated,
		},
		"rules of no app": {
			emulator.Options{}, func(s *emulator.Server) { s.RemoveApp(testApp) }, rule, ReasonNotFound,
		},
		"no such rule": {
			emulator.Options{}, nil,
			func(ctx context.Context, c *Client) error {
				_, err := c.UpdateAutoRecord(ctx, testApp, AutoRecordIndividual, "none")
				return err
			}, ReasonInvalidParameter,
		},
		"rooms": {
			emulator.Options{AppDeletion: emulator.DeletionNoRooms}, func(s *emulator.Server) { s.SetRooms(testApp, true) },
			func(ctx context.Context, c *Client) error { return c.DeleteApp(ctx, testApp) }, ReasonDeletionRefused,
		},
	}
	for name, tc := range tests {
		server, client := emulated(t, tc.opts)
		server.AddApp(testApp)
		if tc.before != nil {
			tc.before(server)
		}
		if err := tc.call(t.Context(), client); ReasonOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, op := range operations {
		_, client := emulated(t, emulator.Options{Forbidden: []string{op.name}})
		if e := asError(t, op.call(t.Context(), client)); e.Reason != ReasonAccessDenied || e.Action != op.action {
			t.Errorf("%s: %v needs %q", op.name, e, e.Action)
		}
	}
}

// Whatever IDs are made of, they stay segments of the path, and the signature passes.
func TestIDsOnTheEmulator(t *testing.T) {
	for _, id := range []string{"a b", "a+b", "100%", "%2F", "a?b=c", "a#b", "a;b,c", "日本", "a/b", "x!'()*", "\x7f"} {
		server, client := emulated(t, emulator.Options{})
		server.SetRecordRule(id, emulator.RecordRule{ID: id, MP4: &emulator.RecordConfig{RecordCycle: 60}})
		shown, err := client.ShowRecordRule(t.Context(), id, id)
		if err != nil || shown.ID != id {
			t.Errorf("%q: %+v, %v", id, shown, err)
		}
		if err := client.DeleteRecordRule(t.Context(), id, id); err != nil || len(server.RecordRules(id)) > 0 {
			t.Errorf("%q: %v", id, err)
		}
		if want := fmt.Sprintf("%q", id+"/none"); !strings.Contains(fmt.Sprint(client.DeleteRecordRule(t.Context(), id, "none")), want) {
			t.Errorf("%q is not named", id)
		}
	}
}
