#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: no blanks at line ends, no carriage returns, and a newline at the end of each file
. "$(dirname "$0")/../lib.sh"

# In a patch a blank alone is an empty line.
mapfile -t files < <(lint_files '*' | sed '/\.patch$/d')
blanks='[[:blank:]]+$' returns=$'\r' mixed=$' +\t'
lint_grep 'blanks at the end of the line' "$blanks" "${files[@]}"
lint_grep 'a carriage return' "$returns" "${files[@]}"
lint_grep 'blanks before a tab' "^	*$mixed" "${files[@]}"
for file in "${files[@]}"; do
	[ ! -s "$file" ] || [ -z "$(tail -c 1 "$file" | tr -d '\n')" ] || echo "$file: no newline at its end"
done
