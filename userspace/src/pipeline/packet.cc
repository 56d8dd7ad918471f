// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/packet.h"

#include <algorithm>
#include <fmt/core.h>

#include "event/names.h"
#include "util/printable.h"

namespace ipt {

void put(Traversal &walk, const Event &event)
{
	if (const auto *enter = std::get_if<Enter>(&event))
		walk.enter = *enter;
	else if (const auto *rule = std::get_if<Rule>(&event))
		walk.rules.push_back(*rule);
	else if (const auto *matches = std::get_if<Matches>(&event))
		walk.matches.push_back(*matches);
	else
		walk.leave = std::get<Leave>(event);
}

bool is_whole(const Traversal &walk)
{
	// What the kernel's probes missed has no seq.
	if (!walk.enter || !walk.leave || walk.enter->head.missed != walk.leave->head.missed)
		return false;
	uint32_t seq = walk.enter->head.seq;
	auto matches = walk.matches.begin();
	const auto follows = [&](const auto &event) {
		seq++;
		for (; matches != walk.matches.end() && matches->head.seq == seq; matches++)
			seq++;
		return event.head.seq == seq;
	};
	return std::all_of(walk.rules.begin(), walk.rules.end(), follows) && follows(*walk.leave) &&
	       matches == walk.matches.end();
}

bool is_untold(const Traversal &walk)
{
	return walk.head.flags & IPT_EVENT_UNTOLD;
}

bool is_timed(const Head &head)
{
	return head.flags & IPT_EVENT_TIMED;
}

bool is_timed(const Traversal &walk)
{
	return (walk.leave && is_timed(walk.leave->head)) ||
	       std::any_of(walk.rules.begin(), walk.rules.end(), [](const Rule &rule) { return is_timed(rule.head); });
}

uint64_t time_in(const Leave &leave)
{
	return is_timed(leave.head) ? leave.net : leave.duration;
}

// The sum may have stopped at the largest number before its parts did.
uint64_t time_behind(const Traversal &walk)
{
	uint64_t time = walk.leave ? walk.leave->net : 0;
	for (const Rule &rule : walk.rules)
		time -= std::min<uint64_t>(time, rule.net);
	return time;
}

namespace {

// Of an event in nf_tables.
template <typename T>
std::string_view name_by_handle(const T &event, const TableText *rules)
{
	if (const std::string *name = rules ? rules->chain_of(event.handle) : nullptr)
		return *name;
	return event.head.flags & IPT_EVENT_CHAIN_CUT ? std::string_view() : name_of(event.chain);
}

// What an event says of itself is fit for a terminal, what rules are called is not.
std::string shown(std::string_view known, std::string_view told)
{
	if (!known.empty() && known.data() == told.data())
		return std::string(known);
	return known.empty() && !told.empty() ? fmt::format("{}...", told) : printable(known);
}

// Of a walk whose beginning was lost: it may have come to it.
const Rule *policy_of(const Traversal &walk)
{
	const auto policy = std::find_if(walk.rules.begin(), walk.rules.end(),
					 [](const Rule &rule) { return rule.kind == IPT_EVENT_KIND_POLICY; });
	return policy == walk.rules.end() ? nullptr : &*policy;
}

} // namespace

std::string_view chain_of(const Rule &event, const TableText *rules)
{
	return event.head.nft_family ? name_by_handle(event, rules) : name_of(event.chain);
}

std::string chain_name(const Rule &event, const Binding &rules)
{
	return shown(chain_of(event, rules.text.get()), name_of(event.chain));
}

std::string_view first_chain(const Traversal &walk)
{
	if (!walk.head.nft_family)
		return hook_name(walk.head.hook);
	if (walk.enter)
		return name_by_handle(*walk.enter, walk.rules_text.text.get());
	const Rule *policy = policy_of(walk);
	return policy ? chain_of(*policy, walk.rules_text.text.get()) : std::string_view();
}

std::string first_chain_name(const Traversal &walk)
{
	if (!walk.head.nft_family)
		return hook_name(walk.head.hook);
	const Rule *policy = walk.enter ? nullptr : policy_of(walk);
	return shown(first_chain(walk), walk.enter ? name_of(walk.enter->chain) : policy ? name_of(policy->chain) : "");
}

std::string table_name(const Head &head)
{
	if (!head.nft_family)
		return std::string(name_of(head.table));
	return fmt::format("nft {} {}{}", nft_family_name(head.nft_family), name_of(head.table),
			   head.flags & IPT_EVENT_TABLE_CUT ? "..." : "");
}

std::string place_name(const Head &head, std::string_view first_chain)
{
	std::string text = table_name(head);
	const std::string_view hook = hook_name(head.hook);
	if (head.nft_family && first_chain != hook)
		text += fmt::format("{}{} at", first_chain.empty() ? "" : " ", first_chain);
	return (text += ' ') += hook;
}

std::string place_name(const Traversal &walk)
{
	return place_name(walk.head, first_chain_name(walk));
}

void number_rule(Rule &rule, const Binding &rules)
{
	if (!rule.head.nft_family)
		return;
	rule.number = !rules.text		       ? 0 :
		      rule.kind == IPT_EVENT_KIND_RULE ? rules.text->number_of_rule(rule.handle) :
							 rules.text->number_behind(rule.handle);
}

void number_rules(Traversal &walk)
{
	for (Rule &rule : walk.rules)
		number_rule(rule, walk.rules_text);
}

std::optional<uint32_t> verdict_of(const PacketTrace &trace)
{
	if (trace.outcome)
		return trace.outcome->verdict;
	const auto &leave = trace.traversals.back().leave;
	return leave ? std::optional<uint32_t>(leave->verdict) : std::nullopt;
}

bool is_observed(const Traversal &walk)
{
	return walk.enter && walk.enter->head.flags & IPT_EVENT_OBSERVED;
}

} // namespace ipt
