#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Shows the provider at work: a real Terraform or OpenTofu creates, changes, repairs and destroys the
# recording set-up of examples/recording-setup on the emulator, without an account. It fails if a step
# does not do what it says.
#
#   usage: scripts/demo.sh [CLI]

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

step() { printf '\n== %s\n' "$*"; }

# edit OLD NEW changes main.tf.
edit() {
	grep -qF -e "$1" "$work/main.tf" || fail "main.tf does not have: $1"
	sed "s|$1|$2|" "$work/main.tf" >"$tmp/edited"
	mv "$tmp/edited" "$work/main.tf"
	echo "-> main.tf has $2."
}

# expect_setup CYCLE fails unless the app has the rule, uses it, and has the callback.
expect_setup() {
	expect_service "/$app/record-rules/$rule" '"bucket":"recordings-of-example"'
	expect_service "/$app/record-rules/$rule" "\"record_cycle\":$1"
	expect_service "/$app/auto-record-mode" "\"mode\":\"AUTO_INDIVIDUAL_RECORD\",\"record_rule_id\":\"$rule\""
	expect_service "/$app/record-callback" '"url":"https://recordings.example.com/lectures"'
}

find_cli "${1:-}"
start_emulator
use_mirror
export TF_VAR_callback_key
TF_VAR_callback_key=$(random_key)

work=$tmp/demo
mkdir "$work"
cp examples/recording-setup/main.tf "$work/"
version=$(sed -n 's/^ *version *= *"~> \(.*\)"/\1/p' "$work/main.tf")
build terraform-provider-sparkrtc . "$tmp/provider"
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

step "2. Plan and apply: create the app, its rule, automatic recording and callback"
run 0 plan -input=false -out=create.tfplan
expect_output '4 to add, 0 to change, 0 to destroy'
run 0 apply -input=false create.tfplan
app=$(sed -n 's/^app_id = "\(.*\)"/\1/p' "$tmp/output")
app_key=$(api GET "/$app" | tr -d ' \n' | sed -n 's/.*"app_key":"\([^"]*\)".*/\1/p')
[ -n "$app_key" ] || fail "the service shows no app_key"
rule=$(api GET "/$app/record-rules" | tr -d ' \n' | sed -n 's/.*"rule_id":"\([^"]*\)".*/\1/p')
expect_service "/$app" '"app_name":"lectures"'
expect_setup 3600

step "3. Plan again: nothing to do"
run 0 plan -input=false -detailed-exitcode

step "4. Change the length of the files, and apply"
edit 'record_cycle = 3600' 'record_cycle = 1800'
run 0 apply -input=false -auto-approve
expect_output '0 added, 1 changed, 0 destroyed'
expect_setup 1800

step "5. Another client changes the rule and the callback, and switches automatic recording off"
api PUT "/$app/record-rules/$rule" '{
	"obs_addr": {"location": "cn-north-4", "project_id": "'"$HW_PROJECT_ID"'", "bucket": "changed"},
	"record_formats": ["MP4"], "mp4_config": {"record_cycle": 60}}' >/dev/null
api PUT "/$app/auto-record-mode" '{"mode": "AUTO_RECORD_OFF"}' >/dev/null
api PUT "/$app/record-callback" '{"url": "https://example.com/changed"}' >/dev/null
expect_service "/$app/record-rules/$rule" '"bucket":"changed"'
expect_service "/$app/auto-record-mode" '"mode":"AUTO_RECORD_OFF"'
expect_service "/$app/record-callback" '"url":"https://example.com/changed"'

step "6. Plan: it shows what was changed outside"
run 2 plan -input=false -detailed-exitcode -out=repair.tfplan
expect_output '0 to add, 3 to change, 0 to destroy'
expect_output https://example.com/changed

step "7. Apply: set all of it back"
run 0 apply -input=false repair.tfplan
expect_setup 1800
run 0 plan -input=false -detailed-exitcode

step "8. Destroy: the plan fails, because the app is protected"
run 1 destroy -input=false -auto-approve
expect_output 'App is protected from deletion'
expect_setup 1800

step "9. Allow it, and destroy: automatic recording before the rule, and the app at last"
edit 'deletion_protection = true' 'deletion_protection = false'
run 0 apply -input=false -auto-approve
expect_output '0 added, 1 changed, 0 destroyed'
run 0 destroy -input=false -auto-approve
expect_output '4 destroyed'
grep -oE '(PUT|DELETE) [^ ]+ 20[04]' "$tmp/emulator.log" | tail -n 3 | sed "s|/v2/apps/$app||; s|/$rule||" >"$tmp/order"
printf '%s\n' 'PUT /auto-record-mode 200' 'DELETE /record-rules 204' 'DELETE  204' | diff - "$tmp/order" || fail "the order of the calls differs"
! api GET '' | grep -F -e "$app" >/dev/null || fail "the service still has the app"
echo "-> The service has no such app."

printf '\ndemo: passed\n'
