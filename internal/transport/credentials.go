// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
)

// Credentials are an access key pair, temporary with a security token, or an IAM token, which takes precedence.
type Credentials struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string
	Token         string

	// ProjectID is sent as X-Project-Id with an access key pair. A token contains its project.
	ProjectID string
}

// Authenticator is called for each attempt, and may fetch credentials.
type Authenticator interface {
	Credentials(ctx context.Context) (Credentials, error)
}

// Renewer is an Authenticator that can replace refused credentials. Parallel requests may report the same ones.
type Renewer interface {
	Renew(ctx context.Context, refused Credentials) bool
}

var _ Authenticator = Credentials{}

// Credentials returns c: static credentials are their own Authenticator.
func (c Credentials) Credentials(context.Context) (Credentials, error) { return c, nil }

// Secrets returns the values to mask.
func (c Credentials) Secrets() []string {
	var secrets []string
	for _, s := range []string{c.SecretKey, c.SecurityToken, c.Token} {
		if s != "" {
			secrets = append(secrets, s)
		}
	}
	return secrets
}

func (c Credentials) String() string {
	switch {
	case c.Token != "":
		return "token"
	case c.SecurityToken != "":
		return "temporary access key " + Tail(c.AccessKey)
	default:
		return "access key " + Tail(c.AccessKey)
	}
}

// GoString is String, so that %#v shows no secret.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String, so that a log line shows no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Tail masks an access key except for its last four characters, and all of a text that may be a secret key.
func Tail(accessKey string) string {
	const shown, longest = 4, 32
	if len(accessKey) < 3*shown || len(accessKey) > longest {
		return "****"
	}
	return "****" + accessKey[len(accessKey)-shown:]
}

func (c *Credentials) authenticate(req *http.Request, body []byte, now time.Time) {
	if c.Token != "" {
		req.Header.Set("X-Auth-Token", c.Token)
		return
	}
	headers := []signer.Header{{Name: "Host", Value: req.URL.Host}}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
			headers = append(headers, signer.Header{Name: name, Value: value})
		}
	}
	set("X-Project-Id", c.ProjectID)
	set("X-Security-Token", c.SecurityToken)
	signature := signer.Sign(c.AccessKey, c.SecretKey, now, signer.Request{
		Method:  req.Method,
		Path:    req.URL.EscapedPath(),
		Query:   req.URL.RawQuery,
		Headers: headers,
		Body:    body,
	})
	req.Header.Set("X-Sdk-Date", signature.Date)
	req.Header.Set("Authorization", signature.Authorization)
}
