// SPDX-License-Identifier: MPL-2.0

package recording

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const app = "5ff9701f2346968bb306cb43"

func emulated(t *testing.T, opts emulator.Options) (*emulator.Server, *sparkrtc.Client) {
	t.Helper()
	server := emulator.New(opts)
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	server.AddApp(app)
	client, err := sparkrtc.New(sparkrtc.Config{
		Endpoint:    listener.URL,
		Credentials: transport.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: emulator.DefaultSecretKey, ProjectID: emulator.DefaultProjectID},
		Transport:   transport.New(transport.Config{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// changes are made outside, one of each argument. No two of a rule are the same.
var changes = map[string]struct {
	outside func(*emulator.RecordRule)
	want    func(*sparkrtc.RecordRuleRequest)
}{
	"bucket":     {func(r *emulator.RecordRule) { r.Bucket = "other" }, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Bucket = "other" }},
	"project":    {func(r *emulator.RecordRule) { r.ProjectID = "other" }, func(r *sparkrtc.RecordRuleRequest) { r.OBS.ProjectID = "other" }},
	"no object":  {func(r *emulator.RecordRule) { r.Object = "" }, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Object = "" }},
	"hls cycle":  {func(r *emulator.RecordRule) { r.HLS.RecordCycle = 0 }, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordCycle = 0 }},
	"hls prefix": {func(r *emulator.RecordRule) { r.HLS.RecordPrefix = "x" }, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordPrefix = "x" }},
	"hls default prefix": {
		func(r *emulator.RecordRule) { r.HLS.RecordPrefix = emulator.DefaultPrefix },
		func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordPrefix = sparkrtc.DefaultRecordPrefix },
	},
	"hls slices": {func(r *emulator.RecordRule) { r.HLS.RecordSliceDuration = 60 }, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordSliceDuration = 60 }},
	"hls merge":  {func(r *emulator.RecordRule) { r.HLS.RecordMaxDurationToMergeFile = -1 }, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordMaxDurationToMergeFile = -1 }},
	"mp4 cycle":  {func(r *emulator.RecordRule) { r.MP4.RecordCycle = 60 }, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordCycle = 60 }},
	"mp4 prefix": {func(r *emulator.RecordRule) { r.MP4.RecordPrefix = "x" }, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordPrefix = "x" }},
	"mp4 merge":  {func(r *emulator.RecordRule) { r.MP4.RecordMaxDurationToMergeFile = 0 }, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordMaxDurationToMergeFile = 0 }},
	"no hls":     {func(r *emulator.RecordRule) { r.HLS = nil }, func(r *sparkrtc.RecordRuleRequest) { r.HLS = nil }},
	"no mp4":     {func(r *emulator.RecordRule) { r.MP4 = nil }, func(r *sparkrtc.RecordRuleRequest) { r.MP4 = nil }},
}

// However the service does what the documentation leaves open: what was set is kept, and each change outside is noticed,
// also right after a write.
func TestObserveOnTheEmulator(t *testing.T) {
	values := map[string][]string{"time-echo": nil, "defaults-echo": nil, "path-echo": nil, "unused-config": nil}
	for _, sw := range emulator.Switches() {
		if _, found := values[sw.Name]; found {
			values[sw.Name] = sw.Values
		}
	}
	n := 0
	for _, defaults := range values["defaults-echo"] {
		for _, paths := range values["path-echo"] {
			for _, unused := range values["unused-config"] {
				at := values["time-echo"][n%len(values["time-echo"])]
				n++
				t.Run(fmt.Sprint(at, " ", defaults, " ", paths, " ", unused), func(t *testing.T) {
					server, client := emulated(t, emulator.Options{
						TimeEcho: emulator.TimeEcho(at), DefaultsEcho: emulator.DefaultsEcho(defaults),
						PathEcho: emulator.PathEcho(paths), UnusedConfig: emulator.UnusedConfig(unused),
					})
					keepAndNotice(t, server, client)
				})
			}
		}
	}
}

func keepAndNotice(t *testing.T, server *emulator.Server, client *sparkrtc.Client) {
	t.Helper()
	both := settings()
	hls, mp4 := settings(), settings()
	hls.MP4, mp4.HLS = nil, nil
	both.OBS.Object = "/a//b"
	var id string
	write := func(set sparkrtc.RecordRuleRequest) Memory {
		t.Helper()
		shown, _, err := client.CreateRecordRule(t.Context(), app, set)
		if err != nil {
			t.Fatal(err)
		}
		id = shown.ID
		return Remember(*shown)
	}
	read := func(state *sparkrtc.RecordRuleRequest, before *Memory, want sparkrtc.RecordRuleRequest) Memory {
		t.Helper()
		shown, err := client.ShowRecordRule(t.Context(), app, id)
		if err != nil {
			t.Fatal(err)
		}
		return observe(t, state, before, *shown, want)
	}
	for _, state := range []sparkrtc.RecordRuleRequest{both, hls, mp4} {
		memory := write(state)
		for range 3 {
			memory = read(&state, &memory, state)
		}
	}
	for name, change := range changes {
		for _, reads := range []int{0, 1, 2} {
			state := both
			memory := write(state)
			for range reads {
				memory = read(&state, &memory, state)
			}
			rule, _ := server.RecordRule(app, id)
			change.outside(&rule)
			server.SetRecordRule(app, rule)
			want := settings()
			want.OBS.Object = state.OBS.Object
			change.want(&want)
			memory = read(&state, &memory, want)
			read(&want, &memory, want)
			if t.Failed() {
				t.Fatalf("%s, after %d reads", name, reads)
			}
		}
	}
	// What is imported and written back as it was shown is kept, too.
	write(both)
	shown, err := client.ShowRecordRule(t.Context(), app, id)
	if err != nil {
		t.Fatal(err)
	}
	imported, memory := Observe(nil, nil, *shown)
	read(&imported, &memory, imported)
	if imported.OBS.Object = both.OBS.Object; !reflect.DeepEqual(imported, both) {
		t.Errorf("imported %s", text(imported))
	}
	memory = write(imported)
	read(&imported, &memory, imported)
}
