// SPDX-License-Identifier: MPL-2.0

// Package sparkrtc is a client of the SparkRTC API (CloudRTC, v2). Errors of all methods are of type *Error.
package sparkrtc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
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
	Endpoint    string                  // for transport.ParseEndpoint; default DefaultEndpoint
	Credentials transport.Authenticator // may be a transport.Renewer
	Transport   *transport.Client       // may be shared
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
	operation       string // its name in the API Reference
	action          string // of IAM; "" if it is not documented
	method          string
	success         []int // the statuses of one, 200 when nil
	object          Object
	app, rule       string   // their IDs, if the path names them
	segments        []string // of the path, not escaped
	query           url.Values
	body            any      // sent as JSON unless nil
	secrets         []string // values in the body that must not be shown
	urls            []string // in the body, of which only scheme and host may be shown
	idempotent      bool     // although it is a POST
	retriesNotFound bool     // as of a new object
}

func ofApp(c call, appID string, segments ...string) call {
	c.app, c.segments = appID, append([]string{"v2", "apps", appID}, segments...)
	return c
}

func (c call) succeeds(status int) bool {
	if c.success == nil {
		return status == http.StatusOK
	}
	return slices.Contains(c.success, status)
}

type result interface {
	check(call) *Error
}

// do decodes the response into out; nil expects an empty one. It returns the status of a success.
func (c *Client) do(ctx context.Context, call call, out result) (status int, err error) {
	// Clients, proxies and servers remove dot segments, also escaped ones: the request would be about something else.
	if slices.ContainsFunc(call.segments, func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return 0, call.fail(new(transport.Exchange), &Error{Reason: ReasonInvalidRequest, Message: "an ID in the path is empty, . or .."})
	}
	var body []byte
	if call.body != nil {
		if body, err = transport.EncodeJSON(call.body); err != nil {
			return 0, call.fail(new(transport.Exchange), &Error{Reason: ReasonInvalidRequest, Message: err.Error(), cause: err})
		}
	}
	resp, exchange, err := c.transport.Do(ctx, transport.Request{
		Name:   "SparkRTC API request",
		Method: call.method,
		URL:    c.url(call),
		// Mandatory on every request of this API, also without a body.
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          body,
		Authenticator: c.credentials,
		Judge:         func(resp *transport.Response) (transport.Judgement, error) { return call.judge(resp, out) },
		Paced:         true, // all calls share one quota
		Idempotent:    call.idempotent,
		Secrets:       call.secrets,
		PrivateURLs:   call.urls,
	})
	if err != nil {
		if resp != nil {
			exchange.Mask(keysIn(resp.Body)...)
		}
		e := newTransportError(ctx, err)
		e.Endpoint, e.Proxy = c.endpoint.String(), exchange.Proxy
		return 0, call.fail(exchange, e)
	}
	return resp.StatusCode, nil
}

var keyMember = regexp.MustCompile(`(?i)"(?:app_key|auth_key)"\s*:\s*("(?:[^"\\]|\\.)*")`)

// keysIn returns the keys of apps and callbacks in a response, also in one that is not valid.
func keysIn(body []byte) []string {
	var keys []string
	for _, found := range keyMember.FindAllSubmatch(body, -1) {
		var key string
		if json.Unmarshal(found[1], &key) == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

func (c call) fail(exchange *transport.Exchange, e *Error) error {
	e.Operation, e.Action, e.Object, e.Attempts = c.operation, c.action, c.object, exchange.Attempts
	e.ResponseLost = exchange.InDoubt
	e.InDoubt = c.method != http.MethodGet && (exchange.InDoubt || e.StatusCode >= 200 && e.StatusCode < 300)
	for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
		*s = exchange.Printable(*s)
	}
	return e
}

func (c *Client) url(call call) string {
	var path strings.Builder
	for _, s := range call.segments {
		path.WriteString("/" + url.PathEscape(s))
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
	return &Error{Reason: ReasonInvalidAnswer, Message: "the response is about another app, " + got}
}
