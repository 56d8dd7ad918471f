// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>
#include <pcap/pcap.h>

#include "match/capture/capture.h"
#include "match/command/test.h"
#include "match/packet/describe.h"
#include "match/tables/found.h"
#include "xt_ebpf.h"

namespace ipt {
namespace {

constexpr sock_filter kReturn{ BPF_RET | BPF_K, 0, 0, 1 };

template <typename Info>
FoundRule read(uint8_t revision, const Info &info, size_t size)
{
	FoundRule rule;
	read_blob(revision, &info, size, rule);
	return rule;
}

TEST(Blob, revision_0)
{
	xt_bpf_info info{};
	info.bpf_program_num_elem = 1;
	info.bpf_program[0] = kReturn;
	const FoundRule rule = read(0, info, offsetof(xt_bpf_info, filter));
	EXPECT_EQ(rule.kind, BlobKind::bytecode);
	ASSERT_EQ(rule.code.size(), 1U);
	EXPECT_EQ(rule.code[0].k, 1U);
}

TEST(Blob, revision_1)
{
	xt_bpf_info_v1 info{};
	info.mode = XT_BPF_MODE_PATH_PINNED;
	strcpy(info.path, "/sys/fs/bpf/x");
	FoundRule rule = read(1, info, offsetof(xt_bpf_info_v1, filter));
	EXPECT_EQ(rule.kind, BlobKind::pinned);
	EXPECT_EQ(rule.text, "/sys/fs/bpf/x");
	info.mode = XT_BPF_MODE_FD_ELF;
	EXPECT_EQ(read(1, info, sizeof(info)).kind, BlobKind::descriptor);
	info.mode = 9;
	EXPECT_EQ(read(1, info, sizeof(info)).kind, BlobKind::unknown);
}

TEST(Blob, revision_2)
{
	xt_ebpf_info info{};
	info.source = XT_EBPF_EXPRESSION;
	info.flags = XT_EBPF_F_INVERT;
	info.num_insns = 1;
	info.text_len = 3;
	info.handle = 7;
	std::memcpy(info.data, &kReturn, sizeof(kReturn));
	std::memcpy(info.data + sizeof(kReturn), "tcp", 3);
	const FoundRule rule = read(2, info, offsetof(xt_ebpf_info, rule));
	EXPECT_EQ(rule.kind, BlobKind::expression);
	EXPECT_EQ(rule.text, "tcp");
	EXPECT_EQ(rule.code.size(), 1U);
	EXPECT_EQ(rule.handle, 7U);
	EXPECT_TRUE(rule.inverted);
	EXPECT_FALSE(rule.stored);
}

// What a later version, or nobody, has written.
TEST(Blob, lengths_that_do_not_fit_are_not_believed)
{
	xt_bpf_info v0{};
	v0.bpf_program_num_elem = 0xffff;
	EXPECT_EQ(read(0, v0, sizeof(v0)).code.size(), static_cast<size_t>(XT_BPF_MAX_NUM_INSTR));
	xt_bpf_info_v1 v1{};
	v1.mode = XT_BPF_MODE_PATH_PINNED;
	std::memset(v1.path, 'x', sizeof(v1.path));
	EXPECT_EQ(read(1, v1, sizeof(v1)).text.size(), sizeof(v1.path));
	xt_ebpf_info v2{};
	v2.source = XT_EBPF_EXPRESSION;
	v2.num_insns = 0xffff;
	v2.text_len = 0xffff;
	EXPECT_TRUE(read(2, v2, sizeof(v2)).code.empty());
	EXPECT_EQ(read(2, v2, 8).kind, BlobKind::unknown);
	EXPECT_EQ(read(77, v2, sizeof(v2)).kind, BlobKind::unknown);
}

using Bytes = std::vector<uint8_t>;

Bytes udp4(uint16_t port)
{
	Bytes packet{
		0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, 0, 0, 8, 0, 0
	};
	packet[22] = static_cast<uint8_t>(port >> 8);
	packet[23] = static_cast<uint8_t>(port & 0xff);
	return packet;
}

Bytes behind(Bytes head, const Bytes &packet)
{
	for (const uint8_t byte : packet)
		head.push_back(byte);
	return head;
}

// The IP packets in a capture of these frames, as text; and how many others there were.
std::string captured(int link, const std::vector<Bytes> &frames, uint32_t longer = 0)
{
	const std::string path = testing::TempDir() + "iptables-bpf-test.pcap";
	pcap_t *pcap = pcap_open_dead(link, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path.c_str());
	for (const Bytes &frame : frames) {
		pcap_pkthdr head{};
		head.caplen = static_cast<uint32_t>(frame.size());
		head.len = head.caplen + longer;
		pcap_dump(reinterpret_cast<u_char *>(dumper), &head, frame.data());
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
	auto capture = Capture::open(path);
	std::remove(path.c_str());
	if (!capture)
		return capture.error().message;
	std::string text;
	CapturedPacket packet;
	while (*capture->next(packet))
		text += std::to_string(packet.number) + ": " + describe_packet(packet.bytes) + " " +
			std::to_string(packet.length) + "\n";
	return text + std::to_string(capture->others());
}

const char *const kFirst = "1: udp 192.0.2.1:40000 > 192.0.2.2:53 28\n";

TEST(Capture, finds_the_ip_header_behind_each_link)
{
	const Bytes packet = udp4(53);
	EXPECT_EQ(captured(DLT_RAW, { packet }), std::string(kFirst) + "0");
	EXPECT_EQ(captured(DLT_EN10MB, { behind({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0 }, packet) }),
		  std::string(kFirst) + "0");
	EXPECT_EQ(captured(DLT_EN10MB,
			   { behind({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0, 5, 8, 0 }, packet) }),
		  std::string(kFirst) + "0");
	EXPECT_EQ(captured(DLT_LINUX_SLL, { behind({ 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0 }, packet) }),
		  std::string(kFirst) + "0");
	EXPECT_EQ(captured(DLT_LINUX_SLL2,
			   { behind({ 8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0 }, packet) }),
		  std::string(kFirst) + "0");
	EXPECT_EQ(captured(DLT_NULL, { behind({ 2, 0, 0, 0 }, packet) }), std::string(kFirst) + "0");
}

TEST(Capture, counts_what_is_no_ip)
{
	const Bytes arp = behind({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 6 }, Bytes(28));
	const Bytes cut{ 1, 2, 3 };
	const Bytes tags{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0 };
	EXPECT_EQ(captured(DLT_EN10MB, { arp, cut, tags }), "3");
}

TEST(Capture, knows_what_a_packet_had_on_the_wire)
{
	EXPECT_NE(captured(DLT_RAW, { udp4(53) }, 100).find(":53 128\n"), std::string::npos);
}

TEST(Capture, other_links_are_named)
{
	EXPECT_NE(captured(DLT_IEEE802_11, { udp4(53) }).find("IEEE802_11, where no IP header can be found"),
		  std::string::npos);
	EXPECT_NE(Capture::open("/nowhere.pcap").error().message.find("/nowhere.pcap"), std::string::npos);
}

TEST(Describe, addresses_and_ports)
{
	Bytes six(48);
	six[0] = 0x60;
	six[6] = 6;
	six[23] = 1;
	six[39] = 2;
	six[41] = 80;
	EXPECT_EQ(describe_packet(six), "tcp [::1]:80 > [::2]:0");
	Bytes fragment = udp4(53);
	fragment[7] = 1;
	EXPECT_EQ(describe_packet(fragment), "udp 192.0.2.1 > 192.0.2.2 fragment");
	fragment[9] = 89;
	EXPECT_EQ(describe_packet(fragment), "protocol 89 192.0.2.1 > 192.0.2.2 fragment");
	EXPECT_EQ(describe_packet(Bytes(7)), "7 bytes of a header");
}

TEST(TestSource, is_told_by_its_looks)
{
	EXPECT_EQ(test_source("/sys/fs/bpf/x"), TestSource::pin_or_object);
	EXPECT_EQ(test_source("x.bpf.o"), TestSource::pin_or_object);
	EXPECT_EQ(test_source("1,6 0 0 1"), TestSource::bytecode);
	EXPECT_EQ(test_source("12\n6 0 0 1"), TestSource::bytecode);
	EXPECT_EQ(test_source("tcp port 443"), TestSource::expression);
	EXPECT_EQ(test_source("192.0.2.1"), TestSource::expression);
}

} // namespace
} // namespace ipt
