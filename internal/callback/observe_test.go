// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	wholeURL = "https://receiver.example.com/events?tenant=a"
	otherURL = "https://other.example.com/events"
	origin   = "https://receiver.example.com"

	ownKey   = "0123456789abcdef-the-first-key-wxyz"
	otherKey = "another-key-altogether-0123456789"
	hashed   = "9f86d081884c7d65"
	masked   = "******"

	t0      = "2026-01-02T03:04:05.000Z"
	t0Whole = "2026-01-02T03:04:05Z"
	t1      = "2026-01-02T03:04:09.000Z"
	t1Whole = "2026-01-02T03:04:09Z"
)

var fingerprints Fingerprints

// service is how a service shows keys and URLs.
type service struct {
	key func(string) string
	url func(string) string
}

func asIs(s string) string { return s }

func always(shown string) func(string) string {
	return func(set string) string {
		if set == "" {
			return ""
		}
		return shown
	}
}

var (
	exact  = service{asIs, asIs}
	masks  = service{always(masked), asIs}
	hides  = service{always(""), asIs}
	cutOff = service{asIs, func(string) string { return origin }}
)

func (s service) show(url, key, at string) Shown {
	return Shown{URL: s.url(url), Key: s.key(key), Time: at}
}

// state is one that has the own key in clear text, as a write-only key, or not.
func state(kind string) Settings {
	s := Settings{URL: Of(wholeURL)}
	switch kind {
	case "key":
		s.Key = Of(ownKey)
	case "write-only":
		s.Version = Of("1")
	}
	return s
}

// remembered is the memory after a write at t0, and a read of it unless it is fresh.
func remembered(s service, kind, at string, fresh bool) *Memory {
	key, fingerprint := ownKey, (*Fingerprint)(nil)
	switch kind {
	case "none":
		key = ""
	case "write-only":
		fingerprint = fingerprints.Of(ownKey)()
	}
	m := Remember(nil, wholeURL, key, fingerprint, s.show(wholeURL, key, at))
	if !fresh {
		m = Observe(state(kind), &m, s.show(wholeURL, key, at)).Memory
	}
	return &m
}

func TestObserve_key(t *testing.T) {
	const kept, lost = true, false
	tests := []struct {
		name   string
		how    service
		before string // update_time after the write
		fresh  bool
		shown  string
		now    string
		want   bool
	}{
		{"row 1: shown as set", exact, t0, false, ownKey, t1, kept},
		{"row 1: shown as set, without a time", exact, "", false, ownKey, "", kept},
		{"row 1: by a service that masked it", masks, t0, false, ownKey, t1, kept},
		{"row 2: another whole key in the same second", exact, t0Whole, false, otherKey, t0Whole, lost},
		{"row 2: likewise, right after the write", exact, t0Whole, true, otherKey, t0Whole, lost},
		{"row 2: likewise, by a precise time", exact, t0, true, otherKey, t0, lost},
		{"row 3: a whole look of a service that masks", masks, t0, false, otherKey, t0, kept},
		{"row 3: same time", masks, t0, false, masked, t0, kept},
		{"row 3: same time, another form", exact, t0, false, hashed, t0, kept},
		{"row 3: same time, rounded", masks, t0, false, masked, t0Whole, kept},
		{"row 4: changed", exact, t0, false, otherKey, t1, lost},
		{"row 4: removed", exact, t0, false, "", t1, lost},
		{"row 4: written to, and masked", masks, t0, false, masked, t1, lost},
		{"row 4: written to, and hidden", hides, t0, false, "", t1, lost},
		{"row 4: right after the write", masks, t0, true, masked, t1, lost},
		{"row 5: no time, masked", masks, "", false, masked, "", kept},
		{"row 5: no time, hidden", hides, "", false, "", "", kept},
		{"row 5: the time is gone", masks, t0, false, masked, "", kept},
		{"row 5: the time is new", masks, "", false, masked, t1, kept},
		{"row 6: first read, masked", exact, t0, true, masked, "", kept},
		{"row 6: first read, shown by a service that masks", masks, t0, true, "", "", kept},
		{"row 6: first read, not shown by a service that shows keys", exact, t0, true, "", "", lost},
		{"row 6: first read, another whole key", exact, t0, true, otherKey, "", lost},
		{"row 7: no time, another look", masks, "", false, "****wxyz", "", lost},
		{"row 7: no time, another key", exact, "", false, otherKey, "", lost},
		{"row 7: no time, removed", exact, "", false, "", "", lost},
		{"row 7: no time, masked after it was shown", exact, "", false, masked, "", lost},
	}
	for _, tc := range tests {
		for _, kind := range []string{"key", "write-only"} {
			t.Run(tc.name+", "+kind, func(t *testing.T) {
				before := state(kind)
				got := Observe(before, remembered(tc.how, kind, tc.before, tc.fresh), Shown{URL: tc.how.url(wholeURL), Key: tc.shown, Time: tc.now})
				want := before
				if !tc.want {
					want.Key, want.Version = Null, Null
				}
				if got.State != want || slices.Contains(got.Changes, KeyChanged) == tc.want {
					t.Errorf("got %+v, want the state %+v", got, want)
				}
				// What a read found settles: the next one finds nothing.
				again := Observe(got.State, &got.Memory, Shown{URL: tc.how.url(wholeURL), Key: tc.shown, Time: tc.now})
				if again.State != got.State || len(again.Changes) > 0 || again.Memory.Fresh {
					t.Errorf("read again: %+v", again)
				}
			})
		}
	}
}

func TestObserve_url(t *testing.T) {
	cutURL := "https://other.example.com"
	tests := []struct {
		name   string
		how    service
		before string
		fresh  bool
		shown  string
		now    string
		want   string
	}{
		{"row 1: shown as set", exact, t0, false, wholeURL, t1, wholeURL},
		{"row 1: equivalent", exact, t0, false, "HTTPS://Receiver.Example.com:443/events?tenant=a", t1, wholeURL},
		{"row 2: another URL at the same time", exact, t0, false, otherURL, t0, otherURL},
		{"row 2: another URL in the same second, right after the write", exact, t0Whole, true, otherURL, t0Whole, otherURL},
		{"row 3: same time", cutOff, t0, false, origin, t0, wholeURL},
		{"row 3: same time, another look", exact, t0, false, origin, t0, wholeURL},
		{"row 4: changed", exact, t0, false, otherURL, t1, otherURL},
		{"row 4: changed, and cut off", cutOff, t0, false, cutURL, t1, cutURL},
		{"row 4: written to, and cut off", cutOff, t0, false, origin, t1, origin},
		{"row 5: no time, cut off", cutOff, "", false, origin, "", wholeURL},
		{"row 6: first read, cut off", exact, t0, true, origin, "", wholeURL},
		{"row 6: first read, another host", exact, t0, true, cutURL, "", cutURL},
		{"row 6: first read, a host that begins alike", exact, t0, true, "https://receiver.example.co", "", "https://receiver.example.co"},
		{"row 7: no time, another", exact, "", false, otherURL, "", otherURL},
		{"row 7: no time, cut off after it was whole", exact, "", false, origin, "", origin},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got := Observe(state("none"), remembered(tc.how, "none", tc.before, tc.fresh), Shown{URL: tc.shown, Time: tc.now})
			if got.State != (Settings{URL: Of(tc.want)}) {
				t.Errorf("got %+v", got.State)
			}
			changed := tc.want != wholeURL
			if slices.Contains(got.Changes, URLChanged) != changed || got.Memory.URLTaken != changed {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A key that is not configured is in no state, whatever is shown.
func TestObserve_import(t *testing.T) {
	for name, shown := range map[string]Shown{
		"whole":  {wholeURL, otherKey, t0},
		"masked": {origin, masked, t0},
		"none":   {wholeURL, "", ""},
	} {
		got := Observe(Settings{}, nil, shown)
		if got.State != (Settings{URL: Of(shown.URL)}) || len(got.Changes) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if m := got.Memory; !m.Imported || !m.URLTaken || m.ShowsKeys || m.ShowsURLs || m.Fresh || m.Form != formOf(shown.Key) {
			t.Errorf("%s: %+v", name, m)
		}
		// Whatever becomes of that key, the state does not have it.
		if next := Observe(got.State, &got.Memory, Shown{shown.URL, ownKey, t1}); next.State != got.State || len(next.Changes) > 0 || next.Memory.Form != FormWhole || next.Memory.ShowsURLs {
			t.Errorf("%s, then another key: %+v", name, next)
		}
	}
}

// Without a memory, only what is shown exactly is known to be there.
func TestObserve_lostMemory(t *testing.T) {
	for _, tc := range []struct {
		kind, shown string
		kept        bool
	}{{"key", ownKey, true}, {"key", masked, false}, {"key", otherKey, false}, {"write-only", ownKey, false}, {"none", masked, true}} {
		before := state(tc.kind)
		got := Observe(before, nil, Shown{wholeURL, tc.shown, t0})
		if (got.State == before) != tc.kept || len(got.Changes) > 0 || !got.Memory.Imported {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}

func TestCompareTime(t *testing.T) {
	second := 5 * time.Second
	at := func(d time.Duration) string {
		return time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC).Add(d).Format("2006-01-02T15:04:05.000Z")
	}
	for _, tc := range []struct {
		before, now string
		fresh       bool
		want        timing
	}{
		{t0, t0, false, timeSame},
		{t0, "2026-01-02T04:04:05.000+01:00", false, timeSame},
		{t0, t1, false, timeChanged},
		{"", t1, false, timeMissing},
		{t0, "", false, timeMissing},
		{"", "", true, timeMissing},
		{at(second + 999*time.Millisecond), t0Whole, false, timeSame}, // cut off
		{at(second - 500*time.Millisecond), t0Whole, false, timeSame}, // rounded
		{at(second + 1000*time.Millisecond), t0Whole, false, timeChanged},
		{at(second - 1000*time.Millisecond), t0Whole, false, timeChanged},
		{t0Whole, t1Whole, false, timeChanged},
		{t0Whole, "2026-01-02T03:04:06Z", false, timeChanged},
		{at(0), at(10 * time.Millisecond), true, timeSame},
		{at(0), at(11 * time.Millisecond), true, timeChanged},
		{at(0), at(1 * time.Millisecond), false, timeChanged},
		{"02.01.2026 03:04", "02.01.2026 03:05", false, timeChanged},
		{"02.01.2026 03:04", "02.01.2026 03:05", true, timeChanged},
		{t0, "02.01.2026 03:04", true, timeMissing},
		{t0, "02.01.2026 03:04", false, timeChanged},
	} {
		m := Memory{Time: tc.before, Fresh: tc.fresh}
		if got := m.compareTime(tc.now); got != tc.want {
			t.Errorf("%q, then %q (fresh %t): got %d, want %d", tc.before, tc.now, tc.fresh, got, tc.want)
		}
	}
}

func TestUnchanged(t *testing.T) {
	as := exact.show(wholeURL, ownKey, t0)
	for _, tc := range []struct {
		name   string
		change func(*Shown)
		want   bool
	}{
		{"nothing", func(*Shown) {}, true},
		{"another URL", func(s *Shown) { s.URL = otherURL }, false},
		{"an equivalent URL", func(s *Shown) { s.URL = strings.Replace(s.URL, "https", "HTTPS", 1) }, false},
		{"another time", func(s *Shown) { s.Time = t1 }, false},
		{"a rounded time", func(s *Shown) { s.Time = t0Whole }, false},
		{"no time", func(s *Shown) { s.Time = "" }, false},
		{"another key", func(s *Shown) { s.Key = otherKey }, false},
		{"a masked key", func(s *Shown) { s.Key = masked }, false},
		{"no key", func(s *Shown) { s.Key = "" }, false},
	} {
		shown := as
		tc.change(&shown)
		if got := remembered(exact, "key", t0, false).Unchanged(state("key"), shown); got != tc.want {
			t.Errorf("%s: got %t", tc.name, got)
		}
	}
	if remembered(exact, "none", t0, false).Unchanged(state("none"), as) {
		t.Error("a key where there was none")
	}
	none := remembered(exact, "key", "", false)
	if none.Unchanged(state("key"), exact.show(wholeURL, ownKey, "")) {
		t.Error("without a time, nothing is known")
	}
	for at, want := range map[string]bool{t0: true, t0Whole: false} {
		if got := remembered(exact, "key", at, true).Unchanged(state("key"), exact.show(wholeURL, ownKey, at)); got != want {
			t.Errorf("right after a write at %s: %t", at, got)
		}
	}
}

// What the provider learns of a service, which decides what may be sent back.
func TestMemory_learns(t *testing.T) {
	for _, tc := range []struct {
		name       string
		m          *Memory
		keys, urls bool
	}{
		{"exact", remembered(exact, "key", t0, false), true, true},
		{"exact, write-only", remembered(exact, "write-only", t0, false), true, true},
		{"exact, right after the write", remembered(exact, "key", t0, true), true, true},
		{"masks", remembered(masks, "key", t0, false), false, true},
		{"cuts off", remembered(cutOff, "key", t0, false), true, false},
		{"no key", remembered(exact, "none", t0, false), false, true},
	} {
		if tc.m.ShowsKeys != tc.keys || tc.m.ShowsURLs != tc.urls {
			t.Errorf("%s: %+v", tc.name, tc.m)
		}
	}
	bare := Remember(nil, origin, "", nil, Shown{URL: origin})
	if bare.ShowsURLs {
		t.Error("scheme and host alone prove nothing")
	}
	// Reads show less than the write did.
	m := remembered(exact, "write-only", t0, true)
	if got := Observe(state("write-only"), m, Shown{origin, hashed, t0}); got.Memory.ShowsKeys || got.Memory.ShowsURLs || got.State != state("write-only") {
		t.Errorf("got %+v", got)
	}
	// What was learned stays while the key is another one.
	m = remembered(exact, "key", t0, false)
	if got := Observe(state("key"), m, Shown{otherURL, otherKey, t1}); !got.Memory.ShowsKeys || !got.Memory.ShowsURLs || !got.Written {
		t.Errorf("got %+v", got)
	}
	keyless := Remember(m, wholeURL, "", nil, Shown{URL: wholeURL})
	if !keyless.ShowsKeys || keyless.Key != nil || keyless.Imported {
		t.Errorf("got %+v", keyless)
	}
}

// Private state is not encrypted: no key, and no more than a byte of a part of one.
func TestMemory_hasNoKey(t *testing.T) {
	for _, s := range []service{exact, masks, hides, {func(k string) string { return k[:16] }, asIs}, {func(k string) string { return "****" + k[len(k)-4:] }, asIs}} {
		for _, kind := range []string{"key", "write-only"} {
			for _, at := range []string{t0, ""} {
				m := remembered(s, kind, at, false)
				content, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(content), ownKey[:8]) || strings.Contains(string(content), "wxyz") || len(m.Checksum) > 1 {
					t.Errorf("%s", content)
				}
				if (m.Key != nil) != (kind == "write-only") || (m.Checksum != nil) != (at == "" && m.Form == FormPart) {
					t.Errorf("%s, %q: %s", kind, at, content)
				}
				var back Memory
				if err := json.Unmarshal(content, &back); err != nil || !back.Valid() {
					t.Errorf("%v: %+v", err, back)
				}
			}
		}
	}
	for name, m := range map[string]Memory{
		"empty":        {},
		"no form":      {URL: wholeURL},
		"a short salt": {URL: wholeURL, Form: FormNone, Key: &Fingerprint{Salt: []byte("x"), Sum: make([]byte, sumLength)}},
		"a short sum":  {URL: wholeURL, Form: FormNone, Key: &Fingerprint{Salt: make([]byte, saltLength), Sum: []byte("x")}},
	} {
		if m.Valid() {
			t.Errorf("%s is valid", name)
		}
	}
}

func TestFingerprints(t *testing.T) {
	var all Fingerprints
	first, second, other := all.Of(ownKey)(), all.Of(ownKey)(), all.Of(otherKey)()
	if first != second || first == other || string(first.Salt) == string(other.Salt) {
		t.Error("a key has one fingerprint, with a salt of its own")
	}
	if !first.Matches(ownKey) || first.Matches(otherKey) || first.Matches("") || (*Fingerprint)(nil).Matches(ownKey) {
		t.Error("a fingerprint matches its key")
	}
}

func TestForm(t *testing.T) {
	for shown, want := range map[string]Form{
		"": FormNone, ownKey: FormWhole, masked: FormPart, hashed: FormPart, ownKey[:16]: FormPart,
		"0123456789abcdef0123456789abcde":     FormPart,  // 31
		"0123456789abcdef0123456789abcdef":    FormWhole, // 32
		strings.Repeat("*", 40):               FormPart,
		strings.Repeat("x", 40):               FormPart,
		"0123456789abcdef…0123456789abcdef":   FormPart,
		"0123456789abcdef...0123456789abcdef": FormPart,
		"0123456789abcdef••0123456789abcdef":  FormPart,
		"schlüssel-schlüssel-schlüssel-12":    FormWhole,
	} {
		if got := formOf(shown); got != want {
			t.Errorf("%q: got %s, want %s", shown, got, want)
		}
	}
}

func TestEquivalent(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{wholeURL, wholeURL, true},
		{"https://host", "https://host/", true},
		{"HTTPS://Host:443/p", "https://host/p", true},
		{"http://host:80", "http://host", true},
		{"http://host:443", "http://host", false},
		{"https://host/P", "https://host/p", false},
		{"https://host/p", "https://host/p/", false},
		{"https://host?x", "https://host/?x", true},
		{"https://host", "http://host", false},
		{"no url", "no url", true},
		{"no url", "other", false},
	} {
		if Equivalent(tc.a, tc.b) != tc.want {
			t.Errorf("%q and %q", tc.a, tc.b)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	m := remembered(exact, "key", t0, false)
	for b.Loop() {
		Observe(state("key"), m, exact.show(wholeURL, ownKey, t0))
	}
}
