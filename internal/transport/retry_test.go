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
		"Retry-After on 503":             {5, response(503, "2"), 2 * time.Second, 2250 * time.Millisecond},
		"Retry-After of zero":            {5, response(429, "0"), 0, 0},
		"Retry-After beyond the bound":   {0, response(429, "86400"), time.Minute, 68 * time.Second},
		"Retry-After that overflows":     {0, response(429, "99999999999999999999"), 2500 * time.Millisecond, 5 * time.Second},
		"Retry-After in the past":        {0, response(429, "Mon, 02 Jan 2006 15:04:05 GMT"), 0, 0},
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
				got := b.wait(b.min, b.max, tc.attempt, tc.resp)
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
