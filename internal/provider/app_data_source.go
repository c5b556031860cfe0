// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/recording"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// appDataSource finds one app by its name or its ID.
type appDataSource struct {
	provider *providerData
}

var (
	_ datasource.DataSourceWithConfigure        = (*appDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*appDataSource)(nil)
)

func newAppDataSource() datasource.DataSource { return &appDataSource{} }

// appView is an app as it is shown, without its key: data sources are stored in the state.
type appView struct {
	AppID      types.String `tfsdk:"app_id"`
	AppName    types.String `tfsdk:"app_name"`
	AppState   types.String `tfsdk:"app_state"`
	CreateTime types.String `tfsdk:"create_time"`
	Domain     types.String `tfsdk:"domain"`
	Scope      types.String `tfsdk:"scope"`

	AutoRecordMode types.String `tfsdk:"auto_record_mode"`
	RecordRuleID   types.String `tfsdk:"record_rule_id"`
}

func viewOf(app sparkrtc.App) appView {
	auto := recording.ObserveAutoRecord(sparkrtc.AutoRecord{}, app.AutoRecord(), false)
	return appView{
		AutoRecordMode: types.StringValue(string(auto.Mode)), RecordRuleID: orNull(auto.RecordRuleID),
		AppID: types.StringValue(app.ID), AppName: types.StringValue(string(app.Name)), AppState: orNull(string(app.State)),
		CreateTime: orNull(string(app.CreateTime)), Domain: orNull(string(app.Domain)), Scope: orNull(string(app.Scope)),
	}
}

func appViewAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"app_id":           schema.StringAttribute{MarkdownDescription: appIDText, Computed: true},
		"app_name":         schema.StringAttribute{MarkdownDescription: appNameText, Computed: true},
		"app_state":        schema.StringAttribute{MarkdownDescription: appStateText, Computed: true},
		"auto_record_mode": schema.StringAttribute{MarkdownDescription: "`AUTO_INDIVIDUAL_RECORD` if automatic recording is on, or `AUTO_RECORD_OFF`.", Computed: true},
		"create_time":      schema.StringAttribute{MarkdownDescription: appCreatedText, Computed: true},
		"domain":           schema.StringAttribute{MarkdownDescription: appDomainText, Computed: true},
		"record_rule_id":   schema.StringAttribute{MarkdownDescription: "ID of the recording rule that automatic recording uses; null if it is off.", Computed: true},
		"scope":            schema.StringAttribute{MarkdownDescription: appScopeText, Computed: true},
	}
}

func (d *appDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_app"
}

func (d *appDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := appViewAttributes()
	attributes["app_id"] = schema.StringAttribute{MarkdownDescription: appIDText + " Set this or `app_name`.", Optional: true, Computed: true, Validators: []validator.String{appIDValidator{}}}
	attributes["app_name"] = schema.StringAttribute{MarkdownDescription: appNameText + " Exactly one app must have it.", Optional: true, Computed: true}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds one SparkRTC app of the project by its name or ID.",
		Attributes:          attributes,
	}
}

func (d *appDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("app_id"), path.MatchRoot("app_name"))}
}

func (d *appDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

func (d *appDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var given appView
	diags := &resp.Diagnostics
	diags.Append(req.Config.Get(ctx, &given)...)
	if diags.HasError() {
		return
	}
	found := slices.DeleteFunc(d.provider.listApps(ctx, appFilter{AppName: given.AppName}, diags), func(app sparkrtc.App) bool {
		return !given.AppID.IsNull() && given.AppID.ValueString() != app.ID
	})
	if diags.HasError() {
		return
	}
	if len(found) != 1 {
		addNotOneAppError(diags, given, found)
		return
	}
	diags.Append(resp.State.Set(ctx, viewOf(found[0]))...)
}

func addNotOneAppError(diags *diag.Diagnostics, given appView, found []sparkrtc.App) {
	argument, value := "app_name", given.AppName
	if !given.AppID.IsNull() {
		argument, value = "app_id", given.AppID
	}
	if len(found) == 0 {
		diags.AddAttributeError(path.Root(argument), "No such app", fmt.Sprintf(
			"The project of the credentials has no app with %s %q.\n\nCheck it, upper and lower case too, and check project_id.", argument, value.ValueString()))
		return
	}
	diags.AddAttributeError(path.Root(argument), "Several apps", fmt.Sprintf(
		"Several apps have the %s %q: %s.\n\nSet app_id instead.", argument, value.ValueString(), quotedIDs(found)))
}
