// SPDX-License-Identifier: GPL-2.0-only
// What a rule event stands for, once the text of the rules is known.
#pragma once

#include <string>

#include "ruleset/store.h"

namespace ipt {

struct Met {
	enum class What { rule, end_of_chain, policy, not_sure };
	What what;
	const RuleText *rule = nullptr; // What::rule, if the text is known
	std::string text; // what to show: the rule, "return from WEB", "policy DROP" ...

	// "rule", "end_of_chain" ...
	const char *word() const;
};

Met met(const Rule &event, const Binding &rules);

// By what a rule goes: "3", its number, or "handle 7", in a table of nft's own or where no more is known.
std::string rule_name(const Rule &event, const Binding &rules);
// Where the text is not at hand: by its number, if it has one.
std::string rule_name(const Rule &event);
// Of one that no event is of.
std::string rule_name(uint32_t number, const RuleText &rule, const TableText &table);

} // namespace ipt
