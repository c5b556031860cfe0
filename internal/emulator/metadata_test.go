// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"testing"
	"time"
)

// session asks for a session token; ttl "" leaves the header out.
func (f *fixture) session(ttl string) reply {
	f.t.Helper()
	req := f.plain("PUT", sessionPath, "")
	req.Header.Del("Content-Type")
	if ttl != "" {
		req.Header.Set("X-Metadata-Token-Ttl-Seconds", ttl)
	}
	return f.send(req)
}

// securityKey asks for keys; token "" leaves the header out.
func (f *fixture) securityKey(token string) reply {
	f.t.Helper()
	req := f.plain("GET", keyPath, "")
	req.Header.Del("Content-Type")
	if token != "" {
		req.Header.Set("X-Metadata-Token", token)
	}
	return f.send(req)
}

func TestMetadata(t *testing.T) {
	tests := map[string]struct {
		opts                   Options
		session                int // the status of a session token
		without, with, invalid int // those of keys
	}{
		"optional":     {Options{}, 200, 200, 200, 401},
		"required":     {Options{MetadataTokenRequired: true}, 200, 401, 200, 401},
		"old host":     {Options{MetadataOldHost: true}, 404, 200, 0, 200},
		"old, though":  {Options{MetadataOldHost: true, MetadataTokenRequired: true}, 404, 200, 0, 200},
		"off":          {Options{MetadataOff: true, MetadataOldHost: true}, 404, 404, 0, 404},
		"no agency":    {Options{MetadataNoAgency: true}, 200, 401, 401, 401},
		"no agency v1": {Options{MetadataNoAgency: true, MetadataOldHost: true}, 404, 401, 0, 401},
	}
	const expires = "2026-01-01T01:00:00.000000Z"
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t, tc.opts)
			keys := func(token string, status int) {
				t.Helper()
				r := f.securityKey(token)
				if entry := f.logged(); entry.Path != keyPath || entry.Status != status || entry.Code != "" {
					t.Errorf("logged %+v", entry)
				}
				if status == 200 {
					f.accepted(r.keys(t, 200, expires))
				} else if r.status != status || len(r.body) == 0 {
					t.Errorf("with token %q: %d %s", token, r.status, r.body)
				}
			}
			session := f.session("21600")
			if session.status != tc.session {
				t.Fatalf("got %d %s", session.status, session.body)
			}
			keys("", tc.without)
			keys("invalid", tc.invalid)
			if tc.with != 0 {
				keys(string(session.body), tc.with)
			}
		})
	}
}

func TestMetadataNoAgency(t *testing.T) {
	f := start(t, Options{MetadataNoAgency: true, MetadataTokenRequired: true})
	const reason = "401 Unauthorized\nPlease configure Cloud Service Agency first\n"
	if r := f.securityKey(string(f.session("60").body)); r.status != 401 || string(r.body) != reason {
		t.Errorf("got %d %q", r.status, r.body)
	}
	if r := f.securityKey(""); r.status != 401 || string(r.body) == reason {
		t.Errorf("got %d %q", r.status, r.body)
	}
}

func TestMetadataSession(t *testing.T) {
	f := start(t, Options{MetadataTokenRequired: true})
	for _, ttl := range []string{"", "0", "-1", "21601", "1.5", "x", "1 "} {
		want := http.StatusBadRequest
		if ttl == "1 " { // net/http trims it
			want = 200
		}
		if r := f.session(ttl); r.status != want {
			t.Errorf("%q: %d %s", ttl, r.status, r.body)
		}
	}
	first, second := string(f.session("60").body), string(f.session("120").body)
	if first == second {
		t.Error("session tokens repeat")
	}
	status := func(token string, want int) {
		t.Helper()
		if r := f.securityKey(token); r.status != want {
			t.Errorf("got %d %s, want %d", r.status, r.body, want)
		}
	}
	f.clock.move(time.Minute - time.Millisecond)
	status(first, 200)
	f.clock.move(time.Millisecond)
	status(first, 401)
	status(second, 200)
	status(first+second, 401)
	f.Expire()
	status(second, 401)
	status(string(f.session("60").body), 200)
}
