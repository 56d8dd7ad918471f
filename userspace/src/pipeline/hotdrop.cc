// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/hotdrop.h"

#include <fmt/core.h>
#include <linux/netfilter.h>
#include <optional>

#include "event/names.h"
#include "pipeline/course.h"
#include "ruleset/targets.h"
#include "util/printable.h"

namespace ipt {

namespace {

// Whether a rule can have ended the walk with a drop.
bool may_drop(const RuleText &rule, const TableText &table)
{
	return rule.target != "RETURN" && rule.target != "ACCEPT" && !table.chain(rule.target) &&
	       !target_of(rule.target).goes_on;
}

// The match that dropped the packet, if the kernel told: it was the last that was asked.
const Match *told(const Traversal &walk)
{
	if (walk.matches.empty() || walk.matches.back().match.empty())
		return nullptr;
	const Match &last = walk.matches.back().match.back();
	return last.hotdrop ? &last : nullptr;
}

std::string told_text(const Traversal &walk, const Match &match)
{
	const auto &table = walk.rules_text.text;
	const auto place = table && is_whole(walk) ? place_behind(walk, *table) : std::nullopt;
	const RuleText *rule = place ? table->rule(place->chain, match.number) : nullptr;
	const std::string *known = rule ? rule->match(match.index) : nullptr;
	if (!known)
		return fmt::format("dropped by match {} of rule {} itself (hotdrop)", match.index + 1, match.number);
	return fmt::format("dropped by {} of rule {} itself (hotdrop): {}", *known, match.number, rule->text);
}

// nf_tables tells of the rule whose match dropped the packet, and that it dropped it; a rule of iptables says whether it
// could have done so otherwise.
std::string told_by_rule(const Traversal &walk)
{
	const auto &table = walk.rules_text.text;
	if (walk.rules.empty() || !table || table->is_nft)
		return {};
	const Rule &last = walk.rules.back();
	const RuleText *rule = table->rule(chain_of(last, table.get()), last.number);
	if (!rule || last.kind != IPT_EVENT_KIND_RULE || last.verdict != NF_DROP || may_drop(*rule, *table))
		return {};
	return fmt::format("dropped by a match of rule {} itself (hotdrop): {}", last.number, rule->text);
}

} // namespace

std::string hotdrop_text(const Traversal &walk)
{
	static constexpr const char *kSomewhere =
		"dropped by a match of a rule itself (hotdrop); no rule event tells which";
	if (!walk.leave || !is_drop(walk.leave->verdict))
		return {};
	if (walk.head.nft_family)
		return told_by_rule(walk);
	if (const Match *match = told(walk))
		return told_text(walk, *match);
	if (!is_whole(walk))
		return {};
	if (!walk.rules_text.text)
		return walk.rules.empty() ? kSomewhere : "";

	const TableText &table = *walk.rules_text.text;
	if (!walk.rules.empty()) {
		const Rule &last = walk.rules.back();
		const RuleText *rule = table.rule(chain_of(last, &table), last.number);
		const ChainText *chain = table.chain(chain_of(last, &table));
		if (!chain || (rule ? may_drop(*rule, table) : chain->policy != "-"))
			return {};
	}
	if (is_observed(walk))
		return "dropped by a rule itself (hotdrop), but by none of its matches";
	const auto place = place_behind(walk, table);
	const ChainText *chain = place ? table.chain(place->chain) : nullptr;
	if (!chain || place->next > chain->rules.size())
		return kSomewhere;
	const size_t last = chain->rules.size();
	if (place->next == last)
		return fmt::format("dropped by a match of rule {} itself (hotdrop): {}", last,
				   chain->rules.back().text);
	return fmt::format(
		"dropped by a match of a rule itself (hotdrop): one of {} {} to {}; no rule event tells which",
		printable(place->chain), place->next, last);
}

} // namespace ipt
