#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rules that come and go while packets pass: tables replaced without a gap, network namespaces that take their rules with
# them. Afterwards nothing holds the module.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 6

make_pair
pin match_all all
pin udp_1000 udp_1000
load_ours || exit 1

# Two rulesets that both drop all UDP to port 1000 before mangle sees it, by different programs.
files=$(mktemp -d)
cleanup_push rm -rf "$files"
write_rulesets()
{
	local ruleset drops=("--object-pinned $pin_dir/udp_1000" "--bytecode \"$(udp_code ip 1000)\"")
	for ruleset in 0 1; do
		cat >"$files/$ruleset" <<-END
			*raw
			-A PREROUTING -p tcp -m bpf --object-pinned $pin_dir/all
			-A PREROUTING -m bpf ${drops[ruleset]} -j DROP
			-A PREROUTING -p tcp -m bpf --bytecode "$code_all"
			COMMIT
		END
	done
}
write_rulesets

# replaced TOOL: twenty times one for the other; what passed would be counted behind.
replaced()
{
	local i
	drop_rules
	in_right "$1-restore" <"$files/0" || return 1
	in_right "$1" -t mangle -A PREROUTING -p udp --dport 1000 || return 1
	wait_until 5 dropping "$1" || return 1
	for ((i = 1; i <= 20; i++)); do
		in_right "$1-restore" -T raw "$files/$((i % 2))" || { echo "replacement $i failed"; return 1; }
	done
	wait_until 5 dropping "$1" && same "$(counts "$1" | grep ^mangle)" "mangle PREROUTING 0" && held xt_ebpf 3
}
dropping() { counts "$1" | awk '$1 == "raw" && $3 > 0 { found = 1 } END { exit !found }'; }

# flushed TOOL: ten times taken away and put back; the rule judges again each time.
flushed()
{
	local i
	drop_rules
	for ((i = 1; i <= 10; i++)); do
		in_right "$1-restore" <"$files/$((i % 2))" || { echo "round $i: restore failed"; return 1; }
		wait_until 5 dropping "$1" || return 1
		in_right "$1" -t raw -F PREROUTING
	done
	held xt_ebpf 0
}

keep_sending -c 0 -i 1000 192.0.2.2 1000
keep_sending -c 1 -i 1000 192.0.2.2 1000
for tool in iptables-legacy iptables-nft; do
	check "$tool: a ruleset replaced under traffic on two CPUs lets no packet slip" replaced "$tool"
	check "$tool: a ruleset flushed and restored under traffic" flushed "$tool"
done
stop_sending
drop_rules

# Namespaces with rules of both versions and interfaces, and packets in them.
crowd=("${left/left/crowd1}" "${left/left/crowd2}" "${left/left/crowd3}" "${left/left/crowd4}" "${left/left/crowd5}")
fill()
{
	local ns
	for ns in "${crowd[@]}"; do
		ip netns add "$ns" && ip -n "$ns" link set lo up || return 1
		# shellcheck disable=SC2016 # the inner shell expands it
		in_netns "$ns" bash -c '
			for six in "" -6; do
				bin/xt_rule $six raw 3 "path=$1" -- "code=$2" -- rev=0 "code=$2" || exit 1
			done
			for family in ip ip6 inet; do
				bin/nft_rule $family 3 "path=$1" -- "code=$2" || exit 1
			done
			bin/udp_send -n 3 127.0.0.1 9 && bin/udp_send -n 3 ::1 9
			[ "$(bin/xt_rule -c raw | xargs)" = "3 3 3" ] && [ "$(bin/xt_rule -c -6 raw | xargs)" = "3 3 3" ]' \
			fill "$pin_dir/all" "$code_all" || { echo "$ns: rules or counters are wrong"; return 1; }
	done
	held xt_ebpf $((${#crowd[@]} * 12))
}

empty()
{
	local ns
	for ns in "${crowd[@]}"; do ip netns del "$ns"; done
	wait_until 20 references_are xt_ebpf 0 || same "$(references xt_ebpf)" 0
}

for ns in "${crowd[@]}"; do cleanup_push ip netns del "$ns"; done
legacy_interface
check "network namespaces with rules and traffic" fill
check "deleted with the rules in them, they leave the module free to go" eval 'empty && rmmod xt_ebpf'

ktap_end
