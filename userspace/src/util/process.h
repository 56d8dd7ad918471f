// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace ipt {

// What the process of that number calls itself, fit for a terminal; empty if there is none.
std::string process_name(const std::string &pid);

} // namespace ipt
