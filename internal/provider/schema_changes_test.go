// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// schemaChange is one difference of two schemas.
type schemaChange struct {
	where string // such as "resource sparkrtc_record_callback, url"
	what  string
	harm  string // what it breaks, and how; "" for nothing
}

func (c schemaChange) String() string {
	if c.harm == "" {
		return fmt.Sprintf("harmless: %s: %s", c.where, c.what)
	}
	return fmt.Sprintf("BREAKING: %s: %s\n          %s", c.where, c.what, c.harm)
}

type schemaChangeList []schemaChange

const writeSchema = "go test ./internal/provider -run Schema -update"

// String says what changed, what that breaks, and what to do.
func (l schemaChangeList) String() string {
	if len(l) == 0 {
		return schemaFile + " means the same schema, but is written otherwise. Write it again: " + writeSchema
	}
	var text strings.Builder
	broken := 0
	fmt.Fprintf(&text, "The schema is not the one in %s:\n\n", schemaFile)
	for _, c := range l {
		fmt.Fprintf(&text, "%s\n", c)
		if c.harm != "" {
			broken++
		}
	}
	if broken == 0 {
		fmt.Fprintf(&text, "\nConfigurations, modules and states go on working. If this is intended:\n\n  1. %s\n  2. make docs\n  3. add a line to CHANGELOG.md\n", writeSchema)
		return text.String()
	}
	fmt.Fprintf(&text, `
%d of %d break what users have. Can it be done without? Add what is new next to what is there, and deprecate
that (DeprecationMessage), until the next version that may break something. If it can't:

  1. it waits for the next major version; before 1.0, for the next minor one (docs/guides/versions.md)
  2. say in CHANGELOG.md under "Breaking changes" what to do about it, for each
  3. where a state has to be converted: a higher version of the schema, with an upgrader
  4. %s, and make docs
`, broken, len(l), writeSchema)
	return text.String()
}

// schemaChanges are all differences, the breaking ones first.
func schemaChanges(before, now providerSchema) schemaChangeList {
	var d schemaDiffer
	d.values("provider", "capability", before.Capabilities, now.Capabilities)
	d.pointers("provider", before.Provider, now.Provider)
	d.pointers("provider_meta", before.ProviderMeta, now.ProviderMeta)
	for _, kind := range []struct {
		name        string
		before, now map[string]objectSchema
	}{
		{"resource", before.Resources, now.Resources},
		{"data source", before.DataSources, now.DataSources},
		{"ephemeral resource", before.EphemeralResources, now.EphemeralResources},
		{"list resource", before.ListResources, now.ListResources},
		{"action", before.Actions, now.Actions},
		{"state store", before.StateStores, now.StateStores},
	} {
		both(kind.before, kind.now, func(name string, was, is *objectSchema) {
			d.pointers(kind.name+" "+name, was, is)
		})
	}
	both(before.Identities, now.Identities, func(name string, was, is *identitySchema) {
		d.identity("identity of "+name, was, is)
	})
	both(before.Functions, now.Functions, func(name string, was, is *functionSchema) {
		d.function("function "+name, was, is)
	})
	slices.SortStableFunc(d.changes, func(a, b schemaChange) int {
		switch {
		case (a.harm == "") == (b.harm == ""):
			return 0
		case a.harm != "":
			return -1
		default:
			return 1
		}
	})
	return d.changes
}

type schemaDiffer struct{ changes schemaChangeList }

func (d *schemaDiffer) breaks(where, harm, what string, arguments ...any) {
	d.changes = append(d.changes, schemaChange{where: where, what: fmt.Sprintf(what, arguments...), harm: harm})
}

func (d *schemaDiffer) differs(where, what string, arguments ...any) {
	d.breaks(where, "", what, arguments...)
}

// both calls f for each name in one of two maps, with nil for what is missing.
func both[V any](before, now map[string]V, f func(name string, was, is *V)) {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]V{}
	}
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var was, is *V
		if v, ok := before[name]; ok {
			was = &v
		}
		if v, ok := now[name]; ok {
			is = &v
		}
		f(name, was, is)
	}
}

func (d *schemaDiffer) values(where, kind string, before, now map[string]bool) {
	both(before, now, func(name string, was, is *bool) {
		if a, b := was != nil && *was, is != nil && *is; a != b || (was == nil) != (is == nil) {
			d.differs(where, "the %s %s was %t and is %t", kind, name, a, b)
		}
	})
}

func (d *schemaDiffer) pointers(where string, was, is *objectSchema) {
	switch {
	case was == nil && is == nil:
	case was == nil:
		d.differs(where, "is new")
	case is == nil:
		d.breaks(where, "Configurations that have it fail, and a state that has it can't be planned.", "is gone")
	default:
		switch {
		case is.Version < was.Version:
			d.breaks(where, "The CLI refuses every state that has it: it was written by a newer version.", "the version of the schema went down, from %d to %d", was.Version, is.Version)
		case is.Version > was.Version:
			d.differs(where, "the version of the schema went up, from %d to %d: states need an upgrader, and can't go back to an earlier release (make state-fixture keeps one to test with)", was.Version, is.Version)
		}
		d.block(where, was.blockSchema, is.blockSchema)
	}
}

func (d *schemaDiffer) block(where string, was, is blockSchema) {
	d.deprecation(where, was.Deprecated, is.Deprecated)
	both(was.Attributes, is.Attributes, func(name string, a, b *attributeSchema) {
		_, becameBlock := is.Blocks[name]
		_, wasBlock := was.Blocks[name]
		d.attribute(where+", "+name, a, b, becameBlock, wasBlock)
	})
	both(was.Blocks, is.Blocks, func(name string, a, b *nestedSchema) {
		_, becameAttribute := is.Attributes[name]
		_, wasAttribute := was.Attributes[name]
		at := where + ", " + name
		switch {
		case a == nil && wasAttribute, b == nil && becameAttribute: // said of the attribute
		case a == nil && b.Min > 0:
			d.breaks(at, "Configurations don't have it, and fail.", "is a new block, of which there must be %d", b.Min)
		case a == nil:
			d.differs(at, "is a new block")
		case b == nil:
			d.breaks(at, "Configurations that have the block fail.", "is gone")
		default:
			d.nested(at, a, b)
		}
	})
}

func (d *schemaDiffer) attribute(where string, was, is *attributeSchema, becameBlock, wasBlock bool) {
	switch {
	case was == nil && wasBlock:
		d.breaks(where, "NAME { … } and NAME = … are not the same to a configuration.", "was a block and is an attribute")
		return
	case was == nil && is.Required:
		d.breaks(where, "Configurations don't have it, and fail.", "is a new attribute, and required")
		return
	case was == nil:
		d.differs(where, "is a new attribute")
		return
	case is == nil && becameBlock:
		d.breaks(where, "NAME = … and NAME { … } are not the same to a configuration.", "was an attribute and is a block")
		return
	case is == nil:
		d.breaks(where, "Configurations that set it, or refer to it, fail.", "is gone")
		return
	}

	switch {
	case was.Type != is.Type:
		d.breaks(where, "Values that are set, references and states no longer fit.", "the type was %s and is %s", orNested(was.Type), orNested(is.Type))
	case was.Nested != nil && is.Nested != nil:
		d.nested(where, was.Nested, is.Nested)
	}

	settable := func(a *attributeSchema) bool { return a.Required || a.Optional }
	switch {
	case settable(was) && !settable(is):
		d.breaks(where, "Configurations that set it fail.", "can no longer be set")
	case !was.Required && is.Required:
		d.breaks(where, "Configurations that leave it out fail.", "is required, and was not")
	case was.Required && !is.Required:
		d.differs(where, "is no longer required")
	case !settable(was) && settable(is):
		d.differs(where, "can be set now")
	}
	switch {
	case was.Computed && !is.Computed:
		d.breaks(where, "Where it is not set it is null now: references get nothing, and states that have a value plan its end.", "is no longer computed")
	case !was.Computed && is.Computed && settable(is):
		d.differs(where, "is computed where it is not set: taking it out of a configuration keeps the value")
	}
	switch {
	case was.Sensitive && !is.Sensitive:
		d.breaks(where, "Plans and outputs show in clear text what they hid.", "is no longer sensitive")
	case !was.Sensitive && is.Sensitive:
		d.breaks(where, "Outputs that show it fail, unless they are sensitive too.", "is sensitive, and was not")
	}
	switch {
	case was.WriteOnly && !is.WriteOnly:
		d.breaks(where, "States and plans store what they did not, and ephemeral values are refused.", "is no longer write-only")
	case !was.WriteOnly && is.WriteOnly:
		d.breaks(where, "It is null in the state, so that references get nothing, and CLIs before 1.11 refuse it.", "is write-only, and was not")
	}
	d.deprecation(where, was.Deprecated, is.Deprecated)
}

func orNested(name string) string {
	if name == "" {
		return "nested attributes"
	}
	return name
}

func (d *schemaDiffer) nested(where string, was, is *nestedSchema) {
	if was.Nesting != is.Nesting {
		d.breaks(where, "Configurations, references and states no longer fit.", "the nesting was %s and is %s", was.Nesting, is.Nesting)
	}
	switch {
	case is.Min > was.Min:
		d.breaks(where, "Configurations with fewer fail.", "at least %d are needed, and %d were", is.Min, was.Min)
	case is.Min < was.Min:
		d.differs(where, "at least %d are needed, and %d were", is.Min, was.Min)
	}
	switch {
	case is.Max != 0 && (was.Max == 0 || is.Max < was.Max):
		d.breaks(where, "Configurations with more fail.", "at most %d are allowed, and %s were", is.Max, orAny(was.Max))
	case is.Max != was.Max:
		d.differs(where, "at most %s are allowed, and %d were", orAny(is.Max), was.Max)
	}
	d.block(where, was.blockSchema, is.blockSchema)
}

func orAny(limit int64) string {
	if limit == 0 {
		return "any number"
	}
	return fmt.Sprint(limit)
}

func (d *schemaDiffer) deprecation(where, was, is string) {
	switch {
	case was == is:
	case was == "":
		d.differs(where, "is deprecated: configurations go on working, with a warning")
	case is == "":
		d.differs(where, "is no longer deprecated")
	default:
		d.differs(where, "what is said of its deprecation is another text")
	}
}

func (d *schemaDiffer) identity(where string, was, is *identitySchema) {
	switch {
	case was == nil:
		d.differs(where, "is new")
		return
	case is == nil:
		d.breaks(where, "Imports by identity fail, and so do states that have one.", "is gone")
		return
	case is.Version < was.Version:
		d.breaks(where, "The CLI refuses states that have one: they were written by a newer version.", "the version went down, from %d to %d", was.Version, is.Version)
	case is.Version > was.Version:
		d.differs(where, "the version went up, from %d to %d: states need an upgrader of identities, and can't go back to an earlier release", was.Version, is.Version)
	}
	both(was.Attributes, is.Attributes, func(name string, a, b *identityAttribute) {
		at := where + ", " + name
		switch {
		case a == nil && b.Required:
			d.breaks(at, "Imports by identity don't have it, and fail.", "is a new attribute, and required for an import")
		case a == nil:
			d.differs(at, "is a new attribute")
		case b == nil:
			d.breaks(at, "Imports that give it, and states that have it, fail.", "is gone")
		default:
			if a.Type != b.Type {
				d.breaks(at, "Imports and states no longer fit.", "the type was %s and is %s", a.Type, b.Type)
			}
			switch {
			case (a.Required || a.Optional) && !b.Required && !b.Optional:
				d.breaks(at, "Imports that give it fail.", "can no longer be given in an import")
			case !a.Required && b.Required:
				d.breaks(at, "Imports that leave it out fail.", "is required for an import, and was not")
			case a != b && (a.Required != b.Required || a.Optional != b.Optional):
				d.differs(at, "an import may leave it out, or may give it, where it could not")
			}
		}
	})
}

func (d *schemaDiffer) function(where string, was, is *functionSchema) {
	switch {
	case was == nil:
		d.differs(where, "is new")
		return
	case is == nil:
		d.breaks(where, "Configurations that call it fail.", "is gone")
		return
	}
	if was.Return != is.Return {
		d.breaks(where, "What is done with the result no longer fits.", "it returned %s and returns %s", was.Return, is.Return)
	}
	switch n := len(was.Parameters); {
	case len(is.Parameters) < n:
		d.breaks(where, "Calls have one argument too many, and fail.", "it took %d arguments and takes %d", n, len(is.Parameters))
	case len(is.Parameters) > n:
		d.breaks(where, "Calls lack an argument, and fail. An optional one can only be variadic.", "it took %d arguments and takes %d", n, len(is.Parameters))
	default:
		for i := range n {
			d.parameter(fmt.Sprintf("%s, argument %d", where, i+1), was.Parameters[i], is.Parameters[i])
		}
	}
	switch {
	case was.Variadic == nil && is.Variadic != nil:
		d.differs(where, "it takes more arguments, if there are any: %s", is.Variadic.Name)
	case was.Variadic != nil && is.Variadic == nil:
		d.breaks(where, "Calls with more arguments fail.", "it no longer takes any number of arguments")
	case was.Variadic != nil:
		d.parameter(where+", further arguments", *was.Variadic, *is.Variadic)
	}
	d.deprecation(where, was.Deprecated, is.Deprecated)
}

func (d *schemaDiffer) parameter(where string, was, is parameterSchema) {
	if was.Type != is.Type {
		d.breaks(where, "Calls with a value of the former type fail.", "the type was %s and is %s", was.Type, is.Type)
	}
	if was.Null != is.Null {
		harm := ""
		if was.Null {
			harm = "Calls with null fail."
		}
		d.breaks(where, harm, "null was allowed (%t) and is (%t)", was.Null, is.Null)
	}
	if was.Unknown != is.Unknown {
		d.differs(where, "values that are not known yet were passed on (%t) and are (%t)", was.Unknown, is.Unknown)
	}
	if was.Name != is.Name {
		d.differs(where, "the name in messages was %s and is %s", was.Name, is.Name)
	}
}

func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	optional := attributeSchema{Type: "string", Optional: true}
	with := func(change func(*attributeSchema)) attributeSchema {
		a := optional
		change(&a)
		return a
	}
	attributes := func(a attributeSchema) blockSchema {
		return blockSchema{Attributes: map[string]attributeSchema{"a": a}}
	}
	blocks := func(n nestedSchema) blockSchema { return blockSchema{Blocks: map[string]nestedSchema{"b": n}} }
	list := nestedSchema{Nesting: "LIST"}
	ofNested := func(nesting string, a attributeSchema) attributeSchema {
		return attributeSchema{Optional: true, Nested: &nestedSchema{Nesting: nesting, blockSchema: attributes(a)}}
	}
	required := with(func(a *attributeSchema) { a.Optional, a.Required = false, true })
	computed := with(func(a *attributeSchema) { a.Optional, a.Computed = false, true })
	either := with(func(a *attributeSchema) { a.Computed = true })
	sensitive := with(func(a *attributeSchema) { a.Sensitive = true })
	writeOnly := with(func(a *attributeSchema) { a.WriteOnly = true })
	old := with(func(a *attributeSchema) { a.Deprecated = "Use b." })
	number := with(func(a *attributeSchema) { a.Type = "number" })

	// Whatever has a block, in each of them.
	for name, tc := range map[string]struct {
		was, is blockSchema
		breaks  bool
		says    string
	}{
		"attribute, gone":                            {attributes(optional), blockSchema{}, true, "is gone"},
		"attribute, new and optional":                {blockSchema{}, attributes(optional), false, "is a new attribute"},
		"attribute, new and computed":                {blockSchema{}, attributes(computed), false, "is a new attribute"},
		"attribute, new and required":                {blockSchema{}, attributes(required), true, "new attribute, and required"},
		"attribute, another type":                    {attributes(optional), attributes(number), true, "was string and is number"},
		"attribute, from a type to nested":           {attributes(optional), attributes(ofNested("LIST", optional)), true, "is nested attributes"},
		"attribute, from optional to required":       {attributes(optional), attributes(required), true, "is required"},
		"attribute, from computed to required":       {attributes(computed), attributes(required), true, "is required"},
		"attribute, from required to optional":       {attributes(required), attributes(optional), false, "no longer required"},
		"attribute, from required to computed":       {attributes(required), attributes(computed), true, "no longer be set"},
		"attribute, from optional to computed":       {attributes(optional), attributes(computed), true, "no longer be set"},
		"attribute, from computed to optional":       {attributes(computed), attributes(optional), true, "no longer computed"},
		"attribute, optional and no longer computed": {attributes(either), attributes(optional), true, "no longer computed"},
		"attribute, optional and computed too":       {attributes(optional), attributes(either), false, "is computed"},
		"attribute, computed and optional too":       {attributes(computed), attributes(either), false, "can be set"},
		"attribute, no longer sensitive":             {attributes(sensitive), attributes(optional), true, "no longer sensitive"},
		"attribute, sensitive":                       {attributes(optional), attributes(sensitive), true, "is sensitive"},
		"attribute, no longer write-only":            {attributes(writeOnly), attributes(optional), true, "no longer write-only"},
		"attribute, write-only":                      {attributes(optional), attributes(writeOnly), true, "is write-only"},
		"attribute, deprecated":                      {attributes(optional), attributes(old), false, "is deprecated"},
		"attribute, no longer deprecated":            {attributes(old), attributes(optional), false, "no longer deprecated"},
		"attribute, deprecated in other words":       {attributes(old), attributes(with(func(a *attributeSchema) { a.Deprecated = "Use c." })), false, "another text"},
		"nested attribute, gone":                     {attributes(ofNested("LIST", optional)), attributes(attributeSchema{Optional: true, Nested: &list}), true, "a, a: is gone"},
		"nested attribute, required":                 {attributes(ofNested("LIST", optional)), attributes(ofNested("LIST", required)), true, "a, a: is required"},
		"nested attributes, another nesting":         {attributes(ofNested("LIST", optional)), attributes(ofNested("SET", optional)), true, "was LIST and is SET"},
		"block, gone":                                {blocks(list), blockSchema{}, true, "is gone"},
		"block, new":                                 {blockSchema{}, blocks(list), false, "is a new block"},
		"block, new and needed":                      {blockSchema{}, blocks(nestedSchema{Nesting: "LIST", Min: 1}), true, "there must be 1"},
		"block, another nesting":                     {blocks(list), blocks(nestedSchema{Nesting: "SINGLE"}), true, "was LIST and is SINGLE"},
		"block, more needed":                         {blocks(list), blocks(nestedSchema{Nesting: "LIST", Min: 2}), true, "at least 2"},
		"block, fewer needed":                        {blocks(nestedSchema{Nesting: "LIST", Min: 2}), blocks(list), false, "at least 0"},
		"block, fewer allowed":                       {blocks(nestedSchema{Nesting: "LIST", Max: 3}), blocks(nestedSchema{Nesting: "LIST", Max: 2}), true, "at most 2"},
		"block, no longer any number allowed":        {blocks(list), blocks(nestedSchema{Nesting: "LIST", Max: 2}), true, "and any number were"},
		"block, more allowed":                        {blocks(nestedSchema{Nesting: "LIST", Max: 2}), blocks(list), false, "any number"},
		"block, an attribute in it gone":             {blocks(nestedSchema{Nesting: "LIST", blockSchema: attributes(optional)}), blocks(list), true, "b, a: is gone"},
		"block, an attribute in it new":              {blocks(list), blocks(nestedSchema{Nesting: "LIST", blockSchema: attributes(optional)}), false, "b, a: is a new attribute"},
		"block, a block in it gone":                  {blocks(nestedSchema{Nesting: "LIST", blockSchema: blocks(list)}), blocks(list), true, "b, b: is gone"},
		"block, deprecated":                          {blocks(list), blocks(nestedSchema{Nesting: "LIST", blockSchema: blockSchema{Deprecated: "Use a."}}), false, "is deprecated"},
		"block that becomes an attribute":            {blocks(list), blockSchema{Attributes: map[string]attributeSchema{"b": optional}}, true, "was a block and is an attribute"},
		"attribute that becomes a block":             {attributes(optional), blockSchema{Blocks: map[string]nestedSchema{"a": list}}, true, "was an attribute and is a block"},
		"all of it deprecated":                       {blockSchema{}, blockSchema{Deprecated: "Use another."}, false, "is deprecated"},
	} {
		for kind, wrap := range map[string]func(objectSchema) providerSchema{
			"provider":      func(o objectSchema) providerSchema { return providerSchema{Provider: &o} },
			"provider_meta": func(o objectSchema) providerSchema { return providerSchema{ProviderMeta: &o} },
			"resource":      func(o objectSchema) providerSchema { return providerSchema{Resources: map[string]objectSchema{"x": o}} },
			"data source": func(o objectSchema) providerSchema {
				return providerSchema{DataSources: map[string]objectSchema{"x": o}}
			},
			"ephemeral resource": func(o objectSchema) providerSchema {
				return providerSchema{EphemeralResources: map[string]objectSchema{"x": o}}
			},
			"list resource": func(o objectSchema) providerSchema {
				return providerSchema{ListResources: map[string]objectSchema{"x": o}}
			},
			"action": func(o objectSchema) providerSchema { return providerSchema{Actions: map[string]objectSchema{"x": o}} },
			"state store": func(o objectSchema) providerSchema {
				return providerSchema{StateStores: map[string]objectSchema{"x": o}}
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				expectChange(t, wrap(objectSchema{blockSchema: tc.was}), wrap(objectSchema{blockSchema: tc.is}), tc.breaks, kind, tc.says)
			})
		}
	}

	resources := func(o objectSchema) providerSchema {
		return providerSchema{Resources: map[string]objectSchema{"x": o}}
	}
	identity := func(version int64, all map[string]identityAttribute) providerSchema {
		return providerSchema{Identities: map[string]identitySchema{"x": {Version: version, Attributes: all}}}
	}
	attribute := func(a identityAttribute) map[string]identityAttribute {
		return map[string]identityAttribute{"a": a}
	}
	function := func(f functionSchema) providerSchema {
		return providerSchema{Functions: map[string]functionSchema{"x": f}}
	}
	text, null := parameterSchema{Name: "text", Type: "string"}, parameterSchema{Name: "text", Type: "string", Null: true}
	of := func(variadic *parameterSchema, list ...parameterSchema) providerSchema {
		return function(functionSchema{Parameters: list, Variadic: variadic, Return: "string"})
	}
	none := providerSchema{}
	for name, tc := range map[string]struct {
		was, is providerSchema
		breaks  bool
		says    string
	}{
		"capability":                        {providerSchema{Capabilities: map[string]bool{"PlanDestroy": true}}, providerSchema{Capabilities: map[string]bool{"PlanDestroy": false}}, false, "PlanDestroy"},
		"capability, new":                   {none, providerSchema{Capabilities: map[string]bool{"PlanDestroy": false}}, false, "PlanDestroy"},
		"resource, new":                     {none, resources(objectSchema{}), false, "is new"},
		"resource, gone":                    {resources(objectSchema{}), none, true, "is gone"},
		"version, lower":                    {resources(objectSchema{Version: 2}), resources(objectSchema{Version: 1}), true, "went down"},
		"version, higher":                   {resources(objectSchema{Version: 1}), resources(objectSchema{Version: 2}), false, "upgrader"},
		"list resource, gone":               {providerSchema{ListResources: map[string]objectSchema{"x": {}}}, none, true, "list resource x: is gone"},
		"action, gone":                      {providerSchema{Actions: map[string]objectSchema{"x": {}}}, none, true, "action x: is gone"},
		"identity, new":                     {none, identity(0, nil), false, "is new"},
		"identity, gone":                    {identity(0, nil), none, true, "is gone"},
		"identity, lower version":           {identity(1, nil), identity(0, nil), true, "went down"},
		"identity, higher version":          {identity(0, nil), identity(1, nil), false, "went up"},
		"identity, attribute gone":          {identity(0, attribute(identityAttribute{Type: "string", Required: true})), identity(0, nil), true, "is gone"},
		"identity, attribute new, required": {identity(0, nil), identity(0, attribute(identityAttribute{Type: "string", Required: true})), true, "required for an import"},
		"identity, attribute new, optional": {identity(0, nil), identity(0, attribute(identityAttribute{Type: "string", Optional: true})), false, "new attribute"},
		"identity, attribute required":      {identity(0, attribute(identityAttribute{Type: "string", Optional: true})), identity(0, attribute(identityAttribute{Type: "string", Required: true})), true, "is required"},
		"identity, attribute optional":      {identity(0, attribute(identityAttribute{Type: "string", Required: true})), identity(0, attribute(identityAttribute{Type: "string", Optional: true})), false, "leave it out"},
		"identity, attribute not imported":  {identity(0, attribute(identityAttribute{Type: "string", Optional: true})), identity(0, attribute(identityAttribute{Type: "string"})), true, "no longer be given"},
		"identity, another type":            {identity(0, attribute(identityAttribute{Type: "string", Required: true})), identity(0, attribute(identityAttribute{Type: "number", Required: true})), true, "was string and is number"},
		"function, new":                     {none, of(nil), false, "is new"},
		"function, gone":                    {of(nil), none, true, "is gone"},
		"function, another result":          {function(functionSchema{Return: "string"}), function(functionSchema{Return: "bool"}), true, "returned string and returns bool"},
		"function, an argument more":        {of(nil, text), of(nil, text, text), true, "Calls lack an argument"},
		"function, an argument less":        {of(nil, text, text), of(nil, text), true, "too many"},
		"function, argument of a type":      {of(nil, text), of(nil, parameterSchema{Name: "text", Type: "number"}), true, "was string and is number"},
		"function, argument renamed":        {of(nil, text), of(nil, parameterSchema{Name: "body", Type: "string"}), false, "was text and is body"},
		"function, null refused":            {of(nil, null), of(nil, text), true, "Calls with null fail"},
		"function, null allowed":            {of(nil, text), of(nil, null), false, "null was allowed"},
		"function, unknown passed on":       {of(nil, text), of(nil, parameterSchema{Name: "text", Type: "string", Unknown: true}), false, "not known yet"},
		"function, variadic":                {of(nil), of(&text), false, "more arguments"},
		"function, no longer variadic":      {of(&text), of(nil), true, "no longer takes"},
		"function, variadic of a type":      {of(&text), of(&parameterSchema{Name: "text", Type: "number"}), true, "was string and is number"},
		"function, deprecated":              {function(functionSchema{}), function(functionSchema{Deprecated: "Use y."}), false, "is deprecated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectChange(t, tc.was, tc.is, tc.breaks, "", tc.says)
		})
	}

	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		same := presentSchema(t)
		if changes := schemaChanges(same, same); len(changes) != 0 {
			t.Errorf("of a schema and itself: %s", changes)
		}
	})
	t.Run("breaking ones first, and what to do", func(t *testing.T) {
		t.Parallel()
		was := resources(objectSchema{blockSchema: attributes(optional)})
		is := resources(objectSchema{blockSchema: blockSchema{Attributes: map[string]attributeSchema{"0": optional}}})
		text := schemaChanges(was, is).String()
		for _, want := range []string{"1 of 2 break", "CHANGELOG.md", "-update", "BREAKING: resource x, a: is gone"} {
			if !strings.Contains(text, want) {
				t.Errorf("it doesn't say %q:\n%s", want, text)
			}
		}
		if strings.Index(text, "BREAKING") > strings.Index(text, "harmless") {
			t.Errorf("the harmless one comes first:\n%s", text)
		}
	})
}

// expectChange expects a difference before any other, and some the other way round.
func expectChange(t *testing.T, was, is providerSchema, breaks bool, where, says string) {
	t.Helper()
	changes := schemaChanges(was, is)
	if len(changes) == 0 {
		t.Fatal("no difference")
	}
	if c := changes[0]; (c.harm != "") != breaks || !strings.HasPrefix(c.where, where) || !strings.Contains(c.String(), says) {
		t.Errorf("it breaks users (%t), want %t, %q and %q:\n%s", c.harm != "", breaks, where, says, changes)
	}
	if len(schemaChanges(is, was)) == 0 {
		t.Error("the other way round is no difference")
	}
}
