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

// recordCallbackView is a callback as it is shown, of the data source and the
// ephemeral resource.
type recordCallbackView struct {
	AppID                   types.String `tfsdk:"app_id"`
	AuthKey                 types.String `tfsdk:"auth_key"`
	Configured              types.Bool   `tfsdk:"configured"`
	NotifyEventSubscription types.Set    `tfsdk:"notify_event_subscription"`
	UpdateTime              types.String `tfsdk:"update_time"`
	URL                     types.String `tfsdk:"url"`
}

// The descriptions of a recordCallbackView.
const (
	viewAppID      = "ID of the app."
	viewAuthKey    = "Key that signs the events, as the service shows it: that may be masked or cut off. Null if it shows none."
	viewConfigured = "Whether the app has a recording callback. If not, everything but `app_id` is null. An app that does not exist can't be told from one without a callback."
	viewEvents     = "Events that the service sends."
	viewUpdateTime = "When the callback was last set, by whomever: RFC 3339 in UTC."
	viewURL        = "URL that the service sends events to, as the service shows it."
)

func (d *recordCallbackDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (d *recordCallbackDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads where the recording events of a SparkRTC app go. An app without a recording callback is no error: `configured` is then `false`.\n\n" +
			"The key is stored in the state in clear text, as the service shows it. The ephemeral resource of the same name reads it without storing it.",
		Attributes: map[string]schema.Attribute{
			"app_id":                    schema.StringAttribute{MarkdownDescription: viewAppID, Required: true, Validators: []validator.String{appIDValidator{}}},
			"auth_key":                  schema.StringAttribute{MarkdownDescription: viewAuthKey, Computed: true, Sensitive: true},
			"configured":                schema.BoolAttribute{MarkdownDescription: viewConfigured, Computed: true},
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

// show fills in the view of an app's callback.
func (d *providerData) show(ctx context.Context, view *recordCallbackView, diags *diag.Diagnostics) {
	appID := view.AppID.ValueString()
	if d.client == nil {
		d.addUnknownError(diags, readOf(appID), "can't be read")
		return
	}
	ctx, end := d.begin(ctx, defaultTimeout, diags)
	defer end()
	*view = recordCallbackView{AppID: view.AppID, Configured: types.BoolValue(false), NotifyEventSubscription: types.SetNull(types.StringType)}
	callback, err := d.client.ShowRecordCallback(ctx, appID)
	if errors.Is(err, sparkrtc.ErrNotFound) {
		return
	}
	if err != nil {
		d.addAPIError(diags, err, readOf(appID), "could not be read")
		return
	}
	view.Configured = types.BoolValue(true)
	view.URL = types.StringValue(callback.URL)
	if callback.AuthKey != "" {
		view.AuthKey = types.StringValue(callback.AuthKey)
	}
	view.NotifyEventSubscription, view.UpdateTime = computed(ctx, callback)
}
