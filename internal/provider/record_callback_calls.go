// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// The operations of a callback that take more than one call, or none.

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
