// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/explain.h"

#include <algorithm>
#include <fmt/core.h>
#include <iterator>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <optional>

#include "event/names.h"
#include "pipeline/course.h"
#include "pipeline/seen.h"
#include "ruleset/targets.h"

namespace ipt {

namespace {

using Of = HeaderCondition::Of;

const uint8_t *address_of(const PacketFields &packet, Of of)
{
	return of == Of::source ? packet.source : packet.destination;
}

bool is_in(const Network &network, const uint8_t *address, uint8_t family)
{
	const size_t size = family == NFPROTO_IPV6 ? 16 : 4;
	for (size_t i = 0; i < size; i++) {
		if ((address[i] & network.mask[i]) != network.address[i])
			return false;
	}
	return true;
}

// "eth0", "eth+": any that begins so.
bool is_device(std::string_view pattern, std::string_view name)
{
	if (pattern.ends_with('+'))
		return name.starts_with(pattern.substr(0, pattern.size() - 1));
	return name == pattern;
}

// Where the kernel's search through IPv6 extension headers may have ended elsewhere than the tool's.
bool is_protocol_certain(uint8_t family, const PacketFields &packet)
{
	if (family != NFPROTO_IPV6)
		return true;
	switch (packet.protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
		return false;
	case IPPROTO_NONE:
		return !(packet.fields & IPT_EVENT_EXTENDED);
	default:
		return true;
	}
}

const ipt_event_dev &device_of(const Enter &enter, Of of)
{
	return of == Of::in ? enter.in : enter.out;
}

std::optional<bool> address_fits(const HeaderCondition &condition, const Seen &seen)
{
	if (!condition.network)
		return std::nullopt;
	return seen.certain(kAddresses, [&](const PacketFields &packet) {
		return is_in(*condition.network, address_of(packet, condition.of), seen.family());
	});
}

// Whether what stands behind the option, without its !, is true of the packet; nothing if that is not known.
std::optional<bool> fits(const HeaderCondition &condition, const Seen &seen)
{
	switch (condition.of) {
	case Of::source:
	case Of::destination:
		return address_fits(condition, seen);
	case Of::in:
	case Of::out:
		return is_device(condition.value, name_of(device_of(seen.enter, condition.of).name));
	case Of::protocol:
		if (!condition.protocol || !is_protocol_certain(seen.family(), seen.then))
			return std::nullopt;
		return *condition.protocol == seen.then.protocol;
	case Of::fragment:
		return seen.then.fragment_offset != 0;
	}
	return std::nullopt;
}

std::string value_of(Of of, const Seen &seen)
{
	switch (of) {
	case Of::source:
	case Of::destination: {
		const std::string then = address_text(seen.family(), address_of(seen.then, of));
		const std::string later = address_text(seen.family(), address_of(seen.later, of));
		return then == later ? then : then + " or " + later;
	}
	case Of::in:
	case Of::out: {
		const std::string_view name = name_of(device_of(seen.enter, of).name);
		return name.empty() ? "none" : std::string(name);
	}
	case Of::protocol:
		return protocol_name(seen.then.protocol);
	case Of::fragment:
		return fmt::format("fragment offset {}", seen.then.fragment_offset);
	}
	return {};
}

Passed passed(uint32_t number, const RuleText &rule, const Seen &seen)
{
	Passed result{ number, &rule, {}, {} };
	for (const HeaderCondition &condition : rule.conditions.header) {
		const auto fit = fits(condition, seen);
		if (!fit)
			result.suspects.push_back(condition.text);
		else if (*fit == condition.negated)
			result.unmet.push_back({ condition.text, value_of(condition.of, seen) });
	}
	// A match has something to say only of packets that have the header it was made for.
	const bool header_fits = result.unmet.empty() && result.suspects.empty();
	for (const std::string &match : rule.conditions.matches) {
		Reply reply = header_fits ? ask(match, seen) : Reply{ {}, false };
		if (!reply.certain)
			result.suspects.push_back(match);
		std::move(reply.unmet.begin(), reply.unmet.end(), std::back_inserter(result.unmet));
	}
	if (!result.unmet.empty())
		result.suspects.clear();
	return result;
}

uint8_t changes_by(const Rule &met, const TableText &table)
{
	const RuleText *rule = table.rule(name_of(met.chain), met.number);
	return rule && !table.chain(rule->target) ? target_of(rule->target).changes : kNothing;
}

// What more than one rule of the walk may have changed, so that in between it was neither as in the end nor as before.
uint8_t twice_changed(const Traversal &walk, const TableText &table)
{
	uint8_t once = kNothing, twice = kNothing;
	for (const Rule &met : walk.rules) {
		const uint8_t changes = changes_by(met, table);
		twice |= once & changes;
		once |= changes;
	}
	return twice;
}

} // namespace

Explanation explain(const Traversal &walk)
{
	Explanation explanation;
	if (!walk.rules_text.text) {
		explanation.why_not = walk.rules_text.why_not;
		return explanation;
	}
	if (!is_whole(walk)) {
		explanation.why_not = "events of it are missing";
		return explanation;
	}
	const TableText &table = *walk.rules_text.text;
	Course course(table, walk.head.hook);
	const uint8_t changed_twice = twice_changed(walk, table);
	uint8_t changed = kNothing;
	for (size_t i = 0; i < walk.rules.size(); i++) {
		const Rule &met = walk.rules[i];
		const auto first = course.meet(met);
		if (!first) {
			explanation.why_not = fmt::format("it is not known how it came to rule {} of {}", met.number,
							  name_of(met.chain));
			return explanation;
		}
		const Seen seen = seen_before(walk, i, changed & changed_twice);
		std::vector<Passed> &before = explanation.before.emplace_back();
		for (uint32_t number = *first; number < met.number; number++)
			before.push_back(passed(number, *table.rule(name_of(met.chain), number), seen));
		changed |= changes_by(met, table);
	}
	return explanation;
}

std::string reason_text(const Passed &passed)
{
	std::string text;
	for (const Unmet &unmet : passed.unmet)
		text += fmt::format("{}{}: packet has {}", text.empty() ? "" : ", ", unmet.condition, unmet.packet);
	if (!text.empty())
		return text;
	for (const std::string_view suspect : passed.suspects)
		text += fmt::format("{}{}", text.empty() ? "" : " or ", suspect);
	if (passed.suspects.empty())
		return "not known why";
	return passed.suspects.size() == 1 ? text : text + " (not known which)";
}

} // namespace ipt
