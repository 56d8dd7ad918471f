// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include "samples.h"
#include "sink/folded.h"

namespace ipt::test {
namespace {

Binding rules()
{
	auto tables =
		parse_save("*filter\n:INPUT DROP [0:0]\n:WEB - [0:0]\n:7 - [0:0]\n-A INPUT -p tcp -j WEB\n"
			   "-A WEB -m comment --comment \"a; b\"\n-A WEB -p tcp -m tcp --dport 443\n-A WEB -p 89\n"
			   "-A WEB -m mark --mark 0x7\n-A WEB -j 7\nCOMMIT\n");
	return { std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
}

std::string folded(const std::vector<PacketTrace> &traces)
{
	const Fd memory(memfd_create("output", 0));
	Output output(memory.get());
	FoldedSink sink(output);
	for (const PacketTrace &trace : traces)
		sink.packet(trace);
	sink.end({});
	output.flush();
	std::string text(static_cast<size_t>(lseek(memory.get(), 0, SEEK_END)), '\0');
	EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
	return text;
}

// Events of PacketMaker are a microsecond apart.
TEST(Folded, time_until_a_rule_is_that_rules_and_the_last_ones_target_too)
{
	PacketMaker p(1);
	EXPECT_EQ(folded({ trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.rule("INPUT", 1),
						p.rule("WEB", 4), p.leave(NF_DROP, true) },
					      rules()) }) }),
		  "filter;INPUT;1 -A INPUT -p tcp -j WEB 1000\n"
		  "filter;INPUT;WEB;4 -A WEB -m mark --mark 0x7 2000\n");
}

// Of a session that has asked: without what tracing took.
TEST(Folded, times_are_those_of_the_rules_alone_where_they_are_known)
{
	PacketMaker p(1);
	EXPECT_EQ(folded({ trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.timed(p.rule("INPUT", 1), 30),
						p.timed(p.rule("WEB", 4), 200), p.timed(p.leave(NF_DROP, true), 235) },
					      rules()) }) }),
		  "filter;INPUT;1 -A INPUT -p tcp -j WEB 30\n"
		  "filter;INPUT;WEB;4 -A WEB -m mark --mark 0x7 205\n");
}

TEST(Folded, no_time_is_less_than_nothing)
{
	PacketMaker p(1);
	EXPECT_EQ(folded({ trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN),
						p.timed(p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), 30),
						p.timed(p.leave(NF_DROP, true), 20) },
					      rules()) }) }),
		  "filter;INPUT;policy DROP 30\n");
}

TEST(Folded, stacks_of_all_packets_are_added_up_and_families_kept_apart)
{
	std::vector<PacketTrace> traces;
	for (const uint8_t family : { NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_IPV4 }) {
		PacketMaker p(1);
		p.head().family = family;
		traces.push_back(trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN),
						      p.rule("INPUT", 2, IPT_EVENT_KIND_POLICY), p.leave(NF_DROP) },
						    rules()) }));
	}
	EXPECT_EQ(folded(traces), "filter (IPv6);INPUT;policy DROP 2000\nfilter;INPUT;policy DROP 4000\n");
}

TEST(Folded, a_walk_that_was_not_seen_whole_is_left_out)
{
	PacketMaker p(1);
	EXPECT_EQ(
		folded({ trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.rule("INPUT", 1) }, rules()) }) }),
		"");
}

// What flame graph tools would take for the end of a frame, or for another figure.
TEST(Folded, text_of_rules_stays_one_frame)
{
	PacketMaker p(1);
	EXPECT_EQ(folded({ trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.rule("WEB", 1), p.rule("WEB", 2),
						p.rule("WEB", 3), p.rule("WEB", 5), p.leave(NF_ACCEPT) },
					      rules()) }) }),
		  "filter;INPUT;WEB;1 -A WEB -m comment --comment \"a, b\" 1000\n"
		  "filter;INPUT;WEB;2 -A WEB -p tcp -m tcp --dport \"443\" 1000\n"
		  "filter;INPUT;WEB;3 -A WEB -p \"89\" 1000\n"
		  "filter;INPUT;WEB;5 -A WEB -j \"7\" 2000\n");
}

} // namespace
} // namespace ipt::test
