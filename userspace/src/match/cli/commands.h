// SPDX-License-Identifier: GPL-2.0-only
// What the user asked for: one of the commands, with its options.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "match/command/check.h"
#include "match/command/compile.h"
#include "match/command/export.h"
#include "match/command/list.h"
#include "match/command/load.h"
#include "match/command/map.h"
#include "match/command/stats.h"
#include "match/command/swap.h"
#include "match/command/test.h"
#include "util/result.h"

namespace ipt {

// Text to print, and to end with success, because --help or --version was given.
struct MatchAnswer {
	std::string text;
};

using MatchCommand = std::variant<MatchAnswer, SwapOptions, CheckOptions, ExportOptions, StatsOptions, LoadOptions,
				  CompileOptions, ListOptions, TestOptions, MapOptions>;

Result<MatchCommand> parse_match_options(int argc, const char *const *argv);

// --help of the tool, or of one of its commands.
std::string match_help(const std::string &command = "");
std::vector<std::string> match_commands();

} // namespace ipt
