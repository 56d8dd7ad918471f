// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstring>
#include <linux/netfilter.h>

#include "event/arp.h"
#include "event/names.h"
#include "event/parse.h"

namespace {

// Whatever is read has to be the packet's.
struct Bounds {
	const uint8_t *begin = nullptr;
	const uint8_t *end = nullptr;
	bool strayed = false;
};
Bounds bounds;

int read_within(void *to, size_t size, const uint8_t *from)
{
	bounds.strayed |= from < bounds.begin || from + size > bounds.end;
	std::memcpy(to, from, size);
	return 0;
}

} // namespace

// As the programs have it, with a helper of our own in the place of the kernel's.
#define READ_AT(to, size, from) read_within(to, size, from)
#include "parse_packet.h"

namespace ipt {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes left, const Bytes &right)
{
	left.insert(left.end(), right.begin(), right.end());
	return left;
}

// 192.0.2.1 > 198.51.100.2, id 0x1234, ttl 61, tos 0x10.
Bytes ipv4(uint8_t protocol, uint16_t fragment = 0, const Bytes &options = {})
{
	const auto words = static_cast<uint8_t>(5 + options.size() / 4);
	return Bytes{ static_cast<uint8_t>(0x40 | words),
		      0x10,
		      0,
		      0,
		      0x12,
		      0x34,
		      static_cast<uint8_t>(fragment >> 8),
		      static_cast<uint8_t>(fragment),
		      61,
		      protocol,
		      0,
		      0,
		      192,
		      0,
		      2,
		      1,
		      198,
		      51,
		      100,
		      2 } +
	       options;
}

// 2001:db8::1 > 2001:db8::2, hop limit 62, traffic class 0xa5.
Bytes ipv6(uint8_t next)
{
	Bytes bytes{ 0x6a, 0x50, 0, 0, 0, 0, next, 62 };
	for (const uint8_t last : { 1, 2 })
		bytes = bytes + Bytes{ 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last };
	return bytes;
}

Bytes tcp(uint16_t flags)
{
	Bytes bytes{ 0x9c, 0x40, 0x01, 0xbb };
	bytes.resize(12);
	return bytes + Bytes{ static_cast<uint8_t>(0x50 | flags >> 8), static_cast<uint8_t>(flags), 0, 0, 0, 0, 0, 0 };
}

const Bytes kUdp{ 0x00, 0x35, 0xff, 0xfe, 0, 8, 0, 0 };
const Bytes kEchoRequest{ 8, 0, 0, 0, 0x01, 0x02, 0x03, 0x04 };

PacketFields parsed(uint8_t family, const Bytes &bytes)
{
	// What is not the packet's must not be looked at.
	uint8_t header[IPT_EVENT_HEADER_LEN];
	std::memset(header, 0xee, sizeof(header));
	const size_t length = std::min(bytes.size(), sizeof(header));
	std::copy_n(bytes.begin(), length, header);
	bounds = { header, header + length };
	PacketFields packet{};
	parse_header(&packet, family, header, static_cast<uint32_t>(length));
	EXPECT_FALSE(bounds.strayed) << "read outside of the packet";

	// The reader of walks takes it the same way.
	const PacketFields again = parse_packet(family, bytes);
	EXPECT_EQ(std::memcmp(&packet, &again, sizeof(packet)), 0);
	packet.length = static_cast<uint32_t>(bytes.size());
	return packet;
}

PacketFields parsed4(const Bytes &bytes)
{
	return parsed(NFPROTO_IPV4, bytes);
}

PacketFields parsed6(const Bytes &bytes)
{
	return parsed(NFPROTO_IPV6, bytes);
}

TEST(ParsePacket, ipv4_header)
{
	const PacketFields packet = parsed4(ipv4(6) + tcp(0x002));
	EXPECT_EQ(address_text(NFPROTO_IPV4, packet.source), "192.0.2.1");
	EXPECT_EQ(address_text(NFPROTO_IPV4, packet.destination), "198.51.100.2");
	EXPECT_EQ(packet.protocol, 6);
	EXPECT_EQ(packet.id, 0x1234U);
	EXPECT_EQ(packet.ttl, 61);
	EXPECT_EQ(packet.tos, 0x10);
	EXPECT_EQ(packet.length, 40U);
	EXPECT_EQ(packet.fields, IPT_EVENT_ID | IPT_EVENT_PORTS | IPT_EVENT_TCP);
}

const Bytes kArp{ 0,   1, 8, 0, 6, 4, 0, 2, 0x52, 0x54, 0,   0x12, 0x34, 0x56,
		  192, 0, 2, 1, 2, 3, 4, 5, 6,	  7,	198, 51,   100,	 2 };

TEST(ParsePacket, arp_header)
{
	const PacketFields packet = parsed(NFPROTO_ARP, kArp);
	EXPECT_EQ(packet_text(NFPROTO_ARP, packet), "ARP, Reply 192.0.2.1 is-at 52:54:00:12:34:56 len 28");
	EXPECT_EQ(arp_ends_text(packet), "192.0.2.1 at 52:54:00:12:34:56 > 198.51.100.2 at 02:03:04:05:06:07");
	EXPECT_EQ(arp_of(packet), (Arp{ 2, 1, 0x0800, 6, 4 }));
	EXPECT_EQ(packet.fields, IPT_EVENT_ARP);
	EXPECT_EQ(packet.protocol, 0);
	EXPECT_EQ(packet.ttl, 0);
	// Padded by a link.
	const PacketFields padded = parsed(NFPROTO_ARP, kArp + Bytes(18, 0xaa));
	EXPECT_EQ(padded.length, 46U);
	EXPECT_EQ(arp_ends_text(padded), arp_ends_text(packet));
}

TEST(ParsePacket, arp_that_says_more_than_there_is)
{
	for (size_t size = 0; size < kArp.size(); size++) {
		const PacketFields packet =
			parsed(NFPROTO_ARP, Bytes(kArp.begin(), kArp.begin() + static_cast<long>(size)));
		EXPECT_EQ(packet.fields, IPT_EVENT_CUT) << size;
		EXPECT_EQ(arp_of(packet).operation, size < 8 ? 0 : 2) << size;
	}
}

TEST(ParsePacket, arp_of_other_hardware_has_no_addresses_that_are_known)
{
	for (const size_t at : { 1U, 3U, 4U, 5U }) {
		Bytes other = kArp;
		other[at] = 20;
		const PacketFields packet = parsed(NFPROTO_ARP, other);
		EXPECT_EQ(packet.fields, 0) << at;
		EXPECT_EQ(packet.source[0], 0) << at;
	}
}

TEST(ParsePacket, ipv6_header)
{
	const PacketFields packet = parsed6(ipv6(6) + tcp(0x010));
	EXPECT_EQ(address_text(NFPROTO_IPV6, packet.source), "2001:db8::1");
	EXPECT_EQ(address_text(NFPROTO_IPV6, packet.destination), "2001:db8::2");
	EXPECT_EQ(packet.ttl, 62);
	EXPECT_EQ(packet.tos, 0xa5);
	EXPECT_EQ(packet.source_port, 40000);
	EXPECT_EQ(packet.destination_port, 443);
	EXPECT_EQ(packet.fields, IPT_EVENT_PORTS | IPT_EVENT_TCP);
}

TEST(ParsePacket, each_tcp_flag)
{
	for (unsigned bit = 0; bit < 9; bit++) {
		const auto flag = static_cast<uint16_t>(1U << bit);
		EXPECT_EQ(parsed4(ipv4(6) + tcp(flag)).tcp_flags, flag);
	}
	// The reserved bits are not flags.
	EXPECT_EQ(parsed4(ipv4(6) + tcp(0xe12)).tcp_flags, 0x012);
}

TEST(ParsePacket, ports_of_all_protocols_that_have_them)
{
	for (const uint8_t protocol : { 17, 136, 132, 33 }) {
		const PacketFields packet = parsed4(ipv4(protocol) + kUdp);
		EXPECT_EQ(packet.source_port, 53) << int{ protocol };
		EXPECT_EQ(packet.destination_port, 65534) << int{ protocol };
		EXPECT_EQ(packet.fields, IPT_EVENT_ID | IPT_EVENT_PORTS);
	}
}

TEST(ParsePacket, protocols_without_ports_are_packets_too)
{
	for (const uint8_t protocol : { 47, 50, 89, 4, 253 }) {
		const PacketFields packet = parsed4(ipv4(protocol) + kUdp);
		EXPECT_EQ(packet.protocol, protocol);
		EXPECT_EQ(packet.fields, IPT_EVENT_ID);
	}
}

TEST(ParsePacket, icmp)
{
	const PacketFields echo = parsed4(ipv4(1) + kEchoRequest);
	EXPECT_EQ(echo.icmp_type, 8);
	EXPECT_EQ(echo.echo_id, 0x0102);
	EXPECT_EQ(echo.echo_seq, 0x0304);
	EXPECT_EQ(echo.fields, IPT_EVENT_ID | IPT_EVENT_ICMP | IPT_EVENT_ECHO);
	const PacketFields unreachable = parsed4(ipv4(1) + Bytes{ 3, 3, 0, 0, 0, 0, 0, 0 });
	EXPECT_EQ(unreachable.icmp_type, 3);
	EXPECT_EQ(unreachable.icmp_code, 3);
	EXPECT_EQ(unreachable.fields, IPT_EVENT_ID | IPT_EVENT_ICMP);
	const PacketFields echo6 = parsed6(ipv6(58) + Bytes{ 129, 0, 0, 0, 0, 9, 0, 1 });
	EXPECT_EQ(echo6.icmp_type, 129);
	EXPECT_EQ(echo6.echo_id, 9);
	EXPECT_EQ(echo6.fields, IPT_EVENT_ICMP | IPT_EVENT_ECHO);
}

TEST(ParsePacket, ipv4_options_are_skipped)
{
	const PacketFields packet = parsed4(ipv4(17, 0, Bytes(8, 1)) + kUdp);
	EXPECT_EQ(packet.source_port, 53);
	EXPECT_EQ(packet.fields, IPT_EVENT_ID | IPT_EVENT_PORTS | IPT_EVENT_EXTENDED);
}

TEST(ParsePacket, ipv4_fragments)
{
	const PacketFields first = parsed4(ipv4(17, 0x2000) + kUdp);
	EXPECT_EQ(first.source_port, 53);
	EXPECT_EQ(first.fields, IPT_EVENT_ID | IPT_EVENT_PORTS | IPT_EVENT_FRAGMENT | IPT_EVENT_MORE);
	const PacketFields middle = parsed4(ipv4(17, 0x2000 | 185) + kUdp);
	EXPECT_EQ(middle.fragment_offset, 1480);
	EXPECT_EQ(middle.fields, IPT_EVENT_ID | IPT_EVENT_FRAGMENT | IPT_EVENT_MORE);
	const PacketFields last = parsed4(ipv4(17, 185) + kUdp);
	EXPECT_EQ(last.fields, IPT_EVENT_ID | IPT_EVENT_FRAGMENT);
	EXPECT_EQ(last.source_port, 0);
	// "Do not fragment" is no fragment.
	EXPECT_EQ(parsed4(ipv4(17, 0x4000) + kUdp).fields, IPT_EVENT_ID | IPT_EVENT_PORTS);
}

TEST(ParsePacket, ipv6_extension_headers_are_skipped)
{
	const Bytes hop{ 43, 0, 0, 0, 0, 0, 0, 0 };
	const Bytes routing{ 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const Bytes options{ 51, 0, 0, 0, 0, 0, 0, 0 };
	// Its length counts words of four bytes, two less than there are.
	const Bytes authentication{ 17, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const PacketFields packet = parsed6(ipv6(0) + hop + routing + options + authentication + kUdp);
	EXPECT_EQ(packet.protocol, 17);
	EXPECT_EQ(packet.source_port, 53);
	EXPECT_EQ(packet.fields, IPT_EVENT_PORTS | IPT_EVENT_EXTENDED | IPT_EVENT_AH);
}

// ipv6_ext_hdr() of net/ipv6/exthdrs_core.c does not know it.
TEST(ParsePacket, ipv6_mobility_header_is_a_protocol)
{
	const PacketFields packet =
		parsed6(ipv6(60) + Bytes{ 135, 0, 0, 0, 0, 0, 0, 0 } + Bytes{ 59, 0, 5, 0, 0, 0, 0, 0 });
	EXPECT_EQ(packet.protocol, IPPROTO_MH);
	EXPECT_EQ(packet.fields, IPT_EVENT_EXTENDED);
}

TEST(ParsePacket, ipv6_fragments)
{
	const Bytes first_header{ 17, 0, 0x00, 0x01, 0, 0, 0x12, 0x34 };
	const PacketFields first = parsed6(ipv6(44) + first_header + kUdp);
	EXPECT_EQ(first.source_port, 53);
	EXPECT_EQ(first.id, 0x1234U);
	EXPECT_EQ(first.fields,
		  IPT_EVENT_ID | IPT_EVENT_PORTS | IPT_EVENT_FRAGMENT | IPT_EVENT_MORE | IPT_EVENT_EXTENDED);
	// The payload of a later one looks like another extension header, and is none.
	const Bytes later_header{ 0, 0, 0x05, 0xc8, 0, 0, 0x12, 0x34 };
	const PacketFields later = parsed6(ipv6(44) + later_header + Bytes{ 17, 0, 0, 0, 0, 0, 0, 0 } + kUdp);
	EXPECT_EQ(later.fragment_offset, 1480);
	EXPECT_EQ(later.fields, IPT_EVENT_ID | IPT_EVENT_FRAGMENT | IPT_EVENT_EXTENDED);
	EXPECT_EQ(later.protocol, 0);
}

TEST(ParsePacket, what_is_cut_off_is_not_made_up)
{
	const Bytes whole = ipv4(6) + tcp(0x002);
	for (size_t length = 0; length < whole.size(); length++) {
		const PacketFields packet = parsed4({ whole.begin(), whole.begin() + static_cast<long>(length) });
		const bool has_flags = length >= 34;
		const bool has_ports = length >= 24;
		EXPECT_EQ(!has_flags, (packet.fields & IPT_EVENT_CUT) != 0) << length;
		EXPECT_EQ(has_flags, (packet.fields & IPT_EVENT_TCP) != 0) << length;
		EXPECT_EQ(has_ports, (packet.fields & IPT_EVENT_PORTS) != 0) << length;
		EXPECT_EQ(packet.destination_port, has_ports ? 443 : 0) << length;
	}
}

TEST(ParsePacket, cut_at_every_length_stays_inside)
{
	const Bytes hop{ 44, 0, 0, 0, 0, 0, 0, 0 };
	const Bytes fragment{ 58, 0, 0, 0, 0, 0, 0, 0 };
	const Bytes whole = ipv6(0) + hop + fragment + kEchoRequest;
	for (size_t length = 0; length < whole.size(); length++)
		EXPECT_TRUE(parsed6({ whole.begin(), whole.begin() + static_cast<long>(length) }).fields &
			    IPT_EVENT_CUT)
			<< length;
	EXPECT_FALSE(parsed6(whole).fields & IPT_EVENT_CUT);
}

TEST(ParsePacket, extension_headers_longer_than_what_was_copied)
{
	const PacketFields packet = parsed6(ipv6(0) + Bytes{ 17, 255, 0, 0, 0, 0, 0, 0 } + Bytes(2100));
	EXPECT_EQ(packet.fields, IPT_EVENT_EXTENDED | IPT_EVENT_CUT);
	EXPECT_EQ(packet.length, 2148U);
}

TEST(ParsePacket, more_extension_headers_than_anybody_sends)
{
	Bytes bytes = ipv6(60);
	for (int i = 0; i < 11; i++)
		bytes = bytes + Bytes{ 60, 0, 0, 0, 0, 0, 0, 0 };
	const PacketFields packet = parsed6(bytes);
	EXPECT_EQ(packet.protocol, 60);
	EXPECT_TRUE(packet.fields & IPT_EVENT_EXTENDED);
}

TEST(ParsePacket, states_of_connections)
{
	const auto connection = [](uint8_t state) {
		PacketFields packet{};
		set_connection(packet, state);
		return std::pair<int, int>(packet.connection, packet.reply);
	};
	EXPECT_EQ(connection(0), std::pair(int{ IPT_EVENT_CT_ESTABLISHED }, 0));
	EXPECT_EQ(connection(1), std::pair(int{ IPT_EVENT_CT_RELATED }, 0));
	EXPECT_EQ(connection(2), std::pair(int{ IPT_EVENT_CT_NEW }, 0));
	EXPECT_EQ(connection(3), std::pair(int{ IPT_EVENT_CT_ESTABLISHED }, 1));
	EXPECT_EQ(connection(4), std::pair(int{ IPT_EVENT_CT_RELATED }, 1));
	EXPECT_EQ(connection(7), std::pair(int{ IPT_EVENT_CT_UNTRACKED }, 0));
	EXPECT_EQ(connection(255), std::pair(int{ IPT_EVENT_CT_NONE }, 0));
}

} // namespace
} // namespace ipt
