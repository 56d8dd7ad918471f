// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "match/command/export.h"
#include "match/rules/saved.h"
#include "ruleset/save_lines.h"

namespace ipt {
namespace {

SavedMatch only_match(const std::string &options)
{
	const std::string text = "*filter\n-A INPUT -p tcp -m bpf " + options + " -j DROP\nCOMMIT\n";
	const Saved saved = parse_saved(text);
	EXPECT_EQ(saved.rules.size(), 1U) << options;
	EXPECT_EQ(saved.rules.at(0).matches.size(), 1U) << options;
	return saved.rules.at(0).matches.at(0);
}

TEST(SaveLines, words_lose_their_quotes_and_keep_their_places)
{
	const std::string line = R"(-A INPUT --comment "say \"hi\"" "" -j DROP)";
	const auto words = split_words(line);
	ASSERT_EQ(words.size(), 7U);
	EXPECT_EQ(words[3].text, "say \"hi\"");
	EXPECT_EQ(line.substr(words[3].begin, words[3].end - words[3].begin), R"("say \"hi\"")");
	EXPECT_EQ(words[4].text, "");
	EXPECT_EQ(line.substr(words[6].begin), "DROP");
}

TEST(SaveLines, numbers_count_what_stands_inside_quotes)
{
	SaveLines lines("a \"1\n2\" b\nc\n# it's \"odd\nd\n");
	std::string_view line;
	std::vector<size_t> numbers;
	while (lines.next(line))
		numbers.push_back(lines.number());
	EXPECT_EQ(numbers, (std::vector<size_t>{ 1, 3, 4, 5 }));
}

TEST(SaveLines, quotes_only_where_they_must_be)
{
	EXPECT_EQ(save_word("/sys/fs/bpf/x"), "/sys/fs/bpf/x");
	EXPECT_EQ(save_word("two words"), "\"two words\"");
	EXPECT_EQ(save_word("a\"b\\"), R"("a\"b\\")");
	EXPECT_EQ(save_word(""), "\"\"");
}

TEST(Saved, finds_each_source)
{
	EXPECT_EQ(only_match("--object-pinned /sys/fs/bpf/x").kind, SourceKind::pinned);
	EXPECT_EQ(only_match("--bytecode \"1,6 0 0 1\"").text, "1,6 0 0 1");
	EXPECT_EQ(only_match("--expression \"tcp port 443\"").kind, SourceKind::expression);
	const SavedMatch object = only_match("--object-file /x.o --program two");
	EXPECT_EQ(object.kind, SourceKind::object);
	EXPECT_EQ(object.text, "/x.o");
	EXPECT_EQ(object.program, "two");
}

TEST(Saved, puts_pieces_together)
{
	EXPECT_EQ(only_match(R"(--expression "tcp po\\" --expression "rt 443")").text, "tcp port 443");
	EXPECT_EQ(only_match(R"(--bytecode "1,6 0 \\" --bytecode "0 \\" --bytecode 1)").text, "1,6 0 0 1");
	EXPECT_EQ(only_match(R"(--object-file /a --program "x\\" --program y)").program, "xy");
	EXPECT_NE(only_match("--expression tcp --expression udp").fault.find("two sources"), std::string::npos);
}

TEST(Saved, sees_the_exclamation_mark)
{
	EXPECT_TRUE(only_match("! --expression tcp").inverted);
	EXPECT_FALSE(only_match("--expression tcp").inverted);
}

TEST(Saved, says_what_contradicts)
{
	EXPECT_NE(only_match("").fault.find("no program"), std::string::npos);
	EXPECT_NE(only_match("--expression tcp --object-pinned /x").fault.find("two sources"), std::string::npos);
	EXPECT_NE(only_match("--expression tcp --program x").fault.find("--object-file"), std::string::npos);
}

TEST(Saved, tells_rules_from_what_looks_like_them)
{
	const std::string text = "# -m bpf --expression tcp\n*mangle\n:INPUT ACCEPT [0:0]\n"
				 "[1:2] -A INPUT -m bpf --expression tcp -m bpf ! --expression udp -j DROP\n"
				 "-A INPUT -m comment --comment \"-m bpf --expression tcp\" -j DROP\n"
				 "-A INPUT -j LOG --log-prefix bpf\nCOMMIT\n";
	const Saved saved = parse_saved(text);
	EXPECT_EQ(saved.all_rules, 3U);
	ASSERT_EQ(saved.rules.size(), 1U);
	EXPECT_EQ(saved.rules[0].number, 4U);
	EXPECT_EQ(saved.rules[0].table, "mangle");
	ASSERT_EQ(saved.rules[0].matches.size(), 2U);
	EXPECT_FALSE(saved.rules[0].matches[0].inverted);
	EXPECT_TRUE(saved.rules[0].matches[1].inverted);
}

TEST(Saved, knows_what_a_restore_misreads)
{
	const std::string word(kLongestWord + 1, 'x');
	const std::string text = "*filter\n-A INPUT -m comment --comment " + word + "\n-A INPUT -m comment --comment " +
				 word.substr(1) + "\n-A INPUT -m comment --comment \"" +
				 std::string(kLongestLine, 'y') +
				 "\"\n-A INPUT -m comment --comment \"a\nb\"\nCOMMIT\n";
	const Saved saved = parse_saved(text);
	ASSERT_EQ(saved.faults.size(), 4U);
	EXPECT_EQ(saved.faults[0].number, 2U);
	EXPECT_NE(saved.faults[0].message.find("1024 bytes"), std::string::npos);
	EXPECT_EQ(saved.faults[1].number, 4U);
	EXPECT_NE(saved.faults[1].message.find("cuts it"), std::string::npos);
	EXPECT_EQ(saved.faults[3].number, 5U);
}

std::string exported_rule(const std::string &options, Family family = Family::any)
{
	const std::string head = "*filter\n:INPUT ACCEPT [0:0]\n[3:4] -A INPUT -p tcp -m bpf ";
	const std::string tail = " -m comment --comment \"x y\" -j DROP\nCOMMIT\n";
	const Exported exported = export_rules(head + options + tail, family);
	EXPECT_TRUE(exported.text.starts_with(head));
	EXPECT_TRUE(exported.text.ends_with(tail));
	const std::string middle = exported.text.substr(head.size(), exported.text.size() - head.size() - tail.size());
	if (!exported.left.empty()) {
		EXPECT_EQ(middle, options);
		return exported.left.at(0);
	}
	return middle;
}

TEST(Export, expressions_become_bytecode)
{
	EXPECT_EQ(exported_rule("--expression \"ip proto 6\"", Family::ipv4),
		  "--bytecode \"5,0 0 0 0,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0\"");
	EXPECT_EQ(exported_rule("--expression \"ip proto 6\""),
		  "--bytecode \"7,48 0 0 0,84 0 0 240,21 0 3 64,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0\"");
}

TEST(Export, the_family_makes_it_shorter)
{
	EXPECT_LT(exported_rule("--expression \"tcp port 443\"", Family::ipv6).size(),
		  exported_rule("--expression \"tcp port 443\"").size());
	const Exported of6 = export_rules("# Generated by ip6tables-save v1.8.9\n*filter\n"
					  "-A INPUT -m bpf --expression \"tcp port 443\"\n",
					  Family::any);
	EXPECT_NE(of6.text.find(exported_rule("--expression \"tcp port 443\"", Family::ipv6)), std::string::npos);
}

TEST(Export, what_revision_1_can_say_stays)
{
	for (const char *same : { "--object-pinned /sys/fs/bpf/none", "--object-pinned \"/sys/fs/bpf/two words\"",
				  "--bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0\"" })
		EXPECT_EQ(exported_rule(same), same);
}

TEST(Export, what_it_cannot_say_is_named_and_stays)
{
	EXPECT_TRUE(exported_rule("! --expression tcp").starts_with("3: `!`"));
	EXPECT_NE(exported_rule("--object-file /x.o").find("3: --object-file has no counterpart"), std::string::npos);
	EXPECT_NE(exported_rule("--object-pinned /" + std::string(511, 'x')).find("the path has 512 bytes"),
		  std::string::npos);
	std::string hosts = "src host 192.0.2.1";
	for (int i = 2; i < 70; i++)
		hosts += " or src host 192.0.2." + std::to_string(i);
	EXPECT_NE(exported_rule("--expression \"" + hosts + "\"").find("and revision 1 takes 64"), std::string::npos);
	EXPECT_NE(exported_rule("--bytecode \"1,0 0 0 1\"").find("returns nothing"), std::string::npos);
	EXPECT_NE(exported_rule("--expression \"tcp prot 1\"").find("syntax error"), std::string::npos);
}

TEST(Export, counts_each_match_of_a_rule)
{
	const Exported exported =
		export_rules("*filter\n-A INPUT -m bpf --expression tcp -m bpf ! --expression udp -m bpf "
			     "--expression ip\n",
			     Family::any);
	EXPECT_EQ(exported.left.size(), 1U);
	EXPECT_EQ(exported.text.find("--expression tcp"), std::string::npos);
	EXPECT_NE(exported.text.find("! --expression udp"), std::string::npos);
	EXPECT_EQ(exported.text.find("--expression ip"), std::string::npos);
}

} // namespace
} // namespace ipt
