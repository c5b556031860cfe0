// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Keys are a temporary access key.
type Keys struct {
	AccessKey, SecretKey, SecurityToken string

	ExpiresAt time.Time // zero if that is not known
}

// Transport returns what authenticates a request with the keys, but for its
// project.
func (k Keys) Transport() transport.Credentials {
	return transport.Credentials{AccessKey: k.AccessKey, SecretKey: k.SecretKey, SecurityToken: k.SecurityToken}
}

// String names the keys, so that a careless %v shows no secret.
func (k Keys) String() string { return k.Transport().String() }

// GoString is String, so that a careless %#v shows no secret.
func (k Keys) GoString() string { return k.String() }

// LogValue is String, so that a careless log line shows no secret.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Keys) check() error {
	if k.AccessKey == "" || k.SecretKey == "" || k.SecurityToken == "" {
		return errors.New("the answer has no complete access key")
	}
	return nil
}

// keysAnswer is IAM's, and the metadata service's.
type keysAnswer struct {
	Credential struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	} `json:"credential"`
}

func (a *keysAnswer) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	return a.keys().check()
}

func (a *keysAnswer) keys() Keys {
	c := a.Credential
	return Keys{AccessKey: c.Access, SecretKey: c.Secret, SecurityToken: c.SecurityToken, ExpiresAt: expiry(c.ExpiresAt, time.Now())}
}

// stsAnswer is that of STS.
type stsAnswer struct {
	Credentials struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SecurityToken   string `json:"security_token"`
		Expiration      string `json:"expiration"`
	} `json:"credentials"`
}

func (a *stsAnswer) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	return a.keys().check()
}

func (a *stsAnswer) keys() Keys {
	c := a.Credentials
	return Keys{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SecurityToken: c.SecurityToken, ExpiresAt: expiry(c.Expiration, time.Now())}
}

// withDuration adds for how long keys are wanted. Without it the service
// decides; the API takes whole seconds.
func withDuration(fields map[string]any, d time.Duration) map[string]any {
	if d != 0 {
		fields["duration_seconds"] = int64(d / time.Second)
	}
	return fields
}

// TokenKeys returns a temporary access key for a token
// (POST /v3.0/OS-CREDENTIAL/securitytokens). The service takes 15 minutes to 24
// hours, and decides itself where the duration is 0.
func (c *Client) TokenKeys(ctx context.Context, token string, d time.Duration) (Keys, error) {
	return c.keys(ctx, call{
		operation: "get a temporary access key for the token",
		body:      identity("token", withDuration(map[string]any{"id": token}, d)),
		secrets:   []string{token},
	})
}

// Agency is one to assume.
type Agency struct {
	Name string

	// DomainName and DomainID are the account whose agency it is.
	DomainName, DomainID string

	// Duration is for how long; 0 leaves it to the service. IAM takes 15
	// minutes to 24 hours, STS to 12 hours and, where a temporary access key
	// assumes it, to one.
	Duration time.Duration
}

// AssumeAgency returns a temporary access key of an agency
// (POST /v3.0/OS-CREDENTIAL/securitytokens). Its account is told by name, or
// else by id.
func (c *Client) AssumeAgency(ctx context.Context, auth transport.Authenticator, agency Agency) (Keys, error) {
	role := map[string]any{"agency_name": agency.Name}
	if agency.DomainName != "" {
		role["domain_name"] = agency.DomainName
	} else {
		role["domain_id"] = agency.DomainID
	}
	return c.keys(ctx, call{
		operation: "assume the agency",
		auth:      auth,
		body:      identity("assume_role", withDuration(role, agency.Duration)),
	})
}

func identity(method string, fields map[string]any) map[string]any {
	return map[string]any{"auth": map[string]any{"identity": map[string]any{
		"methods": []string{method},
		method:    fields,
	}}}
}

func (c *Client) keys(ctx context.Context, call call) (Keys, error) {
	call.service, call.method, call.header = c.iam, http.MethodPost, jsonHeader()
	call.path = "/v3.0/OS-CREDENTIAL/securitytokens"
	var answer keysAnswer
	if err := call.do(ctx, &answer); err != nil {
		return Keys{}, err
	}
	return answer.keys(), nil
}

// sessionName is how the audit log of the agency's account calls who assumed
// it.
const sessionName = "terraform-provider-sparkrtc"

// AssumeAgencySTS returns a temporary access key of an agency
// (POST /v5/agencies/assume). Its account is told by id. STS takes signatures
// only, no token.
func (c *Client) AssumeAgencySTS(ctx context.Context, auth transport.Authenticator, agency Agency) (Keys, error) {
	var answer stsAnswer
	err := call{
		operation: "assume the agency",
		service:   c.sts,
		method:    http.MethodPost,
		path:      "/v5/agencies/assume",
		header:    jsonHeader(),
		auth:      auth,
		body: withDuration(map[string]any{
			"agency_urn":          "iam::" + agency.DomainID + ":agency:" + agency.Name,
			"agency_session_name": sessionName,
		}, agency.Duration),
	}.do(ctx, &answer)
	if err != nil {
		return Keys{}, err
	}
	return answer.keys(), nil
}
