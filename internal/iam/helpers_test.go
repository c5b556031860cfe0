// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	projectsPath = "/v3/projects"
	tokensPath   = "/v3/auth/tokens"
	idTokensPath = "/v3.0/OS-AUTH/id-token/tokens"
	keysPath     = "/v3.0/OS-CREDENTIAL/securitytokens"
	assumePath   = "/v5/agencies/assume"
	sessionPath  = "/meta-data/latest/api/token"
	keyPath      = "/openstack/latest/securitykey"
)

// testKeys have a project, which must not go along.
var testKeys = transport.Credentials{
	AccessKey: emulator.DefaultAccessKey, SecretKey: emulator.DefaultSecretKey, ProjectID: emulator.DefaultProjectID,
}

var testPassword = Password{UserName: emulator.DefaultUserName, DomainName: emulator.DefaultDomainName, Password: emulator.DefaultPassword}

var testScope = Scope{ProjectName: emulator.DefaultProjectName}

// fixture is a client and the services that it calls.
type fixture struct {
	*emulator.Server
	*Client
	send    *transport.Client
	host    string
	log     strings.Builder
	secrets []string // besides those that the emulator has from the start
}

// start serves opts. When the test ends, no secret may be in the log.
func start(t *testing.T, opts emulator.Options) *fixture {
	t.Helper()
	f := &fixture{Server: emulator.New(opts)}
	f.secrets = []string{opts.SecretKey, opts.Password, emulator.DefaultSecretKey, emulator.DefaultPassword, emulator.DefaultToken}
	web := httptest.NewServer(f.Server)
	f.host = strings.TrimPrefix(web.URL, "http://")
	f.send = transport.New(transport.Config{
		MaxRetries: 2, UserAgent: "test/1", RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	var err error
	f.Client, err = New(Config{Transport: f.send, Endpoint: web.URL, STSEndpoint: web.URL, MetadataEndpoint: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		web.Close()
		f.wantNoSecret(t, f.log.String())
		if lines := strings.Count(f.log.String(), "\n"); lines != len(f.Requests()) {
			t.Errorf("%d log lines for %d requests", lines, len(f.Requests()))
		}
	})
	return f
}

// wantNoSecret fails the test if a text holds one that was configured, issued
// or sent.
func (f *fixture) wantNoSecret(t *testing.T, text string) {
	t.Helper()
	secrets := slices.Clone(f.secrets)
	for _, r := range f.Requests() {
		for _, name := range []string{"X-Auth-Token", "X-Security-Token", "X-Metadata-Token"} {
			secrets = append(secrets, r.Header.Get(name))
		}
	}
	for _, secret := range secrets {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`)} {
			if form != "" && strings.Contains(text, form) {
				t.Errorf("the secret %q is in: %.600s", secret, text)
			}
		}
	}
}

// wantError fails the test unless the error has exactly that text, in which
// HOST is the host and ID some request id.
func (f *fixture) wantError(t *testing.T, err error, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	got := strings.ReplaceAll(err.Error(), f.host, "HOST")
	if e.RequestID != "" {
		got = strings.ReplaceAll(got, e.RequestID, "ID")
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.wantNoSecret(t, fmt.Sprintf("%v %+v", err, *e))
}

// sent returns what was asked, as method, request target and body.
func (f *fixture) sent() []string {
	var list []string
	for _, r := range f.Requests() {
		target := r.Path
		if r.Query != "" {
			target += "?" + r.Query
		}
		list = append(list, strings.TrimSpace(r.Method+" "+target+" "+string(r.Body)))
	}
	return list
}

// wantSent fails the test unless that was asked, and nothing else. HTTP's
// headers are as they should be, and no project is among them.
func (f *fixture) wantSent(t *testing.T, want ...string) {
	t.Helper()
	if got := f.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	for _, r := range f.Requests() {
		contentType := "application/json"
		if r.Path == sessionPath || r.Path == keyPath {
			contentType = ""
		}
		for name, value := range map[string]string{"User-Agent": "test/1", "X-Project-Id": "", "Content-Type": contentType} {
			if got := r.Header.Get(name); got != value {
				t.Errorf("%s has %s: %q, want %q", r.Path, name, got, value)
			}
		}
	}
}

// wantUsable fails the test unless the SparkRTC API takes the credentials.
func (f *fixture) wantUsable(t *testing.T, c transport.Credentials) {
	t.Helper()
	f.secrets = append(f.secrets, c.Secrets()...)
	if c.Token == "" {
		c.ProjectID = emulator.DefaultProjectID
	}
	resp, _, err := f.send.Do(t.Context(), transport.Request{
		Method: http.MethodGet, URL: "http://" + f.host + "/v2/apps", Header: jsonHeader(), Authenticator: c,
	})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the SparkRTC API refuses %v: %+v, %v", c, resp, err)
	}
}

// about tells whether a time is what it should be, but for the duration of the
// test.
func about(got, want time.Time) bool { return got.Sub(want).Abs() < time.Minute }
