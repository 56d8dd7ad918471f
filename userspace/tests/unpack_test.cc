// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "make_walk.h"

namespace ipt::test {
namespace {

// NAT in the third rule of the second walk of a packet.
struct Sample {
	PacketMaker p{ 7 };
	Enter enter;
	std::vector<Rule> rules;
	Leave leave{};

	Sample()
	{
		p.head().cpu = 3;
		p.head().missed = 4;
		p.lose(5);
		p.fields().connection = IPT_EVENT_CT_NEW;
		enter = p.enter("nat", NF_INET_PRE_ROUTING);
		enter.priority = -100;
		enter.owner.uid = 1000;
		enter.head.flags |= IPT_EVENT_OWNED;
		rules.push_back(p.rule("PREROUTING", 2));
		p.fields().mark = 9;
		rules.push_back(p.rule("WEB", 70000));
		rules.back().mark = 9;
		rules.push_back(p.rule("WEB", 70001, IPT_EVENT_KIND_RETURN));
		p.fields().destination[3] = 77;
		p.fields().destination_port = 8080;
		p.fields().ttl = 63;
		leave = p.leave(NF_ACCEPT);
		leave.duration = leave.head.time - enter.head.time;
	}

	WalkRecord record() const { return walk_record(enter, rules, leave); }
};

std::vector<Event> unpacked(const WalkRecord &record)
{
	std::vector<Event> events;
	const auto status = unpack(record.bytes(), events);
	EXPECT_TRUE(status) << status.error().message;
	return events;
}

std::string refusal(const std::vector<std::byte> &bytes)
{
	std::vector<Event> events(1, PacketMaker(1).leave(NF_DROP));
	const auto status = unpack(bytes, events);
	EXPECT_EQ(events.size(), status ? events.size() : 1U) << "something of it has been appended";
	return status ? "" : status.error().message;
}

template <typename T>
void expect_same(const Event &actual, const T &expected)
{
	ASSERT_TRUE(std::holds_alternative<T>(actual));
	const T &event = std::get<T>(actual);
	EXPECT_EQ(std::memcmp(&event.head, &expected.head, sizeof(Head)), 0) << int{ expected.head.type };
}

TEST(Unpack, a_walk_is_the_events_that_it_is_made_of)
{
	const Sample s;
	const auto events = unpacked(s.record());
	ASSERT_EQ(events.size(), 5U);
	expect_same(events[0], s.enter);
	for (size_t i = 0; i < 3; i++) {
		expect_same(events[i + 1], s.rules[i]);
		EXPECT_EQ(std::memcmp(&std::get<Rule>(events[i + 1]), &s.rules[i], sizeof(Rule)), 0) << i;
	}
	expect_same(events[4], s.leave);

	const Enter &enter = std::get<Enter>(events[0]);
	EXPECT_EQ(std::memcmp(&enter.packet, &s.enter.packet, sizeof(PacketFields)), 0);
	EXPECT_EQ(name_of(enter.in.name), "eth0");
	EXPECT_EQ(enter.in.ifindex, 2U);
	EXPECT_EQ(enter.out.ifindex, 0U);
	EXPECT_EQ(enter.priority, -100);
	EXPECT_EQ(enter.owner.uid, 1000U);
	EXPECT_EQ(enter.header_len, 40U);
	EXPECT_EQ(enter.header[9], IPPROTO_TCP);
	const Leave &leave = std::get<Leave>(events[4]);
	EXPECT_EQ(std::memcmp(&leave.packet, &s.leave.packet, sizeof(PacketFields)), 0);
	EXPECT_EQ(leave.duration, s.leave.duration);
	EXPECT_EQ(leave.verdict, uint32_t{ NF_ACCEPT });
}

TEST(Unpack, a_packet_that_has_not_changed_has_its_header_once)
{
	Sample s;
	s.leave.packet = s.enter.packet;
	s.leave.packet.mark = 9;
	const WalkRecord record = s.record();
	ASSERT_FALSE(record.end_header);
	const auto events = unpacked(record);
	EXPECT_EQ(std::memcmp(&std::get<Leave>(events.back()).packet, &s.leave.packet, sizeof(PacketFields)), 0);
}

TEST(Unpack, what_there_is_room_for_besides_is_no_rule)
{
	WalkRecord record = Sample().record();
	record.rules.resize(16);
	std::memset(record.rules[5].chain, 'x', sizeof(record.rules[5].chain));
	EXPECT_EQ(unpacked(record).size(), 5U);
}

TEST(Unpack, parts_of_a_walk_go_on_with_its_numbers)
{
	const Sample s;
	WalkRecord first = s.record();
	first.walk.parts &= ~static_cast<unsigned int>(IPT_EVENT_PART_LEAVE);
	first.walk.rule_count = 1;
	WalkRecord rest = s.record();
	rest.walk.parts &= ~static_cast<unsigned int>(IPT_EVENT_PART_ENTER);
	rest.walk.head.seq += 2;
	rest.walk.rule_count = 2;
	rest.rules.erase(rest.rules.begin());
	auto events = unpacked(first);
	ASSERT_TRUE(unpack(rest.bytes(), events));
	ASSERT_EQ(events.size(), 5U);
	expect_same(events[0], s.enter);
	for (size_t i = 0; i < 3; i++)
		expect_same(events[i + 1], s.rules[i]);
	expect_same(events[4], s.leave);
	WalkRecord middle = s.record();
	middle.walk.parts = 0;
	EXPECT_EQ(unpacked(middle).size(), 3U);
}

TEST(Unpack, what_rules_took_is_told_if_it_was_asked_for)
{
	Sample s;
	s.rules[1] = s.p.timed(s.rules[1], 55);
	s.leave = s.p.timed(s.leave, 66);
	const auto events = unpacked(s.record());
	EXPECT_FALSE(head_of(events[0]).flags & IPT_EVENT_TIMED);
	EXPECT_TRUE(head_of(events[2]).flags & IPT_EVENT_TIMED);
	EXPECT_EQ(std::get<Rule>(events[2]).net, 55U);
	EXPECT_TRUE(head_of(events[4]).flags & IPT_EVENT_TIMED);
	EXPECT_EQ(std::get<Leave>(events[4]).net, 66U);
	// Otherwise the field says nothing.
	s.leave.head.flags = 0;
	const auto untimed = unpacked(s.record());
	EXPECT_EQ(std::get<Rule>(untimed[2]).net, 0U);
	EXPECT_EQ(std::get<Leave>(untimed[4]).net, 0U);
}

TEST(Unpack, what_a_packet_was_made_for_is_said_of_each_event)
{
	WalkRecord record = Sample().record();
	record.walk.head.flags |= IPT_EVENT_CHILD;
	for (const Event &event : unpacked(record))
		EXPECT_TRUE(head_of(event).flags & IPT_EVENT_CHILD);
	// That it is the first is not, nor that it has an owner.
	for (const Event &event : unpacked(record))
		EXPECT_EQ((head_of(event).flags & (IPT_EVENT_FIRST | IPT_EVENT_OWNED)) != 0,
			  std::holds_alternative<Enter>(event));
}

TEST(Unpack, an_owner_that_is_not_told_is_nobody)
{
	WalkRecord record = Sample().record();
	record.walk.head.flags &= static_cast<uint16_t>(~IPT_EVENT_OWNED);
	EXPECT_EQ(std::get<Enter>(unpacked(record)[0]).owner.uid, 0U);
}

TEST(Unpack, a_base_chain_of_nf_tables)
{
	WalkRecord record = Sample().record();
	record.walk.handle = 12;
	set_name(record.walk.chain, "base\033");
	EXPECT_EQ(std::get<Enter>(unpacked(record)[0]).handle, 0U);
	EXPECT_EQ(name_of(std::get<Enter>(unpacked(record)[0]).chain), "");
	record.walk.head.nft_family = IPT_EVENT_NFT_INET;
	EXPECT_EQ(std::get<Enter>(unpacked(record)[0]).handle, 12U);
	EXPECT_EQ(name_of(std::get<Enter>(unpacked(record)[0]).chain), "base?");
}

TEST(Unpack, refuses_what_is_cut_at_every_length)
{
	const auto whole = Sample().record().bytes();
	EXPECT_EQ(refusal(whole), "");
	for (size_t size = 0; size < whole.size(); size++) {
		auto cut = whole;
		cut.resize(size);
		EXPECT_NE(refusal(cut), "") << size;
		if (size < sizeof(Head))
			continue;
		// The same if the head lies to match.
		const auto claimed = static_cast<uint32_t>(size);
		std::memcpy(cut.data() + offsetof(Head, size), &claimed, sizeof(claimed));
		EXPECT_NE(refusal(cut), "") << size;
	}
}

template <typename Change>
std::string refusal_of(Change change)
{
	WalkRecord record = Sample().record();
	change(record);
	return refusal(record.bytes());
}

TEST(Unpack, names_what_is_wrong)
{
	EXPECT_EQ(refusal_of([](WalkRecord &) {}), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.rule_count = 4; }).find("4 rules"), std::string::npos);
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.rule_count = 0xffffffff; }), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) {
			  r.walk.parts = 0;
			  r.walk.rule_count = 0;
		  }),
		  "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.header_len = 129; }), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.end.header_len = 129; }), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.head.version = 9; }).find("version 9"), std::string::npos);
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.head.family = 7; }).find("family 7"), std::string::npos);
	EXPECT_NE(refusal_of([](WalkRecord &r) { r.walk.head.seq = 0; }), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { std::memset(r.rules[2].chain, 'x', sizeof(r.rules[2].chain)); }), "");
	EXPECT_NE(refusal_of([](WalkRecord &r) { std::memset(r.walk.out.name, 'x', sizeof(r.walk.out.name)); }), "");
}

TEST(Unpack, takes_events_that_come_by_themselves)
{
	PacketMaker p(1);
	std::vector<Event> events;
	EXPECT_TRUE(unpack(bytes_of(p.rule("INPUT", 3)), events));
	EXPECT_TRUE(unpack(bytes_of(p.matches({ { .number = 3 } })), events));
	ASSERT_EQ(events.size(), 2U);
	EXPECT_TRUE(std::holds_alternative<Rule>(events[0]));
	EXPECT_TRUE(std::holds_alternative<Matches>(events[1]));
}

} // namespace
} // namespace ipt::test
