// SPDX-License-Identifier: MPL-2.0

// Package provider speaks Terraform: the provider, and one file for each
// resource, data source and function of it.
package provider

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Environment variables that stand in for arguments, beside those of the
// credentials package. They are named as the huaweicloud provider names them,
// but for what it has no variable for.
const (
	envEndpoint   = "SPARKRTC_ENDPOINT"
	envRegion     = "HW_REGION_NAME"
	envMaxRetries = "HW_MAX_RETRIES"
	envInsecure   = "HW_INSECURE"

	envClearTextKeyWarning = "SPARKRTC_CLEAR_TEXT_KEY_WARNING"
)

type sparkRTCProvider struct {
	version string

	// retryWait shortens the back-off in tests; 0 leaves the client's own.
	retryWait time.Duration

	// clearTextKey is said once in the life of a process: once a run for each
	// configuration of the provider.
	clearTextKey warnOnce

	// random makes salts; nil but in tests.
	random io.Reader
}

var (
	_ provider.Provider                       = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithFunctions          = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*sparkRTCProvider)(nil)
)

// warnOnce is a warning that is given once, unless it is switched off.
type warnOnce struct {
	once sync.Once
	off  atomic.Bool
}

func (w *warnOnce) do(warn func()) {
	if !w.off.Load() {
		w.once.Do(warn)
	}
}

// New returns a constructor of the provider. The version goes into the
// User-Agent header.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		p := &sparkRTCProvider{version: version}
		p.setClearTextKeyWarning(types.BoolNull())
		return p
	}
}

type providerModel struct {
	AccessKey           types.String `tfsdk:"access_key"`
	ClearTextKeyWarning types.Bool   `tfsdk:"clear_text_key_warning"`
	Endpoint            types.String `tfsdk:"endpoint"`
	Insecure            types.Bool   `tfsdk:"insecure"`
	MaxRetries          types.Int64  `tfsdk:"max_retries"`
	ProjectID           types.String `tfsdk:"project_id"`
	Region              types.String `tfsdk:"region"`
	SecretKey           types.String `tfsdk:"secret_key"`
	SecurityToken       types.String `tfsdk:"security_token"`
	Token               types.String `tfsdk:"token"`
}

// providerData is what resources get of the provider.
type providerData struct {
	// client is nil while the configuration has unknown values.
	client *sparkrtc.Client

	// credentials says in words which credentials the client uses.
	credentials string

	// apps are those of the project, listed at most once.
	apps apps

	// planned has the apps that a resource was planned for.
	planned sync.Map

	// unknown are the arguments whose values are known only after apply.
	unknown []string
}

func (p *sparkRTCProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "sparkrtc"
	resp.Version = p.version
}

func (p *sparkRTCProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The SparkRTC provider manages [Huawei Cloud SparkRTC](https://www.huaweicloud.com/intl/en-us/product/rtc.html) (real-time audio and video, service code CloudRTC): where the recording events of an app go.",
		Attributes: map[string]schema.Attribute{
			"access_key": schema.StringAttribute{
				MarkdownDescription: "Access key ID (AK). Can also be set with the environment variable `" + credentials.EnvAccessKey + "`. Needs `secret_key` and `project_id`.",
				Optional:            true,
			},
			"clear_text_key_warning": schema.BoolAttribute{
				MarkdownDescription: "Whether to warn, once a run for each provider configuration, of an `auth_key` where the CLI would allow `auth_key_wo`, which is not stored in the state. Can also be set with the environment variable `" + envClearTextKeyWarning + "`. Default: `true`.",
				Optional:            true,
			},
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Scheme and host of the SparkRTC API. Can also be set with the environment variable `" + envEndpoint + "`. Default: `" + sparkrtc.DefaultEndpoint + "`. Plain `http` is accepted for a loopback address only.",
				Optional:            true,
				Validators:          []validator.String{endpointValidator{}},
			},
			"insecure": schema.BoolAttribute{
				MarkdownDescription: "Whether to accept any TLS certificate: anybody on the way can then read and change requests. Can also be set with the environment variable `" + envInsecure + "`. Default: `false`.",
				Optional:            true,
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: fmt.Sprintf("How often a request is repeated that failed for want of a connection, was throttled (429) or met a server error (5xx). Can also be set with the environment variable `%s`. Default: `%d`.", envMaxRetries, sparkrtc.DefaultMaxRetries),
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, maxMaxRetries)},
			},
			"project_id": schema.StringAttribute{
				MarkdownDescription: "ID of the project that the apps belong to, in region `" + sparkrtc.DefaultRegion + "`. Can also be set with the environment variable `" + credentials.EnvProjectID + "`. Needed with an access key; a token carries its project itself.",
				Optional:            true,
			},
			"region": schema.StringAttribute{
				MarkdownDescription: "Region of the project. Can also be set with the environment variable `" + envRegion + "`. Default: `" + sparkrtc.DefaultRegion + "`, the one region that SparkRTC has; any other brings a warning. The endpoint doesn't depend on it.",
				Optional:            true,
			},
			"secret_key": schema.StringAttribute{
				MarkdownDescription: "Secret access key (SK) that belongs to `access_key`. Can also be set with the environment variable `" + credentials.EnvSecretKey + "`.",
				Optional:            true,
				Sensitive:           true,
			},
			"security_token": schema.StringAttribute{
				MarkdownDescription: "Security token that belongs to `access_key` when it is a temporary one. Can also be set with the environment variable `" + credentials.EnvSecurityToken + "`, but only beside `" + credentials.EnvAccessKey + "` there: the three are taken from one place.",
				Optional:            true,
				Sensitive:           true,
			},
			"token": schema.StringAttribute{
				MarkdownDescription: "IAM user token, in place of an access key. Can also be set with the environment variable `" + credentials.EnvToken + "`.",
				Optional:            true,
				Sensitive:           true,
			},
		},
	}
}

// maxMaxRetries bounds an apply: what is still down after 20 retries, which are
// some minutes, won't come back by asking again.
const maxMaxRetries = 20

// ValidateConfig switches a warning on or off that resources give while they
// are validated, when the provider is not configured. Without a provider block
// it is not called.
func (p *sparkRTCProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	p.setClearTextKeyWarning(config.ClearTextKeyWarning)
}

func (p *sparkRTCProvider) setClearTextKeyWarning(value types.Bool) {
	var ignored diag.Diagnostics // Configure gives them
	on := settings{getenv: os.Getenv, diags: &ignored}.flag("clear_text_key_warning", value, envClearTextKeyWarning, true)
	p.clearTextKey.off.Store(!on)
}

func (p *sparkRTCProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{unknown: config.unknown()}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = data, data, data
	if len(data.unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		tflog.Debug(ctx, "provider configuration is not known yet", map[string]any{"arguments": strings.Join(data.unknown, ", ")})
		return
	}

	transportConfig := transport.Config{
		UserAgent:    userAgent(p.version, req.TerraformVersion, os.Getenv("TF_APPEND_USER_AGENT")),
		RetryWaitMin: p.retryWait,
		RetryWaitMax: 10 * p.retryWait,
	}
	settings := settings{getenv: os.Getenv, diags: &resp.Diagnostics}
	settings.region(config.Region)
	endpoint := settings.endpoint(config.Endpoint)
	transportConfig.MaxRetries = settings.maxRetries(config.MaxRetries)
	transportConfig.Insecure = settings.flag("insecure", config.Insecure, envInsecure, false)
	settings.flag("clear_text_key_warning", config.ClearTextKeyWarning, envClearTextKeyWarning, true)
	found := settings.credentials(config)
	if resp.Diagnostics.HasError() {
		return
	}
	transportConfig.Logger = slog.New(tflogHandler{secrets: found.Transport().Secrets()})

	client, err := sparkrtc.New(sparkrtc.Config{
		Endpoint:    endpoint,
		Credentials: found.Transport(),
		Transport:   transport.New(transportConfig),
	})
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("endpoint"), "Invalid endpoint", "The endpoint can't be used: "+err.Error()+".")
		return
	}
	data.client, data.credentials = client, found.Hint()
	tflog.Debug(ctx, "provider configured", map[string]any{
		"credentials": data.credentials,
		"endpoint":    endpoint,
		"max_retries": transportConfig.MaxRetries,
		"project_id":  found.ProjectID,
	})
}

// unknown returns the names of arguments that have no value yet.
func (m providerModel) unknown() []string {
	var names []string
	for _, argument := range []struct {
		name  string
		value attr.Value
	}{
		{"access_key", m.AccessKey},
		{"clear_text_key_warning", m.ClearTextKeyWarning},
		{"endpoint", m.Endpoint},
		{"insecure", m.Insecure},
		{"max_retries", m.MaxRetries},
		{"project_id", m.ProjectID},
		{"region", m.Region},
		{"secret_key", m.SecretKey},
		{"security_token", m.SecurityToken},
		{"token", m.Token},
	} {
		if argument.value.IsUnknown() {
			names = append(names, argument.name)
		}
	}
	return names
}

// userAgent names the provider and the CLI, and appends what the user asks for
// with TF_APPEND_USER_AGENT, as HashiCorp's providers do. Terraform and
// OpenTofu give their version in the same field and can't be told apart.
func userAgent(version, cliVersion, appended string) string {
	agent := "terraform-provider-sparkrtc/" + version + " (+https://github.com/sparkrtc/terraform-provider-sparkrtc)"
	if cliVersion != "" {
		agent += " terraform/" + cliVersion
	}
	if appended = strings.TrimSpace(appended); appended != "" {
		agent += " " + strings.Join(strings.Fields(appended), " ")
	}
	return agent
}

// settings reads arguments, and the environment in their place.
type settings struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

// text returns an argument, or the variable that stands in for it, and which
// of the two it is. An empty string counts as not set.
func (s settings) text(argument string, value types.String, variable string) (text, source string) {
	if text := value.ValueString(); text != "" {
		return text, "the argument " + argument
	}
	return s.getenv(variable), "the environment variable " + variable
}

func (s settings) region(value types.String) {
	region, source := s.text("region", value, envRegion)
	if region == "" || region == sparkrtc.DefaultRegion {
		return
	}
	s.diags.AddAttributeWarning(path.Root("region"), "SparkRTC is not known in this region",
		fmt.Sprintf("The region is %q, by %s. The one region that SparkRTC is known to have is %s, and a project of another region is refused there with an authentication error.\n\n"+
			"Set region = %q in the provider block if the project is one of that region, to say so and to end this warning.",
			region, source, sparkrtc.DefaultRegion, sparkrtc.DefaultRegion))
}

func (s settings) endpoint(value types.String) string {
	endpoint, source := s.text("endpoint", value, envEndpoint)
	if endpoint == "" {
		return sparkrtc.DefaultEndpoint
	}
	if _, err := transport.ParseEndpoint(endpoint, sparkrtc.DefaultEndpoint); err != nil {
		addEndpointError(s.diags, source, err)
	}
	return endpoint
}

func (s settings) maxRetries(value types.Int64) int {
	if !value.IsNull() {
		return int(value.ValueInt64())
	}
	text := s.getenv(envMaxRetries)
	if text == "" {
		return sparkrtc.DefaultMaxRetries
	}
	retries, err := strconv.Atoi(text)
	if err != nil || retries < 0 || retries > maxMaxRetries {
		s.diags.AddAttributeError(path.Root("max_retries"), "Invalid number of retries",
			fmt.Sprintf("The environment variable %s must be a whole number between 0 and %d, and is %q.", envMaxRetries, maxMaxRetries, text))
	}
	return retries
}

func (s settings) flag(argument string, value types.Bool, variable string, preset bool) bool {
	if !value.IsNull() {
		return value.ValueBool()
	}
	text := s.getenv(variable)
	if text == "" {
		return preset
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		s.diags.AddAttributeError(path.Root(argument), "Invalid value of a switch",
			fmt.Sprintf("The environment variable %s must be true or false, and is %q.", variable, text))
	}
	return on
}

func (s settings) credentials(config providerModel) credentials.Credentials {
	found, err := credentials.Find(credentials.Settings{
		AccessKey:     config.AccessKey.ValueString(),
		SecretKey:     config.SecretKey.ValueString(),
		SecurityToken: config.SecurityToken.ValueString(),
		Token:         config.Token.ValueString(),
		ProjectID:     config.ProjectID.ValueString(),
		Region:        config.Region.ValueString(),
	}, credentials.OS())
	if err != nil {
		addCredentialsError(s.diags, err)
		return credentials.Credentials{}
	}
	for _, w := range found.Warnings {
		s.diags.AddWarning(w.Summary, w.Detail)
	}
	static, err := found.Static()
	if err != nil {
		addCredentialsError(s.diags, err)
	}
	return static
}

func (p *sparkRTCProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource {
			return &recordCallbackResource{clearTextKey: &p.clearTextKey, random: p.random}
		},
	}
}

func (p *sparkRTCProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newRecordCallbackDataSource,
	}
}

func (p *sparkRTCProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		newRecordCallbackEphemeralResource,
	}
}

func (p *sparkRTCProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newCallbackSignatureFunction,
	}
}
