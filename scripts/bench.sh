#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Measures the provider and a floor that does nothing, BENCH_COUNT (6) times in turns, and compares
# them with benchstat. BENCH is a pattern of benchmarks, such as 'Plan/n=20$'. Run it on a machine that
# has nothing else to do.

set -euo pipefail

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

"$TF_CLI" version
for ((i = 1; i <= ${BENCH_COUNT:-6}; i++)); do
	echo "round $i of ${BENCH_COUNT:-6}" >&2
	go test -run '^$' -bench "${BENCH:-.}" -benchtime 1x ./internal/benchmarks >>"$tmp/cli" || {
		cat "$tmp/cli" >&2
		exit 1
	}
done
bin/benchstat -col '/provider@(floor sparkrtc)' "$tmp/cli"
grep -m 1 '^stripped ' "$tmp/cli" || true
if [ -z "${BENCH:-}" ]; then
	go test -run '^$' -bench Protocol -benchmem -count 3 ./internal/provider >"$tmp/protocol"
	bin/benchstat "$tmp/protocol"
fi
