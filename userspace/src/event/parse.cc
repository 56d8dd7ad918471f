// SPDX-License-Identifier: GPL-2.0-only
#include "event/parse.h"

#include <algorithm>
#include <cstring>

// By the same words by which the programs of single events do it.
#define READ_AT(to, size, from) (std::memcpy(to, from, size), 0)
#include "parse_packet.h"

namespace ipt {

PacketFields parse_packet(uint8_t family, std::span<const uint8_t> header)
{
	// The parser may read more than it has been told of, as long as it is there.
	uint8_t bytes[IPT_EVENT_HEADER_LEN]{};
	const size_t length = std::min(header.size(), sizeof(bytes));
	std::copy_n(header.begin(), length, bytes);
	PacketFields packet{};
	parse_header(&packet, family, bytes, static_cast<uint32_t>(length));
	return packet;
}

void set_connection(PacketFields &packet, uint8_t state)
{
	parse_connection(&packet, state);
}

} // namespace ipt
