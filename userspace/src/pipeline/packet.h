// SPDX-License-Identifier: GPL-2.0-only
// A packet's way, put together from its events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/event.h"
#include "pipeline/owner.h"
#include "ruleset/store.h"

namespace ipt {

// One walk through one table.
struct Traversal {
	Head head; // of its first event that arrived
	std::optional<Enter> enter;
	std::optional<Owner> owner; // of a packet of this host's
	std::vector<Rule> rules;
	std::vector<Matches> matches; // what was observed of them, in the order of events
	std::optional<Leave> leave;
	bool gap = false; // events of it, or around it, are missing
	bool abridged = false; // some of its rules are left out on purpose
	Binding rules_text;
};

// Adds an event to its walk.
void put(Traversal &walk, const Event &event);

// All of its events are there.
bool is_whole(const Traversal &walk);

// The kernel told what its matches said.
bool is_observed(const Traversal &walk);

// How much of the packet's way was seen.
struct Completeness {
	enum class Kind { complete, lost, unknown };
	Kind kind = Kind::complete;
	uint64_t lost = 0; // events that certainly existed and did not arrive
	bool perhaps_more = false; // the end was not seen, and events were lost that may have been of this packet
	std::string reason; // unknown: why
};

// Where in another packet's way this one was made: REJECT, TEE and their like send from inside a table.
struct Origin {
	uint64_t packet;
	std::optional<Head> head; // of that packet's walk, if it was still known
	std::optional<Rule> rule; // the rule it had met last
};

struct PacketTrace {
	uint64_t number = 0;
	Head first{}; // of its first event that arrived
	uint64_t last_time = 0; // of the last
	std::vector<Traversal> traversals; // in the order in which they began
	std::optional<Origin> origin;
	bool continued = false; // an earlier part was shown before
	Completeness completeness;
};

} // namespace ipt
