// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// ErrorBody is an error body of the gateway or of IAM.
type ErrorBody struct {
	Code      Text `json:"error_code"`
	Message   Text `json:"error_msg"`
	RequestID Text `json:"request_id"`

	Nested struct {
		Code    Text `json:"code"`
		Message Text `json:"message"`
	} `json:"error"`
}

// Empty tells whether code and message are missing.
func (b ErrorBody) Empty() bool { return b.code() == "" && b.message() == "" }

func (b ErrorBody) code() string    { return string(cmp.Or(b.Nested.Code, b.Code)) }
func (b ErrorBody) message() string { return string(cmp.Or(b.Nested.Message, b.Message)) }

// Error is the content of an error response.
type Error struct {
	Code      string // "" when there is none
	Message   string // or what is wrong with the body
	RequestID string // "" when there is none
}

// ReadError reads an error response. Its error says why the body is not the expected JSON.
func ReadError(resp *transport.Response) (Error, error) {
	e := Error{RequestID: resp.RequestID()}
	var body ErrorBody
	if err := resp.Decode(&body); err != nil {
		e.Message = err.Error()
		return e, err
	}
	return body.Error(e.RequestID), nil
}

// Error prefers the given request id to the one in the body.
func (b ErrorBody) Error(requestID string) Error {
	return Error{Code: b.code(), Message: b.message(), RequestID: cmp.Or(requestID, string(b.RequestID))}
}

// Refusal is the gateway's reason for a 401.
type Refusal string

// The gateway has one code for all, APIGW.0301: only the text differs.
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

// RefusalOf returns NoRefusal for any status but 401.
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

// Judge returns what a refusal means for later requests. An expired temporary access key is reported as unknown, so
// that is renewable too.
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
