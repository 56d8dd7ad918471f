#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Thirty thousand exchanges of the program behind a rule while a million packets come from two CPUs: each packet is judged
# by one of the two programs, once. Both count what they see and match it; the rule's counter and the programs' must agree.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 8

# A packet takes longer on a slow kernel, and an exchange.
slowness=$((${TEST_SLOWNESS:-1} * ${TEST_SLOWNESS:-1}))

swaps=$((30000 / slowness)) packets=$((1000000 / slowness))
legacy_interface
modprobe pktgen || skip_all "no pktgen"
make_pair
load_ours || exit 1
pin count_per_cpu one
pin count_per_cpu two
one=$(program_id one)

# What a program has counted.
counted_by() { bpftool -j map dump pinned "$pin_dir/$1-maps/seen" | jq '[.[0].formatted.values[].value] | add'; }

# pktgen on both CPUs of left, each half of the packets; right drops them in the raw table, behind the rule.
mac=$(ip -n "$right" -j link show eth0 | jq -r '.[0].address')
# shellcheck disable=SC2016 # the inner shell expands it
prepare='
	for cpu in 0 1; do
		echo rem_device_all >/proc/net/pktgen/kpktgend_$cpu
		echo "add_device eth0@$cpu" >/proc/net/pktgen/kpktgend_$cpu
		for setting in "count $1" "pkt_size 60" "dst 192.0.2.2" "dst_mac $2" "udp_dst_min 9" "udp_dst_max 9" "delay 0"; do
			echo "$setting" >"/proc/net/pktgen/eth0@$cpu"
		done
	done
	echo start >/proc/net/pktgen/pgctrl'

# exchanged: forth and back, while packets run; ends when both have ended.
exchanged()
{
	local sender status=0
	in_left bash -c "$prepare" prepare "$((packets / 2))" "$mac" &
	sender=$!
	control swap "$one" "$pin_dir/two" "$swaps" >/dev/null || status=1
	wait "$sender"
	return "$status"
}

for interface in legacy nft; do
	drop_rules
	case $interface in
	legacy) in_right bin/xt_rule raw 0 rev=2 "path=$pin_dir/one" ;;
	nft) in_right bin/nft_rule ip 0 rev=2 "path=$pin_dir/one" ;;
	esac
	before=$(($(counted_by one) + $(counted_by two)))
	check "$interface: exchanges go on during all of it" exchanged
	rule=$(case $interface in legacy) in_right bin/xt_rule -c raw ;; nft) nft_counts ip ;; esac)
	judged=$(($(counted_by one) + $(counted_by two) - before))
	enough() { [ "$rule" -ge $((packets * 9 / 10)) ] || { echo "the rule saw $rule packets"; return 1; }; }
	check "$interface: the packets came to the rule" enough
	check "$interface: each was judged exactly once" same "$judged" "$rule"
	both() { [ "$(counted_by one)" -gt $((1000 / slowness)) ] && [ "$(counted_by two)" -gt $((1000 / slowness)) ]; }
	check "$interface: by both programs" both
done

ktap_end
