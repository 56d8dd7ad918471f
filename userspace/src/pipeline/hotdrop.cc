// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/hotdrop.h"

#include <fmt/core.h>
#include <optional>

#include "event/names.h"
#include "pipeline/course.h"
#include "ruleset/targets.h"

namespace ipt {

namespace {

// Whether a rule can have ended the walk with a drop.
bool may_drop(const RuleText &rule, const TableText &table)
{
	return rule.target != "RETURN" && rule.target != "ACCEPT" && !table.chain(rule.target) &&
	       !target_of(rule.target).goes_on;
}

// Where in the rules the packet stood after the last rule that it met, if that can be told.
std::optional<Course::Place> last_place(const Traversal &walk, const TableText &table)
{
	Course course(table, walk.head.hook);
	for (const Rule &event : walk.rules) {
		if (!course.meet(event))
			return std::nullopt;
	}
	return course.place();
}

} // namespace

std::string hotdrop_text(const Traversal &walk)
{
	static constexpr const char *kSomewhere =
		"dropped by a match of a rule itself (hotdrop); no rule event tells which";
	if (!walk.leave || !is_drop(walk.leave->verdict) || walk.gap || walk.abridged || !walk.enter)
		return {};
	if (!walk.rules_text.text)
		return walk.rules.empty() ? kSomewhere : "";

	const TableText &table = *walk.rules_text.text;
	if (!walk.rules.empty()) {
		const Rule &last = walk.rules.back();
		const RuleText *rule = table.rule(name_of(last.chain), last.number);
		const ChainText *chain = table.chain(name_of(last.chain));
		if (!chain || (rule ? may_drop(*rule, table) : chain->policy != "-"))
			return {};
	}
	const auto place = last_place(walk, table);
	const ChainText *chain = place ? table.chain(place->chain) : nullptr;
	if (!chain || place->next > chain->rules.size())
		return kSomewhere;
	const size_t last = chain->rules.size();
	if (place->next == last)
		return fmt::format("dropped by a match of rule {} itself (hotdrop): {}", last,
				   chain->rules.back().text);
	return fmt::format(
		"dropped by a match of a rule itself (hotdrop): one of {} {} to {}; no rule event tells which",
		place->chain, place->next, last);
}

} // namespace ipt
