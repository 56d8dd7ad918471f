// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ipt {

// How many bytes the character at the beginning of the text has; 0 if it is no valid UTF-8. The text is not empty.
size_t utf8_length(std::string_view text);

// Whether that character is one of the control characters beyond ASCII, U+0080 to U+009F.
bool is_c1_control(std::string_view character);

// The text with U+FFFD for each byte that is no valid UTF-8.
std::string to_utf8(std::string_view text);

} // namespace ipt
