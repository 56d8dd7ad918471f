// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "pipeline/costs.h"
#include "samples.h"

namespace ipt::test {
namespace {

std::string router(const Head &)
{
	return "router";
}

TEST(Costs, sums_by_match_the_dearest_first)
{
	Costs costs(2, router);
	costs.add(sample_observed());
	costs.add(sample_observed());
	const auto dearest = costs.dearest();
	ASSERT_EQ(dearest.size(), 2U);
	EXPECT_EQ(dearest[0].number, 2U);
	EXPECT_EQ(dearest[0].ns, 2 * uint64_t{ 0xffffffff });
	EXPECT_EQ(dearest[1].netns, "router");
	EXPECT_EQ(dearest[1].chain, "INPUT");
	EXPECT_EQ(dearest[1].number, 1U);
	EXPECT_EQ(dearest[1].index, 0U);
	EXPECT_EQ(dearest[1].asked, 2U);
	EXPECT_EQ(dearest[1].ns, 600U);
	EXPECT_EQ(dearest[1].match, "-m bpf --object-pinned /sys/fs/bpf/a");
}

TEST(Costs, counts_what_was_asked_behind_the_last_rule_too)
{
	Costs costs(9, router);
	costs.add(sample_observed());
	const auto dearest = costs.dearest();
	ASSERT_EQ(dearest.size(), 4U);
	EXPECT_EQ(dearest[3].match, "-m tcp --tcp-option 5");
	EXPECT_EQ(dearest[3].chain, "INPUT");
}

// The same number is another rule's after a replacement, and in another chain.
TEST(Costs, keeps_rules_apart)
{
	Costs costs(9, router);
	for (const char *rules : { "-A INPUT -m limit --limit 1/sec\n", "-A INPUT -m limit --limit 2/sec\n" }) {
		auto tables = parse_save(std::string("*filter\n:INPUT ACCEPT [0:0]\n") + rules + "COMMIT\n");
		const Binding binding{ std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
		PacketMaker p(1);
		p.observe();
		costs.add(trace_of({ walk_of(
			{ p.enter("filter", NF_INET_LOCAL_IN), p.matches({ { .number = 1, .duration = 5 } }),
			  p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), p.matches({ { .number = 1, .duration = 3 } }),
			  p.rule("OTHER", 1), p.leave(NF_ACCEPT) },
			binding) }));
	}
	const auto dearest = costs.dearest();
	ASSERT_EQ(dearest.size(), 3U);
	EXPECT_EQ(dearest[0].asked + dearest[1].asked + dearest[2].asked, 4U);
	EXPECT_EQ(dearest[0].match, "match 1");
	EXPECT_EQ(dearest[1].match, "-m limit --limit 1/sec");
	EXPECT_EQ(dearest[2].match, "-m limit --limit 2/sec");
}

TEST(Costs, nothing_where_it_was_not_asked_for)
{
	Costs costs(0, router);
	costs.add(sample_observed());
	EXPECT_TRUE(costs.dearest().empty());
}

TEST(Summary, tells_what_was_observed_and_what_was_not)
{
	Summary summary{ 1, 2, {} };
	EXPECT_EQ(summary.text(), "1 packet, 2 events, nothing lost");
	summary.observed = ObservedCounts{ 1, 0, 0 };
	EXPECT_EQ(summary.text(), "1 packet, 2 events, 1 match observed, nothing lost");
	summary.observed = ObservedCounts{ 0, 1, 2 };
	EXPECT_EQ(summary.text(),
		  "1 packet, 2 events, 0 matches observed, 1 walk not observed to keep to --explain-budget, "
		  "2 walks not observed as the rules were new, nothing lost");
	summary.observed.reset();
	summary.dearest = { { "router", NFPROTO_IPV6, "filter", "WEB", 3, 1, "-m limit", "", 4, 10'000 } };
	EXPECT_EQ(summary.text(), "1 packet, 2 events, nothing lost\n"
				  "  the dearest matches:\n"
				  "    10.0 us, asked 4 times, 2.5 us each: router filter (IPv6) WEB 3  -m limit");
}

} // namespace
} // namespace ipt::test
