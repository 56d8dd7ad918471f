// SPDX-License-Identifier: GPL-2.0-only
// The options that say which packets the kernel is to trace, besides the expression.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace CLI {
class App;
} // namespace CLI

namespace ipt {

// Events a second that a busy host can afford without being asked.
inline constexpr uint32_t kDefaultRate = 50'000;

struct Mark {
	uint32_t value;
	uint32_t mask;
};

// What is empty or 0 asks for nothing.
struct SelectOptions {
	std::string in;
	std::string out;
	std::optional<Mark> mark;
	std::string user; // a name or a number
	uint32_t pid = 0;
	std::string cgroup; // a path
	std::vector<std::string> hooks; // and nothing else is shown, as with the next
	std::vector<std::string> tables; // "filter" of either back end, "inet:web" of nf_tables
	uint32_t sample = 0;
	uint32_t first = 0;
	uint32_t rate = kDefaultRate;

	// Whether they ask whose a packet is, and by which option.
	const char *owner_option() const;
};

// What the command line says of them, before it is judged.
struct RawSelection {
	std::string mark;
	std::string sample;
};

void describe_selection(CLI::App &app, SelectOptions &select, RawSelection &raw);
Status take_selection(SelectOptions &select, const RawSelection &raw);

// What no packet can be.
Status judge_selection(const SelectOptions &select);

// One table: empty, or what is wrong with the word.
std::string check_table(const std::string &word);
// "web" of "inet:web".
std::string_view name_of_table(std::string_view word);

// "7", "0x10/0xf0".
Result<Mark> parse_mark(const std::string &text);

// "1/100", "100".
Result<uint32_t> parse_sample(const std::string &text);

} // namespace ipt
