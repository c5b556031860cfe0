// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// Request is an entry of the log. It has secrets in it.
type Request struct {
	Time          time.Time // of its arrival, by the server's clock
	Method        string
	Path          string // as on the request line, escaped
	Query         string // as on the request line, without "?"
	Operation     string // such as ListApps; "" if unknown
	AppID         string // decoded; "" if the path names none
	Header        http.Header
	Body          []byte
	Status        int    // 0 before the response, or if there is none
	Code          string // of the error; IAM has no codes
	Authenticated bool
	Took          time.Duration // by the real clock; 0 before the response
}

// Requests returns copies of the entries that all filters accept, unfinished ones too, in the order of arrival.
func (s *Server) Requests(filters ...func(Request) bool) []Request {
	s.mu.Lock()
	all := make([]Request, len(s.log))
	for i, r := range s.log {
		all[i] = r.clone()
	}
	s.mu.Unlock()

	// Not under the lock: a filter may call the server.
	var found []Request
next:
	for _, r := range all {
		for _, accepts := range filters {
			if !accepts(r) {
				continue next
			}
		}
		found = append(found, r)
	}
	return found
}

// ResetRequests empties the log.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Method is a filter for Requests.
func Method(m string) func(Request) bool {
	return func(r Request) bool { return r.Method == m }
}

// App is a filter for Requests, by the ID that is not escaped.
func App(id string) func(Request) bool {
	return func(r Request) bool { return r.AppID == id }
}

// Path is a filter for Requests, by the beginning of the escaped path.
func Path(prefix string) func(Request) bool {
	return func(r Request) bool { return strings.HasPrefix(r.Path, prefix) }
}

// ExactPath is a filter for Requests, by the whole escaped path.
func ExactPath(path string) func(Request) bool {
	return func(r Request) bool { return r.Path == path }
}

func (r Request) clone() Request {
	r.Header = r.Header.Clone()
	r.Body = bytes.Clone(r.Body)
	return r
}

func (s *Server) begin(c *call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.arrived = time.Now()
	c.entry = &Request{
		Time:      s.opts.Clock(),
		Method:    c.r.Method,
		Path:      c.path,
		Query:     c.query,
		Operation: c.operation.name,
		AppID:     c.appID,
		Header:    c.r.Header.Clone(),
		Body:      c.body,
	}
	s.log = append(s.log, c.entry)
	return s.takeFault(c)
}

func (s *Server) end(c *call, resp *response) {
	s.mu.Lock()
	if resp != nil {
		c.entry.Status, c.entry.Code = resp.status, resp.code
	}
	c.entry.Took = max(time.Since(c.arrived), 1) // clocks may be coarse
	entry, observe := c.entry.clone(), s.opts.Observe
	s.mu.Unlock()
	if observe != nil {
		observe(entry)
	}
}
