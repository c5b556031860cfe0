// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Stored returns the attributes of what is in the state, by address.
func (c *CLI) Stored(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	content, err := os.ReadFile(filepath.Join(c.Dir, LocalState))
	if os.IsNotExist(err) {
		return all
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				IndexKey   any `json:"index_key"`
				Status     string
				Attributes map[string]any
			}
		}
	}
	if err == nil {
		err = json.Unmarshal(content, &state)
	}
	if err != nil {
		t.Fatalf("the state: %v", err)
	}
	for _, resource := range state.Resources {
		for _, i := range resource.Instances {
			address := resource.Type + "." + resource.Name
			if key, ok := i.IndexKey.(string); ok {
				address += fmt.Sprintf("[%q]", key)
			}
			if i.Status != "" {
				t.Errorf("%s is %s", address, i.Status)
			}
			all[address] = i.Attributes
		}
	}
	return all
}

// ExpectStored compares attributes in the state; nil is null.
func (c *CLI) ExpectStored(t *testing.T, address string, want map[string]any) {
	t.Helper()
	got, ok := c.Stored(t)[address]
	if !ok {
		t.Errorf("%s is not in the state", address)
	}
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			t.Errorf("%s has the %s %v in the state, want %v", address, name, got[name], value)
		}
	}
}

// ExpectSettled expects a plan without changes, before and after a refresh is stored.
func (c *CLI) ExpectSettled(t *testing.T) {
	t.Helper()
	c.Plan(t, NoChanges)
	c.Must(t, 0, "apply", "-refresh-only", "-auto-approve")
	c.Plan(t, NoChanges)
}

// ExpectPlanned runs plan -json with more arguments, and compares the PlannedActions.
func (c *CLI) ExpectPlanned(t *testing.T, want map[string]string, arguments ...string) Result {
	t.Helper()
	got := c.Must(t, 0, append([]string{"plan", "-json"}, arguments...)...)
	got.ExpectPlanned(t, want)
	return got
}

// ExpectPlanned compares the PlannedActions.
func (r Result) ExpectPlanned(t *testing.T, want map[string]string) {
	t.Helper()
	if got := r.PlannedActions(t); !maps.Equal(got, want) {
		t.Errorf("planned: %v, want %v", got, want)
	}
}

// PlannedActions returns what a plan or an apply with -json plans, such as "update", by address, without no-ops.
func (r Result) PlannedActions(t *testing.T) map[string]string {
	t.Helper()
	actions := map[string]string{}
	for line := range strings.Lines(r.Stdout) {
		var message struct {
			Type   string
			Change struct {
				Action   string
				Resource struct{ Addr string }
			}
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if message.Type == "planned_change" {
			actions[message.Change.Resource.Addr] = message.Change.Action
		}
	}
	return actions
}
