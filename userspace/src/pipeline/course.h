// SPDX-License-Identifier: GPL-2.0-only
// Where in the rules of its table a packet is, as told by the rules that it met. The end of a chain is an event too, so
// all that a packet was held against without meeting it lies between two events in one chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/packet.h"
#include "ruleset/table_text.h"

namespace ipt {

class Course {
public:
	struct Place {
		std::string chain; // empty: one that the next event names
		uint32_t next; // rule to be asked
	};

	// rules: have to stay.
	Course(const TableText &rules, std::string_view first_chain);

	// The packet has met a rule, or the end of a chain. Returns the first rule that it was held against since the last
	// one; nothing if it cannot have come here, and then the course is lost.
	std::optional<uint32_t> meet(const Rule &event);

	const Place &place() const { return stack_.back(); }

private:
	void follow(const Rule &event);
	void follow_nft(const Rule &event);
	void leave_chain();

	const TableText &rules_;
	std::string builtin_;
	std::vector<Place> stack_;
};

// Where the packet stood after the last rule that it met, if that can be told.
std::optional<Course::Place> place_behind(const Traversal &walk, const TableText &rules);

} // namespace ipt
