// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/recording"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordRulesDataSource lists the recording rules of an app.
type recordRulesDataSource struct {
	provider *providerData
}

var _ datasource.DataSourceWithConfigure = (*recordRulesDataSource)(nil)

func newRecordRulesDataSource() datasource.DataSource { return &recordRulesDataSource{} }

type recordRulesModel struct {
	AppID types.String               `tfsdk:"app_id"`
	Rules map[string]listedRuleModel `tfsdk:"rules"`
}

type listedRuleModel struct {
	CreateTime types.String `tfsdk:"create_time"`
	HLS        types.Object `tfsdk:"hls"`
	MP4        types.Object `tfsdk:"mp4"`
	OBS        types.Object `tfsdk:"obs"`
	UpdateTime types.String `tfsdk:"update_time"`
}

func (d *recordRulesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_rules"
}

func (d *recordRulesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	number := func(description string) schema.NumberAttribute {
		return schema.NumberAttribute{MarkdownDescription: description, Computed: true}
	}
	hls := map[string]schema.Attribute{
		"record_cycle":                      number(ruleCycle + "; 0 for a single file."),
		"record_max_duration_to_merge_file": number(ruleMerge + "; -1 for 30 days."),
		"record_prefix":                     text(rulePrefix),
		"record_slice_duration":             number(ruleSlice),
	}
	mp4 := map[string]schema.Attribute{
		"record_cycle":                      number(ruleCycle + "."),
		"record_max_duration_to_merge_file": number(ruleMerge + "."),
		"record_prefix":                     text(rulePrefix),
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the recording rules of a SparkRTC app, for example to import them.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{MarkdownDescription: "ID of the app.", Required: true, Validators: []validator.String{appIDValidator{}}},
			"rules": schema.MapNestedAttribute{
				MarkdownDescription: "The rules by ID.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"create_time": text("Creation time (RFC 3339, UTC)."),
					"hls":         schema.SingleNestedAttribute{MarkdownDescription: "Settings of HLS files; null without.", Computed: true, Attributes: hls},
					"mp4":         schema.SingleNestedAttribute{MarkdownDescription: "Settings of MP4 files; null without.", Computed: true, Attributes: mp4},
					"obs": schema.SingleNestedAttribute{MarkdownDescription: "Where recordings are stored.", Computed: true, Attributes: map[string]schema.Attribute{
						"bucket": text("OBS bucket."), "object": text(ruleObject), "project_id": text("ID of the project of the bucket."), "region": text("Region of the bucket."),
					}},
					"update_time": text("Time of the last change (RFC 3339, UTC)."),
				}},
			},
		},
	}
}

func (d *recordRulesDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

func (d *recordRulesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model recordRulesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	appID := model.AppID.ValueString()
	ok := d.provider.call(ctx, operation{about: rulesOf(appID), verb: "read"}, &resp.Diagnostics, func(ctx context.Context) error {
		rules, err := d.provider.client.ListRecordRules(ctx, appID)
		model.Rules = make(map[string]listedRuleModel, len(rules))
		for _, rule := range rules {
			m := listedRule(appID, rule)
			model.Rules[rule.ID] = listedRuleModel{m.CreateTime, m.HLS, m.MP4, m.OBS, m.UpdateTime}
		}
		return err
	})
	if ok {
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	}
}

func rulesOf(appID string) subject {
	return subject{name: fmt.Sprintf("The recording rules of app %q", appID), arguments: "app_id", attributes: []string{"app_id"}}
}

// listedRule is a rule as an import would store it.
func listedRule(appID string, rule sparkrtc.RecordRule) recordRuleModel {
	m := recordRuleModel{AppID: types.StringValue(appID)}
	settings, _ := recording.Observe(nil, nil, rule)
	m.OBS, m.HLS, m.MP4 = ruleObjects(settings)
	m.show(rule)
	return m
}
