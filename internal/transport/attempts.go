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

// attempts is the RoundTripper of all attempts of one request. It authenticates
// a copy of the request, because header maps are shared between attempts; it
// reads the whole answer, so that one that breaks off counts as a failed
// attempt; and it logs, of an answer nothing but its status and request id.
type attempts struct {
	client   *Client
	request  Request
	exchange *Exchange

	throttled int  // how often it was
	gaveUp    bool // because of that
	corrected bool // the clock was corrected for it

	judged Judgement // of the last response
	err    error     // that the last response is
}

// RoundTrip makes an attempt. One that is throttled is made again here: it is
// the pacer's to say when, and no failure that counts against MaxRetries.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	for {
		resp, outcome, err := a.take(req, body)
		switch outcome {
		case done:
			return resp, err
		case throttled:
			if a.throttled++; a.throttled > a.client.config.maxThrottled() {
				a.gaveUp = true
				return resp, err
			}
		case tooLate:
		}
	}
}

// outcome is what came of an attempt, as far as the pacer is concerned.
type outcome int

const (
	done      outcome = iota // it has an answer, or an error
	throttled                // it has an answer, and may be made again
	tooLate                  // others were throttled before it was sent
)

// take makes an attempt when its turn has come.
func (a *attempts) take(req *http.Request, body []byte) (*http.Response, outcome, error) {
	ctx := req.Context()
	place, err := a.place(req)
	if err != nil {
		return nil, done, err
	}
	defer place.unused()
	// Not within the attempt's time: whoever fetches credentials has a client
	// with bounds of its own.
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
	if place.over() { // by now
		return nil, tooLate, nil
	}

	resp, judged, err := a.sendInTime(req, body, credentials)
	if err != nil {
		place.answered(false)
		return nil, done, err
	}
	gate.learn(judged, resp.StatusCode, func() *Response { return a.shown(resp) })
	if judged.Throttled == nil || !a.request.Paced {
		place.answered(true)
		return resp, done, nil
	}
	after, told := retryAfter(resp, time.Now().Add(a.client.clock.inUse()), maxWindow)
	if told {
		after = max(after, leastRetryAfter)
	}
	place.refused(*judged.Throttled, after)
	return resp, throttled, nil
}

// place waits for the pacer's. It is nil for a request that isn't paced.
func (a *attempts) place(req *http.Request) (*place, error) {
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

// credentials returns nil for a request that is sent without.
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

// gate is nil for a request that is sent without credentials.
func (a *attempts) gate(c *Credentials) *gate {
	if c == nil {
		return nil
	}
	return a.client.gates.of(*c)
}

// sendInTime sends a request and says what its answer means. If the time of the
// signature was refused it is signed and sent again, once.
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

// sendJudged sends a request, authenticated at the time now, logs that, and
// judges the answer.
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
		a.judged, a.err = a.request.Judge(resp)
	}
	return a.judged
}

// What send returns in place of a status.
const (
	notSent  = -1 // there was no connection to send it over
	noStatus = 0
)

// mayHaveEffect tells whether a request may have taken effect though no answer
// says so. There may be a status and an error: an answer that broke off.
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

// logUnsent logs a request that others were refused for.
func (a *attempts) logUnsent(req *http.Request, refusal *Response) {
	a.client.config.Logger.DebugContext(req.Context(), a.request.Name, append(a.record(req),
		slog.String("not_sent", "the same credentials were refused before, and more failures would lock an access key"),
		slog.Int("status", refusal.StatusCode),
		slog.String("request_id", a.exchange.redact.text(refusal.RequestID())))...)
}

// record is what all log lines about a request have.
func (a *attempts) record(req *http.Request) []any {
	return []any{
		slog.String("method", req.Method),
		slog.String("path", a.exchange.redact.text(req.URL.EscapedPath())),
	}
}

// shown returns an answer for others than its own request to see: they don't
// know the secrets of this one, which it may repeat.
func (a *attempts) shown(resp *http.Response) *Response {
	answer := received(resp)
	masked := &Response{StatusCode: answer.StatusCode, Header: make(http.Header), Body: []byte(a.exchange.redact.text(string(answer.Body)))}
	for name, values := range answer.Header {
		for _, v := range values {
			masked.Header[name] = append(masked.Header[name], a.exchange.redact.text(v))
		}
	}
	return masked
}

// send returns the status of an answer also with an error.
func (a *attempts) send(req *http.Request, body []byte, c *Credentials, now time.Time) (resp *http.Response, status int, err error) {
	bound := a.client.config.AttemptTimeout
	ctx, cancel := context.WithTimeoutCause(req.Context(), bound, fmt.Errorf("no complete answer within %v", bound))
	defer cancel()

	// A connection is there once TLS is agreed upon, through a proxy too.
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
	resp, status, err = receive(a.client.next, req)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	// Whoever sends in another way doesn't tell.
	if _, tells := a.client.next.(*http.Transport); tells && !connected.Load() {
		status = notSent
	}
	return resp, status, err
}

// receive sends a request and reads its answer to the end.
func receive(next http.RoundTripper, req *http.Request) (_ *http.Response, status int, err error) {
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, noStatus, err
	}
	status = resp.StatusCode
	defer func() { _ = resp.Body.Close() }() // what counts of it is read below
	if _, err := url.Parse(resp.Header.Get("Location")); err != nil {
		// net/http would fail on it before it asks whether to follow, and
		// what the server said would be lost.
		resp.Header.Del("Location")
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, status, &AnswerError{fmt.Sprintf("the answer is compressed (%q), which was not asked for", encoding)}
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, status, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(answer) > MaxAnswer {
		return nil, status, &AnswerError{fmt.Sprintf("the answer is larger than %d bytes", MaxAnswer)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	return resp, status, nil
}

// bodyOf reads the body that is about to be sent and closes it, as a
// RoundTripper must.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	return body, errors.Join(err, req.Body.Close())
}
