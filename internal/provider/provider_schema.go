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
		MarkdownDescription: "The SparkRTC provider manages [Huawei Cloud SparkRTC](https://www.huaweicloud.com/intl/en-us/product/rtc.html), real-time audio and video: apps, recording rules, automatic recording, and callbacks that receive recording events.",
		Attributes: map[string]schema.Attribute{
			"access_key": text("Access key ID (AK). Needs `secret_key`.", credentials.EnvAccessKey),
			"auth_url": text("Scheme and host of IAM. Default: `https://iam.REGION.CLOUD`, from `region` and `cloud`.",
				credentials.EnvAuthURL),
			"cacert_file": text("Additional CA certificate to trust: path of a PEM file, or its content.", envCACert),
			"clear_text_key_warning": schema.BoolAttribute{
				MarkdownDescription: "Whether to warn that `auth_key` is stored in the state." + " Default: `true`." + orVariable(envClearTextKeyWarning),
				Optional:            true,
			},
			"cloud": text(fmt.Sprintf("Domain of the IAM and STS hosts. Default: `%s`, or `myhuaweicloud.eu` for regions such as `eu-west-101`.", credentials.DefaultCloud),
				credentials.EnvCloud),
			"domain_id":   text("ID of the account of `user_name`.", credentials.EnvDomainID),
			"domain_name": text("Name of the account (domain) of `user_name`.", credentials.EnvDomainName),
			"ecs_metadata": schema.BoolAttribute{
				MarkdownDescription: "Whether to use the agency of the ECS that Terraform runs on." + " Default: `false`." + orVariable(credentials.EnvECSMetadata),
				Optional:            true,
			},
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Scheme and host of the SparkRTC API; `http` for a loopback address only. Default: `" + sparkrtc.DefaultEndpoint + "`." + orVariable(envEndpoint),
				Optional:            true,
				Validators:          []validator.String{endpointValidator{}},
			},
			"insecure": schema.BoolAttribute{
				MarkdownDescription: "Whether to accept any TLS certificate. Others can then read and change requests. Default: `false`." + orVariable(envInsecure),
				Optional:            true,
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of retries after a connection error or a 5xx response, and four times as many after a 429. Default: `%d`.%s", sparkrtc.DefaultMaxRetries, orVariable(envMaxRetries)),
				Optional:            true,
				Validators:          []validator.Number{wholeNumber{0, maxMaxRetries}},
			},
			"password": secretText("Password of `user_name` or `user_id`.", credentials.EnvPassword),
			"profile": text("Profile in the configuration file of the vendor's CLI. Default: the current one.",
				credentials.EnvProfile),
			"project_id": text("ID of the project that the apps belong to. Default: looked up by `project_name` or `region`.",
				credentials.EnvProjectID),
			"project_name": text("Name of the project, instead of `project_id`. Default: the name of the region.", credentials.EnvProjectName),
			"region": text("Region of IAM and of the project; it doesn't change the endpoint. Default: `"+sparkrtc.DefaultRegion+"`, the only region known to have SparkRTC.",
				credentials.EnvRegion),
			"secret_key":     secretText("Secret access key (SK) of `access_key`.", credentials.EnvSecretKey),
			"security_token": secretText("Security token of a temporary `access_key`.", credentials.EnvSecurityToken),
			"shared_config_file": text(fmt.Sprintf("Path of the configuration file of the vendor's CLI. Default: `%s`.", credentials.DefaultSharedConfigFile),
				credentials.EnvSharedConfigFile),
			"shared_reads": schema.BoolAttribute{
				MarkdownDescription: "Whether to read resources through the list of apps, up to 100 in a call. Default: `true`." + orVariable(envSharedReads),
				Optional:            true,
			},
			"token":     secretText("IAM token, instead of an access key.", credentials.EnvToken),
			"user_id":   text("ID of an IAM user, instead of `user_name` and its account.", credentials.EnvUserID),
			"user_name": text("Name of an IAM user, instead of an access key. Needs `password` and `domain_name` or `domain_id`.", credentials.EnvUserName),
		},
		Blocks: map[string]schema.Block{
			"assume_role": schema.SingleNestedBlock{
				MarkdownDescription: "Agency to assume with the credentials.",
				Attributes: map[string]schema.Attribute{
					"agency_name": text("Name of the agency."+withoutBlock(credentials.EnvAgencyName), ""),
					"domain_id":   text("ID of the agency's account, for STS."+withoutBlock(credentials.EnvAgencyDomainID), ""),
					"domain_name": text("Name of the agency's account, for IAM."+withoutBlock(credentials.EnvAgencyDomainName), ""),
					"duration":    durationAttribute(),
				},
			},
			"assume_role_with_oidc": schema.SingleNestedBlock{
				MarkdownDescription: "ID token of an identity provider in IAM, instead of an access key, and optionally an agency to assume.",
				Attributes: map[string]schema.Attribute{
					"agency_name":               text("Name of the agency.", ""),
					"domain_id":                 text("ID of the agency's account.", ""),
					"domain_name":               text("Name of the agency's account.", ""),
					"duration":                  durationAttribute(),
					"idp_id":                    text("ID of the identity provider in IAM."+withoutBlock(credentials.EnvIDPID), ""),
					"id_token":                  secretText("The ID token, a JWT."+withoutBlock(credentials.EnvIDToken), ""),
					"id_token_file":             text("Path of a file with the ID token, read at each use."+withoutBlock(credentials.EnvIDTokenFile), ""),
					"tfc_workload_identity_tag": text("Tag of the ID token that HCP Terraform sets as `"+credentials.EnvWorkloadToken+"_TAG`."+withoutBlock(credentials.EnvWorkloadTag), ""),
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
	return " Environment variable: `" + name + "`."
}

func withoutBlock(variable string) string { return " Without the block, set `" + variable + "`." }

func durationAttribute() schema.NumberAttribute {
	return schema.NumberAttribute{
		MarkdownDescription: fmt.Sprintf("Lifetime of the agency's access key in seconds, %d to %d. Default: `%d`.", credentials.MinDuration, credentials.MaxDuration, credentials.DefaultDuration),
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
