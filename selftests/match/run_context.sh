#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a program may count on while it runs: skb->cb of its own, a CPU that it stays on, nobody else on its per-CPU maps;
# and what the administrator may: statistics that count every run. All as with the in-tree match.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

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

lingered() { bpftool -j map lookup pinned "$pin_dir/linger-maps/lingered" key "$1" 0 0 0 | jq .formatted.value; }

# Programs in the output path of a process that is pushed from CPU to CPU meanwhile.
pushed_around()
{
	local runs moves
	drop_rules
	load_ours && in_right "$1" -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/linger" || return 1
	runs=$(lingered 0) moves=$(lingered 1)
	in_right bin/udp_send -n 100 -H 192.0.2.1 1000
	same "$(($(lingered 0) - runs)) runs, $(($(lingered 1) - moves)) moved" "100 runs, 0 moved"
}

# preempt_everywhere: makes the kernel preempt where a program could be preempted at all.
preempt_everywhere()
{
	local file=/sys/kernel/debug/sched/preempt mode
	[[ $(uname -v) != *' PREEMPT '* ]] || return 0
	mode=$(sed -n 's/.*(\(.*\)).*/\1/p' "$file" 2>/dev/null)
	[ -n "$mode" ] && echo full >"$file" && cleanup_push eval "echo $mode >$file"
}

if ! preempt_everywhere; then
	for tool in iptables-legacy iptables-nft; do
		ktap_skip "$tool: a program stays on its CPU" "this kernel never preempts in the kernel"
	done
elif ! pin linger linger; then
	for tool in iptables-legacy iptables-nft; do
		ktap_skip "$tool: a program stays on its CPU" "this kernel has no bpf_loop()"
	done
else
	for tool in iptables-legacy iptables-nft; do
		check "$tool: a program stays on its CPU" pushed_around "$tool"
	done
fi
drop_rules

ktap_end
