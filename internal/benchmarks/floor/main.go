// SPDX-License-Identifier: MPL-2.0

// Command floor serves a provider that does nothing: the least that any
// provider on the same framework, with a resource of the same shape as
// sparkrtc_record_callback, costs. It shares no code with the provider that it
// is compared with.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return floor{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/sparkrtc/floor",
	})
	if err != nil {
		log.Fatal(err)
	}
}

type floor struct{}

func (floor) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "floor"
}

func (floor) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (floor) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (floor) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (floor) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return recordCallback{} }}
}

// recordCallback has what was planned, and makes up what is computed.
type recordCallback struct{}

type model struct {
	AppID                   types.String   `tfsdk:"app_id"`
	AuthKey                 types.String   `tfsdk:"auth_key"`
	AuthKeyWO               types.String   `tfsdk:"auth_key_wo"`
	AuthKeyWOVersion        types.Int64    `tfsdk:"auth_key_wo_version"`
	NotifyEventSubscription types.Set      `tfsdk:"notify_event_subscription"`
	Timeouts                timeouts.Value `tfsdk:"timeouts"`
	UpdateTime              types.String   `tfsdk:"update_time"`
	URL                     types.String   `tfsdk:"url"`
}

func (recordCallback) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (recordCallback) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"auth_key":                  schema.StringAttribute{Optional: true, Sensitive: true},
			"auth_key_wo":               schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
			"auth_key_wo_version":       schema.Int64Attribute{Optional: true},
			"notify_event_subscription": schema.SetAttribute{Computed: true, ElementType: types.StringType},
			"update_time":               schema.StringAttribute{Computed: true},
			"url":                       schema.StringAttribute{Required: true},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Update: true}),
		},
	}
}

func (recordCallback) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan.made())...)
}

func (recordCallback) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (recordCallback) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan.made())...)
}

func (recordCallback) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (m model) made() model {
	m.UpdateTime = types.StringValue("2006-01-02T15:04:05.075Z")
	m.NotifyEventSubscription = types.SetValueMust(types.StringType, nil)
	return m
}
