// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <algorithm>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <string>
#include <utility>

#include "filter/ethernet.h"
#include "filter/filter.h"

namespace ipt {
namespace {

using Packet = std::vector<uint8_t>;

// 192.0.2.1 > 192.0.2.2, TCP with these ports.
Packet tcp4(uint16_t source, uint16_t destination)
{
	Packet packet{ 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2 };
	for (const uint16_t port : { source, destination }) {
		packet.push_back(static_cast<uint8_t>(port >> 8));
		packet.push_back(static_cast<uint8_t>(port & 0xff));
	}
	packet.resize(40);
	return packet;
}

Packet tcp6()
{
	Packet packet(60);
	packet[0] = 0x60;
	packet[5] = 20;
	packet[6] = 6;
	return packet;
}

bool selects(const Filter &filter, const Packet &packet)
{
	if (filter.empty())
		return true;
	return bpf_filter(reinterpret_cast<const bpf_insn *>(filter.data()), packet.data(),
			  static_cast<u_int>(packet.size()), static_cast<u_int>(packet.size())) != 0;
}

TEST(Filter, sees_the_packet_from_its_ip_header_on)
{
	const auto filter = compile({ "tcp dst port 443 and src 192.0.2.1" });
	ASSERT_TRUE(filter);
	EXPECT_TRUE(selects(*filter, tcp4(40000, 443)));
	EXPECT_FALSE(selects(*filter, tcp4(443, 40000)));
	EXPECT_FALSE(selects(*filter, tcp4(40000, 47873))); // 443 with its bytes swapped
}

TEST(Filter, every_port_is_told_from_its_neighbours)
{
	for (const unsigned port : { 1U, 255U, 256U, 8080U, 65535U }) {
		const auto filter = compile({ "tcp port " + std::to_string(port) });
		ASSERT_TRUE(filter);
		EXPECT_TRUE(selects(*filter, tcp4(static_cast<uint16_t>(port), 9)));
		EXPECT_FALSE(selects(*filter, tcp4(static_cast<uint16_t>(port - 1), 9)));
	}
}

TEST(Filter, addresses_are_not_reversed)
{
	EXPECT_TRUE(selects(*compile({ "host 192.0.2.1" }), tcp4(1, 2)));
	EXPECT_FALSE(selects(*compile({ "host 1.2.0.192" }), tcp4(1, 2)));
}

TEST(Filter, one_family_alone)
{
	const auto only4 = compile({ "", true, false });
	const auto only6 = compile({ "tcp or udp", false, true });
	ASSERT_TRUE(only4 && only6);
	EXPECT_TRUE(selects(*only4, tcp4(1, 2)));
	EXPECT_FALSE(selects(*only4, tcp6()));
	EXPECT_FALSE(selects(*only6, tcp4(1, 2)));
	EXPECT_TRUE(selects(*only6, tcp6()));
}

TEST(Filter, no_expression_is_no_filter)
{
	EXPECT_TRUE(compile({})->empty());
}

TEST(Filter, bad_expression_brings_libpcaps_own_words)
{
	const auto filter = compile({ "tcp port nosuchport" });
	ASSERT_FALSE(filter);
	EXPECT_NE(filter.error().message.find("'tcp port nosuchport'"), std::string::npos);
	EXPECT_NE(filter.error().message.find("unknown port"), std::string::npos);
}

// Packets from their own header on, as the kernel has filters see them: with what it says that they are, in the place of the load
// that asks for it.
bool selects_of(uint16_t type, Filter filter, const Packet &packet)
{
	for (Instruction &instruction : filter) {
		if (instruction.k == static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL))
			instruction = { BPF_LD | BPF_IMM, 0, 0, type };
	}
	return selects(filter, packet);
}

// 192.0.2.1 asks who has 192.0.2.2, or answers.
Packet arp(uint8_t operation)
{
	return { 0,   1, 8, 0, 6, 4, 0, operation, 0x52, 0x54, 0,   0x12, 0x34, 0x56,
		 192, 0, 2, 1, 0, 0, 0, 0,	   0,	 0,    192, 0,	  2,	2 };
}

Packet icmp4()
{
	Packet packet = tcp4(0x0800, 0);
	packet[9] = 1;
	return packet;
}

bool selects_arp(const char *expression, uint8_t operation = 1)
{
	const auto filter = compile({ expression });
	EXPECT_TRUE(filter) << expression;
	return filter && selects_of(ETH_P_ARP, *filter, arp(operation));
}

bool selects_ip(const char *expression, const Packet &packet)
{
	const auto filter = compile({ expression });
	EXPECT_TRUE(filter) << expression;
	return filter && selects_of(packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6, *filter, packet);
}

TEST(Filter, arp_alone)
{
	EXPECT_TRUE(selects_arp("arp"));
	EXPECT_FALSE(selects_ip("arp", tcp4(1, 2)));
	EXPECT_FALSE(selects_ip("arp", tcp6()));
	EXPECT_TRUE(selects_arp("arp[6:2] = 1"));
	EXPECT_FALSE(selects_arp("arp[6:2] = 1", 2));
	EXPECT_TRUE(selects_arp("arp[6:2] = 2", 2));
	EXPECT_TRUE(selects_arp("ether proto \\arp"));
	// Of what the sender and the target of ARP say.
	EXPECT_TRUE(selects_arp("arp host 192.0.2.2"));
	EXPECT_TRUE(selects_arp("arp src host 192.0.2.1"));
	EXPECT_FALSE(selects_arp("arp src host 192.0.2.2"));
	EXPECT_FALSE(selects_arp("arp host 192.0.2.3"));
	EXPECT_TRUE(selects_arp("arp[8:4] = 0x52540012 and arp[12:2] = 0x3456"));
}

TEST(Filter, arp_beside_others)
{
	EXPECT_TRUE(selects_arp("arp or icmp"));
	EXPECT_TRUE(selects_ip("arp or icmp", icmp4()));
	EXPECT_FALSE(selects_ip("arp or icmp", tcp4(1, 2)));
	// What is behind a header whose length a load has to ask for.
	EXPECT_TRUE(selects_ip("arp or tcp dst port 443", tcp4(40000, 443)));
	EXPECT_FALSE(selects_ip("arp or tcp dst port 443", tcp4(443, 40000)));
	EXPECT_FALSE(selects_ip("not arp", icmp4()) == selects_arp("not arp"));
	EXPECT_TRUE(selects_arp("arp or ip6"));
	EXPECT_TRUE(selects_ip("arp or ip6", tcp6()));
	EXPECT_FALSE(selects_ip("arp or ip6", tcp4(1, 2)));
}

// What knows of IP alone never takes one of ARP for its own, and what leaves something of IP out leaves in all else.
TEST(Filter, without_the_word_arp_is_what_is_none_of_ip)
{
	for (const char *expression : { "ip", "ip6", "tcp", "host 192.0.2.1", "icmp or udp", "ip[0] = 0" })
		EXPECT_FALSE(selects_arp(expression)) << expression;
	EXPECT_TRUE(selects_arp("not tcp port 22"));
	EXPECT_FALSE(selects_of(ETH_P_ARP, *compile({ "", true, false }), arp(1)));
	EXPECT_FALSE(selects_of(ETH_P_ARP, *compile({ "", false, true }), arp(1)));
}

std::string complaint(const FilterRequest &request)
{
	const auto filter = compile(request);
	return filter ? "" : filter.error().message;
}

TEST(Filter, arp_and_what_only_frames_have)
{
	for (const char *expression :
	     { "arp and ether src 52:54:00:12:34:56", "arp and ether[0] & 1 != 0",
	       "arp or ether host 52:54:00:12:34:56", "arp and broadcast", "arp or ether[12:4] = 1" }) {
		EXPECT_NE(complaint({ expression }).find("ethernet addresses cannot be asked for"), std::string::npos)
			<< expression << ": " << complaint({ expression });
		EXPECT_NE(complaint({ expression }).find("arp[8:4]"), std::string::npos) << expression;
	}
	EXPECT_NE(complaint({ "arp or vlan 3" }).find("VLAN"), std::string::npos) << complaint({ "arp or vlan 3" });
	EXPECT_NE(complaint({ "arp and tcp" }).find("rejects all packets"), std::string::npos);
	EXPECT_NE(complaint({ "arp", true, false }).find("rejects all packets"), std::string::npos);
	EXPECT_NE(complaint({ "arp and" }).find("syntax error"), std::string::npos);
	// Without the word libpcap's own messages stay.
	EXPECT_NE(complaint({ "ether src 52:54:00:12:34:56" }), "");
	EXPECT_EQ(complaint({ "ether src 52:54:00:12:34:56" }).find("cannot be asked for"), std::string::npos);
	EXPECT_EQ(complaint({ "ether proto 0x806" }), "expression 'ether proto 0x806': expression rejects all packets");
}

// That is at no place of the packet, and so where it is for any link. Not every libpcap has these words.
TEST(Filter, arp_beside_what_the_kernel_knows_of_a_packet)
{
	const auto has_load = [](const Filter &filter, int what) {
		return std::any_of(filter.begin(), filter.end(), [what](const Instruction &instruction) {
			return BPF_CLASS(instruction.code) == BPF_LD &&
			       instruction.k == static_cast<uint32_t>(SKF_AD_OFF + what);
		});
	};
	for (const auto &[word, what] :
	     { std::pair("outbound", SKF_AD_PKTTYPE), std::pair("ifindex 3", SKF_AD_IFINDEX) }) {
		if (!compile({ word }))
			continue;
		for (const char *with : { "arp or ", "arp and ", "not arp and " }) {
			const auto filter = compile({ std::string(with) + word });
			ASSERT_TRUE(filter) << with << word;
			EXPECT_TRUE(has_load(*filter, what)) << with << word;
		}
	}
}

// libpcap reckons where the inner packet is from where the frame begins.
TEST(Filter, arp_and_what_is_within_a_tunnel)
{
	EXPECT_EQ(complaint({ "geneve 5 and tcp" }), "");
	for (const char *expression : { "arp or geneve", "arp or (geneve 5 and host 192.0.2.1)" }) {
		EXPECT_NE(complaint({ expression }).find("tunnel"), std::string::npos) << complaint({ expression });
		EXPECT_EQ(complaint({ expression }).find("ethernet addresses"), std::string::npos) << expression;
	}
}

TEST(Filter, arp_is_a_word)
{
	for (const char *expression :
	     { "arp", "(arp)", "not(arp)", "icmp or arp", "arp[6:2] = 1", "ether proto \\arp" })
		EXPECT_TRUE(mentions_arp(expression)) << expression;
	for (const char *expression :
	     { "", "icmp", "rarp", "host arp.example.net", "host an-arp", "arps", "host arp_1" })
		EXPECT_FALSE(mentions_arp(expression)) << expression;
}

// Without this connection, as SSH_CONNECTION has it.
FilterRequest without(const std::string &connection, const std::string &expression = "")
{
	const auto packets = ssh_packets(connection);
	EXPECT_TRUE(packets) << connection;
	return { expression, true, true, packets.value_or("") };
}

constexpr const char *kSsh = "192.0.2.1 40000 192.0.2.2 22";

TEST(Ssh, leaves_out_both_directions_of_one_connection)
{
	const auto filter = compile(without(kSsh));
	ASSERT_TRUE(filter);
	EXPECT_FALSE(selects(*filter, tcp4(40000, 22)));
	EXPECT_TRUE(selects(*filter, tcp4(40001, 22)));
	EXPECT_TRUE(selects(*filter, tcp4(40001, 40000)));
	for (const uint16_t server_port : { 22, 2222 }) { // before NAT and after
		EXPECT_FALSE(selects(*filter, tcp4(40000, server_port)));
		Packet answer = tcp4(server_port, 40000);
		EXPECT_TRUE(selects(*filter, answer));
		std::swap(answer[15], answer[19]);
		EXPECT_FALSE(selects(*filter, answer));
	}
	EXPECT_TRUE(selects(*filter, tcp6()));
}

TEST(Ssh, leaves_it_out_beside_an_expression)
{
	for (const char *expression :
	     { "tcp", "tcp or udp", "port 22 or port 40001", "not udp", "arp or tcp", "not arp" }) {
		const auto filter = compile(without(kSsh, expression));
		ASSERT_TRUE(filter) << filter.error().message;
		EXPECT_FALSE(selects_of(ETH_P_IP, *filter, tcp4(40000, 22))) << expression;
		EXPECT_TRUE(selects_of(ETH_P_IP, *filter, tcp4(40001, 22))) << expression;
	}
	EXPECT_FALSE(selects(*compile(without(kSsh, "tcp port 443")), tcp4(40001, 22)));
	EXPECT_TRUE(selects_of(ETH_P_ARP, *compile(without(kSsh, "arp or tcp")), arp(1)));
	FilterRequest ipv4 = without(kSsh, "tcp");
	ipv4.ipv6 = false;
	EXPECT_FALSE(selects(*compile(ipv4), tcp4(40000, 22)));
	EXPECT_TRUE(selects(*compile(ipv4), tcp4(40001, 22)));
	EXPECT_FALSE(selects(*compile(ipv4), tcp6()));
}

// Behind such a word libpcap looks for the connection within the tunnel.
TEST(Ssh, is_looked_for_outside_of_tunnels)
{
	const auto filter = compile(without(kSsh, "tcp or geneve 5"));
	ASSERT_TRUE(filter) << filter.error().message;
	EXPECT_FALSE(selects(*filter, tcp4(40000, 22)));
	EXPECT_TRUE(selects(*filter, tcp4(40001, 22)));
}

TEST(Ssh, an_expression_without_it_is_left_as_it_is)
{
	const std::string packets = *ssh_packets(kSsh);
	for (const char *expression : { "icmp", "udp port 53", "ip6", "arp", "arp or icmp" })
		EXPECT_FALSE(can_overlap({ expression }, packets)) << expression;
	for (const char *expression : { "", "tcp", "not tcp port 23", "host 192.0.2.1", "arp or tcp" })
		EXPECT_TRUE(can_overlap({ expression }, packets)) << expression;
	EXPECT_FALSE(can_overlap({ "", false, true }, packets));
	EXPECT_FALSE(can_overlap({ "tcp", false, true }, packets));
	EXPECT_TRUE(can_overlap({ "tcp", true, false }, packets));
}

TEST(Ssh, what_is_wrong_is_told_of_the_expression_alone)
{
	for (const char *wrong : { "tcp and", "tcp) or (udp", "tcp port", "bogus", "tcp and udp",
				   "ether src 52:54:00:12:34:56", "arp and tcp", "arp and ether[0] = 1" }) {
		EXPECT_NE(complaint({ wrong }), "") << wrong;
		EXPECT_EQ(complaint(without(kSsh, wrong)), complaint({ wrong })) << wrong;
	}
}

// Should libpcap ever refuse both together, it is said that it is not the expression alone.
TEST(Ssh, what_cannot_be_left_out_is_said_to_be_so)
{
	EXPECT_EQ(complaint({ "tcp", true, true, "tcp or" }).find("expression 'tcp', without your ssh connection"), 0U)
		<< complaint({ "tcp", true, true, "tcp or" });
}

TEST(Ssh, ipv6_with_a_zone)
{
	EXPECT_TRUE(compile(without("fe80::1%eth0 40000 fe80::2%eth0 22")));
	EXPECT_TRUE(compile(without("fe80::1%eth0 40000 fe80::2%eth0 22", "tcp")));
}

TEST(Ssh, what_is_no_connection_is_left_alone)
{
	for (const char *wrong : { "", "192.0.2.1", "192.0.2.1 40000 192.0.2.2", "a b c d", "192.0.2.1 1) 192.0.2.2 22",
				   "face 1 beef 2", "192.0.2.1 65536 192.0.2.2 22", "192.0.2.1. 1 192.0.2.2 22" })
		EXPECT_FALSE(ssh_packets(wrong)) << wrong;
}

} // namespace
} // namespace ipt
