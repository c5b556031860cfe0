// SPDX-License-Identifier: MPL-2.0

package transport

// RequestError is a request that could not be made.
type RequestError struct{ Err error }

func (e *RequestError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *RequestError) Unwrap() error { return e.Err }

// AuthenticationError is an Authenticator's failure to come up with
// credentials. The request was not sent then.
type AuthenticationError struct{ Err error }

func (e *AuthenticationError) Error() string { return "no credentials: " + e.Err.Error() }

// Unwrap returns the Authenticator's own error.
func (e *AuthenticationError) Unwrap() error { return e.Err }

// AnswerError is an answer that is neither read to its end nor worth asking for
// again.
type AnswerError struct{ text string }

func (e *AnswerError) Error() string { return e.text }
