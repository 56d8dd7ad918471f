// SPDX-License-Identifier: GPL-2.0-only
// Writes JSON into a string, in one pass. Building a tree of values first, as nlohmann-json does, costs an event more than
// all the rest of its way; reading is that library's.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace ipt {

class JsonText {
public:
	explicit JsonText(std::string &to) : to_(to) {}

	// Keys are ours: plain words.
	JsonText &open(std::string_view key) { return begin(key, '{'); }
	JsonText &open_list(std::string_view key) { return begin(key, '['); }
	// In a list, or the outermost.
	JsonText &open()
	{
		separate();
		to_ += '{';
		return *this;
	}
	JsonText &close()
	{
		to_ += '}';
		return *this;
	}
	JsonText &close_list()
	{
		to_ += ']';
		return *this;
	}

	// Whatever it holds: what is no valid UTF-8 is written as U+FFFD.
	JsonText &text(std::string_view key, std::string_view value)
	{
		name(key);
		quote(value);
		return *this;
	}
	JsonText &text(std::string_view value)
	{
		separate();
		quote(value);
		return *this;
	}
	JsonText &number(std::string_view key, std::integral auto value)
	{
		name(key);
		const fmt::format_int digits(value);
		to_.append(digits.data(), digits.size());
		return *this;
	}
	JsonText &boolean(std::string_view key, bool value)
	{
		name(key);
		to_ += value ? "true" : "false";
		return *this;
	}

private:
	void separate();
	void name(std::string_view key);
	void quote(std::string_view value);
	JsonText &begin(std::string_view key, char bracket)
	{
		name(key);
		to_ += bracket;
		return *this;
	}

	std::string &to_;
};

} // namespace ipt
