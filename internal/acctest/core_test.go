// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// calls are what a provider was called with, over all its processes: "PROCESS METHOD
// COLOUR", the colour being that of the configuration.
type calls struct {
	processes int
	list      []string
}

// thingProvider has one resource, test_thing.
type thingProvider struct {
	calls   *calls
	process int
}

func (p *thingProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "test"
}

func (p *thingProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p *thingProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p *thingProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *thingProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &thing{p} }}
}

type thing struct{ provider *thingProvider }

type thingModel struct {
	Name   types.String `tfsdk:"name"`
	Colour types.String `tfsdk:"colour"`
	Size   types.String `tfsdk:"size"`
	Secret types.String `tfsdk:"secret"`
}

func (r *thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "test_thing"
}

func (r *thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":   schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"colour": schema.StringAttribute{Optional: true},
		"size":   schema.StringAttribute{Computed: true},
		"secret": schema.StringAttribute{Optional: true, WriteOnly: true},
	}}
}

// met notes a call, and returns the colour of the configuration.
func (r *thing) met(method string, config tfsdk.Config) string {
	var colour types.String
	config.GetAttribute(context.Background(), path.Root("colour"), &colour)
	r.provider.calls.list = append(r.provider.calls.list, strings.Join([]string{string(rune('0' + r.provider.process)), method, colour.ValueString()}, " "))
	return colour.ValueString()
}

func (r *thing) ValidateConfig(_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	switch r.met("validate", req.Config) {
	case "none":
		resp.Diagnostics.AddAttributeError(path.Root("colour"), "No colour", "none is no colour")
	case "grey":
		resp.Diagnostics.AddAttributeWarning(path.Root("colour"), "Dull colour", "grey is dull")
	}
}

func (r *thing) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, _ *resource.ModifyPlanResponse) {
	if !req.Config.Raw.IsNull() {
		r.met("plan", req.Config)
	}
}

func (r *thing) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	r.met("create", req.Config)
	var plan thingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	plan.Size = types.StringValue("small")
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *thing) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	r.met("update", req.Config)
	var plan thingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	plan.Size = types.StringValue("large")
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *thing) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	r.provider.calls.list = append(r.provider.calls.list, "delete")
	resp.Diagnostics.AddWarning("Deleted", "it is gone")
}

func startThings(t *testing.T) (Resource, *calls) {
	t.Helper()
	met := new(calls)
	core, err := NewCore(t, func() (tfprotov6.ProviderServer, error) {
		met.processes++
		return providerserver.NewProtocol6WithError(&thingProvider{calls: met, process: met.processes})()
	}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return core.Resource("test_thing"), met
}

func (c *calls) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(c.list, want) {
		t.Errorf("calls: %q, want %q", c.list, want)
	}
	c.list = nil
}

func TestIgnoreChanges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ignored                 []string
		config                  map[string]any
		action, colour, planned string // planned is the colour that the plan is asked for
	}{
		"nothing":                {nil, map[string]any{"name": "a", "colour": "blue"}, ActionUpdate, "blue", "blue"},
		"the colour":             {[]string{"colour"}, map[string]any{"name": "a", "colour": "blue"}, ActionNone, "red", "red"},
		"the colour, left out":   {[]string{"colour"}, map[string]any{"name": "a"}, ActionNone, "red", "red"},
		"all":                    {[]string{"all"}, map[string]any{"name": "b", "colour": "blue"}, ActionNone, "red", "red"},
		"a write-only attribute": {[]string{"secret"}, map[string]any{"name": "a", "colour": "red", "secret": "s"}, ActionNone, "red", "red"},
		"another attribute":      {[]string{"secret"}, map[string]any{"name": "a", "colour": "blue"}, ActionUpdate, "blue", "blue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			things, met := startThings(t)
			ignore := IgnoreChanges(tc.ignored...)
			plan, err := things.Plan(Object{}, things.ConfigOf(map[string]any{"name": "a", "colour": "red"}), ignore)
			if err != nil || plan.Action != ActionCreate {
				t.Fatal(plan.Action, err)
			}
			met.expect(t, "1 validate red", "1 plan red")
			stored, err := things.ApplyInNewProcess(plan)
			if err != nil {
				t.Fatal(err)
			}
			met.expect(t, "2 validate red", "2 plan red", "2 create red")

			written, _ := tc.config["colour"].(string)
			plan, err = things.Plan(stored, things.ConfigOf(tc.config), ignore)
			if err != nil || plan.Action != tc.action || plan.Planned.Text("colour") != tc.colour {
				t.Errorf("planned: %s, %v, %v", plan.Action, plan.Planned.Value, err)
			}
			met.expect(t, "1 validate "+written, "1 plan "+tc.planned)
			if plan.Action == ActionNone {
				return
			}
			stored, err = things.ApplyInNewProcess(plan)
			if err != nil || stored.Text("colour") != tc.colour {
				t.Errorf("stored: %v, %v", stored.Value, err)
			}
			met.expect(t, "3 validate "+written, "3 plan "+tc.planned, "3 update "+written)
		})
	}
}

// An apply sends the ignored attribute's planned value with the configuration as it is
// written.
func TestIgnoreChanges_whileAnotherChanges(t *testing.T) {
	t.Parallel()
	things, met := startThings(t)
	plan, err := things.Plan(Object{}, things.ConfigOf(map[string]any{"name": "a", "colour": "red"}))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := things.Apply(plan)
	if err != nil {
		t.Fatal(err)
	}
	met.list = nil
	plan, err = things.Plan(stored, things.ConfigOf(map[string]any{"name": "b", "colour": "blue"}), IgnoreChanges("colour"))
	if err != nil || plan.Action != ActionReplace {
		t.Fatal(plan.Action, err)
	}
	stored, err = things.Apply(plan)
	if err != nil || stored.Text("colour") != "red" || stored.Text("name") != "b" {
		t.Errorf("stored: %v, %v", stored.Value, err)
	}
	met.expect(t, "1 validate blue", "1 plan red", "1 plan red", "delete", "1 create blue")
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	things, _ := startThings(t)
	plan, err := things.Plan(Object{}, things.ConfigOf(map[string]any{"name": "a", "colour": "grey"}), ValidateFirst())
	want := Diagnostic{Severity: SeverityWarning, Summary: "Dull colour", Detail: "grey is dull", Attribute: "colour"}
	if err != nil || len(plan.Diagnostics) != 1 || plan.Diagnostics[0] != want {
		t.Errorf("got %+v, %v", plan.Diagnostics, err)
	}
	stored, err := things.Apply(plan)
	if err != nil {
		t.Fatal(err)
	}
	_, err = things.Plan(stored, things.ConfigOf(map[string]any{"name": "a", "colour": "none"}), ValidateFirst())
	if !Reported(err) || err.Error() != "No colour: none is no colour" {
		t.Errorf("the error: %v", err)
	}
	gone, err := things.Destroy(stored)
	if err != nil || !slices.Equal(gone.Warnings(), []string{"Deleted"}) {
		t.Errorf("got %+v, %v", gone, err)
	}
}
