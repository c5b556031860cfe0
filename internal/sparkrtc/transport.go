// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
)

// attempts counts the attempts of one call, and carries what its log lines
// have to mask.
type attempts struct {
	n      atomic.Int32
	redact redactor
}

type attemptsKey struct{}

func (a *attempts) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptsKey{}, a)
}

func (a *attempts) count() int { return int(a.n.Load()) }

// attempt is the RoundTripper of a single attempt. It authenticates a copy of
// the request, because header maps are shared between attempts; it reads the
// whole answer, so that one that breaks off counts as a failed attempt; and it
// logs.
type attempt struct {
	next        http.RoundTripper
	credentials credentials.Credentials
	userAgent   string
	logger      *slog.Logger
	redact      redactor
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	number, redact := 1, a.redact
	if counter, ok := req.Context().Value(attemptsKey{}).(*attempts); ok {
		number, redact = int(counter.n.Add(1)), counter.redact
	}
	start := time.Now()
	resp, err := a.send(req, start)

	record := []any{
		slog.String("method", req.Method),
		slog.String("path", req.URL.EscapedPath()),
		slog.Int("attempt", number),
		slog.Int64("duration_ms", time.Since(start).Milliseconds()),
	}
	if err != nil {
		record = append(record, slog.String("error", redact.text(err.Error())))
	} else {
		record = append(record, slog.Int("status", resp.StatusCode), slog.String("request_id", redact.text(requestID(resp))))
	}
	a.logger.DebugContext(req.Context(), "SparkRTC API request", record...)
	return resp, err
}

func (a *attempt) send(req *http.Request, now time.Time) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	signed := req.Clone(req.Context())
	if body != nil {
		signed.Body = io.NopCloser(bytes.NewReader(body))
	}
	signed.Header.Set("User-Agent", a.userAgent)
	a.authenticate(signed, body, now)

	resp, err := a.next.RoundTrip(signed)
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
		return nil, &answerError{fmt.Sprintf("the answer is compressed (%q), which was not asked for", encoding)}
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, &answerError{fmt.Sprintf("the answer is larger than %d bytes", maxAnswer)}
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

func (a *attempt) authenticate(req *http.Request, body []byte, now time.Time) {
	c := a.credentials
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

// readAnswer returns the body that attempt has already read.
func readAnswer(resp *http.Response) []byte {
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil // can't be: it is in memory
	}
	return answer
}

// requestID returns the id that the service's support asks for.
func requestID(resp *http.Response) string {
	return strings.TrimSpace(resp.Header.Get("X-Request-Id"))
}

// answerError is an answer that is not worth asking for again.
type answerError struct{ text string }

func (e *answerError) Error() string { return e.text }
