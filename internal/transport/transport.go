// SPDX-License-Identifier: MPL-2.0

// Package transport sends requests to Huawei Cloud's APIs: it authenticates, retries, paces and masks secrets.
// A request is sent more than once for four reasons, each with its own bound; from the outside in:
//
// - renewed credentials: Do, once, if the Authenticator is a Renewer
// - a failed attempt: go-retryablehttp in sendRetrying, MaxRetries
// - throttling: RoundTrip, MaxThrottled, when the pacer allows
// - a wrong time in the signature: sendInTime, once
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
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// MaxResponse bounds a body, in bytes. The largest expected one, 100 apps, is below 100 KB.
	MaxResponse = 1 << 20

	maxResponseHeader = 64 << 10

	// More than Terraform's ten parallel operations.
	maxConnections = 32
)

// Config configures a Client.
type Config struct {
	MaxRetries   int            // of a failed attempt; 0 turns off MaxThrottled too
	MaxThrottled int            // repeats of a throttled attempt of a paced request; default 20
	Insecure     bool           // skips the verification of server certificates
	RootCAs      *x509.CertPool // default: the system's
	NoProxy      bool           // ignores the proxy environment variables
	UserAgent    string

	// Logger gets attempts (debug), long waits (info) and a wrong clock (warn); nil logs nothing.
	Logger *slog.Logger

	// RoundTripper sends authenticated requests. Insecure, RootCAs, NoProxy and Dial apply only to the default, nil.
	RoundTripper http.RoundTripper

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // default a net.Dialer's

	// RetryWaitMin and RetryWaitMax bound the back-off; default 500 ms and 30 s; 10 and 2 times that on a 429.
	RetryWaitMin, RetryWaitMax time.Duration

	// AttemptTimeout is for one attempt, from connection to last byte, without the Authenticator; default 60 s.
	AttemptTimeout time.Duration
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	config Config
	next   http.RoundTripper
	*memory
}

type memory struct {
	gates gates
	clock clock
	pacer *pacer
}

// New returns a client with its own connections. It makes no call.
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

// With returns a client with a changed configuration that shares what is learned of credentials, time and quota.
func (c *Client) With(change func(*Config)) *Client {
	cfg := c.config
	change(&cfg)
	client := newWith(cfg, c.memory)
	if cfg.RoundTripper == nil && c.config.RoundTripper == nil && cfg.Insecure == c.config.Insecure && cfg.RootCAs == c.config.RootCAs && cfg.NoProxy == c.config.NoProxy {
		client.next = c.next
	}
	return client
}

// ClockOffset is added to the local time for signatures: how far servers are ahead.
func (c *Client) ClockOffset() time.Duration { return c.clock.inUse() }

// Throttled returns the longest wait of a request for the quota, and the quota; zero before the first 429.
func (c *Client) Throttled() (longest time.Duration, quota Quota) { return c.pacer.learned() }

func (c *Client) backoff() backoff {
	return backoff{min: c.config.RetryWaitMin, max: c.config.RetryWaitMax}.withDefaults()
}

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
	dial := cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: onProxyConnect,
		DialContext:            dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		MaxResponseHeaderBytes: maxResponseHeader,
		DisableCompression:     true, // a response is small, and a compressed one has no bound
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            cfg.RootCAs,
			InsecureSkipVerify: cfg.Insecure, //nolint:gosec // off unless the user asks for it
		},
	}
}

// Request is the input of Do.
type Request struct {
	Name          string // starts each log line, as in "IAM API request"
	Method        string
	URL           string
	Header        http.Header
	Body          []byte        // nil for none
	Authenticator Authenticator // nil for a request without credentials

	// Judge returns what a response means for later requests, and the error that Do returns if it is the last.
	Judge func(*Response) (Judgement, error)

	// Paced requests share a quota, learned from responses that Judge calls throttled.
	Paced bool

	// Idempotent allows retries of a POST or PATCH that may have taken effect (RFC 9110, 9.2.2).
	Idempotent bool

	Secrets, PrivateURLs []string // to mask; of PrivateURLs, scheme and host may be shown
}

func (r Request) idempotent() bool {
	return r.Idempotent || r.Method != http.MethodPost && r.Method != http.MethodPatch
}

// Do returns the last response of any status, with the error of Judge, and never a nil Exchange. Without a
// response the error is a *RequestError, *AuthenticationError, *ResponseError, the cause of the context, or about
// the connection; pass the text of the latter two through Exchange.Printable.
func (c *Client) Do(ctx context.Context, r Request) (*Response, *Exchange, error) {
	secrets := slices.Clone(r.Secrets)
	for _, private := range r.PrivateURLs {
		secrets = append(secrets, privateParts(private)...)
	}
	x := &Exchange{redact: newRedactor(secrets...)}
	resp, judged, err := c.sendRetrying(ctx, r, x)
	if renewer, ok := r.Authenticator.(Renewer); ok && judged.Renewable && renewer.Renew(ctx, x.Sent) {
		resp, _, err = c.sendRetrying(ctx, r, x)
	}
	return resp, x, err
}

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
		return nil, Judgement{}, err // can't happen: it is in memory
	}
	return &Response{StatusCode: resp.StatusCode, Header: resp.Header, Body: content}, a.judged, a.err
}

func (c *Client) retrying(a *attempts) *retryablehttp.Client {
	policy := c.backoff()
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: a,
			// A signed request must not go to another host.
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
			if err == nil && a.judged.Retry {
				return true, nil
			}
			return shouldRetry(ctx, resp, err)
		},
		Backoff: func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
			return policy.wait(attempt, resp, time.Now().Add(c.clock.inUse()))
		},
		// By default the last response is dropped when retries run out.
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

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

// EncodeJSON returns v as JSON without Go's escapes for HTML.
func EncodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}
