// SPDX-License-Identifier: GPL-2.0-only
// Container runtimes name the cgroups of their containers after them, and leave files that hold the names that people gave.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/owner.h"

namespace ipt {

// Of a cgroup's path. root: where the runtimes' files are, for tests.
Container container_of(std::string_view cgroup, const std::string &root = "");

// The container that a process is in, by its cgroup: "docker:web", "docker:0123456789ab" without a name; empty if it is in none.
std::string container_of_process(const std::string &pid, const std::string &root = "");

} // namespace ipt
