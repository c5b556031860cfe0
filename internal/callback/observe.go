// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"strings"
	"time"
)

// Memory is what the service showed after the last own write or the import, without the key.
type Memory struct {
	URL  string `json:"url"`
	Form Form   `json:"form"`
	Time string `json:"time,omitempty"`

	// Checksum is one byte, kept only without a time: more would help to guess a key that is shown in part.
	Checksum []byte `json:"checksum,omitempty"`

	Fresh      bool `json:"fresh,omitempty"`        // no read since an own write, whose response may differ from a read
	Imported   bool `json:"imported,omitempty"`     // no own write yet
	MayHaveKey bool `json:"may_have_key,omitempty"` // the key was changed outside, and may be hidden
	URLTaken   bool `json:"url_taken,omitempty"`    // the URL in the state was shown, not set
	ShowsKeys  bool `json:"shows_keys,omitempty"`   // the key set was shown exactly
	ShowsURLs  bool `json:"shows_urls,omitempty"`   // the URL set was shown exactly

	Key *Fingerprint `json:"key,omitempty"` // of a write-only key
}

// Valid tells whether this package can have made it.
func (m *Memory) Valid() bool { return m.URL != "" && m.Form != "" && m.Key.valid() }

// Remember returns the memory of a write. before and fingerprint may be nil; fingerprint is that of a write-only key.
func Remember(before *Memory, url, key string, fingerprint *Fingerprint, shown Shown) Memory {
	if before == nil {
		before = &Memory{}
	}
	m := Memory{ShowsKeys: before.ShowsKeys, ShowsURLs: before.ShowsURLs, Fresh: true, Key: fingerprint}
	if key != "" {
		m.ShowsKeys = shown.Key == key
	}
	m.showURL(url, shown.URL)
	m.record(shown, key != "" && !m.ShowsKeys)
	return m
}

// Observation is the meaning of a response.
type Observation struct {
	State   Settings
	Memory  Memory
	Changes []Notice // outside Terraform
	Written bool     // since the memory; otherwise a different update_time is only rounded
}

// Observe decides by the table in DESIGN.md. A state without a URL is an import; before may be nil.
func Observe(state Settings, before *Memory, shown Shown) Observation {
	imported := state.URL.IsNull()
	m, when := Memory{Imported: true}, timeChanged
	if before != nil {
		m, when = *before, before.compareTime(shown.Time)
	}
	var changes []Notice
	switch {
	case imported:
		state.URL, m.URLTaken = Of(shown.URL), true
	case m.keepsURL(state.URL.Text(), shown.URL, when):
		if !m.URLTaken {
			m.showURL(state.URL.Text(), shown.URL)
		}
	default:
		state.URL, m.URLTaken = Of(shown.URL), true
		changes = append(changes, URLChanged)
	}

	hasKey := state.hasKey(&m) || before == nil && !state.Version.IsNull()
	exactly := hasKey && m.isKey(state, shown.Key, when)
	switch {
	case !hasKey:
		m.Key = nil
	case exactly || m.keepsKey(shown.Key, when):
		m.ShowsKeys = exactly
	default:
		state.Key, state.Version, m.Key, hasKey = Null, Null, nil, false
		m.MayHaveKey = !m.ShowsKeys || shown.Key != ""
		if before != nil { // otherwise the plan says that it can't tell
			changes = append(changes, KeyChanged)
		}
	}
	m.Fresh = false
	m.record(shown, hasKey && !exactly)
	return Observation{state, m, changes, when == timeChanged}
}

// Unchanged tells whether a list proves that nothing changed. Right after a write, a time without a fraction doesn't.
func (m *Memory) Unchanged(state Settings, shown Shown) bool {
	return shown.URL == m.URL && shown.Time != "" && shown.Time == m.Time && formOf(shown.Key) == m.Form &&
		(!m.Fresh || isPrecise(shown.Time)) &&
		(!m.ShowsKeys || !state.hasKey(m) || m.isKey(state, shown.Key, timeSame))
}

func (m *Memory) showURL(set, shown string) {
	if !isOrigin(set) {
		m.ShowsURLs = Equivalent(set, shown)
	}
}

func (m *Memory) record(shown Shown, withChecksum bool) {
	m.URL, m.Form, m.Time, m.Checksum = shown.URL, formOf(shown.Key), shown.Time, nil
	if withChecksum && shown.Time == "" && shown.Key != "" {
		m.Checksum = checksum(shown.Key)
	}
}

func checksum(shown string) []byte { return argon(make([]byte, saltLength), shown)[:1] }

// Two writes may share a second, so only a precise time saves the fingerprint's cost.
func (m *Memory) isKey(state Settings, shown string, when timing) bool {
	if state.Key.Known() {
		return shown == state.Key.Text()
	}
	if when == timeSame && !m.Fresh && isPrecise(m.Time) {
		return m.ShowsKeys && formOf(shown) == m.Form
	}
	return m.Key.Matches(shown)
}

func (m *Memory) keepsKey(shown string, when timing) bool {
	form := formOf(shown)
	switch {
	case m.ShowsKeys && form == FormWhole:
		return false
	case when != timeMissing:
		return when == timeSame
	case form == m.Form && (form == FormNone || m.Checksum == nil && form == FormPart || string(checksum(shown)) == string(m.Checksum)):
		return true
	default:
		return m.Fresh && (form == FormPart || !m.ShowsKeys)
	}
}

func (m *Memory) keepsURL(set, shown string, when timing) bool {
	switch {
	case Equivalent(set, shown):
		return true
	case m.ShowsURLs && !isPartOfURL(shown, set):
		return false
	case when != timeMissing:
		return when == timeSame
	default:
		return shown == m.URL || m.Fresh && isPartOfURL(shown, set)
	}
}

type timing int

const (
	timeMissing timing = iota
	timeSame
	timeChanged
)

// The response of a write and a read may differ by the time between responding and storing.
const atOnce = 10 * time.Millisecond

// compareTime uses the coarser precision: a write may show milliseconds and a read none.
func (m *Memory) compareTime(now string) timing {
	if m.Time == "" || now == "" {
		return timeMissing
	}
	if m.Time == now {
		return timeSame
	}
	before, errBefore := time.Parse(time.RFC3339Nano, m.Time)
	after, errAfter := time.Parse(time.RFC3339Nano, now)
	if errBefore != nil || errAfter != nil {
		if m.Fresh && (errBefore == nil || errAfter == nil) {
			return timeMissing // another form for a write than for a read
		}
		return timeChanged
	}
	coarse := isPrecise(m.Time) != isPrecise(now)
	apart := after.Sub(before).Abs()
	if apart == 0 || coarse && apart < time.Second || m.Fresh && apart <= atOnce {
		return timeSame
	}
	return timeChanged
}

func isPrecise(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && strings.Contains(text, ".")
}
