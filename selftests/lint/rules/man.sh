#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: mandoc and groff have nothing to say about the manual pages
. "$(dirname "$0")/../lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# judge FILE: the page as users get it, with the fragment (*.man) of its folder where it says @OPTIONS@. Line numbers
# are then led back to the file that the line comes from.
judge()
{
	# By its own name, as mandoc compares the section.
	local file=$1 page fragment at lines
	page=$work/$(basename "$file" .in)
	fragment=$(lint_files "${file%/*}/*.man" | head -n 1)
	at=$(grep -n -m 1 '^@OPTIONS@$' "$file" | cut -d: -f1) || true
	lines=$(wc -l <"${fragment:-/dev/null}")
	sed -e "/^@OPTIONS@\$/{r ${fragment:-/dev/null}" -e 'd}' -e 's/@[A-Z]*@/0/g' "$file" >"$page"
	{
		mandoc -T lint -W warning "$page" || true
		groff -ww -z -mandoc -Tutf8 "$page" 2>&1 || true
	} | sed -E "s|^[^/]*$page:([0-9]+):([0-9]+:)? *|\1 |" |
		awk -v file="$file" -v fragment="$fragment" -v at="${at:-0}" -v lines="$lines" '
			{ n = $1; sub(/^[0-9]+ /, "") }
			!at || n < at { print file ":" n ": " $0; next }
			n < at + lines { print fragment ":" n - at + 1 ": " $0; next }
			{ print file ":" n - lines + 1 ": " $0 }'
}

lint_files '*/man/*.[1-9]' '*.[1-9].in' | while IFS= read -r file; do
	judge "$file"
done
