// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "pipeline/explain.h"
#include "samples.h"

namespace ipt::test {
namespace {

// Rules of chain input, from handle 11, that are passed on the way to the policy.
Binding native_rules(const std::vector<std::string> &rules)
{
	TableText text;
	text.is_nft = true;
	ChainText &chain = text.chains["input"] = { "accept", {}, 1 };
	for (const std::string &rule : rules) {
		RuleText &added = chain.rules.emplace_back(parse_nft_rule(rule));
		added.handle = 10 + chain.rules.size();
	}
	text.index();
	return { std::make_shared<TableText>(std::move(text)), {} };
}

// What is said of a rule that SYN 192.0.2.1:40000 > 192.0.2.2:443 in eth0, unless changed, has passed.
class NftSaysTest : public testing::Test {
protected:
	std::string reason(const std::string &rule, uint8_t hook = NF_INET_LOCAL_IN)
	{
		const Binding rules = native_rules({ rule });
		Enter enter = p.enter_nft(family, "web", hook, "input", 1);
		enter.priority = priority;
		if (!device.empty()) {
			enter.in = { .ifindex = 7 };
			set_name(enter.in.name, device);
		}
		Rule policy = p.rule_nft("input", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY);
		number_rule(policy, rules);
		const Explanation explanation = explain(walk_of({ enter, policy, p.leave(NF_ACCEPT) }, rules));
		return explanation.why_not.empty() ? reason_text(explanation.before.at(0).at(0)) : explanation.why_not;
	}

	PacketMaker p{ 1 };
	uint8_t family = IPT_EVENT_NFT_INET;
	int32_t priority = 0;
	std::string device; // the packet comes in by it, whose index is 7; empty: as it is
};

TEST_F(NftSaysTest, addresses)
{
	EXPECT_EQ(reason("ip saddr 10.0.0.0/8 drop"), "ip saddr 10.0.0.0/8: packet has 192.0.2.1");
	EXPECT_EQ(reason("ip saddr != 192.0.2.0/24 drop"), "ip saddr != 192.0.2.0/24: packet has 192.0.2.1");
	EXPECT_EQ(reason("ip daddr 192.0.2.3-192.0.2.9"), "ip daddr 192.0.2.3-192.0.2.9: packet has 192.0.2.2");
	EXPECT_EQ(reason("ip daddr { 10.0.0.0/8, 192.0.2.1 }"),
		  "ip daddr { 10.0.0.0/8, 192.0.2.1 }: packet has 192.0.2.2");
	EXPECT_EQ(reason("ip daddr { 10.0.0.0/8, 192.0.2.2 }"), "not known why");
	EXPECT_EQ(reason("ip6 saddr 2001:db8::1"), "ip6 saddr 2001:db8::1: packet has IPv4");
	EXPECT_EQ(reason("ip daddr & 0.0.0.255 == 0.0.0.1"), "ip daddr & 0.0.0.255 == 0.0.0.1: packet has 192.0.2.2");
	EXPECT_EQ(reason("ip daddr & 0.0.0.255 == 0.0.0.1 limit rate 1/second"),
		  "ip daddr & 0.0.0.255 == 0.0.0.1 or limit rate 1/second (not known which)");
	p.head().family = NFPROTO_IPV6;
	p.fields().source[0] = 0x20;
	p.fields().source[1] = 0x01;
	EXPECT_EQ(reason("ip saddr 10.0.0.1"), "ip saddr 10.0.0.1: packet has IPv6");
	EXPECT_EQ(reason("ip6 saddr 2001::/16"), "not known why");
	EXPECT_EQ(reason("ip6 saddr 2002::/16").substr(0, 37), "ip6 saddr 2002::/16: packet has 2001:");
}

// Who has 192.0.2.2, asks 192.0.2.1.
TEST_F(NftSaysTest, arp)
{
	EXPECT_EQ(reason("arp operation request"), "arp operation request: packet has IPv4");
	family = IPT_EVENT_NFT_ARP;
	p.head().family = NFPROTO_ARP;
	p.fields() = who_has();
	EXPECT_EQ(reason("arp operation reply drop"), "arp operation reply: packet has request");
	EXPECT_EQ(reason("arp operation != { request, reply }"),
		  "arp operation != { request, reply }: packet has request");
	EXPECT_EQ(reason("arp operation request"), "not known why");
	EXPECT_EQ(reason("arp saddr ip 192.0.2.9 drop"), "arp saddr ip 192.0.2.9: packet has 192.0.2.1");
	EXPECT_EQ(reason("arp daddr ip 10.0.0.0/8"), "arp daddr ip 10.0.0.0/8: packet has 192.0.2.2");
	EXPECT_EQ(reason("arp daddr ip != 192.0.2.2"), "arp daddr ip != 192.0.2.2: packet has 192.0.2.2");
	EXPECT_EQ(reason("arp htype 32"), "arp htype 32: packet has 1");
	EXPECT_EQ(reason("arp ptype ip6"), "arp ptype ip6: packet has ip");
	EXPECT_EQ(reason("arp hlen 20 accept"), "arp hlen 20: packet has 6");
	EXPECT_EQ(reason("arp plen 16 accept"), "arp plen 16: packet has 4");
	EXPECT_EQ(reason("meta protocol ip"), "meta protocol ip: packet has ARP");
	EXPECT_EQ(reason("meta mark 5"), "meta mark 5: packet has 0x0");
	EXPECT_EQ(reason("iifname \"eth1\""), "iifname \"eth1\": packet has eth0");
	// Neither what is asked of addresses of Ethernet is known, nor how long it is to the kernel.
	EXPECT_EQ(reason("arp saddr ether 52:54:00:00:00:01 meta length 5 limit rate 1/second"),
		  "arp saddr ether 52:54:00:00:00:01 or meta length 5 or limit rate 1/second (not known which)");
	// A rule compares what is in the place of an address, be it one or not.
	p.fields().fields = 0;
	EXPECT_EQ(reason("arp saddr ip 192.0.2.9 limit rate 1/second"),
		  "arp saddr ip 192.0.2.9 or limit rate 1/second (not known which)");
}

TEST_F(NftSaysTest, devices)
{
	EXPECT_EQ(reason("iifname \"eth1\""), "iifname \"eth1\": packet has eth0");
	EXPECT_EQ(reason("iifname \"eth\""), "iifname \"eth\": packet has eth0");
	EXPECT_EQ(reason("iifname != \"eth*\""), "iifname != \"eth*\": packet has eth0");
	EXPECT_EQ(reason("iifname { \"lo\", \"wan\" }"), "iifname { \"lo\", \"wan\" }: packet has eth0");
	EXPECT_EQ(reason("iif 3"), "iif 3: packet has eth0");
	EXPECT_EQ(reason("iif 2 limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("oifname \"eth1\""), "oifname \"eth1\": packet has none");
	EXPECT_EQ(reason("oifname != \"eth1\""), "oifname != \"eth1\": packet has none");
	EXPECT_EQ(reason("oifname != \"eth1\" limit rate 1/second"),
		  "oifname != \"eth1\" or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("oifname \"lan\"", NF_INET_FORWARD), "oifname \"lan\": packet has eth1");
}

// In quotes it is a name; otherwise an index.
TEST_F(NftSaysTest, devices_whose_names_are_numbers)
{
	device = "100";
	EXPECT_EQ(reason("iifname \"100\" limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("iif \"100\" limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("iifname { \"lo\", \"100\" } limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("iifname . tcp dport { \"100\" . 443 } limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("iifname \"7\""), "iifname \"7\": packet has 100");
	EXPECT_EQ(reason("iif \"7\""), "iif \"7\": packet has 100");
	EXPECT_EQ(reason("iif 100"), "iif 100: packet has 100");
	EXPECT_EQ(reason("iif 7 limit rate 1/second"), "limit rate 1/second");
	EXPECT_EQ(reason("iif { 7, 8 } limit rate 1/second"), "limit rate 1/second");
	device = "0x64";
	EXPECT_EQ(reason("iifname \"0x64\" limit rate 1/second"), "limit rate 1/second");
}

TEST_F(NftSaysTest, protocols_and_ports)
{
	EXPECT_EQ(reason("udp dport 53 accept"), "udp dport 53: packet has TCP");
	EXPECT_EQ(reason("udp length 8 accept"), "udp length 8: packet has TCP");
	EXPECT_EQ(reason("meta l4proto { icmp, udp }"), "meta l4proto { icmp, udp }: packet has TCP");
	EXPECT_EQ(reason("ip protocol != tcp"), "ip protocol != tcp: packet has TCP");
	EXPECT_EQ(reason("meta nfproto ipv6"), "meta nfproto ipv6: packet has IPv4");
	EXPECT_EQ(reason("tcp dport 22"), "tcp dport 22: packet has 443");
	EXPECT_EQ(reason("tcp dport != 443"), "tcp dport != 443: packet has 443");
	EXPECT_EQ(reason("tcp dport { 22, 80-442 }"), "tcp dport { 22, 80-442 }: packet has 443");
	EXPECT_EQ(reason("tcp dport >= 444"), "tcp dport >= 444: packet has 443");
	EXPECT_EQ(reason("tcp dport < 443"), "tcp dport < 443: packet has 443");
	EXPECT_EQ(reason("tcp dport <= 443"), "not known why");
	EXPECT_EQ(reason("th dport 53"), "th dport 53: packet has 443");
	EXPECT_EQ(reason("tcp dport vmap { 22 : accept, 80 : jump x }"),
		  "tcp dport vmap { 22 : accept, 80 : jump x }: packet has 443");
	EXPECT_EQ(reason("tcp dport https"), "tcp dport https: packet has 443");
	EXPECT_EQ(reason("tcp flags & (fin | syn | rst | ack) == ack"),
		  "tcp flags & (fin | syn | rst | ack) == ack: packet has SYN");
	EXPECT_EQ(reason("tcp flags ack / syn,ack"), "tcp flags ack / syn,ack: packet has SYN");
	EXPECT_EQ(reason("tcp flags fin,ack"), "tcp flags fin,ack: packet has SYN");
	EXPECT_EQ(reason("tcp flags { syn | ack, rst }"), "tcp flags { syn | ack, rst }: packet has SYN");
	EXPECT_EQ(reason("tcp flags { syn, rst }"), "not known why");
	EXPECT_EQ(reason("icmp type echo-request"), "icmp type echo-request: packet has TCP");
}

TEST_F(NftSaysTest, what_later_fragments_do_not_have)
{
	p.fields().fragment_offset = 8;
	p.fields().fields = IPT_EVENT_FRAGMENT;
	EXPECT_EQ(reason("tcp dport != 22"), "tcp dport != 22: packet has fragment offset 8");
	p.fields().fragment_offset = 0;
	p.fields().fields = IPT_EVENT_CUT;
	EXPECT_EQ(reason("tcp dport 22 limit rate 1/second"), "tcp dport 22 or limit rate 1/second (not known which)");
}

TEST_F(NftSaysTest, icmp)
{
	p.fields().protocol = IPPROTO_ICMP;
	p.fields().fields = IPT_EVENT_ICMP;
	p.fields().icmp_type = 3;
	EXPECT_EQ(reason("icmp type { echo-request, echo-reply }"),
		  "icmp type { echo-request, echo-reply }: packet has destination-unreachable");
	EXPECT_EQ(reason("icmpv6 type nd-redirect"), "icmpv6 type nd-redirect: packet has ICMP");
	EXPECT_EQ(reason("icmp code 4"), "icmp code 4: packet has 0");
}

TEST_F(NftSaysTest, ip_header)
{
	p.fields().tos = 0x48;
	EXPECT_EQ(reason("ip ttl 1"), "ip ttl 1: packet has 64");
	EXPECT_EQ(reason("ip ttl < 64"), "ip ttl < 64: packet has 64");
	EXPECT_EQ(reason("ip dscp af11"), "ip dscp af11: packet has 0x12");
	EXPECT_EQ(reason("ip dscp != af21"), "ip dscp != af21: packet has 0x12");
	EXPECT_EQ(reason("meta length 61-100"), "meta length 61-100: packet has 60");
}

TEST_F(NftSaysTest, states_of_a_connection)
{
	EXPECT_EQ(reason("ct state established,related accept"), "ct state established,related: packet has invalid");
	EXPECT_EQ(reason("ct mark 0x1"), "ct mark 0x1: packet has no connection");
	priority = -300;
	EXPECT_EQ(reason("ct state established,related limit rate 1/second"),
		  "ct state established,related or limit rate 1/second (not known which)");
	priority = 0;
	p.fields().connection = IPT_EVENT_CT_NEW;
	p.fields().ct_status = 1 << 5; // IPS_DST_NAT
	p.fields().ct_mark = 0x12;
	EXPECT_EQ(reason("ct state { established, related } accept"),
		  "ct state { established, related }: packet has new");
	EXPECT_EQ(reason("ct state != new"), "ct state != new: packet has new");
	EXPECT_EQ(reason("ct state vmap { established : accept, invalid : drop }"),
		  "ct state vmap { established : accept, invalid : drop }: packet has new");
	EXPECT_EQ(reason("ct status dnat"), "not known why");
	EXPECT_EQ(reason("ct status snat"), "ct status snat: packet has dnat");
	EXPECT_EQ(reason("ct status ! dnat"), "ct status ! dnat: packet has dnat");
	EXPECT_EQ(reason("ct status & snat == snat"), "ct status & snat == snat: packet has dnat");
	// Of the other bits nothing is known.
	EXPECT_EQ(reason("ct status != dnat tcp dport 22 accept"), "tcp dport 22: packet has 443");
	EXPECT_EQ(reason("ct status dnat,0x4 limit rate 1/second"),
		  "ct status dnat,0x4 or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("ct status & 0x4 == 0x4 limit rate 1/second"),
		  "ct status & 0x4 == 0x4 or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("ct status { dnat, snat } limit rate 1/second"),
		  "ct status { dnat, snat } or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("ct direction reply"), "ct direction reply: packet has original");
	EXPECT_EQ(reason("ct mark & 0x0000000f == 0x00000001"), "ct mark & 0x0000000f == 0x00000001: packet has 0x12");
	EXPECT_EQ(reason("meta mark 0x00000001"), "meta mark 0x00000001: packet has 0x0");
}

// The only condition that may have said no did; with two it is open.
TEST_F(NftSaysTest, what_is_not_asked_again)
{
	EXPECT_EQ(reason("tcp dport 443 ip saddr @known accept"), "ip saddr @known: packet has 192.0.2.1");
	EXPECT_EQ(reason("ip saddr . tcp dport @known accept"),
		  "ip saddr . tcp dport @known: packet has 192.0.2.1 . 443");
	EXPECT_EQ(reason("ip saddr . tcp dport { 192.0.2.1 . 80, 10.0.0.0/8 . 443 }"),
		  "ip saddr . tcp dport { 192.0.2.1 . 80, 10.0.0.0/8 . 443 }: packet has 192.0.2.1 . 443");
	EXPECT_EQ(reason("ip saddr . udp dport @known accept"), "ip saddr . udp dport @known: packet has TCP");
	EXPECT_EQ(reason("limit rate 1/second accept"), "limit rate 1/second");
	EXPECT_EQ(reason("ip saddr @known limit rate 1/second accept"),
		  "ip saddr @known or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("ip saddr @known tcp dport 22"), "tcp dport 22: packet has 443");
	EXPECT_EQ(reason("tcp dport 443 meta skuid 0 accept"), "meta skuid 0");
	EXPECT_EQ(reason("tcp dport 443 socket transparent 1 tcp dport 22 drop"),
		  "socket transparent 1 tcp dport 22 drop");
	EXPECT_EQ(reason("fib daddr type local accept"), "fib daddr type local: packet has 192.0.2.2");
	EXPECT_EQ(reason("fib saddr . iif oif missing drop"), "fib saddr . iif oif missing");
	EXPECT_EQ(reason("accept"), "not known why");
}

TEST_F(NftSaysTest, at_a_bridge_what_depends_on_its_frames_is_open)
{
	family = IPT_EVENT_NFT_BRIDGE;
	EXPECT_EQ(reason("meta protocol arp limit rate 1/second"),
		  "meta protocol arp or limit rate 1/second (not known which)");
	EXPECT_EQ(reason("ip saddr 10.0.0.1"), "ip saddr 10.0.0.1: packet has 192.0.2.1");
}

// Which a rule that says no may have set beforehand.
TEST_F(NftSaysTest, marks_that_were_set_on_the_way)
{
	const Binding rules =
		native_rules({ "meta mark 0x1 accept", "meta mark set 0x2", "meta mark 0x1 accept",
			       "meta mark set 0x3 udp dport 1 accept", "meta mark 0x4 limit rate 1/second" });
	const Enter enter = p.enter_nft(family, "web", NF_INET_LOCAL_IN, "input", 1);
	p.fields().mark = 2;
	Rule sets = p.rule_nft("input", 12, IPT_EVENT_NFT_CONTINUE);
	Rule policy = p.rule_nft("input", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY);
	sets.mark = 0; // as the pipeline has it: before the rule
	number_rule(sets, rules);
	number_rule(policy, rules);
	const Explanation explanation = explain(walk_of({ enter, sets, policy, p.leave(NF_ACCEPT) }, rules));
	ASSERT_EQ(explanation.why_not, "");
	EXPECT_EQ(reason_text(explanation.before[0][0]), "meta mark 0x1: packet has 0x0");
	EXPECT_EQ(reason_text(explanation.before[1][0]), "meta mark 0x1");
	EXPECT_EQ(reason_text(explanation.before[1][1]), "udp dport 1: packet has TCP");
	EXPECT_EQ(reason_text(explanation.before[1][2]), "meta mark 0x4 or limit rate 1/second (not known which)");
}

// What the kernel tells of its matches counts, and says more than what nft prints of them.
TEST_F(NftSaysTest, matches_of_x_tables)
{
	const std::string rule = "ip saddr 192.0.2.1 fib daddr type local xt match \"bpf\" limit rate 1/second drop";
	EXPECT_EQ(reason(rule), "fib daddr type local or xt match \"bpf\" or limit rate 1/second (not known which)");
	const auto observed = [&](std::vector<Match> asked) {
		p = PacketMaker(1);
		Binding rules = native_rules({ rule });
		TableText text = *rules.text;
		name_xt_matches(text.chains["input"].rules[0], { "addrtype", "bpf" });
		rules.text = std::make_shared<TableText>(std::move(text));
		Enter enter = p.enter_nft(family, "web", NF_INET_LOCAL_IN, "input", 1);
		enter.head.flags |= IPT_EVENT_OBSERVED;
		const Matches matches = p.matches(std::move(asked));
		Rule policy = p.rule_nft("input", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY);
		number_rule(policy, rules);
		const Traversal walk = walk_of({ enter, matches, policy, p.leave(NF_ACCEPT) }, rules);
		const Explanation explanation = explain(walk);
		const Passed &passed = explanation.before.at(0).at(0);
		return reason_text(passed) + "; " + programs_text(passed.asked, passed.rule);
	};
	EXPECT_EQ(observed({ { .number = 1 } }), "xt match \"addrtype\": said no; ");
	EXPECT_EQ(observed({ { .number = 1, .yes = true }, { .number = 1, .index = 1, .program = 12 } }),
		  "xt match \"bpf\": said no; program 12 did not match");
	EXPECT_EQ(observed({ { .number = 1, .yes = true }, { .number = 1, .index = 1, .yes = true, .program = 12 } }),
		  "fib daddr type local or limit rate 1/second (not known which); program 12 matched");
}

// Twice changed is neither as at the beginning nor as at the end.
TEST_F(NftSaysTest, what_rules_may_have_changed_on_the_way)
{
	const Binding rules = native_rules({ "ip ttl 1 drop", "ip ttl set 1", "ip ttl 64 accept", "counter",
					     "ip ttl 9 drop", "ip ttl set 64", "ct state new drop" });
	const Enter enter = p.enter_nft(family, "web", NF_INET_LOCAL_IN, "input", 1);
	std::vector<Rule> met{ p.rule_nft("input", 12, IPT_EVENT_NFT_CONTINUE),
			       p.rule_nft("input", 14, IPT_EVENT_NFT_CONTINUE),
			       p.rule_nft("input", 16, IPT_EVENT_NFT_CONTINUE),
			       p.rule_nft("input", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY) };
	for (Rule &rule : met)
		number_rule(rule, rules);
	const Explanation explanation =
		explain(walk_of({ enter, met[0], met[1], met[2], met[3], p.leave(NF_ACCEPT) }, rules));
	ASSERT_EQ(explanation.why_not, "");
	EXPECT_EQ(reason_text(explanation.before[0][0]), "ip ttl 1: packet has 64");
	EXPECT_EQ(explanation.before[1].at(0).suspects, std::vector<std::string_view>{ "ip ttl 64" });
	EXPECT_EQ(reason_text(explanation.before[2].at(0)), "ip ttl 9");
	EXPECT_EQ(reason_text(explanation.before[3].at(0)), "ct state new");
}

} // namespace
} // namespace ipt::test
