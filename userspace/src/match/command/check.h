// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf check: whether saved rules can be restored, on this kernel or another, at boot or now.
#pragma once

#include <string>

#include "match/boot/pins.h"
#include "match/code/expression.h"
#include "match/command/console.h"

namespace ipt {

struct CheckOptions {
	std::string file;
	std::string kernel; // empty: the running one
	std::string pins = kPinsFolder;
	Family family = Family::any; // any: as the text says
	bool now = false; // what is pinned now counts, not what will be at boot
};

Outcome check_rules(const CheckOptions &options, Console &console);

} // namespace ipt
