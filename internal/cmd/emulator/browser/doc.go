// SPDX-License-Identifier: MPL-2.0

// Package browser holds no code, only a test: it lets a real browser use the
// page of the emulator's program.
//
// It is a module of its own, so that nothing else needs what drives the
// browser.
package browser
