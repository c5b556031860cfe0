// SPDX-License-Identifier: MPL-2.0

// Package emulator is the SparkRTC API as far as this provider uses it, behind
// the API gateway that authenticates and throttles its requests, as an
// http.Handler: for tests, and for trying things without an account. Beside it,
// on other paths of the same address, are what credentials come from: IAM, STS
// and the metadata service of an ECS.
//
// It is written from the public documentation alone and shares no code with
// the client, so that a mistake of one is not a mistake of both. Where the
// documentation leaves open what the service does, Options has a mode for each
// answer. Each Server has a state of its own, which Go code changes behind the
// client's back (SetCallback and others), a list of scripted failures (Fail),
// and a log of what it was asked (Requests).
package emulator

import (
	"crypto/ed25519"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

// Server is an emulator. It is safe for concurrent use.
type Server struct {
	closed     chan struct{}
	closeOnce  sync.Once
	idTokenKey ed25519.PrivateKey

	mu sync.Mutex // guards what follows
	appStore
	credentialStore
	opts        Options
	unreachable map[string]bool // callback URLs
	locks       map[string]*lock
	quota       quota
	faults      []*Fault
	log         []*Request
}

var _ http.Handler = (*Server)(nil)

// New returns a server without apps. It panics if an option names a mode that
// does not exist.
func New(opts Options) *Server {
	return &Server{
		closed:          make(chan struct{}),
		idTokenKey:      ed25519.NewKeyFromSeed(randomBytes(ed25519.SeedSize)),
		appStore:        newAppStore(),
		credentialStore: newCredentialStore(),
		opts:            opts.withDefaults(),
		unreachable:     make(map[string]bool),
		locks:           make(map[string]*lock),
	}
}

// SetOptions lets change alter the options; it must not call the server.
// Requests that are under way see either the old options or the new ones.
func (s *Server) SetOptions(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	opts := s.opts
	change(&opts)
	s.opts = opts.withDefaults()
}

// Close ends the delays of scripted faults, those to come as well: the
// connection is closed instead. Everything else goes on working.
func (s *Server) Close() {
	s.closeOnce.Do(func() { close(s.closed) })
}

// ServeHTTP answers a request: the scripted fault that it meets, or else what
// the gateway or the service says.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newCall(r)
	// It is read before anything waits: until then, net/http does not notice
	// that the client has gone.
	c.body, c.bodyErr = readBody(r.Body)

	fault := s.begin(c)
	waited := s.wait(r, fault.Delay)
	if !waited && !fault.After {
		s.end(c, nil)
		panic(http.ErrAbortHandler)
	}

	s.mu.Lock()
	resp := s.respond(c, fault.instead() && !fault.After)
	s.mu.Unlock()

	if fault.own() {
		resp = fault.response(c)
	}
	if fault.Drop || !waited {
		resp = nil
	}
	s.end(c, resp)
	if resp == nil {
		panic(http.ErrAbortHandler)
	}
	write(w, c, resp, &fault)
}

// respond takes a call through the gateway and, unless skip is set, to its
// handler. The caller holds the lock.
func (s *Server) respond(c *call, skip bool) *response {
	c.now = s.opts.Clock()
	if resp := s.gateway(c); resp != nil {
		return resp
	}
	op := c.operation
	// A handler that authenticates is not skipped: the log needs its result.
	if skip && op.authentication != byHandler {
		return nil
	}
	if op.api.check != nil {
		if resp := op.api.check(s, c); resp != nil {
			return resp
		}
	}
	return op.handle(s, c)
}

// write sends a response, with the headers of the fault and only as much of it
// as the fault lets through. It panics with http.ErrAbortHandler if the
// connection is to be closed.
func write(w http.ResponseWriter, c *call, resp *response, fault *Fault) {
	header := w.Header()
	header.Set("X-request-Id", c.id)
	if resp.contentType != "" {
		header.Set("Content-Type", resp.contentType)
	}
	maps.Copy(header, resp.header)
	maps.Copy(header, fault.Header)
	body := resp.body
	if resp.status == http.StatusNoContent || resp.status == http.StatusNotModified {
		body = nil
	}
	if fault.Cut {
		// At least one byte is promised and not sent.
		header.Set("Content-Length", strconv.Itoa(max(len(body), 1)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(resp.status)
	_, err := w.Write(body)
	if fault.Cut {
		_ = http.NewResponseController(w).Flush() // the client may be gone, which is as good
	}
	if err != nil || fault.Cut {
		panic(http.ErrAbortHandler)
	}
}
