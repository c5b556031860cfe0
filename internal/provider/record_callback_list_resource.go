// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbackListResource finds the callbacks of a project for terraform
// query.
type recordCallbackListResource struct {
	provider *providerData
}

var _ list.ListResourceWithConfigure = (*recordCallbackListResource)(nil)

func newRecordCallbackListResource() list.ListResource { return &recordCallbackListResource{} }

func (l *recordCallbackListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (l *recordCallbackListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the recording callbacks of the project's SparkRTC apps, for `terraform query`. Needs Terraform 1.14.\n\n" +
			"It takes one call for each hundred apps. Apps without a recording callback are left out, and keys are not listed.",
		Attributes: map[string]schema.Attribute{
			"app_name":   schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state":  schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
			"url_prefix": schema.StringAttribute{MarkdownDescription: filterURLPrefix, Optional: true},
		},
	}
}

func (l *recordCallbackListResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.provider, _ = req.ProviderData.(*providerData)
}

func (l *recordCallbackListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter appFilter
	diags := req.Config.Get(ctx, &filter)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found := slices.DeleteFunc(l.provider.listApps(ctx, filter, &diags), func(app sparkrtc.App) bool { return app.RecordCallback() == nil })
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	if all := len(found); req.Limit > 0 && int64(all) > req.Limit {
		found = found[:req.Limit]
		diags.AddWarning("More recording callbacks than the limit", fmt.Sprintf(
			"%d recording callbacks match, and %d of them are shown: Terraform's limit is 100 unless the list block sets another one.\n\nSet limit = %d in the list block.", all, req.Limit, all))
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, app := range found {
			if !push(l.result(ctx, req, app)) {
				return
			}
		}
	}
}

// result is a callback as a read would find it, without the key: results are printed.
func (l *recordCallbackListResource) result(ctx context.Context, req list.ListRequest, app sparkrtc.App) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = app.ID
	if name := string(app.Name); name != "" && name != app.ID {
		result.DisplayName = name + " (" + app.ID + ")"
	}
	result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("app_id"), app.ID)...)
	if !req.IncludeResource {
		return result
	}
	callback := app.RecordCallback()
	events, updateTime := computed(ctx, callback)
	for name, value := range map[string]any{
		"app_id":                    app.ID,
		"url":                       callback.URL,
		"notify_event_subscription": events,
		"update_time":               updateTime,
	} {
		result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root(name), value)...)
	}
	return result
}
