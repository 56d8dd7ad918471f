// SPDX-License-Identifier: GPL-2.0-only
#include "util/kernel_symbols.h"

#include <fstream>
#include <string>

namespace ipt {

namespace {

// "0000000000000000 T nft_do_chain	[nf_tables]"
std::string_view name_in(std::string_view line)
{
	const size_t type = line.find(' ');
	const size_t name = type == std::string_view::npos ? type : line.find(' ', type + 1);
	if (name == std::string_view::npos)
		return {};
	line.remove_prefix(name + 1);
	return line.substr(0, line.find('\t'));
}

} // namespace

std::optional<bool> kernel_has(std::string_view symbol)
{
	// Symbols are listed to everybody, with addresses of zero to most.
	std::ifstream symbols("/proc/kallsyms");
	bool any = false;
	for (std::string line; std::getline(symbols, line); any = true) {
		if (name_in(line) == symbol)
			return true;
	}
	return any ? std::optional(false) : std::nullopt;
}

} // namespace ipt
