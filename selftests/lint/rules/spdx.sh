#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: each source says its licence in its first lines
. "$(dirname "$0")/../lib.sh"

# Prose has it in LICENSE, a patch in what it changes. What users compile against may be used by programs of any licence.
licence_of()
{
	case $1 in
	kernel/uapi/*) echo 'GPL-2.0-only WITH Linux-syscall-note' ;;
	*) echo GPL-2.0-only ;;
	esac
}

lint_files '*' | sed -E '/(\.md|\.patch|^LICENSE)$/d' | while IFS= read -r file; do
	wanted="SPDX-License-Identifier: $(licence_of "$file")"
	head -n 3 "$file" | sed -E 's, *(\*/|-->)?$,,' | grep -E "(^|[^[:alnum:]])$wanted\$" >/dev/null ||
		echo "$file:1: wants \"$wanted\""
done
