// SPDX-License-Identifier: GPL-2.0-only
#include "event/names.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <utility>

#include "event/arp.h"

namespace ipt {

namespace {

constexpr std::array kHooks{ "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };
static_assert(kHooks.size() == NF_INET_NUMHOOKS);

constexpr std::array<std::pair<uint8_t, std::string_view>, 5> kNftFamilies{ { { IPT_EVENT_NFT_INET, "inet" },
									      { IPT_EVENT_NFT_IPV4, "ip" },
									      { IPT_EVENT_NFT_ARP, "arp" },
									      { IPT_EVENT_NFT_BRIDGE, "bridge" },
									      { IPT_EVENT_NFT_IPV6, "ip6" } } };

// From bit 0 of the header's flags on.
constexpr std::array kTcpFlags{ "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE" };

constexpr std::array kConnections{ "", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED" };
static_assert(kConnections.size() == IPT_EVENT_CT_UNTRACKED + 1);

template <size_t N>
std::string with_code(const char *what, const std::array<const char *, N> &codes, uint8_t code)
{
	if (code < N)
		return fmt::format("{} ({})", what, codes[code]);
	return fmt::format("{} (code {})", what, code);
}

std::string icmp4_name(uint8_t type, uint8_t code)
{
	static constexpr std::array unreachable{ "network",
						 "host",
						 "protocol",
						 "port",
						 "fragmentation needed",
						 "source route",
						 "network unknown",
						 "host unknown",
						 "host isolated",
						 "network prohibited",
						 "host prohibited",
						 "network for tos",
						 "host for tos",
						 "prohibited",
						 "precedence",
						 "precedence cutoff" };
	static constexpr std::array exceeded{ "ttl", "reassembly" };
	switch (type) {
	case 0:
		return "echo reply";
	case 3:
		return with_code("unreachable", unreachable, code);
	case 5:
		return "redirect";
	case 8:
		return "echo request";
	case 11:
		return with_code("time exceeded", exceeded, code);
	case 12:
		return "parameter problem";
	}
	return fmt::format("type {} code {}", type, code);
}

std::string icmp6_name(uint8_t type, uint8_t code)
{
	static constexpr std::array unreachable{ "no route", "prohibited", "scope",	  "address",
						 "port",     "policy",	   "reject route" };
	static constexpr std::array exceeded{ "hop limit", "reassembly" };
	switch (type) {
	case 1:
		return with_code("unreachable", unreachable, code);
	case 2:
		return "packet too big";
	case 3:
		return with_code("time exceeded", exceeded, code);
	case 4:
		return "parameter problem";
	case 128:
		return "echo request";
	case 129:
		return "echo reply";
	case 133:
		return "router solicitation";
	case 134:
		return "router advertisement";
	case 135:
		return "neighbour solicitation";
	case 136:
		return "neighbour advertisement";
	case 137:
		return "redirect";
	}
	return fmt::format("type {} code {}", type, code);
}

std::string endpoint(uint8_t family, const uint8_t *address, uint16_t port, bool with_port)
{
	std::string text = address_text(family, address);
	if (!with_port)
		return text;
	const fmt::format_int digits(port);
	if (family == NFPROTO_IPV6)
		text = "[" + text + "]";
	(text += ':').append(digits.data(), digits.size());
	return text;
}

} // namespace

const char *hook_name(uint8_t hook)
{
	return hook < kHooks.size() ? kHooks[hook] : "?";
}

std::optional<uint8_t> hook_of(std::string_view name)
{
	for (size_t hook = 0; hook < kHooks.size(); hook++) {
		if (name == kHooks[hook])
			return static_cast<uint8_t>(hook);
	}
	return std::nullopt;
}

std::string_view nft_family_name(uint8_t family)
{
	const auto *found = std::find_if(kNftFamilies.begin(), kNftFamilies.end(),
					 [family](const auto &entry) { return entry.first == family; });
	return found == kNftFamilies.end() ? std::string_view() : found->second;
}

uint8_t nft_family_of(std::string_view name)
{
	const auto *found = std::find_if(kNftFamilies.begin(), kNftFamilies.end(),
					 [name](const auto &entry) { return entry.second == name; });
	return found == kNftFamilies.end() ? uint8_t{ 0 } : found->first;
}

std::string nft_verdict_name(int32_t verdict)
{
	switch (verdict) {
	case IPT_EVENT_NFT_CONTINUE:
		return "continue";
	case IPT_EVENT_NFT_JUMP:
		return "jump";
	case IPT_EVENT_NFT_GOTO:
		return "goto";
	case IPT_EVENT_NFT_RETURN:
		return "return";
	}
	return verdict_name(static_cast<uint32_t>(verdict));
}

std::string verdict_name(uint32_t verdict)
{
	static constexpr std::array names{ "DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT", "STOP" };
	const uint32_t low = verdict & NF_VERDICT_MASK;
	const uint32_t high = verdict >> NF_VERDICT_QBITS;
	if (low == NF_QUEUE)
		return fmt::format("QUEUE {}", high);
	if (low < names.size())
		return names[low];
	return fmt::format("verdict {:#x}", verdict);
}

bool is_accept(uint32_t verdict)
{
	return (verdict & NF_VERDICT_MASK) == NF_ACCEPT || (verdict & NF_VERDICT_MASK) == NF_STOP;
}

bool is_drop(uint32_t verdict)
{
	return (verdict & NF_VERDICT_MASK) == NF_DROP;
}

std::string protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_IGMP:
		return "IGMP";
	case IPPROTO_IPIP:
		return "IPIP";
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_DCCP:
		return "DCCP";
	case IPPROTO_IPV6:
		return "IPv6";
	case IPPROTO_GRE:
		return "GRE";
	case IPPROTO_ESP:
		return "ESP";
	case IPPROTO_AH:
		return "AH";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	case 89:
		return "OSPF";
	case 112:
		return "VRRP";
	case IPPROTO_PIM:
		return "PIM";
	case 115:
		return "L2TP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_UDPLITE:
		return "UDPLITE";
	}
	return fmt::format("protocol {}", protocol);
}

std::string tcp_flag_names(uint16_t flags)
{
	std::string text;
	for (size_t bit = 0; bit < kTcpFlags.size(); bit++) {
		if (flags & (1U << bit))
			text += (text.empty() ? "" : ",") + std::string(kTcpFlags[bit]);
	}
	return text.empty() ? "none" : text;
}

uint16_t tcp_flags_of(std::string_view names)
{
	uint16_t flags = 0;
	while (!names.empty()) {
		const std::string_view name = names.substr(0, names.find(','));
		for (size_t bit = 0; bit < kTcpFlags.size(); bit++)
			flags |= static_cast<uint16_t>(name == kTcpFlags[bit] ? 1U << bit : 0);
		names.remove_prefix(std::min(name.size() + 1, names.size()));
	}
	return flags;
}

std::string icmp_name(uint8_t family, uint8_t type, uint8_t code)
{
	return family == NFPROTO_IPV6 ? icmp6_name(type, code) : icmp4_name(type, code);
}

std::string address_text(uint8_t family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN] = "?";
	if (family == NFPROTO_IPV6) {
		inet_ntop(AF_INET6, address, text, sizeof(text));
		return text;
	}
	// inet_ntop() goes through printf(), which costs more than all the rest of a packet's line.
	char *end = text;
	for (size_t i = 0; i < 4; i++) {
		const fmt::format_int digits(address[i]);
		end = std::copy_n(digits.data(), digits.size(), end);
		*end++ = '.';
	}
	return { text, end - 1 };
}

const char *connection_name(uint8_t connection)
{
	return connection < kConnections.size() ? kConnections[connection] : "?";
}

std::string endpoints_text(uint8_t family, const PacketFields &packet)
{
	if (family == NFPROTO_ARP)
		return arp_ends_text(packet);
	const bool ports = packet.fields & IPT_EVENT_PORTS;
	return (endpoint(family, packet.source, packet.source_port, ports) += " > ") +=
	       endpoint(family, packet.destination, packet.destination_port, ports);
}

std::string packet_text(uint8_t family, const PacketFields &packet)
{
	if (family == NFPROTO_ARP)
		return arp_text(packet);
	std::string text = protocol_name(packet.protocol) + " " + endpoints_text(family, packet);
	if (packet.fields & IPT_EVENT_TCP)
		text += " " + tcp_flag_names(packet.tcp_flags);
	// An ICMP message inside IPv6, or the other way round, is only carried.
	if (packet.fields & IPT_EVENT_ICMP)
		text += " " + icmp_name(packet.protocol == IPPROTO_ICMPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
					packet.icmp_type, packet.icmp_code);
	if (packet.fields & IPT_EVENT_ECHO)
		text += fmt::format(" id {} seq {}", packet.echo_id, packet.echo_seq);
	if (packet.fields & IPT_EVENT_FRAGMENT)
		text += fmt::format(" fragment at {}{}", packet.fragment_offset,
				    packet.fields & IPT_EVENT_MORE ? ", more follow" : ", the last");
	if (packet.fields & IPT_EVENT_CUT)
		text += " (headers cut off)";
	return text + fmt::format(" len {}", packet.length);
}

std::string duration_text(uint64_t ns)
{
	if (ns < 1'000'000)
		return fmt::format("{:.1f} us", ns / 1e3);
	if (ns < 1'000'000'000)
		return fmt::format("{:.1f} ms", ns / 1e6);
	return fmt::format("{:.1f} s", ns / 1e9);
}

std::string details_text(uint8_t family, const PacketFields &packet)
{
	if (family == NFPROTO_ARP)
		return has_arp_addresses(packet) ? arp_ends_text(packet) : "";
	std::string text = fmt::format("ttl {} tos {:#04x}", packet.ttl, packet.tos);
	if (packet.fields & IPT_EVENT_ID)
		text += fmt::format(" ip id {}", packet.id);
	if (packet.fields & IPT_EVENT_EXTENDED)
		text += " with options";
	return text;
}

} // namespace ipt
