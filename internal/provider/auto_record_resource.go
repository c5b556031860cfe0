// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/recording"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// autoRecordResource is the automatic recording that each app has: create and update are the same PUT, and the API
// can only switch it off.
type autoRecordResource struct{ object }

var (
	_ managed                             = (*autoRecordResource)(nil)
	_ resource.ResourceWithValidateConfig = (*autoRecordResource)(nil)
)

func newAutoRecordResource() resource.Resource {
	return &autoRecordResource{object{name: "auto_record", ids: byApp}}
}

type autoRecordModel struct {
	AppID        types.String   `tfsdk:"app_id"`
	Mode         types.String   `tfsdk:"mode"`
	RecordRuleID types.String   `tfsdk:"record_rule_id"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`
	UpdateTime   types.String   `tfsdk:"update_time"`
}

func (m *autoRecordModel) isOff() bool {
	return m.Mode.ValueString() == string(sparkrtc.AutoRecordOff)
}

// same tells whether what would be sent is the same: nothing about a rule if it is off.
func (m *autoRecordModel) same(other *autoRecordModel) bool {
	return m.Mode.Equal(other.Mode) && (m.isOff() || m.RecordRuleID.Equal(other.RecordRuleID))
}

func (m *autoRecordModel) settings() sparkrtc.AutoRecord {
	return sparkrtc.AutoRecord{Mode: sparkrtc.AutoRecordMode(m.Mode.ValueString()), RecordRuleID: m.RecordRuleID.ValueString()}
}

func (r *autoRecordResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets whether SparkRTC records the streams of an app automatically, and by which recording rule.\n\n" +
			"An app has one automatic recording. Creating this resource overwrites its settings; destroying it switches automatic recording off.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				MarkdownDescription: "ID of the app. Changing it replaces the resource.",
				Required:            true,
				Validators:          []validator.String{appIDValidator{}},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"mode": schema.StringAttribute{
				MarkdownDescription: "`AUTO_INDIVIDUAL_RECORD` (each stream in its own files) or `AUTO_RECORD_OFF`. Default: `AUTO_INDIVIDUAL_RECORD`.",
				Optional:            true, Computed: true, Default: stringdefault.StaticString(string(sparkrtc.AutoRecordIndividual)),
				Validators: []validator.String{stringvalidator.OneOf(string(sparkrtc.AutoRecordIndividual), string(sparkrtc.AutoRecordOff))},
			},
			"record_rule_id": schema.StringAttribute{
				MarkdownDescription: "`rule_id` of a `sparkrtc_record_rule` of the app. Required unless `mode` is `AUTO_RECORD_OFF`. Changing or removing it replaces the resource, which releases the rule.",
				Optional:            true,
				Validators:          []validator.String{nameValidator{}},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(releasesRule,
					"Replaces the resource if it releases a rule.", "Replaces the resource if it releases a rule.")},
			},
			"update_time": schema.StringAttribute{MarkdownDescription: ruleUpdateTime, Computed: true},
		},
		Blocks: allTimeouts(ctx),
	}
}

func (r *autoRecordResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config := load(modelIn[autoRecordModel](ctx, req.Config))(&resp.Diagnostics)
	if config != nil && !config.Mode.IsUnknown() && !config.isOff() && config.RecordRuleID.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("record_rule_id"), "Automatic recording without a rule",
			"Automatic recording needs a recording rule, and record_rule_id is not set.\n\nSet record_rule_id to the rule_id of a sparkrtc_record_rule, or set mode to AUTO_RECORD_OFF.")
	}
}

func autoRecordOf(appID string) subject {
	return subject{name: fmt.Sprintf("The automatic recording of app %q", appID), arguments: "app_id, mode and record_rule_id", attributes: []string{"app_id"}}
}

func (r *autoRecordResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[autoRecordModel](ctx, req.Plan))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	appID := plan.AppID.ValueString()
	defer r.provider.alone(appID)()
	r.write(ctx, plan, createTimeout, &resp.State, diags)
	if !diags.HasError() {
		r.provider.created.Store(appID, true)
	}
}

func (r *autoRecordResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[autoRecordModel](ctx, req.Plan))(diags)
	state := load(modelIn[autoRecordModel](ctx, req.State))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	if plan.same(state) {
		diags.Append(setIn(ctx, &resp.State, *plan)...)
		return
	}
	r.write(ctx, plan, updateTimeout, &resp.State, diags)
}

// write leaves the state as it was if it fails.
func (r *autoRecordResource) write(ctx context.Context, plan *autoRecordModel, limit timeout, state *tfsdk.State, diags *diag.Diagnostics) {
	d, appID, want := r.provider, plan.AppID.ValueString(), plan.settings()
	op := operation{about: autoRecordOf(appID), verb: "set", limit: limit, timeouts: plan.Timeouts}
	noRule := false
	ok := d.call(ctx, op, diags, func(ctx context.Context) error {
		defer d.apps.write(appID)()
		shown, err := d.client.UpdateAutoRecord(ctx, appID, want.Mode, want.RecordRuleID)
		if noRule = plan.mayLackRule(err) && r.isMissing(ctx, appID, want.RecordRuleID); noRule {
			return nil
		}
		plan.UpdateTime = timeOf(shown.UpdateTime)
		return err
	})
	switch {
	case !ok:
	case noRule:
		diags.AddAttributeError(path.Root("record_rule_id"), "Recording rule of the app not found", fmt.Sprintf(
			"Automatic recording of app %q could not be set: the app has no recording rule %q, or is not in the project of the credentials.\n\n"+
				"Set record_rule_id to the rule_id of a sparkrtc_record_rule of the same app. The data source sparkrtc_record_rules lists the rules of an app.", appID, want.RecordRuleID))
	default:
		diags.Append(setIn(ctx, state, *plan)...)
	}
}

// mayLackRule: the service may say either of a rule that the app does not have.
func (m *autoRecordModel) mayLackRule(err error) bool {
	return !m.isOff() && (errors.Is(err, sparkrtc.ErrNotFound) || sparkrtc.ReasonOf(err) == sparkrtc.ReasonInvalidParameter)
}

func (r *autoRecordResource) isMissing(ctx context.Context, appID, ruleID string) bool {
	_, err := r.provider.apps.courtesy.ShowRecordRule(ctx, appID, ruleID)
	return errors.Is(err, sparkrtc.ErrNotFound)
}

func (r *autoRecordResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[autoRecordModel](ctx, req.State))(diags)
	if diags.HasError() {
		return
	}
	d, appID, imported := r.provider, state.AppID.ValueString(), state.Mode.IsNull()
	d.created.Delete(appID)
	r.identify(ctx, resp.Identity, diags, state.AppID)
	gone := false
	ok := d.call(ctx, reading(autoRecordOf(appID), imported, state.Timeouts), diags, func(ctx context.Context) error {
		if unchanged, err := r.unchanged(ctx, state); unchanged || err != nil {
			return err
		}
		shown, err := d.client.ShowAutoRecord(ctx, appID)
		if gone = errors.Is(err, sparkrtc.ErrNotFound) && !imported; gone {
			return nil
		}
		if err == nil {
			state.observe(shown, d.isGone(appID, shown.RecordRuleID))
		}
		return err
	})
	switch {
	case !ok:
	case gone:
		diags.AddWarning("Automatic recording is gone", fmt.Sprintf(
			"App %q no longer exists, or is not in the project of the credentials.\n\nThe resource is removed from the state. If it is still configured, the next apply creates it.", appID))
		forget(ctx, resp)
	default:
		diags.Append(setIn(ctx, &resp.State, *state)...)
	}
}

// unchanged tells whether the list of all apps shows the automatic recording just as it was, so that it needs no read.
func (r *autoRecordResource) unchanged(ctx context.Context, state *autoRecordModel) (bool, error) {
	d := r.provider
	app, err := d.listed(ctx, state.AppID.ValueString(), state.Mode.IsNull())
	if app == nil || err != nil {
		return false, err
	}
	listed := app.AutoRecord()
	seen := *state
	seen.observe(listed, d.isGone(app.ID, listed.RecordRuleID))
	return seen.same(state) && seen.UpdateTime.Equal(state.UpdateTime), nil
}

// isGone tells whether a read in this process found that there is no such rule.
func (d *providerData) isGone(appID, ruleID string) bool {
	_, gone := d.rules.gone.Load(ruleKey(appID, ruleID))
	return gone
}

// observe takes over what a read means.
func (m *autoRecordModel) observe(shown sparkrtc.AutoRecord, ruleMissing bool) {
	before := *m
	seen := recording.ObserveAutoRecord(m.settings(), shown, ruleMissing)
	m.Mode, m.RecordRuleID, m.UpdateTime = types.StringValue(string(seen.Mode)), types.StringNull(), timeOf(seen.UpdateTime)
	if seen.RecordRuleID != "" {
		m.RecordRuleID = types.StringValue(seen.RecordRuleID)
	}
	if m.same(&before) && !before.UpdateTime.IsNull() && mayBeSameTime(before.UpdateTime, m.UpdateTime) {
		m.UpdateTime = before.UpdateTime // nothing that depends on it changes because a read rounds
	}
}

func (r *autoRecordResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[autoRecordModel](ctx, req.State))(diags)
	if diags.HasError() {
		return
	}
	d, appID := r.provider, state.AppID.ValueString()
	defer d.alone(appID)()
	if _, created := d.created.Load(appID); created {
		return // create_before_destroy, or the resource was renamed
	}
	op := operation{about: autoRecordOf(appID), verb: "switched off", limit: deleteTimeout, timeouts: state.Timeouts}
	d.call(ctx, op, diags, func(ctx context.Context) error {
		defer d.apps.write(appID)()
		_, err := d.client.UpdateAutoRecord(ctx, appID, sparkrtc.AutoRecordOff, "")
		return ignoreNotFound(err)
	})
}
