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
	"net/url"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
)

// attempt is the RoundTripper of the attempts of one request. It authenticates
// a copy of the request, because header maps are shared between attempts; it
// reads the whole answer, so that one that breaks off counts as a failed
// attempt; and it logs, of an answer nothing but its status and request id.
type attempt struct {
	client   *Client
	request  Request
	exchange *Exchange
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	// Not within the attempt's time: whoever fetches credentials has a client
	// with bounds of its own.
	credentials, err := a.credentials(req.Context())
	if err != nil {
		return nil, err
	}

	x := a.exchange
	x.Attempts++
	start := time.Now()
	resp, err := a.send(req, body, credentials, start)

	record := []any{
		slog.String("method", req.Method),
		slog.String("path", x.redact.text(req.URL.EscapedPath())),
		slog.Int("attempt", x.Attempts),
		slog.Int64("duration_ms", time.Since(start).Milliseconds()),
	}
	if err != nil {
		record = append(record, slog.String("error", x.redact.text(err.Error())))
	} else {
		record = append(record, slog.Int("status", resp.StatusCode), slog.String("request_id", x.redact.text(requestID(resp.Header))))
	}
	a.client.config.Logger.DebugContext(req.Context(), a.request.Name, record...)
	return resp, err
}

// credentials returns nil for a request that is sent without.
func (a *attempt) credentials(ctx context.Context) (*Credentials, error) {
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

func (a *attempt) send(req *http.Request, body []byte, c *Credentials, now time.Time) (*http.Response, error) {
	bound := a.client.config.AttemptTimeout
	ctx, cancel := context.WithTimeoutCause(req.Context(), bound, fmt.Errorf("no complete answer within %v", bound))
	defer cancel()

	sent := req.Clone(ctx)
	if body != nil {
		sent.Body = io.NopCloser(bytes.NewReader(body))
	}
	sent.Header.Set("User-Agent", a.client.config.UserAgent)
	if c != nil {
		c.authenticate(sent, body, now)
	}
	resp, err := receive(a.client.next, sent)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return resp, err
}

// receive sends a request and reads its answer to the end.
func receive(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // what counts of it is read below
	if _, err := url.Parse(resp.Header.Get("Location")); err != nil {
		// net/http would fail on it before it asks whether to follow, and
		// what the server said would be lost.
		resp.Header.Del("Location")
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, &AnswerError{fmt.Sprintf("the answer is compressed (%q), which was not asked for", encoding)}
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(answer) > MaxAnswer {
		return nil, &AnswerError{fmt.Sprintf("the answer is larger than %d bytes", MaxAnswer)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	return resp, nil
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

// authenticate adds a token to a request, or signs it at the time now.
func (c *Credentials) authenticate(req *http.Request, body []byte, now time.Time) {
	if c.Token != "" {
		req.Header.Set("X-Auth-Token", c.Token)
		return
	}
	headers := []signer.Header{{Name: "Host", Value: req.URL.Host}}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
			headers = append(headers, signer.Header{Name: name, Value: value})
		}
	}
	set("X-Project-Id", c.ProjectID)
	set("X-Security-Token", c.SecurityToken)
	signature := signer.Sign(c.AccessKey, c.SecretKey, now, signer.Request{
		Method:  req.Method,
		Path:    req.URL.EscapedPath(),
		Query:   req.URL.RawQuery,
		Headers: headers,
		Body:    body,
	})
	req.Header.Set("X-Sdk-Date", signature.Date)
	req.Header.Set("Authorization", signature.Authorization)
}
