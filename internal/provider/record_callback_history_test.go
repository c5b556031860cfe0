// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Random histories of a recording callback, with a service that may show it in
// any way, and with failures and other people in between. A model knows what
// the service has, and what it showed when. It says of each run what has to be
// planned, what may be sent, and what must be true afterwards.

const histories = 50

// A history has its number as the seed, so that one is run again by itself with
// go test -run 'TestRandomHistories/17$', or SOAK_SEED=17 SOAK_HISTORIES=1.
func TestRandomHistories(t *testing.T) {
	long(t)
	from, count := soakNumbers(histories)
	var ran, believed atomic.Int32
	t.Cleanup(func() {
		if ran.Load() >= histories && believed.Load() < ran.Load() {
			t.Errorf("lists of apps were believed %d times in %d histories, which proves little", believed.Load(), ran.Load())
		}
	})
	for seed := from; seed < from+count; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newHistory(seed)
			h.believed = &believed
			ran.Add(1)
			if err := h.run(t); err != nil {
				short := h.shortest(t)
				t.Errorf("history %d: %v\n%v\n\nThe shortest part of it that fails: %v\n%v", seed, err, h, short.run(t), short)
			}
		})
	}
}

type history struct {
	options emulator.Options
	shared  bool // reads look at the list of all apps first
	steps   []historyStep

	believed *atomic.Int32 // counts how often that was enough
}

type historyStep struct {
	what string
	do   func(*world) error
}

func (h history) String() string {
	var b strings.Builder
	o := h.options
	if h.shared {
		fmt.Fprintf(&b, "     by the list, key shown %q, URL %q, time %q\n", o.ListKeyEcho, o.ListURLEcho, o.ListTimeEcho)
	}
	fmt.Fprintf(&b, "     key shown %s, URL %s, time %s; by reads %q, %q, %q; no callback %s; key left out is kept: %t; empty key %s",
		o.KeyEcho, o.URLEcho, o.TimeEcho, o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho, o.Unset, o.KeepKey, o.EmptyKey)
	for i, s := range h.steps {
		fmt.Fprintf(&b, "\n%3d. %s", i+1, s.what)
	}
	return b.String()
}

func (h history) run(t *testing.T) error {
	t.Helper()
	w := newWorld(t, h)
	for i, s := range h.steps {
		err := s.do(w)
		if err == nil {
			err = w.checkSecrets()
		}
		if err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, s.what, err)
		}
	}
	return nil
}

// shortest leaves out what a failure doesn't need.
func (h history) shortest(t *testing.T) history {
	t.Helper()
	for i := 0; i < len(h.steps); {
		fewer := h
		fewer.steps = slices.Delete(slices.Clone(h.steps), i, i+1)
		if fewer.run(t) == nil {
			i++
		} else {
			h, i = fewer, 0
		}
	}
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
		Unset:    pick(r, emulator.Unsets),
		KeepKey:  r.IntN(3) > 0,
		EmptyKey: pick(r, append(emulator.EmptyKeys, emulator.EmptyClears)),
	}}
	// Services that show things as they are get their share: only there does
	// a key of somebody else's get into the state.
	if r.IntN(5) > 1 {
		h.options.KeyEcho, h.options.URLEcho = pick(r, emulator.KeyEchoes), pick(r, emulator.URLEchoes)
		if r.IntN(3) == 0 {
			h.options.TimeEcho = pick(r, emulator.TimeEchoes)
		}
		if r.IntN(4) == 0 {
			h.options.ReadKeyEcho = pick(r, emulator.KeyEchoes)
			h.options.ReadURLEcho = pick(r, emulator.URLEchoes)
			h.options.ReadTimeEcho = pick(r, emulator.TimeEchoes)
		}
	}
	always := func(what string, do func(*world) error) func(*rand.Rand) historyStep {
		return func(*rand.Rand) historyStep { return historyStep{what, do} }
	}
	changes := deck{{4, drawEdit}, {6, drawOutside}, {1, drawEcho}}
	runs := deck{
		{8, always("apply", applyRun.do)},
		{5, always("refresh", refreshRun.do)},
		{1, always("plan", planRun.do)},
		{3, drawSavedPlan},
		{2, drawFailedWrite},
		{1, drawFailedRead},
		{1, always("destroy", (*world).destroy)},
		{1, always("remove from the state and import", (*world).importAgain)},
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
		h.options.ListKeyEcho = pick(r, emulator.KeyEchoes)
		h.options.ListURLEcho = pick(r, emulator.URLEchoes)
		h.options.ListTimeEcho = pick(r, emulator.TimeEchoes)
	}
	for range r.IntN(4) {
		by := pick(r, distortions)
		if by.fault != nil && by.fault.Delay > 0 || r.IntN(2) == 0 {
			by = distortions[0]
		}
		step := historyStep{"from now on, the list of apps: " + by.name, func(w *world) error {
			w.front.distort(by)
			w.listFault = by.fault
			return nil
		}}
		h.steps = slices.Insert(h.steps, r.IntN(len(h.steps)+1), step)
	}
}

const runsOfHistory = 6

// deck has each kind of step a number of times.
type deck []struct {
	times int
	draw  func(*rand.Rand) historyStep
}

func (d deck) draw(r *rand.Rand) historyStep {
	var cards []func(*rand.Rand) historyStep
	for _, kind := range d {
		cards = append(cards, slices.Repeat([]func(*rand.Rand) historyStep{kind.draw}, kind.times)...)
	}
	return pick(r, cards)(r)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func drawEdit(r *rand.Rand) historyStep {
	url, key := pick(r, modelURLs), pick(r, modelKeys)
	edit := func(what string, change func(*arguments)) historyStep {
		return historyStep{"configure " + what, func(w *world) error { change(&w.config); return nil }}
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
		return historyStep{"configure what the service has", func(w *world) error {
			if truth, there := w.Callback(testApp); there {
				w.config = arguments{url: truth.URL, key: truth.AuthKey}
			}
			return nil
		}}
	}
}

func drawOutside(r *rand.Rand) historyStep {
	url, key, event := pick(r, modelURLs), pick(r, append(modelKeys, "")), fmt.Sprintf("EVENT_%d", r.IntN(3))
	outside := func(what string, change func(w *world, truth emulator.Callback)) historyStep {
		return historyStep{"outside: " + what, func(w *world) error {
			truth, _ := w.Callback(testApp)
			truth.URL = cmp.Or(truth.URL, url)
			change(w, truth)
			return nil
		}}
	}
	switch r.IntN(13) {
	case 0, 1:
		return outside("url "+url, func(w *world, truth emulator.Callback) { w.SetCallback(testApp, url, truth.AuthKey) })
	case 2, 3, 4, 5:
		return outside(fmt.Sprintf("key %q", key), func(w *world, truth emulator.Callback) { w.SetCallback(testApp, truth.URL, key) })
	case 6:
		return outside(fmt.Sprintf("url %s, key %q", url, key), func(w *world, _ emulator.Callback) { w.SetCallback(testApp, url, key) })
	case 7:
		return outside("the same once more", func(w *world, truth emulator.Callback) { w.SetCallback(testApp, truth.URL, truth.AuthKey) })
	case 8, 9:
		return outside("what was set last", func(w *world, truth emulator.Callback) {
			w.SetCallback(testApp, cmp.Or(w.known.sent.url, truth.URL), w.known.sent.key)
		})
	case 10:
		return outside("event "+event, func(w *world, _ emulator.Callback) { w.SetEvents(testApp, event) })
	case 11:
		return outside("touch", func(w *world, _ emulator.Callback) { w.Touch(testApp) })
	default:
		return outside("clear", func(w *world, _ emulator.Callback) { w.ClearCallback(testApp) })
	}
}

func drawEcho(r *rand.Rand) historyStep {
	key, url := pick(r, emulator.KeyEchoes), pick(r, emulator.URLEchoes)
	return historyStep{fmt.Sprintf("from now on, key shown %s, URL %s", key, url), func(w *world) error {
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
	failure := pick(r, []struct {
		what   string
		fault  emulator.Fault
		second bool
	}{
		{"the PUT is answered with 500", emulator.Fault{Status: http.StatusInternalServerError}, false},
		{"the PUT is dropped", emulator.Fault{Drop: true}, false},
		{"the PUT is done, and answered with 500", emulator.Fault{Status: http.StatusInternalServerError, After: true}, false},
		{"the PUT is done, and its answer is dropped", emulator.Fault{Drop: true, After: true}, false},
		{"the PUT is done, and its answer is cut off", emulator.Fault{Cut: true}, false},
		{"if there is a second PUT, it is answered with 500", emulator.Fault{Status: http.StatusInternalServerError}, true},
	})
	failing := applyRun
	failing.failPUT, failing.second = &failure.fault, failure.second
	return historyStep{"apply; " + failure.what, failing.do}
}

func drawFailedRead(r *rand.Rand) historyStep {
	failure := pick(r, []struct {
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

// arguments are a configuration of the resource.
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
	given := map[string]any{"app_id": app, "url": a.url}
	switch {
	case a.version > 0:
		given["auth_key_wo"], given["auth_key_wo_version"] = a.key, a.version
	case a.key != "":
		given["auth_key"] = a.key
	}
	return objectOf(callbackSchema(), given)
}

// look is how the service shows a callback.
type look struct {
	URL  string `json:"url"`
	Key  string `json:"auth_key"`
	Time string `json:"update_time"`
}

// knowledge is what can be known of a callback by whoever reads the answers.
type knowledge struct {
	// imported: it was not set from here, and nothing below is known.
	imported bool

	// adopted: there was a key then.
	adopted bool

	sent  arguments
	shown look // by the PUT, or later by a read that found nothing changed
	fresh bool // nothing was read since the PUT

	// distinct: another key would not look like shown.Key.
	distinct bool
}

func (k knowledge) showsKeys() bool { return k.sent.key != "" && k.shown.Key == k.sent.key }

// movement says what has become of update_time since it was shown.
type movement int

const (
	stood   movement = iota
	unknown          // for want of a time
	unclear          // for want of one, right after the PUT
	atOnce           // slightly, right after the PUT
	moved
)

func (k knowledge) movement(now look) movement {
	switch {
	case now.Time != "" && now.Time == k.shown.Time:
		return stood
	case now.Time != "" && k.shown.Time == "" && k.fresh:
		return atOnce
	}
	before, errBefore := time.Parse(time.RFC3339, k.shown.Time)
	after, errAfter := time.Parse(time.RFC3339, now.Time)
	apart := after.Sub(before).Abs()
	atPrecision := strings.Contains(k.shown.Time, ".") == strings.Contains(now.Time, ".")
	switch noTime := errBefore != nil || errAfter != nil; {
	case errBefore != nil && errAfter != nil && k.shown.Time != "" && now.Time != "" && !k.fresh:
		return moved
	case noTime && !k.fresh:
		return unknown
	case noTime:
		return unclear
	case apart == 0, !atPrecision && apart < time.Second:
		return stood
	case k.fresh && apart <= 10*time.Millisecond:
		return atOnce
	default:
		return moved
	}
}

// changed tells what is not as it was set, or perhaps not. The key is given if
// it is in the state.
func (k knowledge) changed(now look, key string) (urlChanged, keyChanged bool) {
	movement := k.movement(now)
	if k.imported || movement == stood {
		return false, false
	}
	sent := plainURL(k.sent.url)
	switch {
	case plainURL(now.URL) == sent:
	case now.URL == k.shown.URL:
		urlChanged = movement == moved
	default:
		urlChanged = movement != unclear || !strings.HasPrefix(sent, plainURL(now.URL))
		if movement == atOnce {
			urlChanged = hostOf(now.URL) != hostOf(k.sent.url)
		}
	}
	switch now.Key {
	case k.sent.key:
	case k.shown.Key:
		// A key that is shown though none was set can't be removed.
		keyChanged = movement == moved && k.sent.key != "" && !k.distinct
	default:
		plausible := now.Key == "" && !k.showsKeys() || isMask(now.Key) || isPart(now.Key, key)
		keyChanged = movement != unclear || k.sent.key == "" || !plausible
		if movement == atOnce {
			keyChanged = k.showsKeys() && isKey(now.Key)
		}
	}
	return urlChanged, keyChanged
}

// plainURL is the same for URLs that differ only in how they are written.
func plainURL(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	return strings.ToLower(scheme+"://"+host) + "/" + path
}

func hostOf(s string) string { return strings.Split(plainURL(s), "/")[2] }

func isMask(shown string) bool { return strings.Contains(shown, "**") }

func isPart(shown, key string) bool {
	return shown != "" && (strings.HasPrefix(key, shown) || strings.HasSuffix(key, shown))
}

// isKey tells whether what is shown is taken for a key.
func isKey(shown string) bool { return len(shown) >= 32 && !isMask(shown) }

// actions are those that may be planned for a callback that is in the state.
func (k knowledge) actions(config arguments, now look, state tfObject) []string {
	if k.imported {
		if config == (arguments{url: now.URL, key: now.Key}) && (now.Key == "" || isKey(now.Key)) {
			return []string{actNothing}
		}
		if k.adopted && config == (arguments{url: now.URL}) { // a key stays that is not configured
			return []string{actNothing}
		}
		return []string{actUpdate}
	}
	urlChanged, keyChanged := k.changed(now, state.text("auth_key"))
	sameURL := config.url == k.sent.url
	sameKey := config.version == k.sent.version && config.authKey() == k.sent.authKey()
	needless := false // and harmless
	if urlChanged {
		// What is shown may have been taken over into the configuration.
		sameURL = config.url == now.URL && now.URL != k.shown.URL
	}
	if keyChanged {
		sameKey = config.version == 0 && k.sent.version == 0 && config.key == now.Key && now.Key != k.shown.Key
		needless = !k.showsKeys() || !isKey(now.Key)
	}
	switch {
	case !sameURL || !sameKey:
		return []string{actUpdate}
	case needless:
		return []string{actNothing, actUpdate}
	default:
		return []string{actNothing}
	}
}

// world is where a history takes place.
type world struct {
	*cloud
	t       *testing.T
	options emulator.Options
	config  arguments
	salts   io.Reader // the same each time: one byte decides whether two parts of keys differ
	stored  tfObject  // in the state file
	known   knowledge // of what is stored

	front     *front
	listFault *emulator.Fault // that lists meet
	shared    bool
	other     tfObject          // another resource: the first read in a process asks for its own
	set       emulator.Callback // by the last apply
	believed  *atomic.Int32
}

func newWorld(t *testing.T, h history) *world {
	t.Helper()
	options := h.options
	// No two changes are so close that they could be one to the provider.
	// From the full second on, so that rounded times are the same each time.
	options.Clock = ticking()
	front := new(front)
	w := &world{
		cloud:    newCloudBehind(t, front.before, options, testApp),
		t:        t,
		options:  options,
		salts:    rand.NewChaCha8([32]byte{}),
		config:   arguments{url: modelURLs[0], key: modelKeys[0]},
		stored:   tfObject{value: nothing()},
		front:    front,
		shared:   h.shared,
		believed: h.believed,
	}
	if w.shared {
		w.AddApp(otherApp)
		core, err := newCore(t, w.cloud, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.other = set(t, core, otherApp, arguments{url: modelURLs[1]})
	}
	return w
}

// read is a read, after another one, and checks what it asked. It tells whether
// it was enough that the callback is listed among all apps; then nothing may
// have changed.
func (w *world) read(core tfCore, stored tfObject) (refreshed tfObject, believed bool, err error) {
	if !w.shared {
		if refreshed, err = core.read(stored); err != nil {
			return refreshed, false, err
		}
		return refreshed, false, w.called(http.MethodGet)
	}
	if w.listFault != nil {
		fault := *w.listFault
		fault.ExactPath = appsPath
		w.Fail(fault)
	}
	_, _ = core.read(w.other) // which may be meant to fail
	if refreshed, err = core.read(stored); err != nil {
		return refreshed, false, err
	}
	lists, reads, others := w.calls()
	dropped := w.listFault != nil && w.listFault.Drop // and asked again by Go itself
	if lists > 1 && !dropped || lists == 0 && reads != 2 || lists > 0 && reads != 1 && reads != 2 || others > 0 {
		return refreshed, false, fmt.Errorf("%d lists, %d reads, %d other calls", lists, reads, others)
	}
	if believed = reads == 1; !believed {
		return refreshed, false, nil
	}
	w.believed.Add(1)
	if !refreshed.value.Equal(stored.value) || !bytes.Equal(refreshed.private, stored.private) {
		return refreshed, true, errors.New("a read that asked nothing changed what is stored")
	}
	return refreshed, true, w.checkBelieved(stored)
}

// checkBelieved sees that a read by itself would have come to the same, or else
// that the callback is what was set: there a list may well know better.
func (w *world) checkBelieved(stored tfObject) error {
	defer w.ResetRequests()
	if truth, _ := w.Callback(testApp); reflect.DeepEqual(truth, w.set) {
		return nil
	}
	shared, err := newCore(w.t, w.cloud, nil)
	if err != nil {
		return err
	}
	single, err := newCoreWith(w.t, w.cloud, &sparkRTCProvider{}, map[string]any{"shared_reads": false})
	if err != nil {
		return err
	}
	alone, err := single.read(stored)
	if err != nil {
		return err
	}
	got, err := shared.plan(stored, w.config.value())
	if err != nil {
		return err
	}
	want, err := single.plan(alone, w.config.value())
	if err != nil {
		return err
	}
	if !alone.value.Equal(stored.value) || got.action != want.action || !slices.Equal(got.warnings, want.warnings) {
		return fmt.Errorf("a list was believed, and a read by itself has %v: planned is %s %q, and then %s %q", alone.value, got.action, got.warnings, want.action, want.warnings)
	}
	return nil
}

// modes are those that the service is to be in.
func (w *world) modes(o *emulator.Options) {
	o.KeyEcho, o.URLEcho, o.TimeEcho = w.options.KeyEcho, w.options.URLEcho, w.options.TimeEcho
	o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho = w.options.ReadKeyEcho, w.options.ReadURLEcho, w.options.ReadTimeEcho
	o.ListKeyEcho, o.ListURLEcho, o.ListTimeEcho = w.options.ListKeyEcho, w.options.ListURLEcho, w.options.ListTimeEcho
}

// written is the answer of the last PUT.
func (w *world) written() look {
	w.SetOptions(func(o *emulator.Options) { o.ReadKeyEcho, o.ReadURLEcho, o.ReadTimeEcho = "", "", "" })
	defer w.SetOptions(w.modes)
	return w.look()
}

// look asks the service itself, and forgets the calls so far.
func (w *world) look() look {
	request := httptest.NewRequest(http.MethodGet, "/v2/apps/"+testApp+"/record-callback", http.NoBody)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Auth-Token", emulator.DefaultToken)
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, request)
	w.ResetRequests()
	var answer struct {
		RecordCallback look `json:"record_callback"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		w.t.Fatal(err)
	}
	return answer.RecordCallback
}

// called compares the methods of the calls since the last time.
func (w *world) called(want ...string) error {
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
	between func(*world) error
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

func (r tfRun) do(w *world) error {
	truth, there := w.Callback(testApp)
	now := w.look()
	defer w.ClearFaults()
	if r.failGET != nil {
		fault := *r.failGET
		fault.Method, fault.Times = http.MethodGet, -1
		w.Fail(fault)
	}
	core, err := newCore(w.t, w.cloud, w.salts)
	if err != nil {
		return err
	}
	if err := core.validate(w.config.value()); err != nil {
		return err
	}

	refreshed, known := w.stored, w.known
	if w.stored.exists() {
		var believed bool
		refreshed, believed, err = w.read(core, w.stored)
		if r.failGET != nil {
			if !errors.As(err, new(diagnosed)) {
				return fmt.Errorf("what comes of a read that fails: %v", err) //nolint:errorlint // it may be nil
			}
			return nil
		}
		if err != nil {
			return err
		}
		if believed {
			now = w.known.shown // as far as anybody asked
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

	plan, err := core.plan(refreshed, w.config.value())
	if err != nil {
		return err
	}
	if puts := w.puts(w.t); len(puts) > 0 {
		return fmt.Errorf("a plan sends %v", puts)
	}
	if err := w.checkPlan(plan, truth, known, now); err != nil {
		return err
	}
	if r.stage == stagePlan {
		return nil
	}

	w.stored, w.known = refreshed, known
	if plan.action == actNothing {
		return nil
	}
	if r.between != nil {
		if err := r.between(w); err != nil {
			return err
		}
		if core, err = newCore(w.t, w.cloud, w.salts); err != nil {
			return err
		}
	}
	return r.apply(w, core, plan)
}

func (r tfRun) apply(w *world, core tfCore, plan tfPlan) error {
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
	result, err := core.apply(plan)
	puts := w.puts(w.t)
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
	if len(puts) < 1 || len(puts) > most {
		return fmt.Errorf("sent are %d PUTs", len(puts))
	}

	w.stored = result
	if r.failPUT != nil && errors.As(err, new(diagnosed)) {
		if !result.value.Equal(plan.prior.value) {
			return fmt.Errorf("an apply that fails leaves the state %v", result.value)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.failPUT != nil && !r.second {
		return errors.New("an apply that fails says nothing")
	}
	return w.checkApplied()
}

// checkRead compares what a read makes of a callback, and returns what is known
// after it.
func (w *world) checkRead(refreshed tfObject, there bool, now look) (knowledge, error) {
	k := w.known
	if there != refreshed.exists() {
		return k, fmt.Errorf("there is a callback: %t, and in the state: %t", there, refreshed.exists())
	}
	if !there {
		return knowledge{}, nil
	}
	had := w.stored.text("auth_key")
	urlChanged, keyChanged := k.changed(now, had)
	url, key, updated := k.sent.url, had, now.Time
	if before := w.stored.text("update_time"); before != "" && !k.imported && k.movement(now) != moved {
		updated = before
	}
	if urlChanged && now.URL != k.shown.URL {
		url = now.URL
	}
	switch ownKey := k.sent.version == 0 && k.showsKeys(); {
	case !keyChanged && now.Key == k.sent.key:
		key = k.sent.authKey()
	case keyChanged && k.showsKeys() && now.Key == "", keyChanged && ownKey && isKey(now.Key):
		key = now.Key
	}
	if k.imported {
		url, key = now.URL, ""
		if isKey(now.Key) {
			key = now.Key
		}
	}
	if _, err := time.Parse(time.RFC3339, updated); err != nil {
		updated = ""
	}
	got := look{refreshed.text("url"), refreshed.text("auth_key"), refreshed.text("update_time")}
	if want := (look{url, key, updated}); got != want {
		return k, fmt.Errorf("the state has %q, want %q; shown is %q, known is %+v", got, want, now, k)
	}

	k.fresh = false
	if !urlChanged && !keyChanged {
		if k.shown.Key != now.Key {
			k.distinct = isDistinct(now.Key, had)
		}
		now.Time = cmp.Or(now.Time, k.shown.Time)
		k.shown = now
	}
	return k, nil
}

// isDistinct tells whether another key would not be shown like this. Without
// the key at hand nobody knows.
func isDistinct(shown, key string) bool {
	return key != "" && len(shown) >= 12 && !isMask(shown) && !isPart(shown, key)
}

func (w *world) checkPlan(plan tfPlan, truth emulator.Callback, k knowledge, now look) error {
	if slices.Contains(plan.warnings, aboutCallback(types.StringValue(testApp), "is set by two resources")) {
		return errors.New("there are not two resources")
	}
	if !plan.prior.exists() {
		if plan.action != actCreate {
			return fmt.Errorf("the plan is %s, want %s", plan.action, actCreate)
		}
		return nil
	}
	// w.known is from before the read, and tells what the read had to find.
	had := w.stored.text("auth_key")
	if actions := w.known.actions(w.config, now, w.stored); !slices.Contains(actions, plan.action) {
		return fmt.Errorf("the plan is %s, want %s; configured is %+v, shown is %q, known was %+v",
			plan.action, strings.Join(actions, " or "), w.config, now, w.known)
	}

	// Whatever the rules, there is no doubt about what is shown as it is.
	if now.URL == truth.URL && now.Key == truth.AuthKey && !k.imported {
		has := arguments{url: plainURL(truth.URL), key: truth.AuthKey, version: w.config.version}
		want := arguments{url: plainURL(w.config.url), key: w.config.key, version: w.config.version}
		if want.version > 0 {
			want.key = k.sent.key // another one is sent with another version
		}
		written := w.known.movement(now)
		showedAll := w.known.showsKeys() && plainURL(w.known.shown.URL) == plainURL(w.known.sent.url)
		visible := !w.roundsTimes() && (written == moved || written == unknown && showedAll)
		kept := k.sent.key == "" && now.Key == w.known.shown.Key
		if plan.action == actNothing && has != want && visible && !kept {
			return fmt.Errorf("nothing is planned; configured is %+v, and there is %+v", want, has)
		}
		if plan.action != actNothing && has == want && w.config == k.sent {
			return fmt.Errorf("the plan is %s, and there is what was set", plan.action)
		}
	}

	warned := slices.Contains(plan.warnings, aboutCallback(types.StringValue(testApp), "was changed outside Terraform"))
	urlChanged, keyChanged := w.known.changed(now, had)
	if changed := urlChanged || keyChanged; !k.imported && (warned && !changed || !warned && changed && w.config == k.sent) {
		return fmt.Errorf("warned of a change outside: %t, want %t", warned, changed)
	}
	return nil
}

func (w *world) roundsTimes() bool {
	return w.options.TimeEcho == emulator.TimeSeconds || w.options.ReadTimeEcho == emulator.TimeSeconds
}

// checkApplied compares what the service has with the configuration, and sees
// that nothing is left to do.
func (w *world) checkApplied() error {
	truth, _ := w.Callback(testApp)
	if truth.URL != w.config.url {
		return fmt.Errorf("the service has the URL %s after an apply", truth.URL)
	}
	// It may insist on keeping a key.
	kept := w.config.key == "" && w.options.KeepKey && w.options.EmptyKey != emulator.EmptyClears
	if truth.AuthKey != w.config.key && !kept {
		return fmt.Errorf("the service has the key %q after an apply", truth.AuthKey)
	}
	w.set = truth
	written, now := w.written(), w.look()
	w.known = knowledge{sent: w.config, shown: written, fresh: true, distinct: isDistinct(written.Key, w.config.key)}

	core, err := newCore(w.t, w.cloud, w.salts)
	if err != nil {
		return err
	}
	refreshed, believed, err := w.read(core, w.stored)
	if err != nil {
		return err
	}
	plan, err := core.plan(refreshed, w.config.value())
	if err != nil {
		return err
	}
	// Reads that show another callback than the PUT, at another time or at
	// none, may well show a change.
	urlChanged, keyChanged := w.known.changed(now, w.config.authKey())
	if plan.action != actNothing && (believed || now == written || !urlChanged && !keyChanged) {
		return fmt.Errorf("the plan after an apply is %s: %q", plan.action, plan.warnings)
	}
	return nil
}

func (w *world) destroy() error {
	if !w.stored.exists() {
		return nil
	}
	core, err := newCore(w.t, w.cloud, w.salts)
	if err != nil {
		return err
	}
	w.ResetRequests()
	if err := core.destroy(w.stored); err != nil {
		return err
	}
	w.stored, w.known = tfObject{value: nothing()}, knowledge{}
	return w.called()
}

func (w *world) importAgain() error {
	_, there := w.Callback(testApp)
	now := w.look()
	core, err := newCore(w.t, w.cloud, w.salts)
	if err != nil {
		return err
	}
	imported, err := core.importState(testApp)
	if err != nil {
		return err
	}
	refreshed, _, err := w.read(core, imported)
	if err != nil {
		return err
	}
	w.known = knowledge{imported: true, adopted: now.Key != ""}
	w.known, err = w.checkRead(refreshed, there, now)
	w.stored = refreshed
	return err
}

// checkSecrets looks for keys where none may be: in the private state, and in
// the state of what was set with a write-only key.
func (w *world) checkSecrets() error {
	places := map[string][]byte{"private state": w.stored.private}
	if len(w.stored.private) > 0 {
		var decoded map[string][]byte
		if err := json.Unmarshal(w.stored.private, &decoded); err != nil {
			return err
		}
		for name, content := range decoded {
			places["private state, "+name] = content
		}
	}
	if w.stored.exists() && !w.known.imported && w.known.sent.version > 0 {
		places["state"] = []byte(w.stored.value.String())
	}
	secrets := slices.Clone(modelKeys)
	if shown := w.look().Key; len(shown) > len("******") {
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

// tfCore stands in for Terraform Core: it speaks the protocol to a provider in
// this process, and insists on what Terraform Core insists on.
type tfCore struct {
	server tfprotov6.ProviderServer
	t      testing.TB
}

// tfObject is what a state file has of the resource.
type tfObject struct {
	value   tftypes.Value // null for nothing
	private []byte
}

func (o tfObject) exists() bool { return !o.value.IsNull() }

// text returns an attribute that is a string, "" for null.
func (o tfObject) text(attribute string) string {
	var text *string
	if err := attributesOf(o.value)[attribute].As(&text); err != nil {
		panic(err)
	}
	if text == nil {
		return ""
	}
	return *text
}

// tfPlan is what a plan file has of the resource.
type tfPlan struct {
	action   string
	config   tftypes.Value
	prior    tfObject
	planned  tfObject
	warnings []string
}

const actNothing, actCreate, actUpdate = "no-op", "create", "update"

const callbackType = "sparkrtc_record_callback"

var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		panic(err)
	}
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return schemas
})

func callbackSchema() *tfprotov6.Schema { return schemas().ResourceSchemas[callbackType] }

func nothing() tftypes.Value { return tftypes.NewValue(callbackSchema().ValueType(), nil) }

// objectOf makes an object that is null where nothing is given.
func objectOf(schema *tfprotov6.Schema, given map[string]any) tftypes.Value {
	values := make(map[string]tftypes.Value)
	object := schema.ValueType()
	for name, kind := range object.(tftypes.Object).AttributeTypes {
		values[name] = tftypes.NewValue(kind, given[name])
	}
	return tftypes.NewValue(object, values)
}

// attributesOf returns none of a null object.
func attributesOf(object tftypes.Value) map[string]tftypes.Value {
	var values map[string]tftypes.Value
	if err := object.As(&values); err != nil {
		panic(err)
	}
	return values
}

func encoded(value tftypes.Value) *tfprotov6.DynamicValue {
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		panic(err)
	}
	return &dynamic
}

// decoded is of an answer, in which nothing write-only may be.
func decoded(dynamic *tfprotov6.DynamicValue) (tftypes.Value, error) {
	value, err := dynamic.Unmarshal(callbackSchema().ValueType())
	if err != nil || value.IsNull() {
		return nothing(), err
	}
	for _, a := range callbackSchema().Block.Attributes {
		if a.WriteOnly && !attributesOf(value)[a.Name].IsNull() {
			return value, fmt.Errorf("%s came back, which is write-only", a.Name)
		}
	}
	return value, nil
}

var callbackIdentity = sync.OnceValue(func() *tfprotov6.ResourceIdentitySchema {
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		panic(err)
	}
	schemas, err := server.GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		panic(err)
	}
	return schemas.IdentitySchemas[callbackType]
})

func identityOf(app string) *tfprotov6.ResourceIdentityData {
	kind := callbackIdentity().ValueType()
	return &tfprotov6.ResourceIdentityData{IdentityData: encoded(tftypes.NewValue(kind, map[string]tftypes.Value{"app_id": tftypes.NewValue(tftypes.String, app)}))}
}

// identified returns an error unless an identity is that of an object. None of
// what is asked about has one, as in a state from before there were identities.
func identified(identity *tfprotov6.ResourceIdentityData, object tftypes.Value) error {
	if identity == nil || identity.IdentityData == nil {
		return errors.New("there is no identity")
	}
	got, err := identity.IdentityData.Unmarshal(callbackIdentity().ValueType())
	if err != nil {
		return err
	}
	if want := attributesOf(object)["app_id"]; !attributesOf(got)["app_id"].Equal(want) {
		return fmt.Errorf("the identity is %v, want %v", got, want)
	}
	return nil
}

// diagnosed is an error that the provider reports.
type diagnosed string

func (d diagnosed) Error() string { return string(d) }

// split returns the summaries of the warnings, and all errors as one.
func split(diagnostics []*tfprotov6.Diagnostic) (warnings []string, err error) {
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			warnings = append(warnings, d.Summary)
		} else {
			err = errors.Join(err, diagnosed(d.Summary+": "+d.Detail))
		}
	}
	return warnings, err
}

// newCore starts a provider, as each process of Terraform does.
func newCore(tb testing.TB, c *cloud, salts io.Reader) (tfCore, error) {
	tb.Helper()
	return newCoreWith(tb, c, &sparkRTCProvider{random: salts}, nil)
}

// newCoreWith starts a provider with more arguments, or others.
func newCoreWith(tb testing.TB, c *cloud, p *sparkRTCProvider, arguments map[string]any) (tfCore, error) {
	tb.Helper()
	p.version, p.retryWait = "test", time.Microsecond
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		return tfCore{}, err
	}
	config := map[string]any{
		"endpoint":    c.endpoint,
		"access_key":  emulator.DefaultAccessKey,
		"secret_key":  emulator.DefaultSecretKey,
		"project_id":  emulator.DefaultProjectID,
		"max_retries": 0,
	}
	maps.Copy(config, arguments)
	resp, err := server.ConfigureProvider(tb.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: encoded(objectOf(schemas().Provider, config)),
	})
	if err != nil {
		return tfCore{}, err
	}
	_, err = split(resp.Diagnostics)
	return tfCore{server, tb}, err
}

func (c tfCore) validate(config tftypes.Value) error {
	resp, err := c.server.ValidateResourceConfig(c.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName:           callbackType,
		Config:             encoded(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		return err
	}
	_, err = split(resp.Diagnostics)
	return err
}

func (c tfCore) read(from tfObject) (tfObject, error) {
	resp, err := c.server.ReadResource(c.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName:     callbackType,
		CurrentState: encoded(from.value),
		Private:      from.private,
	})
	if err != nil {
		return from, err
	}
	if _, err := split(resp.Diagnostics); err != nil {
		return from, err
	}
	value, err := decoded(resp.NewState)
	switch {
	case err != nil:
		return from, err
	case value.IsNull():
		return tfObject{value: value}, nil
	case !value.IsFullyKnown():
		return from, fmt.Errorf("what is read is not known: %v", value)
	}
	if err := identified(resp.NewIdentity, value); err != nil {
		return from, err
	}
	return tfObject{value, resp.Private}, nil
}

func (c tfCore) plan(prior tfObject, config tftypes.Value) (tfPlan, error) {
	plan := tfPlan{config: config, prior: prior}
	attributes, was := callbackSchema().Block.Attributes, attributesOf(prior.value)
	proposed := maps.Clone(attributesOf(config)) // write-only ones among them
	for _, a := range attributes {
		if a.Computed && proposed[a.Name].IsNull() && prior.exists() {
			proposed[a.Name] = was[a.Name]
		}
	}
	resp, err := c.server.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName:         callbackType,
		PriorState:       encoded(prior.value),
		ProposedNewState: encoded(tftypes.NewValue(config.Type(), proposed)),
		Config:           encoded(config),
		PriorPrivate:     prior.private,
	})
	if err != nil {
		return plan, err
	}
	if plan.warnings, err = split(resp.Diagnostics); err != nil {
		return plan, err
	}
	value, err := decoded(resp.PlannedState)
	if err != nil {
		return plan, err
	}
	plan.planned = tfObject{value, resp.PlannedPrivate}
	if len(resp.RequiresReplace) > 0 {
		return plan, fmt.Errorf("a replacement is planned, because of %v", resp.RequiresReplace)
	}
	configured, planned := attributesOf(config), attributesOf(value)
	for _, a := range attributes {
		if decides := a.Computed && configured[a.Name].IsNull(); !decides && !a.WriteOnly && !planned[a.Name].Equal(configured[a.Name]) {
			return plan, fmt.Errorf("invalid plan: %s is %v, and %v is configured", a.Name, planned[a.Name], configured[a.Name])
		}
	}
	switch {
	case !prior.exists():
		plan.action = actCreate
	case value.Equal(prior.value):
		plan.action = actNothing
	default:
		plan.action = actUpdate
	}
	return plan, nil
}

// apply returns what is to be stored, after an error too.
func (c tfCore) apply(plan tfPlan) (tfObject, error) {
	resp, err := c.server.ApplyResourceChange(c.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName:       callbackType,
		PriorState:     encoded(plan.prior.value),
		PlannedState:   encoded(plan.planned.value),
		Config:         encoded(plan.config),
		PlannedPrivate: plan.planned.private,
	})
	if err != nil {
		return plan.prior, err
	}
	value, err := decoded(resp.NewState)
	if err != nil {
		return plan.prior, err
	}
	if _, err := split(resp.Diagnostics); err != nil {
		if value.IsNull() {
			return plan.prior, err
		}
		return tfObject{value, resp.Private}, err
	}
	if value.IsNull() != plan.planned.value.IsNull() {
		return plan.prior, fmt.Errorf("invalid result: %v, and %v was planned", value, plan.planned.value)
	}
	got := attributesOf(value)
	for name, planned := range attributesOf(plan.planned.value) {
		if !got[name].IsFullyKnown() || planned.IsFullyKnown() && !planned.Equal(got[name]) {
			return plan.prior, fmt.Errorf("inconsistent result: %s is %v, and %v was planned", name, got[name], planned)
		}
	}
	if !value.IsNull() {
		if err := identified(resp.NewIdentity, value); err != nil {
			return plan.prior, err
		}
	}
	return tfObject{value, resp.Private}, nil
}

func (c tfCore) destroy(prior tfObject) error {
	resp, err := c.server.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName:         callbackType,
		PriorState:       encoded(prior.value),
		ProposedNewState: encoded(nothing()),
		Config:           encoded(nothing()),
		PriorPrivate:     prior.private,
	})
	if err != nil {
		return err
	}
	if _, err := split(resp.Diagnostics); err != nil {
		return err
	}
	planned, err := decoded(resp.PlannedState)
	if err != nil {
		return err
	}
	_, err = c.apply(tfPlan{config: nothing(), prior: prior, planned: tfObject{planned, resp.PlannedPrivate}})
	return err
}

func (c tfCore) importState(id string) (tfObject, error) {
	resp, err := c.server.ImportResourceState(c.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: callbackType, ID: id})
	if err != nil {
		return tfObject{}, err
	}
	if _, err := split(resp.Diagnostics); err != nil {
		return tfObject{}, err
	}
	if len(resp.ImportedResources) != 1 {
		return tfObject{}, fmt.Errorf("%d resources are imported", len(resp.ImportedResources))
	}
	imported := resp.ImportedResources[0]
	value, err := decoded(imported.State)
	if err == nil {
		err = identified(imported.Identity, value)
	}
	return tfObject{value, imported.Private}, err
}
