// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbackListResource finds the callbacks of a project for terraform
// query.
type recordCallbackListResource struct{ lister }

var _ list.ListResourceWithConfigure = (*recordCallbackListResource)(nil)

func newRecordCallbackListResource() list.ListResource { return &recordCallbackListResource{} }

func (l *recordCallbackListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (l *recordCallbackListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the recording callbacks of the project's SparkRTC apps, for `terraform query`. Needs Terraform 1.14.",
		Attributes: map[string]schema.Attribute{
			"app_name":   schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state":  schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
			"url_prefix": schema.StringAttribute{MarkdownDescription: filterURLPrefix, Optional: true},
		},
	}
}

func (l *recordCallbackListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter callbackFilter
	diags := req.Config.Get(ctx, &filter)
	var found []sparkrtc.App
	if !diags.HasError() {
		found = slices.DeleteFunc(l.provider.listApps(ctx, filter.appFilter, &diags), func(app sparkrtc.App) bool {
			return app.RecordCallback() == nil || filter.excludes(app)
		})
	}
	pushAll(ctx, req, stream, found, diags, func(app sparkrtc.App) listedObject {
		callback := app.RecordCallback()
		events, updateTime := computed(ctx, callback)
		return listedObject{displayName(app), map[string]any{"app_id": app.ID}, map[string]any{
			"app_id": app.ID, "notify_event_subscription": events, "update_time": updateTime, "url": callback.URL,
		}}
	})
}
