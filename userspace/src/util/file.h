// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "util/result.h"

namespace ipt {

// All of a file; "-" is standard input. The error names it.
Result<std::string> read_file(const std::string &path);

} // namespace ipt
