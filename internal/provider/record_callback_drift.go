// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/drift"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// callbackPrivateKey is where the private state of a recording callback lies.
const callbackPrivateKey = "record_callback"

// callbackPrivateVersion is the version of its form. It goes up with each change that
// an earlier build would read wrongly.
const callbackPrivateVersion = 1

// callbackPrivate is kept beside the state, unseen by the user, as JSON.
type callbackPrivate struct {
	// empty: there was none.
	empty bool

	// Version is 0 if nothing is remembered.
	Version int `json:"version"`

	// Gone: there was no callback. The create that follows is planned with
	// this beside it.
	Gone bool `json:"gone,omitempty"`

	// Memory is nil after an import, until the first PUT.
	Memory *drift.Memory `json:"memory,omitempty"`

	// Adopted: the callback was imported with a key, and not set since.
	Adopted bool `json:"adopted,omitempty"`

	// ForeignKey: the key in the state is one that the service showed, and
	// not the one that was set.
	ForeignKey bool `json:"foreign_key,omitempty"`

	// Resend says why the callback has to be set again though the state may
	// not differ from the configuration.
	Resend []resend `json:"resend,omitempty"`
}

type resend string

const (
	resendKeyChanged resend = "key changed" // and the state does not show it
	resendKeyRemoved resend = "key removed" // likewise
	resendKeyAdded   resend = "key added"   // likewise
	resendKeyPerhaps resend = "key perhaps" // changed: what is shown doesn't tell keys apart
	resendURLPerhaps resend = "url perhaps" // changed: what is shown is a part of it
	resendKeyUnknown resend = "key unknown" // there is one that isn't shown, and no memory
)

// fate is what becomes of a key that was imported and is not configured.
type fate int

const (
	keyGoes fate = iota // there is none, or it is as it is configured
	keyStays
	keyMayStay // which is known only after apply
)

// imported tells what becomes of such a key: it stays as long as nothing else
// changes. What Terraform writes for an import with -generate-config-out has no
// secrets, and has to plan clean.
func (p callbackPrivate) imported(plan, state *recordCallbackModel) fate {
	configured := !plan.AuthKey.IsNull() || !plan.AuthKeyWOVersion.IsNull() && !plan.AuthKeyWOVersion.IsUnknown()
	hasKey := state != nil && (!state.AuthKey.IsNull() || slices.Contains(p.Resend, resendKeyUnknown))
	switch {
	case !p.Adopted, !hasKey, configured, !plan.AppID.Equal(state.AppID):
		return keyGoes
	case !plan.URL.IsUnknown() && !plan.URL.Equal(state.URL):
		return keyGoes
	case plan.URL.IsUnknown(), plan.AuthKeyWOVersion.IsUnknown():
		return keyMayStay
	default:
		return keyStays
	}
}

type privateStore interface {
	GetKey(context.Context, string) ([]byte, diag.Diagnostics)
	SetKey(context.Context, string, []byte) diag.Diagnostics
}

func loadCallbackPrivate(ctx context.Context, store privateStore) (callbackPrivate, diag.Diagnostics) {
	var p callbackPrivate
	content, diags := store.GetKey(ctx, callbackPrivateKey)
	if len(content) == 0 {
		return callbackPrivate{empty: true}, diags
	}
	err := json.Unmarshal(content, &p)
	if err != nil || p.Version != callbackPrivateVersion || p.Memory != nil && !p.Memory.Valid() {
		// Without a memory it is as after an import, and the next apply
		// settles it.
		tflog.Warn(ctx, "private state is of another version of the provider, or damaged, and is not used", map[string]any{"version": p.Version})
		return callbackPrivate{}, diags
	}
	return p, diags
}

func saveCallbackPrivate(ctx context.Context, store privateStore, p callbackPrivate) diag.Diagnostics {
	p.Version = callbackPrivateVersion
	content, err := json.Marshal(p)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state can't be written", err.Error()+reportBug)}
	}
	return store.SetKey(ctx, callbackPrivateKey, content)
}

// unchanged tells whether a callback is listed among all apps just as a read of
// its own would have to show it for nothing to change, neither in the state nor
// in what becomes of it. A listing is believed in nothing else.
func (d *providerData) unchanged(ctx context.Context, state recordCallbackModel, known callbackPrivate) (bool, error) {
	if !d.sharedReads {
		return false, nil
	}
	settled := known.Memory != nil && len(known.Resend) == 0 && !known.Gone && !known.ForeignKey
	if !settled {
		d.apps.anyRead.Store(true)
		return false, nil
	}
	listed, err := d.apps.forRead(ctx, d.client, state.AppID.ValueString())
	if err != nil || listed == nil || listed.NotifyEventSubscription == nil || !known.Memory.Unchanged(echo(listed), state.AuthKey.ValueString()) {
		return false, err
	}
	seen, then := observe(ctx, state, known, listed)
	return seen.equal(state) && len(then.Resend) == 0 && !then.ForeignKey, nil
}

// equal is of two states of one resource.
func (m recordCallbackModel) equal(o recordCallbackModel) bool {
	return m.sets(&o) && m.NotifyEventSubscription.Equal(o.NotifyEventSubscription) && m.UpdateTime.Equal(o.UpdateTime)
}

// observe returns the state, and what to keep beside it, once the service has
// shown its callback.
func observe(ctx context.Context, state recordCallbackModel, known callbackPrivate, callback *sparkrtc.RecordCallback) (recordCallbackModel, callbackPrivate) {
	var updateTime types.String
	state.NotifyEventSubscription, updateTime = computed(ctx, callback)
	if known.Memory == nil {
		state.UpdateTime = updateTime
		return adopt(state, known, callback)
	}
	writeOnly := !state.AuthKeyWOVersion.IsNull()
	key := state.AuthKey.ValueString()
	if known.ForeignKey {
		key = ""
	}
	finding := known.Memory.Compare(echo(callback), key)
	if finding.Reshown {
		tflog.Debug(ctx, "the service shows the same recording callback in another way", map[string]any{"app_id": state.AppID.ValueString()})
	}
	// A read may show the time of one and the same write otherwise than the
	// write did, and nothing that depends on it is to change for that.
	if finding.Rewritten || state.UpdateTime.ValueString() == "" {
		state.UpdateTime = updateTime
	}
	memory := finding.Memory
	known = callbackPrivate{Memory: &memory, ForeignKey: known.ForeignKey}

	state.URL = types.StringValue(memory.URL)
	switch finding.URL {
	case drift.Changed:
		state.URL = types.StringValue(callback.URL)
	case drift.PerhapsChanged:
		known.Resend = append(known.Resend, resendURLPerhaps)
	case drift.Same:
	}

	// What is not known to be otherwise stays in the state as it is: taking a
	// key out would make a plan say that there is none.
	own := func(key types.String) { state.AuthKey, known.ForeignKey = key, false }
	switch finding.Key {
	case drift.Same:
		switch {
		case memory.Key == nil:
			own(types.StringNull())
		case finding.KeyShown && !writeOnly:
			own(types.StringValue(callback.AuthKey))
		}
	case drift.Changed:
		switch {
		case callback.AuthKey == "":
			known.Resend = append(known.Resend, resendKeyRemoved)
			if memory.ShowsKeys() {
				own(types.StringNull())
			}
		case known.Memory.ShowsKeys() && !writeOnly && drift.LooksLikeKey(callback.AuthKey):
			state.AuthKey, known.ForeignKey = types.StringValue(callback.AuthKey), true
		case memory.Key == nil:
			known.Resend = append(known.Resend, resendKeyAdded)
		default:
			known.Resend = append(known.Resend, resendKeyChanged)
		}
	case drift.PerhapsChanged:
		known.Resend = append(known.Resend, resendKeyPerhaps)
	}
	return state, known
}

// adopt takes over a callback that was not set from here, or of which nothing is
// remembered any more. In that case the key in the state stays there: with
// ignore_changes an apply would wipe it.
func adopt(state recordCallbackModel, known callbackPrivate, callback *sparkrtc.RecordCallback) (recordCallbackModel, callbackPrivate) {
	imported := state.URL.IsNull() // just now
	lost := known.Version == 0 && !state.URL.IsNull() || slices.Contains(known.Resend, resendKeyUnknown)
	state.URL = types.StringValue(callback.URL)
	if !lost {
		state.AuthKey = types.StringNull()
	}
	now := callbackPrivate{Adopted: known.Adopted || imported && callback.AuthKey != ""}
	writeOnly := !state.AuthKeyWOVersion.IsNull()
	switch {
	case callback.AuthKey == "" && state.AuthKey.IsNull() && !writeOnly:
	case drift.LooksLikeKey(callback.AuthKey) && !writeOnly:
		state.AuthKey = types.StringValue(callback.AuthKey)
	default:
		now.Resend = append(now.Resend, resendKeyUnknown)
	}
	return state, now
}
