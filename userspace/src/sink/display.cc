// SPDX-License-Identifier: GPL-2.0-only
#include "sink/display.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/netfilter.h>

#include "event/names.h"
#include "pipeline/met.h"

namespace ipt {

namespace {

bool is_written_rule(const Rule &rule, const Traversal &walk)
{
	const Met what = met(rule, walk.rules_text);
	return what.what == Met::What::rule || what.what == Met::What::not_sure;
}

bool was_rejected(const Traversal &walk)
{
	if (walk.rules.empty())
		return false;
	const Met last = met(walk.rules.back(), walk.rules_text);
	return last.rule && last.rule->rejects;
}

Outcome outcome_of(const PacketTrace &trace)
{
	if (trace.outcome)
		return *trace.outcome;
	const Traversal &last = trace.traversals.back();
	return { last.head, first_chain_name(last), verdict_of(trace), was_rejected(last) };
}

// A name that was cut stands for any that begins so.
bool is_in_one_of(const Rule &rule, const Traversal &walk, const std::set<std::string> &chains)
{
	const std::string_view chain = chain_of(rule, walk.rules_text.text.get());
	if (!chain.empty())
		return chains.contains(std::string(chain));
	return std::any_of(chains.begin(), chains.end(),
			   [&rule](const std::string &name) { return name.starts_with(name_of(rule.chain)); });
}

} // namespace

std::string outcome_word(const PacketTrace &trace)
{
	const Outcome outcome = outcome_of(trace);
	if (!outcome.verdict)
		return "";
	if (is_accept(*outcome.verdict))
		return "accept";
	if (is_drop(*outcome.verdict))
		return outcome.rejected ? "reject" : "drop";
	switch (*outcome.verdict & NF_VERDICT_MASK) {
	case NF_QUEUE:
		return "queue";
	case NF_STOLEN:
		return "stolen";
	}
	return "";
}

bool Display::is_place(const Traversal &walk) const
{
	const std::string table(name_of(walk.head.table));
	const auto of_family = [&] { return fmt::format("{}:{}", nft_family_name(walk.head.nft_family), table); };
	return (tables.empty() || tables.contains(table) || (walk.head.nft_family && tables.contains(of_family()))) &&
	       (hooks.empty() || hooks.contains(hook_name(walk.head.hook)));
}

bool Display::shows(const Event &event, const Traversal &walk) const
{
	// What matches said is told with the rules.
	if (!is_place(walk) || std::holds_alternative<Matches>(event))
		return false;
	if (!rules_only)
		return true;
	const auto *rule = std::get_if<Rule>(&event);
	return rule && is_written_rule(*rule, walk);
}

bool Display::shows(const Traversal &walk) const
{
	if (!is_place(walk))
		return false;
	const auto in_chain = [&](const Rule &rule) { return is_in_one_of(rule, walk, chains); };
	if (!chains.empty() && std::none_of(walk.rules.begin(), walk.rules.end(), in_chain))
		return false;
	return !rules_only || !walk.rules.empty();
}

bool Display::cut(PacketTrace &trace) const
{
	if (!verdicts.empty() && !verdicts.contains(outcome_word(trace)))
		return false;
	if (tables.empty() && hooks.empty() && chains.empty() && !rules_only)
		return true;
	Outcome outcome = outcome_of(trace);
	if (rules_only) {
		for (Traversal &walk : trace.traversals)
			std::erase_if(walk.rules, [&walk](const Rule &rule) { return !is_written_rule(rule, walk); });
	}
	if (!shows(trace.traversals.back()))
		trace.outcome = std::move(outcome);
	std::erase_if(trace.traversals, [this](const Traversal &walk) { return !shows(walk); });
	return !trace.traversals.empty();
}

} // namespace ipt
