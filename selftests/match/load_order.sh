#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which module a rule gets, by the references on both: ours, whichever was loaded first, also if none was and the kernel
# looks for one, and also for rules that the in-tree match had before.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

make_pair
pin match_all all
[ -d /sys/module/xt_bpf ] || modprobe -q xt_bpf
[ -d /sys/module/xt_bpf ] || skip_all "this kernel has no module xt_bpf"

ktap_plan 16

# add_rules TOOL N: N rules of two matches together, one pinned, one bytecode.
add_rules()
{
	local i
	for ((i = 0; i < $2; i++)); do
		echo "-A INPUT -p udp -m bpf --object-pinned $pin_dir/all -m bpf --bytecode \"$code_all\""
	done | { echo '*filter'; cat; echo COMMIT; } | in_right "$1-restore" -n
}

# held_by OURS IN_TREE: references on both.
held_by() { held xt_ebpf "$1" && held xt_bpf "$2"; }

in_tree_first()
{
	drop_rules
	load_stock && allow_ours && modprobe xt_ebpf && add_rules "$1" 1 && held_by 2 0
}

ours_first()
{
	drop_rules
	load_ours && modprobe xt_bpf && add_rules "$1" 1 && held_by 2 0
}

# The kernel asks for a module by the alias of the family, which both have.
on_demand()
{
	drop_rules
	unload_both && add_rules "$1" 1 && held xt_ebpf 2 && { references_are xt_bpf none || held xt_bpf 0; }
}

# The in-tree match judges N rules, then ours is loaded beside it.
live_rules()
{
	drop_rules
	load_stock && add_rules "$1" "$2" && held xt_bpf $((2 * $2)) && datagrams 4 "$(peer_of "$1")" 1000 &&
		allow_ours && modprobe xt_ebpf && held_by 0 $((2 * $2)) && datagrams 2 "$(peer_of "$1")" 1000
}

counted_by_all() { same "$(counts "$1" | awk '$2 == "INPUT" { print $3 }' | xargs)" "$2"; }

# A legacy table is checked as a whole when anything in it changes; the counters stay.
adopted()
{
	live_rules "$1" 3 && counted_by_all "$1" "6 6 6" || return 1
	in_right "$1" -A OUTPUT -p tcp && held_by 6 0 && counted_by_all "$1" "6 6 6" || return 1
	rmmod xt_bpf && datagrams 3 "$(peer_of "$1")" 1000 && counted_by_all "$1" "9 9 9"
}

# nf_tables leaves a rule alone until that rule itself is replaced.
beside()
{
	live_rules "$1" 2 && add_rules "$1" 1 && held_by 2 4 || return 1
	datagrams 1 "$(peer_of "$1")" 1000 && counted_by_all "$1" "7 7 1" || return 1
	in_right "$1-save" >"$files/rules" && in_right "$1-restore" "$files/rules" && held_by 6 0 && rmmod xt_bpf
}

files=$(mktemp -d)
cleanup_push rm -rf "$files"

for tool in "${match_tools[@]}"; do
	check "$tool: in-tree first, ours second: a new rule is ours" in_tree_first "$tool"
	check "$tool: ours first, in-tree second: a new rule is ours" ours_first "$tool"
	check "$tool: loaded on demand, a new rule is ours" on_demand "$tool"
done
for tool in iptables-legacy ip6tables-legacy; do
	check "$tool: live in-tree rules become ours with the next change, and count on" adopted "$tool"
done
for tool in iptables-nft ip6tables-nft; do
	check "$tool: live in-tree rules stay until they are replaced, new ones are ours" beside "$tool"
done
drop_rules

ktap_end
