// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdlib>
#include <fmt/core.h>
#include <sys/mman.h>

#include "make_event.h"
#include "pipeline/correlator.h"
#include "samples.h"
#include "sink/line.h"
#include "sink/tree.h"

namespace ipt::test {
namespace {

constexpr const char *kRules = R"(*filter
:INPUT DROP [0:0]
:OUTPUT ACCEPT [0:0]
:WEB - [0:0]
:DEEP - [0:0]
:SIDE - [0:0]
-A INPUT -p tcp -j WEB
-A INPUT -p udp -g SIDE
-A INPUT -s 192.0.2.7/32
-A INPUT -m tcp -p tcp --tcp-option 9 -j ACCEPT
-A WEB -p tcp --dport 443 -j DEEP
-A WEB -j RETURN
-A DEEP -s 192.0.2.1/32 -j LOG
-A DEEP -j REJECT --reject-with icmp-port-unreachable
-A SIDE -p udp --dport 53 -j ACCEPT
COMMIT
*observed
:INPUT ACCEPT [0:0]
-A INPUT -m bpf --object-pinned /a -m limit --limit 1/sec -j DROP
-A INPUT -m bpf --object-pinned /b -j LOG
-A INPUT -s 10.0.0.0/8 -j DROP
-A INPUT -m u32 --u32 0x0=0x0 -j DROP
COMMIT
)";

struct FixedText : TextSource {
	Result<Snapshot> read(const TableKey &key) override
	{
		auto tables = parse_save(kRules);
		if (!tables.contains(key.table))
			return Error{ "not read" };
		return Snapshot{ std::make_shared<TableText>(tables.at(key.table)), 0 };
	}
};

class SinkTest : public testing::Test {
protected:
	void SetUp() override
	{
		setenv("TZ", "UTC", 1);
		tzset();
	}

	std::string output_text()
	{
		output.flush();
		std::string text(static_cast<size_t>(lseek(memory.get(), 0, SEEK_END)), '\0');
		EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
		return text;
	}

	template <typename S>
	std::string shown_by(std::initializer_list<Event> events, const Losses &losses = {})
	{
		S sink(output, look);
		Correlator correlator(store, [&sink](PacketTrace &&trace) { sink.packet(trace); });
		for (const Event &event : events)
			sink.event(event, correlator.add(event));
		correlator.settle(60'000'000'000, losses);
		return output_text();
	}

	std::string tree(std::initializer_list<Event> events, const Losses &losses = {})
	{
		return shown_by<TreeSink>(events, losses);
	}

	FixedText source;
	RulesetStore store{ source };
	Fd memory{ memfd_create("output", 0) };
	Output output{ memory.get() };
	// A day and a bit after the epoch: 10:17:36 UTC.
	WallClock clock{ (86400 + 37056) * int64_t{ 1'000'000'000 } };
	Look look{ clock, [](const Head &) { return "router"; } };
	PacketMaker p{ 1 };
};

TEST_F(SinkTest, tree_shows_jumps_indented_with_the_text_of_each_rule)
{
	EXPECT_EQ(tree({ p.enter("filter", 1), p.rule("INPUT", 1), p.rule("WEB", 1), p.rule("DEEP", 1),
			 p.rule("DEEP", 2, IPT_EVENT_KIND_RETURN), p.leave(NF_DROP, true) }),
		  "10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
		  "  filter INPUT  DROP  1.5 us\n"
		  "      1  -A INPUT -p tcp -j WEB\n"
		  "        1  -A WEB -p tcp --dport 443 -j DEEP\n"
		  "          1  -A DEEP -s 192.0.2.1/32 -j LOG\n"
		  "          2  -A DEEP -j REJECT --reject-with icmp-port-unreachable\n"
		  "  complete: DROP in filter INPUT\n\n");
}

// Until each rule and behind the last, and the table without what tracing took.
TEST_F(SinkTest, tree_and_line_show_what_rules_took_if_that_is_wanted)
{
	const std::initializer_list<Event> events{ p.enter("filter", 1), p.timed(p.rule("INPUT", 1), 100),
						   p.timed(p.rule("WEB", 1), 2500),
						   p.timed(p.rule("DEEP", 2, IPT_EVENT_KIND_RETURN), 300),
						   p.timed(p.leave(NF_DROP, true), 1'002'900) };
	const std::string head =
		"10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
		"  filter INPUT  DROP  1.0 ms\n";
	const std::string plain = tree(events);
	EXPECT_EQ(plain, head + "      1  -A INPUT -p tcp -j WEB\n"
				"        1  -A WEB -p tcp --dport 443 -j DEEP\n"
				"          2  -A DEEP -j REJECT --reject-with icmp-port-unreachable\n"
				"  complete: DROP in filter INPUT\n\n");
	look.cost = true;
	EXPECT_EQ(tree(events).substr(plain.size()),
		  head + "      1  -A INPUT -p tcp -j WEB  0.1 us\n"
			 "        1  -A WEB -p tcp --dport 443 -j DEEP  2.5 us\n"
			 "          2  -A DEEP -j REJECT --reject-with icmp-port-unreachable  0.3 us, then 1.0 ms\n"
			 "  complete: DROP in filter INPUT\n\n");
	const std::string lines = shown_by<LineSink>(events);
	EXPECT_NE(lines.find("| INPUT 1: -A INPUT -p tcp -j WEB  0.1 us\n"), std::string::npos) << lines;
	EXPECT_NE(lines.find("| DROP 1.0 ms\n"), std::string::npos) << lines;
}

// What is not known is not guessed: in a walk with a gap, what came behind its last rule; in an untimed one, all of it.
TEST_F(SinkTest, tree_shows_no_times_that_are_not_known)
{
	look.cost = true;
	const Enter enter = p.enter("filter", 1);
	const Rule first = p.timed(p.rule("INPUT", 1), 100);
	p.lose(1);
	EXPECT_NE(tree({ enter, first, p.timed(p.leave(NF_DROP, true), 900) }).find("-j WEB  0.1 us\n"),
		  std::string::npos);
	PacketMaker other{ 2 };
	EXPECT_NE(tree({ other.enter("filter", 1), other.rule("INPUT", 1), other.leave(NF_DROP, true) })
			  .find("INPUT  DROP  1.5 us\n      1  -A INPUT -p tcp -j WEB\n"),
		  std::string::npos);
}

// The kernel calls an unconditional verdict "return" or "policy"; the text knows better.
TEST_F(SinkTest, tree_tells_written_rules_from_ends_of_chains_and_policies)
{
	EXPECT_EQ(tree({ p.enter("filter", 1), p.rule("INPUT", 1), p.rule("WEB", 2, IPT_EVENT_KIND_RETURN),
			 p.rule("INPUT", 2), p.rule("SIDE", 2, IPT_EVENT_KIND_RETURN),
			 p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) }),
		  "10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
		  "  filter INPUT  DROP  1.5 us\n"
		  "      1  -A INPUT -p tcp -j WEB\n"
		  "        2  -A WEB -j RETURN\n"
		  "      2  -A INPUT -p udp -g SIDE\n"
		  "        return from SIDE\n"
		  "      policy DROP\n"
		  "  complete: DROP in filter INPUT\n\n");
}

TEST_F(SinkTest, tree_shows_what_changed_on_the_way)
{
	const Enter first = p.enter("mangle", 0);
	p.fields().mark = 7;
	const Leave marked = p.leave(NF_ACCEPT);
	p.fields().destination[3] = 9;
	p.fields().destination_port = 8080;
	p.fields().connection = IPT_EVENT_CT_NEW;
	const std::string text = tree({ first, marked, p.enter("filter", 2), p.leave(NF_ACCEPT) });
	EXPECT_EQ(text, "10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
			"  mangle PREROUTING  ACCEPT  1.5 us\n"
			"      mark 0x7\n"
			"  now 192.0.2.1:40000 > 192.0.2.9:8080, ct NEW\n"
			"  filter FORWARD eth0 > eth1  ACCEPT  1.5 us\n"
			"  complete: ACCEPT in filter FORWARD\n\n");
}

TEST_F(SinkTest, tree_shows_what_each_rule_changed)
{
	const Enter enter = p.enter("filter", 1);
	const Rule first = p.rule("INPUT", 1);
	Rule second = p.rule("WEB", 2, IPT_EVENT_KIND_RETURN);
	second.mark = 0x7;
	Rule third = p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY);
	third.mark = 0x9;
	third.ct_mark = 0x5;
	p.fields().mark = 0x9;
	p.fields().ct_mark = 0x6;
	p.fields().ttl = 63;
	p.fields().length = 52;
	const std::string text = tree({ enter, first, second, third, p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("      1  -A INPUT -p tcp -j WEB\n"
			    "           mark 0x7\n"
			    "        2  -A WEB -j RETURN\n"
			    "             mark 0x9, connmark 0x5\n"
			    "      policy DROP\n"
			    "           connmark 0x6\n"
			    "      ttl 63, len 52\n"),
		  std::string::npos)
		<< text;
}

// With events missing in between, another rule may have done it.
TEST_F(SinkTest, tree_blames_no_rule_for_a_change_that_another_may_have_made)
{
	const Enter enter = p.enter("filter", 1);
	const Rule first = p.rule("INPUT", 1);
	p.lose(1);
	p.fields().mark = 0x9;
	const std::string text = tree({ enter, first, p.leave(NF_DROP, true) }, { .numbered = 1 });
	EXPECT_NE(text.find("      1  -A INPUT -p tcp -j WEB\n      mark 0x9\n"), std::string::npos) << text;
}

TEST_F(SinkTest, tree_without_text_shows_numbers_and_why)
{
	const std::string text = tree({ p.enter("nat", 0), p.rule("PREROUTING", 3), p.leave(NF_ACCEPT) });
	EXPECT_NE(text.find("text of rules unknown: not read\n"), std::string::npos);
	EXPECT_NE(text.find("      3  rule of PREROUTING\n"), std::string::npos);
}

TEST_F(SinkTest, tree_says_how_many_events_were_lost_and_where)
{
	const Enter enter = p.enter("filter", 1);
	p.lose(3);
	const std::string text = tree({ enter, p.leave(NF_DROP, true) }, { .numbered = 3 });
	EXPECT_NE(text.find("filter INPUT  DROP  1.5 us  events lost here\n"), std::string::npos);
	EXPECT_NE(text.find("\n  3 events lost: DROP in filter INPUT\n"), std::string::npos);
}

TEST_F(SinkTest, tree_says_what_a_packet_came_from)
{
	PacketMaker child(2);
	child.head().parent_packet = 1;
	child.head().parent = p.head().traversal + 1;
	const std::string text = tree({ p.enter("filter", 1), p.rule("DEEP", 2), child.enter("filter", 3),
					child.leave(NF_ACCEPT), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("  made while #1 was in filter INPUT, at rule 2 of DEEP\n"), std::string::npos);
}

TEST_F(SinkTest, tree_says_who_has_sent_a_packet)
{
	const PacketTrace trace = sample_owned();
	const std::string line =
		"\n  sent by curl (pid 99, uid 1000) in /docker/x, container docker aaaaaaaaaaaa (web)\n";
	const std::string text = TreeText(look).packet(trace);
	const size_t at = text.find(line);
	ASSERT_NE(at, std::string::npos);
	EXPECT_LT(at, text.find("raw OUTPUT"));
	EXPECT_EQ(text.find("sent ", at + line.size()), std::string::npos);
}

TEST_F(SinkTest, hotdrop_behind_a_rule_that_goes_on)
{
	const std::string text = tree({ p.enter("filter", 1), p.rule("INPUT", 3), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("dropped by a match of rule 4 itself (hotdrop): -A INPUT -m tcp"), std::string::npos)
		<< text;
}

TEST_F(SinkTest, hotdrop_in_a_chain_that_was_jumped_into)
{
	const std::string text = tree({ p.enter("filter", 1), p.rule("INPUT", 1), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("one of WEB 1 to 2"), std::string::npos) << text;
}

TEST_F(SinkTest, hotdrop_behind_a_return)
{
	const std::string text = tree({ p.enter("filter", 1), p.rule("INPUT", 1),
					p.rule("WEB", 2, IPT_EVENT_KIND_RETURN), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("one of INPUT 2 to 4"), std::string::npos) << text;
}

TEST_F(SinkTest, hotdrop_before_any_rule)
{
	const std::string text = tree({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("one of INPUT 1 to 4"), std::string::npos) << text;
}

TEST_F(SinkTest, no_hotdrop_where_a_rule_a_policy_or_a_lost_event_may_have_dropped)
{
	EXPECT_EQ(tree({ p.enter("filter", 1), p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) })
			  .find("hotdrop"),
		  std::string::npos);
	PacketMaker rejected(2);
	EXPECT_EQ(tree({ rejected.enter("filter", 1), rejected.rule("DEEP", 2), rejected.leave(NF_DROP, true) })
			  .find("hotdrop"),
		  std::string::npos);
	PacketMaker lossy(3);
	const Enter enter = lossy.enter("filter", 1);
	lossy.lose(1);
	EXPECT_EQ(tree({ enter, lossy.leave(NF_DROP, true) }).find("hotdrop"), std::string::npos);
	PacketMaker accepted(4);
	EXPECT_EQ(tree({ accepted.enter("filter", 1), accepted.rule("INPUT", 3), accepted.leave(NF_ACCEPT) })
			  .find("hotdrop"),
		  std::string::npos);
}

TEST_F(SinkTest, lines_can_be_understood_alone)
{
	const std::string text =
		shown_by<LineSink>({ p.enter("filter", 1), p.rule("INPUT", 3),
				     p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) });
	const std::string packet = " router filter INPUT TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 | ";
	EXPECT_EQ(text, "10:17:37.000001 #1.1" + packet + "enter in eth0\n" + "10:17:37.000002 #1.2" + packet +
				"INPUT 3: -A INPUT -s 192.0.2.7/32\n" + "10:17:37.000003 #1.3" + packet +
				"INPUT 5: policy DROP\n" + "10:17:37.000004 #1.4" + packet + "DROP 1.5 us\n" +
				"10:17:37.000004 #1" + packet + "complete\n");
}

// Of the walk that is in doubt, and of no other.
TEST_F(SinkTest, what_is_most_likely_the_same_packet_is_said_to_be_so)
{
	const Enter raw = p.enter("raw", 0);
	const Leave left = p.leave(NF_ACCEPT);
	p.head().flags |= IPT_EVENT_GUESSED;
	const std::initializer_list<Event> events{ raw, left, p.enter("filter", 1),
						   p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) };
	const std::string text = tree(events);
	EXPECT_NE(text.find("\n  raw PREROUTING  ACCEPT  1.5 us\n"), std::string::npos) << text;
	EXPECT_NE(text.find("\n  filter INPUT  DROP  1.5 us  (most likely the same packet)\n"), std::string::npos)
		<< text;
	const std::string lines = shown_by<LineSink>(events).substr(text.size());
	EXPECT_NE(lines.find(" | enter in eth0\n"), std::string::npos) << lines;
	EXPECT_NE(lines.find(" | ACCEPT 1.5 us\n"), std::string::npos) << lines;
	EXPECT_NE(lines.find(" | enter in eth0, most likely the same packet\n"), std::string::npos) << lines;
	EXPECT_NE(lines.find(" | INPUT 5: policy DROP\n"), std::string::npos) << lines;
	EXPECT_NE(lines.find(" | DROP 1.5 us, most likely the same packet\n"), std::string::npos) << lines;
}

TEST_F(SinkTest, lines_stay_readable_without_their_enter_event)
{
	p.enter("filter", 1);
	const std::string text = shown_by<LineSink>({ p.rule("INPUT", 3), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("#1.2 router filter INPUT (packet's fields were lost) | INPUT 3:"), std::string::npos)
		<< text;
	EXPECT_NE(text.find("1 event lost\n"), std::string::npos) << text;
}

TEST_F(SinkTest, tree_shows_the_rules_that_did_not_match_above_the_one_that_did)
{
	look.explain = true;
	EXPECT_EQ(tree({ p.enter("filter", 1), p.rule("INPUT", 1), p.rule("WEB", 2, IPT_EVENT_KIND_RETURN),
			 p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP, true) }),
		  "10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
		  "  filter INPUT  DROP  1.5 us\n"
		  "      1  -A INPUT -p tcp -j WEB\n"
		  "        1  -A WEB -p tcp --dport 443 -j DEEP\n"
		  "             no match: not known why\n"
		  "        2  -A WEB -j RETURN\n"
		  "      2  -A INPUT -p udp -g SIDE\n"
		  "           no match: -p udp: packet has TCP\n"
		  "      3  -A INPUT -s 192.0.2.7/32\n"
		  "           no match: -s 192.0.2.7/32: packet has 192.0.2.1\n"
		  "      4  -A INPUT -m tcp -p tcp --tcp-option 9 -j ACCEPT\n"
		  "           no match: -m tcp -p tcp --tcp-option 9\n"
		  "      policy DROP\n"
		  "  complete: DROP in filter INPUT\n\n");
}

TEST_F(SinkTest, tree_says_why_it_does_not_show_them)
{
	look.explain = true;
	const Enter enter = p.enter("filter", 1);
	p.lose(1);
	const std::string text = tree({ enter, p.rule("INPUT", 3), p.leave(NF_DROP, true) }, { .numbered = 1 });
	EXPECT_NE(text.find("      rules that did not match are not shown: events of it are missing\n"),
		  std::string::npos)
		<< text;
}

TEST_F(SinkTest, lines_of_rules_that_did_not_match)
{
	look.explain = true;
	const Enter enter = p.enter("filter", 1);
	const Rule rule = p.rule("INPUT", 3);
	Traversal walk;
	walk.head = enter.head;
	walk.rules_text = store.bind(enter.head);
	put(walk, enter);
	put(walk, rule);
	put(walk, p.leave(NF_DROP, true));
	LineSink sink(output, look);
	sink.event(rule, walk);
	const std::string before =
		"10:17:37.000002 #1.2 router filter INPUT TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 | ";
	EXPECT_EQ(output_text(), before + "INPUT 1: no match (not known why): -A INPUT -p tcp -j WEB\n" + before +
					 "INPUT 2: no match (-p udp: packet has TCP): -A INPUT -p udp -g SIDE\n" +
					 before + "INPUT 3: -A INPUT -s 192.0.2.7/32\n");
}

// What the kernel told of matches stands with their rules; what one took only if it is a good part of the whole.
TEST_F(SinkTest, tree_shows_what_matches_said)
{
	look.explain = true;
	p.observe();
	EXPECT_EQ(
		tree({ p.enter("observed", 1),
		       p.matches({ { .number = 1, .yes = true, .duration = 100, .program = 12, .program_name = "a" },
				   { .number = 1, .index = 1, .duration = 100 },
				   { .number = 2, .yes = true, .duration = 400, .program = 13 } }),
		       p.rule("INPUT", 2), p.matches({ { .number = 4, .hotdrop = true, .duration = 2000 } }),
		       p.leave(NF_DROP, true) }),
		"10:17:37.000001 #1 TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 in eth0 netns router\n"
		"  observed INPUT  DROP  1.5 us\n"
		"      1  -A INPUT -m bpf --object-pinned /a -m limit --limit 1/sec -j DROP\n"
		"           program 12 (a) returned nonzero\n"
		"           no match: -m limit --limit 1/sec: more packets than 1/sec, burst 5, allow by now\n"
		"      2  -A INPUT -m bpf --object-pinned /b -j LOG\n"
		"           program 13 returned nonzero\n"
		"           its match took 0.4 us\n"
		"      3  -A INPUT -s 10.0.0.0/8 -j DROP\n"
		"           no match: -s 10.0.0.0/8: packet has 192.0.2.1\n"
		"      4  -A INPUT -m u32 --u32 0x0=0x0 -j DROP\n"
		"           its match took 2.0 us\n"
		"      dropped by -m u32 --u32 0x0=0x0 of rule 4 itself (hotdrop): -A INPUT -m u32 --u32 0x0=0x0 -j DROP\n"
		"  complete: DROP in observed INPUT\n\n");
}

TEST_F(SinkTest, tree_shows_what_every_match_took_if_it_is_to_tell_more)
{
	look.explain = look.verbose = true;
	p.observe();
	const std::string text =
		tree({ p.enter("observed", 1),
		       p.matches({ { .number = 1, .yes = true, .duration = 100 },
				   { .number = 1, .index = 1, .duration = 100 },
				   { .number = 2, .yes = true, .duration = 40 } }),
		       p.rule("INPUT", 2), p.rule("INPUT", 5, IPT_EVENT_KIND_POLICY), p.leave(NF_ACCEPT) });
	EXPECT_NE(
		text.find(
			"-m limit --limit 1/sec: more packets than 1/sec, burst 5, allow by now (its matches took 0.2 us)\n"),
		std::string::npos)
		<< text;
	EXPECT_NE(text.find("           its match took 0.0 us\n"), std::string::npos) << text;
}

TEST_F(SinkTest, lines_of_what_programs_said)
{
	look.explain = true;
	p.observe();
	Traversal walk;
	std::vector<Event> events{ p.enter("observed", 1),
				   p.matches({ { .number = 1, .yes = true, .program = 12, .program_name = "a" },
					       { .number = 1, .index = 1 },
					       { .number = 2, .yes = true, .program = 13 } }),
				   p.rule("INPUT", 2), p.matches({ { .number = 4, .hotdrop = true } }),
				   p.leave(NF_DROP, true) };
	walk.head = head_of(events[0]);
	walk.rules_text = store.bind(walk.head);
	for (const Event &event : events)
		put(walk, event);
	LineSink sink(output, look);
	for (size_t i = 1; i < events.size(); i++)
		sink.event(events[i], walk);
	const auto at = [](const char *place) {
		return fmt::format(
			"10:17:37.00000{} router observed INPUT TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60 | ",
			place);
	};
	EXPECT_EQ(output_text(),
		  at("3 #1.3") + "INPUT 1: program 12 (a) returned nonzero\n" + at("3 #1.3") +
			  "INPUT 1: no match (-m limit --limit 1/sec: more packets than 1/sec, burst 5, allow by now): "
			  "-A INPUT -m bpf --object-pinned /a -m limit --limit 1/sec -j DROP\n" +
			  at("3 #1.3") + "INPUT 2: program 13 returned nonzero\n" + at("3 #1.3") +
			  "INPUT 2: -A INPUT -m bpf --object-pinned /b -j LOG\n" + at("5 #1.5") +
			  "INPUT 3: no match (-s 10.0.0.0/8: packet has 192.0.2.1): -A INPUT -s 10.0.0.0/8 -j DROP\n" +
			  at("5 #1.5") +
			  "DROP 1.5 us, dropped by -m u32 --u32 0x0=0x0 of rule 4 itself (hotdrop): "
			  "-A INPUT -m u32 --u32 0x0=0x0 -j DROP\n");
}

TEST_F(SinkTest, colours_only_where_they_are_asked_for)
{
	EXPECT_EQ(tree({ p.enter("filter", 1), p.leave(NF_DROP, true) }).find('\033'), std::string::npos);
	look.color = true;
	PacketMaker other(2);
	EXPECT_NE(tree({ other.enter("filter", 1), other.leave(NF_DROP, true) }).find("\033[31mDROP\033[0m"),
		  std::string::npos);
}

TEST_F(SinkTest, ipv6_and_verbose)
{
	look.verbose = true;
	p.head().family = NFPROTO_IPV6;
	p.fields().id = 4711;
	const std::string text = tree({ p.enter("filter", 1), p.leave(NF_DROP, true) });
	EXPECT_NE(text.find("TCP [c000:201::]:40000 > [c000:202::]:443 SYN len 60 ttl 64 tos 0x00 ip id 4711"),
		  std::string::npos)
		<< text;
}

} // namespace
} // namespace ipt::test
