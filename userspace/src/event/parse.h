// SPDX-License-Identifier: GPL-2.0-only
// What a packet says, from its first bytes.
#pragma once

#include <cstdint>
#include <span>

#include "event/event.h"

namespace ipt {

// header: from that of IP or ARP on, IPT_EVENT_HEADER_LEN bytes at most. What stands behind it is marked as cut off.
PacketFields parse_packet(uint8_t family, std::span<const uint8_t> header);

// What the packet is to its connection; state: as of ipt_event_walk.ct_state.
void set_connection(PacketFields &packet, uint8_t state);

} // namespace ipt
