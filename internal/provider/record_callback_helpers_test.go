// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

const (
	callbackType = "sparkrtc_record_callback"
	resourceName = callbackType + ".test"

	testApp  = "5ff9701f2346968bb306cb43"
	otherApp = "6aa9701f2346968bb306cb44"
	testURL  = "https://recordings.example.com/sparkrtc"
	testKey  = "callback-key-of-the-tests-0123456789"
)

// callbackConfig is a callback named test, whose URL and key are variables.
const callbackConfig = `
variable "url" {
  default = "` + testURL + `"
}

variable "key" {
  default   = "` + testKey + `"
  sensitive = true
}

resource "sparkrtc_record_callback" "test" {
  app_id   = "` + testApp + `"
  url      = var.url
  auth_key = var.key
}
`

// callbackBlock is a callback. Lines are arguments.
func callbackBlock(name string, lines ...string) string {
	return fmt.Sprintf("resource %q %q {\n  %s\n}\n", callbackType, name, strings.Join(lines, "\n  "))
}

func arg(name, value string) string { return fmt.Sprintf("%s = %q", name, value) }

func importBlock(name, app string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", callbackAddress(name), app)
}

func callbackAddress(name string) string { return callbackType + "." + name }

// forEach is the arguments of a callback of each app.
func forEach(apps []string) string {
	return "for_each = toset([" + quoted(apps) + "])\n  app_id = each.key"
}

func quoted(list []string) string {
	var b strings.Builder
	for i, text := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", text)
	}
	return b.String()
}

// payload is the body of the PUT that sets a callback.
type payload struct {
	URL     string  `json:"url"`
	AuthKey *string `json:"auth_key,omitempty"` // nil leaves it out
}

func (p payload) String() string {
	if p.AuthKey == nil {
		return p.URL + " without a key"
	}
	return fmt.Sprintf("%s with key %q", p.URL, *p.AuthKey)
}

func withKey(url, key string) payload { return payload{URL: url, AuthKey: &key} }

func callbackPath(app string) string { return acctest.AppsPath + "/" + app + "/record-callback" }

// sentPayloads are the payloads of all requests that are no reads.
func sentPayloads(t *testing.T, e *acctest.Emulator) []payload {
	t.Helper()
	var list []payload
	for _, r := range e.Sent(t) {
		content, err := json.Marshal(r.Body)
		var p payload
		if err == nil {
			err = json.Unmarshal(content, &p)
		}
		if err != nil || r.Method != http.MethodPut {
			t.Fatalf("sent: %s, %v", r, err)
		}
		list = append(list, p)
	}
	return list
}

// expectPuts compares what was sent, all to set the callback of one app, and resets
// the log of requests.
func expectPuts(t *testing.T, e *acctest.Emulator, app string, puts ...payload) {
	t.Helper()
	var want []acctest.Request
	for _, p := range puts {
		want = append(want, acctest.Request{Method: http.MethodPut, Path: callbackPath(app), Body: p})
	}
	e.ExpectSent(t, want...)
}

// expectCalls compares the number of reads, and what was sent to set testApp's callback.
func expectCalls(t *testing.T, e *acctest.Emulator, reads int, puts ...payload) {
	t.Helper()
	if got := e.CountReads(); got != reads {
		t.Errorf("%d GETs, want %d", got, reads)
	}
	expectPuts(t, e, testApp, puts...)
}

// listsAndReads counts the lists of apps, the reads of one callback, and all other
// calls since the last reset, and resets them.
func listsAndReads(e *acctest.Emulator) (lists, reads, others int) {
	for path, n := range e.Reads() {
		switch {
		case path == acctest.AppsPath:
			lists += n
		case strings.HasSuffix(path, "/record-callback"):
			reads += n
		default:
			others += n
		}
	}
	others += len(e.Requests(emulator.Path(acctest.AppsPath), func(r emulator.Request) bool { return r.Method != http.MethodGet }))
	e.ResetRequests()
	return lists, reads, others
}

func expectListsAndReads(t *testing.T, e *acctest.Emulator, lists, reads, others int) {
	t.Helper()
	if l, r, o := listsAndReads(e); l != lists || r != reads || o != others {
		t.Errorf("%d lists, %d reads and %d other calls, want %d, %d and %d", l, r, o, lists, reads, others)
	}
}

// expectSharedReads runs something, and expects that callbacks were read through
// lists, and not one by one; or the other way round.
func expectSharedReads(t *testing.T, f *acctest.Router, shared bool, run func()) {
	t.Helper()
	for _, e := range f.Emulators {
		e.ResetRequests()
	}
	run()
	lists, own := 0, 0
	for _, e := range f.Emulators {
		lists += e.Reads()[acctest.AppsPath]
		own += e.CountReads() - e.Reads()[acctest.AppsPath]
	}
	if n := len(f.ByApp); shared && (lists < len(f.Emulators) || own >= n) || !shared && (lists > 0 || own != n) {
		t.Errorf("shared reads %t: %d callbacks were read with %d lists and %d requests of their own", shared, n, lists, own)
	}
}

// expectTruth compares what the service holds.
func expectTruth(t *testing.T, e *acctest.Emulator, app, url, key string) {
	t.Helper()
	got, ok := e.Callback(app)
	if !ok || got.URL != url || got.AuthKey != key {
		t.Errorf("the callback of %s is %q with key %q (%t), want %q with key %q", app, got.URL, got.AuthKey, ok, url, key)
	}
}

// expectation is what the CLI reports about the callback of a name.
type expectation struct {
	name, severity, summary string
	attribute               string
	mentions                []string
}

func (e expectation) address() string { return callbackAddress(e.name) }

func (e expectation) check(t *testing.T, list acctest.Diagnostics) {
	t.Helper()
	acctest.Expectation{Address: e.address(), Severity: e.severity, Summary: e.summary, Attribute: e.attribute, Mentions: e.mentions}.Check(t, list)
}

func planned(action plancheck.ResourceActionType) []plancheck.PlanCheck {
	return []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceName, action)}
}

func state(attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(resourceName, tfjsonpath.New(attribute), want)
}

func callbackSchema() *tfprotov6.Schema { return schemas().ResourceSchemas[callbackType] }

// arguments are a configuration of a callback.
type arguments struct {
	url     string
	key     string // "" for none
	version int64  // 0 unless the key is an auth_key_wo
}

func (a arguments) authKey() string {
	if a.version > 0 {
		return ""
	}
	return a.key
}

func (a arguments) value() tftypes.Value { return a.on(testApp) }

// on is the configuration of another app's callback.
func (a arguments) on(app string) tftypes.Value {
	return acctest.ConfigOf(callbackSchema(), a.given(app))
}

func (a arguments) given(app string) map[string]any {
	given := map[string]any{"app_id": app, "url": a.url}
	switch {
	case a.version > 0:
		given["auth_key_wo"], given["auth_key_wo_version"] = a.key, a.version
	case a.key != "":
		given["auth_key"] = a.key
	}
	return given
}

// lines are the same for callbackBlock.
func (a arguments) lines(app string) []string {
	var lines []string
	for name, value := range a.given(app) {
		lines = append(lines, fmt.Sprintf("%s = %#v", name, value))
	}
	slices.Sort(lines)
	return lines
}

// oneByOne makes each callback be read alone.
var oneByOne = map[string]any{"shared_reads": false}

// newWorkspace returns a workspace of callbacks on an emulator, with more arguments of
// the provider.
func newWorkspace(t *testing.T, e *acctest.Emulator, settings map[string]any) *acctest.Workspace {
	t.Helper()
	return acctest.NewWorkspace(t, func() (acctest.Resource, error) {
		return newCallbacksWith(t, e, &sparkRTCProvider{}, settings)
	})
}

// expectReported compares the summaries of all that a run reported about a callback.
func expectReported(t *testing.T, run *acctest.Run, name string, notices ...callback.Notice) {
	t.Helper()
	var got, want []string
	for _, d := range run.Of(name) {
		got = append(got, d.Summary)
	}
	for _, n := range notices {
		want = append(want, callbackWords[n].summary)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: reported %q, want %q", name, got, want)
	}
}

// newCallbacks starts a provider that leads to an emulator, for callbacks.
func newCallbacks(tb testing.TB, e *acctest.Emulator) (acctest.Resource, error) {
	tb.Helper()
	return newCallbacksWith(tb, e, &sparkRTCProvider{}, nil)
}

// newCallbacksWith starts a provider with more arguments, or others.
func newCallbacksWith(tb testing.TB, e *acctest.Emulator, p *sparkRTCProvider, arguments map[string]any) (acctest.Resource, error) {
	tb.Helper()
	core, err := newCore(tb, e, p, arguments)
	if err != nil {
		return acctest.Resource{}, err
	}
	return core.Resource(callbackType), nil
}

// createCallback applies a new callback.
func createCallback(tb testing.TB, callbacks acctest.Resource, app string, config arguments) acctest.Object {
	tb.Helper()
	plan, err := callbacks.Plan(acctest.Object{}, config.on(app))
	if err != nil {
		tb.Fatal(err)
	}
	stored, err := callbacks.Apply(plan)
	if err != nil {
		tb.Fatal(err)
	}
	return stored
}
