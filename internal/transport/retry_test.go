// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"net/http"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	b := backoff{}.withDefaults()
	response := func(status int, retryAfter string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}}
	}
	tests := map[string]struct {
		attempt     int
		resp        *http.Response
		least, most time.Duration
	}{
		"first":                          {0, nil, 250 * time.Millisecond, 500 * time.Millisecond},
		"third":                          {2, response(500, ""), time.Second, 2 * time.Second},
		"capped":                         {20, nil, 15 * time.Second, 30 * time.Second},
		"no overflow":                    {1000, nil, 15 * time.Second, 30 * time.Second},
		"throttled":                      {0, response(429, ""), 2500 * time.Millisecond, 5 * time.Second},
		"throttled again and again":      {9, response(429, ""), 30 * time.Second, time.Minute},
		"Retry-After in seconds":         {0, response(429, "8"), 8 * time.Second, 9 * time.Second},
		"Retry-After on 503":             {2, response(503, "4"), 4 * time.Second, 4500 * time.Millisecond},
		"Retry-After below the back-off": {5, response(503, "2"), 8 * time.Second, 16 * time.Second},
		"Retry-After of zero":            {0, response(503, "0"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After of zero, later":     {3, response(503, "0"), 2 * time.Second, 4 * time.Second},
		"Retry-After of zero on 429":     {5, response(429, "0"), 30 * time.Second, time.Minute},
		"Retry-After beyond the bound":   {0, response(429, "86400"), time.Minute, 68 * time.Second},
		"Retry-After that overflows":     {0, response(429, "99999999999999999999"), 2500 * time.Millisecond, 5 * time.Second},
		"Retry-After in the past":        {0, response(503, "Mon, 02 Jan 2006 15:04:05 GMT"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After in the far future":  {0, response(429, "Mon, 02 Jan 2106 15:04:05 GMT"), time.Minute, 68 * time.Second},
		"Retry-After that says nothing":  {0, response(503, "soon"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After that is not to be":  {0, response(503, "-5"), 250 * time.Millisecond, 500 * time.Millisecond},
		"Retry-After with a fraction":    {0, response(503, "1.5"), 250 * time.Millisecond, 500 * time.Millisecond},
		"attempt of a client of its own": {1, nil, 500 * time.Millisecond, time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			seen := map[time.Duration]bool{}
			for range 50 {
				got := b.wait(tc.attempt, tc.resp, time.Now())
				if got < tc.least || got > tc.most {
					t.Fatalf("waited %v, want %v to %v", got, tc.least, tc.most)
				}
				seen[got] = true
			}
			if tc.least != tc.most && len(seen) < 2 {
				t.Error("no jitter")
			}
		})
	}
}

// A date is compared with the corrected clock.
func TestBackoffOfDate(t *testing.T) {
	b := backoff{}.withDefaults()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	resp := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {now.Add(20 * time.Second).Format(http.TimeFormat)}}}
	if got := b.wait(0, resp, now); got < 20*time.Second || got > 23*time.Second {
		t.Errorf("waited %v", got)
	}
	if got := b.wait(0, resp, now.Add(time.Hour)); got > 500*time.Millisecond {
		t.Errorf("waited %v for a date in the past", got)
	}
}
