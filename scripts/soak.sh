#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Runs SOAK_HISTORIES (5000) random histories and storms from the seed SOAK_SEED (0) on.

set -euo pipefail

export SOAK_HISTORIES=${SOAK_HISTORIES:-5000} SOAK_SEED=${SOAK_SEED:-0}
TF_ACC='' exec go test -run '^TestFaultStorms$|[rR]andomHistories$' -parallel 16 -count=1 -timeout 120m ./internal/provider
