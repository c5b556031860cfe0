// SPDX-License-Identifier: MPL-2.0

package drift

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

const (
	key      = "0123456789abcdef-recordings-key-01"
	otherKey = "fedcba9876543210-recordings-key-02"
	t0       = "2026-01-01T00:00:00.000Z"
	t1       = "2026-01-01T00:02:00.000Z"
	soon     = "2026-01-01T00:00:00.003Z"
	mine     = "https://recordings.example.com/sparkrtc?a=1"
	others   = "https://elsewhere.example.com/"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// fixed is a salt with which no two of the parts below have the same byte.
func fixed() io.Reader { return strings.NewReader("sixteen bytes ok") }

func TestCompare(t *testing.T) {
	sent := Sent{URL: mine, Key: key}
	keyless := Sent{URL: mine}
	tests := map[string]struct {
		sent     Sent
		then     Echo
		now      Echo
		url, key Verdict
		reshown  bool
	}{
		"exact, nothing changed":         {sent, Echo{mine, key, t0}, Echo{mine, key, t0}, Same, Same, false},
		"exact, written again":           {sent, Echo{mine, key, t0}, Echo{mine, key, t1}, Same, Same, false},
		"exact, another key":             {sent, Echo{mine, key, t0}, Echo{mine, otherKey, t1}, Same, Changed, false},
		"exact, another URL":             {sent, Echo{mine, key, t0}, Echo{others, key, t1}, Changed, Same, false},
		"exact, both":                    {sent, Echo{mine, key, t0}, Echo{others, otherKey, t1}, Changed, Changed, false},
		"exact, key removed":             {sent, Echo{mine, key, t0}, Echo{mine, "", t1}, Same, Changed, false},
		"exact, masked from now on":      {sent, Echo{mine, key, t0}, Echo{mine, "******", t0}, Same, Same, true},
		"exact, then masked and written": {sent, Echo{mine, key, t0}, Echo{mine, "******", t1}, Same, Changed, false},

		"mask, nothing changed":       {sent, Echo{mine, "******", t0}, Echo{mine, "******", t0}, Same, Same, false},
		"mask, written":               {sent, Echo{mine, "******", t0}, Echo{mine, "******", t1}, Same, PerhapsChanged, false},
		"mask, the key itself now":    {sent, Echo{mine, "******", t0}, Echo{mine, key, t1}, Same, Same, true},
		"mask, another mask":          {sent, Echo{mine, "******", t0}, Echo{mine, "(hidden)", t0}, Same, Same, true},
		"mask, gone":                  {sent, Echo{mine, "******", t0}, Echo{mine, "", t1}, Same, Changed, false},
		"word for a mask, written":    {sent, Echo{mine, "REDACTED_VALUE", t0}, Echo{mine, "REDACTED_VALUE", t1}, Same, PerhapsChanged, false},
		"not shown, nothing changed":  {sent, Echo{mine, "", t0}, Echo{mine, "", t0}, Same, Same, false},
		"not shown, written":          {sent, Echo{mine, "", t0}, Echo{mine, "", t1}, Same, PerhapsChanged, false},
		"truncated, nothing changed":  {sent, Echo{mine, key[:16], t0}, Echo{mine, key[:16], t0}, Same, Same, false},
		"truncated, written":          {sent, Echo{mine, key[:16], t0}, Echo{mine, key[:16], t1}, Same, PerhapsChanged, false},
		"truncated, another key":      {sent, Echo{mine, key[:16], t0}, Echo{mine, otherKey[:16], t1}, Same, Changed, false},
		"dashes for a mask, written":  {sent, Echo{mine, "01----------01", t0}, Echo{mine, "01----------01", t1}, Same, PerhapsChanged, false},
		"ends of the key, written":    {sent, Echo{mine, "01masked23key01", t0}, Echo{mine, "01masked23key01", t1}, Same, PerhapsChanged, false},
		"middle of the key, written":  {sent, Echo{mine, key[2:20], t0}, Echo{mine, key[2:20], t1}, Same, PerhapsChanged, false},
		"last four, written":          {sent, Echo{mine, "****y-01", t0}, Echo{mine, "****y-01", t1}, Same, PerhapsChanged, false},
		"last four, another key":      {sent, Echo{mine, "****y-01", t0}, Echo{mine, "****y-02", t1}, Same, Changed, false},
		"hashed, nothing changed":     {sent, Echo{mine, hash(key), t0}, Echo{mine, hash(key), t0}, Same, Same, false},
		"hashed, written again":       {sent, Echo{mine, hash(key), t0}, Echo{mine, hash(key), t1}, Same, Same, false},
		"hashed, another key":         {sent, Echo{mine, hash(key), t0}, Echo{mine, hash(otherKey), t1}, Same, Changed, false},
		"hashed otherwise, not moved": {sent, Echo{mine, hash(key), t0}, Echo{mine, hash(otherKey), t0}, Same, Same, true},

		"no key, none":                  {keyless, Echo{mine, "", t0}, Echo{mine, "", t1}, Same, Same, false},
		"no key, one appears":           {keyless, Echo{mine, "", t0}, Echo{mine, otherKey, t1}, Same, Changed, false},
		"no key, a mask appears":        {keyless, Echo{mine, "", t0}, Echo{mine, "******", t1}, Same, Changed, false},
		"no key, an earlier one kept":   {keyless, Echo{mine, "******", t0}, Echo{mine, "******", t1}, Same, Same, false},
		"no key, the kept one went":     {keyless, Echo{mine, "******", t0}, Echo{mine, "", t1}, Same, Same, true},
		"no key, the kept one replaced": {keyless, Echo{mine, hash(key), t0}, Echo{mine, hash(otherKey), t1}, Same, Changed, false},

		"origin, nothing changed":     {sent, Echo{"https://recordings.example.com", key, t0}, Echo{"https://recordings.example.com", key, t0}, Same, Same, false},
		"origin, written":             {sent, Echo{"https://recordings.example.com", key, t0}, Echo{"https://recordings.example.com", key, t1}, PerhapsChanged, Same, false},
		"origin, another":             {sent, Echo{"https://recordings.example.com", key, t0}, Echo{"https://elsewhere.example.com", key, t1}, Changed, Same, false},
		"origin, as it is now":        {sent, Echo{"https://recordings.example.com", key, t0}, Echo{mine, key, t1}, Same, Same, true},
		"exact, origin from now on":   {sent, Echo{mine, key, t0}, Echo{"https://recordings.example.com", key, t0}, Same, Same, true},
		"lower case, written":         {Sent{URL: "HTTPS://Recordings.Example.com:443"}, Echo{"https://recordings.example.com/", "", t0}, Echo{"https://recordings.example.com/", "", t1}, Same, Same, false},
		"the path's case is not free": {sent, Echo{mine, key, t0}, Echo{strings.Replace(mine, "sparkrtc", "SparkRTC", 1), key, t1}, Changed, Same, false},

		// The first read after a write, which may differ from the write's answer
		// in what somebody else's write would change by more.
		"first read, time a little later":              {sent, Echo{mine, "******", t0}, Echo{mine, "******", soon}, Same, Same, false},
		"first read, time rounded":                     {sent, Echo{mine, "******", "2026-01-01T00:00:00.700Z"}, Echo{mine, "******", "2026-01-01T00:00:01Z"}, Same, Same, false},
		"first read, time rounded down":                {sent, Echo{mine, "******", "2026-01-01T00:00:00.700Z"}, Echo{mine, "******", "2026-01-01T00:00:00Z"}, Same, Same, false},
		"first read, written a second later":           {sent, Echo{mine, "******", t0}, Echo{mine, "******", "2026-01-01T00:00:01.000Z"}, Same, PerhapsChanged, false},
		"first read, masked and later":                 {sent, Echo{mine, key, t0}, Echo{mine, "******", soon}, Same, Same, true},
		"first read, masked and no time":               {sent, Echo{mine, key, ""}, Echo{mine, "******", ""}, Same, Same, true},
		"first read, time is gone":                     {sent, Echo{mine, "******", t0}, Echo{mine, "******", ""}, Same, Same, false},
		"first read, origin and no time":               {sent, Echo{mine, key, ""}, Echo{"https://recordings.example.com", key, ""}, Same, Same, true},
		"first read, another key":                      {sent, Echo{mine, key, t0}, Echo{mine, otherKey, soon}, Same, Changed, false},
		"first read, hashed by reads":                  {sent, Echo{mine, key, t0}, Echo{mine, hash(key), soon}, Same, Same, true},
		"first read, truncated by reads":               {sent, Echo{mine, hash(key), t0}, Echo{mine, key[:16], soon}, Same, Same, true},
		"first read, not shown by reads":               {sent, Echo{mine, key, t0}, Echo{mine, "", soon}, Same, Same, true},
		"first read, hashed and no time":               {sent, Echo{mine, key, ""}, Echo{mine, hash(key), ""}, Same, Changed, false},
		"first read, hashed and written":               {sent, Echo{mine, key, t0}, Echo{mine, hash(key), t1}, Same, Changed, false},
		"first read, another URL":                      {sent, Echo{mine, key, t0}, Echo{others, key, soon}, Changed, Same, false},
		"first read, key removed":                      {sent, Echo{mine, key, t0}, Echo{mine, "", "2026-01-01T00:00:00.011Z"}, Same, Changed, false},
		"first read, no key, masked by reads":          {keyless, Echo{mine, "", t0}, Echo{mine, "******", soon}, Same, Same, true},
		"first read, no key, a mask appears":           {keyless, Echo{mine, "", t0}, Echo{mine, "******", t1}, Same, Changed, false},
		"first read, a host that only begins alike":    {sent, Echo{mine, key, ""}, Echo{"https://recordings.example.co", key, ""}, Changed, Same, false},
		"first read, an origin that is not of the URL": {sent, Echo{mine, key, ""}, Echo{"https://recordings.example.org", key, ""}, Changed, Same, false},

		"time at another precision":       {sent, Echo{mine, key, "2026-01-01T00:00:00.750Z"}, Echo{mine, "******", "2026-01-01T00:00:00Z"}, Same, Same, true},
		"time in another form":            {sent, Echo{mine, key, t0}, Echo{mine, "******", "2026-01-01T08:00:00.000+08:00"}, Same, Same, true},
		"time comes with the first read":  {sent, Echo{mine, key, ""}, Echo{mine, "******", t0}, Same, Same, true},
		"time comes, and another URL":     {sent, Echo{mine, key, ""}, Echo{others, key, t0}, Changed, Same, false},
		"time comes, and another key":     {sent, Echo{mine, key, ""}, Echo{mine, otherKey, t0}, Same, Changed, false},
		"first read, another path":        {sent, Echo{mine, key, t0}, Echo{"https://recordings.example.com/%73parkrtc?a=1", key, soon}, Same, Same, true},
		"no time at all, nothing changed": {sent, Echo{mine, "******", ""}, Echo{mine, "******", ""}, Same, Same, false},
		"no time at all, another key":     {sent, Echo{mine, key, ""}, Echo{mine, otherKey, ""}, Same, Changed, false},
		"no time at all, another part":    {sent, Echo{mine, key[:16], ""}, Echo{mine, otherKey[:16], ""}, Same, Changed, false},
		"no time at all, key removed":     {sent, Echo{mine, key, ""}, Echo{mine, "", ""}, Same, Changed, false},
		"no time at all, another URL":     {sent, Echo{mine, key, ""}, Echo{others, key, ""}, Changed, Same, false},
		"no time at all, a mask appears":  {keyless, Echo{mine, "", ""}, Echo{mine, "******", ""}, Same, Changed, false},
		"time is no time, another key":    {sent, Echo{mine, key, "yesterday"}, Echo{mine, otherKey, "today"}, Same, Changed, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			memory := stored(t, Remember(fixed(), nil, tc.sent, tc.then))
			for _, atHand := range []string{tc.sent.Key, ""} {
				f := memory.Compare(tc.now, atHand)
				if f.URL != tc.url || f.Key != tc.key || f.Reshown != tc.reshown {
					t.Errorf("key at hand: %t: URL %s, key %s, reshown %t; want %s, %s, %t", atHand != "", f.URL, f.Key, f.Reshown, tc.url, tc.key, tc.reshown)
				}
				if tc.url == Same && tc.key == Same {
					if again := stored(t, f.Memory).Compare(tc.now, atHand); again.URL != Same || again.Key != Same || again.Reshown {
						t.Errorf("the same once more became %s, %s, reshown %t", again.URL, again.Key, again.Reshown)
					}
				} else if again := f.Memory.Compare(tc.then, atHand); again.URL != Same || again.Key != Same {
					t.Errorf("what was there before became %s, %s", again.URL, again.Key)
				}
			}
		})
	}
}

// stored is a memory as it comes back from where it is kept.
func stored(t *testing.T, m Memory) Memory {
	t.Helper()
	content, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Memory
	if err := json.Unmarshal(content, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestMemoryHoldsNoKey(t *testing.T) {
	for name, shown := range map[string]string{"exact": key, "truncated": key[:16], "last four": "****y-01", "hashed": hash(key), "": ""} {
		m := Remember(nil, nil, Sent{URL: mine, Key: key}, Echo{mine, shown, t0})
		content, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for _, secret := range []string{key, key[:8], "y-01", hash(key), hex.EncodeToString([]byte(key))[:16]} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q is in %s", name, secret, text)
			}
		}
		if other := Remember(nil, nil, Sent{URL: mine, Key: key}, Echo{mine, shown, t0}); string(other.Key) == string(m.Key) {
			t.Errorf("%s: two memories of one key have one fingerprint", name)
		}
	}
}

// What a service may show of a key. Each tells whether it can tell keys apart.
var showings = map[string]struct {
	show  func(string) string
	tells bool
}{
	"exact":     {func(k string) string { return k }, true},
	"hashed":    {hash, true},
	"truncated": {func(k string) string { return k[:16] }, false},
	"last four": {func(k string) string { return "****" + k[len(k)-4:] }, false},
	"masked":    {func(string) string { return "********" }, false},
	"not shown": {func(string) string { return "" }, false},
}

// Whatever happens outside: what is unchanged and shown so is never taken for
// changed, and what is changed and shown so is never missed.
func TestRandomHistories(t *testing.T) {
	for name, showing := range showings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(8) {
				random := rand.New(rand.NewPCG(seed, 1))
				keys := []string{key, otherKey, key[:30] + "9999", key + "x"}
				clock := 0
				now := func() string { return fmt.Sprintf("2026-01-01T%02d:%02d:00.000Z", clock/60, clock%60) }
				sent := Sent{URL: mine, Key: keys[0]}
				truth, wrote := sent, false
				salts := rand.NewChaCha8([32]byte{byte(seed)})
				memory := Remember(salts, nil, sent, Echo{mine, showing.show(sent.Key), now()})
				for step := range 12 {
					switch random.IntN(4) {
					case 0: // somebody writes
						clock++
						truth.Key, wrote = keys[random.IntN(len(keys))], true
					case 1:
						clock++
						truth.URL, wrote = []string{mine, others}[random.IntN(2)], true
					case 2: // an apply
						clock++
						sent.Key = keys[random.IntN(len(keys))]
						truth, wrote = sent, false
						memory = Remember(salts, nil, sent, Echo{sent.URL, showing.show(sent.Key), now()})
					}
					f := memory.Compare(Echo{truth.URL, showing.show(truth.Key), now()}, []string{sent.Key, ""}[random.IntN(2)])
					memory = f.Memory
					if (f.URL == Changed) != (truth.URL != sent.URL) {
						t.Fatalf("seed %d, step %d: URL %s", seed, step, f.URL)
					}
					looksOther := showing.show(truth.Key) != showing.show(sent.Key)
					switch {
					case looksOther && f.Key != Changed:
						t.Fatalf("seed %d, step %d: missed another key: %s", seed, step, f.Key)
					case !looksOther && f.Key == Changed:
						t.Fatalf("seed %d, step %d: a key that looks the same was taken for another", seed, step)
					case truth.Key != sent.Key && f.Key == Same:
						t.Fatalf("seed %d, step %d: missed a key that can't be told apart", seed, step)
					case !wrote && f.Key != Same, showing.tells && f.Key == PerhapsChanged:
						t.Fatalf("seed %d, step %d: false alarm: %s", seed, step, f.Key)
					}
				}
			}
		})
	}
}

func TestLooksMasked(t *testing.T) {
	for text, want := range map[string]bool{
		"":          false,
		"******":    true,
		"xxxxxxxx":  true,
		"••••":      true,
		"ab**ef":    true,
		"abcd...":   true,
		"abcd…":     true,
		key:         false,
		hash(key):   false,
		"aaaa":      true,
		"aaa":       false,
		"ab-----cd": true,
		"my key *1": false,
	} {
		if got := LooksMasked(text); got != want {
			t.Errorf("LooksMasked(%q) = %t", text, got)
		}
	}
}

// A fingerprint that is cheaper to compute, or another one, has to be decided on.
func TestFingerprintIsWhatItWas(t *testing.T) {
	const want = "eab5da2f20081ae453137ee3fb107723"
	if got := hex.EncodeToString(fingerprint([]byte("0123456789abcdef"), key)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Of a part of a key, no more than a byte's worth can be tried.
func TestLittleIsKeptOfAPart(t *testing.T) {
	for _, shown := range []string{"******", key[:16], "****y-01"} {
		m := Remember(fixed(), nil, Sent{URL: mine, Key: key}, Echo{mine, shown, t0})
		for _, kept := range []Shown{m.KeyEcho, m.Compare(Echo{mine, "****y-02", t0}, "").Memory.KeyEcho} {
			if kept.Kind != shownVaguely || len(kept.Sum) != 1 {
				t.Errorf("%s: %d bytes of what is shown %s", shown, len(kept.Sum), kept.Kind)
			}
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	salt := newSalt(nil)
	b.ReportAllocs()
	for b.Loop() {
		fingerprint(salt, key)
	}
}

// Only the first comparison is that lenient.
func TestSecondReadIsStrict(t *testing.T) {
	memory := Remember(fixed(), nil, Sent{URL: mine, Key: key}, Echo{mine, "******", t0})
	first := memory.Compare(Echo{mine, "******", t0}, "")
	if first.Key != Same || first.Memory.Fresh {
		t.Errorf("the first read: %s, fresh %t", first.Key, first.Memory.Fresh)
	}
	if second := stored(t, first.Memory).Compare(Echo{mine, "******", soon}, ""); second.Key != PerhapsChanged {
		t.Errorf("the second read: %s", second.Key)
	}
}

func TestLooksLikeKey(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, key: true, key[:31]: false, key[:32]: true, strings.Repeat("*", 40): false,
		"****************************cdef": false, strings.Repeat("é1", 16): true,
	} {
		if got := LooksLikeKey(text); got != want {
			t.Errorf("LooksLikeKey(%q) = %t", text, got)
		}
	}
}

// A salt of its own with each write would give away another byte each time.
func TestSaltIsKeptWithTheKey(t *testing.T) {
	first := Remember(nil, nil, Sent{URL: mine, Key: key}, Echo{mine, "****y-01", t0})
	same := Remember(nil, &first, Sent{URL: others, Key: key}, Echo{others, "****y-01", t1})
	if !bytes.Equal(same.Salt, first.Salt) || !bytes.Equal(same.Key, first.Key) || !same.KeyEcho.equal(first.KeyEcho) {
		t.Error("the same key became another fingerprint")
	}
	for _, sent := range []string{otherKey, ""} {
		if other := Remember(nil, &first, Sent{URL: mine, Key: sent}, Echo{mine, "", t1}); bytes.Equal(other.Salt, first.Salt) {
			t.Errorf("another key, of %d characters, has the salt of the first", len(sent))
		}
	}
}

// To know that a key is the same saves time, and changes nothing.
func TestSameKey(t *testing.T) {
	echo := Echo{mine, "******", t0}
	first := Remember(fixed(), nil, Sent{URL: mine, Key: key}, echo)
	for name, before := range map[string]*Memory{"before": &first, "none before": nil, "no key before": {Salt: first.Salt}} {
		want := Remember(fixed(), before, Sent{URL: mine, Key: key}, echo)
		if got := Remember(fixed(), before, Sent{URL: mine, Key: key, SameKey: true}, echo); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// A time in a form of the service's own tells as well, from read to read.
func TestTimeInAnotherForm(t *testing.T) {
	memory := Remember(fixed(), nil, Sent{URL: mine, Key: key}, Echo{mine, "******", "Monday"})
	read := memory.Compare(Echo{mine, "******", "Mon 1"}, "")
	if read.Key != Same {
		t.Errorf("the first read: %s", read.Key)
	}
	if again := read.Memory.Compare(Echo{mine, "******", "Mon 1"}, ""); again.Key != Same {
		t.Errorf("the same time: %s", again.Key)
	}
	if moved := read.Memory.Compare(Echo{mine, "******", "Tue 2"}, ""); moved.Key != PerhapsChanged {
		t.Errorf("another time: %s", moved.Key)
	}
}

func TestUserOfURLMayBeHeldBack(t *testing.T) {
	memory := Remember(nil, nil, Sent{URL: "https://me:pw@recordings.example.com/x"}, Echo{"https://me:pw@recordings.example.com/x", "", ""})
	if f := memory.Compare(Echo{"https://recordings.example.com", "", ""}, ""); f.URL != Same {
		t.Errorf("got %s", f.URL)
	}
}

// Nothing but what is the same to the letter is unchanged.
func TestUnchanged(t *testing.T) {
	sent := Sent{URL: mine, Key: key}
	const second = "2026-01-01T00:00:00Z"
	tests := map[string]struct {
		sent  Sent
		then  Echo
		now   Echo
		fresh bool // right after the write
		later bool // once a read was kept
	}{
		"the same":                    {sent, Echo{mine, key, t0}, Echo{mine, key, t0}, true, true},
		"the same mask":               {sent, Echo{mine, "******", t0}, Echo{mine, "******", t0}, true, true},
		"the same hash":               {sent, Echo{mine, hash(key), t0}, Echo{mine, hash(key), t0}, true, true},
		"the same part of a URL":      {sent, Echo{"https://recordings.example.com", key, t0}, Echo{"https://recordings.example.com", key, t0}, true, true},
		"not shown":                   {sent, Echo{mine, "", t0}, Echo{mine, "", t0}, true, true},
		"no key":                      {Sent{URL: mine}, Echo{mine, "", t0}, Echo{mine, "", t0}, true, true},
		"whole seconds":               {sent, Echo{mine, key, second}, Echo{mine, key, second}, false, true},
		"time in another form":        {sent, Echo{mine, key, "Monday"}, Echo{mine, key, "Monday"}, false, true},
		"another time":                {sent, Echo{mine, key, t0}, Echo{mine, key, t1}, false, false},
		"time a little later":         {sent, Echo{mine, key, t0}, Echo{mine, key, soon}, false, false},
		"time at another precision":   {sent, Echo{mine, key, t0}, Echo{mine, key, second}, false, false},
		"time in another zone":        {sent, Echo{mine, key, t0}, Echo{mine, key, "2026-01-01T08:00:00.000+08:00"}, false, false},
		"time gone":                   {sent, Echo{mine, key, t0}, Echo{mine, key, ""}, false, false},
		"time comes":                  {sent, Echo{mine, key, ""}, Echo{mine, key, t0}, false, false},
		"no time":                     {sent, Echo{mine, key, ""}, Echo{mine, key, ""}, false, false},
		"another URL":                 {sent, Echo{mine, key, t0}, Echo{others, key, t0}, false, false},
		"an equivalent URL":           {sent, Echo{mine, key, t0}, Echo{strings.Replace(mine, "https", "HTTPS", 1), key, t0}, false, false},
		"the whole of a URL":          {sent, Echo{"https://recordings.example.com", key, t0}, Echo{mine, key, t0}, false, false},
		"another key":                 {sent, Echo{mine, key, t0}, Echo{mine, otherKey, t0}, false, false},
		"key masked":                  {sent, Echo{mine, key, t0}, Echo{mine, "******", t0}, false, false},
		"key not shown":               {sent, Echo{mine, key, t0}, Echo{mine, "", t0}, false, false},
		"key shown, masked before":    {sent, Echo{mine, "******", t0}, Echo{mine, key, t0}, false, false},
		"key shown, not shown before": {sent, Echo{mine, "", t0}, Echo{mine, key, t0}, false, false},
		"a key where none was":        {Sent{URL: mine}, Echo{mine, "", t0}, Echo{mine, key, t0}, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			memory := Remember(fixed(), nil, tc.sent, tc.then)
			read := stored(t, memory.Compare(tc.then, tc.sent.Key).Memory)
			for _, atHand := range []string{tc.sent.Key, ""} {
				if got := stored(t, memory).Unchanged(tc.now, atHand); got != tc.fresh {
					t.Errorf("right after the write, key at hand %t: %t", atHand != "", got)
				}
				if got := read.Unchanged(tc.now, atHand); got != tc.later {
					t.Errorf("later, key at hand %t: %t", atHand != "", got)
				}
			}
		})
	}
}

// What is unchanged is the same to a read as well, and leaves the memory as it
// is, whoever wrote what before.
func TestUnchangedIsSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	unchanged := 0
	for range 80 {
		sent := Sent{URL: pick(mine, others), Key: pick(key, otherKey, "")}
		draw := func() Echo {
			shown := pick(key, otherKey, "")
			return Echo{pick(mine, others), pick(shown, hash(shown), "******", ""), pick(t0, t1, soon, "", "2026-01-01T00:00:00Z", "Monday")}
		}
		last := draw()
		memory := Remember(fixed(), nil, sent, last)
		if random.IntN(2) == 0 {
			last = draw()
			memory = memory.Compare(last, sent.Key).Memory
		}
		now, other := last, draw()
		switch random.IntN(4) { // what isn't quite the same finds out most
		case 0:
			now.URL = other.URL
		case 1:
			now.Key = other.Key
		case 2:
			now.UpdateTime = other.UpdateTime
		}
		if !memory.Unchanged(now, sent.Key) {
			continue
		}
		unchanged++
		found := memory.Compare(now, sent.Key)
		memory.Fresh = false
		if found.URL != Same || found.Key != Same || found.Rewritten || found.Reshown || !reflect.DeepEqual(found.Memory, memory) {
			t.Fatalf("sent %+v, now %+v: %+v", sent, now, found)
		}
	}
	if unchanged < 10 {
		t.Errorf("%d of them were unchanged: that proves little", unchanged)
	}
}
