// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
)

// What is read and written is what the framework reads and writes.
func TestModelsAsTheFramework(t *testing.T) {
	var schema resource.SchemaResponse
	new(recordCallbackResource).Schema(t.Context(), resource.SchemaRequest{}, &schema)
	for name, given := range map[string]map[string]any{
		"nothing but nulls": nil,
		"all of it": {
			"app_id": testApp, "url": testURL, "auth_key": testKey, "auth_key_wo": testKey, "auth_key_wo_version": 7, "update_time": "now",
			"notify_event_subscription": []tftypes.Value{tftypes.NewValue(tftypes.String, "EVENT")},
			"timeouts": map[string]tftypes.Value{
				"create": tftypes.NewValue(tftypes.String, "1m"), "read": tftypes.NewValue(tftypes.String, nil), "update": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
			},
		},
		"unknown values": {"url": tftypes.UnknownValue, "auth_key_wo_version": tftypes.UnknownValue, "notify_event_subscription": tftypes.UnknownValue, "timeouts": tftypes.UnknownValue},
	} {
		state := tfsdk.State{Raw: acctest.ConfigOf(callbackSchema(), given), Schema: schema.Schema}
		var want recordCallbackModel
		if diags := state.Get(t.Context(), &want); diags.HasError() {
			t.Fatalf("%s: %v", name, diags)
		}
		got, diags := modelIn[recordCallbackModel](t.Context(), state)
		if diags.HasError() || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v; %v", name, got, want, diags)
		}
		written := tfsdk.State{Raw: tftypes.NewValue(callbackSchema().ValueType(), nil), Schema: schema.Schema}
		if diags := setIn(t.Context(), &written, want); diags.HasError() || !written.Raw.Equal(state.Raw) {
			t.Errorf("%s: written is %v, want %v; %v", name, written.Raw, state.Raw, diags)
		}
	}

	none := tfsdk.State{Raw: tftypes.NewValue(callbackSchema().ValueType(), nil), Schema: schema.Schema}
	if got, diags := modelIn[recordCallbackModel](t.Context(), none); got != nil || len(diags) > 0 {
		t.Errorf("nothing is %+v, %v", got, diags)
	}
	whole := tfsdk.State{Raw: acctest.ConfigOf(callbackSchema(), nil), Schema: schema.Schema}
	type another struct {
		AppID types.Int64 `tfsdk:"app_id"`
	}
	if _, diags := modelIn[another](t.Context(), whole); !diags.HasError() {
		t.Error("a field of another type is no error")
	}
	type unknown struct {
		ID types.String `tfsdk:"id"`
	}
	if _, diags := modelIn[unknown](t.Context(), whole); !diags.HasError() {
		t.Error("a field without an attribute is no error")
	}
	if diags := setIn(t.Context(), &whole, another{}); !diags.HasError() {
		t.Error("a model that lacks attributes is no error")
	}
}
