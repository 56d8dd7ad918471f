// SPDX-License-Identifier: GPL-2.0-only
// What a rule asks of a packet, out of the rule's text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/save_lines.h"

namespace ipt {

// An address and the bits of it that count, as on the wire; IPv4 has the first four bytes.
struct Network {
	std::array<uint8_t, 16> address{};
	std::array<uint8_t, 16> mask{};
};

// "10.0.0.0/8", "10.0.0.1", "10.0.0.0/255.0.255.0", "2001:db8::/32".
std::optional<Network> parse_network(std::string_view text);

// The number of a protocol that iptables-save names, or numbers.
std::optional<uint8_t> protocol_number(const std::string &name);

// Of the IP header, and of the devices that the packet comes and goes by: what a rule is asked first.
struct HeaderCondition {
	enum class Of { source, destination, in, out, protocol, fragment };
	Of of;
	bool negated = false;
	std::string text; // "! -s 10.0.0.0/8", fit for a terminal
	std::string value; // "10.0.0.0/8"
	std::optional<Network> network; // of an address that can be read
	std::optional<uint8_t> protocol; // likewise
};

struct Conditions {
	std::vector<HeaderCondition> header;
	std::vector<std::string>
		matches; // "-m tcp --dport 443", in the order in which they are asked; fit for a terminal
};

// A line of iptables-save, "-A INPUT ...", and its words.
Conditions parse_conditions(std::string_view line, const std::vector<Word> &words);

} // namespace ipt
