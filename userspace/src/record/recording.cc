// SPDX-License-Identifier: GPL-2.0-only
#include "record/recording.h"

#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <fstream>
#include <iostream>

#include "record/pcapng_writer.h"

namespace ipt {

namespace {

// No block of a trace is that long.
constexpr uint32_t kLongestBlock = 1 << 30;

Error no_recording(const std::string &path, std::string_view why)
{
	return { fmt::format("{}: not a recording of iptables-trace (--format json or pcapng): {}", path, why) };
}

Status read_json(std::istream &in, const std::string &path, JsonReader &reader, const std::function<bool()> &wanted)
{
	size_t number = 0;
	for (std::string line; wanted() && std::getline(in, line);) {
		number++;
		if (auto status = reader.line(line); !status)
			return number == 1 ?
				       no_recording(path, status.error().message) :
				       Error{ fmt::format("{}: line {}: {}", path, number, status.error().message) };
	}
	return {};
}

// A capture file, block by block.
class Blocks {
public:
	Blocks(std::istream &in, const std::string &path, JsonReader &reader) : in_(in), path_(path), reader_(reader) {}

	// False: it was the last.
	Result<bool> next();
	// Behind the last: an error if more was to come.
	Status end() const { return line_.empty() ? Status() : damaged(); }

private:
	uint32_t u32(size_t at) const
	{
		uint32_t value = 0;
		std::memcpy(&value, block_.data() + at, sizeof(value));
		return swapped_ ? __builtin_bswap32(value) : value;
	}
	uint16_t u16(size_t at) const
	{
		uint16_t value = 0;
		std::memcpy(&value, block_.data() + at, sizeof(value));
		return swapped_ ? __builtin_bswap16(value) : value;
	}
	bool read(size_t size);
	Status options(uint32_t type, size_t at);
	Status lines(std::string_view text);
	Error damaged() const { return { fmt::format("{}: block {} is damaged or cut off", path_, number_) }; }

	std::istream &in_;
	const std::string &path_;
	JsonReader &reader_;
	std::string block_;
	std::string line_; // one that goes on in the next block
	size_t number_ = 0;
	bool swapped_ = false;
	bool ours_ = false;
};

// Adds so many bytes to the block.
bool Blocks::read(size_t size)
{
	const size_t at = block_.size();
	block_.resize(at + size);
	in_.read(block_.data() + at, static_cast<std::streamsize>(size));
	return static_cast<size_t>(in_.gcount()) == size;
}

Result<bool> Blocks::next()
{
	constexpr size_t heads = 12; // type, length, and of a section the byte order; the shortest block is that long
	block_.clear();
	number_++;
	if (!read(heads)) {
		if (in_.gcount() == 0)
			return false;
		return damaged();
	}
	if (u32(0) == pcapng::kSection) {
		swapped_ = false;
		swapped_ = u32(8) != pcapng::kByteOrder;
		if (u32(8) != pcapng::kByteOrder)
			return damaged();
	}
	const uint32_t length = u32(4);
	if (length < heads || length % 4 || length > kLongestBlock || !read(length - heads) ||
	    u32(length - 4) != length)
		return damaged();

	switch (u32(0)) {
	case pcapng::kSection:
		if (length < 28)
			return damaged();
		ours_ = false;
		if (auto status = options(pcapng::kSection, 24); !status)
			return status.error();
		if (!ours_)
			return no_recording(path_, "another program wrote this capture file, or wrote it anew");
		return true;
	case pcapng::kPacket: {
		const size_t captured = length >= 32 ? u32(20) : length;
		if (captured > length - 32)
			return damaged();
		if (auto status = options(pcapng::kPacket, 28 + (captured + 3) / 4 * 4); !status)
			return status.error();
		return true;
	}
	case pcapng::kStatistics:
		if (length < 24)
			return damaged();
		if (auto status = options(pcapng::kStatistics, 20); !status)
			return status.error();
		return true;
	}
	return true;
}

// Options from there on to the block's length at its end.
Status Blocks::options(uint32_t type, size_t at)
{
	const size_t end = block_.size() - 4;
	std::string record;
	while (at + 4 <= end) {
		const uint16_t code = u16(at);
		const uint16_t size = u16(at + 2);
		if (code == pcapng::kEndOfOptions)
			break;
		if (at + 4 + size > end)
			return damaged();
		const std::string_view value = std::string_view(block_).substr(at + 4, size);
		if (type == pcapng::kSection && code == pcapng::kApplication)
			ours_ = value.starts_with("iptables-trace");
		if (code == pcapng::kRecord)
			record += value;
		at += 4 + (size + 3U) / 4 * 4;
	}
	return lines(record);
}

Status Blocks::lines(std::string_view text)
{
	while (!text.empty()) {
		const size_t end = std::min(text.find('\n'), text.size());
		line_ += text.substr(0, end);
		if (end == text.size())
			break;
		if (auto status = reader_.line(line_); !status)
			return Error{ fmt::format("{}: block {}: {}", path_, number_, status.error().message) };
		line_.clear();
		text.remove_prefix(end + 1);
	}
	return {};
}

Status read_pcapng(std::istream &in, const std::string &path, JsonReader &reader, const std::function<bool()> &wanted)
{
	Blocks blocks(in, path, reader);
	while (wanted()) {
		const auto more = blocks.next();
		if (!more)
			return more.error();
		if (!*more)
			return blocks.end();
	}
	return {};
}

} // namespace

Status read_recording(const std::string &path, JsonReader &reader, const std::function<bool()> &wanted)
{
	std::ifstream file;
	if (path != "-") {
		file.open(path, std::ios::binary);
		if (!file)
			return Error{ fmt::format("cannot read {}: {}", path, std::strerror(errno)) };
	}
	std::istream &in = path == "-" ? std::cin : file;
	Status status;
	switch (in.peek()) {
	case '{':
		status = read_json(in, path, reader, wanted);
		break;
	case 0x0a:
		status = read_pcapng(in, path, reader, wanted);
		break;
	case std::istream::traits_type::eof():
		return no_recording(path, "it is empty, or cannot be read");
	default:
		return no_recording(path, "it begins as neither does");
	}
	reader.finish();
	return status;
}

} // namespace ipt
