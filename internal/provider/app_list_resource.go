// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// appListResource finds the apps of a project for terraform query.
type appListResource struct{ lister }

var _ list.ListResourceWithConfigure = (*appListResource)(nil)

func newAppListResource() list.ListResource { return &appListResource{} }

func (l *appListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_app"
}

func (l *appListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the SparkRTC apps of the project, for `terraform query`. Needs Terraform 1.14.",
		Attributes: map[string]schema.Attribute{
			"app_name":  schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state": schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
		},
	}
}

func (l *appListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter appFilter
	diags := req.Config.Get(ctx, &filter)
	var found []sparkrtc.App
	if !diags.HasError() {
		found = l.provider.listApps(ctx, filter, &diags)
	}
	pushAll(ctx, req, stream, found, diags, func(app sparkrtc.App) listedObject {
		var m appModel
		m.observed(&app, nil)
		return listedObject{displayName(app), map[string]any{"app_id": app.ID}, map[string]any{
			"app_id": m.AppID, "app_name": m.AppName, "create_time": m.CreateTime, "deletion_protection": m.DeletionProtection,
			"domain": m.Domain, "enabled": m.Enabled, "scope": m.Scope, "state": m.State,
		}}
	})
}
