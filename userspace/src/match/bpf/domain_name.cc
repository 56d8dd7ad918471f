// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/domain_name.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>

namespace ipt {

namespace {

constexpr size_t kLabelMost = 63;

uint8_t lower_case(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c - 'A' + 'a') : c;
}

// The character that begins at text[at], which moves past it. Nothing: the escape is none.
std::optional<uint8_t> character(const std::string &text, size_t &at)
{
	if (text[at] != '\\')
		return lower_case(static_cast<uint8_t>(text[at++]));
	const char *escape = text.data() + at + 1;
	const char *end = text.data() + text.size();
	if (escape == end)
		return {};
	if (*escape < '0' || *escape > '9') {
		at += 2;
		return lower_case(static_cast<uint8_t>(*escape));
	}
	if (end - escape < 3)
		return {};
	uint8_t value = 0;
	const auto [rest, error] = std::from_chars(escape, escape + 3, value);
	if (error != std::errc() || rest != escape + 3)
		return {};
	at += 4;
	return lower_case(value);
}

bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

} // namespace

bool parse_domain_name(const std::string &text, std::span<uint8_t> labels)
{
	std::fill(labels.begin(), labels.end(), uint8_t{ 0 });
	if (text == ".")
		return !labels.empty();
	size_t length = 0; // of the label so far
	size_t begin = 0; // its length's place
	for (size_t at = 0; at < text.size();) {
		if (text[at] == '.') {
			if (!length)
				return false;
			labels[begin] = static_cast<uint8_t>(length);
			begin += length + 1;
			length = 0;
			at++;
			continue;
		}
		const auto c = character(text, at);
		// One more is for the zero at the end.
		if (!c || ++length > kLabelMost || begin + length + 1 >= labels.size())
			return false;
		labels[begin + length] = *c;
	}
	if (length)
		labels[begin] = static_cast<uint8_t>(length);
	return length || begin;
}

std::optional<std::string> domain_name_text(std::span<const uint8_t> labels)
{
	std::string text;
	size_t at = 0;
	while (at < labels.size() && labels[at]) {
		const size_t length = labels[at++];
		if (length > kLabelMost || at + length >= labels.size())
			return {};
		text += text.empty() ? "" : ".";
		for (const uint8_t c : labels.subspan(at, length))
			text += is_plain(c) ? std::string(1, static_cast<char>(c)) : fmt::format("\\{:03}", c);
		at += length;
	}
	const bool padded = std::all_of(labels.begin() + static_cast<std::ptrdiff_t>(at), labels.end(),
					[](uint8_t byte) { return byte == 0; });
	if (!padded)
		return {};
	return text.empty() ? "." : text;
}

} // namespace ipt
