// SPDX-License-Identifier: GPL-2.0-only
// Which modules are installed for a kernel that need not be running.
#pragma once

#include <string>

#include "util/result.h"

namespace ipt {

std::string running_release();

struct KernelFiles {
	std::string release;
	std::string folder; // /lib/modules/RELEASE
};

// The error says that there is no such kernel.
Result<KernelFiles> find_kernel(const std::string &release);

// The file of a module; empty if it is built into the kernel. The error says why it cannot be loaded there.
Result<std::string> find_module(const KernelFiles &kernel, const std::string &name);

// "6.1.0-38-amd64" is older than 6.4.
bool older_than(const std::string &release, int major, int minor);

} // namespace ipt
