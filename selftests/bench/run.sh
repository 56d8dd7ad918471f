#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [KERNEL]: `make bench`. Counts instructions in a guest, beside the in-tree peer in the same run, and of the tool on this
# host, and prints tables. Fails where a figure of ours is worse than the in-tree one, or beyond what is promised of it (the
# tables' scripts and tool.sh say what that is); never on time.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"

kernel=${1:-$(kernel_names | head -n 1)}
"$top_dir/selftests/deps.sh"
kernel_dir=$("$vm_dir/fetch-kernel.sh" "$kernel")
out=$build_dir/bench/$kernel
mkdir -p "$out/floor"

step "building for $kernel"
product=$("$vm_dir/product.sh" "$kernel")
cp -sf "$top_dir"/selftests/bench/floor/* "$out/floor/"
make -s -C "$kernel_dir/headers" M="$out/floor" CC="$(kernel_field "$kernel" 5)" modules >"$out/floor.log" 2>&1 ||
	{ cat "$out/floor.log" >&2; die "cannot build the benchmark's module"; }

rm -rf "$out/product"
cp -r "$product" "$out/product"
install -D -t "$out/product/selftests/bench" "$top_dir"/selftests/bench/{lib,match,examples,ruleset,trace,reader,nft,observe}.sh "$out/floor/xt_bench_floor.ko"
install -m 644 "$build_dir/bpf-progs/iptables_trace.bpf.o" "$out/product/selftests/bpf/"
"$vm_dir/layer.sh" "$out/product" "$out/product.zst"

step "counting (a few minutes)"
"$vm_dir/run.sh" -k "$kernel" -i -q -t 3600 -p "$out/product" -o "$out" "bench/match.sh && bench/examples.sh && bench/ruleset.sh && bench/trace.sh && bench/reader.sh && bench/nft.sh" || {
	tail -n 20 "$out/output.log" >&2
	die "the benchmark did not run to its end"
}
# On a kernel for one CPU matches cannot be observed.
"$vm_dir/run.sh" -k "$kernel" -i -c 2 -a maxcpus=1 -q -t 1200 -p "$out/product" -o "$out/observe" bench/observe.sh || {
	tail -n 20 "$out/observe/output.log" >&2
	die "the benchmark of observed matches did not run to its end"
}
cat "$out/observe/output.log" >>"$out/output.log"
worse=0
for table in table examples_table ruleset_table trace_table nft_table observe_table; do
	"$top_dir/selftests/bench/$table.sh" "$out/output.log" "$kernel" | tee "$out/$table.md" || worse=1
	echo
done
step "counting what the tool takes (minutes)"
"$top_dir/selftests/bench/tool.sh" -s | tee "$out/tool_table.md" || worse=1
exit $worse
