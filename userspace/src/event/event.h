// SPDX-License-Identifier: GPL-2.0-only
// Events as the programs wrote them, after decode() has found them sound.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "iptables_trace_event.h"
#include "util/result.h"

namespace ipt {

using Head = ipt_event_head;
using Enter = ipt_event_enter;
using Rule = ipt_event_rule;
using Leave = ipt_event_leave;
using PacketFields = ipt_event_packet;

using Event = std::variant<Enter, Rule, Leave>;

inline const Head &head_of(const Event &event)
{
	return std::visit([](const auto &e) -> const Head & { return e.head; }, event);
}

// What people call the network namespace of an event.
using NetnsNameOf = std::function<std::string(const Head &)>;

// One record of the ring buffer. The error says what is wrong with it.
Result<Event> decode(std::span<const std::byte> record);

// A name of fixed length, which decode() has found to end with a zero.
template <size_t N>
std::string_view name_of(const char (&name)[N])
{
	return name;
}

} // namespace ipt
