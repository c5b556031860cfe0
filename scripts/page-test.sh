#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Lets a Chromium use the emulator's page. Where there is none, the tests are skipped, which is a
# failure where CI is set.

set -euo pipefail

go -C internal/cmd/emulator/browser mod tidy -diff
(cd internal/cmd/emulator/browser && ../../../../bin/golangci-lint run ./... && ../../../../bin/gotestsum -- -race -count=1 ./...)
if [ -n "${CI:-}" ]; then
	command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome
fi
