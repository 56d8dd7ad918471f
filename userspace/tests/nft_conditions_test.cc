// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "ruleset/nft_conditions.h"

namespace ipt::test {
namespace {

// "tcp dport { 22, 80 } | ct state new ...": the conditions, then what is left open.
std::string read(std::string_view rule)
{
	const NftConditions conditions = parse_nft_conditions(rule);
	std::string text;
	for (const NftCondition &condition : conditions.conditions)
		text += (text.empty() ? "" : " | ") + condition.text;
	return conditions.open.empty() ? text : text + " ... " + conditions.open;
}

TEST(NftConditions, each_with_its_value_up_to_what_the_rule_does)
{
	EXPECT_EQ(read("tcp dport 22 accept"), "tcp dport 22");
	EXPECT_EQ(
		read("ip saddr != 10.0.0.0/8 tcp dport { 22, 80-90 } ct state established,related counter packets 1 bytes 2 drop"),
		"ip saddr != 10.0.0.0/8 | tcp dport { 22, 80-90 } | ct state established,related");
	EXPECT_EQ(read("iifname \"eth0\" oif \"lo\" jump x"), "iifname \"eth0\" | oif \"lo\"");
	EXPECT_EQ(read("ct mark & 0x000000ff == 0x00000001 goto x"), "ct mark & 0x000000ff == 0x00000001");
	EXPECT_EQ(read("tcp flags & (fin | syn | rst | ack) == syn drop"),
		  "tcp flags & (fin | syn | rst | ack) == syn");
	EXPECT_EQ(read("tcp flags syn / fin,syn,rst,ack drop"), "tcp flags syn / fin,syn,rst,ack");
	EXPECT_EQ(read("tcp dport vmap { 22 : accept, 80 : jump web }"),
		  "tcp dport vmap { 22 : accept, 80 : jump web }");
	EXPECT_EQ(read("ip saddr . tcp dport @known accept"), "ip saddr . tcp dport @known");
	EXPECT_EQ(read("limit rate over 10/second burst 5 packets tcp dport 1 drop"),
		  "limit rate over 10/second burst 5 packets | tcp dport 1");
	EXPECT_EQ(read("limit rate 1 mbytes/second accept"), "limit rate 1 mbytes/second");
	EXPECT_EQ(read("log prefix \"a drop\" level debug flags tcp sequence,options ip ttl 5 drop"), "ip ttl 5");
	EXPECT_EQ(read("fib saddr . iif oif missing tcp sport 1 drop"), "fib saddr . iif oif missing | tcp sport 1");
	EXPECT_EQ(read("fib daddr type != { local, broadcast } drop"), "fib daddr type != { local, broadcast }");
	EXPECT_EQ(read("meta l4proto udp xt match \"bpf\" counter packets 0 bytes 0 tcp dport 1 drop"),
		  "meta l4proto udp | xt match \"bpf\" | tcp dport 1");
	EXPECT_EQ(read("# nft cannot express: -m bpf --object-pinned /x xt match bpf tcp dport 1 drop"),
		  "xt match bpf | tcp dport 1");
	EXPECT_EQ(read("arp operation request arp saddr ip 192.0.2.1 arp daddr ether 52:54:00:12:34:56 drop"),
		  "arp operation request | arp saddr ip 192.0.2.1 | arp daddr ether 52:54:00:12:34:56");
	EXPECT_EQ(read("arp htype 1 arp operation { request, reply } jump x"),
		  "arp htype 1 | arp operation { request, reply }");
	EXPECT_EQ(read("counter"), "");
	EXPECT_EQ(read("accept comment \"tcp dport 22\""), "");
}

TEST(NftConditions, what_is_not_understood_is_left_open_with_all_behind_it)
{
	EXPECT_EQ(read("tcp dport 22 socket transparent 1 tcp sport 1 drop"),
		  "tcp dport 22 ... socket transparent 1 tcp sport 1 drop");
	EXPECT_EQ(read("arp operation reply arp saddr ip set 192.0.2.9"),
		  "arp operation reply ... arp saddr ip set 192.0.2.9");
	EXPECT_EQ(read("arp saddr"), " ... arp saddr");
	EXPECT_EQ(read("meta mark set ct mark"), " ... meta mark set ct mark");
	EXPECT_EQ(read("ct count over 10 reject"), " ... ct count over 10 reject");
	EXPECT_EQ(read("ct original saddr 10.0.0.1 drop"), " ... ct original saddr 10.0.0.1 drop");
	EXPECT_EQ(read("add @seen { ip saddr limit rate 1/second } accept"),
		  " ... add @seen { ip saddr limit rate 1/second } accept");
	EXPECT_EQ(read("ip daddr & 0.0.0.255 | 0.0.0.1 == 0.0.0.1"), " ... ip daddr & 0.0.0.255 | 0.0.0.1 == 0.0.0.1");
	EXPECT_EQ(read("dnat ip to tcp dport map { 80 : 10.0.0.1 }"),
		  " ... dnat ip to tcp dport map { 80 : 10.0.0.1 }");
	EXPECT_EQ(read("tcp dport { 22, 80"), " ... tcp dport { 22, 80");
	EXPECT_EQ(read("tcp dport"), " ... tcp dport");
	EXPECT_EQ(read("xt target \"LOG\" tcp dport 22"), " ... xt target \"LOG\" tcp dport 22");
	EXPECT_EQ(read("xt match"), " ... xt match");
	EXPECT_EQ(read("tcp dport 1 # something else"), "tcp dport 1 ... # something else");
}

TEST(NftConditions, elements_of_sets)
{
	const auto elements = [](std::string_view rule) {
		const NftConditions conditions = parse_nft_conditions(rule);
		std::string text;
		for (const auto &element : conditions.conditions.at(0).elements) {
			for (const NftCondition::Value &part : element)
				text += part.text + " ";
			text += "; ";
		}
		return text;
	};
	EXPECT_EQ(elements("iifname { \"lo\", \"eth*\" } accept"), "lo ; eth* ; ");
	EXPECT_EQ(elements("ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2-10.0.0.9 . 80 }"),
		  "10.0.0.1 22 ; 10.0.0.2-10.0.0.9 80 ; ");
	EXPECT_EQ(elements("tcp flags { syn, syn | ack }"), "syn ; syn,ack ; ");
	EXPECT_EQ(elements("ct state vmap { established : accept, invalid : jump bad }"), "established ; invalid ; ");
	EXPECT_EQ(elements("ip saddr @known"), "");
}

// What a rule may have done before it said no, or does when it is met.
TEST(NftConditions, what_a_rule_does_to_the_packet)
{
	EXPECT_FALSE(parse_nft_conditions("tcp dport 22 meta mark set 0x5").touches);
	EXPECT_TRUE(parse_nft_conditions("meta mark set 0x5 tcp dport 22 accept").touches);
	EXPECT_FALSE(parse_nft_conditions("meta nftrace set 1 tcp dport 22 accept").touches);
	EXPECT_TRUE(parse_nft_conditions("meta mark set 0x5 tcp dport 22 accept").marks_unmet);
	EXPECT_TRUE(parse_nft_conditions("socket transparent 1 ct mark set 0x5 tcp dport 22 accept").marks_unmet);
	EXPECT_TRUE(parse_nft_conditions("tcp option maxseg size set rt mtu meta mark set 0x5").marks_unmet);
	EXPECT_FALSE(parse_nft_conditions("tcp dport 22 meta mark set 0x5").marks_unmet);
	EXPECT_FALSE(parse_nft_conditions("tcp flags syn tcp option maxseg size set rt mtu").marks_unmet);
	EXPECT_FALSE(parse_nft_conditions("log counter accept").changes);
	EXPECT_TRUE(parse_nft_conditions("ip ttl set 5").changes);
	EXPECT_TRUE(parse_nft_conditions("ip ttl set 5 tcp dport 22 accept").touches);
	EXPECT_TRUE(parse_nft_conditions("something of later versions").touches);
	EXPECT_FALSE(parse_nft_conditions("socket transparent 1 drop").touches);
	EXPECT_TRUE(parse_nft_conditions("socket transparent 1 ip ttl set 5").touches);
	EXPECT_FALSE(parse_nft_conditions("numgen inc mod 2 0 xt match \"bpf\" drop").touches);
	EXPECT_TRUE(parse_nft_conditions("numgen inc mod 2 0 xt target \"TOS\"").touches);
	EXPECT_TRUE(parse_nft_conditions("tcp dport 22 notrack").changes);
	EXPECT_TRUE(parse_nft_conditions("tcp dport 22 dnat to 10.0.0.1").changes);
}

} // namespace
} // namespace ipt::test
