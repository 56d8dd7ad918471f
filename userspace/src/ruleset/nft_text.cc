// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/nft_text.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <string>

#include "util/printable.h"

namespace ipt {

namespace {

constexpr std::string_view kBlank = " \t";

// The lines of a text, one after the other.
class Lines {
public:
	explicit Lines(std::string_view text) : rest_(text) {}

	bool next(std::string_view &line)
	{
		if (rest_.empty())
			return false;
		const size_t end = std::min(rest_.find('\n'), rest_.size());
		line = rest_.substr(0, end);
		rest_.remove_prefix(std::min(end + 1, rest_.size()));
		return true;
	}

private:
	std::string_view rest_;
};

std::string_view trimmed(std::string_view line)
{
	const size_t begin = std::min(line.find_first_not_of(kBlank), line.size());
	line.remove_prefix(begin);
	return line.substr(0, line.find_last_not_of(kBlank) + 1);
}

std::string handle_mark(uint64_t handle)
{
	return fmt::format(" # handle {}", handle);
}

// "type filter hook input priority filter; policy accept;" and what else a chain says of itself; no rule begins so.
bool is_of_chain(std::string_view line)
{
	return (line.starts_with("type ") && line.find(" hook ") != std::string_view::npos) ||
	       line.starts_with("comment \"") || line.starts_with("flags ");
}

// A rule is as many lines as nft breaks it into, or a comment of its own; the last one has its handle.
bool take_rules(Lines &lines, const NftChain &from, ChainText &to)
{
	std::string text;
	for (const NftRule &listed : from.rules) {
		const std::string mark = handle_mark(listed.handle);
		bool ended = false;
		text.clear();
		for (std::string_view line; !ended && lines.next(line);) {
			line = trimmed(line);
			if (text.empty() && is_of_chain(line) && !line.ends_with(mark))
				continue;
			ended = line.ends_with(mark);
			line.remove_suffix(ended ? mark.size() : 0);
			text += (text.empty() ? "" : " ") + std::string(line);
		}
		if (!ended)
			return false;
		RuleText &rule = to.rules.emplace_back(parse_nft_rule(text));
		rule.handle = listed.handle;
		name_xt_matches(rule, listed.matches);
	}
	return true;
}

// The chain that begins with this line: "chain input { # handle 1".
const NftChain *chain_beginning(std::string_view line, const NftTable &table)
{
	if (!line.starts_with("\tchain "))
		return nullptr;
	const auto found = std::find_if(table.chains.begin(), table.chains.end(), [line](const NftChain &chain) {
		return line.ends_with("{" + handle_mark(chain.handle));
	});
	return found == table.chains.end() ? nullptr : &*found;
}

// "-m tcp ..." of the match: "tcp".
std::string_view name_of_match(std::string_view match)
{
	match.remove_prefix(std::min(match.find(' ') + 1, match.size()));
	const std::string_view name = match.substr(0, match.find(' '));
	return name == "state" ? "conntrack" : name;
}

// The kernel knows those of a rule's matches alone that have no form of nf_tables' own. Both have them in the same order; where
// it is not certain which is which, none is told.
std::vector<uint8_t> placed(const std::vector<std::string> &names, const std::vector<std::string> &matches)
{
	std::vector<uint8_t> places;
	size_t at = 0;
	for (const std::string &name : names) {
		const auto is_it = [&name](const std::string &match) { return name_of_match(match) == name; };
		if (std::count_if(matches.begin(), matches.end(), is_it) !=
		    std::count(names.begin(), names.end(), name))
			return {};
		while (at < matches.size() && !is_it(matches[at]))
			at++;
		if (at == matches.size() || at > UINT8_MAX)
			return {};
		places.push_back(static_cast<uint8_t>(at++));
	}
	return places;
}

bool has_sets(const NftChain &chain)
{
	return std::any_of(chain.rules.begin(), chain.rules.end(), [](const NftRule &rule) { return rule.has_set; });
}

void place(const NftRule &from, RuleText &to)
{
	to.handle = from.handle;
	to.asked_matches = placed(from.matches, to.conditions.matches);
}

} // namespace

bool is_iptables_table(const NftTable &table)
{
	static constexpr std::array<std::string_view, 5> names{ "raw", "mangle", "nat", "filter", "security" };
	return (table.family == NFPROTO_IPV4 || table.family == NFPROTO_IPV6) &&
	       std::find(names.begin(), names.end(), table.name) != names.end();
}

std::optional<TableText> text_of_save(std::string_view output, const NftTable &table)
{
	auto saved = parse_save(output);
	const auto found = saved.find(table.name);
	if (found == saved.end())
		return std::nullopt;
	TableText text;
	for (const NftChain &from : table.chains) {
		const auto chain = found->second.chains.find(from.name);
		if (chain == found->second.chains.end() || chain->second.rules.size() != from.rules.size() ||
		    (chain->second.policy == "-") == from.hook.has_value() || has_sets(from))
			return std::nullopt;
		ChainText &to = text.chains[from.name] = std::move(chain->second);
		to.handle = from.handle;
		for (size_t i = 0; i < from.rules.size(); i++)
			place(from.rules[i], to.rules[i]);
	}
	text.index();
	return text;
}

Result<TableText> text_of_list(std::string_view output, const NftTable &table)
{
	TableText text;
	text.is_nft = true;
	for (const NftChain &chain : table.chains)
		text.chains[chain.name] = { chain.hook ? chain.policy : "-", {}, chain.handle };
	Lines lines(output);
	for (std::string_view line; lines.next(line);) {
		const NftChain *chain = chain_beginning(line, table);
		if (chain && !take_rules(lines, *chain, text.chains[chain->name]))
			break;
	}
	for (const NftChain &chain : table.chains) {
		if (text.chains[chain.name].rules.size() != chain.rules.size())
			return Error{ fmt::format("nft does not show all rules of chain {}", printable(chain.name)) };
	}
	text.index();
	return text;
}

} // namespace ipt
