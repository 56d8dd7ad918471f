#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: C looks as in the kernel (checkpatch --strict)
. "$(dirname "$0")/../lib.sh"

checkpatch=$("$lint_dir/fetch-checkpatch.sh")
tree=$PWD

# From its own folder, as it leaves a file where it is started; ends with 1 if it has something to say.
look()
{
	(cd "$checkpatch" && perl ./checkpatch.pl --no-tree --root=. --strict --terse --show-types --no-summary \
		--max-line-length=100 --file "$tree/$1") | sed "s|^$tree/||"
	[ "${PIPESTATUS[0]}" -le 1 ]
}

lint_files '*.c' '*.h' | sed '/^userspace\//d' | while IFS= read -r file; do
	lint_cached "$checkpatch $(lint_digest "$file")" look "$file"
done
