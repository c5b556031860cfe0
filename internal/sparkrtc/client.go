// SPDX-License-Identifier: MPL-2.0

// Package sparkrtc is a client of the SparkRTC API (service code CloudRTC, version v2), independent of Terraform.
// Errors of all methods are of type *Error.
package sparkrtc

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

const (
	// DefaultEndpoint is the only public endpoint (API Reference, "Before You Start").
	DefaultEndpoint = "https://rtc-api.myhuaweicloud.com"

	// DefaultRegion is the region of DefaultEndpoint, the only one in the vendor's SDK.
	DefaultRegion = "cn-north-4"

	// DefaultMaxRetries is that of the huaweicloud provider.
	DefaultMaxRetries = 5
)

// Config configures a Client.
type Config struct {
	// Endpoint is scheme and host; default DefaultEndpoint. Plain http needs a loopback address.
	Endpoint string

	// Credentials may be a transport.Renewer.
	Credentials transport.Authenticator

	// Transport may be shared.
	Transport *transport.Client
}

// Client is safe for concurrent use.
type Client struct {
	endpoint    *url.URL
	credentials transport.Authenticator
	transport   *transport.Client
}

// New makes no call. Its error is one of transport.ParseEndpoint.
func New(cfg Config) (*Client, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = DefaultEndpoint
	}
	endpoint, err := transport.ParseEndpoint(cfg.Endpoint, DefaultEndpoint)
	if err != nil {
		return nil, err
	}
	return &Client{endpoint: endpoint, credentials: cfg.Credentials, transport: cfg.Transport}, nil
}

type call struct {
	operation string // its name in the API Reference
	method    string
	success   int // the status of one, 200 when 0
	object    Object
	segments  []string // of the path, not escaped
	query     url.Values
	body      any      // sent as JSON unless nil
	secrets   []string // values in the body that must not be shown
}

func (c call) succeeds() int { return cmp.Or(c.success, http.StatusOK) }

type result interface {
	// check returns what is wrong with a decoded response, or nil.
	check(call) *Error
}

// do decodes the response into out; nil expects an empty one.
func (c *Client) do(ctx context.Context, call call, out result) error {
	var body []byte
	if call.body != nil {
		var err error
		if body, err = transport.EncodeJSON(call.body); err != nil {
			return call.fail(new(transport.Exchange), &Error{Reason: ReasonInvalidRequest, Message: err.Error(), cause: err})
		}
	}
	_, exchange, err := c.transport.Do(ctx, transport.Request{
		Name:   "SparkRTC API request",
		Method: call.method,
		URL:    c.url(call),
		// Mandatory on every request of this API, also without a body.
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          body,
		Authenticator: c.credentials,
		Judge:         func(resp *transport.Response) (transport.Judgement, error) { return call.judge(resp, out) },
		Paced:         true, // all calls share one quota
		Secrets:       call.secrets,
	})
	if err != nil {
		return call.fail(exchange, newTransportError(ctx, err))
	}
	return nil
}

func (c call) fail(exchange *transport.Exchange, e *Error) error {
	e.Operation, e.Object, e.Attempts = c.operation, c.object, exchange.Attempts
	e.InDoubt = exchange.InDoubt || e.StatusCode >= 200 && e.StatusCode < 300
	for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
		*s = exchange.Printable(*s)
	}
	return e
}

// Dot segments are escaped too, because clients and proxies remove them.
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

func aboutAnother(got, want string) *Error {
	if got == "" || want == "" || strings.EqualFold(got, want) {
		return nil
	}
	return &Error{Reason: ReasonInvalidAnswer, Message: "the answer is about another app, " + got}
}

func noApp(call call) *Error {
	return &Error{Operation: call.operation, Object: call.object, Reason: ReasonInvalidRequest, Message: "the app id is empty"}
}
