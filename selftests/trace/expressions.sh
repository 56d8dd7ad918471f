#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Expressions choose exactly the packets that they describe: ports at the limits, addresses in their order, protocols,
# both families, and conditions together.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy -A INPUT -p udp -j DROP
in_right ip6tables-legacy -A INPUT -p udp -j DROP

names=() wants=()
# expect NAME PACKETS [OPTION] EXPRESSION: which packets of the set below are to be shown. Its last one always is.
expect()
{
	trace "${#names[@]}" "${@:3:$#-3}" "(${*: -1}) or udp dst port 9999"
	names+=("$1") wants+=("$2")
}

expect "the lowest port" "UDP 192.0.2.2:1" 'udp dst port 1'
expect "a port whose low byte is zero" "UDP 192.0.2.2:256" 'udp dst port 256'
expect "the highest port" "UDP 192.0.2.2:65535" 'udp dst port 65535'
expect "a port is not its bytes swapped" "UDP 192.0.2.2:443" 'ip and udp dst port 443'
expect "an address is not its bytes swapped" "" 'host 1.2.0.192'
expect "an address and a port are one condition" "UDP 192.0.2.2:443" 'dst host 192.0.2.2 and udp dst port 443'
expect "an IPv4 address does not let IPv6 pass" "UDP 192.0.2.2:443 TCP 192.0.2.2:443" 'src host 192.0.2.1 and dst port 443'
expect "-6 is IPv6 alone" "UDP [2001:db8::2]:443" -6 'udp port 443'

udp 1
udp 256
udp 443
udp 47873 # 443 with its bytes swapped
udp 65535
udp6 443
in_left bin/send_packet 192.0.2.1 192.0.2.2 6 0fa001bb00000000000000005002000000000000
udp 9999
udp6 9999

ktap_plan 8
for i in "${!names[@]}"; do
	wait_until 10 grep -q ':9999 ' "$trace_dir/$i.out" | diag
	trace_stop "$i"
	check "${names[i]}" same "$(shown "$i" | sed -n 's/^TIME #[0-9]* \(UDP\|TCP\) .* > \([^ ]*\) .*/\1 \2/p' |
		grep -v ':9999$' | xargs)" "${wants[i]}"
done
ktap_end
