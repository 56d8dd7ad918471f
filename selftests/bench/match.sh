#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# match.sh: what rules that do not match cost in instructions, see lib.sh. A row is "what<TAB>instructions a rule"; the cost
# of everything but the rules is measured without them and taken off.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. bench/lib.sh

rules=200

# row NAME TOOL RULE
row()
{
	local none all
	ruleset "$2" "$3" 0
	none=$(per_packet)
	ruleset "$2" "$3" $rules
	all=$(per_packet)
	printf '%s\t%s\n' "$1" "$(awk -v a="$all" -v n="$none" -v r=$rules 'BEGIN { printf "%.1f", (a - n) / r }')"
	in_right "$2" -t raw -F
}

bench_setup
pin match_none none
rule="-m bpf --object-pinned $pin_dir/none"

tools=(iptables-legacy iptables-nft)

load_stock
for tool in "${tools[@]}"; do row "$tool in-tree pinned" "$tool" "$rule"; done

load_ours
for tool in "${tools[@]}"; do
	row "$tool address" "$tool" "-s 198.51.100.1"
	row "$tool port" "$tool" "-p udp --dport 10"
	row "$tool u32" "$tool" "-m u32 --u32 0>>22&0x3C@0&0xFFFF=10"
	row "$tool ours pinned" "$tool" "$rule"
	IPTABLES_EBPF_REVISION=2 row "$tool ours pinned, revision 2" "$tool" "$rule"
done
echo 1 >/sys/module/xt_ebpf/parameters/count
for tool in "${tools[@]}"; do IPTABLES_EBPF_REVISION=2 row "$tool counted" "$tool" "$rule"; done
echo 1 >/sys/module/xt_ebpf/parameters/time
for tool in "${tools[@]}"; do IPTABLES_EBPF_REVISION=2 row "$tool timed" "$tool" "$rule"; done

# Not ours, also when the extension wants it.
load_stock
insmod bench/xt_bench_floor.ko
for tool in "${tools[@]}"; do row "$tool floor" "$tool" "$rule"; done
# Else it is the match of whatever is measured next. nf_tables lets go of a rule a little later.
remove_floor() { rmmod xt_bench_floor 2>/dev/null; }
wait_until 30 remove_floor
