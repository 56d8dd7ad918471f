// SPDX-License-Identifier: GPL-2.0-only
// Whether there is anything to trace, and of which back end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netns/netns.h"

namespace ipt {

// Which packets are wanted.
struct Families {
	bool ipv4 = true;
	bool ipv6 = true;
	bool arp = true;
};

// Tables of wanted families that packets can come into; those of nf_tables have a base chain at least.
struct Presence {
	size_t legacy = 0;
	size_t nft = 0;
	size_t arp = 0; // of nf_tables too, and not among those
	bool back_end = true; // either is there, so that namespaces that nobody has named may have tables
};

// What of nf_tables the module can see.
struct Sight {
	bool nft = true;
	bool arp = true;
};

Presence look_for_rules(const std::vector<Netns> &places, const Families &wanted);

// One line for the user if there is nothing to trace; empty otherwise.
std::string presence_error(const Presence &presence, const Sight &sight, bool everywhere);
// Which of the two back ends it is, if there is more to it than iptables-legacy, or that none was found; empty otherwise.
std::string presence_note(const Presence &presence, const Sight &sight);

} // namespace ipt
