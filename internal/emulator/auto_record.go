// SPDX-License-Identifier: MPL-2.0

package emulator

import "time"

// The modes of automatic recording.
const (
	AutoRecordOff        = "AUTO_RECORD_OFF"
	AutoRecordIndividual = "AUTO_INDIVIDUAL_RECORD"
)

// AutoRecord is the automatic recording of an app.
type AutoRecord struct {
	Mode       string
	RuleID     string
	UpdateTime time.Time // UTC, whole milliseconds
}

func (r *AutoRecord) on() bool { return r != nil && r.Mode != AutoRecordOff }

// SetAutoRecord sets automatic recording without a check, and adds the app if it does not exist.
func (s *Server) SetAutoRecord(app, mode, ruleID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setAutoRecord(s.appWith(app), mode, ruleID)
}

// ClearAutoRecord makes the automatic recording of an app one that was never set, if the app exists.
func (s *Server) ClearAutoRecord(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.apps[app]; a != nil {
		a.autoRecord = nil
		s.nextUpdateTime(a.id)
	}
}

// AutoRecord returns the automatic recording of an app, and false if it was never set.
func (s *Server) AutoRecord(app string) (AutoRecord, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[app]
	if a == nil || a.autoRecord == nil {
		return AutoRecord{}, false
	}
	return *a.autoRecord, true
}

func (s *Server) setAutoRecord(a *app, mode, ruleID string) {
	a.autoRecord = &AutoRecord{Mode: mode, RuleID: ruleID, UpdateTime: s.nextUpdateTime(a.id)}
}

// The documented JSON.
type (
	autoRecordResponse struct {
		AppID          string              `json:"app_id"`
		AutoRecordMode *autoRecordModeJSON `json:"auto_record_mode,omitempty"`
	}

	autoRecordModeJSON struct {
		Mode         string `json:"mode"`
		RecordRuleID string `json:"record_rule_id"`
		UpdateTime   string `json:"update_time"`
	}
)

func (s *Server) showAutoRecord(c *call) *response {
	a := s.findApp(c)
	if a == nil {
		return c.notFound()
	}
	shown := s.viewAutoRecord(a, inRead)
	if shown == nil && s.opts.UnsetAutoRecord == AutoRecordNotFound {
		return c.notFound()
	}
	return ok(autoRecordResponse{AppID: a.id, AutoRecordMode: shown})
}

func (s *Server) updateAutoRecord(c *call) *response {
	var sent struct {
		Mode         *string `json:"mode"`
		RecordRuleID *string `json:"record_rule_id"`
	}
	a := s.findApp(c)
	if resp := s.readChange(c, a, &sent); resp != nil {
		return resp
	}
	if sent.Mode == nil {
		return c.missing()
	}

	ruleID := ""
	if sent.RecordRuleID != nil {
		ruleID = *sent.RecordRuleID
	}
	switch *sent.Mode {
	case AutoRecordOff:
		switch {
		case ruleID != "" && s.opts.OffRule == OffRefuses:
			return c.invalid()
		case s.opts.OffRule != OffKeeps:
			ruleID = ""
		case ruleID == "" && a.autoRecord != nil:
			ruleID = a.autoRecord.RuleID
		}
	case AutoRecordIndividual:
		switch {
		case sent.RecordRuleID == nil:
			return c.missing()
		case ruleID == "":
			return c.invalid()
		case s.opts.UnknownRule == UnknownAccepted || findRule(c, a, ruleID) != nil:
			// It is set.
		case s.opts.UnknownRule == UnknownNotFound:
			return c.notFound()
		default:
			return c.invalid()
		}
	default:
		return c.invalid()
	}
	s.setAutoRecord(a, *sent.Mode, ruleID)
	return ok(autoRecordResponse{AppID: a.id, AutoRecordMode: s.viewAutoRecord(a, inUpdate)})
}

// viewAutoRecord returns nil if it was never set, except with AutoRecordShown.
func (s *Server) viewAutoRecord(a *app, v view) *autoRecordModeJSON {
	shown := a.autoRecord
	if shown == nil {
		if s.opts.UnsetAutoRecord != AutoRecordShown {
			return nil
		}
		shown = &AutoRecord{Mode: AutoRecordOff, UpdateTime: a.createTime}
	}
	_, _, timeEcho := s.opts.echoes(v)
	return &autoRecordModeJSON{Mode: shown.Mode, RecordRuleID: shown.RuleID, UpdateTime: echoTime(timeEcho, shown.UpdateTime)}
}
