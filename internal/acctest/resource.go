// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Resource is a managed resource type of a provider that Core speaks to.
type Resource struct {
	*Core
	Type string

	schema   *tfprotov6.Schema
	identity *tfprotov6.ResourceIdentitySchema // nil for none
}

// Resource returns a resource type by its name. It stops the test if there is none.
func (c *Core) Resource(name string) Resource {
	c.tb.Helper()
	schema := c.Schemas.ResourceSchemas[name]
	if schema == nil {
		c.tb.Fatalf("the provider has no resource %s", name)
	}
	identities, err := c.Server.GetResourceIdentitySchemas(c.ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		c.tb.Fatal(err)
	}
	return Resource{Core: c, Type: name, schema: schema, identity: identities.IdentitySchemas[name]}
}

// WithContext returns the same resource, whose calls end with the context.
func (r Resource) WithContext(ctx context.Context) Resource {
	r.Core = r.Core.WithContext(ctx)
	return r
}

// ConfigOf returns a configuration of the resource; see the function ConfigOf.
func (r Resource) ConfigOf(given map[string]any) tftypes.Value { return ConfigOf(r.schema, given) }

// Object is what a state file has of a resource. The zero value is an absent one.
type Object struct {
	Value    tftypes.Value
	Private  []byte
	Identity *tfprotov6.ResourceIdentityData // nil in states from before identities

	Diagnostics Diagnostics // of the call that returned the object
}

// Exists tells whether the object is there.
func (o Object) Exists() bool { return !o.Value.IsNull() }

// Text returns an attribute that is a string, "" for null.
func (o Object) Text(attribute string) string {
	var text *string
	if value, ok := AttributesOf(o.Value)[attribute]; ok {
		if err := value.As(&text); err != nil {
			panic(err)
		}
	}
	if text == nil {
		return ""
	}
	return *text
}

// Actions of a Plan.
const (
	ActionNone    = "no-op"
	ActionCreate  = "create"
	ActionUpdate  = "update"
	ActionReplace = "replace"
	ActionDelete  = "delete"
)

// Plan is what a plan file has of a resource.
type Plan struct {
	Action      string
	Config      tftypes.Value // as it is written, whatever changes are ignored
	Prior       Object
	Planned     Object
	Diagnostics Diagnostics // those of ValidateFirst included

	options []PlanOption
}

// PlanOption changes how Core plans.
type PlanOption func(*planOptions)

type planOptions struct {
	validate         bool
	ignored          []string
	replace, tainted bool
}

const ignoreAll = "all"

// IgnoreChanges has the effect of ignore_changes on these attributes, or on "all": where an object exists,
// the plan gets their prior values. Core validates before that, and applies, the configuration as it is
// written.
func IgnoreChanges(attributes ...string) PlanOption {
	return func(o *planOptions) { o.validate, o.ignored = true, attributes }
}

// ValidateFirst validates before the plan, as Core always does. Calls that measure the plan alone leave it out.
func ValidateFirst() PlanOption {
	return func(o *planOptions) { o.validate = true }
}

// Replaced has the effect of -replace.
func Replaced() PlanOption { return func(o *planOptions) { o.replace = true } }

// Tainted plans for an object that is tainted: as if it were absent, and replaces it.
func Tainted() PlanOption { return func(o *planOptions) { o.tainted = true } }

func (r Resource) null() tftypes.Value { return tftypes.NewValue(r.schema.ValueType(), nil) }

func (r Resource) encodedState(o Object) *tfprotov6.DynamicValue {
	if !o.Exists() {
		return encoded(r.null())
	}
	return encoded(o.Value)
}

// decoded returns the zero value for null, and an error if something write-only came back.
func (r Resource) decoded(dynamic *tfprotov6.DynamicValue) (tftypes.Value, error) {
	value, err := dynamic.Unmarshal(r.schema.ValueType())
	if err != nil || value.IsNull() {
		return tftypes.Value{}, err
	}
	attributes := AttributesOf(value)
	for _, a := range r.schema.Block.Attributes {
		if a.WriteOnly && !attributes[a.Name].IsNull() {
			return value, fmt.Errorf("%s came back, which is write-only", a.Name)
		}
	}
	return value, nil
}

// Identity returns an identity of the resource, for an import.
func (r Resource) Identity(given map[string]any) *tfprotov6.ResourceIdentityData {
	return &tfprotov6.ResourceIdentityData{IdentityData: encoded(valueOf(r.identity.ValueType(), given))}
}

// checkIdentity compares an identity with the object's attributes of the same names.
func (r Resource) checkIdentity(identity *tfprotov6.ResourceIdentityData, object tftypes.Value) error {
	if r.identity == nil {
		return nil
	}
	if identity == nil || identity.IdentityData == nil {
		return errors.New("there is no identity")
	}
	got, err := identity.IdentityData.Unmarshal(r.identity.ValueType())
	if err != nil {
		return err
	}
	attributes := AttributesOf(object)
	for name, value := range AttributesOf(got) {
		if !value.Equal(attributes[name]) {
			return fmt.Errorf("the identity is %v, want %s to be %v", got, name, attributes[name])
		}
	}
	return nil
}

// Validate validates a configuration. The error is that of the diagnostics, if there is one.
func (r Resource) Validate(config tftypes.Value) (Diagnostics, error) {
	resp, err := r.Server.ValidateResourceConfig(r.ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName:           r.Type,
		Config:             encoded(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: !r.NoWriteOnly},
	})
	if err != nil {
		return nil, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	return diagnostics, diagnostics.Err()
}

// Read refreshes an object. With an error it returns the object as it was.
func (r Resource) Read(from Object) (Object, error) {
	resp, err := r.Server.ReadResource(r.ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        r.Type,
		CurrentState:    r.encodedState(from),
		CurrentIdentity: from.Identity,
		Private:         from.Private,
	})
	if err != nil {
		return from, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		return from, err
	}
	value, err := r.decoded(resp.NewState)
	switch {
	case err != nil:
		return from, err
	case value.IsNull(): // a plan of its creation gets the private state
		return Object{Private: resp.Private, Diagnostics: diagnostics}, nil
	case !value.IsFullyKnown():
		return from, fmt.Errorf("what is read is not known: %v", value)
	}
	if err := r.checkIdentity(resp.NewIdentity, value); err != nil {
		return from, err
	}
	return Object{value, resp.Private, resp.NewIdentity, diagnostics}, nil
}

// Plan plans from the state after a refresh to a configuration.
func (r Resource) Plan(prior Object, config tftypes.Value, options ...PlanOption) (Plan, error) {
	plan := Plan{Config: config, Prior: prior, options: options}
	var chosen planOptions
	for _, option := range options {
		option(&chosen)
	}
	if chosen.validate {
		var err error
		if plan.Diagnostics, err = r.Validate(config); err != nil {
			return plan, err
		}
	}
	config = ignoring(r.schema, chosen.ignored, prior.Value, config)
	if chosen.tainted && prior.Exists() {
		plan.Action, prior = ActionReplace, Object{}
	}
	diagnostics, replace, err := r.plan(&plan, prior, config)
	plan.Diagnostics = append(plan.Diagnostics, diagnostics...)
	if err != nil {
		return plan, err
	}
	switch {
	case plan.Action == ActionReplace:
	case !prior.Exists():
		plan.Action = ActionCreate
	case replace, chosen.replace:
		// Warnings of the second call repeat those of the first. It has the private state of the first.
		plan.Action = ActionReplace
		_, _, err = r.plan(&plan, Object{Private: plan.Planned.Private}, config)
	case plan.Planned.Value.Equal(prior.Value):
		plan.Action = ActionNone
	default:
		plan.Action = ActionUpdate
	}
	return plan, err
}

func (r Resource) plan(plan *Plan, prior Object, config tftypes.Value) (diagnostics Diagnostics, replace bool, err error) {
	resp, err := r.Server.PlanResourceChange(r.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName:         r.Type,
		PriorState:       r.encodedState(prior),
		ProposedNewState: encoded(proposed(r.schema.Block.Attributes, prior.Value, config)),
		Config:           encoded(config),
		PriorPrivate:     prior.Private,
		PriorIdentity:    prior.Identity,
	})
	if err != nil {
		return nil, false, err
	}
	diagnostics = fromProtocol(resp.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		return diagnostics, false, err
	}
	value, err := r.decoded(resp.PlannedState)
	if err != nil {
		return diagnostics, false, err
	}
	plan.Planned = Object{Value: value, Private: resp.PlannedPrivate, Identity: resp.PlannedIdentity}
	return diagnostics, len(resp.RequiresReplace) > 0 && prior.Exists(), checkPlanned(r.schema.Block.Attributes, config, value)
}

// Apply applies a plan in the process that made it, and returns what is to be stored, after an error too.
func (r Resource) Apply(plan Plan) (Object, error) {
	if plan.Action == ActionReplace {
		if _, err := r.Destroy(plan.Prior); err != nil {
			return plan.Prior, err
		}
		plan.Prior = Object{}
	}
	resp, err := r.Server.ApplyResourceChange(r.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:        r.Type,
		PriorState:      r.encodedState(plan.Prior),
		PlannedState:    r.encodedState(plan.Planned),
		Config:          encoded(plan.Config),
		PlannedPrivate:  plan.Planned.Private,
		PlannedIdentity: plan.Planned.Identity,
	})
	if err != nil {
		return plan.Prior, err
	}
	value, err := r.decoded(resp.NewState)
	if err != nil {
		return plan.Prior, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		if value.IsNull() {
			return plan.Prior, err
		}
		return Object{value, resp.Private, resp.NewIdentity, diagnostics}, err
	}
	if value.IsNull() != !plan.Planned.Exists() {
		return plan.Prior, fmt.Errorf("invalid result: %v, and %v was planned", value, plan.Planned.Value)
	}
	if value.IsNull() {
		return Object{Diagnostics: diagnostics}, nil
	}
	if !value.IsFullyKnown() {
		return plan.Prior, fmt.Errorf("inconsistent result: it is not known: %v", value)
	}
	if err := checkConforms("it", plan.Planned.Value, value); err != nil {
		return plan.Prior, fmt.Errorf("inconsistent result: %w", err)
	}
	if err := r.checkIdentity(resp.NewIdentity, value); err != nil {
		return plan.Prior, err
	}
	return Object{value, resp.Private, resp.NewIdentity, diagnostics}, nil
}

// ApplyInNewProcess is ApplyOfAnother in another process of the provider, as with terraform apply.
func (r Resource) ApplyInNewProcess(plan Plan) (Object, error) {
	core, err := r.Restart()
	if err != nil {
		return plan.Prior, err
	}
	return core.Resource(r.Type).ApplyOfAnother(plan)
}

// ApplyOfAnother applies a plan that another process made: this one validates and plans again, which must
// come to the same. What is replaced is deleted before that. The diagnostics are those of all these calls.
func (r Resource) ApplyOfAnother(plan Plan) (Object, error) {
	if plan.Action == ActionDelete {
		return r.Apply(plan)
	}
	if plan.Action == ActionReplace {
		if gone, err := r.ApplyDestroy(plan.Prior); err != nil {
			return gone, err
		}
		plan.Action, plan.Prior = ActionCreate, Object{}
	}
	again, err := r.Plan(plan.Prior, plan.Config, slices.Concat(plan.options, []PlanOption{ValidateFirst()})...)
	if err != nil {
		return plan.Prior, err
	}
	if again.Action == ActionNone && plan.Action == ActionUpdate {
		// It may come to nothing once all values are known.
		plan.Prior.Diagnostics = again.Diagnostics
		return plan.Prior, checkConforms("it", plan.Planned.Value, again.Planned.Value)
	}
	if again.Action != plan.Action {
		return plan.Prior, fmt.Errorf("inconsistent final plan: %s, and it was %s", again.Action, plan.Action)
	}
	if err := checkConforms("it", plan.Planned.Value, again.Planned.Value); err != nil {
		return plan.Prior, fmt.Errorf("inconsistent final plan: %w", err)
	}
	result, err := r.Apply(again)
	result.Diagnostics = slices.Concat(again.Diagnostics, result.Diagnostics)
	return result, err
}

// ApplyDestroy deletes without a plan in this process, as an apply does with the first part of a replacement.
func (r Resource) ApplyDestroy(prior Object) (Object, error) {
	return r.Apply(Plan{Action: ActionDelete, Config: r.null(), Prior: prior, Planned: Object{Private: prior.Private, Identity: prior.Identity}})
}

// Destroy plans and applies that an object goes.
func (r Resource) Destroy(prior Object) (Diagnostics, error) {
	plan, err := r.PlanDestroy(prior)
	if err != nil {
		return plan.Diagnostics, err
	}
	gone, err := r.Apply(plan)
	return append(plan.Diagnostics, gone.Diagnostics...), err
}

// PlanDestroy plans that an object goes.
func (r Resource) PlanDestroy(prior Object) (Plan, error) {
	plan := Plan{Action: ActionDelete, Config: r.null(), Prior: prior}
	resp, err := r.Server.PlanResourceChange(r.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName:         r.Type,
		PriorState:       r.encodedState(prior),
		ProposedNewState: encoded(r.null()),
		Config:           encoded(r.null()),
		PriorPrivate:     prior.Private,
		PriorIdentity:    prior.Identity,
	})
	if err != nil {
		return plan, err
	}
	plan.Diagnostics = fromProtocol(resp.Diagnostics)
	if err := plan.Diagnostics.Err(); err != nil {
		return plan, err
	}
	planned, err := r.decoded(resp.PlannedState)
	if err == nil && !planned.IsNull() {
		err = fmt.Errorf("the plan of a destroy is %v", planned)
	}
	plan.Planned = Object{Private: resp.PlannedPrivate, Identity: resp.PlannedIdentity}
	return plan, err
}

// ImportState imports an object by its ID. The read that follows an import is another call.
func (r Resource) ImportState(id string) (Object, error) {
	return r.importState(&tfprotov6.ImportResourceStateRequest{TypeName: r.Type, ID: id})
}

// ImportIdentity imports an object by its identity, as an import block may do.
func (r Resource) ImportIdentity(given map[string]any) (Object, error) {
	return r.importState(&tfprotov6.ImportResourceStateRequest{TypeName: r.Type, Identity: r.Identity(given)})
}

func (r Resource) importState(request *tfprotov6.ImportResourceStateRequest) (Object, error) {
	resp, err := r.Server.ImportResourceState(r.ctx, request)
	if err != nil {
		return Object{}, err
	}
	diagnostics := fromProtocol(resp.Diagnostics)
	if err := diagnostics.Err(); err != nil {
		return Object{}, err
	}
	if len(resp.ImportedResources) != 1 {
		return Object{}, fmt.Errorf("%d resources are imported", len(resp.ImportedResources))
	}
	imported := resp.ImportedResources[0]
	value, err := r.decoded(imported.State)
	if err == nil {
		err = r.checkIdentity(imported.Identity, value)
	}
	return Object{value, imported.Private, imported.Identity, diagnostics}, err
}
