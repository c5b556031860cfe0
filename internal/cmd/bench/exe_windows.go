// SPDX-License-Identifier: MPL-2.0

package main

const exeSuffix = ".exe"
