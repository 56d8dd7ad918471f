// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>

namespace ipt {

// Breaks lines that are wider than so many columns, at spaces where there are any; what follows is indented by more than
// the line itself. Colours take no room. 0: as it is.
std::string wrap(std::string text, size_t width);

} // namespace ipt
