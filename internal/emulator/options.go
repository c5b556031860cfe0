// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"time"
)

// The defaults of Options. The credentials are made up.
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

	DefaultLocation    = "cn-north-4"
	DefaultBucket      = "emulator-recordings"
	UnauthorizedBucket = "emulator-unauthorized"

	DefaultIDPID           = "emulator-idp"
	DefaultIDTokenIssuer   = "https://idp.example.com" //nolint:gosec // no credential
	DefaultIDTokenAudience = "emulator-audience"       //nolint:gosec // no credential
)

// Options configure a Server. The zero value has a default for each.
type Options struct {
	// AccessKey, SecretKey, ProjectID and Token are what is accepted, in addition to
	// what is issued; the Default constants when empty. Expire does not end
	// them.
	AccessKey, SecretKey, ProjectID, Token string

	// SecurityToken makes the access key a temporary one: X-Security-Token
	// must have this value. When it is empty, none may be sent.
	SecurityToken string

	// Projects are the projects of IAM. The default is ProjectID with
	// DefaultProjectName; an empty slice that is not nil means none. SparkRTC
	// accepts only tokens that are scoped to ProjectID.
	Projects []Project

	// UserName, UserID, Password, DomainName and DomainID are the one user and
	// the account; the Default constants when empty.
	UserName, UserID, Password, DomainName, DomainID string

	// AgencyName is the account's one agency; DefaultAgencyName when empty.
	AgencyName string

	// AgencyForbidden makes IAM and STS return 403 when it is assumed.
	AgencyForbidden bool

	// IDPID, IDTokenIssuer and IDTokenAudience are the identity provider,
	// whose ID tokens IDToken issues; the Default constants when empty.
	IDPID, IDTokenIssuer, IDTokenAudience string

	// TokenLifetime is how long IAM's tokens are valid; 24 hours when 0.
	TokenLifetime time.Duration

	// KeyLifetime overrides how long temporary access keys are valid. When 0, the
	// request says how long; its default is 15 minutes in IAM and one hour in
	// STS and the metadata service.
	KeyLifetime time.Duration

	// MetadataOff makes the metadata service return 404 always.
	MetadataOff bool

	// MetadataOldHost makes it return 404 for session tokens and keys without
	// one.
	MetadataOldHost bool

	// MetadataTokenRequired makes it return 401 for a key without a session
	// token, unless it is an old host.
	MetadataTokenRequired bool

	// MetadataNoAgency makes it return 401 for a key, as on an ECS without an
	// agency.
	MetadataNoAgency bool

	// KeyEcho, URLEcho and TimeEcho are exact by default.
	KeyEcho  KeyEcho
	URLEcho  URLEcho
	TimeEcho TimeEcho

	// ReadKeyEcho, ReadURLEcho and ReadTimeEcho override them in all responses
	// but a PUT's.
	ReadKeyEcho  KeyEcho
	ReadURLEcho  URLEcho
	ReadTimeEcho TimeEcho

	// ListKeyEcho, ListURLEcho and ListTimeEcho override both in the list of
	// apps. ListNoEvents makes the list omit the events.
	ListKeyEcho  KeyEcho
	ListURLEcho  URLEcho
	ListTimeEcho TimeEcho
	ListNoEvents bool

	// Unset is UnsetNotFound by default.
	Unset Unset

	// KeepKey makes a PUT without auth_key keep the key instead of clearing it.
	KeepKey bool

	// EmptyKey is EmptyClears by default.
	EmptyKey EmptyKey

	// The following are what the documentation leaves open about apps, recording
	// rules and automatic recording. The first constant of each type is the
	// default; Switches lists all.
	AfterCreate     AfterCreate
	AppDeletion     AppDeletion
	AppNames        AppNames
	DeletedApp      DeletedApp
	AppKeyEcho      AppKeyEcho
	SameState       SameState
	StoppedApp      StoppedApp
	ReplacedRule    ReplacedRule
	OmittedFields   OmittedFields
	MovedRule       MovedRule
	UsedRule        UsedRule
	UnusedConfig    UnusedConfig
	DefaultsEcho    DefaultsEcho
	PathEcho        PathEcho
	BucketCheck     BucketCheck
	UnsetAutoRecord UnsetAutoRecord
	OffRule         OffRule
	UnknownRule     UnknownRule

	// AppQuota is how many apps CreateApp allows; 0 means no limit. One more gets
	// 400 RTC.00001017. Apps whose name is not free after their deletion count.
	AppQuota int

	// Locations are where buckets of recording rules may be; DefaultLocation when
	// empty. Another one gets 400 RTC.00001012. An app has one rule per location.
	Locations []string

	// Buckets are what BucketCheck knows. The default is an authorized
	// DefaultBucket and an UnauthorizedBucket, both in ProjectID.
	Buckets []Bucket

	// Forbidden are operations, such as CreateApp, for which the user has no
	// permission: they get 400 RTC.00001021.
	Forbidden []string

	// Quota is how many calls SparkRTC allows in a minute; 0 means no limit. A
	// call over the quota gets 429 APIGW.0308.
	Quota int

	// RetryAfter adds Retry-After to these responses.
	RetryAfter bool

	// Clock is time.Now by default. It must not call the server, which is
	// locked meanwhile.
	Clock func() time.Time

	// Observe, unless nil, gets the log entry of each request before the
	// response is sent. It may call the server.
	Observe func(Request)
}

// Bucket is an OBS bucket.
type Bucket struct {
	Name, Location, ProjectID string
	Authorized                bool // SparkRTC may write to it
}

// withDefaults panics if a mode does not exist, since a test with a misspelt mode
// would test another one.
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
	for _, sw := range switches {
		if err := sw.apply(&o, cmp.Or(sw.get(&o), sw.Values[0])); err != nil {
			panic("emulator: " + err.Error())
		}
	}
	if len(o.Locations) == 0 {
		o.Locations = []string{DefaultLocation}
	}
	if o.Buckets == nil {
		o.Buckets = []Bucket{
			{Name: DefaultBucket, Location: DefaultLocation, ProjectID: o.ProjectID, Authorized: true},
			{Name: UnauthorizedBucket, Location: DefaultLocation, ProjectID: o.ProjectID},
		}
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = 24 * time.Hour
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

func fill(v *string, value string) {
	*v = cmp.Or(*v, value)
}
