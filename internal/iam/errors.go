// SPDX-License-Identifier: MPL-2.0

package iam

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/gateway"
	"github.com/sparkrtc/terraform-provider-sparkrtc/internal/transport"
)

// Error is the error of every operation. It holds no secret.
type Error struct {
	Operation  string // in words: "list the projects", …
	Host       string // that was asked; "" when none is known
	StatusCode int    // 0 when there was no answer
	Code       string // "" when there was none
	Message    string // what the service said, or what went wrong
	RequestID  string // for the service's support; "" when there was none

	cause error
}

// Error names the operation, the host, what it said and its request id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("could not " + e.Operation)
	if e.Host != "" {
		b.WriteString(" at " + e.Host)
	}
	b.WriteString(gateway.Describe(e.StatusCode, e.Code, e.Message, e.RequestID))
	return b.String()
}

// Unwrap returns the cause when there was no usable answer, such as
// context.Canceled.
func (e *Error) Unwrap() error { return e.cause }

// Refused tells whether a service refused what it was asked with or for: a
// password, key, token or agency. To ask again is no use then, and may lock
// somebody out. An answer that isn't the service's, such as a proxy's page, is no
// refusal. It looks at what fetching the credentials of a call met, too.
func Refused(err error) bool {
	var e *Error
	for errors.As(err, &e) {
		if e.StatusCode != 0 {
			return e.cause == nil && e.StatusCode >= 400 && e.StatusCode < 500 &&
				e.StatusCode != http.StatusRequestTimeout && e.StatusCode != http.StatusTooManyRequests
		}
		err = e.cause
	}
	return false
}

// Unauthenticated tells whether a service did not take who asks (401).
func Unauthenticated(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

// NotFound tells whether a service doesn't know what was asked for (404).
func NotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.StatusCode == status
}

// newResponseError reads a response that is no success.
func newResponseError(resp *transport.Response) *Error {
	e := &Error{StatusCode: resp.StatusCode, RequestID: resp.RequestID()}
	if to, redirected := resp.Redirected(); redirected {
		e.Message = to
		return e
	}
	// The metadata service answers in plain text.
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && kind == "text/plain" {
		e.Message = strings.TrimSpace(string(resp.Body))
		return e
	}
	read, err := gateway.ReadError(resp)
	e.Code, e.Message, e.RequestID, e.cause = read.Code, read.Message, read.RequestID, err
	if e.Code == strconv.Itoa(e.StatusCode) {
		e.Code = "" // it says nothing more
	}
	return e
}
