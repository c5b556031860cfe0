// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// What only the CLI shows: the second plan of a replacement, a tainted app, and the order of a replacement.
func TestAccApp_protection(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{})
	config := "resource \"sparkrtc_app\" \"main\" {\n  app_name = \"classroom\"\n%s}\n"
	r := newCLI(t, e, fmt.Sprintf(config, ""))
	r.Apply(t)
	r.Plan(t, acctest.NoChanges)
	id := made(t, e, "classroom").ID
	refused := func(summary string, arguments ...string) {
		t.Helper()
		if out := r.Must(t, 1, arguments...).Out(); !strings.Contains(out, summary) {
			t.Errorf("%v: %s", arguments, out)
		}
	}
	refused("App is protected from deletion", "plan", "-replace=sparkrtc_app.main")
	refused("App is protected from deletion", "destroy", "-auto-approve")
	r.Must(t, 0, "taint", "sparkrtc_app.main")
	refused("SparkRTC app name is taken", "apply", "-auto-approve")
	r.Must(t, 0, "untaint", "sparkrtc_app.main")
	r.Plan(t, acctest.NoChanges)
	if made(t, e, "classroom").ID != id {
		t.Error("the app was replaced")
	}
	e.RemoveApp(id) // what is gone needs no protection
	r.Apply(t)

	r.Write(t, fmt.Sprintf(config, "  deletion_protection = false\n"))
	r.Apply(t)
	r.Must(t, 0, "apply", "-auto-approve", "-replace=sparkrtc_app.main")
	if now := made(t, e, "classroom").ID; now == id || len(e.Apps()) != 1 {
		t.Errorf("the app was not replaced: %s", now)
	}
	r.Plan(t, acctest.NoChanges)
	r.Write(t, strings.ReplaceAll(fmt.Sprintf(config, "  deletion_protection = false\n"), "classroom", "lecture"))
	r.Apply(t)
	made(t, e, "lecture")
	r.Must(t, 0, "destroy", "-auto-approve")
	if len(e.Apps()) != 0 {
		t.Errorf("left: %v", e.Apps())
	}
}

// Apps set by hand are taken over with configuration that the CLI writes, without a call that writes. The key is read
// where it is used, and stored nowhere.
func TestAccApp_import(t *testing.T) {
	t.Parallel()
	e := acctest.StartEmulator(t, emulator.Options{}, "one", "two")
	e.DeactivateApp("two")
	e.SetAppState("one", emulator.StateArrears)
	one, _ := e.App("one")
	r := newCLI(t, e, "import {\n  to = sparkrtc_app.one\n  id = \"one\"\n}\n\nimport {\n  to = sparkrtc_app.two\n  id = \"two\"\n}\n")
	r.Must(t, acctest.Changes, "plan", "-detailed-exitcode", "-generate-config-out=generated.tf")
	if out := r.Apply(t).Out(); !strings.Contains(out, "2 imported, 0 added, 0 changed") {
		t.Errorf("the import: %s", out)
	}
	r.Write(t, fmt.Sprintf(`
data "sparkrtc_app" "one" {
  app_name = sparkrtc_app.one.app_name
}

data "sparkrtc_apps" "all" {
  lifecycle {
    postcondition {
      condition     = length(self.apps) == 2 && self.apps["two"].app_state == "DEACTIVATION"
      error_message = "Not the apps."
    }
  }
}

ephemeral "sparkrtc_app" "one" {
  app_id = data.sparkrtc_app.one.app_id

  lifecycle {
    postcondition {
      condition     = self.app_key == format("%%s%%s", %q, %q) && self.app_name == "one" && self.state == "ARREARS"
      error_message = "Not the app."
    }
  }
}
`, one.AppKey[:8], one.AppKey[8:]))
	r.Plan(t, acctest.NoChanges)
	r.Apply(t)
	acctest.ExpectNoSecret(t, "state", r.ReadFile(t, "terraform.tfstate"), one.AppKey)
	e.ExpectSent(t)
}
