// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
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
	return newObjects(tb, e, appType, map[string]any{"max_retries": 2})
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
	apps = again(t, apps)
	stored = read(t, apps, stored)
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

// The life of an app under each behavior that the documentation leaves open: what is sent, and that nothing is planned
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

// A lost response makes no second app, and takes over none of someone else's.
func TestApp_createInDoubt(t *testing.T) {
	const name = "classroom"
	lost := emulator.Fault{Method: http.MethodPost, ExactPath: acctest.AppsPath, Drop: true, Times: 1}
	lostAfter := lost
	lostAfter.After = true
	noList := emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath, Status: http.StatusForbidden, Code: "APIGW.0306", Times: -1}
	noListAtFirst := noList
	noListAtFirst.Times = 3 // those of both plans, and the one before the POST
	for title, tc := range map[string]struct {
		options emulator.Options
		faults  []emulator.Fault
		posts   int
		apps    int      // of the name, afterwards
		err     []string // nil for a success
	}{
		"lost before the effect":    {faults: []emulator.Fault{lost}, posts: 1, err: []string{"may or may not", "The list of apps has no app of this name"}},
		"lost after the effect":     {faults: []emulator.Fault{lostAfter}, posts: 1, apps: 1},
		"lost, and names repeat":    {options: emulator.Options{AppNames: emulator.NamesShared}, faults: []emulator.Fault{lostAfter}, posts: 1, apps: 1},
		"lost, and not shown yet":   {options: emulator.Options{AfterCreate: emulator.CreateDelayed}, faults: []emulator.Fault{lostAfter}, posts: 1, apps: 1, err: []string{"may or may not"}},
		"listed late, names repeat": {options: emulator.Options{AfterCreate: emulator.CreateDelayed, AppNames: emulator.NamesShared}, faults: []emulator.Fault{lostAfter}, posts: 1, apps: 1, err: []string{"may or may not"}},
		"lost, and no list":         {faults: []emulator.Fault{lostAfter, noList}, posts: 1, apps: 1, err: []string{"may or may not"}},
		"lost, and no list before":  {faults: []emulator.Fault{lostAfter, noListAtFirst}, posts: 1, apps: 1, err: []string{"may or may not", "can't tell", "id = "}},
		"no list":                   {faults: []emulator.Fault{noList}, posts: 1, apps: 1},
		"quota":                     {options: emulator.Options{AppQuota: 1}, posts: 1, err: []string{"quota"}},
		"no permission":             {options: emulator.Options{Forbidden: []string{"CreateApp"}}, posts: 1, err: []string{"Access denied", "rtc:app:create"}},
	} {
		t.Run(title, func(t *testing.T) {
			e := acctest.StartEmulator(t, tc.options, "another")
			e.Fail(tc.faults...)
			apps := newApps(t, e)
			config := map[string]any{"app_name": name}
			stored, err := tryApply(apps, acctest.Object{}, config)
			if posts := len(e.Sent(t)); posts != tc.posts {
				t.Errorf("%d POSTs, want %d", posts, tc.posts)
			}
			e.ClearFaults()
			switch {
			case tc.err != nil:
				expectError(t, err, tc.err...)
			case err != nil:
				t.Fatal(err)
			case stored.Text("app_id") != made(t, e, name).ID:
				t.Errorf("stored: %v", stored.Value)
			default:
				expectClean(t, apps, stored, config)
			}
			if n := len(e.Apps()) - 1; n != tc.apps {
				t.Errorf("%d new apps, want %d", n, tc.apps)
			}
			if tc.err != nil && tc.apps > 0 { // the next plan finds it
				_, err = tryApply(newApps(t, e), acctest.Object{}, config)
				expectError(t, err, "name is taken", made(t, e, name).ID)
			}
		})
	}
}

// Someone else creates an app of the same name between the lists: it is taken only if the POST was in doubt.
func TestApp_nameTaken(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{}, "other")
	e.NameApp("other", "classroom")
	config := map[string]any{"app_name": "classroom"}
	apps := newApps(t, e)
	_, err := apps.Plan(acctest.Object{}, apps.ConfigOf(config))
	expectError(t, err, "SparkRTC app name is taken", `to = sparkrtc_app.NAME`, `id = "other"`, "untaint")
	e.ExpectSent(t)

	// Where apps can't be listed, the service says it.
	e.Fail(emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath, Status: http.StatusForbidden, Code: "APIGW.0306", Times: -1})
	_, err = tryApply(newApps(t, e), acctest.Object{}, config)
	expectError(t, err, "SparkRTC app name is taken", "no app of this name was found")
	e.ClearFaults()

	// With credentials that are refused, the apply would fail.
	e.Fail(emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath, Status: http.StatusUnauthorized, Code: "APIGW.0301", Message: "verify aksk signature fail", Times: -1})
	apps = newApps(t, e)
	_, err = apps.Plan(acctest.Object{}, apps.ConfigOf(config))
	expectError(t, err, `The app name "classroom" could not be looked up`, "Signature refused")
	e.ClearFaults()

	// A name that is not free yet.
	later := acctest.StartEmulator(t, emulator.Options{AppNames: emulator.NamesTaken}, "other")
	later.NameApp("other", "classroom")
	later.RemoveApp("other")
	_, err = tryApply(newApps(t, later), acctest.Object{}, config)
	expectError(t, err, "SparkRTC app name is taken", "deleted a short time ago")

	// Two in one configuration.
	config["app_name"] = "lecture"
	apps = newApps(t, e)
	if _, err = apps.Plan(acctest.Object{}, apps.ConfigOf(config)); err != nil {
		t.Fatal(err)
	}
	plan, err := apps.Plan(acctest.Object{}, apps.ConfigOf(config))
	if got := plan.Diagnostics.Warnings(); err != nil || !slices.Equal(got, []string{"Two new apps with the same name"}) {
		t.Errorf("warnings: %q, %v", got, err)
	}
}

// Two of one name in a run: the second, whose response is lost, does not take the app of the first, which is listed late.
func TestApp_twoOfOneName(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{AfterCreate: emulator.CreateDelayed})
	apps := newObjects(t, e, appType, nil)
	plan, err := apps.Plan(acctest.Object{}, apps.ConfigOf(map[string]any{"app_name": "classroom"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = apps.Apply(plan); err != nil {
		t.Fatal(err)
	}
	e.Fail(emulator.Fault{Method: http.MethodPost, ExactPath: acctest.AppsPath, Drop: true})
	_, err = apps.Apply(plan)
	expectError(t, err, "App may or may not have been created", made(t, e, "classroom").ID)
}

// What is made stays in the state, whatever fails after it.
func TestApp_createdButNotFinished(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{})
	apps := newApps(t, e)
	config := map[string]any{"app_name": "classroom"}
	plan, err := apps.Plan(acctest.Object{}, apps.ConfigOf(config))
	if err != nil {
		t.Fatal(err)
	}
	e.Fail(emulator.Fault{Method: http.MethodGet, Path: acctest.AppsPath + "/", Status: http.StatusInternalServerError, Times: -1})
	stored, err := apps.Apply(plan)
	if err != nil || stored.Text("app_id") != made(t, e, "classroom").ID || !slices.Contains(stored.Diagnostics.Warnings(), "New app could not be read") {
		t.Fatalf("%v, %v", stored, err)
	}
	e.ClearFaults()
	stored = expectClean(t, apps, stored, config)
	if stored.Text("create_time") == "" {
		t.Errorf("after a read: %v", stored.Value)
	}

	config = map[string]any{"app_name": "lecture", "enabled": false}
	e.Fail(emulator.Fault{Method: http.MethodPost, Path: acctest.AppsPath + "/", Status: http.StatusForbidden, Code: "APIGW.0306", Times: -1})
	stored, err = tryApply(newApps(t, e), acctest.Object{}, config)
	expectError(t, err, "was created, and could not be disabled", "terraform untaint")
	e.ClearFaults()
	stored = apply(t, newApps(t, e), stored, config)
	if made(t, e, "lecture").State != emulator.StateInactive || stored.Text("app_id") != made(t, e, "lecture").ID {
		t.Errorf("stored: %v", stored.Value)
	}

	config = map[string]any{"app_name": "third", "enabled": false}
	e.ResetRequests()
	stored = apply(t, newApps(t, e), acctest.Object{}, config)
	id := made(t, e, "third").ID
	e.ExpectSent(t, post("third"), onApp(http.MethodPost, id, "/disable"))
	expectClean(t, apps, stored, config)
}

// What keeps an app from being deleted is named, and the app stays as it was.
func TestApp_deleteRefused(t *testing.T) {
	rule := emulator.RecordRule{ID: "rule-1", Location: emulator.DefaultLocation, Bucket: emulator.DefaultBucket, ProjectID: emulator.DefaultProjectID}
	noStart := emulator.Fault{Method: http.MethodPost, ExactPath: acctest.AppsPath + "/app/enable", Status: http.StatusForbidden, Code: "APIGW.0306", Times: -1}
	noRules := emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath + "/app/record-rules", Status: http.StatusForbidden, Code: "APIGW.0306", Times: -1}
	for title, tc := range map[string]struct {
		deletion emulator.AppDeletion
		set      func(*acctest.Emulator)
		sent     int
		mentions []string
	}{
		"rules": {emulator.DeletionNoRules, func(e *acctest.Emulator) { e.SetRecordRule("app", rule) }, 1, []string{"App is still in use", `"rule-1"`}},
		"automatic recording": {emulator.DeletionNoAutoRecord, func(e *acctest.Emulator) {
			e.SetAutoRecord("app", "AUTO_INDIVIDUAL_RECORD", "rule-2")
		}, 1, []string{"App is still in use", "automatic recording is on"}},
		"open rooms":                       {emulator.DeletionNoRooms, func(e *acctest.Emulator) { e.SetRooms("app", true) }, 4, []string{"SparkRTC refused the deletion"}},
		"open rooms of a disabled app":     {emulator.DeletionNoRooms, func(e *acctest.Emulator) { e.SetRooms("app", true); e.DeactivateApp("app") }, 1, []string{"SparkRTC refused the deletion"}},
		"what is in the way can't be read": {emulator.DeletionNoRooms, func(e *acctest.Emulator) { e.SetRooms("app", true); e.Fail(noRules) }, 1, []string{"SparkRTC refused the deletion"}},
		"not enabled again":                {emulator.DeletionNoRooms, func(e *acctest.Emulator) { e.SetRooms("app", true); e.Fail(noStart) }, 4, []string{"SparkRTC refused the deletion", "is disabled now"}},
	} {
		t.Run(title, func(t *testing.T) {
			e := acctest.StartEmulator(t, emulator.Options{AppDeletion: tc.deletion}, "app")
			apps := newApps(t, e)
			stored := importApp(t, apps, "app")
			stored = apply(t, apps, stored, map[string]any{"app_name": "app", "deletion_protection": false})
			tc.set(e)
			before, _ := e.App("app")
			e.ResetRequests()
			_, err := newApps(t, e).Destroy(stored)
			expectError(t, err, tc.mentions...)
			if sent := e.Sent(t); len(sent) != tc.sent {
				t.Errorf("sent: %v", sent)
			}
			if app, _ := e.App("app"); app.State != before.State && title != "not enabled again" {
				t.Errorf("the app is %v", app)
			}
		})
	}
}

func importApp(t *testing.T, apps acctest.Resource, id string) acctest.Object {
	t.Helper()
	imported, err := apps.ImportState(id)
	if err == nil {
		imported, err = apps.Read(imported)
	}
	if err != nil {
		t.Fatal(err)
	}
	return imported
}

// Under each way to show keys, no state and no private state has one.
func TestApp_import(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{}, "app", "stopped", "arrears")
	e.DeactivateApp("stopped")
	e.SetAppState("arrears", emulator.StateArrears)
	for id, enabled := range map[string]bool{"app": true, "stopped": false, "arrears": true} {
		apps := newApps(t, e)
		stored := importApp(t, apps, id)
		byIdentity, err := apps.ImportIdentity(map[string]any{"app_id": id})
		if err != nil || byIdentity.Text("app_id") != id {
			t.Errorf("by identity: %v, %v", byIdentity.Value, err)
		}
		expectClean(t, apps, stored, map[string]any{"app_name": id, "enabled": enabled})
		app, _ := e.App(id)
		acctest.ExpectNoSecret(t, id, stored.Value.String()+string(stored.Private), app.AppKey)
		_, err = apps.Destroy(stored)
		expectError(t, err, "App is protected")
	}
	e.ExpectSent(t)

	// An account in arrears changes nothing, and neither does its end.
	apps := newApps(t, e)
	stored := importApp(t, apps, "stopped")
	e.SetAppState("stopped", emulator.StateArrears)
	stored = expectClean(t, apps, stored, map[string]any{"app_name": "stopped", "enabled": false})
	e.SetAppState("stopped", emulator.StateInactive)
	expectClean(t, apps, stored, map[string]any{"app_name": "stopped", "enabled": false})

	imported, err := apps.ImportState("missing")
	if err == nil {
		_, err = apps.Read(imported)
	}
	expectError(t, err, "SparkRTC app not found", `"missing"`)
	_, err = apps.ImportState("a/b")
	expectError(t, err, "Invalid app ID")
}

// A new name is a new app: protected, it is an error of the plan.
func TestApp_rename(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{}, "app")
	apps := newApps(t, e)
	stored := importApp(t, apps, "app")
	_, err := apps.Plan(stored, apps.ConfigOf(map[string]any{"app_name": "renamed", "deletion_protection": false}))
	expectError(t, err, "App is protected from deletion", `"app"`, "terraform state rm")
	_, err = apps.Plan(stored, apps.ConfigOf(map[string]any{"app_name": "app"}), acctest.Replaced())
	expectError(t, err, "App is protected from deletion", "terraform state rm")
	config := map[string]any{"app_name": "renamed", "deletion_protection": false}
	plan, err := apps.Plan(stored, apps.ConfigOf(config), acctest.Tainted())
	if err != nil { // a plan for a tainted app does not see the app
		t.Fatal(err)
	}
	_, err = apps.ApplyInNewProcess(plan)
	expectError(t, err, "App is protected from deletion", `"app"`, "terraform untaint")
	e.ExpectSent(t)
	config["app_name"] = "app"
	stored = apply(t, apps, stored, config)
	config["app_name"] = "renamed"
	stored = apply(t, newApps(t, e), stored, config)
	if app := made(t, e, "renamed"); stored.Text("app_id") != app.ID || len(e.Apps()) != 1 {
		t.Errorf("stored: %v", stored.Value)
	}
	expectClean(t, apps, stored, config)
}

// An app that its creation could not read stays in the state until a read finds it, or a second one would be created. It
// may be gone after that.
func TestApp_notShownYet(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{AfterCreate: emulator.CreateDelayed, AppNames: emulator.NamesShared})
	withoutRetries := func() acctest.Resource { return newObjects(t, e, appType, nil) }
	config := map[string]any{"app_name": "classroom"}
	stored := apply(t, withoutRetries(), acctest.Object{}, config)
	if !slices.Contains(stored.Diagnostics.Warnings(), "New app could not be read") {
		t.Fatalf("it was read: %v", stored)
	}
	id := stored.Text("app_id")
	e.Fail(emulator.Fault{Method: http.MethodDelete, ExactPath: acctest.AppsPath + "/" + id, Status: 404, Code: "RTC.00001003"})
	unprotected := apply(t, newApps(t, e), stored, map[string]any{"app_name": "classroom", "deletion_protection": false})
	_, err := newApps(t, e).ApplyDestroy(unprotected) // without a read
	expectError(t, err, "New app is not shown yet", id)

	e.Fail(emulator.Fault{Method: http.MethodGet, ExactPath: acctest.AppsPath + "/" + id, RawBody: `{"app_id":"` + id + `","app_name":"classroom","state":{"state":"DELETED"}}`, ContentType: "application/json"})
	gone, err := newApps(t, e).Read(stored)
	if err != nil || gone.Exists() {
		t.Errorf("shown as deleted: %v, %v", gone.Value, err)
	}

	e.RemoveApp(id) // after which it is never shown
	_, err = newApps(t, e).Read(stored)
	expectError(t, err, "New app is not shown yet", id, "terraform state rm")

	stored = apply(t, withoutRetries(), acctest.Object{}, config)
	stored = expectClean(t, newApps(t, e), stored, config) // the read is repeated until it is shown
	if len(e.Apps()) != 1 || stored.Text("create_time") == "" {
		t.Errorf("stored: %v, apps: %v", stored.Value, e.Apps())
	}
	e.RemoveApp(stored.Text("app_id"))
	if gone, err := newApps(t, e).Read(stored); err != nil || gone.Exists() {
		t.Errorf("%v, %v", gone, err)
	}
}

// After an interrupt there is no call that could find out.
func TestApp_interruptedCreation(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	e := acctest.StartWrappedEmulator(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if next.ServeHTTP(w, r); r.Method == http.MethodPost {
				interrupt()
				<-r.Context().Done() // so that the response is lost
			}
		})
	}, emulator.Options{})
	config := map[string]any{"app_name": "classroom"}
	apps := newApps(t, e)
	plan, err := apps.Plan(acctest.Object{}, apps.ConfigOf(config))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := apps.WithContext(ctx).Apply(plan)
	if stored.Exists() || len(e.Sent(t)) != 1 {
		t.Errorf("stored: %v, sent: %v", stored, e.Sent(t))
	}
	expectError(t, err, "App may or may not have been created", `"classroom"`, "canceled", "how to import it")
	if err != nil && strings.Contains(err.Error(), "The list of apps has no app") {
		t.Errorf("there was no list: %v", err)
	}
	_, err = tryApply(newApps(t, e), acctest.Object{}, config)
	expectError(t, err, "name is taken", made(t, e, "classroom").ID)
}

// An app that is gone needs no protection: the next plan creates it.
func TestApp_gone(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{})
	config := map[string]any{"app_name": "classroom"}
	stored := apply(t, newApps(t, e), acctest.Object{}, config)
	e.RemoveApp(stored.Text("app_id"))
	apps := newApps(t, e)
	gone, err := apps.Read(stored)
	if err != nil || gone.Exists() {
		t.Fatalf("%v, %v", gone, err)
	}
	if stored = apply(t, apps, gone, config); stored.Text("app_id") != made(t, e, "classroom").ID {
		t.Errorf("stored: %v", stored.Value)
	}
}

// A plan of many apps that changes nothing takes two calls, and an update that is there already sends nothing.
func TestApp_calls(t *testing.T) {
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = fmt.Sprintf("app-%02d", i)
	}
	e := acctest.StartEmulator(t, emulator.Options{}, ids...)
	apps := newApps(t, e)
	stored := make(map[string]acctest.Object)
	for _, id := range ids {
		stored[id] = importApp(t, apps, id)
	}
	e.ResetRequests()
	apps = newApps(t, e)
	for _, id := range ids {
		read, err := apps.Read(stored[id])
		if err != nil || !read.Value.Equal(stored[id].Value) {
			t.Errorf("%v, %v", read, err)
		}
	}
	expectCalls(t, e, 2)
	e.NameApp(ids[7], "renamed") // outside
	apps = newApps(t, e)
	if _, err := apps.Read(stored[ids[0]]); err != nil { // the first one is not read from the list
		t.Fatal(err)
	}
	if read, err := apps.Read(stored[ids[7]]); err != nil || read.Text("app_name") != "renamed" {
		t.Errorf("%v, %v", read, err)
	}
	if e.Reads()[acctest.AppsPath+"/"+ids[7]] != 1 {
		t.Error("the list is believed in a change")
	}

	apps = newApps(t, e)
	plan, err := apps.Plan(stored[ids[0]], apps.ConfigOf(map[string]any{"app_name": ids[0], "enabled": false}))
	if err != nil {
		t.Fatal(err)
	}
	e.DeactivateApp(ids[0])
	if _, err = apps.Apply(plan); err != nil {
		t.Fatal(err)
	}
	e.ExpectSent(t)
}

// A name that the service shows in another form, or not, replaces no app. A new one does, which protection prevents.
func TestApp_shownName(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{})
	apps := newApps(t, e)
	config := map[string]any{"app_name": " classroom ", "deletion_protection": false}
	e.Fail(emulator.Fault{Method: http.MethodGet, Path: acctest.AppsPath + "/", Status: http.StatusInternalServerError, Times: 3})
	stored := apply(t, apps, acctest.Object{}, config)
	id := stored.Text("app_id")
	if stored.Text("create_time") != "" {
		t.Fatalf("it was read: %v", stored.Value)
	}
	for _, shown := range []string{"classroom", "", "classroom"} {
		e.NameApp(id, shown)
		stored = expectClean(t, apps, stored, config)
	}
	config["enabled"] = false
	stored = apply(t, apps, stored, config)
	stored = expectClean(t, apps, stored, config)

	e.NameApp(id, "lecture")
	stored, err := newApps(t, e).Read(stored)
	if err != nil || stored.Text("app_name") != "lecture" {
		t.Errorf("renamed outside: %v, %v", stored.Value, err)
	}
}

// A name that is not known yet would replace the app, even by one of the same name. To allow that is the wrong advice.
func TestApp_unknownName(t *testing.T) {
	e := acctest.StartEmulator(t, emulator.Options{})
	apps := newApps(t, e)
	stored := apply(t, apps, acctest.Object{}, map[string]any{"app_name": "classroom"})
	_, err := apps.Plan(stored, apps.ConfigOf(map[string]any{"app_name": tftypes.UnknownValue}))
	expectError(t, err, "App is protected from deletion", stored.Text("app_id"), "app_name is known only after apply", `"classroom"`)
	if err != nil && strings.Contains(err.Error(), "deletion_protection = false") {
		t.Errorf("it says how to delete the app: %v", err)
	}
}
