#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rate.sh [KERNEL]: how many events a second iptables-trace, xtables-monitor and the kernel log take without loss (bench/rates.sh),
# as a table: in a guest with one CPU that counts instructions, and how many times that is where packets and tracer have a CPU
# each. Such a guest cannot count, so the second figure is of two guests by the host's clock, with one CPU and with two: it
# wants a host with two CPUs that do nothing else, and does not repeat exactly.

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

# measure NAME OPTION...: the rates in a guest of that kind, in $out/NAME/output.log.
measure()
{
	"$vm_dir/run.sh" -k "$kernel" -q -t 2400 -p "$out/product" -o "$out/$1" "${@:2}" bench/rates.sh || {
		tail -n 20 "$out/$1/output.log" >&2
		die "the measurement ($1) did not run to its end"
	}
}

step "measuring with instructions counted (some minutes)"
measure counted -i
step "measuring with one CPU and with two, by the clock (some minutes)"
measure one -j -c 1
measure two -j -c 2
awk -F '\t' '
	FNR == 1 { guest++ }
	NF == 3 { rate[guest, $1] = $2; each[$1] = $3 }
	function row(name, words,	times) {
		for (guest = 1; guest <= 3; guest++) missing += !(rate[guest, name] + 0)
		if (missing) return
		# A + behind a rate: the sender could not send more.
		times = sprintf("%.1f", rate[3, name] / rate[2, name])
		if (rate[2, name] ~ /[+]/) times = "?"
		else if (rate[3, name] ~ /[+]/) times = times "+"
		printf "| %s | %s | %s | %s |\n", words, each[name], rate[1, name], times
	}
	END {
		print "| tracer | events of a packet | events a second | with a second CPU, times |"
		print "|---|---|---|---|"
		row("ours", "`iptables-trace --format line --rate 0`")
		row("monitor", "`xtables-monitor --trace`, the same rules of iptables-nft")
		row("log", "`-j TRACE` into the kernel log (no console), `dmesg --follow`")
		exit missing != 0
	}' "$out"/{counted,one,two}/output.log
