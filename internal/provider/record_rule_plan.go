// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/recording"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordRules is what the operations of a process on recording rules know of one another, by "app_id/rule_id".
type recordRules struct {
	gone sync.Map

	lookUps      atomic.Int32
	saidNoLookUp sync.Once
}

// maxRuleLookUps bounds what plans of new rules take of the quota: there is no list of the rules of several apps.
const maxRuleLookUps = 10

func ruleKey(appID, ruleID string) string { return appID + "/" + ruleID }

func (r *recordRuleResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordRuleModel](ctx, req.Plan))(diags)   // nil for a destroy
	state := load(modelIn[recordRuleModel](ctx, req.State))(diags) // nil for a create
	config := load(modelIn[recordRuleModel](ctx, req.Config))(diags)
	memory := load(loadMemory(ctx, req.Private, (*recording.Memory).Valid))(diags)
	if diags.HasError() || plan == nil {
		return
	}
	r.planProject(ctx, config, plan, state, diags)
	moved := !plan.OBS.IsUnknown() && state != nil && !textIn(plan.OBS, "region").Equal(textIn(state.OBS, "region"))
	if state != nil && (moved || !plan.AppID.Equal(state.AppID)) {
		state, memory = nil, nil // for the new app or region, it is a create
	}
	switch {
	case state != nil:
		if r.provider.plannedBefore("sparkrtc_record_rule", plan.AppID, textIn(plan.OBS, "region")) {
			sayTwoRules(diags, plan)
		}
		plan.planComputed(state)
	case memory == nil: // with a memory, it is a replacement that is planned once more, and Terraform drops what is said
		r.sayOverwrites(ctx, plan, diags)
	}
	diags.Append(planModel(ctx, &resp.Plan, *plan)...)
}

// planComputed: a write changes the time.
func (m *recordRuleModel) planComputed(state *recordRuleModel) {
	m.RuleID, m.CreateTime, m.UpdateTime = state.RuleID, state.CreateTime, state.UpdateTime
	if !m.sameSettings(state) {
		m.UpdateTime = types.StringUnknown()
	}
}

func (m *recordRuleModel) sameSettings(other *recordRuleModel) bool {
	return m.OBS.Equal(other.OBS) && m.HLS.Equal(other.HLS) && m.MP4.Equal(other.MP4)
}

// planProject plans the default of the bucket's project. It stays as it is, or unknown, if the project of the
// provider can't be looked up: the apply shows why.
func (r *recordRuleResource) planProject(ctx context.Context, config, plan, state *recordRuleModel, diags *diag.Diagnostics) {
	if plan.OBS.IsNull() || plan.OBS.IsUnknown() || !textIn(config.OBS, "project_id").IsNull() {
		return
	}
	project := types.StringUnknown()
	if state != nil {
		project = textIn(state.OBS, "project_id")
	}
	if r.provider.client != nil {
		if id, err := r.project(ctx, diags); err == nil {
			project = types.StringValue(id)
		}
	}
	plan.setProject(project)
}

var errNoProject = errors.New("the project of the bucket is not known")

// project returns the default of the bucket's project. It reports only that there is none.
func (r *recordRuleResource) project(ctx context.Context, diags *diag.Diagnostics) (string, error) {
	ctx, end := r.provider.begin(ctx, defaultTimeout, diags)
	defer end()
	id, err := r.provider.projectID(ctx)
	if err == nil && id == "" {
		diags.AddAttributeError(path.Root("obs"), "Project of the bucket is not known",
			"obs.project_id is not set, and the provider doesn't know the project of its token.\n\nSet project_id in obs to the ID of the bucket's project.")
		err = errNoProject
	}
	return id, err
}

// sayOverwrites looks a new rule's app up, and warns of the rule that would be overwritten. An app that this process
// has written to has rules of its own.
func (r *recordRuleResource) sayOverwrites(ctx context.Context, plan *recordRuleModel, diags *diag.Diagnostics) {
	d, appID, region := r.provider, plan.AppID.ValueString(), textIn(plan.OBS, "region")
	if d.plannedBefore("sparkrtc_record_rule", plan.AppID, region) {
		sayTwoRules(diags, plan)
		return
	}
	if plan.AppID.IsUnknown() || d.client == nil || d.apps.isWritten(appID) {
		return
	}
	if d.rules.lookUps.Add(1) > maxRuleLookUps {
		d.rules.saidNoLookUp.Do(func() {
			diags.AddWarning("Not all apps were checked for recording rules", fmt.Sprintf(
				"This plan creates more than %d recording rules. To save calls, the provider did not check the other apps: the apply overwrites a rule that one of them has.\n\nTo check an app, use the data source sparkrtc_record_rules.",
				maxRuleLookUps))
		})
		return
	}
	ctx, end := d.begin(ctx, defaultTimeout, diags)
	defer end()
	rules, err := d.apps.courtesy.ListRecordRules(ctx, appID)
	switch {
	case errors.Is(err, sparkrtc.ErrNotFound), refusesCredentials(err), neverConnected(err):
		d.addAPIError(diags, err, appOnly(appID), "could not be looked up")
	case err != nil:
		// A write may be allowed where a read isn't.
		tflog.Debug(ctx, "app could not be looked up before its recording rule is created", map[string]any{"app_id": appID, "error": err.Error()})
	}
	for _, rule := range rules {
		if at := rule.OBS.Location; at == nil || region.IsUnknown() || *at == region.ValueString() {
			sayOverwritesRule(diags, appID, rule)
		}
	}
}

func sayOverwritesRule(diags *diag.Diagnostics, appID string, rule sparkrtc.RecordRule) {
	bucket := "a bucket that is not shown"
	if rule.OBS.Bucket != nil {
		bucket = fmt.Sprintf("bucket %q", *rule.OBS.Bucket)
	}
	diags.AddWarning("Existing recording rule will be overwritten", fmt.Sprintf(
		"App %q already has a recording rule, set at %s: it stores recordings in %s. Creating this resource overwrites it. If this configuration set it, as a tainted or renamed resource, nothing is lost.\n\n"+
			"To keep it, import it:\n\n  import {\n    to = sparkrtc_record_rule.NAME\n    id = %q\n  }",
		appID, orUnknown(types.StringValue(rule.UpdateTime)), bucket, ruleKey(appID, rule.ID)))
}

func sayTwoRules(diags *diag.Diagnostics, m *recordRuleModel) {
	diags.AddWarning("Two resources set one recording rule", fmt.Sprintf(
		"Another sparkrtc_record_rule of this configuration has app_id %s and the same region. An app has one recording rule for each region, so they overwrite each other.\n\nRemove one of them.", shownID(m.AppID)))
}
