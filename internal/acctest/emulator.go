// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Emulator is an emulator that listens on this machine.
type Emulator struct {
	*emulator.Server
	Endpoint string // its URL, without a path

	// Dial connects to an emulator in a bubble; nil for one that listens.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Bubble runs a parallel subtest in a synctest bubble, where waits take no time.
func Bubble(t *testing.T, name string, run func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, run)
	})
}

// StartInBubble starts an emulator that has the apps, in a synctest bubble. It listens
// on no socket, since a bubble's time stands still while something waits for a socket.
func StartInBubble(tb testing.TB, options emulator.Options, apps ...string) *Emulator {
	tb.Helper()
	server := newServer(options, apps)
	pipes := pipeListener{make(chan net.Conn), make(chan struct{})}
	listener := &http.Server{Handler: server}
	listener.SetKeepAlivesEnabled(false) // on a used connection, Go's client repeats a request unasked
	go func() { _ = listener.Serve(pipes) }()
	tb.Cleanup(func() {
		server.Close()
		_ = listener.Close()
	})
	return &Emulator{Server: server, Endpoint: "http://localhost", Dial: pipes.dial}
}

func newServer(options emulator.Options, apps []string) *emulator.Server {
	server := emulator.New(options)
	for _, app := range apps {
		server.AddApp(app)
	}
	return server
}

// pipeLatency makes requests differ in time.
const pipeLatency = 20 * time.Millisecond

// pipeListener is a net.Listener of net.Pipe.
type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.connections:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error   { close(l.closed); return nil }
func (l pipeListener) Addr() net.Addr { return &net.UnixAddr{Net: "pipe"} }

func (l pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	time.Sleep(pipeLatency)
	client, server := net.Pipe()
	select {
	case l.connections <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// StartEmulator starts an emulator that has the apps, and ends with the test.
func StartEmulator(tb testing.TB, options emulator.Options, apps ...string) *Emulator {
	tb.Helper()
	return StartWrappedEmulator(tb, func(server http.Handler) http.Handler { return server }, options, apps...)
}

// StartWrappedEmulator starts an emulator whose requests pass through wrap first.
func StartWrappedEmulator(tb testing.TB, wrap func(http.Handler) http.Handler, options emulator.Options, apps ...string) *Emulator {
	tb.Helper()
	server := newServer(options, apps)
	listener := httptest.NewServer(wrap(server))
	tb.Cleanup(func() {
		server.Close()
		listener.Close()
	})
	return &Emulator{Server: server, Endpoint: listener.URL}
}

// Settings returns provider arguments that lead to the emulator, with its access key.
func (e *Emulator) Settings() map[string]any {
	return map[string]any{
		"endpoint":   e.Endpoint,
		"access_key": emulator.DefaultAccessKey,
		"secret_key": emulator.DefaultSecretKey,
		"project_id": emulator.DefaultProjectID,
	}
}

// ProviderBlock returns a provider block with Settings, for tests in parallel, which share the environment.
func (e *Emulator) ProviderBlock() string {
	return fmt.Sprintf(`
provider "sparkrtc" {
  endpoint   = %q
  access_key = %q
  secret_key = %q
  project_id = %q
}
`, e.Endpoint, emulator.DefaultAccessKey, emulator.DefaultSecretKey, emulator.DefaultProjectID)
}

// Endpoints returns variables, as NAME=value, that lead the calls of all services to the emulator.
func (e *Emulator) Endpoints() []string {
	return []string{
		"SPARKRTC_ENDPOINT=" + e.Endpoint,
		"HW_AUTH_URL=" + e.Endpoint + "/v3",
		"SPARKRTC_STS_ENDPOINT=" + e.Endpoint,
		"SPARKRTC_METADATA_ENDPOINT=" + e.Endpoint,
	}
}

// Keys returns variables, as NAME=value, with the emulator's access key and project.
func Keys() []string {
	return []string{
		"HW_ACCESS_KEY=" + emulator.DefaultAccessKey,
		"HW_SECRET_KEY=" + emulator.DefaultSecretKey,
		"HW_PROJECT_ID=" + emulator.DefaultProjectID,
	}
}

// CredentialCalls returns the calls of IAM, STS and the metadata service, each as "METHOD PATH STATUS".
func (e *Emulator) CredentialCalls() []string {
	var list []string
	for _, r := range e.Requests() {
		if !strings.HasPrefix(r.Path, apiPath) {
			list = append(list, fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status))
		}
	}
	return list
}

// CountStatus returns how many SparkRTC requests were answered with a status.
func (e *Emulator) CountStatus(status int) int {
	return len(e.Requests(emulator.Path(apiPath), func(r emulator.Request) bool { return r.Status == status }))
}
