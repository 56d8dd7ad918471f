// SPDX-License-Identifier: GPL-2.0-only
// What of the trace is shown: all is followed, but not all of it is of interest.
#pragma once

#include <set>
#include <string>

#include "pipeline/packet.h"

namespace ipt {

struct Display {
	std::set<std::string> verdicts; // of the packet in the end: "accept", "drop" ...; empty: any
	std::set<std::string> chains; // walks that met a rule of one; empty: any
	std::set<std::string> tables; // walks through these, "filter" or "inet:web"; empty: any
	std::set<std::string> hooks; // and at these
	bool rules_only = false; // no walk without a rule, no policy, no return
	bool explain = false; // what is shown of a walk takes the whole of it

	// Whether it can be told of an event, and not only of a whole packet, that it is shown.
	bool by_event() const { return verdicts.empty() && chains.empty() && !explain; }
	bool shows(const Event &event, const Traversal &walk) const;

	// Takes out of the packet what is not shown, but not how it ended. False: nothing is left.
	bool cut(PacketTrace &trace) const;

private:
	bool is_place(const Traversal &walk) const;
	bool shows(const Traversal &walk) const;
};

// "accept", "drop", "reject" (a drop by REJECT), "queue", "stolen": what became of the packet, as far as it was seen.
std::string outcome_word(const PacketTrace &trace);

} // namespace ipt
