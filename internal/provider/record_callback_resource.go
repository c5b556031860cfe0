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
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
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

// callbackWrite is a create or an update.
type callbackWrite struct {
	change callback.Change
	plan   *recordCallbackModel
	limit  timeout
	store  privateStore
}

// write sets the whole callback as it is planned, unless that is what the app
// has. A failure leaves the state as it was.
func (r *recordCallbackResource) write(ctx context.Context, w callbackWrite, state *tfsdk.State, diags *diag.Diagnostics) {
	var shown *sparkrtc.RecordCallback
	var key callback.Key
	sent, ignored := false, false
	op := operation{about: callbackOf(w.plan.AppID.ValueString()), verb: "set", limit: w.limit, timeouts: w.plan.Timeouts}
	ok := r.provider.call(ctx, op, diags, func(ctx context.Context) (err error) {
		shown, key, err = r.compare(ctx, w)
		if ignored = errors.Is(err, errIgnoredKey); ignored {
			return nil
		}
		if shown != nil || err != nil {
			return err
		}
		sent = true
		shown, err = r.send(ctx, w, key)
		return err
	})
	if ignored {
		sayAll(diags, w.plan, callback.KeyIgnored)
	}
	if !ok || ignored {
		return
	}
	fingerprint := r.fingerprintOf(key)
	if key.Ignored && !w.plan.AuthKeyWOVersion.IsNull() {
		fingerprint = w.change.Memory.Key // that of the version in the state
	}
	memory := callback.Remember(w.change.Memory, w.plan.URL.ValueString(), key.Text, fingerprint, shownOf(shown))
	memory.Fresh = sent
	events, updateTime := computed(ctx, shown)
	w.plan.UpdateTime = updateTime
	if w.plan.NotifyEventSubscription.IsUnknown() { // otherwise the next read takes a change in
		w.plan.NotifyEventSubscription = events
	}
	diags.Append(setIn(ctx, state, *w.plan)...)
	diags.Append(saveMemory(ctx, w.store, &memory)...)
	if sent && key.Text == "" && shown.AuthKey != "" {
		sayAll(diags, w.plan, callback.KeptKey)
	}
}

// compare returns the callback that is there if it is as it would be sent, and
// otherwise the key to send. It makes a call only where that is possible, or
// where ignore_changes leaves the present key to be sent back.
func (r *recordCallbackResource) compare(ctx context.Context, w callbackWrite) (*sparkrtc.RecordCallback, callback.Key, error) {
	key := callback.KeyToSend(w.change.Planned, w.change.Configured)
	if !key.Ignored && !w.change.MayBeThere() {
		return nil, key, nil
	}
	appID := w.plan.AppID.ValueString()
	isThere := func(c *sparkrtc.RecordCallback) bool {
		return c != nil && callback.IsThere(w.plan.URL.ValueString(), key.Text, shownOf(c))
	}
	if !key.Ignored {
		listed, err := r.listed(ctx, appID, false)
		if err != nil || isThere(listed) {
			return listed, key, err
		}
	}
	present, err := r.provider.client.ShowRecordCallback(ctx, appID)
	switch err = ignoreNotFound(err); {
	case err != nil:
		return nil, key, err
	case key.Ignored && (present == nil || !w.change.Memory.Returnable(present.AuthKey)):
		return nil, key, errIgnoredKey
	case key.Ignored:
		key = callback.Key{Set: present.AuthKey != "", Text: present.AuthKey, Ignored: true}
	}
	if isThere(present) {
		return present, key, nil
	}
	return nil, key, nil
}

var errIgnoredKey = errors.New("the present key is not shown")

// send sets the callback. Without a key it sends an empty one, which is documented
// to mean none; a PUT without one may keep the earlier key. If the service refuses
// an empty key, a PUT without one follows.
func (r *recordCallbackResource) send(ctx context.Context, w callbackWrite, key callback.Key) (*sparkrtc.RecordCallback, error) {
	appID := w.plan.AppID.ValueString()
	defer r.provider.apps.write(appID)()
	request := sparkrtc.RecordCallbackRequest{URL: w.plan.URL.ValueString(), AuthKey: &key.Text}
	if key.WriteOnly {
		go r.provider.fingerprints.Of(key.Text)() // while the request is under way
	}
	shown, err := r.provider.client.UpdateRecordCallback(ctx, appID, request)
	if key.Text == "" && sparkrtc.ReasonOf(err) == sparkrtc.ReasonInvalidParameter {
		request.AuthKey = nil
		return r.provider.client.UpdateRecordCallback(ctx, appID, request)
	}
	return shown, err
}

func (r *recordCallbackResource) fingerprintOf(key callback.Key) *callback.Fingerprint {
	if !key.WriteOnly || key.Text == "" {
		return nil
	}
	return r.provider.fingerprints.Of(key.Text)()
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

// unchanged tells whether the list of all apps shows the callback just as it was,
// so that it needs no read. The list is believed in nothing else.
func (r *recordCallbackResource) unchanged(ctx context.Context, state *recordCallbackModel, memory *callback.Memory) (bool, error) {
	listed, err := r.listed(ctx, state.AppID.ValueString(), memory == nil)
	if err != nil || listed == nil || !memory.Unchanged(state.settings(), shownOf(listed)) {
		return false, err
	}
	r.provider.callbacks.shown.Store(state.AppID.ValueString(), shownOf(listed))
	r.provider.callbacks.own.Store(state.AppID.ValueString(), memory)
	events, _ := computed(ctx, listed)
	return events.Equal(state.NotifyEventSubscription), nil
}

// listed returns a callback that is listed with its events, or nil if it has to be read.
func (r *recordCallbackResource) listed(ctx context.Context, appID string, imported bool) (*sparkrtc.RecordCallback, error) {
	app, err := r.provider.listed(ctx, appID, imported)
	if err != nil || app == nil || app.RecordCallback() == nil || app.RecordCallback().NotifyEventSubscription == nil {
		return nil, err
	}
	return app.RecordCallback(), nil
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
