# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for who reads it
# What a rule of rules/ starts from. A rule looks at the tree in the current folder and prints one line for each thing
# that is wrong, "FILE:LINE: what" or "FILE: what". It ends with 0 if it could look, whatever it found.

set -euo pipefail
# The words of compilers and the order of names are the same everywhere.
export LANG=C LC_ALL=C
lint_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lint_top=$(cd "$lint_dir/../.." && pwd)
lint_build=$lint_top/build/lint
lint_rule=$(basename "$0" .sh)

# lint_files PATTERN...: the sources of the tree that match a shell pattern ("*" also matches "/"), without what git
# ignores. Samples of what must fail are nobody's sources.
lint_files()
{
	local file pattern
	lint_list_files | while IFS= read -r file; do
		[[ $file != selftests/lint/samples/* ]] && [ -f "$file" ] || continue
		for pattern in "$@"; do
			# shellcheck disable=SC2053 # a pattern
			if [[ $file == $pattern ]]; then
				printf '%s\n' "$file"
				break
			fi
		done
	done
}

lint_list_files()
{
	if [ -e .git ]; then
		git ls-files --cached --others --exclude-standard | sort -u
	else
		find . -path ./build -prune -o \( -type f -o -type l \) -printf '%P\n' | sort
	fi
}

# lint_scripts: sources that a shell runs or reads, as "SHELL FILE"; what has no shebang says "shellcheck shell=".
lint_scripts()
{
	local file first
	lint_files '*' | while IFS= read -r file; do
		IFS= read -r first <"$file" 2>/dev/null || true
		case $first in
		'#!'*bash*) echo "bash $file" ;;
		'#!'*/sh*) echo "sh $file" ;;
		*) [[ $file != *.sh ]] || echo "$(sed -n 's/^# shellcheck shell=\([a-z]*\).*/\1/p;4q' "$file" | grep . || echo none) $file" ;;
		esac
	done
}

# lint_cached KEY COMMAND...: what the command printed when it was run for the same key, or runs it. The key has to hold
# all that the answer depends on; a command that fails is not remembered.
lint_cached()
{
	local answer status=0
	answer=$lint_build/cache/$lint_rule/$({
		echo "$1"
		cat "$lint_dir/lib.sh" "$lint_dir/rules/$lint_rule.sh"
	} | sha256sum | cut -c1-32)
	shift
	if [ ! -e "$answer" ]; then
		mkdir -p "${answer%/*}"
		"$@" >"$answer.$BASHPID" || status=$?
		[ $status = 0 ] || {
			cat "$answer.$BASHPID" >&2
			rm "$answer.$BASHPID"
			return $status
		}
		mv "$answer.$BASHPID" "$answer"
	fi
	cat "$answer"
}

# lint_digest FILE...: names and contents, for a key.
lint_digest() { [ $# = 0 ] || sha256sum -- "$@"; }

# lint_grep WHAT REGEX FILE...: a finding for each line that matches (grep -E), with the text that did.
lint_grep()
{
	local what=$1 regex=$2
	shift 2
	[ $# = 0 ] || grep -HnoIE -e "$regex" -- "$@" | sed -E "s|^([^:]*:[0-9]+):(.*)|\1: $what: \2|" || true
}

# lint_kernel NAME: the folder of a kernel of selftests/vm/kernels.
lint_kernel() { "$lint_top/selftests/vm/fetch-kernel.sh" "$1"; }
