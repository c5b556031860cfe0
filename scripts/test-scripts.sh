#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Tests scripts/release-note.sh and scripts/demo.sh.
#
#   usage: scripts/test-scripts.sh CLI

set -euo pipefail

cd "$(dirname "$0")/.."
dir=$(mktemp -d "${TMPDIR:-/tmp}/sparkrtc-test.XXXXXX")
trap 'rm -rf "$dir"' EXIT
status=0
wrong() {
	echo "FAILED: $*" >&2
	status=1
}

# ---- the release note

cat >"$dir/CHANGELOG.md" <<'END'
# Changelog

## [Unreleased]

- Not yet.

## [1.1.0] - 2026-12-01

- More, see [1.0.0].

```
## [1.0.0] - 2026-11-01
[quoted]: as it is
```

### Fixed

- Something.

## [1.1.0-rc.1] - 2026-11-20

- A try.

## [1.0.1]

- Without a date.

## [1.0.0] - 2026-11-01

- The first.

## [0.9.0] - 2026-10-01

### Added

## [0.8.0] - 2026-09-01

- Once.

## [0.8.0] - 2026-09-02

- Twice.

[1.1.0]: https://example.com/v1.1.0
[1.0.0]: https://example.com/v1.0.0
END

says() { # VERSION TEXT
	local got
	got=$(scripts/release-note.sh "$1" "$dir/CHANGELOG.md" 2>&1) || true
	[ "$got" = "$2" ] || wrong "release-note $1: $got"
}
refuses() { # VERSION
	scripts/release-note.sh "$1" "$dir/CHANGELOG.md" >/dev/null 2>&1 && wrong "release-note $1 did not fail"
	return 0
}
says v1.0.0 "- The first."
says 1.1.0-rc.1 "- A try."
says 1.1.0 "- More, see [1.0.0].

\`\`\`
## [1.0.0] - 2026-11-01
[quoted]: as it is
\`\`\`

### Fixed

- Something.

[1.0.0]: https://example.com/v1.0.0"
for version in '' Unreleased 1.2.0 1.1.0-rc 1x1x0 1.0.1 0.9.0 0.8.0; do refuses "$version"; done

# A version that is a command is not run, by the script or by make.
# shellcheck disable=SC2016
for version in '1.0.0`touch '"$dir"'/ran`' '1.0.0$(touch '"$dir"'/ran)' '1.0.0$(shell touch '"$dir"'/ran)' '1.0.0"; touch '"$dir"'/ran; "'; do
	refuses "$version"
	make --silent release-note VERSION="$version" >/dev/null 2>&1 && wrong "make release-note VERSION=$version did not fail"
	VERSION=$version make --silent release-note >/dev/null 2>&1 && wrong "VERSION=$version make release-note did not fail"
	[ ! -e "$dir/ran" ] || wrong "the version $version was run"
	rm -f "$dir/ran"
done

# ---- the demo: each run leaves no file and no process

mkdir "$dir/tmp"
export TMPDIR=$dir/tmp
left_nothing() {
	[ -z "$(ls -A "$TMPDIR")" ] || wrong "$1 left files: $(ls -A "$TMPDIR")"
	! pgrep -f "$TMPDIR" >/dev/null || wrong "$1 left processes: $(pgrep -f "$TMPDIR")"
}

scripts/demo.sh "$1" >"$dir/output" 2>&1 || wrong "the demo: $(cat "$dir/output")"
left_nothing "the demo"

# CLIs that do nothing, fail, or print the key.
# shellcheck disable=SC2016
for body in : 'exit 3' 'echo "$TF_VAR_callback_key"'; do
	printf '#!/bin/sh\n[ "$1" = version ] && { echo "\\"platform\\": \\"linux_amd64\\""; exit; }\n%s\n' "$body" >"$dir/cli"
	chmod +x "$dir/cli"
	scripts/demo.sh "$dir/cli" >"$dir/output" 2>&1 && wrong "the demo passes with a CLI of $body"
	grep -q FAILED "$dir/output" || wrong "the demo does not say what failed with a CLI of $body"
	left_nothing "the demo with a CLI of $body"
done

# Ctrl-C in the middle of an apply, which a terminal sends to all processes of the group.
set -m
scripts/demo.sh "$1" >"$dir/output" 2>&1 &
demo=$!
set +m
until grep -q 'Creating...' "$dir/output"; do
	kill -0 "$demo" 2>/dev/null || { wrong "the demo ended early" && break; }
	sleep 0.05
done
kill -INT "-$demo" 2>/dev/null
wait "$demo" && wrong "the demo passes though it was interrupted"
grep -q 'passed' "$dir/output" && wrong "the demo went on after an interrupt"
left_nothing "the interrupted demo"

exit $status
