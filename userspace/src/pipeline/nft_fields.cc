// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/nft_fields.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <span>
#include <utility>

#include "event/arp.h"
#include "event/names.h"
#include "pipeline/header_says.h"
#include "pipeline/nft_values.h"
#include "ruleset/conditions.h"

namespace ipt {

namespace {

using Kind = NftField::Kind;
using Name = std::pair<std::string_view, uint32_t>;

// ---- what the words of nft stand for

constexpr std::array<Name, 15> kIcmpTypes{ { { "echo-reply", 0 },
					     { "destination-unreachable", 3 },
					     { "source-quench", 4 },
					     { "redirect", 5 },
					     { "echo-request", 8 },
					     { "router-advertisement", 9 },
					     { "router-solicitation", 10 },
					     { "time-exceeded", 11 },
					     { "parameter-problem", 12 },
					     { "timestamp-request", 13 },
					     { "timestamp-reply", 14 },
					     { "info-request", 15 },
					     { "info-reply", 16 },
					     { "address-mask-request", 17 },
					     { "address-mask-reply", 18 } } };
constexpr std::array<Name, 16> kIcmp6Types{ { { "destination-unreachable", 1 },
					      { "packet-too-big", 2 },
					      { "time-exceeded", 3 },
					      { "parameter-problem", 4 },
					      { "echo-request", 128 },
					      { "echo-reply", 129 },
					      { "mld-listener-query", 130 },
					      { "mld-listener-report", 131 },
					      { "mld-listener-done", 132 },
					      { "mld-listener-reduction", 132 },
					      { "nd-router-solicit", 133 },
					      { "nd-router-advert", 134 },
					      { "nd-neighbor-solicit", 135 },
					      { "nd-neighbor-advert", 136 },
					      { "nd-redirect", 137 },
					      { "mld2-listener-report", 143 } } };
constexpr std::array<Name, 8> kTcpFlags{ { { "fin", 1 },
					   { "syn", 2 },
					   { "rst", 4 },
					   { "psh", 8 },
					   { "ack", 16 },
					   { "urg", 32 },
					   { "ecn", 64 },
					   { "cwr", 128 } } };
constexpr std::array<Name, 5> kStates{
	{ { "invalid", 1 }, { "established", 2 }, { "related", 4 }, { "new", 8 }, { "untracked", 64 } }
};
constexpr std::array<Name, 2> kStatus{ { { "snat", IPS_SRC_NAT }, { "dnat", IPS_DST_NAT } } };
constexpr std::array<Name, 2> kDirections{ { { "original", 0 }, { "reply", 1 } } };
constexpr std::array<Name, 2> kFamilies{ { { "ipv4", NFPROTO_IPV4 }, { "ipv6", NFPROTO_IPV6 } } };
constexpr std::array<Name, 3> kEthernet{ { { "ip", ETH_P_IP }, { "ip6", ETH_P_IPV6 }, { "arp", ETH_P_ARP } } };

std::optional<uint32_t> look_up(std::span<const Name> names, std::string_view word)
{
	const auto found =
		std::find_if(names.begin(), names.end(), [word](const Name &entry) { return entry.first == word; });
	return found == names.end() ? plain_number(word) : found->second;
}

template <const auto &Names>
std::optional<uint32_t> named(std::string_view word)
{
	return look_up(Names, word);
}

std::optional<uint32_t> protocol(std::string_view word)
{
	return protocol_number(std::string(word));
}

// "cs3", "af21", "ef"
std::optional<uint32_t> dscp(std::string_view word)
{
	const auto digit = [word](size_t at) { return static_cast<uint32_t>(word[at] - '0'); };
	if (word == "ef")
		return 0x2e;
	if (word.size() == 3 && word.starts_with("cs") && digit(2) < 8)
		return digit(2) << 3;
	if (word.size() == 4 && word.starts_with("af") && digit(2) < 8 && digit(3) < 4)
		return digit(2) << 3 | digit(3) << 1;
	return plain_number(word);
}

// What nft calls the number, or the number.
std::string word_of(std::span<const Name> names, uint32_t number)
{
	const auto found =
		std::find_if(names.begin(), names.end(), [number](const Name &name) { return name.second == number; });
	return found == names.end() ? fmt::format("{}", number) : std::string(found->first);
}

// ---- what the packet has

NftField absent(std::string instead)
{
	return { .kind = Kind::absent, .text = std::move(instead) };
}

NftField known(uint32_t number, std::string text, NftField::Reader read, bool of_bits = false)
{
	return { .kind = Kind::number, .text = std::move(text), .number = number, .read = read, .of_bits = of_bits };
}

template <typename Get>
NftField number_of(Changes of, Get get, const Seen &seen, NftField::Reader read = plain_number,
		   const char *format = "{}")
{
	const auto value = seen.certain(of, [get](const PacketFields &packet) { return uint32_t{ get(packet) }; });
	return value ? known(*value, fmt::format(fmt::runtime(format), *value), read) : NftField{};
}

// nft asks for the family before it looks at a header of it; nothing: it is the packet's.
std::optional<NftField> other_family(uint8_t family, const Seen &seen)
{
	if (seen.family() == family)
		return std::nullopt;
	return absent(seen.family() == NFPROTO_IPV6 ? "IPv6" : seen.family() == NFPROTO_ARP ? "ARP" : "IPv4");
}

NftField address_field(bool source, const Seen &seen)
{
	const auto get = [source](const PacketFields &packet) {
		std::array<uint8_t, 16> address{};
		std::memcpy(address.data(), source ? packet.source : packet.destination, address.size());
		return address;
	};
	const auto address = seen.certain(kAddresses, get);
	if (!address)
		return {};
	return { .kind = Kind::address,
		 .text = address_text(seen.family(), address->data()),
		 .address = *address,
		 .is_ipv6 = seen.family() == NFPROTO_IPV6 };
}

NftField ip_field(std::string_view name, uint8_t family, const Seen &seen)
{
	if (auto other = other_family(family, seen))
		return std::move(*other);
	const bool extended = family == NFPROTO_IPV6 && seen.then.fields & IPT_EVENT_EXTENDED;
	const uint8_t number = seen.then.protocol;
	if (name == "saddr" || name == "daddr")
		return address_field(name == "saddr", seen);
	if (name == "protocol" || (name == "nexthdr" && !extended && is_protocol_certain(seen)))
		return known(number, protocol_name(number), protocol);
	if (name == "ttl" || name == "hoplimit")
		return number_of(
			kTtl, [](const PacketFields &packet) { return packet.ttl; }, seen);
	if (name == "dscp")
		return number_of(
			kTos, [](const PacketFields &packet) { return static_cast<uint32_t>(packet.tos >> 2); }, seen,
			dscp, "{:#x}");
	return {};
}

// name: "operation", "saddr ip". Rules ask for what is where IPv4 on Ethernet has it, whatever the packet is.
NftField arp_field(std::string_view name, const Seen &seen)
{
	if (auto other = other_family(NFPROTO_ARP, seen))
		return std::move(*other);
	const auto arp = seen.certain(kAddresses, arp_of);
	if (!arp)
		return {};
	if (name == "operation")
		return known(arp->operation, word_of(kArpOperations, arp->operation), named<kArpOperations>);
	if (name == "htype")
		return known(arp->hardware, fmt::format("{}", arp->hardware), plain_number);
	if (name == "ptype")
		return known(arp->protocol, word_of(kEthernet, arp->protocol), named<kEthernet>);
	if (name == "hlen")
		return known(arp->hardware_length, fmt::format("{}", arp->hardware_length), plain_number);
	if (name == "plen")
		return known(arp->protocol_length, fmt::format("{}", arp->protocol_length), plain_number);
	if ((name == "saddr ip" || name == "daddr ip") && has_arp_addresses(seen.then))
		return address_field(name == "saddr ip", seen);
	return {};
}

// Whether the packet has a transport header of this protocol, as nft asks before it looks at one; nothing: it has.
std::optional<NftField> other_transport(uint8_t wanted, const Seen &seen)
{
	if (!is_protocol_certain(seen))
		return NftField{};
	if (protocol_of(seen) != wanted)
		return absent(protocol_name(protocol_of(seen)));
	if (seen.then.fragment_offset)
		return absent(fmt::format("fragment offset {}", seen.then.fragment_offset));
	return std::nullopt;
}

NftField port_field(std::string_view name, const Seen &seen)
{
	if (!(seen.then.fields & IPT_EVENT_PORTS))
		return {};
	if (name == "sport")
		return number_of(
			kPorts, [](const PacketFields &packet) { return packet.source_port; }, seen);
	if (name == "dport")
		return number_of(
			kPorts, [](const PacketFields &packet) { return packet.destination_port; }, seen);
	return {};
}

NftField transport_field(std::string_view name, uint8_t protocol_of, const Seen &seen)
{
	if (auto other = other_transport(protocol_of, seen))
		return std::move(*other);
	if (name != "flags" || protocol_of != IPPROTO_TCP)
		return port_field(name, seen);
	if (!(seen.then.fields & IPT_EVENT_TCP))
		return {};
	return known(seen.then.tcp_flags & 0xff, tcp_flag_names(seen.then.tcp_flags), named<kTcpFlags>, true);
}

NftField icmp_field(std::string_view name, bool is_ipv6, const Seen &seen)
{
	if (auto other = other_transport(is_ipv6 ? uint8_t{ IPPROTO_ICMPV6 } : uint8_t{ IPPROTO_ICMP }, seen))
		return std::move(*other);
	if (!(seen.then.fields & IPT_EVENT_ICMP))
		return {};
	const uint8_t type = seen.then.icmp_type;
	if (name == "type" && is_ipv6)
		return known(type, word_of(kIcmp6Types, type), named<kIcmp6Types>);
	if (name == "type")
		return known(type, word_of(kIcmpTypes, type), named<kIcmpTypes>);
	if (name == "code")
		return known(seen.then.icmp_code, fmt::format("{}", seen.then.icmp_code), plain_number);
	return {};
}

// Of any transport protocol: nothing is asked before.
NftField any_transport_field(std::string_view name, const Seen &seen)
{
	if (seen.then.fragment_offset)
		return absent(fmt::format("fragment offset {}", seen.then.fragment_offset));
	return protocol_of(seen) == seen.then.protocol ? port_field(name, seen) : NftField{};
}

NftField mark_field(uint32_t mark, const Seen &seen)
{
	return seen.changed & kMarks ? NftField{} : known(mark, fmt::format("{:#x}", mark), plain_number);
}

NftField meta_field(std::string_view name, const Seen &seen)
{
	if (name == "mark")
		return mark_field(seen.mark, seen);
	if (seen.family() == NFPROTO_ARP)
		return name == "protocol" ? known(ETH_P_ARP, "ARP", named<kEthernet>) : NftField{};
	const bool at_bridge = seen.enter.head.nft_family == IPT_EVENT_NFT_BRIDGE;
	const bool is_ipv6 = seen.family() == NFPROTO_IPV6;
	const uint8_t number = protocol_of(seen);
	if (name == "l4proto" && is_protocol_certain(seen))
		return known(number, protocol_name(number), protocol);
	if (name == "nfproto" && !at_bridge)
		return known(seen.family(), is_ipv6 ? "IPv6" : "IPv4", named<kFamilies>);
	if (name == "protocol" && !at_bridge)
		return known(is_ipv6 ? ETH_P_IPV6 : ETH_P_IP, is_ipv6 ? "IPv6" : "IPv4", named<kEthernet>);
	if (name == "length" && !at_bridge)
		return number_of(
			kLength, [](const PacketFields &packet) { return packet.length; }, seen);
	return {};
}

bool has_connection(const PacketFields &packet)
{
	return packet.connection != IPT_EVENT_CT_NONE && packet.connection != IPT_EVENT_CT_UNTRACKED;
}

// Before conntrack there may be a template in its place, which looks like one.
bool is_connection_certain(const Seen &seen)
{
	return has_connection(seen.then) || seen.enter.priority > NF_IP_PRI_CONNTRACK;
}

uint32_t state_bit(const PacketFields &packet)
{
	switch (packet.connection) {
	case IPT_EVENT_CT_NEW:
		return 8;
	case IPT_EVENT_CT_ESTABLISHED:
		return 2;
	case IPT_EVENT_CT_RELATED:
		return 4;
	case IPT_EVENT_CT_UNTRACKED:
		return 64;
	}
	return 1;
}

NftField connection_field(std::string_view name, const Seen &seen)
{
	const auto state = seen.certain(kConnection, state_bit);
	if (!state || !is_connection_certain(seen))
		return {};
	if (name == "state")
		return known(*state, word_of(kStates, *state), named<kStates>, true);
	if (!has_connection(seen.then))
		return absent("no connection");
	if (name == "mark")
		return mark_field(seen.ct_mark, seen);
	if (name == "direction")
		return known(seen.then.reply, word_of(kDirections, seen.then.reply), named<kDirections>);
	if (name != "status")
		return {};
	const auto nat = seen.certain(
		kConnection, [](const PacketFields &packet) { return packet.ct_status & (IPS_SRC_NAT | IPS_DST_NAT); });
	if (!nat)
		return {};
	const std::string text = *nat == IPS_NAT_MASK ? "snat,dnat" :
				 *nat		      ? word_of(kStatus, *nat) :
							"neither snat nor dnat";
	NftField field = known(*nat, text, named<kStatus>, true);
	field.known_bits = IPS_NAT_MASK;
	return field;
}

NftField device_field(const ipt_event_dev &device)
{
	const std::string_view name = name_of(device.name);
	return { .kind = Kind::device, .text = std::string(name.empty() ? "none" : name), .number = device.ifindex };
}

} // namespace

NftField nft_field(std::string_view key, const Seen &seen)
{
	static constexpr std::array<Name, 5> transports{ { { "tcp", IPPROTO_TCP },
							   { "udp", IPPROTO_UDP },
							   { "sctp", IPPROTO_SCTP },
							   { "dccp", IPPROTO_DCCP },
							   { "udplite", IPPROTO_UDPLITE } } };
	if (key == "iif" || key == "iifname")
		return device_field(seen.enter.in);
	if (key == "oif" || key == "oifname")
		return device_field(seen.enter.out);
	if (key.starts_with("arp "))
		return arp_field(key.substr(4), seen);
	if (seen.family() == NFPROTO_ARP && !key.starts_with("meta "))
		return {};
	// Routing knows of which type it is.
	if (key == "fib saddr type" || key == "fib daddr type")
		return address_field(key == "fib saddr type", seen);
	const std::string_view of = key.substr(0, key.find(' '));
	const std::string_view name = key.substr(std::min(of.size() + 1, key.size()));
	if (of == "ip" || of == "ip6")
		return ip_field(name, of == "ip" ? NFPROTO_IPV4 : NFPROTO_IPV6, seen);
	if (of == "icmp" || of == "icmpv6")
		return icmp_field(name, of == "icmpv6", seen);
	if (of == "th")
		return any_transport_field(name, seen);
	if (of == "meta")
		return meta_field(name, seen);
	if (of == "ct")
		return connection_field(name, seen);
	const auto transport = look_up(transports, of);
	return transport ? transport_field(name, static_cast<uint8_t>(*transport), seen) : NftField{};
}

} // namespace ipt
