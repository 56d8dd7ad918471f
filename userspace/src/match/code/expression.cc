// SPDX-License-Identifier: GPL-2.0-only
#include "match/code/expression.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/filter.h>

#include "match/code/bytecode.h"

namespace ipt {

namespace {

// How much of an expression a message shows.
constexpr size_t kShown = 60;

// Not of the packet, but of what Linux knows of it: where it came in, and its frame.
bool reads_beside_packet(const Instruction &in)
{
	return BPF_CLASS(in.code) == BPF_LD && BPF_MODE(in.code) == BPF_ABS &&
	       in.k >= static_cast<uint32_t>(SKF_AD_OFF);
}

Link link_of(Family family)
{
	return family == Family::ipv4 ? Link::ipv4 : family == Family::ipv6 ? Link::ipv6 : Link::raw;
}

} // namespace

Result<Filter> compile_expression(const std::string &text, Family family)
{
	if (text.find_first_not_of(" \t\n") == std::string::npos)
		return Error{
			"the expression is empty; pcap-filter(7) says what it can be, `ip or ip6` is everything"
		};
	auto code = compile_for(link_of(family), text);
	const std::string shown = text.size() > kShown ? text.substr(0, kShown) + "..." : text;
	if (!code)
		return Error{ fmt::format("expression '{}': {}; see pcap-filter(7)", shown, code.error().message) };
	if (code->size() > kLongCode)
		return Error{ fmt::format(
			"expression '{}' makes {} instructions, at most {} are possible: split it, or use an "
			"eBPF program with a map",
			shown, code->size(), kLongCode) };
	if (std::any_of(code->begin(), code->end(), reads_beside_packet))
		return Error{ fmt::format(
			"expression '{}': a rule knows no inbound, outbound or link layer; choose the chain, or "
			"-i and -o",
			shown) };
	return code;
}

} // namespace ipt
