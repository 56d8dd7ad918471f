// SPDX-License-Identifier: GPL-2.0-only
// What a packet of ARP says: events have it in fields that mean something else in packets of IP.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "event/event.h"

namespace ipt {

struct Arp {
	uint16_t operation = 0;
	uint16_t hardware = 0; // type of it
	uint16_t protocol = 0;
	uint8_t hardware_length = 0; // of an address
	uint8_t protocol_length = 0;

	bool operator==(const Arp &) const = default;
};

Arp arp_of(const PacketFields &packet);
void set_arp(PacketFields &packet, const Arp &arp);

// Whether the addresses are those of IPv4 on Ethernet, in source (sender) and destination (target).
inline bool has_arp_addresses(const PacketFields &packet)
{
	return packet.fields & IPT_EVENT_ARP;
}

// As nft calls them.
inline constexpr std::array<std::pair<std::string_view, uint32_t>, 7> kArpOperations{ { { "request", 1 },
											{ "reply", 2 },
											{ "rrequest", 3 },
											{ "rreply", 4 },
											{ "inrequest", 8 },
											{ "inreply", 9 },
											{ "nak", 10 } } };

// "request"; "operation 25" of one that has no name.
std::string arp_operation_name(uint16_t operation);

// "52:54:00:12:34:56", of the address in source or destination.
std::string ethernet_text(const uint8_t (&end)[IPT_EVENT_ADDR_LEN]);
// Back again. False: it is none.
bool set_ethernet(uint8_t (&end)[IPT_EVENT_ADDR_LEN], std::string_view text);

// Of any packet.
std::string ethernet_text(const EtherAddress &address);
std::optional<EtherAddress> parse_ethernet(std::string_view text);

// As tcpdump says it: "ARP, Request who-has 192.0.2.2 tell 192.0.2.1 len 28".
std::string arp_text(const PacketFields &packet);

// All that it says: "request 192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.2 at 00:00:00:00:00:00"; without the addresses if they are
// not known, but of what kind they are.
std::string arp_fields_text(const PacketFields &packet);

// "192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.2 at 00:00:00:00:00:00", of addresses that are known.
std::string arp_ends_text(const PacketFields &packet);

} // namespace ipt
