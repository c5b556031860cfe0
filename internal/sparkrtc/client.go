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

	// Credentials authenticate every attempt. If they are a Renewer too, a
	// call is made once more with others when they are refused.
	Credentials transport.Authenticator

	// Transport sends the requests. It may be shared.
	Transport *transport.Client
}

// Renewer is an Authenticator that may have better credentials than those that
// were refused. It returns false if it has none, and should remember which it
// was asked about: parallel calls are refused together.
type Renewer interface {
	Renew(ctx context.Context, refused transport.Credentials) bool
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
	appID     string
	segments  []string // of the path, not escaped
	query     url.Values
	body      any      // sent as JSON unless nil
	secrets   []string // values in the body that must not be shown
}

func (c call) succeeds() int { return cmp.Or(c.success, http.StatusOK) }

// answer is what a call expects.
type answer interface {
	// check returns what is wrong with an answer that was decoded, or nil.
	check(call) *Error
}

// do performs the call and decodes its answer into out; nil expects none.
func (c *Client) do(ctx context.Context, call call, out answer) error {
	wrong, sent := c.try(ctx, call, out)
	if wrong != nil && wrong.Reason.renewable() && c.renew(ctx, sent) {
		earlier := wrong
		if wrong, _ = c.try(ctx, call, out); wrong != nil {
			wrong.Attempts += earlier.Attempts
			wrong.InDoubt = wrong.InDoubt || earlier.InDoubt
		}
	}
	if wrong != nil {
		return wrong
	}
	return nil
}

// renew tells whether there are other credentials than those that were refused.
func (c *Client) renew(ctx context.Context, refused transport.Credentials) bool {
	renewer, ok := c.credentials.(Renewer)
	return ok && renewer.Renew(ctx, refused)
}

// try performs the call with the credentials that there are, and returns those
// of the last attempt as well.
func (c *Client) try(ctx context.Context, call call, out answer) (*Error, transport.Credentials) {
	exchange := new(transport.Exchange)
	fail := func(e *Error) (*Error, transport.Credentials) {
		e.Operation, e.AppID, e.Attempts = call.operation, call.appID, exchange.Attempts
		e.InDoubt = exchange.InDoubt || e.StatusCode >= 200 && e.StatusCode < 300
		for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
			*s = exchange.Printable(*s)
		}
		return e, exchange.Sent
	}

	var body []byte
	if call.body != nil {
		var err error
		if body, err = transport.EncodeJSON(call.body); err != nil {
			return fail(&Error{Reason: ReasonInvalidRequest, Message: err.Error(), cause: err})
		}
	}
	resp, exchange, err := c.transport.Do(ctx, transport.Request{
		Name:   "SparkRTC API request",
		Method: call.method,
		URL:    c.url(call),
		// Mandatory on every request of this API, also on one without a body.
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          body,
		Authenticator: c.credentials,
		Judge:         call.judge,
		Paced:         true, // all calls share one quota
		Secrets:       call.secrets,
	})
	if err != nil {
		return fail(newTransportError(ctx, err))
	}
	if resp.StatusCode != call.succeeds() {
		return fail(newAnswerError(resp))
	}
	if out == nil {
		return nil, exchange.Sent
	}
	var wrong *Error
	if err := resp.Decode(out); err != nil {
		wrong = &Error{Reason: ReasonInvalidAnswer, Message: err.Error(), cause: err}
	} else {
		wrong = out.check(call)
	}
	if wrong != nil {
		wrong.StatusCode, wrong.RequestID = resp.StatusCode, resp.RequestID()
		return fail(wrong)
	}
	return nil, exchange.Sent
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

// aboutAnother is the error of an answer that names another app than its call,
// if both name one.
func aboutAnother(got, want string) *Error {
	if got == "" || want == "" || strings.EqualFold(got, want) {
		return nil
	}
	return &Error{Reason: ReasonInvalidAnswer, Message: "the answer is about another app, " + got}
}

func noApp(call call) *Error {
	return &Error{Operation: call.operation, Reason: ReasonInvalidRequest, Message: "the app id is empty"}
}
