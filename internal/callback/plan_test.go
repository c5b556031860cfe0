// SPDX-License-Identifier: MPL-2.0

package callback

import (
	"slices"
	"testing"
)

func configured(s Settings, writeOnly Value) Config { return Config{Settings: s, WriteOnly: writeOnly} }

// after is a memory with something else in it.
func after(m *Memory, change func(*Memory)) *Memory {
	change(m)
	return m
}

func TestPlan(t *testing.T) {
	none, key, wo := state("none"), state("key"), state("write-only")
	moved := func(s Settings) Settings { s.URL = Of(otherURL); return s }
	imported := func(shown Shown) *Memory { m := Observe(Settings{}, nil, shown).Memory; return &m }
	lost := func(s service, kind string) *Memory { // after a change of the key outside
		m := Observe(state(kind), remembered(s, kind, t0, false), s.show(wholeURL, otherKey, t1)).Memory
		return &m
	}
	plain := func(s Settings) Config { return configured(s, Null) }
	withWO := func(s Settings, k string) Config { return configured(s, Of(k)) }

	tests := []struct {
		name    string
		change  Change
		write   bool
		notices []Notice
	}{
		{"nothing changes", Change{&key, key, plain(key), remembered(exact, "key", t0, false), nil, false}, false, nil},
		{"nothing changes, write-only", Change{&wo, wo, withWO(wo, ownKey), remembered(exact, "write-only", t0, false), nil, false}, false, nil},
		{"another write-only key, same version", Change{&wo, wo, withWO(wo, otherKey), remembered(exact, "write-only", t0, false), nil, false}, false, nil},
		{"another URL", Change{&key, moved(key), plain(moved(key)), remembered(exact, "key", t0, false), nil, false}, true, nil},
		{"URL known after apply", Change{&key, Settings{URL: Unknown, Key: Of(ownKey)}, plain(Settings{URL: Unknown, Key: Of(ownKey)}), remembered(exact, "key", t0, false), nil, false}, true, nil},
		{"key set again after it changed", Change{&none, key, plain(key), lost(exact, "key"), nil, false}, true, nil},

		// A key that is removed.
		{"key removed", Change{&key, none, plain(none), remembered(exact, "key", t0, false), nil, false}, true, []Notice{LosesKey}},
		{"write-only key removed", Change{&wo, none, plain(none), remembered(masks, "write-only", t0, false), nil, false}, true, []Notice{LosesKey}},
		{"version of a null key", Change{&wo, moved(wo), configured(moved(wo), Null), remembered(exact, "none", t0, false), nil, false}, true, nil},

		// A version without a key, as a module has by default.
		{"version of a null key, nothing changes", Change{&wo, wo, configured(wo, Null), remembered(exact, "none", t0, false), nil, false}, false, nil},
		{"key under the version of a null one", Change{&wo, wo, withWO(wo, ownKey), remembered(exact, "none", t0, false), nil, false}, false, []Notice{KeyNotSent}},
		{"key known after apply under the version of a null one", Change{&wo, wo, configured(wo, Unknown), remembered(hides, "none", t0, false), nil, false}, false, []Notice{KeyNotSent}},
		{"key under the version of a null one, ignored", Change{&wo, wo, withWO(wo, ownKey), remembered(exact, "none", t0, false), nil, true}, false, nil},
		{"key under the version of a null one, another URL", Change{&wo, moved(wo), withWO(moved(wo), ownKey), remembered(exact, "none", t0, false), nil, false}, true, nil},
		{"key with a version, no memory", Change{&wo, wo, withWO(wo, ownKey), nil, nil, false}, false, nil},

		// A key that is not configured.
		{"imported key", Change{&none, none, plain(none), imported(exact.show(wholeURL, otherKey, t0)), nil, false}, false, []Notice{KeyNotConfigured}},
		{"imported masked key", Change{&none, none, plain(none), imported(masks.show(wholeURL, otherKey, t0)), nil, false}, false, []Notice{KeyNotConfigured}},
		{"imported key, another URL", Change{&none, moved(none), plain(moved(none)), imported(exact.show(wholeURL, otherKey, t0)), nil, false}, true, []Notice{LosesKey}},
		{"key added outside", Change{&none, none, plain(none), after(remembered(exact, "none", t0, false), func(m *Memory) { m.Form = FormWhole }), nil, false}, false, []Notice{KeyNotConfigured}},
		{"key added outside, another URL", Change{&none, moved(none), plain(moved(none)), after(remembered(exact, "none", t0, false), func(m *Memory) { m.Form = FormPart }), nil, false}, true, []Notice{LosesKey}},
		{"no key anywhere", Change{&none, moved(none), plain(moved(none)), remembered(exact, "none", t0, false), nil, false}, true, nil},

		// A key that can't be compared.
		{"import with a key", Change{&none, key, plain(key), imported(exact.show(wholeURL, otherKey, t0)), &Shown{wholeURL, otherKey, t0}, false}, true, []Notice{KeyNotCompared}},
		{"import with a key, planned again by the apply", Change{&none, key, plain(key), imported(exact.show(wholeURL, otherKey, t0)), nil, false}, true, nil},
		{"import with a key, masked, planned again by the apply", Change{&none, key, plain(key), imported(masks.show(wholeURL, otherKey, t0)), nil, false}, true, []Notice{KeyNotCompared}},
		{"import with a write-only key", Change{&none, wo, withWO(wo, ownKey), imported(masks.show(wholeURL, otherKey, t0)), nil, false}, true, []Notice{KeyNotCompared}},
		{"import with the key that is shown", Change{&none, key, plain(key), imported(exact.show(wholeURL, ownKey, t0)), &Shown{wholeURL, ownKey, t0}, false}, true, nil},
		{"import with another key than is shown", Change{&none, wo, withWO(wo, ownKey), imported(exact.show(wholeURL, otherKey, t0)), &Shown{wholeURL, otherKey, t0}, false}, true, []Notice{KeyNotCompared}},
		{"import with a key that is known after apply", Change{&none, Settings{Of(wholeURL), Unknown, Null}, plain(Settings{Of(wholeURL), Unknown, Null}), imported(exact.show(wholeURL, otherKey, t0)), &Shown{wholeURL, otherKey, t0}, false}, true, []Notice{KeyNotCompared}},
		{"import without a key, one is configured", Change{&none, key, plain(key), imported(exact.show(wholeURL, "", t0)), nil, false}, true, nil},

		// A key that is sent under the same version.
		{"other write-only key with another URL", Change{&wo, moved(wo), withWO(moved(wo), otherKey), remembered(exact, "write-only", t0, false), nil, false}, true, []Notice{KeyAlsoSent}},
		{"other write-only key with another URL, ignored", Change{&wo, moved(wo), withWO(moved(wo), otherKey), remembered(exact, "write-only", t0, false), nil, true}, true, []Notice{KeyIgnored}},
		{"same write-only key with another URL, ignored", Change{&wo, moved(wo), withWO(moved(wo), ownKey), remembered(exact, "write-only", t0, false), nil, true}, true, nil},
		{"same write-only key with another URL", Change{&wo, moved(wo), withWO(moved(wo), ownKey), remembered(exact, "write-only", t0, false), nil, false}, true, nil},
		{"write-only key known after apply", Change{&wo, moved(wo), configured(moved(wo), Unknown), remembered(exact, "write-only", t0, false), nil, false}, true, nil},
		{"key of the state becomes write-only under a version that was there", Change{&Settings{Of(wholeURL), Of(ownKey), wo.Version}, wo, withWO(wo, otherKey), remembered(exact, "key", t0, false), nil, false}, true, nil},
		{"other write-only key with another version", Change{&wo, Settings{Of(wholeURL), Null, Of("2")}, withWO(Settings{Of(wholeURL), Null, Of("2")}, otherKey), remembered(exact, "write-only", t0, false), nil, false}, true, nil},

		// ignore_changes on the key: what is planned is the state's.
		{"ignored, in the state", Change{&key, key, plain(Settings{Of(wholeURL), Of(otherKey), Null}), remembered(exact, "key", t0, false), nil, false}, false, nil},
		{"ignored, in the state, another URL", Change{&key, moved(key), plain(Settings{Of(otherURL), Of(otherKey), Null}), remembered(masks, "key", t0, false), nil, false}, true, nil},
		{"ignored, changed outside", Change{&none, none, plain(key), lost(exact, "key"), nil, false}, false, nil},
		{"ignored, changed outside, masked", Change{&none, none, plain(key), lost(masks, "key"), nil, false}, false, nil},
		{"ignored, changed outside, another URL", Change{&none, moved(none), plain(moved(key)), lost(exact, "key"), nil, false}, true, nil},
		{"ignored, changed outside, masked, another URL", Change{&none, moved(none), plain(moved(key)), lost(masks, "key"), nil, false}, true, []Notice{KeyIgnored}},
		{"ignored, changed outside, hidden, another URL", Change{&none, moved(none), plain(moved(key)), lost(hides, "key"), nil, false}, true, []Notice{KeyIgnored}},
		{"ignored write-only, another URL", Change{&none, moved(none), withWO(moved(wo), ownKey), lost(exact, "write-only"), nil, false}, true, nil},
		{"ignored write-only, masked, another URL", Change{&none, moved(none), withWO(moved(wo), ownKey), lost(masks, "write-only"), nil, false}, true, []Notice{KeyIgnored}},
		{"ignored, removed outside, another URL", Change{&none, moved(none), plain(moved(key)), after(lost(exact, "key"), func(m *Memory) { m.Form = FormNone }), nil, false}, true, nil},
		{"ignored, changed outside, masked by now, another URL", Change{&none, moved(none), plain(moved(key)), after(lost(exact, "key"), func(m *Memory) { m.Form = FormPart }), nil, false}, true, []Notice{KeyIgnored}},
		{"removed from the configuration after a change outside, hidden", Change{&none, none, plain(none), lost(hides, "key"), nil, false}, false, []Notice{KeyNotConfigured}},
		{"removed from the configuration after a change outside, hidden, another URL", Change{&none, moved(none), plain(moved(none)), lost(hides, "key"), nil, false}, true, []Notice{LosesKey}},
		{"ignored and imported", Change{&none, none, plain(key), imported(exact.show(wholeURL, otherKey, t0)), nil, false}, false, nil},
		{"ignored and imported, another URL", Change{&none, moved(none), plain(moved(key)), imported(exact.show(wholeURL, otherKey, t0)), nil, false}, true, []Notice{KeyIgnored}},
		{"ignored, without a memory", Change{&none, moved(none), plain(moved(key)), nil, nil, false}, true, []Notice{KeyIgnored}},

		// ignore_changes on the URL, and another change.
		{"URL ignored", Change{&none, key, plain(moved(key)), remembered(cutOff, "none", t0, false), nil, false}, true, nil},
		{"URL ignored, changed outside", Change{&none, key, plain(moved(key)), after(remembered(exact, "none", t0, false), func(m *Memory) { m.URLTaken = true }), nil, false}, true, nil},
		{"URL ignored, changed outside, cut off", Change{&none, key, plain(moved(key)), after(remembered(cutOff, "none", t0, false), func(m *Memory) { m.URLTaken = true }), nil, false}, true, []Notice{URLIgnored}},
		{"URL ignored and imported", Change{&none, key, plain(moved(key)), imported(exact.show(wholeURL, "", t0)), nil, false}, true, []Notice{URLIgnored}},
		{"URL ignored and imported, nothing else", Change{&none, none, plain(moved(none)), imported(exact.show(wholeURL, "", t0)), nil, false}, false, nil},
		{"URL ignored and imported, known after apply", Change{&none, key, plain(Settings{Unknown, Of(ownKey), Null}), imported(exact.show(wholeURL, "", t0)), nil, false}, true, []Notice{URLIgnored}},
		{"URL imported and configured, scheme and host only", Change{&Settings{URL: Of(origin)}, Settings{Of(origin), Of(ownKey), Null}, plain(Settings{Of(origin), Of(ownKey), Null}), imported(cutOff.show(wholeURL, "", t0)), nil, false}, true, []Notice{URLMayBeCut}},
		{"URL imported and configured", Change{&none, key, plain(key), imported(exact.show(wholeURL, "", t0)), nil, false}, true, nil},

		// A create.
		{"create", Change{nil, key, plain(key), nil, nil, false}, true, nil},
		{"create over another", Change{nil, key, plain(key), nil, &Shown{otherURL, otherKey, t0}, false}, true, []Notice{Overwrites}},
		{"create over another without keys", Change{nil, none, plain(none), nil, &Shown{otherURL, "", t0}, false}, true, []Notice{Overwrites}},
		{"create over another, which loses its key", Change{nil, none, plain(none), nil, &Shown{otherURL, masked, t0}, false}, true, []Notice{OverwritesKey}},
		{"create over another, key ignored", Change{nil, none, plain(key), nil, &Shown{otherURL, masked, t0}, false}, true, []Notice{Overwrites}},
		{"create over an own one", Change{nil, key, plain(key), remembered(exact, "key", t0, false), &Shown{wholeURL, ownKey, t0}, false}, true, nil},
		{"create over an own one, which loses its key", Change{nil, none, plain(none), remembered(exact, "key", t0, false), &Shown{wholeURL, ownKey, t0}, false}, true, []Notice{LosesKey}},
		{"create over another with a write-only key", Change{nil, wo, withWO(wo, ownKey), nil, &Shown{otherURL, masked, t0}, false}, true, []Notice{Overwrites}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if got := Plan(tc.change); got.Write != tc.write || !slices.Equal(got.Notices, tc.notices) {
				t.Errorf("got %+v, want %t %v", got, tc.write, tc.notices)
			}
		})
	}
}

func TestKeyToSend(t *testing.T) {
	none, key, wo := state("none"), state("key"), state("write-only")
	for _, tc := range []struct {
		name    string
		planned Settings
		config  Config
		want    Key
	}{
		{"none", none, configured(none, Null), Key{}},
		{"a key", key, configured(key, Null), Key{Set: true, Text: ownKey}},
		{"the key of the state, which is not the configured one", key, configured(Settings{Key: Of(otherKey)}, Null), Key{Set: true, Text: ownKey}},
		{"a write-only key", wo, configured(wo, Of(ownKey)), Key{Set: true, Text: ownKey, WriteOnly: true}},
		{"a write-only key that is null", wo, configured(wo, Null), Key{}},
		{"an ignored key", none, configured(key, Null), Key{Ignored: true}},
		{"an ignored write-only key", none, configured(wo, Of(ownKey)), Key{Ignored: true}},
		{"an ignored write-only key of another version", wo, configured(Settings{Version: Of("2")}, Of(ownKey)), Key{Ignored: true}},
	} {
		if got := KeyToSend(tc.planned, tc.config); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestMayBeThere(t *testing.T) {
	none, key, wo := state("none"), state("key"), state("write-only")
	seen := func(k string) *Memory { m := Observe(Settings{}, nil, Shown{wholeURL, k, t0}).Memory; return &m }
	upper := key
	upper.URL = Of("HTTPS" + wholeURL[len("https"):])
	for _, tc := range []struct {
		name   string
		change Change
		want   bool
	}{
		{"import, key shown", Change{Prior: &none, Planned: key, Configured: configured(key, Null), Memory: seen(ownKey)}, true},
		{"import, write-only key, shown", Change{Prior: &none, Planned: wo, Configured: configured(wo, Of(ownKey)), Memory: seen(ownKey)}, true},
		{"import, key masked", Change{Prior: &none, Planned: key, Configured: configured(key, Null), Memory: seen(masked)}, false},
		{"import, no key there", Change{Prior: &none, Planned: key, Configured: configured(key, Null), Memory: seen("")}, false},
		{"import, another URL", Change{Prior: &none, Planned: Settings{Of(otherURL), Of(ownKey), Null}, Configured: configured(key, Null), Memory: seen(ownKey)}, false},
		{"an equivalent URL", Change{Prior: &key, Planned: upper, Configured: configured(upper, Null), Memory: remembered(exact, "key", t0, false)}, true},
		{"an equivalent URL, and a key that may be hidden", Change{Prior: &none, Planned: Settings{URL: upper.URL}, Configured: configured(Settings{URL: upper.URL}, Null), Memory: seen("")}, false},
		{"an equivalent URL, and a key that is not configured", Change{Prior: &none, Planned: Settings{URL: upper.URL}, Configured: configured(Settings{URL: upper.URL}, Null), Memory: seen(ownKey)}, false},
		{"another key", Change{Prior: &key, Planned: Settings{Of(wholeURL), Of(otherKey), Null}, Configured: configured(key, Null), Memory: remembered(exact, "key", t0, false)}, false},
		{"another version", Change{Prior: &wo, Planned: Settings{Of(wholeURL), Null, Of("2")}, Configured: configured(Settings{Version: Of("2")}, Of(ownKey)), Memory: remembered(exact, "write-only", t0, false)}, false},
		{"the same key, now write-only", Change{Prior: &key, Planned: wo, Configured: configured(wo, Of(ownKey)), Memory: remembered(exact, "key", t0, false)}, true},
		{"another key, now write-only", Change{Prior: &key, Planned: wo, Configured: configured(wo, Of(otherKey)), Memory: remembered(exact, "key", t0, false)}, false},
		{"the same key, no longer write-only", Change{Prior: &wo, Planned: key, Configured: configured(key, Null), Memory: remembered(exact, "write-only", t0, false)}, true},
		{"the same key, now write-only, masked", Change{Prior: &key, Planned: wo, Configured: configured(wo, Of(ownKey)), Memory: remembered(masks, "key", t0, false)}, false},
		{"a removed key", Change{Prior: &key, Planned: none, Configured: configured(none, Null), Memory: remembered(exact, "key", t0, false)}, false},
		{"a create", Change{Planned: key, Configured: configured(key, Null)}, false},
		{"no memory", Change{Prior: &none, Planned: key, Configured: configured(key, Null)}, false},
	} {
		if got := tc.change.MayBeThere(); got != tc.want {
			t.Errorf("%s: got %t", tc.name, got)
		}
	}
	for _, tc := range []struct {
		url, key string
		shown    Shown
		want     bool
	}{
		{wholeURL, ownKey, Shown{wholeURL, ownKey, t0}, true},
		{wholeURL, ownKey, Shown{wholeURL, otherKey, t0}, false},
		{wholeURL, "", Shown{wholeURL, ownKey, t0}, false},
		{wholeURL, ownKey, Shown{wholeURL, "", t0}, false},
		{wholeURL, "", Shown{wholeURL, "", t0}, true},
		{wholeURL, ownKey[:16], Shown{wholeURL, ownKey[:16], t0}, false}, // maybe of a longer one
		{wholeURL, ownKey, Shown{origin, ownKey, t0}, false},
	} {
		if got := IsThere(tc.url, tc.key, tc.shown); got != tc.want {
			t.Errorf("%+v", tc)
		}
	}
}

func TestReturnable(t *testing.T) {
	for _, tc := range []struct {
		name  string
		m     *Memory
		shown string
		want  bool
	}{
		{"a key, shown as set before", remembered(exact, "key", t0, false), otherKey, true},
		{"no key", remembered(exact, "key", t0, false), "", true},
		{"a mask, although it was shown as set before", remembered(exact, "key", t0, false), masked, false},
		{"a part, although it was shown as set before", remembered(exact, "key", t0, false), otherKey[:16], false},
		{"masked before", remembered(masks, "key", t0, false), otherKey, false},
		{"hidden before", remembered(hides, "key", t0, false), "", false},
		{"no memory", nil, otherKey, false},
	} {
		if got := tc.m.Returnable(tc.shown); got != tc.want {
			t.Errorf("%s: got %t", tc.name, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    Config
		want []Notice
	}{
		{"nothing wrong", configured(state("key"), Null), nil},
		{"unknown", configured(Settings{URL: Unknown, Key: Unknown}, Unknown), nil},
		{"plain http", configured(Settings{URL: Of("http://host")}, Null), []Notice{PlainHTTP}},
		{"user", configured(Settings{URL: Of("https://user:password@host")}, Null), []Notice{UserInURL}},
		{"31 characters", configured(Settings{Key: Of(ownKey[:31])}, Null), []Notice{UnusualKeyLength}},
		{"32 characters", configured(Settings{Key: Of(ownKey[:32])}, Null), nil},
		{"64 characters", configured(Settings{}, Of(ownKey[:32]+ownKey[:32])), nil},
		{"65 characters", configured(Settings{}, Of(ownKey[:32]+ownKey[:33])), []Notice{UnusualKeyLength}},
		{"a mask", configured(Settings{}, Of("***")), []Notice{MaskAsKey}},
	} {
		if got := Check(tc.c); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}
