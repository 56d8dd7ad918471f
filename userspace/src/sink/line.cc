// SPDX-License-Identifier: GPL-2.0-only
#include "sink/line.h"

#include <fmt/core.h>

#include "event/names.h"
#include "sink/describe.h"

namespace ipt {

namespace {

std::string packet_of(const Traversal &traversal)
{
	if (traversal.enter)
		return packet_text(traversal.head.family, traversal.enter->packet);
	if (traversal.leave)
		return packet_text(traversal.head.family, traversal.leave->packet);
	return "(packet's fields were lost)";
}

std::string happened(const Enter &event, const Traversal &, const Look &)
{
	return "enter " + devices_text(event);
}

std::string happened(const Rule &event, const Traversal &traversal, const Look &)
{
	const Met what = met(event, traversal.rules_text);
	return fmt::format("{} {}: {}", name_of(event.chain), event.number, what.text);
}

std::string happened(const Leave &event, const Traversal &traversal, const Look &look)
{
	const std::string hotdrop = hotdrop_text(traversal);
	return fmt::format("{} {}{}{}", painted_verdict(event.verdict, look), duration_text(event.duration),
			   hotdrop.empty() ? "" : ", ", hotdrop);
}

} // namespace

void LineSink::event(const Event &event, const Traversal &traversal)
{
	const Head &head = head_of(event);
	const std::string what = std::visit([&](const auto &e) { return happened(e, traversal, look_); }, event);
	output_.write(fmt::format("{} #{}.{} {} {} {} {} | {}\n", look_.clock.time_of_day(head.time), head.packet,
				  head.seq, look_.netns_name(head), name_of(head.table), hook_name(head.hook),
				  packet_of(traversal), what));
}

void LineSink::packet(const PacketTrace &trace)
{
	const Traversal &last = trace.traversals.back();
	output_.write(fmt::format("{} #{} {} {} {} {} | {}\n", look_.clock.time_of_day(trace.last_time), trace.number,
				  look_.netns_name(last.head), name_of(last.head.table), hook_name(last.head.hook),
				  packet_of(last), completeness_text(trace, look_)));
}

} // namespace ipt
