#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: no file is longer than 500 lines, no line of a source wider than 120 columns
. "$(dirname "$0")/../lib.sh"

lint_files '*' | sed -E '/^(LICENSE|CHANGELOG\.md)$/d' | while IFS= read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || echo "$file: $lines lines: more than one idea"
done
# A table in prose cannot be wrapped, nor a line of a patch.
lint_files '*' | sed -E '/(\.md|\.patch|^LICENSE)$/d' | while IFS= read -r file; do
	expand "$file" | awk -v file="$file" 'length > 120 { print file ":" FNR ": " length " columns" }'
done
