// SPDX-License-Identifier: MPL-2.0

// Package transport sends requests to Huawei Cloud's APIs, whichever they are.
// It knows what they have in common: how a request is authenticated, and which
// answers are worth asking for again.
//
// A Client signs each attempt afresh or sends a token, repeats what is worth
// repeating, never follows a redirect, bounds what it reads, and masks secrets
// in everything that it logs. It keeps requests away from what would lock an
// access key, signs with the server's time if this machine's is wrong, and
// keeps within a quota. What an answer means is for the caller to say.
//
// A request may go more than once for four reasons, each with a bound of its
// own; from the outside in:
//
//   - other credentials may be better: Do, once, if the Authenticator is a Renewer
//   - an attempt failed: go-retryablehttp's loop in sendRetrying, MaxRetries
//   - it was throttled: RoundTrip, MaxThrottled, when the pacer says
//   - its signature had the wrong time: sendInTime, once
package transport

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// MaxAnswer bounds the body of an answer, in bytes. The largest that is
	// expected, a full page of 100 apps, is below 100 KB.
	MaxAnswer = 1 << 20

	maxAnswerHeader = 64 << 10

	// maxConnections is above Terraform's ten parallel operations, so that
	// none of them has to open a connection for each request.
	maxConnections = 32
)

// Config is how a Client behaves.
type Config struct {
	// MaxRetries is how often a failed attempt is repeated; 0 means never, not
	// even one that was throttled.
	MaxRetries int

	// MaxThrottled is how often a paced attempt is repeated that was
	// throttled, which doesn't count as a retry; 20 when zero.
	MaxThrottled int

	// Insecure turns off the verification of servers' certificates.
	Insecure bool

	// RootCAs are whose certificates are taken; nil means the system's.
	RootCAs *x509.CertPool

	// NoProxy ignores the proxy that the environment names.
	NoProxy bool

	// UserAgent is sent as it is.
	UserAgent string

	// Logger receives a debug record for each attempt, an information about
	// each longer wait for a quota, and a warning about a clock that is off;
	// nil logs nothing.
	Logger *slog.Logger

	// RoundTripper sends what was authenticated; nil means over connections
	// of the client's own. Insecure, RootCAs and NoProxy are of no meaning to
	// another one.
	RoundTripper http.RoundTripper

	// RetryWaitMin and RetryWaitMax bound the back-off between two attempts;
	// 500 ms and 30 s when zero. After a 429 without Retry-After the wait
	// starts at ten times the minimum, and goes up to twice the maximum.
	RetryWaitMin, RetryWaitMax time.Duration

	// AttemptTimeout bounds one attempt, from the connection to the last
	// byte of the answer; 60 s when zero. What an Authenticator takes does
	// not count.
	AttemptTimeout time.Duration
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	config Config
	next   http.RoundTripper
	*memory
}

// memory is what a client learns.
type memory struct {
	gates gates
	clock clock
	pacer *pacer
}

// New returns a client with connections of its own. It makes no call.
func New(cfg Config) *Client { return newWith(cfg, &memory{pacer: newPacer()}) }

func newWith(cfg Config, learned *memory) *Client {
	client := &Client{config: cfg, next: cfg.RoundTripper, memory: learned}
	if client.next == nil {
		client.next = newTransport(cfg)
	}
	if cfg.Logger == nil {
		client.config.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.AttemptTimeout == 0 {
		client.config.AttemptTimeout = time.Minute
	}
	return client
}

// With returns another client: as this one, but for what change does to its
// configuration. What one of them learns of credentials, the time and the
// quota, the other knows too.
func (c *Client) With(change func(*Config)) *Client {
	cfg := c.config
	change(&cfg)
	return newWith(cfg, c.memory)
}

// ClockOffset returns by how much servers are ahead of this machine's clock,
// as far as requests are signed with their time; 0 if with this machine's.
func (c *Client) ClockOffset() time.Duration { return c.clock.inUse() }

// Throttled returns how long a request has waited for the quota, in all its
// attempts together and at most, and the quota that was learned; the zero value
// if there never was a 429.
func (c *Client) Throttled() (longest time.Duration, quota Quota) { return c.pacer.learned() }

func (c *Client) backoff() backoff {
	return backoff{min: c.config.RetryWaitMin, max: c.config.RetryWaitMax}.withDefaults()
}

// pace is that of the back-off after a 429.
func (c *Client) pace() pace {
	b := c.backoff()
	return pace{min: 10 * b.min, max: 2 * b.max}
}

func (cfg Config) maxThrottled() int {
	if cfg.MaxRetries == 0 {
		return 0
	}
	return cmp.Or(cfg.MaxThrottled, defaultMaxThrottled)
}

func newTransport(cfg Config) *http.Transport {
	proxy := http.ProxyFromEnvironment
	if cfg.NoProxy {
		proxy = nil
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		MaxResponseHeaderBytes: maxAnswerHeader,
		DisableCompression:     true, // an answer is small, and a compressed one has no bound
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            cfg.RootCAs,
			InsecureSkipVerify: cfg.Insecure, //nolint:gosec // off unless the user asks for it
		},
	}
}

// Request is what Do sends.
type Request struct {
	// Name opens the log line of each attempt, as in "IAM API request".
	Name string

	Method string
	URL    string
	Header http.Header
	Body   []byte // nil for none

	// Authenticator authenticates each attempt; nil sends it without.
	Authenticator Authenticator

	// Judge says what a response means for other requests, and which error it is
	// for this one; Do returns that of the last response. Nil judges nothing.
	Judge func(*Response) (Judgement, error)

	// Paced makes attempts wait for the quota that paced requests share. It
	// is learned from answers that Judge calls throttled.
	Paced bool

	// Idempotent lets a POST or a PATCH be repeated though it may have taken
	// effect. Other methods are idempotent by themselves (RFC 9110, 9.2.2).
	Idempotent bool

	// Secrets are values in URL, header or body that must not be shown.
	Secrets []string
}

func (r Request) idempotent() bool {
	return r.Idempotent || r.Method != http.MethodPost && r.Method != http.MethodPatch
}

// Do sends a request, and again as long as that is worth it and does no harm.
// The last response counts, whatever its status, with the error that Judge returns
// of it.
//
// Where there is none the error is a *RequestError, an *AuthenticationError, an
// *AnswerError, the cause of the context's end, or else about the connection.
// The text of the latter two kinds may hold what a server said, and belongs
// into Exchange.Printable.
//
// The Exchange is never nil.
func (c *Client) Do(ctx context.Context, r Request) (*Response, *Exchange, error) {
	x := &Exchange{redact: newRedactor(r.Secrets...)}
	resp, judged, err := c.sendRetrying(ctx, r, x)
	if renewer, ok := r.Authenticator.(Renewer); ok && judged.Renewable && renewer.Renew(ctx, x.Sent) {
		resp, _, err = c.sendRetrying(ctx, r, x)
	}
	return resp, x, err
}

// sendRetrying sends a request with the credentials that there are, and returns
// what its last response means.
func (c *Client) sendRetrying(ctx context.Context, r Request, x *Exchange) (*Response, Judgement, error) {
	var body any // an empty []byte would be a body, too
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return nil, Judgement{}, &RequestError{err}
	}
	maps.Copy(req.Header, r.Header)

	a := &attempts{client: c, request: r, exchange: x}
	resp, err := c.retrying(a).Do(req)
	if err != nil {
		return nil, Judgement{}, cause(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, Judgement{}, err // can't be: attempts has read it into memory
	}
	return &Response{StatusCode: resp.StatusCode, Header: resp.Header, Body: content}, a.judged, a.err
}

func (c *Client) retrying(a *attempts) *retryablehttp.Client {
	policy := c.backoff()
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: a,
			// A signed request is not to be carried to another place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Logger:       nil, // the default one writes to stderr
		RetryMax:     c.config.MaxRetries,
		RetryWaitMin: policy.min,
		RetryWaitMax: policy.max,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if a.gaveUp || a.exchange.InDoubt && !a.request.idempotent() {
				return false, nil
			}
			return shouldRetry(ctx, resp, err)
		},
		Backoff: policy.wait,
		// Without it the last answer is thrown away when retries run out.
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// cause returns what ended a request.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var wrapped *url.Error // repeats method and URL, which are known
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// EncodeJSON returns v as JSON without the escapes that Go adds for HTML.
func EncodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}
