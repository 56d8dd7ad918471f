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

} // namespace ipt
