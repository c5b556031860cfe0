// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The credentials are known by the first answer that shows something; until
// then attempts go one at a time, and after a refusal not at all.
func TestGate(t *testing.T) {
	always := func(status int, body string) func(int, *http.Request) (*http.Response, error) {
		return func(int, *http.Request) (*http.Response, error) { return say(status, body) }
	}
	tests := map[string]struct {
		answer func(int, *http.Request) (*http.Response, error)
		calls  int // of ten requests, without retries
		atOnce int
		status int // of each; 0 for an error
	}{
		"taken":                    {answer: always(200, ""), calls: 10, atOnce: 9, status: 200},
		"not found, hence taken":   {answer: always(404, ""), calls: 10, atOnce: 9, status: 404},
		"forbidden, hence taken":   {answer: always(403, ""), calls: 10, atOnce: 9, status: 403},
		"refused":                  {answer: always(401, "refused"), calls: 1, atOnce: 1, status: 401},
		"expired for good":         {answer: always(401, "expired"), calls: 1, atOnce: 1, status: 401},
		"a 401 that says nothing":  {answer: always(401, ""), calls: maxUnclassified401s, atOnce: 1, status: 401},
		"a server error":           {answer: always(503, ""), calls: 10, atOnce: 1, status: 503},
		"a redirect":               {answer: always(302, ""), calls: 10, atOnce: 1, status: 302},
		"throttled":                {answer: always(429, ""), calls: 10, atOnce: 1, status: 429},
		"a proxy's authentication": {answer: always(407, ""), calls: 10, atOnce: 1, status: 407},
		"no connection":            {answer: func(int, *http.Request) (*http.Response, error) { return nil, errReset }, calls: 10, atOnce: 1},
		"no connection, then refused": {answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n < 3 {
				return nil, errReset
			}
			return say(401, "refused")
		}, calls: 3, atOnce: 1, status: -1},
		"a server error, then taken": {answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n < 3 {
				return say(503, "")
			}
			return say(200, "")
		}, calls: 10, atOnce: 7, status: -1},
	}
	for name, tc := range tests {
		for kind, credentials := range map[string]Credentials{"access key": testCredentials, "token": {Token: "a-token"}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{latency: time.Second, answer: tc.answer}
					client := f.client(func(c *Config) { c.MaxRetries = 0 })
					var group sync.WaitGroup
					var mu sync.Mutex
					attempts := 0
					for range 10 {
						group.Go(func() {
							resp, x, err := client.Do(t.Context(), request(credentials))
							mu.Lock()
							defer mu.Unlock()
							attempts += x.Attempts
							if tc.status == 0 && err == nil || tc.status > 0 && (err != nil || resp.StatusCode != tc.status) || x.Sent != credentials {
								t.Errorf("got %+v, %v", resp, err)
							}
						})
					}
					group.Wait()
					most := tc.atOnce
					if credentials.Token == "" {
						most = min(most, maxSigned)
					}
					if calls, atOnce := f.calls(); calls != tc.calls || atOnce != most || attempts != calls {
						t.Errorf("%d calls, %d at once, %d attempts, want %d and %d", calls, atOnce, attempts, tc.calls, most)
					}
				})
			})
		}
	}
}

// Requests without credentials have nothing to prove.
func TestNoGateWithoutCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: time.Second, answer: func(int, *http.Request) (*http.Response, error) { return say(401, "refused") }}
		client := f.client()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { _, _, _ = client.Do(t.Context(), request(nil)) })
		}
		group.Wait()
		if calls, atOnce := f.calls(); calls != 10 || atOnce != 10 {
			t.Errorf("%d calls, %d at once", calls, atOnce)
		}
	})
}

// Whoever is not sent gets the answer of whoever was, says so in the log, and
// sees none of the other's secrets.
func TestRefusalIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, *http.Request) (*http.Response, error) {
			return say(401, "refused first-very-secret", "X-Request-Id", "request of first-very-secret", "X-Other", "a")
		}}
		var log strings.Builder
		client := f.client(func(c *Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		first := request(testCredentials)
		first.Secrets = []string{"first-very-secret"}
		if resp, x, err := client.Do(t.Context(), first); err != nil || resp.StatusCode != http.StatusUnauthorized || x.Attempts != 1 {
			t.Fatalf("got %+v, %v", resp, err)
		}
		for range 2 { // a caller may change its copy
			resp, x, err := client.Do(t.Context(), request(testCredentials))
			if err != nil || resp.StatusCode != http.StatusUnauthorized || string(resp.Body) != "refused (masked)" || resp.RequestID() != "request of (masked)" || resp.Header.Get("X-Other") != "a" || x.Attempts != 0 {
				t.Fatalf("got %+v, %d attempts, %v", resp, x.Attempts, err)
			}
			resp.Header.Set("X-Other", "b")
			resp.Body[0] = '?'
		}
		if calls, _ := f.calls(); calls != 1 || strings.Count(log.String(), "not_sent=") != 2 || strings.Contains(log.String(), "very-secret") {
			t.Errorf("%d calls, log:\n%s", calls, log.String())
		}
	})
}

// Credentials that are revoked in mid-run are not sent again, and others are
// not concerned.
func TestRevokedInMidRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n > 2 && r.Header.Get("X-Auth-Token") == "first" {
				return say(401, "refused")
			}
			return say(200, "")
		}}
		client := f.client()
		var statuses []int
		attempts := 0
		for _, token := range []string{"first", "first", "first", "first", "second", "first", "second"} {
			resp, x, err := client.Do(t.Context(), request(Credentials{Token: token}))
			if err != nil {
				t.Fatal(err)
			}
			statuses, attempts = append(statuses, resp.StatusCode), attempts+x.Attempts
		}
		if calls, _ := f.calls(); fmt.Sprint(statuses) != "[200 200 401 401 200 401 200]" || calls != 5 || attempts != 5 {
			t.Errorf("statuses %v, %d calls, %d attempts", statuses, calls, attempts)
		}
	})
}

// One attempt that hangs keeps the others waiting for five seconds, and so does
// the next.
func TestHungAttemptStopsOthersBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(n int, r *http.Request) (*http.Response, error) {
			if n <= 2 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return say(200, "")
		}
		client := f.client(func(c *Config) { c.MaxRetries = 0 })
		start := time.Now()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { _, _, _ = client.Do(t.Context(), request(testCredentials)) })
		}
		group.Wait()
		var after []time.Duration
		for _, at := range f.came {
			after = append(after, at.Sub(start))
		}
		if got := fmt.Sprint(after); got != "[0s 5s 10s 10s 10s 10s 10s 10s 10s 10s]" {
			t.Errorf("sent after %s", got)
		}
		if took := time.Since(start); took != 65*time.Second { // the second one's timeout
			t.Errorf("took %v", took)
		}
	})
}

// The same over real connections, of which there are none.
func TestNoServerListens(t *testing.T) {
	s := serve(t, respond(200, ""))
	s.Close()
	client := newClient()
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, x, err := get(t, client, s.URL); err == nil || !strings.Contains(err.Error(), "refused") || x.Attempts != 3 {
				t.Errorf("got %v after %d attempts", err, x.Attempts)
			}
		})
	}
	group.Wait()
}

func TestWaitingAtTheGateEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: time.Minute, answer: func(int, *http.Request) (*http.Response, error) { return say(200, "") }}
		client := f.client()
		stopped := errors.New("stopped")
		var group sync.WaitGroup
		group.Go(func() { _, _, _ = client.Do(t.Context(), request(testCredentials)) })
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		group.Go(func() {
			_, x, err := client.Do(ctx, request(testCredentials))
			if !errors.Is(err, stopped) || x.Attempts != 0 || time.Since(start) != time.Second {
				t.Errorf("got %v after %v and %d attempts", err, time.Since(start), x.Attempts)
			}
		})
		time.Sleep(time.Second)
		cancel(stopped)
		group.Wait()
	})
}

func TestFewGatesAreKept(t *testing.T) {
	var all gates
	first := all.of(Credentials{Token: "0"})
	for i := range 10 * maxGates {
		c := Credentials{Token: fmt.Sprint(i)}
		if g := all.of(c); g != all.of(c) {
			t.Fatal("two gates for the same credentials")
		}
	}
	kept := 0
	all.all.Range(func(any, any) bool { kept++; return true })
	if kept != maxGates || len(all.order) != maxGates || all.of(Credentials{Token: "0"}) == first {
		t.Errorf("%d gates are kept", kept)
	}
}

// An open gate costs next to nothing, however many come.
func BenchmarkOpenGate(b *testing.B) {
	var all gates
	all.of(testCredentials).open()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			leave, _, _ := all.of(testCredentials).enter(b.Context())
			leave()
		}
	})
}

// A wait that ends gives its slot back: there are only five.
func TestCancelledWaitsGiveTheirSlotsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(testCredentials)
		leave, _, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range maxSigned + 1 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, _, err := g.enter(ctx); err == nil {
				t.Fatal("entered while another one was alone")
			}
			cancel()
		}
		leave()
		g.open()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for n := range maxSigned {
			if _, _, err = g.enter(ctx); err != nil {
				t.Fatalf("%d slots are left: %v", n, err)
			}
		}
	})
}

// Three unclassified 401s close the gate only if no success is between them.
func TestSuccessResetsTheCountOfUnclassified401s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		statuses := []int{401, 401, 200, 401, 401, 200, 401, 401, 401, 200}
		f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) { return say(statuses[n-1], "") }}
		client := f.client()
		for i, want := range append(statuses[:9:9], 401) {
			resp, _, err := client.Do(t.Context(), request(testCredentials))
			if err != nil || resp.StatusCode != want {
				t.Errorf("request %d: got %+v, %v, want %d", i+1, resp, err, want)
			}
		}
		if calls, _ := f.calls(); calls != 9 {
			t.Errorf("%d requests were sent, want 9", calls)
		}
	})
}
