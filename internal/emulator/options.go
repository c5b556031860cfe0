// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"slices"
	"time"
)

// Credentials that the emulator accepts unless the options say otherwise. They
// are made up and open no other door.
const (
	DefaultAccessKey = "AKEMULATOR0000000001"
	DefaultSecretKey = "SKEMULATOR0000000000000000000000000000001"
	DefaultProjectID = "0123456789abcdef0123456789abcdef"
	DefaultToken     = "emulator-token-0000000000000000" //nolint:gosec // see above

	DefaultProjectName = "cn-north-4"
	DefaultDomainName  = "emulator-domain"
	DefaultDomainID    = "d0000000000000000000000000000001"
	DefaultUserName    = "emulator-user"
	DefaultUserID      = "e0000000000000000000000000000001"
	DefaultPassword    = "Emulator-Password-1" //nolint:gosec // see above
	DefaultAgencyName  = "emulator-agency"

	DefaultIDPID           = "emulator-idp"
	DefaultIDTokenIssuer   = "https://idp.example.com" //nolint:gosec // no credential
	DefaultIDTokenAudience = "emulator-audience"       //nolint:gosec // no credential
)

// Options are how a Server behaves. The zero value is complete.
type Options struct {
	// AccessKey, SecretKey, ProjectID and Token are what is accepted, beside
	// what is issued; the Default constants when empty. Expire does not end
	// them.
	AccessKey, SecretKey, ProjectID, Token string

	// SecurityToken makes the access key a temporary one: X-Security-Token
	// has to be sent with this value. When it is empty, none may be sent.
	SecurityToken string

	// Projects are what IAM lists and what a token can be scoped to. By
	// default there is one, ProjectID with DefaultProjectName; a slice that
	// is empty and not nil means none. Whatever else is listed, the SparkRTC
	// API takes tokens that are scoped to ProjectID alone.
	Projects []Project

	// UserName, UserID, Password, DomainName and DomainID are the user whose
	// password IAM takes, and the user's account; the Default constants when
	// empty.
	UserName, UserID, Password, DomainName, DomainID string

	// AgencyName is the one agency of that account that can be assumed;
	// DefaultAgencyName when empty.
	AgencyName string

	// AgencyForbidden makes IAM and STS answer 403 to who assumes it.
	AgencyForbidden bool

	// IDPID, IDTokenIssuer and IDTokenAudience are the identity provider
	// whose ID tokens IAM takes; the Default constants when empty. IDToken
	// issues them.
	IDPID, IDTokenIssuer, IDTokenAudience string

	// TokenLifetime is how long a token of IAM's is valid; 24 hours when 0.
	TokenLifetime time.Duration

	// KeyLifetime is how long a temporary access key is valid, whatever was
	// asked for. When 0, as long as was asked for; otherwise 15 minutes if IAM
	// issues it, and an hour if STS or the metadata service does.
	KeyLifetime time.Duration

	// MetadataOff makes the metadata service answer 404 to everything.
	MetadataOff bool

	// MetadataOldHost makes it one that knows no session tokens: asked for
	// one it answers 404, and a key is had without.
	MetadataOldHost bool

	// MetadataTokenRequired makes it answer 401 to who asks for a key without
	// a session token, unless it is an old host.
	MetadataTokenRequired bool

	// MetadataNoAgency makes it answer 401 to who asks for a key, as on an ECS
	// that has no agency.
	MetadataNoAgency bool

	// KeyEcho is EchoExact by default.
	KeyEcho KeyEcho

	// URLEcho is URLExact by default.
	URLEcho URLEcho

	// TimeEcho is TimeExact by default.
	TimeEcho TimeEcho

	// ReadKeyEcho, ReadURLEcho and ReadTimeEcho are how answers other than a
	// PUT's show them; as a PUT's when empty.
	ReadKeyEcho  KeyEcho
	ReadURLEcho  URLEcho
	ReadTimeEcho TimeEcho

	// ListKeyEcho, ListURLEcho and ListTimeEcho are how the list of apps shows
	// them; as other reads when empty. ListNoEvents makes it leave the events
	// out.
	ListKeyEcho  KeyEcho
	ListURLEcho  URLEcho
	ListTimeEcho TimeEcho
	ListNoEvents bool

	// Unset is UnsetNotFound by default.
	Unset Unset

	// KeepKey makes a PUT without auth_key keep the earlier key; otherwise
	// such a PUT clears it.
	KeepKey bool

	// EmptyKey is EmptyClears by default.
	EmptyKey EmptyKey

	// Quota is how many calls of the SparkRTC API a minute are let through; 0
	// means all. What is over it is answered with 429 APIGW.0308.
	Quota int

	// RetryAfter makes those answers carry Retry-After.
	RetryAfter bool

	// Clock tells the time; time.Now by default. It is called with the
	// server locked, so it must not call the server.
	Clock func() time.Time

	// Observe, unless nil, is called once for each request, with its entry
	// in the log, before its answer is sent. It may call the server.
	Observe func(Request)
}

// withDefaults fills in what is empty. It panics at a mode that does not
// exist: a test with a misspelt one would test something else.
func (o Options) withDefaults() Options {
	fill(&o.AccessKey, DefaultAccessKey)
	fill(&o.SecretKey, DefaultSecretKey)
	fill(&o.ProjectID, DefaultProjectID)
	fill(&o.Token, DefaultToken)
	fill(&o.UserName, DefaultUserName)
	fill(&o.UserID, DefaultUserID)
	fill(&o.Password, DefaultPassword)
	fill(&o.DomainName, DefaultDomainName)
	fill(&o.DomainID, DefaultDomainID)
	fill(&o.AgencyName, DefaultAgencyName)
	fill(&o.IDPID, DefaultIDPID)
	fill(&o.IDTokenIssuer, DefaultIDTokenIssuer)
	fill(&o.IDTokenAudience, DefaultIDTokenAudience)
	fill(&o.KeyEcho, EchoExact, KeyEchoes...)
	fill(&o.URLEcho, URLExact, URLEchoes...)
	fill(&o.TimeEcho, TimeExact, TimeEchoes...)
	fill(&o.Unset, UnsetNotFound, Unsets...)
	fill(&o.EmptyKey, EmptyClears, EmptyKeys...)
	if o.TokenLifetime == 0 {
		o.TokenLifetime = 24 * time.Hour
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

func fill[T ~string](v *T, value T, allowed ...T) {
	if *v == "" {
		*v = value
	}
	if len(allowed) > 0 && !slices.Contains(allowed, *v) {
		panic(fmt.Sprintf("emulator: there is no %T %q", *v, *v))
	}
}
