// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// AppsPath is the path of the list of apps, and the beginning of those of an app.
const AppsPath = apiPath + "apps"

// Router is one endpoint for several emulators: a request about an app goes to the emulator that has it, and
// the list has the apps of all. So each row of a table can have an emulator with its own options, and all
// share runs of the CLI.
type Router struct {
	Endpoint  string
	Emulators []*Emulator
	ByApp     map[string]*Emulator

	t *testing.T
}

// NewRouter starts a router that has no emulator yet.
func NewRouter(t *testing.T) *Router {
	t.Helper()
	r := &Router{t: t, ByApp: map[string]*Emulator{}}
	listener := httptest.NewServer(r)
	t.Cleanup(listener.Close)
	r.Endpoint = listener.URL
	return r
}

// Add adds an emulator with these apps. Add all of them before the first request.
func (r *Router) Add(options emulator.Options, apps ...string) *Emulator {
	r.t.Helper()
	if options.Clock == nil {
		options.Clock = TickingClock() // within a process, two changes may be as good as one otherwise
	}
	e := &Emulator{Server: emulator.New(options), Endpoint: r.Endpoint}
	r.t.Cleanup(e.Close)
	r.Emulators = append(r.Emulators, e)
	r.AddApps(e, apps...)
	return e
}

// AddApps adds apps to an emulator of the router.
func (r *Router) AddApps(e *Emulator, apps ...string) {
	r.t.Helper()
	for _, app := range apps {
		if r.ByApp[app] != nil {
			r.t.Fatalf("two emulators have app %s", app)
		}
		e.AddApp(app)
		r.ByApp[app] = e
	}
	if len(r.ByApp) > 100 {
		r.t.Fatal("its list has one page, of a hundred apps")
	}
}

func (r *Router) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == AppsPath {
		r.list(w, request)
		return
	}
	app, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, AppsPath+"/"), "/")
	e := r.ByApp[app]
	if e == nil {
		r.t.Errorf("%s %s is about an app of no emulator", request.Method, request.URL.Path)
		http.NotFound(w, request)
		return
	}
	e.ServeHTTP(w, request)
}

func (r *Router) list(w http.ResponseWriter, request *http.Request) {
	all := struct {
		Count int               `json:"count"`
		Apps  []json.RawMessage `json:"apps"`
	}{}
	for _, e := range r.Emulators {
		one := httptest.NewRecorder()
		e.ServeHTTP(one, request)
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
