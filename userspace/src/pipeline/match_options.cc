// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/match_options.h"

#include <charconv>
#include <utility>

namespace ipt {

std::string Option::text() const
{
	std::string text = (negated ? "! " : "") + name;
	for (const std::string &value : values)
		text += " " + value;
	return text;
}

std::vector<Option> options_of(const std::vector<Word> &words)
{
	std::vector<Option> options;
	bool negated = false;
	for (size_t i = 2; i < words.size(); i++) {
		const std::string &word = words[i].text;
		if (word == "!") {
			negated = true;
		} else if (word.starts_with("--")) {
			options.push_back({ std::exchange(negated, false), word, {} });
		} else if (!options.empty()) {
			options.back().values.push_back(word);
		}
	}
	return options;
}

const Option *find_option(const std::vector<Option> &options, std::string_view name)
{
	const auto found = std::find_if(options.begin(), options.end(),
					[name](const Option &option) { return option.name == name; });
	return found == options.end() ? nullptr : &*found;
}

const std::string &only_value(const Option &option)
{
	static const std::string none;
	return option.values.size() == 1 ? option.values[0] : none;
}

std::optional<uint32_t> number(std::string_view text)
{
	uint32_t value = 0;
	const bool hex = text.starts_with("0x");
	text.remove_prefix(hex ? 2 : 0);
	const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
	if (error != std::errc() || end != text.data() + text.size())
		return std::nullopt;
	return value;
}

std::optional<Range> range(std::string_view text)
{
	if (text.empty())
		return std::nullopt;
	const size_t colon = text.find(':');
	const std::string_view from = text.substr(0, colon);
	const std::string_view to = colon == std::string_view::npos ? from : text.substr(colon + 1);
	const auto first = from.empty() ? std::optional<uint32_t>(0) : number(from);
	const auto last = to.empty() ? std::optional<uint32_t>(UINT32_MAX) : number(to);
	if (!first || !last)
		return std::nullopt;
	return Range{ *first, *last };
}

} // namespace ipt
