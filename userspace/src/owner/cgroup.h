// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

namespace ipt {

// The path of a cgroup2 below its mount, by its number (kernfs_node.id); empty if it is gone, or no cgroup2 is mounted.
std::string cgroup_path(uint64_t id);

} // namespace ipt
