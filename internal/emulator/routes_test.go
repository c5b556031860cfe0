// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"maps"
	"strings"
	"testing"
)

func TestOperations(t *testing.T) {
	names := make(map[string]bool)
	for _, op := range operations {
		if names[op.name] {
			t.Errorf("two operations are named %s", op.name)
		}
		names[op.name] = true
		path := strings.NewReplacer("{", "", "}", "").Replace(op.path)
		if found, vars := findOperation(op.method, path); found != op || len(vars) != strings.Count(op.path, "{") {
			t.Errorf("%s %s is routed to %s with %v", op.method, path, found.name, vars)
		}
		if found, _ := findOperation("TRACE", path); found != unknownOperation {
			t.Errorf("TRACE %s is routed to %s", path, found.name)
		}
	}
}

func TestMatchPath(t *testing.T) {
	const pattern = "/v2/apps/{app_id}/record-rules/{rule_id}"
	for path, want := range map[string]map[string]string{
		"/v2/apps/a/record-rules/b":           {"app_id": "a", "rule_id": "b"},
		"/v2/apps/a%2Fb/record-rules/%C3%A4":  {"app_id": "a/b", "rule_id": "ä"},
		"/v2/apps/%2E%2E/record-rules/%2E":    {"app_id": "..", "rule_id": "."},
		"/v2/apps/{app_id}/record-rules/a+b":  {"app_id": "{app_id}", "rule_id": "a+b"},
		"/v2/apps/a/record-rules":             nil,
		"/v2/apps/a/record-rules/":            nil,
		"/v2/apps/a/record-rules/b/":          nil,
		"/v2/apps//record-rules/b":            nil,
		"/v2/apps/a/record-rules/..":          nil,
		"/v2/apps/./record-rules/b":           nil,
		"/v2/apps/a/record-rules/%zz":         nil,
		"/v2/apps/a/record%2Drules/b":         nil,
		"/v2/apps/a/RECORD-RULES/b":           nil,
		"//v2/apps/a/record-rules/b":          nil,
		"/v2/apps/a/record-rules/b/../b":      nil,
		"http://host/v2/apps/a/record-rules/": nil,
		"":                                    nil,
	} {
		vars, matches := matchPath(pattern, path)
		if matches != (want != nil) || !maps.Equal(vars, want) {
			t.Errorf("%q: got %v, %v", path, vars, matches)
		}
	}
}

func TestAppIDOf(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/apps":                   "",
		"/v2/apps/":                  "",
		"/v2/apps/a":                 "a",
		"/v2/apps/a/":                "a",
		"/v2/apps/a%2Fb/unknown/c/d": "a/b",
		"/v2/apps/../record-rules":   "",
		"/v2/apps/%zz":               "",
		"/v3/apps/a":                 "",
		"/":                          "",
	} {
		if got := appIDOf(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
