// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "make_event.h"
#include "pipeline/correlator.h"

namespace ipt::test {
namespace {

using Kind = Completeness::Kind;

struct NoText : TextSource {
	Result<Snapshot> read(const TableKey &) override { return Error{ "none" }; }
};

class CorrelatorTest : public testing::Test {
protected:
	static constexpr uint64_t kLater = 60'000'000'000;

	void feed(std::initializer_list<Event> events)
	{
		for (const Event &event : events)
			correlator.add(event);
	}

	NoText source;
	RulesetStore store{ source };
	std::vector<PacketTrace> done;
	Patience patience;
	Correlator correlator{ store, [this](PacketTrace &&trace) { done.push_back(std::move(trace)); }, patience };
};

TEST_F(CorrelatorTest, unbroken_row_up_to_a_drop_is_complete_at_once)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1), p.rule("INPUT", 4), p.leave(NF_DROP, true) });
	EXPECT_TRUE(done.empty());
	correlator.settle(p.head().time, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
	ASSERT_EQ(done[0].traversals.size(), 1U);
	EXPECT_EQ(done[0].traversals[0].rules.size(), 1U);
	EXPECT_TRUE(done[0].traversals[0].leave);
}

TEST_F(CorrelatorTest, accepted_packet_is_complete_after_it_was_silent_and_nothing_was_lost)
{
	PacketMaker p(1);
	feed({ p.enter("raw", 0), p.rule("PREROUTING", 1), p.leave(NF_ACCEPT) });
	correlator.settle(p.head().time + patience.settle_ns / 2, {});
	EXPECT_TRUE(done.empty());
	feed({ p.enter("filter", 1), p.rule("INPUT", 1), p.leave(NF_ACCEPT) });
	correlator.settle(p.head().time + patience.settle_ns, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
	EXPECT_EQ(done[0].traversals.size(), 2U);
}

TEST_F(CorrelatorTest, asks_for_the_owner_of_who_has_one_when_its_event_comes)
{
	std::vector<uint32_t> asked;
	Correlator owners(
		store, [this](PacketTrace &&trace) { done.push_back(std::move(trace)); }, patience,
		[&asked](const Enter &enter) {
			asked.push_back(enter.owner.uid);
			Owner owner;
			owner.uid = enter.owner.uid;
			return owner;
		});
	PacketMaker p(1);
	Enter owned = p.enter("raw", NF_INET_LOCAL_OUT);
	owned.head.flags |= IPT_EVENT_OWNED;
	owned.owner.uid = 7;
	const Traversal &walk = owners.add(owned);
	EXPECT_EQ(asked, std::vector<uint32_t>{ 7 });
	ASSERT_TRUE(walk.owner);
	EXPECT_EQ(walk.owner->uid, 7U);
	owners.add(p.leave(NF_ACCEPT));
	EXPECT_FALSE(owners.add(p.enter("filter", NF_INET_LOCAL_OUT)).owner);
	EXPECT_EQ(asked.size(), 1U);
}

TEST_F(CorrelatorTest, waits_longer_for_the_end_of_a_table_than_for_another_table)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1) });
	correlator.settle(p.head().time + 2 * patience.settle_ns, {});
	EXPECT_TRUE(done.empty());
	feed({ p.rule("INPUT", 1), p.leave(NF_DROP, true) });
	correlator.settle(p.head().time, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, counts_exactly_what_is_missing_in_the_middle)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1) });
	p.lose(3);
	feed({ p.rule("INPUT", 9) });
	p.lose(2);
	feed({ p.leave(NF_DROP, true) });
	correlator.settle(p.head().time, { .numbered = 5 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::lost);
	EXPECT_EQ(done[0].completeness.lost, 5U);
	EXPECT_TRUE(done[0].traversals[0].gap);
}

TEST_F(CorrelatorTest, counts_what_is_missing_before_the_first_that_came)
{
	PacketMaker p(1);
	p.lose(4);
	feed({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	correlator.settle(p.head().time, { .numbered = 4 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.lost, 4U);
}

// A rule's event fits where those around it do not.
TEST_F(CorrelatorTest, missing_events_of_an_open_end_may_be_more_than_those_that_leave_a_gap)
{
	PacketMaker p(1);
	p.lose(1);
	feed({ p.rule("INPUT", 1) });
	correlator.settle(kLater, { .numbered = 2 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::lost);
	EXPECT_EQ(done[0].completeness.lost, 1U);
	EXPECT_TRUE(done[0].completeness.perhaps_more);
}

TEST_F(CorrelatorTest, missing_events_in_the_middle_are_all_if_no_others_were_lost)
{
	PacketMaker p(1);
	feed({ p.enter("raw", 0) });
	p.lose(2);
	feed({ p.leave(NF_ACCEPT) });
	correlator.settle(kLater, { .numbered = 2 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.lost, 2U);
	EXPECT_FALSE(done[0].completeness.perhaps_more);
}

TEST_F(CorrelatorTest, marks_both_tables_between_which_something_is_missing)
{
	PacketMaker p(1);
	feed({ p.enter("raw", 0), p.leave(NF_ACCEPT), p.enter("nat", 0) });
	p.lose(4);
	feed({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	correlator.settle(p.head().time, { .numbered = 4 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_FALSE(done[0].traversals[0].gap);
	EXPECT_TRUE(done[0].traversals[1].gap);
	EXPECT_TRUE(done[0].traversals[2].gap);
}

// The lost events may have been the packet's last ones.
TEST_F(CorrelatorTest, loss_in_the_session_makes_an_open_end_unknown)
{
	PacketMaker p(1);
	feed({ p.enter("raw", 0), p.leave(NF_ACCEPT) });
	correlator.settle(p.head().time, { .numbered = 2 });
	correlator.settle(kLater, { .numbered = 2 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
	EXPECT_NE(done[0].completeness.reason.find("2 events"), std::string::npos);
}

TEST_F(CorrelatorTest, loss_in_the_session_does_not_touch_a_proven_end)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1), p.rule("INPUT", 1), p.leave(NF_DROP, true) });
	correlator.settle(kLater, { .numbered = 100 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, loss_before_the_packet_came_does_not_matter)
{
	correlator.settle(1, { .numbered = 100, .missed = 50, .forgotten = 7 });
	PacketMaker p(1);
	p.head().missed = 50;
	feed({ p.enter("raw", 0), p.leave(NF_ACCEPT) });
	correlator.settle(kLater, { .numbered = 100, .missed = 50, .forgotten = 7 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, missed_probes_make_it_unknown_as_they_have_no_number)
{
	PacketMaker accepted(1);
	feed({ accepted.enter("raw", 0), accepted.leave(NF_ACCEPT) });
	PacketMaker dropped(2);
	feed({ dropped.enter("raw", 0) });
	dropped.head().missed = 1;
	feed({ dropped.leave(NF_DROP, true) });
	correlator.settle(kLater, { .missed = 1 });
	ASSERT_EQ(done.size(), 2U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
	EXPECT_EQ(done[1].completeness.kind, Kind::unknown);
}

// A walk is told when it is over: what is known then is not what was known when it began.
TEST_F(CorrelatorTest, probes_missed_in_a_walk_that_is_told_late_make_it_unknown)
{
	correlator.settle(1, { .missed = 1 });
	PacketMaker p(1);
	const Enter enter = p.enter("raw", 0);
	p.head().missed = 1;
	feed({ enter, p.leave(NF_DROP, true) });
	correlator.settle(kLater, { .missed = 1 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
}

TEST_F(CorrelatorTest, missed_probes_after_a_proven_end_do_not_matter)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	correlator.settle(kLater, { .missed = 9 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, packets_that_the_module_lost_sight_of_make_an_open_end_unknown)
{
	PacketMaker p(1);
	feed({ p.enter("raw", 0), p.leave(NF_ACCEPT) });
	correlator.settle(kLater, { .forgotten = 1 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
}

TEST_F(CorrelatorTest, table_that_is_never_left_is_unknown)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1), p.rule("INPUT", 1) });
	correlator.settle(kLater, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
	EXPECT_NE(done[0].completeness.reason.find("filter INPUT"), std::string::npos);
}

TEST_F(CorrelatorTest, packets_on_two_cpus_do_not_mix)
{
	PacketMaker a(1);
	PacketMaker b(2);
	feed({ a.enter("filter", 1), b.enter("filter", 1), a.rule("INPUT", 1), b.rule("INPUT", 2),
	       b.leave(NF_DROP, true), a.leave(NF_DROP, true) });
	correlator.settle(a.head().time, {});
	ASSERT_EQ(done.size(), 2U);
	EXPECT_EQ(done[0].number, 2U);
	EXPECT_EQ(done[0].traversals[0].rules[0].number, 2U);
	EXPECT_EQ(done[1].traversals[0].rules[0].number, 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::complete);
	EXPECT_EQ(done[1].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, packet_made_inside_a_table_knows_by_which_rule)
{
	PacketMaker parent(1);
	PacketMaker child(2);
	feed({ parent.enter("filter", 1), parent.rule("INPUT", 5) });
	child.head().parent_packet = 1;
	child.head().parent = parent.head().traversal;
	feed({ child.enter("filter", 3), child.leave(NF_ACCEPT), parent.leave(NF_DROP, true) });
	correlator.settle(kLater, {});
	ASSERT_EQ(done.size(), 2U);
	ASSERT_TRUE(done[1].origin);
	EXPECT_EQ(done[1].origin->packet, 1U);
	ASSERT_TRUE(done[1].origin->rule);
	EXPECT_EQ(done[1].origin->rule->number, 5U);
	EXPECT_EQ(name_of(done[1].origin->head->table), "filter");
	EXPECT_FALSE(done[0].origin);
	EXPECT_EQ(done[0].traversals.size(), 1U);
}

TEST_F(CorrelatorTest, says_whether_a_packet_made_by_some_other_is_under_way)
{
	PacketMaker child(2);
	child.head().parent_packet = 1;
	feed({ child.enter("filter", 3), child.leave(NF_ACCEPT) });
	const auto of_first = [](uint64_t parent) { return parent == 1; };
	const auto of_another = [](uint64_t parent) { return parent == 3; };
	EXPECT_TRUE(correlator.has_open_children(of_first));
	EXPECT_FALSE(correlator.has_open_children(of_another));
	correlator.settle(kLater, {});
	EXPECT_FALSE(correlator.has_open_children(of_first));
}

TEST_F(CorrelatorTest, nothing_is_certain_of_a_packet_while_probes_are_switched_off)
{
	PacketMaker p(1);
	feed({ p.enter("filter", 1) });
	correlator.settle(p.head().time, { .blind = 1 });
	feed({ p.leave(NF_DROP, true) });
	correlator.settle(p.head().time, { .blind = 1 });
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
	PacketMaker later(2);
	feed({ later.enter("filter", 1), later.leave(NF_DROP, true) });
	correlator.settle(later.head().time, { .blind = 1 });
	EXPECT_EQ(done[1].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, queued_packet_is_waited_for)
{
	PacketMaker p(1);
	feed({ p.enter("mangle", 0), p.leave(NF_QUEUE_NR(1)) });
	correlator.settle(p.head().time + 2 * patience.settle_ns, {});
	EXPECT_TRUE(done.empty());
	correlator.settle(p.head().time + patience.queue_ns, {});
	EXPECT_EQ(done.size(), 1U);
}

TEST_F(CorrelatorTest, queued_packet_does_not_hold_up_the_others)
{
	PacketMaker queued(1);
	feed({ queued.enter("mangle", 0), queued.leave(NF_QUEUE_NR(1)) });
	PacketMaker other(2, queued.head().time);
	feed({ other.enter("mangle", 0), other.leave(NF_ACCEPT) });
	correlator.settle(other.head().time + patience.settle_ns, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].number, 2U);
}

TEST_F(CorrelatorTest, what_comes_after_a_packet_was_shown_continues_it)
{
	PacketMaker p(1);
	feed({ p.enter("mangle", 0), p.leave(NF_ACCEPT) });
	correlator.settle(kLater, {});
	p.head().time = kLater;
	feed({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	correlator.settle(kLater + 10'000, {});
	ASSERT_EQ(done.size(), 2U);
	EXPECT_FALSE(done[0].continued);
	EXPECT_TRUE(done[1].continued);
	EXPECT_EQ(done[1].completeness.kind, Kind::complete);
}

TEST_F(CorrelatorTest, end_of_the_session_hands_over_everything_and_says_what_was_cut_short)
{
	PacketMaker under_way(1);
	PacketMaker dropped(2);
	feed({ under_way.enter("raw", 0), under_way.leave(NF_ACCEPT), dropped.enter("raw", 0),
	       dropped.leave(NF_DROP, true) });
	correlator.finish({});
	ASSERT_EQ(done.size(), 2U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
	EXPECT_EQ(done[1].completeness.kind, Kind::complete);
}

TEST(Correlator, packets_that_never_end_do_not_fill_the_memory)
{
	NoText source;
	RulesetStore store(source);
	std::vector<PacketTrace> done;
	Patience patience;
	patience.open_packets = 3;
	Correlator correlator(
		store, [&done](PacketTrace &&trace) { done.push_back(std::move(trace)); }, patience);
	for (uint64_t number = 1; number <= 5; number++) {
		PacketMaker p(number);
		correlator.add(p.enter("raw", 0));
		correlator.add(p.leave(NF_ACCEPT));
	}
	ASSERT_EQ(done.size(), 2U);
	EXPECT_EQ(done[0].number, 1U);
	EXPECT_EQ(done[0].completeness.kind, Kind::unknown);
}

TEST_F(CorrelatorTest, rules_that_change_under_the_packet_have_no_text)
{
	struct SomeText : TextSource {
		Result<Snapshot> read(const TableKey &) override
		{
			return Snapshot{ std::make_shared<TableText>(), 0 };
		}
	} some;
	RulesetStore texts(some);
	Correlator c(texts, [this](PacketTrace &&trace) { done.push_back(std::move(trace)); });
	PacketMaker steady(1);
	for (const Event &event :
	     std::initializer_list<Event>{ steady.enter("filter", 1), steady.leave(NF_DROP, true) })
		c.add(event);
	PacketMaker changed(2);
	c.add(changed.enter("filter", 1));
	changed.head().ruleset = 2;
	c.add(changed.leave(NF_DROP, true));
	c.settle(kLater, {});
	ASSERT_EQ(done.size(), 2U);
	EXPECT_NE(done[0].traversals[0].rules_text.text, nullptr);
	EXPECT_EQ(done[1].traversals[0].rules_text.text, nullptr);
	EXPECT_NE(done[1].traversals[0].rules_text.why_not, "");
}

} // namespace
} // namespace ipt::test
