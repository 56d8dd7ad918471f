// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "record/json_reader.h"
#include "record/json_writer.h"
#include "recorded.h"
#include "sink/json.h"
#include "sink/pcapng.h"

namespace ipt::test {
namespace {

// Without what a recording does not keep, and with its times.
template <typename T>
T kept(T event)
{
	event.head.missed = 0;
	event.head.replacements = 0;
	event.head.time += kOffset;
	return event;
}

template <typename T>
void expect_same(const T &have, const T &want)
{
	const T expected = kept(want);
	EXPECT_EQ(std::memcmp(&have, &expected, sizeof(T)), 0)
		<< "event " << want.head.seq << " of " << want.head.packet;
}

void expect_same(const Traversal &have, const Traversal &want)
{
	ASSERT_EQ(have.enter.has_value(), want.enter.has_value());
	if (want.enter)
		expect_same(*have.enter, *want.enter);
	ASSERT_EQ(have.rules.size(), want.rules.size());
	for (size_t i = 0; i < want.rules.size(); i++)
		expect_same(have.rules[i], want.rules[i]);
	ASSERT_EQ(have.matches.size(), want.matches.size());
	for (size_t i = 0; i < want.matches.size(); i++) {
		const Head head = kept(want.matches[i]).head;
		EXPECT_EQ(std::memcmp(&have.matches[i].head, &head, sizeof(head)), 0);
		EXPECT_EQ(have.matches[i].match, want.matches[i].match);
		EXPECT_EQ(have.matches[i].ether_source, want.matches[i].ether_source);
	}
	ASSERT_EQ(have.leave.has_value(), want.leave.has_value());
	if (want.leave)
		expect_same(*have.leave, *want.leave);
	EXPECT_EQ(have.owner, want.owner);
	EXPECT_EQ(have.gap, want.gap);
	EXPECT_EQ(have.rules_text.why_not, want.rules_text.why_not);
	ASSERT_EQ(have.rules_text.text != nullptr, want.rules_text.text != nullptr);
}

void expect_same(const std::vector<PacketTrace> &have, const std::vector<PacketTrace> &want)
{
	ASSERT_EQ(have.size(), want.size());
	for (size_t i = 0; i < want.size(); i++) {
		EXPECT_EQ(have[i].number, want[i].number);
		EXPECT_EQ(have[i].continued, want[i].continued);
		EXPECT_EQ(have[i].completeness.kind, want[i].completeness.kind);
		EXPECT_EQ(have[i].completeness.lost, want[i].completeness.lost);
		EXPECT_EQ(have[i].completeness.perhaps_more, want[i].completeness.perhaps_more);
		EXPECT_EQ(have[i].completeness.reason, want[i].completeness.reason);
		ASSERT_EQ(have[i].origin.has_value(), want[i].origin.has_value());
		ASSERT_EQ(have[i].traversals.size(), want[i].traversals.size());
		for (size_t walk = 0; walk < want[i].traversals.size(); walk++)
			expect_same(have[i].traversals[walk], want[i].traversals[walk]);
	}
}

TEST_F(RecordTest, json_gives_back_every_field_of_every_kind_of_event)
{
	ASSERT_EQ(read(recorded<JsonSink>(samples())), "");
	expect_same(read_traces, samples());
	EXPECT_EQ(read_start.tool, start.tool);
	EXPECT_EQ(read_start.wall_ns, start.wall_ns);
	EXPECT_EQ(read_summary.losses.size(), 1U);
	EXPECT_EQ(read_summary.lost(), 2U);
	EXPECT_EQ(read_summary.left_out, 4U);
	EXPECT_EQ(read_summary.held_back, 5U);
	EXPECT_EQ(read_summary.guessed, 11U);
	EXPECT_EQ(read_summary.text(), summary.text());
	ASSERT_TRUE(read_summary.own);
	EXPECT_EQ(read_summary.own->table, 290U);
	EXPECT_EQ(read_summary.own->match, 60U);
	EXPECT_EQ(read_summary.own->clock, 20U);
}

TEST_F(RecordTest, pcapng_gives_back_the_same)
{
	ASSERT_EQ(read(recorded<PcapngSink>(samples())), "");
	expect_same(read_traces, samples());
	EXPECT_EQ(read_start.tool, start.tool);
	EXPECT_EQ(read_summary.lost(), 2U);
}

// Numbers and reasons of the rules that did not match, before each rule that did.
TEST_F(RecordTest, json_with_the_rules_that_did_not_match)
{
	look.explain = true;
	const std::string text = recorded<JsonSink>({ sample_explained() });
	std::istringstream lines(text);
	std::vector<nlohmann::json> have;
	for (std::string line; std::getline(lines, line);) {
		const auto json = nlohmann::json::parse(line);
		if (json.at("type") == "rule")
			have.push_back(json.at("no_match"));
	}
	ASSERT_EQ(have.size(), 2U);
	EXPECT_EQ(have[0], nlohmann::json::array());
	EXPECT_EQ(have[1].at(0),
		  nlohmann::json::parse(
			  R"({"number": 1, "text": "-A WEB -s 10.0.0.0/8 -p udp -j ACCEPT", "suspects": [], "unmet":
			[{"condition": "-s 10.0.0.0/8", "packet": "192.0.2.1"}, {"condition": "-p udp", "packet": "TCP"}]})"));
	EXPECT_EQ(have[1].at(1),
		  nlohmann::json::parse(R"({"number": 2, "text": "-A WEB -m owner --uid-owner 1 -m limit --limit 1/sec",
			"unmet": [], "suspects": ["-m owner --uid-owner 1", "-m limit --limit 1/sec"]})"));
	// They follow from what a recording holds anyway.
	ASSERT_EQ(read(text), "");
	expect_same(read_traces, { sample_explained() });
	EXPECT_EQ(recorded<JsonSink>({ sample_explained() }), text);
}

// For the schema, which another test holds against them.
TEST_F(RecordTest, json_lines_are_objects)
{
	look.explain = true;
	std::vector<PacketTrace> all = samples();
	all.push_back(sample_explained());
	all.push_back(sample_refused());
	all.push_back(sample_tcp());
	all.back().traversals[0].leave->head.missed++;
	const std::string text = recorded<JsonSink>(all);
	if (const char *path = std::getenv("SAMPLES"))
		std::ofstream(path) << text;
	std::istringstream lines(text);
	std::set<std::string> types;
	for (std::string line; std::getline(lines, line);)
		types.insert(nlohmann::json::parse(line).at("type"));
	EXPECT_EQ(types, (std::set<std::string>{ "start", "ruleset", "nft_ruleset", "enter", "matches", "rule", "leave",
						 "packet", "summary" }));
}

// A program in a rule that matched, what said no in one that did not, and who dropped the packet.
TEST_F(RecordTest, json_with_what_the_kernel_told_of_matches)
{
	look.explain = true;
	const std::string text = recorded<JsonSink>({ sample_observed() });
	std::istringstream lines(text);
	std::vector<nlohmann::json> matches;
	nlohmann::json rule, leave;
	std::string order;
	for (std::string line; std::getline(lines, line);) {
		const auto json = nlohmann::json::parse(line);
		order += json.at("type").get<std::string>() + " ";
		if (json.at("type") == "matches")
			matches.push_back(json.at("matches"));
		else if (json.at("type") == "rule")
			rule = json;
		else if (json.at("type") == "leave")
			leave = json;
	}
	EXPECT_EQ(order, "start ruleset enter matches matches rule matches leave packet summary ");
	ASSERT_EQ(matches.size(), 3U);
	EXPECT_EQ(matches[0].at(0), nlohmann::json::parse(R"({"number": 1, "index": 0, "yes": true, "duration_ns": 300,
		"program": 12, "program_name": "port_set", "returned": "nonzero"})"));
	EXPECT_EQ(matches[2].at(0),
		  nlohmann::json::parse(
			  R"({"number": 4, "index": 0, "yes": false, "hotdrop": true, "duration_ns": 50})"));
	EXPECT_EQ(rule.at("no_match").at(0).at("unmet"),
		  nlohmann::json::parse(R"([{"condition": "-m limit --limit 1/sec",
			"meaning": "more packets than 1/sec, burst 5, allow by now"}])"));
	EXPECT_EQ(leave.at("dropped_by"), nlohmann::json::parse(R"({"chain": "INPUT", "number": 4, "index": 0})"));
	EXPECT_EQ(leave.at("no_match").at(0).at("number"), 3);
	// Read again it says the same.
	ASSERT_EQ(read(text), "");
	ASSERT_EQ(read_traces.size(), 1U);
	const Explanation explanation = explain(read_traces[0].traversals[0]);
	EXPECT_EQ(programs_text(explanation.before[0][0].asked, explanation.before[0][0].rule),
		  "program 12 (port_set) returned nonzero");
	EXPECT_NE(recorded<JsonSink>(read_traces).find(R"("program_name":"port_set","returned":"nonzero"})"),
		  std::string::npos);
}

// The same program, as the rule and the gap tell.
TEST_F(RecordTest, json_with_what_a_program_returned)
{
	const auto returned = [&](PacketTrace trace) {
		const std::string text = recorded<JsonSink>({ std::move(trace) });
		const std::string program = R"("program":12,"program_name":"port_set")";
		const size_t behind = text.find(program) + program.size();
		return text.substr(behind, text.find('}', behind) - behind);
	};
	EXPECT_EQ(returned(sample_observed()), R"(,"returned":"nonzero")");
	EXPECT_EQ(returned(sample_refused()), R"(,"returned":"0")");
	// Then it may be of a rule of another chain.
	PacketTrace trace = sample_observed();
	trace.traversals[0].enter.reset();
	EXPECT_EQ(returned(trace), "");
}

TEST_F(RecordTest, rules_are_written_once_in_a_file_and_again_after_many_others)
{
	const auto count = [](const std::string &text) {
		size_t n = 0;
		for (size_t at = text.find("\"type\":\"ruleset\""); at != std::string::npos;
		     at = text.find("\"type\":\"ruleset\"", at + 1))
			n++;
		return n;
	};
	const PacketTrace trace = sample_tcp();
	EXPECT_EQ(count(recorded<JsonSink>({ trace, trace })), 1U);

	std::vector<PacketTrace> many{ trace };
	for (size_t i = 0; i < kRecordedRulesets; i++) {
		PacketTrace other = sample_tcp();
		for (Traversal &walk : other.traversals) {
			walk.head.ruleset = i + 2;
			walk.enter->head.ruleset = i + 2;
		}
		many.push_back(other);
	}
	many.push_back(trace);
	const std::string text = recorded<JsonSink>(many);
	EXPECT_EQ(count(text), kRecordedRulesets + 2);
	ASSERT_EQ(read(text), "");
	for (const PacketTrace &each : read_traces)
		EXPECT_TRUE(each.traversals[0].rules_text.text);
}

// One after the other, as --rotate makes them: the rules stand in each.
TEST_F(RecordTest, each_file_of_a_recording_can_be_read_alone)
{
	Fd memory(memfd_create("record", 0));
	Output output(memory.get());
	JsonSink sink(output, look);
	const PacketTrace trace = sample_tcp();
	off_t begin = 0;
	for (int file = 0; file < 2; file++) {
		begin = lseek(memory.get(), 0, SEEK_END);
		sink.start(start);
		sink.packet(trace);
		output.flush();
	}
	std::string last(static_cast<size_t>(lseek(memory.get(), 0, SEEK_END) - begin), '\0');
	ASSERT_EQ(pread(memory.get(), last.data(), last.size(), begin), static_cast<ssize_t>(last.size()));
	ASSERT_EQ(read(last), "");
	expect_same(read_traces, { trace });
}

TEST_F(RecordTest, what_was_cut_off_is_shown_as_far_as_it_goes)
{
	const std::string json = recorded<JsonSink>({ sample_tcp() });
	const std::string part = json.substr(0, json.find("\"type\":\"packet\"") - 1);
	EXPECT_EQ(read(part), "");
	ASSERT_EQ(read_traces.size(), 1U);
	EXPECT_EQ(read_traces[0].completeness.kind, Completeness::Kind::unknown);
}

TEST_F(RecordTest, json_cut_anywhere_is_an_error_or_a_shorter_recording)
{
	const std::string json = recorded<JsonSink>(samples());
	for (size_t size = 0; size < json.size(); size += 17) {
		const std::string error = read(json.substr(0, size));
		EXPECT_EQ(error.empty(), size && (json[size - 1] == '\n' || json[size] == '\n')) << size << error;
	}
}

TEST_F(RecordTest, pcapng_cut_or_damaged_anywhere_is_an_error_and_no_crash)
{
	// Each byte costs a reading of the whole.
	const std::vector<PacketTrace> few{ sample_tcp(), sample_fragment(), sample_queued(), sample_nft() };
	const std::string whole = recorded<PcapngSink>(few);
	for (size_t size = 0; size < whole.size(); size += 13) {
		const std::string error = read(whole.substr(0, size));
		// Whole blocks are a shorter recording.
		if (error.empty())
			EXPECT_LE(read_traces.size(), few.size());
		else
			EXPECT_NE(error.find("/proc/self/fd/"), std::string::npos) << error;
	}
	for (size_t at = 0; at < whole.size(); at += 5) {
		std::string damaged = whole;
		damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
		(void)read(damaged);
	}
}

// libpcap takes no block of more than 16 MiB.
TEST_F(RecordTest, pcapng_has_the_text_of_very_many_rules_in_several_blocks)
{
	constexpr size_t rules = 120'000;
	auto text = std::make_shared<TableText>();
	for (size_t i = 0; i < rules; i++)
		text->chains["INPUT"].rules.push_back(
			parse_rule(fmt::format("-A INPUT -s 10.0.0.1/32 -p udp -m udp --dport {} -j DROP "
					       "-m comment --comment \"{:0>120}\"",
					       i % 65536, i)));
	text->chains["INPUT"].policy = "ACCEPT";
	PacketTrace trace = sample_tcp();
	trace.traversals[0].rules_text = { text, {} };
	const std::string bytes = recorded<PcapngSink>({ trace });
	ASSERT_GT(bytes.size(), 20U << 20);
	size_t blocks = 0;
	for (size_t at = 0; at < bytes.size(); blocks++) {
		uint32_t length = 0;
		std::memcpy(&length, bytes.data() + at + 4, sizeof(length));
		ASSERT_LT(length, 16U << 20);
		ASSERT_GE(length, 12U);
		at += length;
	}
	EXPECT_GT(blocks, 6U);
	ASSERT_EQ(read(bytes), "");
	ASSERT_EQ(read_traces.size(), 1U);
	const auto &have = read_traces[0].traversals[0].rules_text.text;
	ASSERT_TRUE(have);
	ASSERT_EQ(have->chains.at("INPUT").rules.size(), rules);
	EXPECT_EQ(have->rule("INPUT", rules)->text, text->rule("INPUT", rules)->text);
	EXPECT_NE(read(bytes.substr(0, 10U << 20)), "");
}

// A recording that is shown again must not claim what the trace could not.
TEST_F(RecordTest, that_probes_missed_something_during_a_walk)
{
	PacketTrace trace = sample_tcp();
	Traversal &walk = trace.traversals[0];
	ASSERT_TRUE(is_whole(walk));
	walk.leave->head.missed = walk.enter->head.missed + 3;
	const std::string text = recorded<JsonSink>({ trace });
	ASSERT_EQ(read(text), "");
	ASSERT_EQ(read_traces.size(), 1U);
	EXPECT_FALSE(is_whole(read_traces[0].traversals[0]));
	EXPECT_EQ(recorded<JsonSink>(read_traces).find("\"missed\":true") != std::string::npos, true);
	trace.traversals[0].leave->head.missed = trace.traversals[0].enter->head.missed;
	ASSERT_EQ(read(recorded<JsonSink>({ trace })), "");
	EXPECT_TRUE(is_whole(read_traces[0].traversals[0]));
}

TEST_F(RecordTest, names_of_matches_that_would_speak_to_a_terminal)
{
	std::istringstream lines(recorded<JsonSink>({ sample_nft() }));
	std::string text;
	for (std::string line; std::getline(lines, line);) {
		auto json = nlohmann::json::parse(line);
		if (json.at("type") == "nft_ruleset" && json.contains("chains"))
			for (auto &chain : json.at("chains"))
				chain["xt_matches"] = std::vector<std::vector<std::string>>(chain.at("rules").size(),
											    { "\033]0;x\007" });
		text += json.dump() + "\n";
	}
	ASSERT_EQ(read(text), "");
	const auto &table = read_traces.at(0).traversals.at(2).rules_text.text;
	ASSERT_TRUE(table);
	std::set<std::string> names;
	for (const auto &[name, chain] : table->chains)
		for (const RuleText &rule : chain.rules)
			names.insert(rule.conditions.matches.begin(), rule.conditions.matches.end());
	EXPECT_EQ(names, (std::set<std::string>{ "\\x1b]0;x\\x07" }));
}

TEST_F(RecordTest, pcapng_of_the_other_byte_order)
{
	// A section alone: type, length, byte order, version, unknown length, the application's name, the end.
	std::string bytes(
		"\x0a\x0d\x0d\x0a\x00\x00\x00\x30\x1a\x2b\x3c\x4d\x00\x01\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
		"\x00\x04\x00\x0eiptables-trace\x00\x00\x00\x00\x00\x30",
		48);
	EXPECT_EQ(read(bytes), "");
	bytes[28] = 'X';
	EXPECT_NE(read(bytes).find("another program"), std::string::npos);
}

TEST_F(RecordTest, pcapng_blocks_are_aligned_and_say_their_length_twice)
{
	const std::string whole = recorded<PcapngSink>(samples());
	size_t blocks = 0;
	for (size_t at = 0; at < whole.size(); blocks++) {
		uint32_t first = 0;
		uint32_t last = 0;
		std::memcpy(&first, whole.data() + at + 4, 4);
		ASSERT_GE(first, 12U);
		ASSERT_EQ(first % 4, 0U);
		ASSERT_LE(at + first, whole.size());
		std::memcpy(&last, whole.data() + at + first - 4, 4);
		ASSERT_EQ(first, last);
		at += first;
	}
	// A section, twenty-two walks, four interfaces, statistics.
	EXPECT_EQ(blocks, 28U);
}

TEST_F(RecordTest, a_walk_with_more_rules_than_an_option_holds)
{
	PacketMaker p(1);
	Traversal walk = walk_of({ p.enter("filter", NF_INET_LOCAL_IN) }, sample_rules());
	for (int i = 0; i < 500; i++)
		put(walk, p.rule("INPUT", 2));
	put(walk, p.leave(NF_DROP, true));
	const PacketTrace trace = trace_of({ walk });
	ASSERT_EQ(read(recorded<PcapngSink>({ trace })), "");
	ASSERT_EQ(read_traces.size(), 1U);
	expect_same(read_traces, { trace });
}

} // namespace
} // namespace ipt::test
