// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Random histories of a recording callback, with a service that may show it in
// any way, and with failures and other people in between. A model knows what
// the service has, and what it showed when. It says of each run what has to be
// planned, what may be sent, and what must be true afterwards.

const histories = 50

func TestRandomHistories(t *testing.T) {
	var ran, believed atomic.Int32
	t.Cleanup(func() {
		if ran.Load() >= histories && believed.Load() < ran.Load() {
			t.Errorf("lists of apps were believed %d times in %d histories, which proves little", believed.Load(), ran.Load())
		}
	})
	runHistories(t, histories, func(seed uint64) history {
		h := newHistory(seed)
		h.believed = &believed
		ran.Add(1)
		return h
	})
}

type history struct {
	options emulator.Options
	shared  bool // reads look at the list of all apps first
	steps   steps[*historyRun]

	believed *atomic.Int32 // counts how often that was enough
}

type historyStep = step[*historyRun]

func (h history) String() string {
	var b strings.Builder
	o := h.options
	if h.shared {
		fmt.Fprintf(&b, "     by the list, key shown %q, URL %q, time %q\n", o.ListKeyEcho, o.ListURLEcho, o.ListTimeEcho)
	}
	fmt.Fprintf(&b, "     key shown %s, URL %s, time %s; by reads %q, %q, %q; no callback %s; key left out is kept: %t; empty key %s",
		o.KeyEcho, o.URLEcho, o.TimeEcho, o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho, o.Unset, o.KeepKey, o.EmptyKey)
	return b.String() + h.steps.String()
}

func (h history) run(t *testing.T) error {
	t.Helper()
	w := newHistoryRun(t, h)
	return h.steps.run(w, w.checkSecrets)
}

func (h history) shortest(t *testing.T) history {
	t.Helper()
	h.steps = h.steps.shortest(func(fewer steps[*historyRun]) error {
		part := h
		part.steps = fewer
		return part.run(t)
	})
	for _, simplify := range []func(*emulator.Options){
		func(o *emulator.Options) { o.KeyEcho = emulator.EchoExact },
		func(o *emulator.Options) { o.URLEcho = emulator.URLExact },
		func(o *emulator.Options) { o.TimeEcho = emulator.TimeExact },
		func(o *emulator.Options) { o.ReadKeyEcho = "" },
		func(o *emulator.Options) { o.ReadURLEcho = "" },
		func(o *emulator.Options) { o.ReadTimeEcho = "" },
		func(o *emulator.Options) { o.Unset = emulator.UnsetNotFound },
		func(o *emulator.Options) { o.KeepKey = false },
		func(o *emulator.Options) { o.EmptyKey = emulator.EmptyClears },
	} {
		simpler := h
		simplify(&simpler.options)
		if simpler.run(t) != nil {
			h = simpler
		}
	}
	return h
}

var (
	modelURLs = []string{
		"https://recordings.example.com/sparkrtc?tenant=a",
		"https://recordings.example.com/other",
		"https://recordings.example.com",
		"HTTPS://Recordings.Example.com/sparkrtc?tenant=a",
		"http://elsewhere.example.com:8080/a%20b",
	}

	// The first two begin and end alike, and the last is what they begin
	// with: too short to be taken for a key where it may be a part of one.
	modelKeys = []string{
		"0123456789abcdef-the-first-key-wxyz",
		"0123456789abcdef-the-second-key-wxyz",
		"another-key-altogether-0123456789",
		"yet-another-key-9876543210-987654",
		"0123456789abcdef",
	}
)

func newHistory(seed uint64) history {
	r := rand.New(rand.NewPCG(seed, 0))
	h := history{options: emulator.Options{
		KeyEcho:  emulator.EchoExact,
		URLEcho:  emulator.URLExact,
		TimeEcho: emulator.TimeExact,
		Unset:    acctest.Pick(r, emulator.Unsets),
		KeepKey:  r.IntN(3) > 0,
		EmptyKey: acctest.Pick(r, append(emulator.EmptyKeys, emulator.EmptyClears)),
	}}
	// Services that show things as they are get their share: only there does
	// a key set outside get into the state.
	if r.IntN(5) > 1 {
		h.options.KeyEcho, h.options.URLEcho = acctest.Pick(r, emulator.KeyEchoes), acctest.Pick(r, emulator.URLEchoes)
		if r.IntN(3) == 0 {
			h.options.TimeEcho = acctest.Pick(r, emulator.TimeEchoes)
		}
		if r.IntN(4) == 0 {
			h.options.ReadKeyEcho = acctest.Pick(r, emulator.KeyEchoes)
			h.options.ReadURLEcho = acctest.Pick(r, emulator.URLEchoes)
			h.options.ReadTimeEcho = acctest.Pick(r, emulator.TimeEchoes)
		}
	}
	always := func(what string, do func(*historyRun) error) func(*rand.Rand) historyStep {
		return func(*rand.Rand) historyStep { return historyStep{what, do} }
	}
	changes := draws{{Weight: 4, Choice: drawEdit}, {Weight: 6, Choice: drawOutside}, {Weight: 1, Choice: drawEcho}}
	runs := draws{
		{Weight: 8, Choice: always("apply", applyRun.do)},
		{Weight: 5, Choice: always("refresh", refreshRun.do)},
		{Weight: 1, Choice: always("plan", planRun.do)},
		{Weight: 3, Choice: drawSavedPlan},
		{Weight: 2, Choice: drawFailedWrite},
		{Weight: 1, Choice: drawFailedRead},
		{Weight: 1, Choice: always("destroy", (*historyRun).destroy)},
		{Weight: 1, Choice: always("remove from the state and import", (*historyRun).importAgain)},
	}
	if r.IntN(4) > 0 {
		h.steps = append(h.steps, historyStep{"apply", applyRun.do})
	}
	for range runsOfHistory {
		for range r.IntN(3) {
			h.steps = append(h.steps, changes.draw(r))
		}
		h.steps = append(h.steps, runs.draw(r))
	}
	h.shareReads(rand.New(rand.NewPCG(seed, 1)))
	return h
}

// shareReads puts the list of all apps before the reads of most histories, and
// lets it be wrong in one way or another.
func (h *history) shareReads(r *rand.Rand) {
	if h.shared = r.IntN(5) > 0; !h.shared {
		return
	}
	if r.IntN(4) == 0 {
		h.options.ListKeyEcho = acctest.Pick(r, emulator.KeyEchoes)
		h.options.ListURLEcho = acctest.Pick(r, emulator.URLEchoes)
		h.options.ListTimeEcho = acctest.Pick(r, emulator.TimeEchoes)
	}
	for range r.IntN(4) {
		by := acctest.Pick(r, distortions)
		if by.fault != nil && by.fault.Delay > 0 || r.IntN(2) == 0 {
			by = distortions[0]
		}
		step := historyStep{"from now on, the list of apps: " + by.name, func(w *historyRun) error {
			w.distorter.distort(by)
			w.listFault = by.fault
			return nil
		}}
		h.steps = slices.Insert(h.steps, r.IntN(len(h.steps)+1), step)
	}
}

const runsOfHistory = 6

// draws are kinds of steps, by weight.
type draws []acctest.Weighted[func(*rand.Rand) historyStep]

func (d draws) draw(r *rand.Rand) historyStep { return acctest.PickWeighted(r, d)(r) }

func drawEdit(r *rand.Rand) historyStep {
	url, key := acctest.Pick(r, modelURLs), acctest.Pick(r, modelKeys)
	edit := func(what string, change func(*arguments)) historyStep {
		return historyStep{"configure " + what, func(w *historyRun) error { change(&w.config); return nil }}
	}
	switch r.IntN(9) {
	case 0, 1:
		return edit("url "+url, func(a *arguments) { a.url = url })
	case 2, 3:
		return edit("auth_key "+key, func(a *arguments) { a.key, a.version = key, 0 })
	case 4, 5:
		return edit("no key", func(a *arguments) { a.key, a.version = "", 0 })
	case 6:
		return edit("another version of auth_key_wo, "+key, func(a *arguments) { a.key, a.version = key, a.version+1 })
	case 7:
		return edit("auth_key_wo "+key, func(a *arguments) { a.key, a.version = key, max(a.version, 1) })
	default:
		return historyStep{"configure what the service has", func(w *historyRun) error {
			if truth, there := w.Callback(testApp); there {
				w.config = arguments{url: truth.URL, key: truth.AuthKey}
			}
			return nil
		}}
	}
}

func drawOutside(r *rand.Rand) historyStep {
	url, key, event := acctest.Pick(r, modelURLs), acctest.Pick(r, append(modelKeys, "")), fmt.Sprintf("EVENT_%d", r.IntN(3))
	outside := func(what string, change func(w *historyRun, truth emulator.Callback)) historyStep {
		return historyStep{"outside: " + what, func(w *historyRun) error {
			truth, _ := w.Callback(testApp)
			truth.URL = cmp.Or(truth.URL, url)
			change(w, truth)
			return nil
		}}
	}
	switch r.IntN(13) {
	case 0, 1:
		return outside("url "+url, func(w *historyRun, truth emulator.Callback) { w.SetCallback(testApp, url, truth.AuthKey) })
	case 2, 3, 4, 5:
		return outside(fmt.Sprintf("key %q", key), func(w *historyRun, truth emulator.Callback) { w.SetCallback(testApp, truth.URL, key) })
	case 6:
		return outside(fmt.Sprintf("url %s, key %q", url, key), func(w *historyRun, _ emulator.Callback) { w.SetCallback(testApp, url, key) })
	case 7:
		return outside("the same once more", func(w *historyRun, truth emulator.Callback) { w.SetCallback(testApp, truth.URL, truth.AuthKey) })
	case 8, 9:
		return outside("what was set last", func(w *historyRun, truth emulator.Callback) {
			w.SetCallback(testApp, cmp.Or(w.known.sent.url, truth.URL), w.known.sent.key)
		})
	case 10:
		return outside("event "+event, func(w *historyRun, _ emulator.Callback) { w.SetEvents(testApp, event) })
	case 11:
		return outside("touch", func(w *historyRun, _ emulator.Callback) { w.Touch(testApp) })
	default:
		return outside("clear", func(w *historyRun, _ emulator.Callback) { w.ClearCallback(testApp) })
	}
}

func drawEcho(r *rand.Rand) historyStep {
	key, url := acctest.Pick(r, emulator.KeyEchoes), acctest.Pick(r, emulator.URLEchoes)
	return historyStep{fmt.Sprintf("from now on, key shown %s, URL %s", key, url), func(w *historyRun) error {
		w.options.KeyEcho, w.options.ReadKeyEcho = key, ""
		w.options.URLEcho, w.options.ReadURLEcho = url, ""
		w.SetOptions(w.modes)
		return nil
	}}
}

// drawSavedPlan is a plan and the apply of it by another process, and something
// that happens between the two.
func drawSavedPlan(r *rand.Rand) historyStep {
	between := drawOutside(r)
	saved := applyRun
	saved.between = between.do
	return historyStep{"plan; " + between.what + "; apply the plan", saved.do}
}

func drawFailedWrite(r *rand.Rand) historyStep {
	failure := acctest.Pick(r, []struct {
		what   string
		fault  emulator.Fault
		second bool
	}{
		{"the PUT is answered with 500", emulator.Fault{Status: http.StatusInternalServerError}, false},
		{"the PUT is dropped", emulator.Fault{Drop: true}, false},
		{"the PUT is done, and answered with 500", emulator.Fault{Status: http.StatusInternalServerError, After: true}, false},
		{"the PUT is done, and its response is dropped", emulator.Fault{Drop: true, After: true}, false},
		{"the PUT is done, and its response is cut off", emulator.Fault{Cut: true}, false},
		{"if there is a second PUT, it is answered with 500", emulator.Fault{Status: http.StatusInternalServerError}, true},
	})
	failing := applyRun
	failing.failPUT, failing.second = &failure.fault, failure.second
	return historyStep{"apply; " + failure.what, failing.do}
}

func drawFailedRead(r *rand.Rand) historyStep {
	failure := acctest.Pick(r, []struct {
		what  string
		fault emulator.Fault
	}{
		{"answered with 500", emulator.Fault{Status: http.StatusInternalServerError}},
		{"answered with 404 by the gateway", emulator.Fault{Status: http.StatusNotFound, Code: "APIGW.0101"}},
		{"dropped", emulator.Fault{Drop: true}},
		{"cut off", emulator.Fault{Cut: true}},
	})
	failing := planRun
	failing.failGET = &failure.fault
	return historyStep{"plan; each GET is " + failure.what, failing.do}
}

// shownCallback is how the service shows a callback.
type shownCallback struct {
	URL  string `json:"url"`
	Key  string `json:"auth_key"`
	Time string `json:"update_time"`
}

// memory is what the responses tell about a callback that is in the state.
type memory struct {
	imported bool // it was not set from here

	sent   arguments
	hasKey bool   // the state has the key that was set
	url    string // in the state: what was set, or what is shown
	taken  bool   // it is what is shown

	shown     shownCallback // last
	fresh     bool          // nothing was read since the PUT
	showsKeys bool          // a key that was set was shown exactly
	showsURLs bool          // likewise a URL with a path or a query
}

// elapsed says what update_time tells.
type elapsed int

const (
	noTime elapsed = iota // to compare
	sameTime
	otherTime
)

func (k memory) elapsed(now shownCallback) elapsed {
	switch {
	case now.Time == "" || k.shown.Time == "":
		return noTime
	case now.Time == k.shown.Time:
		return sameTime
	}
	before, errBefore := time.Parse(time.RFC3339, k.shown.Time)
	after, errAfter := time.Parse(time.RFC3339, now.Time)
	apart := after.Sub(before).Abs()
	atPrecision := strings.Contains(k.shown.Time, ".") == strings.Contains(now.Time, ".")
	switch {
	case k.fresh && (errBefore == nil) != (errAfter == nil):
		return noTime
	case errBefore != nil || errAfter != nil:
		return otherTime
	case apart == 0, !atPrecision && apart < time.Second, k.fresh && apart <= 10*time.Millisecond:
		return sameTime
	default:
		return otherTime
	}
}

// changed tells what is, or may be, another value than the state has.
func (k memory) changed(now shownCallback) (url, key bool) {
	passed := k.elapsed(now)
	part := strings.HasPrefix(plainURL(k.url), plainURL(now.URL))
	switch {
	case plainURL(now.URL) == plainURL(k.url):
	case k.showsURLs && !part, passed == otherTime:
		url = true
	case passed == noTime:
		url = now.URL != k.shown.URL && (!k.fresh || !part)
	}
	switch {
	case !k.hasKey || now.Key == k.sent.key:
	case k.showsKeys && now.Key != "" && !isPart(now.Key), passed == otherTime:
		key = true
	case passed == noTime:
		plausible := k.fresh && (isPart(now.Key) || !k.showsKeys)
		key = now.Key != k.shown.Key && !plausible
	}
	return url, key
}

// learns is about URLs that were set, and are more than scheme and host.
func (k memory) learns(now shownCallback) memory {
	if !k.taken && strings.Count(strings.TrimSuffix(plainURL(k.url), "/"), "/") > 2 {
		k.showsURLs = plainURL(now.URL) == plainURL(k.url)
	}
	return k
}

// after is the memory once now is shown.
func (k memory) after(now shownCallback) memory {
	url, key := k.changed(now)
	if url {
		k.url, k.taken = now.URL, true
	}
	k = k.learns(now)
	k.hasKey = k.hasKey && !key
	if k.hasKey {
		k.showsKeys = now.Key == k.sent.key
	}
	k.shown, k.fresh = now, false
	return k
}

// plainURL is the same for URLs that differ only in how they are written.
func plainURL(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	return strings.ToLower(scheme+"://"+host) + "/" + path
}

// isPart tells whether what is shown can't be a whole key.
func isPart(shown string) bool {
	return shown != "" && (len(shown) < 32 || strings.Contains(shown, "**"))
}

// historyRun is a history under way: the service, and what Terraform has stored.
type historyRun struct {
	*acctest.Emulator
	t       *testing.T
	options emulator.Options
	config  arguments
	stored  acctest.Object // in the state file
	known   memory         // of what is stored

	distorter *listDistorter
	listFault *emulator.Fault // that lists meet
	shared    bool
	other     acctest.Object    // another resource: the first read in a process asks for its own
	set       emulator.Callback // by the last apply
	believed  *atomic.Int32
}

func newHistoryRun(t *testing.T, h history) *historyRun {
	t.Helper()
	options := h.options
	// No two changes are so close that they could be one to the provider.
	// From the full second on, so that rounded times are the same each time.
	options.Clock = acctest.TickingClock()
	distorter := new(listDistorter)
	w := &historyRun{
		Emulator:  acctest.StartWrappedEmulator(t, distorter.wrap, options, testApp),
		t:         t,
		options:   options,
		config:    arguments{url: modelURLs[0], key: modelKeys[0]},
		stored:    acctest.Object{},
		distorter: distorter,
		shared:    h.shared,
		believed:  h.believed,
	}
	if w.shared {
		w.AddApp(otherApp)
		core, err := newCallbacks(t, w.Emulator)
		if err != nil {
			t.Fatal(err)
		}
		w.other = createCallback(t, core, otherApp, arguments{url: modelURLs[1]})
	}
	return w
}

// read is a read, after another one, and checks what it asked. It tells whether
// it was enough that the callback is listed among all apps; then nothing may
// have changed.
func (w *historyRun) read(core acctest.Resource, stored acctest.Object) (refreshed acctest.Object, believed bool, err error) {
	if !w.shared {
		if refreshed, err = core.Read(stored); err != nil {
			return refreshed, false, err
		}
		return refreshed, false, w.called(http.MethodGet)
	}
	if w.listFault != nil {
		fault := *w.listFault
		fault.ExactPath = acctest.AppsPath
		w.Fail(fault)
	}
	_, _ = core.Read(w.other) // which may be meant to fail
	if refreshed, err = core.Read(stored); err != nil {
		return refreshed, false, err
	}
	lists, reads, others := listsAndReads(w.Emulator)
	dropped := w.listFault != nil && w.listFault.Drop // and asked again by Go itself
	if lists > 1 && !dropped || lists == 0 && reads != 2 || lists > 0 && reads != 1 && reads != 2 || others > 0 {
		return refreshed, false, fmt.Errorf("%d lists, %d reads, %d other calls", lists, reads, others)
	}
	if believed = reads == 1; !believed {
		return refreshed, false, nil
	}
	w.believed.Add(1)
	if !refreshed.Value.Equal(stored.Value) || !bytes.Equal(refreshed.Private, stored.Private) {
		return refreshed, true, errors.New("a read that asked nothing changed what is stored")
	}
	return refreshed, true, w.checkBelieved(stored)
}

// checkBelieved sees that a single read would have come to the same, or else
// that the callback is what was set: there a list may well know better.
func (w *historyRun) checkBelieved(stored acctest.Object) error {
	defer w.ResetRequests()
	if truth, _ := w.Callback(testApp); reflect.DeepEqual(truth, w.set) {
		return nil
	}
	shared, err := newCallbacks(w.t, w.Emulator)
	if err != nil {
		return err
	}
	single, err := newCallbacksWith(w.t, w.Emulator, &sparkRTCProvider{}, map[string]any{"shared_reads": false})
	if err != nil {
		return err
	}
	alone, err := single.Read(stored)
	if err != nil {
		return err
	}
	got, err := shared.Plan(stored, w.config.value())
	if err != nil {
		return err
	}
	want, err := single.Plan(alone, w.config.value())
	if err != nil {
		return err
	}
	said, saidAlone := got.Diagnostics.Warnings(), want.Diagnostics.Warnings()
	// The first plan has no read in its process to compare a key with.
	said, saidAlone = without(said, callback.KeyNotCompared), without(saidAlone, callback.KeyNotCompared)
	if w.options.ListKeyEcho != "" { // lists may show that there is a key where reads don't
		said, saidAlone = without(said, callback.KeyNotConfigured), without(saidAlone, callback.KeyNotConfigured)
	}
	if !alone.Value.Equal(stored.Value) || got.Action != want.Action || !slices.Equal(said, saidAlone) {
		return fmt.Errorf("a list was believed, and a single read has %v: planned is %s %q, and then %s %q", alone.Value, got.Action, said, want.Action, saidAlone)
	}
	return nil
}

func without(warnings []string, notice callback.Notice) []string {
	return slices.DeleteFunc(slices.Clone(warnings), func(summary string) bool {
		return summary == callbackWords[notice].summary
	})
}

// modes are those that the service is to be in.
func (w *historyRun) modes(o *emulator.Options) {
	o.KeyEcho, o.URLEcho, o.TimeEcho = w.options.KeyEcho, w.options.URLEcho, w.options.TimeEcho
	o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho = w.options.ReadKeyEcho, w.options.ReadURLEcho, w.options.ReadTimeEcho
	o.ListKeyEcho, o.ListURLEcho, o.ListTimeEcho = w.options.ListKeyEcho, w.options.ListURLEcho, w.options.ListTimeEcho
}

// written is the response of the last PUT.
func (w *historyRun) written() shownCallback {
	w.SetOptions(func(o *emulator.Options) { o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho = "", "", "" })
	defer w.SetOptions(w.modes)
	return w.shown()
}

// shown asks the service itself, and forgets the calls so far.
func (w *historyRun) shown() shownCallback {
	request := httptest.NewRequest(http.MethodGet, "/v2/apps/"+testApp+"/record-callback", http.NoBody)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Auth-Token", emulator.DefaultToken)
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, request)
	w.ResetRequests()
	var answer struct {
		RecordCallback shownCallback `json:"record_callback"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		w.t.Fatal(err)
	}
	return answer.RecordCallback
}

// called compares the methods of the calls since the last time.
func (w *historyRun) called(want ...string) error {
	var got []string
	for _, r := range w.Requests() {
		got = append(got, r.Method)
	}
	w.ResetRequests()
	if !slices.Equal(got, want) {
		return fmt.Errorf("the calls are %q, want %q", got, want)
	}
	return nil
}

// tfRun is a run of Terraform.
type tfRun struct {
	stage   int
	failGET *emulator.Fault // each
	failPUT *emulator.Fault // the first
	second  bool            // or the second
	between func(*historyRun) error
}

const (
	stageRefresh = iota
	stagePlan
	stageApply
)

var (
	refreshRun = tfRun{stage: stageRefresh}
	planRun    = tfRun{stage: stagePlan}
	applyRun   = tfRun{stage: stageApply}
)

func (r tfRun) do(w *historyRun) error {
	truth, there := w.Callback(testApp)
	now := w.shown()
	defer w.ClearFaults()
	if r.failGET != nil {
		fault := *r.failGET
		fault.Method, fault.Times = http.MethodGet, -1
		w.Fail(fault)
	}
	core, err := newCallbacks(w.t, w.Emulator)
	if err != nil {
		return err
	}
	if _, err := core.Validate(w.config.value()); err != nil {
		return err
	}

	refreshed, known := w.stored, w.known
	if w.stored.Exists() {
		var believed bool
		refreshed, believed, err = w.read(core, w.stored)
		if r.failGET != nil {
			if !acctest.Reported(err) {
				return fmt.Errorf("what comes of a read that fails: %v", err) //nolint:errorlint // it may be nil
			}
			return nil
		}
		if err != nil {
			return err
		}
		if believed {
			now = w.known.shown // as far as it was read
		}
		if known, err = w.checkRead(refreshed, there, now); err != nil {
			return err
		}
		if believed {
			known.fresh = w.known.fresh
		}
	}
	if r.stage == stageRefresh {
		w.stored, w.known = refreshed, known
		return nil
	}

	plan, err := core.Plan(refreshed, w.config.value())
	if err != nil {
		return err
	}
	if puts := sentPayloads(w.t, w.Emulator); len(puts) > 0 {
		return fmt.Errorf("a plan sends %v", puts)
	}
	if err := w.checkPlan(plan, truth, known, now); err != nil {
		return err
	}
	if r.stage == stagePlan {
		return nil
	}

	w.stored, w.known = refreshed, known
	if plan.Action == acctest.ActionNone {
		return nil
	}
	if r.between != nil {
		if err := r.between(w); err != nil {
			return err
		}
		if core, err = newCallbacks(w.t, w.Emulator); err != nil {
			return err
		}
	}
	return r.apply(w, core, plan)
}

func (r tfRun) apply(w *historyRun, core acctest.Resource, plan acctest.Plan) error {
	if r.failPUT != nil {
		fault := *r.failPUT
		fault.Method = http.MethodPut
		if r.second {
			w.SetOptions(func(o *emulator.Options) {
				o.Observe = func(request emulator.Request) {
					if request.Method == http.MethodPut {
						w.Fail(fault)
					}
				}
			})
			defer w.SetOptions(func(o *emulator.Options) { o.Observe = nil })
		} else {
			w.Fail(fault)
		}
	}
	w.ResetRequests()
	truth, _ := w.Callback(testApp)
	result, err := core.Apply(plan)
	puts := sentPayloads(w.t, w.Emulator)
	w.ClearFaults()

	allowed := []string{withKey(w.config.url, w.config.key).String()}
	most := 1
	if w.config.key == "" {
		allowed = append(allowed, payload{URL: w.config.url}.String())
		most = 2
	}
	for _, put := range puts {
		if !slices.Contains(allowed, put.String()) {
			return fmt.Errorf("sent is %v", put)
		}
	}
	isThere := plainURL(truth.URL) == plainURL(w.config.url) && truth.AuthKey == w.config.key
	if len(puts) > most || len(puts) == 0 && (!isThere || plan.Action == acctest.ActionCreate) {
		return fmt.Errorf("sent are %d PUTs, and there was %+v", len(puts), truth)
	}
	if seen := w.known.shown; len(puts) > 0 && isThere && err == nil && w.known.imported && seen.Key == truth.AuthKey && len(seen.Key) >= 32 &&
		plainURL(seen.URL) == plainURL(truth.URL) && w.options.ListKeyEcho == "" && w.listFault == nil {
		return errors.New("sent is what was there")
	}
	w.stored = result
	if r.failPUT != nil && acctest.Reported(err) {
		if !result.Value.Equal(plan.Prior.Value) {
			return fmt.Errorf("an apply that fails leaves the state %v", result.Value)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.failPUT != nil && !r.second && len(puts) > 0 {
		return errors.New("an apply that fails says nothing")
	}
	return w.checkApplied(len(puts) > 0)
}

// checkRead compares what a read makes of a callback, and returns what is known
// after it.
func (w *historyRun) checkRead(refreshed acctest.Object, there bool, now shownCallback) (memory, error) {
	k := w.known
	if there != refreshed.Exists() {
		return k, fmt.Errorf("there is a callback: %t, and in the state: %t", there, refreshed.Exists())
	}
	if !there {
		return memory{}, nil
	}
	if k.imported && k.url == "" {
		k.url, k.taken = now.URL, true
	}
	urlChanged, keyChanged := k.changed(now)
	if keyChanged && k.elapsed(now) == noTime && refreshed.Text("auth_key") == w.stored.Text("auth_key") &&
		number(refreshed, "auth_key_wo_version") == number(w.stored, "auth_key_wo_version") && isPart(now.Key) && isPart(k.shown.Key) {
		// Of such a look one byte is kept: one in 256 looks the same.
		keyChanged, k.shown.Key = false, now.Key
	}
	next := k.after(now)
	updated := now.Time
	if before := w.stored.Text("update_time"); before != "" && k.elapsed(now) != otherTime {
		updated = before
	}
	if _, err := time.Parse(time.RFC3339, updated); err != nil {
		updated = ""
	}
	want := shownCallback{URL: next.url, Time: updated}
	if next.hasKey {
		want.Key = next.sent.authKey()
	}
	got := shownCallback{refreshed.Text("url"), refreshed.Text("auth_key"), refreshed.Text("update_time")}
	if got != want {
		return k, fmt.Errorf("the state has %q, want %q; shown is %q, known is %+v", got, want, now, k)
	}
	if version := number(refreshed, "auth_key_wo_version"); next.hasKey && version != next.sent.version || !next.hasKey && version != 0 {
		return k, fmt.Errorf("the state has version %d; shown is %q, known is %+v", version, now, k)
	}
	warnings := refreshed.Diagnostics.Warnings()
	for notice, changed := range map[callback.Notice]bool{callback.URLChanged: urlChanged, callback.KeyChanged: keyChanged} {
		if slices.Contains(warnings, callbackWords[notice].summary) != changed {
			return k, fmt.Errorf("the warnings of a read are %q; shown is %q, known is %+v", warnings, now, k)
		}
	}
	return next, nil
}

// number returns an attribute that is a number, 0 for null.
func number(o acctest.Object, attribute string) int64 {
	value := new(big.Float)
	if v := acctest.AttributesOf(o.Value)[attribute]; v.IsNull() || v.As(&value) != nil {
		return 0
	}
	n, _ := value.Int64()
	return n
}

// checkPlan sees that a plan is Terraform's own difference, and that it sets right
// what is seen to be wrong.
func (w *historyRun) checkPlan(plan acctest.Plan, truth emulator.Callback, k memory, now shownCallback) error {
	if slices.Contains(plan.Diagnostics.Warnings(), callbackWords[callback.TwoResources].summary) {
		return errors.New("there are not two resources")
	}
	if !plan.Prior.Exists() {
		if plan.Action != acctest.ActionCreate {
			return fmt.Errorf("the plan is %s, want %s", plan.Action, acctest.ActionCreate)
		}
		return nil
	}
	has := arguments{url: plan.Prior.Text("url"), key: plan.Prior.Text("auth_key"), version: number(plan.Prior, "auth_key_wo_version")}
	want := acctest.ActionUpdate
	if has == (arguments{url: w.config.url, key: w.config.authKey(), version: w.config.version}) {
		want = acctest.ActionNone
	}
	if plan.Action != want {
		return fmt.Errorf("the plan is %s, want %s; configured is %+v, the state has %+v", plan.Action, want, w.config, has)
	}

	// Whatever the rules, there is no doubt about what is shown as it is.
	exactly := now.URL == truth.URL && now.Key == truth.AuthKey
	there := arguments{url: plainURL(truth.URL), key: truth.AuthKey, version: w.config.version}
	wanted := arguments{url: plainURL(w.config.url), key: w.config.key, version: w.config.version}
	if wanted.version > 0 && wanted.version == k.sent.version {
		wanted.key = k.sent.key // another one is sent with another version
	}
	if wanted.key == "" {
		there.key = "" // a key that is not configured is left alone
	}
	visible := w.known.elapsed(now) == otherTime && !w.roundsTimes()
	if exactly && visible && plan.Action == acctest.ActionNone && there != wanted {
		return fmt.Errorf("nothing is planned; configured is %+v, and there is %+v", wanted, there)
	}
	if exactly && plan.Action != acctest.ActionNone && there == wanted && w.config == k.sent && w.known.url == k.sent.url && w.known.hasKey == (k.sent.key != "") {
		return fmt.Errorf("the plan is %s, and there is what was set", plan.Action)
	}
	return nil
}

func (w *historyRun) roundsTimes() bool {
	return w.options.TimeEcho == emulator.TimeSeconds || w.options.ReadTimeEcho == emulator.TimeSeconds
}

// checkApplied compares what the service has with the configuration, and sees
// that nothing is left to do.
func (w *historyRun) checkApplied(sent bool) error {
	truth, _ := w.Callback(testApp)
	if sent && truth.URL != w.config.url {
		return fmt.Errorf("the service has the URL %s after an apply", truth.URL)
	}
	// It may insist on keeping a key.
	kept := w.config.key == "" && w.options.KeepKey && w.options.EmptyKey != emulator.EmptyClears
	if truth.AuthKey != w.config.key && !kept {
		return fmt.Errorf("the service has the key %q after an apply", truth.AuthKey)
	}
	w.set = truth
	written, now := w.written(), w.shown()
	if !sent {
		written = now
	}
	w.known = memory{sent: w.config, hasKey: w.config.key != "", url: w.config.url, shown: written, fresh: sent, showsKeys: w.known.showsKeys, showsURLs: w.known.showsURLs}
	w.known = w.known.learns(written)
	if w.config.key != "" {
		w.known.showsKeys = written.Key == w.config.key
	}

	core, err := newCallbacks(w.t, w.Emulator)
	if err != nil {
		return err
	}
	refreshed, believed, err := w.read(core, w.stored)
	if err != nil {
		return err
	}
	plan, err := core.Plan(refreshed, w.config.value())
	if err != nil {
		return err
	}
	// Reads that show another callback than the PUT, at another time or at
	// none, may well show a change.
	urlChanged, keyChanged := w.known.changed(now)
	if plan.Action != acctest.ActionNone && (believed || now == written || !urlChanged && !keyChanged) {
		return fmt.Errorf("the plan after an apply is %s: %q", plan.Action, plan.Diagnostics.Warnings())
	}
	return nil
}

func (w *historyRun) destroy() error {
	if !w.stored.Exists() {
		return nil
	}
	core, err := newCallbacks(w.t, w.Emulator)
	if err != nil {
		return err
	}
	w.ResetRequests()
	if _, err := core.Destroy(w.stored); err != nil {
		return err
	}
	w.stored, w.known = acctest.Object{}, memory{}
	return w.called()
}

func (w *historyRun) importAgain() error {
	_, there := w.Callback(testApp)
	now := w.shown()
	core, err := newCallbacks(w.t, w.Emulator)
	if err != nil {
		return err
	}
	imported, err := core.ImportState(testApp)
	if err != nil {
		return err
	}
	refreshed, _, err := w.read(core, imported)
	if !there && acctest.Reported(err) {
		w.stored, w.known = acctest.Object{}, memory{}
		return nil
	}
	if err != nil {
		return err
	}
	w.stored, w.known = imported, memory{imported: true}
	w.known, err = w.checkRead(refreshed, there, now)
	w.stored = refreshed
	return err
}

// checkSecrets looks for keys where none may be: in the private state, and in
// the state of what was set with a write-only key.
func (w *historyRun) checkSecrets() error {
	places := map[string][]byte{"private state": w.stored.Private}
	if len(w.stored.Private) > 0 {
		var decoded map[string][]byte
		if err := json.Unmarshal(w.stored.Private, &decoded); err != nil {
			return err
		}
		for name, content := range decoded {
			places["private state, "+name] = content
		}
	}
	if w.stored.Exists() && (w.known.imported || !w.known.hasKey || w.known.sent.version > 0) {
		places["state"] = []byte(w.stored.Value.String())
	}
	secrets := slices.Clone(modelKeys)
	if shown := w.shown().Key; len(shown) > len("******") {
		secrets = append(secrets, shown)
	}
	for place, content := range places {
		for _, secret := range secrets {
			part := []byte(secret[:min(len(secret), 16)])
			whole := part[:len(part)/3*3] // without the padding, which would hide it
			for _, form := range []string{string(part), hex.EncodeToString(part), base64.StdEncoding.EncodeToString(whole)} {
				if bytes.Contains(content, []byte(form)) {
					return fmt.Errorf("%q is in the %s: %s", form, place, content)
				}
			}
		}
	}
	return nil
}
