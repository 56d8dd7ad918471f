# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Instructions a packet, in a guest that counts one instruction as one nanosecond (selftests/vm/run.sh -i): packets of
# pktgen go over veth into the raw table of $right, past rules, into a DROP. Source after ktap.sh and net.sh.
# shellcheck disable=SC2154 # net.sh has been read before this

packets=500

bench_setup()
{
	modprobe pktgen
	make_pair >/dev/null
	bench_mac=$(ip -n "$right" -j link show eth0 | jq -r '.[0].address')
}

# ruleset TOOL RULE N [FIRST]: N times the rule in raw PREROUTING, perhaps after another one, then DROP.
ruleset()
{
	{
		echo '*raw'
		[ -z "${4:-}" ] || echo "-A PREROUTING $4"
		for ((i = 0; i < $3; i++)); do echo "-A PREROUTING $2"; done
		echo '-A PREROUTING -j DROP'
		echo COMMIT
	} | in_right "$1-restore"
}

# pktgen_setup N PACE: pktgen is to send N packets when it is started.
pktgen_setup()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	in_left bash -eu -c '
		echo rem_device_all >/proc/net/pktgen/kpktgend_0
		echo "add_device eth0" >/proc/net/pktgen/kpktgend_0
		for setting in "count $1" "pkt_size 60" "dst 192.0.2.2" "dst_mac $2" "udp_dst_min 9" "udp_dst_max 9" "$3"; do
			echo "$setting" >/proc/net/pktgen/eth0
		done
	' pktgen_setup "$1" "$bench_mac" "$2"
}

# send N [RATE]: N packets by pktgen, as fast as it can or so many a second; prints the nanoseconds that they took.
send()
{
	pktgen_setup "$1" "${2:+ratep }${2:-delay 0}"
	in_left bash -eu -c 'echo start >/proc/net/pktgen/pgctrl'
	in_left sed -n 's/^Result: OK: \([0-9]*\)(.*/\1000/p' /proc/net/pktgen/eth0
}

# per_packet: nanoseconds a packet, after a run that warms up whatever is allocated at first use.
per_packet()
{
	send 50 >/dev/null
	echo $(($(send $packets) / packets))
}

# of A OF B: A / B with one digit behind the point.
tenths() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
