// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

namespace ipt {

// Text that others have chosen, fit for a terminal: control characters as \x1b, a line end as \n.
std::string printable(std::string_view text);

} // namespace ipt
