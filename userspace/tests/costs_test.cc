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
	EXPECT_EQ(dearest[0].where.number, 2U);
	EXPECT_EQ(dearest[0].ns, 2 * uint64_t{ 0xffffffff });
	EXPECT_EQ(dearest[1].where.netns, "router");
	EXPECT_EQ(dearest[1].where.chain, "INPUT");
	EXPECT_EQ(dearest[1].where.number, 1U);
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
	EXPECT_EQ(dearest[3].where.chain, "INPUT");
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

// One table of each, with chains and rules of the same names.
TEST(Costs, keeps_back_ends_apart)
{
	PacketMaker p(1);
	Costs costs(9, router);
	p.observe();
	for (const Enter &enter : { p.enter("filter", NF_INET_LOCAL_IN),
				    p.enter_nft(IPT_EVENT_NFT_IPV4, "filter", NF_INET_LOCAL_IN, "INPUT", 1) })
		costs.add(trace_of({ walk_of({ enter, p.matches({ { .number = 1, .duration = 5 } }), p.rule("INPUT", 1),
					       p.leave(NF_ACCEPT) },
					     {}) }));
	const auto dearest = costs.dearest();
	ASSERT_EQ(dearest.size(), 2U);
	EXPECT_NE(dearest[0].where.nft_family, dearest[1].where.nft_family);
	Summary summary;
	summary.dearest = dearest;
	EXPECT_NE(summary.text().find("router filter INPUT 1  match 1"), std::string::npos) << summary.text();
	EXPECT_NE(summary.text().find("router nft ip filter INPUT 1  match 1"), std::string::npos) << summary.text();
}

TEST(Costs, nothing_where_it_was_not_asked_for)
{
	Costs costs(0, router);
	costs.add(sample_observed());
	costs.add(sample_timed());
	EXPECT_TRUE(costs.dearest().empty());
	EXPECT_TRUE(costs.dearest_rules().empty());
}

TEST(Costs, sums_by_rule_where_rules_were_timed)
{
	Costs costs(2, router);
	costs.add(sample_timed());
	costs.add(sample_timed());
	const auto dearest = costs.dearest_rules();
	ASSERT_EQ(dearest.size(), 2U);
	EXPECT_EQ(dearest[0].rule, "-A WEB -j REJECT --reject-with icmp-port-unreachable");
	EXPECT_EQ(dearest[0].where.netns, "router");
	EXPECT_EQ(dearest[0].where.chain, "WEB");
	EXPECT_EQ(dearest[0].where.number, 1U);
	EXPECT_EQ(dearest[0].met, 2U);
	// Its target comes behind it, and it is the last.
	EXPECT_EQ(dearest[0].ns, 2 * (900U + 50U));
	EXPECT_EQ(dearest[1].where.number, 1U);
	EXPECT_EQ(dearest[1].ns, 200U);
	Costs without(2, router);
	without.add(sample_tcp());
	EXPECT_TRUE(without.dearest_rules().empty());
}

// Of nft's own a rule has no number, and is called by its handle.
TEST(Costs, rules_of_nft_by_their_handles)
{
	PacketMaker p(1);
	Costs costs(9, router);
	const Enter enter = p.enter_nft(IPT_EVENT_NFT_INET, "web", NF_INET_LOCAL_IN, "input", 1);
	Traversal walk = walk_of({ enter, p.timed(p.rule_nft("input", 5, IPT_EVENT_NFT_JUMP), 20),
				   p.timed(p.rule_nft("input", 4, NF_ACCEPT), 10), p.leave(NF_ACCEPT) },
				 sample_native_rules());
	number_rules(walk);
	costs.add(trace_of({ walk }));
	const auto dearest = costs.dearest_rules();
	ASSERT_EQ(dearest.size(), 2U);
	EXPECT_EQ(dearest[0].handle, 5U);
	EXPECT_EQ(dearest[0].where.number, 0U);
	EXPECT_EQ(dearest[0].where.nft_family, IPT_EVENT_NFT_INET);
	EXPECT_EQ(dearest[1].rule, "ct state established accept");
}

// What the table took beyond its rules was tracing: of the rules' events, and of one for entering and leaving.
TEST(Costs, tracing_itself_on_the_mean)
{
	Costs costs(0, router);
	EXPECT_EQ(costs.own(), std::nullopt);
	costs.add(sample_tcp());
	EXPECT_EQ(costs.own(), std::nullopt);
	costs.add(sample_timed());
	EXPECT_EQ(costs.own(), (1500U - 1050U) / 3);
	// It cannot have taken less than nothing.
	PacketMaker p(1);
	Costs none(0, router);
	none.add(trace_of({ walk_of({ p.enter("raw", 0), p.timed(p.leave(NF_ACCEPT), 2000) }, {}) }));
	EXPECT_EQ(none.own(), 0U);
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
	summary.dearest = { { "router", NFPROTO_IPV6, 0, "filter", "WEB", 3, 1, "-m limit", "", 4, 10'000 } };
	EXPECT_EQ(summary.text(), "1 packet, 2 events, nothing lost\n"
				  "  the dearest matches:\n"
				  "    10.0 us, asked 4 times, 2.5 us each: router filter (IPv6) WEB 3  -m limit");
}

TEST(Summary, tells_what_tracing_took_and_which_rules_took_the_most)
{
	Summary summary{ 1, 2, {} };
	summary.own = OwnCost{ 1912, 310, 290, 60, 20 };
	EXPECT_EQ(summary.text(),
		  "1 packet, 2 events, own cost 1912 ns an event, subtracted (310 ns of it into a probe and "
		  "out, measured at the start), nothing lost");
	summary.own.reset();
	summary.dearest_rules = {
		{ "router", NFPROTO_IPV6, 0, "filter", "WEB", 3, 0, "-A WEB -j DROP", 4, 10'000 },
		{ "router", NFPROTO_IPV6, IPT_EVENT_NFT_IPV6, "filter", "INPUT", 2, 7, "policy DROP", 1, 5'000 },
		{ "router", NFPROTO_IPV4, IPT_EVENT_NFT_INET, "web", "input", 0, 7, "accept", 1, 4'000 }
	};
	EXPECT_EQ(summary.text(), "1 packet, 2 events, nothing lost\n"
				  "  the dearest rules:\n"
				  "    10.0 us, met 4 times, 2.5 us each: router filter (IPv6) WEB 3  -A WEB -j DROP\n"
				  "    5.0 us, met 1 time, 5.0 us each: router nft ip6 filter INPUT 2  policy DROP\n"
				  "    4.0 us, met 1 time, 4.0 us each: router nft inet web input handle 7  accept");
}

} // namespace
} // namespace ipt::test
