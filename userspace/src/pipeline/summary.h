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

// Where a rule stands that is dear, or has a match that is.
struct DearPlace {
	std::string netns;
	uint8_t family = 0;
	uint8_t nft_family = 0; // 0: of x_tables
	std::string table;
	std::string chain;
	uint32_t number = 0; // in its chain, from 1; 0: not known
};

// A match of a rule, and what it cost.
struct Dear {
	DearPlace where;
	uint8_t index = 0; // of the match in the rule, from 0
	std::string match; // "-m limit --limit 1/sec", or "match 1" if the text is not known
	std::string rule; // empty if it is not known
	uint64_t asked = 0; // times
	uint64_t ns = 0; // of all of these together
};

// A rule, and what it took until it was met: the rules since the one that was met before it.
struct DearRule {
	DearPlace where;
	uint64_t handle = 0; // of nf_tables
	std::string rule; // or what it is: "policy DROP"
	uint64_t met = 0; // times
	uint64_t ns = 0; // of all of these together
};

// What tracing itself takes, in nanoseconds; it is not part of any other figure.
struct OwnCost {
	uint64_t event =
		0; // on the mean, of those that were shown; with what was traced in the meantime for other packets
	// As measured at the start.
	uint32_t probe = 0; // of that, into a probe's handler and out of it
	uint32_t table = 0; // the same for the probe of a table's entry and return, between these
	uint32_t match = 0; // of each match that is observed
	uint32_t clock = 0; // reading the clock
};

// Lines of it, each begun by a line feed; empty if there are none.
std::string dearest_text(const std::vector<DearRule> &rules, const std::vector<Dear> &matches);

struct Summary {
	uint64_t packets = 0;
	uint64_t events = 0;
	std::vector<Loss> losses; // counts of 0 are left out of the text
	// Not lost: packets that were not traced because the user wanted it so.
	uint64_t left_out = 0; // by --sample and --first
	uint64_t held_back = 0; // by --rate
	// Nor these: walks that most likely, but not certainly, are of the packet that they are shown with.
	uint64_t guessed = 0;
	std::optional<ObservedCounts> observed; // if matches were
	std::vector<Dear> dearest; // if that was asked for; the dearest first
	std::vector<DearRule> dearest_rules; // likewise
	std::optional<OwnCost> own; // if it was measured, and packets came

	// What another session saw, and what it did not; what was measured stays this one's.
	void add(const Summary &other);
	bool lossless() const;
	uint64_t lost() const; // all of them together
	std::string text() const;
};

} // namespace ipt
