// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// joint is an endpoint with several services behind it: a request about an app
// goes to the one that has it, and a list has the apps of all. The cases of a
// table have a service and a resource each, and share the runs of the CLI, which
// are what costs time.
type joint struct {
	t        *testing.T
	endpoint string
	services []*cloud
	of       map[string]*cloud // by app
}

func newJoint(t *testing.T) *joint {
	t.Helper()
	f := &joint{t: t, of: map[string]*cloud{}}
	listener := httptest.NewServer(f)
	t.Cleanup(listener.Close)
	f.endpoint = listener.URL
	return f
}

// add puts a service with these apps behind it, before anything is asked.
func (f *joint) add(options emulator.Options, apps ...string) *cloud {
	f.t.Helper()
	c := &cloud{Server: emulator.New(options), endpoint: f.endpoint}
	f.t.Cleanup(c.Close)
	f.services = append(f.services, c)
	f.addApps(c, apps...)
	return c
}

func (f *joint) addApps(c *cloud, apps ...string) {
	f.t.Helper()
	for _, app := range apps {
		if f.of[app] != nil {
			f.t.Fatalf("two services have app %s", app)
		}
		c.AddApp(app)
		f.of[app] = c
	}
	if len(f.of) > 100 {
		f.t.Fatal("its list has one page, of a hundred apps")
	}
}

func (f *joint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == appsPath {
		f.list(w, r)
		return
	}
	app, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, appsPath+"/"), "/")
	c := f.of[app]
	if c == nil {
		f.t.Errorf("%s %s is about an app of no service", r.Method, r.URL.Path)
		http.NotFound(w, r)
		return
	}
	c.ServeHTTP(w, r)
}

// expectPuts compares what was sent to the service of an app, and forgets it.
func (f *joint) expectPuts(t *testing.T, app string, puts ...payload) {
	t.Helper()
	if got := f.of[app].puts(t); fmt.Sprint(got) != fmt.Sprint(puts) {
		t.Errorf("%s: PUTs: %v, want %v", app, got, puts)
	}
	f.of[app].ResetRequests()
}

// expectReads runs something, and expects that each service of which an app has
// a resource was read through lists, and not app by app; or the other way round.
func (f *joint) expectReads(t *testing.T, shared bool, run func()) {
	t.Helper()
	resources := map[*cloud]int{}
	for _, c := range f.of {
		resources[c]++
		c.ResetRequests()
	}
	run()
	for c, n := range resources {
		lists := len(c.Requests(emulator.Method(http.MethodGet), emulator.ExactPath(appsPath)))
		own := len(c.Requests(emulator.Method(http.MethodGet))) - lists
		if shared && (lists == 0 || own >= n) || !shared && (lists > 0 || own != n) {
			t.Errorf("shared reads %t: %d callbacks were read with %d lists and %d requests of their own", shared, n, lists, own)
		}
	}
}

// list answers the apps of all, or else what the first says that lists none.
func (f *joint) list(w http.ResponseWriter, r *http.Request) {
	all := struct {
		Count int               `json:"count"`
		Apps  []json.RawMessage `json:"apps"`
	}{}
	for _, c := range f.services {
		one := httptest.NewRecorder()
		c.ServeHTTP(one, r)
		list := all
		list.Apps = nil
		if one.Code != http.StatusOK || json.Unmarshal(one.Body.Bytes(), &list) != nil {
			maps.Copy(w.Header(), one.Header())
			w.WriteHeader(one.Code)
			_, _ = w.Write(one.Body.Bytes())
			return
		}
		all.Count, all.Apps = all.Count+list.Count, append(all.Apps, list.Apps...)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all)
}

// ownReads makes each resource of a folder ask for its own callback, as one does
// that is alone.
const ownReads = "SPARKRTC_SHARED_READS=false"

// callbackBlock is a resource. Lines are arguments.
func callbackBlock(name string, lines ...string) string {
	return fmt.Sprintf("resource \"sparkrtc_record_callback\" %q {\n  %s\n}\n", name, strings.Join(lines, "\n  "))
}

func importBlock(name, app string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", callbackAddress(name), app)
}

func callbackAddress(name string) string { return callbackType + "." + name }

// stored are the attributes of what is in the state, by address.
func (r *cli) stored(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	content, err := os.ReadFile(filepath.Join(r.dir, localState))
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

// expectStored compares attributes in the state; nil is null.
func (r *cli) expectStored(t *testing.T, address string, want map[string]any) {
	t.Helper()
	got, ok := r.stored(t)[address]
	if !ok {
		t.Errorf("%s is not in the state", address)
	}
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			t.Errorf("%s has the %s %v in the state, want %v", address, name, got[name], value)
		}
	}
}

// settled expects that there is nothing to do, neither at once nor after what a
// refresh finds is stored.
func (r *cli) settled(t *testing.T) {
	t.Helper()
	r.plan(t, noChanges)
	r.must(t, 0, "apply", "-refresh-only", "-auto-approve")
	r.plan(t, noChanges)
}

// expectPlanned plans, and compares what is to be done, by address.
func (r *cli) expectPlanned(t *testing.T, want map[string]string, arguments ...string) result {
	t.Helper()
	got := r.must(t, 0, append([]string{"plan", "-json"}, arguments...)...)
	got.expectPlanned(t, want)
	return got
}

func (r result) expectPlanned(t *testing.T, want map[string]string) {
	t.Helper()
	if got := r.plannedActions(t); !maps.Equal(got, want) {
		t.Errorf("planned: %v, want %v", got, want)
	}
}

// saidOf is what an output, in one line, warns of an app's callback: of each
// warning the rest of the summary, and the text.
func saidOf(out, app string) string {
	var said strings.Builder
	for _, warning := range strings.Split(out, "Warning: ")[1:] {
		if rest, ok := strings.CutPrefix(warning, fmt.Sprintf("Recording callback of app %q ", app)); ok {
			said.WriteString(rest)
		}
	}
	return said.String()
}
