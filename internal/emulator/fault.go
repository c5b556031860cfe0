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

// Fault makes matching requests fail. It precedes the checks of gateway and
// service, but the log's Authenticated, the quota and the lock of access keys
// still depend on the request's own credentials.
//
// Status, Code, Message, RawBody and EchoRequest replace the response. Without
// them and without Drop and Endless, the request takes effect, and Delay, Cut and
// Header change its own response.
type Fault struct {
	// Method matches all methods when empty.
	Method string

	// AppID is the ID that is not escaped; it matches all requests when empty.
	AppID string

	// Path is how the escaped path begins.
	Path string

	// ExactPath is the whole escaped path; it matches all paths when empty.
	ExactPath string

	// Times is how many requests fail; 0 means 1, and -1 means all.
	Times int

	// After lets the request take effect before it fails, even if the client
	// goes away during Delay.
	After bool

	// Status is by default 401 with EchoRequest, 200 with RawBody, and 500
	// otherwise.
	Status int

	// Code and Message are the JSON error body; without both there is none.
	// Without Code, IAM and the metadata service use their own error format.
	Code, Message string

	// RawBody and ContentType replace the JSON error body.
	RawBody, ContentType string

	// Header replaces headers of the response with the same names.
	Header http.Header

	// Delay ends early when the client goes away or the server closes. Then
	// there is no response and, without After, no effect.
	Delay time.Duration

	// Drop closes the connection without a response. Go's HTTP client then
	// retries a GET by itself if the connection was used before.
	Drop bool

	// Cut closes the connection after half of the body.
	Cut bool

	// Endless sends a response that doesn't end until the client goes away or
	// the server closes. The request has no effect without After.
	Endless bool

	// EchoRequest appends the canonical request to Message, with all headers
	// and their secrets, as the gateway does when a signature is wrong. The
	// defaults of Code and Message are the gateway's.
	EchoRequest bool
}

// Fail adds faults. A request gets the first one that matches it.
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

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults returns the faults that are left, with the remaining Times.
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

func (s *Server) takeFault(c *call) Fault {
	for i, f := range s.faults {
		if f.Method != "" && f.Method != c.r.Method || f.AppID != "" && f.AppID != c.appID ||
			!strings.HasPrefix(c.path, f.Path) || f.ExactPath != "" && f.ExactPath != c.path {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return *f
	}
	return Fault{}
}

// wait returns false if the delay ended early.
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

// trickle sends spaces until the client goes away or the server closes.
func (s *Server) trickle(w http.ResponseWriter, r *http.Request) {
	for s.wait(r, 100*time.Millisecond) {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush() // the next write tells
	}
}

// own reports whether the fault replaces the response.
func (f *Fault) own() bool {
	return f.Status != 0 || f.Code != "" || f.Message != "" || f.RawBody != "" || f.EchoRequest
}

// instead reports whether the request can be skipped.
func (f *Fault) instead() bool { return f.own() || f.Drop || f.Endless }

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
