// SPDX-License-Identifier: MPL-2.0

// Package page is the web page of the emulator's program: it shows the apps,
// the requests and the notifications of an emulator as they come, and lets a
// person play the other side: change a callback, send a notification, make
// requests fail.
//
// It takes exactly the paths that it has. All others are answered by the
// emulator, as if there were no page.
package page

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Path is where the page is.
const Path = "/ui/"

const (
	// maxRequests and maxNotifications are how many the page shows.
	maxRequests      = 200
	maxNotifications = 100

	// policy allows what the page has, and nothing else. Trusted Types make the
	// browser refuse to take a text for HTML or for a script.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

//go:embed assets
var assets embed.FS

// Options are how a Page behaves.
type Options struct {
	// Remote accepts any address as the host that a browser asks for;
	// otherwise only those of this machine.
	Remote bool

	// Hosts are names that are accepted beside addresses and localhost.
	Hosts []string
}

// Page is the page of one emulator. It is safe for concurrent use.
type Page struct {
	api    *emulator.Server
	opts   Options
	routes map[string]route
	origin *http.CrossOriginProtection

	closed    chan struct{}
	closeOnce sync.Once

	mu            sync.Mutex
	seq           int // of the last request or notification
	requests      []request
	notifications []notification
	cleared       int // how often the requests were
	waiting       map[chan struct{}]bool
}

// route is a path of the page's.
type route struct {
	method string
	serve  http.HandlerFunc
}

// New returns the page of an emulator, which has to call Observe.
func New(api *emulator.Server, opts Options) *Page {
	p := &Page{
		api:     api,
		opts:    opts,
		origin:  http.NewCrossOriginProtection(),
		closed:  make(chan struct{}),
		waiting: make(map[chan struct{}]bool),
	}
	p.routes = map[string]route{
		"/ui":                 {http.MethodGet, toPage},
		Path:                  {http.MethodGet, file("text/html; charset=utf-8", index())},
		Path + "page.css":     {http.MethodGet, file("text/css; charset=utf-8", asset("page.css"))},
		Path + "page.js":      {http.MethodGet, file("text/javascript; charset=utf-8", asset("page.js"))},
		Path + "icon.svg":     {http.MethodGet, file("image/svg+xml", asset("icon.svg"))},
		Path + "events":       {http.MethodGet, p.stream},
		Path + "app":          {http.MethodPost, action(p.addApp)},
		Path + "callback":     {http.MethodPost, action(p.setCallback)},
		Path + "no-callback":  {http.MethodPost, action(p.clearCallback)},
		Path + "key":          {http.MethodPost, action(p.showKey)},
		Path + "notification": {http.MethodPost, action(p.notify)},
		Path + "fault":        {http.MethodPost, action(p.fail)},
		Path + "no-faults":    {http.MethodPost, action(p.clearFaults)},
		Path + "no-requests":  {http.MethodPost, action(p.clearRequests)},
	}
	return p
}

// Close ends the streams of updates, which would last as long as the browsers
// do.
func (p *Page) Close() {
	p.closeOnce.Do(func() { close(p.closed) })
}

// ServeHTTP serves the page and leaves everything else to the emulator.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == "/" && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
		// A person who typed the address. The API's clients send no such header.
		path = "/ui"
	}
	route, found := p.routes[path]
	if !found {
		p.api.ServeHTTP(w, r)
		return
	}

	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	switch {
	case !p.knows(r.Host):
		refuse(w, http.StatusForbidden, "the page does not go by this name; -page-host gives it one more")
	case r.Method != route.method:
		header.Set("Allow", route.method)
		refuse(w, http.StatusMethodNotAllowed, "the method is not allowed")
	case p.origin.Check(r) != nil || path == Path+"events" && foreign(r):
		refuse(w, http.StatusForbidden, "the request comes from another site")
	default:
		route.serve(w, r)
	}
}

// knows tells whether a host is one that the page goes by. A foreign site can
// make a name of its own lead here, and would then be the same origin to a
// browser; it can't do that with an address.
func (p *Page) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if name == "localhost" || slices.ContainsFunc(p.opts.Hosts, func(s string) bool { return strings.EqualFold(s, name) }) {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && (p.opts.Remote || address.Unmap().IsLoopback())
}

// foreign tells whether another site asks, where browsers say so.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}

// toPage is relative, so that it also holds behind something that adds to the
// path.
func toPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "ui/")
	w.WriteHeader(http.StatusFound)
}

func file(contentType string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(content) // the browser may be gone
	}
}

func asset(name string) []byte {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // can't be: it is embedded
	}
	return content
}

// index is the page with the choices that the forms offer.
func index() []byte {
	var b bytes.Buffer
	t := template.Must(template.New("").Parse(string(asset("index.html"))))
	if err := t.Execute(&b, map[string]any{"Events": eventTypes, "Faults": faultKinds, "MaxTimes": maxTimes}); err != nil {
		panic(err) // can't be: both are constant
	}
	return b.Bytes()
}

// errGone is an app that is not there.
var errGone = errors.New("there is no such app")
