// SPDX-License-Identifier: GPL-2.0-only
// What a packet has of what rules of nft's own ask for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/seen.h"

namespace ipt {

struct NftField {
	enum class Kind { unknown, absent, number, address, device };
	// The number that a word of nft's stands for.
	using Reader = std::optional<uint32_t> (*)(std::string_view word);

	bool is_known() const { return kind != Kind::unknown && kind != Kind::absent; }
	bool is_absent() const { return kind == Kind::absent; }
	bool is_bits() const { return of_bits; }
	bool is_no_device() const { return kind == Kind::device && !number; }

	Kind kind = Kind::unknown;
	std::string text; // what the packet has; of an absent one, what it has instead
	uint32_t number = 0; // of a device, its index
	Reader read = nullptr;
	bool of_bits = false; // words with commas between stand for any of them
	uint32_t known_bits = UINT32_MAX; // of the number
	std::array<uint8_t, 16> address{};
	bool is_ipv6 = false; // the address
};

// key: "tcp dport"
NftField nft_field(std::string_view key, const Seen &seen);

} // namespace ipt
