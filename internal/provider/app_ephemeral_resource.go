// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// appEphemeralResource reads the key of an app without storing it.
type appEphemeralResource struct {
	provider *providerData
}

var _ ephemeral.EphemeralResourceWithConfigure = (*appEphemeralResource)(nil)

func newAppEphemeralResource() ephemeral.EphemeralResource { return &appEphemeralResource{} }

type appEphemeralModel struct {
	AppID   types.String `tfsdk:"app_id"`
	AppKey  types.String `tfsdk:"app_key"`
	AppName types.String `tfsdk:"app_name"`
	State   types.String `tfsdk:"state"`
}

func (e *appEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_app"
}

func (e *appEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the key of a SparkRTC app, which signs the access to its rooms. The key is in neither state nor plan.",
		Attributes: map[string]schema.Attribute{
			"app_id":   schema.StringAttribute{MarkdownDescription: appIDText, Required: true, Validators: []validator.String{appIDValidator{}}},
			"app_key":  schema.StringAttribute{MarkdownDescription: "Key of the app. Null if the service shows none, or asterisks.", Computed: true, Sensitive: true},
			"app_name": schema.StringAttribute{MarkdownDescription: appNameText, Computed: true},
			"state":    schema.StringAttribute{MarkdownDescription: appStateText, Computed: true},
		},
	}
}

func (e *appEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.provider, _ = req.ProviderData.(*providerData)
}

func (e *appEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model appEphemeralModel
	diags := &resp.Diagnostics
	diags.Append(req.Config.Get(ctx, &model)...)
	if diags.HasError() {
		return
	}
	appID := model.AppID.ValueString()
	if e.provider.call(ctx, operation{about: appOnly(appID), verb: "read"}, diags, func(ctx context.Context) error {
		app, key, err := e.provider.client.ShowAppKey(ctx, appID)
		if err == nil {
			model.AppKey, model.AppName, model.State = orNull(key), types.StringValue(string(app.Name)), orNull(string(app.State))
		}
		return err
	}) {
		diags.Append(resp.Result.Set(ctx, model)...)
	}
}
