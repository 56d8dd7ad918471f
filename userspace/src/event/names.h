// SPDX-License-Identifier: GPL-2.0-only
// What people call the numbers in an event.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace ipt {

const char *hook_name(uint8_t hook);
std::optional<uint8_t> hook_of(std::string_view name);

// "ip", "inet" ... of a table of nf_tables; empty if there is no such family.
std::string_view nft_family_name(uint8_t family);
// 0: there is none of that name.
uint8_t nft_family_of(std::string_view name);

// "ACCEPT", "DROP", "QUEUE 3", "STOLEN" ...
std::string verdict_name(uint32_t verdict);
// Of a rule of nf_tables: these too, and "continue", "jump", "goto", "return".
std::string nft_verdict_name(int32_t verdict);
bool is_accept(uint32_t verdict);
bool is_drop(uint32_t verdict);

// "TCP", "ICMPv6", "protocol 253"
std::string protocol_name(uint8_t protocol);

// "SYN,ACK"; "none" for a segment without any.
std::string tcp_flag_names(uint16_t flags);
// Back again; words that are no flags do not count.
uint16_t tcp_flags_of(std::string_view names);

// "echo request", "unreachable (port)", "type 42 code 0"
std::string icmp_name(uint8_t family, uint8_t type, uint8_t code);

std::string address_text(uint8_t family, const uint8_t *address);

// "NEW", "ESTABLISHED" ...; empty if there is no connection.
const char *connection_name(uint8_t connection);

// Protocol, addresses, ports, flags, length: "TCP 192.0.2.1:40000 > 192.0.2.2:443 SYN len 60".
std::string packet_text(uint8_t family, const PacketFields &packet);

// "192.0.2.1:40000 > 192.0.2.2:443"; of ARP sender and target.
std::string endpoints_text(uint8_t family, const PacketFields &packet);

// "0.9 us", "1.2 ms"
std::string duration_text(uint64_t ns);

// What only -v shows: "ttl 64 tos 0x10 id 4711 mark 0x1 ct NEW"; of ARP all addresses, if they are known.
std::string details_text(uint8_t family, const PacketFields &packet);

} // namespace ipt
