// SPDX-License-Identifier: MPL-2.0

// Package recording decides what a response means for recording rules and automatic recording.
package recording

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// Memory is what the service showed of a rule after the last own write or the import. Private state keeps it as JSON.
type Memory struct {
	Shown sparkrtc.RecordRule `json:"shown"`
	Fresh bool                `json:"fresh,omitempty"` // no read since an own write, whose response may show values differently
}

// Valid tells whether this package can have made it.
func (m *Memory) Valid() bool { return m.Shown.ID != "" }

// Remember returns the memory of a write.
func Remember(shown sparkrtc.RecordRule) Memory { return Memory{Shown: shown, Fresh: true} }

// Observe returns the arguments of a rule after a read. state is nil for an import; before may be nil.
//
// An argument keeps its value if the service shows it, or nothing for a default; shows the same as before; or, on the
// first read after an own write, has the same update_time with a fraction, or a path that differs in slashes only.
// Any other value was set outside Terraform.
func Observe(state *sparkrtc.RecordRuleRequest, before *Memory, shown sparkrtc.RecordRule) (sparkrtc.RecordRuleRequest, Memory) {
	o := observation{known: state != nil, shown: shown}
	if state == nil {
		state = &sparkrtc.RecordRuleRequest{}
	}
	if before != nil {
		o.remembered, o.before = true, before.Shown
		o.fresh = before.Fresh
		// Two writes may share a second.
		o.same = before.Fresh && strings.Contains(shown.UpdateTime, ".") && shown.UpdateTime == before.Shown.UpdateTime
	}
	addr, was := shown.OBS, o.before.OBS
	return sparkrtc.RecordRuleRequest{
		OBS: sparkrtc.ObsAddr{
			Location:  value(o, state.OBS.Location, was.Location, addr.Location, cmp.Or(state.OBS.Location, sparkrtc.DefaultRegion)),
			ProjectID: value(o, state.OBS.ProjectID, was.ProjectID, addr.ProjectID, state.OBS.ProjectID),
			Bucket:    value(o, state.OBS.Bucket, was.Bucket, addr.Bucket, state.OBS.Bucket),
			Object:    path(o, state.OBS.Object, was.Object, addr.Object, ""),
		},
		HLS: o.hls(state.HLS),
		MP4: o.mp4(state.MP4),
	}, Memory{Shown: shown}
}

type observation struct {
	known      bool // there is a state
	remembered bool // there is a memory
	fresh      bool
	same       bool // nothing was written since
	before     sparkrtc.RecordRule
	shown      sparkrtc.RecordRule
}

func (o observation) hls(state *sparkrtc.HLSConfig) *sparkrtc.HLSConfig {
	if !o.records(state != nil, sparkrtc.RecordRule.RecordsHLS) {
		return nil
	}
	var set sparkrtc.HLSConfig
	if o.known = state != nil; o.known {
		set = *state
	}
	was, now := o.before.HLSConfig, o.shown.HLSConfig
	return &sparkrtc.HLSConfig{
		RecordCycle:         value(o, set.RecordCycle, was.RecordCycle, now.RecordCycle, 0),
		RecordPrefix:        path(o, set.RecordPrefix, was.RecordPrefix, now.RecordPrefix, sparkrtc.DefaultRecordPrefix),
		RecordSliceDuration: value(o, set.RecordSliceDuration, was.RecordSliceDuration, now.RecordSliceDuration, sparkrtc.DefaultRecordSliceDuration),
		RecordMaxDurationToMergeFile: value(o, set.RecordMaxDurationToMergeFile,
			was.RecordMaxDurationToMergeFile, now.RecordMaxDurationToMergeFile, 0),
	}
}

func (o observation) mp4(state *sparkrtc.MP4Config) *sparkrtc.MP4Config {
	if !o.records(state != nil, sparkrtc.RecordRule.RecordsMP4) {
		return nil
	}
	var set sparkrtc.MP4Config
	if o.known = state != nil; o.known {
		set = *state
	}
	was, now := o.before.MP4Config, o.shown.MP4Config
	return &sparkrtc.MP4Config{
		RecordCycle:  value(o, set.RecordCycle, was.RecordCycle, now.RecordCycle, 0),
		RecordPrefix: path(o, set.RecordPrefix, was.RecordPrefix, now.RecordPrefix, sparkrtc.DefaultRecordPrefix),
		RecordMaxDurationToMergeFile: value(o, set.RecordMaxDurationToMergeFile,
			was.RecordMaxDurationToMergeFile, now.RecordMaxDurationToMergeFile, 0),
	}
}

// The configuration of a format may be shown although the format is not recorded.
func (o observation) records(set bool, format func(sparkrtc.RecordRule) bool) bool {
	shownBy := func(r sparkrtc.RecordRule) *bool {
		if r.RecordFormats == nil {
			return nil
		}
		recorded := format(r)
		return &recorded
	}
	return value(o, set, shownBy(o.before), shownBy(o.shown), set)
}

// path is value for texts whose slashes may be rewritten.
func path(o observation, set string, was, now *string, unshown string) string {
	if o.known && o.fresh && now != nil && slices.Equal(segments(set), segments(*now)) {
		return set
	}
	return value(o, set, was, now, unshown)
}

func segments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func value[T comparable](o observation, set T, was, now *T, unshown T) T {
	switch {
	case o.known && (o.same || o.remembered && equal(was, now)):
		return set
	case now == nil:
		return unshown
	default:
		return *now
	}
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
