// SPDX-License-Identifier: GPL-2.0-only
// Blocks of a capture file in the format pcapng (draft-ietf-opsawg-pcapng), appended to a string, in this machine's byte
// order. Only what a trace needs of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ipt::pcapng {

// Types of blocks.
inline constexpr uint32_t kSection = 0x0a0d0d0a;
inline constexpr uint32_t kInterface = 1;
inline constexpr uint32_t kStatistics = 5;
inline constexpr uint32_t kPacket = 6;
inline constexpr uint32_t kByteOrder = 0x1a2b3c4d;

// Codes of options.
inline constexpr uint16_t kEndOfOptions = 0;
inline constexpr uint16_t kComment = 1;
inline constexpr uint16_t kSystem = 3; // of a section
inline constexpr uint16_t kApplication = 4;
inline constexpr uint16_t kName = 2; // of an interface
inline constexpr uint16_t kDescription = 3;
inline constexpr uint16_t kResolution = 9;
inline constexpr uint16_t kFlags = 2; // of a packet
inline constexpr uint16_t kPacketId = 5;
inline constexpr uint16_t kOsDropped = 7; // of statistics
// Codes from 0x8000 on are for local use: other programs pass over them. Ours holds lines of a JSON recording, which may go
// on in the next one.
inline constexpr uint16_t kRecord = 0x8000 | 0x4950;

// LINKTYPE_LINUX_SLL: a head of 16 bytes with the direction and the protocol stands before the IP header, as with
// `tcpdump -i any`. LINKTYPE_RAW would do without, but libpcap refuses files in which a second interface has it.
inline constexpr uint16_t kLinkTypeCooked = 113;
inline constexpr size_t kLongestOption = 65532;
// What a block may have of lines, and does not without need: libpcap takes no block of more than 16 MiB.
inline constexpr size_t kMostRecord = 4 << 20;

// One block, closed when it goes out of scope.
class Block {
public:
	Block(std::string &to, uint32_t type);
	Block(const Block &) = delete;
	Block &operator=(const Block &) = delete;
	~Block();

	Block &u16(uint16_t value);
	Block &u32(uint32_t value);
	// The upper half first, whatever the byte order.
	Block &time(uint64_t value)
	{
		return u32(static_cast<uint32_t>(value >> 32)).u32(static_cast<uint32_t>(value));
	}
	// Padded to four bytes.
	Block &bytes(std::string_view value);

	// Options come last. Text that is too long for one is cut at the end of a character.
	Block &text(uint16_t code, std::string_view value);
	Block &number(uint16_t code, uint32_t value);
	Block &number64(uint16_t code, uint64_t value);
	// As many options as it takes.
	Block &record(std::string_view lines);

private:
	Block &option(uint16_t code, std::string_view value);

	std::string &to_;
	size_t begin_;
	bool has_options_ = false;
};

} // namespace ipt::pcapng
