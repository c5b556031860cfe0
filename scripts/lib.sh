# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
#
# What scripts share that run Terraform or OpenTofu on the emulator. Sourcing it changes to the root
# of the repository and makes the folder $tmp, which is removed when the script ends.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc.XXXXXX")
emulator=

clean_up() {
	if [ -n "$emulator" ]; then
		kill "$emulator" 2>/dev/null || true
		wait "$emulator" 2>/dev/null || true
	fi
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

fail() {
	echo "${0##*/}: FAILED: $*" >&2
	exit 1
}

# find_cli [NAME] sets cli to the absolute path of NAME, or else of terraform or tofu.
find_cli() {
	cli=$(command -v "${1:-terraform}" || { [ -z "${1:-}" ] && command -v tofu; }) ||
		fail "${1:-neither terraform nor tofu} is not on PATH; make TF_CLI=bin/tofu builds OpenTofu"
	case $cli in /*) ;; *) cli=$PWD/$cli ;; esac
	platform=$("$cli" version -json | sed -n 's/.*"platform": "\([^"]*\)".*/\1/p')
	[ -n "$platform" ] || fail "$cli is neither Terraform nor OpenTofu"
}

# start_emulator starts the emulator on a free port, and exports what it prints for the provider.
# Nothing else that is set for a provider or a CLI counts from then on.
start_emulator() {
	local name
	for name in $(compgen -e | grep -E '^(TF|HW|HUAWEICLOUD|SPARKRTC)_'); do unset "$name"; done
	export CHECKPOINT_DISABLE=1 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
	build sparkrtc-emulator ./internal/cmd/emulator "$tmp/emulator"
	"$tmp/emulator" -addr 127.0.0.1:0 -no-page >"$tmp/emulator.log" 2>&1 &
	emulator=$!
	until [ "$(grep -c '^curl ' "$tmp/emulator.log")" = 2 ]; do
		kill -0 "$emulator" 2>/dev/null || fail "the emulator did not start: $(cat "$tmp/emulator.log")"
		sleep 0.1
	done
	eval "$(grep -E '^(unset|export) ' "$tmp/emulator.log")"
}

# build NAME PACKAGE COPY builds a program in bin/, where go build leaves alone what is up to date.
build() {
	go build -o "bin/$1" "$2"
	cp "bin/$1" "$3"
}

# use_mirror lets the CLI install providers from $tmp/mirror and nowhere else.
use_mirror() {
	printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$tmp/mirror" >"$tmp/cli.tfrc"
	export TF_CLI_CONFIG_FILE=$tmp/cli.tfrc
}

# api METHOD PATH [BODY] is a call of another client.
api() {
	local token
	token=$(sed -n "s/^curl .*-H '\(X-Auth-Token: [^']*\)'.*/\1/p" "$tmp/emulator.log" | head -n 1)
	curl -sS -X "$1" -H "$token" -H 'Content-Type: application/json' ${3:+-d "$3"} "$SPARKRTC_ENDPOINT/v2/apps$2"
}

# expect_service PATH TEXT fails unless what the service shows there, without blanks, has the text.
expect_service() {
	api GET "$1" | tr -d ' \n' | grep -F -e "$2" >/dev/null || fail "the service does not show $2 at /v2/apps$1"
	echo "-> The service has $2."
}

# run EXIT COMMAND... runs the CLI in $work, and fails unless its exit code is EXIT.
# shellcheck disable=SC2154 # the script sets work, TF_VAR_callback_key and maybe app_key, and start_emulator HW_SECRET_KEY
run() {
	local want=$1 got=0
	shift
	printf '\n$ %s %s\n' "${cli##*/}" "$*"
	"$cli" -chdir="$work" "$@" -no-color 2>&1 | tee -i "$tmp/output" || got=$?
	[ "$got" = "$want" ] || fail "${cli##*/} $1 ended with exit code $got, not $want"
	if cat "$tmp/output" "$work"/*.tfstate 2>/dev/null | grep -F -e "$TF_VAR_callback_key" -e "$HW_SECRET_KEY" ${app_key:+-e "$app_key"} >/dev/null; then
		fail "a secret is in the output or in the state"
	fi
}

# expect_output fails unless the last run printed the text.
expect_output() {
	grep -qF -e "$1" "$tmp/output" || fail "the output does not have: $1"
}

random_key() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
