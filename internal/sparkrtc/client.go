// SPDX-License-Identifier: MPL-2.0

// Package sparkrtc is a client of the SparkRTC API (service code CloudRTC,
// version v2). It knows nothing of Terraform.
//
// Requests go through package transport, which authenticates, repeats, bounds
// and masks. Errors of all methods are of type *Error.
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
	// DefaultEndpoint is the one public endpoint of the service (API
	// Reference, "Before You Start").
	DefaultEndpoint = "https://rtc-api.myhuaweicloud.com"

	// DefaultRegion is the one region that the vendor's SDK knows for the
	// service; DefaultEndpoint belongs to it.
	DefaultRegion = "cn-north-4"

	// DefaultMaxRetries is how often an attempt is repeated unless the user
	// says otherwise; the huaweicloud provider has the same default.
	DefaultMaxRetries = 5
)

// Config is what a Client is made of.
type Config struct {
	// Endpoint is scheme and host, DefaultEndpoint when empty. Plain http is
	// accepted for a loopback address only.
	Endpoint string

	// Credentials authenticate every attempt; see also transport.Renewer.
	Credentials transport.Authenticator

	// Transport sends the requests. It may be shared.
	Transport *transport.Client
}

// Client calls the SparkRTC API. It is safe for concurrent use.
type Client struct {
	endpoint    *url.URL
	credentials transport.Authenticator
	transport   *transport.Client
}

// New returns a client. It makes no call. Its only error is one of
// transport.ParseEndpoint.
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

// call is one operation on the API.
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

// result is what a call expects.
type result interface {
	// check returns what is wrong with a response that was decoded, or nil.
	check(call) *Error
}

// do performs the call and decodes its response into out; nil expects none.
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
		// Mandatory on every request of this API, also on one without a body.
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

// fail adds to an error what is the same for all errors of a call.
func (c call) fail(exchange *transport.Exchange, e *Error) error {
	e.Operation, e.Object, e.Attempts = c.operation, c.object, exchange.Attempts
	e.InDoubt = exchange.InDoubt || e.StatusCode >= 200 && e.StatusCode < 300
	for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
		*s = exchange.Printable(*s)
	}
	return e
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

// aboutAnother is the error of a response that names another app than its call,
// if both name one.
func aboutAnother(got, want string) *Error {
	if got == "" || want == "" || strings.EqualFold(got, want) {
		return nil
	}
	return &Error{Reason: ReasonInvalidAnswer, Message: "the answer is about another app, " + got}
}

func noApp(call call) *Error {
	return &Error{Operation: call.operation, Object: call.object, Reason: ReasonInvalidRequest, Message: "the app id is empty"}
}
