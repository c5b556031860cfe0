// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// What every object shares: provider data, calls, identity, import and the
// memory in private state.

// object is embedded by each resource.
type object struct {
	provider *providerData // nil while Terraform only validates
}

func (o *object) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.provider, _ = req.ProviderData.(*providerData)
}

// operation is what a user sees of calls of the API.
type operation struct {
	about subject
	verb  string // as in "could not be read"

	// writes: a failure may leave in doubt whether it took effect.
	writes bool

	// bound is the longest time that it may take; defaultTimeout when 0.
	bound time.Duration
}

// call runs calls of the API, bounded in time, and reports what fails. It tells
// whether nothing did.
func (d *providerData) call(ctx context.Context, op operation, diags *diag.Diagnostics, calls func(context.Context) error) bool {
	if d.client == nil {
		d.addUnknownError(diags, op.about, "can't be "+op.verb)
		return false
	}
	if op.bound == 0 {
		op.bound = defaultTimeout
	}
	ctx, end := d.begin(ctx, op.bound, diags)
	defer end()
	err := calls(ctx)
	if err == nil {
		return true
	}
	what := "could not be " + op.verb
	if op.writes && inDoubt(err) {
		what = "may or may not have been " + op.verb + "; the next plan shows it"
	}
	d.addAPIError(diags, err, op.about, what)
	return false
}

// skipsRead tells whether a read can't be made yet, and says so. An import can't do without.
func (d *providerData) skipsRead(about subject, imported bool, diags *diag.Diagnostics) bool {
	switch {
	case d.client != nil:
		return false
	case imported:
		d.addUnknownError(diags, about, "can't be imported")
	default:
		diags.AddWarning("Resource not read", fmt.Sprintf(
			"%s was not read, because the provider configuration is known only after apply (%s).\n\nThe plan uses its last known state.",
			about.name, strings.Join(d.unknown, ", ")))
	}
	return true
}

// listed returns an app as it is listed, or nil if the read of an object has to ask for it: the first read of a process,
// an import, and each one without shared reads.
func (d *providerData) listed(ctx context.Context, appID string, imported bool) (*sparkrtc.App, error) {
	switch {
	case !d.sharedReads:
		return nil, nil
	case imported:
		d.apps.anyRead.Store(true)
		return nil, nil
	default:
		return d.apps.forRead(ctx, appID)
	}
}

// ignoreNotFound is for a deletion, which then has nothing to do, and for a read, which then finds nothing.
func ignoreNotFound(err error) error {
	if errors.Is(err, sparkrtc.ErrNotFound) {
		return nil
	}
	return err
}

// newIdentitySchema is an identity of texts that an import requires.
func newIdentitySchema(descriptions map[string]string) identityschema.Schema {
	attributes := make(map[string]identityschema.Attribute, len(descriptions))
	for name, description := range descriptions {
		attributes[name] = identityschema.StringAttribute{Description: description, RequiredForImport: true}
	}
	return identityschema.Schema{Attributes: attributes}
}

// identify sets an identity that is the app's, also in a state from before there
// were identities.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, appID types.String, diags *diag.Diagnostics) {
	identifyBy(ctx, identity, map[string]types.String{"app_id": appID}, diags)
}

// identifyBy is identify for an identity of other attributes.
func identifyBy(ctx context.Context, identity *tfsdk.ResourceIdentity, values map[string]types.String, diags *diag.Diagnostics) {
	if identity == nil || !identity.Raw.IsNull() {
		return
	}
	for attribute, value := range values {
		diags.Append(identity.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}

// importByApp imports what an app has one of, by the ID of the app.
func importByApp(ctx context.Context, typeName string, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	example := "terraform import " + typeName + ".main 5ff9701f2346968bb306cb43"
	if ids := importBy(ctx, []string{"app_id"}, example, req, resp); ids != nil {
		checkAppID(path.Root("app_id"), ids["app_id"], &resp.Diagnostics)
	}
}

// importBy sets attributes from an identity or an import ID, whose parts are separated by slashes, and returns them;
// nil comes with an error. The example is a command.
func importBy(ctx context.Context, attributes []string, example string, req resource.ImportStateRequest, resp *resource.ImportStateResponse) map[string]types.String {
	diags := &resp.Diagnostics
	form := strings.Join(attributes, "/")
	if req.ID == "" && (req.Identity == nil || req.Identity.Raw.IsFullyNull()) {
		diags.AddError("Import ID is empty", "Import by "+form+", for example:\n\n  "+example)
		return nil
	}
	parts := []string{req.ID}
	if len(attributes) > 1 {
		parts = strings.Split(req.ID, "/")
	}
	if req.ID != "" && len(parts) != len(attributes) {
		diags.AddError("Import ID is incomplete", fmt.Sprintf("The import ID %q does not have the form %s.\n\nFor example:\n\n  %s", req.ID, form, example))
		return nil
	}
	ids := make(map[string]types.String, len(attributes))
	for i, attribute := range attributes {
		var id types.String
		if req.ID != "" {
			id = types.StringValue(parts[i])
		} else {
			diags.Append(req.Identity.GetAttribute(ctx, path.Root(attribute), &id)...)
		}
		diags.Append(resp.State.SetAttribute(ctx, path.Root(attribute), id)...)
		ids[attribute] = id
	}
	identifyBy(ctx, resp.Identity, ids, diags)
	if diags.HasError() {
		return nil
	}
	return ids
}

// alone is for creating and deleting what an app has one of. Terraform does both at once if a resource was renamed, and
// the deletion must see the creation, or it deletes what was just created.
func (d *providerData) alone(appID string) (end func()) {
	lock, _ := d.recordings.LoadOrStore(appID, new(sync.Mutex))
	mutex, _ := lock.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}

// plannedBefore tells whether another resource of this type sets the same object, which has these IDs: each resource is
// planned once in a process.
func (d *providerData) plannedBefore(typeName string, ids ...types.String) bool {
	key := typeName
	for _, id := range ids {
		if id.IsUnknown() {
			return false
		}
		key += "/" + id.ValueString()
	}
	_, again := d.planned.LoadOrStore(key, true)
	return again
}

// privateStore is private state, which lies with the state and is not shown.
type privateStore interface {
	GetKey(context.Context, string) ([]byte, diag.Diagnostics)
	SetKey(context.Context, string, []byte) diag.Diagnostics
}

// The one entry in private state. Its version goes up with each change that an
// earlier build would read wrongly.
const (
	memoryKey     = "memory"
	memoryVersion = 1
)

type storedMemory[M any] struct {
	Version int `json:"version"`
	Memory  *M  `json:"memory"`
}

// loadMemory returns nil if there is none, or none that this build can read.
func loadMemory[M any](ctx context.Context, store privateStore, valid func(*M) bool) (*M, diag.Diagnostics) {
	content, diags := store.GetKey(ctx, memoryKey)
	if len(content) == 0 {
		return nil, diags
	}
	var stored storedMemory[M]
	err := json.Unmarshal(content, &stored)
	if err == nil && stored.Version == memoryVersion && (stored.Memory == nil || valid(stored.Memory)) {
		return stored.Memory, diags
	}
	tflog.Warn(ctx, "private state is of another version of the provider, or damaged, and is not used", map[string]any{"version": stored.Version})
	return nil, diags
}

// saveMemory stores a memory; nil removes it.
func saveMemory[M any](ctx context.Context, store privateStore, memory *M) diag.Diagnostics {
	content, err := json.Marshal(storedMemory[M]{memoryVersion, memory})
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state can't be written", err.Error()+reportBug)}
	}
	return store.SetKey(ctx, memoryKey, content)
}

// planModel changes a plan.
func planModel[M any](ctx context.Context, plan *tfsdk.Plan, model M) diag.Diagnostics {
	state := tfsdk.State(*plan)
	diags := setIn(ctx, &state, model)
	*plan = tfsdk.Plan(state)
	return diags
}

func isSet(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }
