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

// Fault makes matching requests fail before the checks of gateway and service, but the log's Authenticated,
// the quota and the lock of access keys still depend on the request's credentials. Status, Code, Message,
// RawBody and EchoRequest replace the response. Without them, Drop and Endless, the request takes
// effect, and Delay, Cut and Header change its response.
type Fault struct {
	Method    string // "" for all
	AppID     string // not escaped; "" for all requests
	Path      string // how the escaped path begins
	ExactPath string // the whole escaped path; "" for all

	Times  int  // 0 means 1, and -1 all
	After  bool // the request takes effect before it fails, even if the client goes away during Delay
	Status int  // default 401 with EchoRequest, 200 with RawBody, or else 500

	// Of the JSON error body; without both there is none. Without Code, IAM and the metadata service use
	// their own error format.
	Code, Message string

	RawBody, ContentType string      // instead of the JSON error body
	Header               http.Header // replaces headers with the same names

	// Delay ends early when the client goes away or the server closes. Then there is no response and, without
	// After, no effect.
	Delay time.Duration

	// Drop closes the connection without a response. Go's client repeats a GET on one used before, unasked.
	Drop bool
	Cut  bool // closes the connection after half of the body

	Endless bool // a response that doesn't end until the client goes away or the server closes

	// EchoRequest appends the canonical request to Message, secrets in headers included, as the gateway does
	// when a signature is wrong. The defaults of Code and Message are the gateway's.
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

func (f *Fault) replacesResponse() bool {
	return f.Status != 0 || f.Code != "" || f.Message != "" || f.RawBody != "" || f.EchoRequest
}

func (f *Fault) skipsRequest() bool { return f.replacesResponse() || f.Drop || f.Endless }

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
