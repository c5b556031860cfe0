// SPDX-License-Identifier: MPL-2.0

// Package credentials finds the credentials of a run, independent of Terraform.
package credentials

// Error says what is wrong with the credentials, or that there are none. It contains no secret.
type Error struct {
	// Attribute is the argument at fault, or "". It is empty for secrets, because Terraform prints the line.
	Attribute string

	Summary string
	Detail  string

	cause error
}

func (e *Error) Error() string { return e.Summary + ": " + e.Detail }

// Unwrap returns the error of a call, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Warning is about credentials that work. It contains no secret.
type Warning struct {
	Attribute string // as in Error
	Summary   string
	Detail    string
}
