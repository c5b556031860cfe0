// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// endpointValidator accepts what transport.ParseEndpoint accepts.
type endpointValidator struct{}

func (endpointValidator) Description(context.Context) string {
	return "scheme and host of an API, https unless it is a loopback address"
}

func (v endpointValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (endpointValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	value := req.ConfigValue.ValueString()
	if value == "" {
		return // not set, or not known yet
	}
	if _, err := transport.ParseEndpoint(value, sparkrtc.DefaultEndpoint); err != nil {
		addEndpointError(&resp.Diagnostics, "the argument endpoint", err)
	}
}

// addEndpointError does not repeat the endpoint, which may have a password in
// it.
func addEndpointError(diags *diag.Diagnostics, source string, err error) {
	diags.AddAttributeError(path.Root("endpoint"), "Invalid endpoint",
		fmt.Sprintf("The endpoint from %s can't be used: %s.", source, err))
}

// appIDValidator refuses what can't be an ID, and what comes of copying one.
type appIDValidator struct{}

func (appIDValidator) Description(context.Context) string {
	return "not empty, and without blanks"
}

func (v appIDValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (appIDValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	checkAppID(req.Path, req.ConfigValue, &resp.Diagnostics)
}

func checkAppID(at path.Path, value types.String, diags *diag.Diagnostics) {
	wrong := ""
	switch id := value.ValueString(); {
	case id == "":
		wrong = "is empty"
	case strings.ContainsFunc(id, isStray):
		wrong = "has a blank, a line break or another control character in it"
	}
	if wrong != "" {
		diags.AddAttributeError(at, "Invalid app ID", "The ID of the app "+wrong+".\n\nCopy it from the app list of the SparkRTC console: for example 5ff9701f2346968bb306cb43.")
	}
}

func isStray(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// callbackURLValidator accepts what the API is documented to accept. What it
// accepts and a user may regret is a warning of the plan: values of variables
// are not known before, and validators run more than once.
type callbackURLValidator struct{}

func (callbackURLValidator) Description(context.Context) string {
	return "an http or https URL with a host"
}

func (v callbackURLValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (callbackURLValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, wrong := parseCallbackURL(req.ConfigValue.ValueString()); wrong != "" {
		// It doesn't repeat the URL, which may hold a secret.
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid callback URL",
			"The URL "+wrong+".\n\nIt must be complete, start with http:// or https://, and accept POST requests: for example https://recordings.example.com/sparkrtc.")
	}
}

func warnOfURL(attribute path.Path, value types.String, diags *diag.Diagnostics) {
	u, wrong := parseCallbackURL(value.ValueString())
	if wrong != "" {
		return // not known yet
	}
	if u.Scheme == "http" {
		diags.AddAttributeWarning(attribute, "Callback URL without TLS",
			"Recording events are sent over plain http: anybody on the way can read them, and the signature made with the key is then all that shows that they come from the service. Without a key nothing does.\n\n"+
				"Use an https:// URL if the receiver has one.")
	}
	if u.User != nil {
		diags.AddAttributeWarning(attribute, "Callback URL with a user or a password",
			"url is no secret to Terraform: what is in it stands in clear in plans and in the state.\n\nUse auth_key_wo or auth_key to let the receiver recognise the service.")
	}
}

// parseCallbackURL returns what is wrong with a URL, as the end of a sentence,
// or "".
func parseCallbackURL(s string) (*url.URL, string) {
	if s == "" {
		return nil, "is empty"
	}
	if strings.TrimSpace(s) != s {
		return nil, "has a blank or a line break at one end"
	}
	if strings.ContainsFunc(s, isStray) {
		return nil, "has a blank or a control character in it"
	}
	u, err := url.Parse(s)
	switch {
	case err != nil: // whose text may have a password in it
		return nil, "is not a URL: look at its port, and at characters such as # and % that have to be escaped in a user, a password or a path"
	case u.Scheme == "", strings.Contains(u.Scheme, "."), u.Scheme == "localhost": // a host, with a port behind
		return nil, "has no scheme"
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Sprintf("has the scheme %q, which SparkRTC does not call", u.Scheme)
	case u.Hostname() == "":
		return nil, "has no host"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, "has a port that is not between 1 and 65535"
		}
	}
	return u, ""
}

// authKeyValidator refuses an empty key.
type authKeyValidator struct{}

// The console's rule for a "Private Key" (SparkRTC User Guide); the API
// Reference states none.
const minAuthKey, maxAuthKey = 32, 64

func (authKeyValidator) Description(context.Context) string {
	return fmt.Sprintf("not empty; %d to %d characters are recommended", minAuthKey, maxAuthKey)
}

func (v authKeyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (authKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if req.ConfigValue.ValueString() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Empty callback key", fmt.Sprintf(
			"An empty key is no key: events would be sent without a signature.\n\nSet a key of %d to %d characters with auth_key_wo or auth_key, or leave both out (or null) for events without a signature.",
			minAuthKey, maxAuthKey))
	}
}

// warnOfKey warns of a key that the console would not take, and of what can
// hardly be one. It is about the resource and not the attribute: Terraform
// prints the line of an attribute, and the key may stand there.
func warnOfKey(attribute path.Path, value types.String, diags *diag.Diagnostics) {
	key := value.ValueString()
	length, unusual := utf8.RuneCountInString(key), ""
	switch {
	case value.IsNull() || value.IsUnknown():
		return
	case strings.Contains(key, "***"):
		diags.AddWarning("Callback key that looks like a mask",
			fmt.Sprintf("The value of %s has a row of asterisks in it, as a service shows a key that it keeps to itself. Sent as it is, it becomes the key.\n\n"+
				"Take the key from where it was made, and not from what the service shows of it.", attribute))
		return
	case length < minAuthKey:
		unusual = fmt.Sprintf("fewer than %d", minAuthKey)
	case length > maxAuthKey:
		unusual = fmt.Sprintf("more than %d", maxAuthKey)
	default:
		return
	}
	diags.AddWarning("Callback key of an unusual length",
		fmt.Sprintf("The value of %s has %s characters. The SparkRTC console takes %d to %d, so that this goes for auth_key_wo and auth_key alike; the API Reference states no limit, so the key is sent as it is, and the service may refuse it.", attribute, unusual, minAuthKey, maxAuthKey))
}
