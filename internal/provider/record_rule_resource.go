// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/recording"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordRuleResource is a recording rule of an app. Its creation is an upsert: an app has one rule for each region.
type recordRuleResource struct{ object }

var (
	_ managed                             = (*recordRuleResource)(nil)
	_ resource.ResourceWithValidateConfig = (*recordRuleResource)(nil)
)

// byRule identifies a rule of an app.
var byRule = identifiers{byApp[0], {"rule_id", "ID of the rule.", "59e41ef07fd14f3f9c0a5ea3fd2d5d2c", checkRuleID}}

func newRecordRuleResource() resource.Resource {
	return &recordRuleResource{object{name: "record_rule", ids: byRule}}
}

func checkRuleID(at path.Path, value types.String, diags *diag.Diagnostics) {
	if wrong := appIDProblem(value.ValueString()); wrong != "" {
		diags.AddAttributeError(at, "Invalid recording rule ID", "The ID of the recording rule "+wrong+
			".\n\nFor example:\n\n  terraform import sparkrtc_record_rule.main 5ff9701f2346968bb306cb43/59e41ef07fd14f3f9c0a5ea3fd2d5d2c")
	}
}

func (m *recordRuleModel) key() string { return ruleKey(m.AppID.ValueString(), m.RuleID.ValueString()) }

func (r *recordRuleResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config := load(modelIn[recordRuleModel](ctx, req.Config))(&resp.Diagnostics)
	if config != nil && config.HLS.IsNull() && config.MP4.IsNull() {
		resp.Diagnostics.AddError("No recording format", "Neither hls nor mp4 is set, so nothing would be recorded.\n\nSet hls, mp4 or both.")
	}
}

// ruleOf is a rule that is read or deleted, or with an ID of "" one that is created.
func ruleOf(appID, ruleID string) subject {
	about := subject{name: fmt.Sprintf("The recording rule %q of app %q", ruleID, appID), arguments: "app_id and rule_id", attributes: []string{"app_id"}}
	if ruleID == "" {
		about.name = fmt.Sprintf("The recording rule of app %q", appID)
	}
	return about
}

// writtenRule is a rule that is set.
func writtenRule(m *recordRuleModel) subject {
	about := ruleOf(m.AppID.ValueString(), m.RuleID.ValueString())
	about.arguments = "obs: the bucket must exist in that region and project, and SparkRTC must be authorized to write to it in the console. Then check app_id, and the values in hls and mp4"
	about.attributes = append(about.attributes, "obs")
	return about
}

func (r *recordRuleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordRuleModel](ctx, req.Plan))(diags)
	if diags.HasError() {
		return
	}
	plan.RuleID = types.StringNull()
	d, appID := r.provider, plan.AppID.ValueString()
	if d.client != nil && textIn(plan.OBS, "project_id").IsUnknown() {
		id, err := r.project(ctx, diags)
		if err != nil && !errors.Is(err, errNoProject) {
			d.addFetchError(diags, err, writtenRule(plan), "could not be created")
		}
		plan.setProject(types.StringValue(id))
	}
	if diags.HasError() {
		return
	}
	defer d.alone(appID)()
	var memory recording.Memory
	op := operation{about: writtenRule(plan), verb: "created", limit: createTimeout, timeouts: plan.Timeouts}
	ok := d.call(ctx, op, diags, func(ctx context.Context) error {
		defer d.apps.write(appID)()
		shown, replaced, err := d.client.CreateRecordRule(ctx, appID, plan.settings())
		if err != nil {
			return err
		}
		d.created.Store(ruleKey(appID, shown.ID), true)
		d.rules.gone.Delete(ruleKey(appID, shown.ID))
		memory = r.settle(ctx, appID, plan.settings(), *shown, replaced)
		plan.show(*shown)
		return nil
	})
	if !ok {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID, plan.RuleID)
	diags.Append(setIn(ctx, &resp.State, *plan)...)
	diags.Append(saveMemory(ctx, resp.Private, &memory)...)
}

// settle waits until the service knows a new rule, which what is created next may refer to. It returns the memory of
// the creation. That the read fails does not undo the creation.
func (r *recordRuleResource) settle(ctx context.Context, appID string, set sparkrtc.RecordRuleRequest, created sparkrtc.RecordRule, replaced bool) recording.Memory {
	memory := recording.Remember(created)
	if replaced {
		return memory
	}
	shown, err := r.provider.client.ShowNewRecordRule(ctx, appID, created.ID)
	if err != nil {
		tflog.Debug(ctx, "recording rule could not be read after its creation", map[string]any{"rule_id": created.ID, "error": err.Error()})
		return memory
	}
	if seen, after := recording.Observe(&set, &memory, *shown); reflect.DeepEqual(seen, set) {
		return after
	}
	return memory // so that the next read finds the difference, too
}

// show takes over what only the service knows.
func (m *recordRuleModel) show(shown sparkrtc.RecordRule) {
	m.RuleID, m.CreateTime, m.UpdateTime = types.StringValue(shown.ID), timeOf(shown.CreateTime), timeOf(shown.UpdateTime)
}

// timeOf is null for what is not RFC 3339.
func timeOf(shown string) types.String {
	if _, err := time.Parse(time.RFC3339Nano, shown); err != nil {
		return types.StringNull()
	}
	return types.StringValue(shown)
}

func (r *recordRuleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordRuleModel](ctx, req.Plan))(diags)
	state := load(modelIn[recordRuleModel](ctx, req.State))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID, plan.RuleID)
	if plan.sameSettings(state) { // only the timeouts differ
		diags.Append(setIn(ctx, &resp.State, *plan)...)
		return
	}
	var shown *sparkrtc.RecordRule
	op := operation{about: writtenRule(plan), verb: "changed", limit: updateTimeout, timeouts: plan.Timeouts}
	ok := r.provider.call(ctx, op, diags, func(ctx context.Context) (err error) {
		shown, err = r.provider.client.UpdateRecordRule(ctx, plan.AppID.ValueString(), plan.RuleID.ValueString(), plan.settings())
		return ignoreNotFound(err)
	})
	switch {
	case !ok:
	case shown == nil:
		diags.AddError("Recording rule was deleted meanwhile", fmt.Sprintf(
			"The recording rule %q of app %q could not be changed, because it was deleted after the plan.\n\nPlan again: the next plan creates it.", plan.RuleID.ValueString(), plan.AppID.ValueString()))
	default:
		memory := recording.Remember(*shown)
		plan.UpdateTime = timeOf(shown.UpdateTime)
		diags.Append(setIn(ctx, &resp.State, *plan)...)
		diags.Append(saveMemory(ctx, resp.Private, &memory)...)
	}
}

func (r *recordRuleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[recordRuleModel](ctx, req.State))(diags)
	memory := load(loadMemory(ctx, req.Private, (*recording.Memory).Valid))(diags)
	if diags.HasError() {
		return
	}
	d, appID, ruleID, imported := r.provider, state.AppID.ValueString(), state.RuleID.ValueString(), state.OBS.IsNull()
	d.created.Delete(state.key())
	r.identify(ctx, resp.Identity, diags, state.AppID, state.RuleID)
	var shown *sparkrtc.RecordRule
	ok := d.call(ctx, reading(ruleOf(appID, ruleID), imported, state.Timeouts), diags, func(ctx context.Context) (err error) {
		show := d.client.ShowRecordRule
		if memory != nil && memory.Fresh {
			show = d.client.ShowNewRecordRule // the service may not know it yet
		}
		shown, err = show(ctx, appID, ruleID)
		return ignoreNotFound(err)
	})
	switch {
	case !ok:
	case shown == nil && imported:
		diags.AddError("Recording rule does not exist", fmt.Sprintf(
			"App %q has no recording rule %q, or is not in the project of the credentials.\n\nCorrect the import: the data source sparkrtc_record_rules lists the rules of an app. If there is none, remove the import, and the apply creates one.", appID, ruleID))
	case shown == nil:
		d.rules.gone.Store(state.key(), true)
		diags.AddWarning("Recording rule is gone", fmt.Sprintf(
			"App %q no longer has the recording rule %q, or is not in the project of the credentials.\n\nThe resource is removed from the state. If it is still configured, the next apply creates it.", appID, ruleID))
		forget(ctx, resp)
	default:
		after := state.observe(memory, *shown)
		diags.Append(setIn(ctx, &resp.State, *state)...)
		diags.Append(saveMemory(ctx, resp.Private, &after)...)
	}
}

// observe takes over what a read means.
func (m *recordRuleModel) observe(memory *recording.Memory, shown sparkrtc.RecordRule) recording.Memory {
	var before *sparkrtc.RecordRuleRequest
	if !m.OBS.IsNull() {
		settings := m.settings()
		before = &settings
	}
	seen, after := recording.Observe(before, memory, shown)
	kept := before != nil && reflect.DeepEqual(seen, *before)
	m.OBS, m.HLS, m.MP4 = ruleObjects(seen)
	updated := m.UpdateTime
	m.show(shown)
	if kept && memory != nil && (memory.Shown.UpdateTime == shown.UpdateTime || memory.Fresh && mayBeSameTime(updated, m.UpdateTime)) {
		m.UpdateTime = updated // nothing that depends on it changes because a read rounds
	}
	return after
}

// mayBeSameTime tells whether one time may be the other one, rounded or not shown.
func mayBeSameTime(a, b types.String) bool {
	one, err := time.Parse(time.RFC3339Nano, a.ValueString())
	other, otherErr := time.Parse(time.RFC3339Nano, b.ValueString())
	return err != nil || otherErr != nil || one.Sub(other).Abs() <= time.Second
}

func (r *recordRuleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[recordRuleModel](ctx, req.State))(diags)
	if diags.HasError() {
		return
	}
	d, appID, ruleID := r.provider, state.AppID.ValueString(), state.RuleID.ValueString()
	defer d.alone(appID)()
	if _, created := d.created.Load(state.key()); created {
		return // create_before_destroy or a renamed resource, and the creation kept the ID
	}
	user := ""
	op := operation{about: ruleOf(appID, ruleID), verb: "deleted", limit: deleteTimeout, timeouts: state.Timeouts}
	d.call(ctx, op, diags, func(ctx context.Context) error {
		defer d.apps.write(appID)()
		err := ignoreNotFound(d.client.DeleteRecordRule(ctx, appID, ruleID))
		if sparkrtc.ReasonOf(err) == sparkrtc.ReasonDeletionRefused {
			auto, autoErr := d.client.ShowAutoRecord(ctx, appID)
			if autoErr == nil && auto.Mode != sparkrtc.AutoRecordOff && auto.RecordRuleID == ruleID {
				user = string(auto.Mode)
				return nil
			}
		}
		return err
	})
	if user != "" {
		sayRuleInUse(diags, appID, ruleID, user)
	}
}

func sayRuleInUse(diags *diag.Diagnostics, appID, ruleID, mode string) {
	diags.AddError("Recording rule is in use", fmt.Sprintf(
		"The recording rule %q could not be deleted: the automatic recording of app %q uses it (%s).\n\n"+
			"Destroy the sparkrtc_auto_record of the app first, or import it if it is not managed yet. If its record_rule_id refers to this resource, Terraform destroys both in the right order.",
		ruleID, appID, mode))
}
