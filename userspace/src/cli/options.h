// SPDX-License-Identifier: GPL-2.0-only
// What the user asked for on the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/select_options.h"
#include "util/result.h"

namespace ipt {

// What the process ends with; man page and --help list them.
enum class Exit : int {
	ok = 0,
	failed = 1, // something broke while tracing
	usage = 2, // options or expression
	not_here = 3, // this host, or this user, cannot trace
	lost = 4, // traced to the end, but events were lost
};

enum class Format { tree, line, json, pcapng, folded };
enum class Color { automatic, always, never };

struct Options {
	Format format = Format::tree;
	uint64_t count = 0; // packets; 0: no limit
	std::optional<std::chrono::milliseconds> duration;
	std::vector<std::string> netns; // empty: the tool's own, or that of --pid; "all"
	SelectOptions select;
	bool ipv4 = true;
	bool ipv6 = true;
	bool own_ssh = false; // the ssh connection that shows the trace is traced too
	Color color = Color::automatic;
	std::string output; // empty: standard output
	uint64_t rotate = 0; // bytes of a file; 0: it grows as it will
	unsigned int keep = 10; // files
	std::string read; // a recording to show instead of tracing; empty: none
	std::optional<unsigned int> width; // columns; 0: any
	std::vector<std::string> verdicts; // to be shown, as the next; empty: all
	std::vector<std::string> chains;
	bool rules_only = false;
	bool explain = false;
	uint32_t explain_budget = 100'000; // matches a second on a CPU; 0: no limit
	bool cost = false; // what rules took
	unsigned int dearest = 0; // rules and matches to be named at the end
	bool verbose = false;
	std::string expression;

	// Packets of ARP are traced too, unless one version of IP is asked for alone.
	bool arp() const { return ipv4 && ipv6; }
	// Whether it takes more than what is captured of packets.
	bool observes() const { return explain || dearest; }
	// Whether it takes to know what rules took.
	bool measures() const { return cost || dearest || format == Format::folded; }
};

// Text to print, and to end with success, because --help or --version was given.
struct Answer {
	std::string text;
};

struct Parsed {
	Options options;
	std::optional<Answer> answer;
};

Result<Parsed> parse_options(int argc, const char *const *argv);

std::string help_text();

// "65536", "64k", "100M", "2G".
Result<uint64_t> parse_size(const std::string &text);

// "90", "90s", "1.5m", "500ms", "2h".
Result<std::chrono::milliseconds> parse_duration(const std::string &text);

} // namespace ipt
