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

// A key, put together with what stands around it when the program is built. A plain word.
class JsonKey {
public:
	template <size_t N>
	consteval JsonKey(const char (&name)[N])
	{
		static_assert(N + 3 <= sizeof(text_));
		text_[size_++] = ',';
		text_[size_++] = '"';
		for (size_t i = 0; i + 1 < N; i++)
			text_[size_++] = name[i];
		text_[size_++] = '"';
		text_[size_++] = ':';
		text_[size_] = '"';
	}

	// For the first of an object and for others, with a string behind it or something else.
	constexpr std::string_view text(bool first, bool string) const
	{
		return { text_ + first, size_ - first + string };
	}

private:
	char text_[32] = {};
	size_t size_ = 0;
};

class JsonText {
public:
	explicit JsonText(std::string &to) : to_(to) {}

	JsonText &open(const JsonKey &key) { return name(key).begin('{'); }
	JsonText &open_list(const JsonKey &key) { return name(key).begin('['); }
	// In a list, or the outermost.
	JsonText &open_list() { return separate().begin('['); }
	JsonText &open() { return separate().begin('{'); }
	JsonText &close() { return end('}'); }
	JsonText &close_list() { return end(']'); }

	// Whatever it holds: what is no valid UTF-8 is written as U+FFFD.
	JsonText &text(const JsonKey &key, std::string_view value) { return name(key, true).quote(value); }
	JsonText &text(std::string_view value)
	{
		separate().to_ += '"';
		return quote(value);
	}
	// What nobody else has chosen: without anything that would have to be written in another way.
	JsonText &word(const JsonKey &key, std::string_view value)
	{
		(name(key, true).to_ += value) += '"';
		return *this;
	}
	JsonText &word(std::string_view value)
	{
		((separate().to_ += '"') += value) += '"';
		return *this;
	}
	JsonText &number(const JsonKey &key, std::integral auto value)
	{
		const fmt::format_int digits(value);
		name(key).to_.append(digits.data(), digits.size());
		return *this;
	}
	JsonText &number(std::integral auto value)
	{
		const fmt::format_int digits(value);
		separate().to_.append(digits.data(), digits.size());
		return *this;
	}
	JsonText &boolean(const JsonKey &key, bool value)
	{
		name(key).to_ += value ? "true" : "false";
		return *this;
	}

private:
	JsonText &separate()
	{
		if (!first_)
			to_ += ',';
		first_ = false;
		return *this;
	}
	JsonText &name(const JsonKey &key, bool string = false)
	{
		to_ += key.text(first_, string);
		first_ = false;
		return *this;
	}
	JsonText &begin(char bracket)
	{
		to_ += bracket;
		first_ = true;
		return *this;
	}
	JsonText &end(char bracket)
	{
		to_ += bracket;
		first_ = false;
		return *this;
	}
	// What stands between quotes, and the last of them.
	JsonText &quote(std::string_view value);

	std::string &to_;
	bool first_ = true; // of its object or list
};

} // namespace ipt
