// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
)

// appsDataSource lists the apps of the project.
type appsDataSource struct {
	provider *providerData
}

var _ datasource.DataSourceWithConfigure = (*appsDataSource)(nil)

func newAppsDataSource() datasource.DataSource { return &appsDataSource{} }

type appsModel struct {
	appFilter

	Apps map[string]appView `tfsdk:"apps"`
}

func (d *appsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_apps"
}

func (d *appsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the SparkRTC apps of the project, for example to import them. An incomplete list is an error.",
		Attributes: map[string]schema.Attribute{
			"app_name":  schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state": schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
			"apps": schema.MapNestedAttribute{
				MarkdownDescription: "The apps by ID.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: appViewAttributes()},
			},
		},
	}
}

func (d *appsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

func (d *appsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model appsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	list := d.provider.listApps(ctx, model.appFilter, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Apps = make(map[string]appView, len(list))
	for _, app := range list {
		model.Apps[app.ID] = viewOf(app)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
