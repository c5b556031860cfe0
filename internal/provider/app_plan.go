// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// ModifyPlan keeps protected apps, and looks up the names of new ones.
func (r *appResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[appModel](ctx, req.Plan))(diags)   // nil for a destroy
	state := load(modelIn[appModel](ctx, req.State))(diags) // nil for a create
	memory := load(loadMemory(ctx, req.Private, (*appMemory).valid))(diags)
	if diags.HasError() {
		return
	}
	switch {
	case state == nil && memory != nil: // a replacement, whose create is planned once more
		if memory.Protected {
			addProtectedError(diags, "")
		}
	case state != nil && (plan == nil || !plan.AppName.Equal(state.AppName)):
		switch protected := state.DeletionProtection.ValueBool(); {
		case protected && plan != nil && plan.AppName.IsUnknown():
			addUnknownNameError(diags, state)
		case protected:
			addProtectedError(diags, state.AppID.ValueString())
		case plan != nil:
			r.planNew(ctx, plan, diags)
		}
	case state == nil:
		r.planNew(ctx, plan, diags)
	default:
		plan.AppID, plan.State = state.AppID, state.State
		plan.CreateTime, plan.Domain, plan.Scope = state.CreateTime, state.Domain, state.Scope
		if !plan.Enabled.Equal(state.Enabled) {
			plan.State = types.StringUnknown()
		}
		diags.Append(planModel(ctx, &resp.Plan, *plan)...)
	}
}

// addProtectedError is about a destroy or a replacement. The ID is "" if it is not known.
func addProtectedError(diags *diag.Diagnostics, appID string) {
	name := "the app"
	if appID != "" {
		name = fmt.Sprintf("app %q", appID)
	}
	diags.AddError("App is protected from deletion",
		"This plan would delete "+name+", and deletion_protection is true in the state.\n\n"+
			"A deleted app can't be restored: its ID, key, recording rules and callback are lost.\n\n"+
			"To delete it, set deletion_protection = false, apply, and plan again. If it is tainted, run terraform untaint before. "+
			"To only forget it, use a removed block with destroy = false, or terraform state rm.")
}

// addUnknownNameError: Terraform replaces the app even if the name turns out to be the same.
func addUnknownNameError(diags *diag.Diagnostics, state *appModel) {
	diags.AddAttributeError(path.Root("app_name"), "App is protected from deletion", fmt.Sprintf(
		"The app %q would be replaced, because app_name is known only after apply, and deletion_protection is true in the state.\n\n"+
			"Set app_name to a value that the plan knows, such as the present name %q, or first apply what it depends on, with -target.",
		state.AppID.ValueString(), state.AppName.ValueString()))
}

// usualName is what the documentation shows of names.
var usualName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// newApp is the type of an app that has no ID yet, for plannedBefore.
const newApp = "new sparkrtc_app"

// planNew warns of an unusual name, and looks up whether the name is taken. Where apps can't be listed, the apply finds
// out.
func (r *appResource) planNew(ctx context.Context, plan *appModel, diags *diag.Diagnostics) {
	if plan.AppName.IsUnknown() {
		return
	}
	name := plan.AppName.ValueString()
	if !usualName.MatchString(name) {
		diags.AddAttributeWarning(path.Root("app_name"), "Unusual app name", fmt.Sprintf(
			"The service may refuse the name %q.\n\nUse 1 to 64 letters, digits, hyphens and underscores.", name))
	}
	if r.provider.plannedBefore(newApp, plan.AppName) {
		// A warning: terraform test may plan the one resource twice in a process.
		diags.AddAttributeWarning(path.Root("app_name"), "Two new apps with the same name", fmt.Sprintf(
			"Another sparkrtc_app of this configuration creates an app named %q, and names are unique in an account, so that one of them will fail.\n\nChoose another app_name for one of them.", name))
		return
	}
	if r.provider.client == nil || r.provider.apps.anyWritten() { // an apply lists the apps before each create
		return
	}
	ctx, end := r.provider.begin(ctx, defaultTimeout, diags)
	defer end()
	listed := r.provider.apps.soon(ctx, need{})
	switch {
	case listed == nil:
	case refusesCredentials(listed.err), neverConnected(listed.err):
		r.provider.addAPIError(diags, listed.err, subject{name: fmt.Sprintf("The app name %q", name)}, "could not be looked up")
	default:
		if taken := listed.named(name); len(taken) > 0 {
			addNameTakenError(diags, name, taken)
		}
	}
}

func addNameTakenError(diags *diag.Diagnostics, name string, taken []sparkrtc.App) {
	detail := fmt.Sprintf("The app %q can't be created, because app %s has this name.\n\nChoose another app_name, or import that app:\n\n  import {\n    to = sparkrtc_app.NAME\n    id = %q\n  }\n\n"+
		"If this resource is tainted and created that app, run terraform untaint instead.", name, quotedIDs(taken), firstID(taken))
	if len(taken) == 0 {
		detail = fmt.Sprintf("The app %q can't be created: the service says that the name is taken, but no app of this name was found. It may have been deleted a short time ago, or be in another project of the account.\n\n"+
			"Choose another app_name, or try again later.", name)
	}
	diags.AddAttributeError(path.Root("app_name"), advices[sparkrtc.ReasonNameTaken].summary, detail)
}

func firstID(apps []sparkrtc.App) string {
	if len(apps) == 0 {
		return ""
	}
	return apps[0].ID
}
