#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Checks what can be checked without running anything: the format and the code, go.mod files, examples,
# workflows and scripts. All checks are run, and it fails if one of them does.

set -uo pipefail

status=0
check() { # REMEDY COMMAND...
	local remedy=$1
	shift
	"$@" || {
		echo "lint: FAILED: $*${remedy:+; run: $remedy}" >&2
		status=1
	}
}

check "make fmt" bin/golangci-lint fmt --diff ./...
check "" bin/golangci-lint run ./...
check "make fmt" "$TF_CLI" fmt -check -diff -recursive examples
for module in . tools tools/check; do
	check "go -C $module mod tidy" go -C "$module" mod tidy -diff
done

check "" bin/actionlint -shellcheck= -pyflakes=
check "" scripts/prose.sh
scripts=(.ci/run scripts/*.sh)
check "bin/shfmt -w ${scripts[*]}" bin/shfmt -d "${scripts[@]}"
if command -v shellcheck >/dev/null; then
	check "" shellcheck -x "${scripts[@]}"
elif [ -n "${GITHUB_ACTIONS:-}" ]; then
	check "apt-get install shellcheck" false
else
	echo "lint: SKIPPED: shellcheck is not installed"
fi
exit $status
