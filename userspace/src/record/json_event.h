// SPDX-License-Identifier: GPL-2.0-only
// One line of a recording back into one event.
#pragma once

#include "event/event.h"
#include "pipeline/owner.h"
#include "record/json_object.h"

namespace ipt {

// "enter", "rule", "matches" or "leave". Throws BadRecord. What the tool needs only to judge while it traces is not in a recording and
// zero here; times are of the wall clock.
Event event_from(const JsonObject &object, std::string_view type);

// The "owner" of an enter event. Throws BadRecord.
Owner owner_from(const JsonObject &object);

// "2026-11-25T15:39:47.123456789Z" in nanoseconds since 1970.
int64_t wall_ns_from(const std::string &utc);

uint8_t family_from(const JsonObject &object);
uint8_t nft_family_from(const JsonObject &object);
uint8_t hook_from(const JsonObject &object);

// A name that fits; zero-filled.
template <size_t N>
void set_name_from(char (&to)[N], const std::string &name)
{
	if (name.size() >= N)
		throw BadRecord(fmt::format("\"{}\" is too long for a name", name));
	std::memset(to, 0, N);
	name.copy(to, N - 1);
}

} // namespace ipt
