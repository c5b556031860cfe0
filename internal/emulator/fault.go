// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is a scripted failure. It counts before anything that the gateway or
// the service would say, whether the request is authenticated or not; the
// log's Authenticated and the counters of quota and failures go by what the
// request deserves nonetheless.
//
// With Status, Code, Message, RawBody or EchoRequest it has an answer of its
// own; without them and without Drop, the request takes effect and the real
// answer is what Delay, Cut and Header work on.
type Fault struct {
	// Method is whom it hits; "" any.
	Method string

	// AppID is whom it hits, not escaped; "" any, and requests about no app.
	AppID string

	// Path is how the path begins of whom it hits, escaped as on the request
	// line; "" any.
	Path string

	// ExactPath is the whole path of whom it hits, in that form; "" any.
	ExactPath string

	// Times is how many requests it hits; 0 means 1, -1 all.
	Times int

	// After lets the request take effect first, even if its client went away
	// during Delay: the answer is what fails.
	After bool

	// Status is that of the answer; by default 401 with EchoRequest, 200 with
	// RawBody, and otherwise 500.
	Status int

	// Code and Message are the JSON error body; without both there is none.
	// Without Code it has the form of the API that is asked: IAM has no such
	// codes, and what the metadata service says is text.
	Code, Message string

	// RawBody and ContentType are the body instead.
	RawBody, ContentType string

	// Header is added to the answer and replaces what has the same name.
	Header http.Header

	// Delay comes before anything else. It ends early when the client goes
	// away or at Close; then there is no answer and, without After, no
	// effect.
	Delay time.Duration

	// Drop closes the connection without an answer. On a connection that was
	// used before, Go's HTTP client repeats a GET of its own accord then.
	Drop bool

	// Cut sends the answer's head and half of its body and closes the
	// connection.
	Cut bool

	// EchoRequest appends the canonical request to Message, as the gateway
	// does when a signature fails, with all headers that were sent, secret
	// ones among them. Code and Message are the gateway's unless set.
	EchoRequest bool
}

// Fail appends faults to the script. A request meets the first one that it
// matches, and only that one.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		header := make(http.Header, len(f.Header))
		for name, values := range f.Header {
			header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
		f.Header = header
		s.faults = append(s.faults, &f)
	}
}

// ClearFaults empties the script.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults returns what is left of the script; Times are the requests that are
// still to be hit.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		left := *f
		left.Header = f.Header.Clone()
		faults = append(faults, left)
	}
	return faults
}

// takeFault returns the fault that a request meets and counts it; the zero
// Fault if there is none. The caller holds the lock.
func (s *Server) takeFault(c *call) Fault {
	for i, f := range s.faults {
		if f.Method != "" && f.Method != c.r.Method || f.AppID != "" && f.AppID != c.appID ||
			!strings.HasPrefix(c.path, f.Path) || f.ExactPath != "" && f.ExactPath != c.path {
			continue
		}
		if f.Times--; f.Times == 0 { // -1 never gets there
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return *f
	}
	return Fault{}
}

// wait returns false if it had to end early.
func (s *Server) wait(r *http.Request, delay time.Duration) bool {
	if delay <= 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	case <-s.closed:
		return false
	}
}

// own tells whether the fault has an answer of its own.
func (f *Fault) own() bool {
	return f.Status != 0 || f.Code != "" || f.Message != "" || f.RawBody != "" || f.EchoRequest
}

// instead tells whether the fault takes the place of the real answer.
func (f *Fault) instead() bool { return f.own() || f.Drop }

func (f *Fault) response(c *call) *response {
	if f.EchoRequest {
		names := slices.Collect(maps.Keys(c.r.Header))
		for i, name := range names {
			names[i] = strings.ToLower(name)
		}
		names = append(names, "host")
		slices.Sort(names)
		canonical, _ := canonicalRequest(c, names)
		return c.fail(
			cmp.Or(f.Status, http.StatusUnauthorized),
			cmp.Or(f.Code, c.authenticationCode()),
			cmp.Or(f.Message, incorrectIAM+signatureFails)+
				", canonicalRequest:"+strings.ReplaceAll(canonical, "\n", "|"))
	}
	if f.RawBody != "" {
		return &response{
			status:      cmp.Or(f.Status, http.StatusOK),
			code:        f.Code,
			contentType: f.ContentType,
			body:        []byte(f.RawBody),
		}
	}
	resp := c.fail(cmp.Or(f.Status, http.StatusInternalServerError), f.Code, f.Message)
	if f.Code == "" && f.Message == "" {
		resp.body = nil
	}
	return resp
}
