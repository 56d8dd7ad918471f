// SPDX-License-Identifier: GPL-2.0-only
// What --expression takes, as instructions.
#pragma once

#include <string>

#include "filter/filter.h"

namespace ipt {

enum class Family { any, ipv4, ipv6 };

// The error is libpcap's, with the way out. An empty expression is one.
Result<Filter> compile_expression(const std::string &text, Family family = Family::any);

} // namespace ipt
