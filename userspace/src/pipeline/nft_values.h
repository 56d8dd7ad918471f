// SPDX-License-Identifier: GPL-2.0-only
// What a packet has, compared with values as nft writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipeline/nft_fields.h"
#include "ruleset/nft_conditions.h"

namespace ipt {

// "22", "0x16"
std::optional<uint32_t> plain_number(std::string_view word);

// Of a field that is known; nothing: the value cannot be read for certain.
// value, wanted: "22", "1000-1999", "192.0.2.0/24", "eth*".
std::optional<bool> is_in(const NftField &field, const NftCondition::Value &wanted);
std::optional<bool> is_below(const NftField &field, std::string_view value);
std::optional<bool> is_above(const NftField &field, std::string_view value);
std::optional<bool> has_any_bit(const NftField &field, std::string_view bits);
std::optional<bool> masked_is(const NftField &field, std::string_view mask, std::string_view value);

} // namespace ipt
