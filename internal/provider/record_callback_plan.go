// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// ModifyPlan says what an apply would do beyond what the plan shows: what it
// overwrites and what it leaves behind. It plans an update where the service
// has another callback than was set and the state can't show it.
func (r *recordCallbackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan, state *recordCallbackModel // nil for a destroy, or a create
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := loadPrivate(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if state != nil && (plan == nil || !plan.AppID.Equal(state.AppID)) {
		state.warnLeftInPlace(&resp.Diagnostics, "will no longer be managed, but stays")
		if plan == nil {
			return
		}
		state = nil // for the new app, it is a create
	} else if state == nil && !known.empty {
		// The create of a replacement is planned once more, with the private
		// state of what it replaces; Terraform drops what is said there.
		return
	}
	twice := r.warnTwice(plan.AppID, &resp.Diagnostics)
	if state == nil {
		if !twice {
			r.warnOverwrite(ctx, plan.AppID, &resp.Diagnostics)
		}
		return
	}
	if changes := known.changes(plan, state); len(changes) > 0 {
		resp.Diagnostics.AddWarning("Recording callback was changed outside Terraform", fmt.Sprintf(
			"The recording callback of app %q, last written to at %s, is not as Terraform set it:\n\n  - %s\n\nThe apply sets it again as it is configured.",
			plan.AppID.ValueString(), orUnknown(state.UpdateTime), strings.Join(changes, "\n  - ")))
	}
	if len(known.Resend) == 0 {
		if known.Memory != nil && known.Memory.KeptKey() && !plan.hasKey() {
			warnKeptKey(plan.AppID.ValueString(), &resp.Diagnostics)
		}
		return
	}
	plan.UpdateTime = types.StringUnknown()
	plan.NotifyEventSubscription = types.SetUnknown(types.StringType)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// changes says what is not as it was set, and is planned to be set again. It
// never says what a key is.
func (p private) changes(plan, state *recordCallbackModel) []string {
	var changes []string
	if p.Memory != nil && !plan.URL.Equal(state.URL) && state.URL.ValueString() != p.Memory.URL {
		changes = append(changes, fmt.Sprintf("the URL is %s, and was set to %s", shownURL(state.URL), shownURL(types.StringValue(p.Memory.URL))))
	}
	if p.ForeignKey && !plan.AuthKey.Equal(state.AuthKey) {
		changes = append(changes, "the key is another one")
	}
	for _, why := range p.Resend {
		text := resendTexts[why]
		if why == resendKeyUnknown && !plan.hasKey() {
			text = "it was imported with a key that the service doesn't show, and the configuration has none: the key will be removed"
		}
		changes = append(changes, text)
	}
	return changes
}

// hasKey tells whether a key is configured, in either way.
func (m *recordCallbackModel) hasKey() bool {
	return !m.AuthKey.IsNull() || !m.AuthKeyWOVersion.IsNull()
}

var resendTexts = map[resend]string{
	resendKeyChanged: "the key is another one",
	resendKeyRemoved: "the key was removed",
	resendKeyAdded:   "a key was added",
	resendKeyPerhaps: "the key may be another one: the service shows it in a way that doesn't tell keys apart; sending the configured one again does no harm",
	resendURLPerhaps: "the URL may be another one: the service shows it in a way that doesn't tell URLs apart; sending the configured one again does no harm",
	resendKeyUnknown: "nothing is remembered of the key, and the service doesn't show one to compare with, so that nobody can tell whether it is the configured one",
}

// warnKeptKey is said by the apply that could not remove a key, and by each
// plan until it is gone.
func warnKeptKey(appID string, diags *diag.Diagnostics) {
	diags.AddWarning("Callback key could not be removed", fmt.Sprintf(
		"The configuration has no key for the recording callback of app %q, but the service kept the one that was set before, and goes on signing events with it.\n\n"+
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

// warnLeftInPlace is said when a destroy is planned, and again when it is done:
// the two may be far apart.
func (m *recordCallbackModel) warnLeftInPlace(diags *diag.Diagnostics, what string) {
	diags.AddWarning("Recording callback left in place", fmt.Sprintf(
		"The recording callback of app %q %s set: the SparkRTC API has no way to remove a callback, and recording events go on being sent to %s.\n\n"+
			"To end that, clear the callback in the SparkRTC console, point it to another receiver, or delete the app.",
		m.AppID.ValueString(), what, shownURL(m.URL)))
}

// warnTwice warns of a second resource for an app, and tells whether it did. Each
// app is planned once in the life of a providerData unless there are two.
func (r *recordCallbackResource) warnTwice(appID types.String, diags *diag.Diagnostics) bool {
	if appID.IsUnknown() {
		return false
	}
	_, again := r.provider.planned.LoadOrStore(appID.ValueString(), true)
	if again {
		diags.AddWarning("Two resources set one recording callback", fmt.Sprintf(
			"Another sparkrtc_record_callback of this configuration has the same app, %q. An app has one recording callback: each apply, the two overwrite one another, and the last one wins.\n\nRemove one of them.",
			appID.ValueString()))
	}
	return again
}

// warnOverwrite looks a new resource's app up. It costs at most one call for all
// the new resources of a plan, up to a hundred apps, and none for an app that
// isn't known yet; only an app that is not among them is asked for by itself.
func (r *recordCallbackResource) warnOverwrite(ctx context.Context, appID types.String, diags *diag.Diagnostics) {
	if appID.IsUnknown() || r.provider.client == nil {
		return
	}
	id := appID.ValueString()
	app, err := r.provider.apps.find(ctx, r.provider.client, id)
	switch {
	case reason(err) == sparkrtc.ReasonAppNotFound, refusesCredentials(err):
		r.provider.addAPIError(diags, err, fmt.Sprintf("The app %q could not be looked up", id))
	case app == nil && err == nil:
	case err != nil:
		// The apply will tell: setting a callback may well be allowed where
		// looking at apps isn't.
		tflog.Debug(ctx, "app could not be looked up before its recording callback is created", map[string]any{"app_id": id, "error": err.Error()})
	case app.Callbacks.RecordCallback != nil && app.Callbacks.RecordCallback.URL != "":
		callback := app.Callbacks.RecordCallback
		diags.AddWarning("Recording callback will be overwritten", fmt.Sprintf(
			"App %q has a recording callback already: its events are sent to %s, which was set at %s. Creating this resource overwrites it.\n\n"+
				"To take it over as it is instead, import it, unless another resource of this configuration manages it already:\n\n  import {\n    to = sparkrtc_record_callback.NAME # the address of this resource\n    id = %q\n  }",
			id, shownURL(types.StringValue(callback.URL)), orUnknown(types.StringValue(callback.UpdateTime)), id))
	}
}

// apps lists the apps of a project at most once. A failure is not tried again:
// what it is good for is a warning.
type apps struct {
	mu      sync.Mutex
	listed  bool
	byID    map[string]sparkrtc.App
	err     error
	lookUps atomic.Int32
}

// maxLookUps bounds the calls about apps that are not on the list: the first of
// them fail the plan already.
const maxLookUps = 5

// find returns nil for an app that it doesn't look up.
func (a *apps) find(ctx context.Context, client *sparkrtc.Client, id string) (*sparkrtc.App, error) {
	if err := a.list(ctx, client); err != nil {
		return nil, err
	}
	if app, ok := a.byID[id]; ok {
		return &app, nil
	}
	// A listing may be incomplete: whoever is absent is asked for.
	if a.lookUps.Add(1) > maxLookUps {
		return nil, nil
	}
	return client.ShowApp(ctx, id)
}

func (a *apps) list(ctx context.Context, client *sparkrtc.Client) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listed {
		return a.err
	}
	a.listed = true
	list, err := client.ListApps(ctx)
	a.byID = make(map[string]sparkrtc.App, len(list))
	for _, app := range list {
		a.byID[app.ID] = app
	}
	a.err = err
	return err
}
