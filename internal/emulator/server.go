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
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

// Server answers requests. It is safe for concurrent use.
type Server struct {
	closed    chan struct{}
	closeOnce sync.Once

	mu          sync.Mutex
	opts        Options
	apps        map[string]*app
	created     int                  // how many apps there ever were
	updated     map[string]time.Time // by app id, kept when the app goes
	unreachable map[string]bool      // by URL
	locks       map[string]*lock     // by access key
	window      time.Time            // when the quota's minute began
	calls       int                  // in that minute
	faults      []*Fault
	log         []*Request

	idTokenKey    ed25519.PrivateKey
	tokens        map[string]*issuedToken
	keys          map[string]issuedKey // by access key
	secrets       []string             // that were issued
	sessionTokens map[string]time.Time // of the metadata service: until when
}

var _ http.Handler = (*Server)(nil)

// New returns a server that knows no app. It panics at an option that names a
// mode which does not exist.
func New(opts Options) *Server {
	return &Server{
		closed:      make(chan struct{}),
		opts:        opts.withDefaults(),
		apps:        make(map[string]*app),
		updated:     make(map[string]time.Time),
		unreachable: make(map[string]bool),
		locks:       make(map[string]*lock),

		idTokenKey:    ed25519.NewKeyFromSeed(randomBytes(ed25519.SeedSize)),
		tokens:        make(map[string]*issuedToken),
		keys:          make(map[string]issuedKey),
		sessionTokens: make(map[string]time.Time),
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

// route is an operation of one of the APIs.
type route int

const (
	noRoute route = iota
	listApps
	showApp
	showRecordCallback
	updateRecordCallback
	listProjects
	createToken
	createTokenWithIDToken
	createKeys
	assumeAgency
	createSessionToken
	showKeys
)

// fixedRoutes are the operations whose path holds nothing that varies.
var fixedRoutes = map[string]route{
	"GET /v2/apps":                            listApps,
	"GET /v3/projects":                        listProjects,
	"POST /v3/auth/tokens":                    createToken,
	"POST /v3.0/OS-AUTH/id-token/tokens":      createTokenWithIDToken,
	"POST /v3.0/OS-CREDENTIAL/securitytokens": createKeys,
	"POST /v5/agencies/assume":                assumeAgency,
	"PUT /meta-data/latest/api/token":         createSessionToken,
	"GET /openstack/latest/securitykey":       showKeys,
}

// appRoutes are the operations on one app.
var appRoutes = map[string]route{
	"GET /v2/apps/{app_id}":                 showApp,
	"GET /v2/apps/{app_id}/record-callback": showRecordCallback,
	"PUT /v2/apps/{app_id}/record-callback": updateRecordCallback,
}

// api is one of those that share the address.
type api int

const (
	apiSparkRTC api = iota
	apiIAM
	apiSTS
	apiMetadata
)

func (r route) api() api {
	switch r {
	case listProjects, createToken, createTokenWithIDToken, createKeys:
		return apiIAM
	case assumeAgency:
		return apiSTS
	case createSessionToken, showKeys:
		return apiMetadata
	default:
		return apiSparkRTC
	}
}

// proves tells whether the operation itself is a proof of identity, or needs
// none, so that there is nothing for the gateway to authenticate.
func (r route) proves() bool {
	return r == createToken || r == createTokenWithIDToken || r.api() == apiMetadata
}

// call is one request and what is known about it.
type call struct {
	r       *http.Request
	id      string // of the request, for X-request-Id
	path    string // of the request line, percent-encoded
	query   string // of the request line
	route   route
	appID   string // decoded
	body    []byte
	bodyErr error
	entry   *Request
	arrived time.Time    // not by the server's clock
	token   *issuedToken // that authenticates it; nil if something else does
}

// answer is what goes back.
type response struct {
	status      int
	code        string // of the error, for the log
	contentType string
	body        []byte
	header      http.Header // in addition; canonical names
}

// errTooLarge is a body of more than maxBody bytes.
var errTooLarge = errors.New("the body is too large")

// ServeHTTP answers a request: the scripted fault that it meets, or else what
// the gateway or the service says.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{r: r, id: randomHex(16)}
	c.path, c.query = requestLine(r)
	c.route, c.appID = match(r.Method, c.path)
	// It is read before anything waits: until then, net/http does not notice
	// that the client has gone.
	c.body, c.bodyErr = readBody(r.Body)

	fault := s.begin(c)
	waited := s.wait(r, fault.Delay)
	if !waited && !fault.After {
		s.end(c, response{})
		panic(http.ErrAbortHandler)
	}

	s.mu.Lock()
	resp := s.pass(c, fault.instead() && !fault.After)
	s.mu.Unlock()

	if fault.own() {
		resp = fault.response(c)
	}
	if fault.Drop || !waited {
		resp = response{}
	}
	for name, values := range fault.Header {
		if resp.header == nil {
			resp.header = make(http.Header)
		}
		resp.header[name] = values
	}
	s.end(c, resp)
	if resp.status == 0 {
		panic(http.ErrAbortHandler)
	}
	write(w, c, resp, fault.Cut)
}

// pass takes a request through the gateway and, unless skip is set, to the
// service. The caller holds the lock.
func (s *Server) pass(c *call, skip bool) response {
	now := s.opts.Clock()
	// An operation that is a proof of identity is not skipped, for the log to
	// say what it deserves; what it issues then is known to nobody.
	if resp := s.gateway(c, now); resp.status != 0 || skip && !c.route.proves() {
		return resp
	}
	switch c.route.api() {
	case apiIAM:
		return s.iam(c, now)
	case apiSTS:
		return s.sts(c, now)
	case apiMetadata:
		return s.metadata(c, now)
	default:
		return s.service(c)
	}
}

// write sends an answer, or with cut its first half. It ends by panicking with
// http.ErrAbortHandler if the connection is to be closed.
func write(w http.ResponseWriter, c *call, resp response, cut bool) {
	header := w.Header()
	header.Set("X-request-Id", c.id)
	if resp.contentType != "" {
		header.Set("Content-Type", resp.contentType)
	}
	for name, values := range resp.header {
		header[name] = values
	}
	body := resp.body
	if resp.status == http.StatusNoContent || resp.status == http.StatusNotModified {
		body = nil
	}
	if cut {
		// At least one byte is promised and not sent.
		header.Set("Content-Length", strconv.Itoa(max(len(body), 1)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(resp.status)
	_, err := w.Write(body)
	if cut {
		_ = http.NewResponseController(w).Flush() // the client may be gone, which is as good
	}
	if err != nil || cut {
		panic(http.ErrAbortHandler)
	}
}

// requestLine returns path and query as they were sent. A request that never
// crossed a wire has no request line, and one to a proxy has more than a path.
func requestLine(r *http.Request) (path, query string) {
	if path, query, _ = strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

// match finds the operation that a request is for, on the path as it is
// escaped: an id with an escaped slash is one segment. A dot segment that is
// not escaped is no id, since whatever is on the way resolves it.
func match(method, path string) (route, string) {
	if r, found := fixedRoutes[method+" "+path]; found {
		return r, ""
	}
	segments := strings.Split(path, "/")
	if len(segments) < 4 || segments[0] != "" || segments[1] != "v2" || segments[2] != "apps" {
		return noRoute, ""
	}
	id, err := url.PathUnescape(segments[3])
	if err != nil || id == "" || segments[3] == "." || segments[3] == ".." {
		return noRoute, ""
	}
	below := strings.Join(append([]string{"/v2/apps/{app_id}"}, segments[4:]...), "/")
	return appRoutes[method+" "+below], id // noRoute for any other
}

func readBody(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}

// fail is an error in the shape of the API's; the gateway's own errors and
// those of STS carry the request's id too. Without a code, those of IAM and of
// the metadata service have shapes of their own.
func (c *call) fail(status int, code, message string) response {
	if code == "" {
		switch c.route.api() {
		case apiIAM:
			return iamError(status, message)
		case apiMetadata:
			return plain(status, message)
		}
	}
	body := struct {
		Message   string `json:"error_msg"`
		Code      string `json:"error_code"`
		RequestID string `json:"request_id,omitempty"`
	}{Message: message, Code: code}
	if strings.HasPrefix(code, "APIG") || strings.HasPrefix(code, "STS") {
		body.RequestID = c.id
	}
	resp := ok(body)
	resp.status, resp.code = status, code
	return resp
}

func ok(v any) response {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // can't be: these are structs of strings and numbers
	}
	return response{
		status:      http.StatusOK,
		contentType: "application/json",
		body:        bytes.TrimSuffix(buf.Bytes(), []byte("\n")),
	}
}

func created(v any) response {
	resp := ok(v)
	resp.status = http.StatusCreated
	return resp
}

func plain(status int, text string) response {
	return response{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
}

// randomHex returns n random bytes in hex.
func randomHex(n int) string {
	return hex.EncodeToString(randomBytes(n))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, says its documentation
	return b
}
