// SPDX-License-Identifier: GPL-2.0-only
#include "match/packet/describe.h"

#include <arpa/inet.h>
#include <array>
#include <fmt/core.h>
#include <optional>

namespace ipt {

namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;

std::string protocol_text(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	default:
		return fmt::format("protocol {}", protocol);
	}
}

std::string address_text(int family, const uint8_t *address)
{
	std::array<char, INET6_ADDRSTRLEN> text{};
	return inet_ntop(family, address, text.data(), text.size()) ? text.data() : "?";
}

bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

struct Ports {
	unsigned int source;
	unsigned int destination;
};

std::string endpoints(const std::string &source, const std::string &destination, const std::optional<Ports> &ports,
		      bool brackets)
{
	if (!ports)
		return fmt::format("{} > {}", source, destination);
	const char *form = brackets ? "[{}]:{} > [{}]:{}" : "{}:{} > {}:{}";
	return fmt::format(fmt::runtime(form), source, ports->source, destination, ports->destination);
}

std::optional<Ports> ports_at(std::span<const uint8_t> packet, size_t offset)
{
	if (packet.size() < offset + 4)
		return {};
	return Ports{ static_cast<unsigned int>(packet[offset] << 8 | packet[offset + 1]),
		      static_cast<unsigned int>(packet[offset + 2] << 8 | packet[offset + 3]) };
}

std::string describe4(std::span<const uint8_t> packet)
{
	const uint8_t protocol = packet[9];
	const bool later_fragment = (packet[6] & 0x1f) || packet[7];
	std::optional<Ports> ports;
	if (has_ports(protocol) && !later_fragment)
		ports = ports_at(packet, static_cast<size_t>(packet[0] & 0xf) * 4);
	return fmt::format(
		"{} {}{}", protocol_text(protocol),
		endpoints(address_text(AF_INET, &packet[12]), address_text(AF_INET, &packet[16]), ports, false),
		later_fragment ? " fragment" : "");
}

// Extension headers are named as what they are.
std::string describe6(std::span<const uint8_t> packet)
{
	const uint8_t protocol = packet[6];
	std::optional<Ports> ports;
	if (has_ports(protocol))
		ports = ports_at(packet, kIpv6Header);
	return fmt::format(
		"{} {}", protocol_text(protocol),
		endpoints(address_text(AF_INET6, &packet[8]), address_text(AF_INET6, &packet[24]), ports, true));
}

} // namespace

std::string describe_packet(std::span<const uint8_t> packet)
{
	if (packet.size() >= kIpv4Header && packet[0] >> 4 == 4)
		return describe4(packet);
	if (packet.size() >= kIpv6Header && packet[0] >> 4 == 6)
		return describe6(packet);
	return fmt::format("{} bytes of a header", packet.size());
}

} // namespace ipt
