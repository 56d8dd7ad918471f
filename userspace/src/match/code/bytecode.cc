// SPDX-License-Identifier: GPL-2.0-only
#include "match/code/bytecode.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <limits>
#include <optional>

namespace ipt {

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kBlanksAndEnds = " \t\r\n";

void skip(std::string_view &text, std::string_view what)
{
	text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
}

template <typename T>
bool read_number(std::string_view &text, T &value)
{
	skip(text, kBlanks);
	const char *end = text.data() + text.size();
	const auto [rest, error] = std::from_chars(text.data(), end, value);
	if (error != std::errc() ||
	    (rest != end && !(kBlanksAndEnds.find(*rest) != std::string_view::npos || *rest == ',')))
		return false;
	text.remove_prefix(static_cast<size_t>(rest - text.data()));
	return true;
}

// A comma or a line end with the blanks around it, or the end.
bool read_separator(std::string_view &text)
{
	skip(text, kBlanks);
	if (text.empty())
		return true;
	if (text.front() != ',' && text.front() != '\n')
		return false;
	text.remove_prefix(1);
	skip(text, kBlanksAndEnds);
	return true;
}

std::optional<Instruction> read_instruction(std::string_view &text)
{
	Instruction in{};
	if (read_number(text, in.code) && read_number(text, in.jt) && read_number(text, in.jf) &&
	    read_number(text, in.k) && read_separator(text))
		return in;
	return {};
}

} // namespace

Result<Filter> parse_bytecode(std::string_view text)
{
	size_t length = 0;
	skip(text, kBlanksAndEnds);
	if (!read_number(text, length) || !read_separator(text))
		return Error{
			"the bytecode does not begin with its number of instructions, as `tcpdump -y RAW -ddd` prints "
			"it"
		};
	if (length == 0)
		return Error{ "the bytecode has no instructions" };
	if (length > kLongCode)
		return Error{ fmt::format("the bytecode has {} instructions, at most {} are possible; an eBPF program "
					  "(--object-pinned) has no such limit",
					  length, kLongCode) };
	Filter code;
	while (!text.empty()) {
		const std::string_view at = text;
		const auto instruction = read_instruction(text);
		if (!instruction)
			return Error{ fmt::format(
				"instruction {} of the bytecode: \"{}\" is not CODE (0-65535) JT (0-255) "
				"JF (0-255) K (0-4294967295)",
				code.size(), at.substr(0, at.find_first_of(",\n"))) };
		code.push_back(*instruction);
		if (code.size() > length)
			break;
	}
	if (code.size() != length)
		return Error{ fmt::format("the bytecode says that it has {} instructions, and has {}", length,
					  code.size() > length ? "more" : std::to_string(code.size())) };
	return code;
}

std::string bytecode_text(const Filter &code)
{
	std::string text = std::to_string(code.size());
	for (const Instruction &in : code)
		text += fmt::format(",{} {} {} {}", in.code, in.jt, in.jf, in.k);
	return text;
}

std::string c_text(const Filter &code)
{
	std::string text;
	for (const Instruction &in : code)
		text += fmt::format("{{ {:#06x}, {}, {}, {:#010x} }},\n", in.code, in.jt, in.jf, in.k);
	return text;
}

std::string disassembly(const Filter &code)
{
	std::string text;
	for (size_t i = 0; i < code.size(); i++)
		text += instruction_text(code[i], i) + "\n";
	return text;
}

} // namespace ipt
