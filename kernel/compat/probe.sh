#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh TESTS OUT COMPILER [FLAG...]: answers one yes-or-no question about a kernel for each TESTS/HAVE_*.c.
#
# A question is a file that compiles only where the answer is yes. A "no" has to look like the one that the question
# expects (its line "expected no: REGEX"): any other compiler error means that the question or the toolchain is broken,
# and the build stops rather than take a wrong answer for granted. SANITY.c must compile everywhere and goes first.
#
# OUT/generated.h gets the answers, each "no" with the compiler's words beside it. Prints nothing if all went well.

set -u
tests=$1 out=$2
shift 2

fail()
{
	echo "$*"
	exit 1
}

mkdir -p "$out" || fail "cannot make $out"

# What the answers depend on; auto.conf stands for the kernel's configuration, utsrelease.h for its identity.
key=$({
	echo "$@"
	"$1" --version
	cat "$0" "$tests"/*.c include/config/auto.conf include/generated/utsrelease.h
} 2>/dev/null | cksum)
[ "$(cat "$out/probe.key" 2>/dev/null)" = "$key" ] && [ -s "$out/generated.h" ] && exit 0

# Several copies of make may read the Kbuild file at once: each works on files of its own, the last rename wins.
tmp=$(mktemp -d "$out/probe.XXXXXX") || fail "cannot write to $out"
trap 'rm -rf "$tmp"' EXIT

"$@" -c -o "$tmp/probe.o" "$tests/SANITY.c" 2>"$tmp/log" ||
	fail "this compiler cannot build for this kernel, which was made with" \
		"$(sed -n 's/^CONFIG_CC_VERSION_TEXT=//p' include/config/auto.conf); CC= names another: $(grep -m1 error "$tmp/log")"

{
	echo "/* Made by kernel/compat/probe.sh for this kernel and compiler. */"
	for t in "$tests"/HAVE_*.c; do
		[ -e "$t" ] || continue
		name=$(basename "$t" .c)
		if "$@" -Werror -c -o "$tmp/probe.o" "$t" 2>"$tmp/log"; then
			echo "#define $name 1"
			continue
		fi
		said=$(grep -m1 'error' "$tmp/log")
		expected=$(sed -n 's/.*expected no: \(.*\)/\1/p' "$t")
		if [ -z "$expected" ] || ! grep -Eq "$expected" "$tmp/log"; then
			echo "$name: neither yes nor the expected no: ${said:-$(head -n1 "$tmp/log")}" >"$tmp/broken"
			break
		fi
		echo "/* $name: no: $(basename "$t"):${said#*"$(basename "$t"):"} */"
	done
} >"$tmp/generated.h"
[ -e "$tmp/broken" ] && fail "$(cat "$tmp/broken")"

mv "$tmp/generated.h" "$out/generated.h" && echo "$key" >"$out/probe.key" || fail "cannot write $out/generated.h"
