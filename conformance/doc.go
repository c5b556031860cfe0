// SPDX-License-Identifier: MPL-2.0

// Package conformance holds no code, only tests: they let the vendor's SDK for
// Go judge the signer, the clients and the emulator of the provider. README.md
// says what is compared, and what is known to differ.
//
// It is a module of its own, so that neither the provider nor its checks ever
// need the SDK.
package conformance
