// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/packet.h"

#include <algorithm>

namespace ipt {

void put(Traversal &walk, const Event &event)
{
	if (const auto *enter = std::get_if<Enter>(&event))
		walk.enter = *enter;
	else if (const auto *rule = std::get_if<Rule>(&event))
		walk.rules.push_back(*rule);
	else if (const auto *matches = std::get_if<Matches>(&event))
		walk.matches.push_back(*matches);
	else
		walk.leave = std::get<Leave>(event);
}

bool is_whole(const Traversal &walk)
{
	// What the kernel's probes missed has no seq.
	if (!walk.enter || !walk.leave || walk.enter->head.missed != walk.leave->head.missed)
		return false;
	uint32_t seq = walk.enter->head.seq;
	auto matches = walk.matches.begin();
	const auto follows = [&](const auto &event) {
		seq++;
		for (; matches != walk.matches.end() && matches->head.seq == seq; matches++)
			seq++;
		return event.head.seq == seq;
	};
	return std::all_of(walk.rules.begin(), walk.rules.end(), follows) && follows(*walk.leave) &&
	       matches == walk.matches.end();
}

bool is_observed(const Traversal &walk)
{
	return walk.enter && walk.enter->head.flags & IPT_EVENT_OBSERVED;
}

} // namespace ipt
