// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/notify"
)

// callbackSignatureFunction is pure: it needs no provider configuration.
type callbackSignatureFunction struct{}

var _ function.Function = callbackSignatureFunction{}

func newCallbackSignatureFunction() function.Function { return callbackSignatureFunction{} }

func (callbackSignatureFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "callback_signature"
}

func (callbackSignatureFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Signature of a recording event",
		MarkdownDescription: "Computes the header `X-Rtc-Signature` of a recording event: HMAC-SHA256 of `X-Rtc-Rand`, `X-Rtc-Timestamp` and the body, concatenated, in lower-case hex.\n\n" +
			"Use it to test a receiver, from a configuration or in `terraform test`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "auth_key", MarkdownDescription: "Key of the callback. Pass a variable, not a literal: Terraform prints the lines of a call that fails."},
			function.StringParameter{Name: "rand", MarkdownDescription: "The header `X-Rtc-Rand`, as it arrived."},
			function.StringParameter{Name: "timestamp", MarkdownDescription: "The header `X-Rtc-Timestamp`, as it arrived."},
			function.StringParameter{Name: "body", MarkdownDescription: "The body, byte for byte as it arrived."},
		},
		Return: function.StringReturn{},
	}
}

func (callbackSignatureFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var authKey, rand, timestamp, body string
	resp.Error = req.Arguments.Get(ctx, &authKey, &rand, &timestamp, &body)
	if resp.Error != nil {
		return
	}
	// Not about argument 0: Terraform would point at it.
	switch wrong := callback.KeyProblem(authKey); {
	case wrong == "":
		resp.Error = resp.Result.Set(ctx, notify.Signature(authKey, rand, timestamp, body))
	case authKey == "":
		resp.Error = function.NewFuncError("The key is empty: a callback without a key sends events without a signature")
	default:
		resp.Error = function.NewFuncError("Callback key with a stray character" + ": auth_key " + wrong)
	}
}
