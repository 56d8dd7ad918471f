// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/observed.h"

namespace ipt {

// There may be several events in a row: one holds only so many matches, and a rule's may stand in two of them.
void Observed::go_to(uint32_t seq)
{
	asked_.clear();
	next_ = 0;
	for (; event_ < walk_.matches.size() && walk_.matches[event_].head.seq < seq; event_++) {
		for (const Match &match : walk_.matches[event_].match)
			asked_.push_back(&match);
	}
}

std::vector<const Match *> Observed::of(uint32_t number)
{
	const size_t first = next_;
	while (next_ < asked_.size() && asked_[next_]->number == number)
		next_++;
	return { asked_.begin() + static_cast<std::ptrdiff_t>(first),
		 asked_.begin() + static_cast<std::ptrdiff_t>(next_) };
}

} // namespace ipt
