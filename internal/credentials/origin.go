// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
)

type value struct {
	name   string
	text   string
	secret bool
	form   form
}

func (v value) set() bool { return v.text != "" }

// form is what is known about how a kind of value looks.
type form int

const (
	anyForm form = iota
	keyForm
	nameForm
	passwordForm
)

// flaw is what is wrong with a value. Its text completes a sentence and does not repeat the value.
type flaw struct{ summary, text, todo string }

const (
	straySummary     = "Value contains a stray character"
	referenceSummary = "Variable was not replaced"
)

var (
	// The syntax of shells, CI systems, templates and Terraform. Passwords may begin with a dollar sign.
	reference    = regexp.MustCompile(`^(\$\{.+\}|\$\(.+\)|\{\{.+\}\}|%\w+%|\$[A-Z0-9]*_[A-Z0-9_]*|(var|local)\.\w+)$`)
	keyReference = regexp.MustCompile(`^\$\w+$`)
)

// flawOf returns nil for a value that may be right. Each of these would only cause a failed call.
func (f form) flawOf(s string) *flaw {
	again := "Copy the value again, without anything before or after it."
	if f == anyForm {
		return nil
	}
	if stray, found := text.StrayCharacter(s); found {
		return &flaw{text: stray, todo: again, summary: straySummary}
	}
	switch {
	case reference.MatchString(s), f == keyForm && keyReference.MatchString(s):
		return &flaw{text: "is a reference to a variable, such as ${NAME}, and not the value of one", todo: "Check how the variable is set, and that it is replaced where this value comes from.", summary: referenceSummary}
	case inQuotes(s):
		return &flaw{text: "is in quotation marks", todo: again, summary: straySummary}
	case f == keyForm && strayInKey(s):
		return &flaw{text: "contains a blank, a line break or another character that no key, token or ID has", todo: again, summary: straySummary}
	case f == nameForm && strings.ContainsFunc(s, unicode.IsControl):
		return &flaw{text: "contains a line break or another control character", todo: again, summary: straySummary}
	}
	return nil
}

func inQuotes(s string) bool {
	const ascii = "\"'`"
	if len(s) > 1 && s[0] == s[len(s)-1] && strings.IndexByte(ascii, s[0]) >= 0 {
		return true
	}
	return strings.HasPrefix(s, "“") && strings.HasSuffix(s, "”")
}

func strayInKey(s string) bool {
	return strings.ContainsAny(s, "\"'`${}") || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII
	})
}

func key(name, text string) value { return value{name: name, text: text, form: keyForm} }
func secret(name, text string) value {
	return value{name: name, text: text, secret: true, form: keyForm}
}
func name(name, text string) value { return value{name: name, text: text, form: nameForm} }
func password(name, text string) value {
	return value{name: name, text: text, secret: true, form: passwordForm}
}
func path(name, text string) value { return value{name: name, text: text, form: anyForm} }

// origin is a source whose values have equal precedence. Two sets in one are an error.
type origin struct {
	source string

	variables bool

	// block: the values are provider arguments, in nested if set.
	block  bool
	nested string

	// mute: errors must not point to an argument that contains a secret.
	mute bool
}

func (l origin) of(values ...value) string {
	if !l.variables {
		return l.source
	}
	return l.source + " (" + names(values, ", ") + ")"
}

type part struct {
	values []value // the last that is set counts
	alone  bool    // more than one is an error
}

func one(values ...value) part { return part{values: values} }

func (p part) chosen() value {
	for _, v := range slices.Backward(p.values) {
		if v.set() {
			return v
		}
	}
	return value{}
}

type spec struct {
	called string // with an article
	belong string // says what belongs together

	// begin are the values that show intent: without them, nothing is incomplete.
	begin []value
	parts []part

	build func() (*sourcedSet, error)

	what  string
	found string

	incomplete bool // found tells of a set that lacks a value
}

func (k spec) begun() []value {
	var begun []value
	for _, v := range k.begin {
		if v.set() {
			begun = append(begun, v)
		}
	}
	return begun
}

func (k spec) finding() finding {
	if k.found == "" {
		return finding{what: k.what, found: "not set"}
	}
	return finding{what: k.what, found: k.found, incomplete: k.incomplete}
}

func (l origin) read(specs ...spec) (lookup, error) {
	var begun []spec
	var findings []finding
	for _, k := range specs {
		if len(k.begun()) > 0 {
			begun = append(begun, k)
		}
		findings = append(findings, k.finding())
	}
	switch len(begun) {
	case 0:
		return lookup{findings: findings}, nil
	case 1:
		c, err := l.complete(begun[0])
		return lookup{set: c}, err
	default:
		return lookup{}, l.two(begun)
	}
}

func (l origin) complete(k spec) (*sourcedSet, error) {
	for _, p := range k.parts {
		if err := l.choose(k, p); err != nil {
			return nil, err
		}
	}
	if err := l.check(k.begin...); err != nil {
		return nil, err
	}
	return k.build()
}

func (l origin) choose(k spec, p part) error {
	switch chosen := p.chosen(); {
	case !chosen.set():
		return l.half(k, p)
	case l.block || p.alone:
		for _, v := range p.values {
			if v.set() && v.name != chosen.name {
				return l.fault(v, "Conflicting credentials",
					fmt.Sprintf("Both %s and %s are set in %s, and only one of them can count. Remove one of the two.", chosen.name, v.name, l.source))
			}
		}
	}
	return l.check(p.chosen())
}

func (l origin) half(k spec, missing part) error {
	begun, lacking := k.begun(), names(missing.values, " or ")
	them := names(begun, " and ")
	there := them + " is set in " + l.source
	switch len(begun) {
	case 0:
		there, them = l.source+" is set", "all of it"
	case 1:
	default:
		there = them + " are set in " + l.source
	}
	if l.nested != "" {
		return l.fault(missing.values[0], "Incomplete credentials", fmt.Sprintf("%s, but %s is not. Set it there too, or remove the block %s.", there, lacking, l.nested))
	}
	return l.fault(missing.values[0], "Incomplete credentials",
		fmt.Sprintf("%s, but %s is not. %s belong together and are taken from one source only: set %s there too, or remove %s.",
			there, lacking, k.belong, lacking, them))
}

func (l origin) two(specs []spec) error {
	var called []string
	for _, k := range specs {
		called = append(called, fmt.Sprintf("%s (%s)", k.called, names(k.begun(), ", ")))
	}
	return l.fault(specs[0].begun()[0], "Two kinds of credentials",
		fmt.Sprintf("%s has %s, and only one of them can authenticate a request. Keep one, and remove the rest.",
			upperFirst(l.source), strings.Join(called, " and ")))
}

func (l origin) check(values ...value) error {
	for _, v := range values {
		if wrong := v.form.flawOf(v.text); wrong != nil {
			return l.fault(v, wrong.summary, fmt.Sprintf("%s, from %s, %s. %s", v.name, l.source, wrong.text, wrong.todo))
		}
	}
	return nil
}

// It points to the argument unless a secret may be in it.
func (l origin) fault(v value, summary, detail string) error {
	err := &Error{Summary: summary, Detail: detail}
	switch {
	case !l.block || l.mute || v.secret && v.set():
	case l.nested != "":
		err.Attribute = l.nested
	default:
		err.Attribute = v.name
	}
	return err
}

func names(values []value, sep string) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.name
	}
	return strings.Join(list, sep)
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
