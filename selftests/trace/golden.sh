#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The packets of `make demo` through its ruleset, in either back end and in every format: what the tool prints is what golden/
# has, but for what differs from run to run. With GOLDEN_RENEWED=DIR, DIR gets what was really printed.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/demo.sh
. lib/golden.sh

hosts='client router server'
for host in $hosts; do
	[ ! -e "/run/netns/$host" ] || skip_all "there is a network namespace with the name $host already"
done
[ ! -e "$demo_pin" ] || skip_all "there is $demo_pin already"
golden=$PWD/trace/golden
renewed=${GOLDEN_RENEWED:-$trace_dir/renewed}
mkdir -p "$renewed"
formats='tree line folded json pcapng'

remove_all()
{
	local host
	for host in $hosts; do ip netns del "$host"; done
	rm -rf "$demo_pin"
} 2>/dev/null
cleanup_push remove_all

# make_all BACK-END
make_all()
{
	remove_all
	demo_network
	mkdir "$demo_pin"
	bpftool prog load "$demo_object" "$demo_pin/port_set" type socket pinmaps "$demo_pin"
	# TCP port 23 and UDP port 53 are closed.
	bpftool map update pinned "$demo_pin/ports" key hex 06 00 00 17 value hex 00 00 00 00 00 00 00 00
	bpftool map update pinned "$demo_pin/ports" key hex 11 00 00 35 value hex 00 00 00 00 00 00 00 00
	wait_until 10 in_netns client ping -nqc1 -W1 10.0.2.2
	demo_ruleset | in_netns router "iptables-$1-restore"
}

client() { in_netns client "$@" >/dev/null; }
# Each from a port of its own, or NAT would look for one.
syn() { client bin/send_packet 10.0.1.2 "$1" 6 "$(printf '%04x%04x000000000000000050020100000000000' "$3" "$2")"; }
datagram() { client bin/send_packet 10.0.1.2 10.0.2.2 17 "$(udp_payload "$1")"; }

# One behind the other, so that each has the same number in every run. after TEXT COMMAND...: until TEXT was seen.
after()
{
	"${@:2}"
	wait_until 20 grep -qF "$1" "$trace_dir/line.out"
}
traffic()
{
	after 'reply id' ping_server
	after '10.0.2.2:23 ' syn 10.0.2.2 23 4001
	after '10.0.2.2:80 ' syn 10.0.2.2 80 4002
	after '10.0.1.1:8080 ' syn 10.0.1.1 8080 4003
	after '10.0.2.2:53 ' datagram 53
	after '10.0.2.2:9999 ' datagram 9999
}
ping_server() { client ping -nqc1 -W1 10.0.2.2; }

# all_there BACK-END: all have come to their ends, the ping's answer among them, and what REJECT answers; in nf_tables that meets
# no chain.
all_there()
{
	local all=7
	[ "$1" = nft ] || all=8
	[ "$(grep -c '| complete$' "$trace_dir/line.out")" = "$all" ] && [ "$(grep -c '^  complete' "$trace_dir/tree.out")" = "$all" ] &&
		[ "$(grep -c '"type":"packet"' "$trace_dir/json.out")" = "$all" ] &&
		[ "$(iptables-trace --read "$trace_dir/pcapng.out" --format tree 2>/dev/null | grep -c '^  complete')" = "$all" ]
}

# is_golden FILE: standard input, masked as the end of that name says, is what that golden file holds.
is_golden()
{
	masked "${1##*.}" >"$renewed/$1"
	diff -u "$golden/$1" "$renewed/$1"
}

ktap_plan 12
for back_end in legacy nft; do
	make_all $back_end 2>&1 | diag
	for format in $formats; do
		trace "$format" --netns router --format "$format" "$demo_filter"
	done
	traffic 2>&1 | diag
	wait_until 60 all_there $back_end | diag
	for format in $formats; do trace_stop "$format"; done
	for format in tree line folded json; do
		check "$back_end: $format" is_golden "router-$back_end.$format" <"$trace_dir/$format.out"
	done
	check "$back_end: pcapng, shown as tree" is_golden router-$back_end.tree \
		< <(iptables-trace --color never --read "$trace_dir/pcapng.out" 2>/dev/null)
	check "$back_end: nothing is lost" grep -q '^iptables-trace: .* nothing lost$' "$trace_dir/tree.err"
done
ktap_end
