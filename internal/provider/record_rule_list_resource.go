// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordRuleListResource finds the recording rules of a project for terraform query.
type recordRuleListResource struct{ lister }

var _ list.ListResourceWithConfigure = (*recordRuleListResource)(nil)

func newRecordRuleListResource() list.ListResource { return &recordRuleListResource{} }

func (l *recordRuleListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_rule"
}

func (l *recordRuleListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the recording rules of one or all SparkRTC apps of the project, for `terraform query`. It makes a call for each app. Needs Terraform 1.14.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{MarkdownDescription: "Only the rules of this app.", Optional: true, Validators: []validator.String{appIDValidator{}}},
		},
	}
}

func (l *recordRuleListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var appID types.String
	diags := req.Config.GetAttribute(ctx, path.Root("app_id"), &appID)
	apps := []sparkrtc.App{{ID: appID.ValueString()}}
	if appID.IsNull() && !diags.HasError() {
		apps = l.provider.listApps(ctx, appFilter{}, &diags)
	}
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	if req.Limit > 0 && int64(len(apps)) > req.Limit {
		diags.AddWarning("More apps than the limit", fmt.Sprintf(
			"There are %d apps, and at most %d recording rules are shown: Terraform's limit is 100 unless the list block sets another one.\n\nSet limit = %d in the list block.",
			len(apps), req.Limit, len(apps)))
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		left := req.Limit
		for _, app := range apps {
			var failed diag.Diagnostics
			rules := l.rules(ctx, app.ID, !appID.IsNull(), &failed)
			if failed.HasError() {
				push(list.ListResult{Diagnostics: failed})
				return
			}
			for _, rule := range rules {
				if !push(listedRuleOf(app, rule).result(ctx, req)) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
		}
	}
}

// rules returns the rules of an app. One that was deleted since it was listed has none.
func (l *recordRuleListResource) rules(ctx context.Context, appID string, named bool, diags *diag.Diagnostics) (rules []sparkrtc.RecordRule) {
	l.provider.call(ctx, operation{about: rulesOf(appID), verb: "listed"}, diags, func(ctx context.Context) (err error) {
		rules, err = l.provider.client.ListRecordRules(ctx, appID)
		if errors.Is(err, sparkrtc.ErrNotFound) && !named {
			return nil
		}
		return err
	})
	return rules
}

func listedRuleOf(app sparkrtc.App, rule sparkrtc.RecordRule) listedObject {
	m := listedRule(app.ID, rule)
	return listedObject{displayName(app) + ", rule " + rule.ID, map[string]any{"app_id": m.AppID, "rule_id": m.RuleID}, map[string]any{
		"app_id": m.AppID, "create_time": m.CreateTime, "hls": m.HLS, "mp4": m.MP4, "obs": m.OBS, "rule_id": m.RuleID, "update_time": m.UpdateTime,
	}}
}
