// SPDX-License-Identifier: GPL-2.0-only
#include "event/arp.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <span>

#include "event/names.h"

namespace ipt {

namespace {

constexpr size_t kEthernetLength = 6;
static_assert(IPT_EVENT_ARP_ETHERNET + kEthernetLength <= IPT_EVENT_ADDR_LEN);

std::string ip_text(const uint8_t (&end)[IPT_EVENT_ADDR_LEN])
{
	return address_text(NFPROTO_IPV4, end);
}

bool has_ethernet(const uint8_t (&end)[IPT_EVENT_ADDR_LEN])
{
	const auto address = std::span(end).subspan(IPT_EVENT_ARP_ETHERNET, kEthernetLength);
	return std::any_of(address.begin(), address.end(), [](uint8_t byte) { return byte != 0; });
}

// Who is asked for; an address that the question has already, as where it is asked whether that still holds, is shown too.
std::string target_text(const PacketFields &packet)
{
	std::string text = ip_text(packet.destination);
	if (has_ethernet(packet.destination))
		text += " (" + ethernet_text(packet.destination) + ")";
	return text;
}

std::string what_text(const PacketFields &packet)
{
	switch (has_arp_addresses(packet) ? arp_of(packet).operation : 0) {
	case 1:
		return fmt::format("Request who-has {} tell {}", target_text(packet), ip_text(packet.source));
	case 2:
		return fmt::format("Reply {} is-at {}", ip_text(packet.source), ethernet_text(packet.source));
	}
	return arp_fields_text(packet);
}

} // namespace

Arp arp_of(const PacketFields &packet)
{
	return { .operation = static_cast<uint16_t>(packet.id),
		 .hardware = packet.source_port,
		 .protocol = packet.destination_port,
		 .hardware_length = packet.icmp_type,
		 .protocol_length = packet.icmp_code };
}

void set_arp(PacketFields &packet, const Arp &arp)
{
	packet.id = arp.operation;
	packet.source_port = arp.hardware;
	packet.destination_port = arp.protocol;
	packet.icmp_type = arp.hardware_length;
	packet.icmp_code = arp.protocol_length;
}

std::string arp_operation_name(uint16_t operation)
{
	const auto *found = std::find_if(kArpOperations.begin(), kArpOperations.end(),
					 [operation](const auto &entry) { return entry.second == operation; });
	return found == kArpOperations.end() ? fmt::format("operation {}", operation) : std::string(found->first);
}

std::string ethernet_text(const uint8_t (&end)[IPT_EVENT_ADDR_LEN])
{
	const uint8_t *at = end + IPT_EVENT_ARP_ETHERNET;
	return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", at[0], at[1], at[2], at[3], at[4], at[5]);
}

bool set_ethernet(uint8_t (&end)[IPT_EVENT_ADDR_LEN], std::string_view text)
{
	if (text.size() != 3 * kEthernetLength - 1)
		return false;
	for (size_t i = 0; i < kEthernetLength; i++) {
		const char *const at = text.data() + 3 * i;
		uint8_t &byte = end[IPT_EVENT_ARP_ETHERNET + i];
		const auto [stop, error] = std::from_chars(at, at + 2, byte, 16);
		if (error != std::errc() || stop != at + 2 || (i + 1 < kEthernetLength && *stop != ':'))
			return false;
	}
	return true;
}

std::string ethernet_text(const EtherAddress &address)
{
	uint8_t end[IPT_EVENT_ADDR_LEN]{};
	std::copy(address.begin(), address.end(), end + IPT_EVENT_ARP_ETHERNET);
	return ethernet_text(end);
}

std::optional<EtherAddress> parse_ethernet(std::string_view text)
{
	uint8_t end[IPT_EVENT_ADDR_LEN]{};
	if (!set_ethernet(end, text))
		return std::nullopt;
	EtherAddress address;
	std::copy_n(end + IPT_EVENT_ARP_ETHERNET, address.size(), address.begin());
	return address;
}

std::string arp_text(const PacketFields &packet)
{
	const char *const cut = packet.fields & IPT_EVENT_CUT ? " (headers cut off)" : "";
	return fmt::format("ARP, {}{} len {}", what_text(packet), cut, packet.length);
}

std::string arp_fields_text(const PacketFields &packet)
{
	const Arp arp = arp_of(packet);
	const std::string name = arp_operation_name(arp.operation);
	if (has_arp_addresses(packet))
		return fmt::format("{} {}", name, arp_ends_text(packet));
	return fmt::format("{} (hardware {}, addresses of {} bytes; protocol {:#06x}, of {} bytes)", name, arp.hardware,
			   arp.hardware_length, arp.protocol, arp.protocol_length);
}

std::string arp_ends_text(const PacketFields &packet)
{
	return fmt::format("{} at {} > {} at {}", ip_text(packet.source), ethernet_text(packet.source),
			   ip_text(packet.destination), ethernet_text(packet.destination));
}

} // namespace ipt
