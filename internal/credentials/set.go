// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Kind is how a set authenticates.
type Kind int

// Only the first two are sent or sign as they are.
const (
	KindAccessKey Kind = iota + 1
	KindToken
	KindPassword
	KindIDToken
	KindECSMetadata
)

func (k Kind) String() string {
	switch k {
	case KindAccessKey:
		return "access key"
	case KindToken:
		return "token"
	case KindPassword:
		return "user and password"
	case KindIDToken:
		return "ID token"
	case KindECSMetadata:
		return "ECS metadata"
	default:
		return "no credentials"
	}
}

// Set is a complete set of one source. Fields of other kinds are empty.
type Set struct {
	Kind Kind

	// Empty for a permanent access key.
	AccessKey     string
	SecretKey     string
	SecurityToken string

	Token string

	// UserName or UserID; UserName with DomainName or DomainID.
	UserName   string
	UserID     string
	Password   string
	DomainName string
	DomainID   string

	// IDPID is the identity provider of the ID token.
	IDPID string

	// IDTokenFile is the path as configured, read at each use; empty if the token was given.
	IDTokenFile string

	// Source is the source in words.
	Source string

	idToken     string
	idTokenPath string
	open        func(string) (fs.File, error)
}

// IDToken returns the ID token. A file is read each time, because its token is replaced before it ends.
func (s Set) IDToken() (string, error) {
	switch {
	case s.Kind != KindIDToken:
		return "", errors.New("these credentials have no ID token: " + s.Hint())
	case s.IDTokenFile == "":
		return s.idToken, nil
	}
	return readToken(s.open, s.IDTokenFile, s.idTokenPath)
}

// Secrets returns the values to mask, without an ID token in a file.
func (s Set) Secrets() []string {
	var secrets []string
	for _, secret := range []string{s.SecretKey, s.SecurityToken, s.Token, s.Password, s.idToken} {
		if secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// Hint returns kind, source and, for an access key, its last four characters.
func (s Set) Hint() string {
	switch s.Kind {
	case KindAccessKey:
		return s.transport().String() + " from " + s.Source
	case KindToken:
		return "a token from " + s.Source
	case KindPassword:
		return "the password of user " + s.UserName + s.UserID + " from " + s.Source
	case KindIDToken:
		return "an ID token of identity provider " + s.IDPID + " from " + s.Source
	case KindECSMetadata:
		return "the keys of this ECS, asked for by " + s.Source
	default:
		return s.Kind.String()
	}
}

// String is Hint, so that %v shows no secret.
func (s Set) String() string { return s.Hint() }

// GoString is Hint.
func (s Set) GoString() string { return s.Hint() }

// LogValue is Hint.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.Hint()) }

func (s Set) transport() transport.Credentials {
	return transport.Credentials{AccessKey: s.AccessKey, SecretKey: s.SecretKey, SecurityToken: s.SecurityToken, Token: s.Token}
}

// Agency is the agency to assume.
type Agency struct {
	Name string

	// DomainName or DomainID.
	DomainName string
	DomainID   string

	// Duration of its keys: 15 minutes to a day; default one hour.
	Duration time.Duration

	// Source is the source in words.
	Source string
}

func (a Agency) String() string {
	if a.DomainID != "" {
		return fmt.Sprintf("agency %s of account %s (domain_id)", a.Name, a.DomainID)
	}
	return fmt.Sprintf("agency %s of account %s", a.Name, a.DomainName)
}
