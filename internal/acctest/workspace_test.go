// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func startWorkspace(t *testing.T) (*Workspace, *calls) {
	t.Helper()
	things, met := startThings(t)
	met.processes = 0
	return NewWorkspace(t, func() (Resource, error) {
		core, err := things.Restart()
		if err != nil {
			return Resource{}, err
		}
		return core.Resource("test_thing"), nil
	}), met
}

// Each run is a process, and an apply another one, which comes to the same.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	w, met := startWorkspace(t)
	set := func(name, colour string, options ...PlanOption) {
		t.Helper()
		w.Set("thing", map[string]any{"name": name, "colour": colour}, options...)
		met.processes, met.list = 0, nil
	}
	set("a", "red")
	w.MustApply().ExpectPlanned(t, map[string]string{"thing": ActionCreate})
	met.expect(t, "1 validate red", "1 plan red", "2 validate red", "2 plan red", "2 create red")
	w.ExpectStored("thing", map[string]any{"name": "a", "colour": "red", "size": "small", "secret": nil})
	met.processes = 0
	w.ExpectSettled()
	met.expect(t, "1 validate red", "1 plan red", "3 validate red", "3 plan red")

	set("a", "blue")
	planned := w.ExpectPlanned(map[string]string{"thing": ActionUpdate})
	w.ExpectStored("thing", map[string]any{"colour": "red"})
	w.ApplyPlan(planned)
	w.ExpectStored("thing", map[string]any{"colour": "blue", "size": "large"})

	// What is replaced is deleted before it is planned again.
	for name, option := range map[string]PlanOption{"replaced": Replaced(), "tainted": Tainted()} {
		set("a", "blue", option)
		w.MustApply().ExpectPlanned(t, map[string]string{"thing": ActionReplace})
		want := []string{"1 validate blue", "1 plan blue", "1 plan blue", "delete", "2 validate blue", "2 plan blue", "2 create blue"}
		if name == "tainted" {
			want = slices.Delete(want, 2, 3)
		}
		met.expect(t, want...)
	}

	// A plan that fails is not applied, and what is not named is not planned.
	set("a", "none")
	w.Set("other", map[string]any{"name": "b"})
	failed := w.Apply()
	if err := failed.Of("thing").Err(); !failed.Failed || err == nil || !strings.Contains(err.Error(), "No colour") || len(w.Stored) != 1 {
		t.Errorf("a plan that fails: %v; stored: %s", err, w.StateText())
	}
	w.MustApply("other").ExpectPlanned(t, map[string]string{"other": ActionCreate})

	// An update may come to nothing once all is known.
	w.Set("other", map[string]any{"name": "b", "colour": tftypes.UnknownValue})
	planned = w.ExpectPlanned(map[string]string{"other": ActionUpdate}, "other")
	w.Resolve(planned, "other", map[string]any{"name": "b"})
	w.ApplyPlan(planned)
	planned.ExpectPlanned(t, map[string]string{"other": ActionUpdate})
	w.ExpectStored("other", map[string]any{"colour": nil})

	w.Remove("thing", "other")
	gone := w.MustApply()
	gone.ExpectPlanned(t, map[string]string{"thing": ActionDelete, "other": ActionDelete})
	if got := gone.Of("thing").Warnings(); len(w.Stored) > 0 || !slices.Equal(got, []string{"Deleted"}) {
		t.Errorf("warned %q; stored: %s", got, w.StateText())
	}
}
