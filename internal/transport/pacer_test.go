// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// When a request that was throttled once is sent again.
func TestThrottledOnce(t *testing.T) {
	date := func(d time.Duration) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	tests := map[string]struct {
		message    string
		retryAfter string
		want       time.Duration
	}{
		"nothing said":                  {"throttled", "", 5 * time.Second},
		"with a limit":                  {"throttled 60", "", 5 * time.Second},
		"with a limit of none":          {"throttled 0", "", 5 * time.Second},
		"with a limit below none":       {"throttled -7", "", 5 * time.Second},
		"Retry-After":                   {"throttled", "8", 8 * time.Second},
		"Retry-After of zero":           {"throttled", "0", time.Second},
		"Retry-After of 10^9":           {"throttled", "1000000000", time.Minute},
		"Retry-After that overflows":    {"throttled", "99999999999999999999", 5 * time.Second},
		"Retry-After below zero":        {"throttled", "-5", 5 * time.Second},
		"Retry-After that says nothing": {"throttled", "soon", 5 * time.Second},
		"Retry-After as a date":         {"throttled", date(20 * time.Second), 20 * time.Second},
		"Retry-After in the past":       {"throttled", date(-time.Hour), time.Second},
		"Retry-After in the far future": {"throttled", date(100 * 365 * 24 * time.Hour), time.Minute},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return say(429, tc.message, "Retry-After", tc.retryAfter)
					}
					return say(200, "")
				}}
				client := f.client(func(c *Config) { c.MaxRetries = 1 })
				start := time.Now()
				resp, x, err := client.Do(t.Context(), paced(testCredentials))
				longest, _ := client.Throttled()
				if err != nil || resp.StatusCode != http.StatusOK || x.Attempts != 2 || time.Since(start) != tc.want || x.Waited != tc.want || longest != tc.want {
					t.Errorf("got %+v, %v after %v, waited %v, longest %v", resp, err, time.Since(start), x.Waited, longest)
				}
			})
		})
	}
}

// Throttling without an end is asked about less and less, and ends.
func TestThrottledForEver(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		calls  int
		took   time.Duration
	}{
		"as it is":      {func(*Config) {}, 21, (5 + 10 + 20 + 40 + 16*60) * time.Second},
		"bounded":       {func(c *Config) { c.MaxThrottled = 3 }, 4, 35 * time.Second},
		"never retried": {func(c *Config) { c.MaxRetries = 0 }, 1, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(int, *http.Request) (*http.Response, error) { return say(429, "throttled") }}
				client := f.client(tc.change)
				start := time.Now()
				resp, x, err := client.Do(t.Context(), paced(testCredentials))
				if calls, _ := f.calls(); err != nil || resp.StatusCode != http.StatusTooManyRequests || x.Attempts != tc.calls || calls != tc.calls || time.Since(start) != tc.took {
					t.Errorf("got %+v, %v after %v and %d attempts", resp, err, time.Since(start), x.Attempts)
				}
			})
		})
	}
}

// A 429 is no failure that counts: all retries are left for those that do.
func TestThrottlingUsesUpNoRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) {
			switch {
			case n == 4:
				return nil, errReset
			case n == 8:
				return say(503, "")
			case n < 12:
				return say(429, "throttled", "Retry-After", "2")
			default:
				return say(200, "")
			}
		}}
		resp, x, err := f.client().Do(t.Context(), paced(testCredentials))
		if err != nil || resp.StatusCode != http.StatusOK || x.Attempts != 12 {
			t.Errorf("got %+v after %d attempts, %v", resp, x.Attempts, err)
		}
	})
}

// Requests that are not paced neither wait nor teach anything.
func TestOthersAreNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut {
				return say(429, "throttled 1", "Retry-After", "60")
			}
			return say(200, "")
		}}
		client := f.client()
		if _, x, err := client.Do(t.Context(), request(testCredentials)); err != nil || x.Attempts != 3 {
			t.Errorf("%d attempts, %v", x.Attempts, err)
		}
		if _, quota := client.Throttled(); quota != (Quota{}) {
			t.Errorf("learned %+v", quota)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _, _ = client.Do(ctx, paced(testCredentials)) }()
		synctest.Wait()
		start := time.Now()
		other := request(testCredentials)
		other.Method = http.MethodGet
		if _, x, err := client.Do(t.Context(), other); err != nil || x.Attempts != 1 || time.Since(start) != 0 {
			t.Errorf("%d attempts after %v, %v", x.Attempts, time.Since(start), err)
		}
	})
}

// Credentials are asked for after the wait, when they are needed, and what was
// waited is not the attempt's time.
func TestCredentialsAreAskedForAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: time.Second, answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return say(429, "throttled", "Retry-After", "30")
			}
			return say(200, "")
		}}
		client := f.client(func(c *Config) { c.AttemptTimeout = 2 * time.Second })
		asked := &timed{}
		start := time.Now()
		if _, x, err := client.Do(t.Context(), paced(asked)); err != nil || x.Attempts != 2 {
			t.Errorf("%d attempts, %v", x.Attempts, err)
		}
		if len(asked.at) != 2 || asked.at[1].Sub(start) != 31*time.Second {
			t.Errorf("asked at %v", asked.at)
		}
	})
}

// timed notes when it was asked.
type timed struct{ at []time.Time }

func (a *timed) Credentials(context.Context) (Credentials, error) {
	a.at = append(a.at, time.Now())
	return testCredentials, nil
}

func TestWaitingForTheQuotaEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, *http.Request) (*http.Response, error) { return say(429, "throttled", "Retry-After", "60") }}
		client := f.client()
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, _, err := client.Do(ctx, paced(testCredentials)); !errors.Is(err, stopped) || time.Since(start) != 7*time.Second {
					t.Errorf("got %v after %v", err, time.Since(start))
				}
			})
		}
		time.Sleep(7 * time.Second)
		cancel(stopped)
		group.Wait()
		if calls, _ := f.calls(); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A probe that comes to nothing is followed by another: one that hangs, one
// that finds no connection, one that has no credentials, one that was stopped.
func TestProbeThatComesToNothing(t *testing.T) {
	tests := map[string]struct {
		probe func(n int, r *http.Request) (*http.Response, error)
		after time.Duration // another got through, at most
	}{
		"hangs": {func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, 15 * time.Second},
		"no connection": {func(int, *http.Request) (*http.Response, error) { return nil, errReset }, 11 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
					switch n {
					case 1:
						return say(200, "")
					case 2:
						return say(429, "throttled", "Retry-After", "10")
					case 3:
						return tc.probe(n, r)
					default:
						return say(200, "")
					}
				}}
				client := f.client()
				if _, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				first := make(chan time.Duration, 3)
				var group sync.WaitGroup
				for range 3 {
					group.Go(func() {
						if resp, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil || resp.StatusCode != http.StatusOK {
							t.Errorf("got %+v, %v", resp, err)
						}
						first <- time.Since(start)
					})
				}
				if got := <-first; got > tc.after {
					t.Errorf("the first got through after %v", got)
				}
				group.Wait()
			})
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return say(429, "throttled", "Retry-After", "10")
				}
				return say(200, "")
			}}
			client := f.client()
			start := time.Now()
			if _, _, err := client.Do(t.Context(), paced(&failing{})); err == nil {
				t.Error("no error")
			}
			if _, x, err := client.Do(t.Context(), paced(testCredentials)); err != nil || x.Attempts != 1 || time.Since(start) != 10*time.Second {
				t.Errorf("%d attempts, %v after %v", x.Attempts, err, time.Since(start))
			}
		})
	})
}

// failing has credentials once.
type failing struct{ asked int }

func (a *failing) Credentials(context.Context) (Credentials, error) {
	if a.asked++; a.asked > 1 {
		return Credentials{}, errors.New("no more")
	}
	return testCredentials, nil
}

// A server with a window that slides, which others use too, is kept as busy as
// it allows.
func TestSlidingQuota(t *testing.T) {
	for _, share := range []int{60, 20} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var passed []time.Time
				refused := 0
				f := &fake{latency: 100 * time.Millisecond, answer: func(int, *http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					for len(passed) > 0 && time.Since(passed[0]) >= time.Minute {
						passed = passed[1:]
					}
					if len(passed) >= share {
						refused++
						return say(429, "throttled 60")
					}
					passed = append(passed, time.Now())
					return say(200, "")
				}}
				client := f.client()
				start := time.Now()
				var group sync.WaitGroup
				for range 10 {
					group.Go(func() {
						for range share / 2 { // five windows' worth
							if resp, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil || resp.StatusCode != http.StatusOK {
								t.Errorf("got %+v, %v", resp, err)
							}
						}
					})
				}
				group.Wait()
				took := time.Since(start)
				t.Logf("%d refused, %v", refused, took)
				if most := 10; share == 60 && refused > most || refused > 40 {
					t.Errorf("%d refused", refused)
				}
				if ideal := 4 * time.Minute; took < ideal || share == 60 && took > ideal+5*time.Second || took > ideal+2*time.Minute {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// The history of own calls is bounded.
func TestPacerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, *http.Request) (*http.Response, error) { return say(200, "") }}
		client := f.client()
		for range maxHistory + 100 {
			if _, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(client.pacer.passed); got != maxHistory {
			t.Errorf("%d calls are remembered", got)
		}
		time.Sleep(maxHistoryAge)
		if _, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil || len(client.pacer.passed) != 1 {
			t.Errorf("%d calls are remembered, %v", len(client.pacer.passed), err)
		}
	})
}

// Clients that come from one another know the same.
func TestWithSharesWhatWasLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, *http.Request) (*http.Response, error) { return say(401, "refused") }}
		client := f.client()
		for _, c := range []*Client{client, client.With(func(c *Config) { c.MaxRetries = 0 })} {
			if resp, _, err := c.Do(t.Context(), request(testCredentials)); err != nil || resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("got %+v, %v", resp, err)
			}
		}
		if calls, _ := f.calls(); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A date in Retry-After is by the server's clock.
func TestRetryAfterDateByTheServersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n > 1 {
				return say(200, "")
			}
			resp, err := say(429, "throttled")
			resp.Header.Set("Retry-After", time.Now().Add(time.Hour+20*time.Second).UTC().Format(http.TimeFormat))
			return resp, err
		}}
		client := f.client()
		client.clock.offset = time.Hour
		start := time.Now()
		if _, _, err := client.Do(t.Context(), paced(testCredentials)); err != nil || time.Since(start).Round(time.Second) != 20*time.Second {
			t.Errorf("waited %v, %v", time.Since(start), err)
		}
	})
}
