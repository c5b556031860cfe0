// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Severities of a Diagnostic.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Diagnostic is an error or a warning, as the CLI prints it with -json or as the provider reports it to Core.
type Diagnostic struct {
	Severity string
	Summary  string
	Detail   string
	Address  string // of the resource; "" for none, and from a provider, which doesn't know it

	// Attribute is, from the CLI, the argument whose line is shown; from the provider, a path such as obs.bucket.
	Attribute string
}

// Diagnostics are all that a call or a run reported.
type Diagnostics []Diagnostic

// Warnings returns the summaries of the warnings.
func (d Diagnostics) Warnings() []string {
	var summaries []string
	for _, one := range d {
		if one.Severity == SeverityWarning {
			summaries = append(summaries, one.Summary)
		}
	}
	return summaries
}

// Err returns a *DiagnosticsError if one of them is an error, or else nil.
func (d Diagnostics) Err() error {
	for _, one := range d {
		if one.Severity == SeverityError {
			return &DiagnosticsError{d}
		}
	}
	return nil
}

// DiagnosticsError is an error that the provider reported, as opposed to one that Core found.
type DiagnosticsError struct {
	Diagnostics Diagnostics // warnings included
}

func (e *DiagnosticsError) Error() string {
	var texts []string
	for _, one := range e.Diagnostics {
		if one.Severity == SeverityError {
			texts = append(texts, one.Summary+": "+one.Detail)
		}
	}
	return strings.Join(texts, "\n")
}

// Reported tells whether an error is one that the provider reported.
func Reported(err error) bool { return errors.As(err, new(*DiagnosticsError)) }

func fromProtocol(list []*tfprotov6.Diagnostic) Diagnostics {
	var all Diagnostics
	for _, d := range list {
		one := Diagnostic{Severity: SeverityError, Summary: d.Summary, Detail: d.Detail, Attribute: pathText(d.Attribute)}
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			one.Severity = SeverityWarning
		}
		all = append(all, one)
	}
	return all
}

// pathText writes a path as Terraform does: a.b, a[0], a["b"].
func pathText(path *tftypes.AttributePath) string {
	var b strings.Builder
	if path == nil {
		return ""
	}
	for _, step := range path.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&b, "[%d]", int64(step))
		default:
			fmt.Fprintf(&b, "[%v]", step)
		}
	}
	return b.String()
}

// Diagnostics reads the output of plan, apply, destroy and validate with -json.
func (r Result) Diagnostics(t *testing.T) Diagnostics {
	t.Helper()
	type raw struct {
		Severity, Summary, Detail, Address string
		Snippet                            *struct{ Code string }
	}
	var found []raw
	var validation struct{ Diagnostics []raw }
	if json.Unmarshal([]byte(r.Stdout), &validation) == nil {
		found = validation.Diagnostics
	} else {
		for line := range strings.Lines(r.Stdout) {
			var message struct{ Diagnostic *raw }
			if err := json.Unmarshal([]byte(line), &message); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			if message.Diagnostic != nil {
				found = append(found, *message.Diagnostic)
			}
		}
	}
	var list Diagnostics
	for _, f := range found {
		d := Diagnostic{Severity: f.Severity, Summary: f.Summary, Detail: f.Detail, Address: f.Address}
		if f.Snippet != nil {
			if name, _, ok := strings.Cut(f.Snippet.Code, "="); ok {
				d.Attribute = strings.TrimSpace(name)
			}
		}
		list = append(list, d)
	}
	return list
}

// Of returns the one diagnostic of a resource, or of none (""). It stops the test if there are more or none.
func (d Diagnostics) Of(t *testing.T, address string) Diagnostic {
	t.Helper()
	var found Diagnostics
	for _, one := range d {
		if one.Address == address {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d diagnostics about %q, want one: %+v", len(found), address, found)
	}
	return found[0]
}

// Expectation is what is reported about a resource, once, or nothing at all when Severity is "".
type Expectation struct {
	Address   string
	Severity  string
	Summary   string
	Attribute string   // "" for none
	Mentions  []string // by the detail
}

// Check compares an expectation with what was reported.
func (e Expectation) Check(t *testing.T, list Diagnostics) {
	t.Helper()
	if e.Severity == "" {
		for _, d := range list {
			if d.Address == e.Address {
				t.Errorf("%s: %+v", e.Address, d)
			}
		}
		return
	}
	d := list.Of(t, e.Address)
	if d.Severity != e.Severity || d.Summary != e.Summary || d.Attribute != e.Attribute {
		t.Errorf("%s: %+v", e.Address, d)
	}
	for _, mention := range e.Mentions {
		if !strings.Contains(d.Detail, mention) {
			t.Errorf("%s does not mention %q: %s", e.Address, mention, d.Detail)
		}
	}
}
