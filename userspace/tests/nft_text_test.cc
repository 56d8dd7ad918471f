// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <linux/netfilter.h>

#include "ruleset/nft_text.h"

namespace ipt::test {
namespace {

NftTable native()
{
	return { NFPROTO_INET,
		 "web",
		 3,
		 { { .name = "ssh", .handle = 1, .rules = { { 6 } } },
		   { .name = "input",
		     .handle = 2,
		     .hook = NF_INET_LOCAL_IN,
		     .policy = "drop",
		     .rules = { { 8 }, { 11 }, { 12 } } },
		   { .name = "empty", .handle = 4 } } };
}

constexpr std::string_view kListed = R"(table inet web { # handle 3
	set known { # handle 9
		type ipv4_addr
		elements = { 192.0.2.1 }
	}

	chain ssh { # handle 1
		counter accept comment "looks like # handle 11" # handle 6
	}

	chain input { # handle 2
		comment "what comes in"
		type filter hook input priority filter; policy drop;
		ct state { established, related } accept # handle 8
		ip saddr { 192.0.2.1, 192.0.2.2,
			   192.0.2.3 } tcp dport 22 jump ssh # handle 11
		reject with tcp reset # handle 12
	}

	chain empty { # handle 4
	}
}
)";

std::string texts(const TableText &table, std::string_view chain)
{
	std::string text;
	for (const RuleText &rule : table.chain(chain)->rules)
		text += std::to_string(rule.handle) + " " + rule.text + "\n";
	return text;
}

TEST(NftText, each_rule_with_its_handle_in_the_order_of_the_kernel)
{
	const auto table = text_of_list(kListed, native());
	ASSERT_TRUE(table) << table.error().message;
	EXPECT_TRUE(table->is_nft);
	EXPECT_EQ(texts(*table, "ssh"), "6 counter accept comment \"looks like # handle 11\"\n");
	EXPECT_EQ(texts(*table, "input"), "8 ct state { established, related } accept\n"
					  "11 ip saddr { 192.0.2.1, 192.0.2.2, 192.0.2.3 } tcp dport 22 jump ssh\n"
					  "12 reject with tcp reset\n");
	EXPECT_EQ(table->chain("input")->policy, "drop");
	EXPECT_EQ(table->chain("ssh")->policy, "-");
	EXPECT_EQ(table->number_of_rule(11), 2U);
	EXPECT_EQ(table->number_of_rule(7), 0U);
	EXPECT_EQ(table->number_behind(2), 4U);
	EXPECT_EQ(table->number_behind(4), 1U);
}

TEST(NftText, a_rule_that_rejects_is_known_by_its_word_and_not_by_its_comment)
{
	EXPECT_TRUE(parse_nft_rule("tcp dport 1 reject").rejects);
	EXPECT_FALSE(parse_nft_rule("tcp dport 1 drop comment \"reject\"").rejects);
}

// Whoever wrote the comment wants to be taken for a rule of another chain.
TEST(NftText, a_comment_cannot_pass_for_the_end_of_a_rule)
{
	std::string listed(kListed);
	listed.replace(listed.find("looks like"), 10, "x\" # handle 6\n\t}\n\tchain input { # handle 2\n\t\taccept");
	const auto table = text_of_list(listed, native());
	if (table) {
		EXPECT_EQ(texts(*table, "input").find("looks"), std::string::npos);
	}
}

TEST(NftText, a_list_that_lacks_a_rule_is_not_taken)
{
	NftTable table = native();
	table.chains[1].rules.push_back({ 13 });
	EXPECT_FALSE(text_of_list(kListed, table));
	EXPECT_FALSE(text_of_list("", native()));
}

NftTable filter()
{
	return { NFPROTO_IPV4,
		 "filter",
		 1,
		 { { .name = "INPUT",
		     .handle = 1,
		     .hook = NF_INET_LOCAL_IN,
		     .policy = "accept",
		     .rules = { { 5 }, { 9 } } },
		   { .name = "WEB", .handle = 4, .rules = { { 7 } } } } };
}

constexpr std::string_view kSaved = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:WEB - [0:0]\n"
				    "-A INPUT -p tcp -j WEB\n-A INPUT -j LOG\n-A WEB -j DROP\nCOMMIT\n";

TEST(NftText, tables_of_iptables_as_iptables_saves_them)
{
	EXPECT_TRUE(is_iptables_table(filter()));
	EXPECT_FALSE(is_iptables_table(native()));
	const auto table = text_of_save(kSaved, filter());
	ASSERT_TRUE(table);
	EXPECT_FALSE(table->is_nft);
	EXPECT_EQ(texts(*table, "INPUT"), "5 -A INPUT -p tcp -j WEB\n9 -A INPUT -j LOG\n");
	EXPECT_EQ(table->chain("INPUT")->policy, "ACCEPT");
	EXPECT_EQ(table->number_of_rule(7), 1U);
	// What only iptables thinks to be there.
	EXPECT_EQ(table->chain("FORWARD"), nullptr);
}

// Which of the matches of a rule the kernel tells of: those that are not nf_tables' own.
TEST(NftText, matches_that_are_asked_are_known_by_their_names)
{
	const auto places = [](const std::string &rule, std::vector<std::string> names) {
		NftTable table = filter();
		table.chains = { { .name = "INPUT",
				   .handle = 1,
				   .hook = NF_INET_LOCAL_IN,
				   .policy = "accept",
				   .rules = { { 5, std::move(names) } } } };
		const auto text = text_of_save("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT " + rule + "\nCOMMIT\n", table);
		std::string found;
		for (size_t i = 0; i < 3; i++) {
			const std::string *match = text->rule("INPUT", 1)->match(i);
			found += (i ? " " : "") + (match ? match->substr(3) : "?");
		}
		return found;
	};
	EXPECT_EQ(
		places("-p tcp -m tcp --dport 1 -m set --match-set a src -m limit --limit 1/s -m addrtype --dst-type LOCAL",
		       { "set", "addrtype" }),
		"set --match-set a src addrtype --dst-type LOCAL ?");
	EXPECT_EQ(places("-m state --state NEW -m comment --comment \"-m set\"", { "conntrack" }),
		  "state --state NEW ? ?");
	EXPECT_EQ(places("-m mark --mark 0x1", {}), "? ? ?");
	EXPECT_EQ(places("-m set --match-set a src -m set --match-set b dst", { "set", "set" }),
		  "set --match-set a src set --match-set b dst ?");
	// One of them is nf_tables' own: which one is not known.
	EXPECT_EQ(places("-m mark --mark 0x1 -m mark --mark 0x2", { "mark" }), "? ? ?");
	EXPECT_EQ(places("-m set --match-set a src", { "other" }), "? ? ?");
}

// iptables-nft-save passes over rules and chains that it does not understand.
TEST(NftText, what_iptables_does_not_show_whole_is_not_of_iptables)
{
	NftTable one_more_rule = filter();
	one_more_rule.chains[1].rules.push_back({ 8 });
	EXPECT_FALSE(text_of_save(kSaved, one_more_rule));
	NftTable one_rule_less = filter();
	one_rule_less.chains[0].rules.pop_back();
	EXPECT_FALSE(text_of_save(kSaved, one_rule_less));
	NftTable one_more_chain = filter();
	one_more_chain.chains.push_back({ .name = "mine", .handle = 12, .hook = NF_INET_LOCAL_IN });
	EXPECT_FALSE(text_of_save(kSaved, one_more_chain));
	NftTable other_kind = filter();
	other_kind.chains[1].hook = NF_INET_LOCAL_IN;
	EXPECT_FALSE(text_of_save(kSaved, other_kind));
	// "tcp dport { 22, 80 } accept" is "-j ACCEPT" to it.
	NftTable with_a_set = filter();
	with_a_set.chains[0].rules[1].has_set = true;
	EXPECT_FALSE(text_of_save(kSaved, with_a_set));
	EXPECT_FALSE(text_of_save("# Table `filter' is incompatible, use 'nft' tool.\n", filter()));
}

} // namespace
} // namespace ipt::test
