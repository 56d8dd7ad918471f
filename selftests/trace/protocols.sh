#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets of every kind are shown for what they are: flags of TCP, errors of ICMP, protocols without ports, fragments, IPv4
# options, IPv6 extension headers, headers that are cut off.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
# Before anything puts fragments together.
in_right iptables-legacy -t raw -A PREROUTING -s 192.0.2.1 -j DROP
in_right ip6tables-legacy -t raw -A PREROUTING -s 2001:db8::1 -j DROP

packet() { in_left bin/send_packet "$@"; }
v4() { packet "${@:1:$#-2}" 192.0.2.1 192.0.2.2 "${@: -2}"; }
v6() { packet 2001:db8::1 2001:db8::2 "$@"; }

tcp() { printf '0fa001bb0000000000000000%04x000000000000' $((0x5000 | $1)); }

# expect NAME TEXT COMMAND...: sends a packet that is to be shown with TEXT between protocol and interface.
names=() texts=()
expect()
{
	names+=("$1") texts+=("$2")
	"${@:3}"
}

trace kinds 'src host 192.0.2.1 or (src host 2001:db8::1 and not (icmp6[0] >= 133 and icmp6[0] <= 136))'
bit=1
for flag in FIN SYN RST PSH ACK URG ECE CWR; do
	expect "TCP flag $flag" "TCP 192.0.2.1:4000 > 192.0.2.2:443 $flag len 40" v4 6 "$(tcp $bit)"
	bit=$((bit * 2))
done
expect "two TCP flags" "TCP 192.0.2.1:4000 > 192.0.2.2:443 SYN,ACK len 40" v4 6 "$(tcp 18)"
expect "TCP over IPv6" "TCP [2001:db8::1]:4000 > [2001:db8::2]:443 SYN len 60" v6 6 "$(tcp 2)"
expect "UDP" "UDP 192.0.2.1:4000 > 192.0.2.2:53 len 28" v4 17 0fa0003500080000
expect "SCTP" "SCTP 192.0.2.1:4000 > 192.0.2.2:53 len 32" v4 132 0fa000350000000000000000
expect "ESP" "ESP 192.0.2.1 > 192.0.2.2 len 28" v4 50 0000000100000001
expect "GRE" "GRE 192.0.2.1 > 192.0.2.2 len 24" v4 47 00000800
expect "a protocol without a name" "protocol 253 192.0.2.1 > 192.0.2.2 len 24" v4 253 00000000
expect "an error of ICMP" "ICMP 192.0.2.1 > 192.0.2.2 unreachable (host) len 28" v4 1 0301fcfe00000000
expect "an error of ICMPv6" "ICMPv6 2001:db8::1 > 2001:db8::2 packet too big len 48" v6 58 0200000000000500
expect "a first fragment" "UDP 192.0.2.1:4000 > 192.0.2.2:53 fragment at 0, more follow len 28" \
	v4 -f 2000 17 0fa0003500400000
expect "a later fragment" "UDP 192.0.2.1 > 192.0.2.2 fragment at 1480, the last len 28" v4 -f b9 17 0fa0003500400000
expect "IPv4 options" "UDP 192.0.2.1:4000 > 192.0.2.2:53 len 36" v4 -o 0101010101010100 17 0fa0003500080000
expect "IPv6 hop-by-hop and destination options" "UDP [2001:db8::1]:4000 > [2001:db8::2]:53 len 64" \
	v6 0 3c0001040000000011000104000000000fa0003500080000
expect "IPv6 first fragment" "UDP [2001:db8::1]:4000 > [2001:db8::2]:53 fragment at 0, more follow len 56" \
	v6 44 11000001000012340fa0003500400000
expect "IPv6 later fragment" "UDP 2001:db8::1 > 2001:db8::2 fragment at 1480, the last len 56" \
	v6 44 110005c8000012340fa0003500400000
expect "a TCP header that is cut off" "TCP 192.0.2.1:4000 > 192.0.2.2:443 (headers cut off) len 28" \
	v4 6 0fa001bb00000000
expect "a UDP header that is cut off" "UDP 192.0.2.1 > 192.0.2.2 (headers cut off) len 22" v4 17 0fa0
all_shown() { [ "$(blocks kinds)" = ${#names[@]} ]; }
wait_until 20 all_shown | diag
trace_stop kinds

ktap_plan $((${#names[@]} + 1))
for i in "${!names[@]}"; do
	check "${names[i]}" same "$(shown kinds | sed -n "s/^TIME #$((i + 1)) \(.*\) in eth0.*/\1/p")" "${texts[i]}"
done

trace verbose -v -c 1 'udp port 53'
v4 17 0fa0003500080000
trace_wait verbose
check "verbose: TTL and identification" grep -q 'ttl 64 tos 0x00 ip id 4660' "$trace_dir/verbose.out"
ktap_end
