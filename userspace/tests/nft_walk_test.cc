// SPDX-License-Identifier: GPL-2.0-only
// Walks through chains of nf_tables, from events to what is shown.
#include <gtest/gtest.h>

#include <sys/mman.h>

#include "pipeline/correlator.h"
#include "pipeline/explain.h"
#include "pipeline/hotdrop.h"
#include "samples.h"
#include "sink/display.h"
#include "sink/folded.h"
#include "sink/line.h"
#include "sink/tree.h"

namespace ipt::test {
namespace {

constexpr uint8_t kIp = IPT_EVENT_NFT_IPV4;
constexpr uint8_t kInet = IPT_EVENT_NFT_INET;

// 31 characters, of which there is room, and others that begin so.
const std::string kBase = "nv_2f259bab_172_18_0_0_nm24_dna";
const std::string kNat = kBase + "t";
const std::string kNatV6 = kBase + "t6";

// The base chain has handle 1, and jumps to the others, which have 2 and 3.
Binding rules_with_long_names()
{
	TableText text;
	text.is_nft = true;
	const auto rule = [](const std::string &words, uint64_t handle) {
		RuleText text_of_rule = parse_nft_rule(words);
		text_of_rule.handle = handle;
		return text_of_rule;
	};
	text.chains[kBase] = { "accept",
			       { rule("udp dport 53 drop", 4), rule("jump " + kNat, 5), rule("jump " + kNatV6, 6) },
			       1 };
	text.chains[kNat] = { "-", { rule("tcp dport 80 accept", 7), rule("counter", 8) }, 2 };
	text.chains[kNatV6] = { "-", { rule("udp dport 5353 drop", 9), rule("tcp dport 443 accept", 10) }, 3 };
	text.index();
	return { std::make_shared<TableText>(std::move(text)), {} };
}

// The rules of samples.h in generation 41, and their legacy twin.
struct BothTexts : TextSource {
	Result<Snapshot> read(const TableKey &key) override
	{
		if (key.nft && key.table == "none")
			return Error{ "nft is not installed (package nftables)" };
		const Binding rules = key.nft && key.table == "long" ? rules_with_long_names() :
				      key.nft && key.table == "web"  ? sample_native_rules() :
								       sample_nft_rules();
		return Snapshot{ rules.text, key.nft ? uint64_t{ 41 } : 0, key.nft ? uint64_t{ 41 } : 0 };
	}
};

class NftWalkTest : public testing::Test {
protected:
	void SetUp() override
	{
		setenv("TZ", "UTC", 1);
		tzset();
		p.head().ruleset = 41;
	}

	template <typename S>
	std::string shown_by(const std::vector<Event> &events)
	{
		const Fd memory(memfd_create("output", 0));
		Output output(memory.get());
		WallClock clock(0);
		look.emplace(Look{ clock, [](const Head &) { return "router"; }, false, false, explained });
		S sink = make<S>(output);
		Correlator correlator(store, [&](PacketTrace &&trace) {
			sink.packet(trace);
			done.push_back(std::move(trace));
		});
		for (const Event &event : events) {
			const Traversal &walk = correlator.add(event);
			sink.event(std::holds_alternative<Rule>(event) ? Event(walk.rules.back()) : event, walk);
		}
		correlator.settle(60'000'000'000, {});
		sink.end({});
		output.flush();
		std::string text(static_cast<size_t>(lseek(memory.get(), 0, SEEK_END)), '\0');
		EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
		return text;
	}

	template <typename S>
	S make(Output &output)
	{
		if constexpr (std::is_same_v<S, FoldedSink>)
			return S(output);
		else
			return S(output, *look);
	}

	// Another trace.
	void begin()
	{
		const uint64_t ruleset = p.head().ruleset;
		p = PacketMaker(1);
		p.head().ruleset = ruleset;
	}

	static std::string without_back_end(std::string text)
	{
		static constexpr std::string_view name = "nft ip ";
		for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
			text.erase(at, name.size());
		return text;
	}

	// Without the line that begins with the time.
	std::string tree(const std::vector<Event> &events)
	{
		const std::string text = shown_by<TreeSink>(events);
		return text.substr(text.find('\n') + 1);
	}

	// The same way through the same rules, as each back end tells it.
	std::vector<Event> by_nft()
	{
		begin();
		std::vector<Event> events{ p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1),
					   p.rule_nft("INPUT", 11, IPT_EVENT_NFT_JUMP) };
		events.push_back(p.rule_nft("WEB", 14, NF_DROP));
		events.push_back(p.leave(NF_DROP, true));
		return events;
	}
	std::vector<Event> by_legacy()
	{
		begin();
		return { p.enter("filter", NF_INET_LOCAL_IN), p.rule("INPUT", 2), p.rule("WEB", 2),
			 p.leave(NF_DROP, true) };
	}

	// Into a chain and back, and to the end in another.
	std::vector<Event> by_long_names(const std::string &table)
	{
		begin();
		return { p.enter_nft(kInet, table, NF_INET_LOCAL_IN, kBase, 1),
			 p.rule_nft(kBase, 5, IPT_EVENT_NFT_JUMP),
			 p.rule_nft(kNat, 8, IPT_EVENT_NFT_CONTINUE),
			 p.rule_nft(kNat, 2, IPT_EVENT_NFT_CONTINUE, IPT_EVENT_KIND_RETURN),
			 p.rule_nft(kBase, 6, IPT_EVENT_NFT_JUMP),
			 p.rule_nft(kNatV6, 10, NF_ACCEPT),
			 p.leave(NF_ACCEPT, true) };
	}

	BothTexts source;
	RulesetStore store{ source };
	PacketMaker p{ 1 };
	std::optional<Look> look;
	bool explained = false;
	std::vector<PacketTrace> done;
};

TEST_F(NftWalkTest, rules_of_iptables_are_named_as_iptables_names_them)
{
	EXPECT_EQ(tree(by_nft()), "  nft ip filter INPUT  DROP  1.5 us\n"
				  "      2  -A INPUT -p tcp -j WEB\n"
				  "        2  -A WEB -j REJECT --reject-with icmp-port-unreachable\n"
				  "  complete: DROP in nft ip filter INPUT\n\n");
}

TEST_F(NftWalkTest, the_tree_is_that_of_legacy_but_for_the_name_of_the_back_end)
{
	std::string nft = without_back_end(tree(by_nft()));
	EXPECT_EQ(nft, tree(by_legacy()));
	explained = true;
	nft = without_back_end(tree(by_nft()));
	EXPECT_EQ(nft, tree(by_legacy()));
	EXPECT_NE(nft.find("no match: -s 10.0.0.0/8: packet has 192.0.2.1"), std::string::npos);
}

TEST_F(NftWalkTest, ends_of_chains_and_policies)
{
	EXPECT_EQ(tree({ p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1),
			 p.rule_nft("INPUT", 11, IPT_EVENT_NFT_JUMP),
			 p.rule_nft("WEB", 2, IPT_EVENT_NFT_CONTINUE, IPT_EVENT_KIND_RETURN),
			 p.rule_nft("INPUT", 12, IPT_EVENT_NFT_CONTINUE),
			 p.rule_nft("INPUT", 1, NF_DROP, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) }),
		  "  nft ip filter INPUT  DROP  1.5 us\n"
		  "      2  -A INPUT -p tcp -j WEB\n"
		  "        return from WEB\n"
		  "      3  -A INPUT -j LOG\n"
		  "      policy DROP\n"
		  "  complete: DROP in nft ip filter INPUT\n\n");
}

TEST_F(NftWalkTest, rules_of_nft_go_by_their_handles)
{
	const std::vector<Event> events{ p.enter_nft(kInet, "web", NF_INET_LOCAL_IN, "input", 1),
					 p.rule_nft("input", 5, IPT_EVENT_NFT_GOTO), p.rule_nft("ssh", 6, NF_ACCEPT),
					 p.leave(NF_ACCEPT, true) };
	EXPECT_EQ(tree(events), "  nft inet web input at INPUT  ACCEPT  1.5 us\n"
				"      handle 5  tcp dport vmap @ports\n"
				"        handle 6  ip saddr @known accept comment \"a reject\"\n"
				"  complete: ACCEPT in nft inet web input at INPUT\n\n");
	const std::string folded = shown_by<FoldedSink>(events);
	EXPECT_NE(folded.find("nft inet web;input;ssh;handle 6 ip saddr @known accept"), std::string::npos) << folded;
}

// Of a chain's name events have 31 characters, so that another may seem to have the same.
TEST_F(NftWalkTest, chains_with_long_names_are_known_by_their_handles)
{
	const std::string place = "  nft inet long " + kBase + " at INPUT";
	explained = true;
	EXPECT_EQ(tree(by_long_names("long")), place +
						       "  ACCEPT  1.5 us\n"
						       "      handle 4  udp dport 53 drop\n"
						       "           no match: udp dport 53: packet has TCP\n"
						       "      handle 5  jump " +
						       kNat +
						       "\n"
						       "        handle 7  tcp dport 80 accept\n"
						       "             no match: tcp dport 80: packet has 443\n"
						       "        handle 8  counter\n"
						       "        return from " +
						       kNat +
						       "\n"
						       "      handle 6  jump " +
						       kNatV6 +
						       "\n"
						       "        handle 9  udp dport 5353 drop\n"
						       "             no match: udp dport 5353: packet has TCP\n"
						       "        handle 10  tcp dport 443 accept\n"
						       "  complete: ACCEPT in nft inet long " +
						       kBase + " at INPUT\n\n");
	explained = false;
	const std::string lines = shown_by<LineSink>(by_long_names("long"));
	for (const std::string &part : { kNat + " handle 8: counter\n", kNat + ": return from " + kNat + "\n",
					 kNatV6 + " handle 10: tcp dport 443 accept\n" })
		EXPECT_NE(lines.find("| " + part), std::string::npos) << part << "\n" << lines;
	const std::string folded = shown_by<FoldedSink>(by_long_names("long"));
	EXPECT_NE(folded.find(";" + kBase + ";" + kNatV6 + ";handle 10 tcp dport 443 accept "), std::string::npos)
		<< folded;
}

TEST_F(NftWalkTest, chains_with_long_names_are_chosen_by_all_of_the_name)
{
	const auto is_left = [this](const std::string &table, const std::string &chain) {
		done.clear();
		tree(by_long_names(table));
		return Display{ .chains = { chain } }.cut(done.at(0));
	};
	EXPECT_TRUE(is_left("long", kBase));
	EXPECT_TRUE(is_left("long", kNatV6));
	EXPECT_FALSE(is_left("long", kNatV6 + "6"));
	// It may be that one.
	EXPECT_TRUE(is_left("none", kNatV6 + "6"));
	EXPECT_FALSE(is_left("none", "nv"));
}

TEST_F(NftWalkTest, that_a_name_was_cut_is_said_where_no_more_is_known)
{
	const std::string text = tree(by_long_names("none"));
	EXPECT_NE(text.find("handle 8  rule of " + kBase + "...\n"), std::string::npos) << text;
	EXPECT_NE(text.find("return from " + kBase + "...\n"), std::string::npos);
	EXPECT_NE(text.find("handle 5  rule of " + kBase + "\n"), std::string::npos);
}

TEST_F(NftWalkTest, lines_name_rules_likewise)
{
	const std::string text = shown_by<LineSink>(
		{ p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1),
		  p.rule_nft("INPUT", 12, IPT_EVENT_NFT_CONTINUE),
		  p.rule_nft("INPUT", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT),
		  p.enter_nft(kInet, "web", NF_INET_LOCAL_IN, "input", 1), p.rule_nft("input", 4, NF_ACCEPT),
		  p.rule_nft("input", 1, NF_DROP, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) });
	for (const char *part : { " router nft ip filter INPUT TCP ", "| INPUT 3: -A INPUT -j LOG\n",
				  "| INPUT 4: policy DROP\n", " router nft inet web input at INPUT TCP ",
				  "| input handle 4: ct state established accept\n", "| input: policy drop\n" })
		EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST_F(NftWalkTest, without_text_the_kernel_says_what_it_was)
{
	EXPECT_EQ(tree({ p.enter_nft(kInet, "none", NF_INET_FORWARD, "x", 1), p.rule_nft("x", 5, IPT_EVENT_NFT_JUMP),
			 p.rule_nft("y", 2, IPT_EVENT_NFT_CONTINUE, IPT_EVENT_KIND_RETURN),
			 p.rule_nft("x", 1, NF_DROP, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) }),
		  "  nft inet none x at FORWARD  DROP  1.5 us\n"
		  "      text of rules unknown: nft is not installed (package nftables)\n"
		  "      handle 5  rule of x\n"
		  "        return from y\n"
		  "      policy DROP\n"
		  "  complete: DROP in nft inet none x at FORWARD\n\n");
}

// Handles begin anew where a table is made anew: what generation 42 has is not what 41 had.
TEST_F(NftWalkTest, text_of_another_generation_is_not_shown)
{
	p.head().ruleset = 40;
	std::string text = tree(by_nft());
	EXPECT_NE(text.find("text of rules unknown: the rules were replaced before they could be read"),
		  std::string::npos);
	EXPECT_NE(text.find("handle 11  rule of INPUT"), std::string::npos);
	PacketMaker other(2);
	other.head().ruleset = 41;
	std::vector<Event> events{ other.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1),
				   other.rule_nft("INPUT", 11, IPT_EVENT_NFT_CONTINUE) };
	other.head().ruleset = 42;
	events.push_back(other.leave(NF_ACCEPT));
	text = tree(events);
	EXPECT_NE(text.find("text of rules unknown: the rules were replaced while the packet met them"),
		  std::string::npos);
	EXPECT_NE(text.find("handle 11  rule of INPUT"), std::string::npos);
}

// Where the table is the same in both generations, the packet has met its rules whichever it was.
TEST_F(NftWalkTest, a_generation_that_leaves_the_table_as_it_was_makes_nothing_unknown)
{
	const Binding rules = sample_nft_rules();
	struct Same : TextSource {
		Binding rules;
		Result<Snapshot> read(const TableKey &) override { return Snapshot{ rules.text, 43, 43, 41 }; }
	} same;
	same.rules = rules;
	RulesetStore unchanged(same);
	Correlator correlator(unchanged, [&](PacketTrace &&trace) { done.push_back(std::move(trace)); });
	correlator.add(p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1));
	correlator.add(p.rule_nft("INPUT", 11, IPT_EVENT_NFT_CONTINUE));
	p.head().ruleset = 42;
	correlator.add(p.leave(NF_ACCEPT, true));
	correlator.settle(60'000'000'000, {});
	ASSERT_EQ(done.size(), 1U);
	EXPECT_EQ(done[0].traversals[0].rules_text.text, rules.text);
	EXPECT_EQ(done[0].traversals[0].rules[0].number, 2U);
}

// A rule is told when it is done, and what it has done is its own.
TEST_F(NftWalkTest, marks_are_those_of_the_rule_that_set_them)
{
	const Enter enter = p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	const Rule jump = p.rule_nft("INPUT", 11, IPT_EVENT_NFT_JUMP);
	p.fields().mark = 5;
	p.fields().ct_mark = 6;
	const Rule sets = p.rule_nft("WEB", 13, IPT_EVENT_NFT_CONTINUE);
	const Rule after = p.rule_nft("WEB", 14, NF_DROP);
	EXPECT_EQ(tree({ enter, jump, sets, after, p.leave(NF_DROP, true) }),
		  "  nft ip filter INPUT  DROP  1.5 us\n"
		  "      2  -A INPUT -p tcp -j WEB\n"
		  "        1  -A WEB -m mark --mark 0x7 -j RETURN\n"
		  "             mark 0x5, connmark 0x6\n"
		  "        2  -A WEB -j REJECT --reject-with icmp-port-unreachable\n"
		  "  complete: DROP in nft ip filter INPUT\n\n");
}

TEST_F(NftWalkTest, what_a_rule_made_is_told_to_be_of_that_rule)
{
	const Enter enter = p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	const Rule jump = p.rule_nft("INPUT", 11, IPT_EVENT_NFT_JUMP);
	PacketMaker answer(2, 2'000'000'000);
	answer.head().parent = enter.head.traversal;
	answer.head().parent_packet = 1;
	answer.head().ruleset = 41;
	const Enter made = answer.enter_nft(kIp, "filter", NF_INET_LOCAL_OUT, "OUTPUT", 9);
	tree({ enter, jump, made, answer.leave(NF_ACCEPT), p.rule_nft("WEB", 14, NF_DROP), p.leave(NF_DROP, true) });
	ASSERT_EQ(done.size(), 2U);
	ASSERT_TRUE(done[1].origin && done[1].origin->rule);
	EXPECT_EQ(name_of(done[1].origin->rule->chain), "WEB");
	EXPECT_EQ(done[1].origin->rule->number, 2U);
	EXPECT_EQ(done[1].origin->first_chain, "INPUT");
}

// "dup" goes on, and the rule may not match after all: the next one that is told may be another.
TEST_F(NftWalkTest, what_some_rule_made_is_of_none)
{
	const Enter enter = p.enter_nft(kInet, "web", NF_INET_LOCAL_IN, "input", 1);
	PacketMaker copy(2, 2'000'000'000);
	copy.head().parent = enter.head.traversal;
	copy.head().parent_packet = 1;
	const Enter made = copy.enter_nft(kIp, "filter", NF_INET_LOCAL_OUT, "OUTPUT", 9);
	tree({ enter, made, copy.leave(NF_ACCEPT), p.rule_nft("input", 4, NF_ACCEPT), p.leave(NF_ACCEPT, true) });
	ASSERT_EQ(done.size(), 2U);
	ASSERT_TRUE(done[1].origin);
	EXPECT_FALSE(done[1].origin->rule);
	EXPECT_TRUE(done[1].origin->head);
}

TEST_F(NftWalkTest, where_a_map_jumps_to_is_what_comes_next)
{
	const Binding rules = sample_native_rules();
	const Enter enter = p.enter_nft(kInet, "web", NF_INET_LOCAL_IN, "input", 1);
	std::vector<Rule> met{ p.rule_nft("input", 5, IPT_EVENT_NFT_JUMP),
			       p.rule_nft("ssh", 2, IPT_EVENT_NFT_CONTINUE, IPT_EVENT_KIND_RETURN),
			       p.rule_nft("input", 7, NF_DROP) };
	for (Rule &rule : met)
		number_rule(rule, rules);
	const Traversal walk = walk_of({ enter, met[0], met[1], met[2], p.leave(NF_DROP, true) }, rules);
	const Explanation explanation = explain(walk);
	ASSERT_EQ(explanation.why_not, "");
	ASSERT_EQ(explanation.before.size(), 3U);
	ASSERT_EQ(explanation.before[0].size(), 1U);
	EXPECT_EQ(explanation.before[0][0].rule->handle, 4U);
	EXPECT_EQ(reason_text(explanation.before[0][0]), "ct state established: packet has invalid");
	ASSERT_EQ(explanation.before[1].size(), 1U);
	EXPECT_EQ(explanation.before[1][0].rule->handle, 6U);
	EXPECT_TRUE(explanation.before[2].empty());
}

TEST_F(NftWalkTest, a_drop_by_a_match_is_told_with_its_rule)
{
	const Binding rules = sample_nft_rules();
	const Enter enter = p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	Rule rule = p.rule_nft("INPUT", 10, NF_DROP);
	number_rule(rule, rules);
	EXPECT_EQ(hotdrop_text(walk_of({ enter, rule, p.leave(NF_DROP, true) }, rules)),
		  "dropped by a match of rule 1 itself (hotdrop): -A INPUT -s 10.0.0.0/8 -j ACCEPT");
	Rule reject = p.rule_nft("WEB", 14, NF_DROP);
	number_rule(reject, rules);
	EXPECT_EQ(hotdrop_text(walk_of({ enter, reject, p.leave(NF_DROP, true) }, rules)), "");
}

TEST_F(NftWalkTest, rules_that_the_kernel_did_not_tell_are_no_silence)
{
	p.head().flags |= IPT_EVENT_UNTOLD;
	const std::string text =
		tree({ p.enter_nft(kIp, "filter", NF_INET_LOCAL_IN, "INPUT", 1), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("rules not told by the kernel"), std::string::npos);
	EXPECT_NE(text.find("unknown (the kernel did not tell of the rules of nft ip filter INPUT)"),
		  std::string::npos);
}

TEST_F(NftWalkTest, tables_are_chosen_by_name_or_with_their_family)
{
	const auto left = [](const Display &display) {
		PacketTrace trace = sample_nft();
		display.cut(trace);
		std::string text;
		for (const Traversal &walk : trace.traversals)
			text += table_name(walk.head) + ", ";
		return text;
	};
	EXPECT_EQ(left({ .tables = { "filter" } }), "nft ip filter, nft ip filter, ");
	EXPECT_EQ(left({ .tables = { "ip:filter", "bridge:x" } }), "nft ip filter, nft ip filter, nft bridge x, ");
	EXPECT_EQ(left({ .tables = { "inet:filter" } }), "");
	EXPECT_EQ(left({ .chains = { "ssh" } }), "nft inet web..., ");
}

} // namespace
} // namespace ipt::test
