#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Runs the acceptance tests on OpenTofu, which is built from source. If it can't be built, they count
# as skipped, which is a failure where CI is set.

set -euo pipefail

if make --no-print-directory bin/tofu; then
	exec make --no-print-directory testacc TF_CLI=bin/tofu
fi
skipped=$(grep -rh --include='*_test.go' -c '^func TestAcc[A-Z]' internal | awk '{ n += $1 } END { print n }')
echo "=== SKIP: OpenTofu could not be built; the reason is above"
echo "DONE 0 tests, $skipped skipped"
[ -z "${CI:-}" ]
