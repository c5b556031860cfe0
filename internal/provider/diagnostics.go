// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/credentials"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/sparkrtc"
)

// advice explains why the API or its gateway refused a request.
type advice struct {
	summary string
	why     string // may be ""
	todo    string

	// attribute is the one that caused it, if the subject has it; "" for none.
	attribute string

	// arguments: what to check are those of the subject.
	arguments bool

	// authentication: the credentials in use are named too.
	authentication bool

	// network: the endpoint and the proxy in use are named too.
	network bool
}

const (
	issues = "https://github.com/sparkrtc/terraform-provider-sparkrtc/issues"
	isBug  = "This is a bug of the provider. Please report it: " + issues

	// reportBug ends what only a bug of the provider brings about.
	reportBug = "\n\n" + isBug
)

const suspectProject = "Check project_id (or " + credentials.EnvProjectID + ") too, an ID of 32 hexadecimal digits: a missing or wrong one is often reported as this."

// advices has an entry for each reason.
var advices = map[sparkrtc.Reason]advice{
	sparkrtc.ReasonNotFound: {
		summary:   "SparkRTC app not found",
		why:       "There is no app of this ID in the project, or the credentials may not see it.",
		todo:      "Check app_id against the app list of the SparkRTC console, and that the credentials and project_id belong to the project of the app.",
		attribute: "app_id",
	},
	sparkrtc.ReasonWrongEndpoint: {
		summary: "Endpoint does not serve the SparkRTC API",
		why:     "The response is a 404 of the gateway or of another server, which does not know the host or the path. It says nothing about the app, which stays in the state.",
		todo:    "Check endpoint in the provider block and " + envEndpoint + " in the environment. The public endpoint is " + sparkrtc.DefaultEndpoint + ".",
		network: true,
	},
	sparkrtc.ReasonInvalidParameter: {
		summary:   "SparkRTC refused a value",
		why:       "The service does not say which one.",
		arguments: true,
	},
	sparkrtc.ReasonMalformedRequest: {
		summary: "SparkRTC could not read the request",
		why:     "The body did not arrive as it was sent, or it is a bug of this provider.",
		todo:    "If no proxy changes requests on the way, please report it with the request ID and the versions of Terraform and the provider: " + issues,
	},
	sparkrtc.ReasonAppDeactivated: {
		summary:   "SparkRTC app is stopped",
		why:       "A stopped app, for example one of an account in arrears, takes no configuration.",
		todo:      "Enable the app in the SparkRTC console, or settle the account, and apply again.",
		attribute: "app_id",
	},
	sparkrtc.ReasonURLUnavailable: {
		summary: "SparkRTC cannot reach the callback URL",
		why:     "The service tries the URL when it is set, and got no response.",
		todo:    "Make sure that the receiver is up, answers POST with 200, and can be reached from the internet with a certificate that is publicly trusted. If the same apply creates the receiver, let this resource depend on it.",
	},
	sparkrtc.ReasonNameTaken: {
		summary:   "SparkRTC app name is taken",
		why:       "App names are unique in an account, and another app has this one.",
		todo:      "Choose another app_name, or import that app.",
		attribute: "app_name",
	},
	sparkrtc.ReasonAppQuota: {
		summary: "SparkRTC app quota is used up",
		why:     "An account may have 20 apps, unless Huawei Cloud has raised its quota.",
		todo:    "Delete an app that is not needed, or open a service ticket to raise the quota.",
	},
	sparkrtc.ReasonRegionNotServed: {
		summary:   "SparkRTC does not record to this region",
		why:       "Recordings can only be stored in buckets of certain regions.",
		todo:      "Set region in obs to " + sparkrtc.DefaultRegion + ", and bucket to a bucket of that region.",
		attribute: "obs",
	},
	sparkrtc.ReasonBackupRule: {
		summary: "Recording rule has a backup rule",
		why:     "Huawei Cloud tied a backup rule to this recording rule, and only its support can remove that.",
		todo:    "Open a service ticket, and try again afterwards.",
	},
	sparkrtc.ReasonRulesExist: {
		summary: "SparkRTC app has recording rules",
		why:     "The service does not do this while the app has recording rules.",
		todo:    "Delete the recording rules of the app, and try again.",
	},
	sparkrtc.ReasonDeletionRefused: {
		summary: "SparkRTC refused the deletion",
		why:     "Something still uses the object. The service does not say what.",
		todo:    "For an app, delete its recording rules, switch off automatic recording, and disable it. For a recording rule, switch off the automatic recording that uses it. Then try again.",
	},
	sparkrtc.ReasonTenantUnknown: {
		summary:        "SparkRTC does not recognise the tenant",
		why:            "The credentials are valid, but the service finds no account for them and the project.",
		todo:           "Check that project_id (or " + credentials.EnvProjectID + ") is the ID of the project of region " + sparkrtc.DefaultRegion + " in the account that the credentials belong to. A name, such as that of the region, belongs in project_name.",
		authentication: true,
	},
	sparkrtc.ReasonSignatureRefused: {
		summary:        "Signature refused",
		why:            "The secret key is not the one of this access key, or one of them was copied with a blank.",
		todo:           "Check the secret key. " + suspectProject + " More than five failures in a row lock an access key for five minutes, for everyone who uses it.",
		authentication: true,
	},
	sparkrtc.ReasonAccessKeyUnknown: {
		summary:        "Access key unknown",
		why:            "There is no such access key; it may have been deleted, or be a temporary one that has expired.",
		todo:           "Check the access key (20 characters; its secret key has 40), and set the security token as well if the key is a temporary one. " + suspectProject,
		authentication: true,
	},
	sparkrtc.ReasonAccessKeyLocked: {
		summary:        "Access key locked for some minutes",
		why:            "After more than five failed authentications in a row the gateway locks an access key for five minutes, for everyone who uses it.",
		todo:           "Correct the secret key wherever it is wrong, wait five minutes without a request, and try again.",
		authentication: true,
	},
	sparkrtc.ReasonClockSkew: {
		summary:        "Clock is off by more than 15 minutes",
		why:            "A signature carries the time of this machine, and the gateway takes 15 minutes of difference at most.",
		todo:           "Set the clock of this machine (NTP), and try again.",
		authentication: true,
	},
	sparkrtc.ReasonTokenInvalid: {
		summary:        "Token refused",
		why:            "The gateway can't decrypt the token: it is cut off, or was issued by another cloud or region.",
		todo:           "Set a new token from IAM: the whole value of the X-Subject-Token header. With an access key, it is its security token that is meant: unset " + credentials.EnvSecurityToken + " if it is left over from another key.",
		authentication: true,
	},
	sparkrtc.ReasonTokenExpired: {
		summary:        "Token expired",
		why:            "A token from IAM is valid for 24 hours.",
		todo:           "Set a new one, or use a permanent access key.",
		authentication: true,
	},
	sparkrtc.ReasonUnauthenticated: {
		summary:        "Authentication failed",
		todo:           "Check the credentials. " + suspectProject,
		authentication: true,
	},
	sparkrtc.ReasonAccessDenied: {
		summary:        "Access denied",
		why:            "The credentials are valid, but may not do this.",
		todo:           "Grant their IAM user permissions for SparkRTC in the project of the app: reading and writing are permissions of their own.",
		authentication: true,
	},
	sparkrtc.ReasonProjectUnavailable: {
		summary:        "Project unavailable",
		why:            "The project is frozen or deleted, or the credentials may not use it.",
		todo:           "Check project_id (or " + credentials.EnvProjectID + ") and the state of the project in the console under My Credentials.",
		authentication: true,
	},
	sparkrtc.ReasonAddressNotAllowed: {
		summary:        "Address not allowed",
		why:            "An access policy of the account does not allow requests from the address of this machine.",
		todo:           "Run from an address that the policy allows, or have it changed.",
		authentication: true,
	},
	sparkrtc.ReasonThrottled: {
		summary: "SparkRTC throttles requests",
		why:     "The service takes 60 calls a minute for everything about apps, callbacks and recording rules together. This one was refused as often as max_retries allows: a throttled request waits for its turn, and is repeated up to four times that number.",
		todo:    "Something else uses the quota up: another run, or another tool. Try again after a minute, or with a higher max_retries.",
	},
	sparkrtc.ReasonServerError: {
		summary: "SparkRTC has a server error",
		why:     "The request was repeated as often as max_retries allows, unless the response rules that out.",
		todo:    "Try again later. If it stays, ask Huawei Cloud's support, with the request ID.",
	},
	sparkrtc.ReasonRedirected: {
		summary: "Endpoint redirects",
		why:     "A signed request is for one host, so redirects are never followed.",
		todo:    "Check endpoint in the provider block and " + envEndpoint + " in the environment, and whether a proxy or a captive portal responds instead of the service.",
		network: true,
	},
	sparkrtc.ReasonInvalidAnswer: {
		summary: "Response is not from the SparkRTC API",
		why:     "A proxy, a captive portal or another server may have responded instead.",
		todo:    "Check endpoint in the provider block, " + envEndpoint + " in the environment and the proxy (HTTPS_PROXY, NO_PROXY).",
		network: true,
	},
	sparkrtc.ReasonNotKept: {
		summary: "SparkRTC did not keep the callback",
		why:     "The service took the callback without an error, and right afterwards has none for this app.",
		todo:    "Run the apply again. If it stays, ask Huawei Cloud's support.",
	},
	sparkrtc.ReasonInvalidRequest: {
		summary:   "Request could not be made",
		arguments: true,
	},
	sparkrtc.ReasonNoCredentials: {
		summary:        "No credentials to call SparkRTC with",
		why:            "Nothing was sent to SparkRTC.",
		todo:           "They had to be fetched first, and that failed. Check what they are fetched with, and run it again.",
		authentication: true,
	},
	sparkrtc.ReasonConnection: {
		summary: "No connection to the SparkRTC API",
		todo:    "Check the network, the proxy (HTTPS_PROXY, NO_PROXY), endpoint in the provider block and " + envEndpoint + " in the environment.",
		network: true,
	},
	sparkrtc.ReasonCanceled: {
		summary: "Interrupted",
		todo:    "Run it again: an interrupted request may or may not have reached the service, and repeating it does no harm.",
	},
	sparkrtc.ReasonOther: {
		summary: "SparkRTC refused the request",
		todo:    "Look the code up in the error codes of the SparkRTC API Reference, or ask Huawei Cloud's support, with the request ID.",
	},
}

var timedOut = advice{
	summary: "Operation timed out",
	why:     "The operation took longer than the timeouts block of the resource, or its default, allows. Waiting for the quota of the service, and retries, count too.",
	todo:    "Run it again: an interrupted request may or may not have reached the service, and repeating it does no harm. If it happens again, allow more with timeouts. For a read, the timeout in the state counts: to get a higher one there, apply with -refresh=false.",
}

// subject is the object of a call.
type subject struct {
	name string // a sentence begins with it

	// arguments are those that a request has, with what is known of the
	// values: the service may refuse one and not say which. "" for none.
	arguments string

	// attributes are those that an error can be about.
	attributes []string
}

var allApps = subject{name: "The apps"}

// callbackOf is a callback that is set, and readOf one that is read.
func callbackOf(appID string) subject {
	return subject{
		name:       fmt.Sprintf("The recording callback of app %q", appID),
		arguments:  "app_id, url (a complete http or https URL) and auth_key (the console takes 32 to 64 characters)",
		attributes: []string{"app_id"},
	}
}

func readOf(appID string) subject {
	about := callbackOf(appID)
	about.arguments, about.attributes = "app_id", []string{"app_id"}
	return about
}

// appOnly is an app that is looked up before something is created in it.
func appOnly(appID string) subject {
	about := readOf(appID)
	about.name = fmt.Sprintf("The app %q", appID)
	return about
}

// addAPIError adds the error of a client's call. What says what failed, as in
// "could not be set".
func (d *providerData) addAPIError(diags *diag.Diagnostics, err error, about subject, what string) {
	var e *sparkrtc.Error
	if !errors.As(err, &e) {
		diags.AddError("Unexpected error", err.Error()+reportBug) // can't be: the client has no other type
		return
	}
	if e.Reason == sparkrtc.ReasonNoCredentials {
		d.addFetchError(diags, err, about, what)
		return
	}
	advice, ok := advices[e.Reason]
	if !ok {
		advice = advices[sparkrtc.ReasonOther]
	}
	if errors.Is(err, errTimedOut) {
		advice = timedOut
	}
	var paragraphs []string
	reason := advice.why
	if advice.authentication {
		reason = strings.TrimSpace(reason + " In use: " + d.credentials + ".")
	}
	if advice.network && e.Endpoint != "" {
		reason = strings.TrimSpace(reason + " In use: " + route(e) + ".")
	}
	if reason != "" {
		paragraphs = append(paragraphs, reason)
	}
	todo := advice.todo
	if e.Reason == sparkrtc.ReasonAccessDenied && e.Action != "" {
		todo += " This operation needs the action " + e.Action + "."
	}
	if advice.arguments {
		todo = about.todo()
	}
	if named := d.apps.named(e.Object.ID); e.Reason == sparkrtc.ReasonNotFound && len(named) > 0 {
		todo = fmt.Sprintf("%q is the name of an app. Set app_id to its ID: %s.", e.Object.ID, quotedIDs(named))
	}
	paragraphs = append(paragraphs, todo)
	detail, again := d.explain(about, what, happened(e), strings.Join(paragraphs, "\n\n"))
	if e.RequestID != "" && !again {
		detail += "\n\nRequest ID: " + e.RequestID
	}
	if slices.Contains(about.attributes, advice.attribute) {
		diags.AddAttributeError(path.Root(advice.attribute), advice.summary, detail)
		return
	}
	diags.AddError(advice.summary, detail)
}

func route(e *sparkrtc.Error) string {
	if e.Proxy == "" {
		return "endpoint " + e.Endpoint + ", without a proxy"
	}
	return "endpoint " + e.Endpoint + ", through the proxy " + e.Proxy
}

// explained is what the first error of a cause said.
type explained struct{ name, happened string }

// explain returns what failed, why, and what to do. A cause is explained once in a
// process, and each further error of it is a line: thirty resources may share it, and
// Terraform folds no errors.
func (d *providerData) explain(about subject, what, happened, explanation string) (detail string, again bool) {
	this := explained{about.name, happened}
	first, again := d.explained.LoadOrStore(explanation, this)
	if !again || first == this {
		return about.name + " " + what + ": " + happened + ".\n\n" + explanation, false
	}
	said := first.(explained) //nolint:forcetypeassert // nothing else is stored
	if said.happened != happened {
		what += ": " + happened
	}
	return fmt.Sprintf("%s %s. The error about %s says what to do.", about.name, what, strings.Replace(said.name, "The", "the", 1)), true
}

// todo is about a request that was refused, or could not be made, for a value in
// it.
func (s subject) todo() string {
	if s.arguments == "" {
		return isBug // there is nothing in it that users gave
	}
	return "Check " + s.arguments + "."
}

// addFetchError is about credentials that had to be fetched for a call.
func (d *providerData) addFetchError(diags *diag.Diagnostics, err error, about subject, what string) {
	advice := advices[sparkrtc.ReasonNoCredentials]
	summary, detail := advice.summary, advice.todo
	var e *credentials.Error
	if errors.As(err, &e) {
		summary, detail = e.Summary, e.Detail
	}
	detail, _ = d.explain(about, what, "there was nothing to authenticate it with", fmt.Sprintf("%s\n\n%s Found: %s.", detail, advice.why, d.credentials))
	diags.AddError(summary, detail)
}

// happened describes the response, or why there was none.
func happened(e *sparkrtc.Error) string {
	var parts []string
	if e.StatusCode != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.StatusCode))
	}
	for _, part := range []string{e.Code, strings.TrimRight(e.Message, ". ")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, ", ")
	if e.Attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	return text
}

// briefly is happened for any error of a call.
func briefly(err error) string {
	var e *sparkrtc.Error
	if errors.As(err, &e) {
		return happened(e)
	}
	return err.Error()
}

// addUnknownError is about a provider that has no client yet.
func (d *providerData) addUnknownError(diags *diag.Diagnostics, about subject, what string) {
	diags.AddError("Provider configuration is not known",
		about.name+" "+what+" while arguments of the provider have no value: "+strings.Join(d.unknown, ", ")+".\n\n"+
			"Give them values that are known before the apply, or apply first what they come from: terraform apply -target=ADDRESS.")
}

// refusesCredentials tells whether no call with these credentials can succeed.
func refusesCredentials(err error) bool {
	switch sparkrtc.ReasonOf(err) {
	case sparkrtc.ReasonTenantUnknown, sparkrtc.ReasonUnauthenticated, sparkrtc.ReasonNoCredentials:
		return true
	default:
		return willNotBeTaken(err)
	}
}

// longWait is the wait for the quota that is worth a warning.
const longWait = 5 * time.Second

// addNotices warns, once in a run, of a corrected clock and of waits for the quota.
func (d *providerData) addNotices(diags *diag.Diagnostics) {
	if d.wire == nil {
		return
	}
	if offset := d.wire.ClockOffset(); offset != 0 {
		d.saidClock.Do(func() {
			direction := "behind"
			if offset < 0 {
				direction = "ahead"
			}
			diags.AddWarning("Clock is off", fmt.Sprintf(
				"The clock of this machine is %v %s that of the service, which takes 15 minutes at most. Requests are signed with the time of the service for now.\n\nSet the clock (NTP).",
				offset.Abs().Round(time.Second), direction))
		})
	}
	if waited, quota := d.wire.Throttled(); waited >= longWait {
		d.saidQuota.Do(func() {
			diags.AddWarning("SparkRTC throttles requests", fmt.Sprintf(
				"The quota of %d calls in %v is used up, and calls wait for their turn: up to %v so far. Nothing is wrong; it takes longer.\n\n"+
					"The quota is one for everything about apps, callbacks and recording rules in the account. Huawei Cloud raises it on request.",
				quota.Limit, quota.Window, waited.Round(time.Second)))
		})
	}
}

// willNotBeTaken tells whether the credentials are refused for good. A refusal that a proxy or IAM may take back does
// not count.
func willNotBeTaken(err error) bool {
	switch sparkrtc.ReasonOf(err) {
	case sparkrtc.ReasonSignatureRefused, sparkrtc.ReasonAccessKeyUnknown, sparkrtc.ReasonAccessKeyLocked,
		sparkrtc.ReasonClockSkew, sparkrtc.ReasonTokenInvalid, sparkrtc.ReasonTokenExpired:
		return true
	default:
		return false
	}
}

// neverConnected tells whether no attempt came to a connection, so that the next call
// would not either.
func neverConnected(err error) bool {
	var e *sparkrtc.Error
	return errors.As(err, &e) && e.Reason == sparkrtc.ReasonConnection && !e.ResponseLost
}

// inDoubt tells whether a request may have taken effect though it failed.
func inDoubt(err error) bool {
	var e *sparkrtc.Error
	return errors.As(err, &e) && e.InDoubt
}

func addCredentialsError(diags *diag.Diagnostics, err error) {
	var e *credentials.Error
	if !errors.As(err, &e) {
		diags.AddError("Invalid credentials", err.Error()+reportBug)
		return
	}
	if e.Attribute != "" && !mayHoldSecret[e.Attribute] {
		diags.AddAttributeError(path.Root(e.Attribute), e.Summary, e.Detail)
		return
	}
	diags.AddError(e.Summary, e.Detail)
}
