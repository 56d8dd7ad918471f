// SPDX-License-Identifier: GPL-2.0-only
#include "util/printable.h"

#include <algorithm>
#include <fmt/core.h>

#include "util/utf8.h"

namespace ipt {

namespace {

struct Character {
	size_t length;
	bool plain; // it may be shown as it is
};

// The first one of the text, which is not empty.
Character first_of(std::string_view text)
{
	const auto byte = static_cast<unsigned char>(text[0]);
	if (byte < 0x80)
		return { 1, byte >= 0x20 && byte != 0x7f };
	const size_t length = utf8_length(text);
	if (!length)
		return { 1, false };
	return { length, !is_c1_control(text.substr(0, length)) };
}

} // namespace

std::string printable(std::string_view text)
{
	std::string result;
	while (!text.empty()) {
		const auto [length, plain] = first_of(text);
		if (plain)
			result += text.substr(0, length);
		else if (text[0] == '\n')
			result += "\\n";
		else
			for (const char c : text.substr(0, length))
				result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
		text.remove_prefix(length);
	}
	return result;
}

void make_printable(std::span<char> text)
{
	while (!text.empty()) {
		const auto [length, plain] = first_of({ text.data(), text.size() });
		if (!plain)
			std::fill_n(text.begin(), length, '?');
		text = text.subspan(length);
	}
}

} // namespace ipt
