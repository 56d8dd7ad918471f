// SPDX-License-Identifier: GPL-2.0-only
// Sentences about parts of a packet's way, the same for every form of output.
#pragma once

#include <string>

#include "pipeline/met.h"
#include "pipeline/packet.h"
#include "sink/look.h"

namespace ipt {

// "in eth0", "eth0 > eth1"; empty if there is none.
std::string devices_text(const Enter &enter);

// "sent by curl (pid 4711, uid 1000) in /user.slice, container docker 0123456789ab (web)"
std::string owner_text(const Owner &owner);

std::string painted_verdict(uint32_t verdict, const Look &look);

// What became of a packet between two points of its way: addresses, mark, connection state; empty if nothing did.
std::string changes_text(uint8_t family, const PacketFields &before, const PacketFields &after);

// What a table did to the packet. Marks only if it is not known which of its rules set them, or it was a match of the first.
std::string changes_text(const Traversal &walk);

// What it took until this rule was met, and behind the last one: "1.2 us", "1.2 us, then 3.4 us"; empty if it was not timed.
std::string time_text(const Traversal &walk, size_t rule);

// The marks that this rule set, of a walk that is whole; empty if it set none. in_doubt: see marks_in_doubt().
std::string marks_text(const Traversal &walk, size_t rule, bool in_doubt);

// Whether the packet was last seen on its way to a program behind NFQUEUE, which may still have it.
bool ends_in_queue(const PacketTrace &trace);

// "complete", "complete so far", "3 events lost", "unknown (...)"
std::string completeness_text(const PacketTrace &trace, const Look &look);

} // namespace ipt
