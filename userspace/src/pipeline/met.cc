// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/met.h"

#include <array>
#include <fmt/core.h>

namespace ipt {

const char *Met::word() const
{
	static constexpr std::array words{ "rule", "end_of_chain", "policy", "not_sure" };
	return words[static_cast<size_t>(what)];
}

Met met(const Rule &event, const Binding &rules)
{
	const std::string chain(name_of(event.chain));
	if (!rules.text) {
		// The kernel also calls a rule without conditions that decides "return" or "policy".
		switch (event.kind) {
		case IPT_EVENT_KIND_RETURN:
			return { Met::What::not_sure, nullptr, fmt::format("unconditional rule or end of {}", chain) };
		case IPT_EVENT_KIND_POLICY:
			return { Met::What::not_sure, nullptr,
				 fmt::format("unconditional rule or policy of {}", chain) };
		}
		return { Met::What::rule, nullptr, fmt::format("rule of {}", chain) };
	}
	if (const RuleText *rule = rules.text->rule(chain, event.number))
		return { Met::What::rule, rule, rule->text };
	const ChainText *known = rules.text->chain(chain);
	if (!known || event.number != known->rules.size() + 1)
		return { Met::What::not_sure, nullptr,
			 fmt::format("rule of {} that iptables-save does not show", chain) };
	if (known->policy != "-")
		return { Met::What::policy, nullptr, "policy " + known->policy };
	return { Met::What::end_of_chain, nullptr, "return from " + chain };
}

} // namespace ipt
