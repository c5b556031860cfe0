// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
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

// managed is what each resource can do.
type managed interface {
	resource.ResourceWithConfigure
	resource.ResourceWithIdentity
	resource.ResourceWithImportState
	resource.ResourceWithModifyPlan
}

// object is embedded by each resource.
type object struct {
	name string      // of the type, as in sparkrtc_NAME
	ids  identifiers // its identity, and its import ID

	provider *providerData // nil while Terraform only validates
}

func (o *object) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + o.name
}

func (o *object) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.provider, _ = req.ProviderData.(*providerData)
}

// operation is what a user sees of calls of the API.
type operation struct {
	about subject
	verb  string // as in "could not be read"

	// limit and timeouts bound its time; without them, it is defaultTimeout.
	limit    timeout
	timeouts timeouts.Value

	// hasState: if the provider can't make the calls yet, the last known state serves.
	hasState bool
}

// reading is the read of a resource. An import has no state, and can't do without a response.
func reading(about subject, imported bool, block timeouts.Value) operation {
	op := operation{about: about, verb: "read", limit: readTimeout, timeouts: block, hasState: !imported}
	if imported {
		op.verb = "imported"
	}
	return op
}

// call runs calls of the API, bounded in time, and reports what fails. It tells
// whether nothing did.
func (d *providerData) call(ctx context.Context, op operation, diags *diag.Diagnostics, calls func(context.Context) error) bool {
	bound := load(op.limit.of(ctx, op.timeouts))(diags)
	switch {
	case diags.HasError():
		return false
	case d.client == nil && op.hasState:
		diags.AddWarning("Resource not read", fmt.Sprintf(
			"%s was not read, because the provider configuration is known only after apply (%s).\n\nThe plan uses its last known state.",
			op.about.name, strings.Join(d.unknown, ", ")))
		return false
	case d.client == nil:
		d.addUnknownError(diags, op.about, "can't be "+op.verb)
		return false
	}
	ctx, end := d.begin(ctx, bound, diags)
	defer end()
	err := calls(ctx)
	if err == nil {
		return true
	}
	what := "could not be " + op.verb
	if inDoubt(err) {
		what = "may or may not have been " + op.verb + "; the next plan shows it"
	}
	d.addAPIError(diags, err, op.about, what)
	return false
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

// forget takes an object that is gone out of the state, with its memory: Terraform plans the creation with the private
// state, and a memory would make it a replacement.
func forget(ctx context.Context, resp *resource.ReadResponse) {
	resp.State.RemoveResource(ctx)
	resp.Diagnostics.Append(saveMemory[struct{}](ctx, resp.Private, nil)...)
}

// ignoreNotFound is for a deletion, which then has nothing to do, and for a read, which then finds nothing.
func ignoreNotFound(err error) error {
	if errors.Is(err, sparkrtc.ErrNotFound) {
		return nil
	}
	return err
}

// identifier is an attribute of an identity, and a part of an import ID.
type identifier struct {
	attribute, description, example string
	check                           func(path.Path, types.String, *diag.Diagnostics)
}

type identifiers []identifier

// byApp identifies an app, and what an app has one of.
var byApp = identifiers{{"app_id", appIDText, "5ff9701f2346968bb306cb43", checkAppID}}

func (o *object) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = make(map[string]identityschema.Attribute)
	for _, id := range o.ids {
		resp.IdentitySchema.Attributes[id.attribute] = identityschema.StringAttribute{Description: id.description, RequiredForImport: true}
	}
}

// identify sets an identity to values in the order of the identifiers, also in a state from before there were identities.
func (o *object) identify(ctx context.Context, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics, values ...types.String) {
	if identity == nil || !identity.Raw.IsNull() {
		return
	}
	for i, value := range values {
		diags.Append(identity.SetAttribute(ctx, path.Root(o.ids[i].attribute), value)...)
	}
}

// ImportState takes an identity, or an import ID whose parts are separated by slashes.
func (o *object) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	diags := &resp.Diagnostics
	var form, example []string
	for _, id := range o.ids {
		form, example = append(form, id.attribute), append(example, id.example)
	}
	command := "For example:\n\n  terraform import sparkrtc_" + o.name + ".main " + strings.Join(example, "/")
	parts := []string{req.ID}
	if len(o.ids) > 1 {
		parts = strings.Split(req.ID, "/")
	}
	switch {
	case req.ID == "" && (req.Identity == nil || req.Identity.Raw.IsFullyNull()):
		diags.AddError("Import ID is empty", "Import by "+strings.Join(form, "/")+". "+command)
		return
	case req.ID != "" && len(parts) != len(o.ids):
		diags.AddError("Import ID is incomplete", fmt.Sprintf("The import ID %q does not have the form %s.\n\n%s", req.ID, strings.Join(form, "/"), command))
		return
	}
	values := make([]types.String, len(o.ids))
	for i, id := range o.ids {
		if req.ID != "" {
			values[i] = types.StringValue(parts[i])
		} else {
			diags.Append(req.Identity.GetAttribute(ctx, path.Root(id.attribute), &values[i])...)
		}
		id.check(path.Root(id.attribute), values[i], diags)
		diags.Append(resp.State.SetAttribute(ctx, path.Root(id.attribute), values[i])...)
	}
	o.identify(ctx, resp.Identity, diags, values...)
}

// alone is for creating and deleting what an app has one of. Terraform does both at once if a resource was renamed, and
// the deletion must see the creation, or it deletes what was just created.
func (d *providerData) alone(appID string) (end func()) {
	lock, _ := d.recordings.LoadOrStore(appID, new(sync.Mutex))
	mutex, _ := lock.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}

func plannedKey(typeName string, ids ...string) string {
	return typeName + "/" + strings.Join(ids, "/")
}

// plannedBefore tells whether another resource of this type sets the same object, which has these IDs: each resource is
// planned once in a process. That of terraform test may plan, apply and plan again, so it counts until the app, whose ID
// is the first one, is written to or created.
func (d *providerData) plannedBefore(typeName string, ids ...types.String) bool {
	values := make([]string, len(ids))
	for i, id := range ids {
		if id.IsUnknown() {
			return false
		}
		values[i] = id.ValueString()
	}
	_, again := d.planned.LoadOrStore(plannedKey(typeName, values...), true)
	return again && !d.apps.isWritten(ids[0].ValueString())
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
