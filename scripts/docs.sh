#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Generates docs/ from the schema, templates/ and examples/. With -check it compares instead. It works
# offline and without a CLI: internal/cmd/schema prints the schema, whole.
#
#   usage: scripts/docs.sh [-check]

set -euo pipefail

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc-docs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# tfplugindocs writes into the folder of the provider, so that it gets a copy.
mkdir "$tmp/project" "$tmp/website"
cp -R templates examples "$tmp/project/"
go run ./internal/cmd/schema >"$tmp/schema.json"
bin/tfplugindocs generate \
	--provider-dir "$tmp/project" \
	--provider-name sparkrtc \
	--providers-schema "$tmp/schema.json" \
	--website-temp-dir "$tmp/website" \
	--rendered-website-dir docs >"$tmp/log" 2>&1 || {
	cat "$tmp/log" >&2
	exit 1
}

if [ "${1:-}" = -check ]; then
	diff -r -u docs "$tmp/project/docs" || {
		echo "docs/ is not what would be generated; run: make docs" >&2
		exit 1
	}
else
	rm -rf docs
	cp -R "$tmp/project/docs" docs
fi
