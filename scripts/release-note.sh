#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Prints what the changelog says of a version, with the links that it uses. It fails if there is no
# section, no date or no text.
#
#   usage: scripts/release-note.sh VERSION [CHANGELOG.md]

set -eu

version=${1#v}
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) version='?' ;;
esac
case $version in
*[!0-9A-Za-z.-]*)
	printf '%s: not a version such as 1.2.3 or 1.2.3-rc.1: %s\n' "$0" "${1:-}" >&2
	exit 1
	;;
esac

tr -d '\r' <"${2:-CHANGELOG.md}" | awk -v version="$version" '
	/^[ \t]*```/ { fenced = !fenced }
	!fenced && /^## / {
		inside = index($0, "## [" version "] - ") == 1 && $NF ~ /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]$/
		found += inside
		next
	}
	!fenced && /^\[[^]]+\]: / { links[++n] = $0; next }
	inside { text = text $0 "\n"; if ($0 !~ /^(#.*)?$/) says = 1 }
	END {
		if (found != 1 || !says) {
			print "CHANGELOG: no section \"## [" version "] - 2006-12-31\" with text, or several" >"/dev/stderr"
			exit 1
		}
		gsub(/^\n+|\n+$/, "", text)
		print text
		for (i = 1; i <= n; i++)
			if (index(text, substr(links[i], 1, index(links[i], "]")))) print (used++ ? "" : "\n") links[i]
	}'
