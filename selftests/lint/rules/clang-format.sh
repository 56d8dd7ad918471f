#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: C++ is laid out as userspace/.clang-format says
. "$(dirname "$0")/../lib.sh"

lint_files 'userspace/*.cc' 'userspace/*.h' | while IFS= read -r file; do
	clang-format --dry-run --style=file "$file" 2>&1 |
		sed -nE 's/^([^:]+:[0-9]+):[0-9]+: .*should be clang-formatted.*/\1: clang-format -i lays this out otherwise/p' |
		uniq
done
