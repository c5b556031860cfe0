// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ConfigOf returns an object of a schema, null where nothing is given. Values are strings, booleans, numbers,
// tftypes.UnknownValue, map[string]any for objects and maps, and []any for lists and sets. It panics if one
// doesn't fit.
func ConfigOf(schema *tfprotov6.Schema, given map[string]any) tftypes.Value {
	return valueOf(schema.ValueType(), given)
}

func valueOf(kind tftypes.Type, given any) tftypes.Value {
	switch kind := kind.(type) {
	case tftypes.Object:
		if object, ok := given.(map[string]any); ok {
			values := make(map[string]tftypes.Value)
			for name, kind := range kind.AttributeTypes {
				values[name] = valueOf(kind, object[name])
			}
			for name := range object {
				if kind.AttributeTypes[name] == nil {
					panic("there is no attribute " + name)
				}
			}
			return tftypes.NewValue(kind, values)
		}
	case tftypes.Map:
		if object, ok := given.(map[string]any); ok {
			values := make(map[string]tftypes.Value)
			for name, value := range object {
				values[name] = valueOf(kind.ElementType, value)
			}
			return tftypes.NewValue(kind, values)
		}
	case tftypes.List:
		if list, ok := given.([]any); ok {
			return tftypes.NewValue(kind, valuesOf(kind.ElementType, list))
		}
	case tftypes.Set:
		if list, ok := given.([]any); ok {
			return tftypes.NewValue(kind, valuesOf(kind.ElementType, list))
		}
	}
	return tftypes.NewValue(kind, given)
}

func valuesOf(kind tftypes.Type, list []any) []tftypes.Value {
	values := []tftypes.Value{}
	for _, value := range list {
		values = append(values, valueOf(kind, value))
	}
	return values
}

// AttributesOf returns the attributes of an object, none of one that is null or unknown.
func AttributesOf(object tftypes.Value) map[string]tftypes.Value {
	if object.IsNull() || !object.IsKnown() {
		return nil
	}
	var values map[string]tftypes.Value
	if err := object.As(&values); err != nil {
		panic(err)
	}
	return values
}

func encoded(value tftypes.Value) *tfprotov6.DynamicValue {
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		panic(err)
	}
	return &dynamic
}

func nestedIn(a *tfprotov6.SchemaAttribute, one, other tftypes.Value) []*tfprotov6.SchemaAttribute {
	if a.NestedType == nil || a.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle || AttributesOf(one) == nil || AttributesOf(other) == nil {
		return nil
	}
	return a.NestedType.Attributes
}

// proposed merges as Core does for a plan: what is computed and not configured keeps its prior value.
func proposed(attributes []*tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	was, next := AttributesOf(prior), maps.Clone(AttributesOf(config))
	if was == nil || next == nil {
		return config
	}
	for _, a := range attributes {
		if a.Computed && next[a.Name].IsNull() {
			next[a.Name] = was[a.Name]
		} else if nested := nestedIn(a, was[a.Name], next[a.Name]); nested != nil {
			next[a.Name] = proposed(nested, was[a.Name], next[a.Name])
		}
	}
	return tftypes.NewValue(config.Type(), next)
}

// checkPlanned returns an error unless what is planned is configured, except where the provider decides.
func checkPlanned(attributes []*tfprotov6.SchemaAttribute, config, planned tftypes.Value) error {
	configured, next := AttributesOf(config), AttributesOf(planned)
	for _, a := range attributes {
		c, p := configured[a.Name], next[a.Name]
		if nested := nestedIn(a, c, p); nested != nil {
			if err := checkPlanned(nested, c, p); err != nil {
				return fmt.Errorf("%s: %w", a.Name, err)
			}
			continue
		}
		if decides := a.Computed && c.IsNull(); !decides && !a.WriteOnly && !p.Equal(c) {
			return fmt.Errorf("invalid plan: %s is %v, and %v is configured", a.Name, p, c)
		}
	}
	return nil
}

// checkConforms returns an error unless a value is what was planned, where that was known.
func checkConforms(name string, planned, got tftypes.Value) error {
	if !planned.IsKnown() {
		return nil
	}
	if is, isObject := planned.Type().(tftypes.Object); isObject && !planned.IsNull() && !got.IsNull() && got.IsKnown() {
		p, g := AttributesOf(planned), AttributesOf(got)
		for attribute := range is.AttributeTypes {
			if err := checkConforms(attribute, p[attribute], g[attribute]); err != nil {
				return err
			}
		}
		return nil
	}
	if planned.IsFullyKnown() && !planned.Equal(got) {
		return fmt.Errorf("%s is %v, and %v was planned", name, got, planned)
	}
	return nil
}

// ignoring returns the configuration that a plan is asked for under ignore_changes.
func ignoring(schema *tfprotov6.Schema, names []string, prior, config tftypes.Value) tftypes.Value {
	was, next := AttributesOf(prior), maps.Clone(AttributesOf(config))
	if was == nil || len(names) == 0 {
		return config
	}
	for _, name := range names {
		if name != ignoreAll {
			if _, ok := next[name]; !ok {
				panic("there is no attribute " + name + " to ignore")
			}
			next[name] = was[name]
			continue
		}
		next = maps.Clone(was)
		for _, a := range schema.Block.Attributes {
			if a.Computed && !a.Optional {
				next[a.Name] = tftypes.NewValue(next[a.Name].Type(), nil)
			}
		}
	}
	return tftypes.NewValue(config.Type(), next)
}
