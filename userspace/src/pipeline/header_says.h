// SPDX-License-Identifier: GPL-2.0-only
// What the part of a rule has to say that looks at the IP header and at devices; the kernel asks it before any match.
#pragma once

#include <string_view>
#include <vector>

#include "pipeline/match_says.h"
#include "pipeline/seen.h"
#include "ruleset/conditions.h"

namespace ipt {

struct HeaderReply {
	std::vector<Unmet> unmet; // certain
	std::vector<std::string_view> uncertain; // may be met or not

	bool yes() const { return unmet.empty() && uncertain.empty(); }
};

// Views are of the conditions.
HeaderReply ask_header(const std::vector<HeaderCondition> &conditions, const Seen &seen);

// Where the kernel's search through IPv6 extension headers may have ended elsewhere than the tool's.
bool is_protocol_certain(const Seen &seen);

// What rules take for the packet's protocol: behind all headers that IPv6 may have before it, but to nf_tables AH is one.
uint8_t protocol_of(const Seen &seen);

} // namespace ipt
