// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// DefaultPrefix is record_prefix where none was sent.
const DefaultPrefix = "{app_id}/{record_format}/{stream}_{file_start_time}/{stream}_{file_start_time}"

const defaultSliceDuration = 10

// RecordRule is a recording rule as the service has it, whatever its responses show.
type RecordRule struct {
	ID, AppID                   string
	Location, ProjectID, Bucket string
	Object                      string
	HLS, MP4                    *RecordConfig // nil: not recorded in this format
	CreateTime, UpdateTime      time.Time     // UTC, whole milliseconds
}

// RecordConfig is how a rule records a format. All durations are in seconds.
type RecordConfig struct {
	RecordCycle                  int
	RecordPrefix                 string
	RecordSliceDuration          int // of HLS only
	RecordMaxDurationToMergeFile int
}

type recordRule struct {
	RecordRule
	hidden int // requests that do not find it yet
}

func (r *recordRule) state() RecordRule {
	state := r.RecordRule
	state.HLS, state.MP4 = r.HLS.clone(), r.MP4.clone()
	return state
}

func (c *RecordConfig) clone() *RecordConfig {
	if c == nil {
		return nil
	}
	same := *c
	return &same
}

// SetRecordRule sets a rule of an app, and adds the app if it does not exist. It replaces the rule with this
// ID or, without an ID, the one at this location. It checks nothing, fills in defaults, ignores times, and
// returns the ID.
func (s *Server) SetRecordRule(app string, rule RecordRule) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.appWith(app)
	fill(&rule.Location, s.opts.Locations[0])
	fill(&rule.ProjectID, s.opts.ProjectID)
	fill(&rule.Bucket, DefaultBucket)
	rule.HLS, rule.MP4 = rule.HLS.clone(), rule.MP4.clone()
	for _, config := range []*RecordConfig{rule.HLS, rule.MP4} {
		if config != nil {
			fill(&config.RecordPrefix, DefaultPrefix)
		}
	}
	if rule.HLS != nil && rule.HLS.RecordSliceDuration == 0 {
		rule.HLS.RecordSliceDuration = defaultSliceDuration
	}
	i := slices.IndexFunc(a.rules, func(r *recordRule) bool {
		return r.ID == rule.ID || rule.ID == "" && r.Location == rule.Location
	})
	if i < 0 {
		return s.addRule(a, rule).ID
	}
	rule.ID = a.rules[i].ID
	s.setRule(a, a.rules[i], rule)
	return rule.ID
}

// RemoveRecordRule deletes a rule, if it exists. Automatic recording still names it.
func (s *Server) RemoveRecordRule(app, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[app]; a != nil {
		s.dropRule(a, id)
	}
}

// RecordRule returns a rule, and false if there is none.
func (s *Server) RecordRule(app, id string) (RecordRule, bool) {
	for _, r := range s.RecordRules(app) {
		if r.ID == id {
			return r, true
		}
	}
	return RecordRule{}, false
}

// RecordRules returns the rules of an app in the order of their creation.
func (s *Server) RecordRules(app string) []RecordRule {
	state, _ := s.App(app)
	return state.RecordRules
}

func (s *Server) addRule(a *app, rule RecordRule) *recordRule {
	fill(&rule.ID, randomHex(16))
	rule.AppID, rule.CreateTime = a.id, s.nextUpdateTime(a.id)
	rule.UpdateTime = rule.CreateTime
	r := &recordRule{RecordRule: rule}
	a.rules = append(a.rules, r)
	return r
}

func (s *Server) setRule(a *app, r *recordRule, rule RecordRule) {
	rule.ID, rule.AppID, rule.CreateTime, rule.UpdateTime = r.ID, r.AppID, r.CreateTime, s.nextUpdateTime(a.id)
	r.RecordRule = rule
}

func (s *Server) dropRule(a *app, id string) {
	a.rules = slices.DeleteFunc(a.rules, func(r *recordRule) bool { return r.ID == id })
	s.nextUpdateTime(a.id)
}

func findRule(c *call, a *app, id string) *recordRule {
	for _, r := range a.rules {
		if r.ID == id && !isHidden(c, &r.hidden) {
			return r
		}
	}
	return nil
}

func (s *Server) findAppAndRule(c *call) (*app, *recordRule) {
	a := s.findApp(c)
	if a == nil {
		return nil, nil
	}
	return a, findRule(c, a, c.vars["rule_id"])
}

func (a *app) ruleAt(location string) *recordRule {
	for _, r := range a.rules {
		if r.Location == location {
			return r
		}
	}
	return nil
}

// The documented JSON, of requests and responses.
type (
	recordRulesResponse struct {
		Rules []recordRuleJSON `json:"rules"`
	}

	recordRuleJSON struct {
		RuleID        string            `json:"rule_id"`
		AppID         string            `json:"app_id"`
		ObsAddr       *obsAddrJSON      `json:"obs_addr"`
		RecordFormats []string          `json:"record_formats"`
		HLSConfig     *recordConfigJSON `json:"hls_config,omitempty"`
		MP4Config     *recordConfigJSON `json:"mp4_config,omitempty"`
		CreateTime    string            `json:"create_time"`
		UpdateTime    string            `json:"update_time"`
	}

	obsAddrJSON struct {
		Location  *string `json:"location"`
		ProjectID *string `json:"project_id"`
		Bucket    *string `json:"bucket"`
		Object    *string `json:"object,omitempty"`
	}

	recordConfigJSON struct {
		RecordCycle                  *int    `json:"record_cycle,omitempty"`
		RecordPrefix                 *string `json:"record_prefix,omitempty"`
		RecordSliceDuration          *int    `json:"record_slice_duration,omitempty"`
		RecordMaxDurationToMergeFile *int    `json:"record_max_duration_to_merge_file,omitempty"`
	}
)

func (s *Server) createRecordRule(c *call) *response {
	a := s.findApp(c)
	rule, resp := s.readRule(c, a, RecordRule{})
	if resp != nil {
		return resp
	}
	old := a.ruleAt(rule.Location)
	if old != nil && s.opts.ReplacedRule == ReplacedSameID {
		s.setRule(a, old, rule)
		return ok(s.viewRule(old, inUpdate))
	}
	if old != nil {
		s.dropRule(a, old.ID)
		return ok(s.viewRule(s.addRule(a, rule), inUpdate))
	}
	r := s.addRule(a, rule)
	r.hidden = s.hiddenAfterCreate()
	return created(s.viewRule(r, inUpdate))
}

func (s *Server) updateRecordRule(c *call) *response {
	a, r := s.findAppAndRule(c)
	if r == nil {
		a = nil // the same error
	}
	var base RecordRule
	if r != nil && s.opts.OmittedFields == OmittedKept {
		base = r.state()
	}
	rule, resp := s.readRule(c, a, base)
	switch {
	case resp != nil:
		return resp
	case rule.Location != r.Location && s.opts.MovedRule == MovedRefused:
		return c.invalid()
	case rule.Location != r.Location && a.ruleAt(rule.Location) != nil:
		return c.ruleExists()
	}
	s.setRule(a, r, rule)
	return ok(s.viewRule(r, inUpdate))
}

func (s *Server) showRecordRule(c *call) *response {
	_, r := s.findAppAndRule(c)
	if r == nil {
		return c.notFound()
	}
	return ok(s.viewRule(r, inRead))
}

func (s *Server) listRecordRules(c *call) *response {
	a := s.findApp(c)
	if a == nil {
		return c.notFound()
	}
	_, page, valid := c.listQuery()
	if !valid {
		return c.invalid()
	}
	found := slices.DeleteFunc(slices.Clone(a.rules), func(r *recordRule) bool { return isHidden(c, &r.hidden) })
	resp := recordRulesResponse{Rules: []recordRuleJSON{}}
	for _, r := range pageOf(found, page) {
		resp.Rules = append(resp.Rules, s.viewRule(r, inRead))
	}
	return ok(resp)
}

func (s *Server) deleteRecordRule(c *call) *response {
	a, r := s.findAppAndRule(c)
	if r == nil {
		return c.notFound()
	}
	if a.autoRecord.on() && a.autoRecord.RuleID == r.ID {
		switch s.opts.UsedRule {
		case UsedRefused:
			return c.invalid()
		case UsedTurnsOff:
			s.setAutoRecord(a, AutoRecordOff, "")
		}
	}
	s.dropRule(a, r.ID)
	return noContent()
}

// readRule takes from base what the request lacks. Without an app it returns an error.
func (s *Server) readRule(c *call, a *app, base RecordRule) (RecordRule, *response) {
	var sent recordRuleJSON
	if resp := s.readChange(c, a, &sent); resp != nil {
		return RecordRule{}, resp
	}
	switch {
	case sent.lacksField():
		return RecordRule{}, c.missing()
	case !slices.Contains(s.opts.Locations, *sent.ObsAddr.Location):
		return RecordRule{}, c.fail(http.StatusBadRequest, "RTC.00001012", "UnsupportRegion")
	case !sent.isValid() || !s.acceptsBucket(sent.ObsAddr):
		return RecordRule{}, c.invalid()
	}
	return sent.rule(base), nil
}

func (sent *recordRuleJSON) records(format string) bool {
	return slices.Contains(sent.RecordFormats, format)
}

func (sent *recordRuleJSON) lacksField() bool {
	lacksConfig := func(format string, config *recordConfigJSON) bool {
		return sent.records(format) && (config == nil || config.RecordCycle == nil)
	}
	return sent.ObsAddr == nil || sent.ObsAddr.Location == nil || sent.ObsAddr.ProjectID == nil || sent.ObsAddr.Bucket == nil ||
		len(sent.RecordFormats) == 0 || lacksConfig("HLS", sent.HLSConfig) || lacksConfig("MP4", sent.MP4Config)
}

func (sent *recordRuleJSON) isValid() bool {
	within := func(n *int, low, high int) bool { return n == nil || low <= *n && *n <= high }
	for _, format := range sent.RecordFormats {
		if format != "HLS" && format != "MP4" {
			return false
		}
	}
	if hls := sent.HLSConfig; sent.records("HLS") &&
		(*hls.RecordCycle != 0 && !within(hls.RecordCycle, 60, 43200) ||
			!within(hls.RecordSliceDuration, 2, 60) || !within(hls.RecordMaxDurationToMergeFile, -1, 300)) {
		return false
	}
	if mp4 := sent.MP4Config; sent.records("MP4") &&
		(!within(mp4.RecordCycle, 60, 10800) || !within(mp4.RecordMaxDurationToMergeFile, 0, 300)) {
		return false
	}
	return *sent.ObsAddr.ProjectID != "" && *sent.ObsAddr.Bucket != ""
}

func (s *Server) acceptsBucket(addr *obsAddrJSON) bool {
	check := s.opts.BucketCheck
	if check == BucketUnchecked {
		return true
	}
	i := slices.IndexFunc(s.opts.Buckets, func(b Bucket) bool { return b.Name == *addr.Bucket && b.Location == *addr.Location })
	return i >= 0 && (check == BucketExists || s.opts.Buckets[i].Authorized) &&
		(check != BucketProject || s.opts.Buckets[i].ProjectID == *addr.ProjectID)
}

func (sent *recordRuleJSON) rule(base RecordRule) RecordRule {
	rule := RecordRule{
		Location: *sent.ObsAddr.Location, ProjectID: *sent.ObsAddr.ProjectID, Bucket: *sent.ObsAddr.Bucket,
		Object: valueOr(sent.ObsAddr.Object, base.Object),
	}
	if sent.records("HLS") {
		if base.HLS == nil {
			base.HLS = &RecordConfig{RecordSliceDuration: defaultSliceDuration}
		}
		rule.HLS = sent.HLSConfig.config(*base.HLS)
	}
	if sent.records("MP4") {
		if base.MP4 == nil {
			base.MP4 = new(RecordConfig)
		}
		rule.MP4 = sent.MP4Config.config(*base.MP4)
		rule.MP4.RecordSliceDuration = 0
	}
	return rule
}

func (sent *recordConfigJSON) config(base RecordConfig) *RecordConfig {
	config := &RecordConfig{
		RecordCycle:                  *sent.RecordCycle,
		RecordPrefix:                 valueOr(sent.RecordPrefix, base.RecordPrefix),
		RecordSliceDuration:          valueOr(sent.RecordSliceDuration, base.RecordSliceDuration),
		RecordMaxDurationToMergeFile: valueOr(sent.RecordMaxDurationToMergeFile, base.RecordMaxDurationToMergeFile),
	}
	fill(&config.RecordPrefix, DefaultPrefix)
	return config
}

func valueOr[T any](v *T, other T) T {
	if v == nil {
		return other
	}
	return *v
}

func (s *Server) viewRule(r *recordRule, v view) recordRuleJSON {
	_, _, timeEcho := s.opts.echoes(v)
	shown := recordRuleJSON{
		RuleID: r.ID,
		AppID:  r.AppID,
		ObsAddr: &obsAddrJSON{
			Location: &r.Location, ProjectID: &r.ProjectID, Bucket: &r.Bucket,
			Object: showField(s, echoPath(s.opts.PathEcho, r.Object, true), ""),
		},
		RecordFormats: []string{},
		CreateTime:    r.CreateTime.Format(timeLayout),
		UpdateTime:    echoTime(timeEcho, r.UpdateTime),
	}
	if shown.HLSConfig = s.viewConfig(r.HLS, true); r.HLS != nil {
		shown.RecordFormats = append(shown.RecordFormats, "HLS")
	}
	if shown.MP4Config = s.viewConfig(r.MP4, false); r.MP4 != nil {
		shown.RecordFormats = append(shown.RecordFormats, "MP4")
	}
	return shown
}

func (s *Server) viewConfig(config *RecordConfig, isHLS bool) *recordConfigJSON {
	zero, empty := 0, ""
	shown := &recordConfigJSON{RecordCycle: &zero, RecordPrefix: &empty, RecordMaxDurationToMergeFile: &zero}
	if isHLS {
		shown.RecordSliceDuration = &zero
	}
	if config == nil {
		if s.opts.UnusedConfig == UnusedZeros {
			return shown
		}
		return nil
	}
	shown.RecordPrefix = showField(s, echoPath(s.opts.PathEcho, config.RecordPrefix, false), DefaultPrefix)
	shown.RecordMaxDurationToMergeFile = showField(s, config.RecordMaxDurationToMergeFile, 0)
	if isHLS {
		shown.RecordSliceDuration = showField(s, config.RecordSliceDuration, defaultSliceDuration)
	}
	cycle := config.RecordCycle
	shown.RecordCycle = &cycle
	if cycle == 0 && s.opts.DefaultsEcho == DefaultsNotZero {
		shown.RecordCycle = nil
	}
	return shown
}

// showField returns nil if DefaultsEcho leaves the field out.
func showField[T comparable](s *Server, value, preset T) *T {
	var zero T
	switch s.opts.DefaultsEcho {
	case DefaultsAbsent:
		if value == preset {
			return nil
		}
	case DefaultsNotZero:
		if value == zero || any(value) == any(DefaultPrefix) {
			return nil
		}
	}
	return &value
}

func echoPath(mode PathEcho, path string, isFolder bool) string {
	if mode == PathExact || path == "" {
		return path
	}
	segments := slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
	path = strings.Join(segments, "/")
	if mode == PathSlash && isFolder && path != "" {
		path += "/"
	}
	return path
}
