// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const sdkDate = "20060102T150405Z"

// strict refuses signatures that are more than 15 minutes off its own clock.
func strict(off time.Duration) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) {
		now := time.Now().Add(off)
		signed, err := time.Parse(sdkDate, r.Header.Get("X-Sdk-Date"))
		if err != nil || signed.Sub(now).Abs() > 15*time.Minute {
			return say(401, "expired "+now.UTC().Format(time.RFC3339))
		}
		return say(200, "")
	}
}

func TestClock(t *testing.T) {
	expired := func(at string) func(int, *http.Request) (*http.Response, error) {
		return func(int, *http.Request) (*http.Response, error) { return say(401, "expired "+at) }
	}
	in := func(d time.Duration) string { // from the time that a bubble begins at
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339)
	}
	tests := map[string]struct {
		answer   func(int, *http.Request) (*http.Response, error)
		calls    int // of two requests
		status   int
		offset   time.Duration
		warnings int
	}{
		"right":                     {strict(0), 2, 200, 0, 0},
		"late":                      {strict(16 * time.Minute), 3, 200, 16 * time.Minute, 1},
		"early":                     {strict(-3 * time.Hour), 3, 200, -3 * time.Hour, 1},
		"a day off":                 {strict(24 * time.Hour), 3, 200, 24 * time.Hour, 1},
		"more than a day off":       {strict(24*time.Hour + time.Minute), 1, 401, 0, 0},
		"a year off":                {strict(-365 * 24 * time.Hour), 1, 401, 0, 0},
		"refused though it's right": {expired(in(0)), 1, 401, 0, 0},
		"by less than a minute":     {expired(in(59 * time.Second)), 1, 401, 0, 0},
		"unreadable":                {expired("soon"), 1, 401, 0, 0},
		"never content":             {expired(in(time.Hour)), 2, 401, 0, 1},
		"beyond what times go":      {expired("9999-12-31T23:59:59Z"), 1, 401, 0, 0},
		"before what times go":      {expired("0000-01-01T00:00:00Z"), 1, 401, 0, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: tc.answer}
				var log strings.Builder
				client := f.client(func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				for range 2 {
					resp, x, err := client.Do(t.Context(), request(testCredentials))
					if err != nil || resp.StatusCode != tc.status || x.Attempts > 2 {
						t.Errorf("got %+v after %d attempts, %v", resp, x.Attempts, err)
					}
				}
				if calls, _ := f.calls(); calls != tc.calls || client.ClockOffset() != tc.offset || strings.Count(log.String(), "level=WARN") != tc.warnings {
					t.Errorf("%d calls, offset %v, log:\n%s", calls, client.ClockOffset(), log.String())
				}
			})
		})
	}
}

// A token has no time, so that there is nothing to correct.
func TestClockOfAToken(t *testing.T) {
	f := &fake{answer: strict(time.Hour)}
	client := f.client()
	if resp, x, err := client.Do(t.Context(), request(Credentials{Token: "a-token"})); err != nil || resp.StatusCode != http.StatusUnauthorized || x.Attempts != 1 || client.ClockOffset() != 0 {
		t.Errorf("got %+v after %d attempts, %v", resp, x.Attempts, err)
	}
}

// A server that says another time whenever it is asked gets so many requests,
// and no more, however many there are to send.
func TestHostileDatesEnd(t *testing.T) {
	tests := map[string]func(n int, r *http.Request) (*http.Response, error){
		"alternating": func(n int, _ *http.Request) (*http.Response, error) {
			return say(401, "expired "+time.Now().Add(time.Duration(n%2*2+1)*time.Hour).UTC().Format(time.RFC3339))
		},
		"alternating, with successes": func(n int, _ *http.Request) (*http.Response, error) {
			if n%2 == 0 {
				return say(200, "")
			}
			return say(401, "expired "+time.Now().Add(time.Duration(n%4+1)*time.Hour).UTC().Format(time.RFC3339))
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: answer}
				client := f.client()
				for range 100 {
					if _, x, err := client.Do(t.Context(), request(testCredentials)); err != nil || x.Attempts > 2 {
						t.Fatalf("%d attempts, %v", x.Attempts, err)
					}
				}
				if calls, _ := f.calls(); calls > 2*maxCorrections+1 {
					t.Errorf("%d calls", calls)
				}
			})
		})
	}
}

// Attempts that were under way with a clock that is wrong by now are one
// correction.
func TestClockThatJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		off := time.Duration(0)
		f := &fake{latency: time.Second, answer: func(n int, r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			return strict(off)(n, r)
		}}
		var log strings.Builder
		client := f.client(func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		send := func(ctx context.Context) {
			if resp, _, err := client.Do(ctx, request(testCredentials)); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("got %+v, %v", resp, err)
			}
		}
		var offsets []time.Duration
		for _, jump := range []time.Duration{0, time.Hour, -2 * time.Hour, 0} {
			mu.Lock()
			off = jump
			mu.Unlock()
			var group sync.WaitGroup
			for range 10 {
				group.Go(func() { send(t.Context()) })
			}
			group.Wait()
			offsets = append(offsets, client.ClockOffset())
		}
		// The response is a second younger than the request.
		if got := fmt.Sprint(offsets); got != "[0s 1h0m1s -1h59m59s 0s]" || strings.Count(log.String(), "level=WARN") != 3 {
			t.Errorf("offsets %s, log:\n%s", got, log.String())
		}
	})
}

// One request corrects the clock once, also over its retries.
func TestClockIsCorrectedOnceForARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 2 {
				return say(503, "")
			}
			return say(401, "expired "+time.Now().Add(time.Duration(n)*time.Hour).UTC().Format(time.RFC3339))
		}}
		if resp, x, err := f.client().Do(t.Context(), request(testCredentials)); err != nil || resp.StatusCode != http.StatusUnauthorized || x.Attempts != 3 {
			t.Errorf("got %+v, %v after %d attempts", resp, err, x.Attempts)
		}
	})
}

type dated struct{ calls int }

func (d *dated) RoundTrip(req *http.Request) (*http.Response, error) {
	d.calls++
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	if d.calls == 1 {
		resp.StatusCode = http.StatusServiceUnavailable
		resp.Header.Set("Retry-After", time.Now().Add(10*time.Minute+40*time.Second).UTC().Format(http.TimeFormat))
	}
	return resp, nil
}

// A date in Retry-After is one of the server's clock.
func TestRetryAfterByTheCorrectedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := New(Config{MaxRetries: 1, RoundTripper: &dated{}})
		client.clock.offset = 10 * time.Minute
		start := time.Now()
		resp, _, err := client.Do(t.Context(), Request{Method: http.MethodGet, URL: "https://rtc.example.com"})
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", resp, err)
		}
		if waited := time.Since(start); waited < 39*time.Second || waited > 46*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}
