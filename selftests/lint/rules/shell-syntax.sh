#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: each script is one to the shell that it names
. "$(dirname "$0")/../lib.sh"

# "FILE: line N: what" becomes a finding; what follows about the same line only repeats it.
as_findings() { sed -E 's/^([^:]+): (line )?([0-9]+):/\1:\3:/' | awk -F: '!said[$1 ":" $2]++'; }

lint_scripts | while read -r shell file; do
	case $shell in
	bash) bash -n "$file" 2>&1 | as_findings || true ;;
	sh) dash -n "$file" 2>&1 | as_findings || true ;;
	*) echo "$file: names no shell: a script by \"#!\", a file to be read by \"# shellcheck shell=\"" ;;
	esac
done
