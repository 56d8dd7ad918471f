// SPDX-License-Identifier: GPL-2.0-only
#include "filter/ethernet.h"

#include <algorithm>
#include <linux/filter.h>
#include <linux/if_ether.h>

namespace ipt {

namespace {

constexpr uint32_t kType = 2 * ETH_ALEN; // where a frame has it
constexpr uint32_t kProtocol = static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL);

bool loads_at(const Instruction &instruction)
{
	const uint16_t which = BPF_CLASS(instruction.code);
	const uint16_t mode = BPF_MODE(instruction.code);
	return (which == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) || (which == BPF_LDX && mode == BPF_MSH);
}

// What the kernel knows of a packet: at no place of it, but behind all that there can be.
bool is_ancillary(const Instruction &instruction)
{
	return instruction.k >= static_cast<uint32_t>(SKF_LL_OFF);
}

// Letters that go on with a word: "arp.example.net" is a host.
bool is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	       c == '_';
}

} // namespace

bool mentions_arp(std::string_view expression)
{
	for (size_t at = 0; at < expression.size();) {
		const auto *begin = expression.begin() + static_cast<std::ptrdiff_t>(at);
		const auto *end = std::find_if_not(begin, expression.end(), is_of_word);
		if (std::string_view(begin, end) == "arp")
			return true;
		at = static_cast<size_t>(end - expression.begin()) + 1;
	}
	return false;
}

Result<Filter> from_ethernet(Filter filter)
{
	for (Instruction &instruction : filter) {
		if (!loads_at(instruction) || is_ancillary(instruction))
			continue;
		if (instruction.code == (BPF_LD | BPF_H | BPF_ABS) && instruction.k == kType)
			instruction.k = kProtocol;
		else if (instruction.k >= ETH_HLEN)
			instruction.k -= ETH_HLEN;
		else if (BPF_MODE(instruction.code) == BPF_IND)
			return Error{ "what is within a tunnel cannot be asked for together with the word arp" };
		else
			return Error{
				"ethernet addresses cannot be asked for, as packets are looked at from their ARP or IP "
				"header on: those that ARP tells are arp[8:4] and arp[12:2] of the sender, arp[18:4] "
				"and arp[22:2] of the target"
			};
	}
	return filter;
}

} // namespace ipt
