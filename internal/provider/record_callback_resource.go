// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/drift"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// recordCallbackResource is a singleton of each app: it has no id but the
// app's, creating and updating are the same PUT, and there is no way to delete
// it.
type recordCallbackResource struct {
	provider     *providerData // nil while Terraform only validates
	clearTextKey *warnOnce
	random       io.Reader
}

func (p *sparkRTCProvider) newRecordCallbackResource() resource.Resource {
	return &recordCallbackResource{clearTextKey: &p.clearTextKey, random: p.random}
}

var (
	_ resource.ResourceWithConfigure      = (*recordCallbackResource)(nil)
	_ resource.ResourceWithIdentity       = (*recordCallbackResource)(nil)
	_ resource.ResourceWithImportState    = (*recordCallbackResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*recordCallbackResource)(nil)
	_ resource.ResourceWithValidateConfig = (*recordCallbackResource)(nil)
)

type recordCallbackModel struct {
	AppID                   types.String   `tfsdk:"app_id"`
	AuthKey                 types.String   `tfsdk:"auth_key"`
	AuthKeyWO               types.String   `tfsdk:"auth_key_wo"`
	AuthKeyWOVersion        types.Int64    `tfsdk:"auth_key_wo_version"`
	NotifyEventSubscription types.Set      `tfsdk:"notify_event_subscription"`
	Timeouts                timeouts.Value `tfsdk:"timeouts"`
	UpdateTime              types.String   `tfsdk:"update_time"`
	URL                     types.String   `tfsdk:"url"`
}

func (r *recordCallbackResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_record_callback"
}

func (r *recordCallbackResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets the URL that receives the recording events of a SparkRTC app, and the key that signs them.\n\n" +
			"An app has one recording callback. Creating this resource sets it, over one that may be there already; **destroying it leaves it in place**, because the API has no way to remove a callback.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				MarkdownDescription: "ID of the app. Changing it replaces the resource: the callback of the old app stays as it is.",
				Required:            true,
				Validators:          []validator.String{appIDValidator{}},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"auth_key": schema.StringAttribute{
				MarkdownDescription: "Key that signs the events (HMAC-SHA256), 32 to 64 characters; other lengths bring a warning. It is stored in the state in clear text; `auth_key_wo` is not. With neither of the two, events are not signed, and a key that the app had is removed; only one that was imported stays until the callback is set for the first time. A mock of `terraform test` makes one up.",
				Optional:            true,
				// So that a plan can keep a key that was imported.
				Computed:   true,
				Sensitive:  true,
				Validators: []validator.String{authKeyValidator{}},
			},
			"auth_key_wo": schema.StringAttribute{
				MarkdownDescription: "The same key as a write-only argument, which takes ephemeral values and is stored neither in the state nor in a plan. It is sent with every change of the resource. Needs `auth_key_wo_version`, conflicts with `auth_key`, and needs Terraform 1.11 or OpenTofu 1.11.",
				Optional:            true,
				Sensitive:           true,
				WriteOnly:           true,
				Validators:          []validator.String{authKeyValidator{}},
			},
			"auth_key_wo_version": schema.Int64Attribute{
				MarkdownDescription: "Any number that goes with `auth_key_wo`. Terraform can't see that a write-only key changed: another number sends the present one.",
				Optional:            true,
			},
			// Deliberately without UseStateForUnknown, both of them: a PUT
			// moves the time, and may change the events.
			"notify_event_subscription": schema.SetAttribute{
				MarkdownDescription: "Events that the service sends, such as `RECORD_NEW_FILE_START` (recording started) and `RECORD_FILE_COMPLETE` (recording file generated). It can't be set through the API, and the service may send more than it documents.",
				Computed:            true,
				ElementType:         types.StringType,
			},
			"update_time": schema.StringAttribute{
				MarkdownDescription: "When the callback was last set, by whomever: RFC 3339 in UTC, such as `2006-01-02T15:04:05.075Z`.",
				Computed:            true,
			},
			"url": schema.StringAttribute{
				MarkdownDescription: "URL that the service sends events to with POST, with `http://` or `https://`; plain `http` brings a warning. The service tries it when it is set.",
				Required:            true,
				Validators:          []validator.String{callbackURLValidator{}},
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{
				Create: true, CreateDescription: timeoutDescription("creating the resource"),
				Read: true, ReadDescription: timeoutDescription("reading it, in each plan,"),
				Update: true, UpdateDescription: timeoutDescription("updating it"),
			}),
		},
	}
}

// IdentitySchema is the app's ID alone: the URLs of the API name neither a
// project nor a region, and there is one endpoint, so that no two apps have the
// same.
func (r *recordCallbackResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"app_id": identityschema.StringAttribute{Description: "ID of the app.", RequiredForImport: true},
		},
	}
}

// ValidateConfig checks what concerns the two ways to give a key.
func (r *recordCallbackResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config, diags := modelIn[recordCallbackModel](ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	checkTimeouts(ctx, config.Timeouts, &resp.Diagnostics)
	// None of these is about an attribute: Terraform would print its line,
	// and a key may stand there.
	isSet := func(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }
	switch {
	case isSet(config.AuthKey) && isSet(config.AuthKeyWO):
		resp.Diagnostics.AddError("Two callback keys",
			"Both auth_key and auth_key_wo are set, and an app has one key.\n\nKeep auth_key_wo, with auth_key_wo_version, which is not stored in the state, or auth_key, which is.")
	case isSet(config.AuthKeyWO) && config.AuthKeyWOVersion.IsNull():
		resp.Diagnostics.AddError("Write-only callback key without a version",
			"auth_key_wo is set and auth_key_wo_version is not. Terraform can't see that a write-only key changed, so that a new one is sent when its version changes.\n\nSet auth_key_wo_version = 1, and another number with each new key; or use auth_key, which needs no version and is stored in the state.")
	case isSet(config.AuthKeyWOVersion) && config.AuthKeyWO.IsNull():
		resp.Diagnostics.AddError("Version without a write-only callback key",
			"auth_key_wo_version is set and auth_key_wo is not, or is null, so that it is the version of nothing.\n\nSet auth_key_wo as well, or remove auth_key_wo_version: auth_key needs none.")
	}
	if r.provider != nil && (config.hasKey() || !config.AuthKeyWO.IsNull()) {
		r.provider.callbacks.keyed.Store(config.AppID.ValueString(), true)
	}
	// Terraform validates once a run without configuring the provider, and
	// then again each time it plans.
	if r.provider == nil && !config.AuthKey.IsNull() && req.ClientCapabilities.WriteOnlyAttributesAllowed {
		r.clearTextKey.do(func() {
			resp.Diagnostics.AddWarning("Callback key is stored in the state",
				"auth_key is stored in the state, and in saved plans, in clear text. This CLI can do without: give the key as auth_key_wo with auth_key_wo_version = 1, here and wherever else auth_key is set, and the next apply takes it out of the state. Nothing is replaced. Backups and earlier versions of the state still have it; if that matters, set a new key.\n\n"+
					"If that is not wanted, clear_text_key_warning = false in the provider block, or "+envClearTextKeyWarning+"=false in the environment, ends this warning, which is given once a run for each configuration of the provider.")
		})
	}
}

func (r *recordCallbackResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.provider, _ = req.ProviderData.(*providerData)
}

func (r *recordCallbackResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, diags := modelIn[recordCallbackModel](ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	identifyApp(ctx, resp.Identity, plan.AppID, &resp.Diagnostics)
	r.put(ctx, createTimeout, types.StringNull(), *plan, req.Config, &resp.State, resp.Private, &resp.Diagnostics)
}

func (r *recordCallbackResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	stored, diags := modelIn[recordCallbackModel](ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	state := *stored
	known, diags := loadCallbackPrivate(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	identifyApp(ctx, resp.Identity, state.AppID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.provider.client == nil {
		seen := "The plan shows it as it was last seen."
		if state.URL.IsNull() {
			seen = "What the plan shows of it is not known to be there."
		}
		resp.Diagnostics.AddWarning("Recording callback not read", fmt.Sprintf(
			"The recording callback of app %q was not read, because the provider configuration is known only after apply (%s). %s",
			state.AppID.ValueString(), strings.Join(r.provider.unknown, ", "), seen))
		return
	}
	bound, diags := readTimeout.of(ctx, state.Timeouts)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, end := r.provider.begin(ctx, bound, &resp.Diagnostics)
	defer end()
	unchanged, err := r.provider.unchanged(ctx, state, known)
	if unchanged {
		return
	}
	var callback *sparkrtc.RecordCallback
	if err == nil {
		callback, err = r.provider.client.ShowRecordCallback(ctx, state.AppID.ValueString())
	}
	if errors.Is(err, sparkrtc.ErrNotFound) {
		if !state.URL.IsNull() { // an import has an error of its own
			warnGone(state.AppID.ValueString(), &resp.Diagnostics)
		}
		resp.State.RemoveResource(ctx)
		resp.Diagnostics.Append(saveCallbackPrivate(ctx, resp.Private, callbackPrivate{Gone: true})...)
		return
	}
	if err != nil {
		r.provider.addAPIError(&resp.Diagnostics, err, readOf(state.AppID.ValueString()), "could not be read")
		return
	}
	state, known = observe(ctx, state, known, callback)
	resp.Diagnostics.Append(setIn(ctx, &resp.State, state)...)
	resp.Diagnostics.Append(saveCallbackPrivate(ctx, resp.Private, known)...)
}

func (r *recordCallbackResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, diags := modelIn[recordCallbackModel](ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	identifyApp(ctx, resp.Identity, plan.AppID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.UpdateTime.IsUnknown() { // only the timeouts are others
		resp.Diagnostics.Append(setIn(ctx, &resp.State, *plan)...)
		return
	}
	var keyBefore types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("auth_key"), &keyBefore)...)
	r.put(ctx, updateTimeout, keyBefore, *plan, req.Config, &resp.State, resp.Private, &resp.Diagnostics)
}

// put sets the whole callback as it is planned, and leaves the state alone if
// that fails. The key that the state had is null if it has none.
func (r *recordCallbackResource) put(ctx context.Context, timeout timeout, keyBefore types.String, plan recordCallbackModel, configured tfsdk.Config, state *tfsdk.State, store privateStore, diags *diag.Diagnostics) {
	config, d := modelIn[recordCallbackModel](ctx, configured)
	diags.Append(d...)
	if diags.HasError() {
		return
	}
	if r.provider.client == nil {
		r.provider.addUnknownError(diags, callbackOf(plan.AppID.ValueString()), "can't be set")
		return
	}
	bound, d := timeout.of(ctx, plan.Timeouts)
	diags.Append(d...)
	if diags.HasError() {
		return
	}
	ctx, end := r.provider.begin(ctx, bound, diags)
	defer end()
	// Only the configuration has a write-only key. Of the other, what counts is
	// the plan: with ignore_changes the two differ.
	key := plan.AuthKey.ValueStringPointer()
	if !config.AuthKeyWO.IsNull() {
		key = config.AuthKeyWO.ValueStringPointer()
	}
	appID, url := plan.AppID.ValueString(), plan.URL.ValueString()
	r.provider.apps.write(appID)
	set := func(key *string) (*sparkrtc.RecordCallback, error) {
		return r.provider.client.UpdateRecordCallback(ctx, appID, sparkrtc.RecordCallbackRequest{URL: url, AuthKey: key})
	}
	var callback *sparkrtc.RecordCallback
	var err error
	if key == nil {
		callback, err = setWithoutKey(set)
	} else {
		callback, err = set(key)
	}
	if err != nil {
		what := "could not be set"
		if inDoubt(err) {
			what = "may or may not have been set, as the next plan will tell"
		}
		r.provider.addAPIError(diags, err, callbackOf(appID), what)
		return
	}
	if key == nil && callback.AuthKey != "" {
		warnKeptKey(appID, diags)
	}
	before, loaded := loadCallbackPrivate(ctx, store)
	diags.Append(loaded...)
	sent := drift.Sent{URL: url}
	if key != nil {
		sent.Key = *key
		// Unless it is somebody else's, the one in the state is the one that was
		// set.
		sent.SameKey = !before.ForeignKey && sent.Key == keyBefore.ValueString()
	}
	memory := drift.Remember(r.random, before.Memory, sent, echo(callback))
	plan.NotifyEventSubscription, plan.UpdateTime = computed(ctx, callback)
	diags.Append(setIn(ctx, state, plan)...)
	diags.Append(saveCallbackPrivate(ctx, store, callbackPrivate{Memory: &memory})...)
}

// setWithoutKey sets a callback that is to have no key.
//
// Whether a PUT without a key keeps an earlier one is not documented; that an
// empty key is none, is. So the key is overwritten with an empty one. A service
// that should refuse an empty key is left with leaving it out.
func setWithoutKey(set func(*string) (*sparkrtc.RecordCallback, error)) (*sparkrtc.RecordCallback, error) {
	empty := ""
	callback, err := set(&empty)
	if sparkrtc.ReasonOf(err) == sparkrtc.ReasonInvalidParameter {
		return set(nil)
	}
	return callback, err
}

// Delete makes no call: there is none to make.
func (r *recordCallbackResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state, diags := modelIn[recordCallbackModel](ctx, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	state.warnLeftInPlace(&resp.Diagnostics)
}

func (r *recordCallbackResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if req.ID == "" && (req.Identity == nil || req.Identity.Raw.IsFullyNull()) {
		resp.Diagnostics.AddError("Import ID is empty", "Import a recording callback by the ID of its app, for example:\n\n  terraform import sparkrtc_record_callback.main 5ff9701f2346968bb306cb43")
		return
	}
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("app_id"), path.Root("app_id"), req, resp)
	if resp.Diagnostics.HasError() {
		return
	}
	var appID types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("app_id"), &appID)...)
	checkAppID(path.Root("app_id"), appID, &resp.Diagnostics)
	identifyApp(ctx, resp.Identity, appID, &resp.Diagnostics)
}

// computed is what only the service knows.
func computed(ctx context.Context, callback *sparkrtc.RecordCallback) (events types.Set, updateTime types.String) {
	list := slices.Clone(callback.NotifyEventSubscription)
	slices.Sort(list)
	elements := []attr.Value{}
	for _, event := range slices.Compact(list) {
		elements = append(elements, types.StringValue(event))
	}
	if _, err := time.Parse(time.RFC3339Nano, callback.UpdateTime); err == nil {
		updateTime = types.StringValue(callback.UpdateTime)
	} else if callback.UpdateTime != "" {
		tflog.Debug(ctx, "update_time is not RFC 3339, and left out", map[string]any{"update_time": callback.UpdateTime})
	}
	return types.SetValueMust(types.StringType, elements), updateTime
}

func echo(callback *sparkrtc.RecordCallback) drift.Echo {
	return drift.Echo{URL: callback.URL, Key: callback.AuthKey, UpdateTime: callback.UpdateTime}
}
