// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/save_lines.h"

#include <algorithm>

namespace ipt {

namespace {

constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";

bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

} // namespace

bool SaveLines::next(std::string_view &line)
{
	if (rest_.empty())
		return false;
	const bool comment = rest_.front() == '#';
	size_t end = 0;
	bool in_quotes = false;
	number_ += passed_ + 1;
	passed_ = 0;
	while (end < rest_.size() && (in_quotes || rest_[end] != '\n')) {
		if (rest_[end] == '\\' && in_quotes && end + 1 < rest_.size())
			end++;
		else if (rest_[end] == '"' && !comment)
			in_quotes = !in_quotes;
		if (rest_[end] == '\n')
			passed_++;
		end++;
	}
	line = rest_.substr(0, end);
	rest_.remove_prefix(std::min(end + 1, rest_.size()));
	return true;
}

// A closing quote ends a word, as does a blank.
std::vector<Word> split_words(std::string_view line)
{
	std::vector<Word> words;
	Word word{};
	bool in_quotes = false;
	bool any = false;
	const auto end_word = [&](size_t end) {
		word.end = end;
		words.push_back(std::move(word));
		word = {};
		any = false;
	};
	for (size_t i = 0; i < line.size(); i++) {
		if (!any && (in_quotes || !is_blank(line[i]))) {
			word.begin = i;
			any = true;
		}
		if (in_quotes && line[i] == '\\' && i + 1 < line.size()) {
			word.text += line[++i];
		} else if (line[i] == '"') {
			in_quotes = !in_quotes;
			if (!in_quotes)
				end_word(i + 1);
		} else if (!in_quotes && is_blank(line[i])) {
			if (any)
				end_word(i);
		} else {
			word.text += line[i];
		}
	}
	if (any)
		end_word(line.size());
	return words;
}

std::string save_word(std::string_view word)
{
	if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos)
		return std::string(word);
	std::string text = "\"";
	for (const char c : word) {
		if (c == '"' || c == '\\' || c == '\'')
			text += '\\';
		text += c;
	}
	return text + '"';
}

} // namespace ipt
