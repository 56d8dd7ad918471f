// SPDX-License-Identifier: GPL-2.0-only
#include "util/json_text.h"

#include <array>

#include "util/utf8.h"

namespace ipt {

namespace {

// ASCII that stands for itself in a string.
constexpr std::array<bool, 256> plain_characters()
{
	std::array<bool, 256> plain{};
	for (size_t c = 0x20; c < 0x7f; c++)
		plain[c] = c != '"' && c != '\\';
	return plain;
}

constexpr std::array kPlain = plain_characters();

} // namespace

JsonText &JsonText::quote(std::string_view value)
{
	while (!value.empty()) {
		size_t plain = 0;
		while (plain < value.size() && kPlain[static_cast<unsigned char>(value[plain])])
			plain++;
		to_ += value.substr(0, plain);
		value.remove_prefix(plain);
		if (value.empty())
			break;
		const size_t length = utf8_length(value);
		const char c = value[0];
		if (length > 1 && is_c1_control(value.substr(0, length)))
			fmt::format_to(std::back_inserter(to_), "\\u{:04x}", static_cast<unsigned char>(value[1]));
		else if (length > 1)
			to_ += value.substr(0, length);
		else if (length == 0)
			to_ += "\\ufffd";
		else if (c == '"' || c == '\\')
			(to_ += '\\') += c;
		else
			fmt::format_to(std::back_inserter(to_), "\\u{:04x}", c);
		value.remove_prefix(length ? length : 1);
	}
	to_ += '"';
	return *this;
}

} // namespace ipt
