#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Lets goreleaser build what a release of FOLDER would be into FOLDER/dist, for SNAPSHOT_PLATFORMS: "host",
# which is the default, "all", or such as "linux_amd64 windows_amd64". It signs with GPG_FINGERPRINT, if set.
#
#   usage: scripts/goreleaser-snapshot.sh FOLDER

set -euo pipefail

tools=$(cd "$(dirname "$0")/../bin" && pwd)
cd "$1"
platforms=${SNAPSHOT_PLATFORMS:-host}
[ "$platforms" != host ] || platforms=$(go env GOOS)_$(go env GOARCH)
config=$(mktemp "${TMPDIR:-/tmp}/sparkrtc-goreleaser.XXXXXX")
trap 'rm -f "$config"' EXIT
awk -v platforms=" $platforms " '
	/^      - [a-z0-9]+_[a-z0-9]+$/ && platforms != " all " && !index(platforms, " " $2 " ") { next }
	{ print }' .goreleaser.yml >"$config"

# Without a remote, as in a clone of a clone, goreleaser finds no commit. A token could only publish.
unset GITHUB_TOKEN GH_TOKEN
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/sparkrtc/terraform-provider-sparkrtc
skip=publish
[ -n "${GPG_FINGERPRINT:-}" ] || skip=publish,sign
PATH=$tools:$PATH goreleaser release --snapshot --clean --config "$config" --skip="$skip" >&2
