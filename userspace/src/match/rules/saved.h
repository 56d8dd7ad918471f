// SPDX-License-Identifier: GPL-2.0-only
// The rules with -m bpf in what iptables-save printed, or a person wrote for iptables-restore.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "match/code/expression.h"

namespace ipt {

enum class SourceKind { none, bytecode, pinned, expression, object };

// One -m bpf of a rule.
struct SavedMatch {
	SourceKind kind = SourceKind::none;
	std::string text; // bytecode, path or expression
	std::string program; // --program of an object
	bool inverted = false;
	std::string fault; // options that contradict each other; empty: none
	size_t begin = 0; // where its options stand in the line
	size_t end = 0;
};

struct SavedRule {
	std::string_view line;
	size_t number = 0; // of the line, from 1
	std::string table;
	std::vector<SavedMatch> matches; // never empty
};

// Where iptables-restore would misread the text: it cuts lines, and refuses words, that are too long.
struct SavedFault {
	size_t number;
	std::string message;
};

struct Saved {
	std::vector<SavedRule> rules;
	std::vector<SavedFault> faults;
	size_t all_rules = 0;
	Family family = Family::any; // as the comment says that iptables-save writes
};

// The lines stay views of the text.
Saved parse_saved(std::string_view text);

// What iptables-restore, legacy and nft, reads as one word, and as one line.
inline constexpr size_t kLongestWord = 1023;
inline constexpr size_t kLongestLine = 10239;

} // namespace ipt
