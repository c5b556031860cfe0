// SPDX-License-Identifier: MPL-2.0

package transport

// RequestError is an invalid request, which was not sent.
type RequestError struct{ Err error }

func (e *RequestError) Error() string { return e.Err.Error() }

func (e *RequestError) Unwrap() error { return e.Err }

// AuthenticationError is the error of an Authenticator. The request was not sent.
type AuthenticationError struct{ Err error }

func (e *AuthenticationError) Error() string { return "no credentials: " + e.Err.Error() }

func (e *AuthenticationError) Unwrap() error { return e.Err }

// ResponseError is a response that can't be read, and that a retry would not change.
type ResponseError struct{ text string }

func (e *ResponseError) Error() string { return e.text }
