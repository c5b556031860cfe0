// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// attempts sends all attempts of one request. They share header maps, so each is sent as a copy.
type attempts struct {
	client   *Client
	request  Request
	exchange *Exchange

	throttled int
	gaveUp    bool // throttled too often
	corrected bool // signed with a corrected clock

	judged Judgement // of the last response
	err    error     // of the last response
}

// RoundTrip repeats throttled attempts itself: they don't count against MaxRetries.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	for {
		resp, outcome, err := a.attempt(req, body)
		switch outcome {
		case done:
			return resp, err
		case throttled:
			if a.throttled++; a.throttled > a.client.config.maxThrottled() {
				a.gaveUp = true
				return resp, err
			}
		case stale:
		}
	}
}

type outcome int

const (
	done outcome = iota
	throttled
	stale // a 429 came in before it was sent
)

func (a *attempts) attempt(req *http.Request, body []byte) (*http.Response, outcome, error) {
	ctx := req.Context()
	slot, err := a.waitForSlot(req)
	if err != nil {
		return nil, done, err
	}
	defer slot.cancel()
	credentials, err := a.credentials(ctx)
	if err != nil {
		return nil, done, err
	}
	gate := a.gate(credentials)
	leave, refusal, err := gate.enter(ctx)
	if err != nil {
		return nil, done, err
	}
	defer leave()
	if refusal != nil {
		a.logUnsent(req, refusal)
		a.judge(refusal)
		return refusal.asReceived(req), done, nil
	}
	if slot.stale() {
		return nil, stale, nil
	}

	resp, judged, err := a.sendInTime(req, body, credentials)
	if err != nil {
		slot.completed(false)
		return nil, done, err
	}
	gate.learn(judged, resp.StatusCode, func() *Response { return a.masked(resp) })
	if judged.Throttled == nil || !a.request.Paced {
		slot.completed(true)
		return resp, done, nil
	}
	after, ok := retryAfter(resp, time.Now().Add(a.client.clock.inUse()), maxWindow)
	if ok {
		after = max(after, minRetryAfter)
	}
	slot.refused(*judged.Throttled, after)
	return resp, throttled, nil
}

func (a *attempts) waitForSlot(req *http.Request) (*slot, error) {
	ctx := req.Context()
	if !a.request.Paced {
		return nil, nil
	}
	pacer, start := a.client.pacer, time.Now()
	defer func() {
		a.exchange.Waited += time.Since(start)
		pacer.waited(a.exchange.Waited)
	}()
	return pacer.wait(ctx, a.client.pace(), func(wait time.Duration, quota Quota) {
		a.client.config.Logger.InfoContext(ctx, a.request.Name+" waits for the quota", append(a.record(req),
			slog.String("wait", wait.Round(time.Millisecond).String()),
			slog.Int("limit", quota.Limit),
			slog.String("window", quota.Window.String()))...)
	})
}

func (a *attempts) credentials(ctx context.Context) (*Credentials, error) {
	if a.request.Authenticator == nil {
		return nil, nil
	}
	c, err := a.request.Authenticator.Credentials(ctx)
	if err != nil {
		return nil, &AuthenticationError{err}
	}
	a.exchange.authenticated(c)
	return &c, nil
}

func (a *attempts) gate(c *Credentials) *gate {
	if c == nil {
		return nil
	}
	return a.client.gates.of(*c)
}

func (a *attempts) sendInTime(req *http.Request, body []byte, c *Credentials) (*http.Response, Judgement, error) {
	signed, used := time.Now(), a.client.clock.inUse()
	resp, judged, err := a.sendJudged(req, body, c, signed.Add(used))
	if !judged.Expired || c == nil || c.Token != "" || a.corrected {
		return resp, judged, err
	}
	offset, again, corrected := a.client.clock.correct(judged.ServerTime, signed, used)
	if !again {
		return resp, judged, err
	}
	a.corrected = true
	if corrected {
		a.client.config.Logger.WarnContext(req.Context(), "the clock of this machine is off, by what a server says: requests are signed with its time",
			slog.String("host", req.URL.Host), slog.String("offset", offset.String()))
	}
	resp, judged, err = a.sendJudged(req, body, c, time.Now().Add(offset))
	if corrected && judged.Expired {
		a.client.clock.undo(offset, used)
	}
	return resp, judged, err
}

func (a *attempts) sendJudged(req *http.Request, body []byte, c *Credentials, now time.Time) (*http.Response, Judgement, error) {
	x := a.exchange
	x.Attempts++
	start := time.Now()
	resp, status, err := a.send(req, body, c, now)
	if logger := a.client.config.Logger; logger.Enabled(req.Context(), slog.LevelDebug) {
		record := append(a.record(req),
			slog.Int("attempt", x.Attempts),
			slog.Int64("duration_ms", time.Since(start).Milliseconds()))
		if err != nil {
			record = append(record, slog.String("error", x.redact.text(err.Error())))
		} else {
			record = append(record, slog.Int("status", resp.StatusCode), slog.String("request_id", x.redact.text(requestID(resp.Header))))
		}
		logger.DebugContext(req.Context(), a.request.Name, record...)
	}
	noSuccess := err != nil || resp.StatusCode >= 300
	x.InDoubt = x.InDoubt && noSuccess || mayHaveEffect(status, err)
	a.judged, a.err = Judgement{}, nil
	if err != nil {
		return resp, Judgement{}, err
	}
	return resp, a.judge(received(resp)), nil
}

func (a *attempts) judge(resp *Response) Judgement {
	if a.request.Judge != nil {
		shown := *resp // a refusal is shared with other requests
		shown.redact = a.exchange.redact
		a.judged, a.err = a.request.Judge(&shown)
	}
	return a.judged
}

const (
	notSent  = -1 // no connection
	noStatus = 0
)

// mayHaveEffect is about a request without a success. A truncated response has a status and an error.
func mayHaveEffect(status int, err error) bool {
	switch {
	case status == notSent:
		return false
	case status < http.StatusMultipleChoices: // or none at all
		return err != nil
	default:
		return status >= http.StatusInternalServerError || status == http.StatusRequestTimeout
	}
}

func (a *attempts) logUnsent(req *http.Request, refusal *Response) {
	a.client.config.Logger.DebugContext(req.Context(), a.request.Name, append(a.record(req),
		slog.String("not_sent", "the same credentials were refused before, and more failures would lock an access key"),
		slog.Int("status", refusal.StatusCode),
		slog.String("request_id", a.exchange.redact.text(refusal.RequestID())))...)
}

func (a *attempts) record(req *http.Request) []any {
	return []any{
		slog.String("method", req.Method),
		slog.String("path", a.exchange.redact.text(req.URL.EscapedPath())),
	}
}

// masked returns a response for other requests, which don't know the secrets in it.
func (a *attempts) masked(resp *http.Response) *Response {
	response := received(resp)
	masked := &Response{StatusCode: response.StatusCode, Header: make(http.Header), Body: []byte(a.exchange.redact.text(string(response.Body)))}
	for name, values := range response.Header {
		for _, v := range values {
			masked.Header[name] = append(masked.Header[name], a.exchange.redact.text(v))
		}
	}
	return masked
}

func (a *attempts) send(req *http.Request, body []byte, c *Credentials, now time.Time) (resp *http.Response, status int, err error) {
	bound := a.client.config.AttemptTimeout
	ctx, cancel := context.WithTimeoutCause(req.Context(), bound, fmt.Errorf("no complete response within %v", bound))
	defer cancel()

	// GotConn comes after the TLS handshake, through a proxy too.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})

	req = req.Clone(ctx)
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	req.Header.Set("User-Agent", a.client.config.UserAgent)
	if c != nil {
		c.authenticate(req, body, now)
	}
	a.exchange.Proxy = proxyOf(a.client.next, req)
	resp, status, err = receive(a.client.next, req)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	// Other RoundTrippers don't report connections.
	if _, reports := a.client.next.(*http.Transport); reports && !connected.Load() {
		status = notSent
	}
	return resp, status, err
}

func receive(next http.RoundTripper, req *http.Request) (_ *http.Response, status int, err error) {
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, noStatus, err
	}
	status = resp.StatusCode
	defer func() { _ = resp.Body.Close() }()
	if _, err := url.Parse(resp.Header.Get("Location")); err != nil {
		// net/http would fail on it and lose the response.
		resp.Header.Del("Location")
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, status, &ResponseError{fmt.Sprintf("the response is compressed (%q), which was not asked for", encoding)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxResponse+1))
	if err != nil {
		return nil, status, fmt.Errorf("the response broke off: %w", err)
	}
	if len(body) > MaxResponse {
		return nil, status, &ResponseError{fmt.Sprintf("the response is larger than %d bytes", MaxResponse)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, status, nil
}

// A RoundTripper must close the body.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	return body, errors.Join(err, req.Body.Close())
}
