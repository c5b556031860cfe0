// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/signer"
)

// Credentials authenticate an attempt: either an access key pair, temporary
// when there is a security token beside it, or a token of IAM's, which counts
// first.
type Credentials struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string
	Token         string

	// ProjectID goes along with an access key pair as X-Project-Id. A token
	// carries its project itself.
	ProjectID string
}

// Authenticator gives the credentials of an attempt. It may have to fetch them
// first, and is asked again for each attempt.
type Authenticator interface {
	Credentials(ctx context.Context) (Credentials, error)
}

// Renewer is an Authenticator that may have better credentials than those that
// were refused. It returns false if it has none, and remembers which it was asked
// about: parallel requests are refused together.
type Renewer interface {
	Renew(ctx context.Context, refused Credentials) bool
}

var _ Authenticator = Credentials{}

// Credentials returns c: credentials that never change are an Authenticator
// themselves.
func (c Credentials) Credentials(context.Context) (Credentials, error) { return c, nil }

// Secrets returns the values that must never be shown.
func (c Credentials) Secrets() []string {
	var secrets []string
	for _, s := range []string{c.SecretKey, c.SecurityToken, c.Token} {
		if s != "" {
			secrets = append(secrets, s)
		}
	}
	return secrets
}

// String names the credentials without giving them away: their kind and, of an
// access key, the last four characters.
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

// GoString is String, so that a careless %#v shows no secret.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String, so that a careless log line shows no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Tail returns the last four characters of an access key behind asterisks, or
// asterisks alone when the rest would be too short to hide.
func Tail(accessKey string) string {
	const shown = 4
	if len(accessKey) < 3*shown {
		return "****"
	}
	return "****" + accessKey[len(accessKey)-shown:]
}

// authenticate adds a token to a request, or signs it at the time now.
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
