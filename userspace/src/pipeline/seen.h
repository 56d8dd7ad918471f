// SPDX-License-Identifier: GPL-2.0-only
// What the rules between two that a packet met saw of it.
#pragma once

#include <cstddef>
#include <optional>

#include "pipeline/packet.h"

namespace ipt {

struct Seen {
	const Enter &enter;
	// Its fields at that moment are those of one of these two; mostly both are the same.
	const PacketFields &then;
	const PacketFields &later;
	// As of the rule behind them, which is when they were asked: nothing changes a packet but a rule that it meets.
	uint32_t mark;
	uint32_t ct_mark;

	uint8_t family() const { return enter.head.family; }

	// What get() says of the packet, if it is certain.
	template <typename Get>
	auto certain(Get get) const -> std::optional<decltype(get(then))>
	{
		if (get(then) == get(later))
			return get(then);
		return std::nullopt;
	}
};

// Before this rule of the walk, whose beginning and end were seen. Targets may change a packet and have it go on, as those for
// IPv6 prefixes do; only NAT ends its table.
inline Seen seen_before(const Traversal &walk, size_t rule)
{
	const PacketFields &entered = walk.enter->packet;
	const bool unchanged = rule == 0 || name_of(walk.head.table) == "nat";
	return { *walk.enter, entered, unchanged ? entered : walk.leave->packet, walk.rules[rule].mark,
		 walk.rules[rule].ct_mark };
}

} // namespace ipt
