// SPDX-License-Identifier: MPL-2.0

package recording

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

const (
	time1 = "2026-01-01T00:00:00.001Z"
	time2 = "2026-01-01T00:00:00.002Z"
)

func settings() sparkrtc.RecordRuleRequest {
	return sparkrtc.RecordRuleRequest{
		OBS: sparkrtc.ObsAddr{Location: "cn-north-4", ProjectID: "p", Bucket: "b", Object: "Record/"},
		HLS: &sparkrtc.HLSConfig{RecordCycle: 3600, RecordPrefix: "{app_id}/h", RecordSliceDuration: 10},
		MP4: &sparkrtc.MP4Config{RecordCycle: 600, RecordPrefix: sparkrtc.DefaultRecordPrefix, RecordMaxDurationToMergeFile: 60},
	}
}

// shownAs returns a response that shows settings exactly, and then as changed: a path of JSON names, and JSON or "" to
// leave the member out.
func shownAs(t *testing.T, set sparkrtc.RecordRuleRequest, at string, changes ...[2]string) sparkrtc.RecordRule {
	t.Helper()
	members := map[string]any{"rule_id": "r", "app_id": "a", "obs_addr": set.OBS, "update_time": at}
	formats := []string{}
	if set.HLS != nil {
		formats, members["hls_config"] = append(formats, "HLS"), set.HLS
	}
	if set.MP4 != nil {
		formats, members["mp4_config"] = append(formats, "MP4"), set.MP4
	}
	members["record_formats"] = formats
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		in := members
		names := strings.Split(change[0], ".")
		for _, name := range names[:len(names)-1] {
			in = in[name].(map[string]any)
		}
		delete(in, names[len(names)-1])
		if change[1] != "" {
			in[names[len(names)-1]] = json.RawMessage(change[1])
		}
	}
	if text, err = json.Marshal(members); err != nil {
		t.Fatal(err)
	}
	var shown sparkrtc.RecordRule
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	return shown
}

// fields are all arguments, with a value that someone else may set, and what it makes of the settings.
var fields = []struct {
	path, other string
	want        func(*sparkrtc.RecordRuleRequest)
}{
	{"obs_addr.location", `"eu"`, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Location = "eu" }},
	{"obs_addr.project_id", `"q"`, func(r *sparkrtc.RecordRuleRequest) { r.OBS.ProjectID = "q" }},
	{"obs_addr.bucket", `"c"`, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Bucket = "c" }},
	{"obs_addr.object", `"Other"`, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Object = "Other" }},
	{"obs_addr.object", `""`, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Object = "" }},
	{"obs_addr.object", ``, func(r *sparkrtc.RecordRuleRequest) { r.OBS.Object = "" }},
	{"hls_config.record_cycle", `0`, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordCycle = 0 }},
	{"hls_config.record_cycle", ``, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordCycle = 0 }},
	{"hls_config.record_prefix", `"x"`, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordPrefix = "x" }},
	{"hls_config.record_prefix", ``, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordPrefix = sparkrtc.DefaultRecordPrefix }},
	{"hls_config.record_slice_duration", `60`, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordSliceDuration = 60 }},
	{"hls_config.record_max_duration_to_merge_file", `-1`, func(r *sparkrtc.RecordRuleRequest) { r.HLS.RecordMaxDurationToMergeFile = -1 }},
	{"mp4_config.record_cycle", `60`, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordCycle = 60 }},
	{"mp4_config.record_prefix", `"x"`, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordPrefix = "x" }},
	{"mp4_config.record_max_duration_to_merge_file", `0`, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordMaxDurationToMergeFile = 0 }},
	{"mp4_config.record_max_duration_to_merge_file", ``, func(r *sparkrtc.RecordRuleRequest) { r.MP4.RecordMaxDurationToMergeFile = 0 }},
	{"record_formats", `["HLS"]`, func(r *sparkrtc.RecordRuleRequest) { r.MP4 = nil }},
	{"record_formats", `["MP4"]`, func(r *sparkrtc.RecordRuleRequest) { r.HLS = nil }},
}

// forms are the ways in which a service may show the same settings.
var forms = map[string][][2]string{
	"exactly": nil,
	"no defaults": {
		{"hls_config.record_slice_duration", ""}, {"hls_config.record_max_duration_to_merge_file", ""}, {"mp4_config.record_prefix", ""},
	},
	"no optional fields": {
		{"obs_addr.object", ""}, {"hls_config.record_prefix", ""}, {"hls_config.record_slice_duration", ""},
		{"hls_config.record_max_duration_to_merge_file", ""}, {"mp4_config.record_prefix", ""}, {"mp4_config.record_max_duration_to_merge_file", ""},
	},
	"other slashes":     {{"obs_addr.object", `"/Record"`}, {"hls_config.record_prefix", `"/{app_id}//h/"`}},
	"rewritten":         {{"obs_addr.object", `"obs://b/Record"`}, {"hls_config.record_prefix", `"5ff97/h"`}, {"obs_addr.project_id", `"domain/p"`}},
	"formats reordered": {{"record_formats", `["mp4","hls"]`}},
	"no addresses":      {{"obs_addr", `{}`}},
	"no formats":        {{"record_formats", ""}},
}

func observe(t *testing.T, state *sparkrtc.RecordRuleRequest, before *Memory, shown sparkrtc.RecordRule, want sparkrtc.RecordRuleRequest) Memory {
	t.Helper()
	got, memory := Observe(state, before, shown)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("shown as %s\ngot  %s\nwant %s", text(shown), text(got), text(want))
	}
	if !reflect.DeepEqual(memory, Memory{Shown: shown}) || !memory.Valid() {
		t.Errorf("the memory is %s", text(memory))
	}
	return memory
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// However the service shows what was set: reads keep it, and each field that is changed outside is noticed once.
func TestObserve(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			state := settings()
			shown := shownAs(t, state, time1, form...)
			written := Remember(shown)
			memory := observe(t, &state, &written, shown, settings())
			memory = observe(t, &state, &memory, shown, settings())
			// Another time alone is no drift: the values are the same.
			later := shown
			later.UpdateTime = time2
			observe(t, &state, &memory, later, settings())
			observe(t, &state, &written, later, settings())

			for _, field := range fields {
				if name == "no addresses" && strings.HasPrefix(field.path, "obs_addr.") {
					continue
				}
				changed := shownAs(t, state, time2, append(form[:len(form):len(form)], [2]string{field.path, field.other})...)
				want := settings()
				if field.other != "" || !reflect.DeepEqual(changed.OBS, shown.OBS) || !reflect.DeepEqual(changed.HLSConfig, shown.HLSConfig) ||
					!reflect.DeepEqual(changed.MP4Config, shown.MP4Config) {
					field.want(&want)
				}
				if same := changed; form == nil { // whatever the time
					same.UpdateTime = time1
					observe(t, &state, &memory, same, want)
				}
				for _, before := range []Memory{memory, written} {
					after := observe(t, &state, &before, changed, want)
					drifted := want
					observe(t, &drifted, &after, changed, want)
				}
			}
		})
	}
}

// The first read after a write may show it in another form than the response of the write.
func TestObserveFirstRead(t *testing.T) {
	for written, writtenForm := range forms {
		for read, readForm := range forms {
			state := settings()
			before := Remember(shownAs(t, state, time1, writtenForm...))
			memory := observe(t, &state, &before, shownAs(t, state, time1, readForm...), settings())
			observe(t, &state, &memory, shownAs(t, state, time2, readForm...), settings())
			if t.Failed() {
				t.Fatalf("written as %s, read as %s", written, read)
			}
		}
	}
	// Without a time, or with another, slashes and defaults are no difference.
	for _, at := range []string{"", time2} {
		for _, name := range []string{"exactly", "no defaults", "other slashes", "formats reordered", "no addresses"} {
			state := settings()
			before := Remember(shownAs(t, state, time1))
			if name == "no addresses" {
				before = Remember(shownAs(t, state, time1, [2]string{"obs_addr.object", ""}))
			}
			observe(t, &state, &before, shownAs(t, state, at, forms[name]...), settings())
		}
	}
	// Without one, or with whole seconds, everything else is drift.
	for _, at := range []string{"", "2026-01-01T00:00:00Z"} {
		for _, field := range fields {
			state, want := settings(), settings()
			field.want(&want)
			before := Remember(shownAs(t, state, at))
			observe(t, &state, &before, shownAs(t, state, at, [2]string{field.path, field.other}), want)
		}
	}
	// Later, slashes are a difference: the file is named by them.
	state, want := settings(), settings()
	want.OBS.Object = "Record"
	before := Memory{Shown: shownAs(t, state, time1)}
	observe(t, &state, &before, shownAs(t, state, time2, [2]string{"obs_addr.object", `"Record"`}), want)
}

func TestObserveImport(t *testing.T) {
	observe(t, nil, nil, shownAs(t, settings(), time1), settings())
	observe(t, nil, nil, shownAs(t, settings(), time1, forms["no defaults"]...), settings())
	want := settings()
	want.HLS, want.OBS.Object = nil, ""
	memory := observe(t, nil, nil, shownAs(t, want, time1, [2]string{"obs_addr.object", ""}, [2]string{"hls_config", `{"record_cycle":0,"record_prefix":""}`}), want)
	// From then on it is as any other.
	observe(t, &want, &memory, shownAs(t, want, time2), want)
	observe(t, nil, nil, shownAs(t, want, time1, [2]string{"obs_addr.location", ""}), want)
	observe(t, nil, nil, shownAs(t, want, time1, [2]string{"hls_config", `null`}), want)
	// A state without a memory is compared with what is shown.
	for _, field := range fields {
		state, want := settings(), settings()
		field.want(&want)
		observe(t, &state, nil, shownAs(t, state, time1), settings())
		observe(t, &state, nil, shownAs(t, state, time1, [2]string{field.path, field.other}), want)
	}
}

// Only record_formats tells what is recorded.
func TestObserveFormats(t *testing.T) {
	both := settings()
	hls, mp4 := settings(), settings()
	hls.MP4, mp4.HLS = nil, nil
	zeros := [][2]string{{"mp4_config", `{"record_cycle":0,"record_prefix":"","record_max_duration_to_merge_file":0}`}}
	for name, form := range map[string][][2]string{"absent": nil, "zeros": zeros, "null": {{"mp4_config", `null`}}, "left over": {{"mp4_config", `{"record_cycle":77}`}}} {
		t.Run(name, func(t *testing.T) {
			before := Remember(shownAs(t, hls, time1, form...))
			memory := observe(t, &hls, &before, shownAs(t, hls, time1, form...), hls)
			observe(t, &hls, &memory, shownAs(t, hls, time2), hls)
			observe(t, &hls, &memory, shownAs(t, hls, time2, zeros...), hls)
			// It is added outside, and its defaults are not shown.
			observe(t, &hls, &memory, shownAs(t, both, time2, [2]string{"mp4_config.record_prefix", ""}), both)
		})
	}
	// What was left over counts as soon as the format is recorded.
	recorded := [2]string{"record_formats", `["HLS","MP4"]`}
	for left, state := range map[[2]string]sparkrtc.RecordRuleRequest{{"mp4_config", text(both.MP4)}: hls, {"hls_config", text(both.HLS)}: mp4} {
		memory := Memory{Shown: shownAs(t, state, time1, left)}
		observe(t, &state, &memory, shownAs(t, state, time2, left, recorded), both)
	}

	memory := Memory{Shown: shownAs(t, both, time1)}
	observe(t, &both, &memory, shownAs(t, hls, time2), hls)
	observe(t, &both, &memory, shownAs(t, mp4, time2), mp4)
}

func TestMemoryIsJSON(t *testing.T) {
	before := Remember(shownAs(t, settings(), time1, forms["no optional fields"]...))
	var after Memory
	if err := json.Unmarshal([]byte(text(before)), &after); err != nil || !reflect.DeepEqual(before, after) || !after.Valid() {
		t.Errorf("kept as %s, %v", text(after), err)
	}
	if (&Memory{}).Valid() {
		t.Error("nothing is valid")
	}
}

func TestObserveAutoRecord(t *testing.T) {
	auto := func(mode sparkrtc.AutoRecordMode, rule string) sparkrtc.AutoRecord {
		return sparkrtc.AutoRecord{Mode: mode, RecordRuleID: rule}
	}
	const on, off = sparkrtc.AutoRecordIndividual, sparkrtc.AutoRecordOff
	tests := map[string]struct {
		state, shown sparkrtc.AutoRecord
		missing      bool
		want         sparkrtc.AutoRecord
	}{
		"on":                       {auto(on, "r"), auto(on, "r"), false, auto(on, "r")},
		"another rule":             {auto(on, "r"), auto(on, "s"), false, auto(on, "s")},
		"a rule that is gone":      {auto(on, "r"), auto(on, "r"), true, auto(on, "")},
		"a rule that is not shown": {auto(on, "r"), auto(on, ""), false, auto(on, "")},
		"switched off":             {auto(on, "r"), auto(off, ""), false, auto(off, "r")},
		"off":                      {auto(off, ""), auto(off, ""), false, auto(off, "")},
		"absent":                   {auto(off, ""), auto("", ""), false, auto(off, "")},
		"off, the rule is kept":    {auto(off, ""), auto(off, "r"), false, auto(off, "")},
		"off, the rule is cleared": {auto(off, "r"), auto(off, ""), false, auto(off, "r")},
		"off, and a rule is gone":  {auto(off, "r"), auto(off, "r"), true, auto(off, "r")},
		"switched on":              {auto(off, ""), auto(on, "r"), false, auto(on, "r")},
		"another mode":             {auto(on, "r"), auto("NEW", "r"), false, auto("NEW", "r")},
		"import, on":               {auto("", ""), auto(on, "r"), false, auto(on, "r")},
		"import, off":              {auto("", ""), auto(off, "r"), false, auto(off, "")},
		"import, absent":           {auto("", ""), auto("", ""), false, auto(off, "")},
	}
	for name, tc := range tests {
		tc.shown.UpdateTime, tc.want.UpdateTime = time1, time1
		if got := ObserveAutoRecord(tc.state, tc.shown, tc.missing); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}
