// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// appResource is an app. Its key is in no state: see appEphemeralResource.
type appResource struct{ object }

var _ managed = (*appResource)(nil)

func newAppResource() resource.Resource { return &appResource{object{name: "app", ids: byApp}} }

type appModel struct {
	AppID              types.String   `tfsdk:"app_id"`
	AppName            types.String   `tfsdk:"app_name"`
	CreateTime         types.String   `tfsdk:"create_time"`
	DeletionProtection types.Bool     `tfsdk:"deletion_protection"`
	Domain             types.String   `tfsdk:"domain"`
	Enabled            types.Bool     `tfsdk:"enabled"`
	Scope              types.String   `tfsdk:"scope"`
	State              types.String   `tfsdk:"state"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

// appMemory is in private state.
type appMemory struct {
	// Protected is for the plan of a replacement, whose second part has no state.
	Protected bool `json:"protected"`

	// Name is as the service last showed it, which may be another form of the configured one; "" if it was not shown.
	Name string `json:"name,omitempty"`

	// Fresh: no read has found the app since it was created.
	Fresh bool `json:"fresh,omitempty"`
}

func (m *appMemory) valid() bool { return true }

// remember returns the memory after a read, or after a write, which shows nothing.
func (m *appModel) remember(before *appMemory, shown *sparkrtc.App) *appMemory {
	var memory appMemory
	if before != nil {
		memory = *before
	}
	memory.Protected = m.DeletionProtection.ValueBool()
	if shown != nil {
		memory.Fresh, memory.Name = false, cmp.Or(string(shown.Name), memory.Name)
	}
	return &memory
}

// The descriptions that resource, data sources and ephemeral resource share.
const (
	appIDText      = "ID of the app."
	appNameText    = "Name of the app."
	appStateText   = "State of the app: `ACTIVATION` (enabled), `DEACTIVATION` (disabled) or `ARREARS`."
	appScopeText   = "Where the app can be used: `DOMESTIC`, `OVERSEA` or `GLOBAL`."
	appDomainText  = "Domain name of the app."
	appCreatedText = "Creation time, as the service shows it."
)

func (r *appResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a SparkRTC app.\n\n" +
			"A deleted app can't be restored, so `deletion_protection` is on by default. The state has no app key: use the ephemeral resource `sparkrtc_app`.",
		Attributes: map[string]schema.Attribute{ // ModifyPlan plans those that are only computed
			"app_id": schema.StringAttribute{MarkdownDescription: appIDText, Computed: true},
			"app_name": schema.StringAttribute{
				MarkdownDescription: appNameText + " Unique in an account. Changing it replaces the app. If the credentials may not list apps, a taken name shows only after the old app is deleted.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"create_time": schema.StringAttribute{MarkdownDescription: appCreatedText, Computed: true},
			"deletion_protection": schema.BoolAttribute{
				MarkdownDescription: "Refuses a plan that destroys or replaces the app. To delete the app, set it to `false` and apply first. Default: `true`.",
				Optional:            true, Computed: true, Default: booldefault.StaticBool(true),
			},
			"domain": schema.StringAttribute{MarkdownDescription: appDomainText, Computed: true},
			"enabled": schema.BoolAttribute{
				MarkdownDescription: "Whether the app is enabled. Default: `true`.",
				Optional:            true, Computed: true, Default: booldefault.StaticBool(true),
			},
			"scope": schema.StringAttribute{MarkdownDescription: appScopeText, Computed: true},
			"state": schema.StringAttribute{MarkdownDescription: appStateText, Computed: true},
		},
		Blocks: allTimeouts(ctx),
	}
}

// observed takes over what the service shows of an app; nil for nothing. The name replaces the app, so it changes only if
// another one is shown than before.
func (m *appModel) observed(app *sparkrtc.App, memory *appMemory) {
	if app == nil {
		app = &sparkrtc.App{ID: m.AppID.ValueString()}
	}
	m.AppID = types.StringValue(app.ID)
	if name := string(app.Name); m.AppName.IsNull() || name != "" && (memory == nil || memory.Name != "" && memory.Name != name) {
		m.AppName = types.StringValue(name)
	}
	m.CreateTime, m.Domain, m.Scope = orNull(string(app.CreateTime)), orNull(string(app.Domain)), orNull(string(app.Scope))
	m.inState(app.State)
	if m.DeletionProtection.IsNull() { // imported
		m.DeletionProtection = types.BoolValue(true)
	}
}

// inState: other states than these two do not tell whether the app is enabled.
func (m *appModel) inState(state sparkrtc.AppState) {
	m.State = orNull(string(state))
	switch {
	case state == sparkrtc.AppActive, state == sparkrtc.AppDeactivated:
		m.Enabled = types.BoolValue(state == sparkrtc.AppActive)
	case m.Enabled.IsNull():
		m.Enabled = types.BoolValue(true)
	}
}

func orNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// appWithID is an app that exists.
func appWithID(id string) subject {
	return subject{name: fmt.Sprintf("The app %q", id), arguments: "app_id"}
}

func (r *appResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[appModel](ctx, req.Plan))(diags)
	if diags.HasError() {
		return
	}
	name, enabled := plan.AppName.ValueString(), plan.Enabled.ValueBool()
	var made creation
	var app *sparkrtc.App
	var readErr, stopErr error
	about := subject{name: fmt.Sprintf("The app named %q", name), arguments: "app_name", attributes: []string{"app_name"}}
	op := operation{about: about, verb: "created", limit: createTimeout, timeouts: plan.Timeouts}
	ok := r.provider.call(ctx, op, diags, func(ctx context.Context) error {
		if made = r.provider.createApp(ctx, name); made.id == "" {
			return made.err
		}
		if app, readErr = r.provider.client.ShowNewApp(ctx, made.id); !enabled {
			_, stopErr = r.provider.client.StopApp(ctx, made.id)
		}
		return nil
	})
	if made.id == "" {
		if ok {
			made.explain(diags, name)
		}
		return
	}
	plan.AppID = types.StringValue(made.id)
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	plan.observed(app, &appMemory{})
	switch {
	case stopErr != nil:
		plan.Enabled = types.BoolValue(true)
		r.provider.addAPIError(diags, stopErr, appWithID(made.id), "was created, and could not be disabled; to keep it, run terraform untaint and apply again")
	case !enabled:
		plan.inState(sparkrtc.AppDeactivated)
	default:
		plan.Enabled = types.BoolValue(true) // as planned, whatever the state is
	}
	if readErr != nil {
		diags.AddWarning("New app could not be read", fmt.Sprintf(
			"The app %q was created, but could not be read: %s.\n\nThe next plan completes the state.", made.id, briefly(readErr)))
	}
	diags.Append(setIn(ctx, &resp.State, *plan)...)
	diags.Append(saveMemory(ctx, resp.Private, plan.remember(&appMemory{Fresh: true}, app))...)
}

func (r *appResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[appModel](ctx, req.State))(diags)
	memory := load(loadMemory(ctx, req.Private, (*appMemory).valid))(diags)
	if diags.HasError() {
		return
	}
	appID, imported, fresh := state.AppID.ValueString(), state.AppName.IsNull(), memory != nil && memory.Fresh
	r.identify(ctx, resp.Identity, diags, state.AppID)
	var app *sparkrtc.App
	notYet := false
	ok := r.provider.call(ctx, reading(appWithID(appID), imported, state.Timeouts), diags, func(ctx context.Context) (err error) {
		app, err = r.provider.readApp(ctx, appID, imported, fresh, func(listed *sparkrtc.App) bool {
			seen := *state
			seen.observed(listed, memory)
			return seen.same(state)
		})
		if errors.Is(err, sparkrtc.ErrNotFound) && !imported {
			notYet = fresh && sparkrtc.IsUnknown(err)
			return nil
		}
		return err
	})
	switch {
	case !ok:
	case notYet: // without it in the state, the next apply would create another one
		addNotShownYet(diags, appID)
	case app == nil:
		diags.AddWarning("SparkRTC app is gone", fmt.Sprintf(
			"App %q no longer exists, or is not in the project of the credentials.\n\nThe resource is removed from the state. If it is still configured, the next apply creates a new app with another ID and key.", appID))
		forget(ctx, resp)
	default:
		state.observed(app, memory)
		diags.Append(setIn(ctx, &resp.State, *state)...)
		diags.Append(saveMemory(ctx, resp.Private, state.remember(memory, app))...)
	}
}

func addNotShownYet(diags *diag.Diagnostics, appID string) {
	diags.AddError("New app is not shown yet", fmt.Sprintf(
		"App %q was created, and the service does not show it yet. It stays in the state.\n\nTry again later. If the app was deleted, remove it from the state: terraform state rm ADDRESS.", appID))
}

// same compares what the service shows.
func (m *appModel) same(other *appModel) bool {
	return m.AppName.Equal(other.AppName) && m.State.Equal(other.State) && m.Enabled.Equal(other.Enabled) &&
		m.CreateTime.Equal(other.CreateTime) && m.Domain.Equal(other.Domain) && m.Scope.Equal(other.Scope)
}

func (r *appResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[appModel](ctx, req.Plan))(diags)
	state := load(modelIn[appModel](ctx, req.State))(diags)
	memory := load(loadMemory(ctx, req.Private, (*appMemory).valid))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	if !plan.Enabled.Equal(state.Enabled) {
		var app *sparkrtc.App
		on := plan.Enabled.ValueBool()
		op := operation{about: appWithID(plan.AppID.ValueString()), verb: map[bool]string{true: "enabled", false: "disabled"}[on], limit: updateTimeout, timeouts: plan.Timeouts}
		if !r.provider.call(ctx, op, diags, func(ctx context.Context) (err error) {
			app, err = r.provider.switchApp(ctx, plan.AppID.ValueString(), on)
			return err
		}) {
			return
		}
		plan.State = orNull(string(app.State))
	}
	diags.Append(setIn(ctx, &resp.State, *plan)...)
	diags.Append(saveMemory(ctx, resp.Private, plan.remember(memory, nil))...)
}

func (r *appResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[appModel](ctx, req.State))(diags)
	memory := load(loadMemory(ctx, req.Private, (*appMemory).valid))(diags)
	if diags.HasError() {
		return
	}
	appID := state.AppID.ValueString()
	if state.DeletionProtection.ValueBool() {
		addProtectedError(diags, appID)
		return
	}
	var left deletion
	op := operation{about: appWithID(appID), verb: "deleted", limit: deleteTimeout, timeouts: state.Timeouts}
	ok := r.provider.call(ctx, op, diags, func(ctx context.Context) error {
		left = r.provider.deleteApp(ctx, appID)
		if left.explained() {
			return nil
		}
		return left.err
	})
	switch {
	case !ok:
	case left.missing && memory != nil && memory.Fresh:
		addNotShownYet(diags, appID)
	default:
		left.explain(diags, r.provider, appID)
	}
}
