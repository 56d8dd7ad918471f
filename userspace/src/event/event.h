// SPDX-License-Identifier: GPL-2.0-only
// Events as the programs wrote them, after decode() has found them sound.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "iptables_trace_event.h"
#include "util/result.h"

namespace ipt {

using Head = ipt_event_head; // its hook is one of IP's, also of ARP
using Enter = ipt_event_enter;
using Rule = ipt_event_rule;
using Leave = ipt_event_leave;
using PacketFields = ipt_event_packet;

// What a match of a rule said, when the kernel asked it.
struct Match {
	uint32_t number = 0; // of the rule in its chain, from 1
	uint8_t index = 0; // of the match in the rule, from 0
	bool yes = false; // a ! in front of it included
	bool hotdrop = false; // it had the packet dropped at once
	uint32_t duration = 0; // in nanoseconds
	uint32_t program = 0; // of -m bpf: the id of the eBPF program that it ran, or 0
	std::string program_name; // if it is known

	bool operator==(const Match &) const = default;
};

using EtherAddress = std::array<uint8_t, 6>;

// Those of rules of one chain, that of the rule event that comes next, in the order in which they were asked.
struct Matches {
	Head head;
	std::vector<Match> match;
	std::optional<EtherAddress> ether_source = {}; // of the packet, if it came with one
};

using Event = std::variant<Enter, Rule, Leave, Matches>;

inline const Head &head_of(const Event &event)
{
	return std::visit([](const auto &e) -> const Head & { return e.head; }, event);
}

// What people call the network namespace of an event.
using NetnsNameOf = std::function<std::string(const Head &)>;

// An event as it stands in a record of the ring buffer by itself. The error says what is wrong with it.
Result<Event> decode(std::span<const std::byte> record);

// Appends what is in a record of the ring buffer: an event, or those of a walk. After an error, which says what is wrong with it,
// nothing has been appended.
Status unpack(std::span<const std::byte> record, std::vector<Event> &events);

// A name of fixed length, which decode() has found to end with a zero.
template <size_t N>
std::string_view name_of(const char (&name)[N])
{
	return name;
}

} // namespace ipt
