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

// Error is the error of every operation. It contains no secret.
type Error struct {
	Operation  string // in words: "list the projects", …
	Host       string // "" when unknown
	Proxy      string // of the last attempt, scheme and host; "" for none
	StatusCode int    // 0 without a response
	Code       string // "" when there was none
	Message    string // what the service said, or what went wrong
	RequestID  string // for the service's support; "" when there was none

	cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("could not " + e.Operation)
	if e.Host != "" {
		b.WriteString(" at " + e.Host)
	}
	if e.Proxy != "" {
		b.WriteString(" through the proxy " + e.Proxy)
	}
	b.WriteString(gateway.Describe(e.StatusCode, e.Code, e.Message, e.RequestID))
	return b.String()
}

func (e *Error) Unwrap() error { return e.cause }

// Refused tells whether a service, and not a proxy's page, refused credentials: a retry may lock out the user.
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

// Unauthenticated tells whether the status is 401.
func Unauthenticated(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

// NotFound tells whether the status is 404.
func NotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.StatusCode == status
}

func (s service) newError(resp *transport.Response) *Error {
	e := &Error{StatusCode: resp.StatusCode, RequestID: resp.RequestID()}
	if to, redirected := resp.Redirected(); redirected {
		e.Message = to
		return e
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && kind == "text/plain" && s.plainText {
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
