// SPDX-License-Identifier: MPL-2.0

// Package sparkrtc is a client of the SparkRTC API (service code CloudRTC,
// version v2). It knows nothing of Terraform.
//
// The client signs each attempt afresh or sends a token, repeats what is worth
// repeating, never follows a redirect, bounds what it reads, and masks secrets
// in everything that it logs or returns as an error. Errors of all its methods
// are of type *Error.
package sparkrtc

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
)

const (
	// DefaultEndpoint is the one public endpoint of the service (API
	// Reference, "Before You Start").
	DefaultEndpoint = "https://rtc-api.myhuaweicloud.com"

	// DefaultRegion is the one region that the vendor's SDK knows for the
	// service; DefaultEndpoint belongs to it.
	DefaultRegion = "cn-north-4"

	// DefaultMaxRetries is how often an attempt is repeated unless the user
	// says otherwise; the huaweicloud provider has the same default.
	DefaultMaxRetries = 5

	// maxAnswer bounds an answer. A full page of 100 apps is below 100 KB.
	maxAnswer = 1 << 20

	maxAnswerHeader = 64 << 10

	// maxConnections is above Terraform's ten parallel operations, so that
	// none of them has to open a connection for each request.
	maxConnections = 32
)

// Config is what a Client is made of.
type Config struct {
	// Endpoint is scheme and host, DefaultEndpoint when empty. Plain http is
	// accepted for a loopback address only.
	Endpoint string

	// Credentials authenticate every request.
	Credentials credentials.Credentials

	// MaxRetries is how often a failed attempt is repeated; 0 means never.
	MaxRetries int

	// Insecure turns off the verification of the server's certificate.
	Insecure bool

	// UserAgent is sent as it is.
	UserAgent string

	// Logger receives a debug record for each attempt; nil logs nothing.
	Logger *slog.Logger

	// RetryWaitMin and RetryWaitMax bound the back-off between two attempts;
	// 500 ms and 30 s when zero. After a 429 without Retry-After the wait
	// starts at ten times the minimum, and goes up to twice the maximum.
	RetryWaitMin, RetryWaitMax time.Duration

	// AttemptTimeout bounds one attempt, from the connection to the last
	// byte of the answer; 60 s when zero.
	AttemptTimeout time.Duration
}

// Client calls the SparkRTC API. It is safe for concurrent use.
type Client struct {
	endpoint *url.URL
	http     *retryablehttp.Client
	redact   redactor
}

// New returns a client. It makes no call. Its only error is one of
// ParseEndpoint.
func New(cfg Config) (*Client, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = DefaultEndpoint
	}
	endpoint, err := ParseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.AttemptTimeout == 0 {
		cfg.AttemptTimeout = time.Minute
	}
	redact := newRedactor(cfg.Credentials.Secrets()...).accessKey(cfg.Credentials.AccessKey)

	policy := backoff{min: cfg.RetryWaitMin, max: cfg.RetryWaitMax}.withDefaults()
	return &Client{
		endpoint: endpoint,
		redact:   redact,
		http: &retryablehttp.Client{
			HTTPClient: &http.Client{
				Transport: &attempt{
					next:        newTransport(cfg.Insecure),
					credentials: cfg.Credentials,
					userAgent:   cfg.UserAgent,
					logger:      cfg.Logger,
					redact:      redact,
				},
				// A signed request is not to be carried to another place.
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
				Timeout:       cfg.AttemptTimeout,
			},
			Logger:       nil, // the default one writes to stderr
			RetryMax:     cfg.MaxRetries,
			RetryWaitMin: policy.min,
			RetryWaitMax: policy.max,
			CheckRetry:   shouldRetry,
			Backoff:      policy.wait,
			// Without it the last answer is thrown away when retries run out.
			ErrorHandler: retryablehttp.PassthroughErrorHandler,
		},
	}, nil
}

func newTransport(insecure bool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
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
			InsecureSkipVerify: insecure, //nolint:gosec // off unless the user asks for it
		},
	}
}

// ParseEndpoint checks an endpoint: https and a host, or http and a loopback
// address; no path, query or user. The error says what is wrong without the
// name of the argument.
func ParseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme == "" && u.Host == "":
		return nil, errors.New("it is not a URL such as " + DefaultEndpoint)
	case u.User != nil:
		return nil, errors.New("it must not contain a user or a password")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("its scheme must be https, not %q", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it has no host")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil, errors.New("its host has to be written in ASCII, as xn--…")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("plain http is accepted for a loopback address only, because requests carry credentials: use https")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("it must be scheme and host only, such as " + DefaultEndpoint)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// call is one operation on the API.
type call struct {
	operation string // its name in the API Reference
	method    string
	appID     string
	segments  []string // of the path, not escaped
	query     url.Values
	body      any      // sent as JSON unless nil
	secrets   []string // values in the body that must not be shown
}

// answer is what a call expects.
type answer interface {
	// check returns what is wrong with an answer that was decoded, or nil.
	check(call) *Error
}

// do performs the call and decodes its answer into out.
func (c *Client) do(ctx context.Context, call call, out answer) error {
	redact := c.redact.with(call.secrets...)
	attempts := &attempts{redact: redact}
	fail := func(e *Error) error {
		e.Operation, e.AppID, e.Attempts = call.operation, call.appID, attempts.count()
		// Masked before it is cut: half a secret would not be found.
		for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
			*s = printable(redact.text(*s))
		}
		return e
	}

	var body any // an empty []byte would be a body, too
	if call.body != nil {
		content, err := encode(call.body)
		if err != nil {
			return fail(&Error{Reason: ReasonInvalidRequest, Message: err.Error(), cause: err})
		}
		body = content
	}
	req, err := retryablehttp.NewRequestWithContext(attempts.into(ctx), call.method, c.url(call), body)
	if err != nil {
		return fail(&Error{Reason: ReasonInvalidRequest, Message: err.Error(), cause: err})
	}
	// Mandatory on every request of this API, also on one without a body.
	req.Header.Set("Content-Type", "application/json")

	resp, err := c.http.Do(req)
	if err != nil {
		return fail(newTransportError(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }() // read and held in memory by then
	content := readAnswer(resp)
	if resp.StatusCode != http.StatusOK {
		return fail(newAnswerError(resp, content))
	}
	var wrong *Error
	if err := json.Unmarshal(content, out); err != nil {
		wrong = &Error{Reason: ReasonInvalidAnswer, Message: notJSON(resp, err), cause: err}
	} else {
		wrong = out.check(call)
	}
	if wrong != nil {
		wrong.StatusCode, wrong.RequestID = resp.StatusCode, requestID(resp)
		return fail(wrong)
	}
	return nil
}

// encode returns v as JSON without the escapes that Go adds for HTML.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// url returns the URL of a call. Each segment of the path stays one segment whatever is in
// it: a dot segment is escaped too, because clients and proxies remove it.
func (c *Client) url(call call) string {
	var path strings.Builder
	for _, s := range call.segments {
		path.WriteByte('/')
		switch s {
		case ".", "..":
			path.WriteString(strings.ReplaceAll(s, ".", "%2E"))
		default:
			path.WriteString(url.PathEscape(s))
		}
	}
	if len(call.query) > 0 {
		path.WriteString("?" + call.query.Encode())
	}
	return c.endpoint.String() + path.String()
}
