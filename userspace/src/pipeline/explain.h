// SPDX-License-Identifier: GPL-2.0-only
// Which rules a packet was held against in vain, and what about it they did not want. A function of the walk's events and
// of the rules' text alone: a recording can be explained like a live trace. What the kernel told of the matches is the
// truth; what was captured only says what of the packet they did not want, or, where nothing was told, which it may have been.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/match_says.h"
#include "pipeline/observed.h"
#include "pipeline/packet.h"

namespace ipt {

// A rule that was asked and did not match. Views and pointers are of the walk.
struct Passed {
	uint32_t number;
	const RuleText *rule;
	std::vector<Unmet> unmet; // certain
	std::vector<std::string_view> suspects; // if that is empty: one of these said no
	std::vector<const Match *> asked; // what was observed of it, the last of which said no
};

struct Explanation {
	// For each rule of the walk: those before it, in the same chain, that were asked since the one that was met last.
	std::vector<std::vector<Passed>> before;
	std::vector<std::vector<const Match *>> matched; // likewise: what was observed of the rule itself
	// Behind the last, if a match of yet another rule dropped the packet: the same of that rule's chain.
	std::string chain;
	std::vector<Passed> behind;
	std::vector<const Match *> dropped_by;
	std::string why_not; // not empty: it cannot be told
};

Explanation explain(const Traversal &walk);

// "-s 10.0.0.0/8: packet has 192.168.1.5", "-m pkttype --pkt-type multicast: said no", "-m limit --limit 1/sec", "-m mac ... or
// -m limit ... (not known which)"
std::string reason_text(const Passed &passed);

// Whether the program of a -m bpf returned something else than 0: of its answer the rule's text says whether there is a ! in front.
// Nothing: there is no program, or the text is not known.
std::optional<bool> returned_nonzero(const Match &match, const RuleText *rule);
// Of a rule of this chain, where the next event is of the same.
std::optional<bool> returned_nonzero(const Match &match, const Traversal &walk, std::string_view chain);

// "program 12 (port_set) returned nonzero, program 13 returned 0": those of -m bpf; where the rule's text is not known, "program 12
// matched"; empty if there are none. rule: nullptr if it is not known.
std::string programs_text(const std::vector<const Match *> &asked, const RuleText *rule);

// Of all of them together, in nanoseconds.
uint64_t duration_of(const std::vector<const Match *> &asked);

} // namespace ipt
