// SPDX-License-Identifier: GPL-2.0-only
// Classic BPF as text, both ways.
#pragma once

#include <string>
#include <string_view>

#include "filter/filter.h"

namespace ipt {

// What a rule can hold: of revision 1, and of revision 2.
inline constexpr size_t kShortCode = 64;
inline constexpr size_t kLongCode = 4096;

// "LENGTH,CODE JT JF K,...", after commas or line ends, as tcpdump -y RAW -ddd prints it. Numbers are taken whole or not
// at all.
Result<Filter> parse_bytecode(std::string_view text);

// One line, for --bytecode.
std::string bytecode_text(const Filter &code);

// Initialisers of struct sock_filter, one a line.
std::string c_text(const Filter &code);

// In words, one instruction a line.
std::string disassembly(const Filter &code);

} // namespace ipt
