// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "pipeline/match_refusal.h"
#include "samples.h"

namespace ipt::test {
namespace {

// What it means that a match of a SYN 192.0.2.1:40000 > 192.0.2.2:443 in eth0 said no, behind "-m ...: ".
class MatchRefusalTest : public testing::Test {
protected:
	// The same if nothing but that is known of it.
	static constexpr const char *kSaidNo = "said no";

	std::string no(const std::string &match, uint8_t changed = kNothing)
	{
		Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
		enter.head.flags |= flags;
		const Seen seen{ enter, owner, enter.packet, later ? *later : enter.packet, 0, 0, changed };
		const std::string text = unmet_text(refused(match, seen));
		EXPECT_EQ(text.substr(0, match.size() + 2), match + ": ");
		return text.substr(match.size() + 2);
	}

	PacketMaker p{ 1 };
	uint16_t flags = 0;
	std::optional<Owner> owner;
	std::optional<PacketFields> later;
};

TEST_F(MatchRefusalTest, owners)
{
	owner.emplace();
	owner->uid = 33;
	owner->socket = 7;
	EXPECT_EQ(no("-m owner --uid-owner 1000"), "packet has uid 33");
	EXPECT_EQ(no("-m owner --uid-owner 0-32"), "packet has uid 33");
	EXPECT_EQ(no("-m owner ! --uid-owner 33"), "packet has uid 33");
	// The file was given to somebody else.
	EXPECT_EQ(no("-m owner --uid-owner 33"), kSaidNo);
	// It may be either.
	EXPECT_EQ(no("-m owner --uid-owner 1000 --gid-owner 33"), kSaidNo);
	EXPECT_EQ(no("-m owner --gid-owner 33"), "its socket is of another group");
	EXPECT_EQ(no("-m owner ! --gid-owner 33"), kSaidNo);
	EXPECT_EQ(no("-m owner ! --socket-exists"), kSaidNo);
}

TEST_F(MatchRefusalTest, what_nobody_owns)
{
	EXPECT_EQ(no("-m owner --uid-owner 33"), "no socket of a process here");
	EXPECT_EQ(no("-m owner --gid-owner 33 --suppl-groups"), "no socket of a process here");
	EXPECT_EQ(no("-m owner ! --uid-owner 33"), kSaidNo);
	EXPECT_EQ(no("-m owner --socket-exists"), kSaidNo);
	EXPECT_EQ(no("-m owner ! --socket-exists --gid-owner 33"), kSaidNo);
	// There is one, which was not asked for.
	flags = IPT_EVENT_OWNED;
	EXPECT_EQ(no("-m owner --uid-owner 33"), kSaidNo);
	owner.emplace();
	owner->uid = 33;
	EXPECT_EQ(no("-m owner --uid-owner 33"), "no process has its socket open");
	EXPECT_EQ(no("-m owner ! --uid-owner 33 --socket-exists"), kSaidNo);
}

TEST_F(MatchRefusalTest, sets)
{
	EXPECT_EQ(no("-m set --match-set a src"), "not in the set, packet has source 192.0.2.1 (tcp:40000)");
	EXPECT_EQ(no("-m set ! --match-set a dst"), "in the set, packet has destination 192.0.2.2 (tcp:443)");
	EXPECT_EQ(no("-m set --match-set a src,dst,dst"),
		  "not in the set, packet has source 192.0.2.1 (tcp:40000), destination 192.0.2.2 (tcp:443)");
	EXPECT_EQ(no("-m set --match-set a dst,src"),
		  "not in the set, packet has destination 192.0.2.2 (tcp:443), source 192.0.2.1 (tcp:40000, in eth0)");
	EXPECT_EQ(no("-m set --match-set a src,src"),
		  "not in the set, packet has source 192.0.2.1 (tcp:40000, in eth0)");
	// The element may be there, and something else about it was not as asked.
	EXPECT_EQ(no("-m set --match-set a src --packets-gt 5"), "packet has source 192.0.2.1 (tcp:40000)");
	EXPECT_EQ(no("-m set ! --match-set a src --return-nomatch"), "packet has source 192.0.2.1 (tcp:40000)");
	EXPECT_EQ(no("-m set --match-set a"), kSaidNo);
	p.fields().fields = 0;
	p.fields().protocol = 253;
	EXPECT_EQ(no("-m set --match-set a src"), "not in the set, packet has source 192.0.2.1");
	EXPECT_EQ(no("-m set --match-set a src,src"), "not in the set, packet has source 192.0.2.1 (in eth0)");
	p.fields().fields = IPT_EVENT_ICMP;
	p.fields().icmp_type = 8;
	EXPECT_EQ(no("-m set --match-set a dst"), "not in the set, packet has destination 192.0.2.2 (icmp:8/0)");
	p.fields().fields = IPT_EVENT_FRAGMENT;
	p.fields().fragment_offset = 8;
	p.fields().protocol = IPPROTO_TCP;
	EXPECT_EQ(no("-m set --match-set a src"), "not in the set, packet has source 192.0.2.1");
}

// What of it was looked up is not certain then.
TEST_F(MatchRefusalTest, what_a_rule_before_may_have_changed)
{
	EXPECT_EQ(no("-m set --match-set a src", kAddresses), "not in the set");
	EXPECT_EQ(no("-m set --match-set a src", kPorts), "not in the set");
	EXPECT_EQ(no("-m connlimit --connlimit-upto 2 --connlimit-mask 32 --connlimit-saddr", kAddresses),
		  "more than 2 connections from its address/32");
	later = p.fields();
	later->source[3] = 9;
	EXPECT_EQ(no("-m set --match-set a src"), "not in the set");
	EXPECT_EQ(no("-m recent --rcheck --name x --rsource"), "list x does not have it");
	EXPECT_EQ(no("-m recent --rcheck --name x --rdest"), "list x does not have it, packet has 192.0.2.2");
}

TEST_F(MatchRefusalTest, what_counts_packets)
{
	EXPECT_EQ(no("-m limit --limit 3/sec"), "more packets than 3/sec, burst 5, allow by now");
	EXPECT_EQ(no("-m limit --limit 1/hour --limit-burst 2"), "more packets than 1/hour, burst 2, allow by now");
	EXPECT_EQ(no("-m limit"), kSaidNo);
	EXPECT_EQ(no("-m hashlimit --hashlimit-upto 10/sec --hashlimit-burst 5 --hashlimit-mode srcip,dstport "
		     "--hashlimit-name x"),
		  "more than 10/sec, burst 5, by now with its srcip,dstport");
	EXPECT_EQ(no("-m hashlimit --hashlimit-above 512kb/s --hashlimit-name x"), "not more than 512kb/s by now");
	EXPECT_EQ(no("-m hashlimit --hashlimit-above 9/sec --hashlimit-name x --hashlimit-rate-match"), kSaidNo);
	EXPECT_EQ(no("-m quota --quota 60"), "the quota is used up, or less is left than this packet");
	EXPECT_EQ(no("-m quota ! --quota 60"), "the quota is not used up yet");
	EXPECT_EQ(no("-m statistic --mode nth --every 3 --packet 0"), "not the one in every 3 packets");
	EXPECT_EQ(no("-m statistic --mode nth ! --every 3 --packet 0"), "the one in every 3 packets");
	EXPECT_EQ(no("-m statistic --mode random --probability 0.25"), "decided by lot, probability 0.25");
	EXPECT_EQ(no("-m statistic --mode random ! --probability 0.25"), "decided by lot, probability 0.25");
}

TEST_F(MatchRefusalTest, what_counts_connections)
{
	EXPECT_EQ(no("-m connlimit --connlimit-upto 2 --connlimit-mask 24 --connlimit-saddr"),
		  "more than 2 connections from 192.0.2.1/24");
	EXPECT_EQ(no("-m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-daddr"),
		  "not more than 2 connections to 192.0.2.2/32");
}

TEST_F(MatchRefusalTest, what_remembers_addresses)
{
	EXPECT_EQ(no("-m recent --update --seconds 60 --hitcount 3 --name seen --mask 255.255.255.255 --rsource"),
		  "list seen does not have it 3 times in the last 60 s, packet has 192.0.2.1");
	EXPECT_EQ(no("-m recent ! --rcheck --hitcount 3 --rttl --name seen --rdest"),
		  "list seen has it 3 times with its TTL, packet has 192.0.2.2");
	EXPECT_EQ(no("-m recent --remove --name seen --rsource"), "list seen does not have it, packet has 192.0.2.1");
	// It never says anything else.
	EXPECT_EQ(no("-m recent ! --set --name seen --rsource"), kSaidNo);
}

TEST_F(MatchRefusalTest, what_looks_further)
{
	EXPECT_EQ(no("-m time --timestart 08:00:00 --timestop 18:00:00"), "not the time for it");
	EXPECT_EQ(no("-m string --string abc --algo bm"), "not found in it");
	EXPECT_EQ(no("-m string ! --hex-string \"|00|\" --algo bm"), "found in it");
}

TEST_F(MatchRefusalTest, programs)
{
	EXPECT_EQ(no("-m bpf --object-pinned /x"), "returned 0");
	EXPECT_EQ(no("-m bpf ! --bytecode \"1,6 0 0 1\""), "returned nonzero");
}

TEST_F(MatchRefusalTest, nothing_of_what_is_not_known)
{
	EXPECT_EQ(no("-m pkttype --pkt-type multicast"), kSaidNo);
	EXPECT_EQ(no("-m tcp --dport 22"), kSaidNo);
	EXPECT_EQ(no("-s 10.0.0.1/32"), kSaidNo);
	EXPECT_EQ(no("xt match \"limit\""), kSaidNo);
	EXPECT_EQ(no("! -f"), kSaidNo);
	EXPECT_EQ(no("-f"), kSaidNo);
}

} // namespace
} // namespace ipt::test
