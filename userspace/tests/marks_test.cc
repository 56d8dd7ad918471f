// SPDX-License-Identifier: GPL-2.0-only
// To which rule a mark is credited.
#include <gtest/gtest.h>

#include "pipeline/marks.h"
#include "samples.h"
#include "sink/describe.h"

namespace ipt::test {
namespace {

class MarksTest : public testing::Test {
protected:
	static Binding rules_of(const std::string &rules)
	{
		auto tables = parse_save("*mangle\n:PREROUTING ACCEPT [0:0]\n" + rules + "COMMIT\n");
		return { std::make_shared<TableText>(std::move(tables.at("mangle"))), {} };
	}

	// As the pipeline has it: with the mark that the packet had when it came to it.
	static Rule with(uint32_t mark, Rule rule)
	{
		rule.mark = mark;
		return rule;
	}

	static std::string marks(const Traversal &walk, size_t rule)
	{
		const auto in_doubt = marks_in_doubt(walk);
		return marks_text(walk, rule, !in_doubt.empty() && in_doubt.at(rule));
	}

	// Of three rules the first and the last are met; since the first the packet has a mark.
	Traversal past_the_second_of_three(const Binding &rules)
	{
		const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
		const Rule first = p.rule("PREROUTING", 1);
		p.fields().mark = 1;
		return walk_of({ enter, first, with(1, p.rule("PREROUTING", 3)),
				 with(1, p.rule("PREROUTING", 4, IPT_EVENT_KIND_POLICY)), p.leave(NF_ACCEPT) },
			       rules);
	}

	PacketMaker p{ 1 };
};

// net/netfilter/xt_socket.c writes into the packet while it is asked, whatever its rule comes to.
TEST_F(MarksTest, set_by_a_match_of_a_later_rule)
{
	const auto rules = rules_of("-A PREROUTING -p tcp -j MARK --set-mark 0x1\n"
				    "-A PREROUTING -m socket --restore-skmark -m mark --mark 0x9 -j ACCEPT\n"
				    "-A PREROUTING -j LOG\n");
	const auto walk = past_the_second_of_three(rules);
	EXPECT_EQ(marks(walk, 0), "mark 0x1 (by this rule or a match since)");
	EXPECT_EQ(marks(walk, 1), "");
	EXPECT_EQ(changes_text(walk), "");
}

TEST_F(MarksTest, set_by_a_match_of_the_rule_that_is_met_next)
{
	const auto rules = rules_of("-A PREROUTING -j LOG\n"
				    "-A PREROUTING -m socket --transparent --restore-skmark -j MARK --set-mark 0x2\n");
	const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
	const Rule log = p.rule("PREROUTING", 1);
	p.fields().mark = 1;
	const Rule sets = with(1, p.rule("PREROUTING", 2));
	p.fields().mark = 2;
	const Rule policy = with(2, p.rule("PREROUTING", 3, IPT_EVENT_KIND_POLICY));
	const auto walk = walk_of({ enter, log, sets, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(marks(walk, 0), "mark 0x1 (by this rule or a match since)");
	EXPECT_EQ(marks(walk, 1), "mark 0x2");
}

TEST_F(MarksTest, set_by_a_match_before_any_rule_was_met)
{
	const auto rules = rules_of("-A PREROUTING -m socket --restore-skmark -m mark --mark 0x9 -j ACCEPT\n"
				    "-A PREROUTING -j LOG\n");
	const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
	p.fields().mark = 1;
	const Rule log = with(1, p.rule("PREROUTING", 2));
	const Rule policy = with(1, p.rule("PREROUTING", 3, IPT_EVENT_KIND_POLICY));
	const auto walk = walk_of({ enter, log, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(marks(walk, 0), "");
	EXPECT_EQ(changes_text(walk), "mark 0x1");
}

TEST_F(MarksTest, set_by_a_match_before_any_rule_was_met_and_by_that)
{
	const auto rules = rules_of("-A PREROUTING -m socket --restore-skmark -j MARK --set-mark 0x2\n");
	const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
	p.fields().mark = 2;
	const Rule sets = with(1, p.rule("PREROUTING", 1));
	const Rule policy = with(2, p.rule("PREROUTING", 2, IPT_EVENT_KIND_POLICY));
	const auto walk = walk_of({ enter, sets, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(marks(walk, 0), "mark 0x2");
	EXPECT_EQ(changes_text(walk), "mark 0x1");
}

TEST_F(MarksTest, of_a_connection_are_set_by_no_match)
{
	const auto rules = rules_of("-A PREROUTING -j CONNMARK --set-mark 0x1\n"
				    "-A PREROUTING -m socket --restore-skmark -j ACCEPT\n");
	const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
	p.fields().ct_mark = 1;
	const Rule sets = p.rule("PREROUTING", 1);
	Rule policy = p.rule("PREROUTING", 3, IPT_EVENT_KIND_POLICY);
	policy.ct_mark = 1;
	const auto walk = walk_of({ enter, sets, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(marks(walk, 0), "connmark 0x1");
}

// -m socket without the option looks, and no more.
TEST_F(MarksTest, set_by_a_target)
{
	const auto rules = rules_of("-A PREROUTING -p tcp -j MARK --set-mark 0x1\n"
				    "-A PREROUTING -m socket --transparent -m mark --mark 0x9 -j ACCEPT\n"
				    "-A PREROUTING -m comment --comment \"-m socket --restore-skmark\" -j LOG\n");
	const auto walk = past_the_second_of_three(rules);
	EXPECT_EQ(marks(walk, 0), "mark 0x1");
}

TEST_F(MarksTest, set_by_a_rule_of_nft_that_then_said_no)
{
	TableText text;
	text.is_nft = true;
	ChainText &chain = text.chains["input"] = { "accept", {}, 1 };
	for (const char *rule : { "meta mark set 0x5 tcp dport 22 accept", "counter",
				  "tcp flags syn tcp option maxseg size set rt mtu", "meta mark set 0x7" }) {
		RuleText &added = chain.rules.emplace_back(parse_nft_rule(rule));
		added.handle = 10 + chain.rules.size();
	}
	text.index();
	const Binding rules{ std::make_shared<TableText>(std::move(text)), {} };
	const Enter enter = p.enter_nft(IPT_EVENT_NFT_INET, "web", NF_INET_LOCAL_IN, "input", 1);
	Rule counts = with(0, p.rule_nft("input", 12, IPT_EVENT_NFT_CONTINUE));
	Rule sets = with(5, p.rule_nft("input", 14, IPT_EVENT_NFT_CONTINUE));
	Rule policy = with(7, p.rule_nft("input", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY));
	for (Rule *rule : { &counts, &sets, &policy })
		number_rule(*rule, rules);
	p.fields().mark = 7;
	const auto walk = walk_of({ enter, counts, sets, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(marks(walk, 0), "mark 0x5 (by this rule or one before that said no)");
	EXPECT_EQ(marks(walk, 1), "mark 0x7");
	EXPECT_EQ(marks(walk, 2), "");
}

} // namespace
} // namespace ipt::test
