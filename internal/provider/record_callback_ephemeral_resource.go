// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// recordCallbackEphemeralResource reads the present key without storing it.
type recordCallbackEphemeralResource struct {
	provider *providerData
}

var _ ephemeral.EphemeralResourceWithConfigure = (*recordCallbackEphemeralResource)(nil)

func newRecordCallbackEphemeralResource() ephemeral.EphemeralResource {
	return &recordCallbackEphemeralResource{}
}

type recordCallbackEphemeralModel struct {
	recordCallbackView

	AuthKey types.String `tfsdk:"auth_key"`
}

func (e *recordCallbackEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (e *recordCallbackEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the recording callback of a SparkRTC app with its key. The key is in neither state nor plan.",
		Attributes: map[string]schema.Attribute{
			"app_id":                    schema.StringAttribute{MarkdownDescription: viewAppID, Required: true, Validators: []validator.String{appIDValidator{}}},
			"auth_key":                  schema.StringAttribute{MarkdownDescription: "Key that signs the events, as the service shows it: it may be masked or cut off. Null if the service shows none.", Computed: true, Sensitive: true},
			"configured":                schema.BoolAttribute{MarkdownDescription: viewConfigured, Computed: true},
			"has_auth_key":              schema.BoolAttribute{MarkdownDescription: viewHasAuthKey, Computed: true},
			"notify_event_subscription": schema.SetAttribute{MarkdownDescription: viewEvents, Computed: true, ElementType: types.StringType},
			"update_time":               schema.StringAttribute{MarkdownDescription: viewUpdateTime, Computed: true},
			"url":                       schema.StringAttribute{MarkdownDescription: viewURL, Computed: true},
		},
	}
}

func (e *recordCallbackEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.provider, _ = req.ProviderData.(*providerData)
}

func (e *recordCallbackEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model recordCallbackEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.AuthKey = e.provider.show(ctx, &model.recordCallbackView, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}
