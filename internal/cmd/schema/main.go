// SPDX-License-Identifier: MPL-2.0

// Command schema prints the provider's schema as `terraform providers schema
// -json` does, with all that the protocol has: a CLI prints only what it knows
// of, and the documentation is to be the same whichever CLI there is.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/provider"
)

// defaultAddress is the only address that tfplugindocs accepts for a provider
// other than its short name.
const defaultAddress = "registry.terraform.io/hashicorp/sparkrtc"

func main() {
	address := defaultAddress
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := run(context.Background(), address, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

// run writes the schema of the provider, under an address, as JSON.
func run(ctx context.Context, address string, stdout io.Writer) error {
	server := provider.NewServer("dev")()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return err
	}
	for _, d := range append(schemas.Diagnostics, identities.Diagnostics...) {
		return fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(map[string]any{
		"format_version":   "1.0",
		"provider_schemas": map[string]any{address: providerOf(schemas, identities)},
	})
}

// object is one of JSON. What is empty is left out, as the CLI does.
type object map[string]any

func (o object) add(name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case bool:
		if !v {
			return
		}
	case int64:
		if v == 0 {
			return
		}
	case object:
		if len(v) == 0 {
			return
		}
	case []object:
		if len(v) == 0 {
			return
		}
	}
	o[name] = value
}

func providerOf(schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse) object {
	all := object{"provider": schemaOf(schemas.Provider)}
	all.add("resource_schemas", each(schemas.ResourceSchemas, schemaOf))
	all.add("data_source_schemas", each(schemas.DataSourceSchemas, schemaOf))
	all.add("ephemeral_resource_schemas", each(schemas.EphemeralResourceSchemas, schemaOf))
	all.add("list_resource_schemas", each(schemas.ListResourceSchemas, schemaOf))
	all.add("action_schemas", each(schemas.ActionSchemas, func(s *tfprotov6.ActionSchema) object {
		return object{"block": blockOf(s.Schema.Block)}
	}))
	all.add("functions", each(schemas.Functions, functionOf))
	all.add("resource_identity_schemas", each(identities.IdentitySchemas, identityOf))
	return all
}

func each[T any](list map[string]T, of func(T) object) object {
	all := object{}
	for name, one := range list {
		all[name] = of(one)
	}
	return all
}

func schemaOf(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": blockOf(s.Block)}
}

func blockOf(b *tfprotov6.SchemaBlock) object {
	block := object{"description_kind": kindOf(b.DescriptionKind)}
	block.add("description", b.Description)
	block.add("deprecated", b.Deprecated)
	block.add("attributes", attributesOf(b.Attributes))
	nested := object{}
	for _, n := range b.BlockTypes {
		of := object{"nesting_mode": strings.ToLower(n.Nesting.String()), "block": blockOf(n.Block)}
		of.add("min_items", n.MinItems)
		of.add("max_items", n.MaxItems)
		nested[n.TypeName] = of
	}
	block.add("block_types", nested)
	return block
}

func attributesOf(list []*tfprotov6.SchemaAttribute) object {
	all := object{}
	for _, a := range list {
		of := object{"description_kind": kindOf(a.DescriptionKind)}
		if a.NestedType != nil {
			of["nested_type"] = object{
				"attributes":   attributesOf(a.NestedType.Attributes),
				"nesting_mode": strings.ToLower(a.NestedType.Nesting.String()),
			}
		} else {
			of["type"] = typeOf(a.Type)
		}
		of.add("description", a.Description)
		of.add("deprecated", a.Deprecated)
		of.add("required", a.Required)
		of.add("optional", a.Optional)
		of.add("computed", a.Computed)
		of.add("sensitive", a.Sensitive)
		of.add("write_only", a.WriteOnly)
		all[a.Name] = of
	}
	return all
}

func functionOf(f *tfprotov6.Function) object {
	function := object{"return_type": typeOf(f.Return.Type)}
	function.add("summary", f.Summary)
	function.add("description", f.Description)
	function.add("deprecation_message", f.DeprecationMessage)
	var parameters []object
	for _, p := range f.Parameters {
		parameters = append(parameters, parameterOf(p))
	}
	function.add("parameters", parameters)
	if f.VariadicParameter != nil {
		function["variadic_parameter"] = parameterOf(f.VariadicParameter)
	}
	return function
}

func parameterOf(p *tfprotov6.FunctionParameter) object {
	parameter := object{"name": p.Name, "type": typeOf(p.Type)}
	parameter.add("description", p.Description)
	parameter.add("is_nullable", p.AllowNullValue)
	return parameter
}

func identityOf(i *tfprotov6.ResourceIdentitySchema) object {
	attributes := object{}
	for _, a := range i.IdentityAttributes {
		of := object{"type": typeOf(a.Type)}
		of.add("description", a.Description)
		of.add("required_for_import", a.RequiredForImport)
		of.add("optional_for_import", a.OptionalForImport)
		attributes[a.Name] = of
	}
	return object{"version": i.Version, "attributes": attributes}
}

// typeOf returns a type as the protocol writes it, which is how the CLI writes
// it too.
func typeOf(t tftypes.Type) json.RawMessage {
	text, err := t.MarshalJSON() //nolint:staticcheck // deprecated for all but this use
	if err != nil {
		panic(err) // the protocol would have refused it
	}
	return text
}

func kindOf(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
