#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Builds the release of this commit twice, in clones that differ in folder, time zone and umask, the second
# one without Go's build cache, and fails unless all files have the same sums. SNAPSHOT_PLATFORMS is as for
# make release-snapshot.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

git clone --quiet . "$tmp/first"
git clone --quiet . "$tmp/a second folder"
scripts/goreleaser-snapshot.sh "$tmp/first"
(
	umask 077
	export TZ=Pacific/Chatham GOCACHE=$tmp/cache
	scripts/goreleaser-snapshot.sh "$tmp/a second folder"
)
diff "$tmp/first"/dist/*_SHA256SUMS "$tmp/a second folder"/dist/*_SHA256SUMS || fail "the builds differ"
cat "$tmp/first"/dist/*_SHA256SUMS
echo "reproducible: passed"
