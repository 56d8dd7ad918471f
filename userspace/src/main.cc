// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/core.h>

#include "cli/options.h"
#include "replay.h"
#include "tracer.h"

int main(int argc, char **argv)
{
	const auto parsed = ipt::parse_options(argc, argv);
	if (!parsed) {
		fmt::print(stderr, "iptables-trace: {}\n", parsed.error().message);
		return static_cast<int>(ipt::Exit::usage);
	}
	if (parsed->answer) {
		fmt::print("{}", parsed->answer->text);
		return static_cast<int>(ipt::Exit::ok);
	}
	const ipt::Options &options = parsed->options;
	return static_cast<int>(options.read.empty() ? ipt::trace(options) : ipt::replay(options));
}
