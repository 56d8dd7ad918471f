// SPDX-License-Identifier: GPL-2.0-only
// How a packet ended, where the walk in which it did so is not shown.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "recorded.h"
#include "sink/display.h"
#include "sink/json.h"
#include "sink/pcapng.h"
#include "sink/tree_text.h"

namespace ipt::test {
namespace {

// Accepted by raw PREROUTING, rejected in a table of each back end.
PacketTrace rejected(bool by_nft)
{
	PacketMaker p(1);
	Traversal raw = walk_of({ p.enter("raw", NF_INET_PRE_ROUTING), p.leave(NF_ACCEPT) }, { nullptr, "not read" });
	if (!by_nft)
		return trace_of({ raw, walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.rule("INPUT", 1),
						 p.rule("WEB", 1), p.leave(NF_DROP, true) },
					       sample_rules()) });
	const Binding rules = sample_native_rules();
	const Enter enter = p.enter_nft(IPT_EVENT_NFT_INET, "web", NF_INET_LOCAL_IN, "input", 1);
	Rule rule = p.rule_nft("input", 7, NF_DROP);
	number_rule(rule, rules);
	return trace_of({ raw, walk_of({ enter, rule, p.leave(NF_DROP, true) }, rules) });
}

PacketTrace cut(PacketTrace trace, const Display &display)
{
	EXPECT_TRUE(display.cut(trace));
	return trace;
}

class OutcomeTest : public RecordTest {
protected:
	std::string end_of(const PacketTrace &trace) const
	{
		const std::string text = TreeText(look).packet(trace);
		return text.substr(text.rfind("\n  ") + 3);
	}
	static std::string ended_in(const std::string &json)
	{
		const size_t at = json.find("\"verdict\":\"DROP\",\"ended_in\":");
		return at == std::string::npos ? "" : json.substr(at, json.find('}', at) - at);
	}
};

TEST_F(OutcomeTest, it_is_that_of_the_packet_whatever_is_shown)
{
	EXPECT_EQ(end_of(rejected(false)), "complete: DROP in filter INPUT\n");
	const PacketTrace trace = cut(rejected(false), { .verdicts = { "reject" }, .tables = { "raw" } });
	EXPECT_EQ(trace.traversals.size(), 1U);
	EXPECT_EQ(end_of(trace), "complete: DROP in filter INPUT\n");
	EXPECT_EQ(outcome_word(trace), "reject");
	EXPECT_EQ(end_of(cut(rejected(false), { .hooks = { "PREROUTING" } })), "complete: DROP in filter INPUT\n");
	const PacketTrace nft = cut(rejected(true), { .tables = { "raw" } });
	EXPECT_EQ(end_of(nft), "complete: DROP in nft inet web input at INPUT\n");
	EXPECT_EQ(outcome_word(nft), "reject");
	EXPECT_FALSE(cut(rejected(true), { .tables = { "web" } }).outcome);
}

// The first walk was in another network namespace than those behind it.
TEST_F(OutcomeTest, it_may_be_in_another_network_namespace)
{
	look.netns_name = [](const Head &head) { return fmt::format("n{}", head.netns); };
	PacketTrace trace = rejected(false);
	for (Head *head : { &trace.first, &trace.traversals[0].head, &trace.traversals[0].enter->head,
			    &trace.traversals[0].leave->head })
		head->netns = 7;
	const std::string there = fmt::format("netns n{}", trace.traversals[1].head.netns);
	EXPECT_EQ(end_of(trace), "complete: DROP in filter INPUT\n");
	const std::string whole = TreeText(look).packet(trace);
	EXPECT_NE(whole.find(" netns n7\n"), std::string::npos) << whole;
	EXPECT_NE(whole.find("\n  " + there + "\n"), std::string::npos) << whole;

	const PacketTrace begin = cut(trace, { .tables = { "raw" } });
	EXPECT_EQ(end_of(begin), "complete: DROP in filter INPUT of " + there + "\n");
	for (const std::string &recording : { recorded<JsonSink>({ begin }), recorded<PcapngSink>({ begin }) }) {
		ASSERT_EQ(read(recording), "");
		EXPECT_EQ(end_of(read_traces[0]), end_of(begin));
	}

	const PacketTrace end = cut(trace, { .tables = { "filter" } });
	const std::string shown = TreeText(look).packet(end);
	EXPECT_NE(shown.substr(0, shown.find('\n')).find(there), std::string::npos) << shown;
	EXPECT_EQ(end_of(end), "complete: DROP in filter INPUT\n");
}

TEST_F(OutcomeTest, a_queue_that_is_not_shown_keeps_the_packet)
{
	PacketMaker p(1);
	const Binding unread{ nullptr, "not read" };
	PacketTrace trace = trace_of({ walk_of({ p.enter("raw", NF_INET_PRE_ROUTING), p.leave(NF_ACCEPT) }, unread),
				       walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.leave(NF_QUEUE) }, unread) });
	EXPECT_EQ(end_of(cut(trace, { .tables = { "raw" } })),
		  "complete so far: QUEUE 0 in filter INPUT, not seen since\n");
	trace.traversals[1].leave.reset();
	const PacketTrace open = cut(trace, { .tables = { "raw" } });
	EXPECT_EQ(outcome_word(open), "");
	EXPECT_EQ(end_of(open), "complete\n");
}

TEST_F(OutcomeTest, recordings_have_it)
{
	for (const bool by_nft : { false, true }) {
		const PacketTrace trace = cut(rejected(by_nft), { .tables = { "raw" } });
		for (const std::string &recording :
		     { recorded<JsonSink>({ trace }), recorded<PcapngSink>({ trace }) }) {
			ASSERT_EQ(read(recording), "");
			ASSERT_EQ(read_traces.size(), 1U);
			EXPECT_EQ(end_of(read_traces[0]), end_of(trace));
			EXPECT_TRUE(Display{ .verdicts = { "reject" } }.cut(read_traces[0]));
			EXPECT_EQ(ended_in(recorded<JsonSink>({ read_traces[0] })),
				  ended_in(recorded<JsonSink>({ trace })));
		}
	}
	const std::string json = recorded<JsonSink>({ cut(rejected(false), { .tables = { "raw" } }) });
	EXPECT_EQ(ended_in(json), "\"verdict\":\"DROP\",\"ended_in\":{\"table\":\"filter\",\"hook\":\"INPUT\","
				  "\"verdict_number\":0,\"rejected\":true");
}

} // namespace
} // namespace ipt::test
