// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/numberdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

type recordRuleModel struct {
	AppID      types.String   `tfsdk:"app_id"`
	CreateTime types.String   `tfsdk:"create_time"`
	HLS        types.Object   `tfsdk:"hls"`
	MP4        types.Object   `tfsdk:"mp4"`
	OBS        types.Object   `tfsdk:"obs"`
	RuleID     types.String   `tfsdk:"rule_id"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`
	UpdateTime types.String   `tfsdk:"update_time"`
}

// settings are what is sent. All of them are known.
func (m *recordRuleModel) settings() sparkrtc.RecordRuleRequest {
	set := sparkrtc.RecordRuleRequest{OBS: sparkrtc.ObsAddr{
		Location:  textIn(m.OBS, "region").ValueString(),
		ProjectID: textIn(m.OBS, "project_id").ValueString(),
		Bucket:    textIn(m.OBS, "bucket").ValueString(),
		Object:    textIn(m.OBS, "object").ValueString(),
	}}
	if !m.HLS.IsNull() {
		set.HLS = &sparkrtc.HLSConfig{
			RecordCycle:                  numberIn(m.HLS, "record_cycle"),
			RecordPrefix:                 textIn(m.HLS, "record_prefix").ValueString(),
			RecordSliceDuration:          numberIn(m.HLS, "record_slice_duration"),
			RecordMaxDurationToMergeFile: numberIn(m.HLS, "record_max_duration_to_merge_file"),
		}
	}
	if !m.MP4.IsNull() {
		set.MP4 = &sparkrtc.MP4Config{
			RecordCycle:                  numberIn(m.MP4, "record_cycle"),
			RecordPrefix:                 textIn(m.MP4, "record_prefix").ValueString(),
			RecordMaxDurationToMergeFile: numberIn(m.MP4, "record_max_duration_to_merge_file"),
		}
	}
	return set
}

func textIn(o types.Object, name string) types.String {
	text, _ := o.Attributes()[name].(types.String)
	return text
}

func numberIn(o types.Object, name string) int64 {
	number, _ := o.Attributes()[name].(types.Number)
	return int64Of(number)
}

var (
	obsTypes = map[string]attr.Type{"bucket": types.StringType, "object": types.StringType, "project_id": types.StringType, "region": types.StringType}
	mp4Types = map[string]attr.Type{"record_cycle": types.NumberType, "record_max_duration_to_merge_file": types.NumberType, "record_prefix": types.StringType}
	hlsTypes = map[string]attr.Type{
		"record_cycle": types.NumberType, "record_max_duration_to_merge_file": types.NumberType, "record_prefix": types.StringType,
		"record_slice_duration": types.NumberType,
	}
)

// ruleObjects are settings in the form of the attributes obs, hls and mp4.
func ruleObjects(set sparkrtc.RecordRuleRequest) (obs, hls, mp4 types.Object) {
	obs = types.ObjectValueMust(obsTypes, map[string]attr.Value{
		"bucket":     types.StringValue(set.OBS.Bucket),
		"object":     types.StringValue(set.OBS.Object),
		"project_id": types.StringValue(set.OBS.ProjectID),
		"region":     types.StringValue(set.OBS.Location),
	})
	hls, mp4 = types.ObjectNull(hlsTypes), types.ObjectNull(mp4Types)
	if set.HLS != nil {
		hls = types.ObjectValueMust(hlsTypes, map[string]attr.Value{
			"record_cycle":                      numberOf(set.HLS.RecordCycle),
			"record_max_duration_to_merge_file": numberOf(set.HLS.RecordMaxDurationToMergeFile),
			"record_prefix":                     types.StringValue(set.HLS.RecordPrefix),
			"record_slice_duration":             numberOf(set.HLS.RecordSliceDuration),
		})
	}
	if set.MP4 != nil {
		mp4 = types.ObjectValueMust(mp4Types, map[string]attr.Value{
			"record_cycle":                      numberOf(set.MP4.RecordCycle),
			"record_max_duration_to_merge_file": numberOf(set.MP4.RecordMaxDurationToMergeFile),
			"record_prefix":                     types.StringValue(set.MP4.RecordPrefix),
		})
	}
	return obs, hls, mp4
}

func numberOf(n int64) types.Number { return types.NumberValue(new(big.Float).SetInt64(n)) }

// setProject sets the project of the bucket.
func (m *recordRuleModel) setProject(id types.String) {
	values := maps.Clone(m.OBS.Attributes())
	values["project_id"] = id
	m.OBS = types.ObjectValueMust(obsTypes, values)
}

// The descriptions of arguments that data sources show, too.
const (
	ruleBucket     = "OBS bucket that recordings are stored in."
	ruleObject     = "Path of the files in the bucket, such as `recordings/`."
	ruleCycle      = "Length of a file in seconds"
	rulePrefix     = "Path and name of the files below `object`."
	ruleSlice      = "Length of a TS segment in seconds: 2 to 60."
	ruleMerge      = "Longest interruption of a stream, in seconds, that stays in one file"
	ruleUpdateTime = "Time of the last change, by Terraform or anyone else (RFC 3339, UTC)."
)

func (r *recordRuleResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	seconds := func(description string, preset int64, check validator.Number) schema.NumberAttribute {
		return schema.NumberAttribute{
			MarkdownDescription: description, Optional: true, Computed: true, Validators: []validator.Number{check},
			Default: numberdefault.StaticBigFloat(new(big.Float).SetInt64(preset)),
		}
	}
	prefix := schema.StringAttribute{
		MarkdownDescription: rulePrefix + " Default, with all placeholders: `" + sparkrtc.DefaultRecordPrefix + "`.",
		Optional:            true, Computed: true, Default: stringdefault.StaticString(sparkrtc.DefaultRecordPrefix),
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets where and how SparkRTC records the streams of an app. Recording starts with `sparkrtc_auto_record`, or with a request of your own service.\n\n" +
			"An app has one recording rule for each region. Creating this resource overwrites an existing one.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				MarkdownDescription: "ID of the app. Changing it replaces the rule.",
				Required:            true,
				Validators:          []validator.String{appIDValidator{}},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"create_time": schema.StringAttribute{MarkdownDescription: "Creation time (RFC 3339, UTC).", Computed: true},
			"hls": schema.SingleNestedAttribute{
				MarkdownDescription: "Records HLS files. Set `hls`, `mp4` or both.",
				Optional:            true,
				Attributes: map[string]schema.Attribute{
					"record_cycle": schema.NumberAttribute{
						MarkdownDescription: ruleCycle + ": 60 to 43200, or 0 for a single file.",
						Required:            true,
						Validators:          []validator.Number{orZero{wholeNumber{60, 43200}}},
					},
					"record_prefix":         prefix,
					"record_slice_duration": seconds(ruleSlice+" Default: `10`.", sparkrtc.DefaultRecordSliceDuration, wholeNumber{2, 60}),
					"record_max_duration_to_merge_file": seconds(ruleMerge+": up to 300, or -1 for 30 days. Default: `0`.",
						0, wholeNumber{-1, 300}),
				},
			},
			"mp4": schema.SingleNestedAttribute{
				MarkdownDescription: "Records MP4 files. Set `hls`, `mp4` or both.",
				Optional:            true,
				Attributes: map[string]schema.Attribute{
					"record_cycle": schema.NumberAttribute{
						MarkdownDescription: ruleCycle + ": 60 to 10800.",
						Required:            true,
						Validators:          []validator.Number{wholeNumber{60, 10800}},
					},
					"record_prefix":                     prefix,
					"record_max_duration_to_merge_file": seconds(ruleMerge+": up to 300. Default: `0`.", 0, wholeNumber{0, 300}),
				},
			},
			"obs": schema.SingleNestedAttribute{
				MarkdownDescription: "Where recordings are stored.",
				Required:            true,
				Attributes: map[string]schema.Attribute{
					"bucket": schema.StringAttribute{MarkdownDescription: ruleBucket, Required: true, Validators: []validator.String{nameValidator{}}},
					"object": schema.StringAttribute{
						MarkdownDescription: ruleObject + " Default: the root.",
						Optional:            true, Computed: true, Default: stringdefault.StaticString(""),
					},
					"project_id": schema.StringAttribute{
						MarkdownDescription: "ID of the project of the bucket. Default: the project of the provider.",
						Optional:            true, Computed: true, Validators: []validator.String{nameValidator{}},
					},
					"region": schema.StringAttribute{
						MarkdownDescription: "Region of the bucket. Default: `" + sparkrtc.DefaultRegion + "`, the only one known to work. Changing it replaces the rule.",
						Optional:            true, Computed: true, Default: stringdefault.StaticString(sparkrtc.DefaultRegion),
						Validators:    []validator.String{nameValidator{}},
						PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
					},
				},
			},
			"rule_id":     schema.StringAttribute{MarkdownDescription: "ID of the rule, for `sparkrtc_auto_record`.", Computed: true},
			"update_time": schema.StringAttribute{MarkdownDescription: ruleUpdateTime, Computed: true},
		},
		Blocks: allTimeouts(ctx),
	}
}
