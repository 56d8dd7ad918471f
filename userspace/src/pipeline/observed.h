// SPDX-License-Identifier: GPL-2.0-only
// What the kernel told of a walk's matches, rule by rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/packet.h"

namespace ipt {

// Goes along a walk, from one of its events to the next: what was asked between two of them is of one chain.
class Observed {
public:
	// walk: has to stay.
	explicit Observed(const Traversal &walk) : walk_(walk) {}

	// To the rule, or the end, with this number: now all is known that was asked since the one before.
	void go_to(uint32_t seq);
	// Of this rule, if it is the next that was asked; empty if it was not.
	std::vector<const Match *> of(uint32_t number);
	// Whether all rules that were asked have been asked for.
	bool is_done() const { return next_ == asked_.size(); }
	const std::vector<const Match *> &all() const { return asked_; }
	// nullptr: nothing was asked.
	const Match *last() const { return asked_.empty() ? nullptr : asked_.back(); }

private:
	const Traversal &walk_;
	size_t event_ = 0; // the next of walk_.matches
	std::vector<const Match *> asked_;
	size_t next_ = 0;
};

} // namespace ipt
