// SPDX-License-Identifier: GPL-2.0-only
// What the forms of output have in common: clock, names of namespaces, colours, how much to tell.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pipeline/packet.h"
#include "util/clock.h"

namespace ipt {

struct Look {
	const WallClock &clock;
	NetnsNameOf netns_name;
	bool color = false;
	bool verbose = false;
	bool explain = false; // also the rules that did not match
	bool cost = false; // and what they took
	size_t width = 0; // in columns; 0: lines are as long as they are

	std::string bold(std::string_view text) const { return paint("1", text); }
	std::string red(std::string_view text) const { return paint("31", text); }
	std::string green(std::string_view text) const { return paint("32", text); }
	std::string yellow(std::string_view text) const { return paint("33", text); }
	std::string dim(std::string_view text) const { return paint("2", text); }

private:
	std::string paint(const char *code, std::string_view text) const
	{
		if (!color)
			return std::string(text);
		return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
	}
};

} // namespace ipt
