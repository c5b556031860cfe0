// SPDX-License-Identifier: MPL-2.0

package callback

// Change is the input of Plan.
type Change struct {
	Prior      *Settings // the state after the read; nil for a create
	Planned    Settings  // under ignore_changes, with the state's value
	Configured Config
	// Memory may be nil. With a create, it is of the existing callback, unchanged since a resource set it.
	Memory   *Memory
	Existing *Shown // as read for this plan; nil if there is none, or if it was not read

	IgnoresWriteOnly bool // auth_key_wo is in ignore_changes
}

// Decision is what a plan does and says.
type Decision struct {
	Write   bool
	Notices []Notice
}

// Notice is a message for the user.
type Notice int

// By Observe (changes outside Terraform), Plan, Check and the provider. All but the errors are warnings.
const (
	URLChanged Notice = iota
	KeyChanged

	Overwrites       // creates over a callback that is there
	OverwritesKey    // likewise, and removes its key
	LosesKey         // the write removes the key that there is
	KeyNotConfigured // there is a key, it is not configured, and left alone
	KeyNotCompared   // there is a key, and it may be the configured one
	KeyAlsoSent      // another write-only key is sent under the same version
	KeyNotSent       // a write-only key that was null is configured under the same version
	KeyIgnored       // error: ignore_changes leaves no key to send
	URLIgnored       // error: ignore_changes leaves no URL to send
	URLMayBeCut      // the write sends a URL that may be shown only in part

	PlainHTTP
	UserInURL
	MaskAsKey
	UnusualKeyLength

	Gone         // there is no callback any more
	KeptKey      // the service keeps a key that was to be removed
	TwoResources // on one app
	StaysInPlace // a destroy removes nothing

	Notices // their number
)

// Plan decides by the table in DESIGN.md, whose rows aboutKey has in the same order.
func Plan(c Change) Decision {
	key := KeyToSend(c.Planned, c.Configured)
	if c.Prior == nil {
		return create(c, key)
	}
	d := Decision{Write: c.Planned != *c.Prior}
	m := c.Memory
	if m == nil {
		m = &Memory{Form: FormNone}
	}
	d.say(c.aboutKey(key, m, d.Write)...)
	d.say(c.aboutURL(m, d.Write)...)
	return d
}

func (c Change) aboutKey(key Key, m *Memory, write bool) []Notice {
	own := c.Prior.hasKey(m)
	there := own || m.Form != FormNone || m.MayHaveKey
	sendsOther := write && own && c.sendsOther(key, m)
	switch {
	case key.Ignored && write && !m.showsWholeKey(), c.IgnoresWriteOnly && sendsOther:
		return []Notice{KeyIgnored}
	case key.Ignored:
		return nil
	case !key.Set && there && write:
		return []Notice{LosesKey}
	case !key.Set && there:
		return []Notice{KeyNotConfigured}
	case key.Set && there && !own && m.Imported && mayDiffer(key, m, c.Existing):
		return []Notice{KeyNotCompared}
	case sendsOther:
		return []Notice{KeyAlsoSent}
	case !write && c.leavesOut(key):
		return []Notice{KeyNotSent}
	}
	return nil
}

// sendsOther tells whether another write-only key is configured under the same version.
func (c Change) sendsOther(key Key, m *Memory) bool {
	return key.WriteOnly && c.Planned.Version == c.Prior.Version && m.isOther(key.Text)
}

// leavesOut tells whether a write-only key is configured under a version that was set without one.
func (c Change) leavesOut(key Key) bool {
	return key.WriteOnly && !c.IgnoresWriteOnly && c.Memory != nil && c.Memory.Key == nil && !c.Prior.Version.IsNull()
}

func (m *Memory) showsWholeKey() bool { return m.ShowsKeys && m.Form != FormPart }

func (c Change) aboutURL(m *Memory, write bool) []Notice {
	mayBeCut := write && m.URLTaken && !m.ShowsURLs && c.Planned.URL == c.Prior.URL
	switch {
	case mayBeCut && c.Configured.URL != c.Planned.URL:
		return []Notice{URLIgnored}
	case mayBeCut && isOrigin(c.Planned.URL.Text()):
		return []Notice{URLMayBeCut}
	}
	return nil
}

// create warns of the loss of any key, but not of overwriting an own callback, such as a tainted resource's.
func create(c Change, key Key) Decision {
	d, own := Decision{Write: true}, c.Memory != nil
	switch losesKey := c.Existing != nil && c.Existing.Key != "" && !key.Set && !key.Ignored; {
	case c.Existing == nil:
	case losesKey && own:
		d.say(LosesKey)
	case losesKey:
		d.say(OverwritesKey)
	case !own:
		d.say(Overwrites)
	}
	return d
}

// Without a read, as in the second plan of an apply, a whole key counts as compared.
func mayDiffer(key Key, m *Memory, shown *Shown) bool {
	if shown == nil {
		return m.Form != FormWhole
	}
	return key.Text == "" || shown.Key != key.Text
}

func (d *Decision) say(n ...Notice) { d.Notices = append(d.Notices, n...) }

// A version may belong to a write-only key that is null: then there is no fingerprint.
func (s Settings) hasKey(m *Memory) bool {
	return !s.Key.IsNull() || !s.Version.IsNull() && m.Key != nil
}

func (m *Memory) isOther(key string) bool {
	return key != "" && m.Key != nil && !m.Key.Matches(key)
}

// Key is the key of a write.
type Key struct {
	Set       bool
	Text      string // "" also for one that is known only after apply
	WriteOnly bool
	Ignored   bool // by ignore_changes: the key to send is the app's own
}

// KeyToSend returns the key of a write. Under ignore_changes plan and configuration differ.
func KeyToSend(planned Settings, configured Config) Key {
	switch {
	case !planned.Key.IsNull():
		return Key{Set: true, Text: planned.Key.Text()}
	case !configured.Key.IsNull():
		return Key{Ignored: true}
	case configured.WriteOnly.IsNull():
		return Key{}
	case planned.Version != configured.Version:
		return Key{Ignored: true}
	default:
		return Key{Set: true, Text: configured.WriteOnly.Text(), WriteOnly: true}
	}
}

// MayBeThere tells whether a read before an update could save the write.
func (c Change) MayBeThere() bool {
	if c.Prior == nil || c.Memory == nil || !Equivalent(c.Prior.URL.Text(), c.Planned.URL.Text()) {
		return false
	}
	key := KeyToSend(c.Planned, c.Configured)
	switch {
	case key.Set && c.Memory.Form != FormWhole:
		return false
	case !key.Set && (c.Memory.Form != FormNone || !c.Memory.ShowsKeys): // one may be hidden
		return false
	}
	return c.Prior.Key == c.Planned.Key && c.Prior.Version == c.Planned.Version || !c.Prior.hasKey(c.Memory) ||
		key.Set && (c.Prior.Key == Of(key.Text) || c.Planned.Version.IsNull() && c.Memory.Key.Matches(key.Text))
}

// IsThere tells whether a callback is shown exactly as it would be sent. A short key may be shown of a longer one.
func IsThere(url, key string, shown Shown) bool {
	return Equivalent(url, shown.URL) && key == shown.Key && formOf(key) != FormPart
}

// Returnable tells whether the shown key is certainly the whole one, or none.
func (m *Memory) Returnable(shown string) bool {
	return m != nil && m.ShowsKeys && formOf(shown) != FormPart
}
