#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Renders the provider's docs into OUTDIR, from its schema, templates/ and examples/.
#
#   usage: tools/generate-docs.sh OUTDIR
#
# From the environment: TFPLUGINDOCS (default: bin/tfplugindocs). Works offline, and needs no
# Terraform: the schema comes from the provider itself, whole, whichever CLI there is.

set -eu

if [ $# -ne 1 ] || [ -z "$1" ]; then
	echo "usage: $0 OUTDIR" >&2
	exit 2
fi

mkdir -p "$1"
out=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
tfplugindocs=${TFPLUGINDOCS:-$root/bin/tfplugindocs}

cd "$root"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc-docs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$tmp/project" "$tmp/website"
go run ./internal/cmd/schema >"$tmp/schema.json"

# tfplugindocs renders inside the provider's folder: it gets a folder of its own, with a
# copy of what it reads.
for dir in templates examples; do
	if [ -d "$dir" ]; then
		cp -R "$dir" "$tmp/project/$dir"
	fi
done
if ! "$tfplugindocs" generate \
	--provider-dir "$tmp/project" \
	--provider-name sparkrtc \
	--providers-schema "$tmp/schema.json" \
	--website-temp-dir "$tmp/website" \
	--rendered-website-dir docs >"$tmp/render.log" 2>&1; then
	cat "$tmp/render.log" >&2
	echo "$0: tfplugindocs failed" >&2
	exit 1
fi

# Pages of what is gone from the provider go as well; other files in OUTDIR stay.
for page in index.md actions data-sources ephemeral-resources functions guides list-resources resources state-stores; do
	rm -rf "$out/$page"
done
cp -R "$tmp/project/docs/." "$out/"
