// SPDX-License-Identifier: MPL-2.0

// Package emulator emulates the part of the SparkRTC API that the provider uses, with its gateway, IAM, STS
// and the metadata service of an ECS, for tests and for trials without an account. It is written from the
// public documentation and shares no code with the client, so that they can't share a mistake.
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

	// mu guards what follows, and is held while a call is in the gateway and in its handler.
	mu sync.Mutex
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

// New returns a server without apps. It panics if an option names a mode that does not exist.
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

// SetOptions changes the options between two requests. The function must not call the server.
func (s *Server) SetOptions(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	opts := s.opts
	change(&opts)
	s.opts = opts.withDefaults()
}

// Close ends delays of faults, also of later ones, by closing the connection. The server still responds.
func (s *Server) Close() {
	s.closeOnce.Do(func() { close(s.closed) })
}

// ServeHTTP serves all APIs and applies the faults.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newCall(r)
	// net/http notices that a client is gone, which has to end a delay, only after the body was read.
	c.body, c.bodyErr = readBody(r.Body)

	fault := s.begin(c)
	waited := s.wait(r, fault.Delay)
	if !waited && !fault.After {
		s.end(c, nil)
		panic(http.ErrAbortHandler)
	}

	s.mu.Lock()
	resp := s.respond(c, fault.skipsRequest() && !fault.After)
	s.mu.Unlock()

	if fault.replacesResponse() {
		resp = fault.response(c)
	}
	if fault.Drop || fault.Endless || !waited {
		resp = nil
	}
	if fault.Endless {
		s.trickle(w, r)
	}
	s.end(c, resp)
	if resp == nil {
		panic(http.ErrAbortHandler)
	}
	write(w, c, resp, &fault)
}

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

// write panics with http.ErrAbortHandler to close the connection.
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
		// One byte more than an empty body, so that something is missing.
		header.Set("Content-Length", strconv.Itoa(max(len(body), 1)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(resp.status)
	var err error
	if len(body) > 0 { // a 204 can't have one
		_, err = w.Write(body)
	}
	if fault.Cut {
		_ = http.NewResponseController(w).Flush() // the client may be gone
	}
	if err != nil || fault.Cut {
		panic(http.ErrAbortHandler)
	}
}
