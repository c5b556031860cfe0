// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	testApp = "5ff9701f2346968bb306cb43"
	testURL = "https://receiver.example.com/recordings?a=1"
	testKey = "key-of-the-callback-that-was-there-before"
)

// fixture is an emulator, with a clock that waits move on.
type fixture struct {
	*acctest.Emulator
	now time.Time
	in  string
	out bytes.Buffer

	requests int
	before   func(n int, next http.Handler, w http.ResponseWriter, r *http.Request) // of the nth request; nil does nothing
}

func start(t *testing.T, opts emulator.Options) *fixture {
	t.Helper()
	f := &fixture{now: time.Now()}
	opts.Clock = func() time.Time { return f.now }
	f.Emulator = acctest.StartWrappedEmulator(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.requests++
			if f.before != nil {
				f.before(f.requests, next, w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}, opts, testApp)
	for _, variable := range slices.Concat(f.Endpoints(), acctest.Keys()) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	t.Setenv("HOME", t.TempDir())
	return f
}

func (f *fixture) run(ctx context.Context, args ...string) error {
	f.out.Reset()
	return run(ctx, args, strings.NewReader(f.in), &f.out, func(config *transport.Config, a *api) {
		config.RetryWaitMin, config.RetryWaitMax = time.Millisecond, time.Millisecond
		a.now = func() time.Time { return f.now }
		a.sleep = func(ctx context.Context, d time.Duration) error {
			f.now = f.now.Add(d)
			return ctx.Err()
		}
	})
}

var row = regexp.MustCompile("(?m)^\\| `([a-z-]+)`: [^|]* \\| ([^|]*) \\| [^|]* \\|$")

func (f *fixture) answers() map[string]string {
	answers := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(f.out.String(), -1) {
		answers[found[1]] = found[2]
	}
	return answers
}

// buckets are arguments with the buckets of the emulator.
var buckets = []string{"-yes", "-bucket", emulator.DefaultBucket, "-unauthorized-bucket", emulator.UnauthorizedBucket}

func with(args ...string) []string { return slices.Concat(buckets, args) }

// setUp makes an app that is in use.
func (f *fixture) setUp() {
	f.SetCallback(testApp, testURL, testKey)
	rule := f.SetRecordRule(testApp, emulator.RecordRule{HLS: &emulator.RecordConfig{RecordCycle: 60}})
	f.SetAutoRecord(testApp, emulator.AutoRecordIndividual, rule)
}

// state is all that the service has, but for times and automatic recording that is off.
func (f *fixture) state() string {
	var b strings.Builder
	for _, app := range f.Apps() {
		fmt.Fprintf(&b, "%s %s\n", app.ID, app.State)
		if app.Callback != nil {
			fmt.Fprintf(&b, "callback %s %s\n", app.Callback.URL, app.Callback.AuthKey)
		}
		for _, rule := range app.RecordRules {
			fmt.Fprintf(&b, "rule %s %s %s %+v\n", rule.ID, rule.Bucket, rule.Object, *rule.HLS)
		}
		if app.AutoRecord != nil && app.AutoRecord.Mode != emulator.AutoRecordOff {
			fmt.Fprintf(&b, "auto %s %s\n", app.AutoRecord.Mode, app.AutoRecord.RuleID)
		}
	}
	return b.String()
}

// left is the state after the probe used an app without anything.
const left = testApp + " ACTIVATION\ncallback https://example.com/sparkrtc-probe \n"

// exceptions are values that the probe can't tell, each with what it says instead, and why.
var exceptions = map[string]map[string]struct{ says, why string }{
	"time-echo":    {"later": {"exact", "all responses show the same time"}},
	"empty-key":    {"ignored": {"clears", "it is the same if a PUT without a key removes the key"}},
	"retry-after":  {"no": {notKnown, "the probe causes no 429"}, "yes": {notKnown, "the probe causes no 429"}},
	"app-deletion": {"no-rooms": {"any", "the API opens no rooms"}},
}

// temporaryOnly are the questions that need a temporary app.
var temporaryOnly = []string{"app-deletion", "rules-of-deleted-app", "app-names", "deleted-app"}

func expected(name, value string) string {
	if exception, found := exceptions[name][value]; found {
		return exception.says
	}
	if value == "exact" && (strings.HasPrefix(name, "read-") || strings.HasPrefix(name, "list-")) {
		return "same"
	}
	return value
}

func TestProbe_answersAreTheSwitches(t *testing.T) {
	for _, sw := range emulator.Switches() {
		for i, value := range sw.Values {
			if i == 0 && sw.Name != "key-echo" { // once is enough for the defaults
				continue
			}
			t.Run(sw.Name+"="+value, func(t *testing.T) {
				opts := emulator.Options{Locations: []string{"cn-north-4", "cn-north-1"}}
				if err := opts.Set(sw.Name, value); err != nil {
					t.Fatal(err)
				}
				t.Run("named", func(t *testing.T) {
					f := start(t, opts)
					if err := f.run(t.Context(), with("-app", testApp)...); err != nil {
						t.Fatal(err)
					}
					want := expected(sw.Name, value)
					if slices.Contains(temporaryOnly, sw.Name) {
						want = notKnown
					}
					f.expect(t, sw.Name, want)
					if after := f.state(); after != left && sw.Name != "empty-key" {
						t.Errorf("after:\n%s", after)
					}
				})
				t.Run("temporary", func(t *testing.T) {
					f := start(t, opts)
					f.setUp()
					before := f.state()
					if err := f.run(t.Context(), with("-app", testApp, "-create-app", "-restore")...); err != nil {
						t.Fatal(err)
					}
					f.expect(t, sw.Name, expected(sw.Name, value))
					if after := f.state(); after != before {
						t.Errorf("before:\n%s\nafter:\n%s", before, after)
					}
				})
			})
		}
	}
}

func (f *fixture) expect(t *testing.T, name, want string) {
	t.Helper()
	if got := f.answers()[name]; got != want {
		t.Errorf("%s is %q, want %q\n%s", name, got, want, f.out.String())
	}
}

func TestProbe_everySwitchHasAQuestion(t *testing.T) {
	f := start(t, emulator.Options{Locations: []string{"cn-north-4", "cn-north-1"}})
	if err := f.run(t.Context(), with("-create-app")...); err != nil {
		t.Fatal(err)
	}
	answers := f.answers() // to the defaults
	for _, sw := range emulator.Switches() {
		f.expect(t, sw.Name, expected(sw.Name, sw.Values[0]))
	}
	if len(answers) != len(questions) {
		t.Errorf("%d of %d rows could be read", len(answers), len(questions))
	}
	if i := strings.IndexFunc(f.out.String(), func(r rune) bool { return r > '~' }); i >= 0 {
		t.Errorf("not ASCII: %q", f.out.String()[i:])
	}
}

func TestProbe_emptyKeyIgnored(t *testing.T) {
	f := start(t, emulator.Options{EmptyKey: emulator.EmptyIgnored, KeepKey: true})
	if err := f.run(t.Context(), with("-app", testApp)...); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "empty-key", "ignored")
	f.expect(t, "keep-key", "yes")
}

// What an earlier run left does not count as in use.
func TestProbe_twice(t *testing.T) {
	f := start(t, emulator.Options{})
	for range 2 {
		if err := f.run(t.Context(), with("-app", testApp)...); err != nil {
			t.Fatal(err)
		}
		f.expect(t, "key-echo", "exact")
		f.expect(t, "keep-key", "no")
	}
	f.expect(t, "unset", notKnown)
}

func TestProbe_restore(t *testing.T) {
	for _, keyEcho := range emulator.KeyEchoes {
		for _, urlEcho := range emulator.URLEchoes {
			f := start(t, emulator.Options{KeyEcho: keyEcho, URLEcho: urlEcho})
			f.setUp()
			before := f.state()
			t.Setenv(envAuthKey, testKey)
			if err := f.run(t.Context(), with("-app", testApp, "-restore", "-callback-url", testURL)...); err != nil {
				t.Fatal(err)
			}
			f.expect(t, "key-echo", string(keyEcho))
			f.expect(t, "url-echo", string(urlEcho))
			f.expect(t, "stopped-app", "refuses")
			f.expect(t, "used-rule", notKnown)
			if after := f.state(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		}
	}
}

func TestProbe_leavesAlone(t *testing.T) {
	inUse := []string{"-app", testApp, "-restore"}
	for name, c := range map[string]struct {
		args []string
		key  string
		says string
		err  string
	}{
		"without -restore":  {[]string{"-app", testApp}, testKey, "", "set -restore"},
		"without the URL":   {inUse, testKey, "can only be put back if", ""},
		"without the key":   {append(slices.Clone(inUse), "-callback-url", testURL), "", "can only be put back if", ""},
		"with another URL":  {append(slices.Clone(inUse), "-callback-url", "https://example.org/x"), testKey, "can only be put back if", ""},
		"with another app":  {[]string{"-app", "another"}, testKey, "", "HTTP 404"},
		"without arguments": {nil, testKey, "", "set -app"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, emulator.Options{})
			f.setUp()
			before := f.state()
			t.Setenv(envAuthKey, c.key)
			err := f.run(t.Context(), with(c.args...)...)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if !strings.Contains(f.out.String(), c.says) {
				t.Errorf("%q is not in\n%s", c.says, f.out.String())
			}
			writes := f.Requests(func(r emulator.Request) bool {
				return r.Method != http.MethodGet && (c.err != "" || strings.HasSuffix(r.Path, "record-callback"))
			})
			if after := f.state(); after != before || len(writes) > 0 {
				t.Errorf("%d writes; before:\n%s\nafter:\n%s", len(writes), before, after)
			}
		})
	}
}

func TestProbe_asks(t *testing.T) {
	for in, goesOn := range map[string]bool{"": false, "\n": false, "n\n": false, "yes\n": false, "y\n": true, "Y\n": true} {
		f := start(t, emulator.Options{})
		f.in = in
		err := f.run(t.Context(), "-app", testApp)
		if writes := f.Requests(emulator.Method(http.MethodPut)); (len(writes) > 0) != goesOn || (err == nil) != goesOn {
			t.Errorf("%q: %d writes, %v", in, len(writes), err)
		}
	}
}

func TestProbe_quota(t *testing.T) {
	f := start(t, emulator.Options{Quota: 60})
	if err := f.run(t.Context(), with("-app", testApp, "-create-app")...); err != nil {
		t.Fatal(err)
	}
	if f.CountStatus(http.StatusTooManyRequests) > 0 || len(f.Requests()) < 60 || !strings.Contains(f.out.String(), "Waiting") {
		t.Errorf("%d of %d requests were throttled\n%s", f.CountStatus(http.StatusTooManyRequests), len(f.Requests()), f.out.String())
	}
}

func TestProbe_showsNoSecrets(t *testing.T) {
	f := start(t, emulator.Options{})
	f.setUp()
	app, _ := f.App(testApp)
	t.Setenv(envAuthKey, testKey)
	err := f.run(t.Context(), with("-app", testApp, "-restore", "-callback-url", testURL, "-create-app")...)
	secrets := []string{emulator.DefaultSecretKey, testKey, app.AppKey, "recordings?a=1"}
	for _, r := range f.Requests(emulator.Method(http.MethodPut)) {
		if found := regexp.MustCompile(`"auth_key": "([^"]+)"`).FindSubmatch(r.Body); found != nil {
			secrets = append(secrets, string(found[1]))
		}
	}
	acctest.ExpectNoSecret(t, "output", f.out.String()+fmt.Sprint(err), secrets...)
}

func TestProbe_refusedCredentials(t *testing.T) {
	f := start(t, emulator.Options{})
	t.Setenv("HW_SECRET_KEY", "another")
	if err := f.run(t.Context(), with("-app", testApp)...); err == nil || f.requests != 1 {
		t.Errorf("%d requests: %v", f.requests, err)
	}
	acctest.ExpectNoSecret(t, "output", f.out.String()+"-", "another")

	for _, fault := range []emulator.Fault{
		{Status: http.StatusUnauthorized, Code: "APIGW.0301", Message: "Incorrect IAM authentication information: something new"},
		{Status: http.StatusBadRequest, Code: "RTC.00001001", Message: "OperationUnauthorized"},
	} {
		f := start(t, emulator.Options{})
		f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if i == 20 {
				fault.Times = -1
				f.Fail(fault)
			}
			next.ServeHTTP(w, r)
		}
		if err := f.run(t.Context(), with("-app", testApp)...); err == nil || f.requests != 20 {
			t.Errorf("%s: %d requests: %v", fault.Code, f.requests, err)
		}
	}

	for n := range 30 {
		f := start(t, emulator.Options{})
		f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if i == n+6 {
				f.SetOptions(func(o *emulator.Options) { o.SecretKey = "revoked" })
			}
			next.ServeHTTP(w, r)
		}
		err := f.run(t.Context(), with("-app", testApp)...)
		if f.CountStatus(http.StatusUnauthorized) != 1 || f.requests != n+6 || err == nil || !strings.Contains(err.Error(), "by hand") {
			t.Errorf("revoked at %d: %d requests, %v", n+6, f.requests, err)
		}
	}
}

// interrupted runs the probe with each request disturbed in turn, under all answers.
func interrupted(t *testing.T, step int, disturb func(f *fixture, n int, cancel func()), wantErr func(error) bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for n := 5; n < 80; n += step {
		opts := emulator.Options{}
		for _, sw := range emulator.Switches() {
			if sw.Name == "retry-after" || sw.Name == "keep-key" || sw.Name == "empty-key" { // what is left of the callback depends on them
				continue
			}
			if err := opts.Set(sw.Name, sw.Values[random.IntN(len(sw.Values))]); err != nil {
				t.Fatal(err)
			}
		}
		f := start(t, opts)
		ctx, cancel := context.WithCancel(t.Context())
		disturb(f, n, cancel)
		err := f.run(ctx, with("-app", testApp, "-create-app")...)
		cancel()
		reported := err != nil && strings.Contains(err.Error(), "by hand")
		if after := f.state(); after != left && after != testApp+" ACTIVATION\n" && !reported || !wantErr(err) {
			t.Errorf("request %d under %+v: %v, after:\n%s\n%s", n, opts, err, after, f.out.String())
		}
	}
}

func TestProbe_interrupted(t *testing.T) {
	interrupted(t, 1, func(f *fixture, n int, cancel func()) {
		f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if i == n {
				cancel()
				time.Sleep(5 * time.Millisecond) // it must not take effect after what puts it back
			}
			next.ServeHTTP(w, r)
		}
	}, func(err error) bool { return err == nil || err.Error() == context.Canceled.Error() })
}

func TestProbe_interruptedInUse(t *testing.T) {
	t.Setenv(envAuthKey, testKey)
	for n := 5; n < 40; n++ {
		f := start(t, emulator.Options{KeyEcho: emulator.EchoMasked, SameState: emulator.SameStateRefused})
		f.setUp()
		before := f.state()
		ctx, cancel := context.WithCancel(t.Context())
		f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
			if i == n {
				cancel()
			}
			next.ServeHTTP(w, r)
		}
		err := f.run(ctx, with("-app", testApp, "-restore", "-callback-url", testURL)...)
		cancel()
		if after := f.state(); after != before || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("request %d: %v, before:\n%s\nafter:\n%s", n, err, before, after)
		}
	}
}

func TestProbe_signal(t *testing.T) {
	f := start(t, emulator.Options{})
	f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
		if i == 30 {
			self, err := os.FindProcess(os.Getpid())
			if err != nil || self.Signal(os.Interrupt) != nil {
				t.Error("there was no signal")
			}
			time.Sleep(50 * time.Millisecond)
		}
		next.ServeHTTP(w, r)
	}
	err := f.run(t.Context(), with("-app", testApp)...)
	if after := f.state(); !errors.Is(err, context.Canceled) || after != left || !strings.Contains(f.out.String(), notKnown) {
		t.Errorf("%v, after:\n%s", err, after)
	}
}

func TestProbe_faults(t *testing.T) {
	fails := func(takesEffect bool) func(*fixture, int, func()) {
		return func(f *fixture, n int, _ func()) {
			f.before = func(i int, next http.Handler, w http.ResponseWriter, r *http.Request) {
				switch {
				case i < n || i >= n+6: // as often as a request is repeated
					next.ServeHTTP(w, r)
					return
				case takesEffect:
					next.ServeHTTP(httptest.NewRecorder(), r)
				}
				w.WriteHeader(http.StatusInternalServerError)
			}
		}
	}
	anyError := func(error) bool { return true }
	t.Run("without effect", func(t *testing.T) { interrupted(t, 2, fails(false), anyError) })
	t.Run("with effect", func(t *testing.T) { interrupted(t, 2, fails(true), anyError) })
}

func TestJudge_retryAfter(t *testing.T) {
	for value, want := range map[string]string{"": "no", "1": "yes"} {
		a := new(api)
		header := http.Header{}
		if value != "" {
			header.Set("Retry-After", value)
		}
		judged, err := a.judge(&transport.Response{StatusCode: http.StatusTooManyRequests, Header: header})
		if err != nil || judged.Throttled == nil || a.retryAfter != want {
			t.Errorf("%q: %+v, %v, %q", value, judged, err, a.retryAfter)
		}
	}
}

// A creation that does not name its app ends the attempt: without an ID, the paths of all other calls are of all apps.
func TestProbe_createdWithoutID(t *testing.T) {
	f := start(t, emulator.Options{})
	before := f.state()
	f.Fail(emulator.Fault{Method: http.MethodPost, ExactPath: "/v2/apps", After: true, Status: http.StatusCreated, RawBody: "{}"})
	f.before = func(_ int, next http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/apps/" {
			t.Errorf("%s %s is sent", r.Method, r.URL.Path)
		}
		next.ServeHTTP(w, r)
	}
	_ = f.run(t.Context(), with("-create-app")...)
	if after := f.state(); after != before {
		t.Errorf("afterwards there is\n%s, want\n%s", after, before)
	}
}
