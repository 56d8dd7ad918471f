#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: clang-tidy has nothing to say about the C++ (userspace/.clang-tidy)
. "$(dirname "$0")/../lib.sh"

[ -e userspace/Makefile ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tools carry the trace programs inside them; what is generated for that is needed to read their sources.
generated=$lint_build/bpf-progs
quiet_make() { env -u MAKEFLAGS -u CC -u CXX make --no-print-directory -C "$@" 2>"$work/log" || { cat "$work/log" >&2; false; }; }
[ ! -e bpf-progs/Makefile ] || quiet_make bpf-progs BUILD="$generated" all >&2

# The Makefile's own command for each file, "FILE<tab>FLAGS"; the flags as the shell gets them. fmt checks a format string
# while it is compiled, which the compiler has done: the analyzer would walk through that again, character by character,
# and take three times as long.
commands()
{
	local file flags
	quiet_make userspace -n -B V=1 BUILD="$work/none" BPF_BUILD="$generated" all |
		sed -nE 's/^[[:blank:]]*[^ ]*\+\+[^ ]* (.*) -c -o [^ ]+ ([^ ]+\.cc)$/userspace\/\2\t\1/p' |
		while IFS=$'\t' read -r file flags; do
			printf '%s\t%s\n' "$file" "$(sed -E "s/(^| )-M[A-Z]+( |\$)/ /g; s/(^| )-M[A-Z]+( |\$)/ /g" <<<"$flags") -DFMT_CONSTEVAL="
		done
}

headers=$(mapfile -t list < <(lint_files 'userspace/*.h' 'bpf-progs/include/*.h' 'kernel/uapi/*.h'); lint_digest "${list[@]}")

# dependencies FILE FLAGS: the file and the project's own headers that it reads, however deep.
dependencies()
{
	(cd userspace && eval "clang++ $2 -MM -MT x '${1#userspace/}'") | tr -s ' \\\n' '\n' | sed 1d
}

# look FILE FLAGS
look()
{
	local file=$1 flags=$2 status=0 out
	out=$work/$(tr / _ <<<"$file").out
	(cd userspace && eval "clang-tidy --quiet '${file#userspace/}' -- $flags") >"$out" 2>"$out.said" || status=$?
	sed -nE "s#^($PWD/userspace/)?([^/.][^:]*:[0-9]+):[0-9]+: (warning|error): (.*)\$#userspace/\2: \4#p" "$out" |
		sed 's/,-warnings-as-errors\]$/]/' | sort -u
	[ $status = 0 ] || grep -q '\(warning\|error\): ' "$out" || { cat "$out" "$out.said"; return 1; }
}

# known FILE FLAGS: look, unless nothing that it depends on has changed.
known()
{
	local list
	mapfile -t list < <(lint_cached "deps $* $headers $(lint_digest "$1")" dependencies "$@")
	lint_cached "$* $(clang-tidy --version) $(lint_digest userspace/.clang-tidy) $(
		cd userspace && lint_digest "${list[@]}"
	)" look "$@"
}

number=0
while IFS=$'\t' read -r file flags; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
	number=$((number + 1))
	{ known "$file" "$flags" >"$work/$number.found" || echo "$file" >>"$work/failed"; } &
done < <(commands)
wait
[ ! -e "$work/failed" ]
cat "$work"/*.found 2>/dev/null | sort -u
