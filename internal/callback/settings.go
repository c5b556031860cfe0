// SPDX-License-Identifier: MPL-2.0

// Package callback decides about recording callbacks. Observe says what a
// response of the service means for the state, Plan what a plan does and says.
// It is pure: it knows neither Terraform nor HTTP. DESIGN.md has both as tables.
package callback

// Value is an argument as Terraform knows it: null, unknown or a text.
type Value struct {
	kind valueKind
	text string
}

type valueKind int

const (
	null valueKind = iota
	unknown
	known
)

var (
	// Null is an argument that is not set; it is the zero Value.
	Null = Value{}

	// Unknown is one that is known only after apply.
	Unknown = Value{kind: unknown}
)

// Of returns a known Value.
func Of(text string) Value { return Value{known, text} }

// IsNull tells whether the argument is not set.
func (v Value) IsNull() bool { return v.kind == null }

// Known tells whether the argument has a value, which Text returns.
func (v Value) Known() bool { return v.kind == known }

// Text is "" for null and unknown values.
func (v Value) Text() string { return v.text }

// Settings are what decides what is sent, as a state or a plan has them.
type Settings struct {
	URL     Value
	Key     Value // auth_key
	Version Value // auth_key_wo_version
}

// Config is a configuration: Settings and the write-only key, which is in no
// state and no plan.
type Config struct {
	Settings

	WriteOnly Value // auth_key_wo
}

// Shown is how the service shows a callback.
type Shown struct {
	URL  string
	Key  string // "" for none, or for one that isn't shown
	Time string // update_time; "" if the service gives none
}
