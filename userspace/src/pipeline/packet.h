// SPDX-License-Identifier: GPL-2.0-only
// A packet's way, put together from its events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
	Binding rules_text;
	// Of nf_tables, whose rules are told when they are done: as of its last event.
	uint32_t mark = 0;
	uint32_t ct_mark = 0;
};

// Adds an event to its walk.
void put(Traversal &walk, const Event &event);

// All of its events are there.
bool is_whole(const Traversal &walk);

// The kernel told what its matches said.
bool is_observed(const Traversal &walk);

// The kernel did not tell which rules it met.
bool is_untold(const Traversal &walk);

// The session asked what rules took: net of a rule or leave event says so.
bool is_timed(const Head &head);
// That of any of its events does.
bool is_timed(const Traversal &walk);

// What the table took: without what tracing took, if that is known.
uint64_t time_in(const Leave &leave);

// What of it came behind the last rule, of a walk that is timed.
uint64_t time_behind(const Traversal &walk);

// The name of an event's chain in the text of the rules. Events have no room for all that it may have in nf_tables, but the
// handle is not another's. Empty: it was cut, and what it stands for is not known.
std::string_view chain_of(const Rule &event, const TableText *rules);
// As it is shown: "a_name_that_was_cut...", if no more is known.
std::string chain_name(const Rule &event, const Binding &rules);

// The chain that the kernel began with: built-in, or in nf_tables a base chain; empty if that is not known.
std::string_view first_chain(const Traversal &walk);
std::string first_chain_name(const Traversal &walk);

// "filter"; "nft inet web" of nf_tables.
std::string table_name(const Head &head);
// "filter INPUT", "nft ip filter INPUT", "nft inet web input at INPUT".
std::string place_name(const Head &head, std::string_view first_chain);
std::string place_name(const Traversal &walk);

// nf_tables tells rules by their handles: has them numbered as the text of the rules has them, and not if there is none.
void number_rule(Rule &rule, const Binding &rules);
void number_rules(Traversal &walk);

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
	std::string first_chain; // of the walk
	std::string chain = {}; // of the rule, as it is shown
};

// What became of a packet, as far as it was seen: in its last walk.
struct Outcome {
	Head head; // of this walk
	std::string first_chain; // likewise, as it is shown
	std::optional<uint32_t> verdict; // nothing: it was not seen to leave
	bool rejected = false; // by a rule that answers what it drops
};

// Numbers of inodes are given again, cookies are not, and older kernels have none.
inline bool same_netns(const Head &a, const Head &b)
{
	return a.netns == b.netns && a.netns_cookie == b.netns_cookie;
}

struct PacketTrace {
	uint64_t number = 0;
	Head first{}; // of its first event that arrived
	uint64_t last_time = 0; // of the last
	std::vector<Traversal> traversals; // in the order in which they began
	std::optional<Origin> origin;
	bool continued = false; // an earlier part was shown before
	Completeness completeness;
	std::optional<Outcome> outcome; // if the last walk is not among these, as it is not shown
};

// Whether its end, which is not among the walks that are left of it, was in another network namespace than they were.
inline bool ends_elsewhere(const PacketTrace &trace)
{
	return trace.outcome && !same_netns(trace.outcome->head, trace.traversals.back().head);
}

// The verdict of the packet's last walk; nothing: it was not seen to leave.
std::optional<uint32_t> verdict_of(const PacketTrace &trace);

} // namespace ipt
