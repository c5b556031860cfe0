// SPDX-License-Identifier: MPL-2.0

package credentials

import (
	"io/fs"
	"log/slog"
	"os"
	"runtime"
)

// Those of the huaweicloud provider, under its names.
const (
	EnvAccessKey     = "HW_ACCESS_KEY"
	EnvSecretKey     = "HW_SECRET_KEY"
	EnvSecurityToken = "HW_SECURITY_TOKEN"
	EnvToken         = "HW_AUTH_TOKEN"
	EnvUserName      = "HW_USER_NAME"
	EnvUserID        = "HW_USER_ID"
	EnvPassword      = "HW_USER_PASSWORD"
	EnvDomainName    = "HW_DOMAIN_NAME"
	EnvDomainID      = "HW_DOMAIN_ID"
	EnvProjectID     = "HW_PROJECT_ID"
	EnvProjectName   = "HW_PROJECT_NAME"
	EnvRegion        = "HW_REGION_NAME"
	EnvAuthURL       = "HW_AUTH_URL"
	EnvCloud         = "HW_CLOUD"

	EnvSharedConfigFile = "HW_SHARED_CONFIG_FILE"
	EnvProfile          = "HW_PROFILE"

	EnvAgencyName       = "HW_ASSUME_ROLE_AGENCY_NAME"
	EnvAgencyDomainName = "HW_ASSUME_ROLE_DOMAIN_NAME"
	EnvAgencyDomainID   = "HW_ASSUME_ROLE_DOMAIN_ID"
	EnvAgencyDuration   = "HW_ASSUME_ROLE_DURATION"
	EnvIDPID            = "HW_ASSUME_ROLE_IDP_ID"
	EnvIDToken          = "HW_ASSUME_ROLE_ID_TOKEN"
	EnvIDTokenFile      = "HW_ASSUME_ROLE_ID_TOKEN_FILE"
)

// Those of the vendor's SDKs.
const (
	EnvSDKAccessKey       = "HUAWEICLOUD_SDK_AK"
	EnvSDKSecretKey       = "HUAWEICLOUD_SDK_SK"
	EnvSDKSecurityToken   = "HUAWEICLOUD_SDK_SECURITY_TOKEN"
	EnvSDKProjectID       = "HUAWEICLOUD_SDK_PROJECT_ID"
	EnvSDKIDPID           = "HUAWEICLOUD_SDK_IDP_ID"
	EnvSDKIDTokenFile     = "HUAWEICLOUD_SDK_ID_TOKEN_FILE"
	EnvSDKCredentialsFile = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
)

// Those of HCP Terraform, and our own.
const (
	// EnvWorkloadToken is also the prefix of tagged tokens, as in TFC_WORKLOAD_IDENTITY_TOKEN_HUAWEI.
	EnvWorkloadToken = "TFC_WORKLOAD_IDENTITY_TOKEN"

	EnvWorkloadTag      = "SPARKRTC_TFC_WORKLOAD_IDENTITY_TAG"
	EnvECSMetadata      = "SPARKRTC_ECS_METADATA"
	EnvSTSEndpoint      = "SPARKRTC_STS_ENDPOINT"
	EnvMetadataEndpoint = "SPARKRTC_METADATA_ENDPOINT"
)

// Defaults.
const (
	DefaultRegion             = "cn-north-4"
	DefaultCloud              = "myhuaweicloud.com"
	DefaultSharedConfigFile   = "~/.hcloud/config.json"
	DefaultSDKCredentialsFile = "~/.huaweicloud/credentials"
)

// Validity of an agency's keys, in seconds.
const (
	MinDuration     = 900
	MaxDuration     = 86400
	DefaultDuration = 3600
)

// Settings are the provider block. An empty string is not set.
type Settings struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string

	Token string

	UserName   string
	UserID     string
	Password   string
	DomainName string
	DomainID   string

	SharedConfigFile string
	Profile          string

	AssumeRoleWithOIDC *AssumeRoleWithOIDC

	// ECSMetadata: false overrides the environment, nil does not.
	ECSMetadata *bool

	// AssumeRole applies to any set.
	AssumeRole *AssumeRole

	ProjectID   string
	ProjectName string
	Region      string
	AuthURL     string
	Cloud       string
}

// AssumeRole is an agency to assume.
type AssumeRole struct {
	AgencyName string
	DomainName string
	DomainID   string
	Duration   int64 // in seconds; 0 is not set
}

// AssumeRoleWithOIDC is an ID token and its identity provider, optionally with an agency.
type AssumeRoleWithOIDC struct {
	IDPID       string
	IDToken     string
	IDTokenFile string

	// WorkloadTag chooses the token of HCP Terraform, in EnvWorkloadToken_TAG.
	WorkloadTag string

	AgencyName string
	DomainName string
	DomainID   string
	Duration   int64 // in seconds; 0 is not set
}

// A duration alone is no agency: modules set it where the name is left empty.
func (s Settings) withoutEmptyBlocks() Settings {
	if a := s.AssumeRole; a != nil && a.AgencyName+a.DomainName+a.DomainID == "" {
		s.AssumeRole = nil
	}
	if a := s.AssumeRoleWithOIDC; a != nil && a.IDPID+a.IDToken+a.IDTokenFile+a.WorkloadTag == "" && !a.hasAgency() {
		s.AssumeRoleWithOIDC = nil
	}
	return s
}

const hidden = "settings of the provider block (not shown)"

// String shows no secret.
func (s Settings) String() string { return hidden }

// GoString shows no secret.
func (s Settings) GoString() string { return hidden }

// LogValue shows no secret.
func (s Settings) LogValue() slog.Value { return slog.StringValue(hidden) }

// String shows no secret.
func (a AssumeRoleWithOIDC) String() string { return hidden }

// GoString shows no secret.
func (a AssumeRoleWithOIDC) GoString() string { return hidden }

// LogValue shows no secret.
func (a AssumeRoleWithOIDC) LogValue() slog.Value { return slog.StringValue(hidden) }

// Environment is the environment that Find uses. All fields are needed.
type Environment struct {
	Getenv  func(string) string
	Environ func() []string // NAME=value, as os.Environ
	HomeDir func() (string, error)
	GOOS    string

	// Open must not block on a file that is not regular.
	Open func(path string) (fs.File, error)
}

// OS returns the environment of this process.
func OS() Environment {
	return Environment{
		Getenv:  os.Getenv,
		Environ: os.Environ,
		HomeDir: os.UserHomeDir,
		GOOS:    runtime.GOOS,
		Open:    openRegular,
	}
}
