// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/acctest"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/emulator"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// What the framework itself finds wrong with the schemas.
func TestSchemasAreValid(t *testing.T) {
	server := NewServer("test")()
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	schemas := map[string]*tfprotov6.Schema{"provider": resp.Provider}
	maps.Copy(schemas, prefixed("resource ", resp.ResourceSchemas))
	maps.Copy(schemas, prefixed("data ", resp.DataSourceSchemas))
	maps.Copy(schemas, prefixed("ephemeral ", resp.EphemeralResourceSchemas))
	maps.Copy(schemas, prefixed("list ", resp.ListResourceSchemas))
	for name, action := range resp.ActionSchemas {
		schemas["action "+name] = action.Schema
	}
	sensitive := map[string]bool{}
	for name, schema := range schemas {
		if schema.Block.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for _, attribute := range allAttributes(schema.Block) {
			everywhere, seen := sensitive[attribute.Name]
			sensitive[attribute.Name] = attribute.Sensitive && (everywhere || !seen)
			if attribute.Description == "" {
				t.Errorf("%s of %s has no description", attribute.Name, name)
			}
		}
	}
	for _, name := range []string{"secret_key", "security_token", "token", "password", "auth_key"} {
		if !sensitive[name] {
			t.Errorf("%s is not sensitive", name)
		}
	}
}

func prefixed(prefix string, schemas map[string]*tfprotov6.Schema) map[string]*tfprotov6.Schema {
	named := map[string]*tfprotov6.Schema{}
	for name, schema := range schemas {
		named[prefix+name] = schema
	}
	return named
}

// allAttributes are those of a block, and of what is nested in it.
func allAttributes(block *tfprotov6.SchemaBlock) []*tfprotov6.SchemaAttribute {
	var all []*tfprotov6.SchemaAttribute
	for rest := slices.Clone(block.Attributes); len(rest) > 0; rest = rest[1:] {
		all = append(all, rest[0])
		if nested := rest[0].NestedType; nested != nil {
			rest = append(rest, nested.Attributes...)
		}
	}
	for _, nested := range block.BlockTypes {
		all = append(all, allAttributes(nested.Block)...)
	}
	return all
}

// Wrong settings are found before any call, and the message says where they
// come from.
func TestProviderErrors(t *testing.T) {
	t.Parallel()
	type given = map[string]any
	const secret = "c0ffee-secret-c0ffee"
	pair := []string{"HW_ACCESS_KEY=AK0123456789", "HW_SECRET_KEY=" + secret}
	full := append([]string{"HW_PROJECT_ID=p"}, pair...)
	tests := map[string]struct {
		block    given
		env      []string
		severity string
		summary  string
		mentions []string
	}{
		"no credentials":               {nil, nil, "error", "No credentials found", []string{"access_key", "secret_key", "token", "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_AUTH_TOKEN"}},
		"half a pair":                  {given{"access_key": "AK"}, []string{"HW_SECRET_KEY=" + secret}, "error", "Incomplete credentials", []string{"access_key is set in the provider block", "secret_key is not"}},
		"a pair and a token":           {nil, append([]string{"HW_AUTH_TOKEN=t"}, full...), "error", "Two kinds of credentials", []string{"HW_AUTH_TOKEN", "HW_ACCESS_KEY"}},
		"a pair and a password":        {given{"user_name": "me", "password": secret, "access_key": "AK"}, full, "error", "Two kinds of credentials", []string{"user_name", "access_key", "he provider block"}},
		"agency without an account":    {given{"assume_role": given{"agency_name": "a"}}, full, "error", "Incomplete credentials", []string{"agency_name", "domain_name or domain_id"}},
		"short duration":               {given{"assume_role": given{"agency_name": "a", "domain_id": "d", "duration": 60}}, full, "error", "Invalid number", []string{"duration", "from 900 to 86400"}},
		"profile that isn't there":     {given{"profile": "prod"}, full, "error", "Credentials file can't be used", []string{"~/.hcloud/config.json", "the argument profile"}},
		"CA certificate that isn't":    {given{"cacert_file": "~/ca.pem"}, full, "error", "CA certificate can't be used", []string{"the argument cacert_file", "no such file"}},
		"CA certificate, environment":  {nil, append([]string{"HW_CACERT=-----BEGIN NONSENSE-----"}, full...), "error", "CA certificate can't be used", []string{"HW_CACERT", "no certificate in PEM form"}},
		"auth_url without a host":      {given{"auth_url": "https://"}, full, "error", "Invalid endpoint", []string{"the argument auth_url"}},
		"a blank in a key":             {given{"secret_key": secret + " ", "access_key": "AK"}, full, "error", "Value contains a stray character", []string{"secret_key", "the provider block"}},
		"endpoint with a password":     {given{"endpoint": "https://u:" + secret + "@rtc.example.com"}, full, "error", "Invalid endpoint", []string{"must not contain a user"}},
		"proxy that can't be parsed":   {nil, append([]string{"HTTPS_PROXY=http://u:" + secret + "%ss@proxy.example.com"}, full...), "error", "Proxy can't be used", []string{"HTTPS_PROXY", "percent-encoded"}},
		"endpoint without TLS":         {given{"endpoint": "http://rtc.example.com"}, full, "error", "Invalid endpoint", []string{"loopback", "https"}},
		"endpoint from environment":    {nil, append([]string{"SPARKRTC_ENDPOINT=rtc.example.com"}, full...), "error", "Invalid endpoint", []string{"SPARKRTC_ENDPOINT"}},
		"retries from environment":     {nil, append([]string{"HW_MAX_RETRIES=many"}, full...), "error", "Invalid number of retries", []string{"HW_MAX_RETRIES", "between 0 and 20", "many"}},
		"too many retries":             {nil, append([]string{"HW_MAX_RETRIES=21"}, full...), "error", "Invalid number of retries", []string{"21"}},
		"retries in the block":         {given{"max_retries": -1}, full, "error", "Invalid number", []string{"max_retries", "from 0 to 20"}},
		"switch from environment":      {nil, append([]string{"HW_INSECURE=perhaps"}, full...), "error", "Invalid value of a switch", []string{"HW_INSECURE", "perhaps"}},
		"another region":               {given{"region": "eu-west-101"}, full, "warning", "SparkRTC is not known in this region", []string{"eu-west-101", "the argument region", "cn-north-4"}},
		"another region, environment":  {nil, append([]string{"HW_REGION_NAME=eu-west-101"}, full...), "warning", "SparkRTC is not known in this region", []string{"HW_REGION_NAME"}},
		"region of the service":        {given{"region": "cn-north-4"}, append([]string{"HW_REGION_NAME=eu-west-101"}, full...), "", "", nil},
		"empty arguments fall through": {given{"access_key": "", "secret_key": "", "endpoint": "", "region": ""}, full, "", "", nil},
		"everything in the block":      {given{"access_key": "AK", "secret_key": "SK", "security_token": "ST", "project_id": "p", "max_retries": 0, "insecure": true, "endpoint": "https://rtc.example.com:8443"}, nil, "", "", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, err := acctest.StartCore(t, factoryOf(&sparkRTCProvider{environment: environmentOf(t.TempDir(), tc.env...)}))
			if err != nil {
				t.Fatal(err)
			}
			found, err := core.Configure(tc.block)
			if (err != nil) != (tc.severity == "error") {
				t.Errorf("the error is %v", err)
			}
			if tc.severity == "" {
				if len(found) != 0 {
					t.Errorf("unexpected: %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Severity != tc.severity || found[0].Summary != tc.summary {
				t.Fatalf("got %+v, want %q", found, tc.summary)
			}
			for _, mention := range tc.mentions {
				if !strings.Contains(found[0].Detail, mention) {
					t.Errorf("%q is not mentioned: %s", mention, found[0].Detail)
				}
			}
			if strings.Contains(found[0].Detail, secret) {
				t.Error("the message has a secret")
			}
		})
	}
}

// The arguments and variables of the provider, without the CLI.
func TestConfigureProvider(t *testing.T) {
	const secret = "c0ffee-secret-c0ffee"
	block := map[string]any{"access_key": "AK0123456789", "secret_key": secret, "project_id": "p"}
	tests := map[string]struct {
		block     map[string]any
		env       map[string]string
		summary   string // "" for a provider that is configured
		attribute string
		mentions  []string
	}{
		"everything":                  {block: nil},
		"empty texts":                 {block: map[string]any{"token": "", "user_name": "", "password": "", "profile": "", "project_name": "", "region": "", "cloud": "", "auth_url": "", "endpoint": "", "cacert_file": "", "security_token": ""}},
		"empty agency":                {block: map[string]any{"assume_role": map[string]any{"agency_name": "", "domain_name": "", "domain_id": ""}}},
		"empty agency, duration":      {block: map[string]any{"assume_role": map[string]any{"agency_name": "", "duration": 900}}},
		"empty OIDC":                  {block: map[string]any{"assume_role_with_oidc": map[string]any{"idp_id": "", "id_token": "", "id_token_file": "", "tfc_workload_identity_tag": ""}}},
		"half an agency":              {block: map[string]any{"assume_role": map[string]any{"agency_name": "a", "domain_name": ""}}, summary: "Incomplete credentials", attribute: "assume_role"},
		"quotation marks":             {block: map[string]any{"secret_key": `"` + secret + `"`}, summary: "Value contains a stray character", mentions: []string{"secret_key", "in quotation marks"}},
		"variable":                    {block: map[string]any{"access_key": "${CI_AK}"}, summary: "Variable was not replaced", mentions: []string{"access_key"}},
		"password in the endpoint":    {block: map[string]any{"endpoint": "https://u:" + secret + "@rtc.example.com"}, summary: "Invalid endpoint"},
		"password, and no URL":        {block: map[string]any{"endpoint": "https://u:" + secret + "%@rtc.example.com"}, summary: "Invalid endpoint"},
		"password in a variable":      {env: map[string]string{"SPARKRTC_ENDPOINT": "https://u:" + secret + "@rtc.example.com"}, summary: "Invalid endpoint", mentions: []string{"SPARKRTC_ENDPOINT"}},
		"query of the endpoint":       {block: map[string]any{"endpoint": "https://rtc.example.com?" + secret}, summary: "Invalid endpoint"},
		"password in auth_url":        {block: map[string]any{"auth_url": "https://u:" + secret + "@iam.example.com"}, summary: "Invalid endpoint", mentions: []string{"auth_url"}},
		"line break at the end":       {block: map[string]any{"endpoint": "https://rtc.example.com\n"}, summary: "Invalid endpoint", mentions: []string{"ends with a line break"}},
		"path of the endpoint":        {block: map[string]any{"endpoint": "https://rtc.example.com/v2"}, summary: "Invalid endpoint"},
		"proxy":                       {env: map[string]string{"HTTPS_PROXY": "http://u:" + secret + "%ss@proxy"}, summary: "Proxy can't be used", mentions: []string{"HTTPS_PROXY"}},
		"proxy in lower case":         {env: map[string]string{"https_proxy": "http://u:" + secret + "%ss@proxy"}, summary: "Proxy can't be used", mentions: []string{"https_proxy"}},
		"proxy of plain http":         {env: map[string]string{"HTTP_PROXY": "http://u:" + secret + "/@proxy"}, summary: "Proxy can't be used", mentions: []string{"HTTP_PROXY"}},
		"proxy that can be used":      {env: map[string]string{"HTTPS_PROXY": "http://u:" + secret + "@proxy:3128"}},
		"region's name for a project": {block: map[string]any{"project_id": "cn-north-4"}, summary: "Project ID is a name", attribute: "project_id", mentions: []string{"project_name"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
				t.Setenv(variable, "")
			}
			for variable, text := range tc.env {
				t.Setenv(variable, text)
			}
			settings := maps.Clone(block)
			maps.Copy(settings, tc.block)
			_, err := acctest.NewCore(t, serving(New("test")()), schemas(), settings)
			if tc.summary == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var failed *acctest.DiagnosticsError
			if !errors.As(err, &failed) || len(failed.Diagnostics) != 1 {
				t.Fatalf("got %v", err)
			}
			d := failed.Diagnostics[0]
			if d.Summary != tc.summary || d.Attribute != tc.attribute || strings.Contains(d.Detail, secret) {
				t.Errorf("got %+v", d)
			}
			for _, mention := range tc.mentions {
				if !strings.Contains(d.Detail, mention) {
					t.Errorf("%q is not mentioned: %s", mention, d.Detail)
				}
			}
		})
	}
}

// Each way to authenticate, checked by the emulator, and who the CLI says it is.
func TestAccCLI_authentication(t *testing.T) {
	t.Parallel()
	const securityToken = "security-token-0123456789+/="
	tests := map[string]struct {
		options emulator.Options
		block   string
		header  string // that is sent
	}{
		"access_key":    {emulator.Options{}, arg("access_key", emulator.DefaultAccessKey) + "\n" + arg("secret_key", emulator.DefaultSecretKey), "Authorization"},
		"temporary_key": {emulator.Options{SecurityToken: securityToken}, arg("access_key", emulator.DefaultAccessKey) + "\n" + arg("secret_key", emulator.DefaultSecretKey) + "\n" + arg("security_token", securityToken), "X-Security-Token"},
		"token":         {emulator.Options{}, arg("token", emulator.DefaultToken), "X-Auth-Token"},
	}
	var config strings.Builder
	emulators := map[string]*acctest.Emulator{}
	for name, tc := range tests {
		emulators[name] = acctest.StartEmulator(t, tc.options, testApp)
		fmt.Fprintf(&config, "provider \"sparkrtc\" {\n  alias = %q\n  endpoint = %q\n  project_id = %q\n%s\n}\n", name, emulators[name].Endpoint, emulator.DefaultProjectID, tc.block)
		config.WriteString(callbackBlock(name, "provider = sparkrtc."+name, arg("app_id", testApp), arg("url", testURL), arg("auth_key", testKey)))
	}
	r := newBinaryCLI(t, nil, config.String(), "TF_APPEND_USER_AGENT=ci/7")
	r.Apply(t)
	r.Plan(t, acctest.NoChanges)
	agent := regexp.MustCompile(`^terraform-provider-sparkrtc/dev \(\+https://\S+\) terraform/1\.\d+\.\d+\S* ci/7$`)
	for name, tc := range tests {
		c := emulators[name]
		requests := c.Requests()
		if len(requests) != 4 {
			t.Errorf("%s: %d requests", name, len(requests))
		}
		for _, request := range requests {
			if !request.Authenticated || request.Status != http.StatusOK || request.Header.Get(tc.header) == "" {
				t.Errorf("%s: %s %d: %v", name, request.Method, request.Status, request.Header)
			}
			if got := request.Header.Get("User-Agent"); !agent.MatchString(got) {
				t.Errorf("%s: User-Agent: %s", name, got)
			}
		}
		expectCalls(t, c, 3, withKey(testURL, testKey))
	}
}

// An endpoint that another resource has yet to make: planned without a call, applied
// once it is known. What is not read says so, and why.
func TestAccCLI_unknownEndpoint(t *testing.T) {
	t.Parallel()
	c := acctest.StartEmulator(t, emulator.Options{}, testApp)
	config := func(note string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n  input = %q\n  triggers_replace = %q\n}\n\nprovider \"sparkrtc\" {\n  endpoint = terraform_data.late.output\n}\n", c.Endpoint, note) + callbackConfig
	}
	r := newCLI(t, c, config("one"))
	r.Must(t, 0, "apply", "-auto-approve", "-json").ExpectPlanned(t, map[string]string{"terraform_data.late": "create", resourceName: "create"})
	expectTruth(t, c, testApp, testURL, testKey)
	// Not known again while there is a state: it is kept.
	r.Write(t, config("two"))
	applied := r.Must(t, 0, "apply", "-auto-approve", "-json")
	applied.ExpectPlanned(t, map[string]string{"terraform_data.late": "replace"})
	acctest.Expectation{
		Address: resourceName, Severity: acctest.SeverityWarning, Summary: "Resource not read", Mentions: []string{testApp, "(endpoint)", "last known state"},
	}.Check(t, applied.Diagnostics(t))
	r.ExpectStored(t, resourceName, map[string]any{"url": testURL})
	c.ResetRequests()

	r.Write(t, config("three")+callbackBlock("other", arg("app_id", otherApp), arg("url", testURL))+importBlock("other", otherApp)+
		"data \"sparkrtc_record_callback\" \"test\" {\n  app_id = \""+testApp+"\"\n}\nephemeral \"sparkrtc_record_callback\" \"test\" {\n  app_id = \""+testApp+"\"\n}\n")
	out := r.Must(t, 1, "plan").Out()
	for _, want := range []string{"Provider configuration is not known", "can't be imported", "-target"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said: %s", want, out)
		}
	}
	expectCalls(t, c, 0)
}

// A server with a certificate of an unknown authority is refused, unless the user
// says otherwise, in the block or in the environment.
func TestInsecure(t *testing.T) {
	t.Parallel()
	server := emulator.New(emulator.Options{})
	server.AddApp(testApp)
	listener := httptest.NewUnstartedServer(server)
	listener.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	listener.StartTLS()
	t.Cleanup(func() { server.Close(); listener.Close() })
	c := &acctest.Emulator{Server: server, Endpoint: listener.URL}
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw}))
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "ca.pem"), []byte(ca), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		argument string
		value    any
		env      string
		refused  bool
	}{
		"by default":            {"insecure", nil, "", true},
		"in the block":          {"insecure", true, "HW_INSECURE=false", false},
		"in the environment":    {"insecure", nil, "HW_INSECURE=true", false},
		"off, the block wins":   {"insecure", false, "HW_INSECURE=true", true},
		"CA in a file":          {"cacert_file", "~/ca.pem", "", false},
		"CA in itself":          {"cacert_file", ca, "", false},
		"CA in the environment": {"cacert_file", nil, "HW_CACERT=" + ca, false},
	} {
		t.Run(name, func(t *testing.T) {
			callbacks, err := newCallbacksWith(t, c, &sparkRTCProvider{environment: environmentOf(home, tc.env)}, map[string]any{tc.argument: tc.value})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := callbacks.Plan(acctest.Object{}, arguments{url: testURL}.value())
			if err == nil {
				_, err = callbacks.Apply(plan)
			}
			if tc.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "certificate") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// The proxies of the environment are used, as by every other tool there.
func TestAccCLI_proxy(t *testing.T) {
	t.Parallel()
	var asked atomic.Pointer[string]
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.Host
		asked.Store(&what)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	r := newBinaryCLI(t, nil, callbackConfig, append(acctest.Keys(), "HTTPS_PROXY="+proxy.URL, "HW_MAX_RETRIES=0", "SPARKRTC_ENDPOINT=https://rtc.example.com")...)
	out := r.Must(t, 1, "apply", "-auto-approve").Out()
	if got := asked.Load(); got == nil || *got != "CONNECT rtc.example.com:443" {
		t.Errorf("the proxy was not asked: %s", out)
	}
	for _, part := range []string{"No connection to the SparkRTC API", "HTTPS_PROXY", proxy.URL, "rtc.example.com", "HTTP 403"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in the message: %s", part, out)
		}
	}
}

// The same test on the emulator and, with SPARKRTC_ACC_LIVE=1, on the real
// service. It needs nothing of the service but an app.
func TestAccLiveRecordCallback(t *testing.T) {
	providerBlock := ""
	url, app := testURL, testApp
	if acctest.Live() {
		app, url = os.Getenv("SPARKRTC_ACC_APP_ID"), os.Getenv("SPARKRTC_ACC_URL")
		for _, name := range []string{"SPARKRTC_ACC_APP_ID", "SPARKRTC_ACC_URL"} {
			if os.Getenv(name) == "" {
				t.Fatalf("%s is not set. Tests on the real service need SPARKRTC_ACC_APP_ID, the ID of an app whose recording callback they may overwrite, SPARKRTC_ACC_URL, a URL that the service can reach, and credentials in HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID, or HW_AUTH_TOKEN.", name)
			}
		}
		if os.Getenv("HW_AUTH_TOKEN") == "" && (os.Getenv("HW_ACCESS_KEY") == "" || os.Getenv("HW_SECRET_KEY") == "" || os.Getenv("HW_PROJECT_ID") == "") {
			t.Fatal("No credentials. Tests on the real service take them from HW_ACCESS_KEY, HW_SECRET_KEY and HW_PROJECT_ID, or from HW_AUTH_TOKEN.")
		}
	} else {
		providerBlock = acctest.StartEmulator(t, emulator.Options{}, testApp).ProviderBlock()
	}
	config := func(lines ...string) string { return providerBlock + callbackBlock("test", lines...) }
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	appID, changed := arg("app_id", app), url+separator+"changed=1"
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders,
		Steps: []resource.TestStep{
			{
				Config: config(appID, arg("url", url), arg("auth_key", testKey)),
				ConfigStateChecks: []statecheck.StateCheck{
					state("url", knownvalue.StringExact(url)), state("auth_key", knownvalue.StringExact(testKey)),
					state("update_time", knownvalue.NotNull()),
				},
			},
			{
				Config:            config(appID, arg("url", changed), arg("auth_key", testKey)),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{state("url", knownvalue.StringExact(changed))},
			},
			{
				Config:            config(appID, arg("url", url)),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: planned(plancheck.ResourceActionUpdate)},
				ConfigStateChecks: []statecheck.StateCheck{state("auth_key", knownvalue.Null())},
			},
			{
				ResourceName:                         resourceName,
				ImportState:                          true,
				ImportStateId:                        app,
				ImportStateVerify:                    true,
				ImportStateVerifyIdentifierAttribute: "app_id",
				// They may come back in another form, or not at all.
				ImportStateVerifyIgnore: []string{"auth_key", "url"},
			},
		},
	})
}

func TestUserAgent(t *testing.T) {
	const base = "terraform-provider-sparkrtc/1.2.3 (+https://github.com/sparkrtc/terraform-provider-sparkrtc)"
	tests := map[string]struct{ cli, appended, want string }{
		"all":                  {"1.11.4", " ci/7 job/8 ", base + " terraform/1.11.4 ci/7 job/8"},
		"nothing appended":     {"1.11.4", "", base + " terraform/1.11.4"},
		"no version":           {"", "", base},
		"a line break in text": {"1.11.4", "a\r\nX-Injected: b", base + " terraform/1.11.4 a X-Injected: b"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := userAgent("1.2.3", tc.cli, tc.appended); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLogHandler(t *testing.T) {
	var output bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &output)
	logger := slog.New(tflogHandler{secrets: []string{"s3cr3t"}}).With("app", "a-s3cr3t")
	logger.DebugContext(ctx, "with s3cr3t", "field", "x s3cr3t y", "number", 7)
	logger.InfoContext(ctx, "info")
	logger.WarnContext(ctx, "warn")
	logger.ErrorContext(ctx, "error")

	entries, err := tflogtest.MultilineJSONDecode(&output)
	if err != nil {
		t.Fatal(err)
	}
	var levels []string
	for _, entry := range entries {
		levels = append(levels, fmt.Sprint(entry["@level"]))
	}
	if got := strings.Join(levels, " "); got != "debug info warn error" {
		t.Errorf("levels: %s", got)
	}
	first, err := json.Marshal(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(first), "s3cr3t") || !strings.Contains(string(first), `"number":7`) {
		t.Errorf("logged %s", first)
	}
}

// A new reason of the client's must not reach a user without advice.
func TestEveryReasonHasAdvice(t *testing.T) {
	for _, reason := range sparkrtc.Reasons {
		advice, ok := advices[reason]
		if !ok || advice.summary == "" || (advice.todo == "") != advice.arguments {
			t.Errorf("no advice about %q", reason)
		}
	}
}

func TestMissingPermissionIsNamed(t *testing.T) {
	for action, named := range map[string]bool{"rtc:app:create": true, "": false} {
		var diags diag.Diagnostics
		(&providerData{}).addAPIError(&diags, &sparkrtc.Error{Reason: sparkrtc.ReasonAccessDenied, Action: action}, allApps, "could not be listed")
		if got := diags[0].Detail(); strings.Contains(got, "needs the action "+action+".") != named {
			t.Errorf("%q: %s", action, got)
		}
	}
}

// Where the network may be at fault, endpoint and proxy are named; where a value may hold a secret, no attribute is.
func TestErrorsNameTheRoute(t *testing.T) {
	for _, reason := range sparkrtc.Reasons {
		if reason == sparkrtc.ReasonNoCredentials {
			continue // was not sent
		}
		for proxy, want := range map[string]string{
			"":                  "In use: endpoint https://rtc.example.com, without a proxy.",
			"http://proxy:3128": "In use: endpoint https://rtc.example.com, through the proxy http://proxy:3128.",
		} {
			var diags diag.Diagnostics
			err := &sparkrtc.Error{Reason: reason, Endpoint: "https://rtc.example.com", Proxy: proxy}
			(&providerData{}).addAPIError(&diags, err, callbackOf(testApp), "could not be set")
			network := reason == sparkrtc.ReasonInvalidAnswer || reason == sparkrtc.ReasonConnection || reason == sparkrtc.ReasonRedirected || reason == sparkrtc.ReasonWrongEndpoint
			if got := strings.Contains(diags[0].Detail(), want); got != network {
				t.Errorf("%s: %s", reason, diags[0].Detail())
			}
			if with, ok := diags[0].(diag.DiagnosticWithPath); ok && with.Path().String() != "app_id" {
				t.Errorf("%s is about %s", reason, with.Path())
			}
		}
	}
}

// memoryStore is private state, in memory.
type memoryStore map[string][]byte

func (s memoryStore) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return s[key], nil
}

func (s memoryStore) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	s[key] = value
	return nil
}

func TestMemory(t *testing.T) {
	memory := callback.Remember(nil, testURL, testKey, nil, callback.Shown{URL: testURL, Key: testKey, Time: "2026-01-01T00:00:00.000Z"})
	store := memoryStore{}
	load := func() (*callback.Memory, diag.Diagnostics) {
		return loadMemory(t.Context(), store, (*callback.Memory).Valid)
	}
	if diags := saveMemory(t.Context(), store, &memory); diags.HasError() {
		t.Fatal(diags)
	}
	if strings.Contains(string(store[memoryKey]), testKey) {
		t.Error("the key is in the private state")
	}
	if got, diags := load(); diags.HasError() || !reflect.DeepEqual(got, &memory) {
		t.Errorf("loaded %+v, %v", got, diags)
	}
	later := strings.Replace(string(store[memoryKey]), `"version":1`, `"version":2`, 1)
	if diags := saveMemory[callback.Memory](t.Context(), store, nil); diags.HasError() {
		t.Fatal(diags)
	}
	removed := string(store[memoryKey])
	memory.Form = ""
	if diags := saveMemory(t.Context(), store, &memory); diags.HasError() {
		t.Fatal(diags)
	}
	// What can't be read counts as nothing.
	damaged := string(store[memoryKey])
	for _, content := range []string{"", "{", "[]", `{"memory":7}`, `{"version":1,"memory":{}}`, later, `{}`, removed, damaged} {
		store[memoryKey] = []byte(content)
		if got, diags := load(); got != nil || diags.HasError() {
			t.Errorf("%q loaded as %+v, %v", content, got, diags)
		}
	}
}

// Words are a map, so that none is missing.
func TestEveryNoticeHasWords(t *testing.T) {
	for n := range callback.Notices {
		w := callbackWords[n]
		if w.summary == "" || len(w.summary) > 60 || strings.Contains(w.summary, "{") {
			t.Errorf("notice %d has the summary %q", n, w.summary)
		}
		if !strings.Contains(w.detail, "{app}") || strings.Count(w.detail, "\n\n") > 3 {
			t.Errorf("notice %d has the detail %q", n, w.detail)
		}
	}
}

// Of a URL, a message shows what is no secret.
func TestSayAll(t *testing.T) {
	model := recordCallbackModel{AppID: types.StringValue(testApp), URL: types.StringValue("https://user:p4ss@host.example.com:8443/s3cret?token=t0ken#fr4gment")}
	var diags diag.Diagnostics
	for n := range callback.Notices {
		sayAll(&diags, &model, n)
	}
	if len(diags) != int(callback.Notices) {
		t.Errorf("%d diagnostics", len(diags))
	}
	for _, d := range diags {
		if text := d.Summary() + d.Detail(); strings.ContainsAny(text, "{#") && !strings.Contains(text, "import {") ||
			strings.Contains(text, "p4ss") || strings.Contains(text, "s3cret") || strings.Contains(text, "t0ken") {
			t.Errorf("says %s", text)
		}
		if _, about := d.(diag.DiagnosticWithPath); about {
			t.Errorf("%q is about an attribute, whose source line may hold a secret", d.Summary())
		}
	}
}

func TestComputed(t *testing.T) {
	events, updateTime := computed(t.Context(), &sparkrtc.RecordCallback{NotifyEventSubscription: []string{"B", "A", "B"}, UpdateTime: "yesterday"})
	if len(events.Elements()) != 2 || !updateTime.IsNull() {
		t.Errorf("events %v, update_time %s", events, updateTime)
	}
	if events, _ = computed(t.Context(), &sparkrtc.RecordCallback{}); events.IsNull() || len(events.Elements()) != 0 {
		t.Errorf("no events became %s", events)
	}
}

// The time of one write is shown with more or fewer digits, and nothing that
// depends on it changes for that.
func TestUpdateTimeIsThatOfTheWrite(t *testing.T) {
	const set, rounded, later = "2026-01-01T00:00:00.700Z", "2026-01-01T00:00:01Z", "2026-01-01T00:02:00Z"
	memory := callback.Remember(nil, testURL, "", nil, callback.Shown{URL: testURL, Time: set})
	state := recordCallbackModel{URL: types.StringValue(testURL), UpdateTime: types.StringValue(set)}
	for _, step := range []struct{ shown, want string }{{rounded, set}, {set, set}, {"", set}, {rounded, set}, {later, later}} {
		shown := &sparkrtc.RecordCallback{URL: testURL, UpdateTime: step.shown}
		seen := callback.Observe(state.settings(), &memory, shownOf(shown))
		state.observed(t.Context(), seen, shown)
		memory = seen.Memory
		if got := state.UpdateTime.ValueString(); got != step.want {
			t.Errorf("shown %q, it became %q, want %q", step.shown, got, step.want)
		}
	}
}
