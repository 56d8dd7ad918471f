// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/store.h"

#include <algorithm>

namespace ipt {

namespace {

// Identities of one table that are kept, with their text, which may be large. Events of rules that have been replaced
// follow within moments, and packets hold on to their own text.
constexpr size_t kKept = 4;
// Tables that are kept. Of namespaces that come and go each has tables of its own, and nobody says when they are gone.
constexpr size_t kTables = 4096;

// What grows when rules are replaced. Each change of nf_tables makes another generation.
uint64_t count_of(const Head &head)
{
	return head.nft_family ? head.ruleset : head.replacements;
}

} // namespace

TableKey key_of(const Head &head)
{
	if (!head.nft_family)
		return { head.netns, head.family, std::string(name_of(head.table)) };
	return { head.netns, head.nft_family, std::string(name_of(head.table)), true, head.netns_cookie };
}

// The one that is asked for stays, as it is the last that was used.
RulesetStore::Table &RulesetStore::table_of(const TableKey &key)
{
	Table &table = tables_[key];
	table.used = ++uses_;
	if (tables_.size() > kTables)
		tables_.erase(std::min_element(tables_.begin(), tables_.end(), [](const auto &a, const auto &b) {
			return a.second.used < b.second.used;
		}));
	return table;
}

void RulesetStore::match(Table &table, Ruleset &ruleset)
{
	if (!ruleset.text && table.latest && ruleset.first <= table.latest_count && table.latest_since <= ruleset.last)
		ruleset.text = table.latest;
}

void RulesetStore::forget_oldest(Table &table)
{
	const auto oldest =
		std::min_element(table.rulesets.begin(), table.rulesets.end(),
				 [](const auto &a, const auto &b) { return a.second.last < b.second.last; });
	table.rulesets.erase(oldest);
}

RulesetStore::Ruleset &RulesetStore::ruleset_of(Table &table, uint64_t identity, uint64_t count)
{
	Ruleset &ruleset = table.rulesets.try_emplace(identity, count, count).first->second;
	ruleset.first = std::min(ruleset.first, count);
	ruleset.last = std::max(ruleset.last, count);
	return ruleset;
}

void RulesetStore::offer(const TableKey &key, Snapshot snapshot)
{
	Table &table = table_of(key);
	table.latest = std::move(snapshot.text);
	table.latest_count = snapshot.replacements;
	table.latest_since = snapshot.since.value_or(snapshot.replacements);
	table.read = true;
	table.failure.clear();
	if (snapshot.ruleset)
		ruleset_of(table, snapshot.ruleset, snapshot.replacements).text = table.latest;
	for (auto &[identity, ruleset] : table.rulesets)
		match(table, ruleset);
}

void RulesetStore::renew()
{
	for (const auto &[key, table] : tables_) {
		if (table.failure.empty())
			source_.renew(key);
	}
}

Binding RulesetStore::bind(const Head &head)
{
	if (head.ruleset == 0)
		return { nullptr, "the rules were just being replaced" };

	const TableKey key = key_of(head);
	Table &table = table_of(key);
	const uint64_t count = count_of(head);
	Ruleset &ruleset = ruleset_of(table, head.ruleset, count);
	match(table, ruleset);

	// Reading again helps only if something was replaced since the last time.
	if (!ruleset.text && (!table.read || table.latest_count < count)) {
		auto snapshot = source_.read(key);
		table.read = true;
		if (snapshot) {
			offer(key, *snapshot);
		} else {
			table.failure = snapshot.error().message;
			table.latest_count = table.latest_since = count;
			table.latest = nullptr;
		}
	}

	Binding binding{ ruleset.text, {} };
	if (!ruleset.text)
		binding.why_not =
			table.failure.empty() ? "the rules were replaced before they could be read" : table.failure;
	while (table.rulesets.size() > kKept)
		forget_oldest(table);
	return binding;
}

} // namespace ipt
