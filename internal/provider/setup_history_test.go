// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Random histories of an app with its recording rule and automatic recording, under random values of the emulator's
// switches: the configuration changes, others change the service, requests fail, plans are applied late. Whatever
// happens,
//   - after an apply that succeeds, the service has what is configured, and the next plan is empty;
//   - no protected app is deleted, none is created twice, and apps of others are left alone;
//   - an apply that fails is repaired by what its errors advise;
//   - no app_key is in state, plan or diagnostics.

const setUpHistories = 100

func TestSetUp_randomHistories(t *testing.T) { runHistories(t, setUpHistories, newSetUpHistory) }

type setUpHistory struct {
	switches map[string]string // that don't have their default
	steps    steps[*setUpModel]
}

type setUpStep = step[*setUpModel]

func (h setUpHistory) String() string { return fmt.Sprintf("     %v%v", h.switches, h.steps) }

func (h setUpHistory) run(t *testing.T) error {
	t.Helper()
	m := newSetUpModel(t, h.switches)
	if err := h.steps.run(m, func() error { return nil }); err != nil {
		return err
	}
	if err := m.settle(); err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	return nil
}

func (h setUpHistory) shortest(t *testing.T) setUpHistory {
	t.Helper()
	h.steps = h.steps.shortest(func(fewer steps[*setUpModel]) error {
		return setUpHistory{h.switches, fewer}.run(t)
	})
	for name, value := range h.switches {
		delete(h.switches, name)
		if h.run(t) == nil {
			h.switches[name] = value
		}
	}
	return h
}

func newSetUpHistory(seed uint64) setUpHistory {
	r := rand.New(rand.NewPCG(seed, 2))
	h := setUpHistory{switches: map[string]string{}}
	for _, sw := range emulator.Switches() {
		if value := acctest.Pick(r, sw.Values); value != sw.Values[0] && r.IntN(2) == 0 {
			h.switches[sw.Name] = value
		}
	}
	runs := []acctest.Weighted[func(*rand.Rand) setUpStep]{
		{Weight: 6, Choice: func(*rand.Rand) setUpStep { return setUpStep{"apply", (*setUpModel).apply} }},
		{Weight: 1, Choice: func(*rand.Rand) setUpStep {
			return setUpStep{"plan", func(m *setUpModel) error { _, err := m.plan(); return err }}
		}},
		{Weight: 1, Choice: func(*rand.Rand) setUpStep { return setUpStep{"refresh", (*setUpModel).refresh} }},
		{Weight: 1, Choice: func(*rand.Rand) setUpStep {
			return setUpStep{"remove from the state and import", (*setUpModel).importAgain}
		}},
		{Weight: 5, Choice: drawSetUpFault},
		{Weight: 3, Choice: func(r *rand.Rand) setUpStep {
			between := drawSetUpOutside(r)
			return setUpStep{"plan; " + between.what + "; apply the plan", func(m *setUpModel) error { return m.applyLate(between.do) }}
		}},
	}
	if r.IntN(4) > 0 {
		h.steps = append(h.steps, setUpStep{"apply", (*setUpModel).apply})
	}
	for range 6 {
		for range r.IntN(3) {
			if r.IntN(2) == 0 {
				h.steps = append(h.steps, drawSetUpEdit(r))
			} else {
				h.steps = append(h.steps, drawSetUpOutside(r))
			}
		}
		h.steps = append(h.steps, acctest.PickWeighted(r, runs)(r))
	}
	return h
}

// setUpArguments is what is configured.
type setUpArguments struct {
	resources          int // 0 to 3: the app, its rule, its automatic recording
	name, region       string
	enabled, protected bool
	rule               int // an index of modelRules
	off                bool
	replaced           string // a type that the next apply replaces
}

var (
	modelNames   = []string{"classroom", "lecture"}
	modelRegions = []string{emulator.DefaultLocation, "elsewhere"}
	modelRules   = []emulator.RecordRule{
		{Object: "Record/", HLS: &emulator.RecordConfig{RecordCycle: 3600, RecordPrefix: emulator.DefaultPrefix, RecordSliceDuration: 10, RecordMaxDurationToMergeFile: -1}, MP4: &emulator.RecordConfig{RecordCycle: 600, RecordPrefix: "{app_id}/m"}},
		{HLS: &emulator.RecordConfig{RecordPrefix: emulator.DefaultPrefix, RecordSliceDuration: 20}},
		{Object: "a", MP4: &emulator.RecordConfig{RecordCycle: 60, RecordPrefix: "p/q", RecordMaxDurationToMergeFile: 300}},
		{Object: "Record/", HLS: &emulator.RecordConfig{RecordCycle: 60, RecordPrefix: "/a//b", RecordSliceDuration: 2, RecordMaxDurationToMergeFile: 300}},
	}
)

func drawSetUpEdit(r *rand.Rand) setUpStep {
	edit := func(what string, change func(*setUpArguments)) setUpStep {
		return setUpStep{"configure " + what, func(m *setUpModel) error { change(&m.config); return nil }}
	}
	name, region, rule, yes, resources := acctest.Pick(r, modelNames), acctest.Pick(r, modelRegions), r.IntN(len(modelRules)), r.IntN(2) == 0, r.IntN(4)
	switch r.IntN(9) {
	case 0:
		return edit("app_name "+name, func(a *setUpArguments) { a.name = name })
	case 1:
		return edit(fmt.Sprintf("enabled = %t", yes), func(a *setUpArguments) { a.enabled = yes })
	case 2:
		return edit(fmt.Sprintf("deletion_protection = %t", yes), func(a *setUpArguments) { a.protected = yes })
	case 3, 4:
		return edit(fmt.Sprintf("rule %d", rule), func(a *setUpArguments) { a.rule = rule })
	case 5:
		return edit("region "+region, func(a *setUpArguments) { a.region = region })
	case 6:
		return edit(fmt.Sprintf("automatic recording off: %t", yes), func(a *setUpArguments) { a.off = yes })
	case 7:
		replaced := acctest.Pick(r, []string{ruleType, autoType})
		return edit("a replacement of "+replaced, func(a *setUpArguments) { a.replaced = replaced })
	default:
		return edit(fmt.Sprintf("%d resources", resources), func(a *setUpArguments) { a.resources = resources })
	}
}

func drawSetUpOutside(r *rand.Rand) setUpStep {
	outside := func(what string, change func(m *setUpModel, appID string)) setUpStep {
		return setUpStep{"outside: " + what, func(m *setUpModel) error {
			if app, there := m.e.App(m.stored[appType].Text("app_id")); there {
				change(m, app.ID)
			}
			return nil
		}}
	}
	eachRule := func(change func(m *setUpModel, rule emulator.RecordRule)) func(*setUpModel, string) {
		return func(m *setUpModel, appID string) {
			for _, rule := range m.e.RecordRules(appID) {
				change(m, rule)
			}
		}
	}
	number, name := r.IntN(len(modelRules)), acctest.Pick(r, modelNames)
	switch r.IntN(13) {
	case 0:
		return outside("the app is stopped", func(m *setUpModel, appID string) { m.e.DeactivateApp(appID) })
	case 1:
		return outside("the app is started", func(m *setUpModel, appID string) { m.e.ActivateApp(appID) })
	case 2:
		return outside("arrears", func(m *setUpModel, appID string) { m.e.SetAppState(appID, emulator.StateArrears) })
	case 3, 4:
		return outside(fmt.Sprintf("rule %d", number), eachRule(func(m *setUpModel, rule emulator.RecordRule) {
			changed := modelRules[number]
			changed.ID, changed.Location = rule.ID, rule.Location
			m.e.SetRecordRule(rule.AppID, changed)
		}))
	case 5:
		return outside("the rule is deleted", eachRule(func(m *setUpModel, rule emulator.RecordRule) { m.e.RemoveRecordRule(rule.AppID, rule.ID) }))
	case 6:
		return outside("the rule is another one", eachRule(func(m *setUpModel, rule emulator.RecordRule) {
			m.e.RemoveRecordRule(rule.AppID, rule.ID)
			rule.ID = ""
			m.e.SetRecordRule(rule.AppID, rule)
		}))
	case 7:
		return outside("automatic recording off", func(m *setUpModel, appID string) { m.e.SetAutoRecord(appID, emulator.AutoRecordOff, "") })
	case 8:
		return outside("automatic recording unset", func(m *setUpModel, appID string) { m.e.ClearAutoRecord(appID) })
	case 9:
		return outside("automatic recording with another rule", func(m *setUpModel, appID string) {
			m.e.SetAutoRecord(appID, emulator.AutoRecordIndividual, "another-rule")
		})
	case 10:
		return outside("the app is deleted", func(m *setUpModel, appID string) { m.e.RemoveApp(appID) })
	case 11:
		return outside("touch", func(m *setUpModel, appID string) { m.e.Touch(appID) })
	default:
		return setUpStep{"outside: another app named " + name, func(m *setUpModel) error {
			if _, there := m.e.App(foreignApp); !there && len(m.named(name)) == 0 {
				m.e.AddApp(foreignApp)
				m.e.NameApp(foreignApp, name)
			}
			return nil
		}}
	}
}

// foreignApp is someone else's.
const foreignApp = "foreign"

func drawSetUpFault(r *rand.Rand) setUpStep {
	at := acctest.Pick(r, []struct{ method, path string }{
		{http.MethodPost, ""}, {http.MethodGet, ""}, {http.MethodGet, "/APP"}, {http.MethodDelete, "/APP"}, {http.MethodPost, "/APP/"},
		{http.MethodPost, "/APP/record-rules"}, {http.MethodPut, "/APP/record-rules/"}, {http.MethodGet, "/APP/record-rules/"}, {http.MethodDelete, "/APP/record-rules/"},
		{http.MethodPut, "/APP/auto-record-mode"}, {http.MethodGet, "/APP/auto-record-mode"},
	})
	fault := acctest.Pick(r, []emulator.Fault{
		{Status: http.StatusInternalServerError},
		{Status: http.StatusInternalServerError, After: true},
		{Status: http.StatusForbidden, Code: "APIGW.0306", Message: "denied"},
		{Status: http.StatusBadRequest, Code: "RTC.00001021", Message: "NoPermission"},
		{Status: http.StatusBadRequest, Code: "RTC.00001003", Message: "InvalidParameterValue"},
		{Drop: true},
		{Drop: true, After: true},
		{Cut: true},
	})
	fault.Method, fault.Times = at.method, acctest.Pick(r, []int{1, 1, 3})
	return setUpStep{fmt.Sprintf("apply; %s %s fails: %+v", at.method, at.path, fault), func(m *setUpModel) error {
		defer m.e.ClearFaults()
		if path, ofApp := strings.CutPrefix(at.path, "/APP"); ofApp {
			fault.Path = acctest.AppsPath + "/"
			if id := m.stored[appType].Text("app_id"); id != "" {
				fault.Path += id + path
			}
		} else {
			fault.ExactPath = acctest.AppsPath
		}
		m.e.Fail(fault)
		run, err := m.plan()
		if err != nil || run.failed {
			return err
		}
		if err := m.applied(run); err != nil || run.failed {
			return err
		}
		m.e.ClearFaults()
		return m.checkSuccess()
	}}
}

// setUpModel is a history under way.
type setUpModel struct {
	*setUp
	config  setUpArguments
	options emulator.Options
	keys    map[string]bool
	names   int
}

func newSetUpModel(t *testing.T, switches map[string]string) *setUpModel {
	t.Helper()
	options := emulator.Options{Clock: acctest.TickingClock(), Locations: modelRegions}
	for _, region := range modelRegions {
		options.Buckets = append(options.Buckets, emulator.Bucket{Name: emulator.DefaultBucket, Location: region, Authorized: true, ProjectID: emulator.DefaultProjectID})
	}
	for name, value := range switches {
		if err := options.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	e := acctest.StartEmulator(t, options, otherApp)
	m := &setUpModel{
		setUp:   newSetUp(t, e, []string{appType, ruleType, autoType}, map[string]any{"max_retries": 3}),
		config:  setUpArguments{resources: 3, name: modelNames[0], region: modelRegions[0], enabled: true, protected: true},
		options: options,
		keys:    map[string]bool{},
	}
	m.configOf = func(typeName string, refer reference) given {
		if slices.Index(m.types, typeName) >= m.config.resources {
			return nil
		}
		switch typeName {
		case appType:
			return given{"app_name": m.config.name, "enabled": m.config.enabled, "deletion_protection": m.config.protected}
		case ruleType:
			return m.ruleConfig(refer(appType, "app_id"))
		case autoType:
			if m.config.off {
				return given{"app_id": refer(appType, "app_id"), "mode": emulator.AutoRecordOff}
			}
			return given{"app_id": refer(appType, "app_id"), "record_rule_id": refer(ruleType, "rule_id")}
		}
		return nil
	}
	return m
}

func (m *setUpModel) ruleConfig(appID any) given {
	rule := modelRules[m.config.rule]
	config := given{"app_id": appID, "obs": given{"bucket": emulator.DefaultBucket, "region": m.config.region, "object": rule.Object}}
	for name, format := range map[string]*emulator.RecordConfig{"hls": rule.HLS, "mp4": rule.MP4} {
		if format == nil {
			continue
		}
		attributes := given{"record_cycle": format.RecordCycle, "record_prefix": format.RecordPrefix, "record_max_duration_to_merge_file": format.RecordMaxDurationToMergeFile}
		if name == "hls" {
			attributes["record_slice_duration"] = format.RecordSliceDuration
		}
		config[name] = attributes
	}
	return config
}

// named returns the apps of a name.
func (m *setUpModel) named(name string) []emulator.AppState {
	return slices.DeleteFunc(m.e.Apps(), func(app emulator.AppState) bool { return app.Name != name })
}

// plan plans, which writes nothing.
func (m *setUpModel) plan() (*setUpRun, error) {
	m.e.ResetRequests()
	m.replaced = m.config.replaced
	run := m.setUp.plan()
	if sent := m.e.Sent(m.tb); len(sent) > 0 {
		return run, fmt.Errorf("a plan sends %v", sent)
	}
	return run, m.check(run)
}

// check is of what holds after each run, whether it failed or not.
func (m *setUpModel) check(run *setUpRun) error {
	if run.broken != nil {
		return run.broken
	}
	names := map[string]int{}
	for _, app := range m.e.Apps() {
		m.keys[app.AppKey] = true
		names[app.Name]++
		if names[app.Name] > 1 {
			return fmt.Errorf("there are two apps named %s", app.Name)
		}
	}
	text := m.stateText() + run.text()
	for key := range m.keys {
		if strings.Contains(text, key) {
			return fmt.Errorf("an app_key is in state, plan or diagnostics: %s", text)
		}
	}
	return nil
}

// applied applies a plan, whatever comes of it.
func (m *setUpModel) applied(run *setUpRun) error {
	before := m.stored[appType]
	isProtected := before.Exists() && strings.Contains(fmt.Sprint(acctest.AttributesOf(before.Value)["deletion_protection"]), "true")
	m.e.ResetRequests()
	m.setUp.apply(run)
	for _, r := range m.e.Sent(m.tb) {
		for _, other := range []string{otherApp, foreignApp} {
			if strings.HasPrefix(r.Path+"/", acctest.AppsPath+"/"+other+"/") {
				return fmt.Errorf("an app of others is changed: %v", r)
			}
		}
		if isProtected && r.Method == http.MethodDelete && r.Path == acctest.AppsPath+"/"+before.Text("app_id") {
			return fmt.Errorf("a protected app is deleted: %v", r)
		}
	}
	if !run.failed {
		m.config.replaced = ""
	}
	return m.check(run)
}

func (m *setUpModel) apply() error {
	before, _ := m.e.App(m.stored[appType].Text("app_id"))
	run, err := m.plan()
	if err == nil && !run.failed {
		err = m.applied(run)
	}
	switch {
	case err != nil:
		return err
	case run.failed:
		return m.checkFailure(run, before)
	}
	return m.checkSuccess()
}

func (m *setUpModel) applyLate(between func(*setUpModel) error) error {
	run, err := m.plan()
	if err != nil || run.failed {
		return err
	}
	if err := between(m); err != nil {
		return err
	}
	return m.applied(run)
}

func (m *setUpModel) refresh() error {
	core := m.process()
	for _, typeName := range m.types {
		if !m.stored[typeName].Exists() {
			continue
		}
		object, err := core.Resource(typeName).Read(m.stored[typeName])
		if err != nil {
			return err
		}
		m.store(typeName, object)
	}
	return nil
}

// importAgain forgets what is in the state, and imports what is still there.
func (m *setUpModel) importAgain() error {
	appID, ruleID := m.stored[appType].Text("app_id"), m.stored[ruleType].Text("rule_id")
	app, there := m.e.App(appID)
	if !there {
		return nil
	}
	core := m.process()
	for typeName, id := range map[string]string{appType: appID, ruleType: ruleKey(appID, ruleID), autoType: appID} {
		hasRule := slices.ContainsFunc(app.RecordRules, func(rule emulator.RecordRule) bool { return rule.ID == ruleID })
		if !m.stored[typeName].Exists() || typeName == ruleType && !hasRule {
			continue
		}
		imported, err := m.importOne(core.Resource(typeName), id)
		if err != nil {
			return fmt.Errorf("import of %s: %w", typeName, err)
		}
		m.store(typeName, imported)
		m.tainted[typeName] = false
	}
	return nil
}

func (m *setUpModel) importOne(r acctest.Resource, id string) (acctest.Object, error) {
	added, err := r.ImportState(id)
	if err != nil {
		return added, err
	}
	imported, err := r.Read(added)
	for range 2 { // it may not be known yet, if nothing has read it since its creation
		if err != nil && m.options.AfterCreate == emulator.CreateDelayed {
			imported, err = r.Read(added)
		}
	}
	return imported, err
}

// checkSuccess is of what an apply without errors promises.
func (m *setUpModel) checkSuccess() error {
	for i, typeName := range m.types {
		if m.stored[typeName].Exists() != (i < m.config.resources) {
			return fmt.Errorf("after a success, the state has a %s: %t", typeName, m.stored[typeName].Exists())
		}
	}
	if m.config.resources > 0 {
		if err := m.checkService(); err != nil {
			return fmt.Errorf("after a success: %w", err)
		}
	}
	for range 2 { // before and after the refresh is stored
		run, err := m.plan()
		if err != nil {
			return err
		}
		if run.failed || len(run.actions()) > 0 {
			return fmt.Errorf("after a success, planned is %v: %v", run.actions(), run.diagnostics)
		}
		for typeName, plan := range run.plans {
			m.store(typeName, plan.Prior)
		}
	}
	return nil
}

func (m *setUpModel) checkService() error {
	app, there := m.e.App(m.stored[appType].Text("app_id"))
	wanted := map[bool]string{true: emulator.StateActive, false: emulator.StateInactive}[m.config.enabled]
	if !there || app.Name != m.config.name || app.State != wanted && app.State != emulator.StateArrears {
		return fmt.Errorf("the app is %+v, want %+v", app, m.config)
	}
	if m.config.resources > 1 {
		want := modelRules[m.config.rule]
		got, _ := m.e.RecordRule(app.ID, m.stored[ruleType].Text("rule_id"))
		if fmt.Sprint(got.Object, got.HLS, got.MP4) == "" || !sameRule(got, want) || got.Bucket != emulator.DefaultBucket || got.Location != m.config.region {
			return fmt.Errorf("the rule is %+v %+v %+v, want %+v %+v %+v in %s", got, got.HLS, got.MP4, want, want.HLS, want.MP4, m.config.region)
		}
	}
	if m.config.resources > 2 {
		got, _ := m.e.AutoRecord(app.ID)
		if isOff := got.Mode != emulator.AutoRecordIndividual; isOff != m.config.off || !isOff && got.RuleID != m.stored[ruleType].Text("rule_id") {
			return fmt.Errorf("automatic recording is %+v, want %+v with the rule %s", got, m.config, m.stored[ruleType].Text("rule_id"))
		}
	}
	return nil
}

func sameRule(got, want emulator.RecordRule) bool {
	same := func(a, b *emulator.RecordConfig) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	return got.Object == want.Object && same(got.HLS, want.HLS) && same(got.MP4, want.MP4)
}

// checkFailure tells whether an apply without faults had a reason to fail. The app is as it was before.
func (m *setUpModel) checkFailure(run *setUpRun, before emulator.AppState) error {
	stored := m.stored[appType]
	app, _ := m.e.App(stored.Text("app_id"))
	for _, d := range run.diagnostics {
		if d.Severity != acctest.SeverityError {
			continue
		}
		justified := false
		switch d.Summary {
		case "App is protected from deletion":
			justified = m.config.resources == 0 || stored.Text("app_name") != m.config.name || m.tainted[appType]
		case "SparkRTC app name is taken":
			justified = len(m.named(m.config.name)) > 0 || m.options.AppNames == emulator.NamesTaken || m.options.AppNames == emulator.NamesLater
		case "SparkRTC app is stopped":
			justified = app.State != emulator.StateActive || before.State != emulator.StateActive
		case "App is still in use":
			justified = len(app.RecordRules) > 0 || app.AutoRecord != nil && app.AutoRecord.Mode != emulator.AutoRecordOff
		case "Recording rule is in use":
			justified = app.AutoRecord != nil && app.AutoRecord.Mode != emulator.AutoRecordOff && !m.stored[autoType].Exists()
		}
		if !justified {
			return fmt.Errorf("without a fault: %s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}

// settle does what the errors advise until everything is set up, and then destroys it.
func (m *setUpModel) settle() error {
	if app, there := m.e.App(m.stored[appType].Text("app_id")); there && app.State == emulator.StateArrears {
		m.e.ActivateApp(app.ID)
	}
	m.config.resources, m.config.enabled, m.config.protected = 3, true, false
	var run *setUpRun
	for range 8 {
		var err error
		if run, err = m.plan(); err == nil && !run.failed {
			err = m.applied(run)
		}
		if err != nil {
			return err
		}
		if !run.failed {
			break
		}
		if err := m.follow(run.diagnostics); err != nil {
			return err
		}
	}
	if run.failed {
		return fmt.Errorf("it is not repaired: %v", run.diagnostics)
	}
	if err := m.checkSuccess(); err != nil {
		return err
	}
	appID := m.stored[appType].Text("app_id")
	for _, rule := range m.e.RecordRules(appID) {
		if rule.ID != m.stored[ruleType].Text("rule_id") {
			m.e.RemoveRecordRule(appID, rule.ID)
		}
	}
	m.config.resources = 0
	if err := m.apply(); err != nil {
		return err
	}
	if _, there := m.e.App(appID); there {
		return fmt.Errorf("the app is still there")
	}
	return nil
}

// follow is what a user does who reads the errors.
func (m *setUpModel) follow(diagnostics acctest.Diagnostics) error {
	stored := m.stored[appType]
	appID := stored.Text("app_id")
	for _, d := range diagnostics {
		switch {
		case d.Severity != acctest.SeverityError:
		case strings.Contains(d.Detail, "untaint") && m.tainted[appType]:
			m.tainted[appType] = false
		case d.Summary == "SparkRTC app name is taken":
			taken := m.named(m.config.name)
			if len(taken) != 1 || taken[0].ID == foreignApp || stored.Exists() {
				m.names++
				m.config.name = fmt.Sprintf("name-%d", m.names)
				continue
			}
			if !strings.Contains(d.Detail, taken[0].ID) {
				return fmt.Errorf("the app %s is not named: %s", taken[0].ID, d.Detail)
			}
			r := m.process().Resource(appType)
			imported, err := r.ImportState(taken[0].ID)
			if err == nil {
				imported, err = r.Read(imported)
			}
			if err != nil {
				return err
			}
			m.store(appType, imported)
		case d.Summary == "App is protected from deletion":
			m.config.name, m.tainted[appType] = stored.Text("app_name"), false
		case d.Summary == "App is still in use":
			m.e.SetAutoRecord(appID, emulator.AutoRecordOff, "")
			for _, rule := range m.e.RecordRules(appID) {
				m.e.RemoveRecordRule(appID, rule.ID)
			}
		case d.Summary == "Recording rule is in use":
			m.e.SetAutoRecord(appID, emulator.AutoRecordOff, "")
		case d.Summary == "SparkRTC app is stopped":
			m.e.ActivateApp(appID)
		}
	}
	return nil
}
