#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Random options: no crash, and what is taken comes back from a save as the same rule. In the source tree with the
# sanitizers for addresses and undefined behaviour. No kernel, no root.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

fuzz=$bin_dir/ext_fuzz rounds=5000

# The extension and the program that drives it once more, with sanitizers.
sanitize()
{
	local flags='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' build=$BUILD_DIR/sanitized
	make -s -C "$TOP_DIR/xtables-ext" BUILD="$build/xtables-ext" CFLAGS="$flags" LDFLAGS="$flags -Wl,-z,undefs" >/dev/null &&
		make -s -C "$TOP_DIR/selftests" BUILD="$build" CFLAGS="$flags" "$build/bin/ext_fuzz" >/dev/null || return
	fuzz=$build/bin/ext_fuzz
	BUILD_DIR=$build
	# Options that are refused end a process, which frees them.
	export ASAN_OPTIONS=detect_leaks=0
}

# survives FAMILY REVISION SEED: and is not refused, or taken, throughout.
survives()
{
	local said taken
	said=$(ours "$fuzz" "$1" "$2" $rounds "$3" 2>&1) || { echo "seed $3: ended with $?: $(tail -n 40 <<<"$said")"; return 1; }
	taken=$(sed -n 's/^\([0-9]*\) of [0-9]* rules were taken$/\1/p' <<<"$said")
	[ "${taken:-0}" -gt $((rounds / 50)) ] && [ "$taken" -lt $((rounds * 19 / 20)) ] || { echo "$said" | tail -n 5; return 1; }
}

if [ -n "${TOP_DIR:-}" ]; then
	sanitize || exit 1
fi
find_extensions
ktap_plan 4
check "IPv4: random options" survives 4 2 1
check "IPv6: random options" survives 6 2 2
check "IPv4: with a kernel that has revision 1" survives 4 1 3
check "IPv6: with one that has revision 0 alone" survives 6 0 4
ktap_end
