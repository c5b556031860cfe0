// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Quota limits the SparkRTC calls a second: the emulator's own quota is by the minute, too long for a test to wait.
type Quota struct {
	Refused atomic.Int64 // how many calls were answered with 429

	mu    sync.Mutex
	limit int // 0 for none
	begun time.Time
	calls int
}

// SetLimit sets the calls a second; 0 is no limit, as at first.
func (q *Quota) SetLimit(limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit = limit
}

// Wrap is for StartWrappedEmulator.
func (q *Quota) Wrap(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit, ok := 0, true
		if strings.HasPrefix(r.URL.Path, apiPath) {
			limit, ok = q.take()
		}
		if ok {
			server.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = fmt.Fprintf(w, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:%d,time:1 second"}`, limit)
	})
}

func (q *Quota) take() (limit int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == 0 {
		return 0, true
	}
	if now := time.Now(); now.Sub(q.begun) >= time.Second {
		q.begun, q.calls = now, 0
	}
	if q.calls++; q.calls <= q.limit {
		return q.limit, true
	}
	q.Refused.Add(1)
	return q.limit, false
}
