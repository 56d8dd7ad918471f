// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/table_text.h"

#include <algorithm>
#include <fmt/core.h>

#include "ruleset/save_lines.h"
#include "util/printable.h"

namespace ipt {

namespace {

// ":INPUT ACCEPT [0:0]". Names of chains may have spaces.
void add_chain(TableText &table, std::string_view line)
{
	const size_t counters = line.rfind(" [");
	line = line.substr(0, counters);
	const size_t policy = line.rfind(' ');
	if (policy == std::string_view::npos)
		return;
	table.chains[std::string(line.substr(1, policy - 1))].policy = line.substr(policy + 1);
}

// "-A INPUT ...": names of chains may have spaces, and one may be the beginning of another; the longest counts.
ChainText *chain_of(TableText &table, std::string_view line)
{
	constexpr size_t longest_name = 32;
	line.remove_prefix(3);
	ChainText *longest = nullptr;
	for (size_t end = line.find(' '); end <= longest_name; end = line.find(' ', end + 1)) {
		const auto found = table.chains.find(line.substr(0, end));
		if (found != table.chains.end())
			longest = &found->second;
	}
	if (!longest) {
		const auto found = table.chains.find(line);
		return found == table.chains.end() ? nullptr : &found->second;
	}
	return longest;
}

// Of all matches this one alone changes what it looks at (net/netfilter/xt_socket.c).
bool sets_mark(const std::string &match)
{
	return match.starts_with("-m socket ") && match.find(" --restore-skmark") != std::string::npos;
}

} // namespace

RuleText parse_rule(std::string_view line)
{
	RuleText rule;
	rule.text = printable(line);
	const std::vector<Word> words = split_words(line);
	rule.conditions = parse_conditions(line, words);
	for (size_t i = 0; i + 1 < words.size(); i++) {
		// A target is never called like an option; an option's argument may be called like -j.
		const std::string &word = words[i].text;
		if ((word == "-j" || word == "-g") && !words[i + 1].text.starts_with('-')) {
			rule.target = words[i + 1].text;
			rule.is_goto = word == "-g";
			break;
		}
	}
	rule.rejects = rule.target == "REJECT";
	rule.marks_unmet = std::any_of(rule.conditions.matches.begin(), rule.conditions.matches.end(), sets_mark);
	return rule;
}

RuleText parse_nft_rule(std::string_view text)
{
	static constexpr std::string_view reject = "reject";
	RuleText rule;
	rule.text = printable(text);
	rule.nft = parse_nft_conditions(text);
	rule.marks_unmet = rule.nft.marks_unmet;
	const std::vector<Word> words = split_words(text);
	// With its quotes a comment is longer.
	rule.rejects = std::any_of(words.begin(), words.end(), [](const Word &word) {
		return word.text == reject && word.end - word.begin == reject.size();
	});
	return rule;
}

void name_xt_matches(RuleText &rule, const std::vector<std::string> &names)
{
	for (const std::string &name : names)
		rule.conditions.matches.push_back(fmt::format("xt match \"{}\"", printable(name)));
}

const std::string *RuleText::match(size_t index) const
{
	if (asked_matches)
		index = index < asked_matches->size() ? (*asked_matches)[index] : conditions.matches.size();
	return index < conditions.matches.size() ? &conditions.matches[index] : nullptr;
}

const ChainText *TableText::chain(std::string_view name) const
{
	const auto found = chains.find(name);
	return found == chains.end() ? nullptr : &found->second;
}

const RuleText *TableText::rule(std::string_view name, uint32_t number) const
{
	const ChainText *found = chain(name);
	if (!found || number == 0 || number > found->rules.size())
		return nullptr;
	return &found->rules[number - 1];
}

uint32_t TableText::number_of_rule(uint64_t handle) const
{
	const auto found = rules_.find(handle);
	return found == rules_.end() ? 0 : found->second.number;
}

uint32_t TableText::number_behind(uint64_t chain) const
{
	const auto found = ends_.find(chain);
	return found == ends_.end() ? 0 : found->second.number;
}

const std::string *TableText::chain_of(uint64_t handle) const
{
	if (const auto found = rules_.find(handle); found != rules_.end())
		return &names_[found->second.chain];
	const auto found = ends_.find(handle);
	return found == ends_.end() ? nullptr : &names_[found->second.chain];
}

void TableText::index()
{
	for (const auto &[name, chain] : chains) {
		for (size_t i = 0; i < chain.rules.size(); i++)
			rules_[chain.rules[i].handle] = { names_.size(), static_cast<uint32_t>(i + 1) };
		ends_[chain.handle] = { names_.size(), static_cast<uint32_t>(chain.rules.size() + 1) };
		names_.push_back(name);
	}
}

std::map<std::string, TableText, std::less<>> parse_save(std::string_view output)
{
	std::map<std::string, TableText, std::less<>> tables;
	TableText *table = nullptr;
	SaveLines lines(output);
	for (std::string_view line; lines.next(line);) {
		if (line.starts_with('*'))
			table = &tables[std::string(line.substr(1))];
		else if (table && line.starts_with(':'))
			add_chain(*table, line);
		else if (ChainText *chain = table && line.starts_with("-A ") ? chain_of(*table, line) : nullptr)
			chain->rules.push_back(parse_rule(line));
	}
	return tables;
}

} // namespace ipt
