// SPDX-License-Identifier: MPL-2.0

//go:build !windows

package main

const exeSuffix = ""
