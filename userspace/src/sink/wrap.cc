// SPDX-License-Identifier: GPL-2.0-only
#include "sink/wrap.h"

#include <algorithm>
#include <string_view>

namespace ipt {

namespace {

constexpr size_t kMoreIndent = 4;

// The bytes of a character, or of an escape sequence.
struct Piece {
	size_t bytes;
	size_t columns;
};

Piece piece_at(std::string_view text)
{
	if (text[0] == '\033') {
		const size_t end = text.find('m');
		return { end == std::string_view::npos ? 1 : end + 1, 0 };
	}
	size_t bytes = 1;
	while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80)
		bytes++;
	return { bytes, 1 };
}

// How much of the text fits into so many columns; up to a space behind the indent, if it does not fit whole.
size_t fitting(std::string_view text, size_t width)
{
	size_t columns = 0;
	size_t at = 0;
	size_t space = 0;
	bool words = false;
	while (at < text.size()) {
		const Piece piece = piece_at(text.substr(at));
		if (columns + piece.columns > width)
			return space ? space : at;
		if (text[at] == ' ' && words)
			space = at;
		words |= text[at] != ' ' && piece.columns;
		columns += piece.columns;
		at += piece.bytes;
	}
	return at;
}

void wrap_line(std::string &to, std::string_view line, size_t width)
{
	const size_t own = std::min(line.find_first_not_of(' '), line.size());
	// A rule's number stands before its text, and more of it below the text.
	const size_t indent = std::min(own + kMoreIndent, width / 2);
	size_t room = width;
	for (;;) {
		const size_t end = fitting(line, room);
		to += line.substr(0, end);
		to += '\n';
		line.remove_prefix(end);
		line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
		if (line.empty())
			return;
		to.append(indent, ' ');
		room = width - indent;
	}
}

} // namespace

std::string wrap(std::string text, size_t width)
{
	if (width == 0)
		return text;
	std::string result;
	std::string_view rest = text;
	while (!rest.empty()) {
		const size_t end = std::min(rest.find('\n'), rest.size());
		wrap_line(result, rest.substr(0, end), std::max<size_t>(width, 20));
		rest.remove_prefix(std::min(end + 1, rest.size()));
	}
	return result;
}

} // namespace ipt
