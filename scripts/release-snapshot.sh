#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Builds what a release would be into dist/, signs it with a key made up for that, and lets the CLI that
# TF_CLI names install it from a mirror, without dev_overrides: init, lock, apply on the emulator, plan. A
# provider that is not the one that was locked must be refused. SNAPSHOT_PLATFORMS: "host" (the default),
# "all", or such as "linux_amd64 windows_amd64"; the host's is needed to install it.

set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

if command -v gpg >/dev/null; then
	export GNUPGHOME=$tmp/gnupg GPG_FINGERPRINT
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key snapshot rsa3072 sign 1d
	GPG_FINGERPRINT=$(gpg --list-secret-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
else
	echo "release-snapshot: SKIPPED: there is no gpg, and the sums are not signed"
fi
scripts/goreleaser-snapshot.sh .
sums=$(echo dist/*_SHA256SUMS)
version=${sums#dist/terraform-provider-sparkrtc_}
version=${version%_SHA256SUMS}
if [ -n "${GPG_FINGERPRINT:-}" ]; then
	gpg --quiet --verify "$sums.sig" "$sums"
	gpg --list-packets "$sums.sig" | grep ':signature packet: algo 1,' >/dev/null || fail "the signature is not an RSA one"
	gpgconf --kill all
fi

find_cli "$TF_CLI"
start_emulator
use_mirror
export TF_VAR_callback_key
TF_VAR_callback_key=$(random_key)
for host in registry.terraform.io registry.opentofu.org; do
	mkdir -p "$tmp/mirror/$host/sparkrtc/sparkrtc"
	cp dist/*.zip "$tmp/mirror/$host/sparkrtc/sparkrtc/"
done
work=$tmp/snapshot
mkdir "$work"
sed "s/\"~> .*\"/\"= $version\"/" examples/provider/provider.tf >"$work/main.tf"
app=$(sed -n 's/^ *app_id *= *"\(.*\)"/\1/p' "$work/main.tf")
url=$(sed -n 's/^ *url *= *"\(.*\)"/\1/p' "$work/main.tf")

run 0 init -input=false
grep -q "version *= *\"$version\"" "$work/.terraform.lock.hcl" || fail "the lock file does not have $version"
run 0 init -input=false -lockfile=readonly
run 0 apply -input=false -auto-approve
expect_service "/$app/record-callback" "$url"
run 0 plan -input=false -detailed-exitcode

# The same version with other bytes, as a folder in place of the archive.
for host in registry.terraform.io registry.opentofu.org; do
	rm "$tmp/mirror/$host/sparkrtc/sparkrtc/"*.zip
	mkdir -p "$tmp/mirror/$host/sparkrtc/sparkrtc/$version"
	cp -RL "$work"/.terraform/providers/*/sparkrtc/sparkrtc/"$version"/* "$tmp/mirror/$host/sparkrtc/sparkrtc/$version/"
	echo changed >>"$tmp/mirror/$host/sparkrtc/sparkrtc/$version/$platform/LICENSE"
done
rm -rf "$work/.terraform"
run 1 init -input=false
expect_output checksums

printf '\nrelease-snapshot: passed; dist/ has the files of %s\n' "$version"
