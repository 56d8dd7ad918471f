// SPDX-License-Identifier: GPL-2.0-only
// What eBPF programs are called, by the ids that the kernel has given them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace ipt {

class ProgramNames {
public:
	// Asks the kernel once. Empty: it has no name, it is gone, or the kernel does not tell; id 0 is no program's.
	const std::string &operator()(uint32_t id);

private:
	std::unordered_map<uint32_t, std::string> names_;
};

} // namespace ipt
