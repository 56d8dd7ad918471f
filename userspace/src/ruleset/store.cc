// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/store.h"

#include <algorithm>

namespace ipt {

namespace {

// Identities of one table that are kept, with their text, which may be large. Events of rules that have been replaced
// follow within moments, and packets hold on to their own text.
constexpr size_t kKept = 4;

} // namespace

TableKey key_of(const Head &head)
{
	return { head.netns, head.family, std::string(name_of(head.table)) };
}

void RulesetStore::match(Table &table, Ruleset &ruleset)
{
	if (!ruleset.text && table.latest && ruleset.first <= table.latest_count && table.latest_count <= ruleset.last)
		ruleset.text = table.latest;
}

void RulesetStore::forget_oldest(Table &table)
{
	const auto oldest =
		std::min_element(table.rulesets.begin(), table.rulesets.end(),
				 [](const auto &a, const auto &b) { return a.second.last < b.second.last; });
	table.rulesets.erase(oldest);
}

void RulesetStore::offer(const TableKey &key, Snapshot snapshot)
{
	Table &table = tables_[key];
	table.latest = std::move(snapshot.text);
	table.latest_count = snapshot.replacements;
	table.read = true;
	table.failure.clear();
	for (auto &[identity, ruleset] : table.rulesets)
		match(table, ruleset);
}

Binding RulesetStore::bind(const Head &head)
{
	if (head.ruleset == 0)
		return { nullptr, "the rules were just being replaced" };

	const TableKey key = key_of(head);
	Table &table = tables_[key];
	const auto [at, is_new] = table.rulesets.try_emplace(head.ruleset, head.replacements, head.replacements);
	Ruleset &ruleset = at->second;
	ruleset.first = std::min<uint64_t>(ruleset.first, head.replacements);
	ruleset.last = std::max<uint64_t>(ruleset.last, head.replacements);
	match(table, ruleset);

	// Reading again helps only if something was replaced since the last time.
	if (!ruleset.text && (!table.read || table.latest_count < head.replacements)) {
		auto snapshot = source_.read(key);
		table.read = true;
		if (snapshot) {
			offer(key, *snapshot);
		} else {
			table.failure = snapshot.error().message;
			table.latest_count = head.replacements;
			table.latest = nullptr;
		}
	}

	Binding binding{ ruleset.text, {} };
	if (!ruleset.text)
		binding.why_not =
			table.failure.empty() ? "the rules were replaced before they could be read" : table.failure;
	if (is_new && table.rulesets.size() > kKept)
		forget_oldest(table);
	return binding;
}

} // namespace ipt
