// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Workspace is resources of one type, with a configuration and a state. Core runs in it as the CLI does in a
// folder: each run starts the provider again, and an apply once more. It costs milliseconds, so a table whose
// rows need no real CLI belongs here.
type Workspace struct {
	Stored   map[string]Object // the state, by name
	Parallel int               // resources at a time: 1, or 10 as in the CLI

	mu sync.Mutex // guards the state during a run

	tb      testing.TB
	start   func() (Resource, error)
	schema  *tfprotov6.Schema // nil until it is needed
	configs map[string]managed
}

type managed struct {
	config   tftypes.Value
	importID string // of an import block, "" for none
	options  []PlanOption
}

// NewWorkspace returns an empty one. The function starts and configures the provider.
func NewWorkspace(tb testing.TB, start func() (Resource, error)) *Workspace {
	tb.Helper()
	return &Workspace{Stored: map[string]Object{}, Parallel: 1, tb: tb, start: start, configs: map[string]managed{}}
}

// ActionImport is planned for what an import block imports and nothing else changes.
const ActionImport = "import"

// Set configures a resource; see ConfigOf. Options are those of each plan.
func (w *Workspace) Set(name string, given map[string]any, options ...PlanOption) {
	w.tb.Helper()
	w.configs[name] = managed{w.configOf(given), w.configs[name].importID, options}
}

func (w *Workspace) configOf(given map[string]any) tftypes.Value {
	w.tb.Helper()
	if w.schema == nil {
		w.schema = w.process().schema
	}
	return ConfigOf(w.schema, given)
}

// SetImport adds an import block for a resource.
func (w *Workspace) SetImport(name, id string) {
	next := w.configs[name]
	next.importID = id
	w.configs[name] = next
}

// Remove takes resources out of the configuration.
func (w *Workspace) Remove(names ...string) {
	for _, name := range names {
		delete(w.configs, name)
	}
}

func (w *Workspace) process() Resource {
	w.tb.Helper()
	r, err := w.start()
	if err != nil {
		w.tb.Fatal(err)
	}
	return r
}

// Run is what came of a run, by name.
type Run struct {
	Actions     map[string]string      // that are planned; what stays as it is has none
	Diagnostics map[string]Diagnostics // of all calls, errors included
	Failed      bool                   // one of them is an error

	mu    sync.Mutex
	plans map[string]Plan
}

func (r *Run) report(tb testing.TB, name string, diagnostics Diagnostics, err error) (ok bool) {
	tb.Helper()
	var reported *DiagnosticsError
	switch {
	case err == nil:
	case !errors.As(err, &reported):
		tb.Errorf("%s: %v", name, err)
	case diagnostics.Err() == nil:
		diagnostics = slices.Concat(diagnostics, reported.Diagnostics)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(diagnostics) > 0 {
		r.Diagnostics[name] = append(r.Diagnostics[name], diagnostics...)
	}
	r.Failed = r.Failed || err != nil
	return err == nil
}

// Of returns what was reported about a resource, each with its name as the address.
func (r *Run) Of(name string) Diagnostics {
	list := slices.Clone(r.Diagnostics[name])
	for i := range list {
		list[i].Address = name
	}
	return list
}

// IsKnown tells whether all is known of what is planned for a resource.
func (r *Run) IsKnown(name string) bool { return r.plans[name].Planned.Value.IsFullyKnown() }

// PlanText is all that the plan file of a run has, to search for what may not be there.
func (r *Run) PlanText() string {
	var b strings.Builder
	for _, plan := range r.plans {
		fmt.Fprintln(&b, plan.Prior.Value, textOf(plan.Prior.Private), plan.Planned.Value, textOf(plan.Planned.Private))
	}
	return b.String()
}

// Plan refreshes and plans all, or only what is named, as -target does. It stores nothing.
func (w *Workspace) Plan(only ...string) *Run {
	w.tb.Helper()
	run := &Run{Actions: map[string]string{}, Diagnostics: map[string]Diagnostics{}, plans: map[string]Plan{}}
	r := w.process()
	w.each(w.names(only), func(name string) { w.plan(run, r, name) })
	return run
}

func (w *Workspace) each(names []string, do func(name string)) {
	slots := make(chan struct{}, w.Parallel)
	var all sync.WaitGroup
	for _, name := range names {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(name)
		})
	}
	all.Wait()
}

func (w *Workspace) plan(run *Run, r Resource, name string) {
	w.tb.Helper()
	prior, imported, ok := w.refreshed(run, r, name)
	if !ok {
		return
	}
	configured, isConfigured := w.configs[name]
	plan := Plan{Action: ActionNone}
	var err error
	if isConfigured {
		plan, err = r.Plan(prior, configured.config, append(slices.Clone(configured.options), ValidateFirst())...)
	} else if prior.Exists() {
		plan, err = r.PlanDestroy(prior)
	}
	if !run.report(w.tb, name, plan.Diagnostics, err) {
		return
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	run.plans[name] = plan
	if plan.Action != ActionNone {
		run.Actions[name] = plan.Action
	} else if imported {
		run.Actions[name] = ActionImport
	}
}

// Resolve gives a plan with unknown values the configuration that is known once the apply comes to it.
func (w *Workspace) Resolve(run *Run, name string, given map[string]any) {
	w.tb.Helper()
	plan := run.plans[name]
	plan.Config = w.configOf(given)
	run.plans[name] = plan
}

func (w *Workspace) names(only []string) []string {
	all := maps.Clone(w.Stored)
	for name := range w.configs {
		all[name] = Object{}
	}
	if len(only) > 0 {
		maps.DeleteFunc(all, func(name string, _ Object) bool { return !slices.Contains(only, name) })
	}
	return slices.Sorted(maps.Keys(all))
}

func (w *Workspace) refreshed(run *Run, r Resource, name string) (object Object, imported, ok bool) {
	w.tb.Helper()
	object, ok = w.Stored[name]
	if id := w.configs[name].importID; !ok && id != "" {
		var err error
		if object, err = r.ImportState(id); !run.report(w.tb, name, object.Diagnostics, err) {
			return object, false, false
		}
		imported = true
	}
	if !object.Exists() {
		return object, false, true
	}
	object, err := r.Read(object)
	if err == nil && imported && !object.Exists() {
		w.tb.Errorf("%s is imported, and is not there", name)
	}
	ok = run.report(w.tb, name, object.Diagnostics, err)
	object.Diagnostics = nil
	return object, imported, ok
}

// Apply plans, and applies that.
func (w *Workspace) Apply(only ...string) *Run {
	w.tb.Helper()
	run := w.Plan(only...)
	w.ApplyPlan(run)
	return run
}

// ApplyPlan applies what a run has planned, unless it failed, in another process. What is reported is added
// to the run, and what was refreshed for the plan is stored too.
func (w *Workspace) ApplyPlan(run *Run) {
	w.tb.Helper()
	if run.Failed {
		return
	}
	var r Resource
	if len(run.Actions) > 0 {
		r = w.process()
	}
	w.each(slices.Sorted(maps.Keys(run.plans)), func(name string) {
		plan := run.plans[name]
		result := plan.Prior
		if plan.Action != ActionNone {
			var err error
			result, err = r.ApplyOfAnother(plan)
			run.report(w.tb, name, result.Diagnostics, err)
		}
		w.store(name, result)
	})
}

func (w *Workspace) store(name string, object Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	object.Diagnostics = nil
	if object.Exists() {
		w.Stored[name] = object
	} else {
		delete(w.Stored, name)
	}
}

// Refresh stores what is read, as apply -refresh-only does.
func (w *Workspace) Refresh() *Run {
	w.tb.Helper()
	run := &Run{Actions: map[string]string{}, Diagnostics: map[string]Diagnostics{}}
	r := w.process()
	for _, name := range slices.Sorted(maps.Keys(w.Stored)) {
		object, err := r.Read(w.Stored[name])
		if run.report(w.tb, name, object.Diagnostics, err) {
			w.store(name, object)
		}
	}
	return run
}

// Import imports a resource, as the command does.
func (w *Workspace) Import(name, id string) *Run {
	w.tb.Helper()
	run := &Run{Actions: map[string]string{}, Diagnostics: map[string]Diagnostics{}}
	r := w.process()
	object, err := r.ImportState(id)
	if err == nil {
		object, err = r.Read(object)
	}
	if run.report(w.tb, name, object.Diagnostics, err) {
		w.store(name, object)
	}
	return run
}

// MustApply is an Apply that must not fail.
func (w *Workspace) MustApply(only ...string) *Run {
	w.tb.Helper()
	run := w.Apply(only...)
	run.expectSuccess(w.tb)
	return run
}

func (r *Run) expectSuccess(tb testing.TB) {
	tb.Helper()
	for name, diagnostics := range r.Diagnostics {
		if err := diagnostics.Err(); err != nil {
			tb.Errorf("%s: %v", name, err)
		}
	}
}

// ExpectPlanned plans, and compares the actions.
func (w *Workspace) ExpectPlanned(want map[string]string, only ...string) *Run {
	w.tb.Helper()
	run := w.Plan(only...)
	run.ExpectPlanned(w.tb, want)
	return run
}

// ExpectPlanned compares the actions of a run, which must not have failed.
func (r *Run) ExpectPlanned(tb testing.TB, want map[string]string) {
	tb.Helper()
	r.expectSuccess(tb)
	if !maps.Equal(r.Actions, want) {
		tb.Errorf("planned: %v, want %v", r.Actions, want)
	}
}

// ExpectSettled expects a plan without changes, before and after a refresh is stored.
func (w *Workspace) ExpectSettled() {
	w.tb.Helper()
	w.ExpectPlanned(map[string]string{})
	w.Refresh().expectSuccess(w.tb)
	w.ExpectPlanned(map[string]string{})
}

// ExpectStored compares attributes in the state; nil is null.
func (w *Workspace) ExpectStored(name string, want map[string]any) {
	w.tb.Helper()
	object, ok := w.Stored[name]
	if !ok {
		w.tb.Errorf("%s is not in the state", name)
		return
	}
	attributes := AttributesOf(object.Value)
	for attribute, value := range want {
		if got := goValue(attributes[attribute]); fmt.Sprint(got) != fmt.Sprint(value) {
			w.tb.Errorf("%s has the %s %v in the state, want %v", name, attribute, got, value)
		}
	}
}

// goValue is a string, a boolean or an integer, nil for null, or else the value.
func goValue(value tftypes.Value) any {
	var text string
	var yes bool
	var number big.Float
	switch {
	case value.IsNull():
		return nil
	case value.Type().Is(tftypes.String) && value.As(&text) == nil:
		return text
	case value.Type().Is(tftypes.Bool) && value.As(&yes) == nil:
		return yes
	case value.Type().Is(tftypes.Number) && value.As(&number) == nil:
		n, _ := number.Int64()
		return n
	}
	return value
}

// StateText is all that is stored, private state included, to search for what may not be there.
func (w *Workspace) StateText() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.Stored)) {
		fmt.Fprintln(&b, name, w.Stored[name].Value, textOf(w.Stored[name].Private))
	}
	return b.String()
}

// textOf is private state, as it is and with its entries decoded.
func textOf(private []byte) string {
	var entries map[string][]byte
	if json.Unmarshal(private, &entries) != nil {
		return string(private)
	}
	return fmt.Sprintf("%s %s", private, entries)
}
