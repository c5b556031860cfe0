// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Every fault on every operation, once and always, with the real CLI: how it
// ends, how often it was tried, what the service and the state have then, and
// that the next apply repairs all. What comes of each is in the file faultTable,
// and on the page about reliability.

const (
	faultTable = "testdata/fault_matrix.txt"

	matrixApp    = "app"    // is what faults are about
	matrixSecond = "second" // makes reads share a list
	matrixNew    = "new"    // is planned last
)

var (
	update = flag.Bool("update", false, "write testdata instead of comparing with it")

	// soak is a long run.
	soak = os.Getenv("SOAK") != ""
)

// matrixFault is a fault of any operation.
type matrixFault struct {
	name  string
	fault emulator.Fault

	// trickle is an answer without an end, a byte at a time.
	trickle bool

	// timeout of the resources, for a fault that stays and for one that comes once; "" for the default.
	timeout, timeoutOnce string

	// slow: the plan of a new resource, which has no timeout, takes a minute or
	// two. Only a long run (SOAK) has it.
	slow bool

	// repeated: a fault that comes once has another outcome than one that stays.
	// Only a long run has it once otherwise.
	repeated bool

	mentions string // by the error, if there is one

	// common: one of each kind of fault, which every run has. What is said of the
	// others is tested with the clients; a long run has them through the CLI too.
	common bool
}

var matrixFaults = []matrixFault{
	{name: "429 with Retry-After", common: true, repeated: true, fault: emulator.Fault{Status: 429, Code: "APIGW.0308", Message: throttledMessage, Header: http.Header{"Retry-After": {"1"}}}},
	{name: "429 without Retry-After", repeated: true, fault: emulator.Fault{Status: 429, Code: "APIGW.0308", Message: throttledMessage}, timeout: "2s", timeoutOnce: "30s", slow: true},
	{name: "500", common: true, repeated: true, fault: emulator.Fault{Status: 500, Code: "RTC.00002001", Message: "InternalError"}, mentions: "RTC.00002001"},
	{name: "503", repeated: true, fault: emulator.Fault{Status: 503}, mentions: "HTTP 503"},
	{name: "401, wrong signature", fault: emulator.Fault{EchoRequest: true}, mentions: "secret key"},
	{name: "403", fault: emulator.Fault{Status: 403, Code: "APIGW.0306", Message: "API access denied"}, mentions: "permissions"},
	{name: "404 of the gateway", common: true, fault: emulator.Fault{Status: 404, Code: "APIGW.0101"}, mentions: "endpoint"},
	{name: "connection closed before the effect", repeated: true, fault: emulator.Fault{Drop: true}},
	{name: "connection closed after the effect", common: true, repeated: true, fault: emulator.Fault{Drop: true, After: true}},
	{name: "answer cut off", repeated: true, fault: emulator.Fault{Cut: true}, mentions: "broke off"},
	{name: "200 without a body", fault: emulator.Fault{Status: 200}, mentions: "not JSON"},
	{name: "HTML of a proxy", common: true, fault: emulator.Fault{RawBody: "<html><head><title>Guest Wi-Fi: please sign in</title></head></html>", ContentType: "text/html"}, mentions: "Guest Wi-Fi: please sign in"},
	{name: "JSON of wrong types", fault: emulator.Fault{RawBody: `{"app_id":7,"record_callback":[],"count":{},"apps":"x"}`, ContentType: "application/json"}},
	{name: "answer of another app", fault: emulator.Fault{RawBody: `{"app_id":"another","record_callback":{"url":"https://another.example.com/"}}`, ContentType: "application/json"}},
	{name: "answer of 2 MB", fault: emulator.Fault{RawBody: `{"app_id":"` + strings.Repeat("x", 2<<20) + `"}`, ContentType: "application/json"}, mentions: "larger than"},
	{name: "redirect", fault: emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example.com/login"}}}, mentions: "https://elsewhere.example.com"},
	{name: "compressed answer", fault: emulator.Fault{RawBody: "\x1f\x8b\x08\x00", Header: http.Header{"Content-Encoding": {"gzip"}}}, mentions: "compressed"},
	{name: "no answer", common: true, fault: emulator.Fault{Delay: 10 * time.Minute}, timeout: "2s", timeoutOnce: "2s", slow: true},
	{name: "answer without an end", trickle: true, timeout: "2s", timeoutOnce: "2s", slow: true},
}

const throttledMessage = "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute"

// matrixOperation is what meets the faults.
type matrixOperation struct {
	name, method, path string
}

var (
	opCreate = matrixOperation{"create (PUT)", http.MethodPut, acctest.AppsPath + "/" + matrixApp + "/record-callback"}
	opUpdate = matrixOperation{"update (PUT)", http.MethodPut, acctest.AppsPath + "/" + matrixApp + "/record-callback"}
	opRead   = matrixOperation{"read (GET)", http.MethodGet, acctest.AppsPath + "/" + matrixApp + "/record-callback"}
	opShared = matrixOperation{"list of shared reads", http.MethodGet, acctest.AppsPath}
	opNew    = matrixOperation{"list of a new resource", http.MethodGet, acctest.AppsPath}
)

// matrixCase is a fault that comes once or stays, with a provider and a
// service of its own: a process each, so that none disturbs another.
type matrixCase struct {
	*acctest.Emulator
	matrixFault
	index   int
	forever bool
	url     string

	mu    sync.Mutex
	watch matrixOperation
	left  int // how many answers without an end are to come; -1 for all
	calls int
	begun time.Time
	ended time.Time
}

// wrap counts, and closes each connection, so that Go's client
// repeats nothing of its own accord.
func (m *matrixCase) wrap(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		m.mu.Lock()
		watched := r.Method == m.watch.method && r.URL.Path == m.watch.path
		endless := watched && m.left != 0
		if endless && m.left > 0 {
			m.left--
		}
		if watched {
			if m.calls++; m.calls == 1 {
				m.begun = time.Now()
			}
		}
		m.mu.Unlock()
		if watched {
			defer func() {
				m.mu.Lock()
				m.ended = time.Now()
				m.mu.Unlock()
			}()
		}
		if !endless {
			server.ServeHTTP(w, r)
			return
		}
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
}

// arm makes an operation fail; the zero value none.
func (m *matrixCase) arm(on matrixOperation) {
	m.ClearFaults()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch, m.left, m.calls, m.begun, m.ended = on, 0, 0, time.Time{}, time.Time{}
	if on.name == "" || on == opNew && m.slow && !soak {
		return
	}
	times := 1
	if m.forever {
		times = -1
	}
	if m.trickle {
		m.left = times
		return
	}
	fault := m.fault
	fault.Method, fault.ExactPath, fault.Times = on.method, on.path, times
	m.Fail(fault)
}

func (m *matrixCase) address(resource string) string {
	return fmt.Sprintf("sparkrtc_record_callback.%s_%02d", resource, m.index)
}

func (m *matrixCase) config(withNew bool) string {
	timeout := m.timeout
	if !m.forever {
		timeout = m.timeoutOnce
	}
	var b strings.Builder
	fmt.Fprintf(&b, "provider \"sparkrtc\" {\n  alias = \"p%02d\"\n  endpoint = %q\n}\n", m.index, m.Endpoint)
	for _, r := range []struct{ name, app, url string }{{"first", matrixApp, m.url}, {"second", matrixSecond, testURL}, {"new", matrixNew, testURL}} {
		if r.name == "new" && !withNew {
			continue
		}
		fmt.Fprintf(&b, "resource \"sparkrtc_record_callback\" \"%s_%02d\" {\n  provider = sparkrtc.p%02d\n  app_id = %q\n  url = %q\n  auth_key = %q\n", r.name, m.index, m.index, r.app, r.url, testKey)
		if timeout != "" {
			fmt.Fprintf(&b, "  timeouts {\n    create = %[1]q\n    read = %[1]q\n    update = %[1]q\n  }\n", timeout)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// matrixRow is what came of a case.
type matrixRow struct {
	fault, operation, times string
	exit, calls             int
	service, state, said    string
	seconds                 float64
	slow                    bool
}

func (r matrixRow) String() string {
	return strings.Join([]string{r.fault, r.operation, r.times, fmt.Sprint(r.exit), fmt.Sprint(r.calls), r.service, r.state, r.said}, " | ")
}

// matrix is a folder with all cases.
type matrix struct {
	*acctest.CLI
	t     *testing.T
	cases []*matrixCase
	rows  []matrixRow
	urls  map[string]string // what they are called
}

func (m *matrix) configure(withNew bool) {
	var b strings.Builder
	for _, c := range m.cases {
		b.WriteString(c.config(withNew))
	}
	m.Write(m.t, b.String())
}

// fail runs the CLI while an operation fails.
func (m *matrix) fail(on matrixOperation, arguments ...string) acctest.Result {
	m.t.Helper()
	for _, c := range m.cases {
		c.arm(on)
	}
	got := m.Run(m.t, append(arguments, "-json", "-parallelism=200")...)
	if strings.Contains(got.Stdout+got.Stderr, testKey) || strings.Contains(got.Stdout+got.Stderr, emulator.DefaultSecretKey) {
		m.t.Errorf("%s: a secret is in the output", on.name)
	}
	diagnostics, stored, failed := got.Diagnostics(m.t), m.Stored(m.t), false
	for _, c := range m.cases {
		row := c.row(m.t, on, diagnostics)
		failed = failed || row.exit != 0
		truth, _ := c.Callback(matrixApp)
		storedURL, _ := stored[c.address("first")]["url"].(string)
		row.service, row.state = m.urls[truth.URL], m.urls[storedURL]
		m.rows = append(m.rows, row)
		c.arm(matrixOperation{})
	}
	if (got.Code == 1) != failed {
		m.t.Errorf("%s: ended with %d: %s", on.name, got.Code, got.Out())
	}
	return got
}

func (m *matrixCase) row(t *testing.T, on matrixOperation, diagnostics acctest.Diagnostics) matrixRow {
	t.Helper()
	row := matrixRow{fault: m.name, operation: on.name, times: "once", said: "nothing", slow: m.slow && on == opNew}
	if m.forever {
		row.times = "for ever"
	}
	for _, d := range diagnostics {
		first := d.Address == m.address("first")
		either := first || d.Address == m.address("second") || d.Address == m.address("new")
		switch {
		case !either:
		case d.Severity == "error" && (first || on == opShared || on == opNew):
			if row.exit, row.said = 1, d.Summary; m.mentions != "" && !strings.Contains(d.Detail, m.mentions) {
				t.Errorf("%s, %s: the error doesn't mention %q: %s", m.name, on.name, m.mentions, d.Detail)
			}
		case row.exit == 0 && d.Summary == "SparkRTC throttles requests":
			row.said = "warning: " + d.Summary
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	row.calls, row.seconds = m.calls, m.ended.Sub(m.begun).Seconds()
	return row
}

// repaired applies once more, and expects that all is as configured then.
func (m *matrix) repaired() {
	m.t.Helper()
	m.Must(m.t, 0, "apply", "-auto-approve", "-parallelism=200")
	for _, c := range m.cases {
		expectTruth(m.t, c.Emulator, matrixApp, c.url, testKey)
	}
}

func TestAccCLI_faultMatrix(t *testing.T) {
	t.Parallel()
	const oldURL, newURL = testURL + "/old", testURL + "/new"
	m := &matrix{t: t, urls: map[string]string{"": "none", oldURL: "old", newURL: "new"}}
	for _, fault := range matrixFaults {
		for _, forever := range []bool{false, true} {
			if !soak && (!fault.common || !forever && !fault.repeated) {
				continue
			}
			c := &matrixCase{matrixFault: fault, index: len(m.cases), forever: forever, url: oldURL}
			c.Emulator = acctest.StartWrappedEmulator(t, c.wrap, emulator.Options{}, matrixApp, matrixSecond, matrixNew)
			m.cases = append(m.cases, c)
		}
	}
	m.CLI = newCLI(t, nil, "", append(acctest.Keys(), "HW_MAX_RETRIES=1")...)
	m.configure(false)
	m.fail(opCreate, "apply", "-auto-approve")
	m.repaired()

	// That what was repaired plans clean is told by this plan, which has nothing
	// for it while its URL is the same, and by the next, which finds on a refresh
	// what was set.
	m.configure(true)
	for address, action := range m.fail(opNew, "plan", "-refresh=false").PlannedActions(t) {
		if !slices.ContainsFunc(m.cases, func(c *matrixCase) bool { return address == c.address("new") }) {
			t.Errorf("after the repair, %s of %s is planned", action, address)
		}
	}

	want := map[string]string{}
	for _, c := range m.cases {
		c.url = newURL
		want[c.address("first")], want[c.address("new")] = "update", "create"
	}
	m.configure(true)
	updated := m.fail(opUpdate, "apply", "-auto-approve")
	updated.ExpectPlanned(t, want)
	for _, d := range updated.Diagnostics(t) {
		if d.Summary == callbackWords[callback.URLChanged].summary || d.Summary == callbackWords[callback.KeyChanged].summary {
			t.Errorf("after the repair, %s: %s", d.Address, d.Detail)
		}
	}
	m.repaired()

	before := m.ReadFile(t, "terraform.tfstate")
	alone := *m.CLI
	alone.Env = append(slices.Clone(alone.Env), "SPARKRTC_SHARED_READS=false")
	sharing := m.CLI
	m.CLI = &alone
	m.fail(opRead, "plan")
	m.CLI = sharing
	m.fail(opShared, "plan")
	m.Plan(t, acctest.NoChanges)
	if m.ReadFile(t, "terraform.tfstate") != before {
		t.Error("a plan that fails changed the state")
	}
	m.check()
}

// check compares with the table in testdata.
func (m *matrix) check() {
	m.t.Helper()
	operations := []string{opCreate.name, opUpdate.name, opRead.name, opShared.name, opNew.name}
	slices.SortStableFunc(m.rows, func(a, b matrixRow) int {
		return cmp.Or(
			slices.IndexFunc(matrixFaults, named(a))-slices.IndexFunc(matrixFaults, named(b)),
			slices.Index(operations, a.operation)-slices.Index(operations, b.operation))
	})
	content, err := os.ReadFile(faultTable)
	if err != nil && !*update {
		m.t.Fatal(err)
	}
	want := strings.Split(string(content), "\n")
	var got strings.Builder
	for _, row := range m.rows {
		_, _ = fmt.Fprintln(&got, row)
		if row.seconds > 15 && !row.slow {
			m.t.Errorf("%s took %.1f s", row, row.seconds)
		}
		if *update || row.slow && !soak {
			continue
		}
		if !slices.Contains(want, row.String()) {
			m.t.Errorf("not in %s: %s", faultTable, row)
		}
	}
	if *update && soak {
		if err := os.WriteFile(faultTable, []byte(got.String()), 0o600); err != nil {
			m.t.Error(err)
		}
	}
	if soak {
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "FAULT\tOPERATION\tTIMES\tEXIT\tCALLS\tSECONDS\tSERVICE\tSTATE\tSAID")
		for _, r := range m.rows {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%.1f\t%s\t%s\t%s\n", r.fault, r.operation, r.times, r.exit, r.calls, r.seconds, r.service, r.state, r.said)
		}
		_ = table.Flush()
	}
}

// Every fault on every operation of sparkrtc_app, once and always. What a CLI makes of an error is the same for each
// object, so that no CLI is needed. There is never a second app, never an app that is neither in the state nor in the
// error of the next plan, and never a state of an app that is not there; and the next apply repairs all.
func TestApp_faultMatrix(t *testing.T) {
	t.Parallel()
	for _, fault := range matrixFaults {
		if fault.trickle || fault.fault.Delay > 0 || strings.HasPrefix(fault.name, "429") {
			continue // their ends are tested with the client
		}
		for _, times := range []int{1, -1} {
			t.Run(fmt.Sprintf("%s, %d", fault.name, times), func(t *testing.T) {
				t.Parallel()
				e := acctest.StartEmulator(t, emulator.Options{AppDeletion: emulator.DeletionStopped})
				fail := func(method, path string) {
					f := fault.fault
					f.Method, f.ExactPath, f.Times = method, path, times
					e.Fail(f)
				}
				config := map[string]any{"app_name": "classroom", "deletion_protection": false}
				fail(http.MethodPost, acctest.AppsPath)
				stored, err := tryApply(newApps(t, e), acctest.Object{}, config)
				e.ClearFaults()
				if err != nil && len(e.Apps()) > 0 {
					_, err = tryApply(newApps(t, e), acctest.Object{}, config)
					expectError(t, err, "name is taken", made(t, e, "classroom").ID)
					stored = importApp(t, newApps(t, e), made(t, e, "classroom").ID)
				}
				stored = apply(t, newApps(t, e), stored, config)
				app := made(t, e, "classroom")
				if stored.Text("app_id") != app.ID {
					t.Fatalf("stored: %v", stored.Value)
				}

				fail(http.MethodGet, acctest.AppsPath+"/"+app.ID)
				read, err := newApps(t, e).Read(stored)
				e.ClearFaults()
				if !read.Value.Equal(stored.Value) {
					t.Errorf("a read that fails (%v) changes the state: %v", err, read.Value)
				}

				config["enabled"] = false
				fail(http.MethodPost, acctest.AppsPath+"/"+app.ID+"/disable")
				if stored, err = tryApply(newApps(t, e), stored, config); err != nil && fault.mentions != "" && !strings.Contains(err.Error(), fault.mentions) {
					t.Errorf("the error doesn't mention %q: %v", fault.mentions, err)
				}
				e.ClearFaults()
				if stored, err = newApps(t, e).Read(stored); err != nil {
					t.Fatal(err)
				}
				stored = apply(t, newApps(t, e), stored, config)
				stored = expectClean(t, newApps(t, e), stored, config)

				config["enabled"] = true
				stored = apply(t, newApps(t, e), stored, config)
				fail(http.MethodDelete, acctest.AppsPath+"/"+app.ID)
				_, err = newApps(t, e).Destroy(stored)
				e.ClearFaults()
				switch now, found := e.App(app.ID); {
				case err == nil && found:
					t.Error("deleted, and still there")
				case found && now.State != emulator.StateActive:
					t.Errorf("the app is left %s after %v", now.State, err)
				case found:
					if _, err = newApps(t, e).Destroy(stored); err != nil {
						t.Error(err)
					}
				}
				if n := len(e.Apps()); n != 0 {
					t.Errorf("%d apps are left", n)
				}
			})
		}
	}
}

func named(row matrixRow) func(matrixFault) bool {
	return func(f matrixFault) bool { return f.name == row.fault }
}

// recordingOperation is an operation on sparkrtc_record_rule or sparkrtc_auto_record, that meets the faults.
type recordingOperation struct {
	typeName, method, path string // a rule's ID is part of the path where it has %s
	run                    func(r acctest.Resource, stored acctest.Object, changed tftypes.Value) (acctest.Object, error)
}

func runUpdate(r acctest.Resource, stored acctest.Object, changed tftypes.Value) (acctest.Object, error) {
	plan, err := r.Plan(stored, changed)
	if err != nil {
		return stored, err
	}
	return r.Apply(plan)
}

func runRead(r acctest.Resource, stored acctest.Object, _ tftypes.Value) (acctest.Object, error) {
	return r.Read(stored)
}

func runDestroy(r acctest.Resource, stored acctest.Object, _ tftypes.Value) (acctest.Object, error) {
	if _, err := r.Destroy(stored); err != nil {
		return stored, err
	}
	return acctest.Object{}, nil
}

func runCreate(r acctest.Resource, _ acctest.Object, changed tftypes.Value) (acctest.Object, error) {
	return runUpdate(r, acctest.Object{}, changed)
}

var recordingOperations = map[string]recordingOperation{
	"create a rule":           {ruleType, http.MethodPost, "/record-rules", runCreate},
	"read a rule":             {ruleType, http.MethodGet, "/record-rules/%s", runRead},
	"update a rule":           {ruleType, http.MethodPut, "/record-rules/%s", runUpdate},
	"delete a rule":           {ruleType, http.MethodDelete, "/record-rules/%s", runDestroy},
	"set automatic recording": {autoType, http.MethodPut, "/auto-record-mode", runUpdate},
	"create it":               {autoType, http.MethodPut, "/auto-record-mode", runCreate},
	"read it":                 {autoType, http.MethodGet, "/auto-record-mode", runRead},
	"switch it off":           {autoType, http.MethodPut, "/auto-record-mode", runDestroy},
}

// Every fault on every operation of recording rules and automatic recording: what can be repeated succeeds, all else is
// an error, nothing leaves the state for it, and the next run repairs all.
func TestFaults_recording(t *testing.T) {
	t.Parallel()
	for name, operation := range recordingOperations {
		for _, fault := range matrixFaults {
			for _, times := range []int{1, -1} {
				if fault.trickle || fault.timeout != "" || !soak && !fault.common {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s, %d times", name, fault.name, times), func(t *testing.T) {
					t.Parallel()
					recordingFault(t, operation, fault, times)
				})
			}
		}
	}
}

func recordingFault(t *testing.T, operation recordingOperation, fault matrixFault, times int) {
	t.Helper()
	e := acctest.StartEmulator(t, emulator.Options{}, testApp)
	settings := map[string]any{"max_retries": 1, "shared_reads": false}
	rules := newRules(t, e, settings)
	rule := applied(t, rules, acctest.Object{}, ruleConfig(nil), acctest.ActionCreate)
	r, stored := rules, rule
	config := r.ConfigOf(ruleConfig(given{"hls": given{"record_cycle": 60}}))
	if operation.typeName == autoType {
		r = rules.Resource(autoType)
		stored = applied(t, r, acctest.Object{}, autoConfig("", rule.Text("rule_id")), acctest.ActionCreate)
		config = r.ConfigOf(autoConfig(emulator.AutoRecordOff, ""))
	}
	r = again(t, r)
	armed := fault.fault
	armed.Method, armed.Times = operation.method, times
	armed.ExactPath = acctest.AppsPath + "/" + testApp + strings.Replace(operation.path, "%s", rule.Text("rule_id"), 1)
	e.Fail(armed)
	after, err := operation.run(r, stored, config)
	if succeeds := fault.repeated && times == 1; succeeds != (err == nil) {
		t.Fatalf("%v", err)
	}
	if err != nil && fault.mentions != "" && !strings.Contains(err.Error(), fault.mentions) {
		t.Errorf("the error doesn't mention %q: %v", fault.mentions, err)
	}
	e.ClearFaults()

	destroys := after.Value.IsNull() && err == nil
	if err != nil {
		after = stored
	}
	r = again(t, r)
	if after.Exists() {
		after = read(t, r, after)
	}
	if !destroys {
		if after, err = runUpdate(r, after, config); err != nil {
			t.Fatal(err)
		}
		plan, err := again(t, r).Plan(read(t, again(t, r), after), config)
		if err != nil || plan.Action != acctest.ActionNone {
			t.Errorf("after the repair, %s is planned, %v", plan.Action, err)
		}
		if _, err = again(t, r).Destroy(after); err != nil {
			t.Fatal(err)
		}
	}
	if auto, _ := e.AutoRecord(testApp); operation.typeName == autoType && auto.Mode != emulator.AutoRecordOff || operation.typeName == ruleType && len(e.RecordRules(testApp)) > 0 {
		t.Errorf("after the destroy, automatic recording is %s, and the rules are %v", auto.Mode, e.RecordRules(testApp))
	}
}
