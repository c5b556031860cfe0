// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const appType = "sparkrtc_app"

// newApps starts a provider that leads to an emulator, for apps.
func newApps(tb testing.TB, e *acctest.Emulator) acctest.Resource {
	tb.Helper()
	core, err := newCore(tb, e, &sparkRTCProvider{}, map[string]any{"max_retries": 2})
	if err != nil {
		tb.Fatal(err)
	}
	return core.Resource(appType)
}

// made is the ID of the one app of a name.
func made(tb testing.TB, e *acctest.Emulator, name string) (found emulator.AppState) {
	tb.Helper()
	n := 0
	for _, app := range e.Apps() {
		if app.Name == name {
			found = app
			n++
		}
	}
	if n != 1 {
		tb.Fatalf("%d apps are named %q", n, name)
	}
	return found
}

// tryApply plans and applies in a new process.
func tryApply(apps acctest.Resource, prior acctest.Object, given map[string]any) (acctest.Object, error) {
	plan, err := apps.Plan(prior, apps.ConfigOf(given), acctest.ValidateFirst())
	if err != nil {
		return prior, err
	}
	return apps.ApplyInNewProcess(plan)
}

func apply(t *testing.T, apps acctest.Resource, prior acctest.Object, given map[string]any) acctest.Object {
	t.Helper()
	stored, err := tryApply(apps, prior, given)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// expectClean reads an app in a new process, and expects that nothing is planned then.
func expectClean(t *testing.T, apps acctest.Resource, stored acctest.Object, given map[string]any) acctest.Object {
	t.Helper()
	core, err := apps.Restart()
	if err != nil {
		t.Fatal(err)
	}
	apps = core.Resource(apps.Type)
	stored, err = apps.Read(stored)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := apps.Plan(stored, apps.ConfigOf(given)); err != nil || plan.Action != acctest.ActionNone {
		t.Fatalf("%s is planned: %v; %v", plan.Action, plan.Planned.Value, err)
	}
	return stored
}

func expectError(t *testing.T, err error, mentions ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", mentions)
		return
	}
	for _, mention := range mentions {
		if !strings.Contains(err.Error(), mention) {
			t.Errorf("the error doesn't mention %q: %v", mention, err)
		}
	}
}

func post(name string) acctest.Request {
	return acctest.Request{Method: http.MethodPost, Path: acctest.AppsPath, Body: map[string]any{"app_name": name}}
}

func onApp(method, id, operation string) acctest.Request {
	return acctest.Request{Method: method, Path: acctest.AppsPath + "/" + id + operation}
}

// The life of an app under every answer that the documentation leaves open: what is sent, and that nothing is planned
// after it.
func TestApp_life(t *testing.T) {
	for _, sw := range emulator.Switches() {
		switch sw.Name {
		case "after-create", "app-deletion", "app-names", "deleted-app", "app-key-echo", "same-state", "stopped-app":
		default:
			continue
		}
		for _, value := range sw.Values {
			t.Run(sw.Name+" "+value, func(t *testing.T) {
				var options emulator.Options
				if err := options.Set(sw.Name, value); err != nil {
					t.Fatal(err)
				}
				e := acctest.StartEmulator(t, options)
				apps := newApps(t, e)
				config := map[string]any{"app_name": "classroom"}
				stored := apply(t, apps, acctest.Object{}, config)
				id := made(t, e, "classroom").ID
				if stored.Text("app_id") != id || stored.Text("state") != emulator.StateActive {
					t.Errorf("stored: %v", stored.Value)
				}
				e.ExpectSent(t, post("classroom"))
				stored = expectClean(t, apps, stored, config)

				config["enabled"] = false
				stored = apply(t, apps, stored, config)
				e.ExpectSent(t, onApp(http.MethodPost, id, "/disable"))
				if stored.Text("state") != emulator.StateInactive {
					t.Errorf("disabled: %v", stored.Value)
				}
				stored = expectClean(t, apps, stored, config)
				e.ActivateApp(id) // outside
				stored, err := newApps(t, e).Read(stored)
				if err != nil || stored.Text("state") != emulator.StateActive {
					t.Errorf("enabled outside: %v, %v", stored.Value, err)
				}
				delete(config, "enabled")
				stored = expectClean(t, apps, stored, config)

				_, err = apps.Destroy(stored)
				expectError(t, err, "App is protected from deletion", id)
				config["deletion_protection"] = false
				stored = apply(t, apps, stored, config)
				stored = expectClean(t, apps, stored, config)
				e.ExpectSent(t)
				if _, err = newApps(t, e).Destroy(stored); err != nil {
					t.Fatal(err)
				}
				if _, found := e.App(id); found {
					t.Error("the app is still there")
				}
				sent := []acctest.Request{onApp(http.MethodDelete, id, "")}
				if value == string(emulator.DeletionStopped) || value == string(emulator.DeletionAll) {
					sent = append(sent, onApp(http.MethodPost, id, "/disable"), sent[0])
				}
				e.ExpectSent(t, sent...)
				if gone, err := newApps(t, e).Read(stored); err != nil || gone.Exists() || !slices.Contains(gone.Diagnostics.Warnings(), "SparkRTC app is gone") {
					t.Errorf("deleted: %v, %v", gone, err)
				}
			})
		}
	}
}

var _ = fmt.Sprint
var _ tftypes.Value
