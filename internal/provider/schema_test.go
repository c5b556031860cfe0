// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What users write against, kept in a file, so that no change of it goes
// unnoticed. Descriptions are left out: docs/ has them.

const schemaFile = "testdata/schema.json"

// providerSchema is all that the provider tells the CLI of itself.
type providerSchema struct {
	Capabilities       map[string]bool           `json:"capabilities"`
	Provider           *objectSchema             `json:"provider,omitempty"`
	ProviderMeta       *objectSchema             `json:"provider_meta,omitempty"`
	Resources          map[string]objectSchema   `json:"resources,omitempty"`
	Identities         map[string]identitySchema `json:"resource_identities,omitempty"`
	DataSources        map[string]objectSchema   `json:"data_sources,omitempty"`
	EphemeralResources map[string]objectSchema   `json:"ephemeral_resources,omitempty"`
	ListResources      map[string]objectSchema   `json:"list_resources,omitempty"`
	Actions            map[string]objectSchema   `json:"actions,omitempty"`
	StateStores        map[string]objectSchema   `json:"state_stores,omitempty"`
	Functions          map[string]functionSchema `json:"functions,omitempty"`
}

type objectSchema struct {
	Version int64 `json:"version"`
	blockSchema
}

// blockSchema is a block, or an object of nested attributes, which has no blocks.
type blockSchema struct {
	Deprecated string                     `json:"deprecated,omitempty"`
	Attributes map[string]attributeSchema `json:"attributes,omitempty"`
	Blocks     map[string]nestedSchema    `json:"blocks,omitempty"`
}

type nestedSchema struct {
	Nesting string `json:"nesting"`
	Min     int64  `json:"min,omitempty"`
	Max     int64  `json:"max,omitempty"` // 0 for any number
	blockSchema
}

type attributeSchema struct {
	Type       string        `json:"type,omitempty"`
	Nested     *nestedSchema `json:"nested,omitempty"` // in place of a type
	Required   bool          `json:"required,omitempty"`
	Optional   bool          `json:"optional,omitempty"`
	Computed   bool          `json:"computed,omitempty"`
	Sensitive  bool          `json:"sensitive,omitempty"`
	WriteOnly  bool          `json:"write_only,omitempty"`
	Deprecated string        `json:"deprecated,omitempty"`
}

type identitySchema struct {
	Version    int64                        `json:"version"`
	Attributes map[string]identityAttribute `json:"attributes"`
}

type identityAttribute struct {
	Type     string `json:"type"`
	Required bool   `json:"required_for_import,omitempty"`
	Optional bool   `json:"optional_for_import,omitempty"`
}

type functionSchema struct {
	Parameters []parameterSchema `json:"parameters,omitempty"`
	Variadic   *parameterSchema  `json:"variadic,omitempty"`
	Return     string            `json:"return"`
	Deprecated string            `json:"deprecated,omitempty"`
}

type parameterSchema struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Null    bool   `json:"null_allowed,omitempty"`
	Unknown bool   `json:"unknown_allowed,omitempty"`
}

// TestSchema compares the schema with the one in the file: that of the release
// before, with what was added since.
func TestSchema(t *testing.T) {
	t.Parallel()
	now := presentSchema(t)
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(now); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(schemaFile)
	if err != nil && (!*update || !errors.Is(err, fs.ErrNotExist)) {
		t.Fatal(err)
	}
	if bytes.Equal(kept, content.Bytes()) {
		return
	}
	var before providerSchema
	if len(kept) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(kept))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&before); err != nil {
			t.Fatalf("%s: %v", schemaFile, err)
		}
	}
	report := schemaChanges(before, now).String()
	if !*update {
		t.Fatal(report)
	}
	t.Log(report)
	if err := os.WriteFile(schemaFile, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// presentSchema asks the provider, by the protocol.
func presentSchema(t *testing.T) providerSchema {
	t.Helper()
	server := NewServer("test")()
	all, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append(all.Diagnostics, identities.Diagnostics...) {
		t.Errorf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
	}
	return providerSchema{
		Capabilities:       capabilitiesSchemaOf(all.ServerCapabilities),
		Provider:           optionalSchemaOf(all.Provider),
		ProviderMeta:       optionalSchemaOf(all.ProviderMeta),
		Resources:          convertEach(all.ResourceSchemas, objectSchemaOf),
		Identities:         convertEach(identities.IdentitySchemas, identitySchemaOf),
		DataSources:        convertEach(all.DataSourceSchemas, objectSchemaOf),
		EphemeralResources: convertEach(all.EphemeralResourceSchemas, objectSchemaOf),
		ListResources:      convertEach(all.ListResourceSchemas, objectSchemaOf),
		Actions:            convertEach(all.ActionSchemas, func(a *tfprotov6.ActionSchema) objectSchema { return objectSchemaOf(a.Schema) }),
		StateStores:        convertEach(all.StateStoreSchemas, objectSchemaOf),
		Functions:          convertEach(all.Functions, functionSchemaOf),
	}
}

// The protocol grows. What is new in it must not go by unseen.
func TestSchema_allOfTheProtocol(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		of   any
		want string
	}{
		"response":           {tfprotov6.GetProviderSchemaResponse{}, "ServerCapabilities Provider ProviderMeta ResourceSchemas DataSourceSchemas Functions EphemeralResourceSchemas ListResourceSchemas ActionSchemas StateStoreSchemas Diagnostics"},
		"identities":         {tfprotov6.GetResourceIdentitySchemasResponse{}, "IdentitySchemas Diagnostics"},
		"schema":             {tfprotov6.Schema{}, "Version Block"},
		"block":              {tfprotov6.SchemaBlock{}, "Version Attributes BlockTypes Description DescriptionKind Deprecated DeprecationMessage"},
		"nested block":       {tfprotov6.SchemaNestedBlock{}, "TypeName Block Nesting MinItems MaxItems"},
		"attribute":          {tfprotov6.SchemaAttribute{}, "Name Type NestedType Description Required Optional Computed Sensitive DescriptionKind Deprecated WriteOnly DeprecationMessage"},
		"nested attributes":  {tfprotov6.SchemaObject{}, "Attributes Nesting"},
		"action":             {tfprotov6.ActionSchema{}, "Schema"},
		"identity":           {tfprotov6.ResourceIdentitySchema{}, "Version IdentityAttributes"},
		"identity attribute": {tfprotov6.ResourceIdentitySchemaAttribute{}, "Name Type RequiredForImport OptionalForImport Description"},
		"function":           {tfprotov6.Function{}, "Parameters VariadicParameter Return Summary Description DescriptionKind DeprecationMessage"},
		"parameter":          {tfprotov6.FunctionParameter{}, "AllowNullValue AllowUnknownValues Description DescriptionKind Name Type"},
		"return":             {tfprotov6.FunctionReturn{}, "Type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fields []string
			of := reflect.TypeOf(tc.of)
			for i := range of.NumField() {
				if of.Field(i).Tag != "deprecated" {
					fields = append(fields, of.Field(i).Name)
				}
			}
			if got := strings.Join(fields, " "); got != tc.want {
				t.Errorf("%v has the fields\n%s\nand the schema in %s is made of\n%s\nTake what is new into providerSchema and schemaChanges, and then in here.", of, got, schemaFile, tc.want)
			}
		})
	}
}

func convertEach[From, To any](all map[string]From, convert func(From) To) map[string]To {
	converted := map[string]To{}
	for name, one := range all {
		converted[name] = convert(one)
	}
	return converted
}

func capabilitiesSchemaOf(c *tfprotov6.ServerCapabilities) map[string]bool {
	all := map[string]bool{}
	if c == nil {
		return all
	}
	value := reflect.ValueOf(*c)
	for i := range value.NumField() {
		all[value.Type().Field(i).Name] = value.Field(i).Bool()
	}
	return all
}

func optionalSchemaOf(s *tfprotov6.Schema) *objectSchema {
	if s == nil {
		return nil
	}
	o := objectSchemaOf(s)
	return &o
}

func objectSchemaOf(s *tfprotov6.Schema) objectSchema {
	if s == nil {
		return objectSchema{}
	}
	return objectSchema{Version: s.Version, blockSchema: blockSchemaOf(s.Block)}
}

func blockSchemaOf(b *tfprotov6.SchemaBlock) blockSchema {
	if b == nil {
		return blockSchema{}
	}
	block := blockSchema{Deprecated: deprecated(b.Deprecated, b.DeprecationMessage), Attributes: attributesSchemaOf(b.Attributes), Blocks: map[string]nestedSchema{}}
	for _, n := range b.BlockTypes {
		block.Blocks[n.TypeName] = nestedSchema{Nesting: n.Nesting.String(), Min: n.MinItems, Max: n.MaxItems, blockSchema: blockSchemaOf(n.Block)}
	}
	return block
}

func attributesSchemaOf(list []*tfprotov6.SchemaAttribute) map[string]attributeSchema {
	all := map[string]attributeSchema{}
	for _, a := range list {
		attribute := attributeSchema{
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
			Deprecated: deprecated(a.Deprecated, a.DeprecationMessage),
		}
		if a.NestedType != nil {
			attribute.Nested = &nestedSchema{Nesting: a.NestedType.Nesting.String(), blockSchema: blockSchema{Attributes: attributesSchemaOf(a.NestedType.Attributes)}}
		} else {
			attribute.Type = typeNameOf(a.Type)
		}
		all[a.Name] = attribute
	}
	return all
}

func deprecated(is bool, message string) string {
	if is && message == "" {
		return "deprecated"
	}
	return message
}

func identitySchemaOf(s *tfprotov6.ResourceIdentitySchema) identitySchema {
	identity := identitySchema{Version: s.Version, Attributes: map[string]identityAttribute{}}
	for _, a := range s.IdentityAttributes {
		identity.Attributes[a.Name] = identityAttribute{Type: typeNameOf(a.Type), Required: a.RequiredForImport, Optional: a.OptionalForImport}
	}
	return identity
}

func functionSchemaOf(f *tfprotov6.Function) functionSchema {
	function := functionSchema{Return: typeNameOf(f.Return.Type), Deprecated: f.DeprecationMessage}
	for _, p := range f.Parameters {
		function.Parameters = append(function.Parameters, parameterSchemaOf(p))
	}
	if f.VariadicParameter != nil {
		variadic := parameterSchemaOf(f.VariadicParameter)
		function.Variadic = &variadic
	}
	return function
}

func parameterSchemaOf(p *tfprotov6.FunctionParameter) parameterSchema {
	return parameterSchema{Name: p.Name, Type: typeNameOf(p.Type), Null: p.AllowNullValue, Unknown: p.AllowUnknownValues}
}

// typeNameOf is a type as configurations write it, but for tuples.
func typeNameOf(t tftypes.Type) string {
	return strings.ReplaceAll(strings.ToLower(t.String()), "tftypes.", "")
}
