// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <netinet/in.h>

#include "ruleset/table_text.h"

namespace ipt {
namespace {

using Of = HeaderCondition::Of;

Conditions conditions_of(const char *line)
{
	return parse_rule(line).conditions;
}

std::vector<std::string> header_texts(const char *line)
{
	std::vector<std::string> texts;
	for (const HeaderCondition &condition : conditions_of(line).header)
		texts.push_back(condition.text);
	return texts;
}

using Texts = std::vector<std::string>;

TEST(Conditions, all_that_is_asked_of_the_header)
{
	const char *const line = "-A FORWARD -s 10.0.0.0/8 ! -d 192.0.2.1/32 -i eth+ ! -o lo -p udp -f -j ACCEPT";
	EXPECT_EQ(header_texts(line),
		  (Texts{ "-s 10.0.0.0/8", "! -d 192.0.2.1/32", "-i eth+", "! -o lo", "-p udp", "-f" }));
	const auto header = conditions_of(line).header;
	EXPECT_EQ(header[0].of, Of::source);
	EXPECT_FALSE(header[0].negated);
	EXPECT_EQ(header[1].of, Of::destination);
	EXPECT_TRUE(header[1].negated);
	EXPECT_EQ(header[3].value, "lo");
	EXPECT_EQ(header[4].protocol, IPPROTO_UDP);
	EXPECT_TRUE(conditions_of("-A FORWARD ! -f").header.at(0).negated);
}

TEST(Conditions, matches_with_their_options)
{
	EXPECT_EQ(conditions_of(
			  "-A INPUT -p tcp -m tcp ! --dport 22 -m comment --comment \"a -m b\" -m limit --limit 5/sec "
			  "-j LOG --log-prefix \"-m x \"")
			  .matches,
		  (Texts{ "-m tcp ! --dport 22", "-m comment --comment \"a -m b\"", "-m limit --limit 5/sec" }));
	EXPECT_TRUE(conditions_of("-A INPUT -s 10.0.0.1/32 -g WEB").matches.empty());
}

// A comment and the options of a target are nobody's conditions.
TEST(Conditions, what_only_looks_like_one)
{
	EXPECT_EQ(header_texts("-A INPUT -m comment --comment \"-s 10.0.0.0/8\" -j DROP"), Texts{});
	EXPECT_EQ(header_texts("-A INPUT -m comment --comment -s -j SNAT --to-source 10.0.0.1 -p 80"), Texts{});
	EXPECT_EQ(conditions_of("-A INPUT -m comment --comment -m -m tcp --dport 1 -j DROP").matches,
		  (Texts{ "-m comment --comment -m", "-m tcp --dport 1" }));
	EXPECT_TRUE(conditions_of("-A INPUT").header.empty());
	EXPECT_TRUE(conditions_of("-s").header.empty());
	EXPECT_TRUE(conditions_of("").matches.empty());
}

TEST(Conditions, cannot_speak_to_the_terminal)
{
	const auto conditions = conditions_of("-A INPUT -i \"e\033\" -m comment --comment \"\033[2J\" -j DROP");
	EXPECT_EQ(conditions.header.at(0).text, "-i e\\x1b");
	EXPECT_EQ(conditions.header.at(0).value, "e?");
	EXPECT_EQ(conditions.matches.at(0), "-m comment --comment \"\\x1b[2J\"");
}

TEST(Conditions, networks)
{
	const auto mask = [](const char *text) {
		const auto network = parse_network(text);
		return network ? std::vector<int>(network->mask.begin(), network->mask.begin() + 5) :
				 std::vector<int>{};
	};
	EXPECT_EQ(mask("10.0.0.0/8"), (std::vector{ 255, 0, 0, 0, 0 }));
	EXPECT_EQ(mask("10.1.2.3"), (std::vector{ 255, 255, 255, 255, 0 }));
	EXPECT_EQ(mask("0.0.0.0/0"), (std::vector{ 0, 0, 0, 0, 0 }));
	EXPECT_EQ(mask("10.1.0.0/15"), (std::vector{ 255, 254, 0, 0, 0 }));
	EXPECT_EQ(mask("10.0.2.0/255.0.255.0"), (std::vector{ 255, 0, 255, 0, 0 }));
	EXPECT_EQ(mask("2001:db8::/33"), (std::vector{ 255, 255, 255, 255, 128 }));
	EXPECT_EQ(mask("::1/ffff::"), (std::vector{ 255, 255, 0, 0, 0 }));
	EXPECT_EQ(parse_network("2001:db8::1/128")->address[15], 1);
	for (const char *wrong : { "", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "10.0.0.0/-1" })
		EXPECT_FALSE(parse_network(wrong)) << wrong;
}

TEST(Conditions, protocols)
{
	EXPECT_EQ(protocol_number("tcp"), IPPROTO_TCP);
	EXPECT_EQ(protocol_number("ipv6-icmp"), IPPROTO_ICMPV6);
	EXPECT_EQ(protocol_number("icmpv6"), IPPROTO_ICMPV6);
	EXPECT_EQ(protocol_number("253"), 253);
	EXPECT_FALSE(protocol_number("256"));
	EXPECT_FALSE(protocol_number("no-such-protocol"));
}

} // namespace
} // namespace ipt
