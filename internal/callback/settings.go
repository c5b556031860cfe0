// SPDX-License-Identifier: MPL-2.0

// Package callback decides about recording callbacks. DESIGN.md has Observe and Plan as tables.
package callback

// Value is a Terraform argument: null, unknown or a text.
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

// Values without a text; Null is the zero Value.
var (
	Null    = Value{}
	Unknown = Value{kind: unknown}
)

// Of returns a known Value.
func Of(text string) Value { return Value{known, text} }

// IsNull tells whether the argument is not set.
func (v Value) IsNull() bool { return v.kind == null }

// Known tells whether Text returns the value.
func (v Value) Known() bool { return v.kind == known }

// Text is "" for null and unknown values.
func (v Value) Text() string { return v.text }

// Settings are the arguments that a state or plan contains and that are sent.
type Settings struct {
	URL     Value
	Key     Value // auth_key
	Version Value // auth_key_wo_version
}

// Config is a configuration. A write-only key is in no state or plan.
type Config struct {
	Settings

	WriteOnly Value // auth_key_wo
}

// Shown is a callback as the service shows it.
type Shown struct {
	URL  string
	Key  string // "" for none, or for one that isn't shown
	Time string // update_time; "" if the service gives none
}
