// SPDX-License-Identifier: GPL-2.0-only
// TCP signatures as p0f's file has them, "*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0", and as programs compare them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ipt {

// False: it is no signature. "none" is an entry that has none.
bool parse_p0f_signature(const std::string &text, std::span<uint8_t> signature);
// Nothing: the bytes are none.
std::optional<std::string> p0f_signature_text(std::span<const uint8_t> signature);

} // namespace ipt
