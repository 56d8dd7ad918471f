// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "pipeline/explain.h"
#include "samples.h"

namespace ipt::test {
namespace {

// What a rule says of a packet, SYN 192.0.2.1:40000 > 192.0.2.2:443 in eth0 unless changed, that did not match it.
class ExplainTest : public testing::Test {
protected:
	static Binding rules_of(const std::string &chains, const std::string &rules)
	{
		auto tables = parse_save("*filter\n" + chains + rules + "COMMIT\n");
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

	// Of one rule that the packet passed on its way to the policy.
	std::string reason(const std::string &conditions, uint8_t hook = NF_INET_LOCAL_IN)
	{
		const Enter enter = p.enter("filter", hook);
		const std::string chain = hook == NF_INET_LOCAL_IN ? "INPUT" :
					  hook == NF_INET_FORWARD  ? "FORWARD" :
								     "OUTPUT";
		return reason_of(explain(walk_of({ enter, p.rule(chain, 2, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
						 rules_of(":" + chain + " ACCEPT [0:0]\n",
							  "-A " + chain + " " + conditions + " -j DROP\n"))),
				 0, 0);
	}

	// The numbers of the rules passed before each event.
	static std::string numbers(const Explanation &explanation)
	{
		std::string text = explanation.why_not;
		for (const auto &before : explanation.before) {
			text += text.empty() ? "" : "|";
			for (const Passed &passed : before)
				text += " " + std::to_string(passed.number);
		}
		return text;
	}

	PacketMaker p{ 1 };
};

TEST_F(ExplainTest, addresses)
{
	EXPECT_EQ(reason("-s 10.0.0.0/8"), "-s 10.0.0.0/8: packet has 192.0.2.1");
	EXPECT_EQ(reason("-s 192.0.2.2/32"), "-s 192.0.2.2/32: packet has 192.0.2.1");
	EXPECT_EQ(reason("-d 192.0.2.1/32"), "-d 192.0.2.1/32: packet has 192.0.2.2");
	EXPECT_EQ(reason("! -s 192.0.2.0/24"), "! -s 192.0.2.0/24: packet has 192.0.2.1");
	EXPECT_EQ(reason("-s 192.0.3.1/255.255.255.0"), "-s 192.0.3.1/255.255.255.0: packet has 192.0.2.1");
	EXPECT_EQ(reason("-s 192.0.2.0/31 -d 192.0.2.0/31"), "-d 192.0.2.0/31: packet has 192.0.2.2");
}

TEST_F(ExplainTest, addresses_of_ipv6)
{
	p.head().family = NFPROTO_IPV6;
	p.fields().source[0] = 0x20;
	p.fields().source[1] = 0x01;
	p.fields().source[15] = 7;
	EXPECT_EQ(reason("-s 2002::/16").substr(0, 30), "-s 2002::/16: packet has 2001:");
	EXPECT_EQ(reason("-s 2001::/16 -p udp"), "-p udp: packet has TCP");
	EXPECT_EQ(reason("! -s 2001::/16").substr(0, 31), "! -s 2001::/16: packet has 2001");
}

TEST_F(ExplainTest, devices)
{
	EXPECT_EQ(reason("-i eth1"), "-i eth1: packet has eth0");
	EXPECT_EQ(reason("-i eth"), "-i eth: packet has eth0");
	EXPECT_EQ(reason("-i eth00"), "-i eth00: packet has eth0");
	EXPECT_EQ(reason("! -i eth+"), "! -i eth+: packet has eth0");
	EXPECT_EQ(reason("-i eth+ -o wan", NF_INET_FORWARD), "-o wan: packet has eth1");
	EXPECT_EQ(reason("-i eth0", NF_INET_LOCAL_OUT), "-i eth0: packet has none");
	EXPECT_EQ(reason("-o eth1"), "-o eth1: packet has none");
}

TEST_F(ExplainTest, protocols)
{
	EXPECT_EQ(reason("-p udp"), "-p udp: packet has TCP");
	EXPECT_EQ(reason("! -p tcp"), "! -p tcp: packet has TCP");
	EXPECT_EQ(reason("-p 253"), "-p 253: packet has TCP");
}

TEST_F(ExplainTest, fragments)
{
	EXPECT_EQ(reason("-f"), "-f: packet has fragment offset 0");
	p.fields().fragment_offset = 1480;
	EXPECT_EQ(reason("! -f"), "! -f: packet has fragment offset 1480");
}

TEST_F(ExplainTest, all_that_is_not_met_of_the_header)
{
	EXPECT_EQ(reason("-s 10.0.0.1/32 -d 192.0.2.2/32 -i lo -p tcp -m tcp --dport 1"),
		  "-s 10.0.0.1/32: packet has 192.0.2.1, -i lo: packet has eth0");
}

// Matches that count, or look further than what was captured, are not asked again.
TEST_F(ExplainTest, matches_that_may_have_said_no)
{
	EXPECT_EQ(reason("-p tcp -m tcp --dport 443 -m limit --limit 1/sec"), "-m limit --limit 1/sec");
	EXPECT_EQ(reason("-m limit --limit 1/sec -m comment --comment \"-m tcp\" -m owner --uid-owner 0"),
		  "-m limit --limit 1/sec or -m owner --uid-owner 0 (not known which)");
	EXPECT_EQ(reason("-p tcp -m limit --limit 1/sec -m tcp --dport 22"), "-m tcp --dport 22: packet has 443");
	EXPECT_EQ(reason("-s 192.0.2.1/32"), "not known why");
	EXPECT_EQ(reason("-m comment --comment x"), "not known why");
}

TEST_F(ExplainTest, matches_that_were_not_asked_as_the_header_was_another)
{
	EXPECT_EQ(reason("-p udp -m udp --dport 53"), "-p udp: packet has TCP");
}

TEST_F(ExplainTest, ports)
{
	EXPECT_EQ(reason("-p tcp -m tcp --dport 22"), "-m tcp --dport 22: packet has 443");
	EXPECT_EQ(reason("-p tcp -m tcp --sport 1:39999 --dport 443"), "-m tcp --sport 1:39999: packet has 40000");
	EXPECT_EQ(reason("-p tcp -m tcp --sport 40001: ! --dport 443"),
		  "-m tcp --sport 40001:: packet has 40000, -m tcp ! --dport 443: packet has 443");
	EXPECT_EQ(reason("-p tcp -m tcp --dport :442"), "-m tcp --dport :442: packet has 443");
	EXPECT_EQ(reason("-p tcp -m tcp --dport 0:65535"), "not known why");
	EXPECT_EQ(reason("-p tcp -m tcp --dport 443 --tcp-option 9"), "-m tcp --dport 443 --tcp-option 9");
	EXPECT_EQ(reason("-p tcp -m multiport --dports 80,444:500"),
		  "-m multiport --dports 80,444:500: packet has 443");
	EXPECT_EQ(reason("-p tcp -m multiport ! --ports 1,40000"),
		  "-m multiport ! --ports 1,40000: packet has 40000 and 443");
	EXPECT_EQ(reason("-p tcp -m multiport --sports 1,443"), "-m multiport --sports 1,443: packet has 40000");
	EXPECT_EQ(reason("-p tcp -m multiport --sports 1,40000"), "not known why");
}

TEST_F(ExplainTest, ports_that_later_fragments_do_not_have)
{
	p.fields().fragment_offset = 8;
	p.fields().fields = IPT_EVENT_FRAGMENT;
	EXPECT_EQ(reason("-p tcp -m tcp ! --dport 22"), "-m tcp ! --dport 22: packet has fragment offset 8");
	p.fields().fragment_offset = 0;
	p.fields().fields = IPT_EVENT_CUT;
	EXPECT_EQ(reason("-p tcp -m tcp --dport 22"), "-m tcp --dport 22");
}

TEST_F(ExplainTest, tcp_flags)
{
	EXPECT_EQ(reason("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK ACK"),
		  "-m tcp --tcp-flags FIN,SYN,RST,ACK ACK: packet has SYN");
	EXPECT_EQ(reason("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"),
		  "-m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN: packet has SYN");
	EXPECT_EQ(reason("-p tcp -m tcp --tcp-flags ALL NONE"), "-m tcp --tcp-flags ALL NONE: packet has SYN");
	EXPECT_EQ(reason("-p tcp -m tcp --tcp-flags SYN,XYZ SYN"), "-m tcp --tcp-flags SYN,XYZ SYN");
}

TEST_F(ExplainTest, icmp)
{
	p.fields().protocol = IPPROTO_ICMP;
	p.fields().fields = IPT_EVENT_ICMP;
	p.fields().icmp_type = 3;
	p.fields().icmp_code = 1;
	EXPECT_EQ(reason("-p icmp -m icmp --icmp-type 8"), "-m icmp --icmp-type 8: packet has 3/1");
	EXPECT_EQ(reason("-p icmp -m icmp --icmp-type 3/4"), "-m icmp --icmp-type 3/4: packet has 3/1");
	EXPECT_EQ(reason("-p icmp -m icmp ! --icmp-type 3"), "-m icmp ! --icmp-type 3: packet has 3/1");
	EXPECT_EQ(reason("-p icmp -m icmp --icmp-type any"), "-m icmp --icmp-type any");
	p.head().family = NFPROTO_IPV6;
	p.fields().protocol = IPPROTO_ICMPV6;
	EXPECT_EQ(reason("-p ipv6-icmp -m icmp6 --icmpv6-type 128"), "-m icmp6 --icmpv6-type 128: packet has 3/1");
}

TEST_F(ExplainTest, ip_header)
{
	p.fields().tos = 0x48;
	EXPECT_EQ(reason("-m length --length 61:"), "-m length --length 61:: packet has 60");
	EXPECT_EQ(reason("-m length ! --length 60"), "-m length ! --length 60: packet has 60");
	EXPECT_EQ(reason("-m ttl --ttl-eq 1"), "-m ttl --ttl-eq 1: packet has 64");
	EXPECT_EQ(reason("-m ttl ! --ttl-eq 64"), "-m ttl ! --ttl-eq 64: packet has 64");
	EXPECT_EQ(reason("-m ttl --ttl-lt 64"), "-m ttl --ttl-lt 64: packet has 64");
	EXPECT_EQ(reason("-m hl --hl-gt 64"), "-m hl --hl-gt 64: packet has 64");
	EXPECT_EQ(reason("-m tos --tos 0x10/0x3f"), "-m tos --tos 0x10/0x3f: packet has 0x48");
	EXPECT_EQ(reason("-m tos --tos 0x08/0x3f"), "not known why");
	EXPECT_EQ(reason("-m dscp ! --dscp 0x12"), "-m dscp ! --dscp 0x12: packet has 0x12");
	EXPECT_EQ(reason("-m iprange --src-range 192.0.2.2-192.0.2.9"),
		  "-m iprange --src-range 192.0.2.2-192.0.2.9: packet has 192.0.2.1");
	EXPECT_EQ(reason("-m iprange ! --dst-range 192.0.2.2-192.0.2.9"),
		  "-m iprange ! --dst-range 192.0.2.2-192.0.2.9: packet has 192.0.2.2");
	EXPECT_EQ(reason("-m iprange --src-range 192.0.2.1-192.0.2.1"), "not known why");
	EXPECT_EQ(reason("-m iprange --src-range 192.0.2.1"), "-m iprange --src-range 192.0.2.1");
}

TEST_F(ExplainTest, states_of_a_connection)
{
	EXPECT_EQ(reason("-m conntrack --ctstate RELATED,ESTABLISHED"),
		  "-m conntrack --ctstate RELATED,ESTABLISHED: packet has INVALID");
	EXPECT_EQ(reason("-m connmark ! --mark 0x1"), "-m connmark ! --mark 0x1: packet has no connection");
	p.fields().connection = IPT_EVENT_CT_ESTABLISHED;
	p.fields().ct_status = 1 << 5; // IPS_DST_NAT
	EXPECT_EQ(reason("-m state --state NEW"), "-m state --state NEW: packet has ESTABLISHED");
	EXPECT_EQ(reason("-m conntrack --ctstate NEW,INVALID"),
		  "-m conntrack --ctstate NEW,INVALID: packet has ESTABLISHED,DNAT");
	EXPECT_EQ(reason("-m conntrack ! --ctstate DNAT"),
		  "-m conntrack ! --ctstate DNAT: packet has ESTABLISHED,DNAT");
	EXPECT_EQ(reason("-m conntrack --ctstate DNAT --ctexpire 17"), "-m conntrack --ctstate DNAT --ctexpire 17");
	EXPECT_EQ(reason("-m conntrack --ctstate DNAT --ctproto 17"), "-m conntrack --ctproto 17: packet has TCP");
	EXPECT_EQ(reason("-m connmark --mark 0x1"), "-m connmark --mark 0x1: packet has 0x0");
	EXPECT_EQ(reason("-m connmark --mark 0x0/0xff"), "not known why");
}

TEST_F(ExplainTest, what_else_a_connection_has)
{
	p.fields().connection = IPT_EVENT_CT_ESTABLISHED;
	p.fields().ct_status = 0xa; // IPS_SEEN_REPLY, IPS_CONFIRMED
	EXPECT_EQ(reason("-m conntrack --ctdir REPLY"), "-m conntrack --ctdir REPLY: packet has ORIGINAL");
	EXPECT_EQ(reason("-m conntrack --ctdir ORIGINAL"), "not known why");
	EXPECT_EQ(reason("-m conntrack ! --ctproto 6"), "-m conntrack ! --ctproto 6: packet has TCP");
	EXPECT_EQ(reason("-m conntrack --ctproto 6"), "not known why");
	EXPECT_EQ(reason("-m conntrack ! --ctstatus ASSURED,CONFIRMED"),
		  "-m conntrack ! --ctstatus ASSURED,CONFIRMED: packet has CONFIRMED");
	EXPECT_EQ(reason("-m conntrack --ctstatus SEEN_REPLY"), "not known why");
	EXPECT_EQ(reason("-m conntrack --ctstatus EXPECTED"),
		  "-m conntrack --ctstatus EXPECTED: packet has none of them");
	// It may have been set since.
	EXPECT_EQ(reason("-m conntrack --ctstatus EXPECTED,ASSURED"), "-m conntrack --ctstatus EXPECTED,ASSURED");
	EXPECT_EQ(reason("-m conntrack --ctorigdstport 80"), "-m conntrack --ctorigdstport 80");
	p.fields().reply = 1;
	EXPECT_EQ(reason("-m conntrack --ctdir ORIGINAL"), "-m conntrack --ctdir ORIGINAL: packet has REPLY");
	// What an error is about has another protocol.
	p.fields().connection = IPT_EVENT_CT_RELATED;
	EXPECT_EQ(reason("-m conntrack --ctproto 17"), "-m conntrack --ctproto 17: packet has TCP");
	p.fields().protocol = IPPROTO_ICMP;
	EXPECT_EQ(reason("-m conntrack --ctproto 17"), "-m conntrack --ctproto 17");
}

// net/netfilter/xt_conntrack.c: then the match says what it has said of the state, or no.
TEST_F(ExplainTest, what_the_rest_of_conntrack_says_without_a_connection)
{
	EXPECT_EQ(reason("-m conntrack ! --ctproto 17"), "-m conntrack ! --ctproto 17: packet has no connection");
	EXPECT_EQ(reason("-m conntrack --ctorigsrc 10.0.0.1"),
		  "-m conntrack --ctorigsrc 10.0.0.1: packet has no connection");
	EXPECT_EQ(reason("-m conntrack --ctstate INVALID --ctproto 17"), "not known why");
	EXPECT_EQ(reason("-m conntrack --ctstate NEW --ctproto 17"), "-m conntrack --ctstate NEW: packet has INVALID");
}

// A rule that matched may have set it; the one that matches next tells.
TEST_F(ExplainTest, marks_as_they_were_then)
{
	const auto rules = rules_of(":INPUT ACCEPT [0:0]\n", "-A INPUT -m mark --mark 0x1/0xf -j ACCEPT\n"
							     "-A INPUT -j MARK --set-xmark 0x25/0xffffffff\n"
							     "-A INPUT -m mark --mark 0x1/0xf -j ACCEPT\n"
							     "-A INPUT -m mark ! --mark 0x20/0xf0 -j ACCEPT\n");
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const Rule before = p.rule("INPUT", 2);
	Rule behind = p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY);
	behind.mark = 0x25;
	p.fields().mark = 0x25;
	const auto walk = walk_of({ enter, before, behind, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 0, 0), "-m mark --mark 0x1/0xf: packet has 0x0");
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-m mark --mark 0x1/0xf: packet has 0x25");
	EXPECT_EQ(reason_of(explain(walk), 1, 1), "-m mark ! --mark 0x20/0xf0: packet has 0x25");
}

// Rules of raw can hang what looks like a connection on a packet, and any rule change a TTL.
TEST_F(ExplainTest, what_a_rule_before_may_have_changed)
{
	const auto rules = rules_of(":PREROUTING ACCEPT [0:0]\n", "-A PREROUTING -p tcp -j CT --zone 1\n"
								  "-A PREROUTING -m conntrack --ctstate NEW\n"
								  "-A PREROUTING -m ttl --ttl-eq 63\n");
	const Enter enter = p.enter("raw", NF_INET_PRE_ROUTING);
	p.fields().ttl = 63;
	const auto walk = walk_of(
		{ enter, p.rule("PREROUTING", 1), p.rule("PREROUTING", 4, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
		rules);
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-m conntrack --ctstate NEW");
	EXPECT_EQ(reason_of(explain(walk), 1, 1), "-m ttl --ttl-eq 63");
}

// Back to what it was before the walk ends: then both ends of the walk say the same.
TEST_F(ExplainTest, what_a_rule_may_have_changed_and_another_changed_back)
{
	const auto rules =
		rules_of(":PREROUTING ACCEPT [0:0]\n", "-A PREROUTING -j TTL --ttl-set 1\n"
						       "-A PREROUTING -m ttl --ttl-eq 1 -m limit --limit 1/sec\n"
						       "-A PREROUTING -m tos --tos 0x10/0xff -m limit --limit 1/sec\n"
						       "-A PREROUTING -j TTL --ttl-set 64\n");
	p.fields().ttl = 64;
	const auto walk =
		walk_of({ p.enter("mangle", NF_INET_PRE_ROUTING), p.rule("PREROUTING", 1), p.rule("PREROUTING", 4),
			  p.rule("PREROUTING", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
			rules);
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-m ttl --ttl-eq 1 or -m limit --limit 1/sec (not known which)");
	EXPECT_EQ(reason_of(explain(walk), 1, 1), "-m tos --tos 0x10/0xff: packet has 0x0");
}

// The target that ended the walk changed nothing.
TEST_F(ExplainTest, what_one_rule_changed_was_as_at_one_of_both_ends)
{
	const auto rules = rules_of(":FORWARD ACCEPT [0:0]\n", "-A FORWARD -j NPT\n"
							       "-A FORWARD -s 10.0.0.1/32 -j ACCEPT\n"
							       "-A FORWARD -j REJECT\n");
	const Enter enter = p.enter("mangle", NF_INET_FORWARD);
	p.fields().source[3] = 9;
	const auto walk = walk_of({ enter, p.rule("FORWARD", 1), p.rule("FORWARD", 3), p.leave(NF_DROP) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-s 10.0.0.1/32: packet has 192.0.2.1 or 192.0.2.9");
}

TEST_F(ExplainTest, nothing_while_the_kernel_missed_a_rule)
{
	const auto rules = rules_of(":INPUT ACCEPT [0:0]\n", "-A INPUT -s 10.0.0.1/32 -j DROP\n");
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const Rule policy = p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY);
	p.head().missed = 1;
	const auto walk = walk_of({ enter, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_TRUE(explain(walk).before.empty());
	EXPECT_EQ(explain(walk).why_not, "events of it are missing");
}

TEST_F(ExplainTest, protocol_behind_extension_headers_that_the_kernel_may_see_otherwise)
{
	p.head().family = NFPROTO_IPV6;
	p.fields().protocol = IPPROTO_NONE;
	EXPECT_EQ(reason("-p ipv6-mh"), "-p ipv6-mh: packet has protocol 59");
	p.fields().fields |= IPT_EVENT_EXTENDED;
	EXPECT_EQ(reason("-p ipv6-mh -m mh --mh-type 5"), "-p ipv6-mh: packet has protocol 59");
	p.fields().protocol = IPPROTO_MH;
	EXPECT_EQ(reason("-p tcp -m limit --limit 1/sec"), "-p tcp: packet has protocol 135");
	p.fields().protocol = IPPROTO_DSTOPTS;
	EXPECT_EQ(reason("-p udp"), "-p udp");
	EXPECT_EQ(reason("-p udp -m limit --limit 1/sec"), "-p udp or -m limit --limit 1/sec (not known which)");
}

// x_tables passes AH over, nf_tables stops at it.
TEST_F(ExplainTest, protocol_behind_ah)
{
	p.head().family = NFPROTO_IPV6;
	p.fields().fields |= IPT_EVENT_EXTENDED | IPT_EVENT_AH;
	EXPECT_EQ(reason("-p udp"), "-p udp: packet has TCP");
	EXPECT_EQ(reason("-p tcp -m limit --limit 1/sec"), "-m limit --limit 1/sec");
	p.head().nft_family = IPT_EVENT_NFT_IPV6;
	EXPECT_EQ(reason("-p udp"), "-p udp: packet has AH");
	EXPECT_EQ(reason("-p tcp -m limit --limit 1/sec"), "-p tcp: packet has AH");
	EXPECT_EQ(reason("! -p ah"), "! -p ah: packet has AH");
}

// net/netfilter/xt_socket.c writes into the packet while it is asked.
TEST_F(ExplainTest, a_mark_that_a_match_may_have_set)
{
	const auto rules =
		rules_of(":PREROUTING ACCEPT [0:0]\n", "-A PREROUTING -p tcp -j LOG\n"
						       "-A PREROUTING -m mark --mark 0x2 -j ACCEPT\n"
						       "-A PREROUTING -m socket --transparent --restore-skmark -j LOG\n"
						       "-A PREROUTING -m mark --mark 0x2 -j ACCEPT\n");
	const Enter enter = p.enter("mangle", NF_INET_PRE_ROUTING);
	const Rule log = p.rule("PREROUTING", 1);
	p.fields().mark = 1;
	Rule socket = p.rule("PREROUTING", 3);
	Rule policy = p.rule("PREROUTING", 5, IPT_EVENT_KIND_POLICY);
	socket.mark = policy.mark = 1;
	const auto walk = walk_of({ enter, log, socket, policy, p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-m mark --mark 0x2");
	EXPECT_EQ(reason_of(explain(walk), 2, 0), "-m mark --mark 0x2: packet has 0x1");
}

constexpr const char *kChains = ":INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n";
constexpr const char *kRules = "-A INPUT -s 10.0.0.1/32 -j DROP\n"
			       "-A INPUT -j A\n"
			       "-A INPUT -s 10.0.0.2/32 -j DROP\n"
			       "-A INPUT -p tcp -g B\n"
			       "-A INPUT -p tcp -j ACCEPT\n"
			       "-A A -s 10.0.0.3/32 -j DROP\n"
			       "-A A -s 10.0.0.4/32 -j DROP\n"
			       "-A A -p tcp\n"
			       "-A A -s 10.0.0.5/32 -j DROP\n"
			       "-A A -p tcp -j RETURN\n"
			       "-A A -j DROP\n"
			       "-A B -s 10.0.0.6/32 -j DROP\n";

// Matched and passed are the whole way: down a jump, back by RETURN, over a goto, from its chain's end to the policy.
TEST_F(ExplainTest, whole_way)
{
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const auto walk = walk_of({ enter, p.rule("INPUT", 2), p.rule("A", 3), p.rule("A", 5), p.rule("INPUT", 4),
				    p.rule("B", 2, IPT_EVENT_KIND_RETURN), p.rule("INPUT", 6, IPT_EVENT_KIND_POLICY),
				    p.leave(NF_DROP, true) },
				  rules_of(kChains, kRules));
	EXPECT_EQ(numbers(explain(walk)), " 1| 1 2| 4| 3| 1|");
	EXPECT_EQ(reason_of(explain(walk), 1, 1), "-s 10.0.0.4/32: packet has 192.0.2.1");
}

TEST_F(ExplainTest, says_so_where_events_are_missing)
{
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	p.lose(1);
	EXPECT_EQ(explain(walk_of({ enter, p.rule("A", 3), p.leave(NF_DROP) }, rules_of(kChains, kRules))).why_not,
		  "events of it are missing");
	PacketMaker other(2);
	EXPECT_EQ(explain(walk_of({ other.rule("INPUT", 2), other.leave(NF_DROP) }, rules_of(kChains, kRules))).why_not,
		  "events of it are missing");
	PacketMaker under_way(4);
	EXPECT_EQ(explain(walk_of({ under_way.enter("filter", 1), under_way.rule("INPUT", 2) },
				  rules_of(kChains, kRules)))
			  .why_not,
		  "events of it are missing");
	PacketMaker unread(3);
	EXPECT_EQ(explain(walk_of({ unread.enter("filter", 1), unread.rule("INPUT", 2) }, { nullptr, "not read" }))
			  .why_not,
		  "not read");
}

// Rules that do not lead there, numbers that there are not, and going back: never a guess.
TEST_F(ExplainTest, says_so_where_the_rules_do_not_lead)
{
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const auto binding = rules_of(kChains, kRules);
	const auto complaint = [&](std::initializer_list<std::pair<const char *, uint32_t>> rules) {
		Traversal walk = walk_of({ enter }, binding);
		uint32_t seq = enter.head.seq;
		for (const auto &[chain, number] : rules) {
			Rule rule{};
			set_name(rule.chain, chain);
			rule.number = number;
			rule.head.seq = ++seq;
			put(walk, rule);
		}
		Leave leave{};
		leave.head.seq = ++seq;
		put(walk, leave);
		return explain(walk).why_not;
	};
	EXPECT_EQ(complaint({ { "A", 3 } }), "it is not known how it came to rule 3 of A");
	EXPECT_EQ(complaint({ { "INPUT", 7 } }), "it is not known how it came to rule 7 of INPUT");
	EXPECT_EQ(complaint({ { "INPUT", 0 } }), "it is not known how it came to rule 0 of INPUT");
	EXPECT_EQ(complaint({ { "INPUT", 3 }, { "INPUT", 3 } }), "it is not known how it came to rule 3 of INPUT");
	EXPECT_EQ(complaint({ { "INPUT", 6 }, { "INPUT", 6 } }), "it is not known how it came to rule 6 of INPUT");
	EXPECT_EQ(complaint({ { "INPUT", 2 }, { "INPUT", 3 } }), "it is not known how it came to rule 3 of INPUT");
	EXPECT_EQ(complaint({ { "GONE", 1 } }), "it is not known how it came to rule 1 of GONE");
	EXPECT_EQ(complaint({ { "INPUT", 2 }, { "A", 3 } }), "");
}

// An address that a target changed on the way: which one a later rule saw is certain only if both would do.
TEST_F(ExplainTest, addresses_that_changed_within_the_table)
{
	const auto rules =
		rules_of(":FORWARD ACCEPT [0:0]\n", "-A FORWARD -s 10.0.0.1/32 -j ACCEPT\n"
						    "-A FORWARD -j NPT\n"
						    "-A FORWARD -s 10.0.0.1/32 -j ACCEPT\n"
						    "-A FORWARD -s 192.0.2.9/32 -m owner --uid-owner 1 -j ACCEPT\n");
	const Enter enter = p.enter("mangle", NF_INET_FORWARD);
	p.fields().source[3] = 9;
	const auto walk = walk_of(
		{ enter, p.rule("FORWARD", 2), p.rule("FORWARD", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) },
		rules);
	EXPECT_EQ(reason_of(explain(walk), 0, 0), "-s 10.0.0.1/32: packet has 192.0.2.1");
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-s 10.0.0.1/32: packet has 192.0.2.1 or 192.0.2.9");
	EXPECT_EQ(reason_of(explain(walk), 1, 1), "-s 192.0.2.9/32 or -m owner --uid-owner 1 (not known which)");
}

// NAT comes last in its table.
TEST_F(ExplainTest, rules_of_the_nat_table_saw_the_packet_as_it_came)
{
	const auto rules =
		rules_of(":PREROUTING ACCEPT [0:0]\n", "-A PREROUTING -p tcp -j LOG\n"
						       "-A PREROUTING -d 192.0.2.9/32 -j ACCEPT\n"
						       "-A PREROUTING -p tcp -j DNAT --to-destination 192.0.2.9\n");
	const Enter enter = p.enter("nat", NF_INET_PRE_ROUTING);
	p.fields().destination[3] = 9;
	const auto walk =
		walk_of({ enter, p.rule("PREROUTING", 1), p.rule("PREROUTING", 3), p.leave(NF_ACCEPT) }, rules);
	EXPECT_EQ(reason_of(explain(walk), 1, 0), "-d 192.0.2.9/32: packet has 192.0.2.2");
}

} // namespace
} // namespace ipt::test
