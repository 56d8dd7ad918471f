// SPDX-License-Identifier: GPL-2.0-only
// The options of a match, out of a rule's text, and what is written behind them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/save_lines.h"

namespace ipt {

// "! --tcp-flags SYN,ACK SYN"
struct Option {
	bool negated = false;
	std::string name;
	std::vector<std::string> values;

	std::string text() const;
};

// words: of "-m tcp ! --dport 22".
std::vector<Option> options_of(const std::vector<Word> &words);
// nullptr: there is none of that name.
const Option *find_option(const std::vector<Option> &options, std::string_view name);
// Empty: there is none, or several.
const std::string &only_value(const Option &option);

// "25", "0x19"
std::optional<uint32_t> number(std::string_view text);

struct Range {
	uint32_t first;
	uint32_t last;

	bool holds(uint32_t value) const { return first <= value && value <= last; }
};

// "80", "1024:2000", "1024:"
std::optional<Range> range(std::string_view text);

// What is listed with commas between: whether it holds for one. Nothing: the list cannot be read.
template <typename Holds>
std::optional<bool> any_of_list(std::string_view list, Holds holds)
{
	if (list.empty())
		return std::nullopt;
	bool any = false;
	while (!list.empty()) {
		const std::string_view item = list.substr(0, list.find(','));
		const std::optional<bool> one = holds(item);
		if (!one)
			return std::nullopt;
		any |= *one;
		list.remove_prefix(std::min(item.size() + 1, list.size()));
	}
	return any;
}

} // namespace ipt
