// SPDX-License-Identifier: GPL-2.0-only
#include "record/pcapng_writer.h"

#include <algorithm>
#include <cstring>

namespace ipt::pcapng {

namespace {

template <typename T>
std::string_view bytes_of(const T &value)
{
	return { reinterpret_cast<const char *>(&value), sizeof(value) };
}

} // namespace

Block::Block(std::string &to, uint32_t type) : to_(to), begin_(to.size())
{
	u32(type).u32(0);
}

// A block says its length at both ends.
Block::~Block()
{
	if (has_options_)
		u16(kEndOfOptions).u16(0);
	const auto length = static_cast<uint32_t>(to_.size() - begin_ + sizeof(uint32_t));
	std::memcpy(to_.data() + begin_ + sizeof(uint32_t), &length, sizeof(length));
	u32(length);
}

Block &Block::u16(uint16_t value)
{
	to_ += bytes_of(value);
	return *this;
}

Block &Block::u32(uint32_t value)
{
	to_ += bytes_of(value);
	return *this;
}

Block &Block::bytes(std::string_view value)
{
	to_ += value;
	to_.append(-value.size() % 4, '\0');
	return *this;
}

Block &Block::option(uint16_t code, std::string_view value)
{
	has_options_ = true;
	return u16(code).u16(static_cast<uint16_t>(value.size())).bytes(value);
}

Block &Block::text(uint16_t code, std::string_view value)
{
	static constexpr std::string_view more = "...";
	if (value.size() <= kLongestOption)
		return option(code, value);
	size_t end = kLongestOption - more.size();
	while ((static_cast<unsigned char>(value[end]) & 0xc0) == 0x80)
		end--;
	return option(code, std::string(value.substr(0, end)) += more);
}

Block &Block::number(uint16_t code, uint32_t value)
{
	return option(code, bytes_of(value));
}

Block &Block::number64(uint16_t code, uint64_t value)
{
	return option(code, bytes_of(value));
}

Block &Block::record(std::string_view lines)
{
	while (!lines.empty()) {
		const std::string_view part = lines.substr(0, kLongestOption);
		option(kRecord, part);
		lines.remove_prefix(part.size());
	}
	return *this;
}

} // namespace ipt::pcapng
