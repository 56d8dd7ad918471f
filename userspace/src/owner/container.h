// SPDX-License-Identifier: GPL-2.0-only
// Container runtimes name the cgroups of their containers after them, and leave files that hold the names that people gave.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/owner.h"

namespace ipt {

// Of a cgroup's path. root: where the runtimes' files are, for tests.
Container container_of(std::string_view cgroup, const std::string &root = "");

} // namespace ipt
