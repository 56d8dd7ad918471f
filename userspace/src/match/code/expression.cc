// SPDX-License-Identifier: GPL-2.0-only
#include "match/code/expression.h"

#include <fmt/core.h>

#include "match/code/bytecode.h"

namespace ipt {

Result<Filter> compile_expression(const std::string &text, Family family)
{
	if (text.find_first_not_of(" \t\n") == std::string::npos)
		return Error{
			"the expression is empty; pcap-filter(7) says what it can be, `ip or ip6` is everything"
		};
	auto code = compile({ .expression = text, .ipv4 = family != Family::ipv6, .ipv6 = family != Family::ipv4 });
	if (!code)
		return Error{ fmt::format("{}; see pcap-filter(7)", code.error().message) };
	if (code->size() > kLongCode)
		return Error{ fmt::format(
			"expression '{}' makes {} instructions, at most {} are possible: split it, or use an "
			"eBPF program with a map",
			text.substr(0, 40), code->size(), kLongCode) };
	return code;
}

} // namespace ipt
