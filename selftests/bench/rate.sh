#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rate.sh [KERNEL]: how many events a second iptables-trace, xtables-monitor and the kernel log take without loss, in a guest
# that counts instructions (bench/rates.sh), as a table.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"

kernel=${1:-$(kernel_names | head -n 1)}
"$top_dir/selftests/deps.sh"
out=$build_dir/bench/rate-$kernel
step "building for $kernel"
product=${PRODUCT:-$("$vm_dir/product.sh" "$kernel")}
rm -rf "$out/product"
mkdir -p "$out"
cp -r "$product" "$out/product"
install -D -t "$out/product/selftests/bench" "$top_dir"/selftests/bench/{lib,rates}.sh
"$vm_dir/layer.sh" "$out/product" "$out/product.zst"

step "measuring (some minutes)"
"$vm_dir/run.sh" -k "$kernel" -i -q -t 2400 -p "$out/product" -o "$out" bench/rates.sh || {
	tail -n 20 "$out/output.log" >&2
	die "the measurement did not run to its end"
}
awk -F '\t' '
	NF == 3 { rate[$1] = $2; each[$1] = $3 }
	function row(name, words) {
		printf "| %s | %s | %s |\n", words, each[name], rate[name]
		missing += !(name in rate)
	}
	END {
		print "| tracer | events of a packet | events a second |"
		print "|---|---|---|"
		row("ours", "`iptables-trace --format line --rate 0`")
		row("monitor", "`xtables-monitor --trace`, the same rules of iptables-nft")
		row("log", "`-j TRACE` into the kernel log (no console), `dmesg --follow`")
		exit missing != 0
	}' "$out/output.log"
