#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
#
# Fails if a page, message, comment or test has a word that tools/words.txt keeps out.
#
#   usage: scripts/prose.sh

set -euo pipefail

cd "$(dirname "$0")/.."
status=0
while IFS=$'\t' read -r words instead; do
	case $words in '' | '#'*) continue ;; esac
	found=$(grep -rnwE --include='*.go' --include='*.md' --include='*.tmpl' --include='*.tf' --include='*.hcl' --include='*.html' \
		--include='*.js' --include='*.sh' --include=GNUmakefile --exclude-dir={.git,bin,dist,docs,testdata} \
		-e "$words" -e "${words^}" .) || continue
	printf '%s\nprose: write instead: %s\n' "$found" "$instead" >&2
	status=1
done <tools/words.txt
exit $status
