// SPDX-License-Identifier: GPL-2.0-only
// Whether there is anything to trace, and what lives where this version does not see it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netns/netns.h"

namespace ipt {

// Rules in nf_tables, which iptables-nft and nft use; 0 also if the kernel has not loaded it.
uint64_t count_nft_rules(const Netns &netns);

struct Presence {
	bool legacy = false; // some table of a wanted family exists
	uint64_t nft_rules = 0;
};

Presence look_for_rules(const std::vector<Netns> &places, bool ipv4, bool ipv6);

// One line for the user if there is nothing to trace, or if something is out of sight; empty otherwise.
std::string presence_error(const Presence &presence, bool everywhere);
std::string presence_note(const Presence &presence);

} // namespace ipt
