// SPDX-License-Identifier: GPL-2.0-only
// What a session saw and what it did not, for the last line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ipt {

// Something that was lost, and why.
struct Loss {
	uint64_t count;
	std::string what; // "ring buffer full: ..."
};

struct Summary {
	uint64_t packets = 0;
	uint64_t events = 0;
	std::vector<Loss> losses; // counts of 0 are left out of the text
	// Not lost: packets that were not traced because the user wanted it so.
	uint64_t left_out = 0; // by --sample and --first
	uint64_t held_back = 0; // by --rate

	bool lossless() const;
	uint64_t lost() const; // all of them together
	std::string text() const;
};

} // namespace ipt
