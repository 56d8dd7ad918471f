// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf swap: another program behind live rules.
#pragma once

#include <string>

#include "match/command/console.h"

namespace ipt {

struct SwapOptions {
	std::string old_program; // a pin or a number
	std::string new_program; // a pin
	bool repin = false;
};

Outcome swap_program(const SwapOptions &options, Console &console);

} // namespace ipt
