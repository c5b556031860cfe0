// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testApp  = "5ff9701f2346968bb306cb43"
	testPath = "/v2/apps/" + testApp + "/record-callback"
	testKey  = "8923ab8c2dcef4538923ab8c2dcef453"
)

var testTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a server behind a real connection.
type fixture struct {
	*Server
	t     *testing.T
	url   string
	clock *clock
}

// start serves opts with a clock that stands still at testTime, and testApp
// without a callback.
func start(t *testing.T, opts Options) *fixture {
	t.Helper()
	c := &clock{now: testTime}
	opts.Clock = c.Now
	s := New(opts)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	s.AddApp(testApp)
	return &fixture{Server: s, t: t, url: web.URL, clock: c}
}

// reply is a response that was read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// json decodes the body, or fails the test.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
	return v
}

// callback returns record_callback of the body.
func (r reply) callback(t *testing.T) map[string]any {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("status %d, body %s", r.status, r.body)
	}
	callback, ok := r.json(t)["record_callback"].(map[string]any)
	if !ok {
		t.Fatalf("no record_callback in %s", r.body)
	}
	return callback
}

// wantError fails the test unless the reply is that error; message "" stands
// for any.
func (r reply) wantError(t *testing.T, status int, code, message string) {
	t.Helper()
	body := r.json(t)
	if r.status != status || body["error_code"] != code || message != "" && body["error_msg"] != message {
		t.Fatalf("got %d %s\nwant %d %s %s", r.status, r.body, status, code, message)
	}
	_, has := body["request_id"]
	if gateway := strings.HasPrefix(code, "APIGW."); has != gateway {
		t.Errorf("request_id in the body: %v, want %v: %s", has, gateway, r.body)
	}
}

// request makes a request with a token.
func (f *fixture) request(method, path, body string) *http.Request {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", DefaultToken)
	return req
}

func (f *fixture) send(req *http.Request) reply {
	f.t.Helper()
	r, err := trySend(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// trySend sends a request on a connection of its own, so that the client does
// not repeat it.
func trySend(req *http.Request) (reply, error) {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, err
}

func (f *fixture) get(path string) reply {
	f.t.Helper()
	return f.send(f.request("GET", path, ""))
}

func (f *fixture) put(body string) reply {
	f.t.Helper()
	return f.send(f.request("PUT", testPath, body))
}

// logged returns the last entry of the log.
func (f *fixture) logged() Request {
	f.t.Helper()
	all := f.Requests()
	if len(all) == 0 {
		f.t.Fatal("nothing was logged")
	}
	return all[len(all)-1]
}

// signing is what a request is signed with.
type signing struct {
	accessKey, secretKey string
	at                   time.Time
	segments             []string          // of the path, not escaped
	query                string            // canonical
	headers              map[string]string // besides x-sdk-date; lower-case names
	hash                 string            // of the body, by default its SHA-256
}

func defaultSigning() signing {
	return signing{
		accessKey: DefaultAccessKey,
		secretKey: DefaultSecretKey,
		at:        testTime,
		segments:  []string{"v2", "apps", testApp, "record-callback"},
		headers:   map[string]string{"x-project-id": DefaultProjectID},
	}
}

// sign signs a request by the published steps, without any code of the
// package under test.
func (g signing) sign(req *http.Request, body string) {
	date := g.at.UTC().Format("20060102T150405Z")
	headers := map[string]string{"x-sdk-date": date}
	for name, value := range g.headers {
		headers[name] = value
		if name != "host" {
			req.Header.Set(name, value)
		}
	}
	req.Header.Set("X-Sdk-Date", date)
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)

	var uri, lines bytes.Buffer
	for _, segment := range g.segments {
		uri.WriteByte('/')
		for _, c := range []byte(segment) {
			if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", c) >= 0 {
				uri.WriteByte(c)
			} else {
				fmt.Fprintf(&uri, "%%%02X", c)
			}
		}
	}
	for _, name := range names {
		fmt.Fprintf(&lines, "%s:%s\n", name, headers[name])
	}
	hash := g.hash
	if hash == "" {
		hash = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	}
	canonical := fmt.Sprintf("%s\n%s/\n%s\n%s\n%s\n%s",
		req.Method, uri.String(), g.query, lines.String(), strings.Join(names, ";"), hash)
	toSign := fmt.Sprintf("SDK-HMAC-SHA256\n%s\n%x", date, sha256.Sum256([]byte(canonical)))
	req.Header.Set("Authorization", fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s",
		g.accessKey, strings.Join(names, ";"), hex.EncodeToString(hmacSHA256(g.secretKey, toSign))))
}

func hmacSHA256(key, message string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

// signed makes a signed request with a body of JSON.
func (f *fixture) signed(method, target, body string, g signing) *http.Request {
	f.t.Helper()
	req := f.request(method, target, body)
	req.Header.Del("X-Auth-Token")
	g.sign(req, body)
	return req
}

// callOf is what ServeHTTP makes of a request.
func callOf(r *http.Request, body string) *call {
	c := newCall(r)
	c.body, c.entry, c.now = []byte(body), new(Request), testTime
	return c
}
