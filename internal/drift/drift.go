// SPDX-License-Identifier: MPL-2.0

// Package drift tells whether a recording callback is still what was set.
//
// The service may show a URL and a key as they are, normalised, truncated or
// masked, and its documentation does not say which. So what it shows is
// compared with what it showed right after the callback was set: a Memory. The
// package knows neither the API nor Terraform; DESIGN.md has the table that it
// implements.
package drift

import (
	"bytes"
	"io"
	"net/url"
	"strings"
	"time"
)

// Sent is what was set.
type Sent struct {
	URL string
	Key string // "" for none

	// SameKey: the key is known to be that of the memory before, if there is
	// one. It saves the time of a fingerprint.
	SameKey bool
}

// Echo is what the service shows of a callback.
type Echo struct {
	URL        string
	Key        string // "" for none, or for one that isn't shown
	UpdateTime string // RFC 3339; "" when the service gives none
}

// Memory is what is kept of a Sent and of the Echo that followed it, as JSON.
// It holds no secret: of keys only fingerprints, which are slow to compute.
type Memory struct {
	URL        string `json:"url"`
	URLEcho    string `json:"url_echo"`
	UpdateTime string `json:"update_time,omitempty"`

	// Fresh: nothing that was compared with it was kept yet. Its echo is the
	// answer of a write, and a read may show and round otherwise.
	Fresh bool `json:"fresh,omitempty"`

	Salt    []byte `json:"salt"`
	Key     []byte `json:"key,omitempty"` // nil when none was sent
	KeyEcho Shown  `json:"key_echo"`
}

// Verdict says what an Echo means for a value.
type Verdict string

const (
	// Same says that it is what was set.
	Same Verdict = "same"

	// Changed says that it is another one than was set.
	Changed Verdict = "changed"

	// PerhapsChanged says that somebody wrote to the callback, and that a
	// changed value would look the same. Setting it again is harmless;
	// missing a changed one is not.
	PerhapsChanged Verdict = "perhaps changed"
)

// Finding is what comes out of a comparison.
type Finding struct {
	URL Verdict
	Key Verdict

	// KeyShown: what is shown now is the very key that was sent.
	KeyShown bool

	// Memory is to be kept from now on.
	Memory Memory

	// Reshown: the service shows the same callback in another way than
	// before. Memory has the new one.
	Reshown bool

	// Rewritten: somebody wrote to the callback since, whatever they wrote.
	Rewritten bool
}

// Remember returns the memory of a callback that was just set. Its salt is read
// from random; nil is crypto/rand's Reader, and all that is right but in tests.
// The salt of the memory before, nil for none, is kept as long as the key is:
// each other salt would tell a little more of it.
func Remember(random io.Reader, before *Memory, sent Sent, echo Echo) Memory {
	m := Memory{URL: sent.URL, URLEcho: echo.URL, UpdateTime: echo.UpdateTime, Fresh: true}
	if before != nil && before.Key != nil && sent.Key != "" && (sent.SameKey || !before.IsOther(sent.Key)) {
		m.Salt, m.Key = before.Salt, before.Key
	}
	if m.Salt == nil {
		m.Salt = newSalt(random)
	}
	if m.Key == nil && sent.Key != "" {
		m.Key = fingerprint(m.Salt, sent.Key)
	}
	m.KeyEcho = m.describe(echo.Key, sent.Key)
	return m
}

// Compare tells what an echo means. The key that was sent is given where it is
// at hand: it saves the time of a fingerprint, and "" does as well.
func (m Memory) Compare(echo Echo, key string) Finding {
	moved := m.moved(echo.UpdateTime)
	shown := m.describe(echo.Key, key)
	f := Finding{
		URL:       m.compareURL(echo.URL, moved),
		Key:       m.compareKey(echo.Key, key, shown, moved),
		KeyShown:  shown.Kind == shownExactly,
		Memory:    m,
		Rewritten: moved == movedOn,
	}
	f.Memory.Fresh = false
	if f.URL != Same || f.Key != Same {
		return f
	}
	// Should somebody have written the same again, this is now the time, and
	// the look, that counts.
	f.Reshown = m.URLEcho != echo.URL || !m.KeyEcho.equal(shown)
	f.Memory.URLEcho, f.Memory.KeyEcho = echo.URL, shown
	if echo.UpdateTime != "" {
		f.Memory.UpdateTime = echo.UpdateTime
	}
	return f
}

// Unchanged tells whether an echo from another place than the reads that a
// Memory is of, such as a list, is so much the same that a read would find
// nothing: the URL and the time in the same words, and the key in the same look.
// It is not said of a time right after a write that gives no fraction of a
// second: a read may give one.
func (m Memory) Unchanged(echo Echo, key string) bool {
	return echo.URL == m.URLEcho && echo.UpdateTime != "" && echo.UpdateTime == m.UpdateTime &&
		(!m.Fresh || isPrecise(echo.UpdateTime)) && m.describe(echo.Key, key).equal(m.KeyEcho)
}

func isPrecise(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && strings.Contains(text, ".")
}

// KeptKey tells whether the service kept a key though none was to be there.
func (m Memory) KeptKey() bool { return m.Key == nil && m.KeyEcho.Kind != shownNot }

// IsOther tells whether a key is another one than was set. It computes a
// fingerprint.
func (m Memory) IsOther(key string) bool {
	return m.Key != nil && key != "" && !bytes.Equal(fingerprint(m.Salt, key), m.Key)
}

// Valid tells whether it is one that Remember returned.
func (m Memory) Valid() bool { return m.URL != "" && len(m.Salt) == saltLength }

// ShowsKeys tells whether the service showed the key that was set as it is, so
// that another one that it shows is a key too.
func (m Memory) ShowsKeys() bool { return m.KeyEcho.Kind == shownExactly }

func (m Memory) compareURL(echo string, moved movement) Verdict {
	switch {
	case equivalent(echo, m.URL):
		return Same
	case echo == m.URLEcho && moved == movedOn:
		return PerhapsChanged // what is shown is only a part of what was sent
	case echo == m.URLEcho, moved == stoodStill:
		return Same
	case moved == movedAtOnce && sameHost(echo, m.URL), moved == movedUnknown && m.Fresh && isPartOfURL(echo, m.URL):
		return Same
	default:
		return Changed
	}
}

func (m Memory) compareKey(echo, key string, shown Shown, moved movement) Verdict {
	switch {
	case shown.Kind == shownExactly, shown.Kind == shownNot && m.Key == nil:
		return Same
	case m.KeyEcho.equal(shown):
		if moved == movedOn && m.Key != nil && m.KeyEcho.Kind != shownDistinctly {
			return PerhapsChanged
		}
		return Same
	case moved == stoodStill:
		return Same
	case moved == movedAtOnce && (!m.ShowsKeys() || !LooksLikeKey(echo)):
		return Same // a read shows it in another way than the write did
	case moved == movedUnknown && m.Fresh && m.Key != nil && (echo == "" && !m.ShowsKeys() || LooksMasked(echo) || isPart(echo, key)):
		return Same // as a key that was sent may well be shown
	default:
		return Changed
	}
}

// movement says whether update_time is another one than it was.
type movement int

const (
	movedUnknown movement = iota // for want of a time
	stoodStill
	movedAtOnce // by so little that it is still the write that is remembered
	movedOn
)

// atOnce is how far apart the times may be that a service takes for one write:
// when it answers, and when it stores. Hardly anybody else writes that soon
// after.
const atOnce = 10 * time.Millisecond

// moved compares at the coarser precision of the two: a service may answer a
// write with milliseconds and a read without.
func (m Memory) moved(now string) movement {
	before := m.UpdateTime
	switch {
	case before == "" && now != "" && m.Fresh:
		return movedAtOnce // only reads show a time, and this is the first
	case before == "" || now == "":
		return movedUnknown
	case before == now:
		return stoodStill
	}
	a, errA := time.Parse(time.RFC3339Nano, before)
	b, errB := time.Parse(time.RFC3339Nano, now)
	switch {
	case errA == nil && errB == nil:
	case errA != nil && errB != nil && !m.Fresh:
		return movedOn // in a form of its own, and another one
	default:
		return movedUnknown
	}
	coarse := strings.Contains(before, ".") != strings.Contains(now, ".")
	apart := b.Sub(a).Abs()
	switch {
	case apart == 0, coarse && apart < time.Second: // rounded, or cut off
		return stoodStill
	case m.Fresh && apart <= atOnce:
		return movedAtOnce
	default:
		return movedOn
	}
}

// equivalent tells whether two URLs are the same by RFC 3986, 6.2.2 and 6.2.3:
// scheme and host in any case, no path for "/", the scheme's own port left out.
func equivalent(a, b string) bool { return a == b || normalised(a).String() == normalised(b).String() }

// isPartOfURL tells whether a URL ends early, but not within its host.
func isPartOfURL(part, whole string) bool {
	p, w := normalised(part), normalised(whole)
	p.User, w.User = nil, nil
	return p.Host == w.Host && strings.HasPrefix(w.String(), strings.TrimSuffix(p.String(), "/"))
}

func sameHost(a, b string) bool { return normalised(a).Host == normalised(b).Host }

// normalised has a text that is no URL with a host as its Opaque part.
func normalised(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return &url.URL{Opaque: s}
	}
	u.Host = strings.ToLower(u.Host) // the scheme is lower case by then
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	if u.Path == "" {
		u.Path = "/"
	}
	return u
}
