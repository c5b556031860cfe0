// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/callback"
)

// words are what a notice says. None names an attribute path: Terraform prints
// the source line of the attribute, and a literal key or URL may be in it.
type words struct {
	summary string // the same for every app, so that Terraform folds repeats
	detail  string // with {app}, {url} and {time}
	isError bool
}

const keepTheKey = "To keep the key, set it as auth_key_wo with auth_key_wo_version = 1."

var callbackWords = map[callback.Notice]words{
	callback.URLChanged: {
		summary: "Callback URL may have changed outside Terraform",
		detail: "App {app} now sends its events to {url}, or the service shows the URL in a way that can't be compared. Last change: {time}.\n\n" +
			"Unless url is in ignore_changes, the next apply sets the configured URL.",
	},
	callback.KeyChanged: {
		summary: "Callback key may have changed outside Terraform",
		detail: "The callback of app {app} was changed at {time}, and its key is, or may be, another one.\n\n" +
			"Unless the key is in ignore_changes, the next apply sets the configured key. If it is still the same key, that does no harm.",
	},
	callback.Overwrites: {
		summary: "Existing callback will be overwritten",
		detail: "App {app} already has a recording callback, set at {time}: its events go to {url}. Creating this resource overwrites it. If this configuration set it, as a renamed or replaced resource, nothing is lost.\n\n" +
			"To keep it, import it:\n\n  import {\n    to = sparkrtc_record_callback.NAME\n    id = {app}\n  }",
	},
	callback.OverwritesKey: {
		summary: "Existing callback will be overwritten, key removed",
		detail: "App {app} already has a recording callback with a key, set at {time}: its events go to {url}. Creating this resource overwrites it, and events are no longer signed. " + keepTheKey + "\n\n" +
			"To keep it, import it:\n\n  import {\n    to = sparkrtc_record_callback.NAME\n    id = {app}\n  }",
	},
	callback.LosesKey: {
		summary: "Callback key will be removed",
		detail: "The configuration has no key for the callback of app {app}. This apply removes the key that the app has: events are no longer signed, and a receiver that checks signatures refuses them.\n\n" +
			keepTheKey,
	},
	callback.KeyNotConfigured: {
		summary: "Callback has a key that is not configured",
		detail: "The app {app} has a callback key, and the configuration has none. The key stays until this resource changes or replaces the callback, which removes it.\n\n" +
			keepTheKey + " To remove it now: terraform apply -replace=ADDRESS.",
	},
	callback.KeyNotCompared: {
		summary: "Callback key can't be compared",
		detail: "The provider can't tell whether app {app} already uses the configured key. This apply sets it, unless the service shows the same key; later changes outside Terraform are detected.\n\n" +
			"If the configured key is another one, let the receiver accept it first.",
	},
	callback.KeyAlsoSent: {
		summary: "Callback key changes without a new version",
		detail: "auth_key_wo has another value than the last key that was set for app {app}, and auth_key_wo_version is the same. Every change sends the key, so this apply sets the new one.\n\n" +
			"If you want the new key, let the receiver accept it first, and raise auth_key_wo_version. If not, configure the old one.",
	},
	callback.KeyNotSent: {
		summary: "Callback key needs a new version",
		detail: "auth_key_wo was null when auth_key_wo_version was last set for app {app}, and now has a key. Terraform can't see that, so events are still not signed.\n\n" +
			"Change auth_key_wo_version to set the key.",
	},
	callback.KeyIgnored: {
		isError: true,
		summary: "Callback key is ignored and can't be read",
		detail: "This plan changes the callback of app {app}, and every change has to send its key. ignore_changes keeps the configured key out, and the provider can't send the present one, because the service is not known to show it exactly.\n\n" +
			"Remove the key from ignore_changes for this apply; it sets the configured key.",
	},
	callback.URLIgnored: {
		isError: true,
		summary: "Callback URL is ignored and can't be read",
		detail: "This plan changes the callback of app {app}, and every change has to send its URL. ignore_changes keeps the configured URL out, and the service may show only a part of the present one.\n\n" +
			"Remove url from ignore_changes for this apply; it sets the configured URL.",
	},
	callback.URLMayBeCut: {
		summary: "Callback URL may be only a part",
		detail: "This apply sends the imported URL of app {app}, {url}. The service may show only scheme and host of a URL, and the app may have a longer one.\n\n" +
			"Check the URL in the SparkRTC console.",
	},
	callback.PlainHTTP: {
		summary: "Callback URL without TLS",
		detail: "Events of app {app} are sent over plain http: anyone on the path can read them.\n\n" +
			"Use an https:// URL if the receiver has one.",
	},
	callback.UserInURL: {
		summary: "Callback URL with a user or a password",
		detail: "url of app {app} has a user or a password in it, and Terraform does not treat url as a secret: it is in plans and in the state.\n\n" +
			"Use auth_key_wo or auth_key, so that the receiver can recognise the service.",
	},
	callback.MaskAsKey: {
		summary: "Callback key that looks like a mask",
		detail: "The key of app {app} has a row of asterisks in it, as a service shows a key that it hides. It is set as it is.\n\n" +
			"Take the key from where it was made, not from what the service shows.",
	},
	callback.UnusualKeyLength: {
		summary: "Callback key of an unusual length",
		detail: "The key of app {app} does not have 32 to 64 characters, as the SparkRTC console requires. The API Reference states no limit, so the key is sent as it is.\n\n" +
			"The service may refuse it.",
	},
	callback.Gone: {
		summary: "Recording callback is gone",
		detail: "App {app} no longer has a recording callback, or there is no such app in the project of the credentials.\n\n" +
			"The resource is removed from the state. If it is still configured, the next apply creates it.",
	},
	callback.KeptKey: {
		summary: "Callback kept its key",
		detail: "The configuration has no key for the callback of app {app}, but the service still shows one, and goes on signing events with it.\n\n" +
			"Remove it in the SparkRTC console, or set a new one.",
	},
	callback.TwoResources: {
		summary: "Two resources set one callback",
		detail: "Another sparkrtc_record_callback of this configuration has app_id {app}. An app has one callback: each apply overwrites it with one or the other.\n\n" +
			"Remove one of them.",
	},
	callback.StaysInPlace: {
		summary: "Destroy leaves the callback in place",
		detail: "The SparkRTC API can't remove a callback: app {app} goes on sending its events to {url}.\n\n" +
			"To stop that, clear the callback in the SparkRTC console or delete the app. If the resource only moves in the configuration, use a moved block.",
	},
}

// sayAll adds notices about the callback of an app. Of the URL, only scheme and
// host are shown: the rest may be a secret.
func sayAll(diags *diag.Diagnostics, m *recordCallbackModel, notices ...callback.Notice) {
	for _, n := range notices {
		w := callbackWords[n]
		detail := strings.NewReplacer(
			"{app}", shownID(m.AppID),
			"{url}", originOf(m.URL.ValueString()),
			"{time}", orUnknown(m.UpdateTime),
		).Replace(w.detail)
		if w.isError {
			diags.AddError(w.summary, detail)
		} else {
			diags.AddWarning(w.summary, detail)
		}
	}
}

// originOf returns scheme and host of a URL.
func originOf(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "a URL that can't be read"
	}
	return u.Scheme + "://" + u.Host
}

func shownID(v types.String) string {
	if v.IsUnknown() {
		return "(known after apply)"
	}
	return `"` + v.ValueString() + `"`
}

func orUnknown(v types.String) string {
	if v.ValueString() == "" {
		return "an unknown time"
	}
	return v.ValueString()
}
