// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

type providerModel struct {
	AccessKey           types.String             `tfsdk:"access_key"`
	AssumeRole          *assumeRoleModel         `tfsdk:"assume_role"`
	AssumeRoleWithOIDC  *assumeRoleWithOIDCModel `tfsdk:"assume_role_with_oidc"`
	AuthURL             types.String             `tfsdk:"auth_url"`
	CACertFile          types.String             `tfsdk:"cacert_file"`
	ClearTextKeyWarning types.Bool               `tfsdk:"clear_text_key_warning"`
	Cloud               types.String             `tfsdk:"cloud"`
	DomainID            types.String             `tfsdk:"domain_id"`
	DomainName          types.String             `tfsdk:"domain_name"`
	ECSMetadata         types.Bool               `tfsdk:"ecs_metadata"`
	Endpoint            types.String             `tfsdk:"endpoint"`
	Insecure            types.Bool               `tfsdk:"insecure"`
	MaxRetries          types.Number             `tfsdk:"max_retries"`
	Password            types.String             `tfsdk:"password"`
	Profile             types.String             `tfsdk:"profile"`
	ProjectID           types.String             `tfsdk:"project_id"`
	ProjectName         types.String             `tfsdk:"project_name"`
	Region              types.String             `tfsdk:"region"`
	SecretKey           types.String             `tfsdk:"secret_key"`
	SecurityToken       types.String             `tfsdk:"security_token"`
	SharedConfigFile    types.String             `tfsdk:"shared_config_file"`
	SharedReads         types.Bool               `tfsdk:"shared_reads"`
	Token               types.String             `tfsdk:"token"`
	UserID              types.String             `tfsdk:"user_id"`
	UserName            types.String             `tfsdk:"user_name"`
}

type assumeRoleModel struct {
	AgencyName types.String `tfsdk:"agency_name"`
	DomainID   types.String `tfsdk:"domain_id"`
	DomainName types.String `tfsdk:"domain_name"`
	Duration   types.Number `tfsdk:"duration"`
}

type assumeRoleWithOIDCModel struct {
	AgencyName  types.String `tfsdk:"agency_name"`
	DomainID    types.String `tfsdk:"domain_id"`
	DomainName  types.String `tfsdk:"domain_name"`
	Duration    types.Number `tfsdk:"duration"`
	IDPID       types.String `tfsdk:"idp_id"`
	IDToken     types.String `tfsdk:"id_token"`
	IDTokenFile types.String `tfsdk:"id_token_file"`
	WorkloadTag types.String `tfsdk:"tfc_workload_identity_tag"`
}

func (p *sparkRTCProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The SparkRTC provider manages [Huawei Cloud SparkRTC](https://www.huaweicloud.com/intl/en-us/product/rtc.html) (real-time audio and video, service code CloudRTC): where the recording events of an app go.",
		Attributes: map[string]schema.Attribute{
			"access_key": text("Access key ID (AK). Needs `secret_key`.", credentials.EnvAccessKey),
			"auth_url": text("Scheme and host of IAM, where tokens, temporary access keys and project IDs come from; a trailing `/v3` is ignored. Default: `https://iam.REGION.CLOUD`, of `region` and `cloud`.",
				credentials.EnvAuthURL),
			"cacert_file": text("A CA certificate to trust in addition to those of the system: the path of a PEM file, or its content.", envCACert),
			"clear_text_key_warning": schema.BoolAttribute{
				MarkdownDescription: "Whether to warn, once a run for each provider configuration, of an `auth_key` where the CLI would allow `auth_key_wo`, which is not stored in the state." + orVariable(envClearTextKeyWarning) + " Default: `true`.",
				Optional:            true,
			},
			"cloud": text(fmt.Sprintf("Domain name that the hosts of IAM and STS end in. Default: `%s`, and `myhuaweicloud.eu` for regions that begin with `eu-west-1`.", credentials.DefaultCloud),
				credentials.EnvCloud),
			"domain_id":   text("ID of the account of `user_name`.", credentials.EnvDomainID),
			"domain_name": text("Name of the account (domain) of `user_name`.", credentials.EnvDomainName),
			"ecs_metadata": schema.BoolAttribute{
				MarkdownDescription: "Whether to take the access key of the agency of the ECS that Terraform runs on, from the metadata service. It is asked for nothing otherwise." + orVariable(credentials.EnvECSMetadata) + " Default: `false`.",
				Optional:            true,
			},
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Scheme and host of the SparkRTC API." + orVariable(envEndpoint) + " Default: `" + sparkrtc.DefaultEndpoint + "`. Plain `http` is accepted for a loopback address only.",
				Optional:            true,
				Validators:          []validator.String{endpointValidator{}},
			},
			"insecure": schema.BoolAttribute{
				MarkdownDescription: "Whether to accept any TLS certificate: anyone on the path can then read and change requests." + orVariable(envInsecure) + " Default: `false`.",
				Optional:            true,
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of retries after a connection error or a server error (5xx). A throttled request (429) waits for the quota, and is repeated up to four times as often.%s Default: `%d`.", orVariable(envMaxRetries), sparkrtc.DefaultMaxRetries),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{0, maxMaxRetries}},
			},
			"password": secretText("Password of `user_name` or `user_id`.", credentials.EnvPassword),
			"profile": text("Name of a profile in the configuration file of the vendor's CLI. Default: the one that the file calls the current one.",
				credentials.EnvProfile),
			"project_id": text("ID of the project that the apps belong to, in region `"+sparkrtc.DefaultRegion+"`. A token carries its project itself. Default: it is looked up by `project_name`, or else by `region`.",
				credentials.EnvProjectID),
			"project_name": text("Name of the project that the apps belong to, in place of `project_id`. Default: the name of the region.", credentials.EnvProjectName),
			"region": text("Region of the project: it decides which IAM is asked, and which project is looked up where none is set. The endpoint doesn't depend on it. Default: `"+sparkrtc.DefaultRegion+"`, the one region that SparkRTC has; any other brings a warning.",
				credentials.EnvRegion),
			"secret_key":     secretText("Secret access key (SK) that belongs to `access_key`.", credentials.EnvSecretKey),
			"security_token": secretText("Security token that belongs to `access_key` when it is a temporary one. In the environment it counts beside `"+credentials.EnvAccessKey+"` only: the three are taken from one place.", credentials.EnvSecurityToken),
			"shared_config_file": text(fmt.Sprintf("Path of the configuration file of the vendor's CLI. Named here, or with `profile`, it comes before any environment variable. Default: `%s`, after the environment.", credentials.DefaultSharedConfigFile),
				credentials.EnvSharedConfigFile),
			"shared_reads": schema.BoolAttribute{
				MarkdownDescription: "Whether resources are read through the list of all apps, a hundred in a call, from the second one that is read on. One that is not listed just as it was set is read by itself, so that a plan is the same either way. Data sources and ephemeral resources are always read by themselves." + orVariable(envSharedReads) + " Default: `true`.",
				Optional:            true,
			},
			"token":     secretText("IAM token of a user, in place of an access key.", credentials.EnvToken),
			"user_id":   text("ID of an IAM user, in place of `user_name` and its account.", credentials.EnvUserID),
			"user_name": text("Name of an IAM user, in place of an access key. Needs `password` and `domain_name` or `domain_id`.", credentials.EnvUserName),
		},
		Blocks: map[string]schema.Block{
			"assume_role": schema.SingleNestedBlock{
				MarkdownDescription: "An agency to assume with the credentials, whichever they are. What it is allowed to do counts then.",
				Attributes: map[string]schema.Attribute{
					"agency_name": text("Name of the agency."+outside(credentials.EnvAgencyName), ""),
					"domain_id":   text("ID of the account that the agency is in. It is assumed through STS then."+outside(credentials.EnvAgencyDomainID), ""),
					"domain_name": text("Name of the account that the agency is in. It is assumed through IAM then."+outside(credentials.EnvAgencyDomainName), ""),
					"duration":    durationAttribute(),
				},
			},
			"assume_role_with_oidc": schema.SingleNestedBlock{
				MarkdownDescription: "An ID token of an identity provider that IAM knows, in place of an access key. With an agency, that is assumed with it.",
				Attributes: map[string]schema.Attribute{
					"agency_name":               text("Name of an agency.", ""),
					"domain_id":                 text("ID of the account that the agency is in.", ""),
					"domain_name":               text("Name of the account that the agency is in.", ""),
					"duration":                  durationAttribute(),
					"idp_id":                    text("ID of the identity provider in IAM. Outside of the block: `"+credentials.EnvIDPID+"`, with the token in one of the two variables below or in `"+credentials.EnvWorkloadToken+"`, where HCP Terraform puts it.", ""),
					"id_token":                  secretText("The ID token, a JWT. Outside of the block: `"+credentials.EnvIDToken+"`.", ""),
					"id_token_file":             text("Path of a file with the ID token, which is read at each use. Outside of the block: `"+credentials.EnvIDTokenFile+"`.", ""),
					"tfc_workload_identity_tag": text("Tag of the ID token in HCP Terraform, which is in the environment variable `"+credentials.EnvWorkloadToken+"_TAG`. With it, each provider block can have a token of its own."+outside(credentials.EnvWorkloadTag), ""),
				},
			},
		},
	}
}

// text is an argument that may be left to an environment variable, or to
// nothing ("").
func text(description, variable string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description + orVariable(variable), Optional: true}
}

func secretText(description, variable string) schema.StringAttribute {
	attribute := text(description, variable)
	attribute.Sensitive = true
	return attribute
}

func orVariable(name string) string {
	if name == "" {
		return ""
	}
	return " Can also be set with the environment variable `" + name + "`."
}

// outside names the variable that counts without the block.
func outside(variable string) string { return " Outside of the block: `" + variable + "`." }

func durationAttribute() schema.NumberAttribute {
	return schema.NumberAttribute{
		MarkdownDescription: fmt.Sprintf("How long the agency's access key is valid, %d to %d seconds; it is renewed in time. Default: `%d`.", credentials.MinDuration, credentials.MaxDuration, credentials.DefaultDuration),
		Optional:            true,
		Validators:          []validator.Number{wholeNumber{credentials.MinDuration, credentials.MaxDuration}},
	}
}

// credentials returns what the block says of credentials.
func (m providerModel) credentials() credentials.Settings {
	s := credentials.Settings{
		AccessKey:        m.AccessKey.ValueString(),
		SecretKey:        m.SecretKey.ValueString(),
		SecurityToken:    m.SecurityToken.ValueString(),
		Token:            m.Token.ValueString(),
		UserName:         m.UserName.ValueString(),
		UserID:           m.UserID.ValueString(),
		Password:         m.Password.ValueString(),
		DomainName:       m.DomainName.ValueString(),
		DomainID:         m.DomainID.ValueString(),
		SharedConfigFile: m.SharedConfigFile.ValueString(),
		Profile:          m.Profile.ValueString(),
		ECSMetadata:      m.ECSMetadata.ValueBoolPointer(),
		ProjectID:        m.ProjectID.ValueString(),
		ProjectName:      m.ProjectName.ValueString(),
		Region:           m.Region.ValueString(),
		AuthURL:          m.AuthURL.ValueString(),
		Cloud:            m.Cloud.ValueString(),
	}
	if a := m.AssumeRole; a != nil {
		s.AssumeRole = &credentials.AssumeRole{
			AgencyName: a.AgencyName.ValueString(),
			DomainName: a.DomainName.ValueString(),
			DomainID:   a.DomainID.ValueString(),
			Duration:   int64Of(a.Duration),
		}
	}
	if a := m.AssumeRoleWithOIDC; a != nil {
		s.AssumeRoleWithOIDC = &credentials.AssumeRoleWithOIDC{
			IDPID:       a.IDPID.ValueString(),
			IDToken:     a.IDToken.ValueString(),
			IDTokenFile: a.IDTokenFile.ValueString(),
			WorkloadTag: a.WorkloadTag.ValueString(),
			AgencyName:  a.AgencyName.ValueString(),
			DomainName:  a.DomainName.ValueString(),
			DomainID:    a.DomainID.ValueString(),
			Duration:    int64Of(a.Duration),
		}
	}
	return s
}

// unknownArguments returns the names of arguments that are not known, or not
// whole.
func unknownArguments(config tftypes.Value) []string {
	var arguments map[string]tftypes.Value
	if err := config.As(&arguments); err != nil {
		return nil // null: there is no provider block
	}
	var names []string
	for name, value := range arguments {
		if !value.IsFullyKnown() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
