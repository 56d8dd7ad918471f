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

load_stock
for tool in iptables-legacy iptables-nft; do
	row "$tool in-tree pinned" "$tool" "$rule"
done
load_ours
for tool in iptables-legacy iptables-nft; do
	row "$tool ours pinned" "$tool" "$rule"
	row "$tool address" "$tool" "-s 198.51.100.1"
done
modprobe -r xt_ebpf
insmod bench/xt_bench_floor.ko
for tool in iptables-legacy iptables-nft; do
	row "$tool floor" "$tool" "$rule"
done
