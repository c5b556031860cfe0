#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Builds and signs the release that the tag of this commit names, into dist/. It needs GPG_FINGERPRINT, and
# GPG_PASSPHRASE if the key has one, unless RELEASE_SKIP is "publish,sign".

set -euo pipefail

PATH=$PWD/bin:$PATH goreleaser release --clean --skip="${RELEASE_SKIP:-publish}"
cd dist
sums=$(echo ./*_SHA256SUMS)
cp ../terraform-registry-manifest.json "${sums%SHA256SUMS}manifest.json"
if command -v sha256sum >/dev/null; then
	sha256sum --check --strict "$sums"
else
	shasum -a 256 -c "$sums"
fi
