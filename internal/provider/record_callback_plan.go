// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// callbackPlans is what the plans of callbacks in a process share, by app.
type callbackPlans struct {
	// configured has the configuration itself. Terraform hands ModifyPlan another
	// one under ignore_changes, and no other request before the apply has it.
	configured sync.Map // callback.Config
	validated  atomic.Bool

	// shown is what was read in this process, so that a plan can compare a key that
	// is not stored.
	shown sync.Map // callback.Shown

	// own has the apps whose callback is, by a read in this process, as a resource of
	// the state set it.
	own sync.Map // *callback.Memory
}

// ModifyPlan adds notices of what an apply would do. Terraform plans the changes.
func (r *recordCallbackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordCallbackModel](ctx, req.Plan))(diags)   // nil for a destroy
	state := load(modelIn[recordCallbackModel](ctx, req.State))(diags) // nil for a create
	config := load(modelIn[recordCallbackModel](ctx, req.Config))(diags)
	memory := load(loadMemory(ctx, req.Private, (*callback.Memory).Valid))(diags)
	if diags.HasError() {
		return
	}
	if state == nil && memory != nil {
		return // a replacement, whose create is planned once more; Terraform drops what is said
	}
	if state != nil && (plan == nil || !plan.AppID.Equal(state.AppID)) {
		if !r.provider.apps.anyWritten() { // otherwise the plan has said it: create_before_destroy plans its destroy once more
			sayAll(diags, state, callback.StaysInPlace)
		}
		state, memory = nil, nil // for the new app, it is a create
	}
	if plan == nil {
		return
	}
	change := callback.Change{Planned: plan.settings(), Configured: r.configured(config), Memory: memory}
	change.IgnoresWriteOnly = config.AuthKeyWO.IsNull() && !change.Configured.WriteOnly.IsNull()
	sayAll(diags, plan, callback.Check(config.config())...)
	about := r.compareWith(ctx, &change, plan, state, diags)
	decision := callback.Plan(change)
	sayAll(diags, about, decision.Notices...)
	if state != nil {
		plan.planComputed(state, decision.Write)
		diags.Append(planModel(ctx, &resp.Plan, *plan)...)
	}
}

// compareWith completes a change with what there is: the state, or the callback that a create would overwrite. It
// returns the callback that notices are about.
func (r *recordCallbackResource) compareWith(ctx context.Context, change *callback.Change, plan, state *recordCallbackModel, diags *diag.Diagnostics) *recordCallbackModel {
	again := r.provider.plannedBefore("sparkrtc_record_callback", plan.AppID)
	if again {
		sayAll(diags, plan, callback.TwoResources)
	}
	if state != nil {
		prior := state.settings()
		change.Prior, change.Existing = &prior, r.shown(state.AppID)
		return state
	}
	about := *plan
	if own, ok := r.provider.callbacks.own.Load(plan.AppID.ValueString()); ok && !again {
		change.Existing, change.Memory = r.shown(plan.AppID), own.(*callback.Memory) //nolint:forcetypeassert // nothing else is stored
	} else if !again {
		change.Existing = r.existing(ctx, plan.AppID, diags)
	}
	if change.Existing != nil {
		about.URL, about.UpdateTime = types.StringValue(change.Existing.URL), types.StringValue(change.Existing.Time)
	}
	return &about
}

// load is for reading several things before looking at the diagnostics.
func load[T any](value T, reported diag.Diagnostics) func(*diag.Diagnostics) T {
	return func(diags *diag.Diagnostics) T {
		diags.Append(reported...)
		return value
	}
}

// planComputed: a write changes the time. The events can't be set, so a plan keeps
// them; if they change all the same, the next read takes that in.
func (m *recordCallbackModel) planComputed(state *recordCallbackModel, write bool) {
	m.UpdateTime, m.NotifyEventSubscription = state.UpdateTime, state.NotifyEventSubscription
	if write {
		m.UpdateTime = types.StringUnknown()
	}
}

func (r *recordCallbackResource) configured(visible *recordCallbackModel) callback.Config {
	if config, ok := r.provider.callbacks.configured.Load(visible.AppID.ValueString()); ok && !visible.AppID.IsUnknown() {
		return config.(callback.Config) //nolint:forcetypeassert // nothing else is stored
	}
	config := visible.config()
	if r.provider.callbacks.validated.Load() && !visible.AppID.IsUnknown() && config.Key.IsNull() && config.WriteOnly.IsNull() {
		config.Key = callback.Unknown // app_id is ignored, too, and a key may be configured
	}
	return config
}

// shown returns nil for a callback that was not read in this process.
func (r *recordCallbackResource) shown(appID types.String) *callback.Shown {
	if shown, ok := r.provider.callbacks.shown.Load(appID.ValueString()); ok {
		shown := shown.(callback.Shown) //nolint:forcetypeassert // nothing else is stored
		return &shown
	}
	return nil
}

// existing returns the callback that a new resource would overwrite.
func (r *recordCallbackResource) existing(ctx context.Context, appID types.String, diags *diag.Diagnostics) *callback.Shown {
	app := r.provider.existingApp(ctx, appID, diags)
	if app == nil || app.RecordCallback() == nil {
		return nil
	}
	shown := shownOf(app.RecordCallback())
	return &shown
}

// existingApp looks up the app of a new resource, to tell what the resource would
// overwrite; nil if that is not known. It costs at most one call for all new resources
// of a plan, up to a hundred apps. An app that this process has written to, or
// released, is its own.
func (d *providerData) existingApp(ctx context.Context, appID types.String, diags *diag.Diagnostics) *sparkrtc.App {
	id := appID.ValueString()
	if appID.IsUnknown() || d.client == nil || d.apps.isWritten(id) {
		return nil
	}
	ctx, end := d.begin(ctx, defaultTimeout, diags)
	defer end()
	app, missing, err := d.apps.find(ctx, id)
	switch {
	case missing, refusesCredentials(err), neverConnected(err):
		d.addAPIError(diags, err, appOnly(id), "could not be looked up")
		return nil
	case err != nil:
		d.warnNotFound(diags, err)
	}
	return app
}

// warnNotFound is said once, and not where looking is never allowed: a write may be
// allowed all the same.
func (d *providerData) warnNotFound(diags *diag.Diagnostics, err error) {
	var e *sparkrtc.Error
	if !errors.As(err, &e) || e.Reason == sparkrtc.ReasonAccessDenied {
		return
	}
	d.saidNotListed.Do(func() {
		diags.AddWarning("Apps could not be listed", fmt.Sprintf(
			"Could not check whether the apps exist or have settings that would be overwritten: %s.\n\nThe apply goes on all the same.", happened(e)))
	})
}
