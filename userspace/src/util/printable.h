// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ipt {

// Text that others have chosen, fit for a terminal: control characters as \x1b, as well as what is no valid UTF-8, and a
// line end as \n.
std::string printable(std::string_view text);

// The same where there is no room for more: a ? in place of each such byte.
void make_printable(std::span<char> text);

} // namespace ipt
