// SPDX-License-Identifier: GPL-2.0-only
// Names in a BPF file system.
#pragma once

#include <string>

#include "util/result.h"

namespace ipt {

// Whether the path is in a BPF file system, and free. The error says which of both.
Status can_pin(const std::string &path);

// Makes the folders that lead to it, as far as they are in a BPF file system. Error: EEXIST where something is there.
Status pin_at(int object, const std::string &path);

// Puts it where something is pinned already. There is no moment without a pin.
Status replace_pin(int object, const std::string &path);

} // namespace ipt
