// SPDX-License-Identifier: GPL-2.0-only
#include "sink/show.h"

namespace ipt {

namespace {

// Of the packets shown, as many as can still have something under way that they made.
constexpr size_t kRecent = 65536;

} // namespace

void Show::start(const Start &start)
{
	start_ = start;
	sink_.start(start_);
}

void Show::event(const Event &event, const Traversal &walk)
{
	if (streams() && display_.shows(event, walk))
		sink_.event(event, walk);
}

// The events of a packet that was kept back until its end.
void Show::replay(const PacketTrace &trace)
{
	for (const Traversal &walk : trace.traversals) {
		const auto show = [&](const Event &event) {
			if (display_.shows(event, walk))
				sink_.event(event, walk);
		};
		if (walk.enter)
			show(*walk.enter);
		for (const Rule &rule : walk.rules)
			show(rule);
		if (walk.leave)
			show(*walk.leave);
	}
}

void Show::remember(uint64_t packet)
{
	if (!count_)
		return;
	recent_.insert(packet);
	if (recent_.size() > kRecent)
		recent_.erase(recent_.begin());
}

void Show::packet(PacketTrace &&trace)
{
	const bool child = trace.origin.has_value();
	if ((enough() && !(child && has_shown(trace.origin->packet))) || !display_.cut(trace))
		return;
	remember(trace.number);
	counted_ += !child;
	shown_++;
	if (!streams())
		replay(trace);
	sink_.packet(trace);
	costs_.add(trace);
	if (output_.full()) {
		output_.rotate();
		sink_.start(start_);
	}
}

void Show::end(const Summary *summary)
{
	sink_.end(summary);
}

} // namespace ipt
