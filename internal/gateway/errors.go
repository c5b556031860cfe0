// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// ErrorBody is the body of an error, in the gateway's shape or in IAM's.
type ErrorBody struct {
	Code      Text `json:"error_code"`
	Message   Text `json:"error_msg"`
	RequestID Text `json:"request_id"`

	Nested struct {
		Code    Text `json:"code"`
		Message Text `json:"message"`
	} `json:"error"`
}

// Empty tells whether it has neither a code nor a message.
func (b ErrorBody) Empty() bool { return b.code() == "" && b.message() == "" }

func (b ErrorBody) code() string    { return string(cmp.Or(b.Nested.Code, b.Code)) }
func (b ErrorBody) message() string { return string(cmp.Or(b.Nested.Message, b.Message)) }

// Error is what a response says of an error.
type Error struct {
	Code      string // "" when there is none
	Message   string // or what the response is in place of JSON
	RequestID string // "" when there is none
}

// ReadError reads a response that is no success. The second value is not nil if it
// is not JSON.
func ReadError(resp *transport.Response) (Error, error) {
	e := Error{RequestID: resp.RequestID()}
	var body ErrorBody
	if err := resp.Decode(&body); err != nil {
		e.Message = err.Error()
		return e, err
	}
	return body.Error(e.RequestID), nil
}

// Error returns code, message, and the request id unless another one is known.
func (b ErrorBody) Error(requestID string) Error {
	return Error{Code: b.code(), Message: b.message(), RequestID: cmp.Or(requestID, string(b.RequestID))}
}

// Refusal is why the gateway refuses authentication.
type Refusal string

// The refusals, with the words that tell them: the gateway has one code for all,
// APIGW.0301.
const (
	NoRefusal        Refusal = ""
	SignatureRefused Refusal = "verify aksk signature fail"
	AccessKeyUnknown Refusal = "ak not exist"
	AccessKeyLocked  Refusal = "failed to reach the limit"
	ClockSkew        Refusal = "signature expired"
	TokenInvalid     Refusal = "decrypt token fail" //nolint:gosec // no credential
	TokenExpired     Refusal = "token expires"
	Unauthenticated  Refusal = "other"
)

// RefusalOf returns NoRefusal for any other status than 401.
func RefusalOf(status int, message string) Refusal {
	if status != http.StatusUnauthorized {
		return NoRefusal
	}
	for _, r := range []Refusal{SignatureRefused, AccessKeyUnknown, AccessKeyLocked, ClockSkew, TokenInvalid, TokenExpired} {
		if strings.Contains(message, string(r)) {
			return r
		}
	}
	return Unauthenticated
}

// Judge says what a refusal means for other requests. Renewable ones may be about
// credentials that expired: a temporary access key is unknown then.
func (r Refusal) Judge(message string, header http.Header) transport.Judgement {
	switch r {
	case SignatureRefused, AccessKeyLocked:
		return transport.Judgement{Refused: true}
	case AccessKeyUnknown, TokenInvalid, TokenExpired:
		return transport.Judgement{Refused: true, Renewable: true}
	case ClockSkew:
		return transport.Judgement{Expired: true, ServerTime: ServerTime(message, header)}
	case Unauthenticated:
		return transport.Judgement{Renewable: true}
	default:
		return transport.Judgement{}
	}
}
