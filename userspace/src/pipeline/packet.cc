// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/packet.h"

namespace ipt {

void put(Traversal &walk, const Event &event)
{
	if (const auto *enter = std::get_if<Enter>(&event))
		walk.enter = *enter;
	else if (const auto *rule = std::get_if<Rule>(&event))
		walk.rules.push_back(*rule);
	else
		walk.leave = std::get<Leave>(event);
}

} // namespace ipt
