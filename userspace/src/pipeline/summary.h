// SPDX-License-Identifier: GPL-2.0-only
// What a session saw and what it did not, for the last line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ipt {

// Something that was lost, and why.
struct Loss {
	uint64_t count;
	std::string what; // "ring buffer full: ..."
};

// What was observed of the matches of rules, and of how many walks nothing.
struct ObservedCounts {
	uint64_t matches = 0;
	uint64_t busy = 0; // to keep to --explain-budget
	uint64_t unknown = 0; // the module had not been told of their rules yet
};

// A match of a rule, and what it cost.
struct Dear {
	std::string netns;
	uint8_t family = 0;
	std::string table;
	std::string chain;
	uint32_t number = 0; // of the rule in its chain, from 1
	uint8_t index = 0; // of the match in the rule, from 0
	std::string match; // "-m limit --limit 1/sec", or "match 1" if the text is not known
	std::string rule; // empty if it is not known
	uint64_t asked = 0; // times
	uint64_t ns = 0; // of all of these together
};

struct Summary {
	uint64_t packets = 0;
	uint64_t events = 0;
	std::vector<Loss> losses; // counts of 0 are left out of the text
	// Not lost: packets that were not traced because the user wanted it so.
	uint64_t left_out = 0; // by --sample and --first
	uint64_t held_back = 0; // by --rate
	std::optional<ObservedCounts> observed; // if matches were
	std::vector<Dear> dearest; // if that was asked for; the dearest first

	bool lossless() const;
	uint64_t lost() const; // all of them together
	std::string text() const;
};

} // namespace ipt
