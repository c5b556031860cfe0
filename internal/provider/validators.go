// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
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

func (authKeyValidator) Description(context.Context) string {
	return fmt.Sprintf("not empty; %d to %d characters are recommended", callback.MinKey, callback.MaxKey)
}

func (v authKeyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (authKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if req.ConfigValue.ValueString() == "" {
		// Not about the attribute: Terraform would print its line, and another key
		// may be in it.
		resp.Diagnostics.AddError("Empty callback key", fmt.Sprintf(
			"%s is empty: events would be sent without a signature.\n\nSet a key of %d to %d characters, or leave it out (or null) for events without a signature.",
			req.Path, callback.MinKey, callback.MaxKey))
	}
}
