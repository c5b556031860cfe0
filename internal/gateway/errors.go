// SPDX-License-Identifier: MPL-2.0

package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// ErrorBody is an error that comes with the status of a success.
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

// ReadError returns an error for a body that has none of the shapes that the vendor's services use.
func ReadError(resp *transport.Response) (Error, error) {
	e := Error{RequestID: resp.RequestID()}
	var body json.RawMessage
	err := resp.Decode(&body)
	switch excerpt := resp.Excerpt(); {
	case err == nil:
		found := wordsIn(body)
		e.Code, e.Message, e.RequestID = found.Code, found.Message, cmp.Or(e.RequestID, found.RequestID)
		if e.Code != "" || e.Message != "" {
			return e, nil
		}
		e.Message = excerpt
		if !hasText(body) {
			e.Message = ""
		}
		return e, errNoWords
	case len(bytes.TrimSpace(resp.Body)) == 0:
		err = errors.New("the response is empty")
	case excerpt != "":
		err = fmt.Errorf("%w: %s", err, excerpt)
	}
	e.Message = err.Error()
	return e, err
}

var errNoWords = errors.New("the response has neither an error code nor a message")

func hasText(body json.RawMessage) bool {
	members, raw := membersOf(body)
	return raw == nil || slices.ContainsFunc(slices.Collect(maps.Values(members)), func(t Text) bool { return t != "" })
}

var (
	codeNames      = []string{"errorcode", "errcode", "code"}
	messageNames   = []string{"errormsg", "errormessage", "errmsg", "errordescription", "message", "msg"}
	requestIDNames = []string{"requestid"}
)

// wordsIn reads error_code, errorCode or code, and so on, at the top or in the one object below it, such as "error".
func wordsIn(body json.RawMessage) Error {
	members, raw := membersOf(body)
	top := Error{Code: first(members, codeNames), Message: first(members, messageNames), RequestID: first(members, requestIDNames)}
	inner, named := raw["error"]
	if !named && len(raw) == 1 && top.Code == "" && top.Message == "" {
		inner = slices.Collect(maps.Values(raw))[0]
	}
	if list := []json.RawMessage{}; json.Unmarshal(inner, &list) == nil && len(list) > 0 {
		inner = list[0] // "errors": [{"code": …}]
	}
	members, _ = membersOf(inner)
	nested := Error{Code: first(members, codeNames), Message: first(members, messageNames), RequestID: first(members, requestIDNames)}
	if text := ""; json.Unmarshal(inner, &text) == nil && named { // OAuth: "error": "invalid_grant"
		if top.Message == "" {
			nested.Message = text
		} else {
			nested.Code = text
		}
	}
	return Error{
		Code:      cmp.Or(nested.Code, top.Code),
		Message:   cmp.Or(nested.Message, top.Message),
		RequestID: cmp.Or(top.RequestID, nested.RequestID),
	}
}

func membersOf(object json.RawMessage) (members map[string]Text, raw map[string]json.RawMessage) {
	if json.Unmarshal(object, &raw) != nil {
		return nil, nil
	}
	members = make(map[string]Text, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		var value Text
		_ = json.Unmarshal(raw[name], &value) // takes any JSON
		if name = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name)); members[name] == "" {
			members[name] = value
		}
	}
	return members, raw
}

func first(members map[string]Text, names []string) string {
	for _, name := range names {
		if members[name] != "" {
			return string(members[name])
		}
	}
	return ""
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

// Judge takes an unknown access key for renewable, because an expired temporary one is reported as unknown.
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
