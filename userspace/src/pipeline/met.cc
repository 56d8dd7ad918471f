// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/met.h"

#include <array>
#include <fmt/core.h>

#include "event/names.h"
#include "pipeline/packet.h"

namespace ipt {

const char *Met::word() const
{
	static constexpr std::array words{ "rule", "end_of_chain", "policy", "not_sure" };
	return words[static_cast<size_t>(what)];
}

namespace {

// nf_tables calls each by its own word.
Met met_without_text(const Rule &event, const std::string &chain)
{
	switch (event.kind) {
	case IPT_EVENT_KIND_RETURN:
		return { Met::What::end_of_chain, nullptr, "return from " + chain };
	case IPT_EVENT_KIND_POLICY:
		return { Met::What::policy, nullptr, "policy " + nft_verdict_name(event.verdict) };
	}
	return { Met::What::rule, nullptr, fmt::format("rule of {}", chain) };
}

std::string handle_name(uint64_t handle)
{
	return fmt::format("handle {}", handle);
}

} // namespace

Met met(const Rule &event, const Binding &rules)
{
	const std::string chain = chain_name(event, rules);
	if (!rules.text && event.head.nft_family)
		return met_without_text(event, chain);
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
	const std::string_view known_chain = chain_of(event, rules.text.get());
	if (const RuleText *rule = rules.text->rule(known_chain, event.number))
		return { Met::What::rule, rule, rule->text };
	const ChainText *known = rules.text->chain(known_chain);
	if (!known || event.number != known->rules.size() + 1)
		return { Met::What::not_sure, nullptr,
			 fmt::format("rule of {} that {} does not show", chain,
				     rules.text->is_nft ? "nft" : "iptables-save") };
	if (known->policy != "-")
		return { Met::What::policy, nullptr, "policy " + known->policy };
	return { Met::What::end_of_chain, nullptr, "return from " + chain };
}

std::string rule_name(const Rule &event, const Binding &rules)
{
	return rules.text && rules.text->is_nft ? handle_name(event.handle) : rule_name(event);
}

std::string rule_name(const Rule &event)
{
	return event.number || !event.head.nft_family ? fmt::format("{}", event.number) : handle_name(event.handle);
}

std::string rule_name(uint32_t number, const RuleText &rule, const TableText &table)
{
	return table.is_nft ? handle_name(rule.handle) : fmt::format("{}", number);
}

} // namespace ipt
