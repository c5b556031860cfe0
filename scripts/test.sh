#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Runs go test with the acceptance tests, which run the CLI that TF_CLI names on the emulator. The last
# lines say which tests were skipped and why, and how many were run, were skipped and failed.
#
#   usage: scripts/test.sh ARGUMENTS OF go test

set -euo pipefail

export TF_ACC=1 TF_ACC_TERRAFORM_PATH=$TF_CLI
# OpenTofu looks for a provider on its own host when the configuration names none.
if "$TF_CLI" version | grep OpenTofu >/dev/null; then
	export TF_ACC_PROVIDER_HOST=registry.opentofu.org
fi
# Go's cache of test results knows neither the CLI nor main.go: -count=1. Vetting is up to make lint.
exec bin/gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg -- -count=1 -vet=off -timeout 20m "$@"
