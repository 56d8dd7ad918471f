// SPDX-License-Identifier: GPL-2.0-only
#include "util/utf8.h"

namespace ipt {

namespace {

bool continues(std::string_view text, size_t at)
{
	return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// How much of the text, from its beginning, is valid. Nearly always all of it, and ASCII.
size_t valid_length(std::string_view text)
{
	size_t at = 0;
	while (at < text.size()) {
		const size_t length = static_cast<unsigned char>(text[at]) < 0x80 ? 1 : utf8_length(text.substr(at));
		if (!length)
			break;
		at += length;
	}
	return at;
}

} // namespace

// RFC 3629: no surrogates, nothing beyond U+10FFFF, no longer form than needed.
size_t utf8_length(std::string_view text)
{
	const auto first = static_cast<unsigned char>(text[0]);
	if (first < 0x80)
		return 1;
	const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!continues(text, i))
			return 0;
	}
	const auto second = static_cast<unsigned char>(text[1]);
	const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
	const bool surrogate = first == 0xed && second >= 0xa0;
	const bool beyond = first == 0xf4 && second >= 0x90;
	return overlong || surrogate || beyond ? 0 : length;
}

bool is_c1_control(std::string_view character)
{
	return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string to_utf8(std::string_view text)
{
	std::string result;
	result.reserve(text.size());
	while (!text.empty()) {
		const size_t valid = valid_length(text);
		result += text.substr(0, valid);
		text.remove_prefix(valid);
		if (text.empty())
			break;
		result += "\xef\xbf\xbd";
		text.remove_prefix(1);
	}
	return result;
}

} // namespace ipt
