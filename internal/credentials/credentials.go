// SPDX-License-Identifier: MPL-2.0

// Package credentials finds the credentials of a run. It knows where they may
// be and in which order those places count; it knows nothing of Terraform.
package credentials

// Error says what is wrong with the credentials that were found, or that none
// were. It never holds a secret.
type Error struct {
	// Attribute is the provider argument at fault, or "". It is not given for
	// a secret that is set: Terraform prints the line of an argument that an
	// error is about, and a secret may stand there.
	Attribute string

	Summary string
	Detail  string

	cause error
}

func (e *Error) Error() string { return e.Summary + ": " + e.Detail }

// Unwrap returns what a call met, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Warning says what works and should nonetheless be looked at. It never holds
// a secret.
type Warning struct {
	Attribute string // as in Error
	Summary   string
	Detail    string
}
