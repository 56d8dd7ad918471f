// SPDX-License-Identifier: GPL-2.0-only
// What is known of targets, by their names: those of user space's, not of the chains of a table.
#pragma once

#include <cstdint>
#include <string_view>

namespace ipt {

// What a target may change of a packet, as far as rules ask for it. (Of the connection, only targets in raw can.)
enum Changes : uint8_t {
	kNothing = 0,
	kAddresses = 1,
	kPorts = 2,
	kTtl = 4,
	kTos = 8,
	kLength = 16,
	kAnything = 31,
	// What few rules change without being met: where none does, it is seen as it was.
	kMarks = 32,
	kConnection = 64,
};

struct Target {
	std::string_view name;
	bool goes_on; // always, to the next rule
	Changes changes;
};

// One that is not known here may do anything.
Target target_of(std::string_view name);

} // namespace ipt
