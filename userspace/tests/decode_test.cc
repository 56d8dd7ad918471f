// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "make_event.h"

// Needs what is above.
#include <linux/netfilter_arp.h>

#include "pipeline/packet.h"

namespace ipt::test {
namespace {

TEST(Decode, takes_each_type_of_event)
{
	PacketMaker packet(1);
	EXPECT_TRUE(std::holds_alternative<Enter>(*decode(bytes_of(packet.enter("raw", 0)))));
	EXPECT_TRUE(std::holds_alternative<Rule>(*decode(bytes_of(packet.rule("INPUT", 3)))));
	EXPECT_TRUE(std::holds_alternative<Leave>(*decode(bytes_of(packet.leave(NF_DROP)))));
}

TEST(Decode, takes_as_many_matches_as_it_says)
{
	PacketMaker packet(1);
	const std::vector<Match> said{
		{ .number = 3, .index = 1, .yes = true, .duration = 0xffffffff },
		{ .number = 70000, .index = 255, .hotdrop = true, .duration = 7, .program = 12 }
	};
	const auto event = decode(bytes_of(packet.matches(said)));
	ASSERT_TRUE(event);
	EXPECT_EQ(std::get<Matches>(*event).match, said);
	EXPECT_EQ(head_of(*event).seq, 1U);
	EXPECT_TRUE(decode(bytes_of(packet.matches(std::vector<Match>(IPT_EVENT_MATCHES_MAX, { .number = 1 })))));
}

TEST(Decode, takes_the_address_of_ethernet_behind_the_matches)
{
	PacketMaker packet(1);
	const EtherAddress source{ 2, 0, 0, 0, 0xab, 1 };
	const auto event = decode(bytes_of(packet.matches_from(source, { { .number = 3 }, { .number = 4 } })));
	ASSERT_TRUE(event);
	EXPECT_EQ(std::get<Matches>(*event).match.size(), 2U);
	EXPECT_EQ(std::get<Matches>(*event).ether_source, source);
	EXPECT_EQ(std::get<Matches>(*decode(bytes_of(packet.matches({ { .number = 3 } })))).ether_source, std::nullopt);
}

TEST(Decode, refuses_matches_that_do_not_add_up)
{
	PacketMaker packet(1);
	const auto refusal = [](const Matches &event, auto change) {
		auto bytes = bytes_of(event);
		change(bytes);
		const auto claimed = static_cast<uint32_t>(bytes.size());
		std::memcpy(bytes.data() + offsetof(Head, size), &claimed, sizeof(claimed));
		const auto decoded = decode(bytes);
		return decoded ? "" : decoded.error().message;
	};
	const auto unchanged = [](auto &) {};
	const Matches two = packet.matches({ { .number = 1 }, { .number = 2 } });
	EXPECT_EQ(refusal(two, unchanged), "");
	for (size_t size = sizeof(Head); size < bytes_of(two).size(); size++)
		EXPECT_NE(refusal(two, [size](auto &bytes) { bytes.resize(size); }), "") << size;
	EXPECT_NE(refusal(two, [](auto &bytes) { bytes.resize(bytes.size() + sizeof(ipt_event_match)); }), "");
	EXPECT_NE(refusal(packet.matches({}), unchanged).find("0 matches"), std::string::npos);
	EXPECT_NE(refusal(packet.matches(std::vector<Match>(IPT_EVENT_MATCHES_MAX + 1, { .number = 1 })), unchanged)
			  .find("65 matches"),
		  std::string::npos);
	EXPECT_NE(refusal(packet.matches({ { .number = 0 } }), unchanged), "");
	const Matches from = packet.matches_from({}, { { .number = 1 } });
	EXPECT_EQ(refusal(from, unchanged), "");
	EXPECT_NE(refusal(from, [](auto &bytes) { bytes.resize(bytes.size() - sizeof(ipt_event_ether)); }), "");
}

TEST(Decode, keeps_the_fields)
{
	PacketMaker packet(7);
	packet.enter("filter", 1);
	const auto event = decode(bytes_of(packet.rule("WEB", 3)));
	ASSERT_TRUE(event);
	const Rule &rule = std::get<Rule>(*event);
	EXPECT_EQ(rule.head.packet, 7U);
	EXPECT_EQ(rule.head.seq, 2U);
	EXPECT_EQ(name_of(rule.head.table), "filter");
	EXPECT_EQ(name_of(rule.chain), "WEB");
	EXPECT_EQ(rule.number, 3U);
}

TEST(Decode, takes_a_longer_event_of_the_same_version)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	enter.head.size += 8;
	auto bytes = bytes_of(enter);
	bytes.resize(bytes.size() + 8);
	EXPECT_TRUE(decode(bytes));
}

TEST(Decode, takes_an_enter_event_without_the_packets_bytes)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	enter.head.size = IPT_EVENT_ENTER_SHORT;
	auto bytes = bytes_of(enter);
	bytes.resize(IPT_EVENT_ENTER_SHORT);
	const auto event = decode(bytes);
	ASSERT_TRUE(event);
	EXPECT_EQ(std::get<Enter>(*event).header_len, 0U);
}

TEST(Decode, keeps_no_more_bytes_than_are_the_packets)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	std::memset(enter.header, 0xee, sizeof(enter.header));
	enter.header_len = 28;
	const auto event = std::get<Enter>(*decode(bytes_of(enter)));
	EXPECT_EQ(event.header[27], 0xee);
	EXPECT_EQ(event.header[28], 0);
	enter.header_len = 4000;
	EXPECT_EQ(std::get<Enter>(*decode(bytes_of(enter))).header_len, sizeof(enter.header));
}

TEST(Decode, refuses_what_is_cut_at_every_length)
{
	const auto whole = bytes_of(PacketMaker(1).enter("raw", 0));
	for (size_t size = 0; size < whole.size(); size++) {
		if (size == IPT_EVENT_ENTER_SHORT || size == IPT_EVENT_ENTER_LEGACY)
			continue;
		auto cut = whole;
		cut.resize(size);
		EXPECT_FALSE(decode(cut)) << size;
		// The same if the head lies to match.
		if (size >= sizeof(Head)) {
			const auto claimed = static_cast<uint32_t>(size);
			std::memcpy(cut.data() + offsetof(Head, size), &claimed, sizeof(claimed));
			EXPECT_FALSE(decode(cut)) << size;
		}
	}
}

// Of nf_tables there is more to tell.
TEST(Decode, refuses_events_of_nf_tables_that_are_as_short_as_others)
{
	PacketMaker p(1);
	const auto refused = [](auto bytes, size_t size) {
		const auto claimed = static_cast<uint32_t>(size);
		bytes.resize(size);
		std::memcpy(bytes.data() + offsetof(Head, size), &claimed, sizeof(claimed));
		return !decode(bytes);
	};
	const auto enter = bytes_of(p.enter_nft(IPT_EVENT_NFT_INET, "t", NF_INET_LOCAL_IN, "c", 1));
	const auto rule = bytes_of(p.rule_nft("c", 2, NF_DROP));
	EXPECT_FALSE(refused(enter, enter.size()));
	EXPECT_FALSE(refused(rule, rule.size()));
	EXPECT_TRUE(refused(enter, IPT_EVENT_ENTER_SHORT));
	EXPECT_TRUE(refused(enter, IPT_EVENT_ENTER_LEGACY));
	EXPECT_TRUE(refused(rule, IPT_EVENT_RULE_LEGACY));
	EXPECT_FALSE(refused(bytes_of(PacketMaker(1).rule("c", 2)), IPT_EVENT_RULE_LEGACY));
}

// What rules took stands at the end, and only if it was asked for.
TEST(Decode, takes_what_rules_took_or_nothing)
{
	PacketMaker p(1);
	const auto decoded = [](auto event, size_t size) {
		event.head.size = static_cast<uint32_t>(size);
		auto bytes = bytes_of(event);
		bytes.resize(size);
		return decode(bytes);
	};
	const Rule rule = p.timed(p.rule("c", 2), 0xffffffff);
	const Leave leave = p.timed(p.leave(NF_DROP), 7);
	EXPECT_TRUE(is_timed(head_of(*decoded(rule, sizeof(rule)))));
	EXPECT_EQ(std::get<Rule>(*decoded(rule, sizeof(rule))).net, 0xffffffff);
	EXPECT_EQ(std::get<Leave>(*decoded(leave, sizeof(leave))).net, 7U);
	// A short one that claims to say it does not.
	EXPECT_FALSE(is_timed(head_of(*decoded(rule, IPT_EVENT_RULE_LEGACY))));
	EXPECT_FALSE(is_timed(head_of(*decoded(leave, IPT_EVENT_LEAVE_UNTIMED))));
	EXPECT_EQ(std::get<Leave>(*decoded(leave, IPT_EVENT_LEAVE_UNTIMED)).net, 0U);
	EXPECT_FALSE(decoded(leave, IPT_EVENT_LEAVE_UNTIMED + 4));
	// That much has one of nf_tables to say, too.
	Leave of_nft = leave;
	of_nft.head.nft_family = IPT_EVENT_NFT_INET;
	EXPECT_TRUE(decoded(of_nft, IPT_EVENT_LEAVE_UNTIMED));
}

// One wrong field at a time.
template <typename Change>
std::string refusal(Change change)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	change(enter);
	const auto event = decode(bytes_of(enter));
	return event ? "" : event.error().message;
}

TEST(Decode, names_what_is_wrong)
{
	EXPECT_NE(refusal([](Enter &e) { e.head.version = 9; }).find("version 9"), std::string::npos);
	EXPECT_NE(refusal([](Enter &e) { e.head.type = 9; }).find("type 9"), std::string::npos);
	EXPECT_NE(refusal([](Enter &e) { e.head.family = 7; }).find("family 7"), std::string::npos);
	EXPECT_NE(refusal([](Enter &e) { e.head.hook = 5; }).find("hook 5"), std::string::npos);
	EXPECT_NE(refusal([](Enter &e) { e.head.size = 4; }).find("4 bytes"), std::string::npos);
}

// ARP has but two hooks, which it counts by itself.
TEST(Decode, hooks_of_arp_are_those_of_ip_that_mean_the_same)
{
	PacketMaker p(1);
	p.head().family = NFPROTO_ARP;
	const Enter in = p.enter_nft(IPT_EVENT_NFT_ARP, "filter", NF_ARP_IN, "INPUT", 1);
	const Rule rule = p.rule_nft("INPUT", 2, NF_ACCEPT);
	const Matches matches = p.matches({ { .number = 1 } });
	const Leave leave = p.leave(NF_ACCEPT);
	const Enter out = p.enter_nft(IPT_EVENT_NFT_ARP, "filter", NF_ARP_OUT, "OUTPUT", 1);
	EXPECT_EQ(head_of(*decode(bytes_of(in))).hook, NF_INET_LOCAL_IN);
	EXPECT_EQ(head_of(*decode(bytes_of(rule))).hook, NF_INET_LOCAL_IN);
	EXPECT_EQ(head_of(*decode(bytes_of(matches))).hook, NF_INET_LOCAL_IN);
	EXPECT_EQ(head_of(*decode(bytes_of(leave))).hook, NF_INET_LOCAL_IN);
	EXPECT_EQ(head_of(*decode(bytes_of(out))).hook, NF_INET_LOCAL_OUT);
}

TEST(Decode, refuses_arp_where_it_cannot_be)
{
	const auto arp = [](uint8_t hook, uint8_t nft_family) {
		PacketMaker p(1);
		p.head().family = NFPROTO_ARP;
		const auto event = decode(bytes_of(p.enter_nft(nft_family, "t", hook, "c", 1)));
		return event ? "" : event.error().message;
	};
	EXPECT_EQ(arp(NF_ARP_OUT, IPT_EVENT_NFT_ARP), "");
	EXPECT_NE(arp(NF_ARP_FORWARD, IPT_EVENT_NFT_ARP).find("hook 2"), std::string::npos);
	EXPECT_NE(arp(NF_ARP_IN, IPT_EVENT_NFT_INET), "");
	EXPECT_NE(arp(NF_ARP_IN, 0), "");
	EXPECT_NE(refusal([](Enter &e) { e.head.nft_family = IPT_EVENT_NFT_ARP; }), "");
}

TEST(Decode, refuses_events_without_numbers_and_names_without_end)
{
	EXPECT_NE(refusal([](Enter &e) { e.head.packet = 0; }), "");
	EXPECT_NE(refusal([](Enter &e) { e.head.seq = 0; }), "");
	EXPECT_NE(refusal([](Enter &e) { e.head.traversal = 0; }), "");
	EXPECT_NE(refusal([](Enter &e) { std::memset(e.head.table, 'x', sizeof(e.head.table)); }), "");
	EXPECT_NE(refusal([](Enter &e) { std::memset(e.in.name, 'x', sizeof(e.in.name)); }), "");
	EXPECT_NE(refusal([](Enter &e) { std::memset(e.out.name, 'x', sizeof(e.out.name)); }), "");
	EXPECT_NE(refusal([](Enter &e) { std::memset(e.owner.comm, 'x', sizeof(e.owner.comm)); }), "");
	EXPECT_EQ(refusal([](Enter &) {}), "");
}

TEST(Decode, names_cannot_speak_to_the_terminal)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	set_name(enter.in.name, "a\033[31m\x7f");
	set_name(enter.owner.comm, "b\033[31m");
	const auto event = decode(bytes_of(enter));
	ASSERT_TRUE(event);
	EXPECT_EQ(name_of(std::get<Enter>(*event).in.name), "a?[31m?");
	EXPECT_EQ(name_of(std::get<Enter>(*event).owner.comm), "b?[31m");
}

TEST(Decode, names_cannot_speak_to_the_terminal_beyond_ascii_either)
{
	Enter enter = PacketMaker(1).enter("raw", 0);
	set_name(enter.in.name, "e\xc2\x9b"
				"31m\xc3\x9b\x9b");
	const auto event = decode(bytes_of(enter));
	ASSERT_TRUE(event);
	EXPECT_EQ(name_of(std::get<Enter>(*event).in.name), "e??31m\xc3\x9b?");
}

} // namespace
} // namespace ipt::test
