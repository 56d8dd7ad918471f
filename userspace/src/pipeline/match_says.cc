// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/match_says.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <string_view>
#include <utility>

#include "event/names.h"
#include "pipeline/header_says.h"
#include "pipeline/match_options.h"
#include "ruleset/conditions.h"
#include "ruleset/save_lines.h"

namespace ipt {

namespace {

// What an option has to say, with its ! counted in, and what the packet has.
struct Said {
	bool yes;
	std::string packet;
};
using MaybeSaid = std::optional<Said>;

Said said(bool fits, const Option &option, std::string packet)
{
	return { fits != option.negated, std::move(packet) };
}

// No, whether there is a ! or not.
Said no(std::string packet)
{
	return { false, std::move(packet) };
}

// ---- transport headers, which later fragments do not have; the matches say no to these

MaybeSaid fragment(const Seen &seen)
{
	if (!seen.then.fragment_offset)
		return std::nullopt;
	return no(fmt::format("fragment offset {}", seen.then.fragment_offset));
}

MaybeSaid port(const Option &option, const Seen &seen, uint16_t PacketFields::*field)
{
	const auto ports = range(only_value(option));
	const auto value = seen.certain(kPorts, [field](const PacketFields &packet) { return packet.*field; });
	if (!(seen.then.fields & IPT_EVENT_PORTS) || !ports || !value)
		return std::nullopt;
	return said(ports->holds(*value), option, fmt::format("{}", *value));
}

MaybeSaid ports(const Option &option, const Seen &seen)
{
	if (option.name == "--sport" || option.name == "--source-port")
		return port(option, seen, &PacketFields::source_port);
	if (option.name == "--dport" || option.name == "--destination-port")
		return port(option, seen, &PacketFields::destination_port);
	return std::nullopt;
}

// Bits 0 to 7 of the header's flags, as iptables has them.
std::optional<uint16_t> tcp_flags(const std::string &names)
{
	if (names == "ALL")
		return 0x3f;
	if (names == "NONE")
		return 0;
	const uint16_t flags = tcp_flags_of(names);
	const auto wanted = 1 + std::count(names.begin(), names.end(), ',');
	int bits = 0;
	for (uint16_t rest = flags; rest; rest &= static_cast<uint16_t>(rest - 1))
		bits++;
	return bits == wanted ? std::optional(flags) : std::nullopt;
}

MaybeSaid tcp(const Option &option, const Seen &seen)
{
	if (option.name != "--tcp-flags")
		return ports(option, seen);
	if (!(seen.then.fields & IPT_EVENT_TCP) || option.values.size() != 2)
		return std::nullopt;
	const auto mask = tcp_flags(option.values[0]);
	const auto set = tcp_flags(option.values[1]);
	if (!mask || !set)
		return std::nullopt;
	return said((seen.then.tcp_flags & *mask) == *set, option, tcp_flag_names(seen.then.tcp_flags));
}

MaybeSaid multiport(const Option &option, const Seen &seen)
{
	const bool source = option.name == "--sports" || option.name == "--ports";
	const bool destination = option.name == "--dports" || option.name == "--ports";
	const auto from = seen.certain(kPorts, [](const PacketFields &packet) { return packet.source_port; });
	const auto to = seen.certain(kPorts, [](const PacketFields &packet) { return packet.destination_port; });
	if ((!source && !destination) || !(seen.then.fields & IPT_EVENT_PORTS) || !from || !to)
		return std::nullopt;
	const auto fits = any_of_list(only_value(option), [&](std::string_view item) -> std::optional<bool> {
		const auto ports = range(item);
		if (!ports)
			return std::nullopt;
		return (source && ports->holds(*from)) || (destination && ports->holds(*to));
	});
	if (!fits)
		return std::nullopt;
	return said(*fits, option,
		    source && destination ? fmt::format("{} and {}", *from, *to) :
					    fmt::format("{}", source ? *from : *to));
}

// "8", "3/1", "any"
MaybeSaid icmp(const Option &option, const Seen &seen)
{
	if (!(seen.then.fields & IPT_EVENT_ICMP) || (option.name != "--icmp-type" && option.name != "--icmpv6-type"))
		return std::nullopt;
	const std::string &value = only_value(option);
	const size_t slash = value.find('/');
	const auto type = number(std::string_view(value).substr(0, slash));
	const auto code = slash == std::string::npos ? std::nullopt : number(std::string_view(value).substr(slash + 1));
	if (!type || *type >= UINT8_MAX || (slash != std::string::npos && !code))
		return std::nullopt;
	return said(*type == seen.then.icmp_type && (!code || *code == seen.then.icmp_code), option,
		    fmt::format("{}/{}", seen.then.icmp_type, seen.then.icmp_code));
}

// ---- the IP header

MaybeSaid length(const Option &option, const Seen &seen)
{
	const auto wanted = range(only_value(option));
	const auto value = seen.certain(kLength, [](const PacketFields &packet) { return packet.length; });
	// Of a jumbogram the header says something else.
	if (option.name != "--length" || !wanted || !value || *value > UINT16_MAX)
		return std::nullopt;
	return said(wanted->holds(*value), option, fmt::format("{}", *value));
}

MaybeSaid ttl(const Option &option, const Seen &seen)
{
	const auto wanted = number(only_value(option));
	const auto value = seen.certain(kTtl, [](const PacketFields &packet) { return packet.ttl; });
	if (!wanted || !value)
		return std::nullopt;
	const std::string packet = fmt::format("{}", *value);
	if (option.name.ends_with("-eq"))
		return said(*value == *wanted, option, packet);
	if (option.name.ends_with("-lt"))
		return said(*value < *wanted, option, packet);
	if (option.name.ends_with("-gt"))
		return said(*value > *wanted, option, packet);
	return std::nullopt;
}

// A number and the bits of it that count: "0x1", "0x1/0xff".
MaybeSaid masked(const Option &option, uint32_t value, uint32_t all)
{
	const std::string &text = only_value(option);
	const size_t slash = text.find('/');
	const auto wanted = number(std::string_view(text).substr(0, slash));
	const auto mask =
		slash == std::string::npos ? std::optional(all) : number(std::string_view(text).substr(slash + 1));
	if (!wanted || !mask)
		return std::nullopt;
	return said((value & *mask) == *wanted, option, fmt::format("{:#x}", value));
}

MaybeSaid tos(const Option &option, const Seen &seen)
{
	const auto value = seen.certain(kTos, [](const PacketFields &packet) { return packet.tos; });
	return value && option.name == "--tos" ? masked(option, *value, 0xff) : std::nullopt;
}

MaybeSaid dscp(const Option &option, const Seen &seen)
{
	const auto value = seen.certain(kTos, [](const PacketFields &packet) { return packet.tos >> 2; });
	return value && option.name == "--dscp" ? masked(option, static_cast<uint32_t>(*value), 0x3f) : std::nullopt;
}

struct AddressRange {
	std::array<uint8_t, 16> first{};
	std::array<uint8_t, 16> last{};
};

std::optional<AddressRange> address_range(const std::string &text, uint8_t family)
{
	const int af = family == NFPROTO_IPV6 ? AF_INET6 : AF_INET;
	const size_t dash = text.find('-');
	AddressRange range;
	if (dash == std::string::npos || inet_pton(af, text.substr(0, dash).c_str(), range.first.data()) != 1 ||
	    inet_pton(af, text.substr(dash + 1).c_str(), range.last.data()) != 1)
		return std::nullopt;
	return range;
}

MaybeSaid iprange(const Option &option, const Seen &seen)
{
	const bool source = option.name == "--src-range";
	const auto wanted = address_range(only_value(option), seen.family());
	if ((!source && option.name != "--dst-range") || !wanted)
		return std::nullopt;
	const auto of = [source](const PacketFields &packet) { return source ? packet.source : packet.destination; };
	const auto fits = seen.certain(kAddresses, [&](const PacketFields &packet) {
		return std::memcmp(of(packet), wanted->first.data(), 16) >= 0 &&
		       std::memcmp(of(packet), wanted->last.data(), 16) <= 0;
	});
	if (!fits)
		return std::nullopt;
	return said(*fits, option, address_text(seen.family(), of(seen.then)));
}

// ---- marks and connections

MaybeSaid mark(const Option &option, const Seen &seen)
{
	return option.name == "--mark" && !(seen.changed & kMarks) ? masked(option, seen.mark, UINT32_MAX) :
								     std::nullopt;
}

bool has_connection(const PacketFields &packet)
{
	return packet.connection != IPT_EVENT_CT_NONE && packet.connection != IPT_EVENT_CT_UNTRACKED;
}

// Rules of raw hang templates on a packet, which matches take for connections.
bool is_connection_certain(const Seen &seen)
{
	return &seen.then == &seen.later || name_of(seen.enter.head.table) != "raw";
}

MaybeSaid connmark(const Option &option, const Seen &seen)
{
	const auto connected = seen.certain(kNothing, has_connection);
	if (option.name != "--mark" || !connected || !is_connection_certain(seen))
		return std::nullopt;
	return *connected ? masked(option, seen.ct_mark, UINT32_MAX) : no("no connection");
}

// What the match calls the packet's state: INVALID is all that conntrack has no connection for.
std::string state_of(const PacketFields &packet, bool with_nat)
{
	std::string state = packet.connection == IPT_EVENT_CT_NONE ? "INVALID" : connection_name(packet.connection);
	if (with_nat && packet.ct_status & IPS_SRC_NAT)
		state += ",SNAT";
	if (with_nat && packet.ct_status & IPS_DST_NAT)
		state += ",DNAT";
	return state;
}

MaybeSaid state(const Option &option, const Seen &seen)
{
	const bool with_nat = option.name == "--ctstate";
	const auto states =
		seen.certain(kNothing, [&](const PacketFields &packet) { return state_of(packet, with_nat); });
	if ((!with_nat && option.name != "--state") || !states || !is_connection_certain(seen))
		return std::nullopt;
	const auto fits = any_of_list(only_value(option), [&](std::string_view wanted) {
		return any_of_list(*states, [&](std::string_view have) { return std::optional(have == wanted); });
	});
	return fits ? MaybeSaid(said(*fits, option, *states)) : std::nullopt;
}

// Of what has no connection the match conntrack asks for nothing but the state, and only if it is told one.
MaybeSaid no_connection(std::vector<Option> &options, const Seen &seen)
{
	const auto connected = seen.certain(kNothing, has_connection);
	if (!connected || *connected || !is_connection_certain(seen))
		return std::nullopt;
	if (!find_option(options, "--ctstate"))
		return no("no connection");
	std::erase_if(options, [](const Option &option) { return option.name != "--ctstate"; });
	return std::nullopt;
}

// An error of ICMP is of the connection of the packet that it is about.
MaybeSaid connection_protocol(const Option &option, const Seen &seen)
{
	const PacketFields &packet = seen.then;
	const bool is_icmp = packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6;
	const auto wanted = protocol_number(only_value(option));
	if (!wanted || packet.fragment_offset || packet.fields & IPT_EVENT_AH || !is_protocol_certain(seen) ||
	    (is_icmp && packet.connection == IPT_EVENT_CT_RELATED))
		return std::nullopt;
	return said(packet.protocol == *wanted, option, protocol_name(packet.protocol));
}

// Bits that are set stay set. All but the first may be set at any moment, by other packets of the connection.
MaybeSaid connection_status(const Option &option, const Seen &seen)
{
	static constexpr std::array<std::pair<std::string_view, uint32_t>, 5> names{ { { "NONE", 0 },
										       { "EXPECTED", IPS_EXPECTED },
										       { "SEEN_REPLY", IPS_SEEN_REPLY },
										       { "ASSURED", IPS_ASSURED },
										       { "CONFIRMED",
											 IPS_CONFIRMED } } };
	uint32_t wanted = 0;
	std::string have;
	const auto read = any_of_list(only_value(option), [&](std::string_view item) -> std::optional<bool> {
		const auto *name = std::find_if(names.begin(), names.end(),
						[item](const auto &entry) { return entry.first == item; });
		if (name == names.end())
			return std::nullopt;
		wanted |= name->second;
		if (seen.then.ct_status & name->second)
			have += (have.empty() ? "" : ",") + std::string(item);
		return true;
	});
	if (!read || (have.empty() && wanted & ~uint32_t{ IPS_EXPECTED }))
		return std::nullopt;
	return said(!have.empty(), option, have.empty() ? "none of them" : have);
}

MaybeSaid conntrack(const Option &option, const Seen &seen)
{
	if (option.name == "--ctstate")
		return state(option, seen);
	const auto connected = seen.certain(kNothing, has_connection);
	if (!connected || !*connected || !is_connection_certain(seen))
		return std::nullopt;
	if (option.name == "--ctproto")
		return connection_protocol(option, seen);
	if (option.name == "--ctstatus")
		return connection_status(option, seen);
	if (option.name != "--ctdir")
		return std::nullopt;
	const std::string direction = seen.then.reply ? "REPLY" : "ORIGINAL";
	return said(only_value(option) == direction, option, direction);
}

// ----

struct Known {
	std::string_view match;
	MaybeSaid (*ask)(const Option &option, const Seen &seen);
	bool of_transport; // it looks behind the IP header
};

constexpr std::array<Known, 18> kKnown{ { { "tcp", tcp, true },
					  { "udp", ports, true },
					  { "udplite", ports, true },
					  { "sctp", ports, true },
					  { "dccp", ports, true },
					  { "multiport", multiport, true },
					  { "icmp", icmp, true },
					  { "icmp6", icmp, true },
					  { "length", length, false },
					  { "ttl", ttl, false },
					  { "hl", ttl, false },
					  { "tos", tos, false },
					  { "dscp", dscp, false },
					  { "iprange", iprange, false },
					  { "mark", mark, false },
					  { "connmark", connmark, false },
					  { "conntrack", conntrack, false },
					  { "state", state, false } } };

} // namespace

std::string unmet_text(const Unmet &unmet)
{
	if (unmet.meaning.empty() && unmet.packet.empty())
		return unmet.condition + ": said no";
	const char *comma = unmet.meaning.empty() || unmet.packet.empty() ? "" : ", ";
	const char *has = unmet.packet.empty() ? "" : "packet has ";
	return fmt::format("{}: {}{}{}{}", unmet.condition, unmet.meaning, comma, has, unmet.packet);
}

Reply ask(const std::string &match, const Seen &seen)
{
	const std::vector<Word> words = split_words(match);
	const std::string name = words.size() > 1 ? words[1].text : "";
	if (name == "comment")
		return {};
	const auto known =
		std::find_if(kKnown.begin(), kKnown.end(), [&name](const Known &k) { return k.match == name; });
	Reply reply{ {}, false };
	if (known == kKnown.end())
		return reply;
	if (const auto none = known->of_transport ? fragment(seen) : std::nullopt) {
		reply.unmet.push_back({ match, none->packet, {} });
		return reply;
	}
	std::vector<Option> options = options_of(words);
	if (const auto none = name == "conntrack" ? no_connection(options, seen) : std::nullopt) {
		reply.unmet.push_back({ match, none->packet, {} });
		return reply;
	}
	reply.certain = true;
	for (const Option &option : options) {
		const MaybeSaid said = known->ask(option, seen);
		reply.certain &= said.has_value();
		if (said && !said->yes)
			reply.unmet.push_back({ "-m " + name + " " + option.text(), said->packet, {} });
	}
	return reply;
}

} // namespace ipt
