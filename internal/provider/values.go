// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// modelIn reads what Terraform sent into a model, a struct whose fields are
// values of the framework with the tags that its Get knows; nil where there is
// nothing. Get compiles a regular expression for each field each time, and that
// was a tenth of what the provider does.
func modelIn[M any, T tfsdk.Config | tfsdk.Plan | tfsdk.State](ctx context.Context, in T) (*M, diag.Diagnostics) {
	data := tfsdk.State(in)
	if data.Raw.IsNull() {
		return nil, nil
	}
	value, err := data.Schema.Type().ValueFromTerraform(ctx, data.Raw)
	object, ok := value.(types.Object)
	if err != nil || !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected error", fmt.Sprintf("What Terraform sent can't be read: it is a %T, %v.", value, err)+reportBug)}
	}
	m := new(M)
	to, attributes := reflect.ValueOf(m).Elem(), object.Attributes()
	for i, name := range fieldNames(to.Type()) {
		from := reflect.ValueOf(attributes[name])
		if !from.IsValid() || !from.Type().AssignableTo(to.Field(i).Type()) {
			return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected error", fmt.Sprintf("What Terraform sent can't be read: %s is a %T.", name, attributes[name])+reportBug)}
		}
		to.Field(i).Set(from)
	}
	return m, nil
}

// setIn sets a state, or a plan in the form of one, to a model.
func setIn[M any](ctx context.Context, state *tfsdk.State, model M) diag.Diagnostics {
	whole, ok := state.Schema.Type().(attr.TypeWithAttributeTypes)
	if !ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected error", fmt.Sprintf("A %T has no attributes.", state.Schema.Type())+reportBug)}
	}
	from := reflect.ValueOf(model)
	values := make(map[string]attr.Value)
	for i, name := range fieldNames(from.Type()) {
		values[name], _ = from.Field(i).Interface().(attr.Value) // nil is an error of ObjectValue
	}
	object, diags := types.ObjectValue(whole.AttributeTypes(), values)
	if !diags.HasError() {
		diags.Append(state.Set(ctx, object)...)
	}
	return diags
}

var fieldsOf sync.Map // the names by types

// fieldNames are the tags of a struct's fields, in their order.
func fieldNames(of reflect.Type) []string {
	if names, ok := fieldsOf.Load(of); ok {
		return names.([]string) //nolint:forcetypeassert // nothing else is stored
	}
	var names []string
	for i := range of.NumField() {
		names = append(names, of.Field(i).Tag.Get("tfsdk"))
	}
	fieldsOf.Store(of, names)
	return names
}
