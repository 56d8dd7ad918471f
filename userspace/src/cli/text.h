// SPDX-License-Identifier: GPL-2.0-only
// The fixed parts of --help.
#pragma once

namespace ipt {

inline constexpr const char *kDescription =
	"Shows which tables, chains and rules of iptables each packet meets, and what becomes of it.\n"
	"It adds no rule, logs nothing, and leaves the TRACE rules of others as they are.";

inline constexpr const char *kFooter =
	"Examples:\n"
	"  iptables-trace 'tcp port 443'                    one port, until Ctrl-C\n"
	"  iptables-trace -c 1 'icmp and src 192.0.2.7'     why is this ping not answered?\n"
	"  iptables-trace --explain -c 1 'tcp port 8443'    which rules did not match, and why?\n"
	"  iptables-trace --netns web --duration 10 -6      IPv6 in a namespace, ten seconds\n"
	"  iptables-trace --netns all --verdict drop udp    which packets are dropped, anywhere\n"
	"  iptables-trace --in wan --first 1 --hook FORWARD each new flow, where it is decided about\n"
	"  iptables-trace --format pcapng -o t.pcapng tcp   for Wireshark, or to be shown again:\n"
	"  iptables-trace --read t.pcapng --chain WEB       packets that came through a chain\n"
	"\n"
	"EXPRESSION says which packets, as pcap-filter(7) describes; without one, all are traced. The ssh\n"
	"connection that the tool runs in is left out unless --own-ssh is given. A packet is followed through NAT.\n"
	"\n"
	"Exit status: 0 traced to the end (count, time, Ctrl-C); 1 something broke on the way; 2 wrong options\n"
	"or expression; 3 this host or this user cannot trace; 4 traced to the end, but events were lost.";

} // namespace ipt
