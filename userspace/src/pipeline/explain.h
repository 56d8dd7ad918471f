// SPDX-License-Identifier: GPL-2.0-only
// Which rules a packet was held against in vain, and what about it they did not want. A function of the walk's events and
// of the rules' text alone: a recording can be explained like a live trace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/match_says.h"
#include "pipeline/packet.h"

namespace ipt {

// A rule that was asked and did not match. Views are of the walk's rules.
struct Passed {
	uint32_t number;
	const RuleText *rule;
	std::vector<Unmet> unmet; // certain
	std::vector<std::string_view> suspects; // if that is empty: one of these said no
};

struct Explanation {
	// For each rule of the walk: those before it, in the same chain, that were asked since the one that was met last.
	std::vector<std::vector<Passed>> before;
	std::string why_not; // not empty: it cannot be told
};

Explanation explain(const Traversal &walk);

// "-s 10.0.0.0/8: packet has 192.168.1.5", "-m limit --limit 1/sec", "-m mac ... or -m limit ... (not known which)"
std::string reason_text(const Passed &passed);

} // namespace ipt
