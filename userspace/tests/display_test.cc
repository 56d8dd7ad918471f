// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "samples.h"
#include "sink/display.h"
#include "sink/wrap.h"

namespace ipt::test {
namespace {

std::shared_ptr<const TableText> policy_alone()
{
	return std::make_shared<TableText>(parse_save("*mangle\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n").at("mangle"));
}

// Through mangle PREROUTING without a rule, then dropped by filter INPUT after WEB.
PacketTrace two_walks()
{
	PacketMaker p(1);
	return trace_of(
		{ walk_of({ p.enter("mangle", 0), p.rule("PREROUTING", 1, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
			  { policy_alone(), {} }),
		  walk_of({ p.enter("filter", 1), p.rule("INPUT", 1), p.rule("WEB", 1), p.leave(NF_DROP, true) },
			  sample_rules()) });
}

std::string tables_left(const Display &display)
{
	PacketTrace trace = two_walks();
	if (!display.cut(trace))
		return "nothing";
	std::string text;
	for (const Traversal &walk : trace.traversals)
		text += std::string(name_of(walk.head.table)) + " ";
	return text;
}

TEST(Display, shows_everything_unless_asked_otherwise)
{
	EXPECT_EQ(tables_left({}), "mangle filter ");
	EXPECT_TRUE(Display{}.by_event());
}

TEST(Display, verdict_is_that_of_the_packet_in_the_end)
{
	EXPECT_EQ(outcome_word(two_walks()), "reject");
	EXPECT_EQ(tables_left({ .verdicts = { "reject" } }), "mangle filter ");
	EXPECT_EQ(tables_left({ .verdicts = { "drop", "accept" } }), "nothing");
	EXPECT_FALSE(Display{ .verdicts = { "drop" } }.by_event());
	EXPECT_EQ(outcome_word(sample_tcp()), "drop");
	EXPECT_EQ(outcome_word(sample_fragment()), "accept");
	EXPECT_EQ(outcome_word(sample_queued()), "queue");
}

TEST(Display, chains_are_those_that_were_met)
{
	EXPECT_EQ(tables_left({ .chains = { "WEB" } }), "filter ");
	EXPECT_EQ(tables_left({ .chains = { "PREROUTING" } }), "mangle ");
	EXPECT_EQ(tables_left({ .chains = { "OTHER" } }), "nothing");
}

TEST(Display, tables)
{
	EXPECT_EQ(tables_left({ .tables = { "mangle", "raw" } }), "mangle ");
	EXPECT_EQ(tables_left({ .chains = { "WEB" }, .tables = { "mangle" } }), "nothing");
}

TEST(Display, hooks)
{
	EXPECT_EQ(tables_left({ .hooks = { "INPUT" } }), "filter ");
	EXPECT_EQ(tables_left({ .hooks = { "OUTPUT" } }), "nothing");
}

TEST(Display, rules_only)
{
	EXPECT_EQ(tables_left({ .rules_only = true }), "filter ");
	PacketTrace tcp = sample_tcp();
	ASSERT_TRUE(Display{ .rules_only = true }.cut(tcp));
	EXPECT_EQ(tcp.traversals[0].rules.size(), 3U);
	EXPECT_FALSE(is_whole(tcp.traversals[0]));
}

TEST(Wrap, leaves_alone_what_fits)
{
	EXPECT_EQ(wrap("  as it is\n", 0), "  as it is\n");
	EXPECT_EQ(wrap("  as it is\n\nsecond\n", 20), "  as it is\n\nsecond\n");
}

TEST(Wrap, breaks_at_spaces_and_indents_the_rest)
{
	EXPECT_EQ(wrap("  aaaa bbbb cccc dddd eeee ffff\n", 20), "  aaaa bbbb cccc\n      dddd eeee ffff\n");
}

TEST(Wrap, ends_where_an_escape_sequence_does_not)
{
	EXPECT_EQ(wrap("aaaaaaaaaa bbbbbbbbbb \033]0;x\n", 20), "aaaaaaaaaa\n    bbbbbbbbbb \033]0;x\n");
}

TEST(Wrap, breaks_words_that_are_too_long)
{
	EXPECT_EQ(wrap("aaaaaaaaaabbbbbbbbbbcccc\n", 20), "aaaaaaaaaabbbbbbbbbb\n    cccc\n");
}

TEST(Wrap, colours_take_no_room_and_characters_one_column)
{
	EXPECT_EQ(wrap("\033[31maaaa bbbb\033[0m cccc dddd\n", 20), "\033[31maaaa bbbb\033[0m cccc dddd\n");
	EXPECT_EQ(wrap("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc aaaaaaaaa\n",
		       20),
		  "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc aaaaaaaaa\n");
}

} // namespace
} // namespace ipt::test
