// SPDX-License-Identifier: MPL-2.0

// Package browser tests the emulator's page in a real browser. It is a module of
// its own because only this test needs the browser driver.
package browser
