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
	go build -o "$tmp/emulator" ./internal/cmd/emulator
	"$tmp/emulator" -addr 127.0.0.1:0 -no-page >"$tmp/emulator.log" 2>&1 &
	emulator=$!
	until [ "$(grep -c '^curl ' "$tmp/emulator.log")" = 2 ]; do
		kill -0 "$emulator" 2>/dev/null || fail "the emulator did not start: $(cat "$tmp/emulator.log")"
		sleep 0.1
	done
	eval "$(grep -E '^(unset|export) ' "$tmp/emulator.log")"
}

# use_mirror lets the CLI install providers from $tmp/mirror and nowhere else.
use_mirror() {
	printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$tmp/mirror" >"$tmp/cli.tfrc"
	export TF_CLI_CONFIG_FILE=$tmp/cli.tfrc
}

# change_callback sets another URL and another key, as another client would.
change_callback() {
	eval "$(sed -n 's/^curl -X PUT /curl -sS -X PUT /p' "$tmp/emulator.log")" >/dev/null
}

# expect_callback fails unless the service has this URL.
expect_callback() {
	local url
	url=$(eval "$(sed -n '/^curl -X PUT /!s/^curl /curl -sS /p' "$tmp/emulator.log")" | sed -n 's/.*"url": *"\([^"]*\)".*/\1/p')
	[ "$url" = "$1" ] || fail "the service has ${url:-no callback}, not $1"
	echo "-> The service has $url."
}

# run EXIT COMMAND... runs the CLI in $work, and fails unless its exit code is EXIT.
# shellcheck disable=SC2154 # the script sets work and TF_VAR_callback_key, and start_emulator HW_SECRET_KEY
run() {
	local want=$1 got=0
	shift
	printf '\n$ %s %s\n' "${cli##*/}" "$*"
	"$cli" -chdir="$work" "$@" -no-color 2>&1 | tee -i "$tmp/output" || got=$?
	[ "$got" = "$want" ] || fail "${cli##*/} $1 ended with exit code $got, not $want"
	if cat "$tmp/output" "$work"/*.tfstate 2>/dev/null | grep -F -e "$TF_VAR_callback_key" -e "$HW_SECRET_KEY" >/dev/null; then
		fail "a secret is in the output or in the state"
	fi
}

# expect_output fails unless the last run printed the text.
expect_output() {
	grep -qF -e "$1" "$tmp/output" || fail "the output does not have: $1"
}

random_key() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
