// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
	texts "github.com/sparkrtc/terraform-provider-sparkrtc/internal/text"
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

// An endpoint may contain a password: it is not repeated, and Terraform prints no line for it.
func addEndpointError(diags *diag.Diagnostics, source string, err error) {
	diags.AddError("Invalid endpoint",
		fmt.Sprintf("The endpoint from %s can't be used: %s.", source, err))
}

// appIDValidator refuses what can't be an ID, and what comes of copying one.
type appIDValidator struct{}

func (appIDValidator) Description(context.Context) string {
	return "one segment of a URL's path, without blanks"
}

func (v appIDValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (appIDValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if isSet(req.ConfigValue) {
		checkAppID(req.Path, req.ConfigValue, &resp.Diagnostics)
	}
}

func checkAppID(at path.Path, value types.String, diags *diag.Diagnostics) {
	if wrong := appIDProblem(value.ValueString()); wrong != "" {
		diags.AddAttributeError(at, "Invalid app ID", "The ID of the app "+wrong+".\n\nCopy the ID, not the name, from the app list of the SparkRTC console: for example 5ff9701f2346968bb306cb43.")
	}
}

// nameValidator refuses empty texts, and what comes of copying one.
type nameValidator struct{}

func (nameValidator) Description(context.Context) string { return "not empty, without blanks" }

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !isSet(req.ConfigValue) {
		return
	}
	value := req.ConfigValue.ValueString()
	wrong := ""
	if invisible, found := texts.InvisibleCharacter(value); found {
		wrong = "has " + invisible + " in it"
	} else if value == "" {
		wrong = "is empty"
	}
	if wrong != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid name", fmt.Sprintf("%s %s.\n\nCopy it without blanks.", req.Path, wrong))
	}
}

// appIDProblem completes a sentence about an ID, or returns "". Proxies and servers disagree on dots and delimiters
// in a path, also when they are escaped.
func appIDProblem(id string) string {
	if id == "" {
		return "is empty"
	}
	if stray, found := texts.StrayCharacter(id); found {
		return stray
	}
	if invisible, found := texts.InvisibleCharacter(id); found {
		return "has " + invisible + " in it"
	}
	if id == "." || id == ".." {
		return "is a dot segment of a path"
	}
	const delimiters = `/\?#%`
	if at := strings.IndexAny(id, delimiters); at >= 0 {
		return fmt.Sprintf("has %q in it", id[at:at+1])
	}
	return ""
}

// callbackURLValidator refuses invalid URLs. The plan warns about valid ones that may be mistakes, because validators
// run several times and don't know variables the first time.
type callbackURLValidator struct{}

func (callbackURLValidator) Description(context.Context) string {
	return "an http or https URL with a host"
}

func (v callbackURLValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (callbackURLValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !isSet(req.ConfigValue) {
		return
	}
	if wrong := callback.URLProblem(req.ConfigValue.ValueString()); wrong != "" {
		resp.Diagnostics.AddError("Invalid callback URL", fmt.Sprintf(
			"%s %s.\n\nIt must be complete, start with http:// or https://, and accept POST requests: for example https://recordings.example.com/sparkrtc.", req.Path, wrong))
	}
}

// authKeyValidator refuses keys that a receiver would not use as they are.
type authKeyValidator struct{}

func (authKeyValidator) Description(context.Context) string {
	return fmt.Sprintf("not empty, no blank or line break at either end; %d to %d characters are recommended", callback.MinKey, callback.MaxKey)
}

func (v authKeyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (authKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !isSet(req.ConfigValue) {
		return
	}
	key := req.ConfigValue.ValueString()
	switch wrong := callback.KeyProblem(key); {
	case wrong == "":
	case key == "":
		resp.Diagnostics.AddError("Empty callback key", fmt.Sprintf(
			"%s is empty: events would be sent without a signature.\n\nSet a key of %d to %d characters, or leave it out (or null) for events without a signature.",
			req.Path, callback.MinKey, callback.MaxKey))
	default:
		resp.Diagnostics.AddError("Callback key with a stray character", fmt.Sprintf("%s %s. %s", req.Path, wrong, strayKeyAdvice))
	}
}

const strayKeyAdvice = "A receiver that trims its key would refuse every event.\n\n" +
	"Remove the character. The function trimspace removes blanks and line breaks, for example of a file."

// wholeNumber is for a NumberAttribute: the framework reports a fraction or a huge value of an Int64Attribute as its
// own error, without the range.
type wholeNumber struct{ least, most int64 }

// orZero also accepts 0.
type orZero struct{ wholeNumber }

func (v orZero) Description(ctx context.Context) string {
	return "0 or " + v.wholeNumber.Description(ctx)
}

func (v orZero) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v orZero) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if isSet(req.ConfigValue) && req.ConfigValue.ValueBigFloat().Sign() != 0 {
		validateNumber(ctx, v.wholeNumber, v, req, resp)
	}
}

func (v wholeNumber) Description(context.Context) string {
	return fmt.Sprintf("a whole number from %d to %d", v.least, v.most)
}

func (v wholeNumber) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v wholeNumber) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	validateNumber(ctx, v, v, req, resp)
}

func validateNumber(ctx context.Context, v wholeNumber, as validator.Describer, req validator.NumberRequest, resp *validator.NumberResponse) {
	if !isSet(req.ConfigValue) {
		return
	}
	n := req.ConfigValue.ValueBigFloat()
	if !n.IsInt() || n.Cmp(big.NewFloat(0).SetInt64(v.least)) < 0 || n.Cmp(big.NewFloat(0).SetInt64(v.most)) > 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid number", fmt.Sprintf("%s must be %s.", req.Path, as.Description(ctx)))
	}
}

// int64Of is 0 for null.
func int64Of(n types.Number) int64 {
	if n.ValueBigFloat() == nil {
		return 0
	}
	i, _ := n.ValueBigFloat().Int64()
	return i
}

// duration is for the timeouts: a read with one that no operation can keep would fail each plan from then on.
type duration struct{ least, most time.Duration }

func (v duration) Description(context.Context) string {
	return fmt.Sprintf("a number with the unit s, m or h, from %.0f second to %.0f hours, such as \"90s\", \"20m\" or \"1h30m\"", v.least.Seconds(), v.most.Hours())
}

func (v duration) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v duration) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !isSet(req.ConfigValue) {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d < v.least || d > v.most {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid timeout", fmt.Sprintf("%s must be %s.", req.Path, v.Description(ctx)))
	}
}
