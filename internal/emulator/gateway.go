// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// More than maxFailures in a row lock an access key for lockTime.
	maxFailures = 5
	lockTime    = 5 * time.Minute

	incorrectIAM = "Incorrect IAM authentication information: "
)

type lock struct {
	failures int
	until    time.Time // zero unless locked
}

// gateway returns the error with which the API gateway stops a call, or nil.
func (s *Server) gateway(c *call) *response {
	if c.operation == unknownOperation {
		return c.fail(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
	}
	if errors.Is(c.bodyErr, errTooLarge) {
		return c.fail(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
	}
	if c.bodyErr != nil {
		return c.fail(http.StatusBadRequest, "APIGW.0201", "Bad request")
	}
	if c.operation.authentication == byHandler {
		return nil
	}
	if why := s.authenticate(c); why != "" {
		return c.fail(http.StatusUnauthorized, c.authenticationCode(), incorrectIAM+why)
	}
	c.entry.Authenticated = true
	if c.operation.api != sparkRTC {
		return nil
	}
	return s.throttle(c)
}

func (c *call) authenticationCode() string {
	if c.operation.api == iam {
		return ""
	}
	return "APIGW.0301"
}

// quota counts the calls of a minute, which begins with a call.
type quota struct {
	begin time.Time
	calls int
}

func (q *quota) take(limit int, now time.Time) (left time.Duration, ok bool) {
	left = q.begin.Add(time.Minute).Sub(now)
	if left <= 0 || left > time.Minute {
		*q, left = quota{begin: now}, time.Minute
	}
	if q.calls >= limit {
		return left, false
	}
	q.calls++
	return left, true
}

func (s *Server) throttle(c *call) *response {
	if s.opts.Quota <= 0 {
		return nil
	}
	left, ok := s.quota.take(s.opts.Quota, c.now)
	if ok {
		return nil
	}
	resp := c.fail(http.StatusTooManyRequests, "APIGW.0308", fmt.Sprintf(
		"The throttling threshold has been reached: policy user over ratelimit,limit:%d,time:1 minute", s.opts.Quota))
	if s.opts.RetryAfter {
		seconds := (left + time.Second - 1) / time.Second
		resp.header = http.Header{"Retry-After": {strconv.FormatInt(int64(seconds), 10)}}
	}
	return resp
}

// authenticate returns the gateway's message about wrong credentials, or "". A token counts before a signature.
func (s *Server) authenticate(c *call) string {
	header := c.r.Header
	token := header.Get("X-Auth-Token")
	switch c.operation.authentication {
	case signatureOnly:
		token = ""
	case bodyTokenToo:
		if token == "" && header.Get("Authorization") == "" {
			token = tokenInBody(c.body)
		}
	}
	if token != "" {
		return s.checkToken(c, token)
	}
	if header.Get("Authorization") == "" {
		return "x-auth-token not found"
	}
	auth, ok := parseAuthorization(header.Values("Authorization"))
	if !ok {
		return signatureFails + ", the Authorization header is malformed"
	}

	l := s.locks[auth.accessKey]
	if l == nil {
		l = new(lock)
		s.locks[auth.accessKey] = l
	}
	if c.now.Before(l.until) {
		return "AK access failed to reach the limit,forbidden"
	}
	why := verify(c, auth, s.keysFor(auth.accessKey, c.now))
	if why == "" {
		*l = lock{}
		return ""
	}
	if l.failures++; l.failures > maxFailures {
		*l = lock{until: c.now.Add(lockTime)}
	}
	return why
}
