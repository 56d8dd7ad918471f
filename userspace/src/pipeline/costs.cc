// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/costs.h"

#include <algorithm>
#include <fmt/core.h>

#include "event/names.h"
#include "pipeline/course.h"
#include "pipeline/observed.h"

namespace ipt {

namespace {

// More than any ruleset has; rules that are replaced all the time must not fill memory.
constexpr size_t kMostMatches = 200'000;

Dear named(const Traversal &walk, std::string_view chain, const Match &match, std::string netns)
{
	const auto &table = walk.rules_text.text;
	const RuleText *rule = table ? table->rule(chain, match.number) : nullptr;
	const std::string *known = rule ? rule->match(match.index) : nullptr;
	return { .netns = std::move(netns),
		 .family = walk.head.family,
		 .table = std::string(name_of(walk.head.table)),
		 .chain = std::string(chain),
		 .number = match.number,
		 .index = match.index,
		 .match = known ? *known : fmt::format("match {}", match.index + 1),
		 .rule = rule ? rule->text : std::string() };
}

// Rules have the same number as others before and after a replacement.
std::string key_of(const Dear &dear)
{
	return fmt::format("{}\n{} {}\n{}\n{} {}\n{}", dear.netns, dear.family, dear.table, dear.chain, dear.number,
			   dear.index, dear.rule);
}

} // namespace

void Costs::add(const Traversal &walk, std::string_view chain, const Match &match)
{
	Dear dear = named(walk, chain, match, netns_name_(walk.head));
	std::string key = key_of(dear);
	if (matches_.size() >= kMostMatches && !matches_.contains(key)) {
		dear = { .family = walk.head.family, .match = "all others" };
		key.clear();
	}
	Dear &sum = matches_.try_emplace(std::move(key), std::move(dear)).first->second;
	sum.asked++;
	sum.ns += match.duration;
}

void Costs::add(const Traversal &walk)
{
	Observed observed(walk);
	for (const Rule &rule : walk.rules) {
		observed.go_to(rule.head.seq);
		for (const Match *match : observed.all())
			add(walk, name_of(rule.chain), *match);
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
	if (!most_)
		return;
	for (const Traversal &walk : trace.traversals) {
		if (!walk.matches.empty())
			add(walk);
	}
}

std::vector<Dear> Costs::dearest() const
{
	std::vector<Dear> sorted;
	sorted.reserve(matches_.size());
	for (const auto &[key, dear] : matches_)
		sorted.push_back(dear);
	const auto dearer = [](const Dear &a, const Dear &b) {
		return a.ns != b.ns ? a.ns > b.ns : key_of(a) < key_of(b);
	};
	const size_t wanted = std::min(most_, sorted.size());
	std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(wanted), sorted.end(), dearer);
	sorted.resize(wanted);
	return sorted;
}

} // namespace ipt
