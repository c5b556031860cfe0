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

// maxRetryAfter bounds what a server may ask for between attempts that no quota
// is known of.
const maxRetryAfter = time.Minute

// shouldRetry repeats connection failures, 429 and 5xx but 501.
func shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	var helpless *AuthenticationError // has repeated what is worth it
	var nonsense *AnswerError
	var dns *net.DNSError
	if errors.As(err, &helpless) || errors.As(err, &nonsense) || errors.As(err, &dns) && dns.IsNotFound || errors.Is(err, http.ErrSchemeMismatch) {
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

// wait is a retryablehttp.Backoff (a paced request that is throttled waits for the
// pacer instead): Retry-After where the server sends it,
// within a bound; else exponential with equal jitter, so that parallel
// operations don't come back together.
func (b backoff) wait(lower, upper time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if after, ok := retryAfter(resp, time.Now(), maxRetryAfter); ok {
			return jitter(after, after/8)
		}
		if resp.StatusCode == http.StatusTooManyRequests {
			// Quotas are a minute's: coming back at once only wastes calls.
			lower, upper = 10*lower, 2*upper
		}
	}
	wait := doubled(lower, attempt, upper)
	return jitter(wait/2, wait/2)
}

// doubled returns d doubled n times, or the most that it may be.
func doubled(d time.Duration, n int, most time.Duration) time.Duration {
	if n < 30 && d < most>>n {
		return d << n
	}
	return most
}

// jitter returns between least and least+spread.
func jitter(least, spread time.Duration) time.Duration {
	return least + rand.N(spread+1) //nolint:gosec // spreads load, protects nothing
}

// retryAfter reads Retry-After, seconds or a date, and bounds it.
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
