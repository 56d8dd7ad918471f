#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# profile.sh [KERNEL]: where the instructions go that `make bench` counts for a traced packet: a table of the kernel's
# functions, BPF programs and our own, exact, as QEMU counts each instruction that it executes. The first column is of a rule,
# the second of a packet's entry, one rule and its verdict together.
#
# BPF programs are named as bpftool does. What runs of no symbol, such as a filter, is put down to the symbol before it. What
# is less than three instructions is left out of the table; its last line has all, also of ticks that came in between.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"

kernel=${1:-$(kernel_names | head -n 1)}
bench_dir=$top_dir/selftests/bench
out=$build_dir/bench/profile-$kernel
mkdir -p "$out/bin"

step "building for $kernel"
product=$("$vm_dir/product.sh" "$kernel")
rm -rf "$out/product"
cp -r "$product" "$out/product"
install -D -t "$out/product/selftests/bench" "$bench_dir"/{lib,profile_guest}.sh
"$vm_dir/layer.sh" "$out/product" "$out/product.zst"
gcc -O2 -Wall -Wextra -fPIC -shared -o "$out/count.so" "$bench_dir/counter/count_instructions.c"

# The guest is started as ever, but for one more argument.
cat >"$out/bin/qemu-system-x86_64" <<-END
	#!/bin/sh
	exec $(command -v qemu-system-x86_64) "\$@" -plugin "$out/count.so,out=$out/counts"
END
chmod +x "$out/bin/qemu-system-x86_64"

step "counting (a minute or two)"
PATH=$out/bin:$PATH "$vm_dir/run.sh" -k "$kernel" -i -a nokaslr -q -t 1200 -p "$out/product" -o "$out" bench/profile_guest.sh || {
	tail -n 20 "$out/output.log" >&2
	die "the profile did not run to its end"
}

# Addresses are of one length, so sorted as text they are in order, each behind the symbol that it belongs to.
read -r _ packets _ rules _ < <(grep '^of [0-9]* packets' "$out/output.log")
{
	sed -n 's/^symbol //p' "$out/output.log"
	awk '{ print $2, $1, $3 }' "$out/counts"
} | LC_ALL=C sort -s -k1,1 | awk -v packets="$packets" -v rules="$rules" '
	NF == 2 { name = $2; next }
	{ count[name, $2] += $3; names[name] }
	END {
		for (name in names) {
			few = count[name, 3] - count[name, 1]
			rule = (count[name, 4] - count[name, 2] - few) / packets / rules
			if (few / packets >= 3 || few / packets <= -3 || rule >= 3 || rule <= -3) printf "%8.1f %8.1f  %s\n", rule, few / packets, name
			all_rules += rule; all += few / packets
		}
		printf "%8.1f %8.1f  in all\n", all_rules, all
	}' | sort -k2,2nr | tee "$out/profile.txt"
