// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>

#include "pipeline/explain.h"
#include "pipeline/hotdrop.h"
#include "samples.h"

namespace ipt::test {
namespace {

// What is made of what the kernel told: the packet is a SYN 192.0.2.1:40000 > 192.0.2.2:443 in eth0 unless changed.
class ObservedTest : public testing::Test {
protected:
	void SetUp() override { p.observe(); }

	static Binding rules_of(const std::string &rules)
	{
		auto tables = parse_save("*filter\n:INPUT ACCEPT [0:0]\n:WEB - [0:0]\n" + rules + "COMMIT\n");
		return { std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
	}

	static std::string reason_of(const Explanation &explanation, size_t event, size_t at)
	{
		if (!explanation.why_not.empty())
			return explanation.why_not;
		if (event >= explanation.before.size() || at >= explanation.before[event].size())
			return "not there";
		return reason_text(explanation.before[event][at]);
	}

	std::optional<Owner> owner;

	// Of one rule that the packet passed on its way to the policy, of which these matches were asked.
	std::string reason(const std::string &conditions, std::vector<Match> asked)
	{
		Traversal walk = walk_of({ p.enter("filter", NF_INET_LOCAL_IN) },
					 rules_of("-A INPUT " + conditions + " -j DROP\n"));
		if (!asked.empty())
			put(walk, p.matches(std::move(asked)));
		put(walk, p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY));
		put(walk, p.leave(NF_ACCEPT));
		walk.owner = owner;
		return reason_of(explain(walk), 0, 0);
	}

	// The same in nf_tables, where the kernel tells of the matches at these places alone.
	std::string nft_reason(const std::string &conditions, std::vector<uint8_t> places, std::vector<Match> asked)
	{
		auto table = std::move(
			parse_save("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT " + conditions + " -j DROP\nCOMMIT\n")
				.at("filter"));
		table.chains["INPUT"].rules[0].asked_matches = std::move(places);
		Traversal walk = walk_of({ p.enter_nft(IPT_EVENT_NFT_IPV4, "filter", NF_INET_LOCAL_IN, "INPUT", 1) },
					 { std::make_shared<TableText>(std::move(table)), {} });
		if (!asked.empty())
			put(walk, p.matches(std::move(asked)));
		Rule policy = p.rule_nft("INPUT", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY);
		policy.number = 2;
		put(walk, policy);
		put(walk, p.leave(NF_ACCEPT));
		return reason_of(explain(walk), 0, 0);
	}

	// The only match said no.
	std::string said_no(const std::string &conditions) { return reason(conditions, { { .number = 1 } }); }

	PacketMaker p{ 1 };
};

std::string over_limit(int rate)
{
	return fmt::format("-m limit --limit {0}/sec: more packets than {0}/sec, burst 5, allow by now", rate);
}

TEST_F(ObservedTest, names_the_match_that_said_no_and_no_other)
{
	const std::string rule = "-p tcp -m tcp --dport 443 -m limit --limit 1/sec -m pkttype --pkt-type multicast";
	EXPECT_EQ(reason(rule, { { .number = 1, .index = 0, .yes = true }, { .number = 1, .index = 1 } }),
		  over_limit(1));
	EXPECT_EQ(reason(rule, { { .number = 1, .index = 0, .yes = true },
				 { .number = 1, .index = 1, .yes = true },
				 { .number = 1, .index = 2 } }),
		  "-m pkttype --pkt-type multicast: said no");
}

// Some conditions of iptables-nft are no matches to the kernel: of these, the one behind what it asked last said no.
TEST_F(ObservedTest, in_nf_tables_what_is_not_told_lies_between_what_is)
{
	const std::string rule =
		"-p tcp -m tcp --dport 443 -m set --match-set a src -m limit --limit 1/sec -m pkttype --pkt-type multicast";
	const std::vector<uint8_t> places{ 1, 3 };
	EXPECT_EQ(nft_reason(rule, places, { { .number = 1 } }),
		  "-m set --match-set a src: not in the set, packet has source 192.0.2.1 (tcp:40000)");
	EXPECT_EQ(nft_reason(rule, places, { { .number = 1, .yes = true } }), over_limit(1));
	EXPECT_EQ(nft_reason(rule, places, { { .number = 1, .yes = true }, { .number = 1, .index = 1 } }),
		  "-m pkttype --pkt-type multicast: said no");
	EXPECT_EQ(nft_reason(rule, places, {}), "not known why");
	EXPECT_EQ(nft_reason("-p tcp -m tcp --dport 22 -m set --match-set a src", { 1 }, {}),
		  "-m tcp --dport 22: packet has 443");
	EXPECT_EQ(nft_reason("-p udp -m set --match-set a src", { 0 }, {}), "-p udp: packet has TCP");
	EXPECT_EQ(nft_reason("-m limit --limit 1/sec -m quota --quota 5 -m set --match-set a src", { 2 }, {}),
		  "-m limit --limit 1/sec or -m quota --quota 5 (not known which)");
	EXPECT_EQ(nft_reason("-m conntrack --ctstate NEW -m set --match-set a src", { 0, 1 }, { { .number = 1 } }),
		  "-m conntrack --ctstate NEW: packet has INVALID");
	// Which of them it was that was asked is not known.
	EXPECT_EQ(nft_reason("-m mark --mark 0x1 -m mark --mark 0x2", {}, { { .number = 1 } }), "match 1: said no");
}

// Every match that is promised: what the packet has instead, if it can be told.
TEST_F(ObservedTest, says_what_the_packet_has_instead)
{
	p.fields().connection = IPT_EVENT_CT_ESTABLISHED;
	EXPECT_EQ(said_no("-p tcp -m tcp --dport 22"), "-m tcp --dport 22: packet has 443");
	EXPECT_EQ(said_no("-p tcp -m multiport --dports 22,80"), "-m multiport --dports 22,80: packet has 443");
	EXPECT_EQ(said_no("-m mark --mark 0x1"), "-m mark --mark 0x1: packet has 0x0");
	EXPECT_EQ(said_no("-m connmark --mark 0x1"), "-m connmark --mark 0x1: packet has 0x0");
	EXPECT_EQ(said_no("-m conntrack --ctstate NEW"), "-m conntrack --ctstate NEW: packet has ESTABLISHED");
	EXPECT_EQ(said_no("-m state --state NEW"), "-m state --state NEW: packet has ESTABLISHED");
	EXPECT_EQ(said_no("-m addrtype --dst-type BROADCAST"),
		  "-m addrtype --dst-type BROADCAST: packet has 192.0.2.2");
	EXPECT_EQ(said_no("-m addrtype --src-type LOCAL --dst-type LOCAL"),
		  "-m addrtype --src-type LOCAL --dst-type LOCAL: packet has 192.0.2.1 and 192.0.2.2");
	EXPECT_EQ(said_no("-m iprange --src-range 10.0.0.1-10.0.0.2"),
		  "-m iprange --src-range 10.0.0.1-10.0.0.2: packet has 192.0.2.1");
	EXPECT_EQ(said_no("-m length --length 100:"), "-m length --length 100:: packet has 60");
	EXPECT_EQ(said_no("-m ttl --ttl-eq 1"), "-m ttl --ttl-eq 1: packet has 64");
	EXPECT_EQ(said_no("-m hl --hl-eq 1"), "-m hl --hl-eq 1: packet has 64");
	EXPECT_EQ(said_no("-m set --match-set web src"),
		  "-m set --match-set web src: not in the set, packet has source 192.0.2.1 (tcp:40000)");
	EXPECT_EQ(said_no("-m mac --mac-source 02:00:00:00:00:01"), "-m mac --mac-source 02:00:00:00:00:01: said no");
	EXPECT_EQ(said_no("-m pkttype --pkt-type multicast"), "-m pkttype --pkt-type multicast: said no");
	EXPECT_EQ(said_no("-m limit --limit 1/sec"),
		  "-m limit --limit 1/sec: more packets than 1/sec, burst 5, allow by now");
	EXPECT_EQ(said_no("-m bpf --object-pinned /sys/fs/bpf/x"), "-m bpf --object-pinned /sys/fs/bpf/x: returned 0");
	EXPECT_EQ(said_no("-m comment --comment x"), "-m comment --comment x: said no");
	p.fields().protocol = IPPROTO_UDP;
	EXPECT_EQ(said_no("-p udp -m udp --sport 53"), "-m udp --sport 53: packet has 40000");
	p.fields().protocol = IPPROTO_ICMP;
	p.fields().fields = IPT_EVENT_ICMP;
	p.fields().icmp_type = 3;
	EXPECT_EQ(said_no("-p icmp -m icmp --icmp-type 8"), "-m icmp --icmp-type 8: packet has 3/0");
	EXPECT_EQ(said_no("-p ipv6-icmp -m icmp6 --icmpv6-type 128"), "-m icmp6 --icmpv6-type 128: packet has 3/0");
}

// What was captured is not all that the kernel looks at.
TEST_F(ObservedTest, the_kernel_is_right_where_it_was_computed_otherwise)
{
	EXPECT_EQ(said_no("-p tcp -m tcp --dport 443"), "-m tcp --dport 443: said no");
	EXPECT_EQ(said_no("-s 10.0.0.1/32 -m pkttype --pkt-type multicast"),
		  "-m pkttype --pkt-type multicast: said no");
	EXPECT_EQ(reason("-m ttl --ttl-eq 1 -m pkttype --pkt-type multicast",
			 { { .number = 1, .index = 0, .yes = true }, { .number = 1, .index = 1 } }),
		  "-m pkttype --pkt-type multicast: said no");
	EXPECT_EQ(reason("-s 192.0.2.1/32 -m limit --limit 1/sec", {}), "-s 192.0.2.1/32: said no");
	EXPECT_EQ(reason("-s 192.0.2.1/32 -p tcp -m limit --limit 1/sec", {}),
		  "-s 192.0.2.1/32 or -p tcp (not known which)");
}

// As any event of the walk has it.
TEST_F(ObservedTest, where_it_came_from_on_ethernet)
{
	const auto rules = rules_of("-A INPUT -m mac --mac-source 02:00:00:00:00:01 -j DROP\n"
				    "-A INPUT -m mac ! --mac-source 02:00:00:00:AB:02 -j DROP\n");
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const Matches first = p.matches({ { .number = 1 } });
	const Matches second = p.matches_from({ 2, 0, 0, 0, 0xab, 2 }, { { .number = 2 } });
	const auto walk =
		walk_of({ enter, first, second, p.rule("INPUT", 3, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 0, 0),
		  "-m mac --mac-source 02:00:00:00:00:01: packet has 02:00:00:00:ab:02");
	EXPECT_EQ(reason_of(explain(walk), 0, 1),
		  "-m mac ! --mac-source 02:00:00:00:AB:02: packet has 02:00:00:00:ab:02");
}

TEST_F(ObservedTest, whose_the_packet_is_instead)
{
	owner = Owner{ .uid = 1000, .socket = 7 };
	EXPECT_EQ(said_no("-m owner --uid-owner 1"), "-m owner --uid-owner 1: packet has uid 1000");
	EXPECT_EQ(said_no("-m owner ! --uid-owner 999-1000"), "-m owner ! --uid-owner 999-1000: packet has uid 1000");
	EXPECT_EQ(said_no("-m owner --uid-owner 1000"), "-m owner --uid-owner 1000: said no");
	EXPECT_EQ(said_no("-m owner --uid-owner 1 --gid-owner 1"), "-m owner --uid-owner 1 --gid-owner 1: said no");
}

TEST_F(ObservedTest, a_rule_whose_matches_were_not_asked_failed_in_its_header)
{
	EXPECT_EQ(reason("-s 10.0.0.1/32 -m limit --limit 1/sec", {}), "-s 10.0.0.1/32: packet has 192.0.2.1");
	p.head().family = NFPROTO_IPV6;
	p.fields().protocol = IPPROTO_DSTOPTS;
	EXPECT_EQ(reason("-p udp -m limit --limit 1/sec", {}), "-p udp: said no");
}

// Not what can be, but then it is not to be hidden either.
TEST_F(ObservedTest, what_does_not_fit_is_not_explained_away)
{
	EXPECT_EQ(reason("-m limit --limit 1/sec -m pkttype --pkt-type multicast", { { .number = 1, .yes = true } }),
		  "-m pkttype --pkt-type multicast");
	EXPECT_EQ(reason("-m limit --limit 1/sec", { { .number = 1, .yes = true } }), "not known why");
	EXPECT_EQ(reason("-m limit --limit 1/sec", { { .number = 1, .index = 7 } }), "match 8: said no");
	EXPECT_EQ(reason("-m limit --limit 1/sec", { { .number = 3 } }),
		  "its matches were observed in rules that it did not come to");
	EXPECT_EQ(reason("-m limit --limit 1/sec", { { .number = 2 }, { .number = 1 } }),
		  "its matches were observed in rules that it did not come to");
}

TEST_F(ObservedTest, each_rule_gets_its_own)
{
	const auto rules = rules_of("-A INPUT -m limit --limit 1/sec -j DROP\n"
				    "-A INPUT -s 10.0.0.1/32 -m limit --limit 2/sec -j DROP\n"
				    "-A INPUT -m limit --limit 3/sec -j WEB\n"
				    "-A INPUT -m limit --limit 4/sec -j DROP\n"
				    "-A WEB -m limit --limit 5/sec -j DROP\n");
	const auto walk = walk_of(
		{ p.enter("filter", NF_INET_LOCAL_IN), p.matches({ { .number = 1 }, { .number = 3, .yes = true } }),
		  p.rule("INPUT", 3), p.matches({ { .number = 1 } }), p.rule("WEB", 2, IPT_EVENT_KIND_RETURN),
		  p.matches({ { .number = 4 } }), p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
		rules);
	const auto explanation = explain(walk);
	EXPECT_EQ(reason_of(explanation, 0, 0), over_limit(1));
	EXPECT_EQ(reason_of(explanation, 0, 1), "-s 10.0.0.1/32: packet has 192.0.2.1");
	EXPECT_EQ(reason_of(explanation, 1, 0), over_limit(5));
	EXPECT_EQ(reason_of(explanation, 2, 0), over_limit(4));
	ASSERT_EQ(explanation.matched.size(), 3U);
	EXPECT_EQ(explanation.matched[0].size(), 1U);
	EXPECT_TRUE(explanation.matched[1].empty());
}

TEST_F(ObservedTest, matches_of_one_rule_in_two_events)
{
	const auto rules = rules_of("-A INPUT -m limit --limit 1/sec -m pkttype --pkt-type multicast -j DROP\n");
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const Matches first = p.matches({ { .number = 1, .index = 0, .yes = true } });
	const Matches second = p.matches({ { .number = 1, .index = 1 } });
	const auto walk =
		walk_of({ enter, first, second, p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 0, 0), "-m pkttype --pkt-type multicast: said no");
	EXPECT_EQ(explain(walk).before[0][0].asked.size(), 2U);
}

TEST_F(ObservedTest, nothing_where_what_was_observed_is_lost)
{
	const auto rules = rules_of("-A INPUT -m limit --limit 1/sec -j DROP\n");
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	p.lose(1);
	const auto walk = walk_of({ enter, p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(explain(walk).why_not, "events of it are missing");
}

TEST_F(ObservedTest, a_walk_that_was_not_observed_is_computed)
{
	PacketMaker unobserved(2);
	const auto walk =
		walk_of({ unobserved.enter("filter", NF_INET_LOCAL_IN),
			  unobserved.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), unobserved.leave(NF_ACCEPT) },
			rules_of("-A INPUT -p tcp -m limit --limit 1/sec -m pkttype --pkt-type multicast -j DROP\n"));
	EXPECT_EQ(reason_of(explain(walk), 0, 0),
		  "-m limit --limit 1/sec or -m pkttype --pkt-type multicast (not known which)");
}

TEST_F(ObservedTest, programs_and_what_they_said)
{
	const auto walk = sample_observed().traversals[0];
	const auto explanation = explain(walk);
	const auto &rules = walk.rules_text.text->chain("INPUT")->rules;
	EXPECT_EQ(programs_text(explanation.before[0][0].asked, explanation.before[0][0].rule),
		  "program 12 (port_set) returned nonzero");
	EXPECT_EQ(programs_text(explanation.matched[0], &rules[1]), "program 13 returned nonzero");
	EXPECT_EQ(programs_text(explanation.dropped_by, &rules[3]), "");
}

// With a ! the answer is the opposite; where the rule is not known, or stands there in nft's words, that cannot be told.
TEST_F(ObservedTest, what_a_program_returned)
{
	const Match yes{ .number = 1, .yes = true, .program = 14, .program_name = "x" };
	const Match no{ .number = 1, .program = 14, .program_name = "x" };
	const RuleText plain = parse_rule("-A INPUT -m bpf --object-pinned /x -j DROP");
	const RuleText inverted = parse_rule("-A INPUT -m bpf ! --object-pinned /x -j DROP");
	RuleText native = parse_nft_rule("xt match \"bpf\" drop");
	name_xt_matches(native, { "bpf" });
	EXPECT_EQ(programs_text({ &yes, &no }, &plain), "program 14 (x) returned nonzero, program 14 (x) returned 0");
	EXPECT_EQ(programs_text({ &yes, &no }, &inverted),
		  "program 14 (x) returned 0, program 14 (x) returned nonzero");
	EXPECT_EQ(programs_text({ &yes, &no }, &native), "program 14 (x) matched, program 14 (x) did not match");
	EXPECT_EQ(programs_text({ &yes, &no }, nullptr), "program 14 (x) matched, program 14 (x) did not match");
	EXPECT_EQ(said_no("-m bpf ! --object-pinned /x"), "-m bpf ! --object-pinned /x: returned nonzero");
	EXPECT_EQ(said_no("-m bpf --bytecode \"1,6 0 0 0\""), "-m bpf --bytecode \"1,6 0 0 0\": returned 0");
}

TEST_F(ObservedTest, a_match_that_drops_the_packet_is_named_with_the_rules_before_it)
{
	const auto walk = sample_observed().traversals[0];
	const auto explanation = explain(walk);
	EXPECT_EQ(explanation.why_not, "");
	EXPECT_EQ(explanation.chain, "INPUT");
	ASSERT_EQ(explanation.behind.size(), 1U);
	EXPECT_EQ(reason_text(explanation.behind[0]), "-s 10.0.0.0/8: packet has 192.0.2.1");
	ASSERT_EQ(explanation.dropped_by.size(), 1U);
	EXPECT_EQ(hotdrop_text(walk), "dropped by -m tcp --tcp-option 5 of rule 4 itself (hotdrop): "
				      "-A INPUT -p tcp -m tcp --tcp-option 5 -j DROP");
}

TEST_F(ObservedTest, hotdrop_where_the_rules_are_not_known)
{
	auto walk = walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.matches({ { .number = 3, .hotdrop = true } }),
			      p.leave(NF_DROP, true) },
			    { nullptr, "not read" });
	EXPECT_EQ(hotdrop_text(walk), "dropped by match 1 of rule 3 itself (hotdrop)");
	walk.gap = true;
	EXPECT_EQ(hotdrop_text(walk), "dropped by match 1 of rule 3 itself (hotdrop)");
}

// A recording may have any number. What is looked at is no more than there is.
TEST_F(ObservedTest, matches_of_rules_that_there_are_not)
{
	const auto rules = rules_of("-A INPUT -m limit --limit 1/sec -j DROP\n");
	for (const uint32_t number : { 3U, UINT32_MAX - 5, UINT32_MAX }) {
		const auto start = std::chrono::steady_clock::now();
		const auto walk = walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.matches({ { .number = number } }),
					    p.leave(NF_DROP, true) },
					  rules);
		const auto explanation = explain(walk);
		EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << number;
		EXPECT_EQ(explanation.why_not,
			  number == UINT32_MAX ? "" : "its matches were observed in rules that it did not come to");
	}
}

// As IPv6's search for a protocol does.
TEST_F(ObservedTest, hotdrop_of_no_match)
{
	const auto rules = rules_of("-A INPUT -m limit --limit 1/sec -j DROP\n-A INPUT -p tcp -j DROP\n");
	const auto walk = walk_of(
		{ p.enter("filter", NF_INET_LOCAL_IN), p.matches({ { .number = 1 } }), p.leave(NF_DROP, true) }, rules);
	EXPECT_EQ(hotdrop_text(walk), "dropped by a rule itself (hotdrop), but by none of its matches");
	const auto explanation = explain(walk);
	EXPECT_TRUE(explanation.dropped_by.empty());
	ASSERT_EQ(explanation.behind.size(), 1U);
	EXPECT_EQ(reason_text(explanation.behind[0]), over_limit(1));
}

} // namespace
} // namespace ipt::test
