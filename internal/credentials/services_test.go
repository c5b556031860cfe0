// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// The operations of the services, as the log of sent requests begins.
const (
	postToken   = "POST /v3/auth/tokens"
	postIDToken = "POST /v3.0/OS-AUTH/id-token/tokens"
	postKeys    = "POST /v3.0/OS-CREDENTIAL/securitytokens"
	postSTS     = "POST /v5/agencies/assume"
	putSession  = "PUT /meta-data/latest/api/token"
	getKeys     = "GET /openstack/latest/securitykey"
	getProjects = "GET /v3/projects"
	getApps     = "GET /v2/apps"
)

// clock is that of the authenticator and of the services. It goes on with each
// look at it, so that nothing happens at the same time as anything else.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(time.Microsecond)
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// services are what credentials come from, and the SparkRTC API that takes
// them.
type services struct {
	*emulator.Server
	t     *testing.T
	clock *clock
	url   string
	send  *transport.Client

	log      bytes.Buffer // of the authenticators
	requests bytes.Buffer // of the transport

	mu      sync.Mutex
	names   map[string]string // of what must not be seen, and of access keys
	issued  map[string]int
	secrets []string
	gates   map[string]*gate
	echo    int // the next request but so many minus one is answered with 401 and what was sent; 0 for none
}

// serve starts the services. When the test ends, no secret may be in the log.
func serve(t *testing.T, opts emulator.Options) *services {
	t.Helper()
	s := &services{
		t: t, clock: &clock{t: time.Now()},
		names: map[string]string{}, issued: map[string]int{}, gates: map[string]*gate{},
	}
	opts.Clock = s.clock.now
	s.Server = emulator.New(opts)
	s.names[emulator.DefaultAccessKey] = "AK"
	for secret, name := range map[string]string{
		emulator.DefaultSecretKey: "SK", emulator.DefaultToken: "TOKEN", emulator.DefaultPassword: "PASSWORD", opts.SecurityToken: "ST",
	} {
		s.secret(secret, name)
	}
	web := httptest.NewServer(s)
	s.url = web.URL
	s.send = transport.New(transport.Config{Logger: debug(&s.requests)})
	t.Cleanup(func() {
		for _, g := range s.gates {
			g.open()
		}
		s.Close()
		web.Close()
		s.wantNoSecret(s.log.String())
		s.wantNoSecret(s.requests.String())
	})
	return s
}

func debug(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// secret notes a secret, and what it is called in the requests that are sent.
func (s *services) secret(secret, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret == "" {
		return
	}
	s.names[secret] = name
	s.secrets = append(s.secrets, secret)
}

// number returns the name of the next secret of a kind.
func (s *services) number(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued[kind]++
	return fmt.Sprintf("%s%d", kind, s.issued[kind])
}

// idToken returns an ID token, which is a secret, as its signature is alone.
func (s *services) idToken(claims ...emulator.Claim) string {
	token, name := s.IDToken(claims...), s.number("IDTOKEN")
	s.secret(token, name)
	s.secret(token[strings.LastIndex(token, ".")+1:], name+"-SIGNATURE")
	return token
}

// recorder keeps what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// ServeHTTP notes each secret before it leaves.
func (s *services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	g := s.gates[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	if g != nil {
		<-g.opened
	}
	if s.echoes() {
		s.Fail(emulator.Fault{Status: http.StatusUnauthorized, Message: fmt.Sprintf("it was sent %q with %s", r.Header, body)})
	}
	kept := &recorder{ResponseWriter: w}
	s.Server.ServeHTTP(kept, r)

	s.secret(kept.Header().Get("X-Subject-Token"), s.tokenName(kept))
	if r.Method == http.MethodPut && kept.status == http.StatusOK {
		s.secret(kept.body.String(), "SESSION")
	}
	var keys struct {
		IAM struct{ Access, Secret, SecurityToken string } `json:"credential"`
		STS struct {
			Access        string `json:"access_key_id"`
			Secret        string `json:"secret_access_key"`
			SecurityToken string `json:"security_token"`
		} `json:"credentials"`
	}
	if json.Unmarshal(kept.body.Bytes(), &keys) != nil || keys.IAM.Access+keys.STS.Access == "" {
		return
	}
	name := s.number("KEY")
	s.mu.Lock()
	s.names[keys.IAM.Access+keys.STS.Access] = name
	s.mu.Unlock()
	s.secret(keys.IAM.Secret+keys.STS.Secret, name+"-SK")
	s.secret(keys.IAM.SecurityToken+keys.STS.SecurityToken, name+"-ST")
}

func (s *services) echoes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.echo--
	return s.echo == 0
}

func (s *services) tokenName(kept *recorder) string {
	if kept.Header().Get("X-Subject-Token") == "" {
		return ""
	}
	return s.number("TOKEN")
}

// gate holds back the requests of an operation.
type gate struct {
	opened chan struct{}
	once   sync.Once
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

func (s *services) gate(operation string) *gate {
	g := &gate{opened: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gates[operation] = g
	return g
}

// subject is an authenticator that counts who came to it.
type subject struct {
	*Authenticator
	s     *services
	looks atomic.Int32 // at the clock; who has to wait looks once
}

// authenticator finds credentials as put says, and what they authenticate is
// left to the services.
func (s *services) authenticator(put func(*testEnvironment)) *subject {
	s.t.Helper()
	w := newTestEnvironment(s.t).set("HW_AUTH_URL="+s.url, "SPARKRTC_STS_ENDPOINT="+s.url, "SPARKRTC_METADATA_ENDPOINT="+s.url)
	put(w)
	return s.of(w.must())
}

func (s *services) of(found *Resolved) *subject {
	s.t.Helper()
	client, err := iam.New(iam.Config{
		Transport: s.send, Endpoint: found.IAMEndpoint, STSEndpoint: found.STSEndpoint, MetadataEndpoint: found.MetadataEndpoint,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	a := &subject{Authenticator: NewAuthenticator(found, client, debug(&s.log)), s: s}
	a.now = func() time.Time {
		a.looks.Add(1)
		return s.clock.now()
	}
	if sent := s.sent(); len(sent) > 0 {
		s.t.Errorf("sent without being asked: %q", sent)
	}
	return a
}

func (a *subject) must() transport.Credentials {
	a.s.t.Helper()
	c, err := a.Credentials(a.s.t.Context())
	if err != nil {
		a.s.t.Fatal(err)
	}
	return c
}

// fails returns the error, which has no secret and is what a user needs.
func (a *subject) fails() *Error {
	a.s.t.Helper()
	c, err := a.Credentials(a.s.t.Context())
	return a.failed(c, err)
}

func (a *subject) failed(c transport.Credentials, err error) *Error {
	a.s.t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		a.s.t.Fatalf("error is %T (%v), want *Error; got %v", err, err, c)
	}
	if c != (transport.Credentials{}) {
		a.s.t.Error("credentials came with the error")
	}
	a.s.wantNoSecret(fmt.Sprintf("%v %+v", err, *e))
	return e
}

// result is what a caller got.
type result struct {
	transport.Credentials
	err error
}

// ask asks in the background, and returns when the question was put.
func (a *subject) ask(ctx context.Context) <-chan result {
	a.s.t.Helper()
	looks := a.looks.Load()
	got := make(chan result, 1)
	go func() {
		c, err := a.Credentials(ctx)
		got <- result{c, err}
	}()
	a.waitFor(func() bool { return a.looks.Load() > looks })
	return got
}

// together asks n times at once behind a gate, and opens it when all wait. The
// operation is the first of the fetch: after others, who fetches would have
// looked at the clock more than once.
func (a *subject) together(n int, operation string) []result {
	a.s.t.Helper()
	g := a.s.gate(operation)
	before := a.looks.Load()
	results := make([]result, n)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			c, err := a.Credentials(a.s.t.Context())
			results[i] = result{c, err}
		})
	}
	a.waitFor(func() bool { return a.looks.Load() >= before+int32(n) })
	g.open()
	all.Wait()
	return results
}

func (a *subject) waitFor(done func() bool) {
	a.s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			a.s.t.Fatal("what was waited for has not happened")
		}
	}
}

func (s *services) wantNoSecret(text string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.secrets {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`)} {
			if strings.Contains(text, form) {
				s.t.Errorf("the secret %s is in: %.1000s", s.names[secret], text)
			}
		}
	}
}

var signedBy = regexp.MustCompile(`Access=([^,]+),`)

// sent returns what was sent: the operation with its query, the payload, and
// in brackets who was said to ask. What is secret goes by its name.
func (s *services) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.Requests() {
		line := r.Method + " " + r.Path
		if r.Query != "" {
			line += "?" + r.Query
		}
		if len(r.Body) > 0 {
			line += " " + strings.TrimSpace(string(r.Body))
		}
		for secret, name := range s.names {
			line = strings.ReplaceAll(line, `"`+secret+`"`, `"`+name+`"`)
		}
		var by []string
		for _, header := range []string{"X-Auth-Token", "X-Security-Token", "X-Metadata-Token"} {
			if v := r.Header.Get(header); v != "" {
				by = append(by, s.names[v])
			}
		}
		if m := signedBy.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
			by = append([]string{s.names[m[1]]}, by...)
		}
		for _, header := range []string{"X-Project-Id", "X-Idp-Id"} {
			if v := r.Header.Get(header); v != "" {
				by = append(by, v)
			}
		}
		if by != nil {
			line += " [" + strings.Join(by, " ") + "]"
		}
		list = append(list, line)
	}
	return list
}

// wantSent fails the test unless this was sent since the last time, and
// nothing else.
func (s *services) wantSent(want ...string) {
	s.t.Helper()
	if got := s.sent(); !slices.Equal(got, want) {
		s.t.Errorf("sent %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	s.ResetRequests()
}

// wantCalls is wantSent for the operations alone.
func (s *services) wantCalls(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range s.Requests() {
		got = append(got, r.Method+" "+r.Path)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("called %s\nwant   %s", strings.Join(got, "\n       "), strings.Join(want, "\n       "))
	}
	s.ResetRequests()
}

// wantLog fails the test unless that was logged since the last time. KEY1 is
// the end of that access key, and HOST the host.
func (s *services) wantLog(want ...string) {
	s.t.Helper()
	s.wantNoSecret(s.log.String())
	got := strings.ReplaceAll(s.log.String(), strings.TrimPrefix(s.url, "http://"), "HOST")
	s.mu.Lock()
	for secret, name := range s.names {
		if strings.HasPrefix(name, "KEY") && !strings.Contains(name, "-") {
			got = strings.ReplaceAll(got, "****"+secret[len(secret)-4:], "****"+name)
		}
	}
	s.mu.Unlock()
	var lines []string
	for line := range strings.Lines(got) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if !slices.Equal(lines, want) {
		s.t.Errorf("logged %s\nwant   %s", strings.Join(lines, "\n       "), strings.Join(want, "\n       "))
	}
	s.log.Reset()
}

// use asks the SparkRTC API for something, which succeeds.
func (s *services) use(a transport.Authenticator) {
	s.t.Helper()
	resp, _, err := s.send.Do(s.t.Context(), transport.Request{
		Name: "test", Method: http.MethodGet, URL: s.url + "/v2/apps", Header: http.Header{"Content-Type": {"application/json"}}, Authenticator: a,
	})
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the SparkRTC API doesn't take it: %v, %v", resp, err)
	}
}
