// SPDX-License-Identifier: MPL-2.0

// Package provider speaks Terraform: the provider, and one file for each
// resource, data source and function of it.
package provider

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/iam"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Environment variables of arguments, besides those of the credentials package. They have the names of the
// huaweicloud provider, where it has one.
const (
	envEndpoint   = "SPARKRTC_ENDPOINT"
	envMaxRetries = "HW_MAX_RETRIES"
	envInsecure   = "HW_INSECURE"
	envCACert     = "HW_CACERT"

	envClearTextKeyWarning = "SPARKRTC_CLEAR_TEXT_KEY_WARNING"
	envSharedReads         = "SPARKRTC_SHARED_READS"
)

type sparkRTCProvider struct {
	version string

	// retryWait shortens the back-off in tests; 0 leaves the client's own.
	retryWait time.Duration

	// courtesyBound shortens a list of apps in tests; 0 leaves its own.
	courtesyBound time.Duration

	// dial connects to an emulator without sockets in tests; nil leaves the client's own.
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	// environment is that of the process unless a test gives another.
	environment *credentials.Environment

	// clearTextKey is said once in the life of a process: once a run for each
	// configuration of the provider.
	clearTextKey warnOnce
}

var (
	_ provider.Provider                       = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithFunctions          = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithListResources      = (*sparkRTCProvider)(nil)
	_ provider.ProviderWithActions            = (*sparkRTCProvider)(nil)
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

// providerData is what resources get of the provider.
type providerData struct {
	// client is nil while the configuration has unknown values.
	client *sparkrtc.Client

	// credentials says in words which credentials the client uses.
	credentials string

	// wire sends the requests.
	wire      *transport.Client
	saidClock sync.Once
	saidQuota sync.Once

	saidNotListed sync.Once

	// explained has the first error of each explanation.
	explained sync.Map // explained

	// apps are those of the project, and their listings.
	apps apps

	// sharedReads lets reads of resources use that listing.
	sharedReads bool

	// planned are the objects that were planned in this process.
	planned sync.Map

	// projectID returns the project of the credentials, or "" if a token does not tell it.
	projectID func(context.Context) (string, error)

	// rules is what the operations of recording rules know of one another.
	rules recordRules

	// created are the rules ("app_id/rule_id") and automatic recordings ("app_id") that a deletion leaves, because this
	// process has just created them. A read ends that: the process of terraform test runs several plans and applies.
	created sync.Map

	// recordings are the locks of apps whose recording is created or deleted.
	recordings sync.Map

	// callbacks is what the plans of recording callbacks know of one another.
	callbacks callbackPlans

	// fingerprints are those of the write-only keys that are sent.
	fingerprints callback.Fingerprints

	// unknown are the arguments whose values are known only after apply.
	unknown []string
}

func (p *sparkRTCProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "sparkrtc"
	resp.Version = p.version
}

// maxMaxRetries bounds an apply: what is still down after 20 retries, which are
// some minutes, won't come back by asking again.
const maxMaxRetries = 20

// throttledPerRetry is how much more often a throttled request is repeated: that
// it waits is the service's rule, and not its failure.
const throttledPerRetry = 4

var _ transport.Renewer = (*credentials.Authenticator)(nil)

// ValidateConfig switches a warning on or off that resources give while they
// are validated, when the provider is not configured. Without a provider block
// it is not called.
func (p *sparkRTCProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var value types.Bool
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("clear_text_key_warning"), &value)...)
	p.setClearTextKeyWarning(value)
}

func (p *sparkRTCProvider) setClearTextKeyWarning(value types.Bool) {
	var ignored diag.Diagnostics // Configure gives them
	on := settings{environment: p.env(), diags: &ignored}.flag("clear_text_key_warning", value, envClearTextKeyWarning, true)
	p.clearTextKey.off.Store(!on)
}

func (p *sparkRTCProvider) env() credentials.Environment {
	if p.environment != nil {
		return *p.environment
	}
	return credentials.OS()
}

func (p *sparkRTCProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := &providerData{unknown: unknownArguments(req.Config.Raw)}
	data.apps.bound = p.courtesyBound
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = data, data, data
	resp.ListResourceData, resp.ActionData = data, data
	if len(data.unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		tflog.Debug(ctx, "provider configuration is not known yet", map[string]any{"arguments": strings.Join(data.unknown, ", ")})
		return
	}

	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings := settings{environment: p.env(), diags: &resp.Diagnostics}
	transportConfig := transport.Config{
		UserAgent:    userAgent(p.version, req.TerraformVersion, settings.environment.Getenv("TF_APPEND_USER_AGENT")),
		Dial:         p.dial,
		RetryWaitMin: p.retryWait,
		RetryWaitMax: 10 * p.retryWait,
		MaxRetries:   settings.maxRetries(config.MaxRetries),
		Insecure:     settings.flag("insecure", config.Insecure, envInsecure, false),
		RootCAs:      settings.rootCAs(config.CACertFile),
	}
	transportConfig.MaxThrottled = throttledPerRetry * transportConfig.MaxRetries
	endpoint := settings.endpoint(config.Endpoint)
	settings.flag("clear_text_key_warning", config.ClearTextKeyWarning, envClearTextKeyWarning, true)
	data.sharedReads = settings.flag("shared_reads", config.SharedReads, envSharedReads, true)
	settings.proxies()
	found := settings.credentials(config)
	if resp.Diagnostics.HasError() {
		return
	}
	logger := slog.New(tflogHandler{secrets: found.Set.Secrets()})
	transportConfig.Logger = logger
	if err := data.connect(endpoint, transport.New(transportConfig), found, logger); err != nil {
		resp.Diagnostics.AddError("Invalid endpoint", "An endpoint can't be used: "+err.Error()+".")
		return
	}
	tflog.Debug(ctx, "provider configured", map[string]any{
		"credentials":  data.credentials,
		"endpoint":     endpoint,
		"max_retries":  transportConfig.MaxRetries,
		"project_id":   found.ProjectID.Text,
		"region":       found.Region.Text,
		"shared_reads": data.sharedReads,
		"version":      p.version,
	})
}

// connect makes the client. It makes no call: credentials that have to be
// fetched are fetched with the first request.
func (d *providerData) connect(endpoint string, wire *transport.Client, found *credentials.Resolved, logger *slog.Logger) error {
	identity, err := iam.New(iam.Config{
		Transport: wire, Endpoint: found.IAMEndpoint, STSEndpoint: found.STSEndpoint, MetadataEndpoint: found.MetadataEndpoint,
	})
	if err != nil {
		return err
	}
	d.wire = wire
	authenticator := credentials.NewAuthenticator(found, identity, logger)
	d.projectID = authenticator.ProjectID
	config := sparkrtc.Config{
		Endpoint:    endpoint,
		Credentials: authenticator,
		Transport:   wire,
	}
	if d.client, err = sparkrtc.New(config); err != nil {
		return err
	}
	config.Transport = wire.With(func(c *transport.Config) {
		c.MaxRetries, c.AttemptTimeout = min(c.MaxRetries, courtesyRetries), courtesyTimeout
	})
	d.apps.client = d.client
	d.apps.courtesy, err = sparkrtc.New(config)
	d.credentials = found.HintWithProject()
	return err
}

// userAgent names the provider and the CLI, and appends what the user asks for
// with TF_APPEND_USER_AGENT, as HashiCorp's providers do. Terraform and
// OpenTofu give their version in the same field.
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

// settings reads arguments, or else the environment.
type settings struct {
	environment credentials.Environment
	diags       *diag.Diagnostics
}

// text returns an argument, or the variable that stands in for it, and which
// of the two it is. An empty string counts as not set.
func (s settings) text(argument string, value types.String, variable string) (text, source string) {
	if text := value.ValueString(); text != "" {
		return text, "the argument " + argument
	}
	return s.environment.Getenv(variable), "the environment variable " + variable
}

// region warns of a region that SparkRTC is not known in. The endpoint doesn't
// depend on it, but IAM's does, and which project is looked up.
func (s settings) region(region credentials.Value) {
	if region.Text == sparkrtc.DefaultRegion {
		return
	}
	s.diags.AddAttributeWarning(path.Root("region"), "SparkRTC is not known in this region",
		fmt.Sprintf("The region is %q, by %s. The one region that SparkRTC is known to have is %s, and a project of another region is refused there with an authentication error.\n\n"+
			"Set region = %q in the provider block if the project is one of that region, to say so and to end this warning.",
			region.Text, region.Source, sparkrtc.DefaultRegion, sparkrtc.DefaultRegion))
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

func (s settings) proxies() {
	if err := transport.CheckProxies(s.environment.Getenv); err != nil {
		s.diags.AddError("Proxy can't be used", "Requests can't be sent: "+err.Error()+".\n\nCorrect it, or unset it to connect without a proxy.")
	}
}

func (s settings) maxRetries(value types.Number) int {
	if !value.IsNull() {
		return int(int64Of(value))
	}
	text := s.environment.Getenv(envMaxRetries)
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
	if !value.IsNull() && !value.IsUnknown() {
		return value.ValueBool()
	}
	text := s.environment.Getenv(variable)
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

// rootCAs returns nil for those of the system alone.
func (s settings) rootCAs(value types.String) *x509.CertPool {
	text, source := s.text("cacert_file", value, envCACert)
	if text == "" {
		return nil
	}
	pem := []byte(text)
	var err error
	if !strings.Contains(text, "-----BEGIN") {
		pem, err = s.environment.ReadFile(text)
	}
	pool, systemErr := x509.SystemCertPool()
	if systemErr != nil {
		pool = x509.NewCertPool()
	}
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = errors.New("it has no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	if err != nil {
		s.diags.AddError("CA certificate can't be used", fmt.Sprintf("The CA certificate from %s can't be used: %s.", source, err))
	}
	return pool
}

// credentials finds the credentials, without a call. Nil comes with an error.
func (s settings) credentials(config providerModel) *credentials.Resolved {
	found, err := credentials.Find(config.credentials(), s.environment)
	if err != nil {
		addCredentialsError(s.diags, err)
		return nil
	}
	for _, w := range found.Warnings {
		s.diags.AddWarning(w.Summary, w.Detail)
	}
	s.region(found.Region)
	return found
}

func (p *sparkRTCProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newAppResource,
		p.newRecordCallbackResource,
		newRecordRuleResource,
		newAutoRecordResource,
	}
}

func (p *sparkRTCProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newAppDataSource,
		newAppsDataSource,
		newRecordCallbackDataSource,
		newRecordCallbacksDataSource,
		newRecordRulesDataSource,
	}
}

func (p *sparkRTCProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		newAppEphemeralResource,
		newRecordCallbackEphemeralResource,
	}
}

func (p *sparkRTCProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		newAppListResource,
		newRecordCallbackListResource,
		newRecordRuleListResource,
		newAutoRecordListResource,
	}
}

func (p *sparkRTCProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		newSendTestNotificationAction,
	}
}

func (p *sparkRTCProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newCallbackSignatureFunction,
	}
}
