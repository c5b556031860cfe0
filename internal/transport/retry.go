// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const maxRetryAfter = time.Minute // of requests that are not paced

// The default policy retries most connection failures, 429, and 5xx except 501.
func shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	var authentication *AuthenticationError // has been retried already
	var unreadable *ResponseError
	var dns *net.DNSError
	var proxy *ProxyError
	if errors.As(err, &proxy) && proxy.permanent() {
		return false, err
	}
	if errors.As(err, &authentication) || errors.As(err, &unreadable) || errors.As(err, &dns) && dns.IsNotFound || errors.Is(err, http.ErrSchemeMismatch) {
		return false, err
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

type backoff struct{ min, max time.Duration }

func (b backoff) withDefaults() backoff {
	if b.min == 0 {
		b.min = 500 * time.Millisecond
	}
	if b.max == 0 {
		b.max = 30 * time.Second
	}
	return b
}

// wait has equal jitter, so that parallel operations don't retry together. Retry-After is a lower bound.
func (b backoff) wait(attempt int, resp *http.Response, now time.Time) time.Duration {
	lower, upper := b.min, b.max
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		// Quotas are per minute: an early retry only wastes calls.
		lower, upper = 10*lower, 2*upper
	}
	wait := doubled(lower, attempt, upper)
	wait = jitter(wait/2, wait/2)
	if resp == nil {
		return wait
	}
	after, _ := retryAfter(resp, now, maxRetryAfter)
	return max(wait, jitter(after, after/8))
}

func doubled(d time.Duration, n int, most time.Duration) time.Duration {
	if n < 30 && d < most>>n {
		return d << n
	}
	return most
}

func jitter(lower, spread time.Duration) time.Duration {
	return lower + rand.N(spread+1) //nolint:gosec // spreads load, protects nothing
}

func retryAfter(resp *http.Response, now time.Time, most time.Duration) (time.Duration, bool) {
	header := resp.Header.Get("Retry-After")
	if header == "" {
		return 0, false
	}
	var after time.Duration
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = max(date.Sub(now), 0)
	} else {
		return 0, false
	}
	return min(after, most), true
}
