// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan plans an update where the service has another callback than was
// set and the state can't show it, and warns of what is left behind.
func (r *recordCallbackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, state *recordCallbackModel // nil for a destroy, or a create
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := loadPrivate(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || state == nil {
		return
	}
	if plan == nil || !plan.AppID.Equal(state.AppID) {
		state.warnLeftInPlace(&resp.Diagnostics, "will no longer be managed, but stays")
		return
	}
	if known.Resend == resendNot {
		return
	}
	resp.Diagnostics.AddWarning("Recording callback will be set again", fmt.Sprintf(resendTexts[known.Resend], plan.AppID.ValueString()))
	plan.UpdateTime = types.StringUnknown()
	plan.NotifyEventSubscription = types.SetUnknown(types.StringType)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// warnLeftInPlace is said when a destroy is planned, and again when it is done:
// the two may be far apart.
func (m *recordCallbackModel) warnLeftInPlace(diags *diag.Diagnostics, what string) {
	diags.AddWarning("Recording callback left in place", fmt.Sprintf(
		"The recording callback of app %q %s set: the SparkRTC API has no way to remove a callback, and recording events go on being sent to %s.\n\n"+
			"To end that, clear the callback in the SparkRTC console, point it to another receiver, or delete the app.",
		m.AppID.ValueString(), what, m.URL.ValueString()))
}

// resendTexts tell of which app, and why.
var resendTexts = map[resend]string{
	resendKeyChanged:    "The key of app %q was changed outside Terraform. The apply sets the configured one again (none, if auth_key is not set).",
	resendKeyPerhaps:    "The recording callback of app %q was written to outside Terraform, and the service shows its key in a way that doesn't tell whether it was changed. The apply sends the configured key again, which does no harm if it wasn't.",
	resendURLPerhaps:    "The recording callback of app %q was written to outside Terraform, and the service shows its URL in a way that doesn't tell whether it was changed. The apply sends the configured URL again, which does no harm if it wasn't.",
	resendKeyNotManaged: "The recording callback of app %q was imported with a key that the service doesn't show, so that nobody can tell whether it is the configured one. The apply sets the configured one (none, if auth_key is not set).",
}
