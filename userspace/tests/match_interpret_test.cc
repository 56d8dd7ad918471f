// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <linux/filter.h>
#include <pcap/pcap.h>

#include "match/code/bytecode.h"
#include "match/code/expression.h"
#include "match/code/interpret.h"
#include "match/code/verify.h"

namespace ipt {
namespace {

using Packet = std::vector<uint8_t>;

Packet ipv4(uint8_t protocol, uint8_t host, uint16_t source, uint16_t destination, uint8_t flags = 0x02)
{
	Packet packet{ 0x45, 0, 0, 48, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, host, 198, 51, 100, 1 };
	for (const uint16_t port : { source, destination }) {
		packet.push_back(static_cast<uint8_t>(port >> 8));
		packet.push_back(static_cast<uint8_t>(port & 0xff));
	}
	packet.resize(48);
	packet[33] = flags;
	return packet;
}

Packet ipv6(uint8_t next, uint8_t host, uint16_t source, uint16_t destination)
{
	Packet packet(40);
	packet[0] = 0x60;
	packet[5] = 20;
	packet[6] = next;
	packet[7] = 64;
	packet[8] = packet[24] = 0x20;
	packet[9] = packet[25] = 0x01;
	packet[23] = host;
	packet[39] = 1;
	for (const uint16_t port : { source, destination }) {
		packet.push_back(static_cast<uint8_t>(port >> 8));
		packet.push_back(static_cast<uint8_t>(port & 0xff));
	}
	packet.resize(60);
	return packet;
}

std::vector<Packet> corpus()
{
	std::vector<Packet> packets;
	for (const uint8_t protocol : { 1, 6, 17, 47, 50, 132 }) {
		for (const uint16_t port : { 22, 53, 80, 443, 8080 }) {
			packets.push_back(ipv4(protocol, 1, 40000, port));
			packets.push_back(ipv4(protocol, 2, port, 40000, 0x12));
			packets.push_back(ipv6(protocol, 1, 40000, port));
		}
	}
	Packet fragment = ipv4(17, 1, 53, 53);
	fragment[6] = 0x00;
	fragment[7] = 0x10;
	packets.push_back(fragment);
	Packet options = ipv4(6, 1, 443, 443);
	options[0] = 0x46;
	options.insert(options.begin() + 20, { 1, 1, 1, 0 });
	packets.push_back(options);
	for (const size_t size : { 0, 1, 9, 10, 19, 20, 21, 23, 33, 39, 40 }) {
		Packet cut = ipv4(6, 1, 40000, 443);
		cut.resize(size);
		packets.push_back(cut);
		cut = ipv6(6, 1, 40000, 443);
		cut.resize(size);
		packets.push_back(cut);
	}
	return packets;
}

std::vector<std::string> expressions()
{
	std::vector<std::string> made{ "ip",
				       "ip6",
				       "tcp",
				       "udp",
				       "icmp",
				       "icmp6",
				       "ip or ip6",
				       "not tcp",
				       "greater 50",
				       "less 50",
				       "ip[0] & 0xf > 5",
				       "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
				       "ip[6:2] & 0x1fff != 0",
				       "ip[8] < 65",
				       "ip[2:2] = 48",
				       "tcp[13] & 2 != 0 and not src net 192.0.2.0/31",
				       "ip6[6] = 17",
				       "portrange 50-60",
				       "udp portrange 400-500",
				       "ip proto 47",
				       "ip proto \\sctp",
				       "len >= 40 and len <= 48",
				       "udp[4:2] = 0",
				       "ip[12:4] & 0xffffff00 = 0xc0000200",
				       "ip[9] * 2 = 12",
				       "ip[9] / 3 = 2",
				       "ip[9] % 5 = 1",
				       "ip[9] - 1 = 5",
				       "ip[9] << 1 = 12",
				       "ip[9] >> 1 = 3",
				       "ip[9] ^ 6 = 0",
				       "ip[9] | 1 = 7",
				       "-ip[9] = 0xfffffffa" };
	for (const char *protocol : { "", "tcp ", "udp ", "sctp " }) {
		for (const char *direction : { "", "src ", "dst " }) {
			for (const int port : { 22, 53, 80, 443, 8080, 40000 })
				made.push_back(std::string(protocol) + direction + "port " + std::to_string(port));
		}
	}
	for (const char *direction : { "", "src ", "dst " }) {
		for (const char *what : { "host 192.0.2.1", "host 192.0.2.2", "net 192.0.2.0/24", "net 198.51.100.0/30",
					  "host 2001::1", "net 2001::/16", "host 203.0.113.7", "net 0.0.0.0/1" }) {
			made.push_back(std::string(direction) + what);
			made.push_back(std::string("not ") + direction + what + " and tcp");
			made.push_back(std::string(direction) + what + " or udp port 53");
			made.push_back(std::string(direction) + what + " and (port 443 or port 22)");
		}
	}
	return made;
}

TEST(Interpret, decides_as_libpcap_does)
{
	const auto packets = corpus();
	const auto all = expressions();
	ASSERT_GE(all.size(), 200U);
	unsigned int matched = 0;
	for (const std::string &text : all) {
		const auto code = compile_expression(text);
		ASSERT_TRUE(code) << code.error().message;
		ASSERT_TRUE(verify(*code)) << text;
		for (const Packet &packet : packets) {
			const auto length = static_cast<uint32_t>(packet.size());
			const auto want = bpf_filter(reinterpret_cast<const bpf_insn *>(code->data()), packet.data(),
						     length, length);
			const Judgement judgement = interpret(*code, packet, length);
			ASSERT_EQ(judgement.value, want) << text << ", packet of " << length << " bytes\n"
							 << disassembly(*code);
			matched += want ? 1 : 0;
		}
	}
	EXPECT_GT(matched, 1000U);
}

Judgement run(const char *bytecode, const Packet &packet, uint32_t length = 0)
{
	const auto code = parse_bytecode(bytecode);
	EXPECT_TRUE(verify(*code)) << bytecode;
	return interpret(*code, packet, length ? length : static_cast<uint32_t>(packet.size()));
}

// One instruction on A = 40, X = 7, and what A is then.
uint32_t calculated(const std::string &instruction)
{
	return run(("4,1 0 0 7,0 0 0 40," + instruction + ",22 0 0 0").c_str(), {}).value;
}

TEST(Interpret, arithmetic)
{
	EXPECT_EQ(calculated("4 0 0 5"), 45U);
	EXPECT_EQ(calculated("12 0 0 0"), 47U);
	EXPECT_EQ(calculated("20 0 0 41"), 0xffffffffU);
	EXPECT_EQ(calculated("28 0 0 0"), 33U);
	EXPECT_EQ(calculated("36 0 0 3"), 120U);
	EXPECT_EQ(calculated("52 0 0 3"), 13U);
	EXPECT_EQ(calculated("60 0 0 0"), 5U);
	EXPECT_EQ(calculated("148 0 0 3"), 1U);
	EXPECT_EQ(calculated("156 0 0 0"), 5U);
	EXPECT_EQ(calculated("68 0 0 3"), 43U);
	EXPECT_EQ(calculated("84 0 0 12"), 8U);
	EXPECT_EQ(calculated("164 0 0 41"), 1U);
	EXPECT_EQ(calculated("100 0 0 4"), 640U);
	EXPECT_EQ(calculated("116 0 0 3"), 5U);
	EXPECT_EQ(calculated("132 0 0 0"), 0xffffffd8U);
	EXPECT_EQ(calculated("135 0 0 0"), 7U);
}

TEST(Interpret, memory_and_both_registers)
{
	// M[3] = 40, M[4] = X = 7; X = M[3], A = M[4], A = A - X.
	EXPECT_EQ(run("8,1 0 0 7,0 0 0 40,2 0 0 3,3 0 0 4,97 0 0 3,96 0 0 4,28 0 0 0,22 0 0 0", {}).value, 7U - 40U);
}

TEST(Interpret, what_the_packet_does_not_have_is_no_match)
{
	const Judgement behind = run("2,48 0 0 20,6 0 0 1", Packet(20));
	EXPECT_EQ(behind.end, CodeEnd::behind_packet);
	EXPECT_EQ(behind.value, 0U);
	EXPECT_EQ(behind.last.at, 0U);
	EXPECT_EQ(run("2,40 0 0 18,6 0 0 1", Packet(20)).end, CodeEnd::returned);
	EXPECT_EQ(run("2,32 0 0 18,6 0 0 1", Packet(20)).end, CodeEnd::behind_packet);
	// It was there, and not captured.
	EXPECT_EQ(run("2,48 0 0 20,6 0 0 1", Packet(20), 60).end, CodeEnd::not_captured);
}

TEST(Interpret, division_by_zero_is_no_match)
{
	const Judgement judgement = run("2,60 0 0 0,6 0 0 1", {});
	EXPECT_EQ(judgement.end, CodeEnd::divided_by_zero);
	EXPECT_EQ(judgement.value, 0U);
}

TEST(Interpret, negative_offsets)
{
	// SKF_NET_OFF + 9, SKF_LL_OFF, and below both.
	EXPECT_EQ(run("2,48 0 0 4293918729,22 0 0 0", ipv4(17, 1, 1, 1)).value, 17U);
	EXPECT_EQ(run("2,48 0 0 4292870144,22 0 0 0", ipv4(17, 1, 1, 1)).end, CodeEnd::needs_kernel);
	EXPECT_EQ(run("2,48 0 0 2147483648,22 0 0 0", ipv4(17, 1, 1, 1)).end, CodeEnd::behind_packet);
}

TEST(Interpret, what_only_the_kernel_knows)
{
	// The protocol of the frame can be told, the mark cannot.
	EXPECT_EQ(run("2,40 0 0 4294963200,22 0 0 0", ipv4(17, 1, 1, 1)).value, 0x0800U);
	EXPECT_EQ(run("2,40 0 0 4294963200,22 0 0 0", ipv6(17, 1, 1, 1)).value, 0x86ddU);
	EXPECT_EQ(run("2,32 0 0 4294963220,22 0 0 0", ipv4(17, 1, 1, 1)).end, CodeEnd::needs_kernel);
}

TEST(Interpret, the_reason_names_the_comparison_and_its_value)
{
	const auto code = parse_bytecode("4,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0");
	const Packet packet = ipv4(17, 1, 1, 1);
	const Judgement judgement = interpret(*code, packet, static_cast<uint32_t>(packet.size()));
	const std::string why = reason(*code, judgement);
	EXPECT_NE(why.find("(001) jeq"), std::string::npos) << why;
	EXPECT_NE(why.find("A is 0x11 (17)"), std::string::npos) << why;

	const std::string cut = reason(*code, interpret(*code, {}, 0));
	EXPECT_NE(cut.find("(000) ldb"), std::string::npos) << cut;
	EXPECT_NE(cut.find("behind the end of the packet"), std::string::npos) << cut;
}

TEST(Interpret, steps_are_kept_on_request)
{
	const auto code = parse_bytecode("4,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0");
	const Packet packet = ipv4(17, 1, 1, 1);
	const auto length = static_cast<uint32_t>(packet.size());
	EXPECT_TRUE(interpret(*code, packet, length).steps.empty());
	const auto steps = interpret(*code, packet, length, true).steps;
	ASSERT_EQ(steps.size(), 3U);
	EXPECT_EQ(steps[1].a, 17U);
	EXPECT_EQ(steps[2].at, 3U);
}

} // namespace
} // namespace ipt
