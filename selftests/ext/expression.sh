#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Expressions as the extension compiles them. No kernel, no root.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

# means_the_same FAMILY EXPRESSION: on random packets of the family the rule's code says what tcpdump -y RAW would.
means_the_same()
{
	"$bin_dir/filter_compare" "$1" "$(ours options "$1" bytes --expression "$2")" "$2" || { echo "$2"; return 1; }
}

means_what_tcpdump_means()
{
	local expression
	while read -r expression; do means_the_same "$1" "$expression" || return; done <<-END
		tcp
		not udp
		port 53
		not port 53
		tcp port 443 or icmp
		not (tcp port 443 or icmp6)
		len > 100 and not less 60
		src portrange 1000-2000 or dst portrange 53-80
		proto 17 and not src port 53
		ip or tcp
		ip6 or udp
		not ip and tcp or not ip6 and tcp
	END
}

ipv4_alone()
{
	local expression
	for expression in 'src host 10.0.0.1' 'not dst net 10.0.0.0/8' 'ip[8] < 5' 'ip[6:2] & 0x1fff = 0 and icmp[0] = 8' \
		'not (src 10.0.0.1 and tcp)' 'ip proto 6 or not ip6' \
		'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' 'not tcp[13] & 2 != 0' 'udp[8:2] > 1000'; do
		means_the_same 4 "$expression" || return
	done
}

ipv6_alone()
{
	local expression
	for expression in 'src host 2001:db8::1' 'not dst net 2001:db8::/32' 'ip6[7] < 5' 'icmp6' 'not (ip6 proto 17)' \
		'ip6 and not tcp or ip'; do
		means_the_same 6 "$expression" || return
	done
}

# instructions FAMILY EXPRESSION: out of the rule's bytes.
instructions()
{
	local bytes
	bytes=$(ours options "$1" bytes --expression "$2") && echo $((16#${bytes:10:2}${bytes:8:2}))
}

asks_no_packet_for_its_version()
{
	same "$(instructions 4 'tcp port 443')" "$1" && same "$(instructions 6 'tcp port 443')" "$2"
}

refuses_what_never_matches()
{
	refused 2 '"ip6": expression rejects all packets' ours options 4 --expression ip6 &&
		refused 2 '"ip": expression rejects all packets' ours options 6 --expression ip &&
		refused 2 'expression rejects all packets' ours options 4 --expression 'tcp and udp'
}

find_extensions
ktap_plan 10
check "IPv4: an expression means what it means to tcpdump -y RAW" means_what_tcpdump_means 4
check "IPv6: the same" means_what_tcpdump_means 6
check "IPv4: so do expressions about its own header" ipv4_alone
check "IPv6: so do expressions about its own header" ipv6_alone
check "the code is for one family: 'tcp port 443' takes 12 and 9 instructions, not 23" asks_no_packet_for_its_version 12 9
check "an expression is listed and saved as it was written" \
	saves '--expression "tcp  port 443"' --expression 'tcp  port 443'
check "one of more lines is saved in one" saves '--expression "tcp  port 443"' --expression $'tcp\n\tport 443'
check "what libpcap says is shown" \
	refused 2 "\"port\": can't parse filter expression: syntax error" ours options 4 --expression port
check "an expression that no packet of the family can match is refused" refuses_what_never_matches
check "one about the link layer is refused" refused 2 'choose the chain' ours options 6 --expression 'outbound and tcp'
ktap_end
