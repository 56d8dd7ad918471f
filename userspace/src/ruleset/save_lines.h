// SPDX-License-Identifier: GPL-2.0-only
// The text of iptables-save as iptables-restore reads it: lines, and the words of one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ipt {

// Cut at line ends, but not inside quotes: a comment may hold a line end, and taking its rest for another rule would shift
// all numbers behind it.
class SaveLines {
public:
	explicit SaveLines(std::string_view text) : rest_(text) {}

	bool next(std::string_view &line);
	// Of the line that next() gave, from 1.
	size_t number() const { return number_; }

private:
	std::string_view rest_;
	size_t number_ = 0;
	size_t passed_ = 0; // line ends in the line that next() gave
};

struct Word {
	std::string text; // without its quotes
	size_t begin; // where it stands in the line, quotes included
	size_t end;
};

std::vector<Word> split_words(std::string_view line);

// The word as it has to be written: in quotes if it must be.
std::string save_word(std::string_view word);

} // namespace ipt
