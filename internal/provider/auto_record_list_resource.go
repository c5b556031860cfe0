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

// autoRecordListResource finds the automatic recordings of a project for terraform query.
type autoRecordListResource struct{ lister }

var _ list.ListResourceWithConfigure = (*autoRecordListResource)(nil)

func newAutoRecordListResource() list.ListResource { return &autoRecordListResource{} }

func (l *autoRecordListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_auto_record"
}

func (l *autoRecordListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the SparkRTC apps of the project whose automatic recording is on, for `terraform query`. Needs Terraform 1.14.",
		Attributes: map[string]schema.Attribute{
			"app_name":  schema.StringAttribute{MarkdownDescription: filterAppName, Optional: true},
			"app_state": schema.StringAttribute{MarkdownDescription: filterAppState, Optional: true, Validators: appStates()},
		},
	}
}

func (l *autoRecordListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter appFilter
	diags := req.Config.Get(ctx, &filter)
	var found []sparkrtc.App
	if !diags.HasError() {
		found = slices.DeleteFunc(l.provider.listApps(ctx, filter, &diags), func(app sparkrtc.App) bool { return app.AutoRecord().Mode == sparkrtc.AutoRecordOff })
	}
	pushAll(ctx, req, stream, found, diags, func(app sparkrtc.App) listedObject {
		var m autoRecordModel
		m.observe(app.AutoRecord(), false)
		return listedObject{displayName(app), map[string]any{"app_id": app.ID}, map[string]any{
			"app_id": app.ID, "mode": m.Mode, "record_rule_id": m.RecordRuleID, "update_time": m.UpdateTime,
		}}
	})
}
