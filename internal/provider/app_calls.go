// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// The operations of an app that take more than one call.

// creation is what came of creating an app: an ID, or what is in the way.
type creation struct {
	id    string
	taken bool           // the name is
	named []sparkrtc.App // the apps that have the name
	doubt error          // there may be a new app; nil if not
	blind bool           // the apps could not be listed after a doubt
	err   error          // of a call; nothing was created
}

// createApp sends one POST, because a new app may be listed late. If its response is lost, only an app that was not there
// before, and that this process did not create, is taken for the new one.
func (d *providerData) createApp(ctx context.Context, name string) creation {
	before, beforeErr := d.appsNamed(ctx, name, time.Now().Add(-plannedJustNow))
	if len(before) > 0 {
		return creation{taken: true, named: before}
	}
	id, err := d.postApp(ctx, name)
	isTaken := sparkrtc.ReasonOf(err) == sparkrtc.ReasonNameTaken
	switch {
	case err == nil:
		d.planned.Delete(plannedKey(newApp, name))
		return creation{id: id}
	case !inDoubt(err) && !isTaken:
		return creation{err: err}
	}
	named, listErr := d.appsNamed(ctx, name, time.Now())
	switch {
	case isTaken:
		return creation{taken: true, named: named}
	case len(named) == 1 && beforeErr == nil && !d.apps.isWritten(named[0].ID): // nothing had the name before
		d.apps.release(named[0].ID)
		return creation{id: named[0].ID}
	default:
		return creation{doubt: err, named: named, blind: listErr != nil}
	}
}

func (d *providerData) postApp(ctx context.Context, name string) (id string, err error) {
	defer d.apps.write("")()
	id, err = d.client.CreateApp(ctx, name)
	if err == nil {
		d.apps.release(id)
	}
	return id, err
}

// plannedJustNow is the age of a list that a creation may use: an apply plans an app, and looks its name up, right
// before it creates it.
const plannedJustNow = 10 * time.Second

// appsNamed returns the apps of a name, from a list that began at a time or later, and after all writes of this process.
func (d *providerData) appsNamed(ctx context.Context, name string, since time.Time) ([]sparkrtc.App, error) {
	l, err := d.apps.list(ctx, need{whole: true, fresh: true, since: since})
	if err != nil {
		return nil, err
	}
	return l.named(name), l.err
}

func (c creation) explain(diags *diag.Diagnostics, name string) {
	if c.taken {
		addNameTakenError(diags, name, c.named)
		return
	}
	found := "Plan again: if the app was created after all, the plan finds it by its name, and says how to import it."
	switch {
	case len(c.named) == 0 && !c.blind:
		found = "The list of apps has no app of this name. " + found
	case len(c.named) > 0:
		found = fmt.Sprintf("App %s has this name, and the provider can't tell whether it is the new one. If it is, import it:\n\n  import {\n    to = sparkrtc_app.NAME\n    id = %q\n  }", quotedIDs(c.named), firstID(c.named))
	}
	diags.AddError("App may or may not have been created",
		fmt.Sprintf("The service did not confirm the creation of app %q: %s.\n\n%s", name, briefly(c.doubt), found))
}

// readApp reads an app, unless the shared list shows it unchanged. The service may not know a fresh one yet.
func (d *providerData) readApp(ctx context.Context, appID string, imported, fresh bool, unchanged func(*sparkrtc.App) bool) (*sparkrtc.App, error) {
	listed, err := d.listed(ctx, appID, imported)
	if err != nil || listed != nil && unchanged(listed) {
		return listed, err
	}
	if fresh {
		return d.client.ShowNewApp(ctx, appID)
	}
	return d.client.ShowApp(ctx, appID)
}

// switchApp enables or disables an app, unless that is how it is, and returns it.
func (d *providerData) switchApp(ctx context.Context, appID string, on bool) (*sparkrtc.App, error) {
	app, err := d.client.ShowApp(ctx, appID)
	to, send := sparkrtc.AppDeactivated, d.client.StopApp
	if on {
		to, send = sparkrtc.AppActive, d.client.StartApp
	}
	if err != nil || app.State == to {
		return app, err
	}
	defer d.apps.write(appID)()
	app.State, err = send(ctx, appID)
	return app, err
}

// deletion is what came of deleting an app; the zero value is a success.
type deletion struct {
	err     error
	missing bool   // there was no app to delete
	inUse   *inUse // what is in the way, if that is known
	stopped error  // why the app, which was disabled to delete it, could not be enabled again
}

// inUse is what keeps an app from being deleted.
type inUse struct {
	rules      []string
	autoRecord bool
}

// enableAgainTimeout is for a call after the end of an operation's own time.
const enableAgainTimeout = 30 * time.Second

// deleteApp deletes an app. It disables the app if nothing else is in the way, and enables it again if that does not
// help.
func (d *providerData) deleteApp(ctx context.Context, appID string) deletion {
	defer d.apps.write(appID)()
	err := d.client.DeleteApp(ctx, appID)
	if errors.Is(err, sparkrtc.ErrNotFound) {
		return deletion{missing: true}
	}
	reason := sparkrtc.ReasonOf(err)
	if reason != sparkrtc.ReasonRulesExist && reason != sparkrtc.ReasonDeletionRefused {
		return deletion{err: err}
	}
	use, useErr := d.useOf(ctx, appID)
	if use != nil || useErr != nil || reason == sparkrtc.ReasonRulesExist {
		return deletion{err: err, inUse: use}
	}
	app, showErr := d.client.ShowApp(ctx, appID)
	if showErr != nil || app.State != sparkrtc.AppActive {
		return deletion{err: err}
	}
	if _, stopErr := d.client.StopApp(ctx, appID); stopErr == nil {
		err = ignoreNotFound(d.client.DeleteApp(ctx, appID))
	} else if !inDoubt(stopErr) {
		return deletion{err: err}
	}
	if err == nil {
		return deletion{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enableAgainTimeout)
	defer cancel()
	_, startErr := d.client.StartApp(ctx, appID)
	return deletion{err: err, stopped: ignoreNotFound(startErr)}
}

func (d *providerData) useOf(ctx context.Context, appID string) (*inUse, error) {
	rules, err := d.client.ListRecordRules(ctx, appID)
	if err != nil {
		return nil, err
	}
	autoRecord, err := d.client.ShowAutoRecord(ctx, appID)
	if err != nil {
		return nil, err
	}
	use := inUse{autoRecord: autoRecord.Mode != sparkrtc.AutoRecordOff}
	for _, rule := range rules {
		use.rules = append(use.rules, strconv.Quote(rule.ID))
	}
	if len(rules) == 0 && !use.autoRecord {
		return nil, nil
	}
	return &use, nil
}

// explained tells whether there is more to say than the error.
func (l deletion) explained() bool { return l.inUse != nil || l.stopped != nil }

func (l deletion) explain(diags *diag.Diagnostics, d *providerData, appID string) {
	switch {
	case l.stopped != nil:
		d.addAPIError(diags, l.err, appWithID(appID), "could not be deleted, and is disabled now")
	case l.inUse != nil:
		what, todo := l.inUse.words()
		diags.AddError("App is still in use", fmt.Sprintf("The app %q could not be deleted: %s.\n\nTo delete it, first %s. If the app_id of their resources refers to this resource, Terraform destroys them first.",
			appID, what, todo))
	}
}

func (u inUse) words() (what, todo string) {
	rules := "it has recording rules (" + strings.Join(u.rules, ", ") + ")"
	switch {
	case !u.autoRecord:
		return rules, "delete the rules"
	case len(u.rules) == 0:
		return "automatic recording is on", "switch automatic recording off"
	default:
		return "automatic recording is on, and " + rules, "switch automatic recording off and delete the rules"
	}
}
