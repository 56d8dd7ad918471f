// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <pcap/pcap.h>

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

TEST(Ssh, leaves_out_both_directions_of_one_connection)
{
	const auto expression = without_ssh("192.0.2.1 40000 192.0.2.2 22");
	ASSERT_TRUE(expression);
	const auto filter = compile({ *expression });
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

TEST(Ssh, ipv6_with_a_zone)
{
	const auto expression = without_ssh("fe80::1%eth0 40000 fe80::2%eth0 22");
	ASSERT_TRUE(expression);
	EXPECT_TRUE(compile({ *expression }));
}

TEST(Ssh, what_is_no_connection_is_left_alone)
{
	for (const char *wrong :
	     { "", "192.0.2.1", "192.0.2.1 40000 192.0.2.2", "a b c d", "192.0.2.1 1) 192.0.2.2 22" })
		EXPECT_FALSE(without_ssh(wrong)) << wrong;
}

} // namespace
} // namespace ipt
