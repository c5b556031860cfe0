#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Builds a container image of the emulator with the first of docker and podman that runs.

for engine in docker podman; do
	if $engine info >/dev/null 2>&1; then
		exec $engine build -f internal/cmd/emulator/Containerfile -t sparkrtc-emulator .
	fi
done
echo "emulator-image: FAILED: neither docker nor podman runs here" >&2
exit 1
