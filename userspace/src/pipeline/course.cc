// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/course.h"

namespace ipt {

Course::Course(const TableText &rules, std::string_view first_chain)
	: rules_(rules), builtin_(first_chain), stack_{ { builtin_, 1 } }
{
}

// Back to behind the jump. Where there was none, in a built-in chain or one that was gone to (-g) from there, the policy is
// what comes next.
void Course::leave_chain()
{
	if (stack_.size() > 1) {
		stack_.pop_back();
		return;
	}
	const ChainText *chain = rules_.chain(builtin_);
	stack_.back() = { builtin_, static_cast<uint32_t>(chain ? chain->rules.size() : 0) + 1 };
}

// A rule of x_tables goes where its text says.
void Course::follow(const Rule &event)
{
	Place &at = stack_.back();
	const RuleText *rule = rules_.rule(at.chain, event.number);
	if (!rule && at.chain == builtin_)
		return;
	if (!rule || rule->target == "RETURN")
		leave_chain();
	else if (rules_.chain(rule->target) && rule->is_goto)
		at = { rule->target, 1 };
	else if (rules_.chain(rule->target))
		stack_.push_back({ rule->target, 1 });
}

// One of nf_tables says by its verdict whether it goes elsewhere, and a map may say where to.
void Course::follow_nft(const Rule &event)
{
	if (event.kind == IPT_EVENT_KIND_POLICY)
		return;
	if (event.kind == IPT_EVENT_KIND_RETURN || event.verdict == IPT_EVENT_NFT_RETURN)
		leave_chain();
	else if (event.verdict == IPT_EVENT_NFT_GOTO)
		stack_.back() = { {}, 1 };
	else if (event.verdict == IPT_EVENT_NFT_JUMP)
		stack_.push_back({ {}, 1 });
}

std::optional<uint32_t> Course::meet(const Rule &event)
{
	Place &at = stack_.back();
	if (at.chain.empty())
		at.chain = chain_of(event, &rules_);
	const ChainText *chain = rules_.chain(at.chain);
	if (!chain || chain_of(event, &rules_) != at.chain || event.number < at.next ||
	    event.number > chain->rules.size() + 1)
		return std::nullopt;

	const uint32_t first = at.next;
	at.next = event.number + 1;
	if (event.head.nft_family)
		follow_nft(event);
	else
		follow(event);
	return first;
}

std::optional<Course::Place> place_behind(const Traversal &walk, const TableText &rules)
{
	Course course(rules, first_chain(walk));
	for (const Rule &event : walk.rules) {
		if (!course.meet(event))
			return std::nullopt;
	}
	return course.place();
}

} // namespace ipt
