// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/test.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "match/bpf/object.h"
#include "match/bpf/program.h"
#include "match/bpf/run.h"
#include "match/capture/capture.h"
#include "match/code/bytecode.h"
#include "match/code/interpret.h"
#include "match/code/verify.h"
#include "match/packet/describe.h"

namespace ipt {

namespace {

struct Answer {
	enum { yes, no, unknown } match = unknown;
	std::string why;
	std::string steps; // more of it
};

// Judges one packet after the other.
using Judge = std::function<Answer(const CapturedPacket &)>;

std::string steps_of(const Filter &code, const Judgement &judgement)
{
	std::string text;
	for (const CodeStep &step : judgement.steps) {
		std::string instruction = instruction_text(code[step.at], step.at);
		std::replace(instruction.begin(), instruction.end(), '\t', ' ');
		text += fmt::format("       {:44} A {:#x} X {:#x}\n", instruction, step.a, step.x);
	}
	return text;
}

Result<Judge> classic_judge(const Result<Filter> &code, bool verbose)
{
	if (!code)
		return code.error();
	if (auto status = verify(*code); !status)
		return status.error();
	if (is_for_ethernet(*code))
		return Error{ "the bytecode was made for Ethernet frames: make it by `tcpdump -y RAW -ddd`" };
	return Judge([code = *code, verbose](const CapturedPacket &packet) {
		const Judgement judgement = interpret(code, packet.bytes, packet.length, verbose);
		Answer answer;
		if (judgement.end != CodeEnd::needs_kernel && judgement.end != CodeEnd::not_captured)
			answer.match = judgement.value ? Answer::yes : Answer::no;
		answer.why = answer.match == Answer::yes ? fmt::format("returns {}", judgement.value) :
							   reason(code, judgement);
		answer.steps = steps_of(code, judgement);
		return answer;
	});
}

// Held for as long as packets are judged.
struct Running {
	Program program;
	std::unique_ptr<Object> object;
	int fd = -1;
	uint32_t type = 0;
};

Result<std::shared_ptr<Running>> running(const TestOptions &options)
{
	auto held = std::make_shared<Running>();
	auto pinned = open_pinned_program(options.source);
	if (pinned) {
		held->program = *std::move(pinned);
		held->fd = held->program.fd.get();
		held->type = held->program.type;
		if (can_be_matched(held->type))
			return held;
		return Error{ fmt::format("{} is of type {}: a rule runs socket_filter and netfilter", options.source,
					  program_type_name(held->type)) };
	}
	// What is in no BPF file system may be an object.
	if (!options.source.ends_with(".o"))
		return pinned.error();
	auto object = Object::open(options.source, options.program);
	if (!object)
		return object.error();
	std::string log;
	if (auto status = object->load(log); !status)
		return status.error();
	held->object = std::make_unique<Object>(*std::move(object));
	held->fd = held->object->fd();
	held->type = held->object->type();
	return held;
}

Result<Judge> program_judge(const TestOptions &options)
{
	auto held = running(options);
	if (!held)
		return held.error();
	return Judge([held = *held](const CapturedPacket &packet) {
		const auto value = run_program(held->fd, held->type, packet.bytes);
		Answer answer;
		if (value)
			answer.match = *value ? Answer::yes : Answer::no;
		answer.why = value ? fmt::format("returns {}", *value) : value.error().message;
		if (packet.bytes.size() < packet.length)
			answer.why += fmt::format(", of {} bytes that were captured", packet.bytes.size());
		return answer;
	});
}

Result<Judge> judge_of(const TestOptions &options)
{
	switch (test_source(options.source)) {
	case TestSource::pin_or_object:
		return program_judge(options);
	case TestSource::bytecode:
		return classic_judge(parse_bytecode(options.source), options.verbose);
	default:
		return classic_judge(compile_expression(options.source, options.family), options.verbose);
	}
}

bool of_family(const CapturedPacket &packet, Family family)
{
	const int version = packet.bytes[0] >> 4;
	return family == Family::any || version == (family == Family::ipv4 ? 4 : 6);
}

} // namespace

TestSource test_source(const std::string &word)
{
	if (word.starts_with('/') || word.starts_with("./") || word.starts_with("../") || word.ends_with(".o"))
		return TestSource::pin_or_object;
	const size_t digits = word.find_first_not_of("0123456789");
	if (digits != 0 && digits != std::string::npos && (word[digits] == ',' || word[digits] == '\n'))
		return TestSource::bytecode;
	return TestSource::expression;
}

Outcome test_packets(const TestOptions &options, Console &console)
{
	const auto judge = judge_of(options);
	if (!judge)
		return console.fail(judge.error());
	auto capture = Capture::open(options.pcap);
	if (!capture)
		return console.fail(capture.error());

	uint64_t counts[3] = {};
	uint64_t others = 0;
	CapturedPacket packet;
	for (;;) {
		const auto more = capture->next(packet);
		if (!more)
			return console.fail(more.error());
		if (!*more)
			break;
		if (!of_family(packet, options.family)) {
			others++;
			continue;
		}
		const Answer answer = (*judge)(packet);
		counts[answer.match]++;
		static constexpr const char *names[] = { "match", "no match", "unknown" };
		console.say(fmt::format("{:5}  {:8}  {}  {}", packet.number, names[answer.match],
					describe_packet(packet.bytes), answer.why));
		console.out.write(answer.steps);
	}
	others += capture->others();
	console.say(fmt::format("{} match, {} do not, {} cannot be told{}", counts[Answer::yes], counts[Answer::no],
				counts[Answer::unknown], others ? fmt::format("; {} of no such family", others) : ""));
	return counts[Answer::unknown] ? Outcome::not_all : Outcome::done;
}

} // namespace ipt
