// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf compile: a pcap expression as bytecode.
#pragma once

#include <string>

#include "match/code/expression.h"
#include "match/command/console.h"

namespace ipt {

struct CompileOptions {
	std::string expression;
	std::string format = "iptables"; // "c", "asm"
	Family family = Family::any;
};

Outcome compile_code(const CompileOptions &options, Console &console);

} // namespace ipt
