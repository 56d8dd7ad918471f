#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a program may count on while it runs: skb->cb of its own, a CPU that it stays on, nobody else on its per-CPU maps;
# and what the administrator may: statistics that count every run. All as with the in-tree match.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/linger.sh

ktap_plan 8

make_pair
pin match_all all
pin scribble_cb scribble_cb
pin count_per_cpu count_per_cpu

as_in_tree_and_expected()
{
	local both
	both=$(on_both "${@:2}") || { echo "$both"; return 1; }
	same "$both" "$1"
}

# Two such programs in a row find nothing of each other, and the stack finds its own: the packet passes POSTROUTING.
cb()
{
	in_right "$1-restore" <<-END || return 1
		*mangle
		-A OUTPUT -p udp -m bpf --object-pinned $pin_dir/scribble_cb
		-A OUTPUT -p udp -m bpf --object-pinned $pin_dir/scribble_cb
		-A POSTROUTING -p udp --dport 1000
		COMMIT
	END
	datagrams 5 192.0.2.1 1000 "$right"
	counts "$1" | awk '{ print $3 }' | xargs
}
for tool in iptables-legacy iptables-nft; do
	check "$tool: skb->cb is empty for the program and untouched for the stack" \
		as_in_tree_and_expected "5 5 5" cb "$tool"
done

# Sums up over CPUs what a program counted in its map.
per_cpu_sum() { bpftool -j map dump pinned "$pin_dir/count_per_cpu-maps/seen" | jq '[.[0].formatted.values[].value] | add'; }

runs() { bpftool -j prog show pinned "$pin_dir/all" | jq '.run_cnt // 0'; }

# Runs that were counted of 5 packets with statistics, of 5 more without, and what the rule counted.
statistics()
{
	local before with without
	in_right "$1" -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/all" || return 1
	before=$(runs)
	sysctl -qw kernel.bpf_stats_enabled=1
	datagrams 5 192.0.2.1 1000 "$right"
	with=$(runs)
	sysctl -qw kernel.bpf_stats_enabled=0
	datagrams 5 192.0.2.1 1000 "$right"
	without=$(runs)
	echo "$((with - before)) $((without - with)) $(counts "$1")"
}
cleanup_push sysctl -qw kernel.bpf_stats_enabled=0
for tool in iptables-legacy iptables-nft; do
	check "$tool: run-time statistics count each run while they are on" \
		as_in_tree_and_expected "5 0 filter OUTPUT 10" statistics "$tool"
done

# On both CPUs at once: 400 packets out of processes, the answers of nobody in.
per_cpu()
{
	local before
	in_right "$1" -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/count_per_cpu" || return 1
	before=$(per_cpu_sum)
	in_right bin/udp_send -c 0 -n 200 192.0.2.1 1000 &
	in_right bin/udp_send -c 1 -n 200 192.0.2.1 1000
	wait $!
	echo "$(($(per_cpu_sum) - before)) $(counts "$1")"
}
for tool in iptables-legacy iptables-nft; do
	check "$tool: a per-CPU map counts every packet" as_in_tree_and_expected "400 filter OUTPUT 400" per_cpu "$tool"
done

for tool in iptables-legacy iptables-nft; do
	stays_on_cpu "$tool: a program stays on its CPU" \
		in_right "$tool" -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/linger"
done

ktap_end
