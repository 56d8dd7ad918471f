// SPDX-License-Identifier: GPL-2.0-only
// What a match has to say that looks at nothing but what was captured of the packet. Matches that count, look things up or
// look further are not asked again: they say nothing here.
#pragma once

#include <string>
#include <vector>

#include "pipeline/seen.h"

namespace ipt {

// What a rule asks and the packet does not fulfil.
struct Unmet {
	std::string condition; // "-s 10.0.0.0/8", "-m tcp --dport 22"
	std::string packet; // what it has instead: "192.168.1.5", "443"
	std::string
		meaning = {}; // of a match that is not asked again: "not in the set"; both empty: it said no, and no more is known
};

// "-m tcp --dport 22: packet has 443", "-m set --match-set web src: not in the set, packet has source 192.0.2.1 (tcp:40000)",
// "-m pkttype --pkt-type multicast: said no"
std::string unmet_text(const Unmet &unmet);

// Of a whole match.
struct Reply {
	std::vector<Unmet> unmet; // options that are not met: the match said no
	bool certain = true; // if there are none: it said yes
};

// match: as in Conditions, "-m tcp ! --dport 22".
Reply ask(const std::string &match, const Seen &seen);

} // namespace ipt
