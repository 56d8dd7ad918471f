#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# match.sh: runs in a guest that counts one instruction as one nanosecond (selftests/vm/run.sh -i). Prints instructions
# per packet and rule: packets of pktgen go over veth into the raw table, past rules that do not match, into a DROP.
# A row is "what<TAB>instructions a rule"; the cost of everything but the rules is measured without them and taken off.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

rules=200 packets=500

# ruleset TOOL RULE N: N times the rule in raw PREROUTING, then DROP.
ruleset()
{
	{
		echo '*raw'
		for ((i = 0; i < $3; i++)); do echo "-A PREROUTING $2"; done
		echo '-A PREROUTING -j DROP'
		echo COMMIT
	} | in_right "$1-restore"
}

# send N: N packets by pktgen; prints the nanoseconds that they took.
send()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	in_left bash -eu -c '
		echo rem_device_all >/proc/net/pktgen/kpktgend_0
		echo "add_device eth0" >/proc/net/pktgen/kpktgend_0
		for setting in "count $1" "pkt_size 60" "dst 192.0.2.2" "dst_mac $2" "udp_dst_min 9" "udp_dst_max 9" "delay 0"; do
			echo "$setting" >/proc/net/pktgen/eth0
		done
		echo start >/proc/net/pktgen/pgctrl
		sed -n "s/^Result: OK: \([0-9]*\)(.*/\1000/p" /proc/net/pktgen/eth0
	' send "$1" "$(ip -n "$right" -j link show eth0 | jq -r '.[0].address')"
}

# per_packet: nanoseconds a packet, after a run that warms up whatever is allocated at first use.
per_packet()
{
	send 50 >/dev/null
	echo $(($(send $packets) / packets))
}

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

modprobe pktgen
make_pair >/dev/null
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
