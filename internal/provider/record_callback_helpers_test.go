// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Acceptance tests run the real CLI, and so only with TF_ACC=1: make testacc.
// Those that state what a resource becomes use terraform-plugin-testing; those
// that look at what the CLI prints, or need two runs of it, use cli_test.go; and
// tables, whose cases share the runs, cli_table_test.go.

const (
	testApp = "5ff9701f2346968bb306cb43"
	testURL = "https://recordings.example.com/sparkrtc"
	testKey = "callback-key-of-the-tests-0123456789"
)

const resourceName = "sparkrtc_record_callback.test"

// testProviders serve the provider in this process, with no time lost between
// retries.
var testProviders = map[string]func() (tfprotov6.ProviderServer, error){
	"sparkrtc": func() (tfprotov6.ProviderServer, error) {
		p := &sparkRTCProvider{version: "test", retryWait: time.Millisecond}
		if live() {
			p.retryWait = 0 // it is others' quota
		}
		return providerserver.NewProtocol6WithError(p)()
	},
}

// live tells whether the tests run on the real service.
func live() bool { return os.Getenv("SPARKRTC_ACC_LIVE") == "1" }

// cloud is an emulator, and how a configuration reaches it.
type cloud struct {
	*emulator.Server
	endpoint string
}

// newCloud starts an emulator that has the apps.
func newCloud(tb testing.TB, options emulator.Options, apps ...string) *cloud {
	tb.Helper()
	return newCloudBehind(tb, func(server http.Handler) http.Handler { return server }, options, apps...)
}

// newCloudBehind starts one that is reached through something else.
func newCloudBehind(tb testing.TB, front func(http.Handler) http.Handler, options emulator.Options, apps ...string) *cloud {
	tb.Helper()
	server := emulator.New(options)
	for _, app := range apps {
		server.AddApp(app)
	}
	listener := httptest.NewServer(front(server))
	tb.Cleanup(func() {
		server.Close()
		listener.Close()
	})
	return &cloud{Server: server, endpoint: listener.URL}
}

// providerBlock has everything in it, so that tests can run side by side: the
// environment is one for all.
func (c *cloud) providerBlock() string {
	return fmt.Sprintf(`
provider "sparkrtc" {
  endpoint   = %q
  access_key = %q
  secret_key = %q
  project_id = %q
}
`, c.endpoint, emulator.DefaultAccessKey, emulator.DefaultSecretKey, emulator.DefaultProjectID)
}

// config is the provider block and a callback named test. Lines are arguments.
func (c *cloud) config(lines ...string) string {
	body := ""
	for _, line := range lines {
		body += "  " + line + "\n"
	}
	return c.providerBlock() + "resource \"sparkrtc_record_callback\" \"test\" {\n" + body + "}\n"
}

func arg(name, value string) string { return fmt.Sprintf("%s = %q", name, value) }

// payload is the body of a PUT.
type payload struct {
	URL     string  `json:"url"`
	AuthKey *string `json:"auth_key"`
}

func (p payload) String() string {
	if p.AuthKey == nil {
		return p.URL + " without a key"
	}
	return fmt.Sprintf("%s with key %q", p.URL, *p.AuthKey)
}

func withKey(url, key string) payload { return payload{URL: url, AuthKey: &key} }

func (c *cloud) puts(t *testing.T) []payload {
	t.Helper()
	var list []payload
	for _, r := range c.Requests(emulator.Path("/v2/"), emulator.Method(http.MethodPut)) {
		var p payload
		if err := json.Unmarshal(r.Body, &p); err != nil {
			t.Fatalf("body of a PUT: %v", err)
		}
		list = append(list, p)
	}
	return list
}

// expectCalls compares the calls of the SparkRTC API since the last time, and
// forgets all.
func (c *cloud) expectCalls(t *testing.T, gets int, puts ...payload) {
	t.Helper()
	if got := c.puts(t); fmt.Sprint(got) != fmt.Sprint(puts) {
		t.Errorf("PUTs: %v, want %v", got, puts)
	}
	if got := len(c.Requests(emulator.Path("/v2/"), emulator.Method(http.MethodGet))); got != gets {
		t.Errorf("%d GETs, want %d", got, gets)
	}
	if all := len(c.Requests(emulator.Path("/v2/"))); all != gets+len(puts) {
		t.Errorf("%d requests, want %d", all, gets+len(puts))
	}
	c.ResetRequests()
}

// expectTruth compares what the service holds.
func (c *cloud) expectTruth(t *testing.T, app, url, key string) {
	t.Helper()
	got, ok := c.Callback(app)
	if !ok || got.URL != url || got.AuthKey != key {
		t.Errorf("the callback of %s is %q with key %q (%t), want %q with key %q", app, got.URL, got.AuthKey, ok, url, key)
	}
}

func planned(action plancheck.ResourceActionType) []plancheck.PlanCheck {
	return []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceName, action)}
}
