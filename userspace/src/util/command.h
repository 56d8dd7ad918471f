// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include "util/result.h"

namespace ipt {

struct CommandOutput {
	int status; // as of a shell: 127 not found, 128 + signal
	std::string out;
	std::string err;
};

// Runs a program, found in PATH or where system programs are, to its end and takes what it prints.
Result<CommandOutput> run_command(const std::vector<std::string> &words);

} // namespace ipt
