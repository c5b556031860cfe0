// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbackDataSource reads the callback of an app that is managed
// elsewhere, or not at all.
type recordCallbackDataSource struct {
	provider *providerData
}

var _ datasource.DataSourceWithConfigure = (*recordCallbackDataSource)(nil)

func newRecordCallbackDataSource() datasource.DataSource { return &recordCallbackDataSource{} }

// recordCallbackView is a callback as the service shows it, without its key: data
// sources are stored in the state.
type recordCallbackView struct {
	AppID                   types.String `tfsdk:"app_id"`
	Configured              types.Bool   `tfsdk:"configured"`
	HasAuthKey              types.Bool   `tfsdk:"has_auth_key"`
	NotifyEventSubscription types.Set    `tfsdk:"notify_event_subscription"`
	UpdateTime              types.String `tfsdk:"update_time"`
	URL                     types.String `tfsdk:"url"`
}

// The descriptions of a recordCallbackView.
const (
	viewAppID      = "ID of the app."
	viewConfigured = "Whether the app has a recording callback. If not, the other attributes are null."
	viewHasAuthKey = "Whether the service shows that there is a key. It may hide one, so `false` is no proof."
	viewEvents     = "Events that the service sends."
	viewUpdateTime = "Time of the last change, by Terraform or anyone else (RFC 3339, UTC)."
	viewURL        = "URL that receives the events, as the service shows it."
)

func (d *recordCallbackDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (d *recordCallbackDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the recording callback of a SparkRTC app. If the app has none, `configured` is `false`.\n\n" +
			"To read the key, use the ephemeral resource of the same name.",
		Attributes: map[string]schema.Attribute{
			"app_id":                    schema.StringAttribute{MarkdownDescription: viewAppID, Required: true, Validators: []validator.String{appIDValidator{}}},
			"configured":                schema.BoolAttribute{MarkdownDescription: viewConfigured, Computed: true},
			"has_auth_key":              schema.BoolAttribute{MarkdownDescription: viewHasAuthKey, Computed: true},
			"notify_event_subscription": schema.SetAttribute{MarkdownDescription: viewEvents, Computed: true, ElementType: types.StringType},
			"update_time":               schema.StringAttribute{MarkdownDescription: viewUpdateTime, Computed: true},
			"url":                       schema.StringAttribute{MarkdownDescription: viewURL, Computed: true},
		},
	}
}

func (d *recordCallbackDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

func (d *recordCallbackDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var view recordCallbackView
	resp.Diagnostics.Append(req.Config.Get(ctx, &view)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d.provider.show(ctx, &view, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, view)...)
	}
}

// show fills in the view of an app's callback, and returns its key.
func (d *providerData) show(ctx context.Context, view *recordCallbackView, diags *diag.Diagnostics) (key types.String) {
	appID := view.AppID.ValueString()
	*view = recordCallbackView{AppID: view.AppID, Configured: types.BoolValue(false), NotifyEventSubscription: types.SetNull(types.StringType)}
	d.call(ctx, operation{about: readOf(appID), verb: "read"}, diags, func(ctx context.Context) error {
		shown, err := d.client.ShowRecordCallback(ctx, appID)
		if errors.Is(err, sparkrtc.ErrNotFound) && d.apps.exists(ctx, appID) {
			return nil
		}
		if err != nil {
			return err
		}
		view.Configured, view.HasAuthKey = types.BoolValue(true), types.BoolValue(shown.AuthKey != "")
		view.URL = types.StringValue(shown.URL)
		view.NotifyEventSubscription, view.UpdateTime = computed(ctx, shown)
		if shown.AuthKey != "" {
			key = types.StringValue(shown.AuthKey)
		}
		return nil
	})
	return key
}
