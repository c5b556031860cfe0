// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// callbackPlans has the apps that a callback was planned for, and those with a
// key in the configuration: with ignore_changes, a plan gets to see what is in
// the state in its place.
type callbackPlans struct{ planned, keyed sync.Map }

// ModifyPlan says what an apply would do beyond what the plan shows: what it
// overwrites and what it leaves behind. It plans an update where the service
// has another callback than was set and the state can't show it.
func (r *recordCallbackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	plan, diags := modelIn[recordCallbackModel](ctx, req.Plan) // nil for a destroy
	resp.Diagnostics.Append(diags...)
	state, diags := modelIn[recordCallbackModel](ctx, req.State) // nil for a create
	resp.Diagnostics.Append(diags...)
	config, diags := modelIn[recordCallbackModel](ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	known, diags := loadCallbackPrivate(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// auth_key is computed for the sake of imported keys alone.
	key := keyGoes
	if plan != nil {
		proposed := *plan
		defer func() {
			if !plan.equal(proposed) {
				planned := tfsdk.State(resp.Plan)
				resp.Diagnostics.Append(setIn(ctx, &planned, *plan)...)
				resp.Plan = tfsdk.Plan(planned)
			}
		}()
		plan.AuthKey = config.AuthKey
		switch key = known.imported(plan, state); {
		case key == keyStays:
			plan.AuthKey = state.AuthKey
		case key == keyMayStay && !state.AuthKey.IsNull():
			plan.AuthKey = types.StringUnknown()
		}
	}
	if state != nil && (plan == nil || !plan.AppID.Equal(state.AppID)) {
		state.warnStays(&resp.Diagnostics)
		if plan == nil {
			return
		}
		state = nil // for the new app, it is a create
	} else if state == nil && !known.empty && !known.Gone {
		// The create of a replacement is planned once more, with the private
		// state of what it replaces; Terraform drops what is said there.
		return
	}
	config.warnOfValues(&resp.Diagnostics)
	twice := r.warnTwice(plan.AppID, &resp.Diagnostics)
	if state == nil {
		if !twice {
			r.warnOverwrite(ctx, plan, &resp.Diagnostics)
		}
		return
	}
	if !plan.hasKey() { // it is as it is to be
		known.Resend = slices.DeleteFunc(known.Resend, func(why resend) bool { return why == resendKeyRemoved || key == keyStays && why == resendKeyUnknown })
	}
	if changes := known.changes(plan, state); len(changes) > 0 {
		resp.Diagnostics.AddWarning(aboutCallback(state.AppID, "was changed outside Terraform"), fmt.Sprintf(
			"The recording callback of app %q, last written to at %s, is not as Terraform set it:\n\n  - %s\n\nThe apply sets it again as it is configured.",
			state.AppID.ValueString(), orUnknown(state.UpdateTime), strings.Join(changes, "\n  - ")))
	}
	_, keyed := r.provider.callbacks.keyed.Load(plan.AppID.ValueString())
	switch unseen := slices.Contains(known.Resend, resendKeyUnknown); {
	case key == keyStays && keyed: // with ignore_changes it stays, as it is to
	case key != keyGoes:
		plan.warnNotConfigured(key, &resp.Diagnostics)
	case unseen && keyed && !plan.hasKey():
		plan.addIgnoredKeyError(&resp.Diagnostics)
	case unseen:
		plan.warnKeyUnknown(&resp.Diagnostics)
	case state.hasKey() && !plan.hasKey():
		plan.warnNoLongerSigned(&resp.Diagnostics)
	case known.Memory == nil && !state.AuthKey.IsNull():
		plan.warnOtherKey(state, config, &resp.Diagnostics)
	}
	if len(known.Resend) == 0 && known.Memory != nil && known.Memory.KeptKey() && !plan.hasKey() {
		warnKeptKey(plan.AppID.ValueString(), &resp.Diagnostics)
	}
	if len(known.Resend) > 0 || !plan.sets(state) {
		plan.UpdateTime = types.StringUnknown()
		plan.NotifyEventSubscription = types.SetUnknown(types.StringType)
		// It goes along with whatever is set, and no plan shows it.
		if known.Memory != nil && plan.AuthKeyWOVersion.Equal(state.AuthKeyWOVersion) && known.Memory.IsOther(config.AuthKeyWO.ValueString()) {
			plan.warnKeyAlong(&resp.Diagnostics)
		}
	} else { // other timeouts are no reason to set a callback again
		plan.UpdateTime, plan.NotifyEventSubscription = state.UpdateTime, state.NotifyEventSubscription
	}
}

// warnOfValues warns of what is valid, and a user may regret.
func (m *recordCallbackModel) warnOfValues(diags *diag.Diagnostics) {
	warnOfURL(path.Root("url"), m.URL, diags)
	warnOfKey(path.Root("auth_key"), m.AuthKey, diags)
	warnOfKey(path.Root("auth_key_wo"), m.AuthKeyWO, diags)
}

// changes says what is not as it was set, and is planned to be set again. It
// never says what a key is.
func (p callbackPrivate) changes(plan, state *recordCallbackModel) []string {
	var changes []string
	if p.Memory != nil && !plan.URL.Equal(state.URL) && state.URL.ValueString() != p.Memory.URL {
		changes = append(changes, fmt.Sprintf("the URL is %s, and was set to %s", shownURL(state.URL), shownURL(types.StringValue(p.Memory.URL))))
	}
	if p.ForeignKey && !plan.AuthKey.Equal(state.AuthKey) {
		changes = append(changes, "the key is another one")
	}
	for _, why := range p.Resend {
		if text, ok := resendTexts[why]; ok {
			changes = append(changes, text)
		}
	}
	return changes
}

// sets tells whether two of one resource set the same callback, as far as the
// state tells.
func (m *recordCallbackModel) sets(o *recordCallbackModel) bool {
	return m.URL.Equal(o.URL) && m.AuthKey.Equal(o.AuthKey) && m.AuthKeyWOVersion.Equal(o.AuthKeyWOVersion)
}

// hasKey tells whether a key is configured, in either way.
func (m *recordCallbackModel) hasKey() bool {
	return !m.AuthKey.IsNull() || !m.AuthKeyWOVersion.IsNull()
}

// resendTexts are those of changes from outside.
var resendTexts = map[resend]string{
	resendKeyChanged: "the key is another one",
	resendKeyRemoved: "the key was removed",
	resendKeyAdded:   "a key was added",
	resendKeyPerhaps: "the key may be another one: the service shows it in a way that doesn't tell keys apart; sending the configured one again does no harm",
	resendURLPerhaps: "the URL may be another one: the service shows it in a way that doesn't tell URLs apart; sending the configured one again does no harm",
}

// aboutCallback is a summary. Terraform shows only the first of several warnings
// that have the same one, so that the app is in it.
func aboutCallback(appID types.String, what string) string {
	return fmt.Sprintf("Recording callback of app %q %s", appID.ValueString(), what)
}

func (m *recordCallbackModel) warnKeyUnknown(diags *diag.Diagnostics) {
	then := "Nobody can tell whether it is the configured one. The apply sends that one, and from then on another one is noticed."
	if !m.hasKey() {
		then = "The configuration has none: the apply removes the one that there is, and events are no longer signed.\n\nTo keep it, set it as auth_key_wo, with auth_key_wo_version = 1."
	}
	diags.AddWarning(aboutCallback(m.AppID, "has a key that can't be compared"), fmt.Sprintf(
		"Nothing is remembered of the key of the recording callback of app %q, as after an import, or with a state of another version of this provider. %s",
		m.AppID.ValueString(), then))
}

// warnOtherKey is about a callback that is adopted with another key than its own:
// the plan shows neither.
func (m *recordCallbackModel) warnOtherKey(state, config *recordCallbackModel, diags *diag.Diagnostics) {
	configured := m.AuthKey
	if !config.AuthKeyWO.IsNull() {
		configured = config.AuthKeyWO
	}
	if configured.IsUnknown() || configured.Equal(state.AuthKey) {
		return
	}
	diags.AddWarning(aboutCallback(m.AppID, "gets another key"), fmt.Sprintf(
		"The configured key is not the one that the recording callback of app %q has. The apply sets the configured one, and a receiver that only knows the present one refuses the events from then on.",
		m.AppID.ValueString()))
}

// warnKeyAlong is about a write-only key that changed and whose version did not.
func (m *recordCallbackModel) warnKeyAlong(diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(m.AppID, "gets another key"), fmt.Sprintf(
		"The value of auth_key_wo is another one than was set the last time, and auth_key_wo_version is the same. The key goes along with each change of the recording callback of app %q, so that this apply sets the new one, and a receiver that only knows the old one refuses the events from then on.\n\n"+
			"If the new key is wanted, let the receiver know it first, and raise auth_key_wo_version. If not, configure the old one again.",
		m.AppID.ValueString()))
}

// addIgnoredKeyError is about a configuration that has a key and ignores its
// changes, and a state that has none to go on with.
func (m *recordCallbackModel) addIgnoredKeyError(diags *diag.Diagnostics) {
	diags.AddError(aboutCallback(m.AppID, "would lose its key"), fmt.Sprintf(
		"Nothing is known of the key of the recording callback of app %q, and ignore_changes keeps the configured one from being sent. Each change would remove the key that there is.\n\n"+
			"Take auth_key out of ignore_changes for one apply, or give the key as auth_key_wo.", m.AppID.ValueString()))
}

// warnNotConfigured is about a key that was imported. What a replacement does is
// planned with a state that says nothing of it, and Terraform drops what is said
// then.
func (m *recordCallbackModel) warnNotConfigured(key fate, diags *diag.Diagnostics) {
	then := "It stays for now: what sets the callback the next time removes it, be it a change of another argument, or a replacement, also one in this plan."
	if key == keyMayStay {
		then = "Whether it stays is known only after apply: it does if nothing else changes, and is removed otherwise."
	}
	diags.AddWarning(aboutCallback(m.AppID, "has a key that is not configured"), fmt.Sprintf(
		"The recording callback of app %q was imported with a key, and the configuration has none. %s Without a key, events are no longer signed.\n\n"+
			"To keep it, set it as auth_key_wo, with auth_key_wo_version = 1. To remove it: terraform apply -replace=ADDRESS.", m.AppID.ValueString(), then))
}

func (m *recordCallbackModel) warnNoLongerSigned(diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(m.AppID, "loses its key"), fmt.Sprintf(
		"The configuration no longer has a key for the recording callback of app %q. The apply removes the one that was set: events are no longer signed, and a receiver that checks signatures will refuse them.\n\n"+
			"To keep it, set it as auth_key_wo, with auth_key_wo_version = 1, or as auth_key.", m.AppID.ValueString()))
}

// warnGone explains why a callback is planned to be created again.
func warnGone(appID string, diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(types.StringValue(appID), "is gone"), fmt.Sprintf(
		"App %q has no recording callback any more, or there is no such app in the project of the credentials. The resource is taken out of the state; as long as it is in the configuration, it is created again.", appID))
}

// warnKeptKey is said by the apply that could not remove a key, and by each
// plan until it is gone.
func warnKeptKey(appID string, diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(types.StringValue(appID), "kept its key"), fmt.Sprintf(
		"The configuration has no key for the recording callback of app %q, but the service shows one, and goes on signing events with it.\n\n"+
			"Remove it in the SparkRTC console, or set a new one with auth_key_wo or auth_key.", appID))
}

// shownURL is a URL without what may be a secret in it: user and query.
func shownURL(v types.String) string {
	u, err := url.Parse(v.ValueString())
	if err != nil {
		return "a URL that can't be read"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

func orUnknown(v types.String) string {
	if v.ValueString() == "" {
		return "an unknown time"
	}
	return v.ValueString()
}

// warnNotListed is said once: of a plan that could not look at the apps, users
// would otherwise think that it did. Where they may not be looked at, it would be
// said in each plan for ever.
func (d *providerData) warnNotListed(diags *diag.Diagnostics) {
	err := d.apps.failure()
	var e *sparkrtc.Error
	if !errors.As(err, &e) || e.Reason == sparkrtc.ReasonAccessDenied {
		return
	}
	d.saidNotListed.Do(func() {
		diags.AddWarning("Apps could not be listed", fmt.Sprintf(
			"Whether the apps of new recording callbacks exist, and have callbacks that would be overwritten, is not known: %s.\n\nThe apply tries to set them all the same, over what may be there.", happened(e)))
	})
}

const howToEnd = "To end that, clear the callback in the SparkRTC console, point it to another receiver, or delete the app."

// warnStays is said when a destroy is planned, and warnLeftInPlace when it is
// done: the two may be far apart.
func (m *recordCallbackModel) warnStays(diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(m.AppID, "will stay in place"), fmt.Sprintf(
		"The SparkRTC API has no way to remove a callback. That of app %q will no longer be managed, unless another resource sets it, and recording events go on being sent to %s.\n\n%s\n\n"+
			"If the resource only gets another address in the configuration, a moved block tells Terraform so.",
		m.AppID.ValueString(), shownURL(m.URL), howToEnd))
}

func (m *recordCallbackModel) warnLeftInPlace(diags *diag.Diagnostics) {
	diags.AddWarning(aboutCallback(m.AppID, "left in place"), fmt.Sprintf(
		"The SparkRTC API has no way to remove a callback. That of app %q is as it was, and recording events go on being sent to %s, unless the same apply sets it again.\n\n%s",
		m.AppID.ValueString(), shownURL(m.URL), howToEnd))
}

// warnTwice warns of a second resource for an app, and tells whether it did. Each
// app is planned once in the life of a providerData unless there are two.
func (r *recordCallbackResource) warnTwice(appID types.String, diags *diag.Diagnostics) bool {
	if appID.IsUnknown() {
		return false
	}
	_, again := r.provider.callbacks.planned.LoadOrStore(appID.ValueString(), true)
	if again {
		diags.AddWarning(aboutCallback(appID, "is set by two resources"), fmt.Sprintf(
			"Another sparkrtc_record_callback of this configuration has the same app, %q. An app has one recording callback: each apply, the two overwrite one another, and the last one wins.\n\nRemove one of them.",
			appID.ValueString()))
	}
	return again
}

// warnOverwrite looks a new resource's app up. It costs at most one call for all
// the new resources of a plan, up to a hundred apps, and none for an app that
// isn't known yet; only an app that is not among them is asked for by itself.
func (r *recordCallbackResource) warnOverwrite(ctx context.Context, plan *recordCallbackModel, diags *diag.Diagnostics) {
	if plan.AppID.IsUnknown() || r.provider.client == nil {
		return
	}
	id := plan.AppID.ValueString()
	ctx, end := r.provider.begin(ctx, defaultTimeout, diags)
	defer end()
	app, err := r.provider.apps.find(ctx, r.provider.client, id)
	switch {
	case sparkrtc.ReasonOf(err) == sparkrtc.ReasonAppNotFound, refusesCredentials(err):
		r.provider.addAPIError(diags, err, subject{name: fmt.Sprintf("The app %q", id), arguments: "app_id", attributes: []string{"app_id"}}, "could not be looked up")
	case app == nil && err == nil:
		r.provider.warnNotListed(diags)
	case err != nil:
		// The apply will tell: setting a callback may well be allowed where
		// looking at apps isn't.
		tflog.Debug(ctx, "app could not be looked up before its recording callback is created", map[string]any{"app_id": id, "error": err.Error()})
	case app.RecordCallback() != nil:
		callback := app.RecordCallback()
		overwrites := "overwrites it."
		if callback.AuthKey != "" && !plan.hasKey() {
			overwrites = "overwrites it and removes its key: events are no longer signed."
		}
		diags.AddWarning(aboutCallback(plan.AppID, "will be overwritten"), fmt.Sprintf(
			"App %q has a recording callback already: its events are sent to %s, which was set at %s. Creating this resource %s\n\n"+
				"To take it over instead, import it, and put its URL and its key into the configuration:\n\n  import {\n    to = sparkrtc_record_callback.NAME # the address of this resource\n    id = %q\n  }\n\n"+
				"If it was this configuration that set it, nothing is lost: the resource is tainted, or had another address, which a moved block tells Terraform.",
			id, shownURL(types.StringValue(callback.URL)), orUnknown(types.StringValue(callback.UpdateTime)), overwrites, id))
	}
}
