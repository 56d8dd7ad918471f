#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: no file is longer than 500 lines, no line of a source wider than a terminal of 132 columns
. "$(dirname "$0")/../lib.sh"

lint_files '*' | sed -E '/^(LICENSE|CHANGELOG\.md)$/d' | while IFS= read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || echo "$file: $lines lines: more than one idea"
done
# Text for people is not broken, so that grep finds it: it does not count.
lint_files '*.c' '*.h' '*.cc' '*.sh' '*.awk' '*Makefile' '*Kbuild*' '*/run' | while IFS= read -r file; do
	expand "$file" | awk -v file="$file" '
		{ width = length; gsub(/"[^"]*"|\047[^\047]*\047/, "") }
		length > 132 { print file ":" FNR ": " width " columns" }'
done
