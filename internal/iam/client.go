// SPDX-License-Identifier: MPL-2.0

// Package iam calls IAM, STS and the metadata service of an ECS. Errors of all methods are of type *Error.
package iam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// DefaultMetadataEndpoint is the metadata service of every ECS. It is plain http, served by the host.
const DefaultMetadataEndpoint = "http://169.254.169.254"

// Config configures a Client.
type Config struct {
	Transport *transport.Client // may be shared

	// Endpoint and STSEndpoint are scheme and host; calls without one fail. Plain http needs a loopback address.
	Endpoint, STSEndpoint string

	MetadataEndpoint string // default DefaultMetadataEndpoint
}

// Client is safe for concurrent use.
type Client struct {
	iam, login, sts, metadata service // login is IAM, with fewer retries
}

type service struct {
	name      string
	endpoint  *url.URL // nil if it is not known
	transport *transport.Client

	plainText bool // its errors are not JSON
}

// New makes no call. Its error is one of transport.ParseEndpoint.
func New(cfg Config) (*Client, error) {
	c := &Client{
		iam:      service{name: "IAM API", transport: cfg.Transport},
		login:    service{name: "IAM API", transport: cfg.Transport.With(func(cfg *transport.Config) { cfg.MaxRetries = min(cfg.MaxRetries, 1) })},
		sts:      service{name: "STS API", transport: cfg.Transport},
		metadata: service{name: "metadata service", transport: cfg.Transport.With(forMetadata), plainText: true},
	}
	for _, e := range []struct {
		of      *service
		text    string
		example string
	}{
		{&c.iam, cfg.Endpoint, "https://iam.cn-north-4.myhuaweicloud.com"},
		{&c.login, cfg.Endpoint, "https://iam.cn-north-4.myhuaweicloud.com"},
		{&c.sts, cfg.STSEndpoint, "https://sts.cn-north-4.myhuaweicloud.com"},
		{&c.metadata, cfg.MetadataEndpoint, DefaultMetadataEndpoint},
	} {
		if e.text == "" {
			continue
		}
		endpoint, err := transport.ParseEndpoint(e.text, e.example)
		if err != nil {
			return nil, fmt.Errorf("the endpoint of the %s can't be used: %w", e.of.name, err)
		}
		e.of.endpoint = endpoint
	}
	if cfg.MetadataEndpoint == "" {
		c.metadata.endpoint, _ = url.Parse(DefaultMetadataEndpoint) // a constant
	}
	return c, nil
}

type call struct {
	operation string // in words, after "could not"
	service   service
	method    string
	path      string
	query     url.Values
	header    http.Header
	auth      transport.Authenticator // nil if the call is a proof of identity itself, or needs none
	body      any                     // sent as JSON unless nil
	secrets   []string                // values in header or body that must not be shown
}

type result interface {
	read(*transport.Response) error // of a success; no secret in the error
}

func (call call) do(ctx context.Context, out result) error {
	exchange, host := new(transport.Exchange), ""
	fail := func(err error) error {
		e, judged := err.(*Error) //nolint:errorlint // within another error it is one of another call
		if !judged {
			e = &Error{Message: err.Error(), cause: err}
		}
		e.Operation, e.Host, e.Proxy = call.operation, host, exchange.Proxy
		for _, s := range []*string{&e.Code, &e.Message, &e.RequestID} {
			*s = exchange.Printable(*s)
		}
		return e
	}
	if call.service.endpoint == nil {
		return fail(errors.New("no endpoint of the " + call.service.name + " is set"))
	}
	host = call.service.endpoint.Host

	r := transport.Request{
		Name:    call.service.name + " request",
		Method:  call.method,
		URL:     call.url(),
		Header:  call.header,
		Secrets: call.secrets,
		// Each call reads, or issues another token or key.
		Idempotent: true,
		Judge:      func(resp *transport.Response) (transport.Judgement, error) { return call.service.judge(resp, out) },
	}
	if call.auth != nil {
		r.Authenticator = withoutProject{call.auth}
	}
	if call.body != nil {
		var err error
		if r.Body, err = transport.EncodeJSON(call.body); err != nil {
			return fail(err)
		}
	}
	_, exchange, err := call.service.transport.Do(ctx, r)
	if err != nil {
		return fail(err)
	}
	return nil
}

func (s service) judge(resp *transport.Response, out result) (transport.Judgement, error) {
	unproven := transport.Judgement{Unproven: !json.Valid(resp.Body)}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusCreated {
		if err := out.read(resp); err != nil {
			return unproven, &Error{StatusCode: resp.StatusCode, Message: err.Error(), RequestID: resp.RequestID(), cause: err}
		}
		return unproven, nil
	}
	e := s.newError(resp)
	refusal := gateway.RefusalOf(resp.StatusCode, e.Message)
	if refusal == gateway.NoRefusal {
		return unproven, e
	}
	return refusal.Judge(e.Message, resp.Header), e
}

func (call call) url() string {
	u := *call.service.endpoint
	u.Path, u.RawQuery = call.path, call.query.Encode()
	return u.String()
}

// withoutProject omits X-Project-Id, because the configured project may belong to another account.
type withoutProject struct{ transport.Authenticator }

func (a withoutProject) Credentials(ctx context.Context) (transport.Credentials, error) {
	c, err := a.Authenticator.Credentials(ctx)
	c.ProjectID = ""
	return c, err
}
