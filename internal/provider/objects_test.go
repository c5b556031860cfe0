// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// What belongs to each object that the provider has, and nothing else would miss:
// a new one that was forgotten somewhere has no test that fails.
func TestObjects_haveAllThatBelongsToThem(t *testing.T) {
	all := schemas()
	for kind, objects := range map[string]map[string]*tfprotov6.Schema{
		"resources":           all.ResourceSchemas,
		"data-sources":        all.DataSourceSchemas,
		"ephemeral-resources": all.EphemeralResourceSchemas,
		"list-resources":      all.ListResourceSchemas,
		"actions":             actionSchemas(all),
	} {
		for name, schema := range objects {
			block := map[string]string{"resources": "resource", "data-sources": "data", "ephemeral-resources": "ephemeral"}[kind]
			page := "docs/" + kind + "/" + strings.TrimPrefix(name, "sparkrtc_") + ".md"
			expectMention(t, "../../README.md", page)
			expectExample(t, kind, name)
			if kind == "resources" {
				expectMention(t, "testdata/state-template/main.tf", `resource "`+name+`"`)
				if !slices.ContainsFunc(faultyObjects, func(o faultyObject) bool { return o.typeName == name }) {
					t.Errorf("faultyObjects, in faults_test.go, does not have %s", name)
				}
			}
			if block != "" && hasSecret(schema.Block) {
				expectMention(t, "canary_test.go", block+` "`+name+`"`)
			}
		}
	}
	for name := range all.Functions {
		expectMention(t, "../../README.md", "docs/functions/"+name+".md")
		expectExample(t, "functions", name)
	}
	if len(all.ResourceSchemas) == 0 || len(all.Functions) == 0 {
		t.Error("the provider has nothing")
	}
}

func actionSchemas(all *tfprotov6.GetProviderSchemaResponse) map[string]*tfprotov6.Schema {
	found := make(map[string]*tfprotov6.Schema)
	for name, action := range all.ActionSchemas {
		found[name] = action.Schema
	}
	return found
}

func hasSecret(b *tfprotov6.SchemaBlock) bool {
	return slices.ContainsFunc(b.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Sensitive || a.WriteOnly }) ||
		slices.ContainsFunc(b.BlockTypes, func(b *tfprotov6.SchemaNestedBlock) bool { return hasSecret(b.Block) })
}

func expectMention(t *testing.T, file, text string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(regexp.QuoteMeta(text) + `($|\W)`).Match(content) { // and not a longer name
		t.Errorf("%s does not have %s", file, text)
	}
}

func expectExample(t *testing.T, kind, name string) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join("../../examples", kind, name, "*.tf*")); err != nil || len(found) == 0 {
		t.Errorf("examples/%s/%s has no example (%v)", kind, name, err)
	}
}
