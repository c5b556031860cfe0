// SPDX-License-Identifier: MPL-2.0

// Package credentials finds the credentials of a run. It knows where they may
// be and in which order those places count; it knows nothing of Terraform.
package credentials

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Environment variables that are read, named as the huaweicloud provider
// names them.
const (
	EnvAccessKey     = "HW_ACCESS_KEY"
	EnvSecretKey     = "HW_SECRET_KEY"
	EnvSecurityToken = "HW_SECURITY_TOKEN"
	EnvToken         = "HW_AUTH_TOKEN"
	EnvProjectID     = "HW_PROJECT_ID"
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

// Arguments are what the provider block sets. An empty string counts as not
// set.
type Arguments struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string
	Token         string
	ProjectID     string
}

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

// place is somewhere that a whole set may be in, with the names that each
// value has there.
type place struct {
	source string
	block  bool

	accessKey, secretKey, securityToken, token value
}

type value struct {
	name   string // of the argument or variable
	text   string
	secret bool
}

func (v value) set() bool { return v.text != "" }

func (v value) stray() bool {
	return strings.ContainsFunc(v.text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII
	})
}

// Find returns the first whole set of credentials: those of the provider
// block, else those of the environment. A set is never put together from two
// places. The project is looked for by itself, in the same order.
//
// Errors are of type *Error.
func Find(args Arguments, getenv func(string) string) (Credentials, error) {
	places := []place{
		{
			source:        "the provider block",
			block:         true,
			accessKey:     value{"access_key", args.AccessKey, false},
			secretKey:     value{"secret_key", args.SecretKey, true},
			securityToken: value{"security_token", args.SecurityToken, true},
			token:         value{"token", args.Token, true},
		},
		{
			source:        "the environment",
			accessKey:     value{EnvAccessKey, getenv(EnvAccessKey), false},
			secretKey:     value{EnvSecretKey, getenv(EnvSecretKey), true},
			securityToken: value{EnvSecurityToken, getenv(EnvSecurityToken), true},
			token:         value{EnvToken, getenv(EnvToken), true},
		},
	}
	for _, p := range places {
		found, ok, err := p.read()
		if err != nil {
			return Credentials{}, err
		}
		if ok {
			return withProject(found, args, getenv)
		}
	}
	return Credentials{}, &Error{
		Summary: "No credentials found",
		Detail: "SparkRTC needs either an access key pair or a token, and none was found. Looked at, in this order:\n" +
			"  - the provider block: access_key and secret_key, or token: not set\n" +
			"  - the environment: " + EnvAccessKey + " and " + EnvSecretKey + ", or " + EnvToken + ": not set\n\n" +
			"Export " + EnvAccessKey + ", " + EnvSecretKey + " and " + EnvProjectID + ", or set access_key, secret_key and project_id from sensitive variables.",
	}
}

func (p place) read() (Credentials, bool, error) {
	var pair []value
	for _, v := range []value{p.accessKey, p.secretKey, p.securityToken} {
		if v.set() {
			pair = append(pair, v)
		}
	}
	switch {
	case p.token.set() && len(pair) > 0:
		return Credentials{}, false, p.fault(p.token, "Two kinds of credentials",
			fmt.Sprintf("Both %s and %s are set in %s, and only one of them can authenticate a request. Remove one of the two.",
				p.token.name, names(pair), p.source))
	case p.token.set():
		if err := p.check(p.token); err != nil {
			return Credentials{}, false, err
		}
		return Credentials{Token: p.token.text, Source: p.source}, true, nil
	case len(pair) == 0:
		return Credentials{}, false, nil
	}
	for _, half := range []value{p.accessKey, p.secretKey} {
		if !half.set() {
			return Credentials{}, false, p.fault(half, "Incomplete credentials",
				fmt.Sprintf("%s is set in %s, but %s is not. An access key, its secret key and a security token belong together and are taken from one place only: set %s there too, or remove %s.",
					names(pair), p.source, half.name, half.name, names(pair)))
		}
	}
	if err := p.check(pair...); err != nil {
		return Credentials{}, false, err
	}
	return Credentials{
		AccessKey:     p.accessKey.text,
		SecretKey:     p.secretKey.text,
		SecurityToken: p.securityToken.text,
		Source:        p.source,
	}, true, nil
}

// check refuses what can't be right and what the gateway would answer with
// nothing but a failed signature: a blank that was copied along, mostly.
func (p place) check(values ...value) error {
	for _, v := range values {
		if v.stray() {
			return p.fault(v, "Credentials contain a stray character",
				fmt.Sprintf("%s, from %s, contains a blank, a line break or another character that no key or token has. Copy the value again, without anything before or after it.",
					v.name, p.source))
		}
	}
	return nil
}

func (p place) fault(v value, summary, detail string) error {
	err := &Error{Summary: summary, Detail: detail}
	if p.block && (!v.secret || !v.set()) {
		err.Attribute = v.name
	}
	return err
}

func withProject(c Credentials, args Arguments, getenv func(string) string) (Credentials, error) {
	project := value{"project_id", args.ProjectID, false}
	source := "the provider block"
	if !project.set() {
		project = value{EnvProjectID, getenv(EnvProjectID), false}
		source = "the environment"
	}
	if !project.set() {
		if c.Token != "" {
			return c, nil
		}
		return Credentials{}, &Error{
			Attribute: "project_id",
			Summary:   "No project ID found",
			Detail: "A request that is signed with an access key names its project, and no project was found. Looked at: project_id in the provider block, " +
				EnvProjectID + " in the environment.\n\nThe ID of the project of region cn-north-4 stands in the console under My Credentials > API Credentials.",
		}
	}
	if project.stray() {
		return Credentials{}, place{source: source, block: project.name == "project_id"}.fault(project, "Project ID contains a stray character",
			fmt.Sprintf("%s, from %s, contains a blank, a line break or another character that no project ID has. Copy the value again.", project.name, source))
	}
	c.ProjectID = project.text
	return c, nil
}

func names(values []value) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.name
	}
	return strings.Join(list, " and ")
}
