// SPDX-License-Identifier: MPL-2.0

// Package page is the emulator's web page. It shows apps, requests and
// notifications, and has forms to change apps, send notifications and make requests
// fail.
//
// All paths but the page's own ones belong to the emulator.
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

// Path is the path of the page.
const Path = "/ui/"

const (
	maxRequests      = 200
	maxNotifications = 100

	// policy allows only what the page needs. With Trusted Types, browsers refuse
	// to use text as HTML or as a script.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

//go:embed assets
var assets embed.FS

// Options configure a Page.
type Options struct {
	// Remote allows all IP addresses as Host, not only loopback addresses.
	Remote bool

	// Hosts are more names that are allowed as Host.
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
	cleared       int // how often the requests were cleared
	waiting       map[chan struct{}]bool
}

type route struct {
	method string
	serve  http.HandlerFunc
}

// New returns the page of an emulator, which must call Observe.
func New(api *emulator.Server, opts Options) *Page {
	p := &Page{
		api:     api,
		opts:    opts,
		origin:  http.NewCrossOriginProtection(),
		closed:  make(chan struct{}),
		waiting: make(map[chan struct{}]bool),
	}
	p.routes = map[string]route{
		"/ui":                 {http.MethodGet, redirect},
		Path:                  {http.MethodGet, file("text/html; charset=utf-8", index())},
		Path + "page.css":     {http.MethodGet, file("text/css; charset=utf-8", asset("page.css"))},
		Path + "page.js":      {http.MethodGet, file("text/javascript; charset=utf-8", asset("page.js"))},
		Path + "icon.svg":     {http.MethodGet, file("image/svg+xml", asset("icon.svg"))},
		Path + "events":       {http.MethodGet, p.stream},
		Path + "app":          {http.MethodPost, action(p.addApp)},
		Path + "state":        {http.MethodPost, action(p.setState)},
		Path + "rule":         {http.MethodPost, action(p.setRule)},
		Path + "no-rules":     {http.MethodPost, action(p.clearRules)},
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

// Close ends the streams of updates, which otherwise end with the browsers.
func (p *Page) Close() {
	p.closeOnce.Do(func() { close(p.closed) })
}

// ServeHTTP serves the page, and the emulator on all other paths.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == "/" && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
		// Only a browser sends this header, when the user enters the address.
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
	case !p.allowsHost(r.Host):
		refuse(w, http.StatusForbidden, "this host name is not allowed; to allow it, set -page-host")
	case r.Method != route.method:
		header.Set("Allow", route.method)
		refuse(w, http.StatusMethodNotAllowed, "method not allowed")
	case p.origin.Check(r) != nil || path == Path+"events" && isCrossSite(r):
		refuse(w, http.StatusForbidden, "requests from other sites are not allowed")
	default:
		route.serve(w, r)
	}
}

// allowsHost protects against DNS rebinding: a site whose name resolves to this
// machine has the same origin as the page.
func (p *Page) allowsHost(host string) bool {
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

func isCrossSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}

// redirect is relative, so that it works through a proxy that adds a path prefix.
func redirect(w http.ResponseWriter, _ *http.Request) {
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
		panic(err) // it is embedded
	}
	return content
}

func index() []byte {
	var b bytes.Buffer
	t := template.Must(template.New("").Parse(string(asset("index.html"))))
	if err := t.Execute(&b, map[string]any{
		"States": appStates, "Formats": formats, "Bucket": emulator.DefaultBucket, "Events": eventTypes,
		"Faults": faultKinds, "Methods": methods, "MaxTimes": maxTimes,
	}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var errNoApp = errors.New("app not found")
