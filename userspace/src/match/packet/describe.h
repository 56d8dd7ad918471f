// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ipt {

// "tcp 192.0.2.1:40000 > 192.0.2.2:443", of a packet from its IP header on, as far as it is there.
std::string describe_packet(std::span<const uint8_t> packet);

} // namespace ipt
