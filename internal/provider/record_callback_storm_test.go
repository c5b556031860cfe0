// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
)

// Fault storms: several callbacks at a time, with errors, rate limits, tokens that
// expire, clocks that jump and changes outside Terraform, all at once. Random histories
// check single calls; this checks what must hold whatever happens: a run without an
// error is right, one with an error loses nothing, no access key is locked, no secret is
// stored, and without faults one apply settles all. As for histories, a number is a seed.

const storms = 10

// They run in parts, so that what is left after each can be compared.
func TestFaultStorms(t *testing.T) {
	acctest.Long(t)
	const parts = 5
	from, count := acctest.Seeds(storms)
	var met stormCounts
	run := func(part uint64) {
		first, last := from+part*count/parts, from+(part+1)*count/parts
		t.Run(fmt.Sprintf("part %d", part+1), func(t *testing.T) {
			for seed := first; seed < last; seed++ {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					t.Parallel()
					s := newStorm(t, seed)
					s.met = &met
					if err := s.run(); err != nil {
						t.Errorf("%v\nTo run it again: SOAK_SEED=%d SOAK_HISTORIES=1\n%s", err, seed, strings.Join(s.steps, "\n"))
					}
				})
			}
		})
	}
	goroutines := runtime.NumGoroutine()
	var early uint64
	for part := range uint64(parts) {
		run(part)
		if part == 0 {
			early = acctest.HeapInUse()
		}
	}
	late := acctest.HeapInUse()
	t.Logf("%d from %d: %s; heap %d KiB after a fifth, %d KiB at the end", count, from, &met, early>>10, late>>10)
	if count >= storms && late > early+early/2+4<<20 {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	if count >= storms && from == 0 {
		met.check(t)
	}
	acctest.ExpectGoroutines(t, goroutines+5)
}

// stormCounts counts what storms met: without faults nothing is proved.
type stormCounts struct {
	requests, failed, refused, throttled, errors, applied, unchanged, expired, jumped atomic.Int64
}

func (r *stormCounts) String() string {
	return fmt.Sprintf("%d requests, %d failed, %d refused, %d throttled; %d expiries, %d clock jumps; %d errors, %d applied, %d unchanged",
		r.requests.Load(), r.failed.Load(), r.refused.Load(), r.throttled.Load(), r.expired.Load(), r.jumped.Load(), r.errors.Load(), r.applied.Load(), r.unchanged.Load())
}

func (r *stormCounts) check(t *testing.T) {
	t.Helper()
	for _, n := range []*atomic.Int64{&r.failed, &r.refused, &r.throttled, &r.errors, &r.applied, &r.unchanged, &r.expired, &r.jumped} {
		if n.Load() == 0 {
			t.Errorf("too few faults: %s", r)
		}
	}
}

// storm is a number of callbacks, and the faults that they meet.
type storm struct {
	*acctest.Emulator
	t     *testing.T
	r     *rand.Rand
	met   *stormCounts
	steps []string

	shared   bool
	password bool // credentials that have to be fetched
	skewed   bool // the clocks differ

	version int64                // of the last write-only key
	config  map[string]arguments // by app
	stored  map[string]acctest.Object

	offset atomic.Int64 // of the service's clock
	quota  acctest.Quota

	mu      sync.Mutex
	inARow  int    // failed authentications of the access key
	most    int    // of inARow
	onCall  int    // counts requests of a run
	at      int    // at which one something happens
	happens func() // or nil
}

func newStorm(t *testing.T, seed uint64) *storm {
	t.Helper()
	s := &storm{
		t:      t,
		r:      rand.New(rand.NewPCG(seed, 2)),
		config: map[string]arguments{},
		stored: map[string]acctest.Object{},
	}
	s.shared, s.password = s.r.IntN(3) > 0, s.r.IntN(2) == 0
	// A response that is lost may hide that the clock was refused, and each such
	// refusal counts towards the lock of an access key: with one, it is either
	// clocks or faults.
	s.skewed = s.password || s.r.IntN(2) == 0
	// Clocks only go forward, so that no two changes are so close that they
	// could be one to the provider, from hours before this machine's to hours
	// ahead of it.
	if s.skewed {
		s.offset.Store(int64(-12 * time.Hour))
	}
	tick := acctest.TickingClock()
	options := emulator.Options{
		Clock:   func() time.Time { return tick().Add(time.Duration(s.offset.Load())) },
		Observe: s.observe,
		Unset:   acctest.Pick(s.r, emulator.Unsets),
	}
	s.Emulator = acctest.StartWrappedEmulator(t, s.quota.Wrap, options)
	for i := range 2 + s.r.IntN(11) {
		app := appOf(i)
		s.AddApp(app)
		s.stored[app] = acctest.Object{}
		s.config[app] = arguments{url: acctest.Pick(s.r, modelURLs), key: acctest.Pick(s.r, modelKeys)}
	}
	s.logf("%d apps, shared reads: %t, password: %t, clocks that differ: %t", len(s.config), s.shared, s.password, s.skewed)
	return s
}

func (s *storm) logf(format string, values ...any) {
	s.steps = append(s.steps, fmt.Sprintf(format, values...))
}

func (s *storm) apps() []string { return slices.Sorted(maps.Keys(s.config)) }

// observe sees each request when it is answered.
func (s *storm) observe(request emulator.Request) {
	s.met.requests.Add(1)
	s.mu.Lock()
	switch signed := request.Header.Get("Authorization") != ""; {
	case request.Status == http.StatusUnauthorized:
		s.met.refused.Add(1)
		if signed {
			s.inARow++
			s.most = max(s.most, s.inARow)
		}
	case request.Status == http.StatusTooManyRequests:
		s.met.throttled.Add(1)
	case request.Status == 0 || request.Status >= 500:
		s.met.failed.Add(1)
	case signed && request.Authenticated:
		s.inARow = 0
	}
	var now func()
	if s.onCall++; s.onCall == s.at {
		now = s.happens
	}
	s.mu.Unlock()
	if now != nil {
		now()
	}
}

func (s *storm) run() error {
	defer func() { s.met.throttled.Add(s.quota.Refused.Load()) }()
	for range 4 + s.r.IntN(4) {
		s.edit()
		bad := s.r.IntN(4) > 0
		if bad {
			s.makeFaults()
		}
		if err := s.apply(bad); err != nil {
			return err
		}
		s.clearFaults()
	}
	if !s.password {
		if err := s.wrongKey(); err != nil {
			return err
		}
	}
	s.logf("no faults")
	if err := s.apply(false); err != nil {
		return err
	}
	if err := s.apply(false); err != nil {
		return err
	}
	if s.most > 5 {
		return fmt.Errorf("%d authentications in a row were refused, and six lock an access key", s.most)
	}
	return nil
}

// edit changes the configuration, and the service outside Terraform.
func (s *storm) edit() {
	for _, app := range s.apps() {
		config := s.config[app]
		switch s.r.IntN(8) {
		case 0:
			config.url = acctest.Pick(s.r, modelURLs)
		case 1:
			config.key, config.version = acctest.Pick(s.r, modelKeys), 0
		case 2:
			config.key, config.version = "", 0
		case 3:
			s.version++ // never one that was used before
			config.key, config.version = acctest.Pick(s.r, modelKeys), s.version
		}
		if config != s.config[app] {
			s.logf("%s: configure %+v", app, config)
		}
		s.config[app] = config
		truth, there := s.Callback(app)
		switch s.r.IntN(12) {
		case 0:
			truth.URL, truth.AuthKey = acctest.Pick(s.r, modelURLs), acctest.Pick(s.r, append(modelKeys, ""))
			s.logf("%s: outside, %s with %q", app, truth.URL, truth.AuthKey)
			s.SetCallback(app, truth.URL, truth.AuthKey)
		case 1:
			s.logf("%s: outside, cleared", app)
			s.ClearCallback(app)
		case 2:
			if there {
				s.logf("%s: outside, touched", app)
				s.Touch(app)
			}
		}
	}
}

// makeFaults is what the next run meets.
func (s *storm) makeFaults() {
	faults := s.r.IntN(5)
	if s.skewed && !s.password {
		faults = 0
	}
	for range faults {
		fault := acctest.Pick(s.r, []emulator.Fault{
			{Status: 500, Code: "RTC.00002001"},
			{Status: 503},
			{Status: 503, After: true},
			{Status: 429, Code: "APIGW.0308", Message: "policy user over ratelimit,limit:1000,time:1 second"},
			{Drop: true},
			{Drop: true, After: true},
			{Cut: true},
			{RawBody: "<html><title>Portal</title></html>", ContentType: "text/html"},
			{Status: 403, Code: "APIGW.0306"},
			{Status: 404, Code: "APIGW.0101"},
			{Delay: 20 * time.Millisecond},
			{EchoRequest: true, Path: "/v2/"},
		})
		if fault.Times = 1 + s.r.IntN(8); fault.EchoRequest {
			// More at a time could meet it together, before one knows.
			fault.Times = 1
		}
		fault.Method = acctest.Pick(s.r, []string{"", "", http.MethodGet, http.MethodPut})
		if s.r.IntN(3) == 0 {
			fault.AppID = acctest.Pick(s.r, s.apps())
		}
		s.logf("%d times %s %s %s %d, dropped %t, cut %t, with effect %t, %.10q", fault.Times, fault.Method, fault.AppID, fault.Path, fault.Status, fault.Drop, fault.Cut, fault.After, fault.RawBody)
		s.Fail(fault)
	}
	if s.r.IntN(8) == 0 {
		limit := 5 + s.r.IntN(10)
		s.quota.SetLimit(limit)
		s.logf("%d calls a second", limit)
	}
	jump := time.Duration(s.r.IntN(180)) * time.Minute
	if !s.skewed {
		jump = 0
	}
	happens := acctest.Pick(s.r, []struct {
		what string
		do   func()
	}{
		{"nothing", nil},
		{"all tokens expire", func() { s.met.expired.Add(1); s.Expire() }},
		{fmt.Sprintf("the service's clock jumps by %v", jump), func() { s.met.jumped.Add(1); s.offset.Add(int64(jump)) }},
	})
	s.mu.Lock()
	s.onCall, s.at, s.happens = 0, 1+s.r.IntN(3*len(s.config)), happens.do
	s.logf("with request %d, %s", s.at, happens.what)
	s.mu.Unlock()
}

func (s *storm) clearFaults() {
	s.ClearFaults()
	s.quota.SetLimit(0)
	s.mu.Lock()
	s.happens = nil
	s.mu.Unlock()
}

// wrongKey is a run with a wrong secret key: it must not go on trying.
func (s *storm) wrongKey() error {
	s.logf("a wrong secret key")
	refused := func() int {
		return len(s.Requests(func(r emulator.Request) bool { return r.Status == http.StatusUnauthorized }))
	}
	had := refused()
	core, err := newCallbacksWith(s.t, s.Emulator, &sparkRTCProvider{}, map[string]any{"max_retries": 5, "shared_reads": s.shared, "secret_key": "wrong"})
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	for app, stored := range s.stored {
		group.Go(func() {
			var err error
			if stored.Exists() {
				_, err = core.Read(stored)
			} else {
				_, err = core.Plan(stored, s.config[app].on(app))
			}
			if !acctest.Reported(err) {
				s.t.Errorf("%s: with a wrong key: %v", app, err)
			}
		})
	}
	group.Wait()
	if now := refused() - had; now > 2 { // one for the clock
		return fmt.Errorf("%d requests with a wrong key", now)
	}
	return nil
}

func (s *storm) core() (acctest.Resource, error) {
	given := map[string]any{"max_retries": 5, "shared_reads": s.shared}
	if s.password {
		maps.Copy(given, map[string]any{
			"access_key": nil, "secret_key": nil, "auth_url": s.Endpoint,
			"user_name": emulator.DefaultUserName, "domain_name": emulator.DefaultDomainName, "password": emulator.DefaultPassword,
		})
	}
	return newCallbacksWith(s.t, s.Emulator, &sparkRTCProvider{}, given)
}

// apply is a run of all resources, side by side.
func (s *storm) apply(mayFail bool) error {
	s.logf("apply, which may fail: %t", mayFail)
	core, err := s.core()
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var all error
	stored := maps.Clone(s.stored)
	for _, app := range s.apps() {
		group.Go(func() {
			result, err := s.applyOne(core, app, mayFail)
			mu.Lock()
			defer mu.Unlock()
			stored[app] = result
			if err != nil {
				all = errors.Join(all, fmt.Errorf("%s: %w", app, err))
			}
		})
	}
	group.Wait()
	s.stored = stored
	return errors.Join(all, s.checkSecrets())
}

func (s *storm) applyOne(core acctest.Resource, app string, mayFail bool) (acctest.Object, error) {
	config, prior := s.config[app], s.stored[app]
	// failed is what an error is to be: one that the user sees.
	failed := func(err error) error {
		if mayFail && acctest.Reported(err) {
			s.met.errors.Add(1)
			return nil
		}
		return err
	}
	refreshed := prior
	if prior.Exists() {
		var err error
		if refreshed, err = core.Read(prior); err != nil {
			return prior, failed(err)
		}
	}
	plan, err := core.Plan(refreshed, config.on(app))
	if err != nil {
		return refreshed, failed(err)
	}
	if plan.Action == acctest.ActionNone {
		s.met.unchanged.Add(1)
		said := slices.Contains(plan.Diagnostics.Warnings(), callbackWords[callback.KeyNotConfigured].summary)
		return refreshed, s.checkTruth(app, "nothing is planned", said)
	}
	result, err := core.Apply(plan)
	if err != nil {
		if !result.Value.Equal(refreshed.Value) {
			return result, fmt.Errorf("an apply that fails changes the state: %w", err)
		}
		return result, failed(err)
	}
	s.met.applied.Add(1)
	return result, s.checkTruth(app, "it was applied", false)
}

// checkTruth compares what the service has with what is configured. The service
// shows all as it is, so that nothing may escape. A key that is not configured is
// left alone, which is said.
func (s *storm) checkTruth(app, when string, saidKeyNotConfigured bool) error {
	config := s.config[app]
	truth, there := s.Callback(app)
	if saidKeyNotConfigured && config.key == "" && truth.AuthKey != "" {
		truth.AuthKey = ""
	}
	if !there || plainURL(truth.URL) != plainURL(config.url) || truth.AuthKey != config.key {
		return fmt.Errorf("%s, and the service has %q with key %q (%t); configured is %+v", when, truth.URL, truth.AuthKey, there, config)
	}
	return nil
}

func (s *storm) checkSecrets() error {
	secrets := append(s.Secrets(), emulator.DefaultSecretKey, emulator.DefaultPassword)
	for app, stored := range s.stored {
		state := []byte(stored.Value.String())
		for _, secret := range secrets {
			if bytes.Contains(stored.Private, []byte(secret)) || bytes.Contains(state, []byte(secret)) {
				return fmt.Errorf("%s: %q is stored", app, secret)
			}
		}
		for _, key := range modelKeys {
			if bytes.Contains(stored.Private, []byte(key)) {
				return fmt.Errorf("%s: the key %q is in the private state", app, key)
			}
		}
	}
	return nil
}
