#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: each test that is listed says how many cases it has, and each that says so is listed
. "$(dirname "$0")/../lib.sh"

[ -e selftests/Makefile ] || exit 0
# shellcheck disable=SC2016 # make expands it
listed=$(env -u MAKEFLAGS make -s -C selftests --eval 'lint-list:;@printf "selftests/%s\n" $(TEST_PROGS) $(HOST_PROGS) $(UNIT_PROGS)' lint-list)

for file in $listed; do
	grep -q 'ktap_end$' "$file" && grep -qE '^[[:blank:]]*ktap_plan ' "$file" ||
		echo "$file: a test without ktap_plan or ktap_end"
done
lint_files 'selftests/*.sh' | sed -E '/^selftests\/(lib|lint)\//d' | while IFS= read -r file; do
	! grep -qE '^[[:blank:]]*ktap_plan ' "$file" || grep -qxF "$file" <<<"$listed" ||
		echo "$file: a test that selftests/Makefile does not list"
done
