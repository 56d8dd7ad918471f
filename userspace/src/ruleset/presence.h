// SPDX-License-Identifier: GPL-2.0-only
// Whether there is anything to trace, and of which back end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netns/netns.h"

namespace ipt {

// Tables of wanted families that packets can come into.
struct Presence {
	size_t legacy = 0;
	size_t nft = 0; // with a base chain at least
};

Presence look_for_rules(const std::vector<Netns> &places, bool ipv4, bool ipv6);

// One line for the user if there is nothing to trace; empty otherwise. sees_nft: the module does.
std::string presence_error(const Presence &presence, bool sees_nft, bool everywhere);
// Which of the two back ends it is, if there is more to it than iptables-legacy; empty otherwise.
std::string presence_note(const Presence &presence, bool sees_nft);

} // namespace ipt
