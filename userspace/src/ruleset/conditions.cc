// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/conditions.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netdb.h>
#include <netinet/in.h>
#include <utility>

#include "util/printable.h"

namespace ipt {

namespace {

using Of = HeaderCondition::Of;

std::optional<Of> header_option(std::string_view word)
{
	static constexpr std::array<std::pair<std::string_view, Of>, 6> options{ { { "-s", Of::source },
										   { "-d", Of::destination },
										   { "-i", Of::in },
										   { "-o", Of::out },
										   { "-p", Of::protocol },
										   { "-f", Of::fragment } } };
	const auto found = std::find_if(options.begin(), options.end(),
					[word](const auto &option) { return option.first == word; });
	return found == options.end() ? std::nullopt : std::optional(found->second);
}

// -m, -j or -g with a name behind it, and not an argument that looks like one.
bool begins(const std::vector<Word> &words, size_t at, std::string_view option)
{
	return words[at].text == option && at + 1 < words.size() && !words[at + 1].text.starts_with('-');
}

bool ends_conditions(const std::vector<Word> &words, size_t at)
{
	return begins(words, at, "-j") || begins(words, at, "-g");
}

std::optional<unsigned int> number(std::string_view text, unsigned int most)
{
	unsigned int value = 0;
	const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (error != std::errc() || end != text.data() + text.size() || value > most)
		return std::nullopt;
	return value;
}

void set_bits(std::array<uint8_t, 16> &mask, unsigned int bits)
{
	for (unsigned int bit = 0; bit < bits; bit++)
		mask[bit / 8] = static_cast<uint8_t>(mask[bit / 8] | 0x80 >> bit % 8);
}

HeaderCondition condition_of(Of of, std::string_view option, const std::string &value, bool negated)
{
	HeaderCondition condition{ .of = of, .negated = negated, .value = value };
	// Names of devices come in this form from the kernel, see event/decode.
	make_printable(condition.value);
	condition.text = (negated ? "! " : "") + std::string(option);
	if (of != Of::fragment)
		condition.text += " " + printable(value);
	if (of == Of::source || of == Of::destination)
		condition.network = parse_network(value);
	if (of == Of::protocol)
		condition.protocol = protocol_number(value);
	return condition;
}

} // namespace

std::optional<Network> parse_network(std::string_view text)
{
	const size_t slash = text.find('/');
	const std::string address(text.substr(0, slash));
	const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
	const unsigned int bits = family == AF_INET ? 32 : 128;
	Network network;
	if (inet_pton(family, address.c_str(), network.address.data()) != 1)
		return std::nullopt;
	if (slash == std::string_view::npos) {
		set_bits(network.mask, bits);
		return network;
	}
	const std::string mask(text.substr(slash + 1));
	if (const auto length = number(mask, bits))
		set_bits(network.mask, *length);
	else if (inet_pton(family, mask.c_str(), network.mask.data()) != 1)
		return std::nullopt;
	return network;
}

std::optional<uint8_t> protocol_number(const std::string &name)
{
	// iptables-save has these names also where /etc/protocols is missing or has others.
	static constexpr std::array<std::pair<std::string_view, uint8_t>, 12> known{ { { "tcp", IPPROTO_TCP },
										       { "udp", IPPROTO_UDP },
										       { "icmp", IPPROTO_ICMP },
										       { "icmpv6", IPPROTO_ICMPV6 },
										       { "ipv6-icmp", IPPROTO_ICMPV6 },
										       { "sctp", IPPROTO_SCTP },
										       { "esp", IPPROTO_ESP },
										       { "ah", IPPROTO_AH },
										       { "udplite", IPPROTO_UDPLITE },
										       { "ipv6-mh", IPPROTO_MH },
										       { "mobility-header",
											 IPPROTO_MH },
										       { "mh", IPPROTO_MH } } };
	const auto found =
		std::find_if(known.begin(), known.end(), [&name](const auto &entry) { return entry.first == name; });
	if (found != known.end())
		return found->second;
	if (const auto value = number(name, UINT8_MAX))
		return static_cast<uint8_t>(*value);
	protoent entry{};
	protoent *result = nullptr;
	std::array<char, 1024> room{};
	if (getprotobyname_r(name.c_str(), &entry, room.data(), room.size(), &result) != 0 || !result)
		return std::nullopt;
	return static_cast<uint8_t>(entry.p_proto);
}

// iptables-save writes what is asked of the header first, then the matches, each with its options, then the target.
Conditions parse_conditions(std::string_view line, const std::vector<Word> &words)
{
	Conditions conditions;
	size_t at = 0;
	for (; at < words.size() && !begins(words, at, "-m") && !ends_conditions(words, at); at++) {
		const auto of = header_option(words[at].text);
		const bool has_value = of && *of != Of::fragment;
		if (!of || (has_value && at + 1 == words.size()))
			continue;
		const bool negated = at > 0 && words[at - 1].text == "!";
		conditions.header.push_back(
			condition_of(*of, words[at].text, has_value ? words[at + 1].text : "", negated));
		at += has_value;
	}
	for (; at < words.size() && !ends_conditions(words, at);) {
		const size_t first = at++;
		while (at < words.size() && !begins(words, at, "-m") && !ends_conditions(words, at))
			at++;
		const size_t begin = words[first].begin;
		conditions.matches.push_back(printable(line.substr(begin, words[at - 1].end - begin)));
	}
	return conditions;
}

} // namespace ipt
