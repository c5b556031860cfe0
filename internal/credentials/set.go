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

// Kind tells how a set authenticates.
type Kind int

// The kinds of sets. Only the first two sign or carry a request as they are.
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

// Set is a whole set of credentials from one place. Fields of other kinds than
// its own are empty.
type Set struct {
	Kind Kind

	// SecurityToken is empty for a permanent access key.
	AccessKey     string
	SecretKey     string
	SecurityToken string

	Token string

	// The user has one of UserName and UserID; with UserName come one of
	// DomainName and DomainID.
	UserName   string
	UserID     string
	Password   string
	DomainName string
	DomainID   string

	// IDPID is the identity provider that issued the ID token.
	IDPID string

	// IDTokenFile is where the ID token is read at each use, as the user wrote
	// it; empty if the token itself was given.
	IDTokenFile string

	// Source says in words where the set was found.
	Source string

	idToken     string
	idTokenPath string
	open        func(string) (fs.File, error)
}

// IDToken returns the ID token. One in a file is read anew each time: whoever
// issues tokens puts a fresh one there before the last one expires.
func (s Set) IDToken() (string, error) {
	switch {
	case s.Kind != KindIDToken:
		return "", errors.New("these credentials have no ID token: " + s.Hint())
	case s.IDTokenFile == "":
		return s.idToken, nil
	}
	return readToken(s.open, s.IDTokenFile, s.idTokenPath)
}

// Secrets returns the values that must never be shown. An ID token in a file
// is not among them.
func (s Set) Secrets() []string {
	var secrets []string
	for _, secret := range []string{s.SecretKey, s.SecurityToken, s.Token, s.Password, s.idToken} {
		if secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// Hint names the set without giving it away: its kind, its source and, of an
// access key, the last four characters.
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

// String is Hint, so that a careless %v shows no secret.
func (s Set) String() string { return s.Hint() }

// GoString is Hint, so that a careless %#v shows no secret.
func (s Set) GoString() string { return s.Hint() }

// LogValue is Hint, so that a careless log line shows no secret.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.Hint()) }

func (s Set) transport() transport.Credentials {
	return transport.Credentials{AccessKey: s.AccessKey, SecretKey: s.SecretKey, SecurityToken: s.SecurityToken, Token: s.Token}
}

// Agency is who to become once the set has authenticated.
type Agency struct {
	Name string

	// Either DomainName or DomainID says whose agency it is.
	DomainName string
	DomainID   string

	// Duration is how long its keys are to be valid: 15 minutes to a day, an
	// hour if nothing is set.
	Duration time.Duration

	// Source says in words where the agency was found.
	Source string
}

func (a Agency) String() string {
	if a.DomainID != "" {
		return fmt.Sprintf("agency %s of account %s (domain_id)", a.Name, a.DomainID)
	}
	return fmt.Sprintf("agency %s of account %s", a.Name, a.DomainName)
}
