// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
)

// validated is a kind of object whose arguments the provider validates.
type validated struct {
	schema   *tfprotov6.Schema
	validate func(*tfprotov6.DynamicValue) []*tfprotov6.Diagnostic
}

// allValidated returns every kind of object, and the configuration of the provider as one more.
func allValidated(t *testing.T, writeOnly bool) map[string]validated {
	t.Helper()
	ctx, s, all := t.Context(), NewServer("test")().(server), schemas()
	kinds := map[string]validated{
		"provider": {all.Provider, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}},
		"provider, configured": {all.Provider, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}},
	}
	for name, schema := range all.ResourceSchemas {
		kinds["resource "+name] = validated{schema, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config,
				ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: writeOnly}})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}}
	}
	for name, schema := range all.DataSourceSchemas {
		kinds["data "+name] = validated{schema, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}}
	}
	for name, schema := range all.EphemeralResourceSchemas {
		kinds["ephemeral "+name] = validated{schema, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateEphemeralResourceConfig(ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: name, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}}
	}
	for name, schema := range all.ListResourceSchemas {
		kinds["list "+name] = validated{schema, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateListResourceConfig(ctx, &tfprotov6.ValidateListResourceConfigRequest{TypeName: name, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}}
	}
	for name, action := range all.ActionSchemas {
		kinds["action "+name] = validated{action.Schema, func(config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
			resp, err := s.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			return resp.Diagnostics
		}}
	}
	return kinds
}

// configsWith returns a configuration for each argument of a block, with one value for it and valid ones for what is
// required besides.
func configsWith(block *tfprotov6.SchemaBlock, value func(*tfprotov6.SchemaAttribute) (any, bool)) map[string]map[string]any {
	required := map[string]any{}
	for _, a := range block.Attributes {
		if a.Required {
			required[a.Name] = map[string]any{
				"app_id": testApp, "app_name": "app", "url": testURL, "record_rule_id": "r", "mode": "AUTO_INDIVIDUAL_RECORD",
			}[a.Name]
		}
	}
	configs := map[string]map[string]any{}
	for _, a := range block.Attributes {
		if v, ok := value(a); ok {
			config := map[string]any{}
			for name, given := range required {
				config[name] = given
			}
			config[a.Name] = v
			configs[a.Name] = config
		}
	}
	for _, nested := range block.BlockTypes {
		for name, inner := range configsWith(nested.Block, value) {
			config := map[string]any{nested.TypeName: inner}
			for name, given := range required {
				config[name] = given
			}
			configs[nested.TypeName+"."+name] = config
		}
	}
	return configs
}

func pathOf(d *tfprotov6.Diagnostic) string {
	if d.Attribute == nil {
		return ""
	}
	return d.Attribute.String()
}

var secretName = regexp.MustCompile(`url|endpoint|cert|_key$|_key_|token$|password`)

// Terraform prints the source line of a diagnostic with a path. Each argument gets each kind of wrong value, from the
// framework's view too: null where it is required, set where it is read-only or the CLI knows no write-only arguments.
func TestNoPathToASecret(t *testing.T) {
	const canary = "canary"
	values := []any{nil, "", "\n", canary + "\n", "\ufeff" + canary, "https://user:" + canary + "@h:99999/" + canary, "https://" + canary + "@h/?" + canary, tftypes.UnknownValue}
	for _, writeOnly := range []bool{true, false} {
		reported := map[string]int{}
		for kind, of := range allValidated(t, writeOnly) {
			for _, wrong := range values {
				configs := configsWith(of.schema.Block, func(a *tfprotov6.SchemaAttribute) (any, bool) {
					return wrong, tftypes.String.Equal(a.Type) && (a.Sensitive || secretName.MatchString(a.Name))
				})
				for argument, config := range configs {
					value := acctest.ConfigOf(of.schema, config)
					dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range of.validate(&dynamic) {
						reported[strings.TrimSuffix(kind, ", configured")+" "+argument]++
						if path := pathOf(d); path != "" && slices.ContainsFunc(d.Attribute.Steps(), func(step tftypes.AttributePathStep) bool {
							return tftypes.AttributeName(argument[strings.LastIndex(argument, ".")+1:]) == step
						}) {
							t.Errorf("%s, %s: %s has the path %s", kind, argument, d.Summary, path)
						}
						if strings.Contains(d.Summary+d.Detail, canary) {
							t.Errorf("%s, %s: a value is in %s: %s", kind, argument, d.Summary, d.Detail)
						}
					}
				}
			}
		}
		for _, argument := range []string{
			"provider endpoint", "provider auth_url", "provider cacert_file", "provider secret_key", "resource sparkrtc_record_callback url",
			"resource sparkrtc_record_callback auth_key", "resource sparkrtc_record_callback auth_key_wo", "data sparkrtc_record_callback url",
			"ephemeral sparkrtc_record_callback auth_key", "ephemeral sparkrtc_record_callback url", "action sparkrtc_send_test_notification url",
			"action sparkrtc_send_test_notification auth_key_env",
		} {
			if reported[argument] == 0 {
				t.Errorf("nothing is reported about %s", argument)
			}
		}
	}
}

func TestMayHoldSecret_hasEachSecret(t *testing.T) {
	for kind, of := range allValidated(t, true) {
		for _, a := range allAttributes(of.schema.Block) {
			if secret := tftypes.String.Equal(a.Type) && (a.Sensitive || secretName.MatchString(a.Name)); secret && !mayHoldSecret[a.Name] {
				t.Errorf("%s of %s is missing", a.Name, kind)
			}
		}
	}
	for reason, advice := range advices {
		if mayHoldSecret[advice.attribute] {
			t.Errorf("%s: the advice points at the line of %s", reason, advice.attribute)
		}
	}
	constant := regexp.MustCompile(`AddAttribute(?:Error|Warning)\(path\.Root\("(\w+)"\)`)
	found := constant.FindAllStringSubmatch(sources(t, "."), -1)
	for _, call := range found {
		if mayHoldSecret[call[1]] {
			t.Errorf("an error points at the line of %s", call[1])
		}
	}
	if len(found) == 0 {
		t.Error("no path is found")
	}
}

// Each number and duration of each object: the error is about the argument, has its range and nothing of Go.
func TestNumbersHaveARange(t *testing.T) {
	const timeoutsOfAny = "timeouts of any resource"
	numbers := map[string][]any{
		"provider max_retries":                                  {"from 0 to 20", -1, 21},
		"provider assume_role.duration":                         {"from 900 to 86400", 899, 86401},
		"provider assume_role_with_oidc.duration":               {"from 900 to 86400", 899, 86401},
		"resource sparkrtc_record_callback auth_key_wo_version": {"from 0 to 9007199254740991", -1, 1 << 53},
		timeoutsOfAny: {"from 1 second to 24 hours", "0s", "24h1s", "999ms", "25h", "-5m", "1000000h"},
	}
	huge, _, err := big.ParseFloat("1e30", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	goSyntax := regexp.MustCompile(`bug|provider developer|time\.|int64|big\.|e\+|0x|\d+m0s|%!|ns"`)
	seen := map[string]bool{}
	for kind, of := range allValidated(t, true) {
		if kind == "provider, configured" {
			continue
		}
		isNumber := func(a *tfprotov6.SchemaAttribute) bool {
			return tftypes.Number.Equal(a.Type) && (a.Optional || a.Required)
		}
		isDuration := func(a *tfprotov6.SchemaAttribute) bool {
			return slices.Contains([]string{"create", "read", "update", "delete"}, a.Name)
		}
		for argument := range configsWith(of.schema.Block, func(a *tfprotov6.SchemaAttribute) (any, bool) { return nil, isNumber(a) || isDuration(a) }) {
			name := kind + " " + argument
			if strings.HasPrefix(argument, "timeouts.") {
				name = timeoutsOfAny
			}
			seen[name] = true
			wrong := numbers[name]
			if wrong == nil {
				t.Errorf("%s: what is its range?", name)
				continue
			}
			given := slices.Concat(wrong[1:], []any{"", "5", "soon", "9999999h", "1e30s"})
			if !strings.Contains(argument, "timeouts") {
				given = slices.Concat(wrong[1:], []any{1.5, -0.5, huge, new(big.Float).Neg(huge), new(big.Float).SetInf(false)})
			}
			for _, value := range given {
				config := configsWith(of.schema.Block, func(*tfprotov6.SchemaAttribute) (any, bool) { return nil, true })[argument]
				inner := config
				if block, _, nested := strings.Cut(argument, "."); nested {
					inner = config[block].(map[string]any)
				}
				inner[argument[strings.LastIndex(argument, ".")+1:]] = value
				encoded := acctest.ConfigOf(of.schema, config)
				dynamic, err := tfprotov6.NewDynamicValue(encoded.Type(), encoded)
				if err != nil {
					t.Fatal(err)
				}
				list := withoutMissing(of.validate(&dynamic))
				if len(list) != 1 {
					t.Errorf("%s = %v: %d diagnostics", name, value, len(list))
					continue
				}
				d := list[0]
				if !strings.HasPrefix(d.Detail, argument+" must be ") || !strings.Contains(d.Detail, wrong[0].(string)) || d.Attribute == nil {
					t.Errorf("%s = %v: %s, %s: %s", name, value, pathOf(d), d.Summary, d.Detail)
				}
				if at := goSyntax.FindString(d.Summary + " " + d.Detail); at != "" {
					t.Errorf("%s = %v: %q in %s: %s", name, value, at, d.Summary, d.Detail)
				}
			}
		}
	}
	for name := range numbers {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// Terraform points at the argument that an error is about.
func TestCallbackSignature_wrongKeys(t *testing.T) {
	text := func(s string) *tfprotov6.DynamicValue {
		v, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, s))
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	for key, want := range map[string]string{
		"":             "The key is empty: a callback without a key sends events without a signature",
		"canary\n":     "Callback key with a stray character: auth_key ends with a line break",
		" canary":      "Callback key with a stray character: auth_key begins with a blank", //nolint:gocritic // the blank is the subject
		"canary\u200b": "Callback key with a stray character: auth_key ends with a zero-width space (U+200B)",
	} {
		resp, err := NewServer("test")().CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
			Name: "callback_signature", Arguments: []*tfprotov6.DynamicValue{text(key), text("r"), text("t"), text("b")},
		})
		if err != nil || resp.Error == nil || resp.Error.Text != want || resp.Error.FunctionArgument != nil {
			t.Errorf("%q: %+v, %v", key, resp, err)
		}
	}
}
