#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: what starts with "#!" can be run, and nothing else can
. "$(dirname "$0")/../lib.sh"

lint_files '*' | while IFS= read -r file; do
	IFS= read -r -n 2 start <"$file" || true
	if [ "$start" = '#!' ]; then
		[ -x "$file" ] || echo "$file: starts with \"#!\" and is not executable"
	else
		[ ! -x "$file" ] || echo "$file: is executable and does not start with \"#!\""
	fi
done
