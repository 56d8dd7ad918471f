// SPDX-License-Identifier: GPL-2.0-only
// What the rules between two that a packet met saw of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pipeline/packet.h"
#include "ruleset/targets.h"

namespace ipt {

struct Seen {
	const Enter &enter;
	const std::optional<Owner> &owner;
	// Its fields at that moment are those of one of these two; mostly both are the same.
	const PacketFields &then;
	const PacketFields &later;
	// As of the rule behind them, or the end, which is when they were asked: nothing changes a packet but a rule that it
	// meets.
	uint32_t mark;
	uint32_t ct_mark;

	// Of what this does not hold, as the walk's rules may have changed it more than once.
	uint8_t changed; // Changes
	// Where it came from on Ethernet, if that is known.
	std::optional<EtherAddress> ether_source = {};

	uint8_t family() const { return enter.head.family; }

	// What get() says of the packet, if it is certain; of: the part of Changes that it looks at.
	template <typename Get>
	auto certain(Changes of, Get get) const -> std::optional<decltype(get(then))>
	{
		if (!(changed & of) && get(then) == get(later))
			return get(then);
		return std::nullopt;
	}
};

// Before this rule of the walk, or behind the last; its beginning and end were seen. Targets may change a packet and have it
// go on, as those for IPv6 prefixes do; only NAT ends its table. changed: as in Seen.
inline Seen seen_before(const Traversal &walk, size_t rule, uint8_t changed)
{
	const PacketFields &entered = walk.enter->packet;
	const bool is_nat =
		name_of(walk.head.table) == "nat" && !(walk.rules_text.text && walk.rules_text.text->is_nft);
	const bool unchanged = rule == 0 || is_nat;
	const bool behind = rule == walk.rules.size();
	const auto told = std::find_if(walk.matches.begin(), walk.matches.end(),
				       [](const Matches &matches) { return matches.ether_source.has_value(); });
	return { *walk.enter,
		 walk.owner,
		 entered,
		 unchanged ? entered : walk.leave->packet,
		 behind ? walk.leave->packet.mark : walk.rules[rule].mark,
		 behind ? walk.leave->packet.ct_mark : walk.rules[rule].ct_mark,
		 changed,
		 told == walk.matches.end() ? std::nullopt : told->ether_source };
}

} // namespace ipt
