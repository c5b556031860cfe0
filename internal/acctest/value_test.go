// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// nestedSchema has a nested object with an attribute that has a default.
var nestedSchema = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "id", Type: tftypes.String, Computed: true},
	{Name: "tags", Type: tftypes.List{ElementType: tftypes.String}, Optional: true},
	{Name: "obs", Optional: true, NestedType: &tfprotov6.SchemaObject{
		Nesting: tfprotov6.SchemaObjectNestingModeSingle,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "bucket", Type: tftypes.String, Required: true},
			{Name: "region", Type: tftypes.String, Optional: true, Computed: true},
		},
	}},
}}}

func TestProposed(t *testing.T) {
	t.Parallel()
	prior := ConfigOf(nestedSchema, map[string]any{"id": "1", "obs": map[string]any{"bucket": "a", "region": "r"}})
	for name, tc := range map[string]struct{ config, want map[string]any }{
		"what is computed stays":      {map[string]any{"obs": map[string]any{"bucket": "b"}}, map[string]any{"id": "1", "obs": map[string]any{"bucket": "b", "region": "r"}}},
		"what is configured counts":   {map[string]any{"obs": map[string]any{"bucket": "b", "region": "s"}}, map[string]any{"id": "1", "obs": map[string]any{"bucket": "b", "region": "s"}}},
		"a nested object that goes":   {map[string]any{}, map[string]any{"id": "1"}},
		"a nested object not known":   {map[string]any{"obs": tftypes.UnknownValue}, map[string]any{"id": "1", "obs": tftypes.UnknownValue}},
		"a list, in the same objects": {map[string]any{"tags": []any{"x"}, "obs": map[string]any{"bucket": "a"}}, map[string]any{"id": "1", "tags": []any{"x"}, "obs": map[string]any{"bucket": "a", "region": "r"}}},
	} {
		got := proposed(nestedSchema.Block.Attributes, prior, ConfigOf(nestedSchema, tc.config))
		if want := ConfigOf(nestedSchema, tc.want); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestCheckPlannedAndConforms(t *testing.T) {
	t.Parallel()
	config := ConfigOf(nestedSchema, map[string]any{"obs": map[string]any{"bucket": "a"}})
	planned := ConfigOf(nestedSchema, map[string]any{"id": tftypes.UnknownValue, "obs": map[string]any{"bucket": "a", "region": tftypes.UnknownValue}})
	if err := checkPlanned(nestedSchema.Block.Attributes, config, planned); err != nil {
		t.Error(err)
	}
	other := ConfigOf(nestedSchema, map[string]any{"id": "1", "obs": map[string]any{"bucket": "b", "region": "r"}})
	if err := checkPlanned(nestedSchema.Block.Attributes, config, other); err == nil {
		t.Error("another bucket than the configured one is planned")
	}
	if err := checkConforms("it", planned, ConfigOf(nestedSchema, map[string]any{"id": "1", "obs": map[string]any{"bucket": "a", "region": "r"}})); err != nil {
		t.Error(err)
	}
	if err := checkConforms("it", planned, other); err == nil {
		t.Error("another bucket than the planned one is stored")
	}
}
