// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
)

// setUp is a configuration of resources of different types that refer to each other, and their state. The types are in
// the order of dependence: each may refer to those before it, and they are destroyed in the reverse order.
type setUp struct {
	types    []string
	settings map[string]any                               // provider arguments
	configOf func(typeName string, refer reference) given // nil: not configured

	stored  map[string]acctest.Object // by type
	tainted map[string]bool

	replaced string // the type of a resource that plans replace, "" for none

	tb testing.TB
	e  *acctest.Emulator
}

// reference returns an attribute of another resource, which may be unknown.
type reference func(typeName, attribute string) any

func newSetUp(tb testing.TB, e *acctest.Emulator, types []string, settings map[string]any) *setUp {
	tb.Helper()
	return &setUp{types: types, settings: settings, stored: map[string]acctest.Object{}, tainted: map[string]bool{}, tb: tb, e: e}
}

func (s *setUp) process() *acctest.Core {
	s.tb.Helper()
	core, err := newCore(s.tb, s.e, &sparkRTCProvider{}, s.settings)
	if err != nil {
		s.tb.Fatal(err)
	}
	return core
}

// setUpRun is what came of a run.
type setUpRun struct {
	plans       map[string]acctest.Plan
	diagnostics acctest.Diagnostics
	broken      error // of the protocol; others are diagnostics
	failed      bool
}

func (r *setUpRun) report(typeName string, diagnostics acctest.Diagnostics, err error) bool {
	r.diagnostics = append(r.diagnostics, diagnostics...)
	if err == nil {
		return true
	}
	r.failed = true
	var reported *acctest.DiagnosticsError
	switch {
	case !errors.As(err, &reported):
		r.broken = fmt.Errorf("%s: %w", typeName, err)
	case diagnostics.Err() == nil:
		r.diagnostics = append(r.diagnostics, reported.Diagnostics...)
	}
	return false
}

func (r *setUpRun) actions() map[string]string {
	actions := map[string]string{}
	for typeName, plan := range r.plans {
		if plan.Action != acctest.ActionNone {
			actions[typeName] = plan.Action
		}
	}
	return actions
}

// text is all that is planned and said, to search for what may not be there.
func (r *setUpRun) text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.diagnostics)
	for _, plan := range r.plans {
		fmt.Fprintln(&b, plan.Planned.Value, string(plan.Planned.Private), plan.Prior.Value, string(plan.Prior.Private))
	}
	return b.String()
}

// plan refreshes and plans all resources in one process. It stores nothing.
func (s *setUp) plan() *setUpRun {
	s.tb.Helper()
	run := &setUpRun{plans: map[string]acctest.Plan{}}
	core := s.process()
	refer := func(typeName, attribute string) any {
		return referred(run.plans[typeName].Planned, attribute)
	}
	for _, typeName := range s.types {
		r, prior := core.Resource(typeName), s.stored[typeName]
		var err error
		if prior.Exists() {
			prior, err = r.Read(prior)
			if !run.report(typeName, prior.Diagnostics, err) {
				return run
			}
			prior.Diagnostics = nil
		}
		plan := acctest.Plan{Action: acctest.ActionNone, Prior: prior}
		if config := s.configOf(typeName, refer); config != nil {
			options := []acctest.PlanOption{acctest.ValidateFirst()}
			if s.tainted[typeName] && prior.Exists() {
				options = append(options, acctest.Tainted())
			}
			if s.replaced == typeName {
				options = append(options, acctest.Replaced())
			}
			plan, err = r.Plan(prior, r.ConfigOf(config), options...)
		} else if prior.Exists() {
			plan, err = r.PlanDestroy(prior)
		}
		if !run.report(typeName, plan.Diagnostics, err) {
			return run
		}
		run.plans[typeName] = plan
	}
	return run
}

func referred(object acctest.Object, attribute string) any {
	value, ok := acctest.AttributesOf(object.Value)[attribute]
	if ok && !value.IsKnown() {
		return tftypes.UnknownValue
	}
	return object.Text(attribute)
}

// apply applies what a run has planned, in another process. What can't be done keeps what depends on it from being
// done.
func (s *setUp) apply(run *setUpRun) {
	s.tb.Helper()
	if run.failed {
		return
	}
	core := s.process()
	for typeName, plan := range run.plans {
		s.store(typeName, plan.Prior)
	}
	stuck := false
	failed := map[string]bool{}
	for i := len(s.types) - 1; i >= 0; i-- {
		typeName := s.types[i]
		plan := run.plans[typeName]
		if plan.Action != acctest.ActionDelete && plan.Action != acctest.ActionReplace {
			continue
		}
		if !stuck {
			gone, err := core.Resource(typeName).ApplyDestroy(plan.Prior)
			stuck = !run.report(typeName, gone.Diagnostics, err)
			if !stuck {
				s.store(typeName, acctest.Object{})
			}
		}
		failed[typeName] = stuck
		plan.Action, plan.Prior = acctest.ActionCreate, acctest.Object{}
		if s.configOf(typeName, func(string, string) any { return "" }) == nil {
			plan.Action = acctest.ActionNone
		}
		run.plans[typeName] = plan
	}
	refer := func(typeName, attribute string) any { return referred(s.stored[typeName], attribute) }
	for _, typeName := range s.types {
		plan := run.plans[typeName]
		if failed[typeName] {
			return
		}
		if plan.Action == acctest.ActionNone {
			continue
		}
		r := core.Resource(typeName)
		plan.Config = r.ConfigOf(s.configOf(typeName, refer))
		result, err := r.ApplyOfAnother(plan)
		s.store(typeName, result)
		s.tainted[typeName] = err != nil && plan.Action == acctest.ActionCreate && result.Exists()
		if !run.report(typeName, result.Diagnostics, err) {
			return
		}
	}
}

func (s *setUp) store(typeName string, object acctest.Object) {
	object.Diagnostics = nil
	if !object.Exists() {
		object, s.tainted[typeName] = acctest.Object{}, false
	}
	s.stored[typeName] = object
}

// stateText is all that is stored, to search for what may not be there.
func (s *setUp) stateText() string {
	var b strings.Builder
	for _, typeName := range s.types {
		fmt.Fprintln(&b, s.stored[typeName].Value, string(s.stored[typeName].Private))
	}
	return b.String()
}
