// SPDX-License-Identifier: GPL-2.0-only
// From a trace, live or recorded, to its output: what is shown of it, how many packets, and in which file.
#pragma once

#include <set>

#include "pipeline/costs.h"
#include "sink/display.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

class Show {
public:
	// count: after so many packets no more are shown, but what they made; 0: no limit. costs: to be counted of what is shown.
	Show(Sink &sink, Output &output, Display display, uint64_t count, Costs costs)
		: sink_(sink), output_(output), display_(std::move(display)), count_(count), costs_(std::move(costs))
	{
	}

	void start(const Start &start);
	void event(const Event &event, const Traversal &walk);
	void packet(PacketTrace &&trace);
	// The summary is the session's, if it is known; packets are as many as were shown.
	void end(const Summary *summary);

	uint64_t shown() const { return shown_; }
	bool enough() const { return count_ && counted_ >= count_; }
	// Whether this packet was shown, not long ago, and what it made is shown too.
	bool has_shown(uint64_t packet) const { return recent_.contains(packet); }
	const Costs &costs() const { return costs_; }

private:
	// Whether events are shown as they come. Which packets are the first so many is known at their ends alone, and one whose
	// events come between those of others would be parted where a file ends.
	bool streams() const { return !count_ && display_.by_event() && !output_.rotates(); }
	void replay(const PacketTrace &trace);
	void remember(uint64_t packet);

	Sink &sink_;
	Output &output_;
	Display display_;
	Start start_;
	uint64_t count_;
	Costs costs_;
	uint64_t shown_ = 0;
	uint64_t counted_ = 0; // shown and not made by another packet
	std::set<uint64_t> recent_; // shown, if there is a limit; numbers rise
};

} // namespace ipt
