#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: each mutant fits the sources as they are, and names what it breaks and the test that has to notice
. "$(dirname "$0")/../lib.sh"

for file in selftests/mutants/*.patch; do
	[ -e "$file" ] || continue
	for key in breaks caught-by; do
		grep -q "^$key: ." "$file" || echo "$file: no line \"$key:\""
	done
	script=$(sed -n 's/^caught-by: \([^ ]*\): .*/\1/p' "$file")
	[ -z "$script" ] || [ -e "selftests/$script" ] || echo "$file: there is no test $script"
	patch -s -p1 -F0 --dry-run <"$file" >/dev/null 2>&1 || echo "$file: does not apply"
done
