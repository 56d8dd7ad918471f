// SPDX-License-Identifier: GPL-2.0-only
// What a recording says of its session.
#pragma once

#include <cstdint>
#include <string>

namespace ipt {

struct Start {
	std::string tool; // "iptables-trace 0.1.0"
	std::string kernel; // its release
	int64_t wall_ns = 0;
	std::string selection; // in words: which packets
	std::string place; // and where
};

} // namespace ipt
