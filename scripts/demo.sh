#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Shows the provider at work: a real Terraform or OpenTofu plans, applies, repairs and destroys the
# first example on the emulator, without an account. It fails if a step does not do what it says.
#
#   usage: scripts/demo.sh [CLI]

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

step() { printf '\n== %s\n' "$*"; }

find_cli "${1:-}"
start_emulator
use_mirror
export TF_VAR_callback_key
TF_VAR_callback_key=$(random_key)

work=$tmp/demo
mkdir "$work"
cp examples/provider/provider.tf "$work/main.tf"
url=$(sed -n 's/^ *url *= *"\(.*\)"/\1/p' "$work/main.tf")
version=$(sed -n 's/^ *version *= *"~> \(.*\)"/\1/p' "$work/main.tf")
go build -o "$tmp/provider" .
for host in registry.terraform.io registry.opentofu.org; do
	folder=$tmp/mirror/$host/sparkrtc/sparkrtc/$version/$platform
	mkdir -p "$folder"
	cp "$tmp/provider" "$folder/terraform-provider-sparkrtc_v$version$(go env GOEXE)"
done

echo "The emulator of the SparkRTC API runs at $SPARKRTC_ENDPOINT. This is main.tf, from examples/:"
echo
sed 's/^/    /' "$work/main.tf"
echo
echo "The environment has made-up credentials, and the key in TF_VAR_callback_key. No step may print"
echo "a secret or store one in the state."

step "1. Init: install the provider from a folder on this machine"
run 0 init -input=false

step "2. Plan"
run 0 plan -input=false -out=first.tfplan

step "3. Apply: set the callback"
run 0 apply -input=false first.tfplan
expect_callback "$url"

step "4. Plan again: nothing to do"
run 0 plan -input=false -detailed-exitcode

step "5. Another client sets another URL and removes the key"
change_callback
expect_callback https://example.com/changed

step "6. Plan: it shows what was changed outside"
run 2 plan -input=false -detailed-exitcode -out=repair.tfplan
expect_output https://example.com/changed

step "7. Apply: set the callback back"
run 0 apply -input=false repair.tfplan
expect_callback "$url"

step "8. Plan again: nothing to do"
run 0 plan -input=false -detailed-exitcode

step "9. Destroy: it warns that the callback stays, since the API can't remove one"
run 0 destroy -auto-approve
expect_output Warning
expect_callback "$url"

printf '\ndemo: passed\n'
