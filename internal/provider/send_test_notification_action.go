// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/notify"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// sendTestNotificationAction sends a notification to a receiver as the service does.
type sendTestNotificationAction struct {
	provider *providerData
}

var _ action.ActionWithConfigure = (*sendTestNotificationAction)(nil)

func newSendTestNotificationAction() action.Action { return &sendTestNotificationAction{} }

type sendTestNotificationModel struct {
	AppID      types.String `tfsdk:"app_id"`
	AuthKeyEnv types.String `tfsdk:"auth_key_env"`
	EventType  types.String `tfsdk:"event_type"`
	URL        types.String `tfsdk:"url"`
}

func (a *sendTestNotificationAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_send_test_notification"
}

func (a *sendTestNotificationAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sends a signed test event to the callback URL of a SparkRTC app, and fails unless the receiver responds with 2xx. Needs Terraform 1.14.\n\n" +
			"It shows whether the receiver accepts events and has the right key, not whether the service can reach it.",
		Attributes: map[string]schema.Attribute{
			"app_id": schema.StringAttribute{
				MarkdownDescription: "ID of the app.",
				Required:            true,
				Validators:          []validator.String{appIDValidator{}},
			},
			"url": schema.StringAttribute{
				MarkdownDescription: "URL to send to. Default: the callback URL of the app, as the service shows it.",
				Optional:            true,
				Validators:          []validator.String{callbackURLValidator{}},
			},
			// Not the key itself: arguments of actions are in plans, none can be
			// sensitive, and the framework refuses write-only ones.
			"auth_key_env": schema.StringAttribute{
				MarkdownDescription: "Name of an environment variable with the key to sign with. Default: the key that the service shows, or no signature if it shows none; a masked key is an error.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"event_type": schema.StringAttribute{
				MarkdownDescription: "Type of the event, such as `RECORD_NEW_FILE_START`. Default: `RECORD_FILE_COMPLETE`.",
				Optional:            true,
			},
		},
	}
}

func (a *sendTestNotificationAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.provider, _ = req.ProviderData.(*providerData)
}

func (a *sendTestNotificationAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var model sendTestNotificationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	url, key := a.receiver(ctx, model, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	eventType := model.EventType.ValueString()
	if eventType == "" {
		eventType = notify.EventFileComplete
	}
	where := originOf(url)
	signed := "signed"
	if key == "" {
		signed = "not signed because there is no key"
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("Sending a test event %s to %s, %s", eventType, where, signed)})
	begun := time.Now()
	status, err := notify.NewTest(eventType, model.AppID.ValueString(), begun).Send(ctx, url, key)
	switch {
	case err == nil:
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("The receiver responded with HTTP %d after %v", status, time.Since(begun).Round(time.Millisecond))})
	case status == 0:
		resp.Diagnostics.AddError("No response from the receiver", fmt.Sprintf(
			"The test event was sent to %s, %s, and got no response: %s.\n\nCheck that the receiver is up and can be reached from here. The service needs to reach it too, from the internet, with a certificate that is publicly trusted.", where, signed, err))
	default:
		resp.Diagnostics.AddError("Receiver refused the test event", fmt.Sprintf(
			"The test event was sent to %s, %s: %s.\n\n%s", where, signed, err, adviceOnRefusal(err)))
	}
}

// receiver returns the URL and the key to sign with, "" for none. It reads the
// callback only if one of them is not configured.
func (a *sendTestNotificationAction) receiver(ctx context.Context, model sendTestNotificationModel, diags *diag.Diagnostics) (url, key string) {
	appID := model.AppID.ValueString()
	url = model.URL.ValueString()
	if variable := model.AuthKeyEnv.ValueString(); variable != "" {
		key = os.Getenv(variable)
		switch wrong := callback.KeyProblem(key); {
		case key == "":
			diags.AddError("Key to sign with is not set", shownVariable(variable)+" is not set, or empty. Nothing was sent.\n\n"+
				"Set it where Terraform runs: in HCP Terraform, as a sensitive environment variable of the workspace.")
			return "", ""
		case wrong != "":
			diags.AddError("Callback key with a stray character", shownVariable(variable)+" "+wrong+". Nothing was sent. "+strayKeyAdvice)
			return "", ""
		}
	}
	if url != "" && key != "" {
		return url, key
	}
	var present *sparkrtc.RecordCallback
	read := operation{about: readOf(appID), verb: "read"}
	if !a.provider.call(ctx, read, diags, func(ctx context.Context) (err error) {
		present, err = a.provider.client.ShowRecordCallback(ctx, appID)
		if errors.Is(err, sparkrtc.ErrNotFound) {
			present, err = nil, nil
		}
		return err
	}) {
		return "", ""
	}
	if present == nil {
		if url == "" {
			diags.AddError("No recording callback to test", fmt.Sprintf(
				"App %q has no recording callback, or there is no such app in the project of the credentials. Nothing was sent.\n\nSet a callback first, or give the URL to send to as url.", appID))
		}
		return url, key // a configured URL can be tested before the callback exists
	}
	if url == "" {
		url = present.URL
	}
	switch {
	case key != "" || present.AuthKey == "":
	case callback.LooksLikeKey(present.AuthKey):
		key = present.AuthKey
	default:
		diags.AddError("Key to sign with is not known", fmt.Sprintf(
			"The recording callback of app %q has a key, and the service does not show it as it is. Nothing was sent.\n\nPut the key into an environment variable, and its name into auth_key_env.", appID))
	}
	return url, key
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// shownVariable names only what is written like a variable: some set auth_key_env to the key itself.
func shownVariable(name string) string {
	if !variableName.MatchString(name) {
		return "The environment variable that auth_key_env names"
	}
	return "The environment variable " + name + " (auth_key_env)"
}

func adviceOnRefusal(err error) string {
	switch {
	case errors.Is(err, notify.ErrUnauthorized):
		return "It may check the signature with another key, or not take requests from here."
	case errors.Is(err, notify.ErrRedirected):
		return "Redirects are not followed: set the callback to the URL that it leads to."
	case errors.Is(err, notify.ErrNotServed):
		return "Check the path of the URL, and that the receiver takes POST there."
	default:
		return "Check the log of the receiver. The body is JSON, as of a real event."
	}
}
