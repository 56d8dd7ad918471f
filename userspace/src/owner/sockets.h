// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ipt {

// Every socket that a process holds, by its inode number, with that process and its name.
void for_each_socket(const std::function<void(uint32_t inode, uint32_t pid, std::string name)> &tell);

} // namespace ipt
