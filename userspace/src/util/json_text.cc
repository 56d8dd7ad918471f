// SPDX-License-Identifier: GPL-2.0-only
#include "util/json_text.h"

#include "util/utf8.h"

namespace ipt {

void JsonText::separate()
{
	if (!to_.empty() && to_.back() != '{' && to_.back() != '[' && to_.back() != ':' && to_.back() != '\n')
		to_ += ',';
}

void JsonText::name(std::string_view key)
{
	separate();
	to_ += '"';
	to_ += key;
	to_ += "\":";
}

void JsonText::quote(std::string_view value)
{
	to_ += '"';
	while (!value.empty()) {
		size_t plain = 0;
		while (plain < value.size() && value[plain] >= 0x20 && value[plain] != '"' && value[plain] != '\\' &&
		       value[plain] != 0x7f)
			plain++;
		to_ += value.substr(0, plain);
		value.remove_prefix(plain);
		if (value.empty())
			break;
		const size_t length = utf8_length(value);
		const char c = value[0];
		if (length > 1)
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
}

} // namespace ipt
