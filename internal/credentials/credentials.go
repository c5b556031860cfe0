// SPDX-License-Identifier: MPL-2.0

// Package credentials finds the credentials of a run. It knows where they may
// be and in which order those places count; it knows nothing of Terraform.
package credentials

import (
	"log/slog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Credentials authenticate a request: either an access key pair, temporary
// when there is a security token beside it, or a token of IAM's.
type Credentials struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string
	Token         string

	// ProjectID goes along with an access key pair as X-Project-Id. A token
	// carries its project itself.
	ProjectID string

	// Source says in words where the credentials were found.
	Source string
}

// Transport returns what authenticates a request.
func (c Credentials) Transport() transport.Credentials {
	return transport.Credentials{
		AccessKey:     c.AccessKey,
		SecretKey:     c.SecretKey,
		SecurityToken: c.SecurityToken,
		Token:         c.Token,
		ProjectID:     c.ProjectID,
	}
}

// Hint names the credentials without giving them away: their source and, of
// an access key, the last four characters.
func (c Credentials) Hint() string {
	if c.Token != "" {
		return "a token from " + c.Source
	}
	return c.Transport().String() + " from " + c.Source
}

// String is Hint, so that a careless %v shows no secret.
func (c Credentials) String() string { return c.Hint() }

// GoString is Hint, so that a careless %#v shows no secret.
func (c Credentials) GoString() string { return c.Hint() }

// LogValue is Hint, so that a careless log line shows no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.Hint()) }

// Error says what is wrong with the credentials that were found, or that none
// were. It never holds a secret.
type Error struct {
	// Attribute is the provider argument at fault, or "". It is not given for
	// a secret that is set: Terraform prints the line of an argument that an
	// error is about, and a secret may stand there.
	Attribute string

	Summary string
	Detail  string
}

func (e *Error) Error() string { return e.Summary + ": " + e.Detail }

// Warning says what works and should nonetheless be looked at. It never holds
// a secret.
type Warning struct {
	Attribute string // as in Error
	Summary   string
	Detail    string
}
