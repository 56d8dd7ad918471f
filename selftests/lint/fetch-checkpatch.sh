#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-checkpatch.sh: makes sure that the kernel's checkpatch.pl, and the word lists that it reads, are in the cache, and
# prints their folder. No package of headers or tools has them; the sources (140 MB) are fetched for them once.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"
# shellcheck source=../vm/apt.sh
. "$vm_dir/apt.sh"

series=6.12
package=linux-source-$series
dir=$cache_dir/checkpatch/$series

fetch()
{
	local suite scripts=$package/scripts work=$dir.new
	[ ! -e "$dir" ] || return 0
	rm -rf "$work"
	mkdir -p "$work"
	for suite in $(kernel_field $series 2 | tr , ' '); do
		apt_refresh "$suite"
		step "fetching checkpatch.pl, which comes with $package ($suite)"
		apt_unpack "$suite" "$work/root" "$package" || continue
		# Stops at the last of them: the archive is ten times as long.
		tar -C "$work" --occurrence=1 --strip-components=2 -xf "$work/root/usr/src/$package.tar.xz" \
			"$scripts/checkpatch.pl" "$scripts/spelling.txt" "$scripts/const_structs.checkpatch"
		rm -rf "$work/root"
		# Where it looks for names that the kernel has in mixed case.
		mkdir "$work/include"
		mv "$work" "$dir"
		return
	done
	die "no suite of kernel $series in selftests/vm/kernels has $package"
}

with_lock "$cache_dir/checkpatch.lock" fetch
echo "$dir"
