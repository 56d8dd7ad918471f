// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "event/names.h"
#include "make_event.h"

namespace ipt::test {
namespace {

TEST(Names, tcp_flags_go_from_the_lowest_bit_up)
{
	EXPECT_EQ(tcp_flag_names(0x001), "FIN");
	EXPECT_EQ(tcp_flag_names(0x002), "SYN");
	EXPECT_EQ(tcp_flag_names(0x004), "RST");
	EXPECT_EQ(tcp_flag_names(0x008), "PSH");
	EXPECT_EQ(tcp_flag_names(0x010), "ACK");
	EXPECT_EQ(tcp_flag_names(0x020), "URG");
	EXPECT_EQ(tcp_flag_names(0x040), "ECE");
	EXPECT_EQ(tcp_flag_names(0x080), "CWR");
	EXPECT_EQ(tcp_flag_names(0x100), "AE");
	EXPECT_EQ(tcp_flag_names(0x012), "SYN,ACK");
	EXPECT_EQ(tcp_flag_names(0), "none");
}

TEST(Names, verdicts_with_what_their_upper_bits_carry)
{
	EXPECT_EQ(verdict_name(NF_DROP), "DROP");
	EXPECT_EQ(verdict_name(NF_ACCEPT), "ACCEPT");
	EXPECT_EQ(verdict_name(NF_STOLEN), "STOLEN");
	EXPECT_EQ(verdict_name(NF_QUEUE_NR(17)), "QUEUE 17");
	EXPECT_EQ(verdict_name(NF_QUEUE_NR(65535)), "QUEUE 65535");
	EXPECT_EQ(verdict_name(NF_DROP_ERR(-1)), "DROP");
	EXPECT_EQ(verdict_name(0x77), "verdict 0x77");
	EXPECT_TRUE(is_drop(NF_DROP_ERR(-1)));
	EXPECT_FALSE(is_drop(NF_ACCEPT));
	EXPECT_TRUE(is_accept(NF_ACCEPT));
	EXPECT_FALSE(is_accept(NF_QUEUE));
}

TEST(Names, hooks_by_the_names_of_their_chains)
{
	EXPECT_STREQ(hook_name(NF_INET_PRE_ROUTING), "PREROUTING");
	EXPECT_STREQ(hook_name(NF_INET_LOCAL_IN), "INPUT");
	EXPECT_STREQ(hook_name(NF_INET_FORWARD), "FORWARD");
	EXPECT_STREQ(hook_name(NF_INET_LOCAL_OUT), "OUTPUT");
	EXPECT_STREQ(hook_name(NF_INET_POST_ROUTING), "POSTROUTING");
	EXPECT_STREQ(hook_name(200), "?");
}

TEST(Names, packet_of_ipv4)
{
	EXPECT_EQ(packet_text(NFPROTO_IPV4, syn()), "TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60");
}

TEST(Names, packet_of_arp_as_tcpdump_says_it)
{
	PacketFields packet = who_has();
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet), "ARP, Request who-has 192.0.2.2 tell 192.0.2.1 len 28");
	EXPECT_EQ(details_text(NFPROTO_ARP, packet), "192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.2 at 00:00:00:00:00:00");
	// Whether that address still holds.
	packet.destination[IPT_EVENT_ARP_ETHERNET + 5] = 9;
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet),
		  "ARP, Request who-has 192.0.2.2 (00:00:00:00:00:09) tell 192.0.2.1 len 28");
	set_arp(packet, { 2, 1, 0x0800, 6, 4 });
	packet.length = 46;
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet), "ARP, Reply 192.0.2.1 is-at 52:54:00:12:34:56 len 46");
	set_arp(packet, { 8, 1, 0x0800, 6, 4 });
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet),
		  "ARP, inrequest 192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.2 at 00:00:00:00:00:09 len 46");
}

TEST(Names, packet_of_arp_of_other_hardware)
{
	PacketFields packet{};
	set_arp(packet, { 25, 32, 0x0800, 20, 4 });
	packet.length = 56;
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet),
		  "ARP, operation 25 (hardware 32, addresses of 20 bytes; protocol 0x0800, of 4 bytes) len 56");
	packet.fields = IPT_EVENT_CUT;
	EXPECT_EQ(details_text(NFPROTO_ARP, packet), "");
	EXPECT_NE(packet_text(NFPROTO_ARP, packet).find("(headers cut off)"), std::string::npos);
}

TEST(Names, addresses_of_ethernet_back_again)
{
	PacketFields packet{};
	EXPECT_TRUE(set_ethernet(packet.source, "52:54:00:12:34:ff"));
	EXPECT_EQ(ethernet_text(packet.source), "52:54:00:12:34:ff");
	for (const char *wrong : { "", "52:54:00:12:34", "52:54:00:12:34:f", "52:54:00:12:34:fg", "52-54-00-12-34-56",
				   "52:54:00:12:34:56:", "5254:00:12:34:567" })
		EXPECT_FALSE(set_ethernet(packet.source, wrong)) << wrong;
}

TEST(Names, packet_of_ipv6)
{
	PacketFields packet = syn();
	inet_pton(AF_INET6, "2001:db8::1", packet.source);
	inet_pton(AF_INET6, "2001:db8::2", packet.destination);
	EXPECT_EQ(packet_text(NFPROTO_IPV6, packet), "TCP [2001:db8::1]:40000 > [2001:db8::2]:443 SYN len 60");
	packet.protocol = IPPROTO_ICMPV6;
	packet.fields = IPT_EVENT_ICMP | IPT_EVENT_ECHO;
	packet.icmp_type = 128;
	packet.echo_id = 5;
	packet.echo_seq = 6;
	EXPECT_EQ(packet_text(NFPROTO_IPV6, packet), "ICMPv6 2001:db8::1 > 2001:db8::2 echo request id 5 seq 6 len 60");
}

TEST(Names, icmp_messages)
{
	EXPECT_EQ(icmp_name(NFPROTO_IPV4, 3, 3), "unreachable (port)");
	EXPECT_EQ(icmp_name(NFPROTO_IPV4, 3, 99), "unreachable (code 99)");
	EXPECT_EQ(icmp_name(NFPROTO_IPV4, 11, 0), "time exceeded (ttl)");
	EXPECT_EQ(icmp_name(NFPROTO_IPV4, 42, 1), "type 42 code 1");
	EXPECT_EQ(icmp_name(NFPROTO_IPV6, 1, 4), "unreachable (port)");
	EXPECT_EQ(icmp_name(NFPROTO_IPV6, 135, 0), "neighbour solicitation");
	EXPECT_EQ(icmp_name(NFPROTO_IPV6, 3, 0), "time exceeded (hop limit)");
}

TEST(Names, fragments_and_headers_that_are_cut_off)
{
	PacketFields packet = syn();
	packet.fields = IPT_EVENT_FRAGMENT | IPT_EVENT_MORE;
	packet.fragment_offset = 1480;
	EXPECT_EQ(packet_text(NFPROTO_IPV4, packet), "TCP 192.0.2.1 > 192.0.2.2 fragment at 1480, more follow len 60");
	packet.fields = IPT_EVENT_FRAGMENT;
	EXPECT_EQ(packet_text(NFPROTO_IPV4, packet), "TCP 192.0.2.1 > 192.0.2.2 fragment at 1480, the last len 60");
	packet.fields = IPT_EVENT_CUT;
	EXPECT_EQ(packet_text(NFPROTO_IPV4, packet), "TCP 192.0.2.1 > 192.0.2.2 (headers cut off) len 60");
}

TEST(Names, protocols_without_ports)
{
	EXPECT_EQ(protocol_name(50), "ESP");
	EXPECT_EQ(protocol_name(47), "GRE");
	EXPECT_EQ(protocol_name(253), "protocol 253");
	PacketFields packet = syn();
	packet.protocol = 50;
	packet.fields = 0;
	EXPECT_EQ(packet_text(NFPROTO_IPV4, packet), "ESP 192.0.2.1 > 192.0.2.2 len 60");
}

} // namespace
} // namespace ipt::test
