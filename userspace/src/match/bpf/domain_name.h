// SPDX-License-Identifier: GPL-2.0-only
// Domain names as DNS messages have them, in lower case: what programs compare and people do not write.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ipt {

// "www.example.com", "." for the root; characters that are none of a host's name as in zone files, \. and \255. Labels, each
// with its length before it, then zeros to the end. False: it is no name, or there is no room for it.
bool parse_domain_name(const std::string &text, std::span<uint8_t> labels);
// Nothing: it is no name.
std::optional<std::string> domain_name_text(std::span<const uint8_t> labels);

} // namespace ipt
