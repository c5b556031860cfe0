// SPDX-License-Identifier: MPL-2.0

package sparkrtc

import (
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

// Reason says what an error means, whatever it looked like on the wire.
type Reason string

// The reasons, with what they are told by. Codes are those of the API
// Reference's "Error Codes" and of the gateway.
const (
	ReasonNotConfigured      Reason = "not configured"      // 200 without a callback, or with an empty URL
	ReasonAppNotFound        Reason = "app not found"       // 404 with an RTC code; may also mean "not configured"
	ReasonWrongEndpoint      Reason = "wrong endpoint"      // 404 of the gateway, or without a code
	ReasonInvalidParameter   Reason = "invalid parameter"   // RTC.00001003, .00001004, .00001005
	ReasonMalformedRequest   Reason = "malformed request"   // RTC.00001002
	ReasonAppDeactivated     Reason = "app deactivated"     // RTC.00001016
	ReasonURLUnavailable     Reason = "URL unavailable"     // RTC.00001018
	ReasonTenantUnknown      Reason = "tenant unknown"      // RTC.00001001
	ReasonSignatureRefused   Reason = "signature refused"   // APIGW.0301: verify aksk signature fail
	ReasonAccessKeyUnknown   Reason = "access key unknown"  // APIGW.0301: ak not exist
	ReasonAccessKeyLocked    Reason = "access key locked"   // APIGW.0301: AK access failed to reach the limit
	ReasonClockSkew          Reason = "clock skew"          // APIGW.0301: signature expired
	ReasonTokenInvalid       Reason = "token invalid"       // APIGW.0301: decrypt token fail
	ReasonTokenExpired       Reason = "token expired"       // APIGW.0301: token expires
	ReasonUnauthenticated    Reason = "unauthenticated"     // any other 401
	ReasonAccessDenied       Reason = "access denied"       // 403: APIGW.0306 and any other
	ReasonProjectUnavailable Reason = "project unavailable" // APIGW.0310
	ReasonAddressNotAllowed  Reason = "address not allowed" // APIGW.0402
	ReasonThrottled          Reason = "throttled"           // 429
	ReasonServerError        Reason = "server error"        // 5xx
	ReasonRedirected         Reason = "redirected"          // 3xx
	ReasonInvalidAnswer      Reason = "invalid answer"      // not this API's answer
	ReasonNotKept            Reason = "not kept"            // set with success, and not there afterwards
	ReasonInvalidRequest     Reason = "invalid request"     // could not be sent
	ReasonNoCredentials      Reason = "no credentials"      // there were none to send it with
	ReasonConnection         Reason = "connection failed"   // no answer
	ReasonCanceled           Reason = "canceled"            // the caller's context ended
	ReasonOther              Reason = "other"               // any other status
)

// Reasons are all reasons.
var Reasons = []Reason{
	ReasonNotConfigured,
	ReasonAppNotFound,
	ReasonWrongEndpoint,
	ReasonInvalidParameter,
	ReasonMalformedRequest,
	ReasonAppDeactivated,
	ReasonURLUnavailable,
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

// ErrNotFound is matched, by errors.Is, by each of the shapes in which the
// service says that what was asked for is not there: an app, or a callback. Of a
// callback, it can't be told whether its app is there.
var ErrNotFound = errors.New("not found")

// Error is the error of every operation. It holds no secret.
type Error struct {
	Operation  string // as in the API Reference: UpdateRecordCallback, …
	AppID      string // "" when the operation is about no single app
	Reason     Reason
	StatusCode int    // 0 when there was no answer
	Code       string // error_code; "" when there was none
	Message    string // error_msg, or what went wrong
	RequestID  string // for the service's support; "" when there was none
	Attempts   int

	// InDoubt: what was to be done may have been done. An attempt had no answer
	// that says no, or the answer is a success that can't be read.
	InDoubt bool

	cause error
}

// Error names the operation, the app, what the server said and its request id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation)
	if e.AppID != "" {
		fmt.Fprintf(&b, " of app %q", e.AppID)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	b.WriteString(gateway.Describe(e.StatusCode, e.Code, e.Message, e.RequestID))
	return b.String()
}

// Unwrap returns the cause when there was no usable answer, such as
// context.Canceled.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, ErrNotFound) work.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && (e.Reason == ReasonNotConfigured || e.Reason == ReasonAppNotFound)
}

// errorFields are an error's in an answer.
type errorFields struct {
	Code      gateway.Text `json:"error_code"`
	Message   gateway.Text `json:"error_msg"`
	RequestID gateway.Text `json:"request_id"`
}

// asSuccess returns the error that came with the status of a success, or nil.
func (f errorFields) asSuccess() *Error {
	if f.Code == "" && f.Message == "" {
		return nil
	}
	return &Error{Reason: ReasonInvalidAnswer, Code: string(f.Code), Message: "an error came with the status of a success: " + string(f.Message)}
}

// newAnswerError reads an answer that is not the success of its call.
func newAnswerError(resp *transport.Response) *Error {
	var body errorFields
	e := &Error{StatusCode: resp.StatusCode, RequestID: resp.RequestID()}
	if err := resp.Decode(&body); err != nil {
		e.Message = err.Error()
	} else {
		e.Code, e.Message = string(body.Code), string(body.Message)
		e.RequestID = cmp.Or(e.RequestID, string(body.RequestID))
	}
	e.Reason = reason(e.StatusCode, e.Code, e.Message)
	if to, redirected := resp.Redirected(); redirected && e.Reason == ReasonRedirected {
		e.Message = to
	}
	return e
}

// reason reads the table of errors. Only the causes behind one code of the
// gateway's are told apart by their text: there is nothing else.
func reason(status int, code, message string) Reason {
	switch code {
	case "RTC.00001001":
		return ReasonTenantUnknown
	case "RTC.00001002":
		return ReasonMalformedRequest
	case "RTC.00001016":
		return ReasonAppDeactivated
	case "RTC.00001018":
		return ReasonURLUnavailable
	case "APIGW.0310":
		return ReasonProjectUnavailable
	case "APIGW.0402":
		return ReasonAddressNotAllowed
	case "RTC.00001003", "RTC.00001004", "RTC.00001005":
		if status == http.StatusBadRequest {
			return ReasonInvalidParameter
		}
	}
	switch {
	case status == http.StatusNotFound && strings.HasPrefix(code, "RTC."):
		return ReasonAppNotFound
	case status == http.StatusNotFound:
		return ReasonWrongEndpoint
	case status == http.StatusUnauthorized:
		return authenticationReason(message)
	case status == http.StatusForbidden:
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

func authenticationReason(message string) Reason {
	for _, cause := range []struct {
		text   string
		reason Reason
	}{
		{"verify aksk signature fail", ReasonSignatureRefused},
		{"ak not exist", ReasonAccessKeyUnknown},
		{"failed to reach the limit", ReasonAccessKeyLocked},
		{"signature expired", ReasonClockSkew},
		{"decrypt token fail", ReasonTokenInvalid},
		{"token expires", ReasonTokenExpired},
	} {
		if strings.Contains(message, cause.text) {
			return cause.reason
		}
	}
	return ReasonUnauthenticated
}

// judge says what an answer means for other requests.
func (c call) judge(resp *transport.Response) transport.Judgement {
	if resp.StatusCode == c.succeeds() {
		return transport.Judgement{Unproven: resp.StatusCode != http.StatusNoContent && !json.Valid(resp.Body)}
	}
	e := newAnswerError(resp)
	if resp.StatusCode == http.StatusTooManyRequests { // whatever its code
		quota := gateway.Quota(e.Message)
		return transport.Judgement{Throttled: &quota}
	}
	switch e.Reason {
	case ReasonSignatureRefused, ReasonAccessKeyUnknown, ReasonAccessKeyLocked, ReasonTokenInvalid, ReasonTokenExpired:
		return transport.Judgement{Refused: true}
	case ReasonClockSkew:
		return transport.Judgement{Expired: true, ServerTime: gateway.ServerTime(e.Message, resp.Header)}
	default:
		return transport.Judgement{Unproven: !provesCredentials(resp, e.Code)}
	}
}

// provesCredentials tells an answer of the service's, or of the gateway's once it
// has looked at the credentials. A 401 is about them in any case.
func provesCredentials(resp *transport.Response, code string) bool {
	if resp.StatusCode == http.StatusUnauthorized {
		return json.Valid(resp.Body)
	}
	return strings.HasPrefix(code, "RTC.") || code == "APIGW.0306" || code == "APIGW.0310"
}

// newTransportError reads the error of a call that got no answer that counts.
func newTransportError(ctx context.Context, err error) *Error {
	e := &Error{Reason: ReasonConnection, Message: err.Error(), cause: err}
	var unsendable *transport.RequestError
	var helpless *transport.AuthenticationError
	var nonsense *transport.AnswerError
	switch {
	case ctx.Err() != nil:
		e.Reason, e.cause = ReasonCanceled, context.Cause(ctx)
		e.Message = e.cause.Error()
	case errors.As(err, &unsendable):
		e.Reason = ReasonInvalidRequest
	case errors.As(err, &helpless): // the cause of which may be any of these
		e.Reason, e.Message = ReasonNoCredentials, helpless.Err.Error()
	case errors.As(err, &nonsense):
		e.Reason = ReasonInvalidAnswer
	}
	return e
}

// renewable tells whether other credentials of the same kind may be better. A
// temporary access key becomes unknown when it expires.
func (r Reason) renewable() bool {
	return r == ReasonTokenExpired || r == ReasonTokenInvalid || r == ReasonAccessKeyUnknown || r == ReasonUnauthenticated
}

// ReasonOf returns the reason of an error of this package's, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
