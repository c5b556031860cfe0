// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbackResource is the one callback that each app has: its identity is
// the app's, create and update are the same PUT, and the API can't delete it.
type recordCallbackResource struct {
	object

	clearTextKey *warnOnce
}

func (p *sparkRTCProvider) newRecordCallbackResource() resource.Resource {
	return &recordCallbackResource{object: object{name: "record_callback", ids: byApp}, clearTextKey: &p.clearTextKey}
}

var (
	_ managed                             = (*recordCallbackResource)(nil)
	_ resource.ResourceWithValidateConfig = (*recordCallbackResource)(nil)
)

type recordCallbackModel struct {
	AppID                   types.String   `tfsdk:"app_id"`
	AuthKey                 types.String   `tfsdk:"auth_key"`
	AuthKeyWO               types.String   `tfsdk:"auth_key_wo"`
	AuthKeyWOVersion        types.Number   `tfsdk:"auth_key_wo_version"`
	NotifyEventSubscription types.Set      `tfsdk:"notify_event_subscription"`
	Timeouts                timeouts.Value `tfsdk:"timeouts"`
	UpdateTime              types.String   `tfsdk:"update_time"`
	URL                     types.String   `tfsdk:"url"`
}

// maxVersion is the largest number that every JSON reader of a state reads exactly.
const maxVersion = 1<<53 - 1

// settings are what the callback package decides on.
func (m *recordCallbackModel) settings() callback.Settings {
	return callback.Settings{
		URL:     valueOf(m.URL, m.URL.ValueString()),
		Key:     valueOf(m.AuthKey, m.AuthKey.ValueString()),
		Version: valueOf(m.AuthKeyWOVersion, strconv.FormatInt(int64Of(m.AuthKeyWOVersion), 10)),
	}
}

func (m *recordCallbackModel) config() callback.Config {
	return callback.Config{Settings: m.settings(), WriteOnly: valueOf(m.AuthKeyWO, m.AuthKeyWO.ValueString())}
}

func valueOf(v attr.Value, text string) callback.Value {
	switch {
	case v.IsUnknown():
		return callback.Unknown
	case v.IsNull():
		return callback.Null
	default:
		return callback.Of(text)
	}
}

// observed takes over what a response means. A key is kept or dropped, and never
// taken from the response.
func (m *recordCallbackModel) observed(ctx context.Context, seen callback.Observation, shown *sparkrtc.RecordCallback) {
	m.URL = types.StringValue(seen.State.URL.Text())
	if seen.State.Key.IsNull() {
		m.AuthKey = types.StringNull()
	}
	if seen.State.Version.IsNull() {
		m.AuthKeyWOVersion = types.NumberNull()
	}
	before := m.UpdateTime
	m.NotifyEventSubscription, m.UpdateTime = computed(ctx, shown)
	if !seen.Written && !before.IsNull() {
		m.UpdateTime = before // nothing that depends on it changes because a read rounds
	}
}

func (r *recordCallbackResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets the URL that receives the recording events of a SparkRTC app, and the key that signs them.\n\n" +
			"An app has one recording callback. Creating this resource overwrites an existing one. **Destroying it leaves the callback in place**, because the API can't remove one.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				MarkdownDescription: "ID of the app. Changing it replaces the resource; the old app keeps its callback.",
				Required:            true,
				Validators:          []validator.String{appIDValidator{}},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"auth_key": schema.StringAttribute{
				MarkdownDescription: "Key that signs the events, 32 to 64 characters. It is stored in the state in clear text: prefer `auth_key_wo`.",
				Optional:            true,
				Sensitive:           true,
				Validators:          []validator.String{authKeyValidator{}},
			},
			"auth_key_wo": schema.StringAttribute{
				MarkdownDescription: "The same key as a write-only argument, in neither state nor plan. Needs `auth_key_wo_version`.",
				Optional:            true,
				Sensitive:           true,
				WriteOnly:           true,
				Validators:          []validator.String{authKeyValidator{}},
			},
			"auth_key_wo_version": schema.NumberAttribute{
				MarkdownDescription: "Version of `auth_key_wo`, a whole number from 0. Change it to send a new key.",
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{0, maxVersion}},
			},
			// ModifyPlan plans these two.
			"notify_event_subscription": schema.SetAttribute{
				MarkdownDescription: "Events that the service sends, such as `RECORD_FILE_COMPLETE`. The API can't set them.",
				Computed:            true,
				ElementType:         types.StringType,
			},
			"update_time": schema.StringAttribute{
				MarkdownDescription: "Time of the last change, by Terraform or anyone else (RFC 3339, UTC).",
				Computed:            true,
			},
			"url": schema.StringAttribute{
				MarkdownDescription: "URL that receives the events, with `https://`. The service tries it when you set it.",
				Required:            true,
				Validators:          []validator.String{callbackURLValidator{}},
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeoutsBlock(ctx, timeouts.Opts{
				Create: true, CreateDescription: timeoutDescription(),
				Read: true, ReadDescription: timeoutDescription(),
				Update: true, UpdateDescription: timeoutDescription(),
			}),
		},
	}
}

// ValidateConfig checks the two ways to give a key. None of its errors is about
// an attribute: Terraform would print its line, and a key may be in it.
func (r *recordCallbackResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config := load(modelIn[recordCallbackModel](ctx, req.Config))(&resp.Diagnostics)
	if config == nil {
		return
	}
	switch {
	case isSet(config.AuthKey) && isSet(config.AuthKeyWO):
		resp.Diagnostics.AddError("Two callback keys",
			"Both auth_key and auth_key_wo are set, and an app has one key.\n\nKeep auth_key_wo with auth_key_wo_version, which is not stored in the state, or auth_key, which is.")
	case isSet(config.AuthKeyWO) && config.AuthKeyWOVersion.IsNull():
		resp.Diagnostics.AddError("Write-only callback key without a version",
			"auth_key_wo is set, but auth_key_wo_version is not. Terraform can't see that a write-only key changed; a new version tells it.\n\nSet auth_key_wo_version = 1, and change it with each new key.")
	}
	if r.provider != nil {
		r.provider.callbacks.configured.Store(config.AppID.ValueString(), config.config())
		r.provider.callbacks.validated.Store(true)
	}
	// Once a run, Terraform validates without configuring the provider.
	if r.provider == nil && !config.AuthKey.IsNull() && req.ClientCapabilities.WriteOnlyAttributesAllowed {
		r.clearTextKey.do(func() {
			resp.Diagnostics.AddWarning("Callback key is stored in the state",
				"auth_key is stored in the state, and in saved plans, in clear text. Set auth_key_wo with auth_key_wo_version = 1 instead: the next apply removes the key from the state. Earlier versions and backups of the state still have it.\n\n"+
					"To turn this warning off, set clear_text_key_warning = false in the provider block, or "+envClearTextKeyWarning+"=false in the environment.")
		})
	}
}

func (r *recordCallbackResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordCallbackModel](ctx, req.Plan))(diags)
	config := load(modelIn[recordCallbackModel](ctx, req.Config))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	change := callback.Change{Planned: plan.settings(), Configured: config.config()}
	r.write(ctx, callbackWrite{change, plan, createTimeout, resp.Private}, &resp.State, diags)
}

func (r *recordCallbackResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	diags := &resp.Diagnostics
	plan := load(modelIn[recordCallbackModel](ctx, req.Plan))(diags)
	state := load(modelIn[recordCallbackModel](ctx, req.State))(diags)
	config := load(modelIn[recordCallbackModel](ctx, req.Config))(diags)
	memory := load(loadMemory(ctx, req.Private, (*callback.Memory).Valid))(diags)
	if diags.HasError() {
		return
	}
	r.identify(ctx, resp.Identity, diags, plan.AppID)
	prior := state.settings()
	if plan.settings() == prior { // only the timeouts differ
		diags.Append(setIn(ctx, &resp.State, *plan)...)
		return
	}
	change := callback.Change{Prior: &prior, Planned: plan.settings(), Configured: config.config(), Memory: memory}
	r.write(ctx, callbackWrite{change, plan, updateTimeout, resp.Private}, &resp.State, diags)
}

func (r *recordCallbackResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	diags := &resp.Diagnostics
	state := load(modelIn[recordCallbackModel](ctx, req.State))(diags)
	memory := load(loadMemory(ctx, req.Private, (*callback.Memory).Valid))(diags)
	if diags.HasError() {
		return
	}
	appID := state.AppID.ValueString()
	r.identify(ctx, resp.Identity, diags, state.AppID)
	var shown *sparkrtc.RecordCallback
	unchanged := false
	ok := r.provider.call(ctx, reading(readOf(appID), state.URL.IsNull(), state.Timeouts), diags, func(ctx context.Context) (err error) {
		if unchanged, err = r.unchanged(ctx, state, memory); unchanged || err != nil {
			return err
		}
		shown, err = r.provider.client.ShowRecordCallback(ctx, appID)
		err = ignoreNotFound(err)
		if errors.Is(err, errTimedOut) { // the list may be there by now
			if unchanged, _ = r.unchanged(ctx, state, memory); unchanged {
				return nil
			}
		}
		return err
	})
	switch {
	case !ok, unchanged:
	case shown == nil && state.URL.IsNull():
		diags.AddError("Recording callback does not exist", fmt.Sprintf(
			"App %q has no recording callback to import, or there is no such app in the project of the credentials.\n\nRemove this import: the apply then creates the callback.", appID))
	case shown == nil:
		sayAll(diags, state, callback.Gone)
		forget(ctx, resp)
	default:
		r.provider.callbacks.shown.Store(appID, shownOf(shown))
		seen := callback.Observe(state.settings(), memory, shownOf(shown))
		if memory != nil && len(seen.Changes) == 0 {
			r.provider.callbacks.own.Store(appID, memory)
		}
		state.observed(ctx, seen, shown)
		sayAll(diags, state, seen.Changes...)
		diags.Append(setIn(ctx, &resp.State, *state)...)
		diags.Append(saveMemory(ctx, resp.Private, &seen.Memory)...)
	}
}

// Delete makes no call: there is none to make.
func (r *recordCallbackResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	if state := load(modelIn[recordCallbackModel](ctx, req.State))(&resp.Diagnostics); state != nil {
		// A replacement in this process overwrites its own callback.
		r.provider.apps.release(state.AppID.ValueString())
	}
}

// computed is what only the service knows.
func computed(ctx context.Context, shown *sparkrtc.RecordCallback) (events types.Set, updateTime types.String) {
	list := slices.Clone(shown.NotifyEventSubscription)
	slices.Sort(list)
	elements := []attr.Value{}
	for _, event := range slices.Compact(list) {
		elements = append(elements, types.StringValue(event))
	}
	if updateTime = timeOf(shown.UpdateTime); updateTime.IsNull() && shown.UpdateTime != "" {
		tflog.Debug(ctx, "update_time is not RFC 3339, and left out", map[string]any{"update_time": shown.UpdateTime})
	}
	return types.SetValueMust(types.StringType, elements), updateTime
}

func shownOf(c *sparkrtc.RecordCallback) callback.Shown {
	return callback.Shown{URL: c.URL, Key: c.AuthKey, Time: c.UpdateTime}
}
