// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf load: from an ELF object to a pin.
#pragma once

#include <string>

#include "match/boot/pins.h"
#include "match/command/console.h"

namespace ipt {

struct LoadOptions {
	std::string file;
	std::string pin;
	std::string program; // empty: the only one
	bool share_maps = false;
	bool boot = false; // all that are written down in a folder, instead
	std::string pins = kPinsFolder;
};

Outcome load_program(const LoadOptions &options, Console &console);
Outcome load_boot(const LoadOptions &options, Console &console);

} // namespace ipt
