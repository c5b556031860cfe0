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
	// Accepted besides what is issued; the Default constants when empty. Expire does not end them.
	AccessKey, SecretKey, ProjectID, Token string

	// SecurityToken makes the access key a temporary one. When it is empty, no X-Security-Token may be sent.
	SecurityToken string

	// Projects are IAM's; nil means ProjectID with DefaultProjectName. SparkRTC takes only tokens for ProjectID.
	Projects []Project

	// The one user and account; the Default constants when empty.
	UserName, UserID, Password, DomainName, DomainID string

	AgencyName      string // the account's one agency; DefaultAgencyName when empty
	AgencyForbidden bool   // IAM and STS return 403 when it is assumed

	// The identity provider, whose ID tokens IDToken issues; the Default constants when empty.
	IDPID, IDTokenIssuer, IDTokenAudience string

	TokenLifetime time.Duration // of IAM's tokens; 24 hours when 0

	// KeyLifetime is of temporary access keys. When 0, the request says how long; its default is 15 minutes
	// in IAM and one hour in STS and the metadata service.
	KeyLifetime time.Duration

	MetadataOff           bool // 404 for all
	MetadataOldHost       bool // 404 for session tokens; keys need none
	MetadataTokenRequired bool // 401 for a key without a session token, unless it is an old host
	MetadataNoAgency      bool // 401 for a key, as on an ECS without an agency

	// What the documentation leaves open. The first constant of a type is the default; Switches lists all.
	KeyEcho  KeyEcho
	URLEcho  URLEcho
	TimeEcho TimeEcho

	// These override them in all responses but a PUT's.
	ReadKeyEcho  KeyEcho
	ReadURLEcho  URLEcho
	ReadTimeEcho TimeEcho

	// These override both in the list of apps.
	ListKeyEcho  KeyEcho
	ListURLEcho  URLEcho
	ListTimeEcho TimeEcho
	ListNoEvents bool // the list omits the events

	Unset    Unset
	KeepKey  bool // a PUT without auth_key keeps the key instead of clearing it
	EmptyKey EmptyKey

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

	// AppQuota is how many apps CreateApp allows; 0 means no limit. One more gets 400 RTC.00001017. Apps
	// whose name is not free after their deletion count.
	AppQuota int

	// Locations are where buckets may be; DefaultLocation when empty. Another one gets 400 RTC.00001012.
	Locations []string

	Buckets    []Bucket // for BucketCheck; by default DefaultBucket, authorized, and UnauthorizedBucket
	Forbidden  []string // operations, such as CreateApp, that get 400 RTC.00001021
	Quota      int      // calls of SparkRTC in a minute before a 429 APIGW.0308; 0 for no limit
	RetryAfter bool     // in these responses

	Clock   func() time.Time // default time.Now; must not call the server, which is locked meanwhile
	Observe func(Request)    // gets the log entry of each request before its response; may call the server
}

// Bucket is an OBS bucket.
type Bucket struct {
	Name, Location, ProjectID string
	Authorized                bool // SparkRTC may write to it
}

// withDefaults panics for an unknown mode, since a test with a misspelt mode would test another one.
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
