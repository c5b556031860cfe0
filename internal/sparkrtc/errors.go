// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Reason is the meaning of an error.
type Reason string

// Codes are those of the API Reference's "Error Codes" and of the gateway.
const (
	ReasonNotFound           Reason = "not found"           // 404 with an RTC code; 200 without the object
	ReasonWrongEndpoint      Reason = "wrong endpoint"      // 404 of the gateway, or without a code
	ReasonInvalidParameter   Reason = "invalid parameter"   // RTC.00001003, .00001004, .00001005
	ReasonMalformedRequest   Reason = "malformed request"   // RTC.00001002
	ReasonAppDeactivated     Reason = "app deactivated"     // RTC.00001016
	ReasonURLUnavailable     Reason = "URL unavailable"     // RTC.00001018
	ReasonNameTaken          Reason = "name taken"          // RTC.00001020: another app has the name
	ReasonAppQuota           Reason = "app quota exceeded"  // RTC.00001017
	ReasonRegionNotServed    Reason = "region not served"   // RTC.00001012
	ReasonBackupRule         Reason = "backup rule"         // RTC.00001013: the service tied the rule to one
	ReasonRulesExist         Reason = "rules exist"         // RTC.00001019
	ReasonDeletionRefused    Reason = "deletion refused"    // 400 of a DELETE: invalid parameter, or any other RTC code
	ReasonTenantUnknown      Reason = "tenant unknown"      // RTC.00001001
	ReasonSignatureRefused   Reason = "signature refused"   // APIGW.0301: verify aksk signature fail
	ReasonAccessKeyUnknown   Reason = "access key unknown"  // APIGW.0301: ak not exist
	ReasonAccessKeyLocked    Reason = "access key locked"   // APIGW.0301: AK access failed to reach the limit
	ReasonClockSkew          Reason = "clock skew"          // APIGW.0301: signature expired
	ReasonTokenInvalid       Reason = "token invalid"       // APIGW.0301: decrypt token fail
	ReasonTokenExpired       Reason = "token expired"       // APIGW.0301: token expires
	ReasonUnauthenticated    Reason = "unauthenticated"     // any other 401
	ReasonAccessDenied       Reason = "access denied"       // RTC.00001021; 403 with a code, such as APIGW.0306
	ReasonProjectUnavailable Reason = "project unavailable" // APIGW.0310
	ReasonAddressNotAllowed  Reason = "address not allowed" // APIGW.0402
	ReasonThrottled          Reason = "throttled"           // 429
	ReasonServerError        Reason = "server error"        // 5xx
	ReasonRedirected         Reason = "redirected"          // 3xx
	ReasonInvalidAnswer      Reason = "invalid answer"      // not this API's response
	ReasonNotKept            Reason = "not kept"            // set with success, and not there afterwards
	ReasonInvalidRequest     Reason = "invalid request"     // could not be sent
	ReasonNoCredentials      Reason = "no credentials"      // there were none to send it with
	ReasonConnection         Reason = "connection failed"   // no response
	ReasonCanceled           Reason = "canceled"            // the caller's context ended
	ReasonOther              Reason = "other"               // any other status
)

// Reasons are all reasons.
var Reasons = []Reason{
	ReasonNotFound,
	ReasonWrongEndpoint,
	ReasonInvalidParameter,
	ReasonMalformedRequest,
	ReasonAppDeactivated,
	ReasonURLUnavailable,
	ReasonNameTaken,
	ReasonAppQuota,
	ReasonRegionNotServed,
	ReasonBackupRule,
	ReasonRulesExist,
	ReasonDeletionRefused,
	ReasonTenantUnknown,
	ReasonSignatureRefused,
	ReasonAccessKeyUnknown,
	ReasonAccessKeyLocked,
	ReasonClockSkew,
	ReasonTokenInvalid,
	ReasonTokenExpired,
	ReasonUnauthenticated,
	ReasonAccessDenied,
	ReasonProjectUnavailable,
	ReasonAddressNotAllowed,
	ReasonThrottled,
	ReasonServerError,
	ReasonRedirected,
	ReasonInvalidAnswer,
	ReasonNotKept,
	ReasonInvalidRequest,
	ReasonNoCredentials,
	ReasonConnection,
	ReasonCanceled,
	ReasonOther,
}

// ErrNotFound matches all forms in which the service reports a missing object. The app of a missing callback may exist.
var ErrNotFound = errors.New("not found")

// Kind is the kind of an object, as in "app".
type Kind string

// The kinds of objects.
const (
	KindApps        Kind = "apps" // all of them
	KindApp         Kind = "app"
	KindNamedApp    Kind = "app named" // one that has no ID yet
	KindCallback    Kind = "recording callback of app"
	KindRecordRule  Kind = "recording rule"
	KindRecordRules Kind = "recording rules of app"
	KindAutoRecord  Kind = "automatic recording of app"
)

// Object is the object of an operation.
type Object struct {
	Kind Kind
	ID   string // "" for all of a kind, "app_id/rule_id" for a rule, else the app's, or its name
}

func (o Object) String() string {
	if o.ID == "" {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s %q", o.Kind, o.ID)
}

// Error is the error of every operation. It contains no secret.
type Error struct {
	Operation  string // as in the API Reference: UpdateRecordCallback, …
	Action     string // of IAM, as in "rtc:app:get"; "" if it is not documented
	Object     Object
	Reason     Reason
	StatusCode int    // 0 without a response
	Code       string // error_code; "" when there was none
	Message    string // error_msg, or what went wrong
	RequestID  string // for the service's support; "" when there was none
	Attempts   int

	Endpoint string // scheme and host; "" when nothing was sent
	Proxy    string // of the last attempt, scheme and host; "" for none

	ResponseLost bool // as transport.Exchange.InDoubt, for reads too
	InDoubt      bool // a write may have taken effect, also if it succeeded with a response that can't be read

	cause error
}

func (e *Error) Error() string {
	reason := string(e.Reason)
	if e.InDoubt {
		reason += ", and it may have taken effect"
	}
	return fmt.Sprintf("%s: %s: %s%s", e.Operation, e.Object, reason, gateway.Describe(e.StatusCode, e.Code, e.Message, e.RequestID))
}

func (e *Error) Unwrap() error { return e.cause }

// Is supports errors.Is(err, ErrNotFound).
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Reason == ReasonNotFound
}

// Some errors come with the status of a success.
func asSuccess(body gateway.ErrorBody) *Error {
	if body.Empty() {
		return nil
	}
	return errorAsSuccess(body.Error(""))
}

func errorAsSuccess(said gateway.Error) *Error {
	return &Error{Reason: ReasonInvalidAnswer, Code: said.Code, Message: "an error came with the status of a success: " + said.Message}
}

func newResponseError(resp *transport.Response) *Error {
	said, err := gateway.ReadError(resp)
	e := &Error{StatusCode: resp.StatusCode, Code: said.Code, Message: said.Message, RequestID: said.RequestID}
	e.Reason = reason(e.StatusCode, e.Code, e.Message)
	if err != nil && foreign(resp) {
		e.Reason = ReasonInvalidAnswer
	}
	if to, redirected := resp.Redirected(); redirected && e.Reason == ReasonRedirected {
		e.Message = to
	}
	return e
}

// foreign leaves out statuses that mean the same from a proxy as from the API.
func foreign(resp *transport.Response) bool {
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return true
	case status < 400, status == http.StatusNotFound, status == http.StatusTooManyRequests:
		return false
	default:
		return len(bytes.TrimSpace(resp.Body)) > 0 && !json.Valid(resp.Body)
	}
}

func reason(status int, code, message string) Reason {
	switch code {
	case "APIGW.0310":
		return ReasonProjectUnavailable
	case "APIGW.0402":
		return ReasonAddressNotAllowed
	}
	switch {
	case status == http.StatusBadRequest:
		return cmp.Or(badRequests[code], ReasonOther)
	case status == http.StatusNotFound && strings.HasPrefix(code, "RTC."):
		return ReasonNotFound
	case status == http.StatusNotFound:
		return ReasonWrongEndpoint
	case status == http.StatusUnauthorized:
		return refusals[gateway.RefusalOf(status, message)]
	case status == http.StatusForbidden && code != "": // a proxy may answer in JSON too
		return ReasonAccessDenied
	case status == http.StatusTooManyRequests:
		return ReasonThrottled
	case status >= 500:
		return ReasonServerError
	case status >= 300 && status < 400:
		return ReasonRedirected
	case status < 300:
		return ReasonInvalidAnswer
	default:
		return ReasonOther
	}
}

// Other statuses come with these codes too: a 404 has RTC.00001003.
var badRequests = map[string]Reason{
	"RTC.00001001": ReasonTenantUnknown,
	"RTC.00001002": ReasonMalformedRequest,
	"RTC.00001003": ReasonInvalidParameter,
	"RTC.00001004": ReasonInvalidParameter,
	"RTC.00001005": ReasonInvalidParameter,
	"RTC.00001012": ReasonRegionNotServed,
	"RTC.00001013": ReasonBackupRule,
	"RTC.00001016": ReasonAppDeactivated,
	"RTC.00001017": ReasonAppQuota,
	"RTC.00001018": ReasonURLUnavailable,
	"RTC.00001019": ReasonRulesExist,
	"RTC.00001020": ReasonNameTaken,
	"RTC.00001021": ReasonAccessDenied,
}

// No code is documented for a DELETE whose conditions, as the documentation calls them, do not hold.
func deletionRefused(e *Error) bool {
	return e.StatusCode == http.StatusBadRequest && strings.HasPrefix(e.Code, "RTC.") &&
		(e.Reason == ReasonInvalidParameter || e.Reason == ReasonOther)
}

var refusals = map[gateway.Refusal]Reason{
	gateway.SignatureRefused: ReasonSignatureRefused,
	gateway.AccessKeyUnknown: ReasonAccessKeyUnknown,
	gateway.AccessKeyLocked:  ReasonAccessKeyLocked,
	gateway.ClockSkew:        ReasonClockSkew,
	gateway.TokenInvalid:     ReasonTokenInvalid,
	gateway.TokenExpired:     ReasonTokenExpired,
	gateway.Unauthenticated:  ReasonUnauthenticated,
}

func (c call) judge(resp *transport.Response, out result) (transport.Judgement, error) {
	if c.succeeds(resp.StatusCode) {
		judged := transport.Judgement{Unproven: resp.StatusCode != http.StatusNoContent && !json.Valid(resp.Body)}
		if wrong := c.decode(resp, out); wrong != nil {
			return judged, wrong
		}
		return judged, nil
	}
	e := newResponseError(resp)
	if c.method == http.MethodDelete && deletionRefused(e) {
		e.Reason = ReasonDeletionRefused
	}
	if resp.StatusCode == http.StatusTooManyRequests { // whatever its code
		quota := gateway.Quota(e.Message)
		return transport.Judgement{Throttled: &quota}, e
	}
	judged := gateway.RefusalOf(resp.StatusCode, e.Message).Judge(e.Message, resp.Header)
	if !judged.Refused && !judged.Expired {
		judged.Unproven = !provesCredentials(resp, e.Code)
		judged.Retry = c.retriesNotFound && e.Reason == ReasonNotFound
	}
	return judged, e
}

func (c call) decode(resp *transport.Response, out result) *Error {
	if out == nil {
		return nil
	}
	var wrong *Error
	if err := resp.Decode(out); err != nil {
		wrong = &Error{Reason: ReasonInvalidAnswer, Message: err.Error(), cause: err}
	} else {
		wrong = out.check(c)
	}
	if wrong != nil && wrong.Reason == ReasonInvalidAnswer && wrong.Code == "" {
		if said, err := gateway.ReadError(resp); err == nil && said.Code != "" {
			wrong = errorAsSuccess(said)
		}
	}
	if wrong != nil {
		wrong.StatusCode, wrong.RequestID = resp.StatusCode, resp.RequestID()
	}
	return wrong
}

// provesCredentials tells whether the service or the gateway has checked them. A 401 is about them in any case.
func provesCredentials(resp *transport.Response, code string) bool {
	if resp.StatusCode == http.StatusUnauthorized {
		return json.Valid(resp.Body)
	}
	return strings.HasPrefix(code, "RTC.") || code == "APIGW.0306" || code == "APIGW.0310"
}

// Canceled returns the error of an operation that the end of ctx ended.
func Canceled(ctx context.Context, operation string, object Object) *Error {
	cause := context.Cause(ctx)
	return &Error{Operation: operation, Object: object, Reason: ReasonCanceled, Message: cause.Error(), cause: cause}
}

func newTransportError(ctx context.Context, err error) *Error {
	if judged, ok := err.(*Error); ok { //nolint:errorlint // within another error it is one of another call
		return judged
	}
	e := &Error{Reason: ReasonConnection, Message: err.Error(), cause: err}
	var unsendable *transport.RequestError
	var unauthenticated *transport.AuthenticationError
	var unreadable *transport.ResponseError
	switch {
	case ctx.Err() != nil:
		return Canceled(ctx, "", Object{})
	case errors.As(err, &unsendable):
		e.Reason = ReasonInvalidRequest
	case errors.As(err, &unauthenticated): // the cause of which may be any of these
		e.Reason, e.Message = ReasonNoCredentials, unauthenticated.Err.Error()
	case errors.As(err, &unreadable):
		e.Reason = ReasonInvalidAnswer
	}
	return e
}

// IsUnknown tells whether the service does not know an object, unlike one that it shows as deleted.
func IsUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == ReasonNotFound && e.StatusCode == http.StatusNotFound
}

// ReasonOf returns the reason of an *Error, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
