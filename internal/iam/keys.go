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

// Transport returns the keys as credentials without a project.
func (k Keys) Transport() transport.Credentials {
	return transport.Credentials{AccessKey: k.AccessKey, SecretKey: k.SecretKey, SecurityToken: k.SecurityToken}
}

func (k Keys) String() string { return k.Transport().String() }

// GoString is String.
func (k Keys) GoString() string { return k.String() }

// LogValue is String.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Keys) check() error {
	if k.AccessKey == "" || k.SecretKey == "" || k.SecurityToken == "" {
		return errors.New("the response has no complete access key")
	}
	return nil
}

type keysResponse struct {
	Credential struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	} `json:"credential"`
}

func (a *keysResponse) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	return a.keys().check()
}

func (a *keysResponse) keys() Keys {
	c := a.Credential
	return Keys{AccessKey: c.Access, SecretKey: c.Secret, SecurityToken: c.SecurityToken, ExpiresAt: expiry(c.ExpiresAt, time.Now())}
}

type stsResponse struct {
	Credentials struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SecurityToken   string `json:"security_token"`
		Expiration      string `json:"expiration"`
	} `json:"credentials"`
}

func (a *stsResponse) read(resp *transport.Response) error {
	if err := resp.Decode(a); err != nil {
		return err
	}
	return a.keys().check()
}

func (a *stsResponse) keys() Keys {
	c := a.Credentials
	return Keys{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SecurityToken: c.SecurityToken, ExpiresAt: expiry(c.Expiration, time.Now())}
}

func withDuration(fields map[string]any, d time.Duration) map[string]any {
	if d != 0 {
		fields["duration_seconds"] = int64(d / time.Second)
	}
	return fields
}

// TokenKeys returns a temporary access key for a token, for 15 minutes to 24 hours; 0 leaves it to the service.
func (c *Client) TokenKeys(ctx context.Context, token string, d time.Duration) (Keys, error) {
	return c.keys(ctx, call{
		operation: "get a temporary access key for the token",
		body:      identity("token", withDuration(map[string]any{"id": token}, d)),
		secrets:   []string{token},
	})
}

// Agency is an agency to assume.
type Agency struct {
	Name                 string
	DomainName, DomainID string // of its account

	// Duration is 15 minutes to 24 hours (STS: 12 hours, or 1 with a temporary key); 0 leaves it to the service.
	Duration time.Duration
}

// AssumeAgency returns a temporary access key (POST /v3.0/OS-CREDENTIAL/securitytokens). DomainName takes precedence.
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
	var answer keysResponse
	if err := call.do(ctx, &answer); err != nil {
		return Keys{}, err
	}
	return answer.keys(), nil
}

// sessionName appears in the audit log of the agency's account.
const sessionName = "terraform-provider-sparkrtc"

// AssumeAgencySTS returns a temporary access key (POST /v5/agencies/assume). It needs DomainID and a signature.
func (c *Client) AssumeAgencySTS(ctx context.Context, auth transport.Authenticator, agency Agency) (Keys, error) {
	var answer stsResponse
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
