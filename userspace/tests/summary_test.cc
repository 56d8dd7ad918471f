// SPDX-License-Identifier: GPL-2.0-only
// Which count of the module, the programs and the loop stands in the summary as what.
#include <gtest/gtest.h>

#include <functional>

#include "event/event.h"
#include "summary_of.h"

namespace ipt {
namespace {

struct Counts {
	Stats stats{};
	Programs::LossCounts programs{};
	LoopCounts loop;

	Summary summary() const { return summary_of(stats, programs, loop); }
};

struct Case {
	std::function<void(Counts &)> count;
	const char *line;
};

const Case kCases[] = {
	{ [](Counts &c) {
		 c.programs[IPT_EVENT_LOSS_RING_FULL] = 3;
		 c.stats.events = c.stats.events_unwritten = 3;
	 },
	  "3 events lost: the ring buffer was full, as the output is slower than the packets (a narrower expression helps)" },
	{ [](Counts &c) {
		 c.programs[IPT_EVENT_LOSS_CONTEXT] = 4;
		 c.stats.events = c.stats.events_unwritten = 4;
	 },
	  "4 events lost: the module's context could not be read" },
	{ [](Counts &c) { c.stats.events = c.stats.events_unwritten = 5; }, "5 events lost: a BPF program failed" },
	{ [](Counts &c) { c.stats.events = c.stats.events_not_run = 6; },
	  "6 events lost: a BPF program was running on the CPU already" },
	{ [](Counts &c) { c.stats.events = 7; }, "7 events lost on their way through the ring buffer" },
	{ [](Counts &c) {
		 c.loop.unreadable = c.stats.events = 8;
		 c.loop.first_complaint = "of another version";
	 },
	  "8 events that cannot be read: of another version" },
	{ [](Counts &c) { c.stats.packets_refused = 9; },
	  "9 packets not traced: more at once than the module has room for" },
	{ [](Counts &c) { c.stats.packets_forgotten = 10; },
	  "10 packets lost sight of: more at once than the module has room for" },
	{ [](Counts &c) { c.stats.missed_enter = 11; },
	  "11 walks through tables missed by the kernel's probes, of whatever packets" },
	{ [](Counts &c) { c.stats.missed_leave = 12; }, "12 ends of such walks missed" },
	{ [](Counts &c) { c.stats.missed_rule = 13; }, "13 rules missed by the kernel's probes, of whatever packets" },
	{ [](Counts &c) { c.stats.missed_other = 14; }, "14 other probes missed" },
	{ [](Counts &c) { c.stats.untold = 15; },
	  "15 walks through chains of nf_tables of whose rules the kernel did not tell" },
	{ [](Counts &c) { c.loop.times_off = 16; },
	  "16 times the kernel's probes were switched off for a while, and nothing was seen" },
	{ [](Counts &c) {
		 c.loop.times_off = 17;
		 c.loop.probes_switch = "kernel.ftrace_enabled is 0";
	 },
	  "17 times the kernel's probes were switched off for a while, and nothing was seen: kernel.ftrace_enabled is 0" },
};

TEST(SummaryOf, each_loss_is_what_it_is_said_to_be)
{
	for (const Case &one : kCases) {
		Counts counts;
		one.count(counts);
		const Summary summary = counts.summary();
		EXPECT_FALSE(summary.lossless()) << one.line;
		EXPECT_EQ(summary.text(), std::string("0 packets, 0 events; not complete:\n  ") + one.line);
	}
	EXPECT_EQ(Counts().summary().text(), "0 packets, 0 events, nothing lost");
}

// A loss that none of the above stands for would be told without a test.
TEST(SummaryOf, every_loss_is_among_them)
{
	EXPECT_EQ(Counts().summary().losses.size() + 1, std::size(kCases)); // probes that are off have two texts
}

TEST(SummaryOf, what_is_no_loss_is_told_apart)
{
	const auto text = [](const std::function<void(Counts &)> &count) {
		Counts counts;
		counts.stats.events = counts.loop.received = 2;
		counts.loop.shown = 1;
		count(counts);
		EXPECT_TRUE(counts.summary().lossless());
		return counts.summary().text();
	};
	EXPECT_EQ(text([](Counts &) {}), "1 packet, 2 events, nothing lost");
	EXPECT_EQ(text([](Counts &c) { c.stats.packets_left_out = 3; }),
		  "1 packet, 2 events, 3 packets left out by --sample or --first, nothing lost");
	EXPECT_EQ(text([](Counts &c) { c.stats.packets_held_back = 4; }),
		  "1 packet, 2 events, 4 packets held back by --rate, nothing lost");
	EXPECT_EQ(
		text([](Counts &c) { c.stats.packets_guessed = 5; }),
		"1 packet, 2 events, 5 walks most likely, not certainly, of the packet shown with them, nothing lost");
	EXPECT_EQ(text([](Counts &c) { c.stats.packets_guessed = 1; }),
		  "1 packet, 2 events, 1 walk most likely, not certainly, of the packet shown with it, nothing lost");
	const auto observe = [](Counts &c) {
		c.stats.matches = 6;
		c.stats.unobserved_busy = 7;
		c.stats.unobserved_unknown = 8;
	};
	EXPECT_EQ(text(observe), "1 packet, 2 events, nothing lost");
	EXPECT_EQ(text([&](Counts &c) {
			  observe(c);
			  c.loop.observed = true;
		  }),
		  "1 packet, 2 events, 6 matches observed, 7 walks not observed to keep to --explain-budget, "
		  "8 walks not observed as the rules were new, nothing lost");
	// Everything that a packet's number or a replacement is counted by is no loss either.
	EXPECT_EQ(text([](Counts &c) { c.stats.packets = c.stats.replacements = 9; }),
		  "1 packet, 2 events, nothing lost");
}

TEST(SummaryOf, what_tracing_took)
{
	Counts counts;
	counts.stats.own_probe = 1;
	counts.stats.own_table = 2;
	counts.stats.own_match = 3;
	counts.stats.own_clock = 4;
	EXPECT_FALSE(counts.summary().own);
	counts.loop.own = 5;
	const auto own = counts.summary().own;
	ASSERT_TRUE(own);
	EXPECT_EQ(own->event, 5U);
	EXPECT_EQ(own->probe, 1U);
	EXPECT_EQ(own->table, 2U);
	EXPECT_EQ(own->match, 3U);
	EXPECT_EQ(own->clock, 4U);
}

// What was read while more was being counted is no loss below nothing.
TEST(SummaryOf, losses_are_not_less_than_nothing)
{
	Counts counts;
	counts.stats.events = 5;
	counts.loop.received = 6;
	counts.programs[IPT_EVENT_LOSS_CONTEXT] = 1;
	EXPECT_EQ(counts.summary().text(), "0 packets, 6 events; not complete:\n"
					   "  1 events lost: the module's context could not be read");
	counts = {};
	counts.stats.events_not_run = 1;
	EXPECT_EQ(counts.summary().text(), "0 packets, 0 events; not complete:\n"
					   "  1 events lost: a BPF program was running on the CPU already");
}

// Recordings that are shown one after the other.
TEST(SummaryOf, sums_are_of_the_same_counts)
{
	Counts counts;
	counts.stats.packets_left_out = 1;
	counts.stats.packets_held_back = 2;
	counts.stats.packets_guessed = 3;
	counts.stats.untold = 4;
	Summary sum = counts.summary();
	sum.add(counts.summary());
	EXPECT_EQ(sum.left_out, 2U);
	EXPECT_EQ(sum.held_back, 4U);
	EXPECT_EQ(sum.guessed, 6U);
	EXPECT_EQ(sum.lost(), 8U);
}

} // namespace
} // namespace ipt
