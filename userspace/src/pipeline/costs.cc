// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/costs.h"

#include <algorithm>
#include <fmt/core.h>

#include "event/names.h"
#include "pipeline/course.h"
#include "pipeline/met.h"
#include "pipeline/observed.h"
#include "util/printable.h"

namespace ipt {

namespace {

// More than any ruleset has; rules that are replaced all the time must not fill memory.
constexpr size_t kMostMatches = 200'000;
constexpr size_t kMostRules = 200'000;

DearPlace place_of(const Traversal &walk, std::string_view chain, uint32_t number, std::string netns)
{
	return { .netns = std::move(netns),
		 .family = walk.head.family,
		 .nft_family = walk.head.nft_family,
		 .table = std::string(name_of(walk.head.table)),
		 .chain = printable(chain),
		 .number = number };
}

Dear named(const Traversal &walk, std::string_view chain, const Match &match, std::string netns)
{
	const auto &table = walk.rules_text.text;
	const RuleText *rule = table ? table->rule(chain, match.number) : nullptr;
	const std::string *known = rule ? rule->match(match.index) : nullptr;
	return { .where = place_of(walk, chain, match.number, std::move(netns)),
		 .index = match.index,
		 .match = known ? *known : fmt::format("match {}", match.index + 1),
		 .rule = rule ? rule->text : std::string() };
}

DearRule named(const Traversal &walk, const Rule &rule, std::string netns)
{
	const bool has_number = !walk.rules_text.text || !walk.rules_text.text->is_nft;
	return { .where = place_of(walk, chain_name(rule, walk.rules_text), has_number ? rule.number : 0,
				   std::move(netns)),
		 .handle = rule.handle,
		 .rule = met(rule, walk.rules_text).text };
}

std::string key_of(const DearPlace &where)
{
	return fmt::format("{}\n{} {} {}\n{}\n{}", where.netns, where.family, where.nft_family, where.table,
			   where.chain, where.number);
}

// Rules have the same number as others before and after a replacement.
std::string key_of(const Dear &dear)
{
	return fmt::format("{} {}\n{}", key_of(dear.where), dear.index, dear.rule);
}

std::string key_of(const DearRule &dear)
{
	return fmt::format("{} {}\n{}", key_of(dear.where), dear.handle, dear.rule);
}

// The most of them by their sums.
template <typename T>
std::vector<T> dearest_of(const std::unordered_map<std::string, T> &all, size_t most)
{
	std::vector<T> sorted;
	sorted.reserve(all.size());
	for (const auto &[key, dear] : all)
		sorted.push_back(dear);
	const auto dearer = [](const T &a, const T &b) { return a.ns != b.ns ? a.ns > b.ns : key_of(a) < key_of(b); };
	const size_t wanted = std::min(most, sorted.size());
	std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(wanted), sorted.end(), dearer);
	sorted.resize(wanted);
	return sorted;
}

} // namespace

// From the middle of the enter event to that of the leave event, which together are one.
void Costs::add_own(const Traversal &walk)
{
	if (!walk.leave || !is_timed(walk.leave->head))
		return;
	own_ns_ += walk.leave->duration - std::min<uint64_t>(walk.leave->duration, walk.leave->net);
	own_events_ += walk.rules.size() + walk.matches.size() + 1;
}

void Costs::add_rules(const Traversal &walk)
{
	const bool ends = walk.leave && is_timed(walk.leave->head) && is_whole(walk);
	for (const Rule &rule : walk.rules) {
		if (!is_timed(rule.head))
			continue;
		const bool last = &rule == &walk.rules.back();
		DearRule dear = named(walk, rule, netns_name_(walk.head));
		std::string key = key_of(dear);
		if (rules_.size() >= kMostRules && !rules_.contains(key)) {
			dear = { .where = { .family = walk.head.family }, .rule = "all others" };
			key.clear();
		}
		DearRule &sum = rules_.try_emplace(std::move(key), std::move(dear)).first->second;
		sum.met++;
		sum.ns += rule.net + (last && ends ? time_behind(walk) : 0);
	}
}

void Costs::add(const Traversal &walk, std::string_view chain, const Match &match)
{
	Dear dear = named(walk, chain, match, netns_name_(walk.head));
	std::string key = key_of(dear);
	if (matches_.size() >= kMostMatches && !matches_.contains(key)) {
		dear = { .where = { .family = walk.head.family }, .match = "all others" };
		key.clear();
	}
	Dear &sum = matches_.try_emplace(std::move(key), std::move(dear)).first->second;
	sum.asked++;
	sum.ns += match.duration;
}

void Costs::add_matches(const Traversal &walk)
{
	Observed observed(walk);
	for (const Rule &rule : walk.rules) {
		observed.go_to(rule.head.seq);
		const std::string_view chain = chain_of(rule, walk.rules_text.text.get());
		for (const Match *match : observed.all())
			add(walk, chain.empty() ? chain_name(rule, walk.rules_text) : chain, *match);
	}
	observed.go_to(UINT32_MAX);
	if (!observed.last())
		return;
	const auto &table = walk.rules_text.text;
	const auto place = table ? place_behind(walk, *table) : std::nullopt;
	for (const Match *match : observed.all())
		add(walk, place ? place->chain : "?", *match);
}

void Costs::add(const PacketTrace &trace)
{
	for (const Traversal &walk : trace.traversals) {
		add_own(walk);
		if (!most_)
			continue;
		add_rules(walk);
		if (!walk.matches.empty())
			add_matches(walk);
	}
}

std::vector<Dear> Costs::dearest() const
{
	return dearest_of(matches_, most_);
}

std::vector<DearRule> Costs::dearest_rules() const
{
	return dearest_of(rules_, most_);
}

} // namespace ipt
