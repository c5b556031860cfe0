#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Renders the provider's docs into OUTDIR, from its schema, templates/ and examples/.
#
#   usage: tools/generate-docs.sh OUTDIR
#
# From the environment: TF_CLI, the Terraform or OpenTofu binary that tells the schema
# (default: terraform), and TFPLUGINDOCS (default: bin/tfplugindocs). Works offline.

set -eu

if [ $# -ne 1 ] || [ -z "$1" ]; then
	echo "usage: $0 OUTDIR" >&2
	exit 2
fi

mkdir -p "$1"
out=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
tf_cli=${TF_CLI:-terraform}
tfplugindocs=${TFPLUGINDOCS:-$root/bin/tfplugindocs}

cd "$root"

# The CLI is run from another folder: a relative path to it has to be made absolute.
tf_path=$(command -v "$tf_cli") || {
	echo "$0: no Terraform or OpenTofu CLI at \"$tf_cli\"; set TF_CLI" >&2
	exit 1
}
case $tf_path in
/*) ;;
*) tf_path=$root/$tf_path ;;
esac

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc-docs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$tmp/bin" "$tmp/work" "$tmp/project" "$tmp/website"
go build -o "$tmp/bin/terraform-provider-sparkrtc" .

# tfplugindocs looks a provider up as NAME or registry.terraform.io/hashicorp/NAME and
# nowhere else, hence this address. The host is spelled out, so that Terraform and
# OpenTofu print the same one.
cat >"$tmp/cli.tfrc" <<EOF
provider_installation {
  dev_overrides {
    "registry.terraform.io/hashicorp/sparkrtc" = "$tmp/bin"
  }
  direct {}
}
EOF
cat >"$tmp/work/main.tf" <<EOF
terraform {
  required_providers {
    sparkrtc = {
      source = "registry.terraform.io/hashicorp/sparkrtc"
    }
  }
}
EOF

# No init: with dev_overrides there is nothing to install. Variables that would send
# the CLI elsewhere, or mix its log into its answer, are not passed on.
if ! (
	cd "$tmp/work"
	unset TF_WORKSPACE TF_DATA_DIR TF_CLI_ARGS TF_CLI_ARGS_providers TF_LOG TF_LOG_CORE TF_LOG_PROVIDER TF_REATTACH_PROVIDERS
	CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE="$tmp/cli.tfrc" TF_IN_AUTOMATION=1 "$tf_path" providers schema -json
) >"$tmp/schema.json" 2>"$tmp/schema.err"; then
	cat "$tmp/schema.err" >&2
	echo "$0: \"$tf_path providers schema\" failed" >&2
	exit 1
fi

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
