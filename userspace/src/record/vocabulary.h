// SPDX-License-Identifier: GPL-2.0-only
// The words of recordings for numbers of events, the same for writing and reading.
#pragma once

#include <array>
#include <cstdint>
#include <linux/netfilter.h>
#include <string_view>
#include <utility>

#include "event/event.h"

namespace ipt {

// Grows when a reader of the older form would misread the newer one. schema/iptables-trace.schema.json describes it.
inline constexpr unsigned int kRecordVersion = 1;

inline constexpr std::array<std::pair<uint16_t, std::string_view>, 10> kFlagWords{ {
	{ IPT_EVENT_FIRST, "first" },
	{ IPT_EVENT_TERMINAL, "terminal" },
	{ IPT_EVENT_STOLEN, "stolen" },
	{ IPT_EVENT_GUESSED, "guessed" },
	{ IPT_EVENT_USER_TRACE, "user_trace" },
	{ IPT_EVENT_CHILD, "child" },
	{ IPT_EVENT_OBSERVED, "observed" },
	{ IPT_EVENT_TABLE_CUT, "table_cut" },
	{ IPT_EVENT_CHAIN_CUT, "chain_cut" },
	{ IPT_EVENT_UNTOLD, "untold" },
} };

// From IPT_EVENT_KIND_RULE on.
inline constexpr std::array<std::string_view, 4> kKindWords{ "rule", "return", "policy", "other" };

inline std::string_view kind_word(uint8_t kind)
{
	return kind >= 1 && kind <= kKindWords.size() ? kKindWords[kind - 1] : "other";
}

// How much of a packet was seen, in the order of Completeness::Kind.
inline constexpr std::array<std::string_view, 3> kSeenWords{ "complete", "lost", "unknown" };

inline const char *family_word(uint8_t family)
{
	return family == NFPROTO_IPV6 ? "ipv6" : family == NFPROTO_ARP ? "arp" : "ipv4";
}

} // namespace ipt
