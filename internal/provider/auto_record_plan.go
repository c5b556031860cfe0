// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

func (r *autoRecordResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[autoRecordModel](ctx, req.Plan))(diags)   // nil for a destroy
	state := load(modelIn[autoRecordModel](ctx, req.State))(diags) // nil for a create
	if diags.HasError() || plan == nil {
		return
	}
	again := r.provider.plannedBefore("sparkrtc_auto_record", plan.AppID)
	if again {
		diags.AddWarning("Two resources set one automatic recording", fmt.Sprintf(
			"Another sparkrtc_auto_record of this configuration has app_id %s. An app has one automatic recording, so they overwrite each other.\n\nRemove one of them.", shownID(plan.AppID)))
	}
	if state != nil && plan.AppID.Equal(state.AppID) {
		plan.UpdateTime = state.UpdateTime
		if !plan.same(state) {
			plan.UpdateTime = types.StringUnknown()
		}
		diags.Append(planModel(ctx, &resp.Plan, *plan)...)
		return
	}
	if again {
		return
	}
	if app := r.provider.existingApp(ctx, plan.AppID, diags); app != nil {
		sayOverwritesAuto(diags, plan, app.AutoRecord())
	}
}

func sayOverwritesAuto(diags *diag.Diagnostics, plan *autoRecordModel, shown sparkrtc.AutoRecord) {
	if shown.Mode == sparkrtc.AutoRecordOff || shown.Mode == plan.settings().Mode && shown.RecordRuleID == plan.RecordRuleID.ValueString() {
		return
	}
	diags.AddWarning("Existing automatic recording will be overwritten", fmt.Sprintf(
		"App %s already has automatic recording, with rule %q, set at %s. Creating this resource overwrites it. If this configuration set it, as a tainted or renamed resource, nothing is lost.\n\n"+
			"To keep it, import it:\n\n  import {\n    to = sparkrtc_auto_record.NAME\n    id = %s\n  }",
		shownID(plan.AppID), shown.RecordRuleID, orUnknown(types.StringValue(shown.UpdateTime)), shownID(plan.AppID)))
}

// releasesRule tells whether a rule in use is no longer used. It may be destroyed in the same run, which works only once
// it is released, and Terraform destroys before it updates.
func releasesRule(ctx context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	state := load(modelIn[autoRecordModel](ctx, req.State))(&resp.Diagnostics)
	resp.RequiresReplace = state != nil && !state.isOff() && !req.StateValue.IsNull()
}
